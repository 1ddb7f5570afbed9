"""Discovery, API root, collections, status and errors (sections 3.6, 4 and 5.1 to 5.2)."""

import json
import re
from dataclasses import replace
from typing import Any

import pytest

from conformance.asking import ONE, PAGES, STATEMENT, filled
from support.http import MANIFEST, OBJECTS, TAXII, site
from support.world import MAIN, OPEN, indicator, roster

UUID4 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
DAY = 86_400


def texts(resource: dict[str, Any], *names: str) -> None:
    """These are strings where they are there."""
    assert all(isinstance(resource[name], str) for name in names if name in resource)


@pytest.mark.row(
    "T-210", "T-211", "T-212", "T-213", "T-214", "T-215", "T-216", "T-217", "T-218", "T-009", "T-074", "I-004", "I-005"
)
async def test_discovery(database_url: str) -> None:
    """The roots of this account as absolute URLs that end in a slash; the default is one of them; none is none."""
    async with site(database_url) as s:
        for account, roots in (
            ("ana", ["alpha", "public"]),
            ("eve", ["night", "public"]),
            ("bea", ["alpha", "night", "public"]),
        ):
            found = (await s.get("/taxii2/", account)).json()
            texts(found, "title", "description", "contact", "default")
            assert found["title"]
            assert found["api_roots"] == [f"https://hub.example/taxii2/{root}/" for root in roots]
            assert found["default"] == found["api_roots"][0]
            for root in found["api_roots"]:
                assert (await s.get(root.removeprefix("https://hub.example"), account)).status_code == 200
    async with site(database_url, roster()) as s:
        assert (await s.get("/taxii2/", None)).status_code == 401


@pytest.mark.row("T-220", "T-221", "T-222", "T-223", "T-070", "T-071", "I-006")
async def test_api_root(sqlite_url: str) -> None:
    """A title, the media type in full, and the true size of a body."""
    async with site(sqlite_url) as s:
        found = (await s.get("/taxii2/alpha/")).json()
        assert (found["title"], found["versions"], found["max_content_length"]) == ("Alpha", [TAXII], 1_000_000)
        texts(found, "description")
        assert set(found) <= {"title", "description", "versions", "max_content_length"}


@pytest.mark.row(
    "T-101", "T-250", "T-251", "T-252", "T-253", "T-254", "T-256", "T-259", "T-260", "T-072", "T-075", "T-074", "I-008"
)
async def test_collections(database_url: str) -> None:
    """Ascending by id, the same every time, each as its own resource says; none is `{}`."""
    async with site(database_url) as s:
        found = (await s.get("/taxii2/alpha/collections/")).json()["collections"]
        assert (await s.get("/taxii2/alpha/collections/")).json()["collections"] == found
        assert [one["id"] for one in found] == sorted(one["id"] for one in found)
        assert len({one["alias"] for one in found}) == len(found) == 3
        for one in found:
            texts(one, "title", "description", "alias")
            assert UUID4.fullmatch(one["id"])
            assert one["title"]
            assert {type(one["can_read"]), type(one["can_write"])} == {bool}
            assert one["media_types"] == ["application/stix+json;version=2.1", "application/stix+json;version=2.0"]
            assert (await s.get(f"/taxii2/alpha/collections/{one['id']}/")).json() == one
        rights = [
            (one["alias"], one["can_write"])
            for one in (await s.get("/taxii2/alpha/collections/", "dan")).json()["collections"]
        ]
        assert rights == [("main", False), ("other", False), ("fed", False)]


@pytest.mark.row("T-250", "T-074")
async def test_a_group_without_collections(sqlite_url: str) -> None:
    """The key is left out."""
    small = roster()
    kept = {key: one for key, one in small.collections.items() if one.group != "night"}
    async with site(sqlite_url, replace(small, collections=kept, feeds={})) as s:
        answer = await s.get("/taxii2/night/collections/", "eve")
        assert (answer.status_code, answer.json()) == (200, {})


@pytest.mark.row("T-255", "T-254")
async def test_alias(sqlite_url: str) -> None:
    """Every resource of a collection is there under its alias too, and says its true id."""
    async with site(sqlite_url) as s:
        paths = await filled(s)
        assert (await s.get("/taxii2/alpha/collections/main/")).json()["id"] == MAIN
        for name in PAGES:
            by_alias = await s.get(paths[name].replace(MAIN, "main"))
            assert (name, by_alias.status_code, by_alias.content) == (name, 200, (await s.get(paths[name])).content)
        posted = await s.post(indicator(2), path=OBJECTS.replace(MAIN, "main"))
        assert posted.json()["success_count"] == 1
        assert len((await s.get(OBJECTS)).json()["objects"]) == 2


@pytest.mark.row(
    "T-230",
    "T-231",
    "T-232",
    "T-233",
    "T-234",
    "T-235",
    "T-236",
    "T-237",
    "T-238",
    "T-241",
    "T-290",
    "T-298",
    "T-073",
    "T-074",
    "I-021",
    "I-022",
    "I-023",
)
async def test_status(database_url: str) -> None:
    """Counts that add up, lists as long as their counts and none that is empty; read again it is the same."""
    async with site(database_url) as s:
        made = [
            (indicator(1), indicator(2)),
            ({"type": "indicator"},),
            (indicator(3), indicator(4, pattern="["), STATEMENT),
        ]
        for objects, failed in zip(made, (0, 1, 1), strict=True):
            answer = await s.post(*objects)
            status = answer.json()
            assert (answer.status_code, answer.headers["content-type"]) == (202, TAXII)
            assert UUID4.fullmatch(status["id"])
            assert status["status"] == "complete"
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z", status["request_timestamp"])
            counts = [status[f"{name}_count"] for name in ("total", "success", "failure", "pending")]
            assert counts == [len(objects), len(objects) - failed, failed, 0]
            assert all(type(count) is int for count in counts)
            for name, count in (("successes", counts[1]), ("failures", counts[2]), ("pendings", 0)):
                assert (name in status) == (count > 0)
                details = status.get(name, [])
                assert len(details) == count
                for one in details:
                    assert set(one) <= {"id", "version", "message"}
                    texts(one, "id", "version", "message")
                    assert one["id"]
                    assert one["version"]
            again = await s.get(f"/taxii2/alpha/status/{status['id']}/")
            assert (again.status_code, again.json()) == (200, status)


@pytest.mark.row("T-239", "T-240", "T-242", "T-243", "I-039")
async def test_who_reads_a_status_and_how_long(database_url: str) -> None:
    """The organisation that posted, under the same root, for a day at least; unknown, foreign and malformed ids are 404."""
    async with site(database_url, status_kept=DAY * 1_000_000) as s:
        path = f"/taxii2/alpha/status/{(await s.post(indicator(1))).json()['id']}/"
        assert (await s.get(path, "abot")).status_code == 200
        for account in ("bea", "dan", "gus"):
            assert (await s.get(path, account)).status_code == 404
        assert (await s.get(path.replace("alpha", "public"))).status_code == 404
        for odd in ("x", "00000000-0000-4000-8000-000000000000", "%00", "a" * 500, "status--1"):
            answer = await s.get(f"/taxii2/alpha/status/{odd}/")
            assert (odd, answer.status_code, answer.headers["content-type"]) == (odd, 404, TAXII)
        s.world.clock.forward(seconds=DAY - 60)
        assert (await s.get(path)).status_code == 200
        s.world.clock.forward(seconds=120)
        assert (await s.get(path)).status_code == 404


@pytest.mark.row("T-190", "T-191", "T-192", "T-193", "T-194", "T-195", "T-196", "T-063", "T-069", "T-047", "T-077")
async def test_errors(sqlite_url: str) -> None:
    """One shape for all of them: a title, the status as a string, nothing of the inside."""
    async with site(sqlite_url) as s:
        paths = await filled(s)
        answers = [
            await s.get(f"{OBJECTS}?limit=0"), await s.get(OBJECTS, None), await s.get("/taxii2/nowhere/"), await s.get(OBJECTS, accept="text/html"),
            await s.post(content_type="text/plain"), await s.client.post(OBJECTS, headers=s.headers("ana", content_type=TAXII), content=b"{"),
            await s.client.post(OBJECTS, headers=s.headers("ana", content_type=TAXII), content=b"{}"), await s.post(indicator(2), account="dan"),
            await s.client.post(OBJECTS, headers=s.headers("ana", content_type=TAXII), content=b" " * 1_000_001), await s.delete(paths["object"], "dan"),
            await s.client.put(OBJECTS, headers=s.headers("ana")), await s.get("/nothing/here/"), await s.get("/"),
        ]  # fmt: skip
        assert [answer.status_code for answer in answers] == [
            400,
            401,
            404,
            406,
            415,
            400,
            422,
            403,
            413,
            403,
            405,
            404,
            404,
        ]
        for answer in answers:
            error = json.loads(answer.content.decode("utf-8"))
            assert answer.headers["content-type"] == TAXII
            assert (error["http_status"], bool(error["title"])) == (str(answer.status_code), True)
            assert set(error) <= {"title", "description", "error_id", "http_status"}
            texts(error, *error)
            assert not re.search(r"Traceback|SELECT|sqlite|asyncpg|\.py|line \d", answer.text)


@pytest.mark.row(
    "T-062", "T-275", "T-069", "T-070", "T-071", "T-072", "T-073", "T-077", "T-078", "T-343", "T-341", "T-342"
)
async def test_names_and_types_of_everything(sqlite_url: str) -> None:
    """The properties of the tables and no others, each of its type; no list is empty, nothing is null."""
    known = {
        "discovery": {"title", "default", "api_roots"}, "api root": {"title", "versions", "max_content_length"}, "collections": {"collections"},
        "collection": {"id", "title", "alias", "can_read", "can_write", "media_types"}, "objects": {"more", "objects"}, "manifest": {"more", "objects"},
        "object": {"more", "objects"}, "versions": {"more", "versions"},
        "status": {"id", "status", "request_timestamp", "total_count", "success_count", "failure_count", "pending_count", "successes"},
    }  # fmt: skip
    async with site(sqlite_url) as s:
        for name, path in (await filled(s)).items():
            answer = await s.get(path)
            found = json.loads(answer.content.decode("utf-8"))
            assert (name, set(found)) == (name, known[name])
            assert all(value is not None and value not in ([], {}) for value in found.values())
        page = (await s.get(OBJECTS)).json()
        assert (page["more"], page["objects"]) == (False, [indicator(1, tlp="GREEN")])
        assert [record["id"] for record in (await s.get(MANIFEST)).json()["objects"]] == [ONE]


@pytest.mark.row("T-011", "T-015", "T-010", "T-219")
async def test_the_public_root(sqlite_url: str) -> None:
    """It asks nobody who they are; every other one does."""
    async with site(sqlite_url) as s:
        assert (await s.get(f"/taxii2/public/collections/{OPEN}/objects/", None)).json() == {}
        assert (await s.get("/taxii2/alpha/", None)).status_code == 401
        assert (await s.get("/taxii2/", None)).status_code == 401
