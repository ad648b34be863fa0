#!/usr/bin/env python3
"""Runs the cases of tests/cli/parallel/cases.toml with GNU parallel and with `tine map`.

    benches/parallel_cases.py TINE            compares both with golden.json
    benches/parallel_cases.py TINE --record   writes golden.json

Names of cases behind it are those that are run; others stay as they are.

Needs GNU parallel, bash and Python 3.11. It says which case differs, and from what.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import tomllib

HERE = pathlib.Path(__file__).resolve().parent.parent / "tests" / "cli" / "parallel"
FILES = {
    "abc-file": "A\nB\nC\n",
    "def-file": "D\nE\nF\n",
    "abc0-file": "A\0B\0C\0",
    "abc_-file": "A_B_C_",
    "tsv-file.tsv": "f1\tf2\nA\tB\nC\tD\n",
    "num8": "".join(f"{i}\n" for i in range(1, 9)),
    "num30000": "".join(f"{i}\n" for i in range(1, 30001)),
    "num1000000": "".join(f"{i}\n" for i in range(1, 1000001)),
    "num_%header": "%head1\n%head2\n" + "".join(f"{i}\n" for i in range(1, 11)),
    "fixedlen": "HHHHAAABBBCCC",
}


def run(program, case):
    """What the case prints, with P as this program, in a folder of its own."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in FILES.items():
            # What is large is only there where it is used.
            if len(text) < 1000 or name in case["run"]:
                pathlib.Path(folder, name).write_text(text)
        script = f'P() {{ {program} "$@"; }}\n{case["run"]}\n'
        # GNU parallel takes its shell from the process that started it.
        env = dict(os.environ, LC_ALL="C.UTF-8", PARALLEL_SHELL="/bin/sh")
        done = subprocess.run(["bash", "-c", script], cwd=folder, env=env, timeout=60,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL)
    lines = done.stdout.decode("utf-8", "backslashreplace").splitlines(keepends=True)
    if case["name"].startswith("results-name"):
        lines = [line for line in lines if line.strip() not in FILES]
    return "".join(sorted(lines) if case.get("sorted") else lines)


def main():
    tine, record = sys.argv[1], "--record" in sys.argv[2:]
    cases = tomllib.loads((HERE / "cases.toml").read_text())["case"]
    golden_file = HERE / "golden.json"
    only = [name for name in sys.argv[2:] if not name.startswith("--")]
    golden = {} if record and not only else json.loads(golden_file.read_text())
    cases = {name: cases[name] for name in only or cases}
    bad = 0
    for name, case in cases.items():
        case["name"] = name
        gnu, ours = run("parallel", case), run(f"{tine} map", case)
        if record:
            golden[name] = {"parallel": gnu} | ({"tine": ours} if "differs" in case else {})
        expected = golden[name]
        for who, text, wanted in [
            ("GNU parallel", gnu, expected["parallel"]),
            ("tine", ours, expected.get("tine", expected["parallel"])),
        ]:
            if text != wanted:
                bad += 1
                print(f"{name}: {case['run']}\n  {who} printed {text[:300]!r}\n  not {wanted[:300]!r}")
        if "differs" in case and gnu == ours:
            bad += 1
            print(f"{name}: there is no difference")
    if record:
        golden_file.write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n")
    print(f"{len(cases)} cases, {bad} differences from what is expected")
    return bad > 0


if __name__ == "__main__":
    sys.exit(main())
