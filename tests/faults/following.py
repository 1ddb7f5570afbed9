"""A poller that follows `added_after`, and the verdict on what pollers saw."""

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.poll import poll
from indicator_hub.store.opened import Store
from indicator_hub.taxii.query import Filters, Query, Resource
from indicator_hub.trust.reach import Reach

Seen = Sequence[tuple[Any, str]]
"""What a poller was given, in order: when it was added, and its id."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What went wrong for a poller; nothing is as it should be."""

    missed: int
    doubled: int
    unknown: int
    out_of_order: int


FLAWLESS = Verdict(missed=0, doubled=0, unknown=0, out_of_order=0)


def verdict(acknowledged: Collection[str], seen: Seen) -> Verdict:
    """Hold what a poller saw against what the writers were told is stored."""
    times = Counter(identifier for _, identifier in seen)
    return Verdict(
        missed=len(set(acknowledged) - times.keys()),
        doubled=sum(times.values()) - len(times),
        unknown=len(times.keys() - set(acknowledged)),
        out_of_order=sum(1 for (one, _), (other, _) in pairwise(seen) if one >= other),
    )


@dataclass(slots=True)
class Poller:
    """Asks for what was added after the last that it was given."""

    store: Store
    caller: Caller
    reach: Reach
    limit: int
    seen: list[tuple[int, str]] = field(default_factory=list)
    polls: int = 0

    async def poll(self) -> int:
        """One page. Returns how many objects were on it."""
        after = self.seen[-1][0] if self.seen else -1
        page = await poll(
            self.store, self.caller, self.reach, Query(after, self.limit, Filters(), after), Resource.OBJECTS
        )
        self.polls += 1
        self.seen += [(entry.date_added, entry.id) for entry in page.entries]
        return len(page.entries)

    async def drain(self) -> None:
        """Until a page is empty."""
        while await self.poll():
            pass
