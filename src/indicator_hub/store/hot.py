"""The few statements run hundreds of times a second, compiled once for each shape and run on the driver itself.

A point select through SQLAlchemy's asynchronous layer costs ten times the driver's own. The statements are written elsewhere, in
SQLAlchemy Core, once for both databases; here they become text, and here stands how the ranges of a page are merged.

SQLite: one lazy cursor for each range, merged by `date_added`, in this thread when the page starts at the cursor (under a millisecond)
and in another when a filter may pass over many rows. PostgreSQL: one statement.
"""

import asyncio
import heapq
import json
import re
import sqlite3
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any, Protocol, TypeVar

import asyncpg
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.postgresql import asyncpg as sqlalchemy_asyncpg
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.engine import URL

from indicator_hub.errors import Unavailable
from indicator_hub.store import pages, visible
from indicator_hub.store.again import PATIENCE, again
from indicator_hub.store.connecting import Connector, through_pgbouncer
from indicator_hub.store.engine import BUSY_MS, POOL_WAIT, Statement, translated

_MAX_READERS = 4
_Read = TypeVar("_Read")
_NO_OFFSET = re.compile(r" OFFSET :param_\d+$")


class Hot(Protocol):
    """Runs the statements of the hot path."""

    async def rows(self, name: str, build: Callable[[], Statement], parameters: Mapping[str, Any]) -> list[Any]:
        """The rows of one statement; `build` is asked once for each name."""
        ...

    async def page(self, shape: pages.Shape, parameters: Mapping[str, Any]) -> tuple[list[Any], bool]:
        """The first rows of the ranges that this reach sees, in the order of `date_added`.

        And whether they end before the rows do, because their bodies reach `pages.MAX_BYTES`.
        """
        ...

    async def newest(self, parameters: Mapping[str, Any]) -> list[Any]:
        """The newest rows of the ranges that this reach sees, the newest first: as many as `rows` says, or as there are."""
        ...

    async def counted(self, parameters: Mapping[str, Any]) -> list[Any]:
        """How many rows each of the ranges that this reach sees has in a window of time, as `pages.counted_shared` has it."""
        ...

    async def close(self) -> None:
        """Give the connections back."""
        ...


class SqliteHot:
    """sqlite3 itself. Readers never wait for the writer (WAL), and are opened so that they cannot write."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._texts: dict[object, str] = {}
        self._idle: SimpleQueue[sqlite3.Connection] = SimpleQueue()
        self._turns = asyncio.Semaphore(_MAX_READERS)
        self._here = self._connect()

    async def rows(self, name: str, build: Callable[[], Statement], parameters: Mapping[str, Any]) -> list[Any]:
        """One statement, in this thread."""
        with translated():
            return self._here.execute(self._text(name, build), _sqlite_values(parameters)).fetchall()

    async def page(self, shape: pages.Shape, parameters: Mapping[str, Any]) -> tuple[list[Any], bool]:
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

    async def close(self) -> None:
        """Close every reader."""
        self._here.close()
        while True:
            try:
                self._idle.get_nowait().close()
            except Empty:
                return

    async def _elsewhere(self, read: Callable[[sqlite3.Connection], _Read]) -> _Read:
        async with self._turns:
            return await asyncio.to_thread(self._with_a_reader, read)

    def _with_a_reader(self, read: Callable[[sqlite3.Connection], _Read]) -> _Read:
        try:
            connection = self._idle.get_nowait()
        except Empty:
            connection = self._connect()
        try:
            return read(connection)
        finally:
            self._idle.put(connection)

    def _page(
        self, connection: sqlite3.Connection, shape: pages.Shape, values: dict[str, Any]
    ) -> tuple[list[Any], bool]:
        if shape.ids:
            text = self._text(("by id", shape), lambda: pages.by_id(shape))
            return _taken(shape, connection.execute(text, values), values["rows"])
        shared = self._text(("shared", shape), lambda: pages.shared_range(shape))
        own = self._text(("own", shape), lambda: pages.own_range(shape))
        with self._ranges(connection, shared, own, values) as cursors:
            return _taken(shape, _merge(cursors), values["rows"])

    def _newest(self, connection: sqlite3.Connection, values: dict[str, Any]) -> list[Any]:
        shared, own = (self._text(build.__name__, build) for build in (pages.newest_shared, pages.newest_own))
        with self._ranges(connection, shared, own, values) as cursors:
            return list(islice(_merge(cursors, newest_first=True), values["rows"]))

    def _counted(self, connection: sqlite3.Connection, values: dict[str, Any]) -> list[Any]:
        shared, own = (self._text(build.__name__, build) for build in (pages.counted_shared, pages.counted_own))
        with self._ranges(connection, shared, own, values) as cursors:
            return list(chain.from_iterable(cursors))

    @contextmanager
    def _ranges(
        self, connection: sqlite3.Connection, shared: str, own: str, values: dict[str, Any]
    ) -> Generator[list[sqlite3.Cursor]]:
        """A lazy cursor for each audience of this reach and one for its own organisation, all from one moment."""
        connection.execute("BEGIN")
        cursors: list[sqlite3.Cursor] = []
        try:
            for (audience,) in connection.execute(self._text("audiences", visible.audiences), values).fetchall():
                cursors.append(connection.execute(shared, values | {"audience": audience}))
            if values["organisation"] != visible.NEVER:
                cursors.append(connection.execute(own, values))
            yield cursors
        finally:
            for cursor in cursors:
                cursor.close()
            connection.execute("COMMIT")

    def _text(self, name: object, build: Callable[[], Statement]) -> str:
        found = self._texts.get(name)
        if found is None:
            text = str(build().compile(dialect=_SQLITE))
            # A LIMIT that is bound makes SQLAlchemy write an OFFSET of nought beside it.
            found = self._texts[name] = _NO_OFFSET.sub("", text)
        return found

    def _connect(self) -> sqlite3.Connection:
        # Opened for writing, then forbidden to: a read-only opener cannot recover a WAL left by a crash.
        connection = sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, cached_statements=512)
        connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}")
        connection.execute("PRAGMA query_only = ON")
        connection.execute("PRAGMA cache_size = -65536")
        connection.execute("PRAGMA mmap_size = 1073741824")
        return connection


class _Hinting(SQLiteCompiler):
    """SQLAlchemy's own leaves hints out on SQLite, which knows them as INDEXED BY."""

    def get_from_hint_text(self, table: object, text: str | None) -> str | None:  # noqa: ARG002 - the signature is SQLAlchemy's
        """The hint, as it was written."""
        return text


_SQLITE = sqlite.dialect(paramstyle="named")
_SQLITE.statement_compiler = _Hinting


def _merge(cursors: Iterable[Iterator[tuple[Any, ...]]], *, newest_first: bool = False) -> Iterator[tuple[Any, ...]]:
    """By `date_added`, each once: what the reader's organisation put there lies in two ranges."""
    last = -1
    for row in heapq.merge(*cursors, key=itemgetter(0), reverse=newest_first):
        if row[0] != last:
            last = row[0]
            yield row


def _taken(shape: pages.Shape, rows: Iterable[Sequence[Any]], most: int) -> tuple[list[Any], bool]:
    return _within(rows, most) if shape.bodies else (list(islice(rows, most)), False)


def _within(rows: Iterable[Sequence[Any]], most: int) -> tuple[list[Any], bool]:
    """The first rows, up to the body that reaches MAX_BYTES; and whether there is another behind that one."""
    taken: list[Any] = []
    size = 0
    for row in islice(rows, most):
        if size >= pages.MAX_BYTES:
            return taken, True
        taken.append(row)
        size += len(row[-1])
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

    @classmethod
    async def open(cls, url: URL, *, pgbouncer: bool = False, patience: float = PATIENCE) -> "PostgresHot":
        """Open the pool. Raises Unavailable."""
        create: Any = asyncpg.create_pool  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        options: dict[str, Any] = {"command_timeout": 60, "server_settings": _PLANNER}
        if pgbouncer:
            options = through_pgbouncer(options)
        with translated():
            # None is kept for its own sake: the pool would complain, for as long as there is no database to have one of.
            pool = await create(min_size=0, max_size=10, connect=Connector(url), reset=_as_it_is, **options)
        return cls(pool, pgbouncer=pgbouncer, patience=patience)

    async def rows(self, name: str, build: Callable[[], Statement], parameters: Mapping[str, Any]) -> list[Any]:
        """One statement."""
        return await self._fetch(name, build, parameters)

    async def page(self, shape: pages.Shape, parameters: Mapping[str, Any]) -> tuple[list[Any], bool]:
        """One page, one statement. Of ids the bodies are cut here: there are 200 at most, of a few versions each."""
        build = pages.by_id if shape.ids else pages.merged
        rows = await self._fetch(("page", shape), lambda: build(shape), parameters)
        if not shape.bodies:
            return rows, False
        if shape.ids:
            return _within(rows, parameters["rows"])
        return rows, bool(rows) and len(rows) < rows[0][-1]

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

    async def _fetch(self, name: object, build: Callable[[], Statement], parameters: Mapping[str, Any]) -> list[Any]:
        found = self._texts.get(name)
        if found is None:
            compiled = build().compile(dialect=_POSTGRESQL)
            found = self._texts[name] = (str(compiled), tuple(compiled.positiontup or ()))
        text, order = found
        values = [parameters[key] for key in order]
        try:
            return await self._asked(text, values)
        except Unavailable as error:
            if not error.retry:
                raise
            await self._pool.expire_connections()
            return await again(lambda: self._asked(text, values), self._patience, error)

    async def _asked(self, text: str, values: Sequence[Any]) -> list[Any]:
        with translated():
            async with self._pool.acquire(timeout=POOL_WAIT) as connection:
                if not self._pgbouncer:
                    return await connection.fetch(text, *values)
                # The driver parses in one step and runs in the next: only a transaction keeps both on one connection.
                await connection.execute(_BEGIN)
                try:
                    return await connection.fetch(text, *values)
                finally:
                    await connection.execute("COMMIT")


async def _as_it_is(_: object) -> None:
    """A connection goes back as it is: nothing here changes its state, and resetting it costs another round trip."""


# These statements only ever want their index ranges. Without these settings a plan made while the tables were still empty (a scan) is
# kept for the life of the connection, and a page that joins a few hundred rows may be compiled to machine code first; and one plan serves every reader.
_PLANNER = {"enable_seqscan": "off", "jit": "off", "plan_cache_mode": "force_generic_plan"}
_BEGIN = "BEGIN READ ONLY; " + "; ".join(f"SET LOCAL {name} = {value}" for name, value in _PLANNER.items())
_POSTGRESQL = sqlalchemy_asyncpg.dialect()
