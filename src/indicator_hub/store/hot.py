"""The few statements run hundreds of times a second, compiled once for each shape and run on the driver itself.

A point select through SQLAlchemy's asynchronous layer costs ten times the driver's own. The statements are written elsewhere, in
SQLAlchemy Core, once for both databases; `hot_sqlite.py` and `hot_postgresql.py` make text of them, put the parts of a page together, and run it.

A page is one statement over as many ranges as its reader has audiences; the database merges them as they lie. Which audiences those are is
remembered, and is a guess: every page says in its own snapshot which they are, and is read again where they are others. On PostgreSQL, which
would ask for them at every row of which readers see different versions, the statement is told them. The bodies of a page that is only given
out come joined, as one value. Only where one of them is long, ids are asked for, or one statement does not take all the ranges, rows are
read and joined here.
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, NamedTuple, Protocol

from sqlalchemy import Table

from indicator_hub.store import pages
from indicator_hub.store.engine import Statement
from indicator_hub.taxii.page import Joined, Page

_TOGETHER = 48
"""Ranges in one statement. Who has more audiences than that is served by several statements in one snapshot."""
_NAMES = [f"audience_{place}" for place in range(_TOGETHER)]
_PART = 32
"""Bodies that are in memory before it is known whether they go out."""


class Found(NamedTuple):
    """The rows of a page in the order of `date_added`, one more than were asked for where there are more.

    `cut`: they end before they would, because their bodies reach `pages.MAX_BYTES`. `as_of`: what the collection's clock showed.
    """

    rows: Sequence[Sequence[Any]]
    cut: bool
    as_of: int

    def page(self, limit: int) -> Page:
        """The page of so many objects."""
        return Page(self.rows[:limit], self.cut or len(self.rows) > limit, self.as_of)


class Hot(Protocol):
    """Runs the statements of the hot path."""

    async def rows(self, name: str, build: Callable[[], Statement], parameters: Mapping[str, Any]) -> list[Any]:
        """The rows of one statement; `build` is asked once for each name."""
        ...

    async def page(self, shape: pages.Shape, parameters: Mapping[str, Any]) -> Found:
        """The first rows of the ranges that this reach sees. A row may be longer than was asked for."""
        ...

    async def joined(self, shape: pages.Shape, parameters: Mapping[str, Any]) -> Joined:
        """The same page with its bodies joined, and its `id version` lines where the shape has names."""
        ...

    async def newest(self, parameters: Mapping[str, Any]) -> list[Any]:
        """The newest rows of the ranges that this reach sees, the newest first: as many as `rows` says, or as there are."""
        ...

    async def counted(self, parameters: Mapping[str, Any]) -> list[Any]:
        """How many rows each of the ranges that this reach sees has in a window of time, as `pages.counted_shared` has it."""
        ...

    async def insert(self, rows: Mapping[Table, Sequence[Mapping[str, Any]]]) -> None:
        """Insert rows into these tables, all in one transaction. On SQLite it must be the caller's turn to write."""
        ...

    async def close(self) -> None:
        """Give the connections back."""
        ...


class Remembered:
    """The audiences of each kind of reader, as a page last told them."""

    def __init__(self) -> None:
        self._of: dict[tuple[int, bool, str], tuple[int, ...]] = {}

    def guess(self, parameters: Mapping[str, Any]) -> tuple[int, ...]:
        """Those that this reach probably has."""
        return self._of.get(_whose(parameters), ())

    def holds(self, guess: tuple[int, ...], parameters: Mapping[str, Any], told: Sequence[int]) -> bool:
        """Whether the guess was right. If not, what was told is the next one."""
        now = tuple(sorted(told))
        if now != guess:
            self._of[_whose(parameters)] = now
        return now == guess


def _whose(parameters: Mapping[str, Any]) -> tuple[int, bool, str]:
    """What decides to which audiences a reader belongs."""
    return parameters["cap"], parameters["person"], parameters["nation"]


_AUDIENCE = re.compile(r":audience\b")


def ranges(shared: str, own: str, audiences: int) -> str:
    """The ranges of a page, of the texts of its parts: made out of them, since SQLAlchemy takes a while for each."""
    every = [_AUDIENCE.sub(f":audience_{number}", shared) for number in range(audiences)]
    return " UNION ALL ".join([*every, own])


def parts(reached: Sequence[int]) -> list[dict[str, int]]:
    """What the ranges of each statement are bound to."""
    firsts = range(0, max(len(reached), 1), _TOGETHER)
    return [dict(zip(_NAMES, reached[first : first + _TOGETHER], strict=False)) for first in firsts]


def taken(shape: pages.Shape, rows: Iterator[Sequence[Any]], most: int) -> tuple[list[Any], bool]:
    """The first rows, up to the body that reaches MAX_BYTES; and whether there is another behind that one."""
    return _within(rows, most) if shape.bodies else (list(islice(rows, most)), False)


def _within(rows: Iterator[Sequence[Any]], most: int) -> tuple[list[Any], bool]:
    found: list[Any] = []
    size = 0
    while part := list(islice(rows, min(_PART, most - len(found)))):
        grown = size + sum([len(row[1]) for row in part])
        if grown >= pages.MAX_BYTES:
            for row in part:
                if size >= pages.MAX_BYTES:
                    return found, True
                found.append(row)
                size += len(row[1])
        else:
            found += part
            size = grown
    return found, False
