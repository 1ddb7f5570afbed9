"""The application in this process, asked over ASGI."""

import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx2

from indicator_hub.limits import Limits
from indicator_hub.store.opened import Store
from indicator_hub.trust.roster import Roster
from indicator_hub.web.app import create_app
from indicator_hub.web.call import Feeds, Hub
from support.world import MAIN, World, envelope, world

TAXII = "application/taxii+json;version=2.1"
OBJECTS = f"/taxii2/alpha/collections/{MAIN}/objects/"
MANIFEST = f"/taxii2/alpha/collections/{MAIN}/manifest/"


@dataclass
class Site:
    """A world behind its application."""

    world: World
    client: httpx2.AsyncClient

    def headers(self, account: str | None, **more: str) -> dict[str, str]:
        """What an account sends."""
        sent = {"accept": TAXII}
        if account:
            pair = f"{account}:{self.world.tokens[account]}".encode()
            sent["authorization"] = f"Basic {base64.b64encode(pair).decode()}"
        return sent | {name.replace("_", "-"): value for name, value in more.items()}

    async def get(self, path: str, account: str | None = "ana", **headers: str) -> httpx2.Response:
        """GET as an account."""
        return await self.client.get(path, headers=self.headers(account, **headers))

    async def post(self, *objects: Any, account: str = "ana", path: str = OBJECTS, **headers: str) -> httpx2.Response:
        """POST an envelope as an account."""
        sent = self.headers(account, **({"content_type": TAXII} | headers))
        return await self.client.post(path, headers=sent, content=envelope(*objects))

    async def api(
        self, method: str, path: str, account: str | None = "ana", body: Any = None, **headers: str
    ) -> httpx2.Response:
        """A request to the hub's own API; `body` is sent as JSON, with POST an empty object where there is none."""
        content = b"" if method != "POST" else json.dumps({} if body is None else body).encode()
        sent = self.headers(account, **({"content_type": "application/json"} | headers))
        return await self.client.request(method, f"/api/v1{path}", headers=sent, content=content)

    async def delete(self, path: str, account: str = "ana") -> httpx2.Response:
        """DELETE as an account."""
        return await self.client.delete(path, headers=self.headers(account))


@asynccontextmanager
async def site(
    url: str, declared: Roster | None = None, *, feeds_of: Callable[[Store], Feeds] | None = None, **hub: Any
) -> AsyncIterator[Site]:
    """The whole application on a database; `feeds_of` gives what it may have done with feeds."""
    async with world(url, declared) as w:
        limits = replace(Limits(), body=hub.pop("max_content_length", 1_000_000), **hub.pop("limits", {}))
        settings: dict[str, Any] = {"page_limit": 1000, "limits": limits, "status_kept": 86_400_000_000} | hub
        settings["feeds"] = feeds_of(w.store) if feeds_of else None
        app = create_app(Hub(w.store, "https://hub.example", "Test hub", (b"k" * 32,), **settings))
        transport = httpx2.ASGITransport(app, raise_app_exceptions=False)
        async with httpx2.AsyncClient(transport=transport, base_url="https://hub.example") as client:
            yield Site(w, client)
