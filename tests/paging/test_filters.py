"""Pollers with filters on a live hub while writers in processes of their own write versions in any order and take some back."""

import json
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from support.child import PATIENCE, Child
from support.grounds import GROUP, Grounds, Place
from support.live import environment

WRITERS = ("producer", "consumer")
LINES = 12
ASKED: dict[str, tuple[str, dict[str, str]]] = {
    "last": ("manifest", {}),
    "all": ("objects", {"match[version]": "all"}),
    "first and last": ("manifest", {"match[version]": "first,last"}),
    "all tools": ("manifest", {"match[version]": "all", "match[type]": "tool"}),
}
"""What the four pollers poll, and how they filter."""
Given = tuple[str, str, str]
"""When it was added, its id, its version."""


class Poller(threading.Thread):
    """Follows `next` page by small page, and goes on after the last date it was given."""

    def __init__(self, live: Grounds, place: Place, resource: str, filters: dict[str, str]) -> None:
        super().__init__(daemon=True)
        self._live, self._path, self._filters = live, f"{place.path}{resource}/", filters
        self.given: list[Given] = []
        self.saw, self.finishing = threading.Event(), threading.Event()
        self.failure: BaseException | None = None

    def run(self) -> None:
        """Until a walk that began after the writers ended finds nothing."""
        try:
            while True:
                finishing, before = self.finishing.is_set(), len(self.given)
                self.walk()
                if self.given:
                    self.saw.set()
                if finishing and len(self.given) == before:
                    return
        except BaseException as failure:
            self.failure = failure
            self.saw.set()

    def walk(self) -> None:
        """Every page from here on."""
        after, following = self.given[-1][0] if self.given else None, None
        with self._live.client("reader") as client:
            while True:
                answer = client.get(self._path, limit=3, added_after=after, next=following, **self._filters)
                assert answer.status == 200, answer.body
                self.given += self._records(answer.json.get("objects", []), answer.headers)
                following = answer.json.get("next")
                if not following:
                    return

    def _records(self, objects: list[dict[str, Any]], headers: Any) -> Iterator[Given]:
        for place, one in enumerate(objects):
            last = place == len(objects) - 1
            # A body does not say when it was added: the headers do, of the first and the last.
            said = headers["x-taxii-date-added-last" if last else "x-taxii-date-added-first"]
            yield one.get("date_added", said), one["id"], one.get("version") or one["modified"]


def writer(live: Grounds, place: Place, folder: Path, number: int) -> Child:
    """One process of writing.py."""
    line = {
        "database": live.database, "token": live.tokens[WRITERS[number]], "group": GROUP, "collection": place.id,
        "seed": number, "first": 1_000 * number, "lines": LINES,
    }  # fmt: skip
    return Child(Path(__file__).with_name("writing.py"), json.dumps(line), env=environment(folder))


def _owed(live: list[tuple[str, str]], name: str) -> set[tuple[str, str]]:
    """What a poller that asks so is owed when all is done."""
    lines: dict[str, list[str]] = {}
    for identifier, version in live:
        lines.setdefault(identifier, []).append(version)
    if name.startswith("all"):
        return {(one, version) for one, version in live if name == "all" or one.startswith("tool")}
    last = {(one, max(versions)) for one, versions in lines.items()}
    return last if name == "last" else last | {(one, min(versions)) for one, versions in lines.items()}


@pytest.mark.row("T-141", "T-165")
def test_filters_while_others_write(live: Grounds, tmp_path: Path) -> None:
    """Nobody misses anything; nothing comes twice but with a later date; what comes is what was written."""
    place = live.fresh()
    with ExitStack() as stack:
        processes = [stack.enter_context(writer(live, place, tmp_path, number)) for number in range(len(WRITERS))]
        for process in processes:
            process.heard()
        pollers = {name: Poller(live, place, *asked) for name, asked in ASKED.items()}
        for poller in pollers.values():
            poller.start()
        for process in processes:
            process.tell()
        for process in processes:  # everybody has seen something before the second half is written
            process.heard()
        for poller in pollers.values():
            assert poller.saw.wait(PATIENCE)
        for process in processes:
            process.tell()
        told = [process.heard() for process in processes]
        for poller in pollers.values():
            poller.finishing.set()
        for poller in pollers.values():
            poller.join(PATIENCE)
            assert not poller.is_alive()
            assert poller.failure is None, poller.failure
    alive = [(name, version) for one in told for name, version in one["live"]]
    written = {*alive, *((name, version) for one in told for name, version in one["recalled"])}
    assert sum(len(one["recalled"]) for one in told) > len(WRITERS)
    for name, poller in pollers.items():
        afresh = Poller(live, place, *ASKED[name])
        afresh.walk()
        assert {one[1:] for one in afresh.given} == _owed(alive, name), name
        assert {one[1:] for one in poller.given} <= written
        if ASKED[name][0] == "manifest":
            assert all(one[0] < other[0] for one, other in pairwise(poller.given)), name
            assert set(afresh.given) <= set(poller.given), name
        else:
            assert {one[1:] for one in afresh.given} <= {one[1:] for one in poller.given}, name
