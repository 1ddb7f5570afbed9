"""What was taken back, whom it had been served to, and who has acknowledged it."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import func, insert, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store import audiences
from indicator_hub.store.audit import GIVING
from indicator_hub.store.schema import (
    acknowledgement,
    audience_history,
    collection,
    entry,
    event,
    recall,
    recalled_entry,
    trust_group,
)
from indicator_hub.taxii.selection import Placed
from indicator_hub.taxii.served import Moment, Traced
from indicator_hub.trust.admission import Recalled


@dataclass(frozen=True, slots=True)
class Recall:
    """One line, or some versions of it, taken back in one collection. `at` in microseconds; `as_of` by the collection's clock."""

    id: int
    name: str
    at: int
    as_of: int
    collection_id: int
    collection: str
    group: str
    stix_id: str
    organisation_id: int
    by: Recalled
    reason: str


@dataclass(frozen=True, slots=True)
class Serving:
    """What was given to an organisation: a page, a list, what a search found, a version as evidence; read as of this by the collection's clock."""

    as_of: int
    organisation_id: int
    action: str
    details: dict[str, Any]


_COLUMNS = (
    recall.c.id, recall.c.name, recall.c.at, recall.c.as_of, recall.c.collection_id, collection.c.uuid, trust_group.c.name, recall.c.stix_id,
    recall.c.organisation_id, recall.c.recalled, recall.c.reason,
)  # fmt: skip
_JOINED = recall.join(collection, collection.c.id == recall.c.collection_id).join(
    trust_group, trust_group.c.id == collection.c.group_id
)


def _recall(row: Any) -> Recall:
    key, name, at, as_of, of, uuid, group, stix_id, organisation_id, by, reason = row
    return Recall(key, name, at, as_of, of, uuid, group, stix_id, organisation_id, Recalled(by), reason)


async def add(
    tx: AsyncConnection, name: str, *, collection_id: int, stix_id: str, organisation_id: int, by: Recalled,
    reason: str, entries: Collection[int], as_of: int, now: int,
) -> None:  # fmt: skip
    """Note what was taken back. Its time is after those of all others, whatever the clock says: whoever reads on by time misses none."""
    row: dict[str, Any] = {
        "name": name,
        "at": max(now, await newest(tx) + 1),
        "as_of": as_of,
        "collection_id": collection_id,
        "stix_id": stix_id,
    }
    row |= {"organisation_id": organisation_id, "recalled": by.value, "reason": reason}
    key = (await tx.execute(insert(recall).values(**row).returning(recall.c.id))).scalar_one()
    await tx.execute(insert(recalled_entry), [{"recall_id": key, "entry_id": one} for one in sorted(entries)])


async def newest(tx: AsyncConnection) -> int:
    """The time of the newest recall, in microseconds; 0 when there was none."""
    return (await tx.execute(select(func.max(recall.c.at)))).scalar_one() or 0


async def came_since(tx: AsyncConnection, clocks: Mapping[int, int]) -> bool:
    """Whether anything was taken back in these collections since their clocks showed this."""
    statement = select(recall.c.collection_id, func.max(recall.c.as_of)).where(recall.c.collection_id.in_(list(clocks)))
    newest = (await tx.execute(statement.group_by(recall.c.collection_id))).all()
    return any(as_of > clocks[key] for key, as_of in newest)


async def find(tx: AsyncConnection, name: str) -> Recall | None:
    """One recall by name."""
    row = (await tx.execute(select(*_COLUMNS).select_from(_JOINED).where(recall.c.name == name))).one_or_none()
    return None if row is None else _recall(row)


async def listed(
    tx: AsyncConnection, *, after: tuple[int, str], limit: int, originator: int | None = None, but: int | None = None
) -> list[Recall]:
    """The next recalls by time and name: of one organisation's objects, or of all but one's."""
    at, name = after
    behind = or_(recall.c.at > at, (recall.c.at == at) & (recall.c.name > name))
    statement = select(*_COLUMNS).select_from(_JOINED).where(behind).order_by(recall.c.at, recall.c.name).limit(limit)
    if originator is not None:
        statement = statement.where(recall.c.organisation_id == originator)
    if but is not None:
        statement = statement.where(recall.c.organisation_id != but)
    return [_recall(row) for row in await tx.execute(statement)]


async def entries_of(tx: AsyncConnection, one: Recall) -> set[int]:
    """The entries that it took back."""
    rows = await tx.execute(select(recalled_entry.c.entry_id).where(recalled_entry.c.recall_id == one.id))
    return set(rows.scalars())


async def standing(tx: AsyncConnection, entries: Collection[int]) -> dict[int, set[Recalled]]:
    """Who has taken these entries back and has not brought them back."""
    found: dict[int, set[Recalled]] = {}
    statement = (
        select(recalled_entry.c.entry_id, recall.c.recalled)
        .join(recall, recall.c.id == recalled_entry.c.recall_id)
        .where(recalled_entry.c.entry_id.in_(entries), recalled_entry.c.lifted.is_(None))
    )
    for key, by in await tx.execute(statement):
        found.setdefault(key, set()).add(Recalled(by))
    return found


async def lift(tx: AsyncConnection, entries: Collection[int], by: Recalled, *, now: int) -> None:
    """Whoever took these entries back has brought them back."""
    of = select(recall.c.id).where(recall.c.recalled == by.value)
    which = (
        recalled_entry.c.entry_id.in_(entries),
        recalled_entry.c.lifted.is_(None),
        recalled_entry.c.recall_id.in_(of),
    )
    await tx.execute(update(recalled_entry).where(*which).values(lifted=now))


async def traced(tx: AsyncConnection, collection_id: int, stix_id: str) -> list[Traced]:
    """Every version of an id in a collection with its history. For the hub's own reckoning, never to give out."""
    h = audience_history.c
    columns = (
        entry.c.id, entry.c.type, entry.c.spec_version, entry.c.version, entry.c.version_key, entry.c.organisation_id, entry.c.first_added, entry.c.line_order,
        func.coalesce(h.since, entry.c.first_added).label("since"), h.until, func.coalesce(h.audience_id, entry.c.audience_id).label("audience_id"),
        func.coalesce(h.date_added, entry.c.date_added).label("date_added"), h.line_order.label("order_then"), h.recalled,
    )  # fmt: skip
    statement = (
        select(*columns)
        .outerjoin(audience_history, h.entry_id == entry.c.id)
        .where(entry.c.collection_id == collection_id, entry.c.stix_id == stix_id)
        .order_by(entry.c.id, h.since)
    )
    found: dict[int, tuple[Placed, str, list[Moment]]] = {}
    rows = (await tx.execute(statement)).all()
    named = await audiences.all_of(tx)  # after the rows: one may bear an audience that was new a moment before
    for row in rows:
        moment = Moment(
            row.since, row.until, named[row.audience_id], row.date_added, bool(row.recalled), row.order_then
        )
        if row.id not in found:
            version = Placed(
                entry=row.id, stix_id=stix_id, type=row.type, spec_version=row.spec_version, version_key=row.version_key,
                organisation_id=row.organisation_id, audience=moment.audience, recalled=False, date_added=row.date_added,
                first_added=row.first_added, line_order=row.line_order,
            )  # fmt: skip
            found[row.id] = (version, row.version, [])
        found[row.id][2].append(moment)
    return [Traced(version, name, tuple(moments)) for version, name, moments in found.values()]


async def servings(
    tx: AsyncConnection, collection_id: int, organisation_ids: Collection[int], *, since: int, until: int
) -> list[Serving]:
    """What was given out of a collection to these organisations while its clock showed these, `since` included and `until` not."""
    columns = (event.c.as_of, event.c.organisation_id, event.c.action, event.c.details, event.c.object_id)
    statement = select(*columns).where(
        event.c.collection_id == collection_id,
        event.c.action.in_(GIVING),
        event.c.organisation_id.in_(organisation_ids),
        event.c.as_of >= since,
        event.c.as_of < until,
        event.c.outcome == "done",
    )
    return [
        Serving(as_of, of, action, json.loads(details) | {"object": name})
        for as_of, of, action, details, name in await tx.execute(statement)
    ]


async def acknowledge(tx: AsyncConnection, one: Recall, organisation_id: int, account_id: int, *, now: int) -> bool:
    """An organisation says that it has acted on it. Returns False when it had said so before."""
    dialect: Any = sqlite if tx.dialect.name == "sqlite" else postgresql
    row = {"recall_id": one.id, "organisation_id": organisation_id, "account_id": account_id, "at": now}
    return (await tx.execute(dialect.insert(acknowledgement).values(**row).on_conflict_do_nothing())).rowcount == 1


async def acknowledged(tx: AsyncConnection, recalls: Collection[int]) -> dict[tuple[int, int], int]:
    """When which organisation acknowledged which of these recalls."""
    columns = (acknowledgement.c.recall_id, acknowledgement.c.organisation_id, acknowledgement.c.at)
    rows = await tx.execute(select(*columns).where(acknowledgement.c.recall_id.in_(recalls)))
    return {(key, of): at for key, of, at in rows}
