"""A person's browser, as far as a test without one needs it: cookies, forms, no following of redirects."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from support.http import Site

_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass
class Person:
    """Somebody at a browser."""

    client: httpx2.AsyncClient

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        """GET a page; a header's `_` is sent as `-`."""
        return await self.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    async def token(self) -> str:
        """What a form of this session carries."""
        found = _TOKEN.search((await self.client.get("/console/account/")).text)
        return found[1] if found else ""

    async def post(
        self,
        path: str,
        *,
        csrf: str | None = None,
        headers: dict[str, str] | None = None,
        content: bytes | None = None,
        **fields: Any,
    ) -> httpx2.Response:
        """Send a form, with this session's token unless another is given; or, as they are, these bytes."""
        if content is not None:
            return await self.client.post(path, content=content, headers=headers)
        sent = {"csrf": await self.token() if csrf is None else csrf} | fields
        return await self.client.post(path, data=sent, headers=headers)

    async def sign_in(self, name: str, password: str, *, to: str = "") -> httpx2.Response:
        """Sign in. The cookie stays with the client."""
        return await self.client.post("/console/sign-in/", data={"name": name, "password": password, "to": to})


@asynccontextmanager
async def person(site: Site) -> AsyncIterator[Person]:
    """A fresh browser before a site."""
    transport = site.client._transport
    async with httpx2.AsyncClient(
        transport=transport, base_url="https://hub.example", follow_redirects=False
    ) as client:
        yield Person(client)
