#!/usr/bin/env python3
"""Measures the Bag beside the programs that a user would otherwise take, and prints tables and JSON.

    cargo build --release -p tine --bin tine --example bench_bag
    target/release/tine prep DATA --scale full --only json,text
    python3 benches/bag.py DATA --python PYTHON --peers peers_bag.py
                           [--only REGEX] [--pairs 7] [--json FILE]

PYTHON is one with dask, duckdb and polars. In every turn ours and theirs run after each other, each in a
fresh process and up to three times in it; a turn during which other processes kept more than 0.3 of a core
busy is void and is run again, as `bars.py` does it. What counts is the median of the turns' ratios, with
its spread; beside it stand the ratio of processor seconds, and the seconds themselves. All results are
compared: a wrong one ends the program. The rows with ten times the data and with 5 GB of text make what
they need in DATA and remove it.
"""

import argparse
import json
import os
import shutil
import statistics
import subprocess
import sys
import time

import bars

MEMORY = "1GiB"
PEAK = 1.2 * 1024


def ours(data, bench, *more):
    """One line of bench_bag, in a session of its own, as theirs are: on a busy machine the kernel
    gives each session its share, so that it would make a difference."""
    command = [os.path.join(bars.BIN, "bench_bag"), data, "--only", f"^{bench}/", *map(str, more)]
    if not os.path.exists(command[0]):
        sys.exit(f"there is no {command[0]}: cargo build --release -p tine --example bench_bag")
    done = subprocess.run(command, capture_output=True, text=True, timeout=1800, check=False,
                          start_new_session=True)
    if done.returncode:
        sys.exit(f"{' '.join(command)} failed: {done.stderr.strip()}")
    line = json.loads(done.stdout.splitlines()[-1])
    if line["seconds"] is None:
        sys.exit(f"{bench}: {line['error']}")
    return line


class Bag(bars.Bars):
    """The rows that were measured."""

    def theirs(self, bench, system):
        a = self.arguments
        command = [a.python, a.peers, a.data, "--only", f"^{bench}/{system}$", "--runs", "3"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
        lines = [json.loads(line) for line in done.stdout.splitlines() if line.startswith("{")]
        if not lines or lines[-1]["seconds"] is None:
            sys.exit(f"{bench} by {system}: {lines[-1]['error'] if lines else done.stderr.strip()}")
        return lines[-1]

    def beside(self, bench, systems, bar, what):
        """`bar` is the largest ratio ours : theirs; below zero, the least ratio theirs : ours."""
        if not self.wanted(what):
            return

        def turn():
            return ours(self.arguments.data, bench), [self.theirs(bench, s) for s in systems]

        turns, void, noisy = bars.repeated(turn, self.arguments.pairs)
        for own, others in turns:
            for system, other in zip(systems, others):
                if abs(own["result"] - other["result"]) > 1e-9 * abs(other["result"]):
                    sys.exit(f"{bench}: {own['result']}, but by {system} {other['result']}")
        for i, system in enumerate(systems):
            seconds = statistics.median(others[i]["seconds"] for _, others in turns)
            print(f"     {bench} by {system}: {seconds:.4g} s")
        medians = [statistics.median(o[i]["seconds"] for _, o in turns) for i in range(len(systems))]
        best = medians.index(min(medians))
        pairs = [(own, others[best]) for own, others in turns]
        ratio = (lambda a, b: b / a) if bar < 0 else (lambda a, b: a / b)
        self.add(what, f"ratio, {systems[best]}", bar,
                 [ratio(a["seconds"], b["seconds"]) for a, b in pairs], noisy,
                 cpu_ratio=statistics.median(ratio(a["cpu"], b["cpu"]) for a, b in pairs),
                 ours_s=statistics.median(a["seconds"] for a, _ in pairs),
                 theirs_s=min(medians),
                 ours_cpu=statistics.median(a["cpu"] for a, _ in pairs),
                 theirs_cpu=statistics.median(b["cpu"] for _, b in pairs),
                 peak_mb=max(a["peak_mb"] for a, _ in pairs), void=void)

    def lines(self, bench, command, what):
        """Ours by one worker, beside a command of the shell."""
        if not self.wanted(what):
            return
        command = command.format(self.arguments.data)

        def shell():
            """The middle one of three, as ours is."""
            runs = []
            for _ in range(3):
                before, began = bars.own(), time.monotonic()
                done = subprocess.run(command, shell=True, capture_output=True, text=True, check=True,
                                      start_new_session=True)
                runs.append((time.monotonic() - began, bars.own() - before))
            return int(done.stdout.split()[0]), sorted(runs)[1]

        def turn():
            return ours(self.arguments.data, bench, "--workers", 1), shell()

        turns, void, noisy = bars.repeated(turn, self.arguments.pairs)
        for own, (count, _) in turns:
            if own["result"] != count:
                sys.exit(f"{bench}: {own['result']} lines, but {count} by {command}")
        self.add(what, "ratio, one worker", 1.3,
                 [own["seconds"] / wall for own, (_, (wall, _)) in turns], noisy,
                 cpu_ratio=statistics.median(own["cpu"] / cpu for own, (_, (_, cpu)) in turns),
                 ours_s=statistics.median(own["seconds"] for own, _ in turns),
                 theirs_s=statistics.median(wall for _, (_, (wall, _)) in turns), void=void)

    def ten_times(self):
        """The same files under ten names each: what is read is ten times as much."""
        what = "ten times the data in 1 GiB"
        if not self.wanted(what):
            return
        folder = os.path.join(self.arguments.data, "ten-times")
        shutil.rmtree(folder, ignore_errors=True)
        os.makedirs(folder)
        try:
            for name in os.listdir(self.arguments.data):
                if name.startswith(("text.", "accounts.")):
                    for i in range(10):
                        stem, number, rest = name.split(".", 2)
                        link = os.path.join(folder, f"{stem}.{number}{i}.{rest}")
                        os.symlink(os.path.abspath(os.path.join(self.arguments.data, name)), link)
            for bench in ("json_count_foldby", "json_alice_mean", "json_count_groupby", "wordcount",
                          "lines_plain", "lines_gzip"):
                line = ours(folder, bench, "--memory", MEMORY, "--runs", 1)
                once = ours(self.arguments.data, bench, "--runs", 1)
                times = 1 if bench == "json_alice_mean" else 10
                if abs(line["result"] - times * once["result"]) > 1e-9 * abs(line["result"]):
                    sys.exit(f"{bench} of ten times the data: {line['result']}, of them once {once['result']}")
                self.add(f"{what}: {bench}", "MiB at the peak", PEAK, [line["peak_mb"]], False,
                         seconds=line["seconds"], cpu=line["cpu"], other_load=line["other_load"])
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    def five_gigabytes(self):
        """5 GB of text of nine vocabularies."""
        what = "group_by of 5 GB of text in 1 GiB"
        if not self.wanted(what):
            return
        folder = os.path.join(self.arguments.data, "five-gigabytes")
        shutil.rmtree(folder, ignore_errors=True)
        tine = os.path.join(bars.ROOT, "target", "release", "tine")
        try:
            size, number = 0, 0
            for seed in range(1, 10):
                part = os.path.join(folder, str(seed))
                subprocess.run([tine, "prep", part, "--scale", "full", "--only", "text", "--seed", str(seed),
                                "--json"], check=True, capture_output=True)
                for name in sorted(os.listdir(part)):
                    if name.startswith("text."):
                        path = os.path.join(folder, f"text.{number:03}.txt")
                        os.rename(os.path.join(part, name), path)
                        number, size = number + 1, size + os.path.getsize(path)
            line = ours(folder, "groupby_text", "--memory", MEMORY, "--runs", 1)
            without = ours(folder, "groupby_text_right", "--memory", MEMORY, "--runs", 1)
            if line["result"] != without["result"]:
                sys.exit(f"groupby_text: {line['result']}, but without groups {without['result']}")
            self.add(what, "MiB at the peak", PEAK, [line["peak_mb"]], False, gigabytes=size / 1e9,
                     seconds=line["seconds"], cpu=line["cpu"], result=line["result"])
        finally:
            shutil.rmtree(folder, ignore_errors=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", help="a folder that `tine prep` has written")
    parser.add_argument("--python", required=True, help="a Python with dask, duckdb and polars")
    parser.add_argument("--peers", required=True, help="peers_bag.py")
    parser.add_argument("--only", default="", help="regular expression on the rows' names")
    parser.add_argument("--pairs", type=int, default=7, help="turns a row, at least 7 to count")
    parser.add_argument("--json", help="also write the rows to this file")
    bag = Bag(parser.parse_args())
    best = ["duckdb", "polars"]
    bag.beside("json_count_foldby", best, 1.10, "JSON accounts, count by name with fold_by")
    bag.beside("json_alice_mean", best, 1.10, "JSON accounts, mean of Alice's amounts")
    bag.beside("json_count_groupby", ["dask-bag-processes"], -10, "the count with group_by, Dask's bag : tine")
    bag.beside("wordcount", ["duckdb"], 1.10, "words of 600 MB of text, top 20")
    bag.lines("lines_plain", "wc -l {0}/text.*.txt | tail -n 1", "lines of plain text : wc -l")
    bag.lines("lines_gzip", "zcat {0}/accounts.*.json.gz | wc -l", "lines of gzip : zcat | wc -l")
    bag.ten_times()
    bag.five_gigabytes()
    text = json.dumps(bag.rows, indent=1)
    if bag.arguments.json:
        with open(bag.arguments.json, "w", encoding="utf-8") as f:
            f.write(text + "\n")
    else:
        print(text)
    return 0 if all(row["passed"] for row in bag.rows) else 1


if __name__ == "__main__":
    sys.exit(main())
