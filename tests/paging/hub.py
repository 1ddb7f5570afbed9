"""The hub in this process, on a real database, asked over ASGI. Sequences take turns on it, each from the same clean beginning."""

import asyncio
import base64
import json
from collections.abc import Coroutine, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import replace
from typing import Any, TypeVar

from sqlalchemy import BigInteger, bindparam, delete, insert, select, update

from indicator_hub.limits import Limits
from indicator_hub.sharing import claim, enrol
from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.submit import submit
from indicator_hub.stix import timestamps
from indicator_hub.store import schema
from indicator_hub.store.engine import Statement
from indicator_hub.trust.roster import Feed, Membership
from indicator_hub.web.app import create_app
from indicator_hub.web.call import Hub
from support.http import TAXII
from support.live import Answer
from support.world import ACCOUNTS, MAIN, START, envelope, roster, world

T = TypeVar("T")
PAGE_LIMIT = 6
"""What the hub gives at most on a page."""
NAMED = "bea"
FEED = Feed("brook", "Brook", "xa-cert", "alpha", "main", "brook.json", "stix", documentation=True)
SPONSORS = {"xa-cert": "xd-cert"}


def rendered(instant: int) -> str:
    """Microseconds as TAXII writes them."""
    return timestamps.render(instant)


class Ground:
    """One hub. `xc-cert` has an account and, to begin with, no part in the group."""

    def __init__(self, url: str) -> None:
        small = roster()
        outside = Membership("xc-cert", "alpha", "member", can_write=True, ends=START - 1)
        self.roster = roster(
            memberships=dict(small.memberships) | {("xc-cert", "alpha"): outside},
            feeds=dict(small.feeds) | {FEED.name: FEED},
        )
        self._runner, self._stack = asyncio.Runner(), AsyncExitStack()
        self.world = self.run(self._stack.enter_async_context(world(url, self.roster)))
        # Pages are not recorded here: nothing in a page depends on it, and each would cost a transaction.
        self.store = replace(self.world.store, serve_events=False)
        hub = Hub(self.store, "https://hub.example", "Hub", (b"k" * 32,), PAGE_LIMIT, Limits(), 86_400_000_000)
        self._app = create_app(hub)
        self._headers = {name: _headers(name, token) for name, token in self.world.tokens.items()}
        self._changed, self._declared = False, dict(self.roster.memberships)
        self._collection, self._memberships = self.run(self._prepared())

    def run(self, deed: Coroutine[Any, Any, T]) -> T:
        """Wait for it."""
        return self._runner.get_loop().run_until_complete(deed)

    def close(self) -> None:
        """Close the hub."""
        self.run(self._stack.aclose())
        self._runner.close()

    async def _prepared(self) -> tuple[int, Sequence[Any]]:
        """What has no deed of its own yet: a named person. And what every sequence begins with."""
        group = select(schema.trust_group.c.id).where(schema.trust_group.c.name == "alpha").scalar_subquery()
        account = select(schema.account.c.id).where(schema.account.c.name == NAMED).scalar_subquery()
        async with self.store.transactions.begin() as tx:
            await tx.execute(insert(schema.named_person).values(account_id=account, group_id=group, starts=0))
            key = (
                await tx.execute(select(schema.collection.c.id).where(schema.collection.c.uuid == MAIN))
            ).scalar_one()
            return key, (await tx.execute(select(schema.membership))).mappings().all()

    def reset(self) -> None:
        """As at the beginning: nothing stored, everybody as first declared, and the clock where it was."""
        self.world.clock.now = START
        self.run(self._reset())
        self._changed, self._declared = False, dict(self.roster.memberships)

    async def _reset(self) -> None:
        async with self.store.transactions.begin() as tx:
            await tx.execute(delete(schema.observable))
            await tx.execute(delete(schema.audience_history))
            for table in (
                schema.unresolved,
                schema.reference,
                schema.referrer,
                schema.release,
                schema.recalled_entry,
                schema.recall,
            ):
                await tx.execute(delete(table))
            await tx.execute(delete(schema.entry))
            await tx.execute(update(schema.clock).values(last_added=0))
            if self._changed:
                await tx.execute(delete(schema.membership))
                await tx.execute(insert(schema.membership), [dict(row) for row in self._memberships])
                await tx.execute(update(schema.organisation).values(suspended=False))
                await tx.execute(update(schema.account).values(suspended=False))

    def ask(self, method: str, account: str, path: str, query: Sequence[str] = (), body: bytes = b"") -> Answer:
        """One request."""
        return self.run(self._ask(method, account, path, "&".join(query), body))

    async def _ask(self, method: str, account: str, path: str, query: str, body: bytes) -> Answer:
        scope = {
            "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": method, "scheme": "https",
            "path": path, "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
            "headers": self._headers[account], "client": ("192.0.2.7", 1), "server": ("hub.example", 443),
        }  # fmt: skip
        heard = [{"type": "http.disconnect"}, {"type": "http.request", "body": body, "more_body": False}]
        said: list[Any] = []

        async def receive() -> Any:
            return heard.pop()

        async def send(message: Any) -> None:
            said.append(message)

        await self._app(scope, receive, send)
        headers = {name.decode(): value.decode() for name, value in said[0]["headers"]}
        return Answer(said[0]["status"], headers, b"".join(one.get("body", b"") for one in said[1:]))

    def feed(self, objects: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """What a run of the feed submits."""
        return self.run(self._feed(envelope(*objects)))

    async def _feed(self, body: bytes) -> dict[str, Any]:
        reach = await claim._reach(self.store, FEED)
        return json.loads((await submit(self.store, Caller(reach.account), reach, body)).resource)

    def declare(self, organisation: str, **changes: Any) -> None:
        """Apply a roster in which this organisation's part in the group is another."""
        key = (organisation, "alpha")
        changes["sponsor"] = SPONSORS.get(organisation, "xa-cert") if changes["role"] == "client" else None
        self._declared[key] = replace(self._declared[key], **changes)
        self._changed = True
        self.run(apply(self.store, replace(self.roster, memberships=dict(self._declared))))

    def suspend(self, name: str, *, suspended: bool) -> None:
        """Suspend or reinstate an account, or an organisation."""
        self._changed = True
        whole = name not in ACCOUNTS
        self.run(enrol.suspend(self.store, name, whole_organisation=whole, suspended=suspended))

    def rows(self) -> list[Any]:
        """What is stored, by the order in which it came."""
        return self.run(self.store.hot.rows("what the test reads", _stored, {"collection": self._collection}))


def _stored() -> Statement:
    e, o = schema.entry, schema.organisation
    return (
        select(
            e.c.stix_id, e.c.type, e.c.version, e.c.spec_version, o.c.name, e.c.date_added, e.c.first_added, e.c.recalled, e.c.sha256
        )
        .join(o, o.c.id == e.c.organisation_id)
        .where(e.c.collection_id == bindparam("collection", type_=BigInteger))
        .order_by(e.c.first_added)
    )  # fmt: skip


def _headers(name: str, token: str) -> list[tuple[bytes, bytes]]:
    credential = base64.b64encode(f"{name}:{token}".encode())
    return [
        (b"host", b"hub.example"),
        (b"accept", TAXII.encode()),
        (b"content-type", TAXII.encode()),
        (b"authorization", b"Basic " + credential),
    ]
