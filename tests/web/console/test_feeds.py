"""Feeds on pages: how each stands and stood, what it refused and why, and what a person says to it. The API tells and does the same."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from indicator_hub.cli.serving import feeds_here
from indicator_hub.errors import FeedFailed
from indicator_hub.ingest.run import run
from indicator_hub.sharing import enrol
from indicator_hub.sharing.claim import declared, due
from support.console import sent, shown
from support.http import Site, site
from support.world import roster

HOSTILE = "<script>alert(1)</script>"
ROWS = ["198.51.100.1", "198.51.100.2", "10.0.0.1", "127.0.0.0/8", f"no value {HOSTILE}"]
PAGE = "/console/feeds/numbers/"
FED = "/taxii2/alpha/collections/fed/objects/"
LINK = re.compile(r'href="(\?after=[^"#]+)')


@asynccontextmanager
async def furnished(database: str, tmp_path: Path, **more: Any) -> AsyncIterator[Site]:
    """A world whose feed `numbers` has run once, and is run by the schedule; its process may run feeds."""
    path = tmp_path / "numbers.txt"
    path.write_text("\n".join(ROWS), encoding="ascii")
    feeds = dict(roster().feeds)
    feeds["numbers"] = replace(
        feeds["numbers"], title=f"Numbers {HOSTILE}", source=str(path), every=600_000_000, kind="snapshot", terms="For members",
    )  # fmt: skip
    feeds["bundles"] = replace(
        feeds["bundles"],
        source="https://user:quiet@feeds.example/v1/0123456789abcdef0123/list?key=quiet",
        headers={"Auth-Key": "quiet"},
    )
    async with site(database, roster(feeds=feeds), **more) as made:
        await again(made)
        yield made


@pytest.fixture
async def s(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """On SQLite: what a page does with what it is told does not ask the database."""
    async with furnished(sqlite_url, tmp_path, feeds_of=feeds_here) as made:
        yield made


@pytest.fixture
async def both(database_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """On either database, where the question is what it answers."""
    async with furnished(database_url, tmp_path, feeds_of=feeds_here) as made:
        yield made


async def again(s: Site) -> None:
    """The feed runs."""
    feed = next(one for one in await declared(s.world.store) if one.name == "numbers")
    await run(s.world.store, feed, again=True)


async def fill(s: Site, rows: list[str]) -> None:
    """What the source holds now."""
    source = next(one.source for one in await declared(s.world.store) if one.name == "numbers")
    Path(source).write_text("\n".join(rows), encoding="ascii")  # noqa: ASYNC240 - a file of this test


async def given(s: Site) -> set[str]:
    """The addresses that a member is given."""
    found = (await s.get(FED, "bea")).json().get("objects", [])
    return {one["pattern"].split("'")[1] for one in found}


async def test_how_feeds_stand(both: Site) -> None:
    """A row for each, with the numbers of its last run, and a page; whatever the world put into them is text."""
    _, told = await shown(both, "ana", "/console/feeds/")
    assert "/console/feeds/bundles/" in told
    (row,) = [one for one in told.split("<tr") if PAGE in one]
    numbers = dict(re.findall(r'<td class="number" data-label="(\w+)">(?:<a[^>]*>)?([\d\u202f]+)', row))
    assert numbers == {"New": "2", "Changed": "0", "Unchanged": "0", "Refused": "3", "Waiting": "3"}
    assert re.search(r"<title>New and changed[^<]*: (0 ){27}2</title>", row)
    status, told = await shown(both, "ana", PAGE)
    assert status == 200
    for words in ("alpha / fed", "10 min", "numbers.txt", "list, snapshot", "For members", "TLP:GREEN", "10.0.0.1", "A private or special address"):  # fmt: skip
        assert words in told, words
    assert "<script>alert" not in told
    assert "no value &lt;script&gt;alert(1)" in told


async def test_no_secret_is_shown(s: Site) -> None:
    """Of what is sent along the names; of an address neither user, nor what its query holds, nor a long key in its path."""
    (_, told), answer = await shown(s, "ana", "/console/feeds/bundles/"), await s.api("GET", "/feeds/bundles/")
    assert answer.json()["declared"]["source"] == "https://feeds.example/v1/…/list?key=…"
    assert answer.json()["declared"]["headers"] == ["Auth-Key"]
    for text in (told, answer.text):
        assert "quiet" not in text
        assert "0123456789abcdef" not in text
    assert "https://feeds.example/v1/…/list?key=…" in told


async def test_feeds_of_others_are_not_there(s: Site) -> None:
    """Neither told of nor to be done with: as one that never was."""
    _, told = await shown(s, "bea", "/console/feeds/")
    assert "imports no feed" in told
    assert "numbers" not in told
    assert (await shown(s, "bea", PAGE))[0] == 404
    for what in ("run", "dry-run", "accept", "quarantine"):
        found = [
            (await sent(s, "bea", f"/console/feeds/{name}/{what}/", deed="dismissed", reason="syntax"))[0]
            for name in ("numbers", "never")
        ]
        assert found == [404, 404], what
    for method, path in (("GET", ""), ("GET", "runs/"), ("POST", "dry-run/"), ("POST", "accept/")):
        assert (await s.api(method, f"/feeds/numbers/{path}", "bea")).status_code == 404


async def test_what_takes_manage(s: Site) -> None:
    """Whoever may not decide for the organisation sees all of it, and is offered and allowed nothing."""
    await enrol.enrol(s.world.store, "ann", organisation="xa-cert", kind="person", scopes=("read", "submit"))
    status, told = await shown(s, "ann", PAGE)
    assert status == 200
    assert "10.0.0.1" in told
    assert 'action="/console/feeds' not in told.replace('action="/console/feeds/numbers/quarantine/" id="rows"', "")
    assert '<button name="deed"' not in told
    for what in ("run", "dry-run", "accept", "quarantine"):
        status, told = await sent(s, "ann", f"{PAGE}{what}/", deed="dismissed", reason="syntax")
        assert (status, "its scopes leave out manage" in told) == (400, True), what
    assert await given(s) == {"198.51.100.1", "198.51.100.2"}


async def test_rows_are_let_through_and_dismissed(both: Site) -> None:
    """Marked ones, or all of one reason; what holds no value cannot be let through; and the next run takes what was."""
    status, told = await sent(both, "ana", f"{PAGE}quarantine/", deed="released", reason="syntax")
    assert (status, "holds no value that could be let through" in told) == (400, True)
    status, told = await sent(both, "ana", f"{PAGE}quarantine/", deed="released")
    assert (status, "Mark the rows first." in told) == (400, True)
    row = (await both.api("GET", "/feeds/numbers/quarantine/")).json()["items"][0]
    status, told = await sent(both, "ana", f"{PAGE}quarantine/", deed="released", row=str(row["id"]))
    assert (status, "Released: 1." in told) == (303, True)
    assert row["raw"] not in told
    status, told = await sent(both, "ana", f"{PAGE}quarantine/", deed="dismissed", reason="syntax")
    assert (status, "Dismissed: 1." in told) == (303, True)
    await again(both)
    assert await given(both) == {"198.51.100.1", "198.51.100.2", "10.0.0.1"}
    _, told = await shown(both, "ana", PAGE)
    assert "127.0.0.0/8" in told
    assert "no value" not in told


async def test_many_rows_are_paged(both: Site) -> None:
    """A hundred to a page, none twice and none left out; of one reason alone where that is asked."""
    await fill(both, [*ROWS, *(f"10.1.{number // 250}.{number % 250}" for number in range(230))])
    await again(both)
    seen: list[str] = []
    query = "?reason=non_global"
    while query:
        _, told = await shown(both, "ana", PAGE + query)
        table = told[told.index('id="rows"') :]
        seen += re.findall(r"<code>([^<]+)</code>", table[: table.index("</table>")])
        found = LINK.search(told)
        query = found[1].replace("&amp;", "&") if found else ""
        assert not query or "reason=non_global" in query
    assert len(seen) == len(set(seen)) == 232
    assert not [one for one in seen if one.startswith("no value")]
    assert (await shown(both, "ana", f"{PAGE}?after=x"))[0] == 400


async def test_run_now(s: Site) -> None:
    """The schedule takes it next."""
    assert await due(s.world.store) == []
    status, told = await sent(s, "ana", f"{PAGE}run/")
    assert (status, "It is due now" in told) == (303, True)
    assert [one.name for one in await due(s.world.store)] == ["numbers"]
    status, told = await sent(s, "ana", "/console/feeds/bundles/run/")
    assert (status, "No schedule runs this feed" in told) == (400, True)


async def test_a_dry_run_does_nothing(s: Site) -> None:
    """It tells what a run would do, on the page and over the API; nothing is given to anybody, and no run is recorded."""
    await fill(s, [*ROWS, "198.51.100.3"])
    status, told = await sent(s, "ana", f"{PAGE}dry-run/")
    assert status == 200
    assert re.search(r"A run would do this now:</strong> Rows 6 · New 1 · Changed 0 · Unchanged 2 · .*Refused 3", told)
    assert (await s.api("POST", "/feeds/numbers/dry-run/")).json()["tally"] | {
        "candidates": 6,
        "new": 1,
        "unchanged": 2,
    } == (await s.api("POST", "/feeds/numbers/dry-run/")).json()["tally"]
    assert await given(s) == {"198.51.100.1", "198.51.100.2"}
    assert len((await s.api("GET", "/feeds/numbers/runs/")).json()["items"]) == 1


async def test_a_run_that_is_held_is_taken_by_a_person(s: Site) -> None:
    """Less than half of the last one: nothing is ended by a bad night; whoever has looked at it takes it as it is."""
    _, told = await shown(s, "ana", PAGE)
    assert f"{PAGE}accept/" not in told, "nothing is held"
    many = {f"198.51.100.{number}" for number in range(1, 7)}
    await fill(s, sorted(many))
    await again(s)
    s.world.clock.now += 3_600_000_000
    await fill(s, ["203.0.113.9"])
    assert (await s.api("POST", "/feeds/numbers/dry-run/")).status_code == 409, "a dry run tells that it would be held"
    with pytest.raises(FeedFailed, match="held for a person"):
        await again(s)
    last = (await s.api("GET", "/feeds/numbers/runs/")).json()["items"][0]
    assert (last["outcome"], last["held"]) == ("failed", True)
    _, told = await shown(s, "ana", PAGE)
    assert "The last run was held for a person" in told
    assert f"{PAGE}accept/" in told
    assert "Runs that failed: 1" in told
    assert await given(s) == many
    status, told = await sent(s, "ana", f"{PAGE}accept/")
    assert (status, "was taken as it is" in told) == (303, True)
    assert "The last run was held" not in told
    done = (await s.api("GET", "/feeds/numbers/runs/")).json()["items"][0]
    assert (done["outcome"], done["tally"]["candidates"], "held" in done) == ("done", 1, False)
    assert await given(s) == many | {"203.0.113.9"}
    s.world.clock.now += 3_600_000_000
    status, told = await sent(s, "ana", f"{PAGE}dry-run/")
    assert (status, "Ended 6" in told) == (200, True), "what two runs in a row did not find has ended"
    assert (await s.api("POST", "/feeds/numbers/accept/")).json()["outcome"] == "done"


async def test_where_no_feeds_run(sqlite_url: str, tmp_path: Path) -> None:
    """A process that only serves says so, and which command does it."""
    async with furnished(sqlite_url, tmp_path) as s:
        for what in ("dry-run", "accept"):
            status, told = await sent(s, "ana", f"{PAGE}{what}/")
            assert (status, "This process runs no feeds" in told) == (400, True)
            assert (await s.api("POST", f"/feeds/numbers/{what}/")).status_code == 409
