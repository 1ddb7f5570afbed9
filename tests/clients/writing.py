"""Two nations write while a client polls. The client is at its end when a poll that began after the last write brings nothing new."""

import itertools
import threading
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from support.grounds import Grounds, Place
from support.world import indicator

Version = tuple[str, str]
"""Id and `modified`."""

BACKLOG, ENVELOPES, POLLS = 12, 6, 500
FIRST, SECOND = "2024-05-01T00:00:00.000Z", "2024-05-02T00:00:00.000Z"
_numbers = itertools.count(1)


def objects(number: int, tlp: str = "GREEN") -> list[dict[str, Any]]:
    """So many indicators that nobody has posted."""
    return [indicator(next(_numbers), created=FIRST, modified=FIRST, tlp=tlp) for _ in range(number)]


def versions(found: Iterable[Mapping[str, Any]]) -> list[Version]:
    """Which versions these objects are."""
    return [(one["id"], one["modified"]) for one in found]


@dataclass
class Written:
    """What became of one collection: what the reader may see, by writer in the order it was written, and what it may not."""

    lines: list[list[Version]] = field(default_factory=lambda: [[], []])
    hidden: set[Version] = field(default_factory=set)

    @property
    def shared(self) -> set[Version]:
        """Every version that the reader may see."""
        return {one for line in self.lines for one in line}

    @property
    def newest(self) -> set[Version]:
        """The newest version of each object that the reader may see."""
        return set({identifier: (identifier, modified) for identifier, modified in sorted(self.shared)}.values())

    def require_all(self, seen: Sequence[Version], *, once: bool = True) -> None:
        """Nothing is missing that a poll at the end would still bring; `once`: nothing came twice, and each writer's in its order."""
        assert self.hidden
        assert self.hidden.isdisjoint(seen)
        assert set(seen) - self.shared == set()
        assert self.newest - set(seen) == set()
        if once:
            assert len(seen) == len(set(seen))
            for line in self.lines:
                assert [one for one in seen if one in line] == [one for one in line if one in seen]


class Writer(threading.Thread):
    """Posts small envelopes: a new object, a new version of the one before, and, from nation A, one that is not for other nations."""

    def __init__(
        self, grounds: Grounds, account: str, written: Mapping[str, Written], places: Sequence[Place], turns: Any
    ) -> None:
        super().__init__(daemon=True)
        self._grounds, self._account, self._turns = grounds, account, turns
        self._written, self._places = written, places
        self.ended, self.failed = threading.Event(), True

    def run(self) -> None:
        """One envelope at each turn, until all are written."""
        line = 0 if self._account == "producer" else 1
        previous: dict[str, list[dict[str, Any]]] = {place.id: [] for place in self._places}
        try:
            with self._grounds.client(self._account) as client:
                for _ in range(ENVELOPES):
                    for place in self._places:
                        self._turns.acquire()
                        secret = objects(1, tlp="RED") if line == 0 else []
                        again = [{**one, "modified": SECOND} for one in previous[place.id]]
                        previous[place.id] = objects(1)
                        status = client.post(place.objects, [*again, *secret, *previous[place.id]]).json
                        assert status["failure_count"] == 0, status
                        self._written[place.id].hidden.update(versions(secret))
                        self._written[place.id].lines[line] += versions([*again, *previous[place.id]])
            self.failed = False
        finally:
            self.ended.set()


def collect(grounds: Grounds, poll: Callable[[], bool], *places: Place) -> dict[str, Written]:
    """Poll places that hold something while others write to them, on to the end. `poll` says whether it brought or was promised anything new.

    A writer takes its turn when a poll begins: so there are many polls, and writing beside each. Returns what was written, by place.
    """
    written = {place.id: Written() for place in places}
    with grounds.client("producer") as client:
        for place in places:
            backlog = objects(BACKLOG)
            assert client.post(place.objects, backlog).json["success_count"] == BACKLOG
            written[place.id].lines[0] += versions(backlog)
    turns = threading.Semaphore(0)
    writers = [Writer(grounds, account, written, places, turns) for account in ("producer", "consumer")]
    for writer in writers:
        writer.start()
    try:
        polls = 0  # after all was written: how many go beside the writing says only how fast polls are
        while polls < POLLS:
            ending = all(writer.ended.is_set() for writer in writers)
            turns.release(len(writers))
            if not poll() and ending:
                break
            polls += ending
        else:
            raise AssertionError(f"the client does not come to an end in {POLLS} polls")
    finally:
        turns.release(2 * ENVELOPES * len(places))
        for writer in writers:
            writer.join()
    assert not any(writer.failed for writer in writers)
    return written
