"""Search and statistics over HTTP: what is hidden is in no hit, no count, no facet and no `next`; and what a request may say."""

import asyncio
from collections.abc import Callable
from typing import Any

from sqlalchemy import select

from indicator_hub.sharing import enrol
from indicator_hub.store.schema import event
from support.http import Site, site
from support.marks import marking
from support.world import MAIN, NIGHT, indicator

WINDOW = "since=2026-11-20T00:00:00Z&until=2026-11-30T00:00:00Z"


def bare(value: Any) -> Any:
    """Without the moments, of `next` only how long it is."""
    if isinstance(value, dict):
        kept = {name: bare(each) for name, each in value.items() if name not in ("date_added", "next")}
        return kept | ({"next": len(value["next"])} if "next" in value else {})
    return [bare(each) for each in value] if isinstance(value, list) else value


async def ask(s: Site, path: str, account: str = "dan") -> Any:
    """A GET that is answered."""
    answer = await s.api("GET", path, account)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def walk(s: Site, query: str) -> list[Any]:
    """Every page of a search."""
    pages: list[Any] = []
    following = ""
    while True:
        pages.append(await ask(s, f"/search?{query}{following}"))
        if not pages[-1]["more"]:
            return pages
        following = f"&next={pages[-1]['next']}"


async def everything(s: Site) -> Any:
    """Whatever an observer can be told by search."""
    queries = (
        "limit=2", "limit=1&q=a1.example", "limit=2&q=same", f"q={indicator(1)['id']}", "limit=3&sighted=false", "label=same&confidence=20",
        "limit=2&originator=xa-cert", "level=green&limit=2", "level=red", "q=a2.example&kind=domain-name&revoked=all",
    )  # fmt: skip
    told = [await walk(s, query) for query in queries]
    told += [await ask(s, f"/search/facets?{query}") for query in ("", "q=same", "q=a1.example", "kind=domain-name")]
    told.append((await s.api("POST", "/search", "dan", {"values": ["a0.example", "a1[.]example", "b.example"]})).json())
    return bare([*told, await ask(s, f"/statistics?{WINDOW}")])


def one(number: int, **changes: Any) -> dict[str, Any]:
    """One of many that say the same."""
    pattern = f"[domain-name:value = 'a{number % 3}.example']"
    return indicator(number, name="Same", labels=["same"], confidence=50, **{"pattern": pattern} | changes)


def sighting(number: int, of: str, **changes: Any) -> dict[str, Any]:
    """Somebody saw it."""
    made = indicator(
        number, type="sighting", sighting_of_ref=of, pattern=None, pattern_type=None, valid_from=None, **changes
    )
    return made | {"id": made["id"].replace("indicator", "sighting")}


def test_what_is_hidden_changes_nothing(new_database: Callable[[], str]) -> None:
    """Hidden ones with the same values, names, labels and ids before, between and behind, and hidden sightings: everything is told as without."""
    alone = asyncio.run(_alone(new_database()))
    assert asyncio.run(_among_hidden_ones(new_database())) == alone
    assert (len(alone[0]), alone[-1]["number"], alone[10]["counted"]) == (3, 5, 5)


SEEN = [one(number, tlp="GREEN") for number in range(1, 6)]


async def _alone(url: str) -> Any:
    async with site(url) as s:
        for each in SEEN:
            await s.post(each)
        return await everything(s)


async def _among_hidden_ones(url: str) -> Any:
    red = one(1, tlp="RED")["object_marking_refs"]
    async with site(url) as s:
        for number, each in enumerate(SEEN):
            held = one(300 + number, object_marking_refs=[marking(7)["id"]])
            await s.post(one(100 + number, tlp="STRICT"), one(200 + number, tlp="RED"), held)
            labelled = one(
                400 + number, tlp="STRICT", pattern="[domain-name:value = 'b.example']", indicator_types=["benign"]
            )
            await s.post(each, labelled)
            await s.post(each, account="eve", path=f"/taxii2/night/collections/{NIGHT}/objects/")
            await s.post(sighting(500 + number, each["id"], tlp="STRICT"), account="bea")
            await s.post(each | {"modified": f"2026-11-0{number + 2}T00:00:00.000Z", "object_marking_refs": red})
        return await everything(s)


async def test_an_originator_from_outside_is_not_named(database_url: str) -> None:
    """What was released into a group in which its originator has no part names it in no hit, count, facet or filter."""
    async with site(database_url) as s:
        await s.post(
            indicator(1, tlp="GREEN", name="Released"),
            account="eve",
            path=f"/taxii2/night/collections/{NIGHT}/objects/",
        )
        path = f"/groups/night/collections/{NIGHT}/objects/{indicator(1)['id']}/release"
        released = await s.api("POST", path, "bea", {"to": {"group": "alpha", "collection": "main"}})
        assert (released.status_code, released.json()["success_count"]) == (202, 1), released.text
        (found,) = (await ask(s, "/search?q=released"))["items"]
        assert (found["collection"], "originator" in found) == (MAIN, False)
        assert (await ask(s, "/search?originator=xc-cert"))["items"] == []
        assert (await ask(s, "/search/facets"))["originators"] == []
        assert (await ask(s, f"/statistics?{WINDOW}"))["originators"] == [{"number": 1}]
        named = {
            each["collection"]: each.get("originator") for each in (await ask(s, "/search?q=released", "bea"))["items"]
        }
        assert named == {MAIN: None, NIGHT: "xc-cert"}


async def test_what_may_be_asked(database_url: str) -> None:
    """Who may not read is told so; a wrong parameter, a forged `next`, too many values, and a place that is not there."""
    async with site(database_url) as s:
        _, s.world.tokens["sink"] = await enrol.enrol(
            s.world.store, "sink", organisation="xb-cert", kind="service", scopes=("submit",)
        )
        statuses = {
            (path, account): (await s.api("GET", path, account)).status_code
            for path, account in (
                ("/search", "sink"), ("/statistics", "sink"), ("/search/facets", "sink"), ("/search?level=x", "dan"), ("/search?next=x", "dan"),
                ("/search?next=WzkyMjMzNzIwMzY4NTQ3NzU4MDcsICIiXQ", "dan"), ("/search?next=Wy05MjIzMzcyMDM2ODU0Nzc1ODA3LCAifiJd", "dan"),
                ("/search?group=night", "dan"), ("/search?group=never", "dan"), ("/search/facets?collection=case", "dan"),
                ("/statistics?since=yesterday", "dan"), ("/statistics?since=2020-01-01T00:00:00Z", "dan"), ("/search?q=%00", "dan"), ("/search", None),
                ("/search?q=%F0%9F%90%99%20%25_'", "dan"), ("/statistics", "dan"),
            )
        }  # fmt: skip
        assert list(statuses.values()) == [
            403,
            403,
            403,
            400,
            400,
            200,
            200,
            404,
            404,
            404,
            400,
            400,
            400,
            401,
            200,
            200,
        ], statuses
        bodies: tuple[Any, ...] = (
            {},
            {"values": "x"},
            {"values": ["x"] * 10_001},
            {"text": "{"},
            {"values": ["\ud800", "\x00", "\u202e"], "text": "\x00\x01"},
        )
        found = [(await s.api("POST", "/search", "dan", body)).status_code for body in bodies]
        assert found[:3] == [400, 400, 400]
        assert set(found[3:]) <= {200, 400}


async def test_what_is_kept_of_it(database_url: str) -> None:
    """One event for each collection that something is given out of, with what that was and not what was asked; none for HEAD, counts or nothing."""
    async with site(database_url) as s:
        await s.post(indicator(1, tlp="GREEN"), indicator(2, tlp="GREEN"))
        await s.post(indicator(1, tlp="CLEAR"), account="eve", path=f"/taxii2/night/collections/{NIGHT}/objects/")
        for path in ("/search/facets", "/statistics", "/search?q=203.0.113.9"):
            await ask(s, path, "bea")
        assert (await s.api("HEAD", "/search", "bea")).status_code == 200
        await ask(s, "/search?q=198.51.100.1", "bea")
        await s.api("POST", "/search", "bea", {"values": ["198.51.100.2"]})
        async with s.world.store.transactions.read() as tx:
            events = (
                await tx.execute(
                    select(event.c.details, event.c.as_of).where(event.c.action == "search").order_by(event.c.id)
                )
            ).all()
    assert sorted(details for details, _ in events) == [
        '{"entries":[1],"number":1}',
        '{"entries":[2],"number":1}',
        '{"entries":[3],"number":1}',
    ]
    assert all(as_of for _, as_of in events)
