"""Where a reader's own rows end a page: those that are not shown are not counted, or rows of others would be left out for ever."""

from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import pytest

from indicator_hub.sharing.recall import recall
from indicator_hub.sharing.submit import submit
from indicator_hub.store import entries
from indicator_hub.taxii.page import Joined
from indicator_hub.taxii.query import ALL, Filters, Query, Resource, parse
from support.world import World, envelope, indicator, world

QUESTIONS = (
    "",
    "match[version]=all",
    "match[version]=first",
    "match[version]=first,last",
    "match[version]=2026-11-20T00:00:00Z",
    "match[version]=2026-11-20T00:00:00Z,last",
    *(f"match[spec_version]={which}" for which in ("2.0", "2.1", "2.0,2.1")),
    *(f"match[type]={which}" for which in ("indicator", "mutex")),
    "match[version]=all&match[spec_version]=2.0&match[type]=indicator",
)
FIRST, SECOND = "2026-11-20T00:00:00.000Z", "2026-11-21T00:00:00.000Z"
FEW = 5


def _many(first: int, **changes: Any) -> list[dict[str, Any]]:
    return [indicator(number, **changes) for number in range(first, first + FEW)]


def _old(one: Mapping[str, Any]) -> dict[str, Any]:
    left = {name: value for name, value in one.items() if name not in ("spec_version", "pattern_type")}
    return left | {"labels": ["malicious-activity"]}


def _mutexes(name: str) -> list[dict[str, Any]]:
    return [
        {"type": "mutex", "spec_version": "2.1", "id": one["id"].replace("indicator", "mutex"), "name": name}
        for one in _many(0)
    ]


def _hidden_by_renderings() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    yield "ana", [_old(one) for one in _many(0)]
    yield "bea", _many(20)
    yield "ana", _many(0)


def _hidden_by_versions() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    yield "ana", _many(0, modified=FIRST)
    yield "bea", _many(20, modified=FIRST)
    yield "ana", _many(0, modified=SECOND)


def _hidden_from_some() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    yield "ana", _many(0, modified=FIRST, tlp="GREEN")
    yield "bea", _many(20)
    yield "ana", _many(0, modified=SECOND, tlp="AMBER")


def _hidden_by_others() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    yield "bea", _mutexes("bea says so")
    yield "ana", _mutexes("ana says so")
    yield "bea", _many(20)
    yield "ana", _many(30)


def _of_another_type() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    yield "ana", _many(0)
    yield "bea", _mutexes("bea says so")
    yield "ana", _many(30)


WORLDS = (_hidden_by_renderings, _hidden_by_versions, _hidden_from_some, _hidden_by_others, _of_another_type)

UNANSWERED = {
    *product(
        ("_hidden_by_versions", "_hidden_from_some", "_hidden_by_others", "_of_another_type"),
        ("match[spec_version]=2.0", "match[version]=all&match[spec_version]=2.0&match[type]=indicator"),
    ),
    *product(
        ("_hidden_by_renderings", "_hidden_by_others", "_of_another_type"), ("match[version]=2026-11-20T00:00:00Z",)
    ),
    *product(("_hidden_by_renderings", "_hidden_by_versions", "_hidden_from_some"), ("match[type]=mutex",)),
}
"""What is asked for and not there: anything else has an answer."""


async def _filled(w: World, sent: Iterator[tuple[str, list[dict[str, Any]]]]) -> None:
    """With own rows behind it of which some are taken back, and at the end what others shared."""
    for account, objects in (*sent, ("ana", _many(90)), ("bea", _many(60))):
        status = await submit(w.store, await w.caller(account), await w.reach(account), envelope(*objects))
        assert not any(one.failed for one in status.details), status
        if objects == _many(90):
            for one in objects[:3]:
                every = Filters(keywords=frozenset((ALL,)))
                await recall(w.store, await w.caller("ana"), await w.reach("ana"), one["id"], every, "other")


@pytest.mark.parametrize("sent", WORLDS, ids=lambda one: one.__name__.removeprefix("_"))
async def test_small_pages_are_the_whole_in_parts(database_url: str, sent: Any) -> None:
    """By pages of any size, from any cursor, by any question: what one page of everything gives, and `more` as long as there is some."""
    async with world(database_url) as w:
        await _filled(w, sent())
        reach = await w.reach("ana")
        for text in QUESTIONS:
            filters = parse(text, Resource.OBJECTS).filters
            whole = (await entries.page(w.store, reach, Query(-1, 1_000, filters), bodies=False)).entries
            dates = [one.date_added for one in whole]
            assert bool(dates) != ((sent.__name__, text) in UNANSWERED), text
            for limit, start in product((1, 2, 3, 7), (0, len(dates) // 3)):
                after, left = ([-1, *dates][start]), dates[start:]
                while left:
                    asked = Query(after, limit, filters)
                    page = await entries.page(w.store, reach, asked, bodies=True)
                    given = [one.date_added for one in page.entries]
                    assert (given, page.more) == (left[:limit], len(left) > limit), (text, limit, after)
                    joined = await entries.joined_page(w.store, reach, asked, named=True)
                    assert joined == Joined.of(page, lines=True), (text, limit, after)
                    after, left = given[-1], left[limit:]
