"""Budgets of accounts and of addresses: how much, for whom, and what is answered beyond."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicator_hub.errors import TooMany
from indicator_hub.web import limiter
from indicator_hub.web.limiter import Budgets, Limiter
from support.http import OBJECTS, site
from support.world import indicator


class Clock:
    """Seconds, as the test says."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        """Now."""
        return self.now


def drawn(budgets: Budgets, key: int | str, tries: int) -> int:
    """How many of so many are given."""
    given = 0
    for _ in range(tries):
        try:
            budgets.draw(key)
        except TooMany:
            continue
        given += 1
    return given


def test_a_burst_and_then_the_rate() -> None:
    """As many at once as the burst, then as many as time brings; each key for itself."""
    clock = Clock()
    budgets = Budgets(2, 5, clock=clock)
    assert drawn(budgets, 1, 20) == 5
    assert drawn(budgets, 2, 20) == 5
    clock.now += 1
    assert drawn(budgets, 1, 20) == 2
    clock.now += 100
    assert drawn(budgets, 1, 20) == 5
    assert budgets.refused == 15 + 15 + 18 + 15


def test_it_says_when() -> None:
    """Who comes again after Retry-After is served."""
    clock = Clock()
    budgets = Budgets(0.1, 3, clock=clock)
    assert drawn(budgets, "a", 3) == 3
    with pytest.raises(TooMany) as refused:
        budgets.draw("a")
    assert refused.value.after == 10
    with pytest.raises(TooMany) as refused:
        budgets.require("a")
    assert refused.value.after == 10
    clock.now += 9.5
    assert drawn(budgets, "a", 1) == 0
    clock.now += 0.5
    assert drawn(budgets, "a", 2) == 1


@given(st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 3)), max_size=80), st.integers(1, 9), st.integers(1, 9))
def test_never_more_than_the_bucket_of_a_textbook(asked: list[tuple[str, float]], rate: int, burst: int) -> None:
    """The same as tokens counted one by one."""
    clock = Clock()
    budgets = Budgets(rate, burst, clock=clock)
    tokens = {"a": (float(burst), clock.now), "b": (float(burst), clock.now)}
    for key, pause in asked:
        clock.now += pause
        left, since = tokens[key]
        left = min(burst, left + (clock.now - since) * rate)
        if abs(left - 1) < 1e-6:  # the two may round otherwise
            continue
        assert drawn(budgets, key, 1) == (left >= 1)
        tokens[key] = (left - (left >= 1), clock.now)


def test_without_a_rate_there_is_no_end() -> None:
    """And nothing is kept."""
    budgets = Budgets(0, 1)
    assert drawn(budgets, 1, 10_000) == 10_000
    assert not len(budgets)


def test_what_is_kept_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """However many addresses come; those that have drawn most are kept."""
    monkeypatch.setattr(limiter, "_KEPT", 100)
    clock = Clock()
    budgets = Budgets(1, 50, clock=clock)
    assert drawn(budgets, "greedy", 60) == 50
    for number in random.Random(1).sample(range(100_000), 1_000):
        budgets.draw(f"address {number}")
        assert len(budgets) <= 101
    assert drawn(budgets, "greedy", 10) == 0
    one = Limiter(guesses=1)
    for number in range(1_000):
        one.right(f"token {number}")
    assert len(one._valid) <= 101


def test_workers_share_it() -> None:
    """Four processes give together what one would."""
    clock = Clock()
    alone, shares = (
        Limiter(rate=8, burst=40, clock=clock),
        [Limiter(rate=8, burst=40, workers=4, clock=clock) for _ in range(4)],
    )
    assert drawn(alone.accounts, 1, 100) == sum(drawn(one.accounts, 1, 100) for one in shares) == 40
    clock.now += 1
    assert drawn(alone.accounts, 1, 100) == sum(drawn(one.accounts, 1, 100) for one in shares) == 8


@pytest.mark.parametrize(
    ("path", "media"),
    [
        (OBJECTS, "application/taxii+json;version=2.1"),
        ("/api/v1/access/", "application/problem+json"),
        ("/exports/alpha/plain/ip.txt", "application/problem+json"),
    ],
)
async def test_an_account_beyond_its_budget(sqlite_url: str, path: str, media: str) -> None:
    """429 with Retry-After, in the shape of the place; other accounts are served, and metrics tell of it."""
    clock = Clock()
    async with site(sqlite_url, limiter=Limiter(rate=1, burst=3, clock=clock), metrics_token="m" * 16) as s:
        assert [(await s.get(path)).status_code for _ in range(4)] == [200, 200, 200, 429]
        refused = await s.get(path)
        assert (refused.status_code, refused.headers["retry-after"]) == (429, "1")
        assert refused.headers["content-type"] == media
        told: dict[str, Any] = refused.json()
        assert told["title"] == "Too many requests."
        assert told.get("http_status", "429") == "429"
        assert (await s.get(path, "bea")).status_code == 200
        clock.now += 1
        assert (await s.get(path)).status_code == 200
        counted = (await s.client.get("/metrics", headers={"authorization": f"Bearer {'m' * 16}"})).text
        assert 'indicator_hub_refused_total{reason="account"} 2\n' in counted


async def test_nothing_is_done_beyond_it(sqlite_url: str) -> None:
    """A POST that is refused stores nothing."""
    clock = Clock()
    async with site(sqlite_url, limiter=Limiter(rate=1, burst=1, clock=clock)) as s:
        assert (await s.post(indicator(1))).status_code == 202
        assert (await s.post(indicator(2))).status_code == 429
        clock.now += 60
        assert [one["id"] for one in (await s.get(OBJECTS)).json()["objects"]] == [indicator(1)["id"]]


async def test_guessing_is_bounded_and_shuts_nobody_out(sqlite_url: str) -> None:
    """So many wrong credentials from an address, then not one more is looked up, a right one neither; who has been seen to be right comes in."""
    clock = Clock()
    async with site(sqlite_url, limiter=Limiter(guesses=0.1, clock=clock)) as s:
        assert (await s.get(OBJECTS, "ana")).status_code == 200
        wrong = {"authorization": "Bearer wrong", "accept": "application/taxii+json;version=2.1"}
        assert [(await s.client.get(OBJECTS, headers=wrong)).status_code for _ in range(4)] == [401, 401, 429, 429]
        assert (await s.get(OBJECTS, "ana")).status_code == 200
        never_seen = await s.get(OBJECTS, "bea")
        assert (never_seen.status_code, never_seen.headers["retry-after"]) == (429, "10")
        clock.now += 10
        assert (await s.get(OBJECTS, "bea")).status_code == 200


async def test_who_shows_none_is_one_address(sqlite_url: str) -> None:
    """In `public`, where nobody need show anything; asking for what needs a credential is no guess."""
    clock = Clock()
    async with site(sqlite_url, limiter=Limiter(rate=1, burst=2, guesses=0.1, clock=clock)) as s:
        assert [(await s.get("/taxii2/public/", None)).status_code for _ in range(3)] == [200, 200, 429]
        assert {(await s.get(OBJECTS, None)).status_code for _ in range(5)} == {401}
        assert (await s.get(OBJECTS, "ana")).status_code == 200
