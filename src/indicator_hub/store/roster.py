"""The roster as stored: read whole, and written change by change."""

import json
from collections.abc import Collection as Collection_
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from types import MappingProxyType
from typing import Any

from sqlalchemy import Table, bindparam, delete, insert, or_, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store import jobs
from indicator_hub.store.schema import (
    account,
    agreement,
    clock,
    collection,
    feed,
    membership,
    organisation,
    stix_identity,
    trust_group,
)
from indicator_hub.trust.roster import (
    MAPPINGS,
    Agreement,
    Collection,
    Contact,
    Feed,
    Group,
    Membership,
    Organisation,
    Roster,
)

AGREEMENT = (
    agreement.c.name,
    agreement.c.title,
    agreement.c.legal_basis,
    agreement.c.purposes,
    agreement.c.starts,
    agreement.c.ends,
)
GROUP = (
    trust_group.c.name, trust_group.c.title, trust_group.c.description, trust_group.c.kind, trust_group.c.starts, trust_group.c.ends,
    trust_group.c.purpose, trust_group.c.lead_nation,
)  # fmt: skip
COLLECTION = (
    collection.c.uuid, collection.c.alias, collection.c.title, collection.c.description, collection.c.ceiling, collection.c.default_level,
    collection.c.writable,
)  # fmt: skip
_COLLECTION = select(*COLLECTION).where(collection.c.id == bindparam("key"))
MEMBERSHIP = (
    membership.c.role, membership.c.can_write, membership.c.steward, membership.c.starts, membership.c.ends, membership.c.sees_from,
)  # fmt: skip


def agreement_of(row: Sequence[Any]) -> Agreement | None:
    """From the columns AGREEMENT; None where an outer join found none."""
    name, title, legal_basis, purposes, starts, ends = row
    return None if name is None else Agreement(name, title, legal_basis, tuple(json.loads(purposes)), starts, ends)


def group_of(row: Sequence[Any], agreement_name: str | None) -> Group:
    """From the columns GROUP."""
    name, title, description, kind, starts, ends, purpose, lead_nation = row
    return Group(name, title, description, kind, agreement_name, starts, ends, purpose, lead_nation)


def collection_of(row: Sequence[Any], group: str) -> Collection:
    """From the columns COLLECTION."""
    uuid, alias, title, description, ceiling, default, writable = row
    return Collection(uuid, group, alias, title, description, ceiling, default, writable)


def membership_of(row: Sequence[Any], organisation_name: str, group: str, sponsor: str | None = None) -> Membership:
    """From the columns MEMBERSHIP."""
    role, can_write, steward, starts, ends, sees_from = row
    return Membership(organisation_name, group, role, bool(can_write), bool(steward), sponsor, starts, ends, sees_from)


async def read(tx: AsyncConnection) -> Roster:
    """Everything declared, as stored."""
    names = await organisations(tx)
    return Roster(
        organisations=await _organisations(tx),
        agreements={
            one.name: one for row in await tx.execute(select(*AGREEMENT)) if (one := agreement_of(row)) is not None
        },
        groups={
            row[0]: group_of(row[:-1], row[-1])
            for row in await tx.execute(
                select(*GROUP, agreement.c.name).select_from(
                    trust_group.outerjoin(agreement, agreement.c.id == trust_group.c.agreement_id)
                )
            )
        },
        memberships={
            (names[org], group): membership_of(row, names[org], group, names.get(sponsor))
            for org, group, sponsor, *row in await tx.execute(
                select(membership.c.organisation_id, trust_group.c.name, membership.c.sponsor_id, *MEMBERSHIP).join(
                    trust_group, trust_group.c.id == membership.c.group_id
                )
            )
        },
        collections={
            (group, row[1]): collection_of(row, group)
            for group, *row in await tx.execute(
                select(trust_group.c.name, *COLLECTION).join(trust_group, trust_group.c.id == collection.c.group_id)
            )
        },
        feeds={one.name: one for one in await feeds(tx)},
    )


async def organisations(tx: AsyncConnection) -> dict[int, str]:
    """Every organisation's name, by its row."""
    return dict((await tx.execute(select(organisation.c.id, organisation.c.name))).all())


async def parties(tx: AsyncConnection, group_id: int) -> dict[int, str]:
    """The organisations that have, had or will have a part in a group, by row."""
    joined = organisation.join(membership, membership.c.organisation_id == organisation.c.id)
    statement = select(organisation.c.id, organisation.c.name).select_from(joined)
    return dict((await tx.execute(statement.where(membership.c.group_id == group_id))).all())


async def sponsors(tx: AsyncConnection, group_id: int) -> dict[int, str]:
    """Who sponsors each client of a group, by the client's row."""
    joined = membership.join(organisation, organisation.c.id == membership.c.sponsor_id)
    statement = select(membership.c.organisation_id, organisation.c.name).select_from(joined)
    return dict((await tx.execute(statement.where(membership.c.group_id == group_id))).all())


async def contacts(tx: AsyncConnection, keys: Collection_[int]) -> dict[int, dict[str, str]]:
    """How these organisations are reached, by row: what each says of its duty desk."""
    which = select(organisation.c.id, organisation.c.contact).where(organisation.c.id.in_(set(keys)))
    return {
        key: {name: said for name, said in json.loads(contact).items() if said}
        for key, contact in await tx.execute(which)
    }


async def nations(tx: AsyncConnection, keys: Collection_[int]) -> dict[int, str]:
    """The nations of these organisations, by row."""
    which = select(organisation.c.id, organisation.c.nation).where(organisation.c.id.in_(set(keys)))
    return dict((await tx.execute(which)).all())


async def _organisations(tx: AsyncConnection) -> dict[str, Organisation]:
    identities: dict[int, list[str]] = {}
    for key, identity in await tx.execute(
        select(stix_identity.c.organisation_id, stix_identity.c.identity).order_by("identity")
    ):
        identities.setdefault(key, []).append(identity)
    statement = select(
        organisation.c.id, organisation.c.name, organisation.c.title, organisation.c.nation, organisation.c.contact
    ).order_by(organisation.c.name)
    return {
        name: Organisation(name, title, nation, Contact(**json.loads(contact)), tuple(identities.get(key, ())))
        for key, name, title, nation, contact in await tx.execute(statement)
    }


async def feeds(tx: AsyncConnection) -> list[Feed]:
    """The feeds declared and not ended, by name."""
    statement = select(feed.c.declaration).where(feed.c.ends.is_(None)).order_by(feed.c.name)
    return [declared_feed(declaration) for declaration in (await tx.execute(statement)).scalars()]


def declared_feed(declaration: str) -> Feed:
    """A feed as it was declared, from what is kept of it."""
    values: dict[str, Any] = json.loads(declaration)
    for name in MAPPINGS:
        values[name] = MappingProxyType(values.get(name, {}))
    for name in ("indicator_types", "labels"):
        values[name] = tuple(values[name])
    return Feed(**values)


async def write(tx: AsyncConnection, value: object, *, now: int) -> None:
    """Store one noun of the roster as declared: added if new, changed if not. What it refers to must be there."""
    match value:
        case Organisation():
            await _write_organisation(tx, value)
        case Agreement():
            row = asdict(value) | {"purposes": json.dumps(value.purposes, ensure_ascii=False)}
            await _put(tx, agreement, {"name": value.name}, row)
        case Group():
            row = asdict(value)
            of = row.pop("agreement")
            await _put(
                tx,
                trust_group,
                {"name": value.name},
                row | {"agreement_id": await _key(tx, agreement, of) if of else None},
            )
        case Membership():
            row = asdict(value)
            key = {
                "organisation_id": await _key(tx, organisation, row.pop("organisation")),
                "group_id": await _key(tx, trust_group, row.pop("group")),
            }
            sponsor = row.pop("sponsor")
            await _put(
                tx, membership, key, row | {"sponsor_id": await _key(tx, organisation, sponsor) if sponsor else None}
            )
        case Collection():
            await _write_collection(tx, value)
        case Feed():
            await _write_feed(tx, value, now)
        case _:
            raise TypeError(type(value))


async def level(tx: AsyncConnection, collection_id: int) -> int | None:
    """The level that counts in a collection where marks say none."""
    return (await tx.execute(select(collection.c.default_level).where(collection.c.id == collection_id))).scalar_one()


async def terms(tx: AsyncConnection, collection_id: int, group: str) -> Collection:
    """A collection as it is declared now. While its clock is locked its default does not change (`apply`)."""
    return collection_of((await tx.execute(_COLLECTION, {"key": collection_id})).one(), group)


async def group_key(tx: AsyncConnection, collection_id: int) -> int:
    """The row of a collection's group."""
    return (await tx.execute(select(collection.c.group_id).where(collection.c.id == collection_id))).scalar_one()


async def organisation_key(tx: AsyncConnection, name: str) -> int:
    """The row of an organisation."""
    return await _key(tx, organisation, name)


async def collection_keys(tx: AsyncConnection, names: Collection_[tuple[str, str]] | None) -> list[int]:
    """The rows of those of these collections that are there, by group and alias, or of all (None); in order."""
    joined = collection.join(trust_group, trust_group.c.id == collection.c.group_id)
    statement = select(collection.c.id).select_from(joined).order_by(collection.c.id)
    if names is not None:
        statement = statement.where(tuple_(trust_group.c.name, collection.c.alias).in_(names))
    return list((await tx.execute(statement)).scalars())


async def note_change(tx: AsyncConnection, value: Membership, *, now: int) -> None:
    """From now on something lies behind this member's cursors that it has not read."""
    key = (await _key(tx, organisation, value.organisation), await _key(tx, trust_group, value.group))
    of = (membership.c.organisation_id == key[0], membership.c.group_id == key[1])
    await tx.execute(update(membership).where(*of).values(reach_changed=now))


async def end_feed(tx: AsyncConnection, name: str, *, now: int) -> None:
    """A feed is no longer declared: it runs no more, what it brought stays."""
    await tx.execute(update(feed).where(feed.c.name == name).values(ends=now))


async def _write_organisation(tx: AsyncConnection, value: Organisation) -> None:
    row: dict[str, Any] = {
        "title": value.title,
        "nation": value.nation,
        "contact": json.dumps(asdict(value.contact), ensure_ascii=False),
    }
    if not await _change(tx, organisation, {"name": value.name}, row):
        await tx.execute(insert(organisation).values(name=value.name, suspended=False, **row))
    key = await _key(tx, organisation, value.name)
    # Taken from whoever had them too: an identity that moves may come to its new owner before the old one is written.
    moved = stix_identity.c.identity.in_(value.stix_identities)
    await tx.execute(delete(stix_identity).where(or_(stix_identity.c.organisation_id == key, moved)))
    if value.stix_identities:
        await tx.execute(
            insert(stix_identity), [{"identity": one, "organisation_id": key} for one in value.stix_identities]
        )


async def _write_collection(tx: AsyncConnection, value: Collection) -> None:
    row = asdict(value)
    group = await _key(tx, trust_group, row.pop("group"))
    uuid, default = row.pop("id"), row.pop("default")
    row |= {"group_id": group, "default_level": default}
    if not await _change(tx, collection, {"uuid": uuid}, row):
        added = insert(collection).values(uuid=uuid, **row).returning(collection.c.id)
        key = (await tx.execute(added)).scalar_one()
        await tx.execute(insert(clock).values(collection_id=key, last_added=0))


async def _write_feed(tx: AsyncConnection, value: Feed, now: int) -> None:
    """A feed submits as an account of its own, of the organisation that imports it.

    One that is declared otherwise than it was, or again, begins anew: it is due at once, its failures were those of the old declaration, and what it
    reads is read again, as the same content may now say something else.
    """
    key = await _key(tx, organisation, value.organisation)
    name = f"feed:{value.name}"
    if not await _change(tx, account, {"name": name}, {"organisation_id": key}):
        new = {
            "name": name,
            "organisation_id": key,
            "kind": "feed",
            "scopes": "read submit",
            "suspended": False,
            "lists_empty": False,
        }
        await tx.execute(insert(account).values(**new, created=now))
    group = await _key(tx, trust_group, value.group)
    target = select(collection.c.id).where(collection.c.group_id == group, collection.c.alias == value.collection)
    # Field by field: `asdict` copies deeply, which a read-only mapping does not allow.
    declaration = {one.name: getattr(value, one.name) for one in fields(value)}
    declaration |= {name: dict(getattr(value, name)) for name in MAPPINGS}
    row = {
        "account_id": await _key(tx, account, name),
        "collection_id": (await tx.execute(target)).scalar_one(),
        "declaration": json.dumps(declaration, ensure_ascii=False),
        "ends": None,
    }
    before = (await tx.execute(select(feed.c.declaration, feed.c.ends).where(feed.c.name == value.name))).one_or_none()
    was = declared_feed(before.declaration) if before is not None else None
    if before is not None and (was != value or before.ends is not None):
        row |= {"failures": 0, "etag": None, "last_modified": None, "content_sha256": None}
        made_here = value.format == "misp"  # of events that were taken already, too
        if was is None or made_here or any(getattr(was, name) != getattr(value, name) for name in _ELSEWHERE):
            row["place"] = None
        await jobs.set_due(tx, jobs.of_feed(value.name), due=now)
    await _put(tx, feed, {"name": value.name}, row)


_ELSEWHERE = ("source", "format", "organisation", "group", "collection")
"""What cannot change without everything having to come again, from the beginning of a TAXII collection."""


async def _put(tx: AsyncConnection, table: Table, key: Mapping[str, Any], row: Mapping[str, Any]) -> None:
    if not await _change(tx, table, key, row):
        await tx.execute(insert(table).values(**{**row, **key}))


async def _change(tx: AsyncConnection, table: Table, key: Mapping[str, Any], row: Mapping[str, Any]) -> bool:
    which = [table.c[name] == value for name, value in key.items()]
    return (await tx.execute(update(table).where(*which).values(dict(row)))).rowcount > 0


async def _key(tx: AsyncConnection, table: Table, name: str) -> int:
    return (await tx.execute(select(table.c.id).where(table.c.name == name))).scalar_one()
