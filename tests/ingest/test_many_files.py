"""Sources of many files, run as a whole: a folder in one run, a MISP feed event by event."""

import json
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from indicator_hub.errors import FeedFailed
from indicator_hub.ingest.run import run
from indicator_hub.sharing.act import OPERATOR
from indicator_hub.sharing.claim import Run
from indicator_hub.sharing.feeding import listed
from indicator_hub.store.schema import provenance
from ingest.test_misp_source import A, B, C, Misp
from ingest.test_run import shared, the_feed, with_feed
from support.world import World, indicator, world

TABLE: dict[str, Any] = {"format": "csv", "columns": {"value": "address"}}


def write(at: Path, **files: str) -> None:
    """Tables in a folder."""
    at.mkdir(exist_ok=True)
    for name, rows in files.items():
        (at / f"{name}.csv").write_text("address\n" + "".join(f"{row}\n" for row in rows.split()))


async def counted(w: World, **options: Any) -> dict[str, int]:
    """A run, and what it counted."""
    return {
        name: number
        for name, number in (await run(w.store, await the_feed(w), **options))[1].as_dict().items()
        if number
    }


async def claims(w: World) -> int:
    """How many indicators the feed says."""
    async with w.store.transactions.read() as tx:
        return (await tx.execute(select(func.count()).select_from(provenance))).scalar_one()


async def test_a_folder_is_one_run(database_url: str, tmp_path: Path) -> None:
    """Each file by the feed's format; what two of them say is a duplicate; again, nothing is new; a file more is."""
    reports = tmp_path / "reports"
    write(reports, a="198.51.100.1 198.51.100.2 10.0.0.1", b="198.51.100.2 198.51.100.3")
    async with world(database_url, with_feed(tmp_path, "", source=f"{reports}/", **TABLE)) as w:
        assert await counted(w) == {"candidates": 5, "new": 3, "duplicate": 1, "quarantined": 1}
        assert await counted(w) == {"candidates": 5, "unchanged": 3, "duplicate": 1, "quarantined": 1}
        write(reports, c="198.51.100.4")
        assert (await counted(w))["new"] == 1
        assert len(await shared(w)) == 4


async def test_one_bad_file_of_a_folder(database_url: str, tmp_path: Path) -> None:
    """Nothing of any is taken, and its name is told."""
    reports = tmp_path / "reports"
    write(reports, a="198.51.100.1", z="198.51.100.2")
    async with world(database_url, with_feed(tmp_path, "", source=f"{reports}/", **TABLE)) as w:
        for body in (b"", b"<html>", b"ip\n198.51.100.3\n", b"\x1f\x8b\x08"):
            (reports / "m.csv").write_bytes(body)
            with pytest.raises(FeedFailed, match=r"^m\.csv: "):
                await run(w.store, await the_feed(w))
            found = next(one for one in await listed(w.store, OPERATOR) if one["feed"] == "numbers")
            assert found["last"]["reason"].startswith("m.csv: ")
            assert (await claims(w), await shared(w)) == (0, [])


async def test_a_folder_as_a_snapshot(database_url: str, tmp_path: Path) -> None:
    """What no file of it says any longer has ended; without half of what it held it is held for a person."""
    reports = tmp_path / "reports"
    write(reports, a="198.51.100.1 198.51.100.2", b="198.51.100.3")
    declared = with_feed(tmp_path, "", source=f"{reports}/", kind="snapshot", **TABLE)
    async with world(database_url, declared) as w:
        await counted(w)
        (reports / "b.csv").unlink()
        for ended in ({}, {"ended": 1}):
            w.clock.forward(seconds=60)
            assert await counted(w) == {"candidates": 2, "unchanged": 2} | ended
        write(reports, a="198.51.100.1")
        write(reports, b="198.51.100.2")
        assert await counted(w) == {"candidates": 2, "unchanged": 2}, "wherever it stands"


async def test_bundles_in_a_folder(database_url: str, tmp_path: Path) -> None:
    """As they came; a broken one keeps the others out."""
    reports = tmp_path / "reports"
    reports.mkdir()
    for number in (1, 2):
        (reports / f"{number}.json").write_text(json.dumps({"objects": [indicator(number, tlp="CLEAR")]}))
    async with world(database_url, with_feed(tmp_path, "", source=str(reports), format="stix")) as w:
        (reports / "3.json").write_text('{"objects": [')
        with pytest.raises(FeedFailed, match=r"^3\.json: .*not JSON"):
            await run(w.store, await the_feed(w))
        (reports / "3.json").unlink()
        assert await counted(w) == {"candidates": 2, "new": 2}


async def test_a_misp_feed(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Broken off after an event was taken and before its place was kept, it goes on; then only what was changed is read."""
    feed = with_feed(tmp_path, "", source=str(tmp_path / "manifest.json"), format="misp", columns={})
    source = Misp(tmp_path, feed.feeds["numbers"])
    source.publish({A: 10, B: 20, C: 30})
    for number, uuid in enumerate((A, B, C), 1):
        attribute = {"type": "ip-dst", "value": f"198.51.100.{number}", "to_ids": True}
        source.write(f"{uuid}.json", json.dumps({"Event": {"uuid": uuid, "Attribute": [attribute]}}).encode())
    keep, kept = Run.keep_place, list[str]()

    async def broken(self: Run, place: str) -> None:
        kept.append(place)
        if len(kept) == 2:
            raise FeedFailed("The power is gone.")
        await keep(self, place)

    async with world(database_url, feed) as w:
        with monkeypatch.context() as patch:
            patch.setattr(Run, "keep_place", broken)
            with pytest.raises(FeedFailed, match="power"):
                await run(w.store, await the_feed(w))
        assert await claims(w) == 2
        assert await counted(w) == {"candidates": 2, "unchanged": 1, "new": 1}
        assert await counted(w) == {}
        assert await counted(w, again=True) == {"candidates": 3, "unchanged": 3}
        source.publish({A: 10, B: 20, C: 31})
        assert (await counted(w))["candidates"] == 1
