"""DELETE of an object, by everything that it can be chosen by (section 5.7)."""

import pytest

from conformance.asking import ADDRESS, ONE, STATEMENT, version
from support.http import MANIFEST, OBJECTS, TAXII, Site, site
from support.world import MAIN, indicator

OLD = {"spec_version": None, "pattern_type": None, "labels": ["x"]}
DAYS = {day: version(1, day)["modified"] for day in (1, 2, 3, 4)}


async def rows(s: Site, account: str = "ana") -> list[tuple[str, str, str, str]]:
    """All that is there: id, version, specification and date."""
    answer = await s.get(f"{MANIFEST}?match[version]=all&match[spec_version]=2.0,2.1", account)
    return [
        (one["id"], one["version"], one["media_type"][-3:], one["date_added"])
        for one in answer.json().get("objects", [])
    ]


async def require_whole(s: Site, name: str) -> None:
    """Every resource tells the same of what is left of this object."""
    mine = [one for one in await rows(s) if one[0] == name]
    both = "match[spec_version]=2.0,2.1"
    objects = (await s.get(f"{OBJECTS}?match[version]=all&match[id]={name}&{both}")).json().get("objects", [])
    versions = await s.get(f"{OBJECTS}{name}/versions/?{both}")
    one = await s.get(f"{OBJECTS}{name}/?match[version]=all&{both}")
    assert (len(objects), versions.status_code, one.status_code) == (len(mine), *((200, 200) if mine else (404, 404)))
    if mine:
        assert (versions.json()["versions"], one.json()["objects"]) == ([row[1] for row in mine], objects)


CASES: dict[str, set[tuple[str, str]]] = {  # the query: which versions of object 1 go, by day and specification
    "": {(DAYS[day], "2.1") for day in (1, 2, 3)} | {(DAYS[4], "2.0")},
    "match[version]=all": {(DAYS[day], "2.1") for day in (1, 2, 3)} | {(DAYS[4], "2.0")},
    "match[version]=first": {(DAYS[1], "2.1")},
    "match[version]=last": {(DAYS[3], "2.1")},
    "match[version]=2026-11-02T00:00:00Z": {(DAYS[2], "2.1")},
    "match[version]=2026-11-02T00:00:00.0000Z,2026-11-01T00:00:00Z": {(DAYS[1], "2.1"), (DAYS[2], "2.1")},
    "match%5Bversion%5D=2026-11-02T00%3A00%3A00.000Z": {(DAYS[2], "2.1")},
    "match[spec_version]=2.0": {(DAYS[4], "2.0")},
    "match[spec_version]=2.1": {(DAYS[day], "2.1") for day in (1, 2, 3)},
    "match[spec_version]=2.1&match[version]=last": {(DAYS[3], "2.1")},
    "match[spec_version]=2.1&match[version]=first,last": {(DAYS[1], "2.1"), (DAYS[3], "2.1")},
    "match[spec_version]=2.1,2.0&match[version]=all": {(DAYS[day], "2.1") for day in (1, 2, 3)} | {(DAYS[4], "2.0")},
    "match[version]=all&limit=1&added_after=2099-01-01T00:00:00Z&match[id]=x&match[type]=malware&x=1": {(DAYS[day], "2.1") for day in (1, 2, 3)} | {(DAYS[4], "2.0")},
}  # fmt: skip


@pytest.mark.row("T-321", "T-322", "T-323", "T-325", "T-327", "T-172", "T-118", "T-278")
async def test_what_is_chosen_goes(database_url: str) -> None:
    """Exactly these versions, from every resource; everything else stays as it was, and the second time there is nothing to choose, by alias neither."""
    async with site(database_url) as s:
        for number in range(1, len(CASES) + 1):
            await s.post(*(version(number, day) for day in (2, 1, 3)), version(number, 4, **OLD))
        for number, (query, chosen) in enumerate(CASES.items(), 1):
            name = indicator(number)["id"]
            before = await rows(s)
            answer = await s.delete(f"{OBJECTS}{name}/?{query}")
            assert (query, answer.status_code, answer.content, answer.headers["content-type"]) == (
                query,
                200,
                b"",
                TAXII,
            )
            left = await rows(s)
            stay = [one for one in before if one[0] != name or (one[1], one[2]) not in chosen]
            assert {one[:3] for one in left} == {one[:3] for one in stay}
            assert [one for one in left if one[0] != name] == [one for one in before if one[0] != name]
            assert await rows(s, "bea") == left
            await require_whole(s, name)
            if "first" not in query and "last" not in query:
                assert (await s.delete(f"{OBJECTS.replace(MAIN, 'main')}{name}/?{query}")).status_code == 404


@pytest.mark.row("T-325", "T-168", "T-169", "T-321", "T-326")
@pytest.mark.parametrize("one", [ADDRESS, STATEMENT], ids=["observable", "marking"])
async def test_what_has_no_modified(database_url: str, one: dict[str, object]) -> None:
    """By the version that the hub says it has, and by no other."""
    async with site(database_url) as s:
        await s.post(one, version(1, 1))
        known = (await s.get(f"{OBJECTS}{one['id']}/versions/")).json()["versions"][0]
        path = f"{OBJECTS}{one['id']}/"
        assert (await s.delete(f"{path}?match[version]=1999-01-01T00:00:00Z")).status_code == 404
        assert (await s.get(path)).status_code == 200
        assert (await s.delete(f"{path}?match[version]={known}")).status_code == 200
        assert [row[0] for row in await rows(s)] == [ONE]
        await require_whole(s, str(one["id"]))


NOTHING = [
    ("match[version]=", 400), ("match[version]=LAST", 400), ("match[version]=all,last", 400), ("match[version]=last,last", 400), ("match[version]=2026-11-01", 400),
    ("match[version]=all&match[version]=all", 400), ("match[version]=all&match%5Bversion%5D=last", 400), ("match[spec_version]=", 400), ("match[version]=last, first", 400),
    ("match[version]=%ff", 400), ("match[version]=1999-01-01T00:00:00Z", 404), ("match[spec_version]=2.0", 404), ("match[spec_version]=9&match[version]=all", 404),
    ("match[version]=2026-11-01T00:00:00.0001Z", 404), ("limit=0", 400), ("next=abc", 400), ("added_after=yesterday", 400),
]  # fmt: skip


@pytest.mark.row("T-110", "T-118", "T-156", "T-163", "T-166", "T-167", "T-326", "T-114")
async def test_nothing_goes(sqlite_url: str) -> None:
    """400 for what is malformed, whether or not the object is there; 404 where nothing is chosen; everything stays."""
    async with site(sqlite_url) as s:
        await s.post(version(1, 1), version(1, 2))
        before = await rows(s)
        for query, status in NOTHING:
            for name in (ONE, indicator(9)["id"]):
                answer = await s.delete(f"{OBJECTS}{name}/?{query}")
                assert (query, answer.status_code, answer.headers["content-type"]) == (query, status, TAXII)
                assert answer.json()["http_status"] == str(status)
        assert await rows(s) == before


@pytest.mark.row("T-322", "T-323", "T-324", "T-328", "T-300", "T-305")
async def test_deleted_and_posted_again(database_url: str) -> None:
    """Whatever way it is asked for it is 404 or absent; posted again it is there, later than everything else, once."""
    async with site(database_url) as s:
        await s.post(version(1, 1), version(2, 1))
        for _ in range(2):
            last = (await rows(s))[-1][3]
            s.world.clock.forward(seconds=1)
            assert (await s.delete(f"{OBJECTS}{ONE}/")).status_code == 200
            for query in (
                "",
                "?match[version]=all",
                f"?match[version]={DAYS[1]}",
                "?match[version]=first",
                "?limit=1",
                "?added_after=2020-01-01T00:00:00Z",
            ):
                for path in (f"{OBJECTS}{ONE}/{query}", f"{OBJECTS}{ONE}/versions/{query}", f"{OBJECTS}{ONE}{query}"):
                    for account in ("ana", "dan"):
                        assert (path, (await s.get(path, account)).status_code) == (path, 404)
                    assert (await s.client.head(path, headers=s.headers("ana"))).status_code == 404
            assert (await s.post(version(1, 1))).json()["success_count"] == 1
            found = await rows(s)
            assert ([one[0] for one in found], found[-1][3] > last) == ([indicator(2)["id"], ONE], True)


@pytest.mark.row("T-328", "T-324")
@pytest.mark.parametrize("first", ["2.1", "2.0"])
async def test_a_recall_holds_in_every_rendering(database_url: str, first: str) -> None:
    """What was taken back does not come again in the other specification, unless its own people bring it; a steward's recall only a steward lifts."""
    new, old = version(1, 1), version(1, 1, **OLD)
    shared, other = (new, old) if first == "2.1" else (old, new)
    async with site(database_url) as s:
        assert (await s.post(shared)).json()["success_count"] == 1
        assert (await s.delete(f"{OBJECTS}{ONE}/")).status_code == 200
        for again in (other, version(1, 2, **(OLD if first == "2.1" else {}))):
            answer = (await s.post(again, account="abot")).json()
            assert (answer["failure_count"], "recalled" in answer["failures"][0]["message"]) == (1, True)
        assert await rows(s, "bea") == []
        assert (await s.post(other)).json()["success_count"] == 1
        assert [row[:3] for row in await rows(s, "bea")] == [(ONE, DAYS[1], other.get("spec_version", "2.0"))]
        theirs = {"id": indicator(2)["id"]}
        assert (await s.post(shared | theirs, account="bea")).json()["success_count"] == 1
        assert (await s.delete(f"{OBJECTS}{theirs['id']}/")).status_code == 200
        assert (await s.post(other | theirs, account="bea")).json()["failure_count"] == 1
        assert [row[0] for row in await rows(s, "bea")] == [ONE]


@pytest.mark.row("T-173", "T-322", "T-325")
@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("query", ["match[version]=last", f"match[version]={DAYS[2]}"])
async def test_a_version_goes_in_both_renderings(database_url: str, query: str, reverse: bool) -> None:
    """What GET shows goes, and its other rendering with it, whichever came first; a later version of the old form stays hidden, and stays."""
    async with site(database_url) as s:
        posted = [version(1, 1), version(1, 2), version(1, 2, **OLD), version(1, 4, **OLD)]
        await s.post(*(reversed(posted) if reverse else posted))
        assert (await s.delete(f"{OBJECTS}{ONE}/?{query}")).status_code == 200
        assert {row[1:3] for row in await rows(s)} == {(DAYS[1], "2.1"), (DAYS[4], "2.0")}
        shown = (await s.get(f"{OBJECTS}{ONE}/")).json()["objects"]
        assert [one["modified"] for one in shown] == [DAYS[1]]
        assert (await s.get(f"{OBJECTS}{ONE}/?match[version]={DAYS[2]}&match[spec_version]=2.0,2.1")).json() == {}


@pytest.mark.row("X-060")
async def test_a_revocation_holds_in_every_rendering(database_url: str) -> None:
    """No version follows it, in the other specification neither; the revocation itself may be there in both."""
    async with site(database_url) as s:
        await s.post(version(1, 1), version(1, 2, revoked=True))
        answer = (await s.post(version(1, 3, **OLD))).json()
        assert (answer["failure_count"], "revoked" in answer["failures"][0]["message"]) == (1, True)
        assert (await s.post(version(1, 2, revoked=True, **OLD))).json()["success_count"] == 1
