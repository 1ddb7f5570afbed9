"""One run of a feed: every candidate is accounted for, running again changes nothing, a bad feed changes nothing at all."""

import gzip
import io
import json
import time
import zipfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import func, select

from indicator_hub.errors import Conflict, FeedFailed, NotFound
from indicator_hub.ingest.made import Look, take_rows
from indicator_hub.ingest.run import run
from indicator_hub.ingest.sources import http
from indicator_hub.ingest.tally import Tally
from indicator_hub.normalise.warninglists import Matcher
from indicator_hub.sharing.claim import claim, declared
from indicator_hub.sharing.poll import poll
from indicator_hub.store.schema import entry, feed_run, quarantine
from indicator_hub.taxii.query import Filters, Query, Resource
from indicator_hub.trust.roster import Feed
from support.world import TLP, World, indicator, roster, world

LIST = "# a list\n192.0.2.1\n192.0.2[.]1\n198.51.100.0/24\nevil.example.com\nhxxp://evil.example.net/a\n192.0.2.300\n10.0.0.1\n"


def with_feed(folder: Path, content: str | bytes, **changes: object):
    """The roster with the feed `numbers` reading this content."""
    path = folder / "feed.txt"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    feeds = dict(roster().feeds)
    feeds["numbers"] = replace(feeds["numbers"], **({"source": str(path)} | changes))
    return roster(feeds=feeds)


async def the_feed(w: World, name: str = "numbers") -> Feed:
    """The feed as stored."""
    return next(feed for feed in await declared(w.store) if feed.name == name)


async def shared(w: World, keyword: str = "last") -> list[dict]:
    """What a member sees in the feeds' collection."""
    query = Query(-1, 1000, Filters(keywords=frozenset((keyword,))))
    page = await poll(w.store, await w.caller("bea"), await w.reach("bea", collection="fed"), query, Resource.OBJECTS)
    return [json.loads(one.body) for one in page.entries]


async def test_every_row_is_accounted_for(database_url: str, tmp_path: Path) -> None:
    """Candidates = new + updated + unchanged + duplicate + recalled + quarantined; refused rows keep their reason and text."""
    async with world(database_url, with_feed(tmp_path, LIST)) as w:
        outcome, tally = await run(w.store, await the_feed(w))
        assert (outcome, tally.as_dict()) == (
            "done", {"candidates": 7, "new": 4, "updated": 0, "unchanged": 0, "duplicate": 1, "recalled": 0, "quarantined": 2}
        )  # fmt: skip
        assert {o["pattern"] for o in await shared(w)} == {
            "[ipv4-addr:value = '192.0.2.1']", "[ipv4-addr:value = '198.51.100.0/24']",
            "[domain-name:value = 'evil.example.com']", "[url:value = 'http://evil.example.net/a']",
        }  # fmt: skip
        async with w.store.transactions.read() as tx:
            rows = (await tx.execute(select(quarantine.c.reason, quarantine.c.raw, quarantine.c.row_number))).all()
        assert sorted(map(tuple, rows)) == [("non_global", "10.0.0.1", 8), ("syntax", "192.0.2.300", 7)]


async def test_what_the_hub_makes(database_url: str, tmp_path: Path) -> None:
    """An indicator of a feed carries the importer's identity, the feed's level as a TLP 2.0 mark, and times in milliseconds."""
    async with world(database_url, with_feed(tmp_path, "192.0.2.1\n")) as w:
        await run(w.store, await the_feed(w))
        [made] = await shared(w)
        assert made["created_by_ref"] == "identity--00000000-0000-4000-8000-0000000000e1"
        assert made["object_marking_refs"] == [TLP["GREEN"]]
        assert made["created"] == made["modified"] == made["valid_from"] == "2026-11-23T12:00:00.000Z"


async def test_running_again_changes_nothing(database_url: str, tmp_path: Path) -> None:
    """The same rows again, later: nothing new, no new version, no second quarantine row."""
    async with world(database_url, with_feed(tmp_path, LIST)) as w:
        feed = await the_feed(w)
        await run(w.store, feed)
        before = await shared(w, "all")
        w.clock.forward(days=3)
        _, tally = await run(w.store, feed)
        assert (tally.unchanged, tally.new, tally.updated, tally.quarantined) == (4, 0, 0, 2)
        assert await shared(w, "all") == before
        async with w.store.transactions.read() as tx:
            assert (await tx.execute(select(func.count()).select_from(quarantine))).scalar_one() == 2


async def test_a_row_that_says_something_new_is_a_new_version(database_url: str, tmp_path: Path) -> None:
    """A changed row keeps id and created, and gets a later modified, even when the clock has stepped back."""
    table = "value,seen,tags\n192.0.2.1,2026-11-01 10:00:00,{}\n"
    csv = {"format": "csv", "columns": {"value": "value", "first_seen": "seen", "labels": "tags"}}
    async with world(database_url, with_feed(tmp_path, table.format("scan"), **csv)) as w:
        feed = await the_feed(w)
        await run(w.store, feed)
        (tmp_path / "feed.txt").write_text(table.format("c2"))
        w.clock.forward(days=-1)
        _, tally = await run(w.store, feed)
        assert (tally.updated, tally.new) == (1, 0)
        old, new = await shared(w, "all")
        assert (old["id"], old["created"]) == (new["id"], new["created"])
        assert old["modified"] < new["modified"]
        assert new["labels"] == ["c2", 'rsit:malicious-code="c2-server"']
        assert new["valid_from"] == "2026-11-01T10:00:00.000Z"
        assert await shared(w) == [new]


async def test_two_feeds_of_one_scope_meet_in_one_indicator(database_url: str, tmp_path: Path) -> None:
    """What a second feed of the same organisation and group says of the first's indicator is put together with it, and then both rest."""
    declaration = with_feed(tmp_path, "192.0.2.1\n")
    second = replace(declaration.feeds["numbers"], name="more", title="More numbers", labels=("more",))
    async with world(database_url, roster(feeds={**declaration.feeds, "more": second})) as w:
        await run(w.store, await the_feed(w))
        w.clock.forward(seconds=60)
        _, tally = await run(w.store, await the_feed(w, "more"))
        assert (tally.updated, tally.quarantined) == (1, 0)
        for name in ("numbers", "more"):
            _, tally = await run(w.store, await the_feed(w, name))
            assert tally.unchanged == 1
        assert len(await shared(w)) == 1


async def test_a_bundle_keeps_ids_and_bytes(database_url: str, tmp_path: Path) -> None:
    """Objects of a bundle go in as they are; bad ones to quarantine; twice in one run is a duplicate, in the next unchanged."""
    objects = [
        indicator(1, tlp="CLEAR"),
        indicator(1, tlp="CLEAR"),
        indicator(2, tlp="CLEAR", pattern="[nonsense"),
        {"type": "x"},
    ]
    bundle = json.dumps(
        {"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000001", "objects": objects}, indent=1
    )
    async with world(database_url, with_feed(tmp_path, bundle, format="stix")) as w:
        feed = await the_feed(w)
        _, first = await run(w.store, feed)
        _, second = await run(w.store, feed)
        assert (first.new, first.duplicate, first.quarantined) == (1, 1, 2)
        assert (second.unchanged, second.duplicate, second.quarantined) == (1, 1, 2)
        assert await shared(w) == [indicator(1, tlp="CLEAR")]


async def test_a_feed_never_reopens_what_was_recalled(database_url: str, tmp_path: Path) -> None:
    """What was taken back stays away, even when the feed says something new about it: counted as recalled."""
    from indicator_hub.sharing import recall

    table = "value,tags\n192.0.2.1,{}\n"
    csv = {"format": "csv", "columns": {"value": "value", "labels": "tags"}}
    async with world(database_url, with_feed(tmp_path, table.format("a"), **csv)) as w:
        feed = await the_feed(w)
        await run(w.store, feed)
        [made] = await shared(w)
        async with claim(w.store, feed, "test") as held:
            await recall.delete(w.store, held.caller, held.reach, made["id"], Filters(keywords=frozenset(("all",))))
        (tmp_path / "feed.txt").write_text(table.format("b"))
        _, tally = await run(w.store, feed)
        assert (tally.recalled, tally.updated, await shared(w, "all")) == (1, 0, [])


async def test_a_recalled_row_that_comes_again_unchanged(database_url: str, tmp_path: Path) -> None:
    """What was taken back is counted as recalled each time it comes, and counted once."""
    from indicator_hub.sharing import recall

    async with world(database_url, with_feed(tmp_path, "192.0.2.1\n192.0.2.2\n")) as w:
        feed = await the_feed(w)
        await run(w.store, feed)
        made = await shared(w)
        async with claim(w.store, feed, "test") as held:
            await recall.delete(w.store, held.caller, held.reach, made[0]["id"], Filters(keywords=frozenset(("all",))))
        _, tally = await run(w.store, feed)
        assert (tally.recalled, tally.unchanged, len(await shared(w))) == (1, 1, 1)


async def test_a_feed_that_moves_fills_its_new_collection(database_url: str, tmp_path: Path) -> None:
    """Declared for another collection of its group, a feed brings everything there."""
    from indicator_hub.sharing.apply import apply

    declared_ = with_feed(tmp_path, "192.0.2.1\n192.0.2.2\n")
    async with world(database_url, declared_) as w:
        await run(w.store, await the_feed(w))
        moved = replace(declared_.feeds["numbers"], collection="other")
        await apply(w.store, replace(declared_, feeds={**declared_.feeds, "numbers": moved}))
        w.clock.forward(seconds=60)
        _, tally = await run(w.store, await the_feed(w))
        assert (tally.new, tally.unchanged) == (2, 0)


async def test_a_run_that_died_is_settled_by_the_next(database_url: str, tmp_path: Path) -> None:
    """A run whose process was killed is a failed one once the next has begun."""
    async with world(database_url, with_feed(tmp_path, LIST)) as w:
        feed = await the_feed(w)
        held = claim(w.store, feed, "killed")
        await held.__aenter__()
        w.clock.forward(seconds=901)
        await run(w.store, feed)
        async with w.store.transactions.read() as tx:
            outcomes = (await tx.execute(select(feed_run.c.outcome).order_by(feed_run.c.id))).scalars().all()
        assert outcomes == ["failed", "done"]
        await held.__aexit__(None, None, None)


async def test_a_suspension_stops_a_run_in_its_middle(database_url: str, tmp_path: Path) -> None:
    """The organisation's rights are judged at every batch; what is counted is what was done."""
    from indicator_hub.sharing import enrol

    rows = "".join(f"198.51.100.{n % 250}/32\n192.0.2.{n % 250}\nhost-{n}.example.com\n" for n in range(1_000))
    async with world(database_url, with_feed(tmp_path, rows)) as w:
        store = w.store
        seen: list[int] = []

        async with claim(store, await the_feed(w), "test") as held:
            tally = Tally()
            with pytest.raises(NotFound, match="may not run"):
                async for done in take_rows(held, io.BytesIO(rows.encode()), tally, Look(Matcher(()))):
                    seen.append(done)
                    await enrol.suspend(store, "xa-cert", whole_organisation=True, suspended=True)
        assert seen == [1_000]


async def test_a_null_in_a_row_is_refused(database_url: str, tmp_path: Path) -> None:
    """U+0000 is quarantined like any control character, on both databases, and shown as a sign."""
    async with world(database_url, with_feed(tmp_path, "192.0.2.1\nevil\0.example.com\n")) as w:
        _, tally = await run(w.store, await the_feed(w))
        async with w.store.transactions.read() as tx:
            rows = (await tx.execute(select(quarantine.c.reason, quarantine.c.raw))).all()
        assert (tally.new, [tuple(row) for row in rows]) == (1, [("control_chars", "evil\u2400.example.com")])


@pytest.mark.parametrize(
    ("content", "changes", "says"),
    [
        ("", {}, "empty"),
        ("<!DOCTYPE html><html><body>Too many requests</body></html>", {}, "web page"),
        ("a,b\n1,2\n", {"format": "csv", "columns": {"value": "url"}}, "url"),
        ('{"objects": [', {"format": "stix"}, "not JSON"),
        ('{"type": "bundle"}', {"format": "stix"}, "nothing to add"),
        ("192.0.2.1\n", {"source": "/nowhere/at/all"}, "cannot be read"),
    ],
)  # fmt: skip
async def test_a_bad_feed_fails_as_a_whole(
    sqlite_url: str, tmp_path: Path, content: str, changes: dict, says: str
) -> None:
    """An empty body, an error page, a header without the column, broken JSON, no file: the run fails, says why, and changes nothing."""
    async with world(sqlite_url, with_feed(tmp_path, content, **changes), accounts=["bea"]) as w:
        with pytest.raises(FeedFailed, match=says):
            await run(w.store, await the_feed(w))
        async with w.store.transactions.read() as tx:
            assert (await tx.execute(select(func.count()).select_from(entry))).scalar_one() == 0
            outcome, reason = (await tx.execute(select(feed_run.c.outcome, feed_run.c.reason))).one()
        assert (outcome, says in reason) == ("failed", True)


async def test_one_process_at_a_time(database_url: str, tmp_path: Path) -> None:
    """While a feed is running no other process runs it; once it has ended, or its lease has, the next may."""
    async with world(database_url, with_feed(tmp_path, LIST)) as w:
        feed = await the_feed(w)
        async with claim(w.store, feed, "one"):
            with pytest.raises(Conflict, match="running"):
                await run(w.store, feed)
            w.clock.forward(seconds=901)
            assert (await run(w.store, feed))[0] == "done"
        assert (await run(w.store, feed))[0] == "done"


async def test_a_feed_runs_only_while_its_group_is_awake(sqlite_url: str, tmp_path: Path) -> None:
    """When the agreement has lapsed, or the organisation is suspended, its feeds stand still."""
    async with world(sqlite_url, with_feed(tmp_path, LIST), accounts=[]) as w:
        feed = await the_feed(w)
        w.clock.forward(days=2_000)
        with pytest.raises(NotFound, match="may not run"):
            await run(w.store, feed)


class _Site(BaseHTTPRequestHandler):
    """A small site: a feed with an ETag, a redirect on the same host and one to another, a fault."""

    def do_GET(self) -> None:
        match self.path.split("?")[0]:
            case "/feed" if self.headers.get("If-None-Match") == '"1"':
                self._answer(304)
            case "/feed":
                self._answer(200, b"192.0.2.1\n", ETag='"1"')
            case "/moved":
                self._answer(302, Location="/feed")
            case "/away":
                self._answer(302, Location="http://192.0.2.1/feed")
            case "/key":
                found = (self.headers.get("Auth-Key"), self.path.partition("?")[2])
                self._answer(200 if found == ("hush", "k=hush") else 403, b"192.0.2.1\n")
            case "/moved-inward":
                self._answer(302, Location="http://127.0.0.1:1/feed")
            case "/slow":
                self.send_response(200)
                self.end_headers()
                with suppress(OSError):
                    while True:
                        self.wfile.write(b"192.0.2.1\n")
                        self.wfile.flush()
                        time.sleep(0.01)
            case "/429":
                self._answer(429)
            case "/page":
                self._answer(200, b"<!doctype html><p>Sorry")
            case _:
                self._answer(500)

    def _answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def web() -> Iterator[str]:
    """The URL of the small site."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Site)
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


async def test_a_url_is_asked_for_what_is_newer(
    sqlite_url: str, tmp_path: Path, web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bookmark is sent; 304 is an unchanged run; `again` asks for everything; redirects stay on the host; a fault says no secret."""
    async with world(
        sqlite_url, with_feed(tmp_path, "", source=f"{web}/moved?key=secret", internal=True), accounts=["bea"]
    ) as w:
        feed = await the_feed(w)
        assert (await run(w.store, feed))[1].new == 1
        assert (await run(w.store, feed))[0] == "unchanged"
        assert (await run(w.store, feed, again=True))[1].unchanged == 1
        for path, says in (("away", "another host"), ("broken", "answered 500")):
            with pytest.raises(FeedFailed, match=says) as failed:
                await run(w.store, replace(feed, source=f"{web}/{path}?key=secret"), again=True)
            assert "secret" not in str(failed.value)
        monkeypatch.setenv("FEED_KEY", "secret")
        for path, says in (("$FEED_KEY/away", "FEED_KEY/away answered 500"), ("moved/../$FEED_KEY", "answered 500")):
            with pytest.raises(FeedFailed, match=says) as failed:
                await run(w.store, replace(feed, source=f"{web}/{path}"), again=True)
            assert "secret" not in str(failed.value), "nor where the key stands in the path"
        with pytest.raises(FeedFailed, match="cannot be fetched"):
            await run(w.store, replace(feed, source="http://127.0.0.1:1/feed"), again=True)


async def test_where_a_source_may_lead(
    sqlite_url: str, tmp_path: Path, web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not into one's own network, however its name is spelt, not by a redirect, not unencrypted; and not for ever. The reason is told."""
    port = web.rpartition(":")[2]
    async with world(sqlite_url, with_feed(tmp_path, "", source=f"{web}/feed", internal=True), accounts=["bea"]) as w:
        feed = await the_feed(w)
        assert (await run(w.store, feed))[1].new == 1
        refused = (
            ({"source": f"{web}/feed", "internal": False}, "not encrypted"),
            ({"source": f"{web}/feed", "internal": False, "unencrypted": True}, "no address of the Internet"),
            (
                {"source": f"http://localhost:{port}/feed", "internal": False, "unencrypted": True},
                "no address of the Internet",
            ),
            (
                {"source": f"http://[::ffff:127.0.0.1]:{port}/feed", "internal": False, "unencrypted": True},
                "no address of the Internet",
            ),
            (
                {"source": "http://2130706433/feed", "internal": False, "unencrypted": True},
                "no address of the Internet",
            ),
            ({"source": "https://no-such-host.invalid/feed"}, "has no address"),
            ({"source": f"{web}/moved-inward"}, "another host"),
            ({"source": f"{web}/slow"}, "had not sent everything"),
            ({"source": f"{web}/429"}, "answered 429"),
            ({"source": f"{web}/page"}, "a web page"),
        )
        for changes, says in refused:
            # Only of the slow one: a busy machine is slow to answer too.
            monkeypatch.setattr(http, "_WHOLE", 0.3 if "everything" in says else 600.0)
            with pytest.raises(FeedFailed, match=says):
                await run(w.store, replace(feed, **changes), again=True)
        async with w.store.transactions.read() as tx:
            assert (await tx.execute(select(func.count()).select_from(entry))).scalar_one() == 1


async def test_keys_stand_in_the_environment(
    sqlite_url: str, tmp_path: Path, web: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a header and in the query; one that is not set is named, one that is set is never told."""
    keyed = with_feed(tmp_path, "", source=f"{web}/key?k=$THE_KEY", internal=True, headers={"Auth-Key": "$THE_KEY"})
    async with world(sqlite_url, keyed, accounts=["bea"]) as w:
        feed = await the_feed(w)
        with pytest.raises(FeedFailed, match="THE_KEY, which is not set"):
            await run(w.store, feed)
        monkeypatch.setenv("THE_KEY", "hush")
        assert (await run(w.store, feed))[1].new == 1
        monkeypatch.setenv("THE_KEY", "wrong-hush")
        with pytest.raises(FeedFailed, match="answered 403") as failed:
            await run(w.store, feed, again=True)
        assert "hush" not in str(failed.value)
        async with w.store.transactions.read() as tx:
            rows = (await tx.execute(select(feed_run.c.reason, feed_run.c.tally))).all()
            assert not any("hush" in str(row) for row in rows)


async def test_what_a_licence_keeps_at_home(database_url: str, tmp_path: Path) -> None:
    """`reshare: false`: whoever imports it, and its nation's clients, see what it brings; a partner nation does not. Again nothing is new."""
    async with world(database_url, with_feed(tmp_path, "192.0.2.1\n", reshare=False)) as w:
        assert (await run(w.store, await the_feed(w)))[1].as_dict()["new"] == 1
        for account, sees in (("ana", True), ("bank", True), ("bea", False)):
            query = Query(-1, 10, Filters(types=("indicator",)))
            page = await poll(
                w.store, await w.caller(account), await w.reach(account, collection="fed"), query, Resource.OBJECTS
            )
            assert bool(page.entries) is sees, account
        assert (await run(w.store, await the_feed(w)))[1].as_dict() | {"unchanged": 0} == dict.fromkeys(
            Tally().as_dict(), 0
        ) | {"candidates": 1}


@pytest.mark.parametrize("packed", ["gzip", "zip"])
async def test_a_packed_feed(database_url: str, tmp_path: Path, packed: str) -> None:
    """Unpacked as it comes; cut off, nothing of it is taken."""
    made = io.BytesIO()
    if packed == "gzip":
        made.write(gzip.compress(LIST.encode()))
    else:
        with zipfile.ZipFile(made, "w") as archive:
            archive.writestr("feed.txt", LIST)
    async with world(database_url, with_feed(tmp_path, made.getvalue())) as w:
        assert (await run(w.store, await the_feed(w)))[1].as_dict()["new"] == 4
        (tmp_path / "feed.txt").write_bytes(made.getvalue()[:-12])
        with pytest.raises(FeedFailed):
            await run(w.store, await the_feed(w), again=True)
        assert len(await shared(w)) == 4


async def test_vulnerabilities_and_endpoints(database_url: str, tmp_path: Path) -> None:
    """Of other kinds than addresses: what is stored is valid STIX, the same when it comes again."""
    lines = f"CVE-2026-0001\n192.0.2.1:443\n[2001:db8::1]:80\nAS64500\n{'0a' * 16} {'0c' * 32}\n"
    async with world(database_url, with_feed(tmp_path, lines, columns={})) as w:
        assert (await run(w.store, await the_feed(w)))[1].as_dict()["new"] == 5
        kinds = sorted((one["type"], one["name"]) for one in await shared(w))
        assert kinds[-1] == ("vulnerability", "CVE-2026-0001")
        assert (await run(w.store, await the_feed(w), again=True))[1].as_dict()["unchanged"] == 5
