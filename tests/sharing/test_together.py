"""Small envelopes that come at the same time: fewer transactions than envelopes, and for each of them all is as if it had come alone."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Connection, event

from faults.site import somebody_waits
from faults.test_failed_writes import Server
from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.poll import poll
from indicator_hub.sharing.status import status
from indicator_hub.sharing.submit import submit
from indicator_hub.store import entries
from indicator_hub.taxii.query import Filters, Query, Resource
from indicator_hub.taxii.status import Status
from indicator_hub.trust.reach import Reach
from support.live import PATIENCE
from support.marks import marking
from support.world import World, envelope, indicator, world

WRITERS = ("ana", "abot", "bea", "gus")
ENVELOPES, LARGEST_GROUP = 33, 16


@pytest.fixture
async def w(database_url: str) -> AsyncIterator[World]:
    """The usual world."""
    async with world(database_url) as made:
        yield made


@asynccontextmanager
async def commits(w: World) -> AsyncGenerator[list[Connection]]:
    """The connection of each transaction that writes and that the engine commits meanwhile."""
    await w.store.journal.close()  # which token was used last is written by itself
    found: list[Connection] = []

    def note(connection: Connection) -> None:
        if connection.get_execution_options().get("writes"):
            found.append(connection)

    engine = w.store.transactions.engine.sync_engine
    event.listen(engine, "commit", note)
    yield found
    event.remove(engine, "commit", note)


async def given(w: World, after: int = -1, limit: int = 1_000, *, reach: Reach | None = None) -> list[tuple[int, str]]:
    """What one page gives after this `date_added`."""
    reach = reach or await w.reach("ana")
    page = await poll(w.store, Caller(), reach, Query(after, limit, Filters()), Resource.OBJECTS)
    return [(one.date_added, one.id) for one in page.entries]


def green(number: int, **more: Any) -> dict[str, Any]:
    """One that all writers see."""
    return indicator(number, tlp="GREEN", **more)


def offers(w: World, who: Sequence[tuple[Caller, Reach]], bodies: Sequence[bytes]) -> list["asyncio.Task[Status]"]:
    """All at once, by the writers in turn."""
    return [asyncio.create_task(submit(w.store, *who[number % len(who)], body)) for number, body in enumerate(bodies)]


async def turns() -> None:
    """Until all that can go on without the database has done so."""
    for _ in range(10):
        await asyncio.sleep(0)


async def test_many_at_once(w: World) -> None:
    """All are stored in order of arrival under growing dates, each has its status and event, and a poller that reads meanwhile misses nothing."""
    bodies = [envelope(green(2 * number), green(2 * number + 1)) for number in range(ENVELOPES)]
    seen: list[tuple[int, str]] = []

    reach = await w.reach("ana")

    async def follow(ended: asyncio.Event) -> None:
        last = False
        while not last:
            last = ended.is_set()
            while page := await given(w, seen[-1][0] if seen else -1, limit=7, reach=reach):
                seen.extend(page)
            await asyncio.sleep(0)

    ended = asyncio.Event()
    who = [(await w.caller(name), await w.reach(name)) for name in WRITERS]
    async with commits(w) as counted:
        following = asyncio.create_task(follow(ended))
        made = await asyncio.gather(*offers(w, who, bodies))
        ended.set()
        await following
    assert [identifier for _, identifier in seen] == [green(number)["id"] for number in range(2 * ENVELOPES)]
    assert all(one < other for (one, _), (other, _) in pairwise(seen))
    assert await given(w) == seen
    assert len(counted) == -(-ENVELOPES // LARGEST_GROUP)
    assert len({one.id for one in made}) == ENVELOPES
    for number, one in enumerate(made):
        assert [(detail.id, detail.message, detail.failed) for detail in one.details] == [
            (green(which)["id"], "", False) for which in (2 * number, 2 * number + 1)
        ]
        reach = await w.reach(WRITERS[number % len(WRITERS)])
        assert await status(w.store, reach, one.id, kept_for=1) == one.resource


async def test_each_is_judged_after_the_one_before(w: World) -> None:
    """The same object twice, a later version, and other content under one version: as if they had come one after the other."""
    later = green(1, modified="2026-11-02T00:00:00.000Z")
    bodies = [envelope(one) for one in (green(1), green(1), later, green(1, name="another"))]
    ana, reach = await w.caller("ana"), await w.reach("ana")
    async with commits(w) as counted:
        made = await asyncio.gather(*(submit(w.store, ana, reach, body) for body in bodies))
    assert len(counted) == 1
    ((first,), (again,), (version,), (other,)) = (one.details for one in made)
    assert (first.failed, first.message, again.failed, again.message) == (False, "", False, "already here")
    assert (version.failed, other.failed) == (False, True)
    assert len(await given(w)) == 1, "the last version of it"


async def test_one_that_fails(w: World) -> None:
    """It raises what it would have raised alone; the others are stored, once."""
    ana, reach = await w.caller("ana"), await w.reach("ana")
    assert reach.account is not None
    nobody = replace(reach, account=replace(reach.account, id=999_999))
    bodies = [envelope(green(number)) for number in range(6)]
    made = await asyncio.gather(
        *(submit(w.store, ana, nobody if number == 3 else reach, body) for number, body in enumerate(bodies)),
        return_exceptions=True,
    )
    assert "foreign key" in str(made[3]).lower()
    stored = [number for number, one in enumerate(made) if isinstance(one, Status)]
    assert stored == [0, 1, 2, 4, 5]
    assert sorted(identifier for _, identifier in await given(w)) == [green(number)["id"] for number in stored]


async def test_those_who_go_away(w: World) -> None:
    """Before its turn it is left out, later it is stored; the others never notice."""
    ana, reach = await w.caller("ana"), await w.reach("ana")
    bodies = [envelope(green(number)) for number in range(6)]
    async with w.store.transactions.begin() as tx:
        await entries.lock(tx, reach.key)
        taken = offers(w, [(ana, reach)], bodies[:3])
        await turns()
        waiting = offers(w, [(ana, reach)], bodies[3:])
        await turns()
        taken[1].cancel()
        waiting[1].cancel()
    made = await asyncio.gather(*taken, *waiting, return_exceptions=True)
    assert [isinstance(one, asyncio.CancelledError) for one in made] == [False, True, False, False, True, False]
    await w.store.together.close()
    assert [identifier for _, identifier in await given(w)] == [green(number)["id"] for number in (0, 1, 2, 3, 5)]


async def test_what_goes_by_itself(w: World) -> None:
    """What is large, and what bears or is a mark that its organisation explains and so takes another lock."""
    mark = marking(1, definition_type="statement", definition={"statement": "Copyright of the desk"})
    bodies = [
        envelope(green(1, description="x" * 65_536)),
        envelope(mark),
        envelope(green(2, object_marking_refs=[mark["id"]])),
    ]
    ana, reach = await w.caller("ana"), await w.reach("ana")
    async with commits(w) as counted:
        await asyncio.gather(*(submit(w.store, ana, reach, body) for body in bodies))
    assert len(counted) >= len(bodies), "and one more where something waited for the mark"


@pytest.mark.parametrize("backend", ["postgresql"])
async def test_a_connection_that_is_lost_before_the_commit(w: World, backend: str, database_url: str) -> None:
    """Nothing was done: each goes again by itself, and is stored once."""
    server, bodies = Server(database_url), [envelope(green(number)) for number in range(5)]
    who = [(await w.caller("ana"), await w.reach("ana"))]
    async with server.clock_held():
        made = offers(w, who, bodies)
        await asyncio.wait_for(somebody_waits(database_url), PATIENCE)
        assert await asyncio.to_thread(server.drop_connections, "wait_event_type = 'Lock'") == 1
        await asyncio.wait_for(somebody_waits(database_url), PATIENCE)
    found = await asyncio.wait_for(asyncio.gather(*made), PATIENCE)
    assert [one.details[0].message for one in found] == [""] * len(bodies)
    assert sorted(identifier for _, identifier in await given(w)) == sorted(
        green(number)["id"] for number in range(len(bodies))
    )
