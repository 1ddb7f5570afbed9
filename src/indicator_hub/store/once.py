"""Requests that carry a key of the client's own, and what they were answered."""

from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store.schema import once

KEPT = 24 * 3_600 * 1_000_000
"""How long an answer is kept, in microseconds."""


async def find(tx: AsyncConnection, account_id: int, key: str) -> tuple[bytes, str] | None:
    """The fingerprint of the request that was made under this key, and its answer."""
    statement = select(once.c.fingerprint, once.c.answer).where(once.c.account_id == account_id, once.c.key == key)
    row = (await tx.execute(statement)).one_or_none()
    return None if row is None else (bytes(row.fingerprint), row.answer)


async def keep(tx: AsyncConnection, account_id: int, key: str, fingerprint: bytes, answer: str, *, now: int) -> bool:
    """Keep an answer; what was kept too long goes. False when there is one under this key already."""
    await tx.execute(delete(once).where(once.c.at < now - KEPT))
    dialect: Any = sqlite if tx.dialect.name == "sqlite" else postgresql
    row = {"account_id": account_id, "key": key, "fingerprint": fingerprint, "answer": answer, "at": now}
    return (await tx.execute(dialect.insert(once).values(**row).on_conflict_do_nothing())).rowcount == 1
