"""The visibility predicate against its pure twin, on both databases, in worlds made by chance (the same ones every time)."""

import random
from collections.abc import Iterable
from dataclasses import dataclass, replace

import pytest

from indicator_hub.stix.objects import ObjectVersion, accept
from indicator_hub.stix.reader import read
from indicator_hub.store import entries
from indicator_hub.store.entries import Addition
from indicator_hub.store.opened import Store
from indicator_hub.taxii.query import Filters, Query
from indicator_hub.trust.admission import Recalled
from indicator_hub.trust.audience import Audience, Ruling
from indicator_hub.trust.reach import Reach, sees
from support.world import envelope, indicator, world

AUDIENCES = (
    [Audience(floor) for floor in range(5)]
    + [Audience(floor, persons_only=True) for floor in (2, 3)]
    + [Audience(0, nations=frozenset(nations)) for nations in ((), ("XA",), ("XB",), ("XA", "XB"), ("XC", "XD"))]
    + [Audience(9)]
)
WORLDS = 25


@dataclass
class Planted:
    """An entry as it was put into the database."""

    id: str
    version: int
    organisation: int
    audience: Audience
    date_added: int
    line_order: int
    spec: str = "2.1"
    recalled: bool = False


def _version(number: int, version: int, spec: str) -> ObjectVersion:
    old = {"spec_version": None, "pattern_type": None, "labels": ["x"]} if spec == "2.0" else {}
    made = accept(read(envelope(indicator(number, modified=f"2026-11-0{version}T00:00:00.000Z", **old)))[0])
    assert isinstance(made, ObjectVersion)
    return made


async def _plant(store: Store, reaches: list[Reach], chance: random.Random, base: int) -> tuple[list[Planted], int]:
    """Lines of a few ids from three organisations, in any order, some recalled. Returns them, and the clock before."""
    choices = [
        (number, reach, version, chance.choice(("2.0", "2.1", "2.1")))
        for number in range(4)
        for reach in reaches
        for version in (1, 2, 3, 4)
        if chance.random() < 0.4
    ]
    chance.shuffle(choices)
    creator = {number: chance.choice([*reaches, None]) for number in range(4)}
    planted: list[Planted] = []
    async with store.transactions.begin() as tx:
        before = last = await entries.lock(tx, reaches[0].key)
        for number, reach, version, spec in choices:
            audience = chance.choice(AUDIENCES)
            candidate = _version(base + number, version, spec)
            line = [one for one in planted if (one.id, one.organisation) == (candidate.id, reach.organisation_id)]
            one = Addition(
                candidate, Ruling(audience, None), line[0].line_order if line else None, creator[number] is reach
            )
            _, last = await entries.add(tx, reach, [one], status_id="s", last=last, now=0)
            order = line[0].line_order if line else 0 if creator[number] is reach else last
            planted.append(Planted(candidate.id, version, reach.organisation_id, audience, last, order, spec))
        ids = {one.id for one in planted}
        for versions in (await entries.lines(tx, reaches[0].key, ids)).values():
            taken = [one for one in versions if chance.random() < 0.15]
            await entries.recall(tx, taken, Recalled.BY_ORIGINATOR, now=last)
            gone = {one.first_added for one in taken}
            for one in planted:
                one.recalled = one.recalled or one.date_added in gone
        await entries.refresh_superseded(tx, reaches[0].key, ids)
    return planted, before


def _given(reach: Reach, planted: Iterable[Planted], keyword: str) -> list[int]:
    """What the model says a reader is given: of each id one line, of that line the versions asked for."""
    seen = [
        one
        for one in planted
        if sees(
            reach,
            audience=one.audience,
            organisation_id=one.organisation,
            first_added=one.date_added,
            recalled=one.recalled,
        )
    ]
    shown = {one.id: min(_rank(other) for other in seen if other.id == one.id) for one in seen}
    line = [one for one in seen if _rank(one) == shown[one.id]]
    newest = {one.id: max(other.spec for other in line if other.id == one.id) for one in line}
    line = [one for one in line if one.spec == newest[one.id]]
    if keyword == "last":
        line = [one for one in line if one.version == max(o.version for o in line if o.id == one.id)]
    if keyword == "first":
        line = [one for one in line if one.version == min(o.version for o in line if o.id == one.id)]
    return sorted(one.date_added for one in line)


def _rank(one: Planted) -> tuple[int, int]:
    return one.line_order, one.organisation


@pytest.mark.parametrize("keyword", ["last", "all", "first"])
async def test_the_sql_agrees_with_its_twin(database_url: str, keyword: str) -> None:
    """What a reach is given by the database is what the pure functions say, whole, page by page, and by id."""
    chance = random.Random(keyword)
    async with world(database_url, accounts=["ana", "bea", "gus", "dan", "bbot", "bank"]) as w:
        writers = [await w.reach(name) for name in ("ana", "bea", "gus")]
        readers = [await w.reach(name) for name in ("ana", "bea", "gus", "dan", "bbot", "bank")]
        for number in range(WORLDS):
            planted, before = await _plant(w.store, writers, chance, base=10 * number)
            if not planted:
                continue
            reader = chance.choice(readers)
            dates = [one.date_added for one in planted]
            reach = replace(
                reader,
                cap=chance.choice((-1, 0, 1, 2, 3, 4)),
                person=chance.random() < 0.5,
                nation=chance.choice(("XA", "XB", "XC")),
                sees_from=chance.choice((0, 0, *dates)),
            )
            filters = Filters(keywords=frozenset((keyword,)))
            expected = _given(reach, planted, keyword)
            whole = await entries.page(w.store, reach, Query(before, 1000, filters), bodies=True)
            assert [one.date_added for one in whole.entries] == expected
            pages: list[int] = []
            after, more = before, True
            while more:
                page = await entries.page(w.store, reach, Query(after, 3, filters), bodies=False)
                pages += [one.date_added for one in page.entries]
                more, after = page.more, pages[-1] if pages else before
            assert pages == expected
            by_id = replace(filters, ids=tuple({one.id for one in planted}))
            found = await entries.page(w.store, reach, Query(before, 1000, by_id), bodies=False)
            assert [one.date_added for one in found.entries] == expected
