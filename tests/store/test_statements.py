"""The statements that the store's modules keep hold the predicate, each for every row of entries that it reads: looked up in the statements themselves."""

import importlib
import pkgutil
from collections.abc import Iterator, Mapping

import pytest
from sqlalchemy import Select, or_, select, true
from sqlalchemy.dialects import postgresql
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import BooleanClauseList, ClauseElement, Grouping
from sqlalchemy.sql.selectable import Alias, Join

from indicator_hub import store
from indicator_hub.store import visible
from indicator_hub.store.schema import entry

BUILDERS = {"pages", "visible"}
"""Where statements are put together by ranges: `test_visible.py` and `test_ranges.py` say what these give."""
WITHOUT = {
    "additions._KEYS: entry": "the keys of the rows that it has just written",
    "entries._LINES: entry": "every version of an id, to judge by; no body",
    "search._SAID_OF: given": "by the keys of `_PLACED`, each of them under the predicate",
}
E, S = entry.alias("e"), entry.alias("s")
SEEN = visible.visible(E)


def _text(condition: ClauseElement) -> str:
    return str(condition.compile(dialect=postgresql.dialect()))


def _conditions(clause: ClauseElement | None) -> Iterator[str]:
    """What must all be true."""
    if isinstance(clause, Grouping):
        yield from _conditions(clause.element)
    elif isinstance(clause, BooleanClauseList) and clause.operator is operators.and_:
        for one in clause.clauses:
            yield from _conditions(one)
    elif clause is not None:
        yield _text(clause)


def _read(source: object) -> Iterator[Alias]:
    """Entries, by whatever name, among what is selected from."""
    if isinstance(source, Join):
        yield from (*_read(source.left), *_read(source.right))
    elif source is entry or (isinstance(source, Alias) and source.element is entry):
        yield source  # type: ignore[misc]


def without(node: ClauseElement, around: frozenset[object] = frozenset()) -> Iterator[str]:
    """The names under which entries are read without the predicate, by the statement or one within it; `around` are those of the one outside."""
    if isinstance(node, Select):
        here = {one for source in node.get_final_froms() for one in _read(source)} - around
        said = set(_conditions(node.whereclause))
        yield from (one.name for one in here if not set(_conditions(visible.visible(one))) <= said)
        around |= here
    for one in node.get_children():
        yield from without(one, around)


def _statements(value: object) -> Iterator[ClauseElement]:
    if isinstance(value, ClauseElement):
        yield value
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from _statements(one)
    elif isinstance(value, list | tuple | set | frozenset):
        for one in value:
            yield from _statements(one)


def test_every_statement_that_is_kept_holds_the_predicate() -> None:
    """But for those listed, which serve deeds that are listed too (`house/allowed_readers.py`), or read by keys that are the reader's."""
    found: set[str] = set()
    for name in {one.name for one in pkgutil.iter_modules(store.__path__)} - BUILDERS:
        for constant, value in vars(importlib.import_module(f"indicator_hub.store.{name}")).items():
            found |= {f"{name}.{constant}: {alias}" for one in _statements(value) for alias in without(one)}
    assert found == WITHOUT.keys()


@pytest.mark.parametrize(
    ("statement", "names"),
    [
        (select(E.c.body).where(SEEN), set[str]()),
        (select(E.c.body), {"e"}),
        (select(E.c.body, SEEN), {"e"}),
        (select(E.c.body).where(or_(SEEN, true())), {"e"}),
        (select(E.c.body).where(~SEEN), {"e"}),
        (select(E.c.body).where(visible.visible(S)), {"e"}),
        (select(S.c.body).where(S.c.stix_id.in_(select(E.c.stix_id).where(SEEN))), {"s"}),
        (select(E.c.body).where(SEEN).union_all(select(S.c.body)), {"s"}),
        (select(E.c.body).outerjoin(S, S.c.id == E.c.id).where(SEEN), {"s"}),
        (select(select(E.c.body).subquery("inner").c.body), {"e"}),
        (select(entry.c.body), {"entry"}),
    ],
)
def test_a_statement_without_it_is_found(statement: ClauseElement, names: set[str]) -> None:
    """Where it does not stand, stands for other rows, or is not needed for a row to be read."""
    assert set(without(statement)) == names
