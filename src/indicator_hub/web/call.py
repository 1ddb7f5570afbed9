"""One request on its way: who asks, and with what. Shared by the TAXII routes and the API's."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from fastapi import Request, Response
from starlette.routing import Route

from indicator_hub.errors import Conflict, Invalid, TooLarge, TooLong
from indicator_hub.limits import Limits
from indicator_hub.sharing.act import Caller, Once, Store, beside_nobody
from indicator_hub.sharing.authenticate import Identified
from indicator_hub.sharing.export import Memory
from indicator_hub.web.gate import LANE, Gate, Lane
from indicator_hub.web.limiter import Limiter
from indicator_hub.web.problems import request_id


@dataclass(frozen=True, slots=True)
class Feeds:
    """What can be done with feeds in this process: given by whoever starts it, since pages and feeds do not know each other."""

    rehearse: Callable[[str], Awaitable[Mapping[str, int]]]
    """The tally of what a run would do now. Raises FeedFailed, Invalid, NotFound."""
    accept: Callable[[str], Awaitable[tuple[str, Mapping[str, int]]]]
    """Run it now, and take what is held for a person: outcome and tally. Raises FeedFailed, NotFound, Conflict."""


@dataclass(frozen=True, slots=True)
class Hub:
    """What the routes need: the store and the plain values of the settings. `page_keys`: the newest signs. Times in microseconds."""

    store: Store
    origin: str
    title: str
    page_keys: tuple[bytes, ...]
    page_limit: int
    limits: Limits
    status_kept: int
    lists: Memory = field(default_factory=Memory)
    feeds: Feeds | None = None
    metrics_token: str = ""
    gate: Gate = field(default_factory=Gate)
    limiter: Limiter = field(default_factory=Limiter)

    def require_feeds(self) -> Feeds:
        """Raises Conflict where this process runs none."""
        if self.feeds is None:
            raise Conflict("This process runs no feeds: use `indicator-hub ingest` on the hub's host.")
        return self.feeds


@dataclass(slots=True)
class Call:
    """A request whose credential is known."""

    hub: Hub
    request: Request
    who: Identified
    once: Once | None = None

    @property
    def caller(self) -> Caller:
        """For the audit."""
        client = self.request.client
        lane: Lane | None = self.request.scope.get(LANE)
        return Caller(
            self.who.account,
            request_id(self.request),
            client.host if client else "",
            self.once,
            lane.aside if lane is not None else beside_nobody,
        )

    @property
    def query(self) -> str:
        """The query string as sent."""
        return self.request.scope["query_string"].decode("latin-1")


def require_size(request: Request, limits: Limits) -> None:
    """Raises TooLong, TooLarge and Invalid by what the head says of the request."""
    scope, most = request.scope, limits.body
    if len(scope["query_string"]) + len(scope["raw_path"]) > limits.url:
        raise TooLong(f"A path and its query may hold {limits.url} bytes.")
    declared = request.headers.get("content-length")
    if declared is None:
        return
    if not declared.isascii() or not declared.isdigit():
        raise Invalid("Content-Length must be a number.")
    if len(declared) > len(str(most)) + 1 or int(declared) > most:
        raise TooLarge(f"A request body may hold {most} bytes.")


async def whole_body(call: Call) -> bytes:
    """The whole body, counted as it comes: a length may be missing."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in call.request.stream():
        size += len(chunk)
        if size > call.hub.limits.body:
            raise TooLarge(f"A request body may hold {call.hub.limits.body} bytes.")
        chunks.append(chunk)
    return b"".join(chunks)


def any_method(path: str, endpoint: Callable[[Request], Awaitable[Response]]) -> Route:
    """A route that any method at all comes to: none is answered before the credentials.

    It is Starlette's own. These handlers read their requests themselves, and FastAPI's would look again for what to read for them.
    """
    made = Route(path, endpoint, include_in_schema=False)
    made.methods = None
    return made
