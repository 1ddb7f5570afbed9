"""An error inside becomes an answer outside: one table, and one shape, the TAXII error message (section 3.6)."""

import logging
import re
import secrets
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
    errors.FeedFailed: 409,
    errors.TooLarge: 413,
    errors.TooLong: 414,
    errors.UnsupportedMedia: 415,
    errors.Unprocessable: 422,
    errors.TooMany: 429,
    errors.HeadTooLarge: 431,
    errors.Unavailable: 503,
    errors.Busy: 503,
}
CHALLENGE = 'Basic realm="indicator-hub", charset="UTF-8", Bearer realm="indicator-hub"'
CACHING = {"Cache-Control": "no-store", "Vary": "Authorization, Accept"}
PROBLEM = "application/problem+json"
API = "/api/v1/"
_OUTSIDE_TAXII = (API, "/exports/")
_WORDS = re.compile(r"[A-Z][a-z]*")
_log = logging.getLogger("indicator_hub.web")


def request_id(request: Request) -> str:
    """A name for this request in answers, events and logs."""
    scope = request.scope
    found: str | None = scope.get("indicator_hub.request_id")
    if found is None:
        found = scope["indicator_hub.request_id"] = secrets.token_hex(16)
    return found


def refusal(error: HubError, request: Request) -> Response:
    """The answer to a request that the hub refuses. A store that cannot be reached is logged with its cause and shown without it."""
    status, detail, headers = _told(error, request)
    body = resources.error(error.sentence, status, description=detail if detail != error.sentence else "")
    return Response(body, status, headers, media_type=TAXII)


def problem(error: HubError, request: Request) -> Response:
    """The same outside TAXII: problem details (RFC 9457). Nothing in it differs between what is hidden and what never was."""
    status, detail, headers = _told(error, request)
    told: dict[str, object] = {"type": _kind(error), "title": error.sentence, "status": status}
    if detail and detail != error.sentence:
        told["detail"] = detail
    if isinstance(error, errors.Invalid) and error.places:
        told["errors"] = [{"at": at, "message": message} for at, message in error.places]
    return Response(resources.render(told), status, headers, media_type=PROBLEM)


def _kind(error: HubError) -> str:
    words = "-".join(word.lower() for word in _WORDS.findall(type(error).__name__))
    return f"urn:indicator-hub:problem:{words}"


def _told(error: HubError, request: Request) -> tuple[int, str, dict[str, str]]:
    status = STATUS.get(type(error), 500)
    detail = error.detail
    headers = dict(CACHING)
    if isinstance(error, errors.Unavailable):
        _log.error("request %s: the store cannot be reached: %s", request_id(request), detail)
        detail, headers["Retry-After"] = "", "5"
    if isinstance(error, errors.TooMany) and error.after:
        headers["Retry-After"] = str(error.after)
    if isinstance(error, errors.Unauthenticated):
        headers["WWW-Authenticate"] = CHALLENGE
    return status, detail, headers


def fault(error: Exception, request: Request) -> Response:
    """Anything that is not a HubError is our own fault: logged whole, shown as nothing but the request's name."""
    name = request_id(request)
    _log.error("request %s failed", name, exc_info=error)
    if request.url.path.startswith(_OUTSIDE_TAXII):
        told = {"type": "urn:indicator-hub:problem:fault", "title": "Internal error.", "status": 500}
        body = resources.render(told | {"instance": f"urn:uuid:{uuid.UUID(name)}"})
        return Response(body, 500, dict(CACHING), media_type=PROBLEM)
    return Response(resources.error("Internal error.", 500, error_id=name), 500, dict(CACHING), media_type=TAXII)


def unknown(request: Request, error: Exception) -> Response:
    """What the framework refuses by itself (no such path, no such method), in the same shape as everything else."""
    status: int = getattr(error, "status_code", 404)
    if status == HTTPStatus.NOT_FOUND and request.url.path.startswith(_OUTSIDE_TAXII):
        return problem(errors.NotFound(), request)
    body = resources.error(
        "There is no such resource." if status == HTTPStatus.NOT_FOUND else HTTPStatus(status).phrase, status
    )
    return Response(body, status, CACHING | dict(getattr(error, "headers", None) or {}), media_type=TAXII)


def method_not_allowed(allowed: str, *, api: bool = False) -> Response:
    """405 with the methods there are (RFC 9110 section 15.5.6)."""
    if api:
        told = {
            "type": "urn:indicator-hub:problem:no-such-method",
            "title": "This resource has no such method.",
            "status": 405,
        }
        return Response(resources.render(told), 405, CACHING | {"Allow": allowed}, media_type=PROBLEM)
    body = resources.error("This resource has no such method.", 405)
    return Response(body, 405, CACHING | {"Allow": allowed}, media_type=TAXII)
