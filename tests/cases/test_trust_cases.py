"""The published cases of the trust model, decided by the hub's own deeds and its SQL, on both databases."""

from collections.abc import AsyncIterator

import pytest

from cases.building import BUILT, Built, Case, build, prepare
from cases.vectors import vectors


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
    assert len(found) == len(decided), "two cases have one name"
    assert found == {case.told["id"]: case.told["expect"] for case in decided}


def test_trust_cases_without_a_deed() -> None:
    """Said aloud: what is not decided here."""
    v = vectors()
    silent = {name for name, one in v.world["accounts"].items() if one["kind"] == "feed" or one.get("operator")}
    left = [case["id"] for case in v.cases if case["action"] not in BUILT or case["subject"] in silent]
    if left:
        pytest.skip(f"there is no deed yet for {', '.join(left)}")
