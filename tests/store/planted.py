"""Faults to plant in the predicate and in what it rests on, each of a kind that a change could bring: the cases must find every one."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import (
    Boolean,
    ColumnElement,
    FromClause,
    SmallInteger,
    and_,
    bindparam,
    exists,
    literal_column,
    not_,
    or_,
    select,
    true,
)

from indicator_hub.store import entries, pages, visible
from indicator_hub.store.engine import Statement
from indicator_hub.store.schema import audience, entry
from indicator_hub.trust.admission import Existing
from indicator_hub.trust.audience import Audience

_superseded = entries.superseded
_of_one = entries._superseded
Plant = Callable[[pytest.MonkeyPatch], None]


async def _nothing(*_: object, **__: object) -> None:
    """Leave it undone."""


def _everything(_: FromClause) -> ColumnElement[bool]:
    return true()


def _audiences(*, cap: bool = True, persons: bool = True, nations: bool = True) -> Statement:
    """Step one, with a question left out or asked wrongly."""
    limit = bindparam("cap", type_=SmallInteger)
    found = select(audience.c.id).where(audience.c.floor <= limit if cap else audience.c.floor < limit)
    if persons:
        found = found.where(or_(not_(audience.c.persons_only), bindparam("person", type_=Boolean)))
    if nations:
        found = found.where(or_(audience.c.nations == literal_column("'*'"), audience.c.nations.like(visible._LISTED)))
    return found


def _another(e: FromClause, name: str, *which: Callable[[FromClause], ColumnElement[bool]]) -> ColumnElement[bool]:
    """Whether the collection holds another of its id of which all this is true."""
    other = entry.alias(name)
    same = other.c.collection_id == e.c.collection_id, other.c.stix_id == e.c.stix_id
    return exists(literal_column("1")).where(*same, *(one(other) for one in which))


def _of_its_line(e: FromClause, name: str, *which: Callable[[FromClause], ColumnElement[bool]]) -> ColumnElement[bool]:
    return _another(e, name, lambda other: other.c.organisation_id == e.c.organisation_id, *which)


def _own_however_recalled(e: FromClause) -> ColumnElement[bool]:
    return e.c.organisation_id == visible._ORGANISATION


def _since_its_latest_date(e: FromClause) -> ColumnElement[bool]:
    return e.c.date_added >= visible._SEES_FROM


def _first_of_all_lines(e: FromClause) -> ColumnElement[bool]:
    """Asked of what is hidden too."""
    return not_(_another(e, "before", lambda other: other.c.line_order < e.c.line_order))


def _first_by_order_alone(e: FromClause) -> ColumnElement[bool]:
    return not_(_another(e, "before", lambda other: other.c.line_order < e.c.line_order, visible.visible))


def _latest_of_what_is_ahead(e: FromClause) -> ColumnElement[bool]:
    ahead = bindparam("after", type_=pages._AFTER.type)
    return not_(
        _of_its_line(
            e,
            "newer",
            lambda other: other.c.spec_version == e.c.spec_version,
            lambda other: other.c.version_key > e.c.version_key,
            lambda other: other.c.date_added > ahead,
            visible.visible,
        )
    )


def _earliest_of_all(e: FromClause) -> ColumnElement[bool]:
    """Asked of what is hidden too."""
    return not_(
        _of_its_line(
            e,
            "older",
            lambda other: other.c.spec_version == e.c.spec_version,
            lambda other: other.c.version_key < e.c.version_key,
        )
    )


def _newest_rendering_of_anybody(e: FromClause) -> ColumnElement[bool]:
    return not_(_another(e, "rendering", lambda other: other.c.spec_version > e.c.spec_version, visible.visible))


def _newest_rendering_of_all(e: FromClause) -> ColumnElement[bool]:
    """Asked of what is hidden too."""
    return not_(_of_its_line(e, "rendering", lambda other: other.c.spec_version > e.c.spec_version))


def _superseded_whenever_it_came(live: Sequence[Existing]) -> dict[int, entries.Superseded]:
    """By audience alone."""
    return _superseded([replace(one, first_added=0) for one in live])


def _covers_every_nation(one: Audience, other: Audience) -> bool:
    return one.floor <= other.floor and (not one.persons_only or other.persons_only)


def _put(where: object, name: str, what: object) -> Plant:
    return lambda patch: patch.setattr(where, name, what)


def put_apart(name: str, what: object) -> Plant:
    """In place of `shown` or `latest`, also where both are asked for at once."""

    def plant(patch: pytest.MonkeyPatch) -> None:
        patch.setattr(visible, name, what)
        patch.setattr(visible, "foremost", lambda e: and_(visible.shown(e), visible.latest(e)))

    return plant


def _first_line_alone(e: FromClause) -> ColumnElement[bool]:
    return and_(e.c.superseded != literal_column("1"), visible.shown(e))


def _asked(**left_out: bool) -> Plant:
    return _put(visible, "audiences", lambda: _audiences(**left_out))


def _without_a_beginning(patch: pytest.MonkeyPatch) -> None:
    known = pages.parameters
    patch.setattr(visible, "since", _everything)
    patch.setattr(pages, "parameters", lambda query, reach: known(query, reach) | {"shared_after": query.after})


def _row_says_nothing(e: FromClause, another: ColumnElement[bool]) -> ColumnElement[bool]:
    return or_(e.c.newer_audience_id.is_not(None), not_(another))


def _row_says_it_of_others_alone(e: FromClause, another: ColumnElement[bool]) -> ColumnElement[bool]:
    newer = e.c.newer_audience_id
    return or_(and_(newer.is_not(None), not_(visible._Belongs(newer))), and_(newer.is_(None), not_(another)))


def _one_of_several(one: Existing, newer: Mapping[Audience, int]) -> entries.Superseded:
    """Names an audience where there are others."""
    found = _of_one(one, newer)
    return entries.Superseded(2, next(iter(newer))) if found.value == 2 else found


def _whenever_that_came(one: Existing, newer: Mapping[Audience, int]) -> entries.Superseded:
    """Names it, whether or not those who joined between see it."""
    found = _of_one(one, newer)
    return entries.Superseded(2, next(iter(newer))) if found.value == 2 and len(newer) == 1 else found


FAULTS: Mapping[str, Plant] = {
    "everybody sees from the beginning": _without_a_beginning,
    "a new date brings it back to who joined later": _put(visible, "since", _since_its_latest_date),
    "a machine reads what is for persons": _asked(persons=False),
    "every nation reads": _asked(nations=False),
    "nobody reads as high as its cap": _asked(cap=False),
    "a recall leaves it to its originator": _put(visible, "own", _own_however_recalled),
    "a hidden line hides another": put_apart("shown", _first_of_all_lines),
    "two lines of one order are shown": put_apart("shown", _first_by_order_alone),
    "another line's rendering hides": _put(visible, "newest_specification", _newest_rendering_of_anybody),
    "a hidden rendering hides": _put(visible, "newest_specification", _newest_rendering_of_all),
    "what is newer in its own line is not asked for": _put(visible, "foremost", _first_line_alone),
    "what is in a line before it is not asked for": _put(visible, "foremost", visible.latest),
    "last is taken of what lies ahead": put_apart("latest", _latest_of_what_is_ahead),
    "first is taken of what is hidden": _put(visible, "earliest", _earliest_of_all),
    "superseded is not kept": _put(entries, "refresh_superseded", _nothing),
    "superseded forgets who joined later": _put(entries, "superseded", _superseded_whenever_it_came),
    "superseded forgets nations": _put(Audience, "covers", _covers_every_nation),
    "who sees what is newer is shown the older too": _put(visible, "_unless", _row_says_nothing),
    "who sees what is newer of its own is shown the older too": _put(visible, "_unless", _row_says_it_of_others_alone),
    "those who see what is newer are not one audience": _put(entries, "_superseded", _one_of_several),
    "those who see what is newer joined before it came": _put(entries, "_superseded", _whenever_that_came),
}
