"""Refusals of the HTTP parser, before there is a request: in TAXII's shape like every other (TAXII 2.1 sections 3.1 and 3.6)."""

from http import HTTPStatus

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from indicator_hub.errors import Invalid, TooLong
from indicator_hub.limits import LONGEST_URL
from indicator_hub.taxii import resources
from indicator_hub.taxii.media import TAXII
from indicator_hub.web.problems import CACHING, STATUS


class Protocol(HttpToolsProtocol):
    """uvicorn's, with the hub's own words for bytes that are no HTTP, and for a URL that the parser cannot hold."""

    def send_400_response(self, msg: str) -> None:  # noqa: ARG002 - uvicorn's sentence says no more than ours
        """Answer and close."""
        # The very first bytes may be none of a request, and then there is no URL yet.
        error = TooLong if len(getattr(self, "url", b"")) > LONGEST_URL else Invalid
        status = HTTPStatus(STATUS[error])
        body = resources.error(error().sentence, status)
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
