"""The tables of docs/performance.md and docs/scaling.md, from what was measured last: `python -m bench.tables [SECTION]`, or `--write`.

Each command of bench/ keeps its figures in build/figures.json, with the commit and the machine that they were measured on.
"""

import argparse
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bench import crowd, figures, growth, peers, sizes
from bench.samples import EVENTS, RAW, Key, Sample, Samples
from bench.servers import ROOT

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
    """Print the sections asked for, or all there are; or write them into the docs."""
    parser = argparse.ArgumentParser(prog="python -m bench.tables", description=__doc__)
    parser.add_argument("sections", nargs="*", help=", ".join(_SECTIONS))
    parser.add_argument("--write", action="store_true", help="into docs/performance.md and docs/scaling.md")
    asked = parser.parse_args()
    noted = figures.noted()
    drawn = {
        name: f"{noted[kept]['measured']}.\n\n{draw(noted[kept]['content'])}"
        for name, (kept, draw) in _SECTIONS.items()
        if kept in noted
        and (not asked.sections or name in asked.sections)
        and not (name == "hidden" and not noted[kept]["content"]["hidden"])
    }
    if not asked.write:
        for name, text in drawn.items():
            print(f"## {name}\n\n{text}\n")
        return
    for page in _PAGES:
        page.write_text(_PLACE.sub(lambda found: _put(found, drawn), page.read_text()))


def _put(found: "re.Match[str]", drawn: Mapping[str, str]) -> str:
    """What stands between the marks of a section, anew where there are figures for it."""
    name = found["name"]
    return f"<!-- figures: {name} -->\n\n{drawn[name]}\n\n<!-- end -->" if name in drawn else found[0]


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
    return "\n".join([*lines, "", *_metrics()])


def _told(content: Mapping[str, Any]) -> str:
    told = content["told"]
    lines = [f"| | {' | '.join(DATABASES[one] for one in told)} |", "|---|" + "---|" * len(told)]
    for name in next(iter(told.values()), {}):
        cells = [f"{one[name]['difference']:+.1%} (chance {one[name]['chance']:.1%})" for one in told.values()]
        lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _hidden(content: Mapping[str, Any]) -> str:
    hidden = content["hidden"]
    lines = [f"| | {' | '.join(DATABASES[one] for one in hidden)} |", "|---|" + "---|" * len(hidden)]
    lines += [
        f"| `{name}` | {' | '.join(f'{one[name]:.2f}' for one in hidden.values())} |"
        for name in next(iter(hidden.values()), {})
    ]
    return "\n".join(lines)


def _admission(content: Mapping[str, Any]) -> str:
    admitted, loaded = content["admission"]
    return f"{admitted:,.0f} indicators a second and core; `json.loads` alone reads {loaded:,.0f} of the same bytes."


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


_SECTIONS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "main": ("main", _main),
    "peers": ("peers", peers.table),
    "growth": ("growth", _growth),
    "crowd": ("crowd", _crowd),
    "hidden": ("main", _hidden),
    "refusals": ("main", _told),
    "admission": ("main", _admission),
    "sizes": ("sizes", sizes.table),
}
"""By name in the docs: what was kept, and how it is drawn."""
_PAGES = [ROOT / "docs" / name for name in ("performance.md", "scaling.md")]
_PLACE = re.compile(r"<!-- figures: (?P<name>\w+) -->.*?<!-- end -->", re.DOTALL)


if __name__ == "__main__":
    main()
