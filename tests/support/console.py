"""A person's browser, as far as a test without one needs it: cookies, forms, no following of redirects."""

import hashlib
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx2

from indicator_hub.store import credentials, sessions
from indicator_hub.web.console.session import COOKIE, form_token
from support.http import Site

_TOKEN = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass
class Person:
    """Somebody at a browser."""

    client: httpx2.AsyncClient
    session: str = ""

    async def get(self, path: str, **headers: str) -> httpx2.Response:
        """GET a page; a header's `_` is sent as `-`."""
        return await self.client.get(path, headers={name.replace("_", "-"): value for name, value in headers.items()})

    async def token(self) -> str:
        """What a form of this session carries."""
        if self.session:
            return form_token(self.session)
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
async def person(site: Site, address: str = "127.0.0.1") -> AsyncIterator[Person]:
    """A fresh browser before a site, at an address."""
    transport = httpx2.ASGITransport(site.client._transport.app, client=(address, 50_000), raise_app_exceptions=False)
    async with httpx2.AsyncClient(
        transport=transport, base_url="https://hub.example", follow_redirects=False
    ) as client:
        yield Person(client)


@asynccontextmanager
async def seated(site: Site, name: str) -> AsyncIterator[Person]:
    """Somebody who has signed in: the password is left out, as looking at one takes half a second."""
    token, store = secrets.token_urlsafe(32), site.world.store
    async with store.transactions.begin() as tx:
        account = await credentials.account_by_name(tx, name)
        assert account is not None
        now = store.now()
        await sessions.begin(tx, hashlib.sha256(token.encode()).digest(), account.id, now=now, ends=now + 3_600_000_000)
    async with person(site) as made:
        made.client.cookies.set(COOKIE, token, domain="hub.example", path="/console")
        made.session = token
        yield made


async def shown(site: Site, name: str, path: str) -> tuple[int, str]:
    """What somebody is shown there."""
    async with seated(site, name) as somebody:
        found = await somebody.get(path)
        return found.status_code, found.text


async def sent(site: Site, name: str, path: str, **fields: Any) -> tuple[int, str]:
    """A form sent by somebody: its status, and the page that it leads to, or the one that refuses."""
    async with seated(site, name) as somebody:
        answer = await somebody.post(path, **fields)
        if answer.status_code != 303:
            return answer.status_code, answer.text
        return 303, (await somebody.get(answer.headers["location"])).text
