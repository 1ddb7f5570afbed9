"""How cost grows with the size of a collection: 0 is not at all, 1 is in proportion."""

import math
import tempfile
from pathlib import Path
from statistics import median

from bench.client import drive, fetch, request
from bench.cpu import Meter
from bench.servers import Postgres
from bench.stage import BASE, Hub, databases, hubs, paths

SIZES = (2_000, 20_000, 100_000)
_REPEATS, _SECONDS, _CONNECTIONS = 7, 0.4, 4
_MEASURED = ("empty_poll", "page", "match_id")


def exponents(server: Postgres | None) -> dict[tuple[str, str], float]:
    """By database and events: the worst of empty poll, page from the middle and match[id], from the smallest size to the largest."""
    costs: dict[tuple[str, str, str, int], list[float]] = {}
    with tempfile.TemporaryDirectory(prefix="indicator-hub-growth-") as name:
        work = Path(name)
        with databases(work, server, list(SIZES)) as filled, hubs(filled, work) as started:
            sizes = [size for size in SIZES for _ in range(len(started) // len(SIZES))]
            asked = [(hub, size, _paths(hub, size)) for hub, size in zip(started, sizes, strict=True)]
            for workload in _MEASURED:
                for _ in range(_REPEATS):
                    for hub, size, path in asked:
                        key = (workload, hub.database.name, hub.events, size)
                        costs.setdefault(key, []).append(_cost(hub, path[workload]))
    result: dict[tuple[str, str], float] = {}
    print(
        "\n| database | events | workload |", " | ".join(f"{size:,} objects: CPU ms" for size in SIZES), "| exponent |"
    )
    print("|---|---|---|" + "---|" * len(SIZES) + "---|")
    for database, events in dict.fromkeys(key[1:3] for key in costs):
        for workload in _MEASURED:
            found = [median(costs[workload, database, events, size]) for size in SIZES]
            exponent = math.log(found[-1] / found[0]) / math.log(SIZES[-1] / SIZES[0])
            result[database, events] = max(result.get((database, events), -1.0), exponent)
            figures = " | ".join(f"{cost * 1e3:.4f}" for cost in found)
            print(f"| {database} | {events} | {workload} | {figures} | {exponent:.3f} |")
    return result


def _paths(hub: Hub, size: int) -> dict[str, str]:
    asked = paths(size)
    _, headers, _ = fetch(
        hub.server.port, f"{BASE}/manifest/?limit={min(1_000, size // 2)}", hub.database.authorization()
    )
    return asked | {"page": f"objects/?limit=500&added_after={headers['x-taxii-date-added-last']}"}


def _cost(hub: Hub, path: str) -> float:
    raw = request("GET", f"{BASE}/{path}", hub.database.authorization())
    with Meter(hub.server.pid, hub.server.database) as meter:
        load = drive(hub.server.port, _CONNECTIONS, lambda: raw, seconds=_SECONDS)
    return (meter.server + meter.database) / load.requests
