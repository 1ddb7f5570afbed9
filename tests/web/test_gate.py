"""Who is let in, who waits and who is told to come again, over real sockets: uvicorn, the hub's own protocol, and an application that ends when the test says so."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import partial
from typing import Any

import httptools
import pytest
import uvicorn
from hypothesis import given
from hypothesis import strategies as st
from uvicorn.server import ServerState

from indicator_hub.web import busy
from indicator_hub.web.gate import ASIDE, Gate, Lane
from indicator_hub.web.wire import Protocol

OBJECTS = "/taxii2/alpha/collections/x/objects/"
GET = f"GET {OBJECTS}?limit=1 HTTP/1.1\r\nHost: hub.example\r\nAccept: application/taxii+json;version=2.1\r\n\r\n".encode()


class Wire:
    """A connection of a client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, raw: bytes) -> None:
        """Send it, as it is."""
        self.writer.write(raw)

    async def answer(self, *, head: bool = False) -> tuple[int, dict[str, str], bytes]:
        """The next answer."""
        async with asyncio.timeout(30):
            lines = (await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
            fields = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines[1:] if line)}
            body = b"" if head else await self.reader.readexactly(int(fields["content-length"]))
        return int(lines[0].split()[1]), fields, body

    async def ended(self) -> bool:
        """Whether the server closes it, and says nothing more."""
        async with asyncio.timeout(30):
            return await self.reader.read() == b""


class Served:
    """A server whose answers wait for `go`."""

    def __init__(self, port: int, gate: Gate) -> None:
        self.port, self.gate = port, gate
        self.state = ServerState()
        self.go = asyncio.Event()
        self.begun = 0
        self.most = 0
        self.running = 0

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        """ASGI: the size of the body, when it is time."""
        self.begun += 1
        self.running += 1
        self.most = max(self.most, self.running)
        size = 0
        while True:
            message = await receive()
            size += len(message.get("body", b""))
            if not message.get("more_body"):
                break
        if scope["path"] != "/healthz":
            await self.go.wait()
        self.running -= 1
        body = str(size).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"%d" % len(body))]})
        await send({"type": "http.response.body", "body": body})

    @asynccontextmanager
    async def connections(self, number: int) -> AsyncIterator[list[Wire]]:
        """Clients."""
        made = [Wire(*await asyncio.open_connection("127.0.0.1", self.port)) for _ in range(number)]
        try:
            yield made
        finally:
            for one in made:
                one.writer.close()

    async def until(self, lane: Lane, waiting: int, running: int) -> None:
        """Until so many wait and so many run."""
        await until(lambda: (len(lane), lane.running) == (waiting, running))


async def until(condition: Callable[[], bool]) -> None:
    """Let the loop turn until it is so: client and server are in one."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110 - what is waited for is told by nobody
            await asyncio.sleep(0)


async def read() -> None:
    """Some turns, in which the server reads what has been sent."""
    for _ in range(5):
        await asyncio.sleep(0)


@asynccontextmanager
async def served() -> AsyncIterator[Served]:
    """One read and one write run at a time, two of each wait; the third is refused."""
    gate = Gate()
    gate.reads = Lane("reads", width=1, few=2, patience=0)
    gate.writes = Lane("writes", width=1, few=2, patience=0)
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(100)
        one = Served(listener.getsockname()[1], gate)
        config = uvicorn.Config(one, log_config=None, ws="none", lifespan="off", access_log=False)
        config.http = partial(Protocol, gate)  # type: ignore[assignment]
        config.load()

        def connected() -> asyncio.Protocol:
            return config.http_protocol_class(config=config, server_state=one.state, app_state={})  # type: ignore[call-arg]

        # uvicorn's own server takes a fifth of a second to end.
        server = await asyncio.get_running_loop().create_server(connected, sock=listener)
        try:
            yield one
        finally:
            one.go.set()
            server.close()
            await until(lambda: not (one.state.connections or one.state.tasks))


@asynccontextmanager
async def overloaded(*, reads: bool = True) -> AsyncIterator[tuple[Served, list[Wire]]]:
    """With one that runs and two that wait."""
    async with served() as s, s.connections(3) as three:
        lane = s.gate.reads if reads else s.gate.writes
        for number, one in enumerate(three):
            one.send(GET if reads else f"POST {OBJECTS} HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nab".encode())
            await s.until(lane, number, 1)
        assert lane.full
        yield s, three


async def test_one_too_many_is_told_at_once() -> None:
    """503 with Retry-After and a TAXII error; those before are served in their order, one at a time, and so is the refused one later."""
    async with overloaded() as (s, three), s.connections(1) as (late,):
        for _ in range(3):
            late.send(GET)
            status, fields, body = await late.answer()
            assert (status, fields["content-type"]) == (503, "application/taxii+json;version=2.1")
            assert 1 <= int(fields["retry-after"]) <= 10
            assert fields["cache-control"] == "no-store"
            assert json.loads(body)["http_status"] == "503"
        assert (s.begun, s.gate.reads.refused) == (1, 3)
        s.go.set()
        for one in (*three, late):
            if one is late:
                late.send(GET)
            assert (await one.answer())[0] == 200
        assert (s.begun, s.most) == (4, 1)
        await s.until(s.gate.reads, 0, 0)


POST = f"POST {OBJECTS} HTTP/1.1\r\nHost: x\r\nContent-Length: 200\r\n\r\n".encode()


@pytest.mark.parametrize(
    ("raw", "head", "closes"),
    [
        (GET.replace(b"GET ", b"HEAD "), True, False),
        (GET.replace(b"\r\n\r\n", b"\r\nContent-Length: 60\r\n\r\n") + GET[:60], False, False),
        (GET.replace(b"\r\n\r\n", b"\r\nTransfer-Encoding: chunked\r\n\r\n") + b"3c\r\n" + GET[:60] + b"\r\n0\r\n\r\n", False, False),
        (GET.replace(b"\r\n\r\n", b"\r\nConnection: keep-alive\r\n\r\n"), False, False),
        (GET.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), False, True),
        (GET.replace(b"\r\n\r\n", b"\r\nConnection: keep-alive, close\r\n\r\n"), False, True),
        (GET.replace(b"HTTP/1.1", b"HTTP/1.0"), False, True),
        (GET.replace(b"/taxii2/", b"/api/v1/"), False, False),
        (POST + GET.ljust(200, b" "), False, False),
        (b"DELETE" + GET[3:], False, False),
    ],
    ids=["head", "body", "chunks", "keep-alive", "close", "two words", "1.0", "api", "post", "delete"],
)  # fmt: skip
async def test_whatever_is_refused_the_next_is_read_right(raw: bytes, head: bool, closes: bool) -> None:
    """One answer to one request, in whatever pieces it comes; a body is never taken for a request."""
    for cut in (len(raw), len(raw) - 1, 30, 1, raw.index(b"\r\n\r\n") + 4, raw.index(b"\r\n\r\n") + 2):
        async with overloaded() as (s, _), s.connections(1) as (late,):
            late.send(raw[:cut])
            await asyncio.sleep(0.001)
            late.send(raw[cut:])
            status, fields, _ = await late.answer(head=head)
            assert (status, "retry-after" in fields) == (503, True)
            assert (fields.get("connection") == "close") == closes
            if closes:
                assert await late.ended()
            else:
                s.go.set()
                await s.until(s.gate.reads, 0, 0)
                late.send(GET)
                status, _, body = await late.answer()
                assert (status, body) == (200, b"0")
            assert s.gate.reads.refused + s.gate.writes.refused == 1


async def test_one_after_the_other_on_one_connection() -> None:
    """Pipelined: every one is answered, in order."""
    async with overloaded() as (s, _), s.connections(1) as (late,):
        late.send(GET * 5)
        assert [(await late.answer())[0] for _ in range(5)] == [503] * 5
        s.go.set()
        await s.until(s.gate.reads, 0, 0)
        late.send(GET * 5)
        assert [(await late.answer())[0] for _ in range(5)] == [200] * 5


async def test_what_is_never_refused() -> None:
    """Health is asked all the same; writes have places of their own, but none while there is no time for all reads; reads have, while writes are many."""
    health = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
    async with overloaded() as (s, _), s.connections(2) as (one, other):
        one.send(health)
        assert (await one.answer())[0] == 200
        other.send(POST + b"a" * 200)
        assert (await other.answer())[0] == 503
    async with overloaded(reads=False) as (s, _), s.connections(3) as (one, other, third):
        one.send(health)
        assert (await one.answer())[0] == 200
        other.send(POST)
        assert (await other.answer())[0] == 503  # before a byte of the body has come
        third.send(GET)
        await s.until(s.gate.reads, 0, 1)
        s.go.set()
        assert (await third.answer())[0] == 200


async def test_whoever_has_gone_is_not_served() -> None:
    """A client that hangs up while it waits costs nothing more."""
    async with overloaded() as (s, three):
        three[1].writer.close()
        await until(lambda: len(s.state.connections) == 2)
        s.go.set()
        assert [(await three[number].answer())[0] for number in (0, 2)] == [200, 200]
        assert s.begun == 2


async def test_one_connection_too_many() -> None:
    """It is told so and closed; the others stay."""
    async with served() as s:
        s.go.set()
        s.gate.most_connections = 2
        async with s.connections(2) as two:
            for one in two:
                one.send(GET)
                assert (await one.answer())[0] == 200
            async with s.connections(1) as (late,):
                status, fields, _ = await late.answer()
                assert (status, fields["connection"]) == (503, "close")
                assert await late.ended()
            two[0].send(GET)
            assert (await two[0].answer())[0] == 200
        assert s.gate.connections == 1


async def test_the_console_is_refused_as_a_page() -> None:
    """And in its own lane."""
    async with served() as s, s.connections(4) as four:
        s.gate.console = Lane("console", width=1, few=2, patience=0)
        for number, one in enumerate(four):
            one.send(b"GET /console/ HTTP/1.1\r\nHost: x\r\n\r\n")
            if number < 3:
                await s.until(s.gate.console, number, 1)
        status, fields, body = await four[3].answer()
        assert (status, fields["content-type"]) == (503, "text/html; charset=utf-8")
        assert body.startswith(b"<!doctype html>")
        assert s.gate.reads.refused == 0


def test_a_lane_keeps_its_pace() -> None:
    """So many wait as are served within the patience; a burst is let in whole."""
    lane = Lane("reads", width=1, few=5, patience=3_600)
    assert lane.take()
    for _ in range(1_000):
        assert not lane.full
        lane.wait(lambda: True)
    lane._pace = 3.7
    assert lane.full
    lane._pace = 3.5
    assert not lane.full
    for _ in range(1_000):
        lane.left()
    assert (len(lane), lane.running, lane.full) == (0, 1, False)
    lane.left()
    assert (lane.running, lane.take(), lane.take()) == (0, True, False)


class _Heard:
    """What the parser hears."""

    def __init__(self) -> None:
        self.begun = self.ended = self.body = 0

    def on_message_begin(self) -> None:
        self.begun += 1

    def on_message_complete(self) -> None:
        self.ended += 1

    def on_body(self, _: bytes) -> None:
        self.body += 1


NAMES = (
    "Host",
    "Accept",
    "content-length",
    "Content-Length",
    "Transfer-Encoding",
    "CONNECTION",
    "connection",
    "Upgrade",
    "Expect",
    "X",
    "X Y",
    "",
    "Authorization",
    "Content-Lengt\u017f",
)
VALUES = (
    "a",
    "",
    "0",
    "5",
    "chunked",
    "close",
    "keep-alive",
    " keep-alive",
    "keep-alive, close",
    "Keep-Alive\t",
    "x\ty",
    "\u00e9",
    "websocket",
    "upgrade",
)
LINES = st.tuples(
    st.sampled_from(NAMES),
    st.sampled_from((":", ": ", " :", "")),
    st.sampled_from(VALUES),
    st.sampled_from(("\r\n", "\r\n", "\r\n", "\n", "\r\n ", "\r\n\r\n")),
)


@given(
    st.sampled_from(("/taxii2/a", "/api/v1/\u0000", "/taxii2/ b", "/x", "/taxii2/?\r\n")),
    st.sampled_from(("HTTP/1.1", "HTTP/1.0", "HTTP/1.1 ")),
    st.lists(LINES, min_size=1, max_size=4),
)
def test_what_is_plain_is_one_whole_request(path: str, version: str, lines: list[tuple[str, ...]]) -> None:
    """Whatever is refused unread, the parser would have taken for exactly one request that ends here, without a body, on a connection that stays."""
    raw = f"GET {path} {version}\r\n{''.join(map(''.join, lines))}\r\n".encode()
    if not busy.is_plain(raw):
        return
    heard = _Heard()
    parser = httptools.HttpRequestParser(heard)
    try:
        parser.feed_data(raw)
    except httptools.HttpParserError:
        return  # refused one way or the other
    assert (heard.begun, heard.ended, heard.body, parser.should_keep_alive()) == (1, 1, 0, True)


def test_what_real_clients_send_is_plain() -> None:
    """requests, and curl."""
    for more in (
        "User-Agent: python-requests/2.32\r\nAccept-Encoding: gzip, deflate\r\nConnection: keep-alive\r\n",
        "User-Agent: curl/8\r\n",
    ):
        raw = GET.replace(b"\r\n\r\n", b"\r\nAuthorization: Basic YTpi\r\n" + more.encode() + b"\r\n")
        assert busy.is_plain(raw)


async def test_what_waits_for_a_commit_stands_aside() -> None:
    """Its place is another's meanwhile; it comes back before those who have not begun, and no more run than may."""
    lane = Lane("reads", width=1, few=10, patience=1)
    commit, told = asyncio.Event(), list[str]()

    async def page(name: str, size: int) -> None:
        told.append(f"{name} begins")
        async with lane.aside(size):
            await commit.wait()
        told.append(f"{name} goes out, {lane.running} running")
        await asyncio.sleep(0)
        lane.left()

    def begin(name: str, size: int) -> bool:
        tasks.append(asyncio.create_task(page(name, size)))
        return True

    tasks: list[asyncio.Task[None]] = []
    assert lane.take()
    begin("first", 10)
    assert not lane.take()
    lane.wait(lambda: begin("second", ASIDE - 100_000))
    lane.wait(lambda: begin("third", 10))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    # The second would hold more than may wait aside, and so keeps its place.
    assert (told, lane.running, len(lane)) == (["first begins", "second begins"], 1, 1)
    commit.set()
    await until(lambda: not lane.running and not len(lane))
    assert told[2:] == [
        "second goes out, 1 running",
        "first goes out, 1 running",
        "third begins",
        "third goes out, 1 running",
    ]


@pytest.mark.parametrize("when", ["aside", "coming back", "back"])
async def test_whoever_goes_while_aside_is_counted_once(when: str) -> None:
    """However a client goes, as many may run afterwards as before."""
    lane = Lane("reads", width=1, few=10, patience=1)
    commit = asyncio.Event()

    async def page() -> None:
        try:
            async with lane.aside(1):
                await commit.wait()
        finally:
            lane.left()

    assert lane.take()
    task = asyncio.create_task(page())
    await asyncio.sleep(0)
    assert lane.running == 0
    if when != "aside":
        assert lane.take()
        commit.set()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        if when == "back":
            lane.left()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    if when == "coming back":
        lane.left()
    assert lane.running == 0
    assert lane.take()
