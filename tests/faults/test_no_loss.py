"""Four writers and two pollers: nothing missed, nothing doubled; and the same harness notices when the clock is broken."""

import asyncio
import json
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from faults.following import FLAWLESS, Poller, Verdict, verdict
from faults.processes import TRIES, break_the_clock
from faults.site import Site, somebody_waits
from indicator_hub.sharing.submit import submit
from indicator_hub.taxii.status import Status
from support.child import PATIENCE, Child
from support.live import Hub, environment
from support.world import World, envelope, indicator, world

PROCESSES = Path(__file__).with_name("processes.py")


def part(site: Site, name: str, account: str, **asked: object) -> Child:
    """One process of processes.py."""
    line = json.dumps({"part": name, "database": site.database, "token": site.tokens[account], **asked})
    return Child(PROCESSES, line, env=environment(site.data_dir))


class Walker(threading.Thread):
    """Follows `next` over HTTP, page by small page, and begins again after the last date it was given."""

    def __init__(self, site: Site, hub: Hub, limit: int) -> None:
        super().__init__(daemon=True)
        self._site, self._hub, self._limit = site, hub, limit
        self.seen: list[tuple[tuple[str, int], str]] = []
        self.pages = self.unavailable = 0
        self.finishing = threading.Event()
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Until a walk that began after the writers ended finds nothing."""
        try:
            with self._site.client(self._hub, "bea") as client:
                after = None
                while True:
                    finishing, before = self.finishing.is_set(), len(self.seen)
                    for page in client.pages(self._site.objects, limit=self._limit, added_after=after, tries=TRIES):
                        self.pages += 1
                        after = page.headers.get("x-taxii-date-added-last", after)
                        self.seen += [
                            ((str(after), place), one["id"]) for place, one in enumerate(page.json.get("objects", ()))
                        ]
                    self.unavailable = client.unavailable
                    if finishing and len(self.seen) == before:
                        return
        except BaseException as failure:
            self.failure = failure


def run(
    site: Site, *, processes: int, writers: int, objects: int, limit: int, step: int, **asked: object
) -> dict[str, Any]:
    """So many processes of so many writers of so many objects each, against a poller's process and a walker on a live hub.

    `limit` is the poller's, `step` the walker's.
    """
    began = time.monotonic()
    with ExitStack() as stack:
        poller = stack.enter_context(part(site, "follow", "bea", limit=limit))
        parts = [
            stack.enter_context(part(site, "write", "ana", writers=writers, objects=objects, seed=f"{number}", **asked))
            for number in range(processes)
        ]
        hub = stack.enter_context(site.start())
        for one in (poller, *parts):
            one.heard()
        walker = Walker(site, hub, limit=step)
        walker.start()
        writing = time.monotonic()
        for one in parts:
            one.tell()
        for one in (*parts, poller):  # the poller has seen something before the second half is written
            one.heard()
        for one in parts:
            one.tell()
        told = [one.heard() for one in parts]
        written = time.monotonic()
        poller.tell()
        walker.finishing.set()
        polled = poller.heard()
        walker.join(PATIENCE)
        assert not walker.is_alive()
        assert walker.failure is None, walker.failure
    acknowledged = [identifier for one in told for identifier in one["acknowledged"]]
    return {
        "acknowledged": len(acknowledged),
        "unavailable": [sum(one["unavailable"] for one in told), polled["unavailable"], walker.unavailable],
        "poller": verdict(acknowledged, polled["seen"]),
        "polls": polled["polls"],
        "walker": verdict(acknowledged, walker.seen),
        "pages": walker.pages,
        "writing_s": round(written - writing, 1),
        "whole_s": round(time.monotonic() - began, 1),
    }


def test_four_writers_and_two_pollers(site: Site) -> None:
    """While four writers in two processes write, a poller by `added_after` and one by `next` see every acknowledged object once, in order."""
    found = run(site, processes=2, writers=2, objects=200, limit=50, step=7)
    assert (found["acknowledged"], found["poller"], found["walker"]) == (800, FLAWLESS, FLAWLESS)


@pytest.mark.torture
def test_a_hundred_thousand_objects(site: Site, backend: str) -> None:
    """The same with four processes and 25,000 objects each."""
    found = run(site, processes=4, writers=1, objects=25_000, limit=500, step=100)
    print(f"\n{backend}: {found}")
    assert (found["acknowledged"], found["poller"], found["walker"]) == (100_000, FLAWLESS, FLAWLESS)


@pytest.mark.torture
@pytest.mark.parametrize("backend", ["postgresql"])
def test_the_usual_clock_loses(site: Site, backend: str) -> None:
    """The same with the time of writing as `date_added`, as is usual elsewhere: the harness notices what a poller misses."""
    found = run(site, processes=4, writers=1, objects=2_500, limit=500, step=100, broken=True)
    print(f"\n{backend}, broken clock: {found}")
    assert found["acknowledged"] == 10_000
    assert found["poller"].missed > 0


async def _acknowledged(*writing: asyncio.Task[Status]) -> list[str]:
    return [one.id for task in writing for one in (await task).details if not one.failed]


async def _first(writing: asyncio.Task[Status], event: Coroutine[Any, Any, object]) -> None:
    """Until the writer is done or the event has come."""
    other = asyncio.create_task(event)
    await asyncio.wait({writing, other}, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
    assert writing.done() or other.done()
    other.cancel()
    await asyncio.gather(other, return_exceptions=True)


class Stage:
    """The small world with one poller and a way to write without waiting for the answer."""

    def __init__(self, w: World, poller: Poller) -> None:
        self.w, self.poller = w, poller

    @classmethod
    async def open(cls, w: World) -> "Stage":
        """With one object written and polled, so that what every writer needs is there."""
        stage = cls(w, Poller(w.store, await w.caller("bea"), await w.reach("bea"), 100))
        await (await stage.write(1))
        await stage.poller.drain()
        return stage

    async def write(
        self, number: int, alongside: Callable[[object, Status], Awaitable[None]] | None = None
    ) -> asyncio.Task[Status]:
        """Begin to submit an object."""
        caller, reach = await self.w.caller("ana"), await self.w.reach("ana")
        return asyncio.create_task(
            submit(self.w.store, caller, reach, envelope(indicator(number)), alongside=alongside)
        )


async def overtaking(w: World, url: str) -> Verdict:
    """A writer has its date and does not commit; a later one commits, or waits for it; the poller polls; the first commits."""
    stage = await Stage.open(w)
    stamped, go_on = asyncio.Event(), asyncio.Event()

    async def hold(_: object, __: object, ___: Status) -> None:
        stamped.set()
        await go_on.wait()

    w.clock.forward(seconds=1)
    slow = await stage.write(2, alongside=hold)
    await _first(slow, stamped.wait())
    w.clock.forward(seconds=1)
    quick = await stage.write(3)
    await _first(quick, somebody_waits(url))
    await stage.poller.drain()
    go_on.set()
    acknowledged = [indicator(1)["id"], *await _acknowledged(slow, quick)]
    await stage.poller.drain()
    return verdict(acknowledged, stage.poller.seen)


async def set_back(w: World) -> Verdict:
    """A writer writes, the poller polls, the machine's clock is set back, another writes."""
    stage = await Stage.open(w)
    w.clock.forward(seconds=60)
    acknowledged = [indicator(1)["id"], *await _acknowledged(await stage.write(2))]
    await stage.poller.drain()
    w.clock.forward(seconds=-30)
    acknowledged += await _acknowledged(await stage.write(3))
    await stage.poller.drain()
    return verdict(acknowledged, stage.poller.seen)


@pytest.mark.parametrize("backend", ["postgresql"])
@pytest.mark.parametrize("broken", [False, True])
async def test_a_writer_that_is_overtaken(database_url: str, broken: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """Dates grow in the order of commits: nobody overtakes. With the time of writing instead, the same poller misses an object."""
    if broken:
        break_the_clock(monkeypatch.setattr)
    async with world(database_url, accounts=("ana", "bea")) as w:
        assert await overtaking(w, database_url) == (replace(FLAWLESS, missed=1) if broken else FLAWLESS)


async def test_a_clock_that_is_set_back(database_url: str) -> None:
    """The last date given out is remembered, whatever the machine's clock says."""
    async with world(database_url, accounts=("ana", "bea")) as w:
        assert await set_back(w) == FLAWLESS
