"""Characters that no database keeps, and faults of ours: one row is refused, a run ends, and the schedule goes on."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from indicator_hub.ingest import run as running
from indicator_hub.ingest import schedule
from indicator_hub.ingest.run import run
from indicator_hub.normalise.observe import Observation, observe
from indicator_hub.normalise.row import Refusal
from indicator_hub.store.schema import feed_run, quarantine
from ingest.test_run import shared, the_feed, with_feed
from ingest.test_schedule import ended
from support.world import roster, world


@pytest.mark.parametrize("expect", [None, "mutex", "windows-registry-key"])
def test_half_a_character_is_no_value(expect: str | None) -> None:
    """A lone surrogate comes by JSON's escapes and is in no UTF-8."""
    found = observe("HKLM\\a\ud800" if expect == "windows-registry-key" else "\ud800 x", expect=expect)
    assert isinstance(found, Refusal)
    assert found.reason == "control_chars"


@pytest.mark.parametrize(
    ("text", "kind"),
    [("00:1b:44:11:3a:b7", "mac-addr"), ("0011.2233.4455", "mac-addr"), ("AS:64500", "autonomous-system")],
)
def test_numbers_that_look_like_addresses(text: str, kind: str) -> None:
    """What has colons or dots between its digits is not always an address of the Internet."""
    found = observe(text)
    assert isinstance(found, Observation)
    assert found.observable.type == kind


@pytest.mark.parametrize(
    "text", ["http://a.top/x\nhttp://b.top/y", "http://a.top/x http://b.top/y", "http://a.top,http://b.top"]
)
def test_two_urls_are_not_one(text: str) -> None:
    """A wrong value is worse than a refused one."""
    assert isinstance(observe(text), Refusal)


@pytest.mark.parametrize(
    ("content", "kind", "refused"),
    [
        (
            '[{"v":"192.0.2.1"},{"v":"\\ud800 x"},{"v":"192.0.2.2","note":"\\udfff"}]',
            "json",
            [("control_chars", "\ufffd x")],
        ),
        ("value,note\n192.0.2.1,a\0b\n192.0.2.2,c\n\0,d\n", "csv", [("control_chars", "\u2400,d")]),
    ],
)
async def test_one_such_row_stops_no_feed(
    database_url: str, tmp_path: Path, content: str, kind: str, refused: list[tuple[str, str]]
) -> None:
    """The others come, also where it stands beside a good value; the row itself is refused with its reason."""
    columns = {"value": "v" if kind == "json" else 1}
    async with world(database_url, with_feed(tmp_path, content, format=kind, columns=columns)) as w:
        outcome, tally = await run(w.store, await the_feed(w))
        assert (outcome, tally.new, tally.quarantined) == ("done", 2, 1)
        assert len(await shared(w)) == 2
        async with w.store.transactions.read() as tx:
            rows = (await tx.execute(select(quarantine.c.reason, quarantine.c.raw))).all()
        assert [reason for reason, _ in rows] == [reason for reason, _ in refused]
        assert all("\0" not in raw and "\ud800" not in raw for _, raw in rows)


async def test_a_fault_of_ours_ends_the_run(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a failed run, with a reason, and not one that runs for ever."""

    async def broken(*_: Any, **__: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(running, "fetch", broken)
    async with world(database_url, with_feed(tmp_path, "192.0.2.1\n")) as w:
        with pytest.raises(ZeroDivisionError):
            await run(w.store, await the_feed(w))
        async with w.store.transactions.read() as tx:
            (row,) = (await tx.execute(select(feed_run.c.outcome, feed_run.c.reason))).all()
        assert tuple(row) == ("failed", "A fault of the hub: see its log.")


async def test_the_schedule_goes_on(database_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One look at what is due goes wrong, whatever it is: the next one runs it."""
    path = tmp_path / "numbers.txt"
    path.write_text("192.0.2.1\n", encoding="ascii")
    feeds = dict(roster().feeds)
    feeds["numbers"] = replace(feeds["numbers"], source=str(path), every=600_000_000)
    due, looks = schedule.due, list[int]()

    async def wrong_once(*given: Any) -> Any:
        looks.append(1)
        if len(looks) == 1:
            raise ZeroDivisionError
        return await due(*given)

    monkeypatch.setattr(schedule, "due", wrong_once)
    async with world(database_url, roster(feeds=feeds)) as w, schedule.scheduled(w.store, tick=0.002):
        assert await ended(w.store, 1) == ["done"]
