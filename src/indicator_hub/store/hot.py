"""The few statements run hundreds of times a second, compiled once for each shape and run on the driver itself.

A point select through SQLAlchemy's asynchronous layer costs ten times the driver's own. The statements are written elsewhere, in
SQLAlchemy Core, once for both databases; here they become text, and here stands how the ranges of a page are merged.

A page is one statement over as many ranges as its reader has audiences; the database merges them as they lie. Which audiences those are is
remembered; rows of `audience` are added and never changed, and every page says how many there are in its own snapshot: where there are
more than were known, it is read again. On SQLite a page is read in this thread when it starts at the cursor (about a millisecond), in another
when a filter may pass over many rows.
"""

import asyncio
import heapq
import json
import re
import sqlite3
from collections.abc import AsyncGenerator, Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, nullcontext
from functools import partial
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, NamedTuple, Protocol, TypeVar

import asyncpg
from sqlalchemy import Table
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg as sqlalchemy_asyncpg
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.engine import URL

from indicator_hub.errors import Unavailable
from indicator_hub.store import bulk, pages, visible
from indicator_hub.store.again import PATIENCE, again
from indicator_hub.store.connecting import Connector, through_pgbouncer
from indicator_hub.store.engine import BUSY_MS, POOL_WAIT, PRAGMAS, Statement, translated
from indicator_hub.store.pool import Pool

_MAX_READERS = 4
"""Threads that read from SQLite beside the event loop's own."""
_MAX_CONNECTIONS = 10
"""To PostgreSQL, for what only reads."""
_TOGETHER = 48
"""Ranges in one statement. Who has more audiences than that is served by several statements in one snapshot."""
_PART = 32
"""Bodies that are in memory before it is known whether they go out."""
_Read = TypeVar("_Read")
_Whose = tuple[int, bool, str]
"""What decides to which audiences a reader belongs: `cap`, `person` and `nation` of its reach."""
_NO_OFFSET = re.compile(r" OFFSET :param_\d+$")


class Found(NamedTuple):
    """The rows of a page in the order of `date_added`.

    `cut`: they end before they would, because their bodies reach `pages.MAX_BYTES`. `as_of`: what the collection's clock showed.
    """

    rows: Sequence[Sequence[Any]]
    cut: bool
    as_of: int


class Hot(Protocol):
    """Runs the statements of the hot path."""

    async def rows(self, name: str, build: Callable[[], Statement], parameters: Mapping[str, Any]) -> list[Any]:
        """The rows of one statement; `build` is asked once for each name."""
        ...

    async def page(self, shape: pages.Shape, parameters: Mapping[str, Any]) -> Found:
        """The first rows of the ranges that this reach sees. A row may be longer than was asked for."""
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


_MAPPED = "PRAGMA mmap_size = 1073741824"
_MAPPED_ROWS = 24_000
"""Some 24 MB of objects."""
_AROUND = 48
"""What a statement touches besides, as rows: indexes, and what the system maps around each place."""


class SqliteHot:
    """sqlite3 itself. Readers never wait for the writer (WAL), and are opened so that they cannot write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._texts: dict[object, str] = {}
        self._idle: SimpleQueue[_Reader] = SimpleQueue()
        self._turns = asyncio.Semaphore(_MAX_READERS)
        self._here = self._connect()
        self._writer: sqlite3.Connection | None = None
        self._of_shape: dict[pages.Shape, tuple[str, str, str]] = {}
        self._audiences: dict[_Whose, tuple[int, Sequence[int]]] = {}

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
            rows, cut = _taken(shape, found, values["rows"])
            found.close()
            connection.look(len(rows))
            return Found(rows, cut, rows[0][-1] if rows else 0)
        known, reached = self._reached(connection, values)
        while True:
            with self._given(connection, shape, values, reached) as cursors:
                heads = [next(one) for one in cursors]
                as_of, number = map(int, heads[0][1].split())
                found = None
                if number == known:
                    found = _taken(shape, _merge(cursors) if len(cursors) > 1 else cursors[0], values["rows"])
            if found is not None:
                connection.look(len(found[0]))
                return Found(*found, as_of)
            known, reached = self._reached(connection, values, anew=True)

    @contextmanager
    def _given(
        self, connection: _Reader, shape: pages.Shape, values: dict[str, Any], reached: Sequence[int]
    ) -> Generator[list[sqlite3.Cursor]]:
        """Lazy cursors, mostly one, each with a head and then its rows in the order of `date_added`."""
        parts = _parts(reached)
        with _one_moment(connection) if len(parts) > 1 else nullcontext():
            cursors = [connection.execute(self._union(shape, len(part)), values | part) for part in parts]
            yield cursors
            for cursor in cursors:
                cursor.close()

    def _reached(self, connection: _Reader, values: dict[str, Any], *, anew: bool = False) -> tuple[int, Sequence[int]]:
        """How many audiences there were, and those that this reach belonged to."""
        whose = values["cap"], values["person"], values["nation"]
        found = None if anew else self._audiences.get(whose)
        if found is None:
            number, keys = connection.execute(self._text("reached", visible.reached), values).fetchone()
            found = self._audiences[whose] = number, json.loads(keys)
        return found

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

    def _union(self, shape: pages.Shape, audiences: int) -> str:
        found = self._texts.get(("ranges", shape, audiences))
        if found is None:
            found = self._texts["ranges", shape, audiences] = _merged(*self._ranges_of(shape), audiences)
        return found

    def _ranges_of(self, shape: pages.Shape) -> tuple[str, str, str]:
        found = self._of_shape.get(shape)
        if found is None:
            ranges = pages.ranges(shape)
            parts = _sqlite_text(ranges.head), _sqlite_text(ranges.shared), _sqlite_text(ranges.own)
            found = self._of_shape[shape] = parts
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
        connection.execute("PRAGMA cache_size = -8192")
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


_AUDIENCE = re.compile(r":audience\b")


def _merged(head: str, shared: str, own: str, audiences: int) -> str:
    """The statement of a page, of the texts of its parts: made out of them, since SQLAlchemy takes a while for each."""
    ranges = [_AUDIENCE.sub(f":audience_{number}", shared) for number in range(audiences)]
    return f"{' UNION ALL '.join([head, *ranges, own])} ORDER BY date_added LIMIT :rows + 1"


def _parts(reached: Sequence[int]) -> list[dict[str, int]]:
    """What the ranges of each statement are bound to."""
    firsts = range(0, max(len(reached), 1), _TOGETHER)
    return [
        {f"audience_{place}": key for place, key in enumerate(reached[first : first + _TOGETHER])} for first in firsts
    ]


def _merge(cursors: Iterable[Iterator[tuple[Any, ...]]], *, newest_first: bool = False) -> Iterator[tuple[Any, ...]]:
    """By `date_added`, each once: what the reader's organisation put there may lie in several ranges."""
    last = -1
    for row in heapq.merge(*cursors, key=itemgetter(0), reverse=newest_first):
        if row[0] != last:
            last = row[0]
            yield row


def _taken(shape: pages.Shape, rows: Iterator[Sequence[Any]], most: int) -> tuple[list[Any], bool]:
    return _within(rows, most) if shape.bodies else (list(islice(rows, most)), False)


def _within(rows: Iterator[Sequence[Any]], most: int) -> tuple[list[Any], bool]:
    """The first rows, up to the body that reaches MAX_BYTES; and whether there is another behind that one."""
    taken: list[Any] = []
    size = 0
    while part := list(islice(rows, min(_PART, most - len(taken)))):
        grown = size + sum([len(row[1]) for row in part])
        if grown >= pages.MAX_BYTES:
            for row in part:
                if size >= pages.MAX_BYTES:
                    return taken, True
                taken.append(row)
                size += len(row[1])
        else:
            taken += part
            size = grown
    return taken, False


def _sqlite_values(parameters: Mapping[str, Any]) -> dict[str, Any]:
    return {name: json.dumps(value) if isinstance(value, list) else value for name, value in parameters.items()}


class PostgresHot:
    """asyncpg itself, on a pool of its own. A connection that is not free within the time-out is Unavailable, never a hang.

    Everything here reads, in one statement: when a connection turns out to be gone, all are given up, and it is asked again.
    """

    def __init__(self, pool: Any, *, pgbouncer: bool, patience: float) -> None:
        self._pool, self._pgbouncer, self._patience = pool, pgbouncer, patience
        self._texts: dict[object, tuple[str, tuple[str, ...]]] = {}
        self._of_shape: dict[pages.Shape, tuple[str, str, str]] = {}
        self._audiences: dict[_Whose, tuple[int, Sequence[int]]] = {}

    @classmethod
    async def open(cls, url: URL, *, pgbouncer: bool = False, patience: float = PATIENCE) -> "PostgresHot":
        """Open the pool. Raises Unavailable."""
        # No bound on what is cached: the statement of a page grows with the reader's audiences.
        options: dict[str, Any] = {
            "command_timeout": 60, "max_cacheable_statement_size": 0, "server_settings": _PLANNER,
        }  # fmt: skip
        if pgbouncer:
            options = through_pgbouncer(options)
        pool = Pool(partial(Connector(url), **options), most=_MAX_CONNECTIONS, wait=POOL_WAIT)
        with translated():
            pool.give(await pool.take(), whole=True)
        return cls(pool, pgbouncer=pgbouncer, patience=patience)

    async def rows(self, name: str, build: Callable[[], Statement], parameters: Mapping[str, Any]) -> list[Any]:
        """One statement."""
        return await self._fetch(name, build, parameters)

    async def page(self, shape: pages.Shape, parameters: Mapping[str, Any]) -> Found:
        """One page, one statement. Of ids the bodies are cut here: there are 200 at most, of a few versions each."""
        if shape.ids:
            found = await self._fetch(("by id", shape), lambda: pages.by_id(shape), parameters)
            rows, cut = _taken(shape, iter(found), parameters["rows"])
            return Found(rows, cut, rows[0][-1] if rows else 0)
        known, reached = await self._reached(parameters)
        while True:
            head, *rows = await self._ranges(shape, parameters, reached)
            if head["audiences"] == known:
                found = await self._lengthened(parameters, rows) if shape.bodies else (rows, False)
                if found is not None:
                    return Found(*found, head["as_of"])
            known, reached = await self._reached(parameters, anew=True)

    async def _ranges(self, shape: pages.Shape, parameters: Mapping[str, Any], reached: Sequence[int]) -> Sequence[Any]:
        """The head and the rows, with the long bodies left out."""
        asked = [(*self._union(shape, len(part)), {**parameters, **part}) for part in _parts(reached)]
        if len(asked) == 1:
            return await self._retried(*asked[0])
        async with self._transaction(_BEGIN_SNAPSHOT) as connection:
            heads: list[Any] = []
            rows: dict[int, Any] = {}
            for text, order, given in asked:
                head, *found = await connection.fetch(text, *[given[key] for key in order])
                heads.append(head)
                rows |= {row[0]: row for row in found}
        return [heads[0], *[rows[at] for at in sorted(rows)[: parameters["rows"]]]]

    async def _reached(self, parameters: Mapping[str, Any], *, anew: bool = False) -> tuple[int, Sequence[int]]:
        """How many audiences there were, and those that this reach belonged to."""
        whose = parameters["cap"], parameters["person"], parameters["nation"]
        found = None if anew else self._audiences.get(whose)
        if found is None:
            ((number, keys),) = await self._fetch("reached", visible.reached_array, parameters)
            found = self._audiences[whose] = number, keys or ()
        return found

    async def _lengthened(
        self, parameters: Mapping[str, Any], rows: Sequence[Any]
    ) -> tuple[Sequence[Any], bool] | None:
        """The rows up to the body that reaches MAX_BYTES, with the bodies that were left out; and whether there is another behind.

        None where one of them has been taken back meanwhile.
        """
        if all(row["key"] is None for row in rows):
            return rows, False
        taken: list[Any] = []
        size = 0
        for row in rows:
            if size >= pages.MAX_BYTES:
                break
            taken.append(row)
            size += len(row[1]) if row["key"] is None else row["size"]
        keys = [row["key"] for row in taken if row["key"] is not None]
        bodies = dict(await self._fetch("long bodies", pages.long_bodies, {**parameters, "keys": keys}))
        if len(bodies) < len(keys):
            return None
        whole = [row if row["key"] is None else (row[0], bodies[row["key"]], *row[2:5]) for row in taken]
        return whole, len(taken) < len(rows)

    async def newest(self, parameters: Mapping[str, Any]) -> list[Any]:
        """One statement."""
        return await self._fetch("newest", pages.newest_merged, parameters)

    async def counted(self, parameters: Mapping[str, Any]) -> list[Any]:
        """One statement for each range: those of one reach, one after the other."""
        reached = await self._fetch("audiences", visible.audiences, parameters)
        found = [
            await self._fetch("counted shared", pages.counted_shared, {**parameters, "audience": audience})
            for (audience,) in reached
        ]
        if parameters["organisation"] != visible.NEVER:
            found.append(await self._fetch("counted own", pages.counted_own, parameters))
        return list(chain.from_iterable(found))

    async def close(self) -> None:
        """Close the pool."""
        await self._pool.close()

    async def insert(self, rows: Mapping[Table, Sequence[Mapping[str, Any]]]) -> None:
        """One statement, and so one transaction. What became of one whose connection was lost is for the caller to find out."""
        text, values = bulk.on_postgresql(rows)
        try:
            await self._inserted(text, values)
        except Unavailable as error:
            if error.retry:
                self._pool.expire()
            raise

    async def _inserted(self, text: str, values: Sequence[Any]) -> None:
        with translated():
            connection, whole = await self._pool.take(), False
            try:
                if self._pgbouncer:
                    await connection.execute("BEGIN")
                await connection.execute(text, *values)
                if self._pgbouncer:
                    await connection.execute("COMMIT")
                whole = True
            finally:
                self._pool.give(connection, whole=whole)

    async def _fetch(self, name: object, build: Callable[[], Statement], parameters: Mapping[str, Any]) -> list[Any]:
        """One statement."""
        found = self._texts.get(name)
        if found is None:
            found = self._texts[name] = _numbered(_postgresql_text(build()))
        return await self._retried(*found, parameters)

    def _union(self, shape: pages.Shape, audiences: int) -> tuple[str, tuple[str, ...]]:
        found = self._texts.get(("ranges", shape, audiences))
        if found is None:
            found = self._texts["ranges", shape, audiences] = _numbered(_merged(*self._ranges_of(shape), audiences))
        return found

    def _ranges_of(self, shape: pages.Shape) -> tuple[str, str, str]:
        found = self._of_shape.get(shape)
        if found is None:
            ranges = pages.cut_ranges(shape)
            shared, own = f"({_postgresql_text(ranges.shared)})", f"({_postgresql_text(ranges.own)})"
            found = self._of_shape[shape] = _postgresql_text(ranges.head), shared, own
        return found

    async def _retried(self, text: str, order: Sequence[str], parameters: Mapping[str, Any]) -> list[Any]:
        """Once more, and for some seconds, when the connection turns out to be gone."""
        values = [parameters[key] for key in order]
        try:
            return await self._asked(text, values)
        except Unavailable as error:
            if not error.retry:
                raise
            self._pool.expire()
            return await again(lambda: self._asked(text, values), self._patience, error)

    async def _asked(self, text: str, values: Sequence[Any]) -> list[Any]:
        if self._pgbouncer:
            # The driver parses in one step and runs in the next: only a transaction keeps both on one connection.
            async with self._transaction(_BEGIN) as connection:
                return await connection.fetch(text, *values)
        with translated():
            connection, whole = await self._pool.take(), False
            try:
                found = await connection.fetch(text, *values)
                whole = True
            except asyncpg.PostgresError:
                whole = True
                raise
            finally:
                self._pool.give(connection, whole=whole)
            return found

    @asynccontextmanager
    async def _transaction(self, begin: str) -> AsyncGenerator[Any]:
        """A connection in a transaction that only reads."""
        with translated():
            connection, whole = await self._pool.take(), False
            try:
                await connection.execute(begin)
                yield connection
                await connection.execute("ROLLBACK")
                whole = True
            finally:
                self._pool.give(connection, whole=whole)


# These statements only ever want their index ranges. Without these settings a plan made while the tables were still empty (a scan) is
# kept for the life of the connection, and a page that joins a few hundred rows may be compiled to machine code first; and one plan serves every reader.
_PLANNER = {"enable_seqscan": "off", "jit": "off", "plan_cache_mode": "force_generic_plan"}
_SET = "; ".join(f"SET LOCAL {name} = {value}" for name, value in _PLANNER.items())
_BEGIN = f"BEGIN READ ONLY; {_SET}"
_BEGIN_SNAPSHOT = f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY; {_SET}"
_POSTGRESQL = sqlalchemy_asyncpg.dialect(paramstyle="named")
_NAME = re.compile(r"(?<!:):([a-z_][a-z_0-9]*)")


def _postgresql_text(statement: Statement) -> str:
    return str(statement.compile(dialect=_POSTGRESQL))


def _numbered(text: str) -> tuple[str, tuple[str, ...]]:
    """The driver counts its parameters: the text with their numbers, and their names in that order."""
    order: dict[str, int] = {}
    numbered = _NAME.sub(lambda found: f"${order.setdefault(found[1], len(order) + 1)}", text)
    return numbered, tuple(order)
