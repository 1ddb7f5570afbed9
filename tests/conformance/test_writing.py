"""Adding and deleting objects (sections 5.5 and 5.7)."""

import json
from typing import Any

import pytest

from conformance.asking import ADDRESS, ONE, STATEMENT, listed, version
from indicator_hub.stix import timestamps
from support.http import MANIFEST, OBJECTS, TAXII, Site, site
from support.world import TLP, indicator


async def send(s: Site, body: bytes, account: str = "ana") -> Any:
    """POST these bytes."""
    return await s.client.post(OBJECTS, headers=s.headers(account, content_type=TAXII), content=body)


@pytest.mark.row("T-292", "T-301", "T-302", "T-304", "T-305", "X-055")
async def test_again(database_url: str) -> None:
    """The same once more, in one envelope or later, is a success, stored once, with its first date."""
    async with site(database_url) as s:
        first = (await s.post(version(1, 1), version(1, 1), ADDRESS, ADDRESS)).json()
        assert (first["success_count"], first["failure_count"]) == (4, 0)
        assert [one.get("message") for one in first["successes"]] == [None, "already here", None, "already here"]
        before = (await s.get(MANIFEST)).json()
        assert len(before["objects"]) == 2
        s.world.clock.forward(seconds=60)
        second = (await s.post(version(1, 1), ADDRESS)).json()
        assert (second["success_count"], second["id"] != first["id"]) == (2, True)
        assert (await s.get(MANIFEST)).json() == before
        other = (await s.post(version(1, 1, name="other"))).json()
        assert (other["failure_count"], other["failures"][0]["id"]) == (1, ONE)
        assert (await s.get(MANIFEST)).json() == before


@pytest.mark.row("T-296", "T-297", "T-299", "T-298", "T-204", "T-306", "T-080", "T-081", "I-037")
@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400), (b"{", 400), (b"objects", 400), (b'{"objects":[1}', 400), (b"[]", 422), (b"null", 422), (b"7", 422), (b"{}", 422), (b'{"objects":[]}', 422),
        (b'{"objects":{}}', 422), (b'{"objects":null}', 422), (b'{"type":"bundle","id":"bundle--1"}', 422), (b'{"more":true}', 422),
    ],
)  # fmt: skip
async def test_what_is_no_envelope(sqlite_url: str, body: bytes, status: int) -> None:
    """400 where it is no JSON, 422 where it is JSON without objects; nothing is stored and no status made."""
    async with site(sqlite_url) as s:
        answer = await send(s, body)
        assert (answer.status_code, answer.json()["http_status"], answer.headers["content-type"]) == (
            status,
            str(status),
            TAXII,
        )
        assert (await s.get(OBJECTS)).json() == {}


@pytest.mark.row("T-204", "T-306", "T-080", "T-079", "T-203", "I-037", "X-180", "X-181")
@pytest.mark.parametrize(
    "around",
    [
        {},
        {"more": True, "next": "abc"},
        {"x_soc_client": {"a": [1]}},
        {"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000001"},
    ],
)
async def test_what_is_around_the_objects(sqlite_url: str, around: dict[str, Any]) -> None:
    """Paging, custom properties, a bundle's type and id: ignored."""
    async with site(sqlite_url) as s:
        answer = await send(
            s,
            json.dumps(
                {
                    **around,
                    "objects": [
                        version(1, 1),
                        {"type": "bundle", "id": "bundle--00000000-0000-4000-8000-000000000002"},
                    ],
                }
            ).encode(),
        )
        assert (answer.status_code, answer.json()["success_count"], answer.json()["failure_count"]) == (202, 1, 1)
        assert (await s.get(OBJECTS)).json() == {"more": False, "objects": [version(1, 1)]}


@pytest.mark.row("T-300", "T-185", "I-015", "I-016")
async def test_readable_at_once(database_url: str) -> None:
    """By every resource, later than everything before; even when the clock of the machine was set back."""
    async with site(database_url) as s:
        dates: list[str] = []
        for number in range(1, 5):
            await s.post(version(number, 1))
            identifier = indicator(number)["id"]
            assert (await listed(s))[-1][0] == identifier
            assert await listed(s, path=f"{OBJECTS}{identifier}/") == [(identifier, version(number, 1)["modified"])]
            assert (await s.get(f"{OBJECTS}{identifier}/versions/")).json()["versions"] == [
                version(number, 1)["modified"]
            ]
            dates.append((await s.get(MANIFEST)).json()["objects"][-1]["date_added"])
            s.world.clock.forward(seconds=-30)
        assert dates == sorted(set(dates))


@pytest.mark.row("T-293", "T-294", "I-044")
@pytest.mark.parametrize(("size", "status"), [(1_999, 202), (2_000, 202), (2_001, 413)])
async def test_body_size(sqlite_url: str, size: int, status: int) -> None:
    """Shorter than `max_content_length` or as long is never too large, longer always, whoever asks."""
    async with site(sqlite_url, max_content_length=2_000) as s:
        body = json.dumps({"objects": [version(1, 1)]}).encode().ljust(size)
        assert (await send(s, body)).status_code == status
        assert (await send(s, body, "dan")).status_code == (413 if status == 413 else 403)


@pytest.mark.row("T-310", "T-311", "T-314", "T-282", "T-332", "I-018", "I-019", "I-020")
async def test_one_object(sqlite_url: str) -> None:
    """As by match[id]; 404 where there is none, an empty envelope where filters leave nothing."""
    async with site(sqlite_url) as s:
        await s.post(version(1, 1), version(1, 2), version(2, 1))
        for query in ("", "match[version]=all", "match[version]=first", "limit=1&match[version]=all"):
            one = (await s.get(f"{OBJECTS}{ONE}/?{query}")).json()
            by_match = (await s.get(f"{OBJECTS}?match[id]={ONE}&{query}")).json()
            assert {**one, "next": None} == {**by_match, "next": None}
        for query in (
            "match[version]=1999-01-01T00:00:00Z",
            "match[spec_version]=2.0",
            "added_after=2099-01-01T00:00:00Z",
        ):
            for path in (
                (f"{OBJECTS}{ONE}/", f"{OBJECTS}{ONE}/versions/")
                if "version]=1" not in query
                else (f"{OBJECTS}{ONE}/",)
            ):
                answer = await s.get(f"{path}?{query}")
                assert (path, query, answer.status_code, answer.json()) == (path, query, 200, {})
        assert (await s.get(f"{OBJECTS}{ONE}/?match[id]=x&match[type]=y")).status_code == 200


@pytest.mark.row("T-321", "T-322", "T-323", "T-324", "T-327", "T-062", "I-024")
async def test_delete(database_url: str) -> None:
    """200 without a body; every version gone from every resource, for everybody, and 404 from then on."""
    async with site(database_url) as s:
        await s.post(version(1, 1), version(1, 2), version(2, 1))
        answer = await s.delete(f"{OBJECTS}{ONE}/")
        assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, b"", TAXII)
        for account in ("ana", "bea", "dan"):
            assert (await s.get(f"{OBJECTS}{ONE}/", account)).status_code == 404
            assert (await s.get(f"{OBJECTS}{ONE}/?match[version]=all", account)).status_code == 404
            assert (await s.get(f"{OBJECTS}{ONE}/versions/", account)).status_code == 404
            for query in ("", "match[version]=all", "match[version]=first"):
                assert [name for name, _ in await listed(s, query, account)] == [indicator(2)["id"]]
                records = (await s.get(f"{MANIFEST}?{query}", account)).json()["objects"]
                assert [record["id"] for record in records] == [indicator(2)["id"]]
            assert (await s.get(f"{OBJECTS}?match[id]={ONE}", account)).json() == {}
        assert (await s.delete(f"{OBJECTS}{ONE}/")).status_code == 404


@pytest.mark.row("T-325", "T-326", "T-336")
@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("match[version]=last", [1, 2]), ("match[version]=first", [2, 3]), ("match[version]=all", []), ("match[version]=2026-11-02T00:00:00Z", [1, 3]),
        ("match[version]=first,last", [2]), ("match[spec_version]=2.1", []), ("match[version]=2026-11-02T00:00:00Z,2026-11-03T00:00:00.000Z", [1]),
    ],
)  # fmt: skip
async def test_delete_some_versions(sqlite_url: str, query: str, left: list[int]) -> None:
    """Those that are named go, the others stay."""
    async with site(sqlite_url) as s:
        await s.post(*[version(1, day) for day in (1, 2, 3)])
        assert (await s.delete(f"{OBJECTS}{ONE}/?{query}")).status_code == 200
        answer = await s.get(f"{OBJECTS}{ONE}/versions/")
        assert answer.status_code == (200 if left else 404)
        assert sorted(answer.json().get("versions", [])) == [version(1, day)["modified"] for day in left]


@pytest.mark.row("T-325", "T-326", "T-110")
@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("match[version]=1999-01-01T00:00:00Z", 404),
        ("match[spec_version]=2.0", 404),
        ("match[version]=garbage", 400),
        ("match[version]=all,first", 400),
        ("match[version]=", 400),
    ],
)
async def test_delete_nothing(sqlite_url: str, query: str, status: int) -> None:
    """404 where nothing is chosen, 400 where it is malformed; everything stays."""
    async with site(sqlite_url) as s:
        await s.post(version(1, 1))
        assert (await s.delete(f"{OBJECTS}{ONE}/?{query}")).status_code == status
        assert await listed(s) == [(ONE, version(1, 1)["modified"])]


@pytest.mark.row("T-328", "X-056", "X-058")
async def test_after_a_delete(database_url: str) -> None:
    """A person of the originator brings it back under a new date; a machine cannot; what a steward took back its originator cannot."""
    async with site(database_url) as s:
        await s.post(version(1, 1))
        date = (await s.get(MANIFEST)).json()["objects"][0]["date_added"]
        s.world.clock.forward(seconds=1)
        await s.delete(f"{OBJECTS}{ONE}/")
        assert (await s.post(version(1, 1), account="abot")).json()["failure_count"] == 1
        assert (await s.post(version(1, 1))).json()["success_count"] == 1
        assert (await s.get(MANIFEST)).json()["objects"][0]["date_added"] > date
        await s.post(version(2, 1), account="bea")
        assert (await s.delete(f"{OBJECTS}{indicator(2)['id']}/")).status_code == 200
        assert (await s.post(version(2, 1), account="bea")).json()["failure_count"] == 1


@pytest.mark.row("T-302", "T-328")
async def test_brought_back_twice_in_one_envelope(database_url: str) -> None:
    """Once is enough: one new date, and the second is already here."""
    async with site(database_url) as s:
        await s.post(version(1, 1))
        await s.delete(f"{OBJECTS}{ONE}/")
        s.world.clock.forward(seconds=1)
        status = (await s.post(version(1, 1), version(1, 1), version(1, 2))).json()
        assert [one.get("message") for one in status["successes"]] == [None, "already here", None]
        dates = [record["date_added"] for record in (await s.get(f"{MANIFEST}?match[version]=all")).json()["objects"]]
        assert sorted(dates) == [timestamps.render(s.world.clock.now + late) for late in (0, 1)]


@pytest.mark.row("T-205", "T-203", "X-079", "I-150", "I-155")
async def test_marks_are_objects_like_others(sqlite_url: str) -> None:
    """A statement is stored; a TLP object is taken and not stored, since everybody has it."""
    tlp = {
        "type": "marking-definition", "spec_version": "2.1", "id": TLP["RED"], "created": "2022-10-01T00:00:00.000Z", "name": "TLP:RED",
        "extensions": {"extension-definition--60a3c5c5-0d10-413e-aab3-9e08dde9e88d": {"extension_type": "property-extension", "tlp_2_0": "red"}},
    }  # fmt: skip
    async with site(sqlite_url) as s:
        assert (await s.post(STATEMENT, tlp)).json()["success_count"] == 2
        assert (await s.get(OBJECTS)).json()["objects"] == [STATEMENT]
