"""What is served is what the pure twin says, on both databases, in cases made by chance.

A case is a collection in some state and one who asks for it. Whoever is not let in at all is given nothing; of everybody else each
question is answered by the SQL of a page exactly as by `taxii/selection.given`.
"""

import asyncio
import os
import random
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice, product
from typing import NamedTuple

import aiosqlite
import pytest

from indicator_hub.errors import NotFound
from indicator_hub.sharing.authenticate import Identified
from indicator_hub.store import entries
from indicator_hub.taxii.page import Joined
from indicator_hub.taxii.query import Filters, Query, Resource, parse
from indicator_hub.taxii.selection import Placed, given
from indicator_hub.trust.reach import Reach
from store import planted
from store.readers import asker, terms
from store.worlds import IDS, TYPES, VERSIONS, World
from support.world import world

IN_TEST, IN_TORTURE = 500, 100_000
"""Cases on each database."""
SEED = 2
"""Of the cases in `make test`."""
BATCH = 2_000
"""So many cases in a fresh database."""
STATES, ASKERS, QUESTIONS = 5, 4, 4
"""A collection is looked at so often, by so many each time, who ask so much."""
_V1, _V2, _V3 = "2026-11-01T00:00:00Z", "2026-11-02T00:00:00.5000Z", VERSIONS[2]
"""Spelt otherwise than in the objects, or not."""
MATCHES = (
    "",
    "last",
    "first",
    "all",
    _V1,
    f"{_V2},{_V3}",
    "first,last",
    f"{_V2},last",
    f"first,{_V3}",
    f"last,{_V1},first",
)
SPECIFICATIONS = ("", "2.0", "2.1", "2.0,2.1")
DIFFERS = "not what the twin says:"
WRITERS = ("ana", "bea", "gus")


class Question(NamedTuple):
    """One query as it is sent, and what it is made of."""

    match: str
    spec_version: str
    text: str
    filters: Filters


DEFAULT = Question("", "", "", Filters())
"""What an ordinary poll asks, and every case."""


@pytest.fixture(autouse=True)
def in_this_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """SQLite is asked in this thread: a case waits for every answer anyway, and half of its time would go into handing over."""

    async def execute(
        _: aiosqlite.Connection, deed: Callable[..., object], *arguments: object, **named: object
    ) -> object:
        return deed(*arguments, **named)

    async def here(deed: Callable[..., object], *arguments: object) -> object:
        return deed(*arguments)

    monkeypatch.setattr(aiosqlite.Connection, "_execute", execute)
    monkeypatch.setattr(asyncio, "to_thread", here)


def questions(chance: random.Random) -> Iterator[Question]:
    """Without end: every value of match[version] with every one of match[spec_version], in turn; ids and types as it comes."""
    ways = list(product(MATCHES, SPECIFICATIONS))
    while True:
        chance.shuffle(ways)
        for match, spec_version in ways:
            parts = [
                f"match[{name}]={value}"
                for name, value in (("version", match), ("spec_version", spec_version))
                if value
            ]
            if chance.random() < 0.3:
                parts.append(f"match[id]={','.join(chance.sample(IDS, chance.randint(1, len(IDS))))}")
            if chance.random() < 0.3:
                kinds = sorted(set(TYPES))
                parts.append(f"match[type]={','.join(chance.sample(kinds, chance.randint(1, len(kinds))))}")
            text = "&".join(parts)
            yield Question(match, spec_version, text, parse(text, Resource.OBJECTS).filters)


async def compare(there: World, reach: Reach, question: Question, after: int) -> list[Placed]:
    """The page, or the list without bodies, and sometimes page by page: what the twin says. Returns that."""
    store, filters, chance = there.store, question.filters, there.chance
    owed = [one for versions in there.versions.values() for one in given(reach, filters, versions, after=after)]
    owed.sort(key=lambda one: one.date_added)
    bodies = chance.random() < 0.5
    page = await entries.page(store, reach, Query(after, 1_000, filters), bodies=bodies)
    served = [(one.date_added, one.id, one.spec_version, one.body) for one in page.entries]
    said = [
        (one.date_added, one.stix_id, one.spec_version, there.sent[one.first_added].raw if bodies else b"")
        for one in owed
    ]
    assert (served, page.more) == (said, False), f"{DIFFERS} {question.text} after {after}, {reach}"
    if bodies:
        joined = await entries.joined_page(store, reach, Query(after, 1_000, filters), named=True)
        assert joined == Joined.of(page, lines=True), f"{DIFFERS} {question.text} joined after {after}, {reach}"
    if len(owed) > 1 and chance.random() < 0.3:
        dates, limit = [one.date_added for one in owed], chance.randint(1, 3)
        while dates:
            page = await entries.page(store, reach, Query(after, limit, filters), bodies=not bodies)
            served = [one.date_added for one in page.entries]
            said = dates[:limit], len(dates) > limit
            assert (served, page.more) == said, f"{DIFFERS} {question.text} by {limit} after {after}, {reach}"
            if not bodies:
                joined = await entries.joined_page(store, reach, Query(after, limit, filters), named=True)
                assert joined == Joined.of(page, lines=True), (
                    f"{DIFFERS} {question.text} joined by {limit} after {after}"
                )
            after, dates = dates[:limit][-1], dates[limit:]
    return owed


async def run(url: str, cases: int, seed: object) -> Counter[str]:
    """So many cases, always the same ones for one seed. Returns how many there were of what, and of each way to ask those with an answer."""
    chance = random.Random(str(seed))
    asking, seen = questions(chance), Counter[str]()
    async with world(url) as w:
        writers = [await w.reach(name) for name in WRITERS]
        organisations = [one.organisation_id for one in writers] + [99] * len(writers)
        while seen["cases"] < cases:
            there = await World.begin(w.store, chance, writers)
            for _ in range(STATES):
                await there.go_on()
                for _ in range(ASKERS):
                    seen["cases"] += 1
                    one = asker(chance, there.key, organisations, list(there.placed))
                    reach = one.reach
                    assert (reach is not None) == one.is_there, one
                    assert reach is None or terms(reach) == one.terms, one
                    if reach is None:  # without one there is nothing to read with
                        with pytest.raises(NotFound):
                            Identified(one.account, reach).require_reach()
                        continue
                    await ask(there, reach, asking, seen)
    return seen


async def ask(there: World, reach: Reach, asking: Iterator[Question], seen: Counter[str]) -> None:
    """What one case asks."""
    chance = there.chance
    seen["readers"] += 1
    for question in (DEFAULT, *islice(asking, QUESTIONS)):
        after = chance.choice(there.dates) if chance.random() < 0.3 else -1
        if await compare(there, reach, question, after):
            seen[f"{question.match} {question.spec_version}"] += 1
    name = chance.choice(IDS)
    everything = parse("match[version]=all&match[spec_version]=2.0,2.1", Resource.OBJECTS).filters
    versions = there.versions.get(name, [])
    owed = {one.entry for one in given(reach, everything, versions)}
    assert await entries.is_visible(there.store, reach, name) == bool(owed), f"{DIFFERS} {name}, {reach}"
    if chance.random() < 0.2:
        async with there.store.transactions.read() as tx:
            known = (await entries.lines(tx, there.key, [name])).get(name, [])
            assert {one.entry for one in await entries.shown(tx, reach, name, known)} == owed, (
                f"{DIFFERS} {name}, {reach}"
            )


async def test_what_is_served_is_what_the_twin_says(database_url: str) -> None:
    """Rosters, moments, objects, marks, versions and dates by chance; every value of match[version] and match[spec_version]."""
    seen = await run(database_url, IN_TEST, SEED)
    assert seen["readers"] > 0.6 * IN_TEST
    assert seen["cases"] - seen["readers"] > 0.1 * IN_TEST
    assert all(seen[f"{match} {spec}"] >= 5 for match, spec in product(MATCHES, SPECIFICATIONS)), seen


@pytest.mark.parametrize("fault", planted.FAULTS)
async def test_a_planted_fault_is_found(sqlite_url: str, monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    """The cases are not blind: each of these is found within those that are run."""
    planted.FAULTS[fault](monkeypatch)
    with pytest.raises(AssertionError, match=DIFFERS):
        await run(sqlite_url, IN_TEST, SEED)


@pytest.mark.torture
def test_what_is_served_is_what_the_twin_says_at_length(
    new_database: Callable[[], str], capsys: pytest.CaptureFixture[str]
) -> None:
    """The same at random, in batches on fresh databases; INDICATOR_HUB_TEST_CASES sets how many."""
    done, wanted = 0, int(os.environ.get("INDICATOR_HUB_TEST_CASES", str(IN_TORTURE)))
    while done < wanted:
        seed = random.SystemRandom().randrange(2**32)
        with capsys.disabled():
            print(f"\n{done} cases done; the next by the seed {seed}", end="", flush=True)
        done += asyncio.run(run(new_database(), min(BATCH, wanted - done), seed))["cases"]
