"""`python -m bench`: everything, in under eight minutes. `--quick`: the main figures, in under one.

BENCH_OBJECTS: objects in the collection (20000). BENCH_GROWTH=1: also the growth with 2,000 to 100,000 objects.
BENCH_HIDDEN: entries of which nearly all are hidden (1000000; 0: not measured).
INDICATOR_HUB_TEST_POSTGRES: a PostgreSQL URL, or `skip`.
"""

import argparse
import os
import platform
import sqlite3
import tempfile
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

from bench import admission, growth, oracle, report, tail, workloads
from bench import hidden as hide
from bench.samples import Samples
from bench.servers import ROOT, postgres
from bench.stage import databases, stage


def main() -> None:
    """Measure, print the table, write build/bench.json."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repeats, in under a minute")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "bench.json", help="where the figures go")
    asked = parser.parse_args()
    plan = workloads.QUICK if asked.quick else workloads.FULL
    objects = int(os.environ.get("BENCH_OBJECTS", "20000"))
    begun = time.monotonic()
    samples = Samples()
    missed: dict[tuple[str, str], int] = {}
    exponents: dict[tuple[str, str], float] = {}
    with postgres() as server, tempfile.TemporaryDirectory(prefix="indicator-hub-bench-") as name:
        work = Path(name)
        _say(f"Filling the databases with {objects:,} objects", begun)
        with databases(work, server, [objects]) as filled, stage(filled, work, objects) as ready:
            _say("Reading", begun)
            workloads.reads(ready, plan, samples)
            workloads.sync(ready, plan, samples)
            _say("Posting", begun)
            workloads.posts(ready, plan, samples)
            _say("Tailing", begun)
            for hub in ready.hubs:
                missed[hub.database.name, hub.events] = tail.missed(hub, plan.tail_envelopes)
            _say("Listening to the time of refusals", begun)
            told = {hub.database.name: oracle.listen(hub) for hub in ready.hubs if hub.events == "on"}
        _say("Hiding", begun)
        hidden = {} if asked.quick or os.environ.get("BENCH_HIDDEN") == "0" else hide.ratios(server)
        if os.environ.get("BENCH_GROWTH") == "1":
            _say("Growing", begun)
            exponents = growth.exponents(server)
    admitted, loaded = admission.rates(plan.repeats)
    result: dict[str, Any] = report.metrics(samples, plan, missed)
    for (database, events), exponent in exponents.items():
        result[database].setdefault("growth_exponent", {})[f"events_{events}"] = round(exponent, 4)
    machine = _machine(objects, plan.repeats)
    report.leaks(result, told, hidden)
    report.write(asked.out, result)
    print(f"\n{machine}\n\n{report.table(samples)}\n")
    print(
        f"admission: {admitted:,.0f} indicators a second and core, from the bytes of an envelope to the verdict; "
        f"json.loads alone {loaded:,.0f}\n"
    )
    for database, found in result.items():
        for metric, values in found.items():
            print(f"{database:11} {metric:38} {'  '.join(f'{name} {value:g}' for name, value in values.items())}")
    _say(f"Done; figures in {asked.out}", begun)
    for database, pairs in told.items():
        print(f"{database:11} a refusal of what is hidden takes longer by")
        for name, one in pairs.items():
            print(
                f"   {name:20} {one.difference:+.1%} of its time (chance {one.chance:.1%}; share of longer ones {one.longer:.3f})"
            )
    if broken := _broken(missed, told, hidden):
        raise SystemExit("\n".join(broken))


def _broken(
    missed: dict[tuple[str, str], int], told: dict[str, dict[str, oracle.Told]], hidden: dict[str, dict[str, float]]
) -> list[str]:
    """The bounds that were not kept."""
    telling = any(one.tells for pairs in told.values() for one in pairs.values())
    dear = [
        one for one in hidden.values() if any(one[f"{name}_vs_visible"] > most for name, most in hide.BOUNDS.items())
    ]
    return [
        *(["A tailing poller missed objects."] if any(missed.values()) else []),
        *(["The time of a refusal tells what is hidden."] if telling else []),
        *(["Hidden rows cost more than they may."] if dear else []),
    ]


def _say(what: str, begun: float) -> None:
    print(f"[{time.monotonic() - begun:5.1f} s] {what}", flush=True)


def _machine(objects: int, repeats: int) -> str:
    packages = ", ".join(
        f"{name} {version(name)}" for name in ("fastapi", "uvicorn", "uvloop", "asyncpg", "sqlalchemy")
    )
    return (
        f"{time.strftime('%Y-%m-%d')}, {os.cpu_count()} cores, Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}, "
        f"{packages}; {objects:,} objects; medians of {repeats} interleaved repeats"
    )


if __name__ == "__main__":
    main()
