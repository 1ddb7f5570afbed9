"""Marking-definitions as each organisation has given them, the entries that wait for one, and the re-marking that is still to be done.

Definitions are kept for each organisation and id, whatever becomes of the entry that brought them; the first content stands.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store.engine import among, bind_list
from indicator_hub.store.schema import definition, regrading, remarking, unresolved


@dataclass(frozen=True, slots=True)
class Task:
    """The entries of an organisation that wait for one of its marks, up to `last` done already."""

    id: int
    organisation_id: int
    mark: str
    last: int
    done: int


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
    tasks = [of | {"mark": mark, "created": now, "last_entry": 0, "done": 0} for mark in rows.scalars()]
    if tasks:
        await tx.execute(insert(remarking), tasks)


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


_TASK = (remarking.c.id, remarking.c.organisation_id, remarking.c.mark, remarking.c.last_entry, remarking.c.done)


async def tasks(tx: AsyncConnection) -> list[Task]:
    """What is still to be done, oldest first."""
    return [Task(*row) for row in await tx.execute(select(*_TASK).order_by(remarking.c.id))]


async def take(tx: AsyncConnection, key: int) -> Task | None:
    """A task as it stands, locked to the commit; None when somebody else has finished it."""
    row = (await tx.execute(select(*_TASK).where(remarking.c.id == key).with_for_update())).one_or_none()
    return None if row is None else Task(*row)


async def progress(tx: AsyncConnection, task: Task, *, last: int | None, done: int) -> None:
    """A batch is done, up to the entry `last`; None: the whole task."""
    if last is None:
        await tx.execute(delete(remarking).where(remarking.c.id == task.id))
    else:
        changed = update(remarking).where(remarking.c.id == task.id)
        await tx.execute(changed.values(last_entry=last, done=task.done + done))


@dataclass(frozen=True, slots=True)
class Regrading:
    """The entries of a collection whose level is not their own, up to `last` done already."""

    id: int
    collection_id: int
    last: int
    done: int


_REGRADING = (regrading.c.id, regrading.c.collection_id, regrading.c.last_entry, regrading.c.done)


async def regrade(tx: AsyncConnection, collection_id: int, *, now: int) -> None:
    """Note that the level of this collection, or of a feed that fills it, is another now."""
    row = {"collection_id": collection_id, "created": now, "last_entry": 0, "done": 0}
    await tx.execute(insert(regrading).values(**row))


async def regradings(tx: AsyncConnection) -> list[Regrading]:
    """What is still to be done, oldest first."""
    return [Regrading(*row) for row in await tx.execute(select(*_REGRADING).order_by(regrading.c.id))]


async def take_regrading(tx: AsyncConnection, key: int) -> Regrading | None:
    """One of them as it stands, locked to the commit; None when somebody else has finished it."""
    row = (await tx.execute(select(*_REGRADING).where(regrading.c.id == key).with_for_update())).one_or_none()
    return None if row is None else Regrading(*row)


async def regraded(tx: AsyncConnection, one: Regrading, *, last: int | None, done: int) -> None:
    """A batch is done, up to the entry `last`; None: the whole collection."""
    if last is None:
        await tx.execute(delete(regrading).where(regrading.c.id == one.id))
    else:
        changed = update(regrading).where(regrading.c.id == one.id)
        await tx.execute(changed.values(last_entry=last, done=one.done + done))
