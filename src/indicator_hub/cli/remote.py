"""A hub asked over HTTP as an account: the shell has no second way to share, and running a hub gives no right to read in it."""

import base64
import re
import time
import uuid
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Self, cast

import httpx2

from indicator_hub import __version__, errors
from indicator_hub.errors import HubError, Invalid, Misconfigured, Unavailable

_TIMEOUT = httpx2.Timeout(60, connect=10)
_trust = cache(httpx2.create_ssl_context)
"""The certificates that are trusted, read once: reading them takes longer than a request does."""
_LONGEST_WAIT = 30
_WAIT = re.compile(r"[0-9]{1,3}")
"""Retry-After in seconds. A hub says it so; a date is not waited for."""
_SAME = 304
_NOT_FOUND, _TOO_MANY, _FAULT, _BUSY = 404, 429, 500, 503
_UNSENT = (httpx2.ConnectError, httpx2.ConnectTimeout)
_REFUSALS: Mapping[int, type[HubError]] = {
    400: errors.Invalid,
    401: errors.Unauthenticated,
    403: errors.NotPermitted,
    404: errors.NotFound,
    409: errors.Conflict,
    413: errors.TooLarge,
    414: errors.TooLong,
    415: errors.UnsupportedMedia,
    422: errors.Unprocessable,
    429: errors.TooMany,
    503: errors.Unavailable,
}
_NEXT = {
    401: "Set INDICATOR_HUB_TOKEN, or --token-file, to a token that `indicator-hub enrol` gave and that is not revoked; or the account is suspended.",
    403: "`indicator-hub access` tells what this account may do.",
    404: "Ask `indicator-hub access` what there is for this account.",
    429: "Ask again later.",
    503: "Ask again later.",
}
"""What to do about it, where the hub itself cannot say."""


@dataclass(frozen=True, slots=True)
class Speech:
    """What is spoken with a server: below which path, in which media type, and what to do about refusals that it does not explain."""

    below: str
    media: str
    stranger: str
    nothing: str
    following: Mapping[int, str]


_ADDRESS = "Give a hub's address without a path: --hub https://hub.example."
API = Speech(
    "/api/v1", "application/json", f"is no indicator-hub. {_ADDRESS}", f"there is no API of an indicator-hub. {_ADDRESS}", _NEXT
)  # fmt: skip
TAXII = Speech(
    "", "application/taxii+json;version=2.1", "not as a TAXII 2.1 server does. Look at the URL.", "", _NEXT
)  # fmt: skip
EXPORTS = Speech(
    "/exports", "*/*", API.stranger, "",
    {**_NEXT, 404: "`indicator-hub access` tells what groups there are for this account, and `indicator-hub export GROUP` what lists."},
)  # fmt: skip
FOREIGN = Speech(
    "", TAXII.media, TAXII.stranger, "",
    {
        401: "Look at the credential in --token-file, and whether a name belongs to it: --user NAME.",
        403: "Its operator can say what this account may do.",
        404: "Look at the URL of the collection, and at what this account may see there.",
        429: "Ask again later.",
        503: "Ask again later.",
    },
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Hub:
    """A hub at a URL, and a token for it. Raises HubError for what the hub refuses, Unavailable when it does not answer."""

    url: str
    headers: Mapping[str, str]
    speech: Speech = API

    @classmethod
    def at(cls, url: str, token_file: Path | None, token: str, *, user: str = "", speech: Speech = API) -> Self:
        """The token goes as Bearer, or with `user` as the password of Basic. Raises Misconfigured without a URL or a token, saying where to put it."""
        if not url.startswith(("http://", "https://")):
            raise Misconfigured("Say which hub: --hub https://hub.example, or INDICATOR_HUB_URL.")
        if token_file is not None:
            token = _token_in(token_file)
        if not token:
            raise Misconfigured("Say as whom: --token-file FILE, or INDICATOR_HUB_TOKEN.")
        if not token.isascii() or not token.isprintable():
            raise Misconfigured("That is no token of a hub: it has one line of letters, digits, - and _.")
        basic = base64.b64encode(f"{user}:{token}".encode()).decode()
        credential = f"Basic {basic}" if user else f"Bearer {token}"
        return cls(url.rstrip("/"), {"Authorization": credential, "User-Agent": f"indicator-hub/{__version__}"}, speech)

    def get(self, path: str, **query: object) -> dict[str, Any]:
        """One look; parameters that are None are left out."""
        sent = {name: str(value) for name, value in query.items() if value is not None}
        return self._ask("GET", path, params=sent)

    def post(self, path: str, body: object = None, *, content: bytes | None = None) -> dict[str, Any]:
        """One deed. Asked again where no answer came, it has the same key: it is done once."""
        key = {"Idempotency-Key": str(uuid.uuid4())}
        if content is not None:
            return self._ask("POST", path, content=content, headers=key | {"Content-Type": self.speech.media})
        return self._ask("POST", path, json={} if body is None else body, headers=key)

    def delete(self, path: str) -> dict[str, Any]:
        """One end."""
        return self._ask("DELETE", path)

    def whole(self, path: str, **query: object) -> dict[str, Any]:
        """A list to its end, as one page: with the items of all, and what else the first says."""
        first = page = self.get(path, **query)
        items: list[Any] = list(first["items"])
        while page["more"]:
            page = self.get(path, **query, next=page["next"])
            items += page["items"]
        return {name: value for name, value in first.items() if name != "next"} | {"items": items, "more": False}

    def pages(self, path: str, **query: object) -> Iterator[list[Any]]:
        """A list page by page, to its end."""
        following = None
        while True:
            page = self.get(path, **query, next=following)
            yield page["items"]
            if not page["more"]:
                return
            following = page["next"]

    @contextmanager
    def fetched(
        self, path: str, query: Sequence[tuple[str, str]], headers: Mapping[str, str]
    ) -> Generator[httpx2.Response]:
        """An answer of any length, to be read piece by piece: what was asked for, or that it has not changed (304)."""
        address = f"{self.url}{self.speech.below}{path}"
        sent = {"Accept": self.speech.media, **self.headers, **headers}
        try:
            with httpx2.stream(
                "GET", address, params=list(query), headers=sent, timeout=_TIMEOUT, verify=_trust()
            ) as answer:
                if not answer.is_success and answer.status_code != _SAME:
                    answer.read()
                    self._read(answer)
                yield answer
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            why = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            raise Unavailable(f"The hub at {self.url} did not answer to the end ({why}). Ask again.") from None

    def _ask(
        self, method: str, path: str, *, headers: Mapping[str, str] | None = None, **request: Any
    ) -> dict[str, Any]:
        """Ask, and once more where the connection broke or the hub names a short wait. Only a DELETE that may have been done is not repeated."""

        def once() -> httpx2.Response:
            sent = {"Accept": self.speech.media, **self.headers, **(headers or {})}
            return httpx2.request(
                method, f"{self.url}{self.speech.below}{path}", headers=sent, timeout=_TIMEOUT, **request
            )

        try:
            try:
                answer = once()
            except httpx2.TransportError as error:
                if method == "DELETE" and not isinstance(error, _UNSENT):
                    raise
                answer = once()
            else:
                wait = answer.headers.get("retry-after", "")
                if answer.status_code == _BUSY and _WAIT.fullmatch(wait) and int(wait) <= _LONGEST_WAIT:
                    time.sleep(int(wait))
                    answer = once()
        except (httpx2.HTTPError, httpx2.InvalidURL) as error:
            why = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
            if method == "GET" or isinstance(error, (*_UNSENT, httpx2.InvalidURL, httpx2.UnsupportedProtocol)):
                raise Unavailable(f"No hub answers at {self.url} ({why}). Is it running there?") from None
            raise Unavailable(
                f"The hub at {self.url} did not answer ({why}). It may have done what was asked: look before you ask again."
            ) from None
        return self._read(answer)

    def _read(self, answer: httpx2.Response) -> dict[str, Any]:
        try:
            found = answer.json()
        except ValueError:
            found = None
        status = answer.status_code
        if not isinstance(found, dict):
            if status == _TOO_MANY or status >= _FAULT:
                raise Unavailable(f"{self.url} answers {status}, and not as a hub does: ask again later.")
            raise Invalid(f"{self.url} answers {status}, and {self.speech.stranger}")
        told = cast("dict[str, Any]", found)
        if answer.is_success:
            return told
        if status == _NOT_FOUND and "type" not in told and self.speech.nothing:
            raise Invalid(f"At {self.url} {self.speech.nothing}")
        words = [str(told.get("detail") or told.get("description") or told.get("title") or answer.reason_phrase)]
        if "instance" in told:
            words.append(f"Its operator finds the cause by {told['instance']}.")
        if status in self.speech.following:
            words.append(self.speech.following[status])
        raise _REFUSALS.get(status, HubError)(" ".join(words))


def _token_in(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        why = "there is no such file. Put there what `indicator-hub enrol` gave, readable by nobody else (chmod 600)"
    except PermissionError:
        why = "this user may not read it. Ask as the user who owns it, or name a file of your own"
    except IsADirectoryError:
        why = "it is a folder. Name the file in it"
    except (OSError, UnicodeDecodeError):
        why = "it is no file of text. Name the one that holds what `indicator-hub enrol` gave"
    raise Misconfigured(f"The token cannot be read from {file}: {why}.")
