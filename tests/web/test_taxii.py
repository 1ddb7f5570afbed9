"""The TAXII resources over HTTP, one story each. The rows that a test shows are those of tests/conformance/taxii.yaml."""

import base64
import json
import re

import pytest

from support.http import MANIFEST, OBJECTS, TAXII, site
from support.world import FED, MAIN, NIGHT, OPEN, indicator

ACCEPTS = [
    (TAXII, 200), ("application/taxii+json", 200), ("application/taxii+json; version=2.1", 200),
    ('application/taxii+json;version="2.1"', 200), ("APPLICATION/TAXII+JSON;VERSION=2.1", 200),
    ("application/taxii+json;version=2.1;q=0.9,application/json", 200), ("application/taxii+json;q=0.5", 200),
    ("application/taxii+json;version=2.1,application/stix+json;version=2.1", 200), ("*/*", 200), ("application/*", 200),
    ("application/taxii+json;version=3.0, application/taxii+json;version=2.1", 200),
    ("application/json", 406), ("text/html", 406), ("application/stix+json;version=2.1", 406),
    ("application/taxii+json;version=2.0", 406), ("application/taxii+json;q=0", 406), ("application/taxii+json;version=2.1;q=0,*/*", 406),
    ("", 406), ("nonsense", 406),
]  # fmt: skip
CONTENT_TYPES = [
    (TAXII, 202), ("application/taxii+json", 202), ("application/taxii+json; version=2.1", 202), (f"{TAXII};charset=utf-8", 202),
    ("application/stix+json;version=2.1", 202), ("application/vnd.oasis.stix+json", 202),
    ("application/json", 415), ("application/taxii+json;version=2.0", 415), ("text/plain", 415), ("", 415),
]  # fmt: skip
MALFORMED = [
    "added_after=yesterday", "added_after=2026-11-23", "added_after=2026-11-23T12:00:00%2B00:00", "added_after=2026-13-01T00:00:00Z",
    "added_after=2026-11-23T12:00:00Z&added_after=2026-11-23T12:00:00Z", "added_after=2026-11-23T12:00:00Z,2026-11-23T12:00:00Z",
    "limit=0", "limit=-1", "limit=", "limit=abc", "limit=1.5", "limit=1&limit=1", "next=", "next=abc", "next=a&next=b",
    "match[type]=indicator&match[type]=malware", "match%5Btype%5D=a&match[type]=b", "match[type]=", "match[type]=indicator,%20malware",
    "match[version]=all,first", "match[version]=first,first", "match[version]=garbage",
    "match[version]=2026-11-01T00:00:00Z,2026-11-01T00:00:00.000Z", "match[type]=%ff",
]  # fmt: skip


@pytest.mark.row("T-034", "T-035", "T-036", "T-038", "T-041", "T-042", "T-043", "T-045", "T-046")
@pytest.mark.parametrize(("accept", "status"), ACCEPTS)
async def test_accept(sqlite_url: str, accept: str, status: int) -> None:
    """Which Accept is answered; the answer is always in TAXII 2.1, errors too."""
    async with site(sqlite_url) as s:
        answer = await s.get(OBJECTS, accept=accept)
        assert (answer.status_code, answer.headers["content-type"]) == (status, TAXII)


@pytest.mark.row("T-037", "T-039", "T-295")
@pytest.mark.parametrize(("content_type", "status"), CONTENT_TYPES)
async def test_content_type(sqlite_url: str, content_type: str, status: int) -> None:
    """Which bodies are taken."""
    async with site(sqlite_url) as s:
        answer = await s.post(indicator(1), content_type=content_type)
        assert (answer.status_code, answer.headers["content-type"]) == (status, TAXII)


@pytest.mark.row(
    "T-110",
    "T-114",
    "T-116",
    "T-122",
    "T-123",
    "T-124",
    "T-130",
    "T-137",
    "T-143",
    "T-155",
    "T-156",
    "T-163",
    "T-166",
    "T-167",
)
@pytest.mark.parametrize("query", MALFORMED)
@pytest.mark.parametrize("path", [OBJECTS, MANIFEST])
async def test_malformed_parameters(sqlite_url: str, path: str, query: str) -> None:
    """A malformed parameter is 400, whatever is stored."""
    async with site(sqlite_url) as s:
        answer = await s.get(f"{path}?{query}")
        assert (answer.status_code, answer.json()["http_status"]) == (400, "400")


@pytest.mark.row("T-012", "T-014", "T-210", "T-213", "T-214", "T-215")
async def test_discovery_lists_only_ones_own_roots(database_url: str) -> None:
    """An account's own groups and public, as absolute URLs; 401 with a challenge without credentials."""
    async with site(database_url) as s:
        mine = (await s.get("/taxii2/")).json()
        assert mine["api_roots"] == ["https://hub.example/taxii2/alpha/", "https://hub.example/taxii2/public/"]
        assert mine["default"] in mine["api_roots"]
        hers = (await s.get("/taxii2/", "bea")).json()
        assert hers["api_roots"][:2] == ["https://hub.example/taxii2/alpha/", "https://hub.example/taxii2/night/"]
        nobody = await s.get("/taxii2/", None)
        assert nobody.status_code == 401
        assert nobody.headers["www-authenticate"].startswith("Basic ")
        assert nobody.json()["title"]


@pytest.mark.row("T-101", "T-221", "T-222", "T-253", "T-255", "T-259")
async def test_api_root_and_collections(database_url: str) -> None:
    """The root's resource; the collections with this account's rights, ascending by id; one of them the same as listed."""
    async with site(database_url) as s:
        root = (await s.get("/taxii2/alpha/")).json()
        assert root["versions"] == [TAXII]
        assert root["max_content_length"] == 1_000_000
        listed = (await s.get("/taxii2/alpha/collections/")).json()["collections"]
        assert [one["id"] for one in listed] == sorted(one["id"] for one in listed)
        assert {one["alias"]: (one["can_read"], one["can_write"]) for one in listed} == {
            "main": (True, True), "other": (True, True), "fed": (True, False)
        }  # fmt: skip
        for one in listed:
            assert (await s.get(f"/taxii2/alpha/collections/{one['id']}/")).json() == one
            assert (await s.get(f"/taxii2/alpha/collections/{one['alias']}/")).json() == one
        assert {
            one["can_write"] for one in (await s.get("/taxii2/alpha/collections/", "dan")).json()["collections"]
        } == {False}


@pytest.mark.row("T-006", "T-008", "T-012", "T-013")
async def test_credentials(sqlite_url: str) -> None:
    """Basic, Bearer and Token, the scheme in any case; a wrong one is 401 on every method, before anything else."""
    async with site(sqlite_url) as s:
        token = s.world.tokens["ana"]
        pair = base64.b64encode(f"ana:{token}".encode()).decode()
        wrong = base64.b64encode(f"bea:{token}".encode()).decode()
        for value, status in (
            (f"Basic {pair}", 200), (f"basic {pair}", 200), (f"Bearer {token}", 200), (f"Token {token}", 200), (f"TOKEN {token}", 200),
            (f"Basic {wrong}", 401), ("Bearer ihub_no", 401), ("Basic !", 401), ("Digest x", 401), ("", 401),
        ):  # fmt: skip
            answer = await s.client.get(OBJECTS, headers={"accept": TAXII, "authorization": value})
            assert (value, answer.status_code) == (value, status)
        for method in ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"):
            answer = await s.client.request(method, OBJECTS, headers={"accept": "text/html"})
            assert (method, answer.status_code, "www-authenticate" in answer.headers) == (method, 401, True)


@pytest.mark.row("T-020", "T-224", "T-258", "T-283", "T-313")
async def test_the_outsiders_answer_is_that_of_what_never_was(database_url: str) -> None:
    """Everything outside of one's groups is 404, byte for byte and header for header the same as for what never was."""
    async with site(database_url) as s:
        await s.post(indicator(1, tlp="RED"))
        known = indicator(1)["id"]
        never = "00000000-0000-4000-8000-000000000000"
        pairs = [
            (f"/taxii2/alpha/collections/{MAIN}/", f"/taxii2/alpha/collections/{never}/"),
            (OBJECTS, f"/taxii2/nowhere/collections/{never}/objects/"),
            (f"{OBJECTS}{known}/", f"/taxii2/nowhere/collections/{never}/objects/{known}/"),
            ("/taxii2/alpha/", "/taxii2/nowhere/"),
            ("/taxii2/alpha/collections/", "/taxii2/nowhere/collections/"),
            (f"/taxii2/alpha/status/{never}/", f"/taxii2/nowhere/status/{never}/"),
        ]
        for there, nowhere in pairs:
            one, other = await s.get(there, "eve"), await s.get(nowhere, "eve")
            assert (one.status_code, one.content, dict(one.headers)) == (404, other.content, dict(other.headers))
        hidden, never_was = (
            await s.get(f"{OBJECTS}{known}/", "bea"),
            await s.get(f"{OBJECTS}{indicator(7)['id']}/", "bea"),
        )
        assert (hidden.status_code, hidden.content) == (404, never_was.content)


@pytest.mark.row("T-010", "T-015")
async def test_public_answers_anyone(database_url: str) -> None:
    """The group public is read without credentials, at level CLEAR, and never written without them."""
    async with site(database_url) as s:
        path = f"/taxii2/public/collections/{OPEN}/objects/"
        made = await s.post(
            indicator(1, tlp="CLEAR"), indicator(2), indicator(3, tlp="GREEN"), account="eve", path=path
        )
        assert [made.json()[count] for count in ("success_count", "failure_count")] == [1, 2]
        assert [o["id"] for o in (await s.get(path, None)).json()["objects"]] == [indicator(1)["id"]]
        assert (await s.get("/taxii2/public/", None)).status_code == 200
        assert (await s.get("/taxii2/public/collections/", None)).json()["collections"][0]["can_write"] is False
        anonymous = await s.client.post(path, headers={"accept": TAXII, "content-type": TAXII}, content=b"{}")
        assert anonymous.status_code == 401
        assert (await s.post(indicator(4, tlp="CLEAR"), account="ana", path=path)).status_code == 403


@pytest.mark.row("T-009")
async def test_each_reader_gets_what_its_role_allows(database_url: str) -> None:
    """The ladder: an observer reads to GREEN, a client to AMBER, a member to AMBER+STRICT; a submitter its own; RED nobody unnamed."""
    async with site(database_url) as s:
        levels = ("CLEAR", "GREEN", "AMBER", "STRICT", "RED")
        await s.post(
            *(indicator(number, tlp=level, name=level) for number, level in enumerate(levels)),
            indicator(9, name="unmarked"),
        )
        await s.post(indicator(20, name="given"), account="gus")

        async def read(account: str) -> set[str]:
            return {o["name"] for o in (await s.get(OBJECTS, account)).json().get("objects", [])}

        assert await read("dan") == {"CLEAR", "GREEN"}
        assert await read("bank") == {"CLEAR", "GREEN", "AMBER", "unmarked", "given"}
        assert await read("bea") == await read("bbot") == {"CLEAR", "GREEN", "AMBER", "STRICT", "unmarked", "given"}
        assert await read("ana") == {*levels, "unmarked", "given"}
        assert await read("gus") == {"given"}


@pytest.mark.row("T-127", "T-141", "T-144", "T-182", "T-183", "T-188")
async def test_walk_by_next_and_by_date(database_url: str) -> None:
    """Following next, or added_after from the Last header, gives every object once; no next on the last page."""
    async with site(database_url) as s:
        await s.post(*(indicator(number) for number in range(10)))
        for path, key in ((OBJECTS, "id"), (MANIFEST, "id")):
            by_next: list[str] = []
            page = (await s.get(f"{path}?limit=5")).json()
            by_next += [o[key] for o in page["objects"]]
            page = (await s.get(f"{path}?limit=4&next={page['next']}")).json()
            by_next += [o[key] for o in page["objects"]]
            page = (await s.get(f"{path}?next={page['next']}")).json()
            by_next += [o[key] for o in page["objects"]]
            assert by_next == [indicator(number)["id"] for number in range(10)]
            assert "next" not in page
            assert page.get("more", False) is False
            by_date: list[str] = []
            after = "1970-01-01T00:00:00Z"
            while objects := (answer := await s.get(f"{path}?limit=3&added_after={after}")).json().get("objects"):
                by_date += [o[key] for o in objects]
                after = answer.headers["x-taxii-date-added-last"]
            assert by_date == by_next


@pytest.mark.row("T-019", "T-142", "T-143", "T-145")
async def test_next_of_another(sqlite_url: str) -> None:
    """`next` carries its query; with other filters, from another account or for another collection it counts as not sent."""
    async with site(sqlite_url) as s:
        await s.post(
            *(indicator(number) for number in range(4)),
            {"type": "mutex", "id": "mutex--f93fe911-e545-5239-b9b0-597840d0c871", "name": "m"},
        )
        token = (await s.get(f"{OBJECTS}?limit=2&match[type]=indicator")).json()["next"]
        rest = [indicator(number)["id"] for number in (2, 3)]
        alone = (await s.get(f"{OBJECTS}?next={token}")).json()["objects"]
        same = (await s.get(f"{OBJECTS}?next={token}&match[type]=indicator&limit=9")).json()["objects"]
        assert [o["id"] for o in alone] == [o["id"] for o in same] == rest
        other = (await s.get(f"{OBJECTS}?next={token}&match[type]=mutex")).json()["objects"]
        assert [o["type"] for o in other] == ["mutex"]
        hers = (await s.get(f"{OBJECTS}?next={token}", "bea")).json()["objects"]
        assert len(hers) == 5
        elsewhere = await s.get(f"/taxii2/alpha/collections/other/objects/?next={token}")
        assert (elsewhere.status_code, elsewhere.content) == (200, b"{}")
        forged = token[:-3] + ("aaa" if not token.endswith("aaa") else "bbb")
        assert (await s.get(f"{OBJECTS}?next={forged}")).status_code == 400


@pytest.mark.row("T-090", "T-091", "T-093", "T-094", "T-096", "T-202", "T-271")
async def test_dates_of_a_page(database_url: str) -> None:
    """The headers are the first and last date_added of this very answer, the manifest agrees, an empty one has none."""
    async with site(database_url) as s:
        empty = await s.get(OBJECTS)
        assert (empty.content, "x-taxii-date-added-first" in empty.headers) == (b"{}", False)
        await s.post(indicator(1), indicator(2))
        objects, manifest = await s.get(OBJECTS), await s.get(MANIFEST)
        dates = [record["date_added"] for record in manifest.json()["objects"]]
        for answer in (objects, manifest):
            assert [answer.headers["x-taxii-date-added-first"], answer.headers["x-taxii-date-added-last"]] == dates
        assert manifest.json()["objects"][0] == {
            "id": indicator(1)["id"],
            "date_added": dates[0],
            "version": "2026-11-01T00:00:00.000Z",
            "media_type": "application/stix+json;version=2.1",
        }


@pytest.mark.row("T-312", "T-313", "T-314", "T-330", "T-332", "T-334")
async def test_one_object_and_its_versions(database_url: str) -> None:
    """An object and its versions; unknown 404, filtered away 200 with nothing."""
    async with site(database_url) as s:
        later = "2026-11-02T00:00:00.000Z"
        await s.post(indicator(1), indicator(1, modified=later))
        path = f"{OBJECTS}{indicator(1)['id']}/"
        assert [o["modified"] for o in (await s.get(path)).json()["objects"]] == [later]
        assert len((await s.get(f"{path}?match[version]=all")).json()["objects"]) == 2
        assert (await s.get(f"{path}?match[version]=2020-01-01T00:00:00Z")).content == b"{}"
        versions = await s.get(f"{path}versions/")
        assert versions.json()["versions"] == ["2026-11-01T00:00:00.000Z", later]
        first = (await s.get(f"{path}versions/?limit=1")).json()
        assert (first["more"], len(first["versions"])) == (True, 1)
        rest = (await s.get(f"{path}versions/?limit=1&next={first['next']}")).json()
        assert rest == {"more": False, "versions": [later]}
        unknown = f"{OBJECTS}{indicator(5)['id']}/"
        assert [(await s.get(one)).status_code for one in (unknown, f"{unknown}versions/")] == [404, 404]


@pytest.mark.row("T-321", "T-322", "T-323", "T-324", "T-326", "T-327", "T-328")
async def test_delete_is_a_recall(database_url: str) -> None:
    """Gone for everybody and everywhere; a person of the originator brings it back, a machine does not."""
    async with site(database_url) as s:
        await s.post(indicator(1), indicator(1, modified="2026-11-02T00:00:00.000Z"), indicator(2))
        path = f"{OBJECTS}{indicator(1)['id']}/"
        assert (await s.delete(path, "bea")).status_code == 403
        assert (await s.delete(path, "dan")).status_code == 403
        gone = await s.delete(path)
        assert (gone.status_code, gone.content, gone.headers["content-type"]) == (200, b"", TAXII)
        for one in (path, f"{path}versions/"):
            assert (await s.get(one)).status_code == 404
        for account in ("ana", "bea"):
            assert [o["id"] for o in (await s.get(f"{OBJECTS}?match[version]=all", account)).json()["objects"]] == [
                indicator(2)["id"]
            ]
            assert len((await s.get(MANIFEST, account)).json()["objects"]) == 1
        assert (await s.delete(path)).status_code == 404
        machine = (await s.post(indicator(1), account="abot")).json()
        assert machine["failure_count"] == 1
        last = (await s.get(OBJECTS)).headers["x-taxii-date-added-last"]
        person = (await s.post(indicator(1))).json()
        assert person["success_count"] == 1
        again = await s.get(f"{OBJECTS}?added_after={last}", "bea")
        assert [o["id"] for o in again.json()["objects"]] == [indicator(1)["id"]]


@pytest.mark.row("T-325")
async def test_delete_of_one_version(database_url: str) -> None:
    """match[version] chooses what is taken back; the newest that is left is given."""
    async with site(database_url) as s:
        later = "2026-11-02T00:00:00.000Z"
        await s.post(indicator(1), indicator(1, modified=later))
        path = f"{OBJECTS}{indicator(1)['id']}/"
        assert (await s.delete(f"{path}?match[version]={later}")).status_code == 200
        for account in ("ana", "bea"):
            assert [o["modified"] for o in (await s.get(OBJECTS, account)).json()["objects"]] == [
                "2026-11-01T00:00:00.000Z"
            ]


async def test_what_a_recall_uncovers_is_delivered_again(database_url: str) -> None:
    """A poller that read past the newest version comes upon the one that stands in its place when that is taken back."""
    async with site(database_url) as s:
        later = "2026-11-02T00:00:00.000Z"
        await s.post(indicator(1), indicator(1, modified=later), indicator(2))
        last = (await s.get(OBJECTS, "bea")).headers["x-taxii-date-added-last"]
        await s.delete(f"{OBJECTS}{indicator(1)['id']}/?match[version]={later}")
        found = (await s.get(f"{OBJECTS}?added_after={last}", "bea")).json()["objects"]
        assert [(o["id"], o["modified"]) for o in found] == [(indicator(1)["id"], indicator(1)["modified"])]
        last = (await s.get(OBJECTS, "bea")).headers["x-taxii-date-added-last"]
        await s.delete(f"{OBJECTS}{indicator(2)['id']}/")
        assert (await s.get(f"{OBJECTS}?added_after={last}", "bea")).content == b"{}"


async def test_the_next_line_is_delivered_again(database_url: str) -> None:
    """Of an id that two organisations share a reader is shown one line; when that is taken back, the other comes, anew."""
    async with site(database_url) as s:
        await s.post(indicator(1, tlp="RED", name="first"))
        await s.post(indicator(1, tlp="GREEN", name="second"), account="bea")
        assert [o["name"] for o in (await s.get(OBJECTS)).json()["objects"]] == ["first"]
        assert [o["name"] for o in (await s.get(OBJECTS, "dan")).json()["objects"]] == ["second"]
        last = (await s.get(MANIFEST)).headers["x-taxii-date-added-last"]
        await s.delete(f"{OBJECTS}{indicator(1)['id']}/")
        assert [o["name"] for o in (await s.get(f"{OBJECTS}?added_after={last}")).json()["objects"]] == ["second"]


@pytest.mark.row("T-324", "T-328")
async def test_a_steward_takes_back_what_another_shared(database_url: str) -> None:
    """A steward may recall another's object; then its originator cannot post it again."""
    async with site(database_url) as s:
        await s.post(indicator(1), account="bea")
        assert (await s.delete(f"{OBJECTS}{indicator(1)['id']}/", "ana")).status_code == 200
        assert (await s.post(indicator(1), account="bea")).json()["failure_count"] == 1
        assert (await s.get(OBJECTS, "bea")).content == b"{}"


@pytest.mark.row("T-230", "T-231", "T-233", "T-236", "T-239", "T-240", "T-242", "T-243")
async def test_status(database_url: str) -> None:
    """What became of each object; only for the organisation that posted, under its own root, for as long as it is kept."""
    async with site(database_url) as s:
        made = await s.post(indicator(1), indicator(2, pattern_type=None))
        status = made.json()
        assert (status["status"], status["total_count"], status["pending_count"]) == ("complete", 2, 0)
        assert status["successes"] == [{"id": indicator(1)["id"], "version": "2026-11-01T00:00:00.000Z"}]
        assert "pattern_type is missing" in status["failures"][0]["message"]
        path = f"/taxii2/alpha/status/{status['id']}/"
        assert (await s.get(path)).content == made.content == (await s.get(path, "abot")).content
        assert [(await s.get(path, other)).status_code for other in ("bea", "eve")] == [404, 404]
        assert [
            (await s.get(f"/taxii2/{one}/")).status_code for one in (f"public/status/{status['id']}", "alpha/status/x")
        ] == [404, 404]
        s.world.clock.forward(seconds=86_399)
        assert (await s.get(path)).status_code == 200
        s.world.clock.forward(seconds=2)
        assert (await s.get(path)).status_code == 404


@pytest.mark.row("T-293", "T-294")
async def test_sizes(sqlite_url: str) -> None:
    """Up to max_content_length never 413, beyond it always, before credentials are asked for, and in chunks too."""
    async with site(sqlite_url, max_content_length=2_000) as s:
        body = json.dumps({"objects": [indicator(1)]}).encode()
        sent = s.headers("ana", content_type=TAXII)
        assert (await s.client.post(OBJECTS, headers=sent, content=body.ljust(2_000))).status_code == 202
        assert (await s.client.post(OBJECTS, headers=sent, content=body.ljust(2_001))).status_code == 413
        assert (await s.client.post(OBJECTS, content=body.ljust(2_001))).status_code == 413

        async def chunks():
            for _ in range(3):
                yield b" " * 1_000

        assert (await s.client.post(OBJECTS, headers=sent, content=chunks())).status_code == 413


@pytest.mark.row("T-061", "T-066", "T-067", "T-195")
async def test_methods_and_paths(sqlite_url: str) -> None:
    """Without the last slash the same answer; other methods 405 with Allow; HEAD as GET; unknown paths 404."""
    async with site(sqlite_url) as s:
        await s.post(indicator(1))
        assert (await s.get(OBJECTS.rstrip("/"))).content == (await s.get(OBJECTS)).content
        put = await s.client.put(OBJECTS, headers=s.headers("ana"))
        assert (put.status_code, put.headers["allow"], put.headers["content-type"]) == (405, "GET, POST, HEAD", TAXII)
        head = await s.client.head(OBJECTS, headers=s.headers("ana"))
        assert (head.status_code, "x-taxii-date-added-last" in head.headers) == (200, True)
        for path in ("/taxii2/alpha/nothing/", "/nothing", "/taxii2/alpha/collections/x/y/z/"):
            answer = await s.get(path)
            assert (answer.status_code, answer.headers["content-type"], answer.json()["http_status"]) == (
                404,
                TAXII,
                "404",
            )


async def test_windows_and_suspension_act_at_once(database_url: str) -> None:
    """A suspended account is 401 at its next request, an ended operation 404, a token that ran out 401."""
    from indicator_hub.sharing.enrol import enrol, suspend

    async with site(database_url) as s:
        case = f"/taxii2/night/collections/{NIGHT}/objects/"
        assert (await s.get(case, "eve")).status_code == 200
        await suspend(s.world.store, "eve", whole_organisation=False, suspended=True)
        assert (await s.get(case, "eve")).status_code == 401
        await suspend(s.world.store, "eve", whole_organisation=False, suspended=False)
        await suspend(s.world.store, "xc-cert", whole_organisation=True, suspended=True)
        assert (await s.get(case, "eve")).status_code == 401
        await suspend(s.world.store, "xc-cert", whole_organisation=True, suspended=False)
        day = 86_400_000_000
        _, s.world.tokens["short"] = await enrol(
            s.world.store, "short", organisation="xc-cert", kind="person", ends=s.world.clock.now + day
        )
        assert (await s.get(case, "short")).status_code == 200
        s.world.clock.forward(days=1)
        assert (await s.get(case, "short")).status_code == 401
        s.world.clock.forward(days=60)
        assert (await s.get(case, "eve")).status_code == 404
        assert (await s.get(f"/taxii2/alpha/collections/{FED}/objects/")).status_code == 200


async def test_hostile_paths_and_headers(database_url: str) -> None:
    """U+0000 in a path is what never was, in a parameter 400; a coded body is 415; a long Accept costs nothing."""
    async with site(database_url) as s:
        for path in (
            f"/taxii2/al%00pha/collections/{MAIN}/objects/",
            "/taxii2/alpha/collections/%00/",
            f"{OBJECTS}a%00/",
            "/taxii2/alpha/status/%00/",
        ):
            assert ((await s.get(path)).status_code, path) == (404, path)
        assert (await s.delete(f"{OBJECTS}%00/")).status_code == 404
        assert (await s.get("/taxii2/public/collections/%00/objects/", None)).status_code == 404
        for field in ("id", "type", "spec_version"):
            assert (await s.get(f"{OBJECTS}?match[{field}]=a%00")).status_code == 400
        assert (await s.post(indicator(1), content_encoding="gzip")).status_code == 415
        assert (await s.get(OBJECTS, accept='"\\' * 2_000)).status_code == 406
        many = ",".join(f"x-{number:0200}" for number in range(100))
        assert (await s.get(f"{OBJECTS}?match[type]={many}")).status_code == 400


@pytest.mark.row("T-021", "T-296")
async def test_too_many_objects(sqlite_url: str) -> None:
    """More objects than are judged at once: 422, and nothing is stored."""
    async with site(sqlite_url) as s:
        body = b'{"objects":[' + b",".join([b"1"] * 20_001) + b"]}"
        answer = await s.client.post(OBJECTS, headers=s.headers("ana", content_type=TAXII), content=body)
        assert (answer.status_code, "in parts" in answer.json()["description"]) == (422, True)


@pytest.mark.row("T-325", "T-327")
async def test_delete_by_specification_takes_every_version(database_url: str) -> None:
    """Without match[version] every version goes, match[spec_version] or not."""
    async with site(database_url) as s:
        await s.post(indicator(1), indicator(1, modified="2026-11-02T00:00:00.000Z"))
        path = f"{OBJECTS}{indicator(1)['id']}/"
        assert (await s.delete(f"{path}?match[spec_version]=2.1")).status_code == 200
        assert (await s.get(path)).status_code == 404


async def test_caching_headers(sqlite_url: str) -> None:
    """No answer of TAXII may be kept by a cache."""
    async with site(sqlite_url) as s:
        for path in (OBJECTS, "/taxii2/", "/taxii2/nowhere/"):
            answer = await s.get(path)
            assert (answer.headers["cache-control"], answer.headers["vary"]) == ("no-store", "Authorization, Accept")


@pytest.mark.row("T-013", "T-014", "T-068")
async def test_every_route_needs_an_account_unless_listed(sqlite_url: str) -> None:
    """Without credentials nothing answers but health, the description of the API and the group public; a page sends to sign in."""
    async with site(sqlite_url) as s:
        app = s.client._transport.app.app  # type: ignore[attr-defined]
        opened = {"/healthz/", "/readyz/", "/openapi.json/", "/api/v1/openapi.json/", "/console/sign-in/"}
        harmless = {"/", "/favicon.ico/", "/console/static/{rest:path}", "/console/reading/"}
        for route in app.routes:
            if route.path in opened | harmless:
                continue
            if route.path.startswith("/console/"):
                sent = await s.get(re.sub(r"{.*?}", "x", route.path), None)
                assert (route.path, sent.status_code) == (route.path, 303)
                assert sent.headers["location"].startswith("/console/sign-in/")
                continue
            path = route.path.replace("{group}", "alpha").replace("{collection}", MAIN).replace("{rest:path}", "x/")
            answer = await s.get(path.replace("{object}", indicator(1)["id"]).replace("{status}", "x"), None)
            assert (route.path, answer.status_code) == (route.path, 401)
        assert [(await s.get(path, None)).status_code for path in sorted(opened)] == [200] * 5
