"""Lists for devices, by URL: `/exports/{group}/{format}/{file}`, or of one collection. docs/exports.md says which there are.

Refusals come in the order of the TAXII routes: size, credentials, method, the query, what exists for this account, rights. An empty list is
200 without a byte: a device goes by that, and keeps its old list when it is told anything else.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from email.utils import formatdate
from typing import Any

from fastapi import FastAPI, Request, Response
from fastapi.responses import StreamingResponse
from starlette.requests import ClientDisconnect

from indicator_hub.errors import HubError, NotFound
from indicator_hub.exports import catalogue
from indicator_hub.exports.asked import parse
from indicator_hub.exports.format import Scope
from indicator_hub.sharing import authenticate
from indicator_hub.sharing.export import ANY, Exported, Told, Wish, chosen, export, require_read, unchanged
from indicator_hub.web import compress
from indicator_hub.web.call import Call, Hub, any_method, require_size
from indicator_hub.web.identify import identified
from indicator_hub.web.problems import fault, method_not_allowed, problem

Handler = Callable[[Call], Awaitable[Response]]
_CACHING = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Accept-Encoding"}
_CODINGS = ("-gzip", "-zstd")
"""Behind an ETag: the same content in other bytes."""
_SECOND = 1_000_000


def mount(app: FastAPI) -> None:
    """Every list, and what lists there are."""
    _route(app, "/exports/{group}/collections/{collection}/{format}/{file}/", _list)
    _route(app, "/exports/{group}/collections/{collection}/", _index)
    _route(app, "/exports/{group}/{format}/{file}/", _list)
    _route(app, "/exports/{group}/", _index)
    _route(app, "/exports/{group}/{rest:path}", _nothing)


def _route(app: FastAPI, path: str, handler: Handler) -> None:
    async def endpoint(request: Request) -> Response:
        hub: Hub = request.app.state.hub
        try:
            require_size(request, hub.limits)
            who = await identified(hub.store, request, hub.limiter)
            if request.method not in ("GET", "HEAD"):
                return method_not_allowed("GET, HEAD", api=True)
            unreal = any("\0" in part for part in request.path_params.values())
            return await (_nothing if unreal else handler)(Call(hub, request, who))
        except HubError as error:
            return problem(error, request)
        except ClientDisconnect:
            return Response(status_code=400)  # to nobody: the client has hung up
        except Exception as error:  # noqa: BLE001 - the last handler: a fault of ours must still be answered
            return fault(error, request)

    app.router.routes.append(any_method(path, endpoint))


async def _nothing(_: Call) -> Response:
    raise NotFound


async def _index(call: Call) -> Response:
    """The paths that there are, one a line."""
    parse(call.query, frozenset())
    call.who.require_reach()
    base = call.request.url.path.rstrip("/")
    lines = "".join(f"{base}/{name}\n" for name in catalogue.FORMATS)
    return Response(lines, headers=_CACHING, media_type="text/plain; charset=utf-8")


async def _list(call: Call) -> Response:
    path, hub = call.request.path_params, call.hub
    found = catalogue.find(f"{path['format']}/{path['file']}")
    if found is None:
        raise NotFound
    form, event = found
    asked = parse(call.query, form.options)
    reach = call.who.require_reach()
    here: str = path.get("collection", "")
    if here:
        reach.require_collection()
    reaches = await authenticate.collections(hub.store, call.who.account, reach.group.name)
    wanted = chosen(chosen(reaches, [here] if here else ()), asked.filter.collections)
    await require_read(hub.store, call.caller, wanted)
    scope = Scope(
        reach.group.name, hub.origin, f"{here and reach.require_collection().id}?{_plainly(call.query)}", asked.options
    )
    wish = Wish(form, event, asked, scope)
    had = _had(call.request.headers.getlist("if-none-match"))
    if had and (told := await unchanged(hub.store, hub.lists, call.caller, wanted, wish)) and _matches(had, told):
        return Response(status_code=304, headers=_headers(told, _coding(call.request)))
    whole = call.request.method == "HEAD"
    one = await export(hub.store, hub.lists, call.caller, wanted, wish, had=had, record=not whole)
    if _matches(had, one.told):
        one.close()
        return Response(status_code=304, headers=_headers(one.told, _coding(call.request)))
    media = form.media if form.media.startswith("application/") else f"{form.media}; charset=utf-8"
    coding = _coding(call.request) if one.size else ""
    headers = _headers(one.told, coding)
    headers |= {"Content-Encoding": coding} if coding else {"Content-Length": str(one.size)}
    if whole:
        one.close()
        return Response(headers=headers, media_type=media)
    return _Sent(one, headers, media, coding)


def _plainly(query: str) -> str:
    """The filters, however they are ordered: what tells one list from another."""
    return "&".join(sorted(filter(None, query.split("&"))))


def _headers(told: Told, coding: str) -> dict[str, str]:
    headers = {
        **_CACHING,
        "ETag": f'"{told.etag}{coding and f"-{coding}"}"',
        "X-Hub-Skipped": told.skipped or "0",
        "X-Hub-Truncated": str(told.truncated),
        "X-Hub-Lines": str(told.lines),
        "X-Content-Type-Options": "nosniff",
    }
    if told.changed:
        headers["Last-Modified"] = formatdate(told.changed // _SECOND, usegmt=True)
    if told.tlp:
        headers["X-Hub-TLP"] = told.tlp
    if told.nations:
        headers["X-Hub-Releasable-To"] = told.nations
    return headers


def _had(headers: Iterable[str]) -> set[str]:
    """What the client has, by If-None-Match (RFC 9110 section 13.1.2): compared without regard to how it was compressed."""
    tags = (tag.strip().removeprefix("W/").strip('"') for header in headers for tag in header.split(","))
    return {tag[: -len(_CODINGS[0])] if tag.endswith(_CODINGS) else tag for tag in tags if tag}


def _matches(had: set[str], told: Told) -> bool:
    return told.etag in had or ANY in had


def _coding(request: Request) -> str:
    return compress.coding(",".join(request.headers.getlist("accept-encoding")))


class _Sent(StreamingResponse):
    """A list on its way, from its file; the file is closed whatever becomes of the client."""

    def __init__(self, one: Exported, headers: dict[str, str], media: str, coding: str) -> None:
        self._one = one
        super().__init__(_packed(one, coding) if coding else _plain(one), headers=headers, media_type=media)

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """ASGI."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._one.close()


async def _plain(one: Exported) -> AsyncGenerator[bytes]:
    for chunk in one.chunks():
        yield chunk


async def _packed(one: Exported, coding: str) -> AsyncGenerator[bytes]:
    packer = compress.stream(coding)
    for chunk in one.chunks():
        if packed := packer.compress(chunk):
            yield packed
    yield packer.flush()
