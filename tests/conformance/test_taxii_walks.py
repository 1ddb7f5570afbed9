"""Walks over every paged resource, by `next` and by date, at every page size, while others write and delete (sections 3.2, 3.4, 3.5)."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from conformance.asking import ONE, PAGES, filled, version
from support.http import MANIFEST, OBJECTS, Site, site
from support.world import indicator

FIRST, LAST = "x-taxii-date-added-first", "x-taxii-date-added-last"
PATHS = {
    "objects": OBJECTS,
    "manifest": MANIFEST,
    "object": f"{OBJECTS}{ONE}/",
    "versions": f"{OBJECTS}{ONE}/versions/",
}


def items(page: dict[str, Any]) -> list[Any]:
    """What is on a page: an id and a version, or only a version."""
    if "versions" in page:
        return page["versions"]
    return [(one["id"], one.get("version") or one["modified"]) for one in page.get("objects", [])]


async def walk(
    s: Site, path: str, by: str, sizes: list[int], query: str = "match[version]=all"
) -> AsyncIterator[list[Any]]:
    """Page after page, of these sizes in turn; each is checked against its own flags and dates."""
    going, number, before = "", 0, ""
    while True:
        size = sizes[number % len(sizes)]
        answer = await s.get(f"{path}?{query}&limit={size}{going}")
        page = answer.json()
        found = items(page)
        assert (answer.status_code, len(found) <= size, "next" in page) == (200, True, page.get("more", False))
        assert (FIRST in answer.headers, LAST in answer.headers) == (bool(found), bool(found))
        if found:
            assert before < answer.headers[FIRST] <= answer.headers[LAST]
            assert (answer.headers[FIRST] == answer.headers[LAST]) == (len(found) == 1)
            before = answer.headers[LAST]
        yield found
        if not page.get("more"):
            return
        assert len(found) == size
        going = f"&next={page['next']}" if by == "next" else f"&added_after={before}"
        number += 1


@pytest.mark.row(
    "T-127",
    "T-131",
    "T-134",
    "T-135",
    "T-141",
    "T-144",
    "T-180",
    "T-182",
    "T-183",
    "T-188",
    "T-334",
    "I-036",
    "I-040",
    "I-041",
)
@pytest.mark.parametrize("by", ["next", "date"])
async def test_every_page_size(database_url: str, by: str) -> None:
    """Each version once and in order, on all four resources, whatever the size of the pages, and when it changes on the way."""
    async with site(database_url) as s:
        posted = [*(version(1, day) for day in (4, 2, 6, 1, 3, 5)), version(2, 1), version(3, 1)]
        await s.post(*posted)
        everything = [(one["id"], one["modified"]) for one in posted]
        mine = everything[:6]
        for name, path in PATHS.items():
            expected = {
                "objects": everything,
                "manifest": everything,
                "object": mine,
                "versions": [one for _, one in mine],
            }[name]
            for sizes in ([1], [2], [3], [4], [len(expected)], [len(expected) + 1], [1, 3, 2], [10**15]):
                pages = [page async for page in walk(s, path, by, sizes)]
                assert (name, sizes, [one for page in pages for one in page]) == (name, sizes, expected)
                assert len(sizes) > 1 or len(pages) == max(1, -(-len(expected) // sizes[0]))


@pytest.mark.row("T-147", "T-184", "T-185", "T-186", "T-187", "T-323", "I-042")
@pytest.mark.parametrize("by", ["next", "date"])
async def test_while_others_write(database_url: str, by: str) -> None:
    """What is taken back does not come any more, everything else comes once."""
    async with site(database_url) as s:
        for number, name in enumerate(("manifest", "versions", "object"), 1):
            identifier = indicator(number)["id"]
            path = {
                "manifest": MANIFEST,
                "versions": f"{OBJECTS}{identifier}/versions/",
                "object": f"{OBJECTS}{identifier}/",
            }[name]
            await s.post(*[version(number, day) for day in range(1, 13)])
            pages = walk(s, path, by, [3], f"match[version]=all&match[id]={identifier}")
            found = await anext(pages)
            for day in (3, 4, 8):  # where the cursor stands, right behind it, further on
                which = version(number, day)["modified"]
                assert (await s.delete(f"{OBJECTS}{identifier}/?match[version]={which}")).status_code == 200
            await s.post(version(number, 13), version(number, 14))
            found += await anext(pages)
            assert (await s.delete(f"{OBJECTS}{identifier}/?match[version]=last")).status_code == 200
            await s.post(version(number, 15))
            found += [one async for page in pages for one in page]
            expected = [version(number, day)["modified"] for day in range(1, 16) if day not in (4, 8, 14)]
            # In the order of their dates: whatever follows one that is gone has another, as the first for some reader.
            assert (name, sorted(one if name == "versions" else one[1] for one in found)) == (name, expected)


@pytest.mark.row("T-184", "T-147", "T-096", "T-202", "T-274")
async def test_when_the_rest_is_gone(database_url: str) -> None:
    """`more` was true, and then nothing was left: an empty page, not an error; the walk goes on when something comes."""
    async with site(database_url) as s:
        await s.post(*[version(number, 1) for number in range(4)])
        firsts = {path: (await s.get(f"{path}?limit=2")).json() for path in (OBJECTS, MANIFEST)}
        for number in (1, 2, 3):
            await s.delete(f"{OBJECTS}{indicator(number)['id']}/")
        for path, first in firsts.items():
            for _ in range(2):
                rest = await s.get(f"{path}?limit=2&next={first['next']}")
                assert (path, rest.status_code, rest.json(), FIRST in rest.headers) == (path, 200, {}, False)
        await s.post(version(7, 1))
        for path, first in firsts.items():
            found = (await s.get(f"{path}?next={first['next']}")).json()
            assert [one["id"] for one in found["objects"]] == [indicator(7)["id"]]


@pytest.mark.row("T-132", "T-133", "T-134", "T-188", "T-021")
@pytest.mark.parametrize("number", [4, 5, 6, 10])
async def test_at_the_edge_of_the_hub_s_own_page(sqlite_url: str, number: int) -> None:
    """With as many objects as a page holds, one fewer, one more, and twice that: all four resources, with any limit, or none."""
    async with site(sqlite_url, page_limit=5) as s:
        await s.post(*[version(1, day + 1) for day in range(number)])
        for path in PATHS.values():
            for limit in ("", "1", "4", "5", "6", "9" * 400):
                query = "match[version]=all" + (f"&limit={limit}" if limit else "")
                sizes, going = [], ""
                while True:
                    page = (await s.get(f"{path}?{query}{going}")).json()
                    sizes.append(len(items(page)))
                    if not page["more"]:
                        break
                    going = f"&next={page['next']}"
                full = min(int(limit or 5), 5)
                assert (path, limit, sizes) == (
                    path,
                    limit,
                    [full] * (number // full) + ([number % full] if number % full else []),
                )


@pytest.mark.row("T-132", "T-133", "T-188", "T-302", "T-021", "I-040")
async def test_a_thousand(sqlite_url: str) -> None:
    """A thousand is a whole page, said to be the last; one more, and it is not."""
    async with site(sqlite_url) as s:
        made = [version(number, 1) for number in range(1_000)]
        assert (await s.post(*made)).json()["success_count"] == 1_000
        for path in (OBJECTS, MANIFEST):
            for limit in ("", "?limit=1000", "?limit=1001", f"?limit={10**30}"):
                page = (await s.get(f"{path}{limit}")).json()
                assert (len(page["objects"]), page["more"], "next" in page) == (1_000, False, False)
        await s.post(version(1_000, 1))
        for path in (OBJECTS, MANIFEST):
            for limit in ("", "?limit=1000", "?limit=1001"):
                page = (await s.get(f"{path}{limit}")).json()
                assert (len(page["objects"]), page["more"]) == (1_000, True)
                rest = (await s.get(f"{path}?next={page['next']}")).json()
                assert ([one["id"] for one in rest["objects"]], rest["more"]) == ([indicator(1_000)["id"]], False)


@pytest.mark.row("T-140", "T-142", "T-143", "T-145", "T-305")
@pytest.mark.parametrize("name", PAGES)
async def test_a_token_and_what_is_done_to_it(sqlite_url: str, name: str) -> None:
    """Given back it is the same page as often as one likes; changed in any place it is 400; that of another resource counts as not sent."""
    async with site(sqlite_url) as s:
        paths = await filled(s)
        await s.post(*[version(1, day) for day in (2, 3, 4)], version(2, 1))
        first = (await s.get(f"{paths[name]}?match[version]=all&limit=2")).json()
        token = first["next"]
        again = [await s.get(f"{paths[name]}?match[version]=all&limit=2&next={token}") for _ in range(2)]
        assert again[0].content == again[1].content
        assert items(again[0].json()) == items((await s.get(f"{paths[name]}?match[version]=all")).json())[2:4]
        for at in range(0, len(token), 7):
            for forged in (
                token[:at] + ("A" if token[at] != "A" else "B") + token[at + 1 :],
                token[:at],
                token[:at] + token[at + 1 :],
            ):
                answer = await s.get(f"{paths[name]}?match[version]=all&next={forged}")
                assert (at, answer.status_code, answer.json()["http_status"]) == (at, 400, "400")
        for other in PAGES:
            if other != name:
                plain, sent = (
                    await s.get(f"{paths[other]}?match[version]=all"),
                    await s.get(f"{paths[other]}?match[version]=all&next={token}"),
                )
                assert (sent.status_code, sent.content) == (200, plain.content)
