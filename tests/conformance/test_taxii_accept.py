"""Accept and Content-Type as clients write them: long lists, odd spacing, several headers (section 3.1; RFC 9110 sections 5.6, 8.3 and 12.5.1)."""

import random
from typing import Any

import pytest

from conformance.asking import ONE, filled
from support.http import OBJECTS, TAXII, Site, site
from support.world import indicator

OTHERS = [
    "text/html", "application/json;q=0.9", "application/stix+json;version=2.1", "image/*;q=0.8", "application/taxii+json;version=2.0", "text/plain;format=flowed",
    'application/x-own;title="a, b; c"', "application/vnd.oasis.taxii+json; version=2.0",
]  # fmt: skip
BOTH = (TAXII, "application/taxii+json")


async def asked(s: Site, path: str, *accepts: str, method: str = "GET") -> Any:
    """A request with these Accept headers, each a line of its own."""
    sent = [("authorization", s.headers("ana")["authorization"]), *(("accept", one) for one in accepts)]
    request = s.client.build_request(method, path, headers=sent)
    if not accepts:
        del request.headers["accept"]
    return await s.client.send(request)


@pytest.mark.row("T-036", "T-042", "T-046", "T-035", "I-045")
@pytest.mark.parametrize("ours", BOTH)
async def test_anywhere_in_a_list(sqlite_url: str, ours: str) -> None:
    """First, last or between, with any weight above zero, with any blanks around."""
    async with site(sqlite_url) as s:
        path = (await filled(s))["manifest"]
        for place in range(len(OTHERS) + 1):
            for weight, comma in (
                ("", ","),
                (";q=1", ", "),
                (";q=0.001", " , "),
                ("; q=0.5", ",\t"),
                (" ; Q=0.999", ","),
                (";q=1.000", ", "),
            ):
                accept = comma.join([*OTHERS[:place], ours + weight, *OTHERS[place:]])
                answer = await asked(s, path, accept)
                assert (accept, answer.status_code, answer.headers["content-type"]) == (accept, 200, TAXII)


@pytest.mark.row("T-038", "T-046")
async def test_a_list_without_it(sqlite_url: str) -> None:
    """406 for any list of other types, and where ours has the weight zero in each of its forms."""
    async with site(sqlite_url) as s:
        path = (await filled(s))["objects"]
        for size in range(1, len(OTHERS) + 1):
            assert (await asked(s, path, ", ".join(OTHERS[:size]))).status_code == 406
        for nil in ("0", "0.0", "0.000"):
            assert (
                await asked(s, path, f"{TAXII};q={nil}, application/taxii+json;q={nil}, text/html")
            ).status_code == 406


@pytest.mark.row("T-036", "I-045")
@pytest.mark.parametrize("number", [10, 50, 200])
async def test_a_long_list(sqlite_url: str, number: int) -> None:
    """However many other types come before it."""
    async with site(sqlite_url) as s:
        path = (await filled(s))["objects"]
        for ours in BOTH:
            accept = ",".join([*(f"application/x-type-{one}+json" for one in range(number)), ours])
            answer = await asked(s, path, accept)
            assert (ours, answer.status_code, answer.headers["content-type"]) == (ours, 200, TAXII)


@pytest.mark.row("T-036", "T-042")
async def test_several_headers(sqlite_url: str) -> None:
    """Several Accept lines are one list."""
    async with site(sqlite_url) as s:
        paths = await filled(s)
        for path in paths.values():
            assert (await asked(s, path, "text/html", TAXII)).status_code == 200
            assert (await asked(s, path, "application/taxii+json", "text/html")).status_code == 200
            assert (await asked(s, path, "text/html", "application/json")).status_code == 406
            assert (await asked(s, path)).status_code == 200


PRECEDENCE = [
    (f"{TAXII};q=0, application/taxii+json", 406), (f"application/taxii+json;q=0, {TAXII}", 200), ("*/*;q=0, application/taxii+json", 200),
    (f"application/*;q=0, {TAXII}", 200), ("*/*, application/*;q=0", 406), ("*/*;q=0", 406), ("application/*;q=0, */*", 406), ("*/*;q=0.1, text/html", 200),
    ('application/taxii+json;VERSION="2.1"', 200), ('application/taxii+json;version="2.0"', 406), ("application/taxii+json;version=2.1;version=2.0", 200),
    ("application/taxii+json;version=21", 406), ("application/taxii+json;version=2.10", 406), ("application/taxii+json;version=v2.1", 406),
    ('text/html;x="application/taxii+json"', 406), (f'text/html;x=",{TAXII},"', 406), ("application/taxii", 406), ("application/taxii+xml", 406), ("taxii+json", 406),
    (",,", 406), (f",,{TAXII},,", 200), ("application/taxii+json;", 200), ("application/taxii+json;;version=2.1", 200), ("application/taxii+json;x", 200),
]  # fmt: skip


@pytest.mark.row("T-042", "T-036", "T-038")
async def test_precedence_and_spelling(sqlite_url: str) -> None:
    """The narrower range decides; a parameter's name in any case, its value as a token or quoted; what looks like ours inside of quotes is not."""
    async with site(sqlite_url) as s:
        for name, path in (await filled(s)).items():
            for accept, status in PRECEDENCE:
                assert (name, accept, (await asked(s, path, accept)).status_code) == (name, accept, status)


@pytest.mark.row("T-037", "T-038", "T-045")
async def test_writing_asks_for_accept_too(sqlite_url: str) -> None:
    """POST and DELETE answer whatever is acceptable, and do nothing where nothing is."""
    async with site(sqlite_url) as s:
        await filled(s)
        for accept, post, delete in (
            (TAXII, 202, 200),
            ("*/*", 202, 200),
            ("application/taxii+json;q=0.2", 202, 200),
            ("text/html", 406, 406),
        ):
            answer = await s.post(indicator(2), accept=accept)
            assert (accept, answer.status_code, answer.headers["content-type"]) == (accept, post, TAXII)
            gone = await s.client.delete(f"{OBJECTS}{indicator(2)['id']}/", headers=s.headers("ana", accept=accept))
            assert (accept, gone.status_code, gone.headers["content-type"]) == (
                accept,
                404 if delete == 200 and post != 202 else delete,
                TAXII,
            )
        assert [one["id"] for one in (await s.get(OBJECTS)).json()["objects"]] == [ONE]


@pytest.mark.row("T-037", "T-039", "T-040", "T-042", "T-295")
async def test_content_types_in_every_spelling(sqlite_url: str) -> None:
    """Case, blanks, quotes and parameters other than `version` do not matter; the version does."""
    chosen = random.Random(7)
    async with site(sqlite_url) as s:
        for kind, versions in (
            ("application/taxii+json", {"": 202, "2.1": 202, '"2.1"': 202, "2.0": 415, "1": 415, '""': 415}),
            ("application/stix+json", {"2.1": 202, '"2.1"': 202, "9.9": 415}),
            ("application/vnd.oasis.stix+json", {"": 202, "2.0": 202, "2.1": 202}),
            ("application/json", {"": 415, "2.1": 415}),
            ("application/taxii", {"": 415, "2.1": 415}),
        ):
            for wanted, status in versions.items():
                for before, after in (("", ""), (";charset=utf-8", ""), ("", "; charset=UTF-8"), (";x=y", ';z="1, 2"')):
                    blank = chosen.choice(["", " ", "  "])
                    spelt = f"{kind}{before}" + (f"{blank};{blank}version={wanted}" if wanted else "") + after
                    for text in (spelt, spelt.upper()):
                        answer = await s.post(indicator(1), content_type=text)
                        assert (text, answer.status_code, answer.headers["content-type"]) == (text, status, TAXII)
