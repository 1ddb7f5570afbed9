"""The connection of a rebuilt client: it sends the headers and parameters that the product sends, and nothing else."""

import base64
from collections.abc import Mapping
from http.client import HTTPConnection
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

from support.live import PATIENCE, Answer

ENOUGH = 2_000
"""Requests after which a client that still sees no end has been led round in a circle."""


def basic(username: str, token: str, scheme: str = "Basic") -> str:
    """The value of `Authorization` for user name and token."""
    return f"{scheme} {base64.b64encode(f'{username}:{token}'.encode()).decode()}"


class Session:
    """One account on one connection, which stays open."""

    def __init__(self, url: str, **headers: str) -> None:
        self._connection = HTTPConnection(urlsplit(url).netloc, timeout=PATIENCE)
        self._headers = {name.replace("_", "-"): value for name, value in headers.items()}
        self._left = ENOUGH

    def get(self, path: str, **query: Any) -> Answer:
        """Get a resource; parameters that are None are left out."""
        sent = urlencode({name: value for name, value in query.items() if value is not None})
        return self._ask("GET", f"{path}?{sent}" if sent else path, None, {})

    def post(self, path: str, body: bytes, headers: Mapping[str, str] | None = None) -> Answer:
        """Post a body."""
        return self._ask("POST", path, body, headers or {})

    def _ask(self, method: str, target: str, body: bytes | None, headers: Mapping[str, str]) -> Answer:
        self._left -= 1
        assert self._left, f"{ENOUGH} requests, and no end: {target}"
        self._connection.request(method, target, body, {**self._headers, **headers})
        answer = self._connection.getresponse()
        return Answer(answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read())

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()
