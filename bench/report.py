"""The table, and build/bench.json."""

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from bench.oracle import Told
from bench.samples import Sample, Samples
from bench.workloads import RAW, Plan

DATABASES = ("sqlite", "postgresql")
EVENTS = ("on", "off")
_HEADINGS = (
    "workload", "database", "events", "connections", "rate/s (wall)", "server CPU ms", "database CPU ms",
    "x FastAPI (CPU)", "x ASGI (CPU)", "x raw driver (CPU)",
)  # fmt: skip


def table(samples: Samples) -> str:
    """One line for each thing measured. Ratios are the CPU of the hub over the reference's: 1 is equal, more is dearer.

    Against FastAPI and ASGI, the server's CPU; against the raw driver, server and database together on both sides.
    """
    lines = [_HEADINGS, tuple("---" for _ in _HEADINGS)]
    for key in samples.keys():  # noqa: SIM118 - not a mapping
        found = samples.of(*key)
        assert found is not None
        reading = "page" if key.workload == "sync" else key.workload
        hub = key.events in EVENTS
        raw = samples.of(reading, RAW, key.target, "raw") if hub else None
        lines.append((
            key.workload, key.target, key.events or "-", str(key.connections), f"{found.rate:,.0f}", f"{found.server * 1e3:.4f}",
            f"{found.database * 1e3:.4f}" if key.target == "postgresql" else "-",
            *(_times(found.server, samples.of(reading, key.connections, name), "server") if hub else "-" for name in ("fastapi", "asgi")),
            _times(found.total, raw, "total"),
        ))  # fmt: skip
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _times(cost: float, reference: Sample | None, figure: str) -> str:
    return f"{cost / getattr(reference, figure):.2f}" if reference else "-"


def metrics(samples: Samples, plan: Plan, missed: dict[tuple[str, str], int]) -> dict[str, dict[str, dict[str, float]]]:
    """The figures that are kept. By CPU, at the larger number of connections measured, POSTs one at a time.

    Where the reference has a database, the database's CPU counts on both sides; `..._server_only` leaves it out, and
    `..._with_database` counts it where the reference has none.
    """
    result: dict[str, dict[str, dict[str, float]]] = {}
    connections = plan.connections[-1]
    for database in DATABASES:
        for events in EVENTS:
            found = dict(_of(samples, database, events, connections))
            if not found:
                continue
            if (database, events) in missed:
                found["tail_missed"] = missed[database, events]
            for name, value in found.items():
                result.setdefault(database, {}).setdefault(name, {})[f"events_{events}"] = round(value, 4)
    return result


def _of(samples: Samples, database: str, events: str, connections: int) -> Iterable[tuple[str, float]]:
    for workload in ("empty_poll", "page"):
        hub, limit = samples.of(workload, connections, database, events), samples.of(workload, connections, "fastapi")
        if hub and limit:
            yield f"{workload}_vs_fastapi", limit.server / hub.server
            yield f"{workload}_vs_fastapi_with_database", limit.server / hub.total
    hub, limit = samples.of("page", connections, database, events), samples.of("page", connections, "fastapi")
    raw = samples.of("page", RAW, database, "raw")
    if hub and limit and raw:
        yield "page_vs_limit", hub.total / (raw.total + limit.total)
        yield "page_vs_limit_server_only", hub.server / (raw.server + limit.server)
        yield "page_vs_raw_driver", raw.total / hub.total
    for number in (100, 1_000):
        hub, raw = (
            samples.of(f"post_{number}", RAW, database, events),
            samples.of(f"post_{number}", RAW, database, "raw"),
        )
        if hub and raw:
            yield "post_vs_raw_insert" if number == 1_000 else f"post_{number}_vs_raw_insert", raw.total / hub.total


def leaks(result: dict[str, Any], told: dict[str, dict[str, Told]], hidden: dict[str, dict[str, float]]) -> None:
    """Add what the time of refusals tells (by how much of its time the worst differs), and what hidden rows cost."""
    for database, pairs in told.items():
        worst = max(abs(one.difference) for one in pairs.values())
        result[database]["refusal_time_told"] = {"events_on": round(worst, 4)}
    for database, one in hidden.items():
        for name in ("hidden_vs_visible", "nothing_vs_visible"):
            result[database][name] = {"events_off": round(one[name], 4)}


def write(path: Path, content: dict[str, Any]) -> None:
    """Keep the figures."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(content, indent=2) + "\n")
