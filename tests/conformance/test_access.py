"""Credentials, permissions, and what is not there for somebody (sections 1.6.9, 3.1, 8.2.2; appendix B)."""

import pytest

from conformance.asking import ONE, filled
from support.grounds import GROUP, READ_ONLY, Grounds
from support.http import OBJECTS, TAXII, site
from support.world import FED, MAIN, NIGHT, indicator

WRONG = [
    None, "Basic", "Basic ", "Basic !!!", "Basic YW5h", "Basic YW5hOndyb25n", "Bearer", "Bearer wrong", "Token wrong", "Digest x", "Bearer \u00e9", "Negotiate abc",
]  # fmt: skip


@pytest.mark.row("T-012", "T-013", "T-014", "T-020", "T-190", "T-194", "I-001", "I-002")
@pytest.mark.parametrize("sent", WRONG)
async def test_without_valid_credentials(sqlite_url: str, sent: str | None) -> None:
    """401 with a challenge on every resource and method, before anything else is looked at."""
    async with site(sqlite_url) as s:
        paths = await filled(s)
        headers = {b"accept": TAXII.encode()} | ({b"authorization": sent.encode("latin-1")} if sent else {})
        for path in [*paths.values(), "/taxii2/nowhere/", "/taxii2/alpha/nothing/"]:
            for method in ("GET", "POST", "DELETE", "PUT"):
                answer = await s.client.request(method, path, headers=headers)
                assert (path, method, answer.status_code) == (path, method, 401)
                assert answer.headers["www-authenticate"].startswith("Basic realm=")
                assert (answer.headers["content-type"], answer.json()["http_status"]) == (TAXII, "401")
                assert answer.json()["title"]


@pytest.mark.row("T-006", "T-008", "T-007", "T-010", "T-015")
async def test_ways_to_sign_in(sqlite_url: str) -> None:
    """Basic, Bearer and Token, in any case; a token that ends is refused, and the group `public` asks for none."""
    async with site(sqlite_url) as s:
        basic, token = s.headers("ana")["authorization"].split(" ")[1], s.world.tokens["ana"]
        for sent in (
            f"Basic {basic}",
            f"basic {basic}",
            f"BASIC  {basic}",
            f"Bearer {token}",
            f"bearer {token}",
            f"Token {token}",
            f"token {token}",
        ):
            answer = await s.client.get("/taxii2/alpha/", headers={"authorization": sent, "accept": TAXII})
            assert (sent, answer.status_code) == (sent, 200)
        assert (await s.get("/taxii2/public/", None)).status_code == 200


MATRIX = {
    # account: (can_read, can_write, collection, reads, POST, DELETE)
    "producer": (True, True, 200, 200, 202, 200),
    "reader": (True, False, 200, 200, 403, 403),
    "sink": (False, True, 200, 403, 202, 403),
    "nothing": (False, False, 200, 403, 403, 404),
    "outsider": (None, None, 404, 404, 404, 404),
}


@pytest.mark.row(
    "T-085",
    "T-009",
    "T-253",
    "T-257",
    "T-277",
    "T-280",
    "T-291",
    "T-315",
    "T-320",
    "T-333",
    "T-258",
    "T-242",
    "I-009",
    "I-010",
    "I-011",
    "I-012",
    "I-013",
)
@pytest.mark.parametrize("account", MATRIX)
def test_permissions(live: Grounds, account: str) -> None:
    """For each combination of can_read and can_write, every call."""
    can_read, can_write, collection, reads, post, delete = MATRIX[account]
    place = live.fresh()
    with live.client("producer") as writer, live.client(account) as client:
        assert writer.post(place.objects, [indicator(1, tlp="GREEN")]).status == 202
        found = client.get(place.path)
        assert found.status == collection
        if collection == 200:
            assert (found.json["can_read"], found.json["can_write"]) == (can_read, can_write)
        for path in (place.objects, place.manifest, f"{place.objects}{ONE}/", f"{place.objects}{ONE}/versions/"):
            assert (path, client.get(path).status) == (path, reads)
        assert client.post(place.objects, [indicator(2, tlp="GREEN")]).status == post
        client.send("DELETE", f"{place.objects}{ONE}/")
        assert client.receive().status == delete
        left = {one["id"] for one in writer.get(place.objects).json.get("objects", ())}
        assert left == (
            {indicator(2)["id"]} if delete == 200 else {ONE} | ({indicator(2)["id"]} if post == 202 else set())
        )


@pytest.mark.row("T-020", "T-224", "T-219", "T-283", "T-196", "T-218", "I-007", "I-014", "I-156")
async def test_what_is_not_there_looks_like_what_never_was(sqlite_url: str) -> None:
    """404 with the same bytes for another group, an unknown one, another group's collection, an unknown one, and odd ids."""
    async with site(sqlite_url) as s:
        await filled(s)
        expected = (await s.get("/taxii2/never-was/")).content
        unknown = "00000000-0000-4000-8000-000000000000"
        for root in (
            "/taxii2/night/",
            "/taxii2/never-was/",
            "/taxii2/ALPHA/",
            "/taxii2/alpha/nothing/",
            "/taxii2/alpha/collections/x/y/z/",
        ):
            assert ((await s.get(root)).status_code, (await s.get(root)).content) == (404, expected)
        for collection in (NIGHT, unknown, "x", MAIN.upper(), f"{MAIN} ", "%00", "..%2f", "a" * 1_000):
            for tail in ("", "objects/", "manifest/", f"objects/{ONE}/", f"objects/{ONE}/versions/"):
                answer = await s.get(f"/taxii2/alpha/collections/{collection}/{tail}")
                assert (collection, tail, answer.status_code, answer.content) == (collection, tail, 404, expected)
        assert "alpha" not in expected.decode()


@pytest.mark.row("T-313", "T-332", "T-326", "I-019")
@pytest.mark.parametrize("identifier", [indicator(9)["id"], "x", "indicator--1", "%00", "a" * 2_000, "indicator--%e9"])
async def test_objects_that_are_not_there(sqlite_url: str, identifier: str) -> None:
    """404, one hidden by its mark no other than one that never was."""
    async with site(sqlite_url) as s:
        await s.post(indicator(7, tlp="STRICT"))
        hidden = await s.get(f"{OBJECTS}{indicator(7)['id']}/", "dan")
        for tail in ("", "versions/"):
            answer = await s.get(f"{OBJECTS}{identifier}/{tail}", "dan")
            assert (answer.status_code, answer.content) == (404, hidden.content)
        assert (await s.delete(f"{OBJECTS}{identifier}/")).status_code == 404


@pytest.mark.row("T-019", "T-142", "I-043")
async def test_a_token_of_another(database_url: str) -> None:
    """`next` never widens anything: it is judged by whoever sends it, wherever it is sent."""
    async with site(database_url) as s:
        await s.post(*[indicator(number, tlp="STRICT" if number % 2 else "GREEN") for number in range(6)])
        token = (await s.get(f"{OBJECTS}?limit=1")).json()["next"]
        seen = await s.get(f"{OBJECTS}?limit=2&next={token}", "dan")
        assert [one["id"] for one in seen.json()["objects"]] == [indicator(0)["id"], indicator(2)["id"]]
        assert (await s.get(f"/taxii2/alpha/collections/{FED}/objects/?next={token}")).json() == {}
        assert (await s.get(f"/taxii2/night/collections/{NIGHT}/objects/?next={token}")).status_code == 404


@pytest.mark.row("I-011", "T-257")
def test_a_collection_that_feeds_fill(live_on_sqlite: Grounds) -> None:
    """Read-only for everybody else."""
    path = f"/taxii2/{GROUP}/collections/{READ_ONLY}/"
    with live_on_sqlite.client("producer") as client:
        assert (client.get(path).json["can_read"], client.get(path).json["can_write"]) == (True, False)
        assert client.post(f"{path}objects/", [indicator(1)]).status == 403
        client.send("DELETE", f"{path}objects/{ONE}/")
        assert client.receive().status == 403
        assert client.get(f"{path}objects/").json == {}
