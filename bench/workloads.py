"""The workloads. Every repeat goes through all targets, so that what else the machine does falls on all of them alike."""

import re
import uuid
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import cycle

from bench import objects
from bench.client import Connection, drive, request
from bench.cpu import Meter
from bench.raw import Cost, reading
from bench.samples import RAW, Key, Sample, Samples
from bench.servers import Server
from bench.stage import BASE, Hub, Stage, reference_path
from bench.world import OBSERVER, READER, WRITERS


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is measured. `posts`: objects in an envelope, connections, envelopes in one repeat."""

    repeats: int
    seconds: float
    connections: tuple[int, ...]
    reads: tuple[str, ...]
    posts: tuple[tuple[int, int, int], ...]
    tail_envelopes: int


QUICK = Plan(3, 0.15, (16,), ("empty_poll", "page", "match_id"), ((100, 1, 3), (1_000, 1, 1)), 6)
FULL = Plan(
    5,
    0.4,
    (16,),
    ("empty_poll", "page", "page_observer", "match_id", "object", "manifest"),
    ((100, 1, 6), (100, 16, 16), (1_000, 1, 4)),
    25,
)


def reads(stage: Stage, plan: Plan, samples: Samples) -> None:
    """Polls of every kind: hubs, references and raw drivers by turns. Empty polls come from all twenty accounts by turns."""
    for workload in plan.reads:
        path = stage.paths[workload]
        for _ in range(plan.repeats):
            for connections in plan.connections:
                for hub in stage.hubs:
                    requests = [
                        request("GET", f"{BASE}/{path}", hub.database.authorization(account))
                        for account in _askers(workload, hub)
                    ]
                    sample = _driven(hub.server, connections, requests, plan.seconds)
                    samples.add(Key(workload, connections, hub.database.name, hub.events), sample)
                for name, server in stage.references.items():
                    raw = request("GET", reference_path(workload, path), stage.authorization)
                    samples.add(Key(workload, connections, name, ""), _driven(server, connections, [raw], plan.seconds))
            for name, driver in stage.raws.items():
                if (argument := stage.arguments.get(workload)) is None:
                    continue
                for way in reading(workload):
                    cost = driver.cost(way, workload, argument, plan.seconds)
                    samples.add(Key(workload, RAW, name, f"raw, {way}"), _of(cost))


def _askers(workload: str, hub: Hub) -> Sequence[str]:
    if workload == "empty_poll":
        return tuple(hub.database.tokens)
    return (OBSERVER if workload == "page_observer" else READER,)


def _driven(server: Server, connections: int, requests: Sequence[bytes], seconds: float) -> Sample:
    following = cycle(requests)
    drive(server.port, 1, _each([*requests[:2], *requests[:2]]))
    with Meter(server.pid, server.database) as meter:
        load = drive(server.port, connections, lambda: next(following), seconds=seconds)
    return _sample(meter, load.requests)


def _each(requests: Iterable[bytes]) -> Callable[[], bytes | None]:
    left = iter(requests)
    return lambda: next(left, None)


def _sample(meter: Meter, number: int) -> Sample:
    return Sample(meter.server / number, meter.database / number, number / meter.wall)


def _of(cost: Cost) -> Sample:
    return Sample(cost.server, cost.database, 1 / cost.wall)


_NEXT = re.compile(rb'\{"more":true,"next":"([^"]+)"')


def sync(stage: Stage, plan: Plan, samples: Samples) -> None:
    """A client that takes everything, page by page. Figures are for one page."""
    found: set[int] = set()
    for _ in range(plan.repeats):
        for hub in stage.hubs:
            with Meter(hub.server.pid, hub.server.database) as meter:
                pages = whole(hub)
            found.add(pages)
            if len(found) > 1:
                raise RuntimeError(f"Reading everything took different numbers of pages: {found}")
            samples.add(Key("sync", 1, hub.database.name, hub.events), _sample(meter, pages))


def whole(hub: Hub) -> int:
    """Read the whole collection by pages of 1,000, on one connection. Returns how many pages there were."""
    authorization = hub.database.authorization()
    path: str | None = "objects/?limit=1000"
    pages = 0
    with Connection(hub.server.port, 200) as connection:
        while path:
            head = connection.exchange(request("GET", f"{BASE}/{path}", authorization))
            found = _NEXT.match(head, head.index(b"\r\n\r\n") + 4)
            path = f"objects/?limit=1000&next={found[1].decode()}" if found else None
            pages += 1
    return pages


def posts(stage: Stage, plan: Plan, samples: Samples) -> None:
    """New objects through the hub, and the same number of rows past it in as many transactions. Figures are for one object."""
    for number, connections, envelopes in plan.posts:
        for _ in range(plan.repeats):
            for hub in stage.hubs:
                following = _envelopes(hub, number, envelopes)
                with Meter(hub.server.pid, hub.server.database) as meter:
                    drive(hub.server.port, connections, following, expected=202)
                sample = _sample(meter, number * envelopes)
                samples.add(Key(f"post_{number}", connections, hub.database.name, hub.events), sample)
            if connections == RAW:
                for name, driver in stage.raws.items():
                    for way in driver.INSERTING:
                        cost = driver.insert(way, number, envelopes)
                        samples.add(Key(f"post_{number}", RAW, name, f"raw, {way}"), _of(cost))


def _envelopes(hub: Hub, number: int, envelopes: int) -> Callable[[], bytes | None]:
    authorization = hub.database.authorization(WRITERS[0])
    series = uuid.uuid4().hex
    made = [
        request(
            "POST",
            f"{BASE}/objects/",
            authorization,
            objects.envelope(objects.indicator(line, 0, series) for line in range(start, start + number)),
        )
        for start in range(0, number * envelopes, number)
    ]
    return _each(made)
