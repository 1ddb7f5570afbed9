"""Media types: what is accepted, and that every answer is in TAXII 2.1 (sections 1.6.8 and 3.1)."""

import pytest

from conformance.asking import ALLOWED, ONE, RESOURCES, filled
from support.http import OBJECTS, TAXII, site
from support.world import indicator

TAKEN = [
    TAXII, "application/taxii+json", "application/taxii+json; version=2.1", 'application/taxii+json;version="2.1"', r'application/taxii+json;version="2\.1"', "APPLICATION/TAXII+JSON;VERSION=2.1",
    "application/taxii+json ; version = 2.1", f"{TAXII};q=0.001", "application/taxii+json;q=0.5", f"{TAXII},application/stix+json;version=2.1",
    f"text/html, {TAXII}", f"application/json;q=0.9,{TAXII};q=0.1", "*/*", "application/*", "text/html, */*;q=0.1", f"{TAXII};foo=bar;q=1.0;ext",
    "application/taxii+json;version=3.0, application/taxii+json;version=2.1", f"{TAXII};charset=utf-8",
]  # fmt: skip
REFUSED = [
    "application/json", "text/html", "application/taxii+json;version=2.0", "application/taxii+json;version=3.0", "application/taxii+json;q=0", "image/*",
    "application/vnd.oasis.taxii+json; version=2.0", "application/stix+json;version=2.1", f"{TAXII};q=0,application/json", "taxii", ";;;", "application/",
]  # fmt: skip


@pytest.mark.row("T-031", "T-033", "T-034", "T-035", "T-036", "T-041", "T-042", "T-043", "T-048", "T-030", "I-045")
@pytest.mark.parametrize("accept", TAKEN)
async def test_accepted_on_every_resource(sqlite_url: str, accept: str) -> None:
    """200, and always exactly the one media type."""
    async with site(sqlite_url) as s:
        for name, path in (await filled(s)).items():
            answer = await s.get(path, accept=accept)
            assert (name, answer.status_code, answer.headers["content-type"]) == (name, 200, TAXII)


@pytest.mark.row("T-038", "T-045", "T-046", "T-042", "T-035", "I-045")
@pytest.mark.parametrize("accept", REFUSED)
async def test_refused_on_every_resource(sqlite_url: str, accept: str) -> None:
    """406, as a TAXII error all the same; a POST and a DELETE do nothing."""
    async with site(sqlite_url) as s:
        paths = await filled(s)
        for name, path in paths.items():
            answer = await s.get(path, accept=accept)
            assert (name, answer.status_code, answer.headers["content-type"]) == (name, 406, TAXII)
            assert answer.json()["http_status"] == "406"
        assert (await s.post(indicator(2), accept=accept)).status_code == 406
        headers = s.headers("ana", accept=accept)
        assert (await s.client.delete(paths["object"], headers=headers)).status_code == 406
        assert [one["id"] for one in (await s.get(OBJECTS)).json()["objects"]] == [ONE]


@pytest.mark.row("T-044", "T-032")
async def test_no_accept_is_anything(sqlite_url: str) -> None:
    """Leniently: answered in TAXII 2.1."""
    async with site(sqlite_url) as s:
        for path in (await filled(s)).values():
            headers = {"authorization": s.headers("ana")["authorization"], "accept": ""}
            request = s.client.build_request("GET", path, headers=headers)
            del request.headers["accept"]
            answer = await s.client.send(request)
            assert (answer.status_code, answer.headers["content-type"]) == (200, TAXII)


@pytest.mark.row("T-037", "T-039", "T-295", "T-040")
@pytest.mark.parametrize(
    ("media", "status"),
    [
        (TAXII, 202), ("application/taxii+json", 202), ("application/taxii+json; version=2.1", 202), ('application/taxii+json;version="2.1"', 202),
        ("Application/TAXII+JSON;Version=2.1", 202), (f"{TAXII};charset=utf-8", 202), (f"{TAXII}; charset=UTF-8; x=y", 202),
        ("application/stix+json;version=2.1", 202), ("application/vnd.oasis.stix+json", 202), ("application/vnd.oasis.stix+json; version=2.0", 202),
        ("application/json", 415), ("", 415), ("text/plain", 415), ("application/taxii+json;version=2.0", 415), ("application/taxii+json;version=2", 415),
        ("application/x-www-form-urlencoded", 415), ("multipart/form-data; boundary=x", 415), ("application/stix+json;version=9", 415), ("garbage", 415),
    ],
)  # fmt: skip
async def test_what_a_post_may_be(sqlite_url: str, media: str, status: int) -> None:
    """The answer is in TAXII 2.1 either way, and only what was taken is there."""
    async with site(sqlite_url) as s:
        answer = await s.post(indicator(1), content_type=media)
        assert (answer.status_code, answer.headers["content-type"]) == (status, TAXII)
        assert ("objects" in (await s.get(OBJECTS)).json()) == (status == 202)
        missing = await s.client.post(OBJECTS, headers=s.headers("ana"), content=b"{}")
        assert missing.status_code == 415


@pytest.mark.row("T-066", "T-065", "T-194", "T-195", "T-190", "T-192")
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"])
async def test_other_methods(sqlite_url: str, method: str) -> None:
    """405 with what there is, as a TAXII error."""
    async with site(sqlite_url) as s:
        for name, path in (await filled(s)).items():
            if method in ALLOWED[name]:
                continue
            answer = await s.client.request(method, path, headers=s.headers("ana", content_type=TAXII))
            assert (name, answer.status_code, answer.headers["allow"]) == (name, 405, ALLOWED[name])
            assert (answer.headers["content-type"], answer.json()["http_status"]) == (TAXII, "405")
            assert answer.json()["title"]


@pytest.mark.row("T-067", "T-063")
@pytest.mark.parametrize("name", RESOURCES)
async def test_head(sqlite_url: str, name: str) -> None:
    """The headers of GET, and nothing else; of a refusal too."""
    async with site(sqlite_url) as s:
        path = (await filled(s))[name]
        for account in ("ana", None):
            get = await s.get(path, account)
            head = await s.client.head(path, headers=s.headers(account))
            assert (head.status_code, head.content) == (get.status_code, b"")
            assert dict(head.headers) == dict(get.headers)


@pytest.mark.row("T-061", "T-060", "T-068")
@pytest.mark.parametrize("name", RESOURCES)
async def test_without_the_last_slash(sqlite_url: str, name: str) -> None:
    """The same answer, and never a redirect; with a query too."""
    async with site(sqlite_url) as s:
        path = (await filled(s))[name]
        for query in ("", "?limit=1"):
            with_it, without = await s.get(f"{path}{query}"), await s.get(f"{path.rstrip('/')}{query}")
            assert (without.status_code, without.content) == (200, with_it.content)
        assert (
            await s.client.post(OBJECTS.rstrip("/"), headers=s.headers("ana", content_type=TAXII), content=b"{")
        ).status_code == 400
        assert (await s.get("/openapi.json")).status_code == 200
