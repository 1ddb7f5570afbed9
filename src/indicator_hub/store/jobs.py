"""The lease: one process at a time does a job, and one that died is followed by another. The same on both databases."""

from typing import Any

from sqlalchemy import case, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store.schema import job


def of_feed(name: str) -> str:
    """The job of running a feed."""
    return f"{OF_FEEDS}{name}"


OF_FEEDS = "feed "
"""What the job of a feed is called, before its name."""


async def claim(tx: AsyncConnection, name: str, worker: str, *, now: int, lease: int, only_due: bool = False) -> bool:
    """Take the job for `lease` microseconds. False when another worker holds it; `only_due`: also when it is not due (any longer)."""
    dialect: Any = sqlite if tx.dialect.name == "sqlite" else postgresql
    new = dialect.insert(job).values(name=name, due=now, lease_until=0, worker="", attempt=0)
    await tx.execute(new.on_conflict_do_nothing())
    free = [job.c.name == name, job.c.lease_until <= now, *([job.c.due <= now] if only_due else [])]
    taken = update(job).where(*free).values(worker=worker, lease_until=now + lease, attempt=job.c.attempt + 1)
    return (await tx.execute(taken)).rowcount > 0


async def states(tx: AsyncConnection) -> dict[str, tuple[int, int]]:
    """When each job is due, and until when it is held."""
    return {
        name: (due, until) for name, due, until in await tx.execute(select(job.c.name, job.c.due, job.c.lease_until))
    }


async def set_due(tx: AsyncConnection, name: str, *, due: int) -> None:
    """When a job is due; one that never was begins so."""
    dialect: Any = sqlite if tx.dialect.name == "sqlite" else postgresql
    new = dialect.insert(job).values(name=name, due=due, lease_until=0, worker="", attempt=0)
    await tx.execute(new.on_conflict_do_update(index_elements=["name"], set_={"due": due}))


async def renew(tx: AsyncConnection, name: str, worker: str, *, now: int, lease: int) -> bool:
    """Hold on to the job. False when the lease ran out and another took it."""
    mine = job.c.name == name, job.c.worker == worker
    return (await tx.execute(update(job).where(*mine).values(lease_until=now + lease))).rowcount > 0


async def release(tx: AsyncConnection, name: str, worker: str, *, due: int | None = None, least: bool = False) -> None:
    """Give the job back; `due`: when it is to be done again, `least`: then, or later where it was put off."""
    later = case((job.c.due > due, job.c.due), else_=due) if least and due is not None else due
    values: dict[str, Any] = {"lease_until": 0, "worker": ""} | ({} if due is None else {"due": later})
    await tx.execute(update(job).where(job.c.name == name, job.c.worker == worker).values(**values))
