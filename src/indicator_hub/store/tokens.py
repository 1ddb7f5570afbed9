"""Tokens as they are listed, with when each was last used. A token itself is never kept."""

from dataclasses import dataclass

from sqlalchemy import delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store.schema import account, token
from indicator_hub.trust.roster import AccountKind


@dataclass(frozen=True, slots=True)
class Token:
    """A token as it is listed; never the token itself. Instants in microseconds."""

    id: int
    account: str
    kind: AccountKind
    label: str
    created: int
    ends: int | None
    seen: int | None


async def listed(tx: AsyncConnection, organisation_id: int, *, account_id: int | None = None) -> list[Token]:
    """The tokens of an organisation's accounts, or of one account; by account, the newest first."""
    columns = (
        token.c.id, account.c.name, account.c.kind, token.c.label, token.c.created, token.c.ends, token.c.seen,
    )  # fmt: skip
    mine = [account.c.organisation_id == organisation_id, account.c.kind != "feed"]
    if account_id is not None:
        mine.append(account.c.id == account_id)
    joined = token.join(account, account.c.id == token.c.account_id)
    ordered = select(*columns).select_from(joined).where(*mine).order_by(account.c.name, token.c.id.desc())
    return [Token(*row) for row in await tx.execute(ordered)]


async def revoke(tx: AsyncConnection, key: int) -> None:
    """Make one token worthless."""
    await tx.execute(delete(token).where(token.c.id == key))


async def touch(tx: AsyncConnection, key: int, *, now: int) -> None:
    """A token was used now."""
    await tx.execute(update(token).where(token.c.id == key).values(seen=now))
