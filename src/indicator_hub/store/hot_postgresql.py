"""The hot path on PostgreSQL: asyncpg itself, on a pool of its own."""

import re
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from itertools import chain
from typing import Any, Literal

import asyncpg
from sqlalchemy import Table
from sqlalchemy.dialects.postgresql import asyncpg as sqlalchemy_asyncpg
from sqlalchemy.engine import URL

from indicator_hub.errors import Unavailable
from indicator_hub.store import bulk, pages, visible
from indicator_hub.store.again import PATIENCE, again
from indicator_hub.store.connecting import Connector, through_pgbouncer
from indicator_hub.store.engine import POOL_WAIT, Statement, translated
from indicator_hub.store.hot import Found, Remembered, parts, ranges, taken
from indicator_hub.store.pool import Pool
from indicator_hub.taxii.page import Joined

CONNECTIONS = 11
"""In each process at most: one for the events of pages, the others for what only reads."""
_Way = Literal["rows", "joined"]
_Asked = tuple[str, tuple[str, ...]]
"""A statement with numbered parameters, and their names in that order."""


class PostgresHot:
    """A connection that is not free within the time-out is Unavailable, never a hang.

    Everything but `insert` reads, in one statement: when a connection turns out to be gone, all are given up, and it is asked again.
    """

    def __init__(self, pool: Pool, writing: Pool, *, pgbouncer: bool, patience: float) -> None:
        """`writing`: one connection, since pages wait for what is inserted and must not wait for those who read too."""
        self._pool, self._writing, self._pgbouncer, self._patience = pool, writing, pgbouncer, patience
        self._texts: dict[object, _Asked] = {}
        self._of_shape: dict[pages.Shape, dict[str, str]] = {}
        self._audiences = Remembered()

    @classmethod
    async def open(cls, url: URL, *, pgbouncer: bool = False, patience: float = PATIENCE) -> "PostgresHot":
        """Open the pool. Raises Unavailable."""
        # No bound on what is cached: the statement of a page grows with the reader's audiences.
        options: dict[str, Any] = {
            "command_timeout": 60, "max_cacheable_statement_size": 0, "server_settings": _PLANNER,
        }  # fmt: skip
        if pgbouncer:
            options = through_pgbouncer(options)
        connect = partial(Connector(url), **options)
        pool, writing = (Pool(connect, most=most, wait=POOL_WAIT) for most in (CONNECTIONS - 1, 1))
        with translated():
            pool.give(await pool.take(), whole=True)
        return cls(pool, writing, pgbouncer=pgbouncer, patience=patience)

    async def rows(self, name: str, build: Callable[[], Statement], parameters: Mapping[str, Any]) -> list[Any]:
        """One statement."""
        return await self._fetch(name, build, parameters)

    async def page(self, shape: pages.Shape, parameters: Mapping[str, Any]) -> Found:
        """One page, one statement. Of ids the bodies are cut here: there are 200 at most, of a few versions each."""
        if shape.ids:
            found = await self._fetch(("by id", shape), lambda: pages.by_id(shape), parameters)
            rows, cut = taken(shape, iter(found), parameters["rows"])
            return Found(rows, cut, rows[0][-1] if rows else 0)
        while True:
            reached = self._audiences.guess(parameters)
            head, *rows = await self._ranges(shape, parameters, reached)
            if self._audiences.holds(reached, parameters, head["reached"] or ()):
                found = await self._lengthened(parameters, rows) if shape.bodies else (rows, False)
                if found is not None:
                    return Found(*found, head["as_of"])

    async def joined(self, shape: pages.Shape, parameters: Mapping[str, Any]) -> Joined:
        """One page, one statement."""
        while not shape.ids and len(bound := parts(reached := self._audiences.guess(parameters))) == 1:
            asked = self._statement("joined", shape, len(reached))
            ((number, first, last, objects, lines, long, more, as_of, told),) = await self._retried(
                *asked, {**parameters, **bound[0], "reached": reached}
            )
            if self._audiences.holds(reached, parameters, told or ()):
                if long:
                    break
                return Joined(number, first or 0, last or 0, objects or b"", lines or b"", more, as_of)
        return Joined.of((await self.page(shape, parameters)).page(parameters["limit"]), lines=shape.names > 0)

    async def _ranges(self, shape: pages.Shape, parameters: Mapping[str, Any], reached: Sequence[int]) -> Sequence[Any]:
        """The head and the rows, with the long bodies left out."""
        given = {**parameters, "reached": reached}
        asked = [(*self._statement("rows", shape, len(part)), {**given, **part}) for part in parts(reached)]
        if len(asked) == 1:
            return await self._retried(*asked[0])
        async with self._transaction(_BEGIN_SNAPSHOT) as connection:
            heads: list[Any] = []
            rows: dict[int, Any] = {}
            for text, order, bound in asked:
                head, *found = await connection.fetch(text, *[bound[key] for key in order])
                heads.append(head)
                rows |= {row[0]: row for row in found}
        return [heads[0], *[rows[at] for at in sorted(rows)[: parameters["rows"]]]]

    async def _lengthened(
        self, parameters: Mapping[str, Any], rows: Sequence[Any]
    ) -> tuple[Sequence[Any], bool] | None:
        """The rows up to the body that reaches MAX_BYTES, with the bodies that were left out; and whether there is another behind.

        None where one of them has been taken back meanwhile.
        """
        if all(row["key"] is None for row in rows):
            return rows, False
        first: list[Any] = []
        size = 0
        for row in rows:
            if size >= pages.MAX_BYTES:
                break
            first.append(row)
            size += len(row[1]) if row["key"] is None else row["size"]
        keys = [row["key"] for row in first if row["key"] is not None]
        bodies = dict(await self._fetch("long bodies", pages.long_bodies, {**parameters, "keys": keys}))
        if len(bodies) < len(keys):
            return None
        whole = [row if row["key"] is None else (row[0], bodies[row["key"]], *row[2:5]) for row in first]
        return whole, len(first) < len(rows)

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
        """Close the pools."""
        await self._pool.close()
        await self._writing.close()

    async def insert(self, rows: Mapping[Table, Sequence[Mapping[str, Any]]]) -> None:
        """One statement, and so one transaction. What became of one whose connection was lost is for the caller to find out."""
        text, values = bulk.on_postgresql(rows)
        try:
            await self._inserted(text, values)
        except Unavailable as error:
            if error.retry:
                self._expire()
            raise

    async def _inserted(self, text: str, values: Sequence[Any]) -> None:
        with translated():
            connection, whole = await self._writing.take(), False
            try:
                if self._pgbouncer:
                    await connection.execute("BEGIN")
                await connection.execute(text, *values)
                if self._pgbouncer:
                    await connection.execute("COMMIT")
                whole = True
            finally:
                self._writing.give(connection, whole=whole)

    def _expire(self) -> None:
        self._pool.expire()
        self._writing.expire()

    async def _fetch(self, name: object, build: Callable[[], Statement], parameters: Mapping[str, Any]) -> list[Any]:
        """One statement."""
        found = self._texts.get(name)
        if found is None:
            found = self._texts[name] = _numbered(_postgresql_text(build()))
        return await self._retried(*found, parameters)

    def _statement(self, way: _Way, shape: pages.Shape, audiences: int) -> _Asked:
        found = self._texts.get((way, shape, audiences))
        if found is None:
            text = _page_text(way, self._parts_of(shape), audiences)
            found = self._texts[way, shape, audiences] = _numbered(text)
        return found

    def _parts_of(self, shape: pages.Shape) -> dict[str, str]:
        found = self._of_shape.get(shape)
        if found is None:
            parts_of = pages.for_postgresql(shape)
            names = ("upto", "shared", "own", "head", "joined")
            found = {name: _postgresql_text(getattr(parts_of, name), reached=True) for name in names}
            # Each cut by itself, and so in brackets.
            self._of_shape[shape] = found = found | {name: f"({found[name]})" for name in ("shared", "own")}
        return found

    async def _retried(self, text: str, order: Sequence[str], parameters: Mapping[str, Any]) -> list[Any]:
        """Once more, and for some seconds, when the connection turns out to be gone."""
        values = [parameters[key] for key in order]
        try:
            return await self._asked(text, values)
        except Unavailable as error:
            if not error.retry:
                raise
            self._expire()
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


def _page_text(way: _Way, of: Mapping[str, str], audiences: int) -> str:
    """The statement of a page. The row of the head comes first; of a page that is joined the rows are numbered, one more than go out."""
    upto, merged = f"upto AS MATERIALIZED ({of['upto']})", ranges(of["shared"], of["own"], audiences)
    if way == "rows":
        return f"WITH {upto} {of['head']} UNION ALL {merged} ORDER BY date_added LIMIT :rows + 1"
    return f"WITH {upto}, merged AS ({merged}), page AS ({_NUMBERED}) {of['joined']}"


_NUMBERED = (
    "SELECT row_number() OVER () AS n, ahead.* FROM (SELECT * FROM merged ORDER BY date_added LIMIT :rows) AS ahead"
)
_NAME = re.compile(r"(?<!:):([a-z_][a-z_0-9]*)")


def _postgresql_text(statement: Statement, *, reached: bool = False) -> str:
    """`reached`: the audiences are a parameter of that name."""
    return str(statement.compile(dialect=_POSTGRESQL, compile_kwargs={"reached": reached}))


def _numbered(text: str) -> _Asked:
    """The driver counts its parameters: the text with their numbers, and their names in that order."""
    order: dict[str, int] = {}
    numbered = _NAME.sub(lambda found: f"${order.setdefault(found[1], len(order) + 1)}", text)
    return numbered, tuple(order)
