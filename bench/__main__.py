"""`python -m bench`: everything, in under ten minutes. `--quick`: the main figures, in about one.

BENCH_OBJECTS: objects in the collection (20000). BENCH_GROWTH: 1: the growth up to 1,000,000 objects instead of 100,000; 0: none.
BENCH_GROWTH_SIZES: other sizes. BENCH_HIDDEN: entries of which nearly all are hidden (1000000; 0: not measured).
BENCH_OPENTAXII_VENV: a virtual environment with OpenTAXII, to read everything from that server too.
INDICATOR_HUB_TEST_POSTGRES: a PostgreSQL URL, or `skip`.
"""

import argparse
import os
import tempfile
import time
from dataclasses import asdict
from pathlib import Path

from bench import admission, figures, growth, oracle, peers, report, tail, workloads
from bench import hidden as hide
from bench.samples import Samples
from bench.servers import postgres
from bench.stage import databases, stage


def main() -> None:
    """Measure, print the table, write build/bench.json."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer repeats, in about a minute")
    parser.add_argument("--out", type=Path, default=figures.METRICS, help="where the figures go")
    asked = parser.parse_args()
    plan = workloads.QUICK if asked.quick else workloads.FULL
    objects = int(os.environ.get("BENCH_OBJECTS", "20000"))
    begun = time.monotonic()
    samples = Samples()
    missed: dict[tuple[str, str], int] = {}
    asked.out.unlink(missing_ok=True)  # figures of two runs are not comparable
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
        result = report.metrics(samples, plan, missed)
        figures.keep(result, asked.out)
        if peers.environment():
            _say("Reading everything, from OpenTAXII too", begun)
            peers.compare(server, asked.out)
        _say("Hiding", begun)
        hidden = {} if asked.quick or os.environ.get("BENCH_HIDDEN") == "0" else hide.ratios(server)
        wanted = os.environ.get("BENCH_GROWTH", "0" if asked.quick else "")
        if wanted != "0":
            _say("Growing", begun)
            growth.grow(server, growth.sizes_asked(growth.WHOLE if wanted == "1" else growth.SMALL), asked.out)
    admitted, loaded = admission.rates(plan.repeats)
    leaks = report.leaks(told, hidden)
    figures.keep(leaks, asked.out)
    figures.note(
        "main",
        {
            "objects": objects,
            "repeats": plan.repeats,
            "connections": plan.connections[-1],
            "samples": [
                {**key._asdict(), **asdict(found)}
                for key in samples.keys()  # noqa: SIM118 - not a mapping
                if (found := samples.of(*key))
            ],
            "metrics": result,
            "hidden": hidden,
            "told": {database: {name: asdict(one) for name, one in pairs.items()} for database, pairs in told.items()},
            "admission": [admitted, loaded],
        },
    )
    print(f"\n{figures.machine()}; {objects:,} objects; medians of {plan.repeats} interleaved repeats\n")
    print(f"{report.table(samples)}\n")
    print(
        f"admission: {admitted:,.0f} indicators a second and core, from the bytes of an envelope to the verdict; "
        f"json.loads alone {loaded:,.0f}\n"
    )
    for metrics in (result, leaks):
        for database, found in metrics.items():
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


if __name__ == "__main__":
    main()
