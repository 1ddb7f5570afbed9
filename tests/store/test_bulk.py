"""Many rows at once: each statement of SQLite in bounds, few different ones, and nothing left out."""

import sqlite3
from contextlib import closing

import pytest

from indicator_hub.store import bulk
from indicator_hub.store.bulk import ALONE, VARIABLES


@pytest.mark.parametrize("most", [21, 64, 100, 551])
@pytest.mark.parametrize("rows", [0, 1, ALONE, ALONE + 1, 31, 32, 33, 550, 551, 552, 1000, 5001])
def test_every_row_once(rows: int, most: int) -> None:
    """In order, and in statements of which there are few: a large one takes a megabyte of memory for as long as the hub runs."""
    parts = list(bulk.parts(rows, most))
    assert [first for first, _ in parts] == [sum(number for _, number in parts[:at]) for at in range(len(parts))]
    assert sum(number for _, number in parts) == rows
    assert all(0 < number <= most for _, number in parts)
    assert all(number.bit_count() == 1 for _, number in parts if number > ALONE)


def test_what_sqlite_takes() -> None:
    """No statement binds more values than SQLite allows, wherever it was built."""
    with closing(sqlite3.connect(":memory:")) as connection:
        assert connection.getlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER) >= VARIABLES
    assert VARIABLES <= 32_766
