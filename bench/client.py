"""A load driver: keep-alive connections in a closed loop, each sending its next request when the answer is whole.

It looks at the status line and the length only, so that it takes little of the machine from the server it measures.
"""

import base64
import http.client
import re
import selectors
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Self

TAXII = "application/taxii+json;version=2.1"
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_CHUNK = 1 << 18
_BEGINNING = 1_024
"""How much of a body is kept; it may come apart from its head."""
_PATIENCE = 120


class Refused(RuntimeError):
    """The server answered otherwise than it should."""


def basic(account: str, token: str) -> str:
    """The Authorization header of an account."""
    return f"Basic {base64.b64encode(f'{account}:{token}'.encode()).decode()}"


def request(method: str, path: str, authorization: str, body: bytes = b"") -> bytes:
    """A request as it goes over the wire."""
    lines = [f"{method} {path} HTTP/1.1", "Host: 127.0.0.1", f"Authorization: {authorization}", f"Accept: {TAXII}"]
    if method == "POST":
        lines += [f"Content-Type: {TAXII}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode() + body


class Connection:
    """One connection; `head` is what came of the last answer until its body began, and at least the first `_BEGINNING` bytes of that."""

    def __init__(self, port: int, expected: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=_PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.head = b""
        self._expected = b"HTTP/1.1 %d" % expected
        self._missing = -1
        self._shown = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.socket.close()

    def send(self, raw: bytes) -> None:
        """Send the next request."""
        self.head, self._missing = b"", -1
        self.socket.sendall(raw)

    def read(self) -> bool:
        """Read what there is. True when the answer is whole."""
        got = self.socket.recv(_CHUNK)
        if not got:
            raise Refused("The server closed the connection.")
        if self._missing >= 0:
            if len(self.head) < self._shown:
                self.head += got[:_BEGINNING]
            self._missing -= len(got)
            return self._missing == 0
        self.head += got
        end = self.head.find(b"\r\n\r\n")
        if end < 0:
            return False
        length = _LENGTH.search(self.head, 0, end + 2)
        if not self.head.startswith(self._expected) or length is None:
            raise Refused(f"Expected {self._expected.decode()}, was answered {self.head[:500]!r}")
        self._shown = end + 4 + _BEGINNING
        self._missing = int(length[1]) - (len(self.head) - end - 4)
        return self._missing == 0

    def exchange(self, raw: bytes) -> bytes:
        """One request, waited for. Returns the beginning of the answer."""
        self.send(raw)
        while not self.read():
            pass
        return self.head


@dataclass(frozen=True, slots=True)
class Load:
    """How many requests were answered, in how many seconds."""

    requests: int
    seconds: float


def drive(
    port: int, connections: int, following: Callable[[], bytes | None], *, seconds: float = 1e9, expected: int = 200
) -> Load:
    """Closed loop until the time is over or `following` has no request left; every request sent is waited for."""
    with ExitStack() as stack:
        selector = stack.enter_context(selectors.DefaultSelector())
        begun = time.perf_counter()
        until = begun + seconds
        busy = done = 0
        for _ in range(connections):
            one = stack.enter_context(Connection(port, expected))
            if (raw := following()) is None:
                break
            selector.register(one.socket, selectors.EVENT_READ, one)
            one.send(raw)
            busy += 1
        while busy:
            for key, _ in selector.select(_PATIENCE):
                one: Connection = key.data
                if not one.read():
                    continue
                done += 1
                raw = following() if time.perf_counter() < until else None
                if raw is None:
                    selector.unregister(one.socket)
                    busy -= 1
                else:
                    one.send(raw)
        return Load(done, time.perf_counter() - begun)


def fetch(
    port: int, path: str, authorization: str, *, method: str = "GET", body: bytes | None = None
) -> tuple[int, dict[str, str], bytes]:
    """One request on a connection of its own: status, headers (small letters) and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=_PATIENCE)
    try:
        headers = {"Authorization": authorization, "Accept": TAXII}
        if body is not None:
            headers["Content-Type"] = TAXII
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()
