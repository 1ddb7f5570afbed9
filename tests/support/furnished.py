"""Worlds of the tests as what is in the database: each is made once in a process and copied from then on, since many tests begin with the same."""

import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg

from indicator_hub.store.schema import metadata

_ANYTHING = "SELECT EXISTS (SELECT 1 FROM organisation)"
Kept = bytes | str
"""A SQLite file, or the SQL that writes the rows of each table."""


async def kept(url: str) -> Kept:
    """All that is in it; nobody else may have it open."""
    if _is_sqlite(url):
        return _path(url).read_bytes()
    tables = [table.name for table in metadata.sorted_tables]
    async with _Connection(url) as server:
        whole = await server.fetchrow("SELECT " + ", ".join(f"(SELECT json_agg(t) FROM {t} AS t)" for t in tables))
        counted = await server.fetch("SELECT sequencename, last_value FROM pg_sequences WHERE last_value IS NOT NULL")
    written = [
        f"INSERT INTO {table} SELECT * FROM json_populate_recordset(NULL::{table}, {_quoted(rows)})"
        for table, rows in zip(tables, whole, strict=True)
        if rows is not None
    ]
    return ";\n".join([*written, *(f"SELECT setval('{name}', {last})" for name, last in counted)])


async def fill(url: str, content: Kept) -> bool:
    """Put it into a database that is empty. Returns False, and does nothing, where it is not."""
    if isinstance(content, bytes):
        if empty := await is_empty(url):
            _path(url).write_bytes(content)
        return empty
    async with _Connection(url) as server:
        if empty := not await server.fetchval(_ANYTHING):
            await server.execute(content)
    return empty


async def is_empty(url: str) -> bool:
    """Whether nothing has been declared on this database."""
    if _is_sqlite(url):
        with closing(sqlite3.connect(_path(url))) as file:
            return not file.execute(_ANYTHING).fetchone()[0]
    async with _Connection(url) as server:
        return not await server.fetchval(_ANYTHING)


class _Connection:
    """One to PostgreSQL, for as long as the block."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __aenter__(self) -> asyncpg.Connection:
        self._connection = await asyncpg.connect(self._url)
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _is_sqlite(url: str) -> bool:
    return url.startswith("sqlite:///")


def _path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))
