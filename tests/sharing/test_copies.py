"""Copies that were released elsewhere: how they are withdrawn and come back, and what two who do this at once may do to each other."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from indicator_hub.errors import Conflict, HubError
from indicator_hub.sharing import consent
from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.poll import poll
from indicator_hub.sharing.recall import recall
from indicator_hub.sharing.recalls import final, listed
from indicator_hub.sharing.remark import remark
from indicator_hub.sharing.withdraw import withdraw
from indicator_hub.store import records, rulings
from indicator_hub.store.schema import entry
from indicator_hub.taxii.query import Filters, Query, Resource
from indicator_hub.trust.roster import Roster
from sharing.test_taken_back import CASE, EVERY, ONE, back, given, released, send, shared, taken
from support.world import World, indicator, world

# SQLite has one writer at a time: nothing comes in between, and nobody waits for two things.
ON_POSTGRESQL = pytest.mark.parametrize("backend", ["postgresql"], indirect=True)
ALL_OLD = Filters(spec_versions=frozenset(("2.0",)), keywords=frozenset(("all",)))


@pytest.fixture
async def w(database_url: str) -> AsyncIterator[World]:
    """The world of `test_taken_back`, in which the case takes GREEN where marks say none."""
    usual = shared()
    case = replace(usual.collections["night", "case"], default=1)
    async with world(
        database_url, _with(usual, collections=dict(usual.collections) | {("night", "case"): case})
    ) as made:
        yield made


def _with(usual: Roster, **changes: Any) -> Roster:
    return Roster(**{field: changes.get(field, getattr(usual, field)) for field in Roster.__slots__})


def _levelled(level: int, where: tuple[str, str]) -> Roster:
    usual = shared()
    case = replace(usual.collections["night", "case"], default=1)
    there = dict(usual.collections) | {("night", "case"): case}
    return _with(usual, collections=there | {where: replace(there[where], default=level)})


def _old(**members: Any) -> dict[str, Any]:
    """The same indicator in STIX 2.0."""
    made = indicator(1, labels=["malicious-activity"], **members)
    return {name: one for name, one in made.items() if name not in ("spec_version", "pattern_type")}


def _report() -> dict[str, Any]:
    members = {"pattern": None, "pattern_type": None, "valid_from": None, "type": "report", "name": "R"}
    members |= {"id": "report--00000000-0000-4000-8000-000000000009", "published": "2026-11-01T00:00:00Z"}
    return indicator(9, tlp="GREEN", object_refs=[ONE], **members)


async def _old_given(w: World, account: str) -> list[bytes]:
    page = await poll(w.store, Caller(), await w.reach(account, *CASE), Query(-1, 9, ALL_OLD), Resource.OBJECTS)
    return [one.body for one in page.entries]


async def _copied_and_direct(w: World) -> None:
    """The STIX 2.0 rendering is a copy of what is AMBER elsewhere, the 2.1 one was posted there as GREEN."""
    await send(w, "ana", _old())
    await released(w, "ana")
    assert await given(w, "gus", CASE) == []
    await send(w, "ana", indicator(1, labels=["malicious-activity"]), where=CASE)


async def test_each_revoked_rendering_is_as_narrow_as_its_own(w: World) -> None:
    """Gus, who was not given the copy, is not given its revoked version either."""
    await _copied_and_direct(w)
    await withdraw(w.store, await w.caller("ana"), await w.reach("ana", *CASE), ONE)
    assert await _old_given(w, "gus") == []
    assert len(await _old_given(w, "eve")) == 2


async def test_each_revoked_rendering_goes_with_its_own_source(w: World) -> None:
    """The source of the copy is recalled: the revoked version of the copy goes, too, that of the direct one stays."""
    await _copied_and_direct(w)
    await withdraw(w.store, await w.caller("ana"), await w.reach("ana", *CASE), ONE)
    await taken(w, "ana")
    assert await _old_given(w, "eve") == []
    assert await given(w, "eve", CASE) == [ONE]


async def test_a_withdrawal_reaches_whoever_has_it(w: World) -> None:
    """Also where the level of what says none was raised since the copy came: a copy keeps the one it had."""
    usual = shared()
    main = replace(usual.collections["alpha", "main"], default=1)
    both = {("night", "case"): replace(usual.collections["night", "case"], default=1), ("alpha", "main"): main}
    await apply(w.store, _with(usual, collections=dict(usual.collections) | both))
    await send(w, "ana", indicator(1))
    await released(w, "ana")
    assert await given(w, "gus", CASE) == [ONE]
    raised = both | {("night", "case"): replace(both["night", "case"], default=3)}
    await apply(w.store, _with(usual, collections=dict(usual.collections) | raised))
    await withdraw(w.store, await w.caller("ana"), await w.reach("ana", *CASE), ONE)
    page = await poll(w.store, Caller(), await w.reach("gus", *CASE), Query(-1, 9, Filters()), Resource.OBJECTS)
    assert [b'"revoked":true' in one.body for one in page.entries] == [True]


async def test_what_is_recalled_meanwhile_is_not_published_again(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Recalled after the withdrawal has read it and before it writes."""
    await send(w, "ana", indicator(1, tlp="GREEN"), indicator(1, tlp="GREEN", modified="2026-11-02T00:00:00.000Z"))
    ana, reach = await w.caller("ana"), await w.reach("ana")
    seen, done = records.seen, list[int]()

    async def then_recalled(*args: Any, **options: Any) -> Any:
        found = await seen(*args, **options)
        if not done:
            done.append(1)
            await recall(w.store, ana, reach, ONE, Filters(), "other")
        return found

    monkeypatch.setattr(records, "seen", then_recalled)
    with pytest.raises(Conflict):
        await withdraw(w.store, ana, reach, ONE)
    monkeypatch.undo()
    async with w.store.transactions.read() as tx:
        assert (await tx.execute(select(entry.c.id).where(entry.c.revoked.is_(True)))).all() == []


async def test_a_copy_that_refers_comes_back(w: World) -> None:
    """A report's copy was nobody's while its part was recalled; both come back, and it is there again."""
    report = _report()
    await send(w, "ana", indicator(1, tlp="GREEN"), report)
    await released(w, "bea")
    await released(w, "bea", of=report["id"])
    before = sorted(await given(w, "gus", CASE))
    assert before == sorted([ONE, report["id"]])
    for of in (ONE, report["id"]):
        await taken(w, "ana", of=of)
    for where in (("alpha", "main"), CASE):
        for of in (ONE, report["id"]):
            await back(w, "ana", where, of=of)
    assert sorted(await given(w, "gus", CASE)) == before


async def test_what_refers_is_dated_only_when_it_reaches_more(w: World) -> None:
    """An AMBER indicator and a report without marks: another default changes nothing for the report, and it comes to nobody twice."""
    report = {name: one for name, one in _report().items() if name != "object_marking_refs"}
    await send(w, "ana", indicator(1, tlp="AMBER"), report)
    which = select(entry.c.date_added).where(entry.c.stix_id == report["id"])
    async with w.store.transactions.read() as tx:
        before = (await tx.execute(which)).scalar_one()
    for level in (1, 0):
        await apply(w.store, _levelled(level, ("alpha", "main")))
        await remark(w.store)
    async with w.store.transactions.read() as tx:
        assert (await tx.execute(which)).scalar_one() == before


async def test_the_recall_list_is_in_order_when_the_clock_is_put_back(w: World) -> None:
    """Whoever reads on from where the list was final misses nothing."""
    await send(w, "ana", indicator(1, tlp="GREEN"), indicator(2, tlp="GREEN"))
    w.clock.forward(seconds=1000)
    dan = await w.caller("dan")
    await poll(w.store, dan, await w.reach("dan"), Query(-1, 100, Filters()), Resource.OBJECTS)
    await taken(w, "ana")
    w.clock.forward(seconds=600)
    since = await final(w.store)
    w.clock.forward(seconds=-1200)
    assert (await listed(w.store, dan, after=(since - 1, "~"), limit=10))[0] == []
    await taken(w, "ana", of=indicator(2)["id"])
    (told,), _ = await listed(w.store, dan, after=(since - 1, "~"), limit=10)
    assert told["object"] == indicator(2)["id"]


async def test_asked_twice_at_once(w: World) -> None:
    """One of two is asked, the other hears that it was."""
    await send(w, "ana", indicator(1, tlp="AMBER"))
    bea, reach, case = await w.caller("bea"), await w.reach("bea"), await w.reach("bea", *CASE)
    asked = [consent.ask(w.store, bea, reach, ONE, "release", purpose="x", target=case) for _ in range(4)]
    found = await asyncio.gather(*asked, return_exceptions=True)
    assert [type(one) for one in found if isinstance(one, BaseException)] == [Conflict] * 3


@ON_POSTGRESQL
async def test_a_recall_and_a_release_in_between(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A copy that is released while the recall waits for its clocks goes too, and neither of two deeds waits for the other for ever."""
    await send(w, "eve", indicator(1, tlp="GREEN"), where=CASE)
    eve, night = await w.caller("eve"), await w.reach("eve", *CASE)
    releases, done = records.releases, list[int]()

    async def then_released(*args: Any, **options: Any) -> Any:
        found = await releases(*args, **options)
        if not done:
            done.append(1)
            await released(w, "bea", ("alpha", "main"), out=CASE)
        return found

    monkeypatch.setattr(records, "releases", then_released)
    await recall(w.store, eve, night, ONE, EVERY, "other")
    assert await given(w, "dan") == []


@ON_POSTGRESQL
async def test_another_level_while_recalls_come(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A re-mark takes the clock before the rows, as whoever recalls does: no deadlock."""
    await send(w, "ana", indicator(1))
    ana, reach = await w.caller("ana"), await w.reach("ana")
    set_default, recalling = rulings.set_default, list[asyncio.Task[Any]]()

    async def then_recalled(*args: Any) -> None:
        await set_default(*args)
        recalling.append(asyncio.create_task(recall(w.store, ana, reach, ONE, EVERY, "other")))
        for _ in range(200):  # until it waits for the clock, or has what this one will want
            await asyncio.sleep(0)

    monkeypatch.setattr(rulings, "set_default", then_recalled)
    await apply(w.store, _levelled(1, ("alpha", "main")))
    found = await asyncio.gather(*recalling, return_exceptions=True)
    assert recalling
    assert not any(isinstance(one, HubError) for one in found)
