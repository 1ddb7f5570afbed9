"""The usual world of the tests as what is in the database: made once in a process and copied from then on, since most tests begin with it."""

import sqlite3
from contextlib import closing
from pathlib import Path

import asyncpg

from indicator_hub.store.schema import metadata

_EMPTY = "SELECT count(*) FROM organisation"
Kept = bytes | dict[str, list[asyncpg.Record]]
"""A SQLite file, or the rows of each table."""


async def is_empty(url: str) -> bool:
    """Whether nothing has been declared on this database."""
    if _is_sqlite(url):
        with closing(sqlite3.connect(_path(url))) as file:
            return file.execute(_EMPTY).fetchone() == (0,)
    async with _Connection(url) as server:
        return await server.fetchval(_EMPTY) == 0


async def kept(url: str) -> Kept:
    """All that is in it."""
    if _is_sqlite(url):
        return _path(url).read_bytes()
    async with _Connection(url) as server:
        return {table.name: await server.fetch(f"SELECT * FROM {table.name}") for table in metadata.sorted_tables}


async def fill(url: str, content: Kept) -> None:
    """Put it into a database that is empty."""
    if isinstance(content, bytes):
        _path(url).write_bytes(content)
        return
    async with _Connection(url) as server, server.transaction():
        for name, rows in content.items():
            if rows:
                await server.copy_records_to_table(name, records=rows)
                if "id" in rows[0]:
                    await server.execute(f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), max(id)) FROM {name}")


class _Connection:
    """One to PostgreSQL, for as long as the block."""

    def __init__(self, url: str) -> None:
        self._url = url

    async def __aenter__(self) -> asyncpg.Connection:
        self._connection = await asyncpg.connect(self._url)
        return self._connection

    async def __aexit__(self, *_: object) -> None:
        await self._connection.close()


def _is_sqlite(url: str) -> bool:
    return url.startswith("sqlite:///")


def _path(url: str) -> Path:
    return Path(url.removeprefix("sqlite:///"))
