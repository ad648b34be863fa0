#!/usr/bin/env python3
"""Runs every row of the engine's table of bars, and prints a table and JSON.

It does not judge more than `value <= bar`: what the figures mean stands in docs/comparison.md.

    cargo build --release --examples -p tine -p tine-scheduler
    python3 benches/bars.py [--only REGEX] [--pairs 9] [--json FILE]
                            [--dask PYTHON --peers peers_sched.py]

Where two things are compared they run in turns, at least 7 pairs; what counts is the median of the
pairs' ratios, with its spread (first and third quartile). A pair during which other processes kept
more than 0.3 of a core busy is void and is run again, up to three times as often as asked for; if
too few remain, all are taken and the row says so. Standard library only.
"""

import argparse
import json
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BIN = os.path.join(ROOT, "target", "release", "examples")
TICK = os.sysconf("SC_CLK_TCK")
OTHERS = 0.3


def busy():
    """Seconds that the machine's processors were busy since it started."""
    with open("/proc/stat", encoding="ascii") as f:
        v = [int(x) for x in f.readline().split()[1:9]]
    return (v[0] + v[1] + v[2] + v[5] + v[6]) / TICK


def own():
    """Processor seconds of this process and of all that it has waited for."""
    who = resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN
    return sum(u.ru_utime + u.ru_stime for u in map(resource.getrusage, who))


def timed(run):
    """What `run` returns, and how many cores others kept busy meanwhile."""
    wall, mine, all_ = time.monotonic(), own(), busy()
    result = run()
    wall, mine, all_ = time.monotonic() - wall, own() - mine, busy() - all_
    return result, max(0.0, all_ - mine) / max(wall, 0.05)


def program(name, *args, timeout=300):
    """The JSON lines that an example prints."""
    path = os.path.join(BIN, name)
    if not os.path.exists(path):
        sys.exit(f"there is no {path}: run `cargo build --release --examples -p tine -p tine-scheduler` first")
    command = [path, *map(str, args)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=timeout, check=False)
    except subprocess.TimeoutExpired:
        sys.exit(f"{' '.join(command)} did not end within {timeout} s")
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]


def overhead(bench, tasks, scheduler="processes", *more):
    return program("overhead", bench, "--tasks", tasks, "--scheduler", scheduler, *more)[-1]


def repeated(run, count):
    """`count` results of `run` with little else going on; and how many were void."""
    good, void = [], []
    while len(good) < count and len(good) + len(void) < 3 * count:
        result, others = timed(run)
        (good if others <= OTHERS else void).append(result)
    dropped = len(void)
    return (good, dropped, False) if len(good) >= count else (good + void, dropped, True)


def quartiles(values):
    if len(values) < 2:
        return [values[0]] * 3
    return statistics.quantiles(values, n=4, method="inclusive")


class Bars:
    """The rows that were measured."""

    def __init__(self, arguments):
        self.arguments = arguments
        self.rows = []

    def add(self, what, unit, bar, values, noisy, **more):
        low, median, high = quartiles(values)
        passed = median >= -bar if bar < 0 else median <= bar
        row = {"what": what, "unit": unit, "bar": bar, "median": median, "low": low, "high": high,
               "n": len(values), "passed": passed, "noisy": noisy, **more}
        self.rows.append(row)
        sign, value = (">=", -bar) if bar < 0 else ("<=", bar)
        extra = " ".join(f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}"
                         for k, v in more.items())
        print(f"{'ok  ' if passed else 'MISS'} {what:44} {median:10.4g} [{low:.4g}, {high:.4g}] "
              f"{sign} {value} {unit}{' NOISY' if noisy else ''} {extra}", flush=True)

    def wanted(self, what):
        return re.search(self.arguments.only, what)

    def graphs(self):
        for bench, tasks, bar in (("independent", 1_000_000, 0.5), ("tree", 1 << 17, 0.5),
                                  ("random", 100_000, 1.0)):
            if not self.wanted(f"{bench} threads"):
                continue

            def pair(bench=bench, tasks=tasks):
                return overhead(bench, tasks), overhead(bench, tasks, "threads")

            right = overhead(bench, tasks, "serial")["result"]
            pairs, void, noisy = repeated(pair, self.arguments.pairs)
            if any(p["result"] != right or t["result"] != right for p, t in pairs):
                sys.exit(f"{bench}: a result is not what serial gives")
            cpu = [p["cpu_seconds"] * 1e6 / p["tasks"] for p, _ in pairs]
            self.add(f"{bench} {tasks}", "us a task", bar, [p["us_per_task"] for p, _ in pairs],
                     noisy, cpu_us=statistics.median(cpu), void=void)
            ratio = [t["seconds"] / p["seconds"] for p, t in pairs]
            cpus = [t["cpu_seconds"] / p["cpu_seconds"] for p, t in pairs]
            self.add(f"{bench} threads : processes", "ratio", 1.10, ratio, noisy,
                     cpu_ratio=statistics.median(cpus), void=void)

    def dask(self):
        arguments = self.arguments
        if not (arguments.dask and arguments.peers and self.wanted("dask")):
            return

        def pair():
            command = [arguments.dask, arguments.peers, tempfile.gettempdir(), "--only",
                       "^ind10k/dask-processes$", "--runs", "1"]
            done = subprocess.run(command, capture_output=True, text=True, timeout=300, check=True)
            return overhead("independent", 10_000), json.loads(done.stdout.splitlines()[-1])

        pairs, void, noisy = repeated(pair, arguments.pairs)
        ratio = [d["us_per_task"] / t["us_per_task"] for t, d in pairs]
        self.add("independent 10000, Dask's processes : tine", "ratio", -100, ratio, noisy,
                 dask_us=statistics.median(d["us_per_task"] for _, d in pairs),
                 tine_us=statistics.median(t["us_per_task"] for t, _ in pairs), void=void)

    def building(self):
        if self.wanted("build"):
            runs, void, noisy = repeated(lambda: overhead("independent", 1_000_000, "serial"),
                                         self.arguments.pairs)
            seconds = [r["build_seconds"] for r in runs]
            self.add("build 1000000 tasks", "s", 1.0, seconds, noisy, void=void)
        if self.wanted("footprint"):
            line = program("footprint", "--tasks", 1_000_000, "--workers", 2)[-1]
            self.add("footprint of 1000000 tasks", "bytes a task", 200, [line["bytes_per_task"]],
                     False, heap=line["heap_bytes"], table=line["table_bytes"])

    def latency(self):
        for tasks in (2, 1):
            if not self.wanted(f"latency {tasks}"):
                continue
            runs, void, noisy = repeated(lambda n=tasks: program("latency", "--tasks", n)[-1], 7)
            self.add(f"compute of {tasks} task(s) beyond two forks", "us", 1000,
                     [r["beyond_us"] for r in runs], noisy,
                     compute_us=statistics.median(r["compute_us"] for r in runs),
                     forks_us=statistics.median(r["forks_us"] for r in runs), void=void)

    def memory(self):
        if self.wanted("flow"):
            runs, void, noisy = repeated(lambda: program("spill", "flow")[-1], 7)
            self.right("flow", runs)
            self.add("3 GB through 512 MiB: peak memory", "MiB", 640, [r["peak_mib"] for r in runs],
                     noisy, seconds=statistics.median(r["seconds"] for r in runs), void=void)
        if self.wanted("shuffle"):
            def shuffle():
                return program("spill", "shuffle", "--megabytes", 2000, "--parts", 200)[-1]

            runs, void, noisy = repeated(shuffle, 7)
            self.right("shuffle", runs)
            # A plain loop that writes as much, waits for the disk, and reads it.
            self.add("200 x 200 parts, 2 GB, 512 MiB : disk alone", "ratio of speeds", -0.5,
                     [r["disk_synced_seconds"] / r["seconds"] for r in runs], noisy,
                     peak_mib=max(r["peak_mib"] for r in runs),
                     seconds=statistics.median(r["seconds"] for r in runs), void=void)

    @staticmethod
    def right(what, runs):
        if not all(r["right"] for r in runs):
            sys.exit(f"{what}: a wrong result")

    def recovery(self):
        if not self.wanted("recovery"):
            return
        runs, void, noisy = repeated(lambda: program("recovery", "--megabytes", 50)[-1], 7)
        self.add("recovery after a death, parent of 50 MB", "us", 5000, [r["us"] for r in runs],
                 noisy, void=void)

    def handover(self):
        if not self.wanted("handover"):
            return
        runs, void, noisy = repeated(lambda: program("handover")[0], self.arguments.pairs)
        self.add("1000 x 8 MB handed over, CPU tine : pipe", "ratio", 1 / 3,
                 [r["ratio"] for r in runs], noisy,
                 an_array=statistics.median(r["ratio_an_array"] for r in runs),
                 arrays=statistics.median(r["arrays"] for r in runs), void=void)
        self.add("peak memory of it", "MB", 80, [r["tine_peak_mb"] for r in runs], noisy)

    def kill(self):
        if not self.wanted("kill"):
            return
        runs, void, noisy = repeated(lambda: program("kill")[0], self.arguments.pairs)
        if not all(r["right"] for r in runs):
            sys.exit("kill: a wrong result, or a task that was lost or done twice")
        self.add("200 kills : none", "ratio", 2.0, [r["ratio"] for r in runs], noisy,
                 kills=sum(r["kills"] for r in runs), void=void)

    def idle(self):
        if not self.wanted("idle"):
            return
        runs = [program("idle")[-1] for _ in range(3)]
        self.add("worker asleep for 2 s", "ms of CPU", 1.0, [r["idle_worker_ms"] for r in runs],
                 False, parent_ms=max(r["parent_ms"] for r in runs))

    def recording(self):
        if not self.wanted("recording"):
            return
        for tasks, us, bar in ((1_000_000, 0, 1.3), (20_000, 100, 1.01)):
            work = ("--task-us", str(us))

            def pair(tasks=tasks, work=work):
                plain = overhead("independent", tasks, "processes", *work)
                return plain, overhead("independent", tasks, "processes", "--record", *work)

            pairs, void, noisy = repeated(pair, self.arguments.pairs)
            ratio = [b["cpu_seconds"] / a["cpu_seconds"] for a, b in pairs]
            more = [(b["cpu_seconds"] - a["cpu_seconds"]) * 1e9 / a["tasks"] for a, b in pairs]
            self.add(f"recording tasks of {us} us : not", "ratio of CPU", bar, ratio, noisy,
                     void=void, ns_more=statistics.median(more))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", default="", help="regular expression on the rows' names")
    parser.add_argument("--pairs", type=int, default=9, help="pairs a row, at least 7 to count")
    parser.add_argument("--json", help="also write the rows to this file")
    parser.add_argument("--dask", help="a Python with dask")
    parser.add_argument("--peers", help="peers_sched.py")
    bars = Bars(parser.parse_args())
    for row in (bars.idle, bars.building, bars.latency, bars.graphs, bars.dask, bars.handover,
                bars.recording, bars.kill, bars.recovery, bars.memory):
        row()
    text = json.dumps(bars.rows, indent=1)
    if bars.arguments.json:
        with open(bars.arguments.json, "w", encoding="utf-8") as f:
            f.write(text + "\n")
    else:
        print(text)
    return 0 if all(row["passed"] for row in bars.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
