"""The published cases of the trust model, decided by the hub's own deeds and its SQL, on both databases."""

from collections.abc import AsyncIterator

import pytest

from cases.building import BUILT, Built, Case, build, prepare
from cases.vectors import names, vectors


@pytest.fixture
async def built(database_url: str) -> AsyncIterator[tuple[Built, list[Case]]]:
    """The world with everything that happened in it."""
    v = vectors()
    cases = [prepare(v, told) for told in v.cases]
    world = await build(database_url, v, cases)
    yield world, cases
    await world.store.close()


async def test_every_trust_case(built: tuple[Built, list[Case]]) -> None:
    """Each is decided as the file says, at the file's time; deeds that change something come after those that only look."""
    world, cases = built
    known = {*world.tokens, "anonymous"}
    decided = [case for case in cases if case.told["action"] in BUILT and case.told["subject"] in known]
    found: dict[str, str] = {}
    for case in sorted(decided, key=lambda case: case.told["action"] != "read"):
        found[case.told["id"]] = await world.verdict(case)
    assert found == {case.told["id"]: case.told["expect"] for case in decided}


def test_trust_case_names_are_distinct() -> None:
    """No case hides another."""
    assert len(set(names())) == len(names())
