"""What `doctor` tells of PostgreSQL, asked of two real servers: whether a standby is waited for, and is there; what a commit is worth; its connections."""

import asyncio
from pathlib import Path

import pytest

from faults.cluster import Pair, pair, until
from indicator_hub.cli.doctor import Finding, examine
from indicator_hub.store.migrate import migrate
from support.paths import MIGRATIONS

_HOLDS = ("ok", "What is acknowledged is on the primary's disk, and a standby has it.")
_UNKNOWN = (
    "advice",
    "Commits wait for 1 of the standbys; whether they are there only pg_read_all_stats tells: GRANT it to the hub's user.",
)
_EMPTY = ("advice", "What was acknowledged last is lost when the primary is lost: synchronous_standby_names is empty.")


def _waits(wanted: int, there: int) -> tuple[str, str]:
    return "fault", f"Commits wait for {wanted} standbys, and {there} are there: the hub answers 503."


def _found(url: str) -> list[Finding]:
    return asyncio.run(examine(url))


def _commits(url: str) -> list[tuple[str, str]]:
    """Without what is so in all of these tests: `fsync` is off in their servers."""
    told = [(one.level, one.sentence) for one in _found(url) if one.about == "commits"]
    unsafe = (
        "fault",
        "What was acknowledged last is lost when the machine loses its power: fsync = off.",
    )
    assert unsafe in told
    told.remove(unsafe)
    return told or [_HOLDS]


def _set(both: Pair, *statements: str) -> None:
    for one in statements:
        both.primary.ask(one)
    both.primary.ask("SELECT pg_reload_conf()")


def test_what_commits_are_worth(fast_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the standby, by each setting, and for a user who may not know which standby is waited for."""
    monkeypatch.setenv("INDICATOR_HUB_DATA_DIR", str(fast_path / "data"))
    with pair(fast_path, synchronous=True) as both:
        for one in ("CREATE DATABASE hub", "CREATE ROLE hub LOGIN", "GRANT pg_read_all_data TO hub"):
            both.primary.ask(one)
        url = both.url("hub")
        asyncio.run(migrate(url, MIGRATIONS))
        assert _commits(url) == [_HOLDS]
        for setting, lost in (
            (
                "off",
                [("fault", "the machine loses its power, or PostgreSQL is killed"), ("advice", "the primary is lost")],
            ),
            ("local", [("advice", "the primary is lost")]),
            ("remote_write", None),
        ):
            both.primary.ask(f"ALTER DATABASE hub SET synchronous_commit = {setting}")
            assert _commits(url) == (
                [_HOLDS] if lost is None
                else [(level, f"What was acknowledged last is lost when {event}: synchronous_commit = {setting}.") for level, event in lost]
            )  # fmt: skip
        _set(
            both,
            "ALTER DATABASE hub RESET synchronous_commit",
            "ALTER SYSTEM SET synchronous_standby_names = 'another'",
        )
        assert _commits(url) == [_waits(1, 0)]
        # Who waits for whom is not told to everybody: no fault is made of what cannot be known, and no promise.
        unknowing = url.replace("postgres@", "hub@")
        assert _commits(unknowing) == [_UNKNOWN]
        about = {one.about: one for one in _found(unknowing)}
        assert about["database"] == Finding(
            "fault", "database", "The hub's user may not write to its tables: it should own them."
        )
        for names, wanted, there in (
            ("2 (*)", 2, 1),
            ("ANY 2 (walreceiver, other)", 2, 1),
            ("FIRST 1 (*)", 1, 1),
            ("*", 1, 1),
        ):
            _set(both, f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
            until(lambda: both.primary.ask("SELECT 1 FROM pg_stat_replication WHERE sync_state <> 'async'"), names)
            assert _commits(url) == ([_HOLDS] if there == wanted else [_waits(wanted, there)]), names
        about = {one.about: one for one in _found(both.standby.url("hub"))}
        assert (about["database"].level, "It only reads" in about["database"].sentence) == ("fault", True)
        _set(both, "ALTER SYSTEM SET synchronous_standby_names = ''")
        until(
            lambda: not both.primary.ask("SELECT 1 FROM pg_stat_replication WHERE sync_state <> 'async'"), "waited for"
        )
        assert _commits(url) == _commits(unknowing) == [_EMPTY]
        _set(both, "ALTER SYSTEM SET synchronous_standby_names = '*'")
        until(lambda: both.primary.ask("SELECT 1 FROM pg_stat_replication WHERE sync_state = 'sync'"), "not waited for")
        both.part()
        assert _commits(url) == _commits(unknowing) == [_waits(1, 0)]
        _set(both, "ALTER SYSTEM SET synchronous_standby_names = ''")
        assert _commits(url) == [_EMPTY]

        about = {one.about: one for one in _found(url)}
        assert (about["clock"].level, about["connections"].level) == ("ok", "ok")
        assert "takes 57 connections; this node opens up to 21" in about["connections"].sentence
        monkeypatch.setenv("INDICATOR_HUB_WORKERS", "3")
        few = next(one for one in _found(url) if one.about == "connections")
        assert (few.level, "63: raise max_connections" in few.sentence) == ("fault", True)
        monkeypatch.setenv("INDICATOR_HUB_DATABASE_PGBOUNCER", "1")
        assert "connections" not in {one.about for one in _found(url)}
