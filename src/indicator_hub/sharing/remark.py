"""Re-mark: what was held for a mark is ruled again when its definition has come.

In batches, each whole by itself; whoever goes on begins where the last one ended.
"""

import json
from collections.abc import Mapping, Sequence

from indicator_hub.sharing.act import OPERATOR, act
from indicator_hub.stix.markings import TLP, granular_marks, object_marks
from indicator_hub.store import definitions, entries
from indicator_hub.store.definitions import Task
from indicator_hub.store.engine import Transaction
from indicator_hub.store.entries import Waiting
from indicator_hub.store.opened import Store
from indicator_hub.trust.audience import NOBODY, Audience, Ruling, audience_of
from indicator_hub.trust.ladder import NAMES
from indicator_hub.trust.marks import meaning_of

BATCH = 500


async def remark(store: Store) -> int:
    """Finish every re-marking that was begun. Returns how many entries were ruled again."""
    async with store.transactions.read() as tx:
        tasks = await definitions.tasks(tx)
    total = 0
    for task in tasks:
        going = True
        while going:
            number, going = await _batch(store, task)
            total += number
    return total


async def _batch(store: Store, task: Task) -> tuple[int, bool]:
    """How many were ruled again, and whether there may be more."""
    async with act(store, OPERATOR, "re-mark") as a, a.transaction() as tx:
        now_at = await definitions.take(tx, task.id)
        if now_at is None:
            return 0, False
        waiting = await entries.waiting(tx, now_at, BATCH)
        await _rule(tx, now_at.organisation_id, waiting, now=store.now())
        more = len(waiting) == BATCH
        await definitions.progress(tx, now_at, last=waiting[-1].entry if more else None, done=len(waiting))
        a.details |= {"mark": task.mark, "organisation": task.organisation_id, "number": len(waiting)}
    return len(waiting), more


async def _rule(tx: Transaction, organisation_id: int, waiting: Sequence[Waiting], *, now: int) -> None:
    rulings = await _rulings(tx, organisation_id, waiting)
    # In the order of collections, so that no two of these wait for each other's clock.
    for collection in sorted({one.collection for one in waiting}):
        last = await entries.lock(tx, collection)
        changed: set[str] = set()
        for one in waiting:
            if one.collection != collection:
                continue
            ruling = rulings[one.entry]
            last = await entries.rule(tx, collection, one.entry, one.audience, ruling, last=last, now=now)
            if not ruling.unresolved:
                await definitions.settled(tx, one.entry)
            changed.add(one.identifier)
        await entries.refresh_superseded(tx, collection, changed)
        lines = {(name, organisation_id) for name in changed}
        await entries.settle(tx, collection, lines, ruled=lines, now=now)


async def _rulings(tx: Transaction, organisation_id: int, waiting: Sequence[Waiting]) -> dict[int, Ruling]:
    marks = {one.entry: _marks(one) for one in waiting}
    wanted = {mark for own, parts in marks.values() for mark in own | parts} - TLP.keys()
    through: dict[str, Audience | None] = {}
    for name, body in (await definitions.known(tx, organisation_id, wanted)).items():
        meaning = meaning_of(json.loads(body))
        through[name] = meaning and meaning.audience
    return {one.entry: _ruling(one, *marks[one.entry], through) for one in waiting}


def _marks(one: Waiting) -> tuple[frozenset[str], frozenset[str]]:
    value = json.loads(one.body)
    return object_marks(value), granular_marks(value)


def _ruling(one: Waiting, own: frozenset[str], parts: frozenset[str], through: Mapping[str, Audience | None]) -> Ruling:
    """As when it came: the same default, the same ceiling."""
    if one.default is None and not own & TLP.keys():
        return Ruling(NOBODY, "no level is known for it: recall it, and post it again")
    ruling = audience_of(own, parts, one.default, through)
    if ruling.held is None and ruling.audience.floor > one.ceiling:
        return Ruling(NOBODY, f"this collection takes nothing above TLP:{NAMES[one.ceiling]}")
    return ruling
