"""Statuses: what became of each object offered, kept for the organisation that offered them."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store import bulk
from indicator_hub.store.schema import status
from indicator_hub.taxii.status import Status
from indicator_hub.trust.reach import Reach


async def add(tx: AsyncConnection, reach: Reach, one: Status, *, finished: int) -> None:
    """Keep a status."""
    assert reach.account is not None
    row = {
        "id": one.id,
        "group_id": reach.group_id,
        "organisation_id": reach.organisation_id,
        "account_id": reach.account.id,
        "finished": finished,
        "resource": one.resource,
    }
    await bulk.write(tx, status, [row])


async def is_kept(tx: AsyncConnection, status_id: str) -> bool:
    """Whether there is a status of this name."""
    return (await tx.execute(select(status.c.id).where(status.c.id == status_id))).first() is not None


async def resource(tx: AsyncConnection, reach: Reach, status_id: str, *, not_before: int) -> bytes | None:
    """The status resource, if it belongs to this organisation and group and has not expired."""
    found = await tx.execute(
        select(status.c.resource).where(
            status.c.id == status_id,
            status.c.group_id == reach.group_id,
            status.c.organisation_id == reach.organisation_id,
            status.c.finished >= not_before,
        )
    )
    body = found.scalar_one_or_none()
    return None if body is None else bytes(body)
