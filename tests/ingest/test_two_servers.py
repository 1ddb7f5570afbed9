"""Two schedules on one PostgreSQL, each in a process of its own; one is killed in the middle of its runs. Every turn is taken once.

The small form of faults/test_schedules.py: the clock stands in a file and is moved from turn to turn, so no lease is waited for.
"""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from threading import Event, Lock, Thread
from typing import Any

import pytest
from sqlalchemy import select

from faults.test_schedules import Ran, of_each, runs_in
from indicator_hub.ingest.schedule import AT_ONCE
from indicator_hub.sharing.claim import LEASE
from indicator_hub.stix import timestamps
from indicator_hub.store.opened import Store
from indicator_hub.store.schema import job
from support.child import Child
from support.live import environment
from support.world import START, roster, world

SECOND = 1_000_000
FEEDS = AT_ONCE + 2
"""More than one process runs at once: where none of them ends, each of the two holds some."""
PATIENCE = 60
SCHEDULER = Path(__file__).with_name("scheduler.py")


@dataclass
class Source:
    """Every feed's source: it notes who asked for which feed, and answers nobody while it is shut."""

    url: str = ""
    asked: list[tuple[str, str]] = field(default_factory=list)
    open: Event = field(default_factory=Event)
    lock: Lock = field(default_factory=Lock)

    def note(self, worker: str, feed: str) -> None:
        """Somebody asks."""
        with self.lock:
            self.asked.append((worker, feed))

    def since(self, number: int) -> list[tuple[str, str]]:
        """Who asked for what, after so many."""
        with self.lock:
            return self.asked[number:]


@pytest.fixture
def source() -> Iterator[Source]:
    """A web server on the loopback."""
    made = Source()
    made.open.set()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            """One address for each feed, once the source is open."""
            feed = self.path.strip("/")
            made.note(str(self.headers["X-Worker"]), feed)
            made.open.wait(PATIENCE)
            body = f"198.51.100.{feed.rpartition('-')[2]}\n".encode()
            with suppress(OSError):  # whoever asked may be dead by now
                self.send_response(200)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield made
    made.open.set()
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Time:
    """The clock of both processes. Whoever reads it never finds half a time."""

    file: Path
    now: int = START

    def forward(self, microseconds: int) -> None:
        """Move it on."""
        self.now += microseconds
        following = self.file.with_suffix(".next")
        following.write_text(timestamps.render(self.now), encoding="ascii")
        following.replace(self.file)


@dataclass
class Servers:
    """What the test needs of the two."""

    store: Store
    source: Source
    time: Time
    processes: dict[str, Child]

    async def runs(self) -> dict[str, list[Ran]]:
        """Of each feed, in order."""
        return of_each(await runs_in(self.store))

    async def held(self) -> set[str]:
        """The feeds that a process holds, or has not let go."""
        async with self.store.transactions.read() as tx:
            names = await tx.execute(select(job.c.name).where(job.c.worker != ""))
            return {name.removeprefix("feed ") for name in names.scalars()}

    async def turn(self, ends: dict[str, int]) -> None:
        """Wait until the feeds have had so many runs and are free again: only then does the clock say when the next is due."""

        async def there() -> bool:
            runs = await self.runs()
            return all(len(runs.get(name, [])) == number for name, number in ends.items()) and not (
                await self.held() & ends.keys()
            )

        await until(there)


async def until(there: Callable[[], Awaitable[bool]]) -> None:
    """Wait for it."""
    async with asyncio.timeout(PATIENCE):
        while not await there():  # noqa: ASYNC110 - what is waited for happens in other processes
            await asyncio.sleep(0.02)


@pytest.fixture
async def servers(database_url: str, tmp_path: Path, source: Source) -> AsyncIterator[Servers]:
    """Two processes; each says to the source who it is, by a header whose value stands in its environment."""
    usual = roster().feeds["numbers"]
    common: dict[str, Any] = {"every": SECOND, "internal": True, "headers": {"X-Worker": "$WORKER"}}
    names = [f"feed-{number}" for number in range(FEEDS)]
    feeds = {name: replace(usual, name=name, source=f"{source.url}/{name}", **common) for name in names}
    time = Time(tmp_path / "now")
    time.forward(0)
    async with AsyncExitStack() as stack:
        w = await stack.enter_async_context(world(database_url, roster(feeds=feeds), accounts=[]))
        processes = {name: started(database_url, time.file, name) for name in ("one", "two")}
        for process in processes.values():
            stack.enter_context(process)
        for process in processes.values():
            assert await asyncio.to_thread(process.heard) == "ready"
        yield Servers(w.store, source, time, processes)


def started(database: str, clock: Path, name: str) -> Child:
    """A process that runs what is due."""
    return Child(SCHEDULER, database, str(clock), env=environment(clock.parent) | {"WORKER": name})


@pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
async def test_one_of_two_is_killed_in_the_middle(servers: Servers) -> None:
    """No turn is taken twice, none is lost; what the dead one held is left alone until its lease has run out, and then goes on."""
    source, time = servers.source, servers.time
    every = {f"feed-{number}" for number in range(FEEDS)}
    turns = dict.fromkeys(every, 1)
    await servers.turn(turns)
    for _ in range(2):
        time.forward(SECOND + SECOND // 5)  # the interval, and what chance may add to it
        turns = {name: number + 1 for name, number in turns.items()}
        await servers.turn(turns)
    assert Counter(name for _, name in source.asked) == turns, "one of the two asked, for every turn"

    source.open.clear()
    before = len(source.asked)
    time.forward(SECOND + SECOND // 5)
    turns = {name: number + 1 for name, number in turns.items()}

    async def all_asked() -> bool:
        return len(source.since(before)) == FEEDS

    await until(all_asked)
    held = {worker: {name for who, name in source.since(before) if who == worker} for worker in ("one", "two")}
    assert held["one"] | held["two"] == every
    assert all(held.values()), "both are in the middle of some"
    servers.processes["one"].kill()
    servers.processes["one"].wait()
    source.open.set()
    await servers.turn({name: turns[name] for name in held["two"]})

    time.forward(SECOND + SECOND // 5)
    turns |= {name: turns[name] + 1 for name in held["two"]}
    await servers.turn({name: turns[name] for name in held["two"]})
    runs = await servers.runs()
    assert {name: len(runs[name]) for name in every} == turns, "nobody has touched what the dead one holds"
    assert {runs[name][-1].outcome for name in held["one"]} == {"running"}

    killed = time.now
    for wait in (LEASE, SECOND + SECOND // 5):
        time.forward(wait)
        turns = {name: number + 1 for name, number in turns.items()}
        await servers.turn(turns)
    assert_whole(await servers.runs(), killed, held["one"])
    asked = Counter(name for _, name in source.asked)
    assert asked == turns, "each turn was asked for once, the broken ones once more by who took them over"


def assert_whole(runs: dict[str, list[Ran]], killed: int, broken: set[str]) -> None:
    """Of each feed: one after the other, all done but what was broken off, and gone on with after the kill."""
    for name, ran in runs.items():
        outcomes = Counter(each.outcome for each in ran)
        assert outcomes == Counter(done=len(ran) - (name in broken), failed=int(name in broken)), name
        for one, next_ in pairwise(ran):
            assert one.finished is not None
            assert one.finished <= next_.started, f"{name}: two at once"
        assert sum(each.started > killed for each in ran) == 2, name
