"""What is worked out of the samples: the table, and the metrics of build/bench.json."""

from collections.abc import Iterable

from bench.figures import Metrics
from bench.oracle import Told
from bench.samples import EVENTS, RAW, Sample, Samples
from bench.stage import REFERENCES
from bench.workloads import Plan

DATABASES = ("sqlite", "postgresql")
_HEADINGS = (
    "workload", "database", "events", "connections", "rate/s (wall)", "server CPU ms", "database CPU ms",
    "x FastAPI (CPU)", "x FastAPI, quiet (CPU)", "x ASGI (CPU)", "x raw driver (CPU)",
)  # fmt: skip


def table(samples: Samples) -> str:
    """One line for each thing measured. Ratios are the cost of the hub over the reference's: 1 is equal, more is dearer.

    Against FastAPI and ASGI, the server's CPU; against the raw driver's best way, server and database together on both sides.
    """
    lines = [_HEADINGS, tuple("---" for _ in _HEADINGS)]
    for key in samples.keys():  # noqa: SIM118 - not a mapping
        found = samples.of(*key)
        assert found is not None
        read = "page" if key.workload in ("sync", "page_observer") else key.workload
        hub = key.events in EVENTS
        raw = samples.best(read, key.target, "total") if hub else None
        lines.append((
            key.workload, key.target, key.events or "-", str(key.connections), f"{found.rate:,.0f}", f"{found.server * 1e3:.4f}",
            f"{found.database * 1e3:.4f}" if key.target == "postgresql" else "-",
            *(_times(found.server, samples.of(key.workload, key.connections, name), "server") if hub else "-" for name in REFERENCES),
            _times(found.total, raw, "total"),
        ))  # fmt: skip
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _times(cost: float, reference: Sample | None, figure: str) -> str:
    return f"{cost / getattr(reference, figure):.2f}" if reference else "-"


def metrics(samples: Samples, plan: Plan, missed: dict[tuple[str, str], int]) -> Metrics:
    """The figures that are kept, medians of all repeats; POSTs one at a time. What each says: docs/performance.md."""
    result: Metrics = {}
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
    def of(workload: str, target: str = database, kind: str = events) -> Sample | None:
        return samples.of(workload, connections, target, kind)

    for workload in ("empty_poll", "page"):
        hub = of(workload)
        for name in ("fastapi", "fastapi_quiet"):
            if hub and (limit := of(workload, name, "")):
                yield f"{workload}_vs_{name}", limit.server / hub.server
                yield f"{workload}_vs_{name}_with_database", limit.server / hub.total
    hub, limit, raw = of("page"), of("page", "fastapi", ""), samples.best("page", database, "total")
    if hub and limit and raw:
        yield "page_vs_limit", hub.total / (raw.total + limit.total)
        yield "page_vs_limit_server_only", hub.server / (raw.server + limit.server)
        yield "page_vs_raw_driver", raw.server / hub.server
        yield "page_vs_raw_driver_with_database", raw.total / hub.total
    for number in (100, 1_000):
        hub = samples.of(f"post_{number}", RAW, database, events)
        name = "post_vs_raw_insert" if number == 1_000 else f"post_{number}_vs_raw_insert"
        for figure, suffix in (("seconds", ""), ("total", "_cpu")):
            if hub and (raw := samples.best(f"post_{number}", database, figure)):
                yield name + suffix, getattr(raw, figure) / getattr(hub, figure)


def leaks(told: dict[str, dict[str, Told]], hidden: dict[str, dict[str, float]]) -> Metrics:
    """What the time of refusals tells (by how much of its time the worst differs), and what hidden rows cost."""
    result: Metrics = {}
    for database, pairs in told.items():
        worst = max(abs(one.difference) for one in pairs.values())
        result.setdefault(database, {})["refusal_time_told"] = {"events_on": round(worst, 4)}
    for database, one in hidden.items():
        for name in ("hidden_vs_visible", "nothing_vs_visible"):
            result.setdefault(database, {})[name] = {"events_off": round(one[name], 4)}
    return result
