"""Faults to plant in the hub, each of a kind that a change could bring: the machine must find every one."""

from collections.abc import Callable, Mapping
from dataclasses import replace

import pytest
from sqlalchemy import BigInteger, ColumnElement, FromClause, bindparam, exists, literal_column, not_, true

from faults.processes import break_the_clock
from indicator_hub.store import entries, pages, roster, rulings, visible
from indicator_hub.store.schema import entry
from indicator_hub.taxii.query import Query, next_token
from indicator_hub.trust.audience import EVERYONE
from indicator_hub.web import taxii
from store.planted import put_apart

Plant = Callable[[pytest.MonkeyPatch], None]


async def _nothing(*_: object, **__: object) -> None:
    """Leave it undone."""


def _everything(_: FromClause) -> ColumnElement[bool]:
    return true()


def _own_however_recalled(e: FromClause) -> ColumnElement[bool]:
    return e.c.organisation_id == bindparam("organisation", type_=BigInteger)


def _latest_of_what_is_ahead(e: FromClause) -> ColumnElement[bool]:
    newer = entry.alias("newer")
    return not_(
        exists(literal_column("1")).where(
            newer.c.collection_id == e.c.collection_id,
            newer.c.stix_id == e.c.stix_id,
            newer.c.organisation_id == e.c.organisation_id,
            newer.c.spec_version == e.c.spec_version,
            newer.c.version_key > e.c.version_key,
            newer.c.date_added > bindparam("after", type_=BigInteger),
            visible.visible(newer),
        )
    )


def _one_too_far(query: Query, position: int, **signed: object) -> str:
    return next_token(query, position + 1, **signed)  # type: ignore[arg-type]


def _without_a_beginning(patch: pytest.MonkeyPatch) -> None:
    known = pages.parameters
    patch.setattr(visible, "since", _everything)
    patch.setattr(pages, "parameters", lambda query, reach: known(query, replace(reach, sees_from=0)))


def _put(where: object, name: str, what: object) -> Plant:
    return lambda patch: patch.setattr(where, name, what)


FAULTS: Mapping[str, Plant] = {
    "date_added is the time of writing": lambda patch: break_the_clock(patch.setattr),
    "next is one too far": _put(taxii, "next_token", _one_too_far),
    "a recall leaves it to others": _put(entries, "NOBODY", EVERYONE),
    "a recall leaves it to its originator": _put(visible, "own", _own_however_recalled),
    "last is taken of what lies ahead": put_apart("latest", _latest_of_what_is_ahead),
    "superseded is not kept": _put(entries, "refresh_superseded", _nothing),
    "what a recall uncovers keeps its date": _put(rulings, "uncovered", lambda *_: []),
    "everybody sees from the beginning": _without_a_beginning,
    "all lines of an id are shown": put_apart("shown", _everything),
    "every rendering is given": _put(visible, "newest_specification", _everything),
    "a reader is not told that its reach has changed": _put(roster, "note_change", _nothing),
}
