"""How every page works: sizes, session, method, form and where it comes from, and only then the deed.

Nobody signed in is sent to sign in, and back afterwards. What the hub refuses is shown as a page with the same status that the API would give.
"""

import logging
from collections.abc import AsyncGenerator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, quote

from fastapi import FastAPI, Request, Response
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect

from indicator_hub.errors import HubError, Invalid, NotFound, NotPermitted, TooMany, Unauthenticated, Unavailable
from indicator_hub.sharing import sign_in
from indicator_hub.sharing.authenticate import Identified
from indicator_hub.web.call import Call, Hub, any_method, require_size, whole_body
from indicator_hub.web.console import again, session
from indicator_hub.web.console.assets import PREFIX, by_url
from indicator_hub.web.console.visit import Visit
from indicator_hub.web.console.words import LANGUAGES, N_, preferred
from indicator_hub.web.problems import STATUS, method_not_allowed, request_id, unknown

HOME = "/console/"
SIGN_IN = "/console/sign-in/"
THEMES = ("auto", "light", "dark")
KEYS = ("on", "off")
Handler = Callable[[Visit], Awaitable[Response]]
_FIELDS = 20_000
_SENTENCES = (
    N_("The request is not well formed."), N_("A valid credential is needed."), N_("This account may not do that here."),
    N_("There is no such resource."), N_("The state has changed meanwhile."), N_("The request body is larger than this hub takes."),
    N_("The URL is longer than this hub reads."), N_("Too many requests."), N_("The hub cannot reach its database."),
    N_("The hub has more to do than it can: ask again a little later."),
    N_("The body is JSON, but neither a TAXII envelope nor a STIX bundle that can be taken."),
)  # fmt: skip
"""What the hub's refusals say, to be translated; a test holds them to `errors.py`."""
_log = logging.getLogger("indicator_hub.web")


@dataclass(frozen=True, slots=True)
class Page:
    """One path of the console, below /console, and what each method does there. `open`: for whoever is not signed in, too."""

    path: str
    get: Handler | None = None
    post: Handler | None = None
    open: bool = False
    methods: Mapping[str, Handler] = field(init=False)

    def __post_init__(self) -> None:
        found = {"GET": self.get, "POST": self.post}
        object.__setattr__(self, "methods", {name: one for name, one in found.items() if one is not None})


def mount(app: FastAPI, pages: tuple[Page, ...]) -> None:
    """The routes of the console. What is at the root of the hub is the console's home."""
    app.add_api_route("/", _root, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_api_route("/favicon.ico/", _icon, methods=["GET", "HEAD"], include_in_schema=False)
    app.add_api_route(PREFIX + "/{rest:path}", _static, methods=["GET", "HEAD"], include_in_schema=False)
    for one in pages:
        _route(app, one)
    _route(app, Page("/{rest:path}", _nothing))


async def _root(request: Request) -> Response:
    """To the console for a browser; for a client of anything else there is no such resource, as there never was."""
    if "text/html" not in request.headers.get("accept", ""):
        return unknown(request, HTTPException(404))
    return Response(status_code=303, headers={"Location": HOME, "Cache-Control": "no-store"})


async def _icon() -> Response:
    return Response(status_code=204, headers={"Cache-Control": "public, max-age=86400"})


async def _static(request: Request) -> Response:
    found = by_url().get(request.url.path.removesuffix("/"))
    if found is None:
        return Response("There is no such resource.\n", 404, {"Cache-Control": "no-store"}, media_type="text/plain")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    if found.packed is None:
        return Response(found.content, 200, headers, media_type=found.media_type)
    headers["Vary"] = "Accept-Encoding"
    if "gzip" not in request.headers.get("accept-encoding", ""):
        return Response(found.content, 200, headers, media_type=found.media_type)
    return Response(found.packed, 200, headers | {"Content-Encoding": "gzip"}, media_type=found.media_type)


async def _nothing(_: Visit) -> Response:
    raise NotFound


def _route(app: FastAPI, page: Page) -> None:
    allowed = ", ".join([*page.methods, *(["HEAD"] if "GET" in page.methods else [])])

    async def endpoint(request: Request) -> Response:
        hub: Hub = request.app.state.hub
        theme = request.cookies.get("ihub_theme", "auto")
        visit = Visit(
            Call(hub, request, Identified(None, None)),
            language=_language(request),
            theme=theme if theme in THEMES else "auto",
            keys=request.cookies.get("ihub_keys") != "off",
        )
        try:
            return await _visited(page, visit) or method_not_allowed(allowed)
        except Unauthenticated:
            return await _to_sign_in(visit)
        except HubError as error:
            return refused(visit, error)
        except ClientDisconnect:
            return Response(status_code=400)  # to nobody: the client has hung up
        except Exception as error:  # noqa: BLE001 - the last handler: a fault of ours must still be a page
            name = request_id(request)
            _log.error("request %s failed", name, exc_info=error)
            return visit.page("error.html", status=500, title=visit.say("Internal error."), detail="", request_id=name)

    app.router.routes.append(any_method(f"/console{page.path}", endpoint))


async def _visited(page: Page, visit: Visit) -> Response | None:
    """The page's answer; None where it has no such method."""
    request = visit.request
    require_size(request, visit.hub.limits)
    await _sign_in(visit)
    if not page.open:
        visit.call.who.require_account()  # before anything that is stored is asked
    if any("\0" in part for part in request.path_params.values()):
        raise NotFound
    handler = page.methods.get("GET" if request.method == "HEAD" else request.method)
    if handler is None:
        return None
    if request.method != "POST":
        return await handler(visit)
    try:
        async with _form(visit, page):
            return await handler(visit)
    except session.StaleForm as error:
        if visit.partial:
            return _into_the_page(
                visit, visit.say("You have signed in anew: look at this once more, and send it then.")
            )
        if not again.from_here(visit):
            raise NotPermitted(error.detail) from None
        return again.ask(visit, visit.request.url.path, again.keep(visit), status=403)


def _language(request: Request) -> str:
    chosen = request.cookies.get("ihub_language", "")
    return chosen if chosen in LANGUAGES else preferred(request.headers.get("accept-language"))


async def _sign_in(visit: Visit) -> None:
    token = visit.request.cookies.get(session.COOKIE, "")
    if token:
        account = await sign_in.session(visit.store, token)
        if account is not None:
            visit.call.who, visit.session = Identified(account, None), token
            visit.hub.limiter.admit(account.id)


async def _to_sign_in(visit: Visit) -> Response:
    """To sign in, and back. What was sent in a form is not lost: the page that it was typed into stays, or it is carried along."""
    url = visit.request.url
    if visit.request.method == "POST":
        if visit.partial:
            return _into_the_page(
                visit, visit.say("Your session has ended: sign in in another tab, and then go on here.")
            )
        try:
            if again.from_here(visit):
                async with _form(visit, None):
                    return again.sign_in(visit, again.keep(visit))
        except HubError as error:
            return refused(visit, error)
    back = url.path + (f"?{url.query}" if url.query else "") if visit.request.method == "GET" else HOME
    return visit.go(SIGN_IN if back == HOME else f"{SIGN_IN}?to={quote(back)}")


def _into_the_page(visit: Visit, text: str) -> Response:
    """A word beside what is there, which htmx leaves as it is."""
    response = visit.page("ended.html", block="ended", text=text)
    response.headers["HX-Retarget"], response.headers["HX-Reswap"] = "#ended", "innerHTML"
    return response


def refused(visit: Visit, error: HubError) -> Response:
    """What the hub refuses, as a page."""
    status, detail = STATUS.get(type(error), 500), error.detail
    if isinstance(error, Unavailable):
        _log.error("request %s: the store cannot be reached: %s", request_id(visit.request), detail)
        detail = ""
    title = visit.say(error.sentence)
    answer = visit.page(
        "error.html", block="told", status=status, title=title, detail=visit.told(detail), request_id=""
    )
    if isinstance(error, TooMany) and error.after:
        answer.headers["Retry-After"] = str(error.after)
    return answer


@asynccontextmanager
async def _form(visit: Visit, page: Page | None) -> AsyncGenerator[None]:
    """The form that was sent, from a page of this hub; its files are closed afterwards."""
    request = visit.request
    session.require_same_origin(request, visit.hub.origin)
    body = await whole_body(visit.call)
    media, _, _ = request.headers.get("content-type", "").partition(";")
    if media.strip().lower() == "multipart/form-data":

        async def parts() -> AsyncGenerator[bytes]:
            yield body

        most = visit.hub.limits.body
        try:
            parser = MultiPartParser(request.headers, parts(), max_files=10, max_fields=_FIELDS, max_part_size=most)
            visit.form = await parser.parse()
        except (MultiPartException, KeyError):
            raise Invalid("This is no form.") from None
    else:
        try:
            pairs: list[tuple[str, str | UploadFile]] = [
                *parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=_FIELDS, errors="strict")
            ]
        except ValueError:
            raise Invalid("This is no form.") from None
        visit.form = FormData(pairs)
    try:
        if page is not None and not page.open:
            session.require_form_token(visit.session, visit.sent("csrf"))
        yield
    finally:
        await visit.form.close()
