"""Things that happen while a partner walks through its pages, over HTTP against a live hub whose clock the test moves."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from indicator_hub.sharing import enrol
from indicator_hub.sharing.apply import apply
from indicator_hub.stix import timestamps
from indicator_hub.store.opened import open_store
from indicator_hub.trust.roster import Roster
from support.live import Answer, Client, Hub
from support.marks import handling, marking
from support.world import ACCOUNTS, MAIN, NIGHT, indicator, roster

NOON = timestamps.parse("2026-11-23T12:00:00Z")
OBJECTS = f"/taxii2/alpha/collections/{MAIN}/objects/"
CASE = f"/taxii2/night/collections/{NIGHT}/objects/"
NOWHERE = f"/taxii2/never/collections/{MAIN}/objects/"


@dataclass
class Stage:
    """A live hub, its database, its clock and the accounts' tokens."""

    hub: Hub
    database: str
    clock: Path
    tokens: dict[str, str]

    def at(self, now: int) -> None:
        """The time is another now."""
        moved = self.clock.with_suffix(".next")
        moved.write_text(timestamps.render(now))
        moved.replace(self.clock)

    def client(self, account: str) -> Client:
        """An account on a connection of its own."""
        return Client(self.hub.url, account, self.tokens[account])

    def declare(self, declared: Roster) -> None:
        """`apply`, as an administrator's shell beside the hub does it."""
        asyncio.run(_applied(self.database, declared))

    def suspend(self, organisation: str, *, suspended: bool) -> None:
        """`suspend` and `reinstate`, likewise."""

        async def run() -> None:
            store = await open_store(self.database)
            try:
                await enrol.suspend(store, organisation, whole_organisation=True, suspended=suspended)
            finally:
                await store.close()

        asyncio.run(run())


async def _applied(database: str, declared: Roster) -> None:
    store = await open_store(database)
    try:
        await apply(store, declared)
    finally:
        await store.close()


async def _furnished(database: str) -> dict[str, str]:
    store = await open_store(database, now=lambda: NOON)
    try:
        await apply(store, roster())
        tokens: dict[str, str] = {}
        for name, (organisation, kind) in ACCOUNTS.items():
            _, tokens[name] = await enrol.enrol(store, name, organisation=organisation, kind=kind)  # type: ignore[arg-type]
        return tokens
    finally:
        await store.close()


@contextmanager
def stage(database: str, folder: Path) -> Iterator[Stage]:
    """The usual world behind a live hub, at noon."""
    clock = folder / "now"
    clock.write_text(timestamps.render(NOON))
    tokens = asyncio.run(_furnished(database))
    with Hub(database, folder / "data", testing=1, clock_file=clock) as hub:
        yield Stage(hub, database, clock, tokens)


def names(answer: Answer) -> list[str]:
    """The ids on a page."""
    assert answer.status == 200, answer.body
    return [one["id"] for one in answer.json.get("objects", [])]


def same(one: Answer, other: Answer) -> bool:
    """To the byte, the date of the answer apart."""
    headers = [{name: value for name, value in answer.headers.items() if name != "date"} for answer in (one, other)]
    return (one.status, one.body, headers[0]) == (other.status, other.body, headers[1])


def test_a_member_leaves_in_the_middle_of_a_walk(database_url: str, tmp_path: Path) -> None:
    """From that instant the group is not there, as one that never was; what it gave stays; when it is back, its walk goes on."""
    with stage(database_url, tmp_path) as s, s.client("ana") as ana, s.client("bea") as bea:
        ana.post(OBJECTS, [indicator(number, tlp="GREEN") for number in range(1, 6)])
        bea.post(OBJECTS, [indicator(9, tlp="GREEN")])
        first = bea.get(OBJECTS, limit=2)
        usual = roster()
        left = replace(usual.memberships["xb-cert", "alpha"], ends=NOON + 1_000_000)
        s.declare(roster(memberships=dict(usual.memberships) | {("xb-cert", "alpha"): left}))
        s.at(NOON + 999_999)
        assert bea.get(OBJECTS, limit=2, next=first.json["next"]).status == 200
        s.at(NOON + 1_000_000)
        gone = bea.get(OBJECTS, limit=2, next=first.json["next"])
        assert gone.status == 404
        assert same(gone, bea.get(NOWHERE, limit=2, next=first.json["next"]))
        assert indicator(9)["id"] in names(ana.get(OBJECTS))
        s.declare(usual)
        rest = bea.get(OBJECTS, limit=100, next=first.json["next"])
        assert names(first) + names(rest) == [indicator(number)["id"] for number in (1, 2, 3, 4, 5, 9)]


def test_an_operation_ends_in_the_middle_of_a_walk(database_url: str, tmp_path: Path) -> None:
    """It sleeps for everybody, stewards too, from the instant on; renewed, it wakes, and nothing was lost or doubled."""
    ends = timestamps.parse("2027-01-01T00:00:00Z")
    with stage(database_url, tmp_path) as s, s.client("eve") as eve, s.client("bea") as bea:
        eve.post(CASE, [indicator(number, tlp="GREEN") for number in range(1, 6)])
        s.at(ends - 1)
        first = bea.get(CASE, limit=2)
        assert len(names(first)) == 2
        s.at(ends)
        for client in (bea, eve):
            gone = client.get(CASE, limit=2, next=first.json["next"])
            assert gone.status == 404
            assert same(gone, client.get(NOWHERE, limit=2, next=first.json["next"]))
        assert eve.get("/api/v1/operations/night/report/").json["closed"] is True
        usual = roster()
        renewed = replace(usual.groups["night"], ends=ends + 86_400_000_000)
        s.declare(roster(groups=dict(usual.groups) | {"night": renewed}))
        rest = bea.get(CASE, limit=100, next=first.json["next"])
        assert names(first) + names(rest) == [indicator(number)["id"] for number in range(1, 6)]


def test_a_definition_arrives_late(database_url: str, tmp_path: Path) -> None:
    """What was held for it lies ahead of every cursor when it comes, and is delivered once."""
    mark = marking(1, **handling(releasable_to=["XA", "XB"]))
    green = indicator(1, tlp="GREEN")["object_marking_refs"]
    with stage(database_url, tmp_path) as s, s.client("ana") as ana, s.client("bea") as bea:
        status = ana.post(
            OBJECTS, [indicator(1, object_marking_refs=[*green, mark["id"]]), indicator(2, tlp="GREEN")]
        ).json
        assert mark["id"] in next(one["message"] for one in status["successes"] if "message" in one)
        first = bea.get(OBJECTS)
        assert (names(first), names(ana.get(OBJECTS))) == (
            [indicator(2)["id"]],
            [indicator(1)["id"], indicator(2)["id"]],
        )
        ana.post(OBJECTS, [mark])
        later = bea.get(OBJECTS, added_after=first.headers["x-taxii-date-added-last"])
        assert sorted(names(later)) == sorted([mark["id"], indicator(1)["id"]])
        again = bea.get(OBJECTS, added_after=later.headers["x-taxii-date-added-last"])
        assert names(again) == []


def test_an_organisation_is_suspended_between_two_requests(database_url: str, tmp_path: Path) -> None:
    """Refused on the same connection, with the same token and `next`; reinstated, it goes on."""
    with stage(database_url, tmp_path) as s, s.client("ana") as ana, s.client("bea") as bea, s.client("bbot") as bot:
        ana.post(OBJECTS, [indicator(number, tlp="GREEN") for number in range(1, 4)])
        first = bea.get(OBJECTS, limit=2)
        s.suspend("xb-cert", suspended=True)
        for client in (bea, bot):
            assert client.get(OBJECTS, limit=2, next=first.json["next"]).status == 401
            assert client.get("/api/v1/access/").status == 401
        assert names(ana.get(OBJECTS)) != []
        s.suspend("xb-cert", suspended=False)
        assert names(bea.get(OBJECTS, limit=2, next=first.json["next"])) == [indicator(3)["id"]]


def test_a_person_is_named_and_reads_again_from_the_hint(database_url: str, tmp_path: Path) -> None:
    """What it may read from now on lies behind its cursor: the API root and `access` say from where to read again."""
    with stage(database_url, tmp_path) as s, s.client("ana") as ana, s.client("bea") as bea:
        ana.post(OBJECTS, [indicator(1, tlp="RED"), indicator(2, tlp="GREEN")])
        first = bea.get(OBJECTS)
        assert names(first) == [indicator(2)["id"]]
        assert "x_indicator_hub_reread_from" not in bea.get("/taxii2/alpha/").json
        s.at(NOON + 60_000_000)
        named: Any = {"account": "bea"}
        assert _deed(bea, "/api/v1/groups/alpha/named/", named).status == 201
        assert _deed(ana, "/api/v1/groups/alpha/named/bea/confirm/").status == 200
        assert names(bea.get(OBJECTS, added_after=first.headers["x-taxii-date-added-last"])) == []
        root = bea.get("/taxii2/alpha/").json
        assert root["x_indicator_hub_reach_changed"] == timestamps.render(NOON + 60_000_000)
        groups = bea.get("/api/v1/access/").json["groups"]
        hints = [one["reread_from"] for group in groups if group["name"] == "alpha" for one in group["collections"]]
        assert set(hints) == {root["x_indicator_hub_reread_from"]}
        again = bea.get(OBJECTS, added_after=root["x_indicator_hub_reread_from"])
        assert names(again) == [indicator(1)["id"], indicator(2)["id"]]


def _deed(client: Client, path: str, body: Any = None) -> Answer:
    """A POST to the API."""
    return client.ask("POST", path, body or {})
