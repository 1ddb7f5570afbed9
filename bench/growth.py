"""How cost grows with the size of a collection: an exponent of 0 is not at all, 1 is in proportion.

`python -m bench.growth`: from 1,000 over 10,000 and 100,000 to 1,000,000 objects (BENCH_GROWTH_SIZES), first page, last page, empty poll,
match[id], object, versions and manifest; then the whole collection is read once, and the memory of the hub's process is looked at.
One database is filled through `submit`, and kept on the way at each size; so a smaller one is the beginning of a larger one.
"""

import asyncio
import json
import math
import os
import sqlite3
import sys
import tempfile
import time
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import Any

import asyncpg
import psutil

from bench import figures
from bench.client import drive, fetch, request
from bench.cpu import Meter, tree
from bench.figures import Metrics
from bench.samples import EVENTS
from bench.servers import Postgres, postgres
from bench.stage import BASE, Database, Hub, copied, hubs, instant
from bench.workloads import whole
from bench.world import fill

SMALL = "1000,10000,100000"
WHOLE = SMALL + ",1000000"
KINDS = ("first_page", "last_page", "empty_poll", "match_id", "object", "versions", "manifest")
_REPEATS, _SECONDS, _CONNECTIONS = 5, 0.25, 4
_LARGEST = 5_000
"""Objects in one envelope of the filling."""
_IDS = 200
_BEFORE = "SELECT date_added FROM entry WHERE superseded <> 1 ORDER BY date_added DESC LIMIT 1 OFFSET {number}"
_VISIBLE = "SELECT count(*) FROM entry WHERE superseded <> 1"
_LINES = "SELECT DISTINCT stix_id FROM entry WHERE id % {every} = 1 ORDER BY stix_id"


@dataclass(frozen=True, slots=True)
class Grown:
    """Of one database, with or without events: CPU seconds of each kind by size, and megabytes of the hub at the largest.

    `private` is what the process has for itself; `resident` counts the pages of files too that it has in view, of its libraries and of
    SQLite's file, which the system takes back when it needs the memory.
    """

    database: str
    events: str
    sizes: Sequence[int]
    costs: dict[str, list[float]]
    private: float
    resident: float

    @property
    def exponents(self) -> dict[str, float]:
        """Of each kind, from the smallest size to the largest."""
        growth = math.log(self.sizes[-1] / self.sizes[0])
        return {kind: math.log(costs[-1] / costs[0]) / growth for kind, costs in self.costs.items()}

    @property
    def last_page(self) -> float:
        """The last page's cost in that of the first, at the largest size."""
        return self.costs["last_page"][-1] / self.costs["first_page"][-1]


def sizes_asked(otherwise: str) -> tuple[int, ...]:
    """The sizes, the smallest first."""
    asked = sorted(int(one) for one in os.environ.get("BENCH_GROWTH_SIZES", otherwise).split(","))
    if len(asked) < 2 or asked[0] < 1_000:
        sys.exit("BENCH_GROWTH_SIZES needs two sizes or more, of 1,000 objects at least.")
    return tuple(asked)


def grow(server: Postgres | None, sizes: Sequence[int], path: Path = figures.METRICS) -> None:
    """Fill, measure, print, keep."""
    found: list[Grown] = []
    with tempfile.TemporaryDirectory(prefix="indicator-hub-growth-") as name:
        work = Path(name)
        files = {size: work / f"hub-{size}.db" for size in sizes}
        begun = time.monotonic()
        tokens = _filled(work / "filling.db", files)
        took = time.monotonic() - begun
        print(f"{sizes[-1]:,} objects through submit in {took:.0f} s: {sizes[-1] / took:,.0f} a second", flush=True)
        for filled in _databases(server, files, tokens):
            with filled as databases:
                found += _measured(work, databases, sizes)
            # After each database: what takes half an hour is not to be lost with the other one.
            figures.keep(metrics(found), path)
            figures.note("growth", [asdict(one) for one in found])
    print(table(found))


def _databases(
    server: Postgres | None, files: Mapping[int, Path], tokens: Mapping[str, str]
) -> Iterator[AbstractContextManager[list[Database]]]:
    """Of each kind one of every size."""
    yield nullcontext([Database("sqlite", f"sqlite:///{file}", "", tokens) for file in files.values()])
    if server is not None:
        yield _copies(server, files, tokens)


@contextmanager
def _copies(server: Postgres, files: Mapping[int, Path], tokens: Mapping[str, str]) -> Generator[list[Database]]:
    begun = time.monotonic()
    with ExitStack() as stack:
        copies = [stack.enter_context(copied(server, file, tokens, writing=False)) for file in files.values()]
        print(f"Copied to PostgreSQL in {time.monotonic() - begun:.0f} s", flush=True)
        yield copies


def metrics(found: Sequence[Grown]) -> Metrics:
    """What is kept in build/bench.json."""
    result: Metrics = {}
    for one in found:
        for name, value in (
            ("growth_exponent", max(one.exponents.values())),
            ("growth_objects", one.sizes[-1]),
            ("last_page_vs_first", one.last_page),
            ("private_mb", one.private),
            ("resident_mb", one.resident),
        ):
            result.setdefault(one.database, {}).setdefault(name, {})[f"events_{one.events}"] = round(value, 4)
    return result


def table(found: Sequence[Grown]) -> str:
    """Milliseconds of CPU, server and database together; then what else there is to say of the largest size."""
    sizes = found[0].sizes
    lines = [
        f"| database | events | request | {' | '.join(f'{size:,}' for size in sizes)} | exponent |",
        "|---|---|---|" + "---|" * len(sizes) + "---|",
    ]
    for one in found:
        for kind, costs in one.costs.items():
            shown = " | ".join(f"{cost * 1e3:.3f}" for cost in costs)
            lines.append(f"| {one.database} | {one.events} | {kind} | {shown} | {one.exponents[kind]:.3f} |")
    lines += ["", "| database | events | last page / first | private MB | resident MB |", "|---|---|---|---|---|"]
    lines += [
        f"| {one.database} | {one.events} | {one.last_page:.2f} | {one.private:.0f} | {one.resident:.0f} |"
        for one in found
    ]
    return "\n".join(lines)


def _filled(filling: Path, files: Mapping[int, Path]) -> dict[str, str]:
    """One database filled, a copy made of it at each size."""

    def keep(objects: int) -> None:
        with closing(sqlite3.connect(filling)) as source, closing(sqlite3.connect(files[objects])) as target:
            source.backup(target)

    tokens = asyncio.run(fill(f"sqlite:///{filling}", list(files), largest=_LARGEST, reached=keep))
    filling.unlink()
    return tokens


def _measured(work: Path, filled: Sequence[Database], sizes: Sequence[int]) -> list[Grown]:
    """All sizes side by side: in every repeat each request goes to each of them."""
    limit = min(1_000, sizes[0] * 2 // 5)
    costs: dict[tuple[str, str, int], list[float]] = {}
    with hubs(filled, work) as started:
        sized = list(zip(started, [size for size in sizes for _ in EVENTS], strict=True))
        asked = [(hub, size, _requests(hub, size, limit)) for hub, size in sized]
        for kind in KINDS:
            for _ in range(_REPEATS):
                for hub, size, requests in asked:
                    costs.setdefault((hub.events, kind, size), []).append(_cost(hub, requests[kind]))
        return [_grown(hub, costs, sizes) for hub, size in sized if size == sizes[-1]]


def _grown(hub: Hub, costs: Mapping[tuple[str, str, int], list[float]], sizes: Sequence[int]) -> Grown:
    pages, ((visible,), *_) = whole(hub), _rows(hub.database, _VISIBLE)
    if pages != -(-visible // 1_000):
        sys.exit(f"{visible:,} objects were read in {pages:,} pages")
    used = [psutil.Process(pid).memory_info() for pid in tree(hub.server.pid)]
    return Grown(
        hub.database.name,
        hub.events,
        tuple(sizes),
        {kind: [median(costs[hub.events, kind, size]) for size in sizes] for kind in KINDS},
        max(one.rss - one.shared for one in used) / 1e6,
        max(one.rss for one in used) / 1e6,
    )


def _requests(hub: Hub, size: int, limit: int) -> dict[str, list[bytes]]:
    """What is sent of each kind, and that each is answered as it should be. Ids are spread over the whole collection."""
    (before,), *_ = _rows(hub.database, _BEFORE.format(number=2 * limit))
    ids = [one for (one,) in _rows(hub.database, _LINES.format(every=max(1, size // _IDS)))]
    _, found = _get(hub, f"objects/?limit={limit}&added_after={instant(before)}")
    paths = {
        "first_page": [f"objects/?limit={limit}"],
        "last_page": [f"objects/?limit={limit}&next={found['next']}"],
        "empty_poll": [f"objects/?limit={limit}&added_after={instant(time.time_ns() // 1_000)}"],
        "match_id": [f"objects/?match[id]={one}" for one in ids],
        "object": [f"objects/{one}/" for one in ids],
        "versions": [f"objects/{one}/versions/" for one in ids],
        "manifest": [f"manifest/?limit={limit}"],
    }
    for kind, more in (("first_page", True), ("last_page", False)):
        answer, found = _get(hub, paths[kind][0])
        if len(found["objects"]) != limit or found.get("more", False) != more:
            sys.exit(f"The {kind} of {size:,} objects is answered {answer[:300]!r}")
    for kind in ("match_id", "object", "versions"):
        _get(hub, paths[kind][-1])
    return {
        kind: [request("GET", f"{BASE}/{one}", hub.database.authorization()) for one in many]
        for kind, many in paths.items()
    }


def _get(hub: Hub, path: str) -> tuple[bytes, dict[str, Any]]:
    status, _, body = fetch(hub.server.port, f"{BASE}/{path}", hub.database.authorization())
    if status != 200:
        sys.exit(f"{path} is answered {status} {body[:300]!r}")
    return body, json.loads(body)


def _rows(database: Database, query: str) -> list[Any]:
    """The rows of a query, past the hub."""

    async def ask() -> list[Any]:
        connection = await asyncpg.connect(database.url)
        try:
            return await connection.fetch(query)
        finally:
            await connection.close()

    if database.name == "postgresql":
        return asyncio.run(ask())
    with closing(sqlite3.connect(database.url.removeprefix("sqlite:///"))) as file:
        return file.execute(query).fetchall()


def _cost(hub: Hub, requests: Sequence[bytes]) -> float:
    following = cycle(requests)
    with Meter(hub.server.pid, hub.server.database) as meter:
        load = drive(hub.server.port, _CONNECTIONS, lambda: next(following), seconds=_SECONDS)
    return (meter.server + meter.database) / load.requests


if __name__ == "__main__":
    with postgres() as asked:
        grow(asked, sizes_asked(WHOLE))
