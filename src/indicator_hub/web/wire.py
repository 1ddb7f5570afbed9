"""What the HTTP parser lets in, and its refusals: before there is a request, in TAXII's shape like every other (sections 3.1 and 3.6).

Here stands the gate, too (`gate.py`): before credentials, body and database. While its reads are full, a request that is plain to see is refused
before it is parsed, which costs a tenth of what a poll costs: at four times what the hub can do, the refusals would else take most of it.
"""

import asyncio
from collections.abc import Callable
from http import HTTPStatus
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from indicator_hub.errors import HeadTooLarge, HubError, Invalid, TooLong
from indicator_hub.limits import LARGEST_HEAD, LONGEST_URL
from indicator_hub.taxii import resources
from indicator_hub.taxii.media import TAXII
from indicator_hub.web import busy
from indicator_hub.web.gate import LANE, Gate, Lane
from indicator_hub.web.problems import CACHING, STATUS


class _Refused(Exception):
    """Stops the parser."""


class Protocol(HttpToolsProtocol):
    """uvicorn's, with a bound on the head of a request, the Host that RFC 9112 section 3.2 demands, and refusals in the hub's own words."""

    _in_head = False
    _head = 0
    _unfinished = 0
    _hosts = 0
    _told = False
    """Refused since the connection was last looked at for having nothing to do."""

    def __init__(self, gate: Gate, **given: Any) -> None:
        super().__init__(**given)
        self.gate = gate

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """One more; none that would leave no file descriptors for the database and for lists."""
        super().connection_made(transport)
        if len(self.connections) > self.gate.most_connections:
            self.gate.connections += 1
            transport.write(busy.answer("", head=False, close=True))
            transport.close()

    def data_received(self, data: bytes) -> None:
        """The parser keeps a field until its end, so that bytes are counted as they come, too."""
        reads = self.gate.reads
        if reads.full and self._between() and busy.is_plain(data):
            reads.refused += 1
            self.transport.write(busy.plainly(data))
            self._keep_alive()
            return
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

    def _between(self) -> bool:
        """Whether what comes now is the beginning of a request, and nothing is before it."""
        cycle = cast("RequestResponseCycle | None", self.cycle)
        before = cycle is None or (cycle.response_complete and cycle.keep_alive and not cycle.more_body)
        return before and not self._in_head and not self.flow.write_paused and not self.transport.is_closing()

    def _keep_alive(self) -> None:
        """Closing a connection on which nothing comes is put off, without a timer for each refusal."""
        self._told = True
        if self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def timeout_keep_alive_handler(self) -> None:
        """Nothing came, or nothing that was let in."""
        self.timeout_keep_alive_task = None
        if self._told:
            self._told = False
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )
        else:
            super().timeout_keep_alive_handler()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        lane = self.gate.lane(cycle.scope["method"], cycle.scope["path"])
        if lane is None:
            super()._start_asgi_task(cycle, app)
        elif self.gate.full(lane):
            lane.refused += 1
            self._refuse_busy(cycle)
        elif not len(lane) and lane.take():
            self._run(cycle, app, lane)
        else:
            lane.wait(self._waiting(cycle, app, lane))

    def _run(self, cycle: RequestResponseCycle, app: Any, lane: Lane) -> None:
        cycle.scope[LANE] = lane  # type: ignore[typeddict-unknown-key]
        task = self.loop.create_task(cycle.run_asgi(app))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)
        task.add_done_callback(lane.left)

    def _waiting(self, cycle: RequestResponseCycle, app: Any, lane: Lane) -> Callable[[], bool]:
        def begin() -> bool:
            if cycle.disconnected or self.transport.is_closing():
                return False
            self._run(cycle, app, lane)
            return True

        return begin

    def _refuse_busy(self, cycle: RequestResponseCycle) -> None:
        """Answer in place of the application. The rest of a body is read and thrown away, as after any answer that comes early."""
        if self.flow.write_paused:  # it asks, and does not read what it is told
            self.transport.abort()
            return
        head = cycle.scope["method"] == "HEAD"
        self.transport.write(busy.answer(cycle.scope["path"], head=head, close=not cycle.keep_alive))
        cycle.response_started = cycle.response_complete = True
        if cycle.keep_alive:
            self.on_response_complete()
        else:
            self.transport.close()

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
