"""The TAXII resources as an OpenAPI 3.1 description, at /openapi.json.

Written here and not derived from signatures: the routes read requests themselves, and answer all methods of a path in one place. Tests hold
the description against the routes and against what they answer. It tells nothing about who is here, and so needs no account.
"""

import json
from typing import Any

from fastapi import FastAPI, Request, Response

from indicator_hub import __version__
from indicator_hub.limits import Limits
from indicator_hub.taxii.media import TAXII
from indicator_hub.web.schemas import HEADERS, SCHEMAS, parameters_of

_BUNDLES = ("application/taxii+json", "application/stix+json;version=2.1", "application/vnd.oasis.stix+json")
_REFUSALS = {
    400: "The request is not well formed.",
    401: "A valid credential is needed.",
    403: "This account may not do that here.",
    404: "There is no such resource, or not for this account.",
    405: "This resource has no such method.",
    406: "TAXII 2.1 is not among the media types that the client takes.",
    413: "The body is larger than the hub takes.",
    414: "The URL is longer than the hub reads.",
    415: "The hub does not take this media type.",
    422: "The body is JSON, but no envelope that can be taken.",
    429: "The account asks more often than it may.",
    500: "A fault of the hub, which its operator finds by `error_id`.",
    503: "The hub cannot work at the moment, or has more to do than it can.",
}
_COMMON = (400, 401, 405, 406, 413, 414, 429, 500, 503)
_FILTERS = ("added_after", "limit", "next")
_ABOUT = (
    "TAXII 2.1 (OASIS Standard, 10 June 2021). HEAD is answered as GET is, without the body, "
    "and a path without its last slash as with it. The hub's own API is described at /api/v1/openapi.json."
)


SECURITY: dict[str, Any] = {
    "basic": {"type": "http", "scheme": "basic", "description": "The account's name and its token."},
    "bearer": {"type": "http", "scheme": "bearer", "description": "The token."},
    "token": {"type": "apiKey", "in": "header", "name": "Authorization", "description": "`Token` and the token."},
}


def mount(app: FastAPI) -> None:
    """The route that needs no account."""
    app.add_api_route("/openapi.json/", _description, methods=["GET", "HEAD"], include_in_schema=False)


async def _description(request: Request) -> Response:
    hub = request.app.state.hub
    found: bytes | None = getattr(request.app.state, "description", None)
    if found is None:
        found = request.app.state.description = json.dumps(describe(hub.origin, hub.title, hub.limits)).encode()
    return Response(found, media_type="application/json")


def describe(origin: str, title: str, limits: Limits) -> dict[str, Any]:
    """The description of the hub at this origin."""
    return {
        "openapi": "3.1.0",
        "info": {"title": title, "version": __version__, "description": _ABOUT},
        "servers": [{"url": origin}],
        "security": [{"basic": []}, {"bearer": []}, {"token": []}],
        "paths": _paths(limits),
        "components": {
            "schemas": SCHEMAS,
            "parameters": parameters_of(limits),
            "headers": HEADERS,
            "responses": {str(status): _refusal(status) for status in _REFUSALS},
            "securitySchemes": SECURITY,
        },
    }


def _paths(limits: Limits) -> dict[str, Any]:
    root, collection = "/taxii2/{group}/", "/taxii2/{group}/collections/{collection}/"
    versions = ("match-version", "match-spec_version")
    listed = (*_FILTERS, "match-id", "match-type", *versions)
    return {
        "/taxii2/": {"get": _read("discovery", "The API roots of this account.", refusals=())},
        root: _path("group", get=_read("api-root", "A trust group.")),
        f"{root}status/{{status}}/": _path("group", "status", get=_read("status", "What became of a POST.")),
        f"{root}collections/": _path("group", get=_read("collections", "The group's collections.")),
        collection: _path("group", "collection", get=_read("collection", "A collection, and this account's rights in it.")),
        f"{collection}manifest/": _path("group", "collection", get=_page("manifest", "What there is, without the objects.", listed)),
        f"{collection}objects/": _path(
            "group", "collection", get=_page("envelope", "Objects, in the order they were added.", listed, name="objects"), post=_post(limits)
        ),
        f"{collection}objects/{{object}}/": _path(
            "group", "collection", "object",
            get=_page("envelope", "One object.", (*_FILTERS, *versions), name="object"),
            delete=_delete(versions),
        ),
        f"{collection}objects/{{object}}/versions/": _path(
            "group", "collection", "object", get=_page("versions", "The versions of one object.", (*_FILTERS, "match-spec_version"))
        ),
        "/healthz": {"get": _plain("healthz", "The process lives.")},
        "/readyz": {"get": _plain("readyz", "The hub can work.", refusal="It cannot.")},
        "/openapi.json": {"get": _own()},
    }  # fmt: skip


def _path(*names: str, **operations: dict[str, Any]) -> dict[str, Any]:
    return {"parameters": [_reference("parameters", name) for name in names], **operations}


def _operation(name: str, summary: str, success: dict[str, Any], refusals: tuple[int, ...]) -> dict[str, Any]:
    statuses = sorted({*_COMMON, *refusals})
    return {
        "operationId": name,
        "summary": summary,
        "responses": success | {str(status): _reference("responses", str(status)) for status in statuses},
    }


def _read(schema: str, summary: str, *, refusals: tuple[int, ...] = (404,)) -> dict[str, Any]:
    return _operation(schema, summary, {"200": {"description": summary, "content": _content(schema)}}, refusals)


def _page(schema: str, summary: str, parameters: tuple[str, ...], *, name: str = "") -> dict[str, Any]:
    headers = {
        header: _reference("headers", header) for header in ("X-TAXII-Date-Added-First", "X-TAXII-Date-Added-Last")
    }
    success = {"200": {"description": summary, "headers": headers, "content": _content(schema)}}
    operation = _operation(name or schema, summary, success, (403, 404))
    return operation | {"parameters": [_reference("parameters", parameter) for parameter in parameters]}


def _post(limits: Limits) -> dict[str, Any]:
    link = {"operationId": "status", "parameters": {"group": "$request.path.group", "status": "$response.body#/id"}}
    taken = {"description": "Taken, and what became of each object.", "content": _content("status")}
    body: dict[str, Any] = {
        "required": True,
        "description": f"An envelope or a STIX bundle, of {limits.body} bytes and {limits.objects} objects at most.",
        "content": {media: {"schema": _reference("schemas", "sent")} for media in (TAXII, *_BUNDLES)},
    }
    success = {"202": taken | {"links": {"status": link}}}
    return _operation("add-objects", "Add objects.", success, (403, 404, 415, 422)) | {"requestBody": body}


def _delete(parameters: tuple[str, ...]) -> dict[str, Any]:
    operation = _operation("delete-object", "Take an object back.", {"200": {"description": "It is gone."}}, (403, 404))
    return operation | {"parameters": [_reference("parameters", parameter) for parameter in parameters]}


def _plain(name: str, summary: str, *, refusal: str = "") -> dict[str, Any]:
    def answer(description: str, text: str) -> dict[str, Any]:
        return {"description": description, "content": {"text/plain; charset=utf-8": {"schema": {"const": text}}}}

    responses = {"200": answer(summary, "ok\n")}
    if refusal:
        responses["503"] = answer(refusal, "not ready\n")
    return {
        "operationId": name,
        "summary": summary,
        "security": [],
        "responses": responses | {"405": _reference("responses", "405")},
    }


def _own() -> dict[str, Any]:
    content = {"application/json": {"schema": {"type": "object"}}}
    answers: dict[str, Any] = {
        "200": {"description": "This description.", "content": content},
        "405": _reference("responses", "405"),
    }
    return {"operationId": "openapi", "summary": "This description.", "security": [], "responses": answers}


def _refusal(status: int) -> dict[str, Any]:
    headers = {401: "WWW-Authenticate", 405: "Allow", 429: "Retry-After", 503: "Retry-After"}
    schema = _reference("schemas", "error") | {"properties": {"http_status": {"const": str(status)}}}
    described: dict[str, Any] = {"description": _REFUSALS[status], "content": {TAXII: {"schema": schema}}}
    if status in headers:
        described["headers"] = {headers[status]: _reference("headers", headers[status])}
    return described


def _content(schema: str) -> dict[str, Any]:
    return {TAXII: {"schema": _reference("schemas", schema)}}


def _reference(of: str, name: str) -> dict[str, Any]:
    return {"$ref": f"#/components/{of}/{name}"}
