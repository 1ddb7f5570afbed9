"""Entries: object versions in their collections. Read through the predicate, changed under the collection's clock (new ones: `additions.py`).

The clock is one row for each collection. A writer locks it, reads what is there, and gives out max(now, last + 1 us) and counts on; the
lock is held to the commit. So `date_added` is unique and grows in the order of commits: it is a complete cursor by itself, and no poller
can miss a row that was committed behind its back.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, and_, bindparam, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store import audiences, definitions, pages, references, visible
from indicator_hub.store.engine import among, bind_list
from indicator_hub.store.opened import Store
from indicator_hub.store.schema import audience_history, clock, collection, entry
from indicator_hub.taxii.page import Joined, Page
from indicator_hub.taxii.query import Query
from indicator_hub.trust.admission import Existing, Recalled
from indicator_hub.trust.audience import NOBODY, Audience, Ruling
from indicator_hub.trust.reach import Reach

# What every envelope asks is put together once: to do that takes as long as to ask it.
_HERE = clock.c.collection_id == bindparam("key")
_CLOCK = select(clock.c.last_added).where(_HERE).with_for_update()
_SET_CLOCK = update(clock).where(_HERE).values(last_added=bindparam("last"))
_LINES = (
    select(
        entry.c.stix_id, entry.c.id, entry.c.organisation_id, entry.c.spec_version, entry.c.version, entry.c.version_key,
        entry.c.created, entry.c.revoked, entry.c.recalled, entry.c.audience_id, entry.c.first_added, entry.c.line_order,
        entry.c.superseded, entry.c.sha256, entry.c.newer_audience_id,
    )
    .where(entry.c.collection_id == bindparam("key"), among(entry.c.stix_id, "ids"))
    .order_by(entry.c.version_key, entry.c.id)
)  # fmt: skip


async def page(store: Store, reach: Reach, query: Query, *, bodies: bool) -> Page:
    """One page of what this reach sees, in the order it was added."""
    shape = pages.Shape.of(query.filters, bodies=bodies)
    found = await store.hot.page(shape, visible.parameters(reach) | pages.parameters(query, reach))
    return found.page(query.limit)


async def joined_page(store: Store, reach: Reach, query: Query, *, named: bool) -> Joined:
    """The same page for whoever only gives it out. `named`: with the lines that its digest is made of."""
    shape = pages.Shape.of(query.filters, bodies=True, names=2 if named else 0)
    return await store.hot.joined(shape, visible.parameters(reach) | pages.parameters(query, reach))


async def is_visible(store: Store, reach: Reach, identifier: str) -> bool:
    """Whether this reach sees any version of this id."""
    return bool(
        await store.hot.rows("any version", pages.any_version, visible.parameters(reach) | {"ids": [identifier]})
    )


async def lock(tx: AsyncConnection, key: int) -> int:
    """Take the collection's clock, to hold until the commit: the last step that can wait. Returns the last `date_added` given out."""
    return (await tx.execute(_CLOCK, {"key": key})).scalar_one()


async def lines(tx: AsyncConnection, key: int, identifiers: Iterable[str]) -> dict[str, list[Existing]]:
    """Every version of these ids in a collection, oldest first, whoever put it there and whether recalled or not."""
    wanted = list(identifiers)
    if not wanted:  # most envelopes bring nothing but new ids, whose versions need no new order
        return {}
    found: dict[str, list[Existing]] = {}
    rows = (await tx.execute(_LINES, {"key": key, "ids": bind_list(tx, wanted)})).all()
    known = await audiences.all_of(tx)  # after the rows: one may bear an audience that was new a moment before
    for row in rows:
        found.setdefault(row.stix_id, []).append(
            Existing(
                entry=row.id,
                organisation_id=row.organisation_id,
                spec_version=row.spec_version,
                version=row.version,
                version_key=row.version_key,
                created=row.created,
                revoked=bool(row.revoked),
                recalled=Recalled(row.recalled),
                audience=known[row.audience_id],
                first_added=row.first_added,
                line_order=row.line_order,
                superseded=row.superseded,
                sha256=bytes(row.sha256),
                newer=None if row.newer_audience_id is None else known[row.newer_audience_id],
            )
        )
    return found


async def body(tx: AsyncConnection, entry_id: int) -> bytes:
    """The stored bytes of one entry, for the comparison of a duplicate by value. For the hub's own judgement, never to give out."""
    return bytes((await tx.execute(select(entry.c.body).where(entry.c.id == entry_id))).scalar_one())


async def readmit(tx: AsyncConnection, key: int, existing: Existing, ruling: Ruling, *, last: int, now: int) -> int:
    """Bring a recalled entry back under a new `date_added` (reissue). The clock must be locked. Returns the last value given out."""
    date_added = max(now, last + 1)
    row = (await audiences.intern(tx, {ruling.audience}))[ruling.audience]
    changes = {"audience_id": row, "held": ruling.held, "date_added": date_added, "recalled": Recalled.NO.value}
    await move(tx, existing.entry, changes, at=date_added)
    await definitions.wait(tx, existing.organisation_id, {existing.entry: ruling.unresolved})
    await references.rule(tx, existing.entry, ruling)
    await set_clock(tx, key, date_added)
    return date_added


async def redate(tx: AsyncConnection, key: int, entries: Sequence[Existing], *, last: int, now: int) -> int:
    """Give entries a new `date_added`, in order, so that pollers come upon them again. The clock must be locked. Returns the last given out.

    A second delivery, the only kind there is; what a membership sees is judged by the first `date_added`, which stays.
    """
    for one in entries:
        last = max(now, last + 1)
        await move(tx, one.entry, {"date_added": last}, at=last)
    if entries:
        await set_clock(tx, key, last)
    return last


async def recall(
    tx: AsyncConnection, key: int, entries: Sequence[Existing], by: Recalled, *, last: int, now: int
) -> int:
    """Make entries nobody's. The rows stay: who was given what can be computed for ever. The clock must be locked. Returns what it shows now.

    What is recalled already stays as it is.
    """
    at = max(now, last + 1)
    row = (await audiences.intern(tx, {NOBODY}))[NOBODY]
    for one in entries:
        if one.recalled is Recalled.NO:
            await move(tx, one.entry, {"audience_id": row, "held": None, "recalled": by.value}, at=at)
    await set_clock(tx, key, at)
    return at


async def set_recalled(tx: AsyncConnection, key: int, by: Recalled) -> None:
    """An entry that was taken back by both sides is now by this one alone."""
    await tx.execute(update(entry).where(entry.c.id == key).values(recalled=by.value))


async def move(tx: AsyncConnection, key: int, changes: Mapping[str, Any], *, at: int) -> None:
    """Change an entry's audience, place or `date_added`, and keep what it had until then.

    `at` is of the collection's clock, not given out before: pages that were read earlier show what was, later ones what is.
    """
    h = audience_history.c
    kept, since = h.entry_id.is_not(None).label("kept"), func.coalesce(h.since, entry.c.first_added).label("since")
    was = (
        select(kept, since, entry.c.audience_id, entry.c.date_added, h.recalled)
        .outerjoin(audience_history, and_(h.entry_id == entry.c.id, h.until.is_(None)))
        .where(entry.c.id == key)
    )
    former = (await tx.execute(was)).one()
    until = max(at, former.since + 1)
    if former.kept:
        ended = update(audience_history).where(h.entry_id == key, h.until.is_(None)).values(until=until)
    else:
        first = {"since": former.since, "audience_id": former.audience_id, "date_added": former.date_added}
        ended = insert(audience_history).values(entry_id=key, **first, until=until)
    row = {
        "entry_id": key,
        "since": until,
        "audience_id": changes.get("audience_id", former.audience_id),
        "date_added": changes.get("date_added", former.date_added),
        "recalled": changes.get("recalled", former.recalled) or None,
    }
    await tx.execute(ended)
    await tx.execute(insert(audience_history).values(**row))
    await tx.execute(update(entry).where(entry.c.id == key).values(**changes))


async def refresh_superseded(tx: AsyncConnection, key: int, identifiers: Iterable[str]) -> None:
    """Work out `superseded` again for whole ids, in the transaction that changed them. The clock must be locked."""
    changes: dict[int, Superseded] = {}
    for versions in (await lines(tx, key, identifiers)).values():
        live = [one for one in versions if one.recalled is Recalled.NO]
        contested = len({one.organisation_id for one in live}) > 1
        values = superseded(live)
        for one in live:
            value = Superseded(2) if contested else values[one.entry]
            if value != (one.superseded, one.newer):
                changes[one.entry] = value
    if changes:
        known = await audiences.intern(tx, {one.newer for one in changes.values() if one.newer is not None})
        given = update(entry).where(entry.c.id == bindparam("row"))
        rows = [
            {"row": row, "value": value, "newer": None if newer is None else known[newer]}
            for row, (value, newer) in changes.items()
        ]
        await tx.execute(given.values(superseded=bindparam("value"), newer_audience_id=bindparam("newer")), rows)


class Superseded(NamedTuple):
    """What is newer in a version's line: 0 nothing, 1 something that everyone who sees it sees too, 2 what only some see: those of `newer`, where it is one audience."""

    value: int
    newer: Audience | None = None


def superseded(live: Sequence[Existing]) -> dict[int, Superseded]:
    """For each version of ids, by entry. One pass for each line, from the newest on.

    Of what was passed only the audiences are kept, and for each the latest that came first: a line of thousands of versions has a handful.
    """
    values: dict[int, Superseded] = {}
    passed: dict[tuple[int, str], dict[Audience, int]] = {}
    for one in sorted(live, key=lambda one: one.version_key, reverse=True):
        newer = passed.setdefault((one.organisation_id, one.spec_version), {})
        values[one.entry] = _superseded(one, newer)
        newer[one.audience] = max(one.first_added, newer.get(one.audience, 0))
    return values


def _superseded(one: Existing, newer: Mapping[Audience, int]) -> Superseded:
    if not newer:
        return Superseded(0)
    # Of what came later than this one everybody sees enough who sees this one: whoever joined between sees neither.
    seen = [audience for audience, at in newer.items() if at >= one.first_added]
    if any(audience.covers(one.audience) for audience in seen):
        return Superseded(1)
    return Superseded(2, seen[0] if len(newer) == len(seen) == 1 else None)


async def set_clock(tx: AsyncConnection, key: int, last: int) -> None:
    """What the clock shows: the last `date_added` given out, or the last change of what is there. The clock must be locked."""
    await tx.execute(_SET_CLOCK, {"key": key, "last": last})


async def shown(tx: AsyncConnection, reach: Reach, identifier: str, versions: Sequence[Existing]) -> list[Existing]:
    """Those of the versions of one id that this reach is shown, oldest first."""
    e = entry.alias("e")
    listed = among(e.c.stix_id, "ids")
    seen = select(e.c.id).where(
        e.c.collection_id == bindparam("collection"), listed, visible.visible(e), visible.shown(e)
    )
    parameters = visible.parameters(reach) | {"ids": bind_list(tx, {identifier})}
    keys = set((await tx.execute(seen, parameters)).scalars())
    return [one for one in versions if one.entry in keys]


async def any_recalled(tx: AsyncConnection, reach: Reach) -> bool:
    """Whether anything that this organisation put into a collection of the group was taken back."""
    own = entry.c.organisation_id == reach.organisation_id, _of_group(reach), entry.c.recalled != 0
    return (await tx.execute(select(entry.c.id).where(*own).limit(1))).first() is not None


async def closed(tx: AsyncConnection, reach: Reach, identifiers: Iterable[str]) -> frozenset[str]:
    """The ids whose own line was recalled, in any collection of the group, and is not there in this one: what a feed must not bring again."""
    own = entry.c.organisation_id == reach.organisation_id, among(entry.c.stix_id, "ids")
    some = select(entry.c.stix_id).distinct().where(*own, _of_group(reach), entry.c.recalled != 0)
    taken_back = frozenset((await tx.execute(some, {"ids": bind_list(tx, identifiers)})).scalars())
    if not taken_back:
        return taken_back
    live = select(entry.c.stix_id).where(*own, entry.c.collection_id == reach.key, entry.c.recalled == 0)
    return taken_back - frozenset((await tx.execute(live, {"ids": bind_list(tx, taken_back)})).scalars())


def _of_group(reach: Reach) -> ColumnElement[bool]:
    return entry.c.collection_id.in_(select(collection.c.id).where(collection.c.group_id == reach.group_id))
