"""Query parameters: what is malformed, what is ignored, and what each filter means (section 3.4)."""

from urllib.parse import quote

import pytest

from conformance.asking import ADDRESS, ONE, PAGES, STATEMENT, filled, listed, version
from indicator_hub.stix.vocabulary import DOMAIN, META, OBSERVABLES, RELATIONSHIPS
from support.http import MANIFEST, OBJECTS, site
from support.world import indicator

MALFORMED = {
    "added_after": ["yesterday", "", "2026-11-23", "2026-11-23T12:00:00", "2026-11-23T12:00:00%2B00:00", "2026-11-23T12:00:00+00:00", "2026-13-01T00:00:00Z",
                    "2026-02-30T00:00:00Z", "2026-11-23T12:00:00.Z", "2026-11-23t12:00:00z", "1763899200", "2026-11-23T12:00:00Z,2026-11-23T12:00:00Z"],
    "limit": ["0", "-1", "", "abc", "1.5", "1e3", "0x10", "%2B1", " 1", "1 ", "1,2", "\u0661", "null"],
    "next": ["", "abc", "!!!", "AAAA", "A" * 200, "%00", "e30"],
    "match[type]": ["", "indicator,", ",indicator", "indicator,,malware", "indicator, malware", "%20indicator", "%ff", "%00"],
    "match[id]": ["", f"{ONE}, {ONE}", f"{ONE},"],
    "match[version]": ["", "garbage", "all,first", "first,all", "all,all", "first,first", "last,last", "LAST", "last,", "last, first", "2026-11-01",
                       "2026-11-01T00:00:00Z,2026-11-01T00:00:00.000Z", "first,2026-11-01T00:00:00.000Z,2026-11-01T00:00:00.000Z"],
    "match[spec_version]": ["", "2.1,", "2.0, 2.1"],
}  # fmt: skip
COUNTS = {  # which matches have a meaning where; elsewhere they are as unknown ones
    "objects": set(MALFORMED), "manifest": set(MALFORMED), "object": set(MALFORMED) - {"match[id]", "match[type]"},
    "versions": {"added_after", "limit", "next", "match[spec_version]"},
}  # fmt: skip


@pytest.mark.row(
    "T-110", "T-123", "T-130", "T-143", "T-155", "T-156", "T-163", "T-166", "T-167", "T-124", "T-118", "T-316"
)
@pytest.mark.parametrize("resource", PAGES)
async def test_malformed(sqlite_url: str, resource: str) -> None:
    """400 where the parameter has a meaning, whatever is stored; ignored where it has none."""
    async with site(sqlite_url) as s:
        path = (await filled(s))[resource]
        for name, values in MALFORMED.items():
            for value in values:
                answer = await s.get(f"{path}?{quote(name, safe='[]')}={value}")
                # Text that is not UTF-8, or holds U+0000, is malformed whatever it is called.
                expected = 400 if name in COUNTS[resource] or value in ("%ff", "%00") else 200
                assert (name, value, answer.status_code) == (name, value, expected)
                if expected == 400:
                    assert (answer.json()["http_status"], bool(answer.json()["title"])) == ("400", True)


@pytest.mark.row("T-114", "T-122", "T-137", "T-116", "I-034")
@pytest.mark.parametrize("resource", PAGES)
async def test_repeated(sqlite_url: str, resource: str) -> None:
    """400, also where one is spelt in percent signs."""
    async with site(sqlite_url) as s:
        path = (await filled(s))[resource]
        for query in (
            "limit=1&limit=1", "added_after=2020-01-01T00:00:00Z&added_after=2020-01-01T00:00:00Z", "match[spec_version]=2.1&match%5Bspec_version%5D=2.1",
            "match[type]=campaign&match[type]=malware", "next=a&next=a", "limit=1&%6Cimit=2",
        ):  # fmt: skip
            assert (query, (await s.get(f"{path}?{query}")).status_code) == (query, 400)


@pytest.mark.row("T-115", "T-118", "I-035")
async def test_ignored(sqlite_url: str) -> None:
    """Unknown parameters and match fields, on every resource; and all of them where nothing is filtered."""
    async with site(sqlite_url) as s:
        paths = await filled(s)
        for name, path in paths.items():
            plain = (await s.get(path)).content
            queries = ["x=1&x=2", "match[colour]=red", "match[]=a", "foo", "&&", "match[confidence-gte]=50", "=1"]
            if name not in PAGES:
                queries += ["limit=0", "added_after=x", "match[version]=garbage", "next=abc"]
            for query in queries:
                answer = await s.get(f"{path}?{query}")
                assert (name, query, answer.status_code, answer.content) == (name, query, 200, plain)


@pytest.mark.row(
    "T-064",
    "T-112",
    "T-113",
    "T-116",
    "T-117",
    "T-150",
    "T-151",
    "T-153",
    "T-154",
    "T-278",
    "I-027",
    "I-028",
    "I-031",
    "I-032",
    "I-033",
)
async def test_match_id_and_type(database_url: str) -> None:
    """Values of one field are alternatives, fields belong together; brackets and commas raw or in percent signs; manifest and objects agree."""
    tool = {**version(3, 1), "type": "tool", "name": "t", "id": indicator(3)["id"].replace("indicator", "tool")}
    for name in ("pattern", "pattern_type", "valid_from"):
        del tool[name]
    async with site(database_url) as s:
        await s.post(version(1, 1), version(2, 1), tool, ADDRESS)
        one, two, three, four = indicator(1)["id"], indicator(2)["id"], tool["id"], ADDRESS["id"]
        cases = [
            (f"match[id]={one}", [one]), (f"match[id]={four},{one}", [one, four]), (f"match%5Bid%5D={one}%2C{two}", [one, two]), ("match[type]=indicator", [one, two]),
            ("match[type]=tool,ipv4-addr", [three, four]), (f"match[type]=tool&match[id]={one}", []), (f"match[type]=tool,indicator&match[id]={one},{four}", [one]),
            ("match[type]=x-none", []), (f"match[id]={indicator(9)['id']}", []), ("match[id]=nonsense", []), ("match[type]=Indicator", []),
            (f"match[id]={one}&added_after=2099-01-01T00:00:00Z", []), ("", [one, two, three, four]), (f"match[id]={one},{one}", [one]),
        ]  # fmt: skip
        for query, expected in cases:
            assert (query, [name for name, _ in await listed(s, query)]) == (query, expected)
            records = (await s.get(f"{MANIFEST}?{query}")).json()
            assert [record["id"] for record in records.get("objects", [])] == expected
            assert expected or records == {}


@pytest.mark.row("T-152", "T-202", "T-281")
async def test_every_type_of_stix_is_known(sqlite_url: str) -> None:
    """None of them is an error, alone or with others, whether or not there is one."""
    async with site(sqlite_url) as s:
        await filled(s)
        for kind in sorted(DOMAIN | META | OBSERVABLES | RELATIONSHIPS | {"bundle", "x-custom"}):
            for path in (OBJECTS, MANIFEST):
                answer = await s.get(f"{path}?match[type]={kind}")
                assert (kind, answer.status_code) == (kind, 200)
                assert ("objects" in answer.json()) == (kind == "indicator")
            assert [
                name for name, _ in await listed(s, f"match[type]={kind},indicator" if kind != "indicator" else "")
            ] == [ONE]


@pytest.mark.row(
    "T-160",
    "T-161",
    "T-162",
    "T-164",
    "T-165",
    "T-171",
    "T-111",
    "T-276",
    "T-303",
    "T-312",
    "T-325",
    "T-335",
    "I-029",
    "I-137",
    "X-053",
    "X-190",
)
async def test_match_version(database_url: str) -> None:
    """By `modified`, whenever each came; combined, once each; instants to the last digit."""
    days = {day: f"2026-11-{day:02}T00:00:00.000Z" for day in (1, 2, 3)}
    exact = "2026-11-04T00:00:00.1234567Z"
    async with site(database_url) as s:
        for one in (
            version(1, 2),
            version(1, 3),
            version(1, 1),
            indicator(1, tlp="GREEN", modified=exact),
            version(2, 9),
        ):
            assert (await s.post(one)).json()["success_count"] == 1
        both = "2026-11-09T00:00:00.000Z"
        cases: list[tuple[str, list[str]]] = [
            ("", [exact, both]), ("last", [exact, both]), ("first", [days[1], both]), ("all", [days[2], days[3], days[1], exact, both]),
            ("first,last", [days[1], exact, both]), (days[3], [days[3]]), ("2026-11-03T00:00:00Z", [days[3]]), ("2026-11-03T00:00:00.0Z", [days[3]]),
            (f"{days[2]},{days[3]}", [days[2], days[3]]), (f"last,{days[2]}", [days[2], exact, both]), (f"last,{exact}", [exact, both]),
            ("2026-11-04T00:00:00.123456Z", []), ("2026-11-04T00:00:00.12345670Z", [exact]), ("2026-11-04T00:00:00.1234568Z", []), ("1999-01-01T00:00:00Z", []),
        ]  # fmt: skip
        for asked, expected in cases:
            query = f"match[version]={asked}" if asked else ""
            assert (asked, [found for _, found in await listed(s, query)]) == (asked, expected)
            records = (await s.get(f"{MANIFEST}?{query}")).json().get("objects", [])
            assert (asked, [record["version"] for record in records]) == (asked, expected)
            mine = [found for _, found in await listed(s, query, path=f"{OBJECTS}{ONE}/")]
            assert (asked, mine) == (asked, [found for found in expected if found != both])
        everything = (await s.get(f"{OBJECTS}{ONE}/versions/")).json()["versions"]
        assert everything == [days[2], days[3], days[1], exact]
        for one in everything:
            assert await listed(s, f"match[version]={one}", path=f"{OBJECTS}{ONE}/") == [(ONE, one)]


@pytest.mark.row("T-172", "T-173", "T-174", "T-175", "I-030")
async def test_match_spec_version(database_url: str) -> None:
    """The newest specification of each object unless asked; none of another when asked; an unknown one matches nothing."""
    old = {"spec_version": None, "pattern_type": None, "labels": ["x"]}
    both, only_old, only_new = indicator(1)["id"], indicator(2)["id"], indicator(3)["id"]
    async with site(database_url) as s:
        await s.post(
            indicator(1, tlp="GREEN", **old),
            indicator(1, tlp="GREEN"),
            indicator(2, tlp="GREEN", **old),
            indicator(3, tlp="GREEN"),
            ADDRESS,
        )
        new = [both, only_new, ADDRESS["id"]]
        for asked, expected in [
            ("", [both, only_old, only_new, ADDRESS["id"]]), ("2.1", new), ("2.0", [both, only_old]), ("2.0,2.1", [both, both, only_old, only_new, ADDRESS["id"]]), ("9", []),
        ]:  # fmt: skip
            query = f"match[spec_version]={asked}" if asked else ""
            assert (asked, [name for name, _ in await listed(s, query)]) == (asked, expected)
        kinds = {record["id"]: record["media_type"] for record in (await s.get(MANIFEST)).json()["objects"]}
        assert kinds == {one: f"application/stix+json;version={'2.0' if one == only_old else '2.1'}" for one in kinds}


@pytest.mark.row(
    "T-330", "T-331", "T-168", "T-169", "T-237", "T-238", "T-272", "T-270", "T-271", "T-273", "I-120", "X-062"
)
async def test_versions_of_what_has_no_modified(database_url: str) -> None:
    """`created` of a marking-definition; of an observable when it came, the same everywhere and for ever."""
    async with site(database_url) as s:
        status = (await s.post(STATEMENT, ADDRESS)).json()
        said = {one["id"]: one["version"] for one in status["successes"]}
        records = (await s.get(MANIFEST)).json()["objects"]
        assert said == {record["id"]: record["version"] for record in records}
        assert said[STATEMENT["id"]] == STATEMENT["created"]
        assert said[ADDRESS["id"]] == records[1]["date_added"]
        s.world.clock.forward(seconds=60)
        assert (await s.post(ADDRESS)).json()["successes"][0]["version"] == said[ADDRESS["id"]]
        for identifier, found in said.items():
            assert (await s.get(f"{OBJECTS}{identifier}/versions/")).json()["versions"] == [found]
            assert len(await listed(s, f"match[version]={found}", path=f"{OBJECTS}{identifier}/")) == 1
        allowed = (await s.get(MANIFEST.replace("manifest/", ""))).json()["media_types"]
        assert all(
            set(record) == {"id", "date_added", "version", "media_type"} and record["media_type"] in allowed
            for record in records
        )


@pytest.mark.row("T-120", "T-121", "T-124", "T-125", "T-126", "I-025")
async def test_added_after(database_url: str) -> None:
    """Strictly after, by when it was added and by nothing else; any number of digits; the future brings nothing."""
    async with site(database_url) as s:
        old = indicator(
            1,
            created="2016-01-01T00:00:00.000Z",
            modified="2016-01-01T00:00:00.000Z",
            valid_from="2016-01-01T00:00:00Z",
            tlp="GREEN",
        )
        await s.post(old)
        s.world.clock.forward(seconds=1)
        await s.post(version(2, 1))
        first, second = (record["date_added"] for record in (await s.get(MANIFEST)).json()["objects"])
        for after, expected in [
            ("2016-06-01T00:00:00Z", 2), ("2026-11-22T00:00:00Z", 2), (first, 1), (first.replace("Z", "000Z"), 1), ("2026-11-23T12:00:00.5Z", 1),
            (second, 0), ("2099-01-01T00:00:00.000Z", 0), ("1970-01-01T00:00:00Z", 2), ("0001-01-01T00:00:00Z", 2), ("9999-12-31T23:59:59.999999999Z", 0),
        ]:  # fmt: skip
            for path in (OBJECTS, MANIFEST):
                found = (await s.get(f"{path}?added_after={after}")).json()
                assert (after, len(found.get("objects", []))) == (after, expected)
                assert expected or found == {}
        assert [name for name, _ in await listed(s)] == [old["id"], indicator(2)["id"]]


@pytest.mark.row("T-131", "T-132", "T-133", "T-134", "T-136", "T-188", "T-021", "I-026")
@pytest.mark.parametrize("path", [OBJECTS, MANIFEST])
async def test_limit(sqlite_url: str, path: str) -> None:
    """Never more; everything where it fits; `more` only then; a huge one is only large; the server's own bound holds without one."""
    async with site(sqlite_url, page_limit=4) as s:
        await s.post(*[version(number, 1) for number in range(5)], version(0, 2))
        for limit, expected, more in [
            ("1", 1, True), ("2", 2, True), ("4", 4, True), ("5", 4, True), ("9" * 30, 4, True), ("007", 4, True), (None, 4, True),
        ]:  # fmt: skip
            page = (await s.get(path + (f"?limit={limit}" if limit else ""))).json()
            assert (limit, len(page["objects"]), page["more"], "next" in page) == (limit, expected, more, more)
        for query, expected in [
            ("match[version]=all&match[type]=indicator&limit=3", 3),
            (f"match[id]={indicator(0)['id']}&match[version]=all&limit=2", 2),
        ]:
            page = (await s.get(f"{path}?{query}")).json()
            assert len(page["objects"]) == expected
        page = (await s.get(f"{path}?match[id]={indicator(0)['id']}&match[version]=all&limit=2")).json()
        assert (page.get("more", False), "next" in page) == (False, False)
