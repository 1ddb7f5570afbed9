"""Compression of answers, as Accept-Encoding asks for it (RFC 9110 section 12.5.3): zstd, or gzip, by `isal` where it is installed (the extra `fast`).

A page of a thousand indicators, 790 kB, becomes 83 kB with zstd in 1.0 ms, 101 kB with gzip by isal in 0.6 ms, 109 kB by zlib in 3.9 ms: level 1 of each, since
higher ones take longer than the page itself. An answer that fits into one packet is left as it is; a long one is compressed in a thread, so that
nobody else waits for it.

The console is not compressed here: a page of it may hold what somebody typed beside what is secret, and the length of the compressed page would tell
of it (BREACH). It compresses its own pages and masks the token of their forms anew in each (`console/visit.py`). A TAXII or API client is no browser, which another
site could make ask something in its name.
"""

import asyncio
import threading
import zlib
from collections.abc import Awaitable, Callable, MutableMapping
from functools import lru_cache
from typing import Any, Protocol

from zstandard import ZstdCompressor

try:
    from isal import isal_zlib as _faster
except ImportError:
    _faster = zlib

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
LEAST = 1_400
"""Bytes: less is one packet either way."""
_LONG = 128 * 1024
"""Bytes from which on it is done in a thread: half a millisecond of zlib; to go there and back costs a tenth of one."""
_MEMORISED = 200
"""Characters of an Accept-Encoding whose meaning is kept in mind."""
_SHRINK = ("application/", "text/", "image/svg")
_DENSE = ("application/octet-stream", "application/zip", "application/gzip")
_GZIP = 16 + zlib.MAX_WBITS
_OWN = threading.local()
gzip_by: Any = _faster
"""zlib, or what does the same faster."""


class Packer(Protocol):
    """What compresses a stream."""

    def compress(self, data: bytes, /) -> bytes:
        """The next piece of it."""
        ...

    def flush(self) -> bytes:
        """Its end."""
        ...


def coding(accept_encoding: str | None) -> str:
    """The coding to answer in, `zstd` or `gzip`; empty for none.

    zstd goes only to who names it, `*` means gzip. What is refused (`q=0`) or liked less than `identity` is not used. Nothing here is an error: the answer
    is then sent as it is, even where that was refused, too.
    """
    if not accept_encoding:
        return ""
    return _parsed(accept_encoding) if len(accept_encoding) <= _MEMORISED else _parsed.__wrapped__(accept_encoding)


@lru_cache(maxsize=256)
def _parsed(accept_encoding: str) -> str:
    wanted: dict[str, float] = {}
    for one in accept_encoding.split(","):
        name, *parameters = (part.strip().lower() for part in one.split(";"))
        if (weight := _weight(parameters)) is not None:
            wanted.setdefault(name.removeprefix("x-"), weight)
    gzip = wanted.get("gzip", wanted.get("*", 0.0))
    zstd = wanted.get("zstd", 0.0)
    if max(zstd, gzip) <= 0 or max(zstd, gzip) < wanted.get("identity", 0.0):
        return ""
    return "zstd" if zstd >= gzip else "gzip"


def _weight(parameters: list[str]) -> float | None:
    """`q`; 1 without one, None for what is none (RFC 9110 section 12.4.2)."""
    for parameter in parameters:
        name, equals, value = (part.strip() for part in parameter.partition("="))
        if name == "q" and equals:
            whole, _, rest = value.partition(".")
            if whole not in ("0", "1") or not ((rest.isascii() and rest.isdigit()) or not rest) or len(rest) > 3:  # noqa: PLR2004 - three digits
                return None
            return float(f"{whole}.{rest}0") if float(f"{whole}.{rest}0") <= 1 else None
    return 1.0


def stream(name: str) -> Packer:
    """Compresses piece by piece, with little memory."""
    if name == "zstd":
        return ZstdCompressor(level=1).compressobj()
    return gzip_by.compressobj(1, wbits=_GZIP)


def pack(name: str, body: bytes) -> bytes:
    """The whole body, compressed."""
    if name == "zstd":
        own: ZstdCompressor | None = getattr(_OWN, "zstd", None)  # of each thread: it cannot do two things at a time
        if own is None:
            own = _OWN.zstd = ZstdCompressor(level=1)
        return own.compress(body)
    packer = gzip_by.compressobj(1, wbits=_GZIP)
    return packer.compress(body) + packer.flush()


class Compressed:
    """ASGI: answers that are sent whole, compressed. What has a coding already, or comes in pieces, passes as it is."""

    def __init__(self, app: Callable[[Scope, Receive, Send], Awaitable[None]]) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The head is kept back until the body is there."""
        if scope["type"] != "http" or scope["path"].startswith("/console"):
            await self.app(scope, receive, send)
            return
        head: MutableMapping[str, Any] | None = None

        async def compressed(message: MutableMapping[str, Any]) -> None:
            nonlocal head
            if message["type"] == "http.response.start":
                head = message
                return
            if head is not None:
                begun, head = head, None
                body = message.get("body", b"")
                if len(body) >= LEAST and not message.get("more_body", False):
                    begun, message = await _compressed(scope, begun, message, body)
                await send(begun)
            await send(message)

        await self.app(scope, receive, compressed)


async def _compressed(
    scope: Scope, head: MutableMapping[str, Any], message: MutableMapping[str, Any], body: bytes
) -> tuple[MutableMapping[str, Any], MutableMapping[str, Any]]:
    fields: dict[bytes, bytes] = dict(head["headers"])
    media = fields.get(b"content-type", b"").decode("latin-1")
    if b"content-encoding" in fields or not media.startswith(_SHRINK) or media.startswith(_DENSE):
        return head, message
    # A cache must know it even where this answer is not compressed.
    vary = fields.get(b"vary", b"")
    changed = {
        b"vary": vary if b"accept-encoding" in vary.lower() else b", ".join(filter(None, (vary, b"Accept-Encoding")))
    }
    sent = b",".join(value for name, value in scope["headers"] if name == b"accept-encoding")
    if name := coding(sent.decode("latin-1")):
        packed = pack(name, body) if len(body) < _LONG else await asyncio.to_thread(pack, name, body)
        if len(packed) < len(body):
            message = {**message, "body": packed}
            changed |= {b"content-encoding": name.encode(), b"content-length": str(len(packed)).encode()}
            if (tag := fields.get(b"etag", b"")).startswith(b'"'):
                changed[b"etag"] = b"W/" + tag  # the same content in other bytes
    kept = [pair for pair in head["headers"] if pair[0] not in changed]
    return {**head, "headers": kept + list(changed.items())}, message
