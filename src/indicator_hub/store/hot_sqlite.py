"""The hot path on SQLite: sqlite3 itself.

A page is read in this thread when it starts at the cursor (about a millisecond), in another when a filter may pass over many rows.
"""

import asyncio
import heapq
import json
import re
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from functools import lru_cache
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler

from indicator_hub.store import bulk, pages, visible
from indicator_hub.store.engine import BUSY_MS, PRAGMAS, Statement, translated
from indicator_hub.store.hot import Found, Remembered, parts, ranges, taken
from indicator_hub.taxii.page import Joined

_MAX_READERS = 4
"""Threads that read beside the event loop's own."""
_Read = TypeVar("_Read")
_NO_OFFSET = re.compile(r" OFFSET :param_\d+\b")


class _Reader(sqlite3.Connection):
    """Reads through a map of the file, and lets go of it now and then: else what was ever read would count as memory of this process."""

    seen = 0

    def look(self, rows: int) -> None:
        """So many rows were read, and nothing is being read now."""
        self.seen += rows + _AROUND
        if self.seen > _MAPPED_ROWS and not self.in_transaction:
            self.seen = 0
            self.execute("PRAGMA mmap_size = 0")
            self.execute(_MAPPED)

    def small(self, text: str, values: Mapping[str, Any]) -> Sequence[Any] | None:
        """The row of a statement; None where a value in it would have `most` bytes, or more."""
        usual = self.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, values["most"] - 1)
        try:
            return self.execute(text, values).fetchone()
        except sqlite3.DataError:
            return None
        finally:
            self.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, usual)


_MAPPED = "PRAGMA mmap_size = 1073741824"
_MAPPED_ROWS = 12_000
"""Some 12 MB of objects."""
_AROUND = 48
"""What a statement touches besides, as rows: indexes, and what the system maps around each place."""


class _Texts(NamedTuple):
    """The statements of a page, as text."""

    rows: str
    joined: str


class SqliteHot:
    """sqlite3 itself. Readers never wait for the writer (WAL), and are opened so that they cannot write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._texts: dict[object, str] = {}
        self._idle: SimpleQueue[_Reader] = SimpleQueue()
        self._turns = asyncio.Semaphore(_MAX_READERS)
        self._here = self._connect()
        self._writer: sqlite3.Connection | None = None
        self._of_shape: dict[pages.Shape, dict[str, str]] = {}
        self._pages: dict[tuple[pages.Shape, int], _Texts] = {}
        self._audiences = Remembered()

    async def rows(self, name: str, build: Callable[[], Statement], parameters: Mapping[str, Any]) -> list[Any]:
        """One statement, in this thread."""
        with translated():
            return self._here.execute(self._text(name, build), _sqlite_values(parameters)).fetchall()

    async def page(self, shape: pages.Shape, parameters: Mapping[str, Any]) -> Found:
        """One page; see the module's docstring for where it is read."""
        values = _sqlite_values(parameters)
        with translated():
            if shape.quick:
                return self._page(self._here, shape, values)
            return await self._elsewhere(lambda connection: self._page(connection, shape, values))

    async def joined(self, shape: pages.Shape, parameters: Mapping[str, Any]) -> Joined:
        """One page; read where `page` is."""
        values = _sqlite_values(parameters)
        with translated():
            if shape.quick:
                return self._joined(self._here, shape, values)
            return await self._elsewhere(lambda connection: self._joined(connection, shape, values))

    async def newest(self, parameters: Mapping[str, Any]) -> list[Any]:
        """In another thread: it may be thousands."""
        values = _sqlite_values(parameters)
        with translated():
            return await self._elsewhere(lambda connection: self._newest(connection, values))

    async def counted(self, parameters: Mapping[str, Any]) -> list[Any]:
        """In another thread: it may be all there is."""
        values = _sqlite_values(parameters)
        with translated():
            return await self._elsewhere(lambda connection: self._counted(connection, values))

    async def insert(self, rows: Mapping[Table, Sequence[Mapping[str, Any]]]) -> None:
        """In another thread, which waits for the disk."""
        with translated():
            await asyncio.to_thread(self._insert, rows)

    def _insert(self, rows: Mapping[Table, Sequence[Mapping[str, Any]]]) -> None:
        if self._writer is None:
            self._writer = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)
            for pragma in PRAGMAS:
                self._writer.execute(pragma)
        self._writer.execute("BEGIN IMMEDIATE")
        try:
            for table, found in rows.items():
                self._writer.executemany(*bulk.on_sqlite(table, found))
            self._writer.execute("COMMIT")
        except BaseException:
            self._writer.rollback()
            raise

    async def close(self) -> None:
        """Close every connection."""
        self._here.close()
        if self._writer is not None:
            self._writer.close()
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    async def _elsewhere(self, read: Callable[[_Reader], _Read]) -> _Read:
        async with self._turns:
            return await asyncio.to_thread(self._with_a_reader, read)

    def _with_a_reader(self, read: Callable[[_Reader], _Read]) -> _Read:
        try:
            connection = self._idle.get_nowait()
        except Empty:
            connection = self._connect()
        try:
            return read(connection)
        finally:
            self._idle.put(connection)

    def _page(self, connection: _Reader, shape: pages.Shape, values: dict[str, Any]) -> Found:
        if shape.ids:
            found = connection.execute(self._text(("by id", shape), lambda: pages.by_id(shape)), values)
            rows, cut = taken(shape, found, values["rows"])
            found.close()
            connection.look(len(rows))
            return Found(rows, cut, rows[0][-1] if rows else 0)
        while True:
            reached = self._audiences.guess(values)
            with self._given(connection, shape, values, reached) as cursors:
                heads = [next(one) for one in cursors]
                as_of, told = heads[0][1].split(" ", 1)
                found = None
                if self._audiences.holds(reached, values, _audiences(told)):
                    found = taken(shape, _merge(cursors) if len(cursors) > 1 else cursors[0], values["rows"])
            if found is not None:
                connection.look(len(found[0]))
                return Found(*found, int(as_of))

    def _joined(self, connection: _Reader, shape: pages.Shape, values: dict[str, Any]) -> Joined:
        while not shape.ids and len(each := parts(reached := self._audiences.guess(values))) == 1:
            bound = values | each[0]
            row = connection.small(self._union(shape, len(reached)).joined, bound)
            if row is None:
                break
            number, first, last, objects, lines, as_of, told = row
            if self._audiences.holds(reached, values, _audiences(told)):
                connection.look(number)
                more = number == values["limit"] and self._goes_on(connection, shape, bound, reached, last, as_of)
                return Joined(number, first or 0, last or 0, objects or b"", lines or b"", more, as_of)
        return Joined.of(self._page(connection, shape, values).page(values["limit"]), lines=shape.names > 0)

    def _goes_on(
        self,
        connection: _Reader,
        shape: pages.Shape,
        bound: dict[str, Any],
        reached: Sequence[int],
        last: int,
        as_of: int,
    ) -> bool:
        """Whether there is anything behind the last object of a page; or may be, since the collection has changed meanwhile.

        A statement of its own takes a tenth of what it takes to keep the keys of the page until they are counted.
        """
        text = self._union(shape._replace(bodies=False, names=0), len(reached)).rows
        behind = {"after": last, "shared_after": max(last, bound["shared_after"]), "rows": 1}
        head, *rows = connection.execute(text, bound | behind).fetchall()
        return bool(rows) or int(head[1].split(" ", 1)[0]) != as_of

    @contextmanager
    def _given(
        self, connection: _Reader, shape: pages.Shape, values: dict[str, Any], reached: Sequence[int]
    ) -> Generator[list[sqlite3.Cursor]]:
        """Lazy cursors, mostly one, each with a head and then its rows in the order of `date_added`."""
        bound = parts(reached)
        with _one_moment(connection) if len(bound) > 1 else nullcontext():
            cursors = [connection.execute(self._union(shape, len(part)).rows, values | part) for part in bound]
            yield cursors
            for cursor in cursors:
                cursor.close()

    def _newest(self, connection: _Reader, values: dict[str, Any]) -> list[Any]:
        shared, own = (self._text(build.__name__, build) for build in (pages.newest_shared, pages.newest_own))
        with self._ranges(connection, shared, own, values) as cursors:
            return list(islice(_merge(cursors, newest_first=True), values["rows"]))

    def _counted(self, connection: _Reader, values: dict[str, Any]) -> list[Any]:
        shared, own = (self._text(build.__name__, build) for build in (pages.counted_shared, pages.counted_own))
        with self._ranges(connection, shared, own, values) as cursors:
            return list(chain.from_iterable(cursors))

    @contextmanager
    def _ranges(
        self, connection: _Reader, shared: str, own: str, values: dict[str, Any]
    ) -> Generator[list[sqlite3.Cursor]]:
        """A lazy cursor for each audience of this reach and one for its own organisation, all from one moment."""
        with _one_moment(connection):
            cursors: list[sqlite3.Cursor] = []
            for (audience,) in connection.execute(self._text("audiences", visible.audiences), values).fetchall():
                cursors.append(connection.execute(shared, values | {"audience": audience}))
            if values["organisation"] != visible.NEVER:
                cursors.append(connection.execute(own, values))
            yield cursors
            for cursor in cursors:
                cursor.close()

    def _union(self, shape: pages.Shape, audiences: int) -> _Texts:
        found = self._pages.get((shape, audiences))
        if found is None:
            found = self._pages[shape, audiences] = _page_texts(self._parts_of(shape), audiences)
        return found

    def _parts_of(self, shape: pages.Shape) -> dict[str, str]:
        found = self._of_shape.get(shape)
        if found is None:
            parts_of = pages.for_sqlite(shape)
            texts = {
                name: _sqlite_text(getattr(parts_of, name))
                for name in ("upto", "shared", "own", "head", "joined", "rows")
            }
            found = self._of_shape[shape] = texts
        return found

    def _text(self, name: object, build: Callable[[], Statement]) -> str:
        found = self._texts.get(name)
        if found is None:
            found = self._texts[name] = _sqlite_text(build())
        return found

    def _connect(self) -> _Reader:
        # Opened for writing, then forbidden to: a read-only opener cannot recover a WAL left by a crash.
        connection = sqlite3.connect(
            self._path, isolation_level=None, check_same_thread=False, cached_statements=512, factory=_Reader
        )
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA cache_size = -4096")
        connection.execute(_MAPPED)
        return connection


class _Hinting(SQLiteCompiler):
    """SQLAlchemy's own leaves hints out on SQLite, which knows them as INDEXED BY."""

    def get_from_hint_text(self, table: object, text: str | None) -> str | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """The hint, as it was written."""
        return text


def _sqlite_text(statement: Statement) -> str:
    # A LIMIT that is bound makes SQLAlchemy write an OFFSET of nought beside it.
    return _NO_OFFSET.sub("", str(statement.compile(dialect=_SQLITE)))


_SQLITE = sqlite.dialect(paramstyle="named")
_SQLITE.statement_compiler = _Hinting


@contextmanager
def _one_moment(connection: _Reader) -> Generator[None]:
    connection.execute("BEGIN")
    try:
        yield
    finally:
        connection.rollback()  # which also ends what is still being read


def _page_texts(of: Mapping[str, str], audiences: int) -> _Texts:
    """The statements of a page. The row of the head comes first."""
    merged = f"{ranges(of['shared'], of['own'], audiences)} ORDER BY date_added"
    begin = f"WITH upto AS MATERIALIZED ({of['upto']}), page AS ({merged} LIMIT"
    return _Texts(
        f"{begin} :rows) {of['head']} UNION ALL {_in_order(of['rows'])}", f"{begin} :limit) {_in_order(of['joined'])}"
    )


def _in_order(text: str) -> str:
    """SQLite goes along the left side of a CROSS JOIN, and so keeps the order that its rows have; of any other it takes the side it likes."""
    text, found = re.subn(r" JOIN (?=entry\b)", " CROSS JOIN ", text)
    assert found == 1, text
    return text


def _merge(cursors: Iterable[Iterator[tuple[Any, ...]]], *, newest_first: bool = False) -> Iterator[tuple[Any, ...]]:
    """By `date_added`, each once: what the reader's organisation put there may lie in several ranges."""
    last = -1
    for row in heapq.merge(*cursors, key=itemgetter(0), reverse=newest_first):
        if row[0] != last:
            last = row[0]
            yield row


@lru_cache(maxsize=256)
def _audiences(told: str) -> tuple[int, ...]:
    return tuple(json.loads(told))


def _sqlite_values(parameters: Mapping[str, Any]) -> dict[str, Any]:
    if list not in map(type, parameters.values()):
        return dict(parameters)
    return {name: json.dumps(value) if isinstance(value, list) else value for name, value in parameters.items()}
