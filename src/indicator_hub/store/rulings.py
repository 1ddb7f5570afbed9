"""Ruling again: entries that are here and shall have another audience, or another place, and what follows from that for others.

Who sees something only from now on must find it ahead of its cursor: it gets a new `date_added`, unless nobody is let in who was not before.
"""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import Select, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store import audiences, backlog, references
from indicator_hub.store.entries import lines, lock, move, redate, refresh_superseded, set_clock
from indicator_hub.store.schema import audience_history, collection, entry, unresolved
from indicator_hub.taxii.uncovered import uncovered
from indicator_hub.trust.admission import Existing, Recalled
from indicator_hub.trust.audience import NOBODY, Audience, Ruling
from indicator_hub.trust.references import Line


@dataclass(frozen=True, slots=True)
class Waiting:
    """An entry that is to be ruled again, with what its ruling is worked out from."""

    entry: int
    collection: int
    ceiling: int
    identifier: str
    organisation_id: int
    account_id: int
    default: int | None
    audience: Audience
    recalled: bool
    copied: bool
    """Whether it was released from another collection."""
    body: bytes


_WAITING = (
    entry.c.id, entry.c.collection_id, collection.c.ceiling, entry.c.stix_id, entry.c.organisation_id, entry.c.account_id,
    entry.c.default_level, entry.c.audience_id, entry.c.recalled, entry.c.released_from, entry.c.body,
)  # fmt: skip


async def waiting(tx: AsyncConnection, task: backlog.Task, limit: int) -> list[Waiting]:
    """The next entries of a task. For the hub's own ruling, never to give out; what was recalled stays as it is."""
    held = (
        select(*_WAITING)
        .join(unresolved, unresolved.c.entry_id == entry.c.id)
        .join(collection, collection.c.id == entry.c.collection_id)
        .where(
            unresolved.c.organisation_id == task.organisation_id,
            unresolved.c.mark == task.mark,
            unresolved.c.entry_id > task.last,
            entry.c.recalled == Recalled.NO.value,
        )
    )
    return await _waiting(tx, held.order_by(unresolved.c.entry_id).limit(limit))


async def unmarked(tx: AsyncConnection, key: int, after: int, limit: int) -> list[Waiting]:
    """The next entries of a collection whose level is not their own, recalled ones too; a copy keeps the level of where it came from."""
    level = entry.c.default_level.is_not(None), entry.c.released_from.is_(None)
    statement = select(*_WAITING).join(collection, collection.c.id == entry.c.collection_id)
    statement = statement.where(entry.c.collection_id == key, entry.c.id > after, *level)
    return await _waiting(tx, statement.order_by(entry.c.id).limit(limit))


async def to_rule(tx: AsyncConnection, keys: Collection[int]) -> list[Waiting]:
    """These entries, to be ruled again."""
    statement = select(*_WAITING).join(collection, collection.c.id == entry.c.collection_id)
    return await _waiting(tx, statement.where(entry.c.id.in_(keys)).order_by(entry.c.id))


async def of_organisation(tx: AsyncConnection, organisation_id: int, after: int, limit: int) -> list[Waiting]:
    """The next entries of an organisation, recalled ones too."""
    statement = select(*_WAITING).join(collection, collection.c.id == entry.c.collection_id)
    mine = entry.c.organisation_id == organisation_id, entry.c.id > after
    return await _waiting(tx, statement.where(*mine).order_by(entry.c.id).limit(limit))


async def set_line_order(tx: AsyncConnection, key: int, line: Line, order: int, *, last: int, now: int) -> int:
    """Which line of an id a reader is shown first: 0 for its creator's, else when it began. The history keeps what it was.

    The clock must be locked. Returns what it shows now.
    """
    identifier, organisation_id = line
    here = entry.c.collection_id == key, entry.c.stix_id == identifier, entry.c.organisation_id == organisation_id
    was = dict((await tx.execute(select(entry.c.id, entry.c.line_order).where(*here))).all())
    at, h = max(now, last + 1), audience_history.c
    for one, before in was.items():
        await move(tx, one, {"line_order": order}, at=at)
        until_now = h.entry_id == one, h.until.is_not(None), h.line_order.is_(None)
        await tx.execute(update(audience_history).where(*until_now).values(line_order=before))
    await set_clock(tx, key, at)
    return at


async def uncover(tx: AsyncConnection, key: int, were: Mapping[str, Iterable[Existing]], *, last: int, now: int) -> int:
    """After a change, give a new date to whatever some reader is given only now instead of something else. The clock must be locked.

    `were` are all versions of the ids concerned, as they were. Returns what the clock shows now.
    """
    for identifier, versions in (await lines(tx, key, were)).items():
        before = [one for one in were[identifier] if one.recalled is Recalled.NO]
        after = [one for one in versions if one.recalled is Recalled.NO]
        last = await redate(tx, key, uncovered(before, after), last=last, now=now)
    return last


async def _waiting(tx: AsyncConnection, statement: Select[*tuple[Any, ...]]) -> list[Waiting]:
    rows = (await tx.execute(statement)).all()
    named = await audiences.all_of(tx)  # after the rows: one may bear an audience that was new a moment before
    return [
        Waiting(
            key, of, ceiling, name, organisation, account, default, named[audience], bool(recalled), source is not None, bytes(body)
        )
        for key, of, ceiling, name, organisation, account, default, audience, recalled, source, body in rows
    ]  # fmt: skip


async def before_recall(tx: AsyncConnection, entry_id: int) -> Audience:
    """Whom a recalled entry reached when it was taken back."""
    h = audience_history.c
    statement = (
        select(h.audience_id).where(h.entry_id == entry_id, h.recalled.is_(None)).order_by(h.since.desc()).limit(1)
    )
    return (await audiences.all_of(tx))[(await tx.execute(statement)).scalar_one()]


async def set_default(tx: AsyncConnection, entry_id: int, level: int) -> None:
    """The level that counts for an entry because none of its own marks is TLP."""
    await tx.execute(update(entry).where(entry.c.id == entry_id).values(default_level=level))


async def rule(
    tx: AsyncConnection, key: int, entry_id: int, was: Audience, ruling: Ruling, *, last: int, now: int
) -> int:
    """Give an entry another audience; one that refers to something gets it by `settle`. The clock must be locked. Returns the last `date_added` given out.

    Who sees it only from now on must find it ahead of its cursor: it gets a new `date_added`, unless nobody is let in who was not before.
    """
    if await references.rule(tx, entry_id, ruling):
        # What follows from it together with what it refers to is settled by `settle`: no other audience comes between.
        if was != NOBODY:
            await tx.execute(update(entry).where(entry.c.id == entry_id).values(held=ruling.held))
        return last
    return await _widen_or_narrow(tx, key, entry_id, was, ruling, last=last, now=now)


async def settle(
    tx: AsyncConnection,
    key: int,
    changed: Collection[Line],
    *,
    now: int,
    ruled: Collection[Line] = (),
    fresh: int | None = None,
) -> None:
    """After these lines have changed: what refers to them is as strict as they are now. The clock must be locked.

    `ruled` are those of them that may refer to something themselves. What was added from `fresh` on, in this very transaction, has had no other audience yet. Where something is narrowed, what it hid from
    somebody, and what is given instead of it now, gets a new `date_added`.
    """
    moved = await references.unsettled(tx, key, changed, ruled)
    if not moved:
        return
    last = await lock(tx, key)
    were = await lines(tx, key, {one.line[0] for one in moved})
    for one in moved:
        held = one.own_held or ("it refers to what was recalled" if one.now == NOBODY else None)
        ruling = Ruling(one.now, held)
        if fresh is not None and one.first_added >= fresh:
            await _correct(tx, one.entry, ruling)
            continue
        last = await _widen_or_narrow(tx, key, one.entry, one.was, ruling, last=last, now=now)
    corrected = {one.entry: one.now for one in moved if fresh is not None and one.first_added >= fresh}
    seen = {
        name: [replace(one, audience=corrected.get(one.entry, one.audience)) for one in versions]
        for name, versions in were.items()
    }
    await uncover(tx, key, seen, last=last, now=now)
    await refresh_superseded(tx, key, were)


async def _correct(tx: AsyncConnection, entry_id: int, ruling: Ruling) -> None:
    """The audience of an entry that nobody has seen yet."""
    row = (await audiences.intern(tx, {ruling.audience}))[ruling.audience]
    await tx.execute(update(entry).where(entry.c.id == entry_id).values(audience_id=row, held=ruling.held))


async def _widen_or_narrow(
    tx: AsyncConnection, key: int, entry_id: int, was: Audience, ruling: Ruling, *, last: int, now: int
) -> int:
    if was == ruling.audience:
        await tx.execute(update(entry).where(entry.c.id == entry_id).values(held=ruling.held))
        return last
    row = (await audiences.intern(tx, {ruling.audience}))[ruling.audience]
    changes: dict[str, Any] = {"audience_id": row, "held": ruling.held}
    at = max(now, last + 1)
    if not was.covers(ruling.audience):
        changes["date_added"] = at
    await move(tx, entry_id, changes, at=at)
    await set_clock(tx, key, at)
    return at
