"""Many rows at once, on the driver itself: SQLAlchemy prepares each row by itself, which takes longer than to write it.

The statements are still SQLAlchemy's, compiled once for each shape. On PostgreSQL many rows go over by COPY; the columns go over as arrays, one
statement for all rows, where they are few or may be there already. On SQLite many rows stand in one statement, as the interpreter's
lock is given up and taken back for each that is run.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import Any, NamedTuple, cast

from sqlalchemy import ARRAY, Table, bindparam, func, select, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.dialects.postgresql import asyncpg
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store.engine import translated

VARIABLES = 16_000
"""In one statement of SQLite, which takes 32,766 at most and has to read the text of each."""
_FEW = 20
"""Rows that one statement of PostgreSQL brings over sooner than COPY, which needs an answer before the first of them."""
ALONE = 20
"""Up to so many rows are one statement of SQLite, whatever their number."""
_SQLITE = sqlite.dialect(paramstyle="qmark")
_POSTGRESQL = asyncpg.dialect()


class Rows(NamedTuple):
    """Rows as the drivers take them: the columns, in the order of the table, and a value for each."""

    names: tuple[str, ...]
    values: list[tuple[Any, ...]]


async def write(
    tx: AsyncConnection,
    table: Table,
    rows: Sequence[Mapping[str, Any]],
    *,
    key: tuple[str, ...] = (),
    kept: tuple[str, ...] = (),
) -> None:
    """Insert rows, in order, which all have the same columns. Where one with the same `key` is there, `kept` is written over it.

    A key may come once only.
    """
    if rows:
        await put(tx, table, rows_of(table, rows), key=key, kept=kept)


async def put(
    tx: AsyncConnection, table: Table, rows: Rows, *, key: tuple[str, ...] = (), kept: tuple[str, ...] = ()
) -> None:
    """The same with rows that were made before."""
    names, values = rows
    if not values:
        return
    driver: Any = (await tx.get_raw_connection()).driver_connection
    with translated():
        if tx.dialect.name == "sqlite":
            for first, number in parts(len(values), VARIABLES // len(names)):
                text_of = _on_sqlite(table, names, number, key, kept)
                part = chain.from_iterable(values[first : first + number])
                await driver.execute_fetchall(text_of, list(part))  # one turn of its thread
            return
        if not driver.is_in_transaction():
            await tx.execute(text("SELECT 1"))  # SQLAlchemy begins with the first statement that it sees
        if key or len(values) <= _FEW:
            await driver.execute(_on_postgresql(table, names, key, kept), *map(list, zip(*values, strict=True)))
        else:
            await driver.copy_records_to_table(table.name, records=values, columns=names)


def parts(rows: int, most: int) -> Iterator[tuple[int, int]]:
    """Where the statements of SQLite for so many rows begin, and how many rows each has.

    Many rows stand in powers of two: SQLite keeps a megabyte for a large statement, and another one for each other number of rows.
    """
    first = 0
    while (left := rows - first) > ALONE:
        number = 1 << min(left, most).bit_length() - 1
        yield first, number
        first += number
    if left:
        yield first, left


@lru_cache(maxsize=256)
def _on_sqlite(table: Table, names: tuple[str, ...], rows: int, key: tuple[str, ...], kept: tuple[str, ...]) -> str:
    """The columns stand in the order of the table, as those of `names` do."""
    one = str(_kept(sqlite.insert(table), key, kept).compile(dialect=_SQLITE, column_keys=list(names)))
    values = f"({', '.join('?' * len(names))})"
    return one.replace(values, ", ".join([values] * rows), 1)


def on_sqlite(table: Table, rows: Sequence[Mapping[str, Any]]) -> tuple[str, list[tuple[Any, ...]]]:
    """A statement for one row, and what it is run with for each: for a connection of one's own."""
    names, values = rows_of(table, rows)
    return _on_sqlite(table, names, 1, (), ()), values


def on_postgresql(rows: Mapping[Table, Sequence[Mapping[str, Any]]]) -> tuple[str, list[list[Any]]]:
    """One statement that inserts into all these tables at once, and what it is run with: for a connection of one's own."""
    columns = {table: rows_of(table, found) for table, found in rows.items()}
    values = {
        f"{table.name}_{name}": list(of)
        for table, (names, found) in columns.items()
        for name, of in zip(names, zip(*found, strict=True), strict=True)
    }
    text, order = _all_on_postgresql(tuple((table, names) for table, (names, _) in columns.items()))
    return text, [values[name] for name in order]


@lru_cache(maxsize=16)
def _all_on_postgresql(tables: tuple[tuple[Table, tuple[str, ...]], ...]) -> tuple[str, tuple[str, ...]]:
    inserts: list[Any] = []
    for table, names in tables:
        arrays = [func.unnest(bindparam(f"{table.name}_{name}", type_=ARRAY(table.c[name].type))) for name in names]
        inserts.append(postgresql.insert(table).from_select(list(names), select(*arrays)))
    last = inserts.pop()
    for place, one in enumerate(inserts):
        last = last.add_cte(one.cte(f"before_{place}"))
    compiled = last.compile(dialect=_POSTGRESQL)
    return str(compiled), tuple(compiled.positiontup or ())


def rows_of(table: Table, rows: Sequence[Mapping[str, Any]]) -> Rows:
    """Rows that all have the same columns, one at least."""
    names = tuple(column.name for column in table.columns if column.name in rows[0])
    take = cast("Callable[[Mapping[str, Any]], tuple[Any, ...]]", itemgetter(*names))
    return Rows(names, list(map(take, rows)))


@lru_cache(maxsize=256)
def _on_postgresql(table: Table, names: tuple[str, ...], key: tuple[str, ...], kept: tuple[str, ...]) -> str:
    arrays = [func.unnest(bindparam(name, type_=ARRAY(table.c[name].type))) for name in names]
    statement = _kept(postgresql.insert(table).from_select(list(names), select(*arrays)), key, kept)
    return str(statement.compile(dialect=_POSTGRESQL))


def _kept(statement: Any, key: tuple[str, ...], kept: tuple[str, ...]) -> Any:
    if not key:
        return statement
    changes = {name: statement.excluded[name] for name in kept}
    return statement.on_conflict_do_update(index_elements=list(key), set_=changes)
