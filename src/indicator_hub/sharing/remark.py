"""Re-mark: rule again what is there, because something that decided about it is another now.

What was held for a mark, when its definition has come; what bears no level of its own, when the level changes;
which line of an id is its creator's, when an organisation's identities do.

In batches, each whole by itself; whoever goes on begins where the last one ended.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from indicator_hub.sharing.act import OPERATOR, act
from indicator_hub.stix.markings import TLP, granular_marks, object_marks
from indicator_hub.store import backlog, credentials, definitions, entries, feeds, references, roster, rulings
from indicator_hub.store.backlog import Task
from indicator_hub.store.engine import Transaction
from indicator_hub.store.opened import Store
from indicator_hub.store.rulings import Waiting
from indicator_hub.trust.audience import NOBODY, Audience, Ruling, audience_of
from indicator_hub.trust.ladder import NAMES
from indicator_hub.trust.marks import Meaning, meaning_of, told_to

BATCH = 500
Progress = Callable[[int], None]


def _silent(_: int) -> None:
    """Nobody wants to know."""


async def remark(store: Store, progress: Progress = _silent) -> int:
    """Finish every re-marking that was begun. Returns how many entries were ruled again; `progress` is told so after each batch."""
    async with store.transactions.read() as tx:
        tasks = await backlog.tasks(tx)
    total = 0
    for task in tasks:
        going = True
        while going:
            number, going = await _batch(store, task)
            total += number
            if number:
                progress(total)
    return total


async def _batch(store: Store, task: Task) -> tuple[int, bool]:
    """How many were ruled again, and whether there may be more."""
    async with act(store, OPERATOR, "re-mark") as a, a.transaction() as tx:
        now_at = await backlog.take(tx, task.id)
        if now_at is None:
            return 0, False
        match now_at.kind:
            case "mark":
                looked_at = await rulings.waiting(tx, now_at, BATCH)
                number = await _rule(tx, looked_at, now=store.now())
            case "level":
                await entries.lock(
                    tx, now_at.collection_id
                )  # before the rows: whoever changes them takes it first, too
                looked_at = await rulings.unmarked(tx, now_at.collection_id, now_at.last, BATCH)
                number = await _rule(tx, await _relevelled(tx, now_at, looked_at), now=store.now())
            case "creator":
                looked_at = await rulings.of_organisation(tx, now_at.organisation_id, now_at.last, BATCH)
                number = await _reorder(tx, now_at.organisation_id, looked_at, now=store.now())
        more = len(looked_at) == BATCH
        await backlog.progress(tx, now_at, last=looked_at[-1].entry if more else None, done=len(looked_at))
        a.details |= {"kind": task.kind, "mark": task.mark, "organisation": task.organisation_id}
        a.details |= {"collection": task.collection_id, "number": number}
    return number, more


async def _relevelled(tx: Transaction, task: Task, looked_at: Sequence[Waiting]) -> list[Waiting]:
    """Those for which another level counts now: their feed's, or else the collection's. Noted for the recalled ones too."""
    level, of_feeds = await roster.level(tx, task.collection_id), await feeds.levels(tx, task.collection_id)
    changed: list[Waiting] = []
    for one in looked_at:
        counts = of_feeds.get(one.account_id, level)
        if counts is not None and counts != one.default:
            await rulings.set_default(tx, one.entry, counts)
            changed.append(replace(one, default=counts))
    return changed


async def _reorder(tx: Transaction, organisation_id: int, looked_at: Sequence[Waiting], *, now: int) -> int:
    """Put the lines of an organisation first, or in their turn, as it is their creator now. Returns how many lines changed places."""
    identities = await credentials.identities(tx, organisation_id)
    creator_of: dict[tuple[int, str], bool] = {}
    for one in looked_at:
        creator = json.loads(one.body).get("created_by_ref") in identities
        creator_of[one.collection, one.identifier] = creator or creator_of.get((one.collection, one.identifier), False)
    number = 0
    for key, identifier in sorted(creator_of):
        last = await entries.lock(tx, key)
        versions = (await entries.lines(tx, key, (identifier,)))[identifier]
        mine = [one for one in versions if one.organisation_id == organisation_id]
        order = 0 if creator_of[key, identifier] else min(one.first_added for one in mine)
        if order == mine[0].line_order:
            continue
        number += 1
        last = await rulings.set_line_order(tx, key, (identifier, organisation_id), order, last=last, now=now)
        # What some reader is shown from now on instead of another line.
        await rulings.uncover(tx, key, {identifier: versions}, last=last, now=now)
    return number


async def _rule(tx: Transaction, waiting: Sequence[Waiting], *, now: int) -> int:
    """Give each the audience that its marks mean now. Returns how many there were."""
    means = await rulings_of(tx, waiting)
    # In the order of collections, so that no two of these wait for each other's clock.
    for collection in sorted({one.collection for one in waiting}):
        last = await entries.lock(tx, collection)
        lines: set[tuple[str, int]] = set()
        # As they are now that nobody else changes them: one may have been taken back meanwhile.
        to_rule = await rulings.to_rule(tx, [one.entry for one in waiting if one.collection == collection])
        were = await entries.lines(tx, collection, {one.identifier for one in to_rule})
        for one in to_rule:
            if one.recalled:
                continue
            ruling = await _as_narrow(tx, one, means[one.entry])
            last = await rulings.rule(tx, collection, one.entry, one.audience, ruling, last=last, now=now)
            if not ruling.unresolved:
                await definitions.settled(tx, one.entry)
            lines.add((one.identifier, one.organisation_id))
        await rulings.uncover(tx, collection, were, last=last, now=now)
        await entries.refresh_superseded(tx, collection, {name for name, _ in lines})
        await rulings.settle(tx, collection, lines, ruled=lines, now=now)
    return len(waiting)


async def _as_narrow(tx: Transaction, one: Waiting, ruling: Ruling) -> Ruling:
    """A copy never reaches anybody whom it did not reach before, whatever its marks alone would say here."""
    if not one.copied or one.audience == NOBODY or ruling.held is not None:
        return ruling
    own = await references.own_audience(tx, one.entry)
    return replace(ruling, audience=ruling.audience.narrowed(one.audience if own is None else own))


async def rulings_of(tx: Transaction, waiting: Sequence[Waiting]) -> dict[int, Ruling]:
    """What the marks of each entry mean now, as its organisation has said it."""
    found: dict[int, Ruling] = {}
    for organisation_id in {one.organisation_id for one in waiting}:
        own = [one for one in waiting if one.organisation_id == organisation_id]
        meanings = await meanings_of(tx, organisation_id, [one.body for one in own])
        through: dict[str, Audience | None] = {name: one and one.audience for name, one in meanings.items()}
        found |= {one.entry: _ruling(one, through) for one in own}
    return found


async def meanings_of(tx: Transaction, organisation_id: int, bodies: Sequence[bytes]) -> dict[str, Meaning | None]:
    """What an organisation has said of the marks that these objects of its bear, TLP apart; None for what the hub does not understand."""
    wanted = {mark for body in bodies for marks in _marks(body) for mark in marks} - TLP.keys()
    known = await definitions.known(tx, organisation_id, wanted) if wanted else {}
    return {name: meaning_of(json.loads(body)) for name, body in known.items()}


def _marks(body: bytes) -> tuple[frozenset[str], frozenset[str]]:
    value = json.loads(body)
    return object_marks(value), granular_marks(value)


def _ruling(one: Waiting, through: Mapping[str, Audience | None]) -> Ruling:
    """As when it came, by the ceiling as it is."""
    value = json.loads(one.body)
    own = object_marks(value)
    if one.default is None and not own & TLP.keys():
        return Ruling(NOBODY, "no level is known for it: recall it, and post it again")
    ruling = audience_of(own, granular_marks(value), one.default, through, within=told_to(value))
    if ruling.held is None and ruling.audience.floor > one.ceiling:
        return Ruling(NOBODY, f"this collection takes nothing above TLP:{NAMES[one.ceiling]}")
    return ruling
