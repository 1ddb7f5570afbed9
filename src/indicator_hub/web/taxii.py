"""The TAXII 2.1 routes: parse, one deed, render.

Refusals come in one order (stated in taxii/README.md): more to do than the hub can (503, by the gate, before there is a request here), framing and size,
credentials (401; 429 where there were too many that are not valid), how often the account asks (429), method, media types and
parameter syntax, then what exists for this account, then rights, and only then the body. Nothing before what exists depends on what is
stored.
"""

from collections.abc import Awaitable, Callable, Mapping

from fastapi import Request, Response
from starlette.requests import ClientDisconnect
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from indicator_hub.errors import HubError, NotFound, Unavailable, UnsupportedMedia
from indicator_hub.sharing import authenticate, recall
from indicator_hub.sharing.poll import poll, poll_joined
from indicator_hub.sharing.status import status
from indicator_hub.sharing.submit import submit
from indicator_hub.taxii import page as pages
from indicator_hub.taxii import resources
from indicator_hub.taxii.media import TAXII, require_acceptable, require_taken
from indicator_hub.taxii.query import Asked, Resource, for_object, next_token, parse, query_of
from indicator_hub.web.call import Call, Hub, require_size, whole_body
from indicator_hub.web.identify import identified
from indicator_hub.web.problems import CACHING, fault, method_not_allowed, refusal

Handler = Callable[[Call], Awaitable[Response]]
_READS = ("GET", "HEAD")
_NONE: Mapping[str, str] = {}
_ALWAYS = [
    (b"content-type", TAXII.encode()),
    *((name.lower().encode(), text.encode()) for name, text in CACHING.items()),
]


PREFIX = "/taxii2/"


def routes(hub: Hub) -> list[Route]:
    """Every TAXII resource. The one polled all day comes first, since routes are tried in order.

    They are plain ASGI, without FastAPI's handler and middleware: those take longer than all that the hub does for an empty poll.
    """

    def route(path: str, **handlers: Handler) -> Route:
        return Route(path, _Resource(hub, handlers), include_in_schema=False)

    root = f"{PREFIX}{{group}}"
    collection = f"{root}/collections/{{collection}}"
    return [
        route(f"{collection}/objects/", GET=_objects, POST=_add_objects),
        route(f"{collection}/manifest/", GET=_manifest),
        route(f"{collection}/objects/{{object}}/versions/", GET=_versions),
        route(f"{collection}/objects/{{object}}/", GET=_object, DELETE=_delete_object),
        route(f"{collection}/", GET=_collection),
        route(f"{root}/collections/", GET=_collections),
        route(f"{root}/status/{{status}}/", GET=_status),
        route(f"{root}/", GET=_api_root),
        route(PREFIX, GET=_discovery),
        route(f"{root}/{{rest:path}}"),
    ]


class _Resource:
    """One resource with all its methods, as an ASGI application.

    Any method comes here, PROPFIND too: none is answered before the credentials (section 3.6, order of refusals).
    """

    def __init__(self, hub: Hub, handlers: Mapping[str, Handler]) -> None:
        self._hub = hub
        self._handlers = dict(handlers)
        if "GET" in handlers:
            self._handlers["HEAD"] = handlers["GET"]
        self._allowed = ", ".join(self._handlers)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """ASGI."""
        request = Request(scope, receive, send)
        response = await self._answered(request)
        await response(scope, receive, send)

    async def _answered(self, request: Request) -> Response:
        hub = self._hub
        try:
            require_size(request, hub.limits)
            who = await identified(hub.store, request, hub.limiter)
            if not self._handlers or any("\0" in part for part in request.path_params.values()):
                return refusal(NotFound(), request)
            handler = self._handlers.get(request.method)
            if handler is None:
                return method_not_allowed(self._allowed)
            require_acceptable(_header(request, "accept"))
            return await _answered(handler, Call(hub, request, who))
        except HubError as error:
            return refusal(error, request)
        except ClientDisconnect:
            return Response(status_code=400)  # to nobody: the client has hung up
        except Exception as error:  # noqa: BLE001 - the last handler: a fault of ours must still be a TAXII error
            return fault(error, request)


async def _answered(handler: Handler, call: Call) -> Response:
    """What only reads is read once more, when the connection was lost in its midst."""
    try:
        return await handler(call)
    except Unavailable as error:
        if call.request.method not in _READS or not error.retry:
            raise
    return await handler(call)


def _header(request: Request, name: str) -> str | None:
    """One value, several headers of the same name joined (RFC 9110 section 5.3)."""
    values = request.headers.getlist(name)
    return ", ".join(values) if values else None


def _answer(body: bytes, *, status_code: int = 200, headers: Mapping[str, str] = _NONE) -> Response:
    response = Response(status_code=status_code)
    response.body = body
    length = (b"content-length", b"%d" % len(body))
    response.raw_headers = [
        *_ALWAYS,
        length,
        *((name.lower().encode(), text.encode()) for name, text in headers.items()),
    ]
    return response


async def _discovery(call: Call) -> Response:
    account = call.who.require_account()
    groups = await authenticate.groups(call.hub.store, account)
    # `public` last: the default root is one the account was enrolled for, if there is one.
    groups.sort(key=lambda reach: (reach.group.kind == "public", reach.group.name))
    return _answer(
        resources.discovery(call.hub.title, [f"{call.hub.origin}/taxii2/{reach.group.name}/" for reach in groups])
    )


async def _api_root(call: Call) -> Response:
    return _answer(resources.api_root(call.who.require_reach(), call.hub.limits.body))


async def _collections(call: Call) -> Response:
    reach = call.who.require_reach()
    return _answer(
        resources.collections(await authenticate.collections(call.hub.store, call.who.account, reach.group.name))
    )


async def _collection(call: Call) -> Response:
    return _answer(resources.collection(call.who.require_reach()))


async def _status(call: Call) -> Response:
    identifier = call.request.path_params["status"]
    return _answer(await status(call.hub.store, call.who.require_reach(), identifier, kept_for=call.hub.status_kept))


async def _objects(call: Call) -> Response:
    return await _page(call, Resource.OBJECTS)


async def _manifest(call: Call) -> Response:
    return await _page(call, Resource.MANIFEST)


async def _object(call: Call) -> Response:
    return await _page(call, Resource.OBJECT)


async def _versions(call: Call) -> Response:
    return await _page(call, Resource.VERSIONS)


async def _page(call: Call, resource: Resource) -> Response:
    asked: Asked = parse(call.query, resource, call.hub.limits)
    reach = call.who.require_reach()
    hub, account = call.hub, call.who.account
    identifier: str = call.request.path_params.get("object", "")
    name, target = account.name if account else "", f"{resource.value} {reach.require_collection().id} {identifier}"
    query = query_of(asked, keys=hub.page_keys, account=name, target=target, page_limit=hub.page_limit)
    # `next` carries what was asked, and the path says again which object: narrowed, it would not be the same query that comes back.
    narrowed = for_object(query, identifier) if identifier else query
    record = call.request.method != "HEAD"
    joins = resource in (Resource.OBJECTS, Resource.OBJECT)
    page = await (poll_joined if joins else poll)(hub.store, call.caller, reach, narrowed, resource, record=record)
    following = None
    if page.more:
        following = next_token(query, page.last, key=hub.page_keys[0], account=name, target=target)
    if isinstance(page, pages.Joined):
        body = pages.envelope(page, following, list_empty=account is not None and account.lists_empty)
    elif resource is Resource.MANIFEST:
        body = pages.manifest(page, following)
    else:
        body = pages.versions(page, following)
    return _answer(body, headers=pages.date_headers(page))


async def _add_objects(call: Call) -> Response:
    require_taken(call.request.headers.get("content-type"))
    if call.request.headers.get("content-encoding", "identity").strip().lower() not in ("", "identity"):
        raise UnsupportedMedia("The hub takes bodies without a Content-Encoding.")
    made = await submit(
        call.hub.store, call.caller, call.who.require_reach(), lambda: whole_body(call), limits=call.hub.limits
    )
    return _answer(made.resource, status_code=202)


async def _delete_object(call: Call) -> Response:
    asked = parse(call.query, Resource.DELETION, call.hub.limits)
    reach = call.who.require_reach()
    identifier = call.request.path_params["object"]
    await recall.delete(call.hub.store, call.caller, reach, identifier, asked.filters)
    return _answer(b"")
