"""A URL. Asked with what the last answer said of its version; redirects are followed on the same host only.

A feed's address is declared, and still whoever runs that host says where it leads: its name is resolved once, every address is looked at, and
the connection goes to the one that was looked at. No source leads into one's own network unless the feed says that it lies there.
"""

import asyncio
import io
import os
import re
import socket
import time
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from functools import cache
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO
from urllib.parse import urlsplit

from indicator_hub import __version__
from indicator_hub.errors import FeedFailed
from indicator_hub.ingest.sources.fetched import MAX_BYTES, Fetched
from indicator_hub.normalise import networks
from indicator_hub.normalise.unpack import scratch, unpacked
from indicator_hub.stix import canonical
from indicator_hub.trust.roster import Feed

if TYPE_CHECKING:  # two megabytes, for a hub that may have no feed to fetch
    import ssl

    import httpx2

_TIMEOUT = (10.0, 30.0, 30.0, 30.0)
"""Seconds to connect, and between two parts of what is read or written."""
_WHOLE = 600.0
"""Seconds for all of it: a source may send a byte at a time."""
_MAX_REDIRECTS = 5
_MOST_REST = 7 * 86_400
_SECRET = re.compile(r"\$([A-Z][A-Z0-9_]*)")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a source answered: its headers and its body, to be read and closed; both empty for 304."""

    headers: Mapping[str, str]
    body: BinaryIO
    changed: bool = True


async def fetch(feed: Feed, *, etag: str | None, last_modified: str | None) -> Fetched | None:
    """The content behind a URL; None when it has not changed. Raises FeedFailed, without the query of the URL: it may hold a key."""
    asked: dict[str, str] = {}
    if etag:
        asked["If-None-Match"] = etag
    if last_modified:
        asked["If-Modified-Since"] = last_modified
    answer = await ask(feed, feed.source, asked)
    if answer.changed:
        return Fetched(answer.body, *(_sendable(answer.headers.get(name)) for name in ("etag", "last-modified")))
    if not asked:
        raise FeedFailed(f"{_shown(feed.source)} answered that it has not changed, and was not asked whether it has.")
    return None


def _sendable(text: str | None) -> str | None:
    """A header's value, if it can be sent back."""
    return text if text is not None and text.isascii() and text.isprintable() else None


async def ask(feed: Feed, source: str, asked: Mapping[str, str]) -> Answer:
    """What a URL of a feed answers. `$NAME` in the URL or in the feed's headers is a secret, and stands in the environment.

    Raises FeedFailed, without the query of the URL, for anything but 200 and 304, and where it leads to where it may not.
    """
    trusted = await asyncio.to_thread(_trusted)
    import httpx2  # noqa: PLC0415

    # Unpacked here, where it is seen whether it is whole.
    own = {"User-Agent": f"indicator-hub/{__version__}", "Accept-Encoding": "gzip"}
    headers = {**own, **own_headers(feed), **asked}
    url = _url(feed, source)
    try:
        async with (
            asyncio.timeout(_WHOLE),
            httpx2.AsyncClient(verify=trusted, timeout=_TIMEOUT, trust_env=False) as client,
        ):
            return await _get(client, url, headers, _shown(source), internal=feed.internal)
    except TimeoutError:
        raise FeedFailed(f"{_shown(source)} had not sent everything after {_WHOLE:.0f} seconds.") from None
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise FeedFailed(f"{_shown(source)} cannot be fetched: {type(error).__name__}.") from None


@cache
def _trusted() -> "ssl.SSLContext":
    """Whose certificates are believed. Read once, and in a thread, with the library: polls would wait for it, some 50 ms each time."""
    import httpx2  # noqa: PLC0415

    return httpx2.create_ssl_context(trust_env=False)


async def require_allowed(feed: Feed, source: str) -> None:
    """Raises FeedFailed where a source leads to where it may not: for clients that connect by themselves."""
    await asyncio.to_thread(_trusted)
    await _address(_url(feed, source), internal=feed.internal)


def _url(feed: Feed, source: str) -> "httpx2.URL":
    import httpx2  # noqa: PLC0415

    url = httpx2.URL(_filled(source, feed))
    if url.scheme != "https" and not (feed.unencrypted or feed.internal):
        raise FeedFailed(
            f"{_shown(source)} is not encrypted: anybody on the way could write it. Declare https, or unencrypted: true."
        )
    return url


def own_headers(feed: Feed) -> dict[str, str]:
    """The headers that a feed's declaration names, with their secrets. Raises FeedFailed for one that is not there."""
    return {name: _filled(value, feed) for name, value in feed.headers.items()}


async def _get(
    client: "httpx2.AsyncClient", url: "httpx2.URL", headers: Mapping[str, str], shown: str, *, internal: bool
) -> Answer:
    """`shown` stands for the URL in what is said of it: a secret may be filled in anywhere in the URL itself."""
    pinned = await _address(url, internal=internal)
    for _ in range(_MAX_REDIRECTS + 1):
        sent = {**headers, "Host": url.netloc.decode("ascii")}
        there = url.copy_with(host=pinned)
        async with client.stream("GET", there, headers=sent, extensions={"sni_hostname": url.host}) as answer:
            if answer.status_code == HTTPStatus.NOT_MODIFIED:
                return Answer({}, io.BytesIO(), changed=False)
            if answer.is_redirect:
                target = url.join(answer.headers.get("location", ""))
                if (target.scheme, target.netloc) != (url.scheme, url.netloc):
                    raise FeedFailed(f"{shown} redirects to another host. Declare the new address if it is right.")
                url = target
                continue
            if answer.status_code != HTTPStatus.OK:
                raise FeedFailed(f"{shown} answered {answer.status_code}.", _rest(answer))
            return Answer(answer.headers, await _body(answer, shown))
    raise FeedFailed(f"{shown} redirects without end.")


async def _address(url: "httpx2.URL", *, internal: bool) -> str:
    """An address of the host. Raises FeedFailed where it has none, or one that lies in a network of one's own."""
    try:
        found = await asyncio.get_running_loop().getaddrinfo(
            url.host, url.port or (443 if url.scheme == "https" else 80), type=socket.SOCK_STREAM
        )
    except (OSError, UnicodeError):
        raise FeedFailed(f"{url.host} has no address.") from None
    addresses = [str(one[4][0]) for one in found]
    for address in addresses:
        network = canonical.parse_network(address.partition("%")[0])
        if not internal and (network is None or networks.special(network[1], network[0]) is not None):
            raise FeedFailed(
                f"{url.host} leads to {address}, which is no address of the Internet. If the source lies in your own network, declare internal: true."
            )
    return addresses[0]


async def _body(answer: "httpx2.Response", shown: str) -> BinaryIO:
    with ExitStack() as stack:
        body = stack.enter_context(scratch())
        packed = answer.headers.get("content-encoding", "identity").strip().lower()
        if packed not in ("identity", "gzip", "x-gzip", ""):
            raise FeedFailed(f"{shown} packs what it sends in a way that it was not asked for.")
        async for chunk in answer.aiter_raw():
            if body.tell() + len(chunk) > MAX_BYTES:
                raise FeedFailed(f"{shown} is larger than {MAX_BYTES} bytes.")
            body.write(chunk)
        body.seek(0)
        if packed.endswith("gzip"):
            found = await asyncio.to_thread(unpacked, body)
            if found is body:
                raise FeedFailed(f"{shown} says that it is packed, and it is not.")
            return found
        stack.pop_all()  # whole: it stays open
        return body


def _rest(answer: "httpx2.Response") -> int:
    """Retry-After in seconds (RFC 9110, 10.2.3), a week at most; 0 where it says none."""
    said = answer.headers.get("retry-after", "").strip()
    try:
        seconds = int(said) if said.isdecimal() else parsedate_to_datetime(said).timestamp() - time.time()
    except (ValueError, OverflowError):
        return 0
    return max(0, min(int(seconds), _MOST_REST))


def _filled(text: str, feed: Feed) -> str:
    """With its secrets. Raises FeedFailed for one that is not there."""

    def secret(found: re.Match[str]) -> str:
        value = os.environ.get(found[1])
        if not value:
            raise FeedFailed(f"The feed {feed.name} needs the environment variable {found[1]}, which is not set.")
        return value

    return _SECRET.sub(secret, text)


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
