"""Order, pages and their dates (sections 3.2, 3.3, 3.5)."""

import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from conformance.asking import ONE, PAGES, filled, version
from support.http import MANIFEST, OBJECTS, Site, site
from support.world import indicator

MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z")
FIRST, LAST = "x-taxii-date-added-first", "x-taxii-date-added-last"


async def pages(
    s: Site, path: str, *, by: str, limit: int, query: str = "", account: str = "ana"
) -> AsyncIterator[tuple[dict[str, Any], str, str]]:
    """A walk by `next`, or by the date of the last object; each page with its dates."""
    going: str | None = ""
    while going is not None:
        answer = await s.get(f"{path}?limit={limit}{query}{going}", account)
        assert answer.status_code == 200, answer.content
        page = answer.json()
        yield page, answer.headers.get(FIRST, ""), answer.headers.get(LAST, "")
        more = page.get("more", False)
        assert ("next" in page) == more
        going = (
            None if not more else f"&next={page['next']}" if by == "next" else f"&added_after={answer.headers[LAST]}"
        )


@pytest.mark.row(
    "T-100", "T-102", "T-127", "T-141", "T-180", "T-181", "T-182", "T-183", "T-188", "T-200", "T-201", "I-040", "I-041"
)
@pytest.mark.parametrize("by", ["next", "date"])
async def test_a_long_walk(database_url: str, by: str) -> None:
    """A thousand objects of one envelope in tens of a hundred, ascending, each once; the last page knows that it is."""
    made = [indicator(number, tlp="GREEN") for number in range(1_000)]
    async with site(database_url) as s:
        assert (await s.post(*made)).json()["success_count"] == 1_000
        found: list[str] = []
        number = 0
        async for page, *_ in pages(s, OBJECTS, by=by, limit=100):
            assert set(page) <= {"more", "next", "objects"}
            found += [one["id"] for one in page["objects"]]
            number += 1
        assert (number, found) == (10, [one["id"] for one in made])
        dates = [
            record["date_added"]
            async for page, *_ in pages(s, MANIFEST, by=by, limit=300)
            for record in page["objects"]
        ]
        assert dates == sorted(set(dates))


@pytest.mark.row(
    "T-090", "T-091", "T-092", "T-093", "T-094", "T-103", "T-334", "T-076", "I-015", "I-016", "I-018", "I-020"
)
@pytest.mark.parametrize("limit", [1, 2, 1_000])
async def test_dates_of_every_page(database_url: str, limit: int) -> None:
    """The headers are the dates of the first and last object of this page, on all four resources, and agree with the manifest."""
    async with site(database_url) as s:
        await s.post(*[version(1, day) for day in (3, 1, 2)], version(2, 1))
        records = (await s.get(f"{MANIFEST}?match[version]=all")).json()["objects"]
        assert all(MOMENT.fullmatch(record["date_added"]) for record in records)
        mine = [record for record in records if record["id"] == ONE]
        for path, listed in (
            (OBJECTS, records),
            (MANIFEST, records),
            (f"{OBJECTS}{ONE}/", mine),
            (f"{OBJECTS}{ONE}/versions/", mine),
        ):
            at = 0
            async for page, first, last in pages(s, path, by="next", limit=limit, query="&match[version]=all"):
                size = len(page.get("objects", page.get("versions", [])))
                assert (first, last) == (listed[at]["date_added"], listed[at + size - 1]["date_added"])
                if "versions" in page:
                    assert page["versions"] == [record["version"] for record in listed[at : at + size]]
                at += size
            assert at == len(listed)


@pytest.mark.row("T-095", "T-096", "T-274", "I-017")
async def test_where_there_are_no_dates(sqlite_url: str) -> None:
    """Not with an empty page, and on no other resource."""
    async with site(sqlite_url) as s:
        for path in (OBJECTS, MANIFEST):
            answer = await s.get(path)
            assert (answer.status_code, answer.json()) == (200, {})
            assert not {FIRST, LAST} & set(answer.headers)
        paths = await filled(s)
        answers = [await s.get(path) for name, path in paths.items() if name not in PAGES]
        answers += [
            await s.post(indicator(2)),
            await s.get(f"{OBJECTS}?limit=0"),
            await s.get("/taxii2/nowhere/"),
            await s.delete(paths["object"]),
        ]
        assert not any({FIRST, LAST} & set(answer.headers) for answer in answers)


@pytest.mark.row("T-184", "T-185", "T-186", "T-187", "T-147", "T-144", "I-042")
@pytest.mark.parametrize("by", ["next", "date"])
async def test_a_walk_while_others_write(database_url: str, by: str) -> None:
    """What was there throughout comes once; what is deleted does not come; what is added, or newly versioned, comes at the end."""
    async with site(database_url) as s:
        await s.post(*[version(number, 1) for number in range(20)])
        walk = pages(s, OBJECTS, by=by, limit=4)
        found = [one["id"] for one in (await anext(walk))[0]["objects"]]
        for number in (3, 4, 9):  # the row that the token stands on, the next one, a later one
            assert (await s.delete(f"{OBJECTS}{indicator(number)['id']}/")).status_code == 200
        await s.post(version(0, 2), version(12, 2), version(30, 1))
        found += [one["id"] async for page, *_ in walk for one in page["objects"]]
        stayed = [number for number in range(20) if number not in (4, 9, 12)]
        assert found == [indicator(number)["id"] for number in [*stayed, 0, 12, 30]]


@pytest.mark.row("T-140", "T-144", "T-145", "T-146")
async def test_what_a_token_carries(sqlite_url: str) -> None:
    """The query itself: filters left out come with it, a limit may change, other filters begin anew, a later date counts."""
    async with site(sqlite_url) as s:
        await s.post(*[version(number, day) for number in range(6) for day in (1, 2)])
        page = (await s.get(f"{OBJECTS}?limit=2&match[version]=all&match[type]=indicator")).json()
        token = page["next"]
        assert re.fullmatch(r"[A-Za-z0-9_-]+", token)
        rest = [version(number, day) for number in range(1, 6) for day in (1, 2)]
        for query in (
            "",
            "&match[version]=all&match[type]=indicator",
            "&limit=10",
            "&limit=10&match[type]=indicator&match[version]=all",
        ):
            found = (await s.get(f"{OBJECTS}?next={token}{query}")).json()["objects"]
            assert found == rest
        other = (await s.get(f"{OBJECTS}?next={token}&match[version]=last")).json()["objects"]
        assert other == [version(number, 2) for number in range(6)]
        third = (await s.get(f"{MANIFEST}?match[version]=all")).json()["objects"][2]["date_added"]
        assert (await s.get(f"{OBJECTS}?next={token}&added_after={third}")).json()["objects"] == rest[1:]
        first = (await s.get(f"{MANIFEST}?match[version]=all")).json()["objects"][0]["date_added"]
        assert (await s.get(f"{OBJECTS}?next={token}&added_after={first}")).json()["objects"] == rest
        for broken in (token[:-1], token + "A", token[1:], "A" + token[1:], token.swapcase(), token + "="):
            assert (await s.get(f"{OBJECTS}?next={broken}")).status_code == 400
