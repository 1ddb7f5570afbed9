"""Readers that are not there. What a poller is owed that reads at these moments with these filters follows from what is stored.

So many more can be asked about than could poll; that a page is what it should be is shown by those that do, and by a glance now and then.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from paging.model import Asked, Reader, Row, owed
from paging.things import WAYS

ACCOUNTS = ("bea", "bbot", "dan", "bank", "ana", "gus")
EVERY = (1, 2, 3)
"""One reads after every deed, others after every second and every third."""


@dataclass(slots=True)
class Shadow:
    """One that reads to the end whenever it reads."""

    every: int
    cursor: int = -1
    given: set[tuple[tuple[str, str, str, str], int]] = field(
        default_factory=set[tuple[tuple[str, str, str, str], int]]
    )

    def read(self, due: Sequence[Row]) -> list[Row]:
        """Take what lies ahead. Returns what was owed and lies behind."""
        lacking = [row for row in due if row.date_added <= self.cursor and (row.key, row.date_added) not in self.given]
        self.given |= {(row.key, row.date_added) for row in due}
        self.cursor = max([self.cursor, *(row.date_added for row in due)])
        return lacking


class Shadows:
    """All of them."""

    def __init__(self) -> None:
        self._of = {(name, asked): [Shadow(every) for every in EVERY] for name in ACCOUNTS for asked in WAYS}
        self._deeds = 0

    def begin_again(self, accounts: Sequence[str]) -> None:
        """The reach of these has changed."""
        for name, asked in self._of:
            if name in accounts:
                self._of[name, asked] = [Shadow(every) for every in EVERY]

    def glance(self) -> tuple[str, Asked, int]:
        """Who asks really after this deed, another each time: the account, what it asks, and after which date."""
        (name, asked), shadows = list(self._of.items())[self._deeds * 7 % len(self._of)]
        return name, asked, shadows[-1].cursor if self._deeds % 2 else -1

    def read(self, rows: Sequence[Row], readers: Mapping[str, Reader]) -> None:
        """After a deed."""
        self._deeds += 1
        for (name, asked), shadows in self._of.items():
            due = owed(rows, readers[name], asked)
            for one in shadows:
                if self._deeds % one.every == 0:
                    lacking = one.read(due)
                    assert not lacking, f"{name} asks {asked} after every {one.every}th deed and lacks {lacking}"
