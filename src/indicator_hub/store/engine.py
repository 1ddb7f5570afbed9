"""Open the store, begin a transaction; the few lines where SQLite and PostgreSQL differ."""

import asyncio
import json
import re
import sqlite3
from collections.abc import AsyncGenerator, Iterable
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from asyncpg.exceptions import InternalClientError
from sqlalchemy import Boolean, ColumnElement, Connection, Select, Text, bindparam, event, text
from sqlalchemy.engine import URL, ExceptionContext, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, InterfaceError, NoSuchModuleError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from indicator_hub.errors import Misconfigured, Unavailable
from indicator_hub.store.again import PATIENCE, again
from indicator_hub.store.connecting import Connector, through_pgbouncer
from indicator_hub.store.turns import Turns

Statement = Select[*tuple[Any, ...]]
"""A SELECT, whatever its columns."""

Transaction = AsyncConnection
"""What deeds pass from one store function to the next."""

BUSY_MS = 30_000
"""How long a writer waits for another's lock, in milliseconds."""

POOL_WAIT = 10.0
"""Seconds that a deed waits for a connection of the pool while others use them all. Then it is Unavailable."""

_POOL = 5
CONNECTIONS = 10
"""Connections to PostgreSQL for deeds, in each process at most; beyond the first few they are closed when they come back."""


def database_url(given: str) -> URL:
    """The URL with the driver this hub uses. Raises Misconfigured for one it cannot use."""
    try:
        url = make_url(given)
    except (ArgumentError, ValueError):  # a ValueError would tell some of a password that holds an @
        raise Misconfigured(
            "The database URL cannot be read. Give sqlite:///path or postgresql://user:password@host/name, "
            "a password's own @, : and / as %40, %3A and %2F."
        ) from None
    match url.get_backend_name():
        case "sqlite":
            if not url.database or url.database == ":memory:":
                raise Misconfigured("SQLite needs a file: sqlite:///path/to/hub.db.")
            return url.set(drivername="sqlite+aiosqlite")
        case "postgresql" | "postgres":
            return url.set(drivername="postgresql+asyncpg")
        case other:
            raise Misconfigured(f"The hub keeps its data in SQLite or PostgreSQL, not in {other}.")


def shown(url: URL) -> str:
    """The URL for a message, without any password."""
    without = url.difference_update_query([name for name in url.query if name.lower().endswith("password")])
    return without.set(drivername=url.get_backend_name()).render_as_string(hide_password=True)


def is_sqlite(url: URL) -> bool:
    """Whether this is the embedded database."""
    return url.get_backend_name() == "sqlite"


def async_engine(url: URL, *, patient: bool = False, pgbouncer: bool = False) -> AsyncEngine:
    """An engine for everything but the hot path. Transactions are ours to begin: BEGIN IMMEDIATE where one will write.

    On PostgreSQL nothing is waited for without end, neither a lock nor an answer, and a node that was cut off in the middle of a
    transaction does not keep the collection's clock. No error tells what a statement was bound to: it goes to the log. `patient` is for migrations, whose statements may take long.
    `pgbouncer`: nothing outlives its transaction, since the next one may be given another connection.
    """
    try:
        if not is_sqlite(url):
            settings = {"lock_timeout": str(BUSY_MS), "idle_in_transaction_session_timeout": str(2 * BUSY_MS)}
            waits: dict[str, Any] = {"async_creator_fn": Connector(url), "server_settings": settings}
            if not patient:
                waits["command_timeout"] = 2 * BUSY_MS / 1000
            if pgbouncer:
                waits = through_pgbouncer(waits) | {
                    "prepared_statement_cache_size": 0,
                    "prepared_statement_name_func": lambda: "",
                }
            engine = create_async_engine(
                url,
                pool_size=_POOL,
                max_overflow=CONNECTIONS - _POOL,
                pool_timeout=POOL_WAIT,
                pool_pre_ping=True,
                connect_args=waits,
                hide_parameters=True,
            )
            event.listen(engine.sync_engine, "handle_error", _leave_the_standby)
            if pgbouncer:

                def set_here(connection: Connection) -> None:
                    """For this transaction alone."""
                    values = ", ".join(f"set_config('{name}', '{value}', true)" for name, value in settings.items())
                    connection.exec_driver_sql(f"SELECT {values}")

                event.listen(engine.sync_engine, "begin", set_here)
            return engine
        engine = create_async_engine(url, connect_args={"timeout": BUSY_MS / 1000}, hide_parameters=True)
    except (ImportError, NoSuchModuleError) as error:
        raise Misconfigured(f"The database driver is missing: {error}.") from None
    event.listen(engine.sync_engine, "connect", _prepare)
    event.listen(engine.sync_engine, "begin", _begin)
    return engine


def _leave_the_standby(context: ExceptionContext) -> None:
    """A server that only reads now answers, and would for ever: its connections are given up like those of one that is gone."""
    if getattr(context.original_exception, "sqlstate", None) == _ONLY_READS:
        context.is_disconnect = True


def _prepare(connection: Any, _: object) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in PRAGMAS:
        cursor.execute(pragma)
    cursor.close()


PRAGMAS = (
    f"PRAGMA busy_timeout = {BUSY_MS}",
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    "PRAGMA cache_size = -16384",
    # Pages. A feed's batch writes more than the 1,000 that SQLite would copy at each commit, most of them the same pages again.
    "PRAGMA wal_autocheckpoint = 8000",
)


def _begin(connection: Connection) -> None:
    immediate = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")


class translated:  # noqa: N801 - reads as a function, and costs half of what a generator does
    """The one seam where a driver's errors become ours: a database that cannot be reached is Unavailable; anything else is a fault."""

    __slots__ = ()

    def __enter__(self) -> None:
        """Nothing is needed."""

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        """Raises Unavailable."""
        if error is not None and _is_lost(error):
            raise _unavailable(error) from error


def _is_lost(error: BaseException) -> bool:
    if isinstance(error, OperationalError | InterfaceError | PoolTimeout):
        return True
    if isinstance(error, DBAPIError):
        return error.connection_invalidated or _cannot_serve(error.orig)
    if isinstance(error, asyncpg.PostgresError):
        return _cannot_serve(error)
    return isinstance(
        error, sqlite3.OperationalError | asyncpg.InterfaceError | InternalClientError | TimeoutError | OSError
    )


_CANNOT_SERVE = ("08", "25006", "25P", "28", "3D", "40", "53", "55000", "55006", "55P", "57", "58")
"""How the SQLSTATEs begin with which PostgreSQL says that it cannot serve now: connections, resources, an operator, a standby."""


_ONLY_READS = "25006"
_GONE = ("08", _ONLY_READS, "57P01", "57P02", "57P03")
"""Of these, those after which another connection may find the database: the server ends, starts, or is a standby."""


def _cannot_serve(error: BaseException | None) -> bool:
    return str(getattr(error, "sqlstate", None)).startswith(_CANNOT_SERVE)


def _unavailable(error: BaseException) -> Unavailable:
    cause = getattr(error, "orig", None) or error
    gone = (
        # The last is what the driver says of a connection on which the server has said good-bye while nothing was asked.
        isinstance(cause, (ConnectionError, InternalClientError))
        or bool(getattr(error, "connection_invalidated", False))
        or str(getattr(cause, "sqlstate", None)).startswith(_GONE)
        or "connection is closed" in str(cause)
    )
    return Unavailable(_reason(error), retry=gone)


def _reason(error: BaseException) -> str:
    """For the operator's log, not for a partner: `web/problems.py` shows the class's sentence only."""
    return (
        str(getattr(error, "orig", None) or error).strip().splitlines()[0][:300] if str(error) else type(error).__name__
    )


# The predicate hides from the planner how much it lets through: it takes a hundred thousand rows for a hundred, and compares each with each.
_WHOLE_TABLES = "SELECT set_config('enable_nestloop', 'off', true), set_config('jit', 'off', true)"


class Transactions:
    """Begins transactions on one engine. On SQLite the writers of this process queue here instead of polling the file's lock.

    A connection that cannot be had because the database is gone is asked for again for `patience` seconds: nothing has been done yet, so that
    this does no harm to any deed. What happens later is not tried again here: whether it was committed only the deed can know.
    """

    def __init__(self, engine: AsyncEngine, *, sqlite: bool, patience: float = PATIENCE) -> None:
        self.engine, self.patience = engine, patience
        self._turns = Turns() if sqlite else None
        # A list takes seconds to read: not all connections may be busy with lists while others wait to write.
        self._snapshots = asyncio.Semaphore(2)

    @asynccontextmanager
    async def begin(self, *, short: bool = False) -> AsyncGenerator[AsyncConnection]:
        """A transaction that writes: committed at the end, rolled back by an exception. `short`: as of `turn`.

        The Unavailable that it raises says `undone` where the commit had not been asked for.
        """
        ending = False
        try:
            with translated():
                async with self.turn(short=short), self._connection() as connection:
                    await connection.execution_options(writes=True)
                    async with connection.begin():
                        yield connection
                        ending = True
        except Unavailable as error:
            error.undone = not ending
            raise

    @asynccontextmanager
    async def _connection(self) -> AsyncGenerator[AsyncConnection]:
        async with AsyncExitStack() as held:

            async def connect() -> AsyncConnection:
                with translated():
                    return await held.enter_async_context(self.engine.connect())

            yield await again(connect, self.patience)

    @asynccontextmanager
    async def turn(self, *, short: bool = False) -> AsyncGenerator[None]:
        """One writer of this process at a time on SQLite; who waits in vain is told so, and does not wait for those before it too.

        `short`: what is done at once, and so goes before the others.
        """
        if self._turns is None:
            yield
            return
        async with asyncio.timeout(BUSY_MS / 1000):
            await self._turns.take(short=short)
        try:
            yield
        finally:
            self._turns.give()

    @asynccontextmanager
    async def read(self) -> AsyncGenerator[AsyncConnection]:
        """A transaction that only reads."""
        with translated():
            async with self._connection() as connection, connection.begin():
                yield connection

    @asynccontextmanager
    async def snapshot(self) -> AsyncGenerator[AsyncConnection]:
        """A transaction that only reads, and sees one moment however many statements it has. Two at a time; others wait, not without end.

        Raises Unavailable where those before take too long.
        """
        with translated():
            async with asyncio.timeout(BUSY_MS / 1000):
                await self._snapshots.acquire()
            try:
                async with self._connection() as connection:
                    if self._turns is None:  # SQLite's transactions are snapshots as they are
                        await connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
                    async with connection.begin():
                        if self._turns is None:
                            await connection.exec_driver_sql(_WHOLE_TABLES)
                        yield connection
            finally:
                self._snapshots.release()


async def require_schema(engine: AsyncEngine, url: URL, revision: str) -> None:
    """Raises Misconfigured unless the database is there and carries exactly this schema; says what to run."""
    if is_sqlite(url) and not Path(str(url.database)).exists():  # noqa: ASYNC240 - once, at start
        raise Misconfigured(f"There is no database at {shown(url)}. Run `indicator-hub migrate` to make one.")
    try:
        with translated():
            async with engine.connect() as connection:
                found = await _revision(connection)
    except Unavailable as error:
        raise Misconfigured(f"The database at {shown(url)} cannot be opened: {error.detail}.") from None
    except (DBAPIError, ValueError) as error:
        raise Misconfigured(f"The database at {shown(url)} cannot be opened: {_reason(error)}.") from None
    if found is None:
        raise Misconfigured(
            f"The database at {shown(url)} holds no hub. Run `indicator-hub migrate` to make its tables."
        )
    if found != revision:
        raise Misconfigured(
            f"The database at {shown(url)} has schema {found}, this hub needs {revision}. "
            "Run `indicator-hub migrate`; if the schema is newer, install the newer hub."
        )


async def waits_for_a_standby(engine: AsyncEngine) -> bool:
    """Whether PostgreSQL answers a commit only when a standby has it too. Raises Unavailable."""
    with translated():
        async with engine.connect() as connection:
            return bool((await connection.execute(text("SHOW synchronous_standby_names"))).scalar_one())


async def _revision(connection: AsyncConnection) -> str | None:
    tables = await connection.run_sync(lambda c: c.dialect.has_table(c, "alembic_version"))
    if not tables:
        return None
    return (await connection.execute(text("SELECT version_num FROM alembic_version"))).scalar_one_or_none()


def bind_list(tx: AsyncConnection, values: Iterable[str]) -> object:
    """What `among` is bound to in this database."""
    return json.dumps(list(values)) if tx.dialect.name == "sqlite" else list(values)


class among(FunctionElement[bool]):  # noqa: N801 - reads as an SQL function
    """`column is one of a list bound as one parameter`, so that the statement's text does not grow with the list.

    The parameter is a list on PostgreSQL and JSON on SQLite: `bind_list` makes the one that the database takes.
    """

    inherit_cache = True
    type = Boolean()

    def __init__(self, column: ColumnElement[Any], name: str) -> None:
        super().__init__(column, bindparam(name, type_=Text()))

    def self_group(self, against: Any = None) -> Any:  # noqa: ARG002 - the signature is SQLAlchemy's
        """As it stands: a boolean would get `= 1` on SQLite, which keeps it from every index."""
        return self


@compiles(among, "sqlite")
def _among_sqlite(element: among, compiler: Any, **kw: Any) -> str:
    column, values = element.clauses
    listed = compiler.process(values, **kw)
    return f"{compiler.process(column, **kw)} IN (SELECT value FROM json_each({listed}))"  # noqa: S608 - both are compiled SQL


@compiles(among)  # wherever a statement is only shown, too
def _among_postgresql(element: among, compiler: Any, **kw: Any) -> str:
    column, values = element.clauses
    rendered = re.sub(r"::\w+$", "", compiler.process(values, **kw))
    return f"{compiler.process(column, **kw)} = ANY ({rendered}::text[])"
