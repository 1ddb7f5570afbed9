"""Events: inserted, never changed, and numbered later in the order of their commits."""

import hashlib
import json
import secrets
from collections.abc import Sequence
from typing import Any

from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.audit.event import Event
from indicator_hub.store.schema import event, event_personal


async def add(tx: AsyncConnection, events: Sequence[Event]) -> None:
    """Write events in this transaction: neither they without the deed, nor the deed without them."""
    for one in events:
        row, salt, content = _row(one)
        key = (await tx.execute(insert(event).values(row).returning(event.c.id))).scalar_one()
        if content:
            await tx.execute(insert(event_personal).values(event_id=key, salt=salt, content=content))


def _row(one: Event) -> tuple[dict[str, Any], bytes, str]:
    salt = secrets.token_bytes(16)
    content = _json(one.personal) if one.personal else ""
    row = {
        "at": one.at,
        "action": one.action,
        "outcome": one.outcome,
        "account_id": one.account_id,
        "organisation_id": one.organisation_id,
        "group_id": one.group_id,
        "collection_id": one.collection_id,
        "object_id": one.object_id,
        "version": one.version,
        "sha256": one.sha256,
        "request_id": one.request_id,
        "details": _json(one.details),
        "personal_digest": hashlib.sha256(salt + content.encode()).digest() if content else None,
    }
    return row, salt, content


def _json(value: object) -> str:
    # Sorted and without blanks: for text and integers this is RFC 8785, which the tree of events will hash.
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
