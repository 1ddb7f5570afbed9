"""Kill -9 while partners post: what was acknowledged is there, once and whole. Imports nothing of ours: it sees what partners see."""

import json
import random
import signal
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from http.client import HTTPException
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from faults.site import Site, drawn
from support.live import Client, Hub

WRITERS = ("ana", "abot")
LARGEST = 40
LOST = 0.2
"""How often an answer is taken for lost on its way, and the envelope is posted again."""


@dataclass(slots=True)
class Offered:
    """An envelope that was sent, and the status it was answered with, if it was."""

    objects: list[dict[str, Any]]
    status: dict[str, Any] | None = None

    @property
    def ids(self) -> set[str]:
        """The ids of its objects."""
        return {one["id"] for one in self.objects}


@dataclass(slots=True)
class Book:
    """What the writers know: shared by their threads, and read by the judge when they have ended."""

    offered: list[Offered] = field(default_factory=list)
    turn: threading.Condition = field(default_factory=threading.Condition)
    sent: int = 0
    answered: int = 0

    def tell(self, *, sent: int = 0, answered: int = 0) -> None:
        """Count, and wake who waits for it."""
        with self.turn:
            self.sent += sent
            self.answered += answered
            self.turn.notify_all()

    def wait(self, *, sent: int, answered: int) -> None:
        """Until so much has been sent and answered."""
        with self.turn:
            assert self.turn.wait_for(lambda: self.sent >= sent and self.answered >= answered, 60), "no more answers"


class Writer(threading.Thread):
    """Posts envelopes until the hub is gone. What was not acknowledged goes first in the next life: a partner tries again."""

    def __init__(self, name: str, seed: int, book: Book) -> None:
        super().__init__(name=name, daemon=True)
        self.dice = random.Random(f"{name} {seed}")
        self.book = book
        self.pending: Offered | None = None
        self.client: Client | None = None
        self.wrong: list[str] = []

    def next_life(self) -> "Writer":
        """The same writer for another hub."""
        other = Writer(self.name, 0, self.book)
        other.dice, other.pending = self.dice, self.pending
        return other

    def run(self) -> None:
        """Post, and note every answer, until the connection breaks."""
        assert self.client is not None
        with self.client as client, suppress(OSError, HTTPException):
            while True:
                if self.pending is None:
                    self.pending = Offered([drawn(self.dice) for _ in range(self.dice.randint(1, LARGEST))])
                    self.book.offered.append(self.pending)
                client.send("POST", self._path, json.dumps({"objects": self.pending.objects}).encode())
                self.book.tell(sent=1)
                answer = client.receive()
                if answer.status != 202:
                    self.wrong.append(f"{answer.status} {answer.body!r}")
                    self.book.tell(answered=1_000_000)
                    return
                self.pending.status = answer.json
                if self.dice.random() >= LOST:
                    self.pending = None
                self.book.tell(answered=1)

    _path = ""

    def begin(self, site: Site, hub: Hub) -> None:
        """Start on this hub."""
        self._path = site.objects
        self.client = site.client(hub, self.name)
        self.start()


class Judge:
    """Looks at the hub after every start, as another organisation sees it."""

    def __init__(self, site: Site, book: Book) -> None:
        self.site = site
        self.book = book
        self.listed: list[tuple[str, str]] = []
        self.read_statuses: set[str] = set()

    def examine(self, hub: Hub) -> None:
        """Everything acknowledged once, every envelope whole, dates growing, nothing moved since the last look."""
        with self.site.client(hub, "bea") as reader:
            listed = [
                (record["date_added"], record["id"])
                for page in reader.pages(self.site.manifest, limit=400)
                for record in page.json.get("objects", ())
            ]
        assert all(one < other for (one, _), (other, _) in pairwise(listed)), "date_added must grow"
        assert listed[: len(self.listed)] == self.listed, "what was there has moved or gone"
        self.listed = listed
        there = {identifier for _, identifier in listed}
        assert len(there) == len(listed), "an object is there twice"
        for envelope in self.book.offered:
            kept = envelope.ids & there
            assert kept in (envelope.ids, set()), "half an envelope was stored"
            assert kept or envelope.status is None, "an acknowledged envelope was lost"
            there -= kept
        assert not there, "something is there that nobody sent"
        with self.site.client(hub, "ana") as owner:
            self._statuses(owner)

    def _statuses(self, owner: Client) -> None:
        for envelope in self.book.offered:
            status = envelope.status
            if status is None or status["id"] in self.read_statuses:
                continue
            assert (status["status"], status["failure_count"]) == ("complete", 0)
            assert {one["id"] for one in status["successes"]} == envelope.ids
            answer = owner.get(f"/taxii2/alpha/status/{status['id']}/")
            assert (answer.status, answer.json) == (200, status)
            self.read_statuses.add(status["id"])

    def bodies(self, hub: Hub) -> Iterator[dict[str, Any]]:
        """Every object, in order."""
        with self.site.client(hub, "bea") as reader:
            for page in reader.pages(self.site.objects, limit=400):
                yield from page.json.get("objects", ())


def torment(site: Site, *, kills: int, seed: int, each: int = 1) -> dict[str, int]:
    """Start, post, kill, so many times; the moment is drawn: after an answer, or while one is being made. `each`: connections of an account."""
    dice, book = random.Random(seed), Book()
    judge = Judge(site, book)
    writers = [Writer(name, seed + number, book) for name in WRITERS for number in range(each)]
    unanswered = survived = 0
    for _ in range(kills):
        with site.start() as hub:
            judge.examine(hub)
            survived += sum(1 for one in writers if one.pending and one.pending.ids <= {i for _, i in judge.listed})
            writers = [one.next_life() for one in writers]
            answers = book.answered + dice.randint(1, 8)
            for one in writers:
                one.begin(site, hub)
            book.wait(sent=0, answered=answers)
            with book.turn:
                sent = book.sent
            book.wait(sent=sent + dice.randint(0, 1), answered=0)
            with site.client(hub, "bea") as pulse:  # how far the hub has come is told by the hub, not by a clock
                for _ in range(dice.randint(0, 20)):
                    assert pulse.get("/healthz").status == 200
            hub.kill()
        for one in writers:
            one.join(60)
            assert not one.is_alive()
            assert not one.wrong, one.wrong
        unanswered += sum(1 for one in writers if one.pending is not None)
    with site.start() as hub:
        judge.examine(hub)
        for one in writers:
            if one.pending is not None:
                with site.client(hub, one.name) as client:
                    answer = client.post(site.objects, one.pending.objects)
                    assert (answer.status, answer.json["failure_count"]) == (202, 0)
                    one.pending.status = answer.json
        judge.examine(hub)
        sent = {one["id"]: one for envelope in book.offered for one in envelope.objects}
        received = list(judge.bodies(hub))
        assert [one["id"] for one in received] == [identifier for _, identifier in judge.listed]
        assert all(sent[one["id"]] == one for one in received)
        assert len(received) == len(sent)
    return {
        "kills": kills,
        "envelopes": len(book.offered),
        "objects": len(sent),
        "unanswered": unanswered,
        "posted again though stored": survived,
    }


KILLS = {"sqlite": 7, "postgresql": 3}


def test_what_was_acknowledged_survives_kill_9(site: Site, backend: str) -> None:
    """Ten kills while two partners post: every acknowledged object is there once, every envelope whole, dates grow, a retry is safe."""
    torment(site, kills=KILLS[backend], seed=20261123)


def test_what_was_acknowledged_together_survives_kill_9(site: Site, backend: str) -> None:
    """The same on so many connections that envelopes share their transactions."""
    torment(site, kills=2, seed=20261124, each=6)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_the_judge_notices(site: Site, backend: str) -> None:
    """Planted faults: an acknowledged envelope that is not there, half of one, an object nobody sent, one that has gone."""
    dice = random.Random(1)
    stored, other = [drawn(dice), drawn(dice)], drawn(dice)
    with site.start() as hub, site.client(hub, "ana") as client:
        status = client.post(site.objects, stored).json
        Judge(site, Book([Offered(stored, status)])).examine(hub)
        for offered, complaint in (
            ([Offered(stored, status), Offered([other], status)], "lost"),
            ([Offered([*stored, other])], "half"),
            ([], "nobody sent"),
        ):
            with pytest.raises(AssertionError, match=complaint):
                Judge(site, Book(offered)).examine(hub)
        judge = Judge(site, Book([Offered(stored, status)]))
        judge.listed = [("2026-11-01T00:00:00.000000Z", other["id"])]
        with pytest.raises(AssertionError, match="moved or gone"):
            judge.examine(hub)


@pytest.mark.parametrize("backend", ["sqlite"])
def test_a_hub_that_is_told_to_stop(site: Site, backend: str) -> None:
    """SIGTERM while two partners post: what was begun is answered, the hub ends without a word of complaint and leaves no log to replay."""
    book = Book()
    writers = [Writer(name, 1, book) for name in WRITERS]
    with site.start() as hub:
        for one in writers:
            one.begin(site, hub)
        book.wait(sent=0, answered=4)
        assert hub.stop() in (0, -signal.SIGTERM)
        for one in writers:
            one.join(60)
            assert not one.is_alive()
            assert not one.wrong, one.wrong
        assert not [line for line in hub.log if "ERROR" in line or "Traceback" in line], "\n".join(hub.log)
    assert not Path(f"{site.database.removeprefix('sqlite:///')}-wal").exists()
    with site.start() as hub:
        Judge(site, book).examine(hub)


@pytest.mark.torture
def test_a_hundred_kills(site: Site, backend: str) -> None:
    """The same, a hundred times on each database."""
    print(f"\n{backend}: {torment(site, kills=100, seed=100)}")
