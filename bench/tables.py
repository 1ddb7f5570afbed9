"""The tables of docs/performance.md and docs/scaling.md, from what was measured last: `python -m bench.tables [SECTION]`.

Each command of bench/ keeps its figures in build/figures.json, with the commit and the machine that they were measured on.
"""

import sys
from collections.abc import Mapping, Sequence
from typing import Any

from bench import crowd, figures, growth, peers, sizes
from bench.samples import EVENTS, RAW, Key, Sample, Samples

DATABASES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}
_REQUESTS = {
    "empty_poll": "empty poll", "page": "page of 1,000", "page_observer": "the same, an observer's", "match_id": "`match[id]`",
    "object": "one object", "manifest": "manifest of 1,000", "sync": "sync, a page", "post_100": "POST of 100, an object",
    "post_1000": "POST of 1,000, an object",
}  # fmt: skip
_HEADINGS = (
    "workload", "SQLite, events on", "SQLite, off", "PostgreSQL, on", "PostgreSQL, off", "FastAPI", "FastAPI, telemetry off", "ASGI",
    "raw sqlite3", "raw asyncpg",
)  # fmt: skip
_METRICS = (
    ("empty_poll_vs_fastapi", "0.80", "0.40"), ("empty_poll_vs_fastapi_with_database", "", ""), ("empty_poll_vs_fastapi_quiet", "", ""),
    ("page_vs_limit", "at most 1.6 off, 2 on", ""), ("page_vs_limit_server_only", "", ""), ("page_vs_raw_driver", "", "0.55"),
    ("page_vs_raw_driver_with_database", "", ""), ("sync_vs_opentaxii", "60 off, 35 on", "18 off, 12 on"),
    ("post_vs_raw_insert", "0.25", "0.60"), ("post_vs_raw_insert_cpu", "", ""), ("growth_exponent", "at most 0.1", "at most 0.1"),
    ("last_page_vs_first", "at most 1.3", "at most 1.3"), ("private_mb", "", ""), ("resident_mb", "under 120", "under 120"),
    ("crowd_p99_with_writers", "at most 5", "at most 5"), ("crowd_missed", "0", "0"), ("tail_missed", "0", "0"),
)  # fmt: skip


def main() -> None:
    """Print the sections asked for, or all there are."""
    noted = figures.noted()
    for name, draw in _SECTIONS.items():
        if name in noted and (len(sys.argv) == 1 or name in sys.argv[1:]):
            print(f"## {name}\n\n{noted[name]['measured']}\n\n{draw(noted[name]['content'])}\n")


def _main(content: Mapping[str, Any]) -> str:
    samples = Samples()
    for one in content["samples"]:
        key = Key(*(one[name] for name in Key._fields))
        samples.add(key, Sample(one["server"], one["database"], one["rate"]))
    many = content["connections"]
    targets = [(database, events) for database in DATABASES for events in EVENTS]
    lines = [
        f"{content['objects']:,} objects; medians of {content['repeats']} interleaved repeats; {many} connections, POSTs and sync by one.",
        "Milliseconds of CPU: server + database.",
        "",
        f"| {' | '.join(_HEADINGS)} |",
        "|" + "---|" * len(_HEADINGS),
    ]
    for workload, shown in _REQUESTS.items():
        connections = RAW if workload.startswith(("post", "sync")) else many
        cells = [_cell(samples.of(workload, connections, *target), target[0]) for target in targets]
        cells += [_cell(samples.of(workload, many, name), name) for name in ("fastapi", "fastapi_quiet", "asgi")]
        cells += [_cell(samples.best(workload, database, "total"), database) for database in DATABASES]
        if any(cells):
            lines.append(f"| {shown} | {' | '.join(cells)} |")
    lines += ["", "Objects a second by the wall, one connection:", ""]
    lines += ["| POST | SQLite, on | off | raw sqlite3 | PostgreSQL, on | off | raw asyncpg |", "|" + "---|" * 7]
    for workload in ("post_100", "post_1000"):
        rates: list[str] = []
        for database in DATABASES:
            found = [samples.of(workload, RAW, database, events) for events in EVENTS]
            rates += [
                f"{one.rate:,.0f}" if one else "" for one in (*found, samples.best(workload, database, "seconds"))
            ]
        lines.append(f"| {_REQUESTS[workload].rpartition(',')[0]} | {' | '.join(rates)} |")
    lines += ["", *_metrics()]
    for database, pairs in content["told"].items():
        lines += ["", f"{DATABASES[database]}: a refusal of what is hidden takes longer by", ""]
        lines += [f"- {name}: {one['difference']:+.1%} (chance {one['chance']:.1%})" for name, one in pairs.items()]
    for database, found in content["hidden"].items():
        shown = ", ".join(f"{name} {value:.3g}" for name, value in found.items())
        lines += ["", f"{DATABASES[database]}: {shown}"]
    admitted, loaded = content["admission"]
    lines += ["", f"Admission: {admitted:,.0f} indicators a second and core; `json.loads` alone {loaded:,.0f}."]
    return "\n".join(lines)


def _metrics() -> list[str]:
    """What build/bench.json holds, beside what issue and docs ask for."""
    kept = figures.kept()
    lines = [
        "| metric in `build/bench.json` | SQLite, on | off | bound | PostgreSQL, on | off | bound |",
        "|" + "---|" * 7,
    ]
    for name, *bounds in _METRICS:
        cells: list[str] = []
        for database, bound in zip(DATABASES, bounds, strict=True):
            found = kept.get(database, {}).get(name, {})
            cells += [f"{found[key]:.3g}" if (key := f"events_{events}") in found else "" for events in EVENTS]
            cells.append(bound)
        if any(cell for place, cell in enumerate(cells) if place % 3 < 2):
            lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return lines


def _cell(found: Sample | None, target: str) -> str:
    if found is None:
        return ""
    server = _digits(found.server * 1e3)
    return f"{server} + {_digits(found.database * 1e3)}" if target == "postgresql" else server


def _digits(value: float) -> str:
    """Two digits that say something."""
    return f"{value:.1f}" if value >= 1 else f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"


def _growth(content: Sequence[dict[str, Any]]) -> str:
    return growth.table([growth.Grown(**one) for one in content])


def _crowd(content: Mapping[str, Any]) -> str:
    asked = ", ".join(f"{name} {value:g}" for name, value in content["asked"].items())
    return f"{asked}\n\n{crowd.table([crowd.Crowd(**one) for one in content['rows']])}"


_SECTIONS = {"main": _main, "growth": _growth, "peers": peers.table, "crowd": _crowd, "sizes": sizes.table}


if __name__ == "__main__":
    main()
