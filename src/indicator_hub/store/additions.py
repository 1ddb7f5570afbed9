"""Additions: object versions on their way into a collection."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from sqlalchemy import bindparam, select
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.stix import terms, timestamps
from indicator_hub.stix.objects import ObjectVersion
from indicator_hub.store import audiences, bulk, definitions, entries, observables, references
from indicator_hub.store.schema import entry
from indicator_hub.trust.audience import Audience, Ruling
from indicator_hub.trust.reach import Reach
from indicator_hub.trust.references import Line

# Of what was written just now, in order: asking for the key of each when it is written would send them one by one.
_KEYS = (
    select(entry.c.id)
    .where(entry.c.collection_id == bindparam("key"), entry.c.date_added >= bindparam("first"))
    .order_by(entry.c.date_added)
)


class Addition(NamedTuple):
    """An object version, with what was decided about it."""

    candidate: ObjectVersion
    ruling: Ruling
    line_order: int | None
    """The order of the line it joins; None when it begins one."""
    is_creator: bool
    default: int | None = None
    """The level that counted for it because none of its own marks is TLP."""
    refers_to: frozenset[Line] = frozenset()
    """The lines that count for it: it is as strict as they are."""
    released_from: int | None = None
    """The entry in another collection that it is a copy of."""


async def add(
    tx: AsyncConnection,
    reach: Reach,
    additions: Sequence[Addition],
    *,
    status_id: str,
    last: int,
    now: int,
    aside: bool = False,
) -> tuple[list[str], int]:
    """Store object versions, in order, one microsecond each. The clock must be locked; `last` is what `entries.lock` returned.

    Returns the version under which each is known, and the last `date_added` given out. `aside`: they are made rows of, and read, in another thread.
    """
    if not additions:
        return [], last
    audience_ids = await audiences.intern(tx, {one.ruling.audience for one in additions})
    first = max(now, last + 1)
    given = reach, additions, audience_ids, status_id, first
    made = await asyncio.to_thread(_made, *given) if aside else _made(*given)
    # What they say is read while the database writes what they are.
    saying = asyncio.create_task(asyncio.to_thread(_said, additions)) if aside else None
    try:
        await bulk.put(tx, entry, made.rows)
        said = await saying if saying else _said(additions)
    finally:
        if saying:
            saying.cancel()  # where the rows could not be written: nobody asks any more
    waiting = {at: one.ruling.unresolved for at, one in enumerate(additions) if one.ruling.unresolved}
    referring = {at: (one.ruling, one.refers_to) for at, one in enumerate(additions) if one.refers_to}
    if any(said) or waiting or referring:
        keys = (await tx.execute(_KEYS, {"key": reach.key, "first": first})).scalars().all()
        await observables.add(tx, reach.key, zip(keys, said, strict=True))
        if waiting:
            await definitions.wait(tx, reach.organisation_id, {keys[at]: marks for at, marks in waiting.items()})
        if referring:
            await references.add(tx, reach.key, {keys[at]: one for at, one in referring.items()})
    last = first + len(additions) - 1
    await entries.set_clock(tx, reach.key, last)
    return made.versions, last


class _Made(NamedTuple):
    """The rows of entries, and the version under which each is known."""

    rows: bulk.Rows
    versions: list[str]


def _made(
    reach: Reach,
    additions: Sequence[Addition],
    audience_ids: Mapping[Audience, int],
    status_id: str,
    first: int,
) -> _Made:
    begun: dict[str, int] = {}
    rows: list[dict[str, Any]] = []
    for date_added, one in enumerate(additions, first):
        order = begun.get(one.candidate.id, one.line_order)
        if order is None:
            order = begun[one.candidate.id] = 0 if one.is_creator else date_added
        rows.append(_row(reach, one, audience_ids[one.ruling.audience], status_id, date_added, order))
    return _Made(bulk.rows_of(entry, rows), [row["version"] for row in rows])


def _said(additions: Sequence[Addition]) -> list[tuple[terms.Term, ...]]:
    return [terms.terms(one.candidate.value) for one in additions]


def _row(
    reach: Reach, one: Addition, audience_id: int, status_id: str, date_added: int, line_order: int
) -> dict[str, Any]:
    candidate = one.candidate
    version = candidate.version or timestamps.render(date_added)
    key = timestamps.sort_key(version)
    assert reach.account is not None
    told = terms.summary(candidate.value)
    return {
        "collection_id": reach.key,
        "stix_id": candidate.id,
        "type": candidate.type,
        "spec_version": candidate.spec_version,
        "version": version,
        "version_key": key,
        "unique_key": key if candidate.version else "",
        "created": candidate.created,
        "revoked": candidate.revoked,
        "organisation_id": reach.organisation_id,
        "account_id": reach.account.id,
        "status_id": status_id,
        "audience_id": audience_id,
        "held": one.ruling.held,
        "default_level": one.default,
        "date_added": date_added,
        "first_added": date_added,
        "superseded": 0,
        "recalled": 0,
        "line_order": line_order,
        "released_from": one.released_from,
        "name": told.name,
        "confidence": told.confidence,
        "valid_from": told.valid_from,
        "valid_until": told.valid_until,
        "labels": told.labels,
        "sha256": candidate.sha256,
        "body": candidate.raw,
    }
