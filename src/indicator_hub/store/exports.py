"""What lists are made of: the values of the indicators that a reach sees, in the order of their bytes.

Read in one snapshot, in two steps: first the keys of all rows, which the database sorts and hands out batch by batch; then what each batch says
of itself. So nothing is sorted but keys, and no more than one batch is ever held here. Hidden rows are not walked over: each audience of the
reader is one range of an index, and its own organisation's rows are another.
"""

from collections.abc import AsyncGenerator, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    FromClause,
    SmallInteger,
    Text,
    and_,
    bindparam,
    case,
    exists,
    func,
    literal_column,
    null,
    or_,
    select,
    true,
    union,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.exports.format import Order
from indicator_hub.exports.row import Row
from indicator_hub.stix.terms import label_part, labels_of
from indicator_hub.store import audiences, visible
from indicator_hub.store.engine import among, bind_list
from indicator_hub.store.schema import (
    audience,
    audience_history,
    clock,
    collection,
    entry,
    feed,
    observable,
    reference,
    warning_list,
)
from indicator_hub.trust.ladder import HELD, RED
from indicator_hub.trust.reach import Reach

AT_ONCE = 1_000
"""Rows of a batch."""
INDICATOR = ("indicator",)
_OPINIONS_AT_ONCE = 100
"""Opinions of a batch that are held at a time: there may be any number of them."""
_OF, _NATIONS, _BODY = 15, 16, 17
"""Where in a row of `_columns` the organisation and the nations stand, and behind them the body where it is read."""
_COLLECTIONS = bindparam("collections", expanding=True, type_=BigInteger)
_KEYS = bindparam("keys", expanding=True, type_=BigInteger)
_FIRST: ColumnElement[int] = literal_column("1")


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which rows: a filter as the database asks it. `since` and `before` are of `date_added`, in microseconds; `ids` only where whole objects are read.

    `originators` are rows of organisations. Empty tuples ask for all.
    """

    types: tuple[str, ...] = INDICATOR
    kinds: tuple[str, ...] = ()
    level: int = RED
    confidence: int | None = None
    labels: tuple[str, ...] = ()
    originators: tuple[int, ...] | None = None
    since: int | None = None
    before: int | None = None
    ids: tuple[str, ...] = ()
    whole: bool = False
    order: Order = "value"


async def clocks(tx: AsyncConnection, collections: Collection[int]) -> dict[int, int]:
    """What the clock of each collection shows."""
    statement = select(clock.c.collection_id, clock.c.last_added).where(clock.c.collection_id.in_(_COLLECTIONS))
    return dict((await tx.execute(statement, {"collections": list(collections)})).all())


async def lists(tx: AsyncConnection, collections: Collection[int]) -> list[list[Any]]:
    """The lists that feeds of these collections are held to: what tells one version of them from another."""
    joined = warning_list.join(feed, feed.c.id == warning_list.c.feed_id)
    columns = (feed.c.name, feed.c.declaration, feed.c.ends, warning_list.c.updated)
    statement = select(*columns).select_from(joined).where(feed.c.collection_id.in_(_COLLECTIONS)).order_by(feed.c.name)
    return [list(row) for row in await tx.execute(statement, {"collections": list(collections)})]


async def batches(
    tx: AsyncConnection,
    reach: Reach,
    collections: Collection[int],
    wanted: Wanted,
    *,
    sources: Mapping[int, str],
    bodies: bool,
) -> AsyncGenerator[list[tuple[Row, int]]]:
    """The rows in their order, batch by batch, each with the organisation that it is of; `sources` are those that are named. `pap` is left to the caller.

    `reach` is the reader's in the group, the same in each of these collections of it. A row's marks are in its body, which is read only if asked for.
    """
    e = entry.alias("e")
    reached = e.c.audience_id.in_(visible.audiences())
    shared = select(e.c.id, e.c.stix_id).where(reached, *_conditions(e, wanted, visible.visible(e)))
    mine = select(e.c.id, e.c.stix_id).where(*_conditions(e, wanted, visible.own(e)))
    keys = union(shared, mine).subquery("keys")
    o = observable
    if wanted.whole:
        empty, nought = literal_column("''", Text), literal_column("0", SmallInteger)
        statement = select(empty.label("kind"), keys.c.stix_id, nought.label("part"), keys.c.id)
        if wanted.kinds:
            says = exists(_FIRST).where(o.c.entry_id == keys.c.id, among(o.c.kind, "kinds"), o.c.part.in_((0, 1)))
            statement = statement.where(says)
        statement = statement.order_by(keys.c.stix_id, keys.c.id)
    else:
        statement = (
            select(o.c.kind, o.c.value, o.c.part, keys.c.id)
            .join_from(keys, o, o.c.entry_id == keys.c.id)
            .where(among(o.c.kind, "kinds") if wanted.kinds else true(), o.c.part.in_((0, 1)))
            .order_by(*_order(wanted, o.c.kind, o.c.value, keys.c.id))
        )
    parameters = visible.parameters(reach) | _parameters(tx, wanted) | {"collections": list(collections)}
    result = await tx.stream(statement, parameters, execution_options={"yield_per": AT_ONCE})
    try:
        async for rows in result.partitions(AT_ONCE):
            yield await _told(tx, reach, rows, sources, bodies=bodies)
    finally:
        await result.close()


def _order(
    wanted: Wanted, kind: ColumnElement[str], value: ColumnElement[str], key: ColumnElement[int]
) -> list[ColumnElement[Any]]:
    """By what the rows are sorted."""
    if wanted.order == "version":
        return [func.substr(kind, 1, 4), value, kind, key]
    return [_bare(value), value, kind, key] if wanted.order == "bare" else [value, kind, key]


def _bare(value: ColumnElement[str]) -> ColumnElement[str]:
    """`exports.row.bare`, asked of the database."""
    return case(
        (func.substr(value, 1, 8) == "https://", func.substr(value, 9)),
        (func.substr(value, 1, 7) == "http://", func.substr(value, 8)),
        else_=value,
    )


def _conditions(e: FromClause, wanted: Wanted, seen: ColumnElement[bool]) -> list[ColumnElement[bool]]:
    """What is seen, in these collections: the newest version that is, and the filters."""
    found = [
        e.c.collection_id.in_(_COLLECTIONS),
        seen,
        visible.newest_specification(e),
        visible.foremost(e),
        among(e.c.type, "types"),
    ]
    if wanted.level < RED:
        low = select(audience.c.id).where(audience.c.floor <= bindparam("level", type_=SmallInteger))
        found.append(e.c.audience_id.in_(low))
    if wanted.confidence is not None:
        found.append(e.c.confidence >= bindparam("confidence", type_=SmallInteger))
    if wanted.labels:
        found.append(or_(*(e.c.labels.contains(label_part(label), autoescape=True) for label in wanted.labels)))
    if wanted.originators is not None:
        found.append(e.c.organisation_id.in_(bindparam("originators", expanding=True, type_=BigInteger)))
    if wanted.since is not None:
        found.append(e.c.date_added >= bindparam("since", type_=BigInteger))
    if wanted.before is not None:
        found.append(e.c.date_added < bindparam("before", type_=BigInteger))
    if wanted.ids:
        found.append(among(e.c.stix_id, "ids"))
    return found


def _parameters(tx: AsyncConnection, wanted: Wanted) -> dict[str, Any]:
    return {
        "types": bind_list(tx, wanted.types),
        "kinds": bind_list(tx, wanted.kinds),
        "ids": bind_list(tx, wanted.ids),
        "level": wanted.level,
        "confidence": wanted.confidence,
        "originators": list(wanted.originators or ()),
        "since": wanted.since,
        "before": wanted.before,
    }


def _columns(e: FromClause) -> tuple[ColumnElement[Any], ...]:
    return (
        e.c.id, collection.c.uuid, e.c.stix_id, e.c.created, e.c.version, e.c.date_added, audience.c.floor, audience.c.persons_only, e.c.name,
        e.c.confidence, e.c.valid_from, e.c.valid_until, e.c.labels, e.c.revoked, e.c.held, e.c.organisation_id,
        audience.c.nations,
    )  # fmt: skip


def _joined(e: FromClause) -> FromClause:
    return e.join(audience, audience.c.id == e.c.audience_id).join(collection, collection.c.id == e.c.collection_id)


async def _told(
    tx: AsyncConnection, reach: Reach, rows: Sequence[Any], sources: Mapping[int, str], *, bodies: bool
) -> list[tuple[Row, int]]:
    """What the entries of a batch say of themselves."""
    e = entry.alias("e")
    columns = (*_columns(e), e.c.body) if bodies else _columns(e)
    statement = select(*columns).select_from(_joined(e)).where(e.c.id.in_(_KEYS), visible.visible(e))
    keys = sorted({row[3] for row in rows})
    told: dict[int, Any] = {
        row[0]: row for row in await tx.execute(statement, visible.parameters(reach) | {"keys": keys})
    }
    return [
        (_row(kind, value, part, told[key], sources.get(told[key][_OF], "")), told[key][_OF])
        for kind, value, part, key in rows
    ]


async def opinions(
    tx: AsyncConnection, reach: Reach, collections: Collection[int], about: Collection[str], by: Collection[int]
) -> AsyncGenerator[tuple[str, int, int, bytes | None]]:
    """What these organisations think of these ids, as far as this reach sees it: id, organisation, when that opinion last changed, and its newest version.

    None instead of a version that is not the newest, or revokes it: what such a one said counts no longer, but when that came about does.
    """
    s, newer = entry.alias("s"), entry.alias("n")
    changed = (
        # Nothing added, here and below, so that it is found by its line, and not by going back from the newest entry of the collection.
        select(func.max(newer.c.date_added + literal_column("0")))
        .where(
            newer.c.collection_id == s.c.collection_id,
            newer.c.stix_id == s.c.stix_id,
            newer.c.organisation_id + literal_column("0") == s.c.organisation_id,
            visible.visible(newer),
        )
        .scalar_subquery()
    )
    counts = and_(s.c.revoked.is_(False), visible.newest_specification(s), visible.foremost(s))
    statement = (
        select(reference.c.target_id, s.c.organisation_id, changed, case((counts, s.c.body), else_=null()))
        .select_from(reference.join(s, s.c.id == reference.c.entry_id))
        .where(
            reference.c.collection_id.in_(_COLLECTIONS),
            among(reference.c.target_id, "ids"),
            s.c.type == literal_column("'opinion'"),
            s.c.organisation_id.in_(bindparam("by", expanding=True, type_=BigInteger)),
            visible.visible(s),
        )
    )
    parameters = visible.parameters(reach) | {
        "collections": list(collections), "ids": bind_list(tx, about), "by": sorted(by),
    }  # fmt: skip
    result = await tx.stream(statement, parameters, execution_options={"yield_per": _OPINIONS_AT_ONCE})
    try:
        async for of, organisation, at, body in result:
            yield of, organisation, at, None if body is None else bytes(body)
    finally:
        await result.close()


async def bodies_of(tx: AsyncConnection, reach: Reach, keys: Collection[int]) -> dict[int, bytes]:
    """The bytes of entries that this reach sees, by key: where their marks have to be looked at after all."""
    e = entry.alias("e")
    statement = select(e.c.id, e.c.body).where(e.c.id.in_(_KEYS), visible.visible(e))
    parameters = visible.parameters(reach) | {"keys": sorted(keys)}
    return {key: bytes(body) for key, body in await tx.execute(statement, parameters)}


def _row(kind: str, value: str, part: int, told: Any, source: str = "") -> Row:
    floor, nations = told[6], audiences.nations_of(told[_NATIONS])
    return Row(
        kind=kind,
        value=value,
        part=part,
        entry=told[0],
        collection=told[1],
        stix_id=told[2],
        created=told[3] or "",
        modified=told[4],
        date_added=told[5],
        level=min(floor, RED),
        source=source,
        persons_only=bool(told[7]),
        name=told[8] or "",
        confidence=told[9],
        valid_from=told[10],
        valid_until=told[11],
        labels=tuple(labels_of(told[12])),
        revoked=bool(told[13]),
        held=told[14] is not None or floor >= HELD,
        nations=None if nations is None else tuple(sorted(nations)),
        body=bytes(told[_BODY]) if len(told) > _BODY else b"",
    )


async def days(
    tx: AsyncConnection, reach: Reach, collections: Collection[int], wanted: Wanted, *, day: int
) -> list[tuple[int, int]]:
    """The organisations and days, counted in microseconds of one, from which there are rows at all."""
    e = entry.alias("e")
    of = (e.c.date_added // literal_column(str(day), BigInteger)).label("day")
    reached = e.c.audience_id.in_(visible.audiences())
    shared = select(e.c.organisation_id, of).where(reached, *_conditions(e, wanted, visible.visible(e)))
    mine = select(e.c.organisation_id, of).where(*_conditions(e, wanted, visible.own(e)))
    parameters = visible.parameters(reach) | _parameters(tx, wanted) | {"collections": list(collections)}
    return [(row[0], int(row[1])) for row in await tx.execute(union(shared, mine), parameters)]


async def aged(tx: AsyncConnection, reach: Reach, collections: Collection[int], *, before: int) -> int:
    """When the newest of what came before an instant came: 0 where nothing did."""
    e = entry.alias("e")
    statement = select(func.max(e.c.date_added)).where(
        e.c.collection_id.in_(_COLLECTIONS), e.c.date_added < bindparam("before"), visible.visible(e)
    )
    parameters = visible.parameters(reach) | {"before": before, "collections": list(collections)}
    return (await tx.execute(statement, parameters)).scalar_one() or 0


async def went(tx: AsyncConnection, reach: Reach, collections: Collection[int]) -> int:
    """When something that this reach saw was last changed or taken from it, by the collections' clocks: 0 when nothing was."""
    e, h = entry.alias("e"), audience_history.alias("h")
    reached = and_(h.c.audience_id.in_(visible.audiences()), visible.since(e))
    statement = (
        select(func.max(h.c.until))
        .join_from(h, e, e.c.id == h.c.entry_id)
        .where(
            h.c.until.is_not(None),
            e.c.collection_id.in_(_COLLECTIONS),
            or_(reached, e.c.organisation_id == bindparam("organisation", type_=BigInteger)),
        )
    )
    parameters = visible.parameters(reach) | {"collections": list(collections)}
    return (await tx.execute(statement, parameters)).scalar_one() or 0


async def facts(tx: AsyncConnection, keys: Collection[int]) -> Mapping[int, list[Row]]:
    """What entries say of themselves, a row for each value, by key: whether a list held them. For the hub's own reckoning, never to give out."""
    e = entry.alias("e")
    statement = (
        select(*_columns(e), observable.c.kind, observable.c.value, observable.c.part)
        .select_from(_joined(e).join(observable, observable.c.entry_id == e.c.id))
        .where(e.c.id.in_(_KEYS), observable.c.part.in_((0, 1)))
    )
    found: dict[int, list[Row]] = {}
    rows: list[Any] = list(await tx.execute(statement, {"keys": sorted(keys)}))
    for row in rows:
        kind, value, part = row[-3:]
        found.setdefault(row[0], []).append(_row(kind, value, part, tuple(row[:-3])))
    return found
