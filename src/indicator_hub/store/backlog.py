"""What is still to be ruled again, and how far each task has come: whoever goes on begins there."""

from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store.schema import backlog

Kind = Literal["mark", "level", "creator"]


@dataclass(frozen=True, slots=True)
class Task:
    """What is to be ruled again; up to the entry `last` it is done.

    `mark`: the entries of an organisation that wait for one of its marks. `level`: those of a collection whose level is not their own.
    `creator`: an organisation's lines, since its STIX identities have changed.
    """

    id: int
    kind: Kind
    organisation_id: int
    mark: str
    collection_id: int
    last: int
    done: int


_COLUMNS = (
    backlog.c.id, backlog.c.kind, backlog.c.organisation_id, backlog.c.mark, backlog.c.collection_id, backlog.c.last_entry, backlog.c.done,
)  # fmt: skip


def _task(row: Any) -> Task:
    key, kind, organisation_id, mark, collection_id, last, done = row
    return Task(key, kind, organisation_id or 0, mark or "", collection_id or 0, last, done)


async def add(
    tx: AsyncConnection, kind: Kind, *, organisation_id: int | None = None, mark: str | None = None,
    collection_id: int | None = None, now: int,
) -> None:  # fmt: skip
    """Something is to be ruled again, from the first entry on."""
    row: dict[str, Any] = {
        "kind": kind,
        "organisation_id": organisation_id,
        "mark": mark,
        "collection_id": collection_id,
    }
    await tx.execute(insert(backlog).values(**row, created=now, last_entry=0, done=0))


async def tasks(tx: AsyncConnection) -> list[Task]:
    """What is still to be done, oldest first."""
    return [_task(row) for row in await tx.execute(select(*_COLUMNS).order_by(backlog.c.id))]


async def take(tx: AsyncConnection, key: int) -> Task | None:
    """A task as it stands, locked to the commit; None when somebody else has finished it."""
    row = (await tx.execute(select(*_COLUMNS).where(backlog.c.id == key).with_for_update())).one_or_none()
    return None if row is None else _task(row)


async def progress(tx: AsyncConnection, task: Task, *, last: int | None, done: int) -> None:
    """A batch is done, up to the entry `last`; None: the whole task."""
    if last is None:
        await tx.execute(delete(backlog).where(backlog.c.id == task.id))
    else:
        changed = update(backlog).where(backlog.c.id == task.id)
        await tx.execute(changed.values(last_entry=last, done=task.done + done))
