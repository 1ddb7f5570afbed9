"""The API as an OpenAPI 3.1 description, at /api/v1/openapi.json: made of the operations and of the models that check them.

It tells nothing about who is here, and so needs no account. The TAXII resources are described at /openapi.json.
"""

import json
import re
from typing import Any

from fastapi import FastAPI, Request, Response
from pydantic.json_schema import models_json_schema

from indicator_hub import __version__
from indicator_hub.sharing.search import LONGEST
from indicator_hub.web.api.examples import EXAMPLES
from indicator_hub.web.api.operations import MOST, PREFIX, Operation
from indicator_hub.web.api.paths import OPERATIONS
from indicator_hub.web.api.shapes import Problem
from indicator_hub.web.openapi import SECURITY
from indicator_hub.web.problems import PROBLEM

_ABOUT = (
    "What TAXII has no words for: what one may see and why, one's own record, and the deeds of the trust model. Refusals are problem details "
    "(RFC 9457). Lists are paged by key: send `next` back while `more` is true. A POST with an Idempotency-Key is done once in a day: the same "
    "request under the same key is answered as the first time. HEAD is answered as GET is, without the body, and a path with or without its last "
    "slash. What an account may not see does not exist: 404, as for what never was."
)
_REFUSALS = {
    400: "The request is not well formed; `errors` names the places.",
    401: "A valid credential is needed.",
    403: "This account may not do that, to something that it sees.",
    404: "There is no such thing, or not for this account.",
    405: "This resource has no such method.",
    409: "It cannot be done as things are: its originator must consent first, or it is done already.",
    413: "The body is larger than the hub takes.",
    414: "The URL is longer than the hub reads.",
    415: "The hub takes application/json.",
    422: "The Idempotency-Key was sent with another request, or the body is JSON, but no envelope.",
    429: "The account asks more often than it may: again after `Retry-After` seconds.",
    500: "A fault of the hub, which its operator finds by `instance`.",
    503: "The hub cannot work at the moment, or has more to do than it can: again after `Retry-After` seconds.",
}
_QUERY = {
    "limit": {"schema": {"type": "integer", "minimum": 1}, "description": f"Items on a page, {MOST} at most.", "example": 100},
    "next": {"schema": {"type": "string"}, "description": "Where the last page ended, as it said."},
    "since": {"schema": {"type": "string", "format": "date-time"}, "description": "Only from then on.", "example": "2026-11-23T12:00:00Z"},
    "until": {"schema": {"type": "string", "format": "date-time"}, "description": "Only before then; 90 days at most.", "example": "2026-12-23T12:00:00Z"},
    "q": {"schema": {"type": "string", "maxLength": LONGEST}, "description": "A value in any spelling, a STIX id, or words in the name and labels.", "example": "198[.]51[.]100[.]7"},
    "type": {"schema": {"type": "string"}, "description": "STIX types, parted by commas.", "example": "indicator"},
    "kind": {"schema": {"type": "string"}, "description": "Kinds of values, parted by commas; of one, `q` is read as a value of it.", "example": "ipv4-addr,url"},
    "level": {"schema": {"type": "string"}, "description": "TLP levels, parted by commas.", "example": "TLP:GREEN"},
    "group": {"schema": {"type": "string"}, "description": "Only in this group.", "example": "alpha"},
    "collection": {"schema": {"type": "string"}, "description": "Only in this collection, by id or alias.", "example": "main"},
    "originator": {"schema": {"type": "string"}, "description": "Organisations, parted by commas.", "example": "xa-cert"},
    "label": {"schema": {"type": "string"}, "description": "Labels or indicator types, parted by commas: all of them.", "example": "phishing"},
    "valid": {"schema": {"type": "string", "enum": ["valid", "expired", "all"]}, "description": "Whether `valid_until` has passed; without: all."},
    "confidence": {"schema": {"type": "integer", "minimum": 0, "maximum": 100}, "description": "The least.", "example": 50},
    "sighted": {"schema": {"type": "boolean"}, "description": "Whether one sees sightings of it."},
    "revoked": {"schema": {"type": "string", "enum": ["true", "false", "all"]}, "description": "Whether it is revoked; without: false."},
    "reason": {"schema": {"type": "string"}, "description": "Only what was refused for this.", "example": "non_global"},
    "state": {"schema": {"type": "string"}, "description": "Only in this state."},
}  # fmt: skip
_STATES = {"/own/": ["shared", "held", "recalled"], "/consents/": ["asked", "granted", "refused", "withdrawn"]}
_KEY = {
    "name": "Idempotency-Key", "in": "header", "required": False, "schema": {"type": "string", "minLength": 1, "maxLength": 255},
    "description": "A name of the client's own for this request: sent again, it is answered again and not done again.",
    "example": "7d3c3e0e-6f0b-4a57-9a44-54c0a1d1c9b2",
}  # fmt: skip
_ENVELOPES = ("application/json", "application/taxii+json;version=2.1", "application/stix+json;version=2.1")


def mount(app: FastAPI) -> None:
    """The route that needs no account."""
    app.add_api_route(f"{PREFIX}/openapi.json/", _description, methods=["GET", "HEAD"], include_in_schema=False)


async def _description(request: Request) -> Response:
    hub = request.app.state.hub
    found: bytes | None = getattr(request.app.state, "api_description", None)
    if found is None:
        found = request.app.state.api_description = json.dumps(describe(hub.origin, hub.title)).encode()
    return Response(found, media_type="application/json")


def describe(origin: str, title: str) -> dict[str, Any]:
    """The description of the API of the hub at this origin."""
    paths: dict[str, dict[str, Any]] = {}
    for one in OPERATIONS:
        paths.setdefault(f"{PREFIX}{one.path}", {})[one.method.lower()] = _operation(one)
    return {
        "openapi": "3.1.0",
        "info": {"title": f"{title}: API", "version": __version__, "description": _ABOUT},
        "servers": [{"url": origin}],
        "security": [{"basic": []}, {"bearer": []}, {"token": []}],
        "paths": paths,
        "components": {"schemas": _schemas(), "securitySchemes": SECURITY},
    }


def _schemas() -> dict[str, Any]:
    used: set[tuple[Any, Any]] = {(Problem, "serialization")}
    for one in OPERATIONS:
        used.add((one.answers, "serialization"))
        if one.sends is not None:
            used.add((one.sends, "validation"))
    models = sorted(used, key=lambda pair: pair[0].__name__)
    _, found = models_json_schema(models, by_alias=True, ref_template="#/components/schemas/{model}")
    schemas: dict[str, Any] = found["$defs"]
    for name, example in EXAMPLES.items():
        schemas[name]["examples"] = [example]
    return schemas


def _operation(one: Operation) -> dict[str, Any]:
    parts = re.findall(r"\{(\w+)\}", one.path)
    parameters: list[dict[str, Any]] = [
        {"name": part, "in": "path", "required": True, "schema": {"type": "string"}} for part in parts
    ]
    for name in one.query:
        schema = {"schema": {"type": "string", "enum": _STATES[one.path]}} if name == "state" else {}
        parameters.append({"name": name, "in": "query", "required": False, **_QUERY[name], **schema})
    if one.method == "POST":
        parameters.append(_KEY)
    words = re.sub(r"[^a-z]+", "-", one.path.replace("{", "").replace("}", "")).strip("-")
    told: dict[str, Any] = {
        "operationId": f"{one.method.lower()}-{words}",
        "summary": one.summary,
        "parameters": parameters,
        "responses": _responses(one),
    }
    if one.raw:
        content = {media: {"schema": {"type": "object"}} for media in _ENVELOPES}
        told["requestBody"] = {
            "required": True,
            "description": "A TAXII envelope or a STIX bundle.",
            "content": content,
        }
    elif one.sends is not None:
        schema = {"$ref": f"#/components/schemas/{one.sends.__name__}"}
        told["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    return told


def _responses(one: Operation) -> dict[str, Any]:
    statuses = {400, 401, 403, 404, 405, 413, 414, 429, 500, 503}
    if one.method == "POST":
        statuses |= {409, 422} | ({415} if one.sends is not None or one.raw else set())
    schema = {"$ref": f"#/components/schemas/{one.answers.__name__}"}
    told: dict[str, Any] = {
        str(one.status): {"description": one.summary, "content": {"application/json": {"schema": schema}}}
    }
    if one.method == "POST":
        told[str(one.status)]["headers"] = {
            "Idempotency-Replayed": {
                "schema": {"const": "true"},
                "description": "It was done before, and is not done again.",
            }
        }
    problem = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return told | {str(status): {"description": _REFUSALS[status], "content": problem} for status in sorted(statuses)}
