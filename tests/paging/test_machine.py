"""Paging as a theorem: whatever is done in whatever order, each page is exactly what its reader is owed, and in the end nobody lacks anything."""

import os
import random
from collections.abc import Callable, Iterator

import aiosqlite
import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from paging.hub import Ground
from paging.machine import Paging

IN_TEST, IN_TORTURE = 150, 25_000
"""Sequences on each database."""
STEPS = 15
BATCH = 1_000


def run(ground: Ground, sequences: int, *, seed: int | None = None, steps: int = STEPS, shrink: bool = True) -> None:
    """So many sequences on this hub."""
    machine = type("Sequences", (Paging,), {"ground": ground, "_hypothesis_internal_use_seed": seed})
    phases = [Phase.generate, Phase.shrink] if shrink else [Phase.generate]
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=sequences, stateful_step_count=steps, deadline=None, derandomize=seed is None, database=None,
            report_multiple_bugs=False, suppress_health_check=list(HealthCheck), phases=phases,
        ),
    )  # fmt: skip


@pytest.fixture
def in_this_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite is asked in this thread: a sequence waits for every deed anyway, and half of its time would go into handing over."""

    async def execute(_: aiosqlite.Connection, deed: Callable[..., object], *given: object, **named: object) -> object:
        return deed(*given, **named)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", execute)


@pytest.fixture
def ground(database_url: str, in_this_thread: None) -> Iterator[Ground]:
    made = Ground(database_url)
    yield made
    made.close()


def test_each_page_is_what_is_owed(ground: Ground) -> None:
    """Posts, recalls, relays, changing members, and several pollers with any filter, on each database."""
    run(ground, IN_TEST)


@pytest.mark.torture
def test_each_page_is_what_is_owed_at_length(
    new_database: Callable[[], str], in_this_thread: None, capsys: pytest.CaptureFixture[str]
) -> None:
    """The same at random, in batches on fresh databases; INDICATOR_HUB_TEST_SEQUENCES sets how many."""
    done, wanted = 0, int(os.environ.get("INDICATOR_HUB_TEST_SEQUENCES", str(IN_TORTURE)))
    while done < wanted:
        seed = random.SystemRandom().randrange(2**32)
        with capsys.disabled():
            print(f"\n{done} sequences done; the next by the seed {seed}", end="", flush=True)
        ground = Ground(new_database())
        try:
            run(ground, min(BATCH, wanted - done), seed=seed, steps=25)
        finally:
            ground.close()
        done += BATCH
