"""A URL. Asked with what the last answer said of its version; redirects are followed on the same host only."""

from http import HTTPStatus
from urllib.parse import urlsplit

import httpx2

from indicator_hub import __version__
from indicator_hub.errors import FeedFailed
from indicator_hub.ingest.sources.fetched import MAX_BYTES, Fetched

_TIMEOUT = httpx2.Timeout(30, connect=10)
_MAX_REDIRECTS = 5


async def fetch(source: str, *, etag: str | None, last_modified: str | None) -> Fetched | None:
    """The content behind a URL; None when it has not changed. Raises FeedFailed, without the query of the URL: it may hold a key."""
    headers = {"User-Agent": f"indicator-hub/{__version__}"}
    if etag:
        headers["If-None-Match"] = etag
    if last_modified:
        headers["If-Modified-Since"] = last_modified
    try:
        async with httpx2.AsyncClient(timeout=_TIMEOUT) as client:
            return await _get(client, httpx2.URL(source), headers)
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        raise FeedFailed(f"{_shown(source)} cannot be fetched: {type(error).__name__}.") from None


async def _get(client: httpx2.AsyncClient, url: httpx2.URL, headers: dict[str, str]) -> Fetched | None:
    for _ in range(_MAX_REDIRECTS + 1):
        async with client.stream("GET", url, headers=headers) as answer:
            if answer.status_code == HTTPStatus.NOT_MODIFIED:
                return None
            if answer.is_redirect:
                target = url.join(answer.headers.get("location", ""))
                if (target.scheme, target.netloc) != (url.scheme, url.netloc):
                    raise FeedFailed(
                        f"{_shown(str(url))} redirects to another host. Declare the new address if it is right."
                    )
                url = target
                continue
            if answer.status_code != HTTPStatus.OK:
                raise FeedFailed(f"{_shown(str(url))} answered {answer.status_code}.")
            return Fetched(
                await _body(answer, str(url)), answer.headers.get("etag"), answer.headers.get("last-modified")
            )
    raise FeedFailed(f"{_shown(str(url))} redirects without end.")


async def _body(answer: httpx2.Response, url: str) -> bytes:
    chunks: list[bytes] = []
    size = 0
    async for chunk in answer.aiter_bytes():
        size += len(chunk)
        if size > MAX_BYTES:
            raise FeedFailed(f"{_shown(url)} is larger than {MAX_BYTES} bytes.")
        chunks.append(chunk)
    return b"".join(chunks)


def _shown(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
