"""The dashboard: what came in as far as one sees it, what waits for somebody, when partners were last given something; and nothing of what is hidden."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest

from indicator_hub.stix import timestamps
from indicator_hub.trust.roster import Roster
from support.console import shown
from support.http import OBJECTS, Site, site
from support.world import NIGHT, indicator, roster

PAGE = "/console/dashboard/"
DAY = 86_400_000_000
HOSTILE = "<script>alert(1)</script>"


def declared() -> Roster:
    """The usual world with a hostile title for a group, and a group that ends soon."""
    usual = roster()
    return replace(
        usual, groups=dict(usual.groups) | {"alpha": replace(usual.groups["alpha"], title=f"Alpha {HOSTILE}")}
    )


@pytest.fixture
async def s(sqlite_url: str) -> AsyncIterator[Site]:
    """A world of its own."""
    async with site(sqlite_url, declared()) as made:
        yield made


@pytest.fixture
async def both(database_url: str) -> AsyncIterator[Site]:
    """On either database."""
    async with site(database_url, declared()) as made:
        yield made


def figures(told: str) -> list[str]:
    """The numbers at the head: new, to acknowledge, not acknowledged by all, feeds in trouble."""
    return re.findall(r'<p class="figure[^"]*">([^<]+)</p>', told)


def rows(told: str, head: str) -> list[list[str]]:
    """The cells of the table whose head holds this."""
    (table,) = [one for one in re.findall(r"<table.*?</table>", told, re.DOTALL) if head in one]
    cells = [re.findall(r"<td[^>]*>(.*?)</td>", row, re.DOTALL) for row in table.split("<tr>")]
    return [[re.sub(r"<[^>]+>", "", cell).strip() for cell in row] for row in cells if row]


async def test_what_came_in_is_what_one_sees(both: Site) -> None:
    """By day, level, type and originator, each number under the predicate; the API tells the same."""
    for number, tlp in ((1, "GREEN"), (2, "GREEN"), (3, "AMBER"), (4, "RED")):
        await both.post(indicator(number, tlp=tlp))
    both.world.clock.now += DAY
    await both.post(indicator(5, tlp="GREEN"), account="bea")
    await both.post(indicator(6, tlp="GREEN"), account="eve", path=f"/taxii2/night/collections/{NIGHT}/objects/")
    seen = {name: await shown(both, name, PAGE) for name in ("ana", "bea", "dan", "bank")}
    assert {name: figures(told)[0] for name, (_, told) in seen.items()} == {
        "ana": "5",
        "bea": "5",
        "dan": "3",
        "bank": "4",
    }
    _, told = seen["ana"]
    assert rows(told, ">Day<") == [["2026-11-24", "1", "0", "0", "1"], ["2026-11-23", "2", "1", "1", "4"]]
    assert rows(told, ">By who shared it<" if False else '<th scope="col">Organisation</th><th class="number"') == [
        ["xa-cert", "4"],
        ["xb-cert", "1"],
    ]
    assert "xc-cert" not in told, "what is shared in an operation that one is not in is not counted"
    _, told = seen["dan"]
    assert rows(told, ">Day<") == [["2026-11-24", "1", "1"], ["2026-11-23", "2", "2"]], (
        "GREEN and their sum: no column for more"
    )
    stated = (await both.api("GET", "/statistics/", "dan")).json()
    assert (stated["number"], [one["number"] for one in stated["days"]]) == (3, [2, 1])
    both.world.clock.now += 8 * DAY
    assert figures((await shown(both, "ana", f"{PAGE}?days=7"))[1])[0] == "0"
    assert figures((await shown(both, "ana", f"{PAGE}?days=x"))[1])[0] == "5", "no number of days that there is"


async def test_nothing_yet(s: Site) -> None:
    """The page says what would be here; and whose organisation imports nothing has no feeds in trouble."""
    status, told = await shown(s, "eve", PAGE)
    assert (status, figures(told)) == (200, ["0", "0", "0", "0"])
    assert "Nothing came in this time that you see." in told
    assert "<svg" not in told


async def test_recalls_that_wait(both: Site) -> None:
    """For whoever was given it, until it is acknowledged; for whoever took it back, until everybody has; for nobody else."""
    await both.post(indicator(1, tlp="GREEN"), indicator(2, tlp="AMBER"))
    for name in ("bea", "dan"):
        assert (await both.get(OBJECTS, name)).json()["objects"]
    for number in (1, 2):
        name = indicator(number)["id"]
        await both.api(
            "POST", f"/groups/alpha/collections/main/objects/{name}/recall/", body={"reason": "shared_in_error"}
        )
    heads = {name: figures((await shown(both, name, PAGE))[1])[1:3] for name in ("ana", "bea", "dan", "eve")}
    assert heads == {"ana": ["0", "2"], "bea": ["2", "0"], "dan": ["1", "0"], "eve": ["0", "0"]}
    for name in ("bea", "dan"):
        for one in (await both.api("GET", "/recalls/", name)).json()["items"]:
            assert (await both.api("POST", f"/recalls/{one['id']}/acknowledge/", name)).status_code == 200
            both.world.clock.now += 1
    heads = {name: figures((await shown(both, name, PAGE))[1])[1:3] for name in ("ana", "bea", "dan")}
    assert heads == {name: ["0", "0"] for name in ("ana", "bea", "dan")}


async def test_partners_are_told_of_to_stewards(s: Site) -> None:
    """When each member was last given something, to a steward of the group and to nobody else; what the group is called is text."""
    await s.post(indicator(1, tlp="GREEN"))
    await s.get(OBJECTS, "bea")
    _, told = await shown(s, "ana", PAGE)
    assert "<script>alert" not in told
    assert "Alpha &lt;script&gt;" in told
    given = dict(row[:2] for row in rows(told, "Last given something"))
    assert given["xb-cert XB"] == timestamps.render(s.world.clock.now)[:16].replace("T", " ") + " UTC"
    assert given["xb-soc XB"] == "never"
    assert not [one for one in given if one.startswith("xc-cert")], "no member of it"
    for name in ("bea", "dan", "gus"):
        assert "Last given something" not in (await shown(s, name, PAGE))[1]
    assert (await s.api("GET", "/groups/alpha/served/", "bea")).json()["items"][0]["organisation"] == "xb-cert"
    assert len((await s.api("GET", "/groups/alpha/served/", "bea")).json()["items"]) == 1, "of oneself alone"


async def test_what_ends_soon(s: Site) -> None:
    """A month before an operation is over its members are told; nobody else is told that there is one."""
    s.world.clock.now = timestamps.parse("2026-12-20T00:00:00Z")
    for name, there in (("bea", True), ("eve", True), ("ana", False), ("dan", False)):
        _, told = await shown(s, name, PAGE)
        assert ("Ending soon" in told, "Night" in told) == (there, there), name
