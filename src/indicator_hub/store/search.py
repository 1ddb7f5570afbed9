"""What a reader finds without a poll: the newest of what it sees, by a value, by an id; what was said of it; and counts.

Everything goes through the predicate, for one reach at a time. Nothing here returns the bytes of an object.
"""

import json
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    Integer,
    LargeBinary,
    bindparam,
    case,
    func,
    literal_column,
    null,
    select,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.stix.terms import WITHIN
from indicator_hub.store import audiences, pages, visible
from indicator_hub.store.engine import among, bind_list
from indicator_hub.store.opened import Store
from indicator_hub.store.schema import entry, observable, reference
from indicator_hub.trust.reach import Reach

BEHIND = 2**62
"""A `date_added` behind every other: from the newest on."""
_DIGESTS = (1, 16, 128, 1_024)
"""So many digests stand in one statement, the last one as often as it takes: a handful of texts to prepare, whatever is asked."""
_KEYS = 1_000
_VALUES = 10
"""Values told of one entry."""
SAID = 300
"""Sightings, and opinions that it is wrong, that are counted of one object; where there are more, that is told."""
_TARGETS = 200
"""Objects that they are looked for at once."""
_LARGEST = 16_384
"""Bytes of a sighting or an opinion that is read with others."""
_STRONGLY = "strongly-disagree"
_COLLECTION = bindparam("collection", type_=BigInteger)
_E, _S, _GIVEN = entry.alias("e"), entry.alias("s"), entry.alias("given")

# The statements are put together once: that takes longer than to run them, and a search asks them of every collection.

_FOUND = observable.join(_E, _E.c.id == observable.c.entry_id)
_DIGEST = observable.c.digest.in_(bindparam("digests", type_=LargeBinary, expanding=True))
_KEY = _E.c.id.in_(bindparam("keys", expanding=True))
# Nothing added, as the rows come by their keys.
_HERE = _E.c.collection_id + literal_column("0") == _COLLECTION
_NOT_WITHIN = observable.c.part != literal_column(str(WITHIN))

_BY_VALUE = (
    select(*pages.summary(_E), observable.c.digest, observable.c.part)
    .select_from(_FOUND)
    .where(_DIGEST, visible.visible(_E), pages.current(_E, by="key"))
    .order_by(_E.c.date_added.desc())
    .limit(bindparam("rows", type_=Integer))
)

_NEWEST = func.row_number().over(partition_by=observable.c.digest, order_by=_E.c.date_added.desc()).label("place")
_HITS = {
    (typed, within): select(*pages.summary(_E), observable.c.digest, observable.c.part, _NEWEST)
    .select_from(_FOUND)
    .where(_DIGEST, visible.visible(_E), pages.current(_E, by="key"))
    .where(*[among(_E.c.type, "types")] * typed, *[_NOT_WITHIN] * (not within))
    .subquery("hits")
    for typed in (False, True)
    for within in (False, True)
}
_KNOWN = {
    asked: select(*(column for column in hits.c if column.name != "place"))
    .where(hits.c.place <= bindparam("each", type_=Integer))
    .order_by(hits.c.date_added.desc())
    for asked, hits in _HITS.items()
}
"""By whether types are named, and whether what is said as a part of another value counts."""

_SAYING = (
    select(
        observable.c.entry_id,
        observable.c.kind,
        observable.c.value,
        func.row_number().over(partition_by=observable.c.entry_id, order_by=observable.c.digest).label("place"),
        func.count().over(partition_by=observable.c.entry_id).label("number"),
    )
    .select_from(_FOUND)
    .where(_KEY, _HERE, visible.visible(_E), _NOT_WITHIN)
    .subquery("said")
)
_VALUES_OF = select(_SAYING.c.entry_id, _SAYING.c.kind, _SAYING.c.value, _SAYING.c.number).where(
    _SAYING.c.place <= literal_column(str(_VALUES))
)

_KINDS_OF = (
    select(observable.c.entry_id, observable.c.kind)
    .distinct()
    .select_from(_FOUND)
    .where(_KEY, _HERE, visible.visible(_E), _NOT_WITHIN)
)

_SPEAKING = (
    select(reference.c.target_id, _S.c.id, _S.c.type, _S.c.date_added)
    .distinct()  # a reference counts for the lines of several organisations
    .select_from(reference.join(_S, _S.c.id == reference.c.entry_id))
    .where(
        reference.c.collection_id == _COLLECTION,
        among(reference.c.target_id, "ids"),
        _S.c.type.in_(("sighting", "opinion")),
        _S.c.revoked.is_(False),
        visible.visible(_S),
        pages.current(_S, by="key"),
    )
    .subquery("here")
)
_PLACED = select(
    _SPEAKING,
    func.row_number()
    .over(partition_by=(_SPEAKING.c.target_id, _SPEAKING.c.type), order_by=_SPEAKING.c.date_added.desc())
    .label("place"),
).subquery("placed")
_SHORT = case((func.length(_GIVEN.c.body) <= literal_column(str(_LARGEST)), _GIVEN.c.body), else_=null())
_SAID_OF = (
    select(_PLACED.c.target_id, _PLACED.c.type, _PLACED.c.place, _GIVEN.c.stix_id, _GIVEN.c.id, _SHORT)
    .select_from(_PLACED.join(_GIVEN, _GIVEN.c.id == _PLACED.c.id))
    .where(_PLACED.c.place > bindparam("passed", type_=Integer), _PLACED.c.place <= bindparam("upto", type_=Integer))
    .order_by(_PLACED.c.place)
)
_LONG = select(_GIVEN.c.body).where(_GIVEN.c.id == bindparam("key", type_=BigInteger), visible.visible(_GIVEN))


class Row(NamedTuple):
    """An entry as a search is told of it. Instants in microseconds; `floor` as in `trust/ladder.py`; `as_of` by the collection's clock."""

    date_added: int
    entry: int
    stix_id: str
    type: str
    version: str
    revoked: bool
    organisation_id: int
    held: str | None
    name: str | None
    confidence: int | None
    valid_from: int | None
    valid_until: int | None
    labels: str | None
    floor: int
    as_of: int
    digest: bytes = b""
    part: int | None = None
    """Found by a value: which, and which part of the entry that is (`stix/terms.py`)."""


async def _rows(tx: AsyncConnection, found: Sequence[Sequence[Any]]) -> list[Row]:
    """What was read, with the level of each audience."""
    if not found:
        return []
    named = await audiences.all_of(tx)  # after the rows: one may bear an audience that was new a moment before
    rows: list[Row] = []
    for values in found:
        row = Row(*values)
        floor = named[row.floor].floor
        rows.append(row._replace(revoked=bool(row.revoked), floor=floor, digest=bytes(row.digest)))
    return rows


async def newest(store: Store, reach: Reach, *, before: int, rows: int) -> list[Row]:
    """The newest entries that a reader is given of a collection, before a `date_added`; fewer than `rows` only where there are no more."""
    found = await store.hot.newest(visible.parameters(reach) | pages.looking(reach, before=before, rows=rows))
    async with store.transactions.read() as tx:
        return await _rows(tx, found)


async def by_value(
    tx: AsyncConnection, reach: Reach, digests: Collection[bytes], *, before: int, rows: int
) -> list[Row]:
    """The newest entries that say one of these few values, wholly or in part; one that says two of them may come twice."""
    parameters = visible.parameters(reach) | {"before": before, "rows": rows, "digests": _padded(list(digests))}
    return await _rows(tx, (await tx.execute(_BY_VALUE, parameters)).all())


async def by_id(store: Store, reach: Reach, identifier: str, *, before: int, rows: int) -> list[Row]:
    """The versions of one id that a reader is given."""
    parameters = visible.parameters(reach) | pages.looking(reach, before=before, rows=rows) | {"ids": [identifier]}
    found = await store.hot.rows("newest by id", pages.newest_by_id, parameters)
    async with store.transactions.read() as tx:
        return await _rows(tx, found)


async def known(
    tx: AsyncConnection,
    reach: Reach,
    digests: Sequence[bytes],
    *,
    each: int,
    types: Collection[str] = (),
    within: bool = True,
) -> dict[bytes, list[Row]]:
    """For each of these values the newest entries that say it, of these types if any are named: `each` at most, of what is asked for.

    `within`: also those that say it as a part of another value, as a URL its host.
    """
    statement = _KNOWN[bool(types), within]
    asked = {"before": BEHIND, "each": each} | ({"types": bind_list(tx, types)} if types else {})
    found: dict[bytes, list[Row]] = {}
    for first in range(0, len(digests), _DIGESTS[-1]):
        part = _padded(list(digests[first : first + _DIGESTS[-1]]))
        parameters = visible.parameters(reach) | asked | {"digests": part}
        for one in await _rows(tx, (await tx.execute(statement, parameters)).all()):
            found.setdefault(one.digest, []).append(one)
    return found


def _padded(digests: list[bytes]) -> list[bytes]:
    most = next(size for size in _DIGESTS if size >= len(digests))
    return digests + digests[-1:] * (most - len(digests))


class Values(NamedTuple):
    """Kind and value of the first few that an entry says, in order; and how many it says."""

    first: list[tuple[str, str]]
    number: int


async def values(tx: AsyncConnection, reach: Reach, keys: Sequence[int]) -> dict[int, Values]:
    """What these entries say, as far as the reader sees them."""
    found: dict[int, Values] = {}
    for part in _parts(keys):
        for key, kind, value, number in await tx.execute(_VALUES_OF, visible.parameters(reach) | {"keys": part}):
            found.setdefault(key, Values([], number)).first.append((kind, value))
    for told in found.values():
        told.first.sort()
    return found


async def kinds(tx: AsyncConnection, reach: Reach, keys: Sequence[int]) -> dict[int, set[str]]:
    """The kinds of the values that these entries say, as far as the reader sees them."""
    found: dict[int, set[str]] = {}
    for part in _parts(keys):
        for key, kind in await tx.execute(_KINDS_OF, visible.parameters(reach) | {"keys": part}):
            found.setdefault(key, set()).add(kind)
    return found


def _parts(keys: Sequence[int]) -> list[list[int]]:
    return [list(keys[first : first + _KEYS]) for first in range(0, len(keys), _KEYS)]


@dataclass(frozen=True, slots=True)
class Said:
    """One object that says of another that it was seen, or that it is wrong."""

    of: str
    by: str
    seen: bool


async def said(tx: AsyncConnection, reach: Reach, identifiers: Collection[str], *, most: int = SAID) -> list[Said]:
    """The sightings of these ids that a reader sees in a collection, and the opinions that strongly disagree with them.

    Of each id and each of the two all, or the newest `most` and one more: so whoever counts knows whether there are more than `most`. What
    says neither (a `count` of 0: nothing was seen, STIX 2.1 section 5.2; a milder opinion) takes no place among them.
    """
    found: list[Said] = []
    listed = sorted(set(identifiers))
    for first in range(0, len(listed), _TARGETS):
        passed, left = 0, frozenset(listed[first : first + _TARGETS])
        while left:
            upto = passed + max(most + 1, passed)
            read = await _statements(tx, reach, left, passed, upto)
            found += [one for _, one in read if one is not None]
            told = Counter((one.of, one.seen) for one in found if one.of in left)
            # Who has come to the end of neither is asked again, for what is older: what was read may have been none of it.
            last = {(of, kind == "sighting") for of, kind, place in (key for key, _ in read) if place == upto}
            left = frozenset(of for of, seen in last if told[of, seen] <= most)
            passed = upto
    return _newest(found, most + 1)


def _newest(found: Sequence[Said], most: int) -> list[Said]:
    """The first few of each, as they come."""
    places: Counter[tuple[str, bool]] = Counter()
    kept: dict[Said, None] = {}
    for one in found:
        if one not in kept and places[one.of, one.seen] < most:
            places[one.of, one.seen] += 1
            kept[one] = None
    return list(kept)


async def _statements(
    tx: AsyncConnection, reach: Reach, identifiers: Collection[str], passed: int, upto: int
) -> list[tuple[tuple[str, str, int], Said | None]]:
    """What is said of these ids in sightings, and in opinions: of each the newest but so many, up to so many; None for what says neither."""
    asked = {"before": BEHIND, "ids": bind_list(tx, identifiers), "passed": passed, "upto": upto}
    read: list[tuple[tuple[str, str, int], Said | None]] = []
    for of, kind, at, by, key, content in (await tx.execute(_SAID_OF, visible.parameters(reach) | asked)).all():
        raw = content
        if raw is None:  # a large one by itself, so that many of them are not held at once
            raw = (await tx.execute(_LONG, visible.parameters(reach) | {"key": key})).scalar_one()
        read.append(((of, kind, at), _read(of, by, kind, json.loads(bytes(raw)))))
    return read


def _read(of: str, by: str, kind: str, told: Mapping[str, Any]) -> Said | None:
    if kind == "sighting":
        return Said(of, by, seen=True) if told.get("sighting_of_ref") == of and told.get("count") != 0 else None
    return Said(of, by, seen=False) if told.get("opinion") == _STRONGLY else None


class Counted(NamedTuple):
    """How many versions came on a day (since 1970, UTC), of one type and level and from one organisation."""

    day: int
    type: str
    floor: int
    organisation_id: int
    number: int


async def counted(store: Store, reach: Reach, *, since: int, until: int) -> list[Counted]:
    """What a reader sees of what came to a collection from `since` on and before `until`, in microseconds."""
    rows = await store.hot.counted(visible.parameters(reach) | pages.looking(reach, before=until, since=since))
    found = [Counted(*one) for one in rows]
    async with store.transactions.read() as tx:
        named = await audiences.all_of(tx)
    return [one._replace(floor=named[one.floor].floor) for one in found]
