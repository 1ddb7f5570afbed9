"""What is answered to whom the gate does not let in: 503 with Retry-After, made beforehand, in the shape of the place that was asked."""

from itertools import cycle

from indicator_hub.errors import Busy
from indicator_hub.taxii import resources
from indicator_hub.taxii.media import TAXII
from indicator_hub.web.problems import CACHING, PROBLEM

_PLAIN = 8_192
"""Bytes: more is no everyday poll."""
_KEPT = 10_000
_KNOWN: set[int] = set()
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


def is_plain(data: bytes) -> bool:
    """Whether this is one whole request for something to read, without a body, after which the connection stays: what can be refused before it is parsed.

    Where there is any doubt it is not: the parser decides then. (A body taken for a request would let one client's bytes be answered as another's.)
    Fields that have been looked at, the same in every request of a client, are known by their hash.
    """
    line = data.find(b"\r\n")
    if (
        not data.startswith((b"GET /taxii2/", b"GET /api/v1/"))
        or not data.endswith(b" HTTP/1.1", 0, line)
        or data.count(b" ", 0, line) != 2  # noqa: PLR2004 - before and after the URL
        or data.find(b"\n", 0, line) >= 0
        or data.find(b"\r", 0, line) >= 0
        or len(data) > _PLAIN
    ):
        return False
    fields = data[line:]
    if hash(fields) in _KNOWN:
        return True
    if not _are_plain(fields):
        return False
    if len(_KNOWN) >= _KEPT:
        _KNOWN.clear()
    _KNOWN.add(hash(fields))
    return True


def _are_plain(fields: bytes) -> bool:
    small = fields.lower()
    return (
        fields.find(b"\r\n\r\n") == len(fields) - 4
        and fields.count(b"\n") == fields.count(b"\r\n") == fields.count(b"\r")
        and b"\r\n " not in fields
        and b"\r\n\t" not in fields
        and b"content-length" not in small
        and b"transfer-encoding" not in small
        and b"upgrade" not in small
        and b"expect" not in small
        and small.count(b"connection") == small.count(b"\r\nconnection: keep-alive\r\n")
    )


def plainly(data: bytes) -> bytes:
    """The answer to such a request."""
    return b"".join(_MADE["/api/" if data.startswith(b"GET /api/") else "", next(_AFTER), False])


def answer(path: str, *, head: bool, close: bool) -> bytes:
    """The whole answer; to HEAD without the body."""
    place = next((one for one in _BODIES if one and path.startswith(one)), "")
    made, body = _MADE[place, next(_AFTER), close]
    return made if head else made + body
