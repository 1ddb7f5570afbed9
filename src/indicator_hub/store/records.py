"""Versions with all that the hub keeps of them: for their originator, and of what a reader sees for evidence and for who else sees it.

The originator's own record does not depend on any group: also what is held or recalled, and what it gave to a group that is asleep now.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any

from sqlalchemy import ColumnElement, FromClause, Select, bindparam, func, literal_column, not_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.errors import NotFound
from indicator_hub.stix import timestamps
from indicator_hub.store import audiences, visible
from indicator_hub.store.engine import among, bind_list
from indicator_hub.store.schema import account, collection, entry, organisation, trust_group
from indicator_hub.trust.admission import Recalled
from indicator_hub.trust.audience import Audience
from indicator_hub.trust.reach import Reach


class Kept(Enum):
    """Which part of one's own record."""

    SHARED = "shared"
    HELD = "held"
    RECALLED = "recalled"


@dataclass(frozen=True, slots=True)
class Record:
    """A version of one organisation in one collection. Instants in microseconds; `body` is empty where only listed."""

    entry: int
    collection_id: int
    collection: str
    group: str
    stix_id: str
    spec_version: str
    version: str
    revoked: bool
    organisation_id: int
    organisation: str
    account: str
    sender: str
    """The organisation whose account sent it here: its originator, or who released it."""
    status_id: str
    audience: Audience
    held: str | None
    default: int | None
    recalled: Recalled
    date_added: int
    first_added: int
    line_order: int
    released_from: int | None
    name: str | None
    """What the object calls itself, or the beginning of that."""
    sha256: bytes
    body: bytes = b""


def _records(e: FromClause, *, bodies: bool) -> Select[Any]:
    sender = organisation.alias("sender")
    columns: list[ColumnElement[Any]] = [
        e.c.id, e.c.collection_id, collection.c.uuid, trust_group.c.name, e.c.stix_id, e.c.spec_version, e.c.version, e.c.revoked,
        e.c.organisation_id, organisation.c.name, account.c.name, sender.c.name, e.c.status_id, e.c.audience_id, e.c.held, e.c.default_level,
        e.c.recalled, e.c.date_added, e.c.first_added, e.c.line_order, e.c.released_from, e.c.name, e.c.sha256,
    ]  # fmt: skip
    joined = (
        e.join(collection, collection.c.id == e.c.collection_id)
        .join(trust_group, trust_group.c.id == collection.c.group_id)
        .join(organisation, organisation.c.id == e.c.organisation_id)
        .join(account, account.c.id == e.c.account_id)
        .join(sender, sender.c.id == account.c.organisation_id)
    )
    return select(*columns, *([e.c.body] if bodies else ())).select_from(joined)


async def _read(tx: AsyncConnection, statement: Select[Any], parameters: dict[str, Any]) -> list[Record]:
    rows = (await tx.execute(statement, parameters)).all()
    named = await audiences.all_of(tx)  # after the rows: one may bear an audience that was new a moment before
    found: list[Record] = []
    for row in rows:
        values = list(row)
        values[7], values[13], values[16] = bool(values[7]), named[values[13]], Recalled(values[16])
        values[22:] = map(bytes, values[22:])
        found.append(Record(*values))
    return found


async def seen(
    tx: AsyncConnection, reach: Reach, identifier: str, *, bodies: bool = False, shown: bool = False
) -> list[Record]:
    """The versions of one id that this reach sees, whoever shared them, as they were added; or of these the line that it is `shown`."""
    e = entry.alias("e")
    here = e.c.collection_id == bindparam("collection"), e.c.stix_id == bindparam("identifier")
    which = (visible.visible(e), visible.shown(e)) if shown else (visible.visible(e),)
    statement = _records(e, bodies=bodies).where(*here, *which).order_by(e.c.first_added)
    return await _read(tx, statement, visible.parameters(reach) | {"identifier": identifier})


async def given(tx: AsyncConnection, reach: Reach, *, most: int) -> dict[int, int]:
    """How many objects of each organisation this reach sees in a collection, by row; of more than `most` objects only so many are counted."""
    e = entry.alias("e")
    here = e.c.collection_id == bindparam("collection"), visible.visible(e), visible.foremost(e)
    seen_here = select(e.c.organisation_id).where(*here).limit(most).subquery()
    counted = select(seen_here.c.organisation_id, func.count()).group_by(seen_here.c.organisation_id)
    return dict((await tx.execute(counted, visible.parameters(reach))).all())


async def own(
    tx: AsyncConnection, organisation_id: int, kept: Kept, *, after: tuple[str, int], limit: int
) -> list[Record]:
    """The next of an organisation's own record, by collection and `date_added`, behind the place `after`.

    A place names no collection, only what `place_of` makes of it: copies lie in some of which their originator may not know.
    """
    e = entry.alias("e")
    recalled = e.c.recalled != literal_column("0")
    which = {
        Kept.SHARED: (not_(recalled), e.c.held.is_(None)),
        Kept.HELD: (not_(recalled), e.c.held.is_not(None)),
        Kept.RECALLED: (recalled,),
    }[kept]
    found: list[Record] = []
    rows = (await tx.execute(select(collection.c.id, collection.c.uuid))).all()
    places = sorted((place_of(organisation_id, uuid), key) for key, uuid in rows)
    # One range for each collection: no order over all of them is kept, and none is sorted.
    for place, key in places:
        if place < after[0]:
            continue
        behind = e.c.date_added > (after[1] if place == after[0] else -1)
        mine = visible.own_record(e), e.c.collection_id == bindparam("collection"), behind, *which
        statement = _records(e, bodies=False).where(*mine).order_by(e.c.date_added).limit(limit - len(found))
        found += await _read(tx, statement, {"collection": key, "organisation": organisation_id})
        if len(found) >= limit:
            break
    return found


def place_of(organisation_id: int, uuid: str) -> str:
    """A collection's place in an organisation's own record: in an order of its own, and nothing that tells which it is."""
    return hashlib.sha256(f"{organisation_id} {uuid}".encode()).hexdigest()


async def own_versions(
    tx: AsyncConnection, organisation_id: int, identifier: str, *, bodies: bool = False
) -> list[Record]:
    """Every version of one id in an organisation's own record, in every collection, as they came."""
    e = entry.alias("e")
    mine = (
        visible.own_record(e),
        e.c.stix_id == bindparam("identifier"),
        e.c.collection_id.in_(select(collection.c.id)),
    )
    statement = _records(e, bodies=bodies).where(*mine).order_by(e.c.collection_id, e.c.first_added, e.c.id)
    return await _read(tx, statement, {"organisation": organisation_id, "identifier": identifier})


async def own_latest(
    tx: AsyncConnection, organisation_id: int, collection_id: int, identifiers: Iterable[str], *, revoked: bool = False
) -> list[bytes]:
    """The newest version of each of these ids that an organisation shares in a collection and has not taken back; `revoked`: withdrawn ones too."""
    e = entry.alias("e")
    which = (
        visible.own_record(e),
        e.c.collection_id == bindparam("collection"),
        among(e.c.stix_id, "ids"),
        e.c.recalled == literal_column("0"),
    )
    columns = (e.c.stix_id, e.c.version_key, e.c.revoked, e.c.body)
    statement = select(*columns).where(*which).order_by(e.c.stix_id, e.c.version_key)
    parameters = {"organisation": organisation_id, "collection": collection_id, "ids": bind_list(tx, identifiers)}
    newest = {name: (ended, body) for name, _, ended, body in await tx.execute(statement, parameters)}
    return [bytes(body) for ended, body in newest.values() if revoked or not ended]


async def by_entry(tx: AsyncConnection, key: int) -> Record:
    """One version by its row. For the hub's own judgement and for what its originator or who asked for consent is told of it."""
    e = entry.alias("e")
    (found,) = await _read(tx, _records(e, bodies=False).where(e.c.id == bindparam("key")), {"key": key})
    return found


async def releases(tx: AsyncConnection, keys: Collection[int]) -> dict[int, int]:
    """Every copy that was released of these entries, and of those copies, with its collection: those that are recalled already, too.

    For the recall that reaches them.
    """
    found: dict[int, int] = {}
    ahead = list(keys)
    while ahead:
        statement = select(entry.c.id, entry.c.collection_id).where(entry.c.released_from.in_(ahead[:500]))
        ahead = ahead[500:]
        new = {key: at for key, at in await tx.execute(statement) if key not in found}
        found |= new
        ahead += list(new)
    return found


async def copies(tx: AsyncConnection, key: int, collections: Collection[int]) -> dict[int, int]:
    """The copies of an entry in these collections, with their collections; recalled ones too. For the recall that reaches them."""
    which = entry.c.released_from == key, entry.c.collection_id.in_(collections)
    return dict((await tx.execute(select(entry.c.id, entry.c.collection_id).where(*which))).all())


async def live_copies(tx: AsyncConnection, key: int, collection_id: int) -> list[int]:
    """The copies of an entry in a collection that are not recalled. For the hub's own judgement of what stands on which consent."""
    which = entry.c.released_from == key, entry.c.collection_id == collection_id, entry.c.recalled == Recalled.NO.value
    return list((await tx.execute(select(entry.c.id).where(*which))).scalars())


def newest(seen: Sequence[Record], version: str | None) -> Record:
    """Of the versions of one id that a reader sees the one it is shown, or the one that it names. Raises NotFound."""
    named = [one for one in seen if version is None or timestamps.sort_key(one.version) == timestamps.sort_key(version)]
    if not named:
        raise NotFound
    line = min(named, key=lambda one: (one.line_order, one.organisation_id)).organisation_id
    return max(
        (one for one in named if one.organisation_id == line),
        key=lambda one: (one.spec_version, timestamps.sort_key(one.version)),
    )
