"""Search on pages: facets that are links, a list looked up, and deeds on what was marked; never a word of what one may not see."""

import csv
import html
import io
import json
import re
import shlex
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from support.console import seated, sent, shown
from support.http import OBJECTS, Site, site
from support.world import IDENTITY_A, NIGHT, TLP, indicator

HERE = "/console/search/"
LIST = "/console/search/list/"
NIGHTS = f"/taxii2/night/collections/{NIGHT}/objects/"


@pytest.fixture
async def s(database_url: str) -> AsyncIterator[Site]:
    """Of ana's organisation three, of bea's one, of eve's one in a group that ana is not in."""
    async with site(database_url) as made:
        await _share(made)
        yield made


@pytest.fixture
async def lite(sqlite_url: str) -> AsyncIterator[Site]:
    """The same on one database, for what is not the store's business."""
    async with site(sqlite_url) as made:
        await _share(made)
        yield made


async def _share(made: Site) -> None:
    await made.post(
        indicator(1, tlp="GREEN", name="Gate of a loader", confidence=80, labels=["phishing"], valid_until="2027-01-01T00:00:00Z"),
        indicator(2, tlp="AMBER", pattern="[url:value = 'http://evil.example/a']", confidence=20),
        indicator(3, tlp="RED", pattern="[domain-name:value = 'secret.example']"),
    )  # fmt: skip
    await made.post(indicator(4, tlp="GREEN", valid_until="2026-11-20T00:00:00Z"), account="bea")
    await made.post(indicator(5, tlp="GREEN", name="Of the night"), account="eve", path=NIGHTS)


def key(number: int, place: str = "alpha/main") -> str:
    """How a row is marked."""
    return f"{place}/{indicator(number)['id']}"


def found(told: str) -> list[int]:
    """Which of the objects are rows of a page."""
    return [
        number
        for number in range(1, 10)
        if f'name="one" value="{key(number)}"' in told or f'value="{key(number, "night/case")}"' in told
    ]


def links(told: str) -> list[dict[str, str]]:
    """What the links to the search ask."""
    hrefs = [html.unescape(one) for one in re.findall(r'href="(/console/search/\?[^"]*)"', told)]
    return [dict(parse_qsl(urlsplit(one).query)) for one in hrefs]


async def polled(s: Site, kind: str, account: str) -> list[dict[str, Any]]:
    """What a poll gives an account of a type."""
    return (await s.get(f"{OBJECTS}?match[type]={kind}", account)).json().get("objects", [])


async def rows(s: Site, name: str, path: str, **fields: Any) -> list[dict[str, str]]:
    """The table that a form answers with."""
    status, text = await sent(s, name, path, **fields)
    assert status == 200
    return list(csv.DictReader(io.StringIO(text)))


async def test_everybody_finds_what_they_see(s: Site) -> None:
    """The newest first, of all groups that one reads; in rows, facets and counts nothing of the others'."""
    for name, numbers in (("ana", [1, 2, 3, 4]), ("bea", [1, 2, 4, 5]), ("dan", [1, 4]), ("gus", [])):
        status, told = await shown(s, name, HERE)
        assert (status, found(told)) == (200, numbers) or name == "gus", name
        assert ("night" in told.lower(), "secret" in told) == (name == "bea", name == "ana"), name
        assert f"Counted over all {len(numbers)} that match." in told or name == "gus"
    hidden, never = [re.sub(r'(csrf" value=|href=|value=|GET )"?[^" <]*|<code>[^<]*', "", (await shown(s, "dan", f"{HERE}?q={what}"))[1]) for what in ("secret.example", "absent.example")]  # fmt: skip
    assert hidden == never, "what is not seen is as what never was"


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ("q=hxxp://evil[.]example/a", [2]), ("q=loader", [1]), ("label=phishing", [1]), ("level=TLP:AMBER", [2]),
        ("originator=xb-cert", [4]), ("valid=expired", [4]), ("confidence=70", [1]), ("group=night", [5]), (f"collection={NIGHT}", [5]),
        ("sighted=true", []), ("type=malware", []), (f"q={indicator(2)['id']}", [2]),
    ],
)  # fmt: skip
async def test_a_search_is_a_url(lite: Site, asked: str, numbers: list[int]) -> None:
    """And the API answers the same to the same query, which the page names."""
    status, told = await shown(lite, "bea", f"{HERE}?{asked}")
    assert (status, found(told)) == (200, numbers)
    url = re.search(r"GET https://hub\.example/api/v1(/search/[^<]*)</code>", told)
    assert url is not None
    items = (await lite.api("GET", html.unescape(url[1]), "bea")).json()["items"]
    assert {one["object"] for one in items} == {indicator(number)["id"] for number in numbers}


async def test_facets_are_links_that_are_taken_and_left(lite: Site) -> None:
    """Each keeps what was asked already; one that is taken leads back."""
    told = (await shown(lite, "bea", f"{HERE}?level=TLP%3AGREEN"))[1]
    asked = links(told)
    assert {"level": "TLP:GREEN", "originator": "xb-cert"} in asked
    assert {"level": "TLP:GREEN", "valid": "expired"} in asked
    narrowed = (await shown(lite, "bea", f"{HERE}?level=TLP%3AGREEN&originator=xb-cert"))[1]
    assert found(narrowed) == [4]
    assert {"originator": "xb-cert"} in links(narrowed), "without the level again"


@pytest.mark.parametrize("asked", ["kind=never", "level=PINK", "valid=perhaps", "confidence=x", "sighted=perhaps", "next=forged", f"q={'x' * 8_193}"])  # fmt: skip
async def test_what_cannot_be_asked_is_said(lite: Site, asked: str) -> None:
    """A mistyped filter opens no list."""
    status, told = await shown(lite, "bea", f"{HERE}?{asked}")
    assert (status, found(told), 'role="alert"' in told) == (400, [], True)
    for group in ("night", "never"):
        assert (await shown(lite, "ana", f"{HERE}?group={group}"))[0] == 404


async def test_pages_follow_by_key(s: Site) -> None:
    """Every one of 120 once, none twice, whatever comes meanwhile."""
    await s.post(*(indicator(number, tlp="GREEN") for number in range(100, 220)))
    path, seen = f"{HERE}?type=indicator", list[str]()
    for turn in range(4):
        told = (await shown(s, "dan", path))[1]
        seen += re.findall(r'name="one" value="alpha/main/([^"]+)"', told)
        following = re.search(r'rel="next" href="([^"]+)"', told)
        if following is None:
            break
        path = html.unescape(following[1])
        await s.post(indicator(300 + turn, tlp="GREEN"))
    assert len(seen) == len(set(seen)) == 122


async def test_a_word_of_a_link_is_no_word_of_a_shell(lite: Site) -> None:
    """Who sends a link chooses what is in it, and its reader may copy the line."""
    told = (await shown(lite, "ana", f"{HERE}?q=%24(touch%20x)%3B%60id%60%20'&label=a%26b"))[1]
    lines = [html.unescape(one) for one in re.findall(r"<code>(indicator-hub search[^<]*)</code>", told)]
    assert [shlex.split(one) for one in lines] == [
        ["indicator-hub", "search", "--label", "a&b", "--", "$(touch x);`id` '"]
    ]


async def test_the_list_for_devices_that_holds_the_same_is_named(lite: Site) -> None:
    """Where there is one; and it answers."""
    told = (await shown(lite, "bea", f"{HERE}?group=alpha&confidence=70&label=phishing"))[1]
    url = re.search(r"https://hub\.example(/exports/alpha/csv/[^<]*)</code>", told)
    assert url is not None
    answer = await lite.get(html.unescape(url[1]) + "&documentation=true", "bea")
    assert [one["id"] for one in csv.DictReader(io.StringIO(answer.text))] == [indicator(1)["id"]]
    for asked in ("q=x&group=alpha", "level=TLP:GREEN&group=alpha", "confidence=70"):
        assert "/exports/" not in (await shown(lite, "bea", f"{HERE}?{asked}"))[1]


async def test_who_is_shown_rows_was_given_them(s: Site) -> None:
    """In a search, in a list and in a table of what was marked: each is in the recall's list."""
    await shown(s, "dan", f"{HERE}?q=loader")
    await sent(s, "bea", LIST, text="hxxp://evil[.]example/a")
    await rows(s, "gus", HERE, one=[key(1)], deed="csv") if (await s.world.reach("gus")).can_read else None
    s.world.clock.forward(seconds=1)
    for number in (1, 2, 3):
        await s.api("POST", f"/own/{indicator(number)['id']}/recall/", body={"reason": "other"})
    told = {
        name: {one["object"] for one in (await s.api("GET", "/recalls/", name)).json()["items"]}
        for name in ("dan", "bea")
    }
    assert told == {"dan": {indicator(1)["id"]}, "bea": {indicator(2)["id"]}}


async def test_do_we_know_these(s: Site) -> None:
    """Each value once: known, with whose, where and how strictly; not known, as what one may not see; or refused, and why."""
    text = "198.51.100.1\nhxxp://evil[.]example/a\nsecret[.]example\n198.51.100.4\n10.0.0.1\n203.0.113.9"
    status, told = await sent(s, "bea", LIST, text=text)
    assert (status, re.findall(r"\d of \d are known", told)) == (200, ["3 of 6 are known"])
    for words in ("xa-cert", "xb-cert", "TLP:AMBER", ">expired<", key(1).split("/")[2], "hxxp"):
        assert words in told
    table = await rows(s, "bea", LIST, text=text, deed="csv")
    told_of = {one["value"]: one for one in table}
    assert [told_of[value]["known"] for value in ("198.51.100.1", "secret.example", "203.0.113.9")] == [
        "yes",
        "no",
        "no",
    ]
    assert [told_of["198.51.100.4"][name] for name in ("expired", "originator", "group", "collection", "false_positives")] == ["yes", "xb-cert", "alpha", "main", "0"]  # fmt: skip
    assert told_of["198.51.100.1"]["expired"] == "no"
    assert "no value in this text" in (await sent(s, "bea", LIST, text="nothing here"))[1]
    assert (await sent(s, "bea", LIST, text="x" * 500_001))[0] == 400


async def test_marked_ones_are_seen_or_wrong_together(s: Site) -> None:
    """One object for each, as strict as what it is about; what cannot be is counted."""
    status, told = await sent(s, "ana", HERE, one=[key(1), key(2), key(9)], deed="seen", back="?q=loader")
    assert (status, "2 shared, 0 refused." in told, found(told)) == (303, True, [1])
    made = await polled(s, "sighting", "ana")
    marks = {one["sighting_of_ref"]: one["object_marking_refs"] for one in made}
    assert marks == {indicator(1)["id"]: [TLP["GREEN"]], indicator(2)["id"]: [TLP["AMBER"]]}
    assert {one["created_by_ref"] for one in made} == {IDENTITY_A}
    assert len(await polled(s, "sighting", "dan")) == 1
    assert found((await shown(s, "bea", f"{HERE}?sighted=true"))[1]) == [1, 2]
    assert "1 shared, 0 refused." in (await sent(s, "bea", HERE, one=[key(1)], deed="false-positive"))[1]
    assert "false positive ×1" in html.unescape((await shown(s, "ana", f"{HERE}?q=loader"))[1])
    assert "0 shared, 1 refused." in (await sent(s, "dan", HERE, one=[key(1)], deed="seen"))[1]


async def test_marked_ones_are_taken_along(lite: Site) -> None:
    """As STIX, byte for byte, and as a table in which nothing is a formula; of what one may not see nothing."""
    await lite.post(
        indicator(
            6,
            tlp="GREEN",
            name="=1+1",
            pattern="[domain-name:value = 'evil.example' OR url:value = 'http://evil.example/']",
        )
    )
    marked = [key(number) for number in (1, 3, 6)]
    status, text = await sent(lite, "bea", HERE, one=marked, deed="stix")
    assert status == 200
    assert (
        json.dumps(
            indicator(
                1,
                tlp="GREEN",
                name="Gate of a loader",
                confidence=80,
                labels=["phishing"],
                valid_until="2027-01-01T00:00:00Z",
            )
        )
        in text
    )
    assert {one["id"] for one in json.loads(text)["objects"]} == {indicator(1)["id"], indicator(6)["id"]}
    table = await rows(lite, "bea", HERE, one=marked, deed="csv")
    assert [(one["type"], one["value"]) for one in table] == [
        ("ipv4-addr", "198.51.100.1"), ("domain-name", "evil.example"), ("url", "http://evil.example/"),
    ]  # fmt: skip
    assert [table[0][name] for name in ("level", "originator", "collection", "confidence", "labels", "withdrawn")] == ["TLP:GREEN", "xa-cert", "main", "80", "phishing", "no"]  # fmt: skip
    assert table[1]["name"] == "'=1+1"


async def test_marked_ones_are_withdrawn_after_a_page_that_says_so(lite: Site) -> None:
    """One's own only; the others are counted and left as they are."""
    status, told = await sent(lite, "ana", HERE, one=[key(1), key(4)], deed="withdraw", back="?q=x")
    assert (status, "Withdraw 2 objects" in told, "198[.]51[.]100[.]1" in told) == (200, True, True)
    assert [one.get("revoked") for one in await polled(lite, "indicator", "dan")] == [None, None]
    lite.world.clock.forward(seconds=1)
    assert "1 withdrawn, 1 refused" in (await sent(lite, "ana", HERE, one=[key(1), key(4)], deed="withdrawn"))[1]
    assert {one["id"] for one in await polled(lite, "indicator", "dan") if one.get("revoked")} == {indicator(1)["id"]}
    assert found((await shown(lite, "ana", HERE))[1]) == [2, 3, 4]
    assert found((await shown(lite, "ana", f"{HERE}?revoked=true"))[1]) == [1]


async def test_what_was_not_marked_on_a_page_is_refused_whole(lite: Site) -> None:
    """Nothing is done before all of it is known to be there for this account."""
    for marked in ([], ["x"], ["alpha/main/never"], [key(1)] * 501):
        assert (await sent(lite, "ana", HERE, one=marked, deed="seen"))[0] == 400
    for place in ("night/case", "never/case"):
        assert (await sent(lite, "ana", HERE, one=[key(1), key(5, place)], deed="seen"))[0] == 404
    assert (await sent(lite, "ana", HERE, one=[key(1)], deed="never"))[0] == 404
    assert await polled(lite, "sighting", "ana") == []
    async with seated(lite, "ana") as ana:
        for back in ("//evil.example/", "?\r\nX: y", "?é", "https://evil.example/"):
            answer = await ana.post(HERE, one=[key(2)], deed="seen", back=back)
            assert answer.headers["location"] == f"{HERE}?"


async def test_a_deed_on_many_that_is_sent_twice_is_done_once(s: Site) -> None:
    """Each marked object is said to be seen once, however often the form is sent."""
    async with seated(s, "bea") as bea:
        page = (await bea.get(HERE)).text
        once = dict(re.findall(r'<input type="hidden" name="(seed|at)" value="([^"]+)">', page))
        assert set(once) == {"seed", "at"}
        for _ in range(2):
            for deed in ("seen", "false-positive"):
                assert (await bea.post(HERE, one=[key(1), key(4)], deed=deed, **once)).status_code == 303
            s.world.clock.forward(seconds=1)
    for kind in ("sighting", "opinion"):
        told = (await s.get(f"{OBJECTS}?match[type]={kind}", "ana")).json()["objects"]
        assert len(told) == 2


async def test_of_many_values_the_number_is_told(s: Site) -> None:
    """An indicator of 25 is shown as one and 24 more; what the button for copying has not is said with it; the table has all."""
    pattern = " OR ".join(f"[domain-name:value = 'c{number}.example']" for number in range(25))
    await s.post(indicator(6, tlp="GREEN", pattern=pattern), indicator(7, tlp="GREEN", pattern="[mutex:name = 'once']"))
    told = (await shown(s, "bea", HERE))[1]
    row = next(part for part in told.split("<tr") if indicator(6)["id"] in part)
    assert ("(+24)" in row, 'data-number="25"' in row) == (True, True)
    assert len(re.search(r'data-values="([^"]*)"', row)[1].split("\n")) == 10  # type: ignore[index]
    assert 'data-number="1"' in next(part for part in told.split("<tr") if indicator(7)["id"] in part)
    assert 'data-partly="#1 of #2 values are copied' in told
    table = await rows(s, "bea", HERE, one=[key(6)], deed="csv")
    assert len({one["value"] for one in table}) == 25
    items = (await s.api("GET", "/search/?q=c7.example", "bea")).json()["items"]
    assert [(len(one["values"]), one["number_of_values"]) for one in items] == [(10, 25)]
