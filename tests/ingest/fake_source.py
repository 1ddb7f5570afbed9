"""A source on the loopback that answers as it is told to, and notes what it was asked."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

Handler = BaseHTTPRequestHandler
Reply = Callable[[Handler], None]


@dataclass
class FakeSource:
    """`replies` by path; every other path is not there. `asked` are the headers of each request, in lower case, with its path."""

    url: str = ""
    replies: dict[str, Reply] = field(default_factory=dict)
    asked: list[dict[str, str]] = field(default_factory=list)

    def paths(self) -> list[str]:
        """What was asked for, in order."""
        return [one[":path"] for one in self.asked]


@contextmanager
def fake_source() -> Iterator[FakeSource]:
    """A real server."""
    source = FakeSource()

    class Answering(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            """As it is told."""
            source.asked.append({name.lower(): value for name, value in self.headers.items()} | {":path": self.path})
            self.close_connection = True  # one answer for each: many of them break off
            with suppress(OSError):  # whoever asked has had enough
                source.replies.get(self.path, reply(404))(self)

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    source.url = f"http://127.0.0.1:{server.server_port}"
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield source
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def reply(status: int, body: bytes = b"", *, length: int | None = None, **headers: str) -> Reply:
    """An answer; `length`: what it says of its length, where that is not the truth."""

    def send(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        if status not in (204, 304):
            handler.send_header("Content-Length", str(len(body) if length is None else length))
        handler.end_headers()
        handler.wfile.write(body)

    return send


def silence(handler: Handler) -> None:
    """Nothing at all, until whoever asked goes away."""
    handler.rfile.read(1)


def endless(piece: bytes, **headers: str) -> Reply:
    """The same over and over again, in chunks."""

    def send(handler: Handler) -> None:
        _begin_chunks(handler, headers)
        while True:
            _chunk(handler, piece)

    return send


def broken_off(*pieces: bytes) -> Reply:
    """Chunks, and the connection is closed before the last one was said to be the last."""

    def send(handler: Handler) -> None:
        _begin_chunks(handler, {})
        for piece in pieces:
            _chunk(handler, piece)

    return send


def _begin_chunks(handler: Handler, headers: dict[str, str]) -> None:
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.end_headers()


def _chunk(handler: Handler, piece: bytes) -> None:
    handler.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
