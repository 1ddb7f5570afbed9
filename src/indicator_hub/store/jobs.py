"""The lease: one process at a time does a job, and one that died is followed by another. The same on both databases."""

from typing import Any

from sqlalchemy import update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store.schema import job


async def claim(tx: AsyncConnection, name: str, worker: str, *, now: int, lease: int) -> bool:
    """Take the job for `lease` microseconds. False when another worker holds it."""
    dialect: Any = sqlite if tx.dialect.name == "sqlite" else postgresql
    new = dialect.insert(job).values(name=name, due=now, lease_until=0, worker="", attempt=0)
    await tx.execute(new.on_conflict_do_nothing())
    free = job.c.name == name, job.c.lease_until <= now
    taken = update(job).where(*free).values(worker=worker, lease_until=now + lease, attempt=job.c.attempt + 1)
    return (await tx.execute(taken)).rowcount > 0


async def renew(tx: AsyncConnection, name: str, worker: str, *, now: int, lease: int) -> bool:
    """Hold on to the job. False when the lease ran out and another took it."""
    mine = job.c.name == name, job.c.worker == worker
    return (await tx.execute(update(job).where(*mine).values(lease_until=now + lease))).rowcount > 0


async def release(tx: AsyncConnection, name: str, worker: str) -> None:
    """Give the job back."""
    await tx.execute(update(job).where(job.c.name == name, job.c.worker == worker).values(lease_until=0, worker=""))
