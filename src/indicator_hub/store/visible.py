"""THE predicate: reach meets audience, once.

Every statement that reads `entry` for somebody is made of the conditions below and takes its parameters from `parameters(reach)`. The
pure twin is `trust/reach.sees`; a property test holds the two together on both databases.
"""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    ColumnElement,
    FromClause,
    SmallInteger,
    Text,
    and_,
    bindparam,
    exists,
    func,
    literal_column,
    not_,
    or_,
    select,
)
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from indicator_hub.store.engine import Statement
from indicator_hub.store.schema import audience, entry
from indicator_hub.trust.reach import Reach

NEVER = -1
_ZERO: ColumnElement[int] = literal_column("0")
_ONE: ColumnElement[int] = literal_column("1")
_TWO: ColumnElement[int] = literal_column("2")
_ORGANISATION = bindparam("organisation", type_=BigInteger)
# Put together in SQL: SQLite compiles a statement anew at every execution when a bare parameter stands behind LIKE.
_LISTED = literal_column("'%/'", Text).concat(bindparam("nation", type_=Text)).concat(literal_column("'/%'", Text))
_SEES_FROM = bindparam("sees_from", type_=BigInteger)
_BELONGS = (
    audience.c.floor <= bindparam("cap", type_=SmallInteger),
    or_(not_(audience.c.persons_only), bindparam("person", type_=Boolean)),
    or_(audience.c.nations == literal_column("'*'"), audience.c.nations.like(_LISTED)),
)
# Made once: SQLAlchemy takes longer to make the columns of an alias than a database to find a row.
_BEFORE, _RENDERING, _NEWER, _OLDER, _OTHER = (
    entry.alias(name) for name in ("before", "rendering", "newer", "older", "other")
)


def parameters(reach: Reach) -> dict[str, Any]:
    """What the conditions ask of a reach. The anonymous reader is no organisation, and so owns nothing."""
    return {
        "collection": reach.key,
        "organisation": reach.organisation_id or NEVER,
        "cap": reach.cap,
        "person": reach.person,
        "nation": reach.nation or "-",
        "sees_from": reach.sees_from,
    }


def audiences() -> Statement:
    """Step one: the audiences this reach belongs to. A few dozen rows are asked, whatever the number of objects."""
    return select(audience.c.id).where(*_BELONGS)


def reached() -> ColumnElement[str]:
    """Step one beside other columns: a list in JSON (SQLite)."""
    return select(func.json_group_array(audience.c.id)).where(*_BELONGS).scalar_subquery()


def reached_array() -> ColumnElement[Sequence[int]]:
    """The same, as an array, or NULL for none (PostgreSQL)."""
    return select(func.array_agg(audience.c.id)).where(*_BELONGS).scalar_subquery().label("reached")


def own(e: FromClause) -> ColumnElement[bool]:
    """The reader's organisation put it there, and it has not been recalled."""
    return and_(e.c.organisation_id == _ORGANISATION, e.c.recalled == _ZERO)


def own_record(e: FromClause) -> ColumnElement[bool]:
    """The organisation's own record: what it put there, held and recalled too, whatever its membership is now."""
    return e.c.organisation_id == _ORGANISATION


def since(e: FromClause) -> ColumnElement[bool]:
    """This version came to the hub when the membership already saw."""
    return e.c.first_added >= _SEES_FROM


def visible(e: FromClause) -> ColumnElement[bool]:
    """Step two, the whole of it: what this reach sees; a recalled entry's audience is nobody's."""
    return or_(own(e), and_(_Belongs(e.c.audience_id), since(e)))


class _Belongs(FunctionElement[bool]):
    """Whether this reach belongs to an audience. Compiled with `reached`, the audiences are the parameter of that name.

    That is only for a statement that tells in its own snapshot which they are, and whose rows are not used where those are others.
    """

    inherit_cache = True
    type = Boolean()

    def __init__(self, audience_id: ColumnElement[int]) -> None:
        super().__init__(audience_id, audience_id.in_(audiences()))

    def self_group(self, against: Any = None) -> Any:  # noqa: ARG002 - the signature is SQLAlchemy's
        """As it stands."""
        return self


@compiles(_Belongs)
def _belongs(element: _Belongs, compiler: Any, **kw: Any) -> str:
    audience_id, asked = element.clauses
    if not kw.get("reached"):
        return compiler.process(asked, **kw)
    return f"{compiler.process(audience_id, **kw)} = ANY ({compiler.process(_REACHED, **kw)})"


_REACHED = bindparam("reached", type_=ARRAY(BigInteger))


def shown(e: FromClause) -> ColumnElement[bool]:
    """Of an id that several organisations share: whether this is the line the reader is shown, its creator's or else the oldest visible."""
    before = exists(_ONE).where(*_same_id(e, _BEFORE), _is_before(e, _BEFORE), visible(_BEFORE))
    return or_(e.c.superseded != _TWO, e.c.newer_audience_id.is_not(None), not_(before))


def latest(e: FromClause) -> ColumnElement[bool]:
    """The newest version in its line that this reach sees. Only where readers differ (superseded = 2) is more asked."""
    return and_(e.c.superseded != _ONE, or_(e.c.superseded == _ZERO, _unless(e, _other_version(e, "newer"))))


def foremost(e: FromClause) -> ColumnElement[bool]:
    """`shown` and `latest` at once: the other versions of an id of which readers see different ones are gone through once for both."""
    other = _OTHER
    trumps = or_(_is_before(e, other), and_(_is_newer(e, other), *_same_line(e, other)))
    return and_(
        e.c.superseded != _ONE,
        or_(e.c.superseded == _ZERO, _unless(e, exists(_ONE).where(*_same_id(e, other), trumps, visible(other)))),
    )


def _unless(e: FromClause, another: ColumnElement[bool]) -> ColumnElement[bool]:
    """Not where the reader sees what goes before it: the row itself says so, or else its id is asked."""
    newer = e.c.newer_audience_id
    return or_(
        and_(newer.is_not(None), not_(or_(own(e), _Belongs(newer)))),
        and_(newer.is_(None), not_(another)),
    )


def earliest(e: FromClause) -> ColumnElement[bool]:
    """The oldest version in its line that this reach sees."""
    return not_(_other_version(e, "older"))


def newest_specification(e: FromClause) -> ColumnElement[bool]:
    """A STIX 2.0 rendering is hidden where a 2.1 rendering of the same id is visible (TAXII 2.1 section 3.4.1, spec_version)."""
    other = _RENDERING
    return or_(
        e.c.spec_version == literal_column("'2.1'"),
        not_(
            exists(_ONE).where(
                *_same_id(e, other),
                # In its own line: which line is shown is decided by `shown`, and by nothing that another organisation posts.
                other.c.organisation_id + _ZERO == e.c.organisation_id,
                other.c.spec_version > e.c.spec_version,
                visible(other),
            )
        ),
    )


def _other_version(e: FromClause, name: str) -> ColumnElement[bool]:
    other = _NEWER if name == "newer" else _OLDER
    version = _is_newer(e, other) if name == "newer" else _is_newer(other, e)
    return exists(_ONE).where(*_same_id(e, other), version, *_same_line(e, other), visible(other))


def _same_id(e: FromClause, other: FromClause) -> Sequence[ColumnElement[bool]]:
    return other.c.collection_id == e.c.collection_id, other.c.stix_id == e.c.stix_id


def _same_line(e: FromClause, other: FromClause) -> Sequence[ColumnElement[bool]]:
    # Nothing added, so that no planner takes the index of the organisation for it and walks over all that it ever shared.
    return other.c.organisation_id + _ZERO == e.c.organisation_id, other.c.spec_version == e.c.spec_version


def _is_newer(e: FromClause, other: FromClause) -> ColumnElement[bool]:
    return other.c.version_key > e.c.version_key


def _is_before(e: FromClause, other: FromClause) -> ColumnElement[bool]:
    """Whether the other is in a line that goes before this one."""
    return and_(
        # Of an organisation's own versions none is in another line; this much the index says, and none of them is fetched.
        other.c.organisation_id + _ZERO != e.c.organisation_id,
        or_(
            other.c.line_order < e.c.line_order,
            and_(other.c.line_order == e.c.line_order, other.c.organisation_id < e.c.organisation_id),
        ),
    )
