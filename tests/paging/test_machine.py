"""Paging as a theorem: whatever is done in whatever order, each page is exactly what its reader is owed, and in the end nobody lacks anything."""

import os
import random
from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from paging.machine import Ground, Paging

IN_TEST, IN_TORTURE = 150, 25_000
"""Sequences on each database."""
STEPS = 10
BATCH = 300


def run(ground: Ground, sequences: int, *, seed: int | None = None, steps: int = STEPS) -> None:
    """So many sequences on this hub."""
    machine = type("Sequences", (Paging,), {"ground": ground})
    if seed is not None:
        machine._hypothesis_internal_use_seed = seed
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=sequences, stateful_step_count=steps, deadline=None, derandomize=seed is None, database=None, report_multiple_bugs=False,
            suppress_health_check=list(HealthCheck), phases=[Phase.generate],
        ),
    )  # fmt: skip


def test_each_page_is_what_is_owed(database_url: str) -> None:
    """Posts, recalls, relays, changing members, and several pollers with any filter, on each database."""
    ground = Ground(database_url)
    try:
        run(ground, IN_TEST)
    finally:
        ground.close()


async def _nothing(*_: object, **__: object) -> None:
    """Leave `superseded` as it is."""


FAULTS: dict[str, tuple[str, Callable[..., object]]] = {
    "what a recall uncovers keeps its date": ("uncovered", lambda *_: []),
    "superseded is never worked out": ("refresh_superseded", _nothing),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_planted_fault_is_found(sqlite_url: str, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """The machine is not blind."""
    name, broken = FAULTS[fault]
    monkeypatch.setattr(f"indicator_hub.store.entries.{name}", broken)
    ground = Ground(sqlite_url)
    try:
        with pytest.raises(AssertionError):
            run(ground, IN_TEST)
    finally:
        ground.close()


@pytest.mark.torture
def test_each_page_is_what_is_owed_at_length(new_database: Callable[[], str]) -> None:
    """The same at random, in batches on fresh databases; INDICATOR_HUB_TEST_SEQUENCES sets how many."""
    done, wanted = 0, int(os.environ.get("INDICATOR_HUB_TEST_SEQUENCES", str(IN_TORTURE)))
    while done < wanted:
        seed = random.SystemRandom().randrange(2**32)
        print(f"{done} sequences done; the next {BATCH} by the seed {seed}", flush=True)
        ground = Ground(new_database())
        try:
            run(ground, BATCH, seed=seed, steps=2 * STEPS)
        finally:
            ground.close()
        done += BATCH
