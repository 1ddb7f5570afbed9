"""What the HTTP parser lets in, and its refusals: before there is a request, in TAXII's shape like every other (sections 3.1 and 3.6)."""

from http import HTTPStatus
from typing import cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from indicator_hub.errors import HeadTooLarge, HubError, Invalid, TooLong
from indicator_hub.limits import LARGEST_HEAD, LONGEST_URL
from indicator_hub.taxii import resources
from indicator_hub.taxii.media import TAXII
from indicator_hub.web.problems import CACHING, STATUS


class _Refused(Exception):
    """Stops the parser."""


class Protocol(HttpToolsProtocol):
    """uvicorn's, with a bound on the head of a request, the Host that RFC 9112 section 3.2 demands, and refusals in the hub's own words."""

    _in_head = False
    _head = 0
    _unfinished = 0
    _hosts = 0

    def data_received(self, data: bytes) -> None:
        """The parser keeps a field until its end, so that bytes are counted as they come, too."""
        self._unfinished += len(data)
        super().data_received(data)
        if self._in_head and self._unfinished > LARGEST_HEAD + LONGEST_URL and not self.transport.is_closing():
            self._refuse(HeadTooLarge())

    def on_message_begin(self) -> None:
        """A head begins."""
        self._in_head = True
        self._head = self._unfinished = self._hosts = 0
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """One field of it."""
        self._head += len(name) + len(value)
        if self._head > LARGEST_HEAD:
            raise _Refused
        self._hosts += name.lower() == b"host"
        super().on_header(name, value)

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._in_head = False
        if self._hosts != 1 and self.parser is not None and self.parser.get_http_version() == "1.1":
            raise _Refused
        super().on_headers_complete()

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's sentence says no more than ours
        """What the parser does not take."""
        # The very first bytes may be none of a request, and then there is no URL yet.
        if len(getattr(self, "url", b"")) > LONGEST_URL:
            self._refuse(TooLong())
        else:
            self._refuse(HeadTooLarge() if self._head > LARGEST_HEAD else Invalid())

    def _refuse(self, error: HubError) -> None:
        """Answer and close; but a request that came whole before these bytes is answered, and nobody else is in its place."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        if cycle is not None and not cycle.response_complete:
            if not cycle.more_body:
                cycle.keep_alive = False
                self.flow.pause_reading()
                return
            if cycle.response_started or self.pipeline:
                self.transport.close()
                return
        status = HTTPStatus(STATUS[type(error)])
        body = resources.error(error.sentence, status)
        headers = [
            *self.server_state.default_headers,
            (b"content-type", TAXII.encode()),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
            *((name.lower().encode(), value.encode()) for name, value in CACHING.items()),
        ]
        lines = [f"HTTP/1.1 {status.value} {status.phrase}".encode(), *(b"%b: %b" % pair for pair in headers)]
        self.transport.write(b"\r\n".join([*lines, b"", body]))
        self.transport.close()
