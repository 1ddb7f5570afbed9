"""What a client can only see on the wire: bodies that are not there, dates, framing, connections that are kept (RFC 9110, RFC 9112)."""

import json
import re
import socket
from contextlib import suppress
from email.utils import parsedate_to_datetime
from typing import Any, Self
from urllib.parse import urlsplit

import pytest

from conformance.asking import RESOURCES, version
from indicator_hub.limits import LARGEST_HEAD
from support.grounds import GROUP, Grounds, Place
from support.live import TAXII
from support.world import MAIN, indicator


class Wire:
    """One connection, on which bytes are sent and answers read."""

    def __init__(self, live: Grounds) -> None:
        host, _, port = urlsplit(live.hub.url).netloc.partition(":")
        self._socket = socket.create_connection((host, int(port)), timeout=60)
        self._token = live.tokens["producer"]
        self._read = b""

    def send(
        self, method: str, path: str, *headers: str, body: bytes = b"", signed: bool = True, version: str = "1.1"
    ) -> None:
        """A request, with nothing in it that is not named here but Host and the credential."""
        lines = [f"{method} {path} HTTP/{version}", "Host: hub.example", *headers]
        lines += [f"Authorization: Bearer {self._token}"] if signed else []
        self._socket.sendall("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def send_bytes(self, some: bytes) -> None:
        """Only these. The hub may have closed before it read them all."""
        with suppress(ConnectionError):
            self._socket.sendall(some)

    def closed(self) -> bool:
        """Whether the hub has nothing more to say."""
        return not self._read and self._socket.recv(65_536) == b""

    def send_line(self, text: str) -> None:
        """Just this."""
        self._socket.sendall(text.encode("latin-1") + b"\r\n\r\n")

    def answer(self, *, head: bool = False) -> tuple[int, dict[str, str], bytes]:
        """Status, headers, and the body of so many bytes as they say; none after HEAD."""
        start, rest = self._until(b"\r\n\r\n")
        status, *lines = start.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        size = 0 if head else int(headers["content-length"])
        while len(rest) < size:
            rest += self._more()
        self._read = rest[size:]
        return int(status.split()[1]), headers, rest[:size]

    def _until(self, end: bytes) -> tuple[bytes, bytes]:
        while end not in self._read:
            self._read += self._more()
        start, _, rest = self._read.partition(end)
        return start, rest

    def _more(self) -> bytes:
        found = self._socket.recv(65_536)
        assert found, "the hub has closed the connection"
        return found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._socket.close()


@pytest.fixture
def place(live_on_sqlite: Grounds) -> Place:
    """A collection with three objects in it."""
    fresh = live_on_sqlite.fresh()
    with live_on_sqlite.client("producer") as producer:
        assert producer.post(fresh.objects, [version(number, 1) for number in (1, 2, 3)]).json["success_count"] == 3
    return fresh


@pytest.mark.row("T-067", "T-063", "T-090", "T-035", "T-022")
def test_head_on_the_wire(live_on_sqlite: Grounds, place: Place) -> None:
    """Every resource, a refusal and what is not there: the headers of GET, no byte of a body, and the connection goes on."""
    with live_on_sqlite.client("producer") as producer:
        status = producer.post(place.objects, [version(4, 1)]).json["id"]
    paths = [path.format(status=status).replace("alpha", GROUP).replace(MAIN, place.id) for path in RESOURCES.values()]
    with Wire(live_on_sqlite) as wire:
        for path in [*paths, f"{place.objects}?limit=2", f"{place.objects}?limit=0", "/taxii2/never/", "/never/"]:
            wire.send("GET", path)
            status_code, headers, body = wire.answer()
            wire.send("HEAD", path)
            again, found, nothing = wire.answer(head=True)
            assert (path, again, nothing, found["content-length"]) == (path, status_code, b"", str(len(body)))
            assert {**found, "date": ""} == {**headers, "date": ""}
            assert headers["content-type"] == TAXII


@pytest.mark.row("T-017", "T-022", "T-035", "T-044")
def test_every_answer_has_a_date(live_on_sqlite: Grounds, place: Place) -> None:
    """Successes and refusals alike, to a client that sends nothing beyond its credential; and a media type."""
    body = b'{"objects":[]}'
    length, ours = f"Content-Length: {len(body)}", f"Content-Type: {TAXII}"
    asked: list[tuple[int, str, str, list[str], bytes, bool]] = [
        (200, "GET", "/taxii2/", [], b"", True), (200, "GET", place.objects, [], b"", True), (401, "GET", "/taxii2/", [], b"", False), (404, "GET", "/taxii2/never/", [], b"", True),
        (405, "PUT", "/taxii2/", [], b"", True), (406, "GET", "/taxii2/", ["Accept: text/html"], b"", True), (400, "GET", f"{place.objects}?limit=0", [], b"", True),
        (415, "POST", place.objects, [length], body, True), (422, "POST", place.objects, [length, ours], body, True),
    ]  # fmt: skip
    for status, method, path, headers, content, signed in asked:
        with Wire(live_on_sqlite) as wire:
            wire.send(method, path, *headers, body=content, signed=signed)
            found, answered, _ = wire.answer()
            assert (path, found, answered["content-type"]) == (path, status, TAXII)
            assert parsedate_to_datetime(answered["date"]).tzinfo is not None
            assert answered["date"].endswith(" GMT")


@pytest.mark.row("T-116")
def test_brackets_on_the_wire(live_on_sqlite: Grounds, place: Place) -> None:
    """Raw, or in percent signs of either case, or mixed: as the bytes of the request line have it."""
    one = indicator(2)["id"]
    with Wire(live_on_sqlite) as wire:
        for query in (
            f"match[id]={one}", f"match%5Bid%5D={one}", f"match%5bid%5d={one}", f"match[id%5D={one}", f"match[id]={one.replace('-', '%2D')}", f"match[id]={one}%2C{indicator(9)['id']}",
            f"match[id]={one},{one}&match%5Btype%5D=indicator",
        ):  # fmt: skip
            wire.send("GET", f"{place.objects}?{query}", f"Accept: {TAXII}")
            status, _, body = wire.answer()
            assert (query, status, re.findall(rb'"id":\s*"(indicator--[^"]*)"', body)) == (query, 200, [one.encode()])
        for path in (
            f"{place.objects}{one.replace('-', '%2D')}/",
            f"{place.objects}%69{one[1:]}",
            place.objects.replace("collections", "%63ollections"),
        ):
            wire.send("GET", path)
            assert (path, wire.answer()[0]) == (path, 200)


@pytest.mark.row("T-035", "T-194", "T-195", "T-021")
@pytest.mark.parametrize(
    ("method", "path", "headers", "status"),
    [
        ("POST", "/taxii2/", ["Content-Length: abc"], 400), ("GET", "/taxii2/\u00e9/", [], 400),
        ("GET", f"/taxii2/?x={'a' * 65_000}", [], 200), ("GET", f"/taxii2/?x={'a' * 66_000}", [], 414),
    ],
    ids=["length is no number", "bytes in a path", "a long URL", "a longer one"],
)  # fmt: skip
def test_framing_on_the_wire(live_on_sqlite: Grounds, method: str, path: str, headers: list[str], status: int) -> None:
    """What is no sound HTTP is refused as a TAXII error too, and as docs/limits.md says."""
    with Wire(live_on_sqlite) as wire:
        wire.send(method, path, *headers)
        found, answered, body = wire.answer()
        assert (found, answered["content-type"]) == (status, TAXII)
        assert status == 200 or json.loads(body)["http_status"] == str(status)


@pytest.mark.row("T-035", "T-194", "T-195")
@pytest.mark.parametrize(
    "first", ["\0\0\0\0", "\x16\x03\x01\x02", "GET", "HTTP/1.1 200 OK", "garbage", "GET / HTTP/9.9"]
)
def test_what_is_no_http_at_all(live_on_sqlite: Grounds, first: str) -> None:
    """Answered all the same, whatever the first bytes are; the hub goes on."""
    with Wire(live_on_sqlite) as wire:
        wire.send_line(first)
        found, answered, body = wire.answer()
        assert (found, answered["content-type"], json.loads(body)["http_status"]) == (400, TAXII, "400")
    with Wire(live_on_sqlite) as wire:
        wire.send("GET", "/taxii2/")
        assert wire.answer()[0] == 200


@pytest.mark.row("T-021", "T-035")
@pytest.mark.parametrize("whole", [True, False])
def test_a_head_without_end(live_on_sqlite: Grounds, whole: bool) -> None:
    """More header fields than the hub reads are refused, one that never ends is not waited for, and just fewer are read."""
    taken = "Hosthub.example" + f"AuthorizationBearer {live_on_sqlite.tokens['producer']}"
    room = LARGEST_HEAD - len(taken) - len("X-A")
    with Wire(live_on_sqlite) as wire:
        wire.send("GET", "/taxii2/", f"X-A: {'a' * room}")
        assert wire.answer()[0] == 200
        if whole:
            wire.send("GET", "/taxii2/", f"X-A: {'a' * (room + 1)}")
        else:
            wire.send_bytes(b"GET /taxii2/ HTTP/1.1\r\nHost: hub.example\r\nX-A: " + b"a" * 1_000_000)
        status, headers, body = wire.answer()
        assert (status, headers["content-type"], json.loads(body)["http_status"]) == (431, TAXII, "431")


@pytest.mark.row("T-035", "T-298")
def test_bytes_behind_a_whole_request(live_on_sqlite: Grounds) -> None:
    """The request is answered as what it is, and only then is the connection closed."""
    place = live_on_sqlite.fresh()
    body = json.dumps({"objects": [version(6, 1)]}).encode()
    with Wire(live_on_sqlite) as wire:
        wire.send(
            "POST", place.objects, f"Content-Length: {len(body)}", f"Content-Type: {TAXII}", body=body + b"}x\r\n"
        )
        status, _, found = wire.answer()
        assert (status, b'"success_count":1' in found, wire.closed()) == (202, True, True)
    with Wire(live_on_sqlite) as wire:
        wire.send("GET", place.objects, body=b"garbage\r\n\r\n")
        status, _, found = wire.answer()
        assert (status, indicator(6)["id"].encode() in found, wire.closed()) == (200, True, True)
    with Wire(live_on_sqlite) as wire:
        wire.send("POST", place.objects, "Transfer-Encoding: chunked", f"Content-Type: {TAXII}", body=b"no size\r\n")
        assert (wire.answer()[0], wire.closed()) == (400, True)


@pytest.mark.row("T-035")
@pytest.mark.parametrize(("hosts", "version", "status"), [(0, "1.1", 400), (2, "1.1", 400), (0, "1.0", 200)])
def test_one_host(live_on_sqlite: Grounds, hosts: int, version: str, status: int) -> None:
    """HTTP/1.1 needs a Host, and no second one (RFC 9112 section 3.2)."""
    lines = [f"GET /healthz HTTP/{version}", *["Host: hub.example"] * hosts, "Accept: */*"]
    with Wire(live_on_sqlite) as wire:
        wire.send_line("\r\n".join(lines))
        assert wire.answer()[0] == status


@pytest.mark.row("T-290", "T-294", "T-293", "T-297")
@pytest.mark.parametrize("sizes", [[1], [7, 1, 30], [100_000]])
def test_chunks_on_the_wire(live_on_sqlite: Grounds, sizes: list[int]) -> None:
    """A body without a length, in pieces of any size: taken as one; the next request on the connection is answered too."""
    place = live_on_sqlite.fresh()
    body = json.dumps({"objects": [version(5, 1)]}).encode()
    pieces, at, number = b"", 0, 0
    while at < len(body):
        part = body[at : at + sizes[number % len(sizes)]]
        pieces += b"%x\r\n%b\r\n" % (len(part), part)
        at, number = at + len(part), number + 1
    with Wire(live_on_sqlite) as wire:
        wire.send(
            "POST", place.objects, "Transfer-Encoding: chunked", f"Content-Type: {TAXII}", body=pieces + b"0\r\n\r\n"
        )
        status, _, found = wire.answer()
        assert (status, b'"success_count":1' in found) == (202, True)
        wire.send("GET", place.objects)
        assert wire.answer()[0] == 200


@pytest.mark.row("T-294", "T-195")
def test_after_a_body_that_was_not_read(live_on_sqlite: Grounds, place: Place) -> None:
    """Refused before its body is looked at; what is then on the connection is no second request."""
    inner = f"DELETE {place.objects}{indicator(1)['id']}/ HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {live_on_sqlite.tokens['producer']}\r\n\r\n".encode()
    for signed, headers, status in (
        (False, [f"Content-Type: {TAXII}"], 401),
        (True, ["Content-Type: text/plain"], 415),
        (True, ["Accept: text/html"], 406),
    ):
        with Wire(live_on_sqlite) as wire:
            wire.send("POST", place.objects, f"Content-Length: {len(inner)}", *headers, body=inner, signed=signed)
            assert wire.answer()[0] == status
            wire.send("GET", place.objects)
            answered, _, body = wire.answer()
            assert (answered, indicator(1)["id"].encode() in body) == (200, True)


@pytest.mark.row("T-012", "T-013", "T-014", "T-035")
def test_an_upgrade_is_not_taken(live_on_sqlite: Grounds) -> None:
    """A request that would rather speak another protocol is answered in this one, and without credentials by 401."""
    headers = [
        "Connection: Upgrade",
        "Upgrade: websocket",
        "Sec-WebSocket-Version: 13",
        "Sec-WebSocket-Key: MDEyMzQ1Njc4OTAxMjM0NQ==",
    ]
    for signed, status in ((True, 200), (False, 401)):
        with Wire(live_on_sqlite) as wire:
            wire.send("GET", "/taxii2/", *headers, signed=signed)
            found, answered, _ = wire.answer()
            assert (found, answered["content-type"]) == (status, TAXII)


@pytest.mark.row("T-035", "T-031")
def test_older_http(live_on_sqlite: Grounds, place: Place) -> None:
    """HTTP/1.0 and a request line with a whole URL are answered the same."""
    found: list[Any] = []
    for path, number in ((place.objects, "1.1"), (place.objects, "1.0"), (f"http://hub.example{place.objects}", "1.1")):
        with Wire(live_on_sqlite) as wire:
            wire.send("GET", path, version=number)
            status, headers, body = wire.answer()
            found.append((status, headers["content-type"], body))
    assert found[0][:2] == (200, TAXII)
    assert found[1:] == [found[0]] * 2
