"""A hub asked over HTTP as an account: the shell has no second way to share, and running a hub gives no right to read in it."""

import time
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self, cast

import httpx2

from indicator_hub import __version__, errors
from indicator_hub.errors import HubError, Invalid, Misconfigured, Unavailable

_TIMEOUT = httpx2.Timeout(60, connect=10)
_TRIES = 3
_LONGEST_WAIT = 10
_BUSY = 503
_REFUSALS: Mapping[int, type[HubError]] = {
    400: errors.Invalid,
    401: errors.Unauthenticated,
    403: errors.NotPermitted,
    404: errors.NotFound,
    409: errors.Conflict,
    413: errors.TooLarge,
    415: errors.UnsupportedMedia,
    422: errors.Unprocessable,
    429: errors.TooMany,
    503: errors.Unavailable,
}
_NEXT = {
    401: "Set INDICATOR_HUB_TOKEN, or --token-file, to a token that `indicator-hub enrol` gave and that is not revoked.",
    404: "Ask `indicator-hub access` what there is for this account.",
}
"""What to do about it, where the hub itself cannot say."""


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub at a URL, and a token for it. Raises HubError for what the hub refuses, Unavailable when it does not answer."""

    url: str
    headers: Mapping[str, str]

    @classmethod
    def at(cls, url: str, token_file: Path | None, token: str) -> Self:
        """Raises Misconfigured without a URL or a token, saying where to put it."""
        if not url.startswith(("http://", "https://")):
            raise Misconfigured("Say which hub: --hub https://hub.example, or INDICATOR_HUB_URL.")
        if token_file is not None:
            try:
                token = token_file.read_text(encoding="utf-8").strip()
            except (OSError, UnicodeDecodeError) as error:
                raise Misconfigured(f"The token cannot be read from {token_file}: {error}.") from None
        if not token:
            raise Misconfigured("Say as whom: --token-file FILE, or INDICATOR_HUB_TOKEN.")
        if not token.isascii() or not token.isprintable():
            raise Misconfigured("That is no token of a hub: it has one line of letters, digits, - and _.")
        headers = {"Authorization": f"Bearer {token}", "User-Agent": f"indicator-hub/{__version__}"}
        return cls(url.rstrip("/"), headers)

    def get(self, path: str, **query: object) -> dict[str, Any]:
        """One look; parameters that are None are left out."""
        sent = {name: str(value) for name, value in query.items() if value is not None}
        return self._ask("GET", path, params=sent)

    def post(self, path: str, body: object = None, *, content: bytes | None = None) -> dict[str, Any]:
        """One deed, asked again under the same key where no answer came: it is done once."""
        key = {"Idempotency-Key": str(uuid.uuid4())}
        if content is not None:
            return self._ask("POST", path, content=content, headers=key | {"Content-Type": "application/json"})
        return self._ask("POST", path, json={} if body is None else body, headers=key)

    def delete(self, path: str) -> dict[str, Any]:
        """One end."""
        return self._ask("DELETE", path)

    def walk(self, path: str, **query: object) -> Iterator[dict[str, Any]]:
        """Every item of a list, page after page."""
        following: str | None = None
        while True:
            page = self.get(path, **query, next=following)
            yield from page["items"]
            following = page.get("next")
            if not page.get("more") or following is None:
                return

    def _ask(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **request: Any
    ) -> dict[str, Any]:
        sent = {**self.headers, **(headers or {})}
        for left in reversed(range(_TRIES)):
            try:
                answer = httpx2.request(method, f"{self.url}/api/v1{path}", headers=sent, timeout=_TIMEOUT, **request)
            except (httpx2.HTTPError, httpx2.InvalidURL) as error:
                if not left or not isinstance(error, httpx2.TransportError):
                    raise Unavailable(
                        f"No hub answers at {self.url} ({type(error).__name__}). Is it running there?"
                    ) from None
                continue
            if answer.status_code == _BUSY and left:
                time.sleep(min(int(answer.headers.get("retry-after") or 1), _LONGEST_WAIT))
                continue
            return self._read(answer)
        raise AssertionError

    def _read(self, answer: httpx2.Response) -> dict[str, Any]:
        try:
            found = answer.json()
        except ValueError:
            found = None
        if not isinstance(found, dict):
            raise Invalid("What answers there is no indicator-hub.")
        told = cast("dict[str, Any]", found)
        if answer.is_success:
            return told
        status = answer.status_code
        words = [str(told.get("detail") or told.get("title") or answer.reason_phrase)]
        if status in _NEXT:
            words.append(_NEXT[status])
        raise _REFUSALS.get(status, HubError)(" ".join(words))
