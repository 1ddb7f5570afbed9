"""What an entry had is written down when it changes, not before; an older hub wrote what it had from the beginning, and both say the same."""

from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import func, select, text

from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.recall import recall
from indicator_hub.sharing.reissue import reissue
from indicator_hub.sharing.submit import submit
from indicator_hub.stix import timestamps
from indicator_hub.store import entries, recalls, rulings
from indicator_hub.store.schema import audience_history
from indicator_hub.taxii.query import Filters
from indicator_hub.taxii.served import Moment
from indicator_hub.trust.audience import Audience, Ruling
from support.backwards import HISTORY_FROM_THE_BEGINNING
from support.world import IDENTITY_A, World, envelope, indicator, roster, world

VERSIONS = "2026-11-20T00:00:00.000Z", "2026-11-21T00:00:00.000Z"
EVERY = Filters(keywords=frozenset(("all",)))
CREATOR = "identity--00000000-0000-4000-8000-0000000000c3"


@pytest.fixture
async def w(database_url: str) -> AsyncIterator[World]:
    """The usual world."""
    async with world(database_url) as made:
        yield made


async def _send(w: World, *objects: dict[str, Any], older: bool) -> None:
    """By an older hub: with a row for what each has had since it came."""
    status = await submit(w.store, await w.caller("ana"), await w.reach("ana"), envelope(*objects))
    assert not any(detail.failed for detail in status.details)
    if older:
        async with w.store.transactions.begin() as tx:
            await tx.execute(text(HISTORY_FROM_THE_BEGINNING))


async def _rows(w: World) -> int:
    async with w.store.transactions.read() as tx:
        return (await tx.execute(select(func.count()).select_from(audience_history))).scalar_one()


async def _moments(w: World, number: int) -> list[tuple[Moment, ...]]:
    reach = await w.reach("ana")
    async with w.store.transactions.read() as tx:
        return [one.moments for one in await recalls.traced(tx, reach.key, indicator(number)["id"])]


async def test_written_when_it_changes(w: World) -> None:
    """Nothing for what only came; then what it had since it came, and what it has."""
    await _send(w, indicator(1), indicator(2), older=False)
    assert await _rows(w) == 0
    ((first,),) = await _moments(w, 1)
    assert (first.since, first.until, first.recalled) == (first.date_added, None, False)
    await recall(w.store, await w.caller("ana"), await w.reach("ana"), indicator(1)["id"], EVERY, "other")
    assert await _rows(w) == 2
    ((before, after),) = await _moments(w, 1)
    assert (before.since, before.audience, before.date_added) == (first.since, first.audience, first.date_added)
    assert (before.until, before.recalled, after.until, after.recalled) == (after.since, False, None, True)


async def _story(w: World, *, older: bool) -> list[list[tuple[Moment, ...]]]:
    """A version hidden and uncovered, taken back and brought back; a line that becomes its creator's and is so no longer."""
    await _send(w, indicator(1, modified=VERSIONS[0], tlp="GREEN"), older=older)
    await _send(w, indicator(1, modified=VERSIONS[1], tlp="AMBER"), indicator(2), older=older)
    await _send(w, indicator(3, created_by_ref=CREATOR), indicator(4, created_by_ref=CREATOR), older=older)
    caller, reach = await w.caller("ana"), await w.reach("ana")
    last = Filters(keywords=frozenset(), values=(timestamps.sort_key(VERSIONS[1]),))
    await recall(w.store, caller, reach, indicator(1)["id"], last, "other")
    await recall(w.store, caller, reach, indicator(4)["id"], EVERY, "other")
    organisations = dict(roster().organisations)
    organisations["xa-cert"] = replace(organisations["xa-cert"], stix_identities=(IDENTITY_A, CREATOR))
    await apply(w.store, roster(organisations=organisations))
    await reissue(w.store, caller, await w.reach("ana"), indicator(1)["id"])
    await apply(w.store, roster())
    return [await _moments(w, number) for number in (1, 2, 3, 4)]


@pytest.fixture
def another_url(new_database: Callable[[], str]) -> str:
    """Another database of the same kind."""
    return new_database()


async def test_the_same_as_an_older_hub(another_url: str, w: World) -> None:
    """Every moment, of whatever has changed and of what has not. Only what has ended says where its line stood."""
    told = await _story(w, older=False)
    async with world(another_url) as other:
        assert told == await _story(other, older=True)
    assert [[len(moments) for moments in versions] for versions in told] == [[2, 3], [1], [3], [4]]
    ((first, creators, last),) = told[2]
    assert first.line_order not in (None, 0)
    assert (creators.line_order, last.line_order) == (0, None)


async def test_whom_the_last_recall_took_it_from(w: World) -> None:
    """What it had before an earlier recall is not what it had before this one."""
    caller, reach, name = await w.caller("ana"), await w.reach("ana"), indicator(1)["id"]
    await _send(w, indicator(1, tlp="GREEN"), older=False)
    await recall(w.store, caller, reach, name, EVERY, "other")
    await reissue(w.store, caller, reach, name)
    async with w.store.transactions.begin() as tx:
        last = await entries.lock(tx, reach.key)
        (one,) = (await entries.lines(tx, reach.key, (name,)))[name]
        ruling = Ruling(Audience(4), None)
        await rulings.rule(tx, reach.key, one.entry, one.audience, ruling, last=last, now=w.store.now())
    await recall(w.store, caller, reach, name, EVERY, "other")
    async with w.store.transactions.read() as tx:
        assert await rulings.before_recall(tx, one.entry) == ruling.audience != one.audience
