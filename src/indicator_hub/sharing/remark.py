"""Re-mark: what was held for a mark is ruled again when its definition has come, what bears no level of its own when the level changes.

In batches, each whole by itself; whoever goes on begins where the last one ended.
"""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace

from indicator_hub.sharing.act import OPERATOR, act
from indicator_hub.stix.markings import TLP, granular_marks, object_marks
from indicator_hub.store import definitions, entries, feeds, roster
from indicator_hub.store.engine import Transaction
from indicator_hub.store.entries import Waiting
from indicator_hub.store.opened import Store
from indicator_hub.trust.audience import NOBODY, Audience, Ruling, audience_of
from indicator_hub.trust.ladder import NAMES
from indicator_hub.trust.marks import Meaning, meaning_of

BATCH = 500
Progress = Callable[[int], None]


def _silent(_: int) -> None:
    """Nobody wants to know."""


async def remark(store: Store, progress: Progress = _silent) -> int:
    """Finish every re-marking that was begun. Returns how many entries were ruled again; `progress` is told so after each batch."""
    async with store.transactions.read() as tx:
        tasks = await definitions.tasks(tx)
        regradings = await definitions.regradings(tx)
    batches = [lambda task=task: _definition(store, task) for task in tasks]
    batches += [lambda task=task: _level(store, task) for task in regradings]
    total = 0
    for batch in batches:
        total = await _finish(batch, total, progress)
    return total


async def _finish(batch: Callable[[], Awaitable[tuple[int, bool]]], total: int, progress: Progress) -> int:
    going = True
    while going:
        number, going = await batch()
        total += number
        if number:
            progress(total)
    return total


async def _definition(store: Store, task: definitions.Task) -> tuple[int, bool]:
    """How many were ruled again, and whether there may be more."""
    async with act(store, OPERATOR, "re-mark") as a, a.transaction() as tx:
        now_at = await definitions.take(tx, task.id)
        if now_at is None:
            return 0, False
        waiting = await entries.waiting(tx, now_at, BATCH)
        await _rule(tx, waiting, now=store.now())
        more = len(waiting) == BATCH
        await definitions.progress(tx, now_at, last=waiting[-1].entry if more else None, done=len(waiting))
        a.details |= {"mark": task.mark, "organisation": task.organisation_id, "number": len(waiting)}
    return len(waiting), more


async def _level(store: Store, task: definitions.Regrading) -> tuple[int, bool]:
    """The same for a collection whose level, or a feed's, is another now."""
    async with act(store, OPERATOR, "re-mark") as a, a.transaction() as tx:
        now_at = await definitions.take_regrading(tx, task.id)
        if now_at is None:
            return 0, False
        waiting = await entries.unmarked(tx, task.collection_id, now_at.last, BATCH)
        level, of_feeds = await roster.level(tx, task.collection_id), await feeds.levels(tx, task.collection_id)
        changed: list[Waiting] = []
        for one in waiting:
            counts = of_feeds.get(one.account_id, level)
            if counts is not None and counts != one.default:
                await entries.set_default(tx, one.entry, counts)
                changed.append(replace(one, default=counts))
        await _rule(tx, [one for one in changed if not one.recalled], now=store.now())
        more = len(waiting) == BATCH
        await definitions.regraded(tx, now_at, last=waiting[-1].entry if more else None, done=len(waiting))
        a.details |= {"collection": task.collection_id, "number": len(changed)}
    return len(changed), more


async def _rule(tx: Transaction, waiting: Sequence[Waiting], *, now: int) -> None:
    rulings = await rulings_of(tx, waiting)
    # In the order of collections, so that no two of these wait for each other's clock.
    for collection in sorted({one.collection for one in waiting}):
        last = await entries.lock(tx, collection)
        lines: set[tuple[str, int]] = set()
        # As they are now that nobody else changes them: one may have been taken back meanwhile.
        for one in await entries.to_rule(tx, [one.entry for one in waiting if one.collection == collection]):
            if one.recalled:
                continue
            ruling = rulings[one.entry]
            last = await entries.rule(tx, collection, one.entry, one.audience, ruling, last=last, now=now)
            if not ruling.unresolved:
                await definitions.settled(tx, one.entry)
            lines.add((one.identifier, one.organisation_id))
        await entries.refresh_superseded(tx, collection, {name for name, _ in lines})
        await entries.settle(tx, collection, lines, ruled=lines, now=now)


async def rulings_of(tx: Transaction, waiting: Sequence[Waiting]) -> dict[int, Ruling]:
    """What the marks of each entry mean now, as its organisation has said it."""
    found: dict[int, Ruling] = {}
    for organisation_id in {one.organisation_id for one in waiting}:
        own = [one for one in waiting if one.organisation_id == organisation_id]
        meanings = await meanings_of(tx, organisation_id, [one.body for one in own])
        through: dict[str, Audience | None] = {name: one and one.audience for name, one in meanings.items()}
        found |= {one.entry: _ruling(one, *_marks(one.body), through) for one in own}
    return found


async def meanings_of(tx: Transaction, organisation_id: int, bodies: Sequence[bytes]) -> dict[str, Meaning | None]:
    """What an organisation has said of the marks that these objects of its bear, TLP apart; None for what the hub does not understand."""
    wanted = {mark for body in bodies for marks in _marks(body) for mark in marks} - TLP.keys()
    known = await definitions.known(tx, organisation_id, wanted) if wanted else {}
    return {name: meaning_of(json.loads(body)) for name, body in known.items()}


def _marks(body: bytes) -> tuple[frozenset[str], frozenset[str]]:
    value = json.loads(body)
    return object_marks(value), granular_marks(value)


def _ruling(one: Waiting, own: frozenset[str], parts: frozenset[str], through: Mapping[str, Audience | None]) -> Ruling:
    """As when it came, by the ceiling as it is."""
    if one.default is None and not own & TLP.keys():
        return Ruling(NOBODY, "no level is known for it: recall it, and post it again")
    ruling = audience_of(own, parts, one.default, through)
    if ruling.held is None and ruling.audience.floor > one.ceiling:
        return Ruling(NOBODY, f"this collection takes nothing above TLP:{NAMES[one.ceiling]}")
    return ruling
