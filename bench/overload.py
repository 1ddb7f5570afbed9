"""`python -m bench.overload`: a hub is asked for four times what it can do. What becomes of those it serves, those it refuses, and afterwards?

Capacity is found in a closed loop. Then requests are due at four times that rate whatever is answered, on as many connections as that takes, with
as many requests under way as come to be; then the pressure ends, and one client asks until all is as before. BENCH_OBJECTS and
INDICATOR_HUB_TEST_POSTGRES as in `python -m bench`; `--seconds`: how long the pressure lasts; `--times`: how much it is.

By turns: `poll`, nothing but empty polls (the hardest: a refusal costs most beside them), and `mixed`, of which every tenth is a page of 200, and every
hundredth an envelope of ten new objects.
"""

import argparse
import os
import selectors
import socket
import tempfile
import time
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from itertools import cycle
from pathlib import Path
from typing import Any

from bench import objects
from bench.client import Connection, Refused, drive, request
from bench.cpu import Meter
from bench.servers import Server, hub, postgres
from bench.stage import BASE, Database, databases, paths
from bench.world import WRITERS

_CONNECTIONS = 1_500
_CLOSED = 32
_EXPECTED = {b"200": "served", b"202": "served", b"503": "refused", b"429": "refused"}
_CALM, _LONG, _PATIENCE = 100, 5, 60
"""Of so many answers in a row so many at most take longer than before the pressure: that is normal again. It is waited for so many seconds."""


@dataclass(slots=True)
class Outcome:
    """What came of the pressure. Times in seconds, from when a request was sent to the end of its answer."""

    seconds: float = 0.0
    cpu: float = 0.0
    offered: int = 0
    answers: Counter[str] = field(default_factory=Counter[str])
    kinds: Counter[str] = field(default_factory=Counter[str])
    times: dict[str, list[float]] = field(default_factory=lambda: {"served": [], "refused": []})
    late: int = 0
    """Due while every connection was busy: not sent at all."""


class _Line:
    """One connection in the open loop: at most one request under way. The hub may close it when it has had nothing to do for some seconds."""

    __slots__ = ("kind", "missing", "sent", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent = 0.0
        self.missing = 0
        self.kind = ""


def press(server: Server, following: Callable[[], bytes], *, rate: float, seconds: float) -> Outcome:
    """Open loop: `rate` requests a second are due, whatever becomes of those before."""
    outcome = Outcome()
    with ExitStack() as stack, selectors.EpollSelector() as selector:
        lines = [_Line(server.port) for _ in range(_CONNECTIONS)]
        for one in lines:
            stack.enter_context(one.socket)
            selector.register(one.socket, selectors.EVENT_READ, one)
        idle = deque(lines)
        poll: Any = selector._selector  # type: ignore[attr-defined]  # noqa: SLF001 - without an object for each event
        by_fd = {one.socket.fileno(): one for one in lines}
        time.sleep(0.5)  # until the hub has taken them all
        meter = Meter(server.pid, server.database)
        meter.__enter__()
        begun = time.perf_counter()
        until, step, due = begun + seconds, 1 / rate, begun
        while True:
            now = time.perf_counter()
            if now >= until and (len(idle) == len(by_fd) or now > until + 10):
                break
            while due <= now and due < until:
                outcome.offered += 1
                if idle:
                    one = idle.pop()
                    one.sent = time.perf_counter()
                    raw = following()
                    one.kind = "post" if raw.startswith(b"POST") else "page" if b"?limit" in raw[:120] else "poll"
                    one.socket.send(raw)
                else:
                    outcome.late += 1
                due += step
            for fd, _ in poll.poll(0.0005):
                one = by_fd[fd]
                if not one.kind:
                    selector.unregister(one.socket)
                    one.socket.close()
                    del by_fd[fd]
                    idle.remove(one)
                    continue
                if (kind := _read(one)) is not None:
                    ended = time.perf_counter()
                    outcome.kinds[f"{one.kind}_{kind}"] += 1
                    one.kind = ""
                    outcome.answers[kind] += ended <= until
                    outcome.times.setdefault(kind, []).append(ended - one.sent)
                    idle.append(one)
        outcome.seconds = seconds
        meter.__exit__()
        outcome.cpu = meter.server + meter.database
    return outcome


def _read(one: _Line) -> str | None:
    got = one.socket.recv(1 << 18)
    if one.missing:
        one.missing -= len(got)
        return "served" if not one.missing else None
    end = got.find(b"\r\n\r\n")
    if not got or end < 0:
        raise Refused(f"The connection was closed, or an answer came in crumbs: {got[:200]!r}")
    at = got.find(b"content-length: ") + 16
    missing = int(got[at : got.index(b"\r", at)]) - (len(got) - end - 4)
    kind = _EXPECTED.get(got[9:12], got[9:12].decode())
    if missing:
        one.missing = missing
        return None
    return kind


def calm(port: int, raw: bytes, *, usual: float) -> float:
    """Seconds until answers are as they were: served, and hardly any takes more than three times as long as 99 of 100 did."""
    begun = time.perf_counter()
    last = deque[tuple[float, bool]](maxlen=_CALM)
    with Connection(port, 200) as connection:
        while time.perf_counter() < begun + _PATIENCE:
            asked = time.perf_counter()
            try:
                connection.exchange(raw)
                last.append((asked, time.perf_counter() - asked < 3 * usual))
            except Refused:
                last.clear()
            if len(last) == _CALM and sum(not well for _, well in last) <= _LONG:
                return last[0][0] - begun
            time.sleep(0.001)
    return float("inf")


def _usual(port: int, raw: bytes) -> float:
    """The 99th of a hundred answers to one client, without pressure."""
    with Connection(port, 200) as connection:
        times: list[float] = []
        for _ in range(300):
            asked = time.perf_counter()
            connection.exchange(raw)
            times.append(time.perf_counter() - asked)
            time.sleep(0.001)
    return _quantile(times, 0.99)


def _quantile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(len(values) * share), len(values) - 1)] if values else 0.0


def _requests(database: Database, kind: str, count: int) -> Callable[[], bytes]:
    """What is asked, in turn, by all accounts."""
    asked = paths(count)
    accounts = list(database.tokens)
    polls = [request("GET", f"{BASE}/{asked['empty_poll']}", database.authorization(name)) for name in accounts]
    if kind == "poll":
        return cycle(polls).__next__
    pages = [request("GET", f"{BASE}/objects/?limit=200", database.authorization(name)) for name in accounts]
    return _mixed(polls, pages, database).__next__


def _mixed(polls: list[bytes], pages: list[bytes], database: Database) -> Iterator[bytes]:
    poll, page, series, line = cycle(polls), cycle(pages), uuid.uuid4().hex, 0
    while True:
        for number in range(100):
            if number == 50:
                body = objects.envelope(objects.indicator(one, 0, series) for one in range(line, line + 10))
                line += 10
                yield request("POST", f"{BASE}/objects/", database.authorization(WRITERS[0]), body)
            else:
                yield next(page) if number % 10 == 5 else next(poll)


def measure(
    server: Server, database: Database, kind: str, count: int, *, times: float, seconds: float
) -> dict[str, float]:
    """The figures of one kind of pressure on one hub."""
    following = _requests(database, kind, count)
    poll = _requests(database, "poll", count)()
    usual = _usual(server.port, poll)
    rates: list[tuple[float, float]] = []
    for _ in range(3):
        with Meter(server.pid, server.database) as meter:
            load = drive(server.port, _CLOSED, following, seconds=2.0, expected=20)
        rates.append((load.requests / load.seconds, (meter.server + meter.database) / load.requests))
    capacity, cost = sorted(rates)[1]
    found = press(server, following, rate=times * capacity, seconds=seconds)
    after = calm(server.port, poll, usual=usual)
    served, refused = found.times["served"], found.times["refused"]
    used = found.cpu
    other = sum(number for name, number in found.answers.items() if name not in ("served", "refused"))
    return {
        "capacity_per_s": round(capacity),
        "offered_times": round((found.offered - found.late) / found.seconds / capacity, 2),
        "goodput": round(found.answers["served"] / found.seconds / capacity, 3),
        "goodput_cpu": round(len(served) / used * cost, 3),
        "cpu_us_served": round(cost * 1e6),
        "cpu_us_refused": round((used - len(served) * cost) / max(len(refused), 1) * 1e6),
        "refused_p50_ms": round(_quantile(refused, 0.5) * 1e3, 1),
        "refused_p99_ms": round(_quantile(refused, 0.99) * 1e3, 1),
        "refused_most_ms": round(max(refused, default=0) * 1e3, 1),
        "served_p50_ms": round(_quantile(served, 0.5) * 1e3, 1),
        "served_p99_ms": round(_quantile(served, 0.99) * 1e3, 1),
        "normal_after_s": round(after, 2),
        "other_answers": other,
        **found.kinds,
    }


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m bench.overload", description=__doc__)
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--times", type=float, default=4.0)
    parser.add_argument("--kinds", default="poll,mixed")
    asked = parser.parse_args()
    count = int(os.environ.get("BENCH_OBJECTS", "2000"))
    with postgres() as server, tempfile.TemporaryDirectory(prefix="indicator-hub-bench-") as name:
        work = Path(name)
        with databases(work, server, [count]) as filled:
            for one in filled:
                for kind in asked.kinds.split(","):
                    with hub(one.url, work, events=True, database=one.postmaster) as running:
                        figures = measure(running, one, kind, count, times=asked.times, seconds=asked.seconds)
                    print(
                        f"{one.name:11} {kind:6} {'  '.join(f'{key} {value:g}' for key, value in figures.items())}",
                        flush=True,
                    )


if __name__ == "__main__":
    main()
