"""Paging as a theorem: whatever is done in whatever order, each page is exactly what its reader is owed, and in the end nobody lacks anything."""

import os
import random
import sqlite3
from collections.abc import Callable

import aiosqlite
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from paging.hub import Ground
from paging.machine import Paging
from paging.planted import FAULTS

IN_TEST = {"sqlite": 200, "postgresql": 100}
IN_TORTURE = 25_000
"""Sequences on each database."""
STEPS, MANY_STEPS = 8, 24
"""Beside those that every sequence begins and ends with: two to four deeds, and each poller's way to the end."""
BATCH = 1_000


@pytest.fixture(autouse=True)
def in_this_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite is asked in this thread: a sequence waits for every deed anyway, and half of its time would go into handing over."""

    async def execute(_: aiosqlite.Connection, deed: Callable[..., object], *given: object, **named: object) -> object:
        return deed(*given, **named)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", execute)


def run(database: str, sequences: int, *, seed: int | None = None, steps: int = STEPS, shrink: bool = True) -> None:
    """So many sequences on a hub on this database; without a seed always the same ones."""
    ground = Ground(database)
    machine = type("Sequences", (Paging,), {"ground": ground, "_hypothesis_internal_use_seed": seed})
    try:
        run_state_machine_as_test(
            machine,
            settings=settings(
                max_examples=sequences,
                stateful_step_count=steps,
                derandomize=seed is None,
                deadline=None,
                database=None,
                report_multiple_bugs=False,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.generate, Phase.shrink] if shrink else [Phase.generate],
            ),
        )
    finally:
        ground.close()


@pytest.mark.row("T-141", "T-160", "T-183")
def test_each_page_is_what_is_owed(database_url: str, backend: str) -> None:
    """Posts, recalls, relays, a feed, members that come and go, and several pollers with any filter, on each database."""
    run(database_url, IN_TEST[backend])


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(
    sqlite_url: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    """The machine is not blind: it finds each of these in fewer sequences than it is run for."""
    caplog.set_level("CRITICAL")
    FAULTS[fault](monkeypatch)
    with pytest.raises((AssertionError, sqlite3.IntegrityError)):
        run(sqlite_url, IN_TEST["sqlite"], shrink=False)


@pytest.mark.torture
def test_each_page_is_what_is_owed_at_length(
    new_database: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The same at random, in batches on fresh databases; INDICATOR_HUB_TEST_SEQUENCES sets how many."""
    done, wanted = 0, int(os.environ.get("INDICATOR_HUB_TEST_SEQUENCES", str(IN_TORTURE)))
    while done < wanted:
        seed = random.SystemRandom().randrange(2**32)
        with capsys.disabled():
            print(f"\n{done} sequences done; the next by the seed {seed}", end="", flush=True)
        run(new_database(), min(BATCH, wanted - done), seed=seed, steps=MANY_STEPS)
        done += BATCH
