#!/usr/bin/env python3
"""Compares data that `tine prep` wrote with data of the same shapes that another program wrote.

    tine prep OURS --scale small && python3 gen.py THEIRS --scale small
    python3 benches/data.py OURS THEIRS

Rows, columns, types, holes and names must be equal; means, deviations and quantiles are of random
numbers, and must agree within a tolerance that says so. Needs numpy, pandas and zarr.
"""

import glob
import gzip
import json
import sys

import numpy as np
import pandas as pd
import zarr

FAILED = []


def same(what, ours, theirs):
    ok = ours == theirs
    print("ok  " if ok else "FAIL", f"{what:52} {str(ours)[:60]}" + ("" if ok else f" not {str(theirs)[:60]}"))
    FAILED.extend([] if ok else [what])


def close(what, ours, theirs, tolerance):
    ok = abs(ours - theirs) <= tolerance
    print("ok  " if ok else "FAIL", f"{what:52} {ours:12.5g} {theirs:12.5g} +- {tolerance:.3g}")
    FAILED.extend([] if ok else [what])


def names(d, pattern):
    return [f[len(d):] for f in sorted(glob.glob(d + pattern))]


def accounts(a, b):
    same("accounts: files", names(a, "/accounts.*.csv"), names(b, "/accounts.*.csv"))
    x, y = (pd.concat([pd.read_csv(f) for f in sorted(glob.glob(d + "/accounts.*.csv"))]) for d in (a, b))
    same("accounts: rows", len(x), len(y))
    same("accounts: types", list(x.dtypes.astype(str).items()), list(y.dtypes.astype(str).items()))
    same("accounts: names are of the same 26", x.names.nunique(), y.names.nunique())
    s, t = (pd.read_csv(d + "/account_table.csv") for d in (a, b))
    same("account table: rows, columns", (len(s), list(s.columns)), (len(t), list(t.columns)))
    close("account table: mean wealth", s.wealth.mean(), t.wealth.mean(), 20)
    # 500 accounts of very different wealth: a mean of all amounts says little, its scale says enough.
    close("accounts: log of mean size of amounts", np.log(x.amount.abs().mean()), np.log(y.amount.abs().mean()), 0.4)
    share = [v.id.value_counts(normalize=True) for v in (x, y)]
    close("accounts: share of the busiest tenth", share[0].head(50).sum(), share[1].head(50).sum(), 0.04)
    # Amounts of an account are (N(0, 1) + trend) * wealth: their deviation is its wealth.
    m = x.groupby("id").amount.agg(["std", "size"]).join(s.set_index("id").wealth)
    m = m[m["size"] > 50]
    close("accounts: deviation of amounts : wealth", (m["std"] / m.wealth).median(), 1, 0.05)
    same("accounts: one name an id", int(x.groupby("id").names.nunique().max()), 1)


def jsons(a, b):
    def read(d):
        out = []
        for f in sorted(glob.glob(d + "/accounts.*.json.gz")):
            with gzip.open(f, "rt") as h:
                out.append([json.loads(line) for line in h])
        return out

    x, y = read(a), read(b)
    same("json: files", names(a, "/accounts.*.json.gz"), names(b, "/accounts.*.json.gz"))
    same("json: keys", (list(x[0][0]), list(x[0][0]["transactions"][0])),
         (list(y[0][0]), list(y[0][0]["transactions"][0])))
    per = [[sum(len(r["transactions"]) for r in f) for f in v] for v in (x, y)]
    same("json: transactions a file", per[0], per[1])
    same("json: sorted by id, once a file",
         all([r["id"] for r in f] == sorted({r["id"] for r in f}) for f in x), True)
    same("json: transaction ids are those of rows",
         sorted(t["transaction-id"] for r in x[0] for t in r["transactions"]) == list(range(per[0][0])), True)
    close("json: lines a file", np.mean([len(f) for f in x]), np.mean([len(f) for f in y]), 25)
    same("json: distinct names", len({r["name"] for f in x for r in f}), len({r["name"] for f in y for r in f}))


def flights(a, b):
    for year in range(1990, 2000):
        x, y = (pd.read_csv(f"{d}/nycflights/{year}.csv") for d in (a, b))
        same(f"flights {year}: rows and columns", (len(x), list(x.columns)), (len(y), list(y.columns)))
        same(f"flights {year}: types", list(x.dtypes.astype(str)), list(y.dtypes.astype(str)))
        same(f"flights {year}: empty columns", list(x.columns[x.isna().all()]), list(y.columns[y.isna().all()]))
        same(f"flights {year}: DepDelay empty where cancelled", bool((x.DepDelay.isna() == (x.Cancelled == 1)).all()), True)
        n = len(x)
        close(f"flights {year}: mean DepDelay", x.DepDelay.mean(), y.DepDelay.mean(), 6 * x.DepDelay.std() / n ** .5)
        # One flight in a hundred is hours late: the deviation of a year says more of these few than of all.
        for q in (.1, .5, .9):
            close(f"flights {year}: DepDelay, quantile {q}", x.DepDelay.quantile(q), y.DepDelay.quantile(q), 3)
        close(f"flights {year}: cancelled", x.Cancelled.mean(), y.Cancelled.mean(), 6 * (.025 / n) ** .5)
        close(f"flights {year}: from EWR", (x.Origin == "EWR").mean(), (y.Origin == "EWR").mean(), 6 * (.25 / n) ** .5)
        close(f"flights {year}: ArrDelay - DepDelay", (x.ArrDelay - x.DepDelay).std(), (y.ArrDelay - y.DepDelay).std(), 1)
        same(f"flights {year}: destinations, carriers", (x.Dest.nunique(), x.UniqueCarrier.nunique()),
             (y.Dest.nunique(), y.UniqueCarrier.nunique()))
        same(f"flights {year}: days in order", bool((x.Month * 31 + x.DayofMonth).is_monotonic_increasing), True)


def arrays(a, b):
    for name in ("random", "weather"):
        x, y = (zarr.open(f"{d}/{name}.zarr", mode="r") for d in (a, b))
        same(f"{name}: shape, chunks, type", (x.shape, x.chunks, x.dtype), (y.shape, y.chunks, y.dtype))
        u, v = x[:], y[:]
        same(f"{name}: nothing missing", bool(np.isfinite(u).all() and (u.min() > 0 or name == "random")), True)
        if name == "random":
            n = u.size ** .5
            for what, f in (("mean", np.mean), ("deviation", np.std), ("median", np.median)):
                close(f"random: {what}", f(u.astype("f8")), f(v.astype("f8")), 8 / n)
            close("random: largest", u.max(), v.max(), 8)
        else:
            # The waves of each day are a draw of their own; what they have in common is the latitude.
            rows = np.linspace(-1, 1, u.shape[1])
            close("weather: kelvins at the equator", u[:, len(rows) // 2].mean(), 288, 4)
            close("weather: poles colder by", 288 - u[:, [0, -1]].mean(), 40, 4)
            close("weather: deviation along a latitude", u.std(axis=2).mean(), v.std(axis=2).mean(), 2)


def text(a, b):
    same("text: files", names(a, "/text.*.txt"), names(b, "/text.*.txt"))
    x, y = ([line.split() for f in sorted(glob.glob(d + "/text.*.txt")) for line in open(f)] for d in (a, b))
    same("text: lines", len(x), len(y))
    same("text: words a line", sorted({len(v) for v in x}), sorted({len(v) for v in y}))
    u, v = (pd.Series([w for line in lines for w in line]).value_counts(normalize=True) for lines in (x, y))
    close("text: distinct words", len(u), len(v), 0.02 * len(v))
    close("text: share of the commonest word", u.iloc[0], v.iloc[0], 0.01)
    close("text: share of the 20 commonest", u.head(20).sum(), v.head(20).sum(), 0.01)
    close("text: letters a word", np.mean([len(w) for w in u.index]), np.mean([len(w) for w in v.index]), 0.1)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    ours, theirs = (d.rstrip("/") for d in sys.argv[1:])
    for check in (accounts, jsons, flights, arrays, text):
        check(ours, theirs)
    print(f"{len(FAILED)} failed" + "".join(f"\n  {f}" for f in FAILED))
    return 1 if FAILED else 0


if __name__ == "__main__":
    sys.exit(main())
