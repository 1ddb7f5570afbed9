"""The statements behind a page, written once. `hot_sqlite.py` and `hot_postgresql.py` compile them for their database, once for each shape.

A page is one index range for each audience of the reader and one of its own organisation, each in the order of `date_added` and read only
as far as the page needs it; no shape walks over hidden rows, counts them, or sorts. What the organisation put there lies in its own range and
not in the others, and these end where it would fill the page alone: else they would walk over all that it ever shared. What is only given
out is joined by the database. A search reads the same ranges from their newest end, without bodies.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from sqlalchemy import (
    ARRAY,
    BigInteger,
    BindParameter,
    ColumnElement,
    FromClause,
    Function,
    Integer,
    LargeBinary,
    Text,
    and_,
    any_,
    bindparam,
    case,
    column,
    func,
    literal_column,
    not_,
    null,
    or_,
    select,
    table,
    true,
    union,
)
from sqlalchemy import cast as cast_to

from indicator_hub.store import visible
from indicator_hub.store.engine import Statement, among
from indicator_hub.store.schema import clock, entry
from indicator_hub.taxii.query import ALL, FIRST, LAST, Filters, Query
from indicator_hub.trust.reach import Reach

MAX_BYTES = 16 * 1024 * 1024
"""A page ends with the body that reaches this many bytes, however many rows were asked for."""

_NAMES = ("stix_id", "version", "spec_version")
_COLLECTION = bindparam("collection", type_=BigInteger)
_AFTER = bindparam("after", type_=BigInteger)
# What is shared cannot have come before the membership saw: its ranges begin there, and nothing hidden is passed over on the way.
_SHARED_AFTER = bindparam("shared_after", type_=BigInteger)
_ROWS = bindparam("rows", type_=Integer)
# What the collection's clock shows in the very snapshot that the page is read from.
_AS_OF = select(clock.c.last_added).where(clock.c.collection_id == _COLLECTION).scalar_subquery().label("as_of")
_NO_AS_OF = cast_to(null(), BigInteger).label("as_of")
_NO_REACHED = cast_to(null(), ARRAY(BigInteger)).label("reached")
_ZERO, _ONE, _TWO = (literal_column(digit, Integer) for digit in "012")
# Before every `date_added` there can be.
_HEAD: ColumnElement[int] = literal_column("-2")


class Shape(NamedTuple):
    """Which columns and conditions a page has, without their values: one compiled statement each.

    `bodies` and so many `names` (id, version, specification) are what is read of a row beside its `date_added`: each costs its time.
    """

    bodies: bool
    names: int
    ids: bool
    types: bool
    spec_versions: bool
    keywords: frozenset[str]
    values: bool

    @classmethod
    def of(cls, filters: Filters, *, bodies: bool, names: int = 3) -> "Shape":
        """The shape of these filters."""
        return cls(
            bodies,
            names,
            bool(filters.ids),
            bool(filters.types),
            bool(filters.spec_versions),
            filters.keywords,
            bool(filters.values),
        )

    @property
    def latest(self) -> bool:
        """Whether it is the latest version of each object that is asked for, and no other."""
        return self.keywords == frozenset((LAST,)) and not self.values

    @property
    def quick(self) -> bool:
        """Whether the page is read from where the cursor stands, without passing over rows that a filter drops."""
        return self.ids or (self.latest and not (self.types or self.spec_versions))


def parameters(query: Query, reach: Reach) -> dict[str, Any]:
    """What a page's conditions are bound to, beside the reach."""
    filters = query.filters
    return {
        "after": query.after,
        "shared_after": max(query.after, reach.sees_from - 1),
        "rows": query.limit + 1,
        "limit": query.limit,
        "inline": MAX_BYTES // (query.limit + 1),
        "most": MAX_BYTES,
        **{name: list(values) for name in _LISTS if (values := getattr(filters, name))},
    }


_LISTS = ("ids", "types", "spec_versions", "values")
"""Filters that are bound where they are set: else their conditions are not in the statement."""


def columns(e: FromClause, shape: Shape) -> Sequence[ColumnElement[Any]]:
    """What a row of a page is: the fields of `taxii.page.Entry`, as far as they are asked for."""
    found = [e.c.date_added, e.c.body if shape.bodies else null().label("body")]
    return [*found, *(e.c[name] for name in _NAMES[: shape.names])]


def conditions(e: FromClause, shape: Shape, after: BindParameter[int] = _AFTER) -> list[ColumnElement[bool]]:
    """Everything but visibility and the range: cursor, filters, and which versions."""
    found = [e.c.collection_id == _COLLECTION, e.c.date_added > after]
    if shape.ids:
        found.append(among(e.c.stix_id, "ids"))
    if shape.types:
        found.append(among(e.c.type, "types"))
    found.append(among(e.c.spec_version, "spec_versions") if shape.spec_versions else visible.newest_specification(e))
    if shape.latest:
        return [*found, visible.foremost(e)]
    return [*found, visible.shown(e)] if ALL in shape.keywords else [*found, visible.shown(e), _versions(e, shape)]


def _versions(e: FromClause, shape: Shape) -> ColumnElement[bool]:
    kinds: list[ColumnElement[bool]] = []
    if LAST in shape.keywords:
        kinds.append(visible.latest(e))
    if FIRST in shape.keywords:
        kinds.append(visible.earliest(e))
    if shape.values:
        kinds.append(among(e.c.version_key, "values"))
    # A lone condition stays bare, so that `superseded <> 1` meets the partial index.
    return kinds[0] if len(kinds) == 1 else or_(*kinds)


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts of a page, which are put together for the database in use, as many `shared` as its reader has audiences.

    `upto` tells where the reader's own organisation would fill the page alone, as a table of that name. `shared` are the rows of `:audience`,
    without those of the own organisation, which stand in `own`; they are merged in the order of `date_added`. `head` is the first row of a page, none of an
    entry, and always there: what the collection's clock shows, and which audiences the reader has, in the very snapshot of the page. `joined`
    is a whole page in one row: the number of objects, the first and last `date_added`, the bodies with a comma between, where they are asked for
    the `id version` lines, how many bodies are longer than `inline` and left out, whether more follow, the clock and the audiences.
    """

    upto: Statement
    shared: Statement
    own: Statement
    head: Statement
    joined: Statement


@dataclass(frozen=True, slots=True)
class SqliteParts(Parts):
    """Only keys are merged, as the table `page`: `rows` and `joined` find the rest by them. `joined` fails where a body is longer than `inline`, and does not say whether more follow."""

    rows: Statement


def for_sqlite(shape: Shape) -> SqliteParts:
    """SQLite merges ranges lazily as they are, and copies what it merges at each turn. The head tells instead of a body, as text, the clock and the audiences, with a blank between."""
    e = entry.alias("e")
    keys = e.c.date_added, e.c.id
    found = entry.alias("found")
    both = _KEYS.join(found, found.c.id == _KEYS.c.id)
    # A body that is too long for a page in one go ends the statement: were it only left out, those behind it would be read for nothing.
    too_long = func.zeroblob(_MOST)
    objects = func.group_concat(case((func.length(found.c.body) <= _INLINE, found.c.body), else_=too_long))
    # Written out: a function would be called for each row.
    lines = func.group_concat(_line(found), literal_column("'\n'"))
    joined = (
        *_places(_KEYS.c.date_added),
        cast_to(objects, LargeBinary),
        cast_to(lines, LargeBinary) if shape.names else null(),
        _AS_OF,
        visible.reached(),
    )
    return SqliteParts(
        upto=_upto(shape),
        shared=select(*keys).where(_of_audience(e), visible.since(e), *_shared(e, shape)),
        own=select(*keys).where(visible.own(e), *conditions(e, shape)),
        head=_told(shape),
        joined=select(*joined).select_from(both),
        rows=select(_KEYS.c.date_added, *columns(found, shape)[1:]).select_from(both),
    )


def for_postgresql(shape: Shape) -> Parts:
    """Each range is cut by itself: only so does PostgreSQL merge them lazily, and not sort them whole.

    The head has `as_of` and `reached`. A body longer than `inline` bytes is left out, since it is not known yet whether it goes out, and
    its key and length stand beside it. `joined` is made of the table `page`: merged rows, numbered, one more than go out.
    """
    e = entry.alias("e")
    what = [*columns(e, shape)[:1], *_short(e, shape), *columns(e, shape)[2:], *_long(e, shape), _NO_AS_OF, _NO_REACHED]
    out = _PAGE.c.n <= _LIMIT
    lines = func.string_agg(_line(_PAGE), func.chr(literal_column("10"))).filter(out)
    count, first, last = _places(_PAGE.c.date_added)
    joined = (
        count.filter(out),
        first,
        last.filter(out),
        func.string_agg(_PAGE.c.body, cast_to(literal_column("','"), LargeBinary)).filter(out),
        func.convert_to(lines, literal_column("'UTF8'")) if shape.names else null(),
        func.count(_PAGE.c.key).filter(out),
        count > _LIMIT,
        _AS_OF,
        visible.reached_array(),
    )
    return Parts(
        upto=_upto(shape),
        shared=select(*what)
        .where(_of_audience(e), visible.since(e), *_shared(e, shape))
        .order_by(e.c.date_added)
        .limit(_ROWS),
        own=select(*what).where(visible.own(e), *conditions(e, shape)).order_by(e.c.date_added).limit(_ROWS),
        head=_told_apart(shape),
        joined=select(*joined).select_from(_PAGE),
    )


_INLINE = bindparam("inline", type_=Integer)
_MOST = bindparam("most", type_=Integer)
_LIMIT = bindparam("limit", type_=Integer)
_UPTO = select(column("date_added", BigInteger)).select_from(table("upto")).scalar_subquery()
_KEYS = table("page", column("date_added", BigInteger), column("id", BigInteger))
_PAGE = table(
    "page", column("n", BigInteger), column("date_added", BigInteger), column("body", LargeBinary), column("key", BigInteger),
    *(column(name, Text) for name in _NAMES),
)  # fmt: skip
_LAST_OF_ALL = literal_column(str(2**63 - 1), BigInteger)


def _upto(shape: Shape) -> Statement:
    """The place of the own row that is the last the page can need; the end of all where that is not among the first own rows.

    Only rows are counted that are certainly on the page, mostly by the index alone: too far is never wrong. Together the conditions must be at
    least as strict as `conditions` are for own rows.
    """
    mine, hard = entry.alias("mine"), entry.alias("hard")
    certain = [mine.c.collection_id == _COLLECTION, mine.c.date_added > _AFTER]
    if shape.latest:
        certain += [mine.c.superseded != _ONE, mine.c.superseded == _ZERO]
    else:
        certain.append(mine.c.superseded != _TWO)
    if shape.types:
        certain.append(among(mine.c.type, "types"))
    if not (shape.latest or ALL in shape.keywords):
        certain.append(_versions(mine, shape))
    is_21 = mine.c.spec_version == _IS_21
    certain.append(among(mine.c.spec_version, "spec_versions") if shape.spec_versions else is_21)
    uncertain = or_(hard.c.superseded == _TWO, hard.c.spec_version != _IS_21)  # as the index of these rows has it
    ahead = hard.c.collection_id == _COLLECTION, hard.c.date_added > _AFTER
    far = _nth(hard, _ROWS * _FAR, visible.own(hard), *ahead, uncertain)
    near = mine.c.date_added <= func.coalesce(far, _LAST_OF_ALL)
    full = _nth(mine, _ROWS, visible.own(mine), *certain, near)
    return select(func.coalesce(full, _LAST_OF_ALL).label("date_added"))


def _nth(e: FromClause, number: ColumnElement[int], *conditions: ColumnElement[bool]) -> ColumnElement[int]:
    """The place of this one of the rows that meet the conditions."""
    places = select(e.c.date_added).where(*conditions).order_by(e.c.date_added)
    return places.limit(_ONE).offset(number - _ONE).scalar_subquery()


_FAR: ColumnElement[int] = literal_column("3", Integer)
"""Own rows that are passed over for each that a page may have, since others may be shown for them: contested, or of STIX 2.0."""
_IS_21: ColumnElement[str] = literal_column("'2.1'", Text)


def _places(date_added: ColumnElement[int]) -> tuple[Function[int], Function[int], Function[int]]:
    return func.count(), func.min(date_added), func.max(date_added)


def _line(row: FromClause) -> ColumnElement[str]:
    return row.c.stix_id.concat(literal_column("' '")).concat(row.c.version)


def _is_long(e: FromClause) -> ColumnElement[bool]:
    return func.octet_length(e.c.body) > _INLINE


def _short(e: FromClause, shape: Shape) -> list[ColumnElement[Any]]:
    body = case((_is_long(e), null()), else_=e.c.body) if shape.bodies else null()
    return [cast_to(body, LargeBinary).label("body")]


def _long(e: FromClause, shape: Shape) -> list[ColumnElement[Any]]:
    if not shape.bodies:
        return _no_keys()
    size = case((_is_long(e), func.octet_length(e.c.body)))
    return [case((_is_long(e), e.c.id)).label("key"), cast_to(size, BigInteger).label("size")]


def _no_keys() -> list[ColumnElement[Any]]:
    return [cast_to(null(), BigInteger).label(name) for name in ("key", "size")]


def _told(shape: Shape) -> Statement:
    told = cast_to(_AS_OF.element, Text).concat(literal_column("' '")).concat(visible.reached())
    names = (null().label(name) for name in _NAMES[: shape.names])
    return select(_HEAD.label("date_added"), told.label("body"), *names)


def _told_apart(shape: Shape) -> Statement:
    names: list[ColumnElement[Any]] = [cast_to(null(), Text).label(name) for name in _NAMES[: shape.names]]
    nothing = [cast_to(null(), LargeBinary).label("body"), *names, *_no_keys()]
    return select(cast_to(_HEAD, BigInteger).label("date_added"), *nothing, _AS_OF, visible.reached_array())


def _of_audience(e: FromClause) -> ColumnElement[bool]:
    return e.c.audience_id == bindparam("audience", type_=BigInteger)


def _shared(e: FromClause, shape: Shape) -> Sequence[ColumnElement[bool]]:
    """What the reader's own organisation put there stands in its own range."""
    return [not_(visible.own(e)), *conditions(e, shape, _SHARED_AFTER), e.c.date_added <= _UPTO]


def long_bodies() -> Statement:
    """Bodies that a page left out, by the keys that it gave for them (PostgreSQL): of those that are still seen."""
    e = entry.alias("e")
    return select(e.c.id, e.c.body).where(
        e.c.id == any_(bindparam("keys", type_=ARRAY(BigInteger))), visible.visible(e)
    )


def by_id(shape: Shape) -> Statement:
    """The rows of given ids, through the index of lines: few, and found without a range."""
    e = entry.alias("e")
    return (
        select(*columns(e, shape), _AS_OF)
        .with_hint(e, "INDEXED BY ux_entry_line", "sqlite")
        .where(visible.visible(e), *conditions(e, shape))
        .order_by(e.c.date_added)
        .limit(_ROWS)
    )


def any_version() -> Statement:
    """Whether this reach sees any version of one id."""
    e = entry.alias("e")
    return (
        select(e.c.date_added)
        .with_hint(e, "INDEXED BY ux_entry_line", "sqlite")
        .where(e.c.collection_id == _COLLECTION, among(e.c.stix_id, "ids"), visible.visible(e))
        .limit(literal_column("1"))
    )


# What a search looks through: the same ranges, from the newest on.

_BEFORE = bindparam("before", type_=BigInteger)


def looking(reach: Reach, *, before: int, rows: int = 0, since: int = 0) -> dict[str, Any]:
    """What these ranges are bound to, beside the reach."""
    return {"before": before, "shared_after": reach.sees_from - 1, "rows": rows, "from": since}


def summary(e: FromClause) -> Sequence[ColumnElement[Any]]:
    """What a search is told of an entry: the fields of `store.search.Row`, `date_added` first."""
    return [
        e.c.date_added, e.c.id, e.c.stix_id, e.c.type, e.c.version, e.c.revoked, e.c.organisation_id, e.c.held, e.c.name, e.c.confidence,
        e.c.valid_from, e.c.valid_until, e.c.labels, e.c.audience_id, _AS_OF,
    ]  # fmt: skip


def current(e: FromClause, *, by: Literal["date", "line", "key"] = "date") -> ColumnElement[bool]:
    """Of what is visible in a collection, before the cursor, what a reader is given who asks for nothing in particular.

    `by`: how the rows come. By their line or their keys: nothing added to what would name another index, so that no planner walks over the
    collection, newest first, instead, and over what is hidden in it.
    """
    nothing: ColumnElement[int] = literal_column("0")
    return and_(
        e.c.collection_id + nothing == _COLLECTION if by == "key" else e.c.collection_id == _COLLECTION,
        e.c.date_added < _BEFORE if by == "date" else e.c.date_added + nothing < _BEFORE,
        visible.newest_specification(e),
        visible.foremost(e),
    )


def newest_shared() -> Statement:
    """The newest rows of one audience."""
    e = entry.alias("e")
    owner = and_(e.c.audience_id == bindparam("audience", type_=BigInteger), visible.since(e))
    return _newest(summary(e), and_(owner, e.c.date_added > _SHARED_AFTER), e)


def newest_own() -> Statement:
    """The newest rows of the reader's own organisation."""
    e = entry.alias("e")
    return _newest(summary(e), visible.own(e), e)


def _newest(what: Sequence[ColumnElement[Any]], owner: ColumnElement[bool], e: FromClause) -> Statement:
    return select(*what).where(owner, current(e)).order_by(e.c.date_added.desc()).limit(_ROWS)


def newest_merged() -> Statement:
    """The newest rows of all ranges in one statement: keys, cut to the rows wanted, then what is told of each (PostgreSQL)."""
    e = entry.alias("e")
    reached = visible.audiences().subquery("reached")
    owner = and_(e.c.audience_id == reached.c.id, visible.since(e))
    shared = _newest([e.c.date_added], and_(owner, e.c.date_added > _SHARED_AFTER), e).lateral("shared")
    mine = _newest([e.c.date_added], visible.own(e), e).subquery("mine")
    keys = union(
        select(shared.c.date_added).select_from(reached.join(shared, onclause=true())), select(mine.c.date_added)
    ).subquery()
    page = select(keys.c.date_added).order_by(keys.c.date_added.desc()).limit(_ROWS).subquery("page")
    given = entry.alias("given")
    told = (
        select(*summary(given))
        .where(given.c.collection_id == _COLLECTION, given.c.date_added == page.c.date_added)
        .limit(literal_column("1"))
        .lateral("told")
    )
    return select(*told.c).select_from(page.join(told, onclause=true())).order_by(page.c.date_added.desc())


def newest_by_id() -> Statement:
    """The versions of given ids, through the index of lines, the newest first."""
    e = entry.alias("e")
    return (
        select(*summary(e))
        .with_hint(e, "INDEXED BY ux_entry_line", "sqlite")
        .where(among(e.c.stix_id, "ids"), visible.visible(e), current(e, by="line"))
        .order_by(e.c.date_added.desc())
        .limit(_ROWS)
    )


_DAY = literal_column("86400000000", BigInteger)


def counted_shared() -> Statement:
    """How many rows of one audience came in a window of time, by day, type, audience and organisation."""
    e = entry.alias("e")
    owner = and_(e.c.audience_id == bindparam("audience", type_=BigInteger), visible.since(e))
    # What the reader's own organisation put there is counted in its own range.
    other = e.c.organisation_id != bindparam("organisation", type_=BigInteger)
    return _counted(e, "ix_entry_audience", owner, other, e.c.date_added > _SHARED_AFTER)


def counted_own() -> Statement:
    """The same of the reader's own organisation."""
    e = entry.alias("e")
    return _counted(e, "ix_entry_organisation", visible.own(e))


def _counted(e: FromClause, index: str, *owner: ColumnElement[bool]) -> Statement:
    by = (e.c.date_added // _DAY).label("day"), e.c.type, e.c.audience_id, e.c.organisation_id
    within = e.c.date_added >= bindparam("from", type_=BigInteger), e.c.date_added < _BEFORE
    here = e.c.collection_id == _COLLECTION
    which = here, *within, visible.shown(e), visible.newest_specification(e)
    # Left alone, SQLite reads the window of all the collection, hidden rows too.
    rows = select(*by).with_hint(e, f"INDEXED BY {index}", "sqlite").where(*owner, *which).subquery("rows")
    return select(*rows.c, func.count().label("number")).group_by(*rows.c)
