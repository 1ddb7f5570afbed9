"""Figures as they come in, and their medians."""

from collections import defaultdict
from dataclasses import dataclass
from statistics import median
from typing import NamedTuple

RAW = 1
"""Raw drivers have one connection."""
EVENTS = ("on", "off")


class Key(NamedTuple):
    """What was measured: `target` is a database, or the name of a reference; `events` is on, off, or the way of a raw driver."""

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
    def seconds(self) -> float:
        """By the wall."""
        return 1 / self.rate

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

    def best(self, workload: str, target: str, figure: str) -> Sample | None:
        """Of the ways of a raw driver the one that takes least: `figure` is server, database, total or seconds."""
        ways = [key for key in self._all if key[:3] == (workload, RAW, target) and key.events not in EVENTS]
        found = [one for key in ways if (one := self.of(*key))]
        return min(found, key=lambda one: getattr(one, figure)) if found else None
