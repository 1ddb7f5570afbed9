"""When a reader's reach changes, what it sees newly lies behind its cursor: the API root says from where to read again."""

from dataclasses import replace
from typing import Any

import pytest

from indicator_hub.sharing.apply import apply
from indicator_hub.stix import timestamps
from support.http import OBJECTS, Site, site
from support.world import START, Clock, indicator, roster


async def change(s: Site, organisation: str, **membership: Any) -> None:
    """Declare another membership in alpha."""
    key = (organisation, "alpha")
    members = dict(roster().memberships)
    await apply(s.world.store, roster(memberships=members | {key: replace(members[key], **membership)}))


async def seen(s: Site, account: str, after: str = "1970-01-01T00:00:00Z") -> list[str]:
    """The ids that a poll after this date brings."""
    page = (await s.get(f"{OBJECTS}?added_after={after}", account)).json()
    return [one["id"] for one in page.get("objects", ())]


@pytest.mark.row("T-223", "T-079")
async def test_a_wider_role(database_url: str) -> None:
    """An observer that becomes a client is told to read again from the beginning, and finds what it now sees."""
    first, second = indicator(1, tlp="AMBER"), indicator(2, tlp="GREEN")
    async with site(database_url) as s:
        await s.post(first, second)
        cursor = (await s.get(OBJECTS, "dan")).headers["x-taxii-date-added-last"]
        assert "x_indicator_hub_reread_from" not in (await s.get("/taxii2/alpha/", "dan")).json()
        s.world.clock.forward(seconds=60)
        await change(s, "xb-soc", role="client", sponsor="xb-cert")
        assert await seen(s, "dan", cursor) == []
        root = (await s.get("/taxii2/alpha/", "dan")).json()
        assert root["x_indicator_hub_reach_changed"] == timestamps.render(s.world.clock.now)
        assert await seen(s, "dan", root["x_indicator_hub_reread_from"]) == [first["id"], second["id"]]
        assert "x_indicator_hub_reread_from" not in (await s.get("/taxii2/alpha/", "bea")).json()


@pytest.mark.row("T-223")
async def test_an_earlier_sees_from(database_url: str) -> None:
    """What lies exactly at the new `sees_from` is found, what lies before it stays hidden."""
    async with site(database_url) as s:
        clock: Clock = s.world.clock
        for number in range(3):
            await s.post(indicator(number, tlp="GREEN"))
            clock.forward(seconds=10)
        await change(s, "xb-soc", sees_from=clock.now)
        assert await seen(s, "dan") == []
        await change(s, "xb-soc", sees_from=START + 10_000_000)
        root = (await s.get("/taxii2/alpha/", "dan")).json()
        assert await seen(s, "dan", root["x_indicator_hub_reread_from"]) == [indicator(1)["id"], indicator(2)["id"]]


async def test_what_is_its_own_is_found_too(sqlite_url: str) -> None:
    """However late a membership sees from, what its organisation shared itself is behind the date to read again from."""
    async with site(sqlite_url) as s:
        await s.post(indicator(1, tlp="GREEN"), account="bea")
        s.world.clock.forward(seconds=10)
        await change(s, "xb-cert", sees_from=s.world.clock.now)
        root = (await s.get("/taxii2/alpha/", "bbot")).json()
        assert await seen(s, "bbot", root["x_indicator_hub_reread_from"]) == [indicator(1)["id"]]


@pytest.mark.row("T-223")
async def test_a_narrower_role(database_url: str) -> None:
    """What was superseded by a version that is now out of sight is the latest again, behind the cursor; other changes say nothing."""
    async with site(database_url) as s:
        await s.post(indicator(1, tlp="GREEN"))
        await s.post(indicator(1, tlp="AMBER", modified="2026-11-02T00:00:00.000Z"))
        page = await s.get(OBJECTS, "bea")
        assert [one["modified"] for one in page.json()["objects"]] == ["2026-11-02T00:00:00.000Z"]
        await change(s, "xb-cert", can_write=False)
        assert "x_indicator_hub_reread_from" not in (await s.get("/taxii2/alpha/", "bea")).json()
        await change(s, "xb-cert", role="observer", can_write=False)
        assert await seen(s, "bea", page.headers["x-taxii-date-added-last"]) == []
        root = (await s.get("/taxii2/alpha/", "bea")).json()
        assert await seen(s, "bea", root["x_indicator_hub_reread_from"]) == [indicator(1)["id"]]
