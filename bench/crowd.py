"""200 pollers and 4 writers: whether anybody misses anything, and how long a poll takes with the writers and without.

`python -m bench.crowd`, on both databases. A poller has a connection and a cursor of its own and follows X-TAXII-Date-Added-Last; the
pollers share the twenty accounts of six organisations, and each must be given exactly what its organisation's role reaches, once.
`--every 1`: a poller waits a second between polls. `--pause 0.5`: a writer waits half a second between envelopes. 0: the next follows at once.
"""

import argparse
import heapq
import multiprocessing
import re
import selectors
import socket
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, field
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import Any

from bench import figures, objects
from bench.client import fetch, request
from bench.samples import EVENTS
from bench.servers import postgres
from bench.stage import BASE, Hub, databases, hubs, instant
from bench.world import ROLES, WRITERS
from indicator_hub.trust.ladder import CAPS, LEVELS

_CHUNK = 1 << 18
_PATIENCE = 180
_DECLINED = (429, 503)
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_RETRY = re.compile(rb"\r\nretry-after: *(\d+)\r", re.IGNORECASE)
_LAST = re.compile(rb"\r\nx-taxii-date-added-last: *([^\r]+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Asked:
    """How many, how long (seconds), how many objects in an envelope, and how long pollers and writers wait in between."""

    pollers: int
    writers: int
    seconds: float
    envelope: int
    every: float
    pause: float


@dataclass(frozen=True, slots=True)
class Crowd:
    """What came of it. Times in milliseconds, rates a second; `declined` are answers 429 and 503, after which one tried again."""

    database: str
    events: str
    pollers: int
    quiet_polls: float
    quiet_p50: float
    quiet_p99: float
    busy_polls: float
    busy_p50: float
    busy_p99: float
    written: int
    write_rate: float
    write_p50: float
    write_p99: float
    given: int
    missed: int
    doubled: int
    unexpected: int
    declined: int

    @property
    def ratio(self) -> float:
        """The p99 with writers in that without."""
        return self.busy_p99 / self.quiet_p99


@dataclass(slots=True)
class _Poller:
    """A client with a cursor; `seen` holds one byte for each object of each writer."""

    cap: int
    authorization: str
    cursor: str
    seen: list[bytearray]
    doubled: int = 0
    given: int = 0
    sent: float = 0.0
    wait: float = 0.0
    phase: str = ""
    answer: bytearray = field(default_factory=bytearray)

    def request(self) -> bytes:
        """The next poll."""
        return request("GET", f"{BASE}/objects/?added_after={self.cursor}", self.authorization)

    def take(self, names: "re.Pattern[bytes]") -> bool:
        """Note what the answer holds. False when there was nothing."""
        end = self.answer.index(b"\r\n\r\n")
        last = _LAST.search(self.answer, 0, end + 2)
        if last is None:
            return False
        self.cursor = last[1].decode()
        for writer, number in names.findall(self.answer, end):
            seen, place = self.seen[int(writer, 16)], int(number, 16)
            if place >= len(seen):
                seen.extend(bytes(place + 10_000 - len(seen)))
            self.doubled += seen[place]
            seen[place] = 1
            self.given += 1
        return True


def main() -> None:
    """Measure, print, keep."""
    parser = argparse.ArgumentParser(prog="python -m bench.crowd", description=__doc__)
    parser.add_argument("--pollers", type=int, default=200)
    parser.add_argument("--writers", type=int, default=4)
    parser.add_argument(
        "--seconds", type=float, default=120, help="with writers; a quarter of it before and after without"
    )
    parser.add_argument("--envelope", type=int, default=100, help="objects in an envelope")
    parser.add_argument("--every", type=float, default=0.0, help="seconds between two polls of one poller")
    parser.add_argument("--pause", type=float, default=0.0, help="seconds between two envelopes of one writer")
    parser.add_argument("--events", choices=("on", "off", "both"), default="on", help="serve events")
    parser.add_argument("--objects", type=int, default=20_000, help="in the collection before")
    given = vars(parser.parse_args())
    events, number = given.pop("events"), given.pop("objects")
    asked = Asked(**given)
    found: list[Crowd] = []
    with postgres() as server, tempfile.TemporaryDirectory(prefix="indicator-hub-crowd-") as name:
        work = Path(name)
        with databases(work, server, [number]) as filled:
            for database in filled:
                for kind in EVENTS if events == "both" else (events,):
                    with hubs([database], work, (kind,)) as (hub,):
                        found.append(gather(hub, asked))
    figures.keep(_metrics(found))
    figures.note("crowd", {"asked": asdict(asked), "rows": [asdict(one) for one in found]})
    print(table(found))
    if any(one.missed or one.doubled or one.unexpected for one in found):
        raise SystemExit("Pollers were not given exactly what they should be.")


_HEADINGS = (
    "database", "events", "polls/s without writers", "p50 ms", "p99 ms", "polls/s with", "p50 ms", "p99 ms", "p99 with / without",
    "objects written/s", "POST p50 ms", "p99 ms", "given", "missed", "doubled", "not theirs", "declined",
)  # fmt: skip


def table(found: Sequence[Crowd]) -> str:
    """One line for each hub."""
    lines = [
        f"| {' | '.join(_HEADINGS)} |",
        "|" + "---|" * len(_HEADINGS),
    ]
    lines += [
        f"| {one.database} | {one.events} | {one.quiet_polls:,.0f} | {one.quiet_p50:.1f} | {one.quiet_p99:.1f} | {one.busy_polls:,.0f} "
        f"| {one.busy_p50:.1f} | {one.busy_p99:.1f} | {one.ratio:.1f} | {one.write_rate:,.0f} | {one.write_p50:.0f} | {one.write_p99:.0f} "
        f"| {one.given:,} | {one.missed} | {one.doubled} | {one.unexpected} | {one.declined} |"
        for one in found
    ]
    return "\n".join(lines)


def _metrics(found: Sequence[Crowd]) -> figures.Metrics:
    result: figures.Metrics = {}
    for one in found:
        for name, value in (("crowd_p99_with_writers", one.ratio), ("crowd_missed", one.missed)):
            result.setdefault(one.database, {}).setdefault(name, {})[f"events_{one.events}"] = round(value, 4)
    return result


def gather(hub: Hub, asked: Asked) -> Crowd:
    """First without writers, then with them, then without again."""
    series = uuid.uuid4().int >> 96
    crowd = _Crowd(hub, asked, series)
    context = multiprocessing.get_context("spawn")
    stop, told = context.Event(), context.SimpleQueue()
    accounts = [hub.database.authorization(WRITERS[one % len(WRITERS)]) for one in range(asked.writers)]
    writing = context.Process(target=_write_all, args=(hub.server.port, accounts, series, asked, stop, told))
    with crowd, _ended(writing):
        crowd.run("warm", min(2.0, asked.seconds / 4))
        crowd.run("quiet", asked.seconds / 4)
        writing.start()
        crowd.run("busy", asked.seconds)
        stop.set()
        crowd.run("drain", _PATIENCE, until=lambda: not told.empty() or not writing.is_alive())
        if told.empty():
            sys.exit("The writers did not end as they should.")
        wrote: list[tuple[int, list[float], int]] = told.get()
        writing.join()
        crowd.drain()
        crowd.run("quiet", asked.seconds / 4)
    numbers = [number for number, _, _ in wrote]
    posts = sorted(one for _, took, _ in wrote for one in took)
    missed, unexpected = crowd.judged(numbers)
    quiet, busy = (sorted(crowd.took[phase]) for phase in ("quiet", "busy"))
    return Crowd(
        hub.database.name, hub.events, asked.pollers,
        len(quiet) / (asked.seconds / 2), _at(quiet, 0.5), _at(quiet, 0.99),
        len(busy) / asked.seconds, _at(busy, 0.5), _at(busy, 0.99),
        sum(numbers), sum(numbers) / asked.seconds, _at(posts, 0.5), _at(posts, 0.99),
        sum(one.given for one in crowd.pollers), missed, sum(one.doubled for one in crowd.pollers), unexpected,
        crowd.declined + sum(declined for _, _, declined in wrote),
    )  # fmt: skip


@contextmanager
def _ended(process: Any) -> Generator[None]:
    """No process is left behind by a failure."""
    try:
        yield
    finally:
        if process.is_alive():
            process.terminate()
            process.join()


def _at(values: Sequence[float], share: float) -> float:
    """A percentile, in milliseconds."""
    return values[min(len(values) - 1, int(share * len(values)))] * 1e3


class _Crowd:
    """All pollers, in one loop."""

    def __init__(self, hub: Hub, asked: Asked, series: int) -> None:
        accounts = list(hub.database.tokens)
        start = instant(time.time_ns() // 1_000)
        self._port, self._every = hub.server.port, asked.every
        self._names = re.compile(rb'"id":"indicator--%08x-0000-4000-8([0-9a-f]{3})-([0-9a-f]{12})"' % series)
        self.pollers: list[_Poller] = []
        for number in range(asked.pollers):
            account = accounts[number % len(accounts)]
            cap = CAPS[ROLES[account.rsplit("-", 1)[0]]]
            self.pollers.append(
                _Poller(cap, hub.database.authorization(account), start, [bytearray() for _ in range(asked.writers)])
            )
        self.took: dict[str, list[float]] = {"quiet": [], "busy": [], "warm": [], "drain": []}
        self.declined = 0
        self._waiting: list[tuple[float, int]] = [
            (time.perf_counter() + asked.every * number / asked.pollers, number) for number in range(asked.pollers)
        ]
        self._sockets: list[socket.socket] = []
        self._stack = ExitStack()

    def __enter__(self) -> None:
        self._selector = self._stack.enter_context(selectors.DefaultSelector())
        self._sockets = [self._connected(number) for number in range(len(self.pollers))]

    def __exit__(self, *_: object) -> None:
        for one in self._sockets:
            one.close()
        self._stack.close()

    def _connected(self, number: int) -> socket.socket:
        one = socket.create_connection(("127.0.0.1", self._port), timeout=_PATIENCE)
        one.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(one, selectors.EVENT_READ, number)
        return one

    def run(self, phase: str, seconds: float, until: Any = lambda: False) -> None:
        """Poll for so long, or until something has happened."""
        ends = time.perf_counter() + seconds
        while (now := time.perf_counter()) < ends and not until():
            while self._waiting and self._waiting[0][0] <= now:
                self._send(heapq.heappop(self._waiting)[1], phase)
            for number, _ in self._answers(min(0.05, ends - now)):
                one = self.pollers[number]
                heapq.heappush(self._waiting, (max(one.sent + self._every, one.wait), number))

    def drain(self) -> None:
        """Poll until everybody has been told, of a poll sent from now on, that there is nothing."""
        begun = time.perf_counter()
        left = set(range(len(self.pollers)))
        while left:
            if time.perf_counter() - begun > _PATIENCE:
                sys.exit(f"{len(left)} pollers still find something after {_PATIENCE} s without writers.")
            while self._waiting and self._waiting[0][0] <= time.perf_counter():
                self._send(heapq.heappop(self._waiting)[1], "drain")
            for number, empty in self._answers(0.05):
                if empty and self.pollers[number].sent >= begun:
                    left.discard(number)
                heapq.heappush(self._waiting, (self.pollers[number].wait, number))

    def judged(self, written: Sequence[int]) -> tuple[int, int]:
        """How many objects pollers missed that they should have been given, and were given that they should not."""
        missed = unexpected = 0
        levels = [LEVELS[objects.level(line)] for line in range(max(written, default=0))]
        for one in self.pollers:
            for number, seen in zip(written, one.seen, strict=True):
                for line in range(max(number, len(seen))):
                    due, had = line < number and levels[line] <= one.cap, line < len(seen) and seen[line]
                    missed += due and not had
                    unexpected += bool(had and not due)
        return missed, unexpected

    def _send(self, number: int, phase: str) -> None:
        poller = self.pollers[number]
        poller.answer.clear()
        poller.phase, poller.sent = phase, time.perf_counter()
        try:
            self._sockets[number].sendall(poller.request())
        except (BrokenPipeError, ConnectionResetError):
            self._again(number)
            self._sockets[number].sendall(poller.request())

    def _again(self, number: int) -> None:
        self._selector.unregister(self._sockets[number])
        self._sockets[number].close()
        self._sockets[number] = self._connected(number)

    def _received(self, number: int) -> bytes:
        """What has come; a connection that was closed before it was answered is opened again, and asked again."""
        one, poller = self._sockets[number], self.pollers[number]
        try:
            got = one.recv(_CHUNK)
        except ConnectionResetError:
            got = b""
        if got:
            return got
        if poller.answer:
            sys.exit("The hub closed the connection of a poller in the middle of an answer.")
        self._again(number)
        if not any(number == waiting for _, waiting in self._waiting):
            self._sockets[number].sendall(poller.request())
        return b""

    def _answers(self, patience: float) -> list[tuple[int, bool]]:
        """Who has a whole answer, and whether there was nothing in it."""
        done: list[tuple[int, bool]] = []
        for key, _ in self._selector.select(patience):
            number: int = key.data
            poller = self.pollers[number]
            got = self._received(number)
            if not got:
                continue
            poller.answer += got
            status = _whole(poller.answer)
            if status is None:
                continue
            if status in _DECLINED:
                self.declined += 1
                poller.wait = time.perf_counter() + _retry_after(poller.answer)
                poller.answer.clear()
                done.append((number, False))
                continue
            if status != 200:
                sys.exit(f"A poller was answered {bytes(poller.answer[:500])!r}")
            self.took[poller.phase].append(time.perf_counter() - poller.sent)
            done.append((number, not poller.take(self._names)))
            poller.answer.clear()
        return done


def _retry_after(answer: bytearray) -> float:
    """Seconds to wait before the next try."""
    found = _RETRY.search(answer)
    return float(found[1]) if found else 0.5


def _whole(answer: bytearray) -> int | None:
    """The status of an answer that is whole."""
    end = answer.find(b"\r\n\r\n")
    if end < 0:
        return None
    length = _LENGTH.search(answer, 0, end + 2)
    if length is None:
        sys.exit(f"An answer without a length: {bytes(answer[:500])!r}")
    return int(answer[9:12]) if len(answer) >= end + 4 + int(length[1]) else None


def _write_all(port: int, accounts: Sequence[str], series: int, asked: Asked, stop: Event, told: Any) -> None:
    """The writers, in a process of their own: how many objects each has written, how long each envelope took, how often it was declined."""
    wrote: list[tuple[int, list[float], int] | None] = [None] * len(accounts)

    def write(writer: int) -> None:
        number, declined, took = 0, 0, list[float]()
        while not stop.is_set():
            body = objects.envelope(
                objects.indicator(line, 0, f"{series}/{writer}")
                | {"id": f"indicator--{series:08x}-0000-4000-8{writer:03x}-{line:012x}"}
                for line in range(number, number + asked.envelope)
            )
            while True:
                begun = time.perf_counter()
                status, _, answer = fetch(port, f"{BASE}/objects/", accounts[writer], method="POST", body=body)
                if status not in _DECLINED:
                    break
                declined += 1
                time.sleep(0.1)
            if status != 202 or b'"failure_count":0' not in answer:
                raise RuntimeError(f"A writer was answered {status} {answer[:300]!r}")
            took.append(time.perf_counter() - begun)
            number += asked.envelope
            stop.wait(asked.pause)
        wrote[writer] = (number, took, declined)

    threads = [threading.Thread(target=write, args=(writer,)) for writer in range(len(accounts))]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if None in wrote:
        sys.exit(1)
    told.put(wrote)


if __name__ == "__main__":
    main()
