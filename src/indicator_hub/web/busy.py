"""What is answered to whom the gate does not let in: 503 with Retry-After, made beforehand, in the shape of the place that was asked."""

import re
from itertools import cycle

from indicator_hub.errors import Busy
from indicator_hub.taxii import resources
from indicator_hub.taxii.media import TAXII
from indicator_hub.web.problems import CACHING, PROBLEM

PLAIN = re.compile(
    rb"GET /(?:taxii2|api/v1)/[!-~]{0,4000} HTTP/1\.1\r\n"
    rb"(?:(?!content-length|transfer-encoding|expect|upgrade|connection:(?! ?keep-alive\r))[!#-'*+.0-9A-Z^-z|~-]{1,100}:[^\r\n\0]{0,4000}\r\n){1,50}\r\n",
    re.IGNORECASE,
)
"""A whole request for something to read, without a body, after which the connection stays: what can be refused before it is parsed."""
_SENTENCE = Busy().sentence
_AFTER = cycle(range(2, 7))
"""Seconds: not all who are told to come again come at once."""
_BODIES = {
    "/api/": (PROBLEM, resources.render({"type": "urn:indicator-hub:problem:busy", "title": _SENTENCE, "status": 503})),
    "/console": (
        "text/html; charset=utf-8",
        f"<!doctype html><html lang=en><meta charset=utf-8><title>503</title><p>{_SENTENCE}</html>\n".encode(),
    ),
    "": (TAXII, resources.error(_SENTENCE, 503)),
}
_BODIES["/exports/"] = _BODIES["/api/"]


def _head(media: str, body: bytes, after: int, connection: str) -> bytes:
    fields = {"Content-Type": media, "Content-Length": str(len(body)), "Retry-After": str(after), **CACHING}
    lines = [f"{name.lower()}: {value}" for name, value in fields.items()]
    return "\r\n".join(
        ["HTTP/1.1 503 Service Unavailable", *lines, *([connection] if connection else []), "", ""]
    ).encode()


_MADE = {
    (place, after, close): (_head(media, body, after, "connection: close" if close else ""), body)
    for place, (media, body) in _BODIES.items()
    for after in range(2, 7)
    for close in (False, True)
}


def plainly(path: bytes) -> bytes:
    """The answer to a request as `PLAIN` says."""
    return b"".join(_MADE["/api/" if path.startswith(b"GET /api/") else "", next(_AFTER), False])


def answer(path: str, *, head: bool, close: bool) -> bytes:
    """The whole answer; to HEAD without the body."""
    place = next((one for one in _BODIES if one and path.startswith(one)), "")
    made, body = _MADE[place, next(_AFTER), close]
    return made if head else made + body
