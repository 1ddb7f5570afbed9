"""Deeds and polls in any order against the real hub, and after each poll the question whether the page was exactly what was owed."""

import asyncio
import json
import uuid
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import httpx2
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule
from sqlalchemy import text

from indicator_hub.sharing import enrol
from indicator_hub.sharing.apply import apply
from indicator_hub.trust.roster import Collection, Membership, Roster
from paging.model import LEVELS, Asked, Poller, Reader, Row, owed
from support.http import Site, site
from support.world import ACCOUNTS, IDENTITY_A, TLP, indicator, roster

T = TypeVar("T")
WRITERS = ("ana", "bea", "gus", "abot")
READERS = ("ana", "bea", "bbot", "dan", "bank", "gus")
PERSONS = {"xa-cert": "ana", "xb-cert": "bea", "xd-cert": "gus"}
CHANGING = {"bea": "xb-cert", "dan": "xb-soc", "bank": "xa-bank"}
DAYS = tuple(f"2026-11-0{day}T00:00:00.000Z" for day in range(1, 6))
NAMES = tuple(range(4))
TOOL = 2
COLLECTIONS = 4
MOST_POLLERS = 4
DEFAULT = 2
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

ASKED = st.builds(
    Asked,
    types=st.sampled_from([(), (), (), ("indicator",), ("tool", "mutex")]),
    ids=st.sampled_from([(), (), (), ("0", "1")]),
    versions=st.sampled_from([("last",), ("last",), ("last",), ("all",), ("all",), ("first",), ("first", "last"), DAYS[1:3], ("last", DAYS[0])]),
    specs=st.sampled_from([(), (), (), (), ("2.1",), ("2.0", "2.1")]),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Version:
    """One of a few objects in one of a few versions; the level is part of the content."""

    name: int
    day: int
    level: str | None = None
    revoked: bool = False
    old: bool = False
    relayed: bool = False

    def object(self, series: int) -> dict[str, Any]:
        """The object; each sequence has ids of its own."""
        number = 16 * series + self.name
        changes: dict[str, Any] = {"created": DAYS[0], "modified": DAYS[self.day], "tlp": self.level}
        if self.name == NAMES[-1]:
            made = indicator(
                number, created=None, modified=None, pattern=None, pattern_type=None, valid_from=None, tlp=self.level
            )
            return made | {"type": "mutex", "id": made["id"].replace("indicator", "mutex"), "name": "m"}
        if self.relayed:
            changes["created_by_ref"] = IDENTITY_A
        if self.revoked:
            changes["revoked"] = True
        if self.old:
            changes |= {"spec_version": None, "pattern_type": None, "labels": ["a"]}
        made = indicator(number, **changes)
        if self.name == TOOL:
            made |= {"type": "tool", "id": made["id"].replace("indicator", "tool"), "name": "t", "labels": ["a"]}
        return made


RARELY = st.integers(0, 6).map(lambda number: number == 0)
VERSIONS = st.builds(
    Version,
    st.sampled_from(NAMES),
    st.integers(0, 4),
    st.sampled_from([None, "GREEN", "AMBER", "STRICT", "RED"]),
    RARELY,
    RARELY,
    st.booleans(),
)


class Ground:
    """One hub in this process. Sequences take turns in its collections, each with ids of its own behind what the former have left."""

    def __init__(self, url: str) -> None:
        self._runner = asyncio.Runner()
        self._stack = AsyncExitStack()
        small = roster()
        places = [
            Collection(str(uuid.UUID(int=9 << 100 | n, version=4)), "alpha", f"place-{n}", "Place", "", 4, 2)
            for n in range(COLLECTIONS)
        ]
        self.roster = roster(collections=dict(small.collections) | {(one.group, one.alias): one for one in places})
        self._places = [one.id for one in places]
        self.sequences = 0
        self.site: Site = self.run(self._stack.enter_async_context(site(url, self.roster)))

    def run(self, deed: Awaitable[T]) -> T:
        """Wait for it."""

        async def waited() -> T:
            return await deed

        return self._runner.run(waited())

    def place(self) -> str:
        """The collection of the next sequence."""
        self.sequences += 1
        return self._places[self.sequences % COLLECTIONS]

    def close(self) -> None:
        """Close the hub."""
        self.run(self._stack.aclose())
        self._runner.close()


class Paging(RuleBasedStateMachine):
    """One sequence. `ground` is set by the test."""

    ground: Ground

    def __init__(self) -> None:
        super().__init__()
        self.site = self.ground.site
        self.collection = self.ground.place()
        self.series = self.ground.sequences
        self.base = self.ground.run(self._last())
        # The same deeds at the same distance of time, so that a sequence can be run again.
        self.site.world.clock.now = max(self.site.world.clock.now, self.base + 10_000_000)
        self.path = f"/taxii2/alpha/collections/{self.collection}"
        self.readers = {
            name: Reader(ACCOUNTS[name][0], self.ground.roster.memberships[ACCOUNTS[name][0], "alpha"].role)
            for name in {*READERS, *WRITERS}
        }
        self.members: dict[tuple[str, str], Membership] = dict(self.ground.roster.memberships)
        self.suspended: set[str] = set()
        self.pollers: list[Poller] = []
        self.rows: list[Row] = []

    @initialize(
        versions=st.lists(VERSIONS, min_size=2, max_size=5),
        pollers=st.lists(
            st.tuples(st.sampled_from(READERS), st.sampled_from(["objects", "manifest"]), ASKED), min_size=2, max_size=2
        ),
    )
    def start(self, versions: list[Version], pollers: list[tuple[str, str, Asked]]) -> None:
        """Something to read, and somebody to read it."""
        self.post("ana", versions, 1)
        for who, resource, asked in pollers:
            self.begin(who, resource, asked, 2)
            self._to_the_end(self.pollers[-1])

    # Deeds

    @rule(who=st.sampled_from(WRITERS), seconds=st.integers(-1, 2), versions=st.lists(VERSIONS, min_size=1, max_size=4))
    def post(self, who: str, versions: list[Version], seconds: int) -> None:
        """New objects, new versions in any order, relays, duplicates, what a feed brings again."""
        self._post(who, [one.object(self.series) for one in versions], seconds)

    def _post(self, who: str, things: list[dict[str, Any]], seconds: int) -> None:
        self.site.world.clock.forward(seconds=seconds)
        answer = self.ground.run(self.site.post(*things, account=who, path=f"{self.path}/objects/"))
        if ACCOUNTS[who][0] in self.suspended:
            assert answer.status_code == 401
            return
        if not self.members[ACCOUNTS[who][0], "alpha"].can_write:
            assert answer.status_code == 403
            return
        assert answer.status_code == 202, answer.content
        self._learn(answer.json())

    def _learn(self, status: dict[str, Any]) -> None:
        """What the hub says it has taken, it has; and nothing is gone that nobody took back."""
        before = {self._key(row) for row in self.rows if not row.recalled}
        self.rows = self.ground.run(self._stored())
        live = {self._key(row) for row in self.rows if not row.recalled}
        assert before <= live
        for said in status.get("successes", ()):
            assert any((said["id"], said["version"]) == key[:2] for key in live), said

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), by_steward=RARELY, version=st.sampled_from(["", "", "all", "last", "last", "first", DAYS[1]]))
    def delete(self, data: st.DataObject, by_steward: bool, version: str) -> None:
        """A recall by an originator or the steward, of everything or of some versions."""
        row = data.draw(st.sampled_from(self.rows))
        who = "ana" if by_steward else PERSONS[row.organisation]
        chosen = f"?match[version]={version}" if version else ""
        answer = self.ground.run(self.site.delete(f"{self.path}/objects/{row.id}/{chosen}", who))
        assert answer.status_code in (200, 401, 403, 404)
        if answer.status_code == 200:
            self.rows = self.ground.run(self._stored())

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), who=st.sampled_from(WRITERS))
    def repeat(self, data: st.DataObject, who: str) -> None:
        """What is there, or was recalled, is posted again, by whoever."""
        body = self.ground.run(self._body(data.draw(st.sampled_from(self.rows))))
        self._post(who, [json.loads(body)], 0)

    @rule(
        who=st.sampled_from(sorted(CHANGING)),
        role=st.sampled_from([None, None, "member", "client", "observer", "submitter"]),
        back=st.sampled_from([None, 0, 2, 5]),
    )
    def change(self, who: str, role: str | None, back: int | None) -> None:
        """An organisation leaves or comes back; or it becomes something else, or sees from another date."""
        if role is None:
            self._leave_or_come_back(CHANGING[who], CHANGING[who] not in self.suspended)
        else:
            self._change_membership(who, role, back)

    def _change_membership(self, who: str, role: str, back: int | None) -> None:
        """Whoever polls for it is told to begin again."""
        key = (CHANGING[who], "alpha")
        sponsor = None if role != "client" else "xd-cert" if key[0] == "xa-cert" else "xa-cert"
        sees_from = None if back is None else self.site.world.clock.now - back * 1_000_000
        self.members[key] = replace(
            self.members[key], role=role, sponsor=sponsor, sees_from=sees_from, can_write=who == "bea"
        )
        self.ground.run(apply(self.site.world.store, self._roster()))
        changed = Reader(key[0], role, sees_from or 0)
        for name, reader in self.readers.items():
            if reader.organisation == key[0] and (reader.role, reader.sees_from) != (changed.role, changed.sees_from):
                self.readers[name] = changed
                self._begin_again(name)

    def _begin_again(self, account: str) -> None:
        if ACCOUNTS[account][0] in self.suspended:
            after = 0
        else:
            root = self.ground.run(self.site.get("/taxii2/alpha/", account)).json()
            after = _instant(root["x_indicator_hub_reread_from"])
        for poller in self.pollers:
            if poller.account == account:
                poller.begin_again(max(after, self.base))

    def _leave_or_come_back(self, who: str, away: bool) -> None:
        """Suspended or reinstated: its pollers go on where they were."""
        self.ground.run(enrol.suspend(self.site.world.store, who, whole_organisation=True, suspended=away))
        (self.suspended.add if away else self.suspended.discard)(who)

    # Polls

    @rule(
        who=st.sampled_from(READERS),
        resource=st.sampled_from(["objects", "manifest"]),
        asked=ASKED,
        limit=st.sampled_from([1, 2, 3, 1000]),
    )
    def begin(self, who: str, resource: str, asked: Asked, limit: int) -> None:
        """Another poller."""
        ids = tuple(Version(int(name), 0).object(self.series)["id"] for name in asked.ids)
        if len(self.pollers) < MOST_POLLERS:
            self.pollers.append(Poller(who, resource, replace(asked, ids=ids), limit, self.base))

    @precondition(lambda self: self.pollers)
    @rule(
        data=st.data(),
        how=st.sampled_from(["next", "after", "both", "bare next"]),
        pages=st.integers(1, 3),
        limit=st.sampled_from([None, 1, 2]),
    )
    def poll(self, data: st.DataObject, how: str, pages: int, limit: int | None) -> None:
        """A few pages, carried on by the token, by the date, or by both; the limit may change between them."""
        poller = data.draw(st.sampled_from(self.pollers))
        for _ in range(pages):
            if not self._page(poller, how, limit or poller.limit):
                return

    @precondition(lambda self: self.pollers)
    @rule(data=st.data())
    def poll_to_the_end(self, data: st.DataObject) -> None:
        """As most clients do."""
        self._to_the_end(data.draw(st.sampled_from(self.pollers)))

    @precondition(lambda self: any(poller.token for poller in self.pollers))
    @rule(data=st.data())
    def stray(self, data: st.DataObject) -> None:
        """A token sent to another collection, or by another account, is as none."""
        poller = data.draw(st.sampled_from([one for one in self.pollers if one.token]))
        answer = self._get(f"/taxii2/alpha/collections/other/{poller.resource}/?next={poller.token}", poller.account)
        assert (answer.status_code, answer.json()) in ((200, {}), (401, answer.json()))
        other = data.draw(st.sampled_from([name for name in READERS if name != poller.account]))
        answer = self._get(f"{self.path}/objects/?added_after={_rendered(self.base)}&next={poller.token}", other)
        if ACCOUNTS[other][0] not in self.suspended:
            self._require(answer, owed(self.rows, self.readers[other], Asked()), 1000, "objects")

    def teardown(self) -> None:
        """At rest: each poller reads on to the end, and then lacks nothing that it is owed now."""
        try:
            for who in sorted(self.suspended):
                self._leave_or_come_back(who, False)
            for poller in self.pollers:
                while self._page(poller, "next" if poller.token else "after", 1000):
                    pass
                assert not poller.lacks(owed(self.rows, self.readers[poller.account], poller.asked)), poller
                assert not poller.doubled(), poller
        finally:
            for who in self.suspended:
                self.ground.run(enrol.suspend(self.site.world.store, who, whole_organisation=True, suspended=False))
            self.ground.run(apply(self.site.world.store, self.ground.roster))

    def _to_the_end(self, poller: Poller) -> None:
        while self._page(poller, "next" if poller.token else "after", poller.limit):
            pass

    def _page(self, poller: Poller, how: str, limit: int) -> bool:
        """One page, which must be what is owed behind the poller's place. Returns whether more follows."""
        parameters = [f"limit={limit}"]
        if poller.token and how != "after":
            parameters.append(f"next={poller.token}")
        if how != "bare next" or not poller.token:
            parameters += poller.asked.query()
        if poller.cursor and (how != "next" or not poller.token):
            parameters.append(f"added_after={_rendered(poller.cursor)}")
        answer = self._get(f"{self.path}/{poller.resource}/?{'&'.join(parameters)}", poller.account)
        if ACCOUNTS[poller.account][0] in self.suspended:
            assert answer.status_code == 401
            return False
        rows = [
            row for row in owed(self.rows, self.readers[poller.account], poller.asked) if row.date_added > poller.cursor
        ]
        page = self._require(answer, rows, limit, poller.resource)
        for row in rows[:limit]:
            poller.take(row)
            poller.cursor = row.date_added
        poller.token = page.get("next", "")
        return bool(page.get("more"))

    def _require(self, answer: httpx2.Response, rows: list[Row], limit: int, resource: str) -> dict[str, Any]:
        assert answer.status_code == 200, answer.content
        page = answer.json()
        given, expected = page.get("objects", []), rows[:limit]
        if resource == "manifest":
            found = [(one["id"], one["version"], one["date_added"]) for one in given]
            assert found == [(row.id, row.version, _rendered(row.date_added)) for row in expected]
        else:
            found = [(one["id"], one.get("modified"), one.get("spec_version", "2.0")) for one in given]
            assert found == [(row.id, row.version if row.type != "mutex" else None, row.spec) for row in expected]
        assert bool(page.get("more")) == ("next" in page) == (len(rows) > limit)
        headers = [answer.headers.get(f"x-taxii-date-added-{end}") for end in ("first", "last")]
        assert headers == (
            [_rendered(expected[0].date_added), _rendered(expected[-1].date_added)] if expected else [None, None]
        )
        return page

    def _get(self, path: str, account: str) -> httpx2.Response:
        return self.ground.run(self.site.get(path, account))

    def _roster(self) -> Roster:
        return replace(self.ground.roster, memberships=self.members)

    @staticmethod
    def _key(row: Row) -> tuple[str, str, str, str]:
        return row.id, row.version, row.spec, row.organisation

    async def _stored(self) -> list[Row]:
        statement = text(
            "SELECT e.stix_id, e.type, e.version, e.spec_version, o.name, e.date_added, e.first_added, e.recalled, e.line_order, e.body"
            " FROM entry e JOIN organisation o ON o.id = e.organisation_id JOIN collection c ON c.id = e.collection_id"
            " WHERE c.uuid = :uuid AND e.first_added > :base ORDER BY e.first_added"
        )
        async with self.site.world.store.transactions.read() as tx:
            found = await tx.execute(statement, {"uuid": self.collection, "base": self.base})
            return [
                Row(name, kind, version, spec, of, _level(bytes(body)), added, first, recalled != 0, order)
                for name, kind, version, spec, of, added, first, recalled, order, body in found
            ]

    async def _last(self) -> int:
        statement = text(
            "SELECT k.last_added FROM clock k JOIN collection c ON c.id = k.collection_id WHERE c.uuid = :uuid"
        )
        async with self.site.world.store.transactions.read() as tx:
            return (await tx.execute(statement, {"uuid": self.collection})).scalar_one()

    async def _body(self, row: Row) -> bytes:
        statement = text(
            "SELECT e.body FROM entry e JOIN collection c ON c.id = e.collection_id WHERE c.uuid = :uuid AND e.stix_id = :id"
            " AND e.version = :version AND e.spec_version = :spec AND e.first_added = :first"
        )
        asked = {
            "uuid": self.collection,
            "id": row.id,
            "version": row.version,
            "spec": row.spec,
            "first": row.first_added,
        }
        async with self.site.world.store.transactions.read() as tx:
            return bytes((await tx.execute(statement, asked)).scalar_one())


def _level(body: bytes) -> int:
    """What the object says, or else the collection's default."""
    marks = json.loads(body).get("object_marking_refs", ())
    return next((LEVELS[name] for name, mark in TLP.items() if mark in marks), DEFAULT)


def _instant(timestamp: str) -> int:
    return (datetime.fromisoformat(timestamp) - _EPOCH) // timedelta(microseconds=1)


def _rendered(instant: int) -> str:
    return (_EPOCH + timedelta(microseconds=instant)).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
