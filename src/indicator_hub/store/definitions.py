"""Marking-definitions as each organisation has given them, and the entries that wait for one.

Definitions are kept for each organisation and id, whatever becomes of the entry that brought them; the first content stands.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store import backlog
from indicator_hub.store.engine import among, bind_list
from indicator_hub.store.schema import definition, organisation, unresolved


async def lock(tx: AsyncConnection, organisation_id: int) -> None:
    """What an organisation says its marks mean stays so to the commit.

    Whoever rules by it, or adds to it, in one collection would else not see what is just being added in another: the object would be held for ever.
    """
    one = select(organisation.c.id).where(organisation.c.id == organisation_id)
    await tx.execute(one.with_for_update(key_share=True))


async def known(tx: AsyncConnection, organisation_id: int, marks: Iterable[str]) -> dict[str, bytes]:
    """Of these marks, those that the organisation has defined, and how."""
    statement = select(definition.c.stix_id, definition.c.body).where(
        definition.c.organisation_id == organisation_id, among(definition.c.stix_id, "marks")
    )
    return {name: bytes(body) for name, body in await tx.execute(statement, {"marks": bind_list(tx, marks)})}


async def add(tx: AsyncConnection, organisation_id: int, new: Mapping[str, bytes], *, now: int) -> None:
    """Keep what an organisation says its marks mean, and note that entries may wait for it."""
    of = {"organisation_id": organisation_id}
    await tx.execute(insert(definition), [of | {"stix_id": name, "body": body} for name, body in new.items()])
    waiting = select(unresolved.c.mark).where(
        unresolved.c.organisation_id == organisation_id, among(unresolved.c.mark, "marks")
    )
    rows = await tx.execute(waiting.distinct().order_by(unresolved.c.mark), {"marks": bind_list(tx, new)})
    for mark in rows.scalars().all():
        await backlog.add(tx, "mark", organisation_id=organisation_id, mark=mark, now=now)


async def wait(tx: AsyncConnection, organisation_id: int, marks_of: Mapping[int, Iterable[str]]) -> None:
    """Note which marks hold which entries."""
    rows = [
        {"organisation_id": organisation_id, "mark": mark, "entry_id": key}
        for key, marks in marks_of.items()
        for mark in marks
    ]
    if rows:
        dialect: Any = sqlite if tx.dialect.name == "sqlite" else postgresql
        await tx.execute(dialect.insert(unresolved).on_conflict_do_nothing(), rows)


async def settled(tx: AsyncConnection, key: int) -> None:
    """An entry is held by no mark any more."""
    await tx.execute(delete(unresolved).where(unresolved.c.entry_id == key))


async def of_organisations(tx: AsyncConnection, organisation_ids: Iterable[int]) -> dict[int, dict[str, bytes]]:
    """All that these organisations have said of their marks: what may be done with what bears them."""
    statement = select(definition.c.organisation_id, definition.c.stix_id, definition.c.body).where(
        definition.c.organisation_id.in_(list(organisation_ids))
    )
    found: dict[int, dict[str, bytes]] = {}
    for key, name, body in await tx.execute(statement):
        found.setdefault(key, {})[name] = bytes(body)
    return found
