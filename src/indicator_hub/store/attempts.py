"""How often in a row a wrong password was given: under a name, and under a name from an address.

Whether there is such a person plays no part: a name that is not there is counted like one that is. Names and addresses are kept as SHA-256.
"""

import hashlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy import case, delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store.schema import attempt

_DAY = 86_400_000_000
_FORGOTTEN, _GOOD = _DAY, 90 * _DAY
"""Microseconds after which attempts are forgotten, and where somebody signed in from."""
_SWEPT = 10
"""More than an attempt adds: what is forgotten goes as fast as others come."""


@dataclass(frozen=True, slots=True)
class Attempts:
    """What is known of a name, or of a name and an address together. Instants in microseconds; `good`: it was once the right password."""

    digest: bytes
    failures: int
    locked_until: int
    good: bool


def digest_of(kind: str, *what: str) -> bytes:
    """Under which they are kept."""
    return hashlib.sha256("\0".join((kind, *what)).encode(errors="replace")).digest()


async def lock(tx: AsyncConnection, digest: bytes, *, now: int) -> Attempts:
    """What is known, and nobody else adds to it before the commit. Whoever locks several does so in the same order as all others."""
    dialect: Any = sqlite if tx.dialect.name == "sqlite" else postgresql
    new = dialect.insert(attempt).values(digest=digest, failures=0, seen=now)
    kept = case((attempt.c.seen < now - _FORGOTTEN, 0), else_=attempt.c.failures)
    there = new.on_conflict_do_update(index_elements=[attempt.c.digest], set_={"failures": kept, "seen": now})
    columns = attempt.c.failures, attempt.c.locked_until, attempt.c.good
    row: tuple[Any, ...] = tuple((await tx.execute(there.returning(*columns))).one())
    failures, locked_until, good = row
    return Attempts(digest, failures, locked_until or 0, good is not None and good > now - _GOOD)


async def count(tx: AsyncConnection, digest: bytes, *, failures: int, locked_until: int | None) -> None:
    """One more, as if it were wrong: what it was shows later, and others must not guess meanwhile."""
    changed = update(attempt).where(attempt.c.digest == digest)
    await tx.execute(changed.values(failures=failures, locked_until=locked_until))


async def right(tx: AsyncConnection, digests: list[bytes], *, good: bytes, now: int) -> None:
    """It was the right one: counting begins again. `good` is the name and the address together."""
    for digest in digests:
        changed = update(attempt).where(attempt.c.digest == digest).values(failures=0, locked_until=None)
        await tx.execute(changed.values(good=now) if digest == good else changed)


async def sweep(tx: AsyncConnection, *, now: int) -> None:
    """Forget some of what is past."""
    past = attempt.c.seen < now - _FORGOTTEN, or_(attempt.c.good.is_(None), attempt.c.good < now - _GOOD)
    # What somebody is just counting is not waited for: two who waited for each other would both be refused.
    some = (
        select(attempt.c.digest).where(*past).order_by(attempt.c.seen).limit(_SWEPT).with_for_update(skip_locked=True)
    )
    found = (await tx.execute(some)).scalars().all()
    if found:
        await tx.execute(delete(attempt).where(attempt.c.digest.in_(found)))
