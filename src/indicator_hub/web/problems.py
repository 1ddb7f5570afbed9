"""An error inside becomes an answer outside: one table, and one shape, the TAXII error message (section 3.6)."""

import logging
import uuid
from http import HTTPStatus

from fastapi import Request, Response

from indicator_hub import errors
from indicator_hub.errors import HubError
from indicator_hub.taxii import resources
from indicator_hub.taxii.media import TAXII

STATUS: dict[type[HubError], int] = {
    errors.Invalid: 400,
    errors.Unauthenticated: 401,
    errors.NotPermitted: 403,
    errors.NotFound: 404,
    errors.NotAcceptable: 406,
    errors.Conflict: 409,
    errors.TooLarge: 413,
    errors.TooLong: 414,
    errors.UnsupportedMedia: 415,
    errors.Unprocessable: 422,
    errors.TooMany: 429,
    errors.HeadTooLarge: 431,
    errors.Unavailable: 503,
}
CHALLENGE = 'Basic realm="indicator-hub", charset="UTF-8", Bearer realm="indicator-hub"'
CACHING = {"Cache-Control": "no-store", "Vary": "Authorization, Accept"}
_log = logging.getLogger("indicator_hub.web")


def request_id(request: Request) -> str:
    """A name for this request in answers, events and logs."""
    found: str | None = getattr(request.state, "request_id", None)
    if found is None:
        found = request.state.request_id = uuid.uuid4().hex
    return found


def refusal(error: HubError, request: Request) -> Response:
    """The answer to a request that the hub refuses. A store that cannot be reached is logged with its cause and shown without it."""
    status = STATUS.get(type(error), 500)
    detail = error.detail
    headers = dict(CACHING)
    if isinstance(error, errors.Unavailable):
        _log.error("request %s: the store cannot be reached: %s", request_id(request), detail)
        detail, headers["Retry-After"] = "", "5"
    if isinstance(error, errors.Unauthenticated):
        headers["WWW-Authenticate"] = CHALLENGE
    body = resources.error(error.sentence, status, description=detail if detail != error.sentence else "")
    return Response(body, status, headers, media_type=TAXII)


def fault(error: Exception, request: Request) -> Response:
    """Anything that is not a HubError is our own fault: logged whole, shown as nothing but the request's name."""
    name = request_id(request)
    _log.error("request %s failed", name, exc_info=error)
    return Response(resources.error("Internal error.", 500, error_id=name), 500, dict(CACHING), media_type=TAXII)


def unknown(_: Request, error: Exception) -> Response:
    """What the framework refuses by itself (no such path, no such method), in the same shape as everything else."""
    status: int = getattr(error, "status_code", 404)
    body = resources.error(
        "There is no such resource." if status == HTTPStatus.NOT_FOUND else HTTPStatus(status).phrase, status
    )
    return Response(body, status, CACHING | dict(getattr(error, "headers", None) or {}), media_type=TAXII)


def method_not_allowed(allowed: str) -> Response:
    """405 with the methods there are (RFC 9110 section 15.5.6)."""
    body = resources.error("This resource has no such method.", 405)
    return Response(body, 405, CACHING | {"Allow": allowed}, media_type=TAXII)
