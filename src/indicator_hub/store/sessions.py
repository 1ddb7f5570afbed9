"""People who sign in to the console: their passwords' hashes, and their sessions, kept by the SHA-256 of what the cookie holds."""

from dataclasses import dataclass
from typing import Any

from sqlalchemy import delete, insert, not_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store.credentials import account_columns, account_of, is_off
from indicator_hub.store.schema import account, organisation, password, session
from indicator_hub.trust.roster import Account


@dataclass(frozen=True, slots=True)
class Kept:
    """A live person's password, as it is kept."""

    account: Account
    hash: str


async def password_of(tx: AsyncConnection, name: str) -> Kept | None:
    """The password of a live person; None for everybody who cannot sign in."""
    source = (
        account.join(organisation, organisation.c.id == account.c.organisation_id)
        .join(password, password.c.account_id == account.c.id)
    )  # fmt: skip
    columns = (password.c.hash, *account_columns())
    live = account.c.name == name, account.c.kind == "person", not_(organisation.c.suspended), not_(is_off())
    row = (await tx.execute(select(*columns).select_from(source).where(*live))).one_or_none()
    if row is None:
        return None
    found: tuple[Any, ...] = tuple(row)
    return Kept(account_of(found[1:]), found[0])


async def set_password(tx: AsyncConnection, account_id: int, hashed: str, *, now: int) -> None:
    """A new password. Who is signed in with the former one is so no longer."""
    await tx.execute(delete(password).where(password.c.account_id == account_id))
    await tx.execute(insert(password).values(account_id=account_id, hash=hashed, changed=now))
    await tx.execute(delete(session).where(session.c.account_id == account_id))


async def rehash(tx: AsyncConnection, account_id: int, hashed: str) -> None:
    """The same password under the parameters of today."""
    await tx.execute(update(password).where(password.c.account_id == account_id).values(hash=hashed))


async def begin(tx: AsyncConnection, digest: bytes, account_id: int, *, now: int, ends: int) -> None:
    """A session, and the end of those that are over."""
    await tx.execute(delete(session).where(session.c.ends <= now))
    await tx.execute(insert(session).values(digest=digest, account_id=account_id, created=now, seen=now, ends=ends))


async def find(tx: AsyncConnection, digest: bytes, *, now: int, idle: int) -> tuple[Account, int] | None:
    """The live account of a session that is not over and was used within `idle` microseconds; and when it was used last."""
    source = (
        session.join(account, account.c.id == session.c.account_id)
        .join(organisation, organisation.c.id == account.c.organisation_id)
    )  # fmt: skip
    live = (
        session.c.digest == digest, session.c.ends > now, session.c.seen > now - idle, not_(organisation.c.suspended),
        not_(is_off()),
    )  # fmt: skip
    columns = (session.c.seen, *account_columns())
    row = (await tx.execute(select(*columns).select_from(source).where(*live))).one_or_none()
    return (account_of(row[1:]), row[0]) if row else None


async def touch(tx: AsyncConnection, digest: bytes, *, now: int) -> None:
    """It was used now."""
    await tx.execute(update(session).where(session.c.digest == digest).values(seen=now))


async def end(tx: AsyncConnection, digest: bytes) -> None:
    """It is over."""
    await tx.execute(delete(session).where(session.c.digest == digest))
