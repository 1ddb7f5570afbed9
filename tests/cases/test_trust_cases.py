"""The published cases of the trust model, decided three ways: by the pure functions alone, by the hub's SQL, and over HTTP."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cases.asking import over_http
from cases.building import Built, build
from cases.steps import Case, prepare
from cases.twin import Twin
from cases.vectors import Vectors, files, vectors
from cases.verdicts import ABSENT, verdict
from support.live import Hub


@pytest.fixture(params=files(), ids=lambda path: path.stem)
def asked(request: pytest.FixtureRequest) -> tuple[Vectors, list[Case]]:
    """The file's world and its cases: the shared one, and another of our own that is always there."""
    v = vectors(request.param)
    cases = [prepare(v, told) for told in v.cases]
    assert len({case.id for case in cases}) == len(cases), "two cases have one name"
    return v, cases


@pytest.fixture
async def built(asked: tuple[Vectors, list[Case]], database_url: str, tmp_path: Path) -> AsyncIterator[Built]:
    """The world with everything that happened in it, at the file's time."""
    v, cases = asked
    world = await build(database_url, v, cases, tmp_path / "now")
    yield world
    await world.store.close()


def require(cases: list[Case], found: dict[str, str]) -> None:
    """Each as the file says; what is wrong is told case by case."""
    wrong = [
        f"{case.id}: {case.told['expect']} expected, {found[case.id]} found ({case.told['why']})"
        for case in cases
        if found[case.id] != case.told["expect"]
    ]
    assert not wrong, "\n".join(["", *wrong])


def in_order(cases: list[Case]) -> list[Case]:
    """Those that only look, before those that change something."""
    return sorted(cases, key=lambda case: case.told["action"] not in ("read", "own", "evidence"))


def test_every_trust_case_by_the_twin(asked: tuple[Vectors, list[Case]]) -> None:
    """The pure functions alone."""
    v, cases = asked
    twin = Twin(v)
    twin.build(cases)
    require(cases, {case.id: twin.verdict(case) for case in in_order(cases)})


async def test_every_trust_case_by_the_store(built: Built, asked: tuple[Vectors, list[Case]]) -> None:
    """The deeds and their SQL, on both databases."""
    require(asked[1], {case.id: await verdict(built, case) for case in in_order(asked[1])})


async def test_every_trust_case_over_http(
    built: Built, asked: tuple[Vectors, list[Case]], database_url: str, tmp_path: Path
) -> None:
    """A hub in a process of its own, at the file's time: what it answers, with which status, and what its lists hold."""
    v, cases = asked
    asked_of = [case for case in in_order(cases) if v.kind(case.told["subject"]) != "feed"]  # a feed speaks no HTTP
    with Hub(database_url, tmp_path / "data", testing=1, clock_file=built.clock.path) as hub:
        answers = {case.id: over_http(v, case, hub.url, built.tokens) for case in asked_of}
    wrong: list[str] = []
    for case in asked_of:
        status, outcome = answers[case.id]
        wanted = case.told["http"], ABSENT.get(case.told["expect"], case.told["expect"])
        if (status, outcome) != wanted:
            wrong.append(f"{case.id}: {wanted} expected, {(status, outcome)} found ({case.told['why']})")
    assert not wrong, "\n".join(["", *wrong])
