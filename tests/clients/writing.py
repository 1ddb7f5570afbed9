"""Somebody writes while a client polls; the client is at its end when a poll that began after the last write brings nothing."""

import itertools
import threading
from collections.abc import Callable
from typing import Any

from support.grounds import Grounds, Place
from support.world import indicator

ENVELOPES, EACH = 12, 4
_numbers = itertools.count(1)


def objects(number: int) -> list[dict[str, Any]]:
    """So many indicators that nobody has posted."""
    return [indicator(next(_numbers), tlp="GREEN") for _ in range(number)]


class Writer(threading.Thread):
    """Posts small envelopes, one after the other."""

    def __init__(self, grounds: Grounds, *places: Place) -> None:
        super().__init__(daemon=True)
        self._grounds, self._places = grounds, places
        self.written: dict[str, list[dict[str, Any]]] = {place.id: [] for place in places}
        self.ended = threading.Event()

    def run(self) -> None:
        """Until all is written."""
        try:
            with self._grounds.client("producer") as client:
                for _ in range(ENVELOPES):
                    for place in self._places:
                        made = objects(EACH)
                        assert client.post(place.objects, made).status == 202
                        self.written[place.id] += made
        finally:
            self.ended.set()


def collect(grounds: Grounds, poll: Callable[[], int], *places: Place) -> dict[str, list[dict[str, Any]]]:
    """Poll while a writer writes to these places, on to the end. Returns what was written, by place."""
    writer = Writer(grounds, *places)
    writer.start()
    while True:
        ending = writer.ended.is_set()
        if poll() == 0 and ending:
            break
    writer.join()
    assert all(len(made) == ENVELOPES * EACH for made in writer.written.values())
    return writer.written


def ids(made: list[dict[str, Any]]) -> list[str]:
    """Their ids, in order."""
    return [one["id"] for one in made]
