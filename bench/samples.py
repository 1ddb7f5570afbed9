"""Figures as they come in, and their medians."""

from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple


class Key(NamedTuple):
    """What was measured: `target` is a database, or the name of a reference; `events` is on, off or raw."""

    workload: str
    connections: int
    target: str
    events: str


@dataclass(frozen=True, slots=True)
class Sample:
    """For one request (or one object): CPU seconds of the server and of the database, and requests a second by the wall."""

    server: float
    database: float
    rate: float

    @property
    def total(self) -> float:
        """Server and database."""
        return self.server + self.database


class Samples:
    """All samples of a run."""

    def __init__(self) -> None:
        self._all: dict[Key, list[Sample]] = defaultdict(list)

    def add(self, key: Key, sample: Sample) -> None:
        """One more."""
        self._all[key].append(sample)

    def keys(self) -> list[Key]:
        """In the order measured."""
        return list(self._all)

    def of(self, workload: str, connections: int, target: str, events: str = "") -> Sample | None:
        """The median of each figure by itself; None where it was not measured."""
        found = self._all.get(Key(workload, connections, target, events))
        if not found:
            return None
        return Sample(
            median(one.server for one in found),
            median(one.database for one in found),
            median(one.rate for one in found),
        )
