"""How every path of the API works: sizes, credential, method, media type, what exists, and only then query and body.

Refusals are problem details (RFC 9457). A POST that carries an Idempotency-Key is done once: sent again within a day with the same
content it is answered as the first time, with another content it is refused (422).
"""

import base64
import binascii
import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast
from urllib.parse import parse_qsl

from fastapi import FastAPI, Request, Response
from pydantic import BaseModel, ValidationError
from starlette.requests import ClientDisconnect

from indicator_hub.errors import HubError, Invalid, NotFound, UnsupportedMedia
from indicator_hub.sharing.act import Once, answered
from indicator_hub.sharing.authenticate import identify
from indicator_hub.trust.reach import Reach
from indicator_hub.web.call import Call, Hub, any_method, require_size, whole_body
from indicator_hub.web.identify import credential, identified
from indicator_hub.web.problems import CACHING, fault, method_not_allowed, problem

PREFIX = "/api/v1"
Method = Literal["GET", "POST", "DELETE"]
Answer = Mapping[str, Any]
_KEY = re.compile(r"[\x21-\x7e]{1,255}")
_LIMIT = re.compile(r"0*([1-9][0-9]{0,8})", re.ASCII)
_LARGEST = 2**63
_LONGEST = 300
"""Characters of a `next`, which holds a time and a name; of a longer one the rest is not even looked at."""
MOST = 500
"""Items on a page of a list, without `limit` and at most."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What an operation is asked: the call, its query and its body, both checked."""

    call: Call
    query: Mapping[str, str]
    body: Any

    def __getitem__(self, name: str) -> str:
        """A part of the path."""
        return cast("str", self.call.request.path_params[name])

    @property
    def store(self) -> Any:
        """The store."""
        return self.call.hub.store

    @property
    def reach(self) -> Reach:
        """The reach in the group and collection that the path names. Raises NotFound."""
        return self.call.who.require_reach()

    @property
    def limit(self) -> int:
        """How many items. Raises Invalid."""
        given = self.query.get("limit")
        if given is None:
            return MOST
        found = _LIMIT.fullmatch(given)
        if found is None:
            raise Invalid("limit is a number from 1 on.")
        return min(int(found[1]), MOST)

    def place(self, first: tuple[Any, ...]) -> tuple[Any, ...]:
        """Where to go on in a list: what `next` says, else `first`. Raises Invalid for what is no `next` of such a list."""
        return read_place(self.query.get("next"), first)

    async def reach_in(self, group: str, collection: str = "") -> Reach:
        """The same account's reach elsewhere. Raises NotFound where that does not exist for it."""
        sent = credential(self.call.request.headers.get("authorization"))
        where = {"group": group.replace("\0", "/"), "collection": collection.replace("\0", "/")}
        found = await identify(
            self.store, sent.token if sent else None, username=sent.username if sent else None, **where
        )
        reach = found.require_reach()
        if collection:
            reach.require_collection()
        return reach


def read_place(given: str | None, first: tuple[Any, ...]) -> tuple[Any, ...]:
    """What a `next` says; without one `first`, which it must resemble. Raises Invalid."""
    if given is None:
        return first
    try:
        found = json.loads(base64.urlsafe_b64decode(given[:_LONGEST] + "=" * (-len(given[:_LONGEST]) % 4)))
    except (binascii.Error, ValueError, RecursionError):
        raise Invalid("next is not what this hub gave.") from None
    listed = cast("list[Any]", found) if isinstance(found, list) else []
    if [type(one) for one in listed] != [type(one) for one in first] or not all(map(_storable, listed)):
        raise Invalid("next is not what this hub gave.")
    return tuple(listed)


def _storable(one: int | str) -> bool:
    return one.isprintable() if isinstance(one, str) else abs(one) < _LARGEST


def following(place: tuple[Any, ...]) -> str:
    """`next`: the place of the last item given. It opens nothing: rights are judged afresh."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Operation:
    """One method of one path. `sends` None: it takes no body; `query` names the parameters that it knows."""

    method: Method
    path: str
    summary: str
    handler: Callable[[Asked], Awaitable[Answer]]
    answers: type[BaseModel]
    sends: type[BaseModel] | None = None
    query: tuple[str, ...] = ()
    status: int = 200
    raw: bool = False
    """The body is an envelope or a bundle, and read by the deed."""
    again: Callable[[Asked, Answer], Awaitable[Answer]] | None = None
    """What is answered to the same request again, where that is not what was kept: an object is given out only while it is seen."""


def mount(app: FastAPI, operations: tuple[Operation, ...]) -> None:
    """The routes, one for each path with all its methods."""
    paths: dict[str, dict[str, Operation]] = {}
    for one in operations:
        paths.setdefault(one.path, {})[one.method] = one
    for path, methods in paths.items():
        _route(app, f"{PREFIX}{path}", methods)
    _route(app, f"{PREFIX}/{{rest:path}}", {})


def _route(app: FastAPI, path: str, methods: Mapping[str, Operation]) -> None:
    allowed = ", ".join([*methods, *(["HEAD"] if "GET" in methods else [])])

    async def endpoint(request: Request) -> Response:
        hub: Hub = request.app.state.hub
        try:
            require_size(request, hub.limits)
            who = await identified(hub.store, request, hub.limiter)
            who.require_account()
            if not methods or any("\0" in part for part in request.path_params.values()):
                return problem(NotFound(), request)
            one = methods.get("GET" if request.method == "HEAD" else request.method)
            if one is None:
                return method_not_allowed(allowed, api=True)
            return await _do(one, Call(hub, request, who))
        except HubError as error:
            return problem(error, request)
        except ClientDisconnect:
            return Response(status_code=400)  # to nobody: the client has hung up
        except Exception as error:  # noqa: BLE001 - the last handler: a fault of ours must still be a problem
            return fault(error, request)

    app.router.routes.append(any_method(path, endpoint))


async def _do(one: Operation, call: Call) -> Response:
    query = _query(one, call)
    if one.sends is not None or one.raw:
        _require_json(call.request.headers.get("content-type"), envelope=one.raw)
    if "group" in call.request.path_params:
        reach = call.who.require_reach()
        if "collection" in call.request.path_params:
            reach.require_collection()
    content = await whole_body(call) if one.method == "POST" else b""
    if one.method == "POST":
        call.once = _once(call, content)
    body = content if one.raw else _body(one, content)
    told = await answered(call.hub.store, call.caller)
    repeated, asked = told is not None, Asked(call, query, body)
    if told is None:
        told = await one.handler(asked)
    elif one.again is not None:
        told = await one.again(asked, told)
    rendered = one.answers.model_validate(told).model_dump_json(exclude_none=True, by_alias=True).encode()
    headers = CACHING | ({"Idempotency-Replayed": "true"} if repeated else {})
    return Response(rendered, one.status, headers, media_type="application/json")


def _query(one: Operation, call: Call) -> dict[str, str]:
    try:
        pairs = parse_qsl(call.query, keep_blank_values=True, errors="strict")
    except ValueError:
        raise Invalid("The query is not UTF-8.") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in one.query and (name in found or "\0" in value):
            raise Invalid(f"{name} occurs more than once, or holds U+0000.")
        found[name] = value
    return found


def _require_json(content_type: str | None, *, envelope: bool) -> None:
    media = (content_type or "").partition(";")[0].strip().lower()
    envelopes = ("application/taxii+json", "application/stix+json", "application/vnd.oasis.stix+json")
    if media != "application/json" and not (envelope and media in envelopes):
        raise UnsupportedMedia("Send application/json.")


def _once(call: Call, content: bytes) -> Once | None:
    key = call.request.headers.get("idempotency-key")
    if key is None:
        return None
    if not _KEY.fullmatch(key):
        raise Invalid("An Idempotency-Key has 1 to 255 visible ASCII characters.")
    asked = f"{call.request.method} {call.request.url.path}\n".encode() + content
    return Once(key, hashlib.sha256(asked).digest())


def _body(one: Operation, content: bytes) -> BaseModel | None:
    if one.sends is None:
        return None
    try:
        return one.sends.model_validate_json(content)
    except ValidationError as error:
        places = tuple(
            (".".join(str(part) for part in found["loc"]) or "body", found["msg"]) for found in error.errors()
        )
        raise Invalid("; ".join(f"{at}: {message}" for at, message in places[:5]) + ".", places) from None
