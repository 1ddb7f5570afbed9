"""Feeds over the API: how they stand, what they refused, and what a person says to that."""

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from indicator_hub.ingest.run import run
from indicator_hub.sharing.claim import declared, due
from support.http import Site, site
from support.world import roster

ROWS = "198.51.100.1\n10.0.0.1\n127.0.0.0/8\nno value\n10.0.0.1\n"
FED = "/taxii2/alpha/collections/fed/objects/"


@pytest.fixture
async def hub(database_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """A world whose feed `numbers` has run once, and is run by the schedule."""
    path = tmp_path / "numbers.txt"
    path.write_text(ROWS, encoding="ascii")
    feeds = dict(roster().feeds)
    feeds["numbers"] = replace(feeds["numbers"], source=str(path), every=600_000_000)
    async with site(database_url, roster(feeds=feeds)) as made:
        await again(made)
        yield made


async def again(hub: Site) -> dict[str, int]:
    """The feed runs."""
    feed = next(one for one in await declared(hub.world.store) if one.name == "numbers")
    return (await run(hub.world.store, feed, again=True))[1].as_dict()


async def given(hub: Site) -> list[str]:
    """The patterns that a member is given."""
    answer = await hub.get(FED, "bea")
    return [one["pattern"] for one in answer.json().get("objects", [])]


async def waiting(hub: Site, query: str = "") -> list[tuple[str, str]]:
    """What waits for a person: reason and text."""
    items = (await hub.api("GET", f"/feeds/numbers/quarantine{query}")).json()["items"]
    return [(one["reason"], one["raw"]) for one in items]


async def test_how_feeds_stand(hub: Site) -> None:
    """Whoever imports them sees it, with the tally of the last run and when the next one is; nobody else knows of them."""
    (bundles, numbers) = (await hub.api("GET", "/feeds")).json()["items"]
    assert (bundles["feed"], bundles["state"], "next" in bundles, "last" in bundles) == ("bundles", "new", False, False)
    assert (numbers["state"], numbers["every"], numbers["waiting"], numbers["failures"]) == ("well", 600, 3, 0)
    assert numbers["last"]["tally"] == {
        "candidates": 5, "new": 1, "updated": 0, "unchanged": 0, "duplicate": 0, "recalled": 0, "quarantined": 4,
    }  # fmt: skip
    assert (await hub.api("GET", "/feeds", "bea")).json() == {"items": []}
    assert (await hub.api("GET", "/feeds/numbers/quarantine", "bea")).status_code == 404
    Path((await declared(hub.world.store))[1].source).unlink()  # noqa: ASYNC240 - a file of this test
    with pytest.raises(Exception, match="cannot be read"):
        await again(hub)
    (_, failing) = (await hub.api("GET", "/feeds")).json()["items"]
    assert (failing["state"], failing["failures"], "cannot be read" in failing["last"]["reason"]) == (
        "failing",
        1,
        True,
    )


async def test_what_is_let_through_comes_with_the_next_run(hub: Site) -> None:
    """Each refused row once, whatever it was refused for; released it is published, and refused no more."""
    assert await waiting(hub) == [("non_global", "10.0.0.1"), ("non_global", "127.0.0.0/8"), ("syntax", "no value")]
    assert await waiting(hub, "?reason=syntax") == [("syntax", "no value")]
    (first, *_) = (await hub.api("GET", "/feeds/numbers/quarantine?limit=1")).json()["items"]
    answer = await hub.api("POST", "/feeds/numbers/quarantine/release", body={"rows": [first["id"]]})
    assert answer.json() == {"number": 1}
    assert await given(hub) == ["[ipv4-addr:value = '198.51.100.1']"], "with the next run"
    tally = await again(hub)
    assert (tally["new"], tally["unchanged"], tally["duplicate"], tally["quarantined"]) == (1, 1, 1, 2)
    assert await given(hub) == ["[ipv4-addr:value = '198.51.100.1']", "[ipv4-addr:value = '10.0.0.1']"]
    assert await waiting(hub) == [("non_global", "127.0.0.0/8"), ("syntax", "no value")]


async def test_what_is_dismissed_does_not_come_up_again(hub: Site) -> None:
    """In bulk, by its reason; what holds no value cannot be let through, only dismissed."""
    refused = await hub.api("POST", "/feeds/numbers/quarantine/release", body={"reason": "syntax"})
    assert (refused.status_code, "no value" in refused.json()["detail"]) == (409, True)
    answers = [
        await hub.api("POST", "/feeds/numbers/quarantine/dismiss", body={"reason": reason})
        for reason in ("syntax", "non_global")
    ]
    assert [answer.json() for answer in answers] == [{"number": 1}, {"number": 2}]
    assert (await again(hub))["quarantined"] == 4
    assert await waiting(hub) == []
    assert (await hub.api("POST", "/feeds/numbers/quarantine/dismiss", body={"reason": "syntax"})).status_code == 404
    for body in ({}, {"rows": []}, {"rows": [1], "reason": "syntax"}):
        assert (await hub.api("POST", "/feeds/numbers/quarantine/dismiss", body=body)).status_code == 400


async def test_who_may(hub: Site) -> None:
    """The importing organisation alone."""
    for path, body in (
        ("run", {}),
        ("quarantine/release", {"reason": "non_global"}),
        ("quarantine/dismiss", {"reason": "syntax"}),
    ):
        found = [
            (await hub.api("POST", f"/feeds/numbers/{path}", account, body)).status_code
            for account in ("bea", "eve", None)
        ]
        assert found == [404, 404, 401]


async def test_run_now(hub: Site) -> None:
    """The schedule takes it next, though its turn has not come; what no schedule runs is 409."""
    assert await due(hub.world.store) == []
    assert (await hub.api("POST", "/feeds/numbers/run")).status_code == 200
    assert [one.name for one in await due(hub.world.store)] == ["numbers"]
    assert (await hub.api("POST", "/feeds/bundles/run")).status_code == 409
