#!/usr/bin/env python3
"""What a job costs: `tine map` against a bare loop in C, `xargs -P2` and GNU parallel.

    benches/jobs.py TINE [--jobs 100000] [--rounds 7] [--parallel-jobs 2000]

Each round runs all of them in turns; GNU parallel, which is slower, runs fewer jobs. Figures are per
job, the median of the rounds, and its ratio to the bare loop of the same round, with its spread. A
round during which others kept more than 0.3 of a core busy is void, as is said.
Needs a C compiler; xargs and GNU parallel where they are there.
"""
import argparse
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent


def busy():
    """Ticks that all cores were busy, in seconds."""
    words = pathlib.Path("/proc/stat").read_text().split("\n", 1)[0].split()[1:]
    idle = int(words[3]) + int(words[4])
    return (sum(map(int, words[:8])) - idle) / os.sysconf("SC_CLK_TCK")


def measure(argv, text):
    """Wall and CPU seconds of a command, and cores that others kept busy meanwhile."""
    before, others = resource.getrusage(resource.RUSAGE_CHILDREN), busy()
    start = time.perf_counter()
    subprocess.run(argv, input=text, stdout=subprocess.DEVNULL, check=True)
    wall = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall, cpu, max(0.0, busy() - others - cpu) / wall


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tine")
    parser.add_argument("--jobs", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--parallel-jobs", type=int, default=2_000)
    args = parser.parse_args()
    true = shutil.which("true")
    folder = tempfile.mkdtemp()
    spawn = os.path.join(folder, "spawn")
    subprocess.run(["cc", "-O2", "-o", spawn, HERE / "spawn.c"], check=True)
    n = args.jobs
    systems = {
        "bare": ([spawn, str(n), true], n),
        "tine map --argv": ([args.tine, "map", "-j2", "-N0", "--argv", true], n),
        "tine map": ([args.tine, "map", "-j2", "-N0", true], n),
        "xargs -P2": (["xargs", "-P2", "-n1", true], n),
        "parallel": (["parallel", "-j2", "-N0", true], args.parallel_jobs),
    }
    systems = {name: s for name, s in systems.items() if shutil.which(s[0][0])}
    rows, void = {name: [] for name in systems}, 0
    for _ in range(args.rounds):
        found = {}
        for name, (argv, jobs) in systems.items():
            text = "".join(f"{i}\n" for i in range(jobs)).encode()
            wall, cpu, others = measure(argv, text)
            found[name] = (wall / jobs * 1e6, cpu / jobs * 1e6, others)
        if max(others for _, _, others in found.values()) > 0.3:
            void += 1
        for name, figures in found.items():
            rows[name].append(figures)
    print(f"{n} jobs, {args.rounds} rounds, {void} of them with others on the machine")
    print("| system | wall us/job | CPU us/job | wall ratio (min..max) | CPU ratio (min..max) |")
    print("|---|---|---|---|---|")
    for name, found in rows.items():
        cells = [f"{statistics.median(f[i] for f in found):.0f}" for i in (0, 1)]
        for i in (0, 1):
            ratios = [f[i] / b[i] for f, b in zip(found, rows["bare"])]
            cells.append(f"{statistics.median(ratios):.2f} ({min(ratios):.2f}..{max(ratios):.2f})")
        print(f"| {name} | " + " | ".join(cells) + " |")
    shutil.rmtree(folder)


if __name__ == "__main__":
    main()
