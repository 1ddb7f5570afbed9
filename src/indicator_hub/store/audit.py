"""Events: inserted, never changed, and numbered later in the order of their commits."""

import hashlib
import json
import secrets
from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Table, select
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.audit.event import Event
from indicator_hub.store import bulk
from indicator_hub.store.schema import event, event_personal, organisation

_AT_ONCE = 5_000
GIVING = ("serve", "export", "search", "evidence")
"""The deeds by which an organisation is given something of a collection."""


async def add(tx: AsyncConnection, events: Sequence[Event]) -> None:
    """Write events in this transaction: neither they without the deed, nor the deed without them."""
    for table, found in rows(events).items():
        await bulk.write(tx, table, found)


def rows(events: Sequence[Event]) -> dict[Table, list[dict[str, Any]]]:
    """What is to be inserted for these events, by table."""
    personal = [_personal(one) for one in events]
    found = {event: [_row(one, kept) for one, kept in zip(events, personal, strict=True)]}
    apart = [kept for kept in personal if kept is not None]
    return {**found, event_personal: apart} if apart else found


async def written(tx: AsyncConnection, events: Sequence[Event]) -> list[bool]:
    """Which of these events of giving are there already: a commit whose answer was lost may have been done."""
    return [await _is_written(tx, one) for one in events]


async def _is_written(tx: AsyncConnection, one: Event) -> bool:
    of = event.c.collection_id == one.collection_id, event.c.action == one.action, event.c.as_of == one.as_of
    by = event.c.organisation_id == one.organisation_id, event.c.account_id == one.account_id
    request = event.c.request_id == one.request_id, event.c.at == one.at, event.c.details == _json(one.details)
    return (await tx.execute(select(event.c.id).where(*of, *by, *request).limit(1))).first() is not None


def _personal(one: Event) -> dict[str, Any] | None:
    if not one.personal:
        return None
    salt, content = secrets.token_bytes(16), _json(one.personal)
    return {"digest": hashlib.sha256(salt + content.encode()).digest(), "salt": salt, "content": content}


def _row(one: Event, kept: Mapping[str, Any] | None) -> dict[str, Any]:
    return {
        "at": one.at,
        "action": one.action,
        "outcome": one.outcome,
        "account_id": one.account_id,
        "organisation_id": one.organisation_id,
        "group_id": one.group_id,
        "collection_id": one.collection_id,
        "as_of": one.as_of,
        "object_id": one.object_id,
        "version": one.version,
        "sha256": one.sha256,
        "request_id": one.request_id,
        "details": _json(one.details),
        "personal_digest": kept["digest"] if kept else None,
    }


def _json(value: object) -> str:
    # Sorted and without blanks: for text and integers this is RFC 8785, which the tree of events will hash.
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


@dataclass(frozen=True, slots=True)
class Done:
    """A deed that was done, as far as a tally of deeds needs it."""

    organisation_id: int
    action: str
    details: Mapping[str, Any]


async def done_in(tx: AsyncConnection, group_id: int) -> AsyncGenerator[Done]:
    """Every deed that was done in a group, page by page."""
    last = 0
    columns = (event.c.id, event.c.organisation_id, event.c.action, event.c.details)
    while True:
        which = event.c.group_id == group_id, event.c.outcome == "done", event.c.id > last
        rows = (await tx.execute(select(*columns).where(*which).order_by(event.c.id).limit(_AT_ONCE))).all()
        for key, of, action, details in rows:
            last = key
            yield Done(of, action, json.loads(details))
        if len(rows) < _AT_ONCE:
            return


async def last_given(
    tx: AsyncConnection, collections: Collection[int], organisations: Collection[int]
) -> dict[int, int]:
    """When each of these organisations was last given something of these collections (microseconds); those that never were are left out."""
    found: dict[int, int] = {}
    for key in collections:
        for action in GIVING:
            newest = (
                select(event.c.at)
                .where(
                    event.c.collection_id == key,
                    event.c.action == action,
                    event.c.organisation_id == organisation.c.id,
                    event.c.outcome == "done",
                )
                .order_by(event.c.as_of.desc())
                .limit(1)
                .scalar_subquery()
            )
            asked = select(organisation.c.id, newest).where(organisation.c.id.in_(set(organisations)))
            for of, at in await tx.execute(asked):
                if at is not None:
                    found[of] = max(at, found.get(of, 0))
    return found
