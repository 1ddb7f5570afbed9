"""A MISP feed by its manifest: only what is new or was changed is fetched, and nothing is missed, wherever a run is broken off."""

import gzip
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from indicator_hub.errors import FeedFailed
from indicator_hub.ingest.sources import misp
from indicator_hub.trust.roster import Feed
from ingest.fake_source import FakeSource, fake_source, reply
from support.world import roster

A, B, C, D = (f"{letter * 8}-0000-4000-8000-000000000000" for letter in "abcd")


@dataclass
class Misp:
    """A feed of this format in a folder, and the same behind a web server where there is one."""

    folder: Path
    feed: Feed
    served: FakeSource | None = None

    def write(self, name: str, body: bytes) -> None:
        """A file of the feed."""
        (self.folder / name).write_bytes(body)
        if self.served:
            self.served.replies[f"/misp/{name}?key=hush"] = reply(200, body)

    def remove(self, name: str) -> None:
        """No file of it any longer."""
        (self.folder / name).unlink()
        if self.served:
            del self.served.replies[f"/misp/{name}?key=hush"]

    def publish(self, changed: dict[str, Any]) -> None:
        """So many events, with the time when each was changed last; the event of each beside it."""
        self.write("manifest.json", json.dumps({uuid: {"timestamp": when} for uuid, when in changed.items()}).encode())
        for uuid, when in changed.items():
            self.write(f"{uuid}.json", event(uuid, str(when)))


def event(uuid: str, timestamp: str) -> bytes:
    """An event."""
    attribute = {"type": "ip-dst", "value": "198.51.100.1", "to_ids": True}
    return json.dumps({"Event": {"uuid": uuid, "timestamp": timestamp, "Attribute": [attribute]}}).encode()


@pytest.fixture(params=["file", "http"])
def source(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Misp]:
    """A folder, or a web server that wants a key."""
    monkeypatch.setenv("MISP_KEY", "hush")
    feed = replace(roster().feeds["numbers"], format="misp")
    if request.param == "file":
        yield Misp(tmp_path, replace(feed, source=str(tmp_path / "manifest.json")))
        return
    with fake_source() as served:
        source = f"{served.url}/misp/manifest.json?key=$MISP_KEY"
        yield Misp(tmp_path, replace(feed, source=source, internal=True), served)


async def pull(source: Misp, place: str = "", *, most: int = 1_000) -> tuple[list[str], str]:
    """The events given from this place on, each by its first letter and its time, and the last place; `most`: then the run is broken off."""
    given = list[str]()
    async for one in misp.events(source.feed, place):
        if len(given) == most:
            break
        if one.holds_objects:
            found = json.loads(one.body)["Event"]
            given.append(f"{found['uuid'][0]}{found['timestamp']}")
        place = one.place or place
    return given, place


def test_what_is_read_by_a_manifest() -> None:
    """A MISP feed whose file is called so, wherever it lies."""
    feed = replace(roster().feeds["numbers"], format="misp")
    for source in ("manifest.json", "/srv/misp/manifest.json", "https://feed.example/manifest.json?key=$KEY"):
        assert misp.is_manifest(replace(feed, source=source))
        assert not misp.is_manifest(replace(feed, source=source, format="json"))
    for source in ("event.json", "a-manifest.json", "https://feed.example/?manifest.json"):
        assert not misp.is_manifest(replace(feed, source=source))


async def test_what_is_new_or_was_changed(source: Misp) -> None:
    """In the order in which they were changed, then by their UUIDs; the next run fetches what is new, and the one after nothing."""
    source.publish({C: "20", B: 30, A: "20"})
    given, place = await pull(source)
    assert given == ["a20", "c20", "b30"]
    assert await pull(source, place) == ([], place)
    source.publish({C: "40", B: 30, A: "20", D: "31"})
    given, place = await pull(source, place)
    assert given == ["d31", "c40"]
    assert (await pull(source, place))[0] == []
    assert (await pull(source))[0] == ["a20", "b30", "d31", "c40"], "from the beginning"
    if source.served:
        asked = [path.rpartition("/")[2][0] for path in source.served.paths()]
        assert "".join(asked) == "macb" + "m" + "mdc" + "m" + "mabdc"


async def test_an_event_that_is_published_late(source: Misp) -> None:
    """Changed before others that were there already: it is new all the same."""
    source.publish({B: "30"})
    place = (await pull(source))[1]
    source.publish({B: "30", A: "20", C: "30"})
    given, place = await pull(source, place)
    assert given == ["a20", "c30"]
    source.publish({A: "20", C: "30"})
    assert (await pull(source, place))[0] == [], "one that is gone changes nothing"


@pytest.mark.parametrize("most", [0, 1, 2, 3])
async def test_a_run_that_is_broken_off(source: Misp, most: int) -> None:
    """The next one goes on behind what was taken."""
    source.publish({A: "10", B: "20", C: "30", D: "40"})
    first, place = await pull(source, most=most)
    assert first + (await pull(source, place))[0] == ["a10", "b20", "c30", "d40"]


async def test_the_place_is_not_kept_for_every_event(source: Misp, monkeypatch: pytest.MonkeyPatch) -> None:
    """It grows with the feed: a run that is broken off in between fetches a few again, and leaves none out."""
    monkeypatch.setattr(misp, "_PLACES", 2)
    source.publish({A: "10", B: "20", C: "30", D: "40"})
    first, place = await pull(source, most=3)
    assert (first, (await pull(source, place))[0]) == (["a10", "b20", "c30"], ["c30", "d40"])
    assert [bool(one.place) async for one in misp.events(source.feed, "")] == [False, True, False, True]
    source.remove(f"{D}.json")
    given = list[tuple[bool, bool]]()
    with pytest.raises(FeedFailed):
        async for one in misp.events(source.feed, ""):
            given.append((one.holds_objects, bool(one.place)))
    assert given == [(True, False), (True, True), (True, False), (False, True)], (
        "at the end, whatever it is, it is kept"
    )


async def test_events_that_are_not_there(source: Misp) -> None:
    """Missing, another one, cut off, an error page: the others are taken, the reason is told, and the next run asks again."""
    source.publish({A: "10", B: "20", C: "30", D: "40"})
    for body in (None, event(D, "20"), event(B, "20")[:-1], b"<html>"):
        if body is None:
            source.remove(f"{B}.json")
        else:
            source.write(f"{B}.json", body)
        given, place = list[str](), ""
        with pytest.raises(FeedFailed, match=f"^1 events .* cannot be taken. {B}: ") as failed:
            async for one in misp.events(source.feed, ""):
                given.append(json.loads(one.body)["Event"]["uuid"])
                place = one.place
        assert given == [A, C, D]
        assert "hush" not in str(failed.value)
    source.write(f"{B}.json", event(B, "20"))
    assert (await pull(source, place))[0] == ["b20"]


async def test_a_source_that_is_ill(source: Misp, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where events that cannot be fetched have cost more time than there is for that, the rest is not asked for; else all of it is."""
    source.publish({f"{number:08}-0000-4000-8000-000000000000": number for number in range(10)} | {D: 40})
    for number in range(10):
        source.remove(f"{number:08}-0000-4000-8000-000000000000.json")
    with pytest.raises(FeedFailed, match=r"^10 events"):
        await pull(source)
    if source.served:
        assert source.served.paths()[-1].startswith(f"/misp/{D}.json")
    monkeypatch.setattr(misp, "_GIVES_UP", 0)
    with pytest.raises(FeedFailed, match=r"^1 events"):
        await pull(source)
    if source.served:
        assert len(source.served.asked) == 1 + 11 + 1 + 1


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "0 bytes"), (b"<!doctype html>", "web page"), (b'{"error":"denied"}', "an error"), (b"{}", "no event"),
        (b"[]", "no whole JSON object"), (b'{"a":', "no whole JSON object"), (b"[" * 100_000, "no whole JSON object"),
        *(
            (json.dumps({name: {"timestamp": "1"}}).encode(), "no UUID")
            for name in ("../../etc/passwd", f"{A}/../x", f"{A}\n", f"{A}?", A.replace("-", ""), "", f"..%2f{A}", A[:-1] + "\u0661")
        ),
        *(
            (json.dumps({A: said}).encode(), f"{A} was changed")
            for said in ({}, [], None, {"timestamp": None}, {"timestamp": True}, {"timestamp": 1.5}, {"timestamp": "x"},
                         {"timestamp": -1}, {"timestamp": "\u0661"}, {"timestamp": "1" * 13}, {"timestamp": 10**40})
        ),
    ],
)  # fmt: skip
async def test_what_is_no_manifest(source: Misp, body: bytes, says: str) -> None:
    """Told at once, and no event of it is asked for: a name in it becomes part of a path."""
    source.write("manifest.json", body)
    with pytest.raises(FeedFailed, match=says):
        await pull(source)
    if source.served:
        assert len(source.served.asked) == 1


async def test_its_bounds(source: Misp, monkeypatch: pytest.MonkeyPatch) -> None:
    """In bytes of the manifest, in events, and in bytes of new events, where the next run goes on with the rest."""
    source.publish({A: "10", B: "20", C: "30"})
    with monkeypatch.context() as patch:
        patch.setattr(misp, "MOST_WHOLE", 50)
        with pytest.raises(FeedFailed, match="more than 50 bytes"):
            await pull(source)
    with monkeypatch.context() as patch:
        patch.setattr(misp, "MAX_EVENTS", 2)
        with pytest.raises(FeedFailed, match="more than 2 events"):
            await pull(source)
    monkeypatch.setattr(misp, "MAX_BYTES", 2 * len(event(A, "10")))
    place = ""
    with pytest.raises(FeedFailed, match="goes on with the rest"):
        async for one in misp.events(source.feed, ""):
            place = one.place
    assert (await pull(source, place))[0] == ["c30"]


async def test_packed_events_and_an_odd_place(source: Misp) -> None:
    """Both may be gzip; a place that another kind of source left means that nothing was taken."""
    source.publish({A: "10"})
    source.write(f"{A}.json", gzip.compress(event(A, "10")))
    [one] = [one async for one in misp.events(source.feed, "2026-11-23T12:00:00.000000Z")]
    assert json.loads(one.body)["Event"]["uuid"] == A


async def test_what_a_url_may_not_be(source: Misp) -> None:
    """The same rules as for every source: none in one's own network, none unencrypted."""
    if source.served:
        source.publish({A: "10"})
        with pytest.raises(FeedFailed, match="not encrypted"):
            await pull(replace(source, feed=replace(source.feed, internal=False)))
        with pytest.raises(FeedFailed, match="no address of the Internet"):
            await pull(replace(source, feed=replace(source.feed, internal=False, unencrypted=True)))
