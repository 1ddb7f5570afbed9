"""The page of one object: what it says and to whom, what others say of it, and the record that who looks at it was given it."""

import json
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest

from support.console import seated, sent, shown
from support.http import OBJECTS, Site, site
from support.world import IDENTITY_A, TLP, indicator

ONE = indicator(1)["id"]
HERE = f"/console/objects/alpha/main/{ONE}/"


@pytest.fixture
async def s(database_url: str) -> AsyncIterator[Site]:
    """The usual world."""
    async with site(database_url) as made:
        yield made


async def get(s: Site, name: str, path: str = HERE) -> tuple[int, str]:
    """What somebody is shown, of the usual object if of no other."""
    return await shown(s, name, path)


async def send(s: Site, name: str, path: str = HERE, **fields: Any) -> tuple[int, str]:
    """A form, sent to the page of the usual object if to no other."""
    return await sent(s, name, path, **fields)


@pytest.fixture
async def lite(sqlite_url: str) -> AsyncIterator[Site]:
    """The same on one database, for what is not the store's business."""
    async with site(sqlite_url) as made:
        yield made


def other(kind: str, number: int, **said: Any) -> dict[str, Any]:
    """An object of another type than an indicator."""
    name = indicator(number)["id"].replace("indicator", kind)
    return indicator(number, type=kind, id=name, pattern=None, pattern_type=None, valid_from=None, **said)


async def polled(s: Site, kind: str, account: str) -> list[dict[str, Any]]:
    """What a poll gives an account of a type."""
    return (await s.get(f"{OBJECTS}?match[type]={kind}", account)).json().get("objects", [])


async def test_what_it_says_is_shown_defanged_and_copied_as_it_is(lite: Site) -> None:
    """Value, validity, confidence, level, originator, audience; both versions and what is other in the second."""
    said = {"pattern": "[url:value = 'http://evil.example/a']", "tlp": "GREEN", "labels": ["Phishing"]}
    await lite.post(indicator(1, confidence=40, **said))
    await lite.post(
        indicator(1, confidence=70, modified="2026-11-02T00:00:00.000Z", valid_until="2026-11-20T00:00:00Z", **said)
    )
    status, told = await get(lite, "bea")
    assert status == 200
    assert 'data-copy="http://evil.example/a"' in told
    assert "hxxp[:]//evil[.]example/a" in told or "hxxp://evil[.]example/a" in told
    assert 'href="http' not in told
    assert ">expired<" in told
    assert 'value="70"' in told
    assert re.search(
        r"confidence</code></bdi></td><td[^>]*><bdi class=\"soft\">40</bdi></td><td[^>]*><bdi>70</bdi>", told
    )
    for words in ("xa-cert", "TLP:GREEN", "duty@xa-cert.example", "/console/search/?label=phishing", "2026-11-20"):
        assert words in told
    assert "/withdraw/" not in told
    assert "(ana)" not in re.sub(r"<[^>]+>", "", told), "the account is told to its own organisation only"


@pytest.mark.parametrize("path", ["", "raw/", "withdraw/", "recall/"])
async def test_what_one_may_not_see_is_as_what_never_was(s: Site, path: str) -> None:
    """Of a level above one's own, of a group that one is not in, recalled: to the byte, but for the language form's own address and its token."""
    await s.post(indicator(1, tlp="RED"), indicator(2, tlp="GREEN"))
    await s.api("POST", f"/own/{indicator(2)['id']}/recall/", body={"reason": "other"})
    never, answers = indicator(9)["id"], list[str]()
    places = [
        f"alpha/main/{never}",
        f"alpha/main/{ONE}",
        f"alpha/main/{indicator(2)['id']}",
        f"night/case/{ONE}",
        f"alpha/main/{ONE}\\",
    ]
    for place in places:
        status, told = await get(s, "bea", f"/console/objects/{place}/{path}")
        assert status == 404
        answers.append(re.sub(r'name="csrf" value="[^"]+"|/console/objects/[^"]*', "", told))
    assert set(answers) == {answers[0]}
    api = [
        await s.api("GET", f"/groups/alpha/collections/main/objects/{name}/relations/", "bea") for name in (ONE, never)
    ]
    assert [one.status_code for one in api] == [404, 404]


async def test_who_looks_at_it_was_given_it(s: Site) -> None:
    """Whoever opened the page is in the recall's list; who only asked for it in vain is not. So of what stands around it."""
    malware = other("malware", 4, tlp="GREEN", name="A loader", is_family=False)
    ties = other(
        "relationship", 5, tlp="GREEN", relationship_type="indicates", source_ref=ONE, target_ref=malware["id"]
    )
    await s.post(indicator(1, tlp="GREEN"), malware, ties, indicator(2, tlp="GREEN"))
    assert (await get(s, "bea"))[0] == 200
    assert (await get(s, "dan", f"/console/objects/alpha/main/{indicator(2)['id']}/raw/"))[0] == 200
    s.world.clock.forward(seconds=1)
    for name in (ONE, malware["id"], indicator(2)["id"]):
        await s.api("POST", f"/own/{name}/recall/", body={"reason": "other"})
    told = {name: (await s.api("GET", "/recalls/", name)).json()["items"] for name in ("bea", "dan", "eve")}
    had = {name: {one["object"] for one in items} for name, items in told.items()}
    assert had == {"bea": {ONE, malware["id"]}, "dan": {indicator(2)["id"]}, "eve": set()}


async def test_raw_gives_the_bytes_and_nothing_else(s: Site) -> None:
    """As they came; and what stands around it was not given."""
    malware = other("malware", 4, tlp="GREEN", name="A loader", is_family=False)
    ties = other(
        "relationship", 5, tlp="GREEN", relationship_type="indicates", source_ref=ONE, target_ref=malware["id"]
    )
    await s.post(indicator(1, tlp="GREEN"), malware, ties)
    async with seated(s, "bea") as bea:
        found = await bea.get(f"{HERE}raw/")
    assert found.content == json.dumps(indicator(1, tlp="GREEN")).encode()
    assert "attachment" in found.headers["content-disposition"]
    s.world.clock.forward(seconds=1)
    await s.api("POST", f"/own/{malware['id']}/recall/", body={"reason": "other"})
    assert (await s.api("GET", "/recalls/", "bea")).json()["items"] == []


@pytest.mark.parametrize(
    ("deed", "kind", "words"),
    [
        ("seen", "sighting", "1 sighting"), ("false-positive", "opinion", ">false positive<"), ("agree", "opinion", ">agrees<"),
        ("note", "note", "In our mail logs"),
    ],
)  # fmt: skip
async def test_what_one_says_of_it_is_an_object_through_the_same_door(
    lite: Site, deed: str, kind: str, words: str
) -> None:
    """As strictly marked as what it is about, in the name of one's organisation, and told to whoever reads it."""
    await lite.post(indicator(1, tlp="AMBER"))
    status, told = await send(lite, "bea", deed=deed, text="In our mail logs")
    assert status == 303
    assert words in told
    assert "In our mail logs" in told
    made = (await polled(lite, kind, "ana"))[0]
    assert made["object_marking_refs"] == [TLP["AMBER"]]
    assert made.get("sighting_of_ref", made.get("object_refs", [""])[0]) == ONE
    assert await polled(lite, kind, "dan") == []
    items = (await lite.api("GET", f"/groups/alpha/collections/main/objects/{ONE}/relations/", "ana")).json()["items"]
    assert [(one["type"], one["direction"], one["originator"]) for one in items] == [(kind, "from", "xb-cert")]
    assert words in (await get(lite, "ana"))[1]


async def test_our_own_name_is_on_it(lite: Site) -> None:
    """Where the organisation has declared an identity."""
    await lite.post(indicator(1, tlp="GREEN"))
    assert (await send(lite, "ana", deed="seen"))[0] == 303
    assert (await polled(lite, "sighting", "bea"))[0]["created_by_ref"] == IDENTITY_A


async def test_a_question_reaches_both_nations_and_no_third(s: Site) -> None:
    """The note and its mark are for the asking nation and the originator's; an organisation of neither is given nothing of it."""
    await s.post(indicator(1, tlp="GREEN"), account="gus")
    async with seated(s, "bea") as bea:
        shown = (await bea.get(HERE)).text
        assert "duty@xd-cert.example" in shown
        assert "Ask the originator" in shown
        assert (await bea.post(HERE, deed="ask", text="")).status_code == 400
        assert (await bea.post(HERE, deed="ask", text="From which log?")).status_code == 303
    assert [one["content"] for one in await polled(s, "note", "bea")] == ["From which log?"]
    assert await polled(s, "note", "ana") == []
    assert "From which log?" not in (await get(s, "ana"))[1]
    assert "From which log?" in (await get(s, "dan"))[1], "of the asking nation"
    for name in ("bea", "dan"):
        marks = {one["id"] for one in await polled(s, "marking-definition", name)}
        notes = await polled(s, "note", name)
        assert notes and marks >= set(notes[0]["object_marking_refs"]) - set(TLP.values()), "and what its mark says"
    for name in ("ana", "abot", "bank"):
        assert await polled(s, "marking-definition", name) == [], "which would tell a third who asks whom"
    assert (await send(s, "ana", deed="ask", text="Why?"))[0] == 303
    assert [one["content"] for one in await polled(s, "note", "ana")] == ["Why?"]


async def test_a_form_that_is_sent_twice_says_it_once(s: Site) -> None:
    """A double click, a reload, a form that stood open for a while: one sighting, one note, one question; other words are another."""
    await s.post(indicator(1, tlp="GREEN"), account="gus")
    async with seated(s, "bea") as bea:
        page = (await bea.get(HERE)).text
        once = dict(re.findall(r'<input type="hidden" name="(seed|at)" value="([^"]+)">', page))
        assert set(once) == {"seed", "at"}
        for deed, kind, text in (
            ("seen", "sighting", ""), ("false-positive", "opinion", ""), ("note", "note", "In our logs"), ("ask", "note", "Which?"),
        ):  # fmt: skip
            before = len(await polled(s, kind, "bea"))
            for later in (0, 3, 1_000):
                s.world.clock.forward(seconds=later if deed == "seen" else 0)
                assert (await bea.post(HERE, deed=deed, text=text, **once)).status_code == 303
            assert len(await polled(s, kind, "bea")) == before + 1
        before = len(await polled(s, "note", "bea"))
        assert (await bea.post(HERE, deed="note", text="In other logs", **once)).status_code == 303
        again = dict(re.findall(r'<input type="hidden" name="(seed|at)" value="([^"]+)">', (await bea.get(HERE)).text))
        assert again["seed"] != once["seed"]
        assert (await bea.post(HERE, deed="note", text="In other logs", **again)).status_code == 303
        assert len(await polled(s, "note", "bea")) == before + 2


async def test_nobody_asks_itself(lite: Site) -> None:
    """Nor does one write where one does not share, and what was written is still in the form."""
    await lite.post(indicator(1, tlp="GREEN"))
    assert "Ask the originator" not in (await get(lite, "ana"))[1]
    status, told = await send(lite, "ana", deed="ask", text="Who am I?")
    assert (status, "Who am I?" in told) == (400, True)
    assert "does not share in this collection" in (await get(lite, "dan"))[1]
    status, told = await send(lite, "dan", deed="seen", text="here")
    assert status in (400, 403)
    assert await polled(lite, "sighting", "ana") == []
    assert (await send(lite, "ana", deed="other"))[0] == 404
    assert (await send(lite, "ana", deed="note", text="x" * 10_001))[0] == 400


async def test_it_is_withdrawn_by_its_originator(lite: Site) -> None:
    """Asked on a page of its own that says whom it reaches; then everybody hears of it, and it cannot be withdrawn twice."""
    await lite.post(indicator(1, tlp="GREEN"))
    assert (await get(lite, "bea", f"{HERE}withdraw/"))[0] == 404
    assert (await send(lite, "bea", f"{HERE}withdraw/"))[0] in (403, 404)
    status, told = await get(lite, "ana", f"{HERE}withdraw/")
    assert (status, "xb-cert" in told, 'class="grave"' in told) == (200, True, True)
    lite.world.clock.forward(seconds=1)
    status, told = await send(lite, "ana", f"{HERE}withdraw/")
    assert (status, ">withdrawn<" in told, f"{HERE}withdraw/" in told) == (303, True, False)
    assert (await polled(lite, "indicator", "bea"))[0]["revoked"] is True
    assert ">withdrawn<" in (await get(lite, "bea"))[1]


async def test_it_is_recalled_by_its_originator_or_a_steward(s: Site) -> None:
    """With a reason that those are told who had it; for everybody else it is gone."""
    await s.post(indicator(1, tlp="GREEN"), account="bea")
    assert (await get(s, "dan"))[0] == 200
    assert (await get(s, "dan", f"{HERE}recall/"))[0] == 404
    assert (await send(s, "dan", f"{HERE}recall/", reason="other"))[0] in (403, 404)
    assert (await get(s, "ana", f"{HERE}recall/"))[0] == 200, "a steward may"
    assert (await get(s, "ana", f"{HERE}withdraw/"))[0] == 404, "and may not withdraw for others"
    assert (await send(s, "bea", f"{HERE}recall/", reason="no such"))[0] == 400
    s.world.clock.forward(seconds=1)
    assert (await send(s, "bea", f"{HERE}recall/", reason="wrong_marking"))[0] == 303
    assert [(await get(s, name))[0] for name in ("ana", "bea", "dan")] == [404, 404, 404]
    told = (await s.api("GET", "/recalls/", "dan")).json()["items"]
    assert [(one["object"], one["reason"]) for one in told] == [(ONE, "wrong_marking")]


async def test_what_is_around_it_is_drawn_and_listed_as_far_as_one_sees(s: Site) -> None:
    """What is too strict for the reader is in neither, and the API says the same."""
    malware = [
        other("malware", number, tlp=level, name=f"Loader {number}", is_family=False)
        for number, level in ((4, "GREEN"), (5, "AMBER"))
    ]
    ties = [
        other("relationship", number, tlp="GREEN" if number == 6 else "AMBER", relationship_type="indicates", source_ref=ONE, target_ref=to["id"])
        for number, to in zip((6, 7), malware, strict=True)
    ]  # fmt: skip
    await s.post(indicator(1, tlp="GREEN"), *malware)
    await s.post(*ties)
    for name, seen in (("bea", [True, True]), ("dan", [True, False])):
        told = (await get(s, name))[1]
        picture, table = told.partition("<svg")[2].partition("</svg>")[0], told.partition("As a table")[2]
        for number, sees in zip((4, 5), seen, strict=True):
            assert [f"Loader {number}" in part for part in (picture, table)] == [sees, sees], (name, number)
        items = (await s.api("GET", f"/groups/alpha/collections/main/objects/{ONE}/relations/", name)).json()["items"]
        assert sorted(one["name"] for one in items if one["type"] == "malware") == [
            f"Loader {number}" for number, sees in zip((4, 5), seen, strict=True) if sees
        ]
    status, told = await get(s, "dan", f"/console/objects/alpha/main/{malware[0]['id']}/")
    assert (status, "Loader 4" in told, "198[.]51[.]100[.]1" in told) == (200, True, True)


async def test_of_many_versions_the_newest_is_the_verdict(s: Site) -> None:
    """An object with more versions than a page holds is not shown as it was long ago."""
    many = [
        indicator(1, tlp="GREEN", confidence=number % 100, modified=f"2026-11-02T00:{number // 60:02}:{number % 60:02}.000Z") for number in range(205)
    ]  # fmt: skip
    await s.post(*many, indicator(1, tlp="GREEN", modified="2026-11-03T00:00:00.000Z", revoked=True))
    status, told = await get(s, "bea")
    assert (status, ">withdrawn<" in told, "There is more than this page shows" in told) == (200, True, True)
    async with seated(s, "bea") as bea:
        assert (await bea.get(f"{HERE}raw/")).json()["revoked"] is True


async def test_the_number_of_sightings_is_true(s: Site) -> None:
    """Beside those that the page has room for: all of them, or more than are counted; and that there is more stands beside the number."""
    saw = [other("sighting", number, tlp="GREEN", sighting_of_ref=ONE) for number in range(10, 15)]
    notes = [other("note", number, tlp="GREEN", object_refs=[ONE], content="Seen it") for number in range(100, 400)]
    await s.post(indicator(1, tlp="GREEN"), *saw)
    await s.post(*notes)
    told = (await get(s, "bea"))[1]
    number = re.search(r'<span class="soft">([^<]*) sightings</span></div>\s*<p class="soft small">There is more', told)
    assert number is not None
    assert number[1] == "5"
    await s.post(*[other("sighting", number, tlp="GREEN", sighting_of_ref=ONE) for number in range(1_000, 1_400)])
    assert "more than 300 sightings</span></div>" in (await get(s, "bea"))[1]
    found = (await send(s, "bea", "/console/search/list/", text="198.51.100.1"))[1]
    assert '<bdi dir="ltr">×300+</bdi>' in found
    assert ",300+," in (await send(s, "bea", "/console/search/list/", text="198.51.100.1", deed="csv"))[1]
    assert (
        "more than 300 sightings"
        in (await send(s, "bea", "/console/", do="look", text="198.51.100.1", documentation="yes"))[1]
    )


async def test_a_contested_id_is_told_of_whom_it_is_from(s: Site) -> None:
    """Two organisations under one id: whose version is shown is who is asked, and who withdraws."""
    await s.post(indicator(1, tlp="GREEN", confidence=10), account="bea")
    await s.post(indicator(1, tlp="GREEN", confidence=90, modified="2026-11-02T00:00:00.000Z"), account="gus")
    async with seated(s, "ana") as ana:
        told = (await ana.get(HERE)).text
    shown = re.search(r"Shared by</dt><dd><bdi>([^<]+)", told)
    assert shown is not None
    assert f"duty@{shown[1]}.example" in told


ODD: dict[str, dict[str, Any]] = {
    "a type of one's own": other("x-thing", 1, tlp="GREEN", name=["a"], source_ref="x", object_refs=[{"a": 1}], labels=["b"]),
    "a list for a reference": other("x-thing", 1, tlp="GREEN", source_ref=["x"], target_ref={"a": 1}, sighting_of_ref=[1], object_refs="x"),
    "odd words": other("x-thing", 1, tlp="GREEN", description=12, value={"a": 1}, revoked=False, confidence=3, content=True),
    "an observable": other("file", 1, tlp="GREEN", hashes={"MD5": "d41d8cd98f00b204e9800998ecf8427e"}, name="مستند.exe", created=None, modified=None),
    "a network": other("ipv4-addr", 1, tlp="GREEN", value="198.51.100.0/24", created=None, modified=None),
    "a pattern of Sigma": indicator(1, tlp="GREEN", pattern="title: <b>x</b>", pattern_type="sigma"),
    "a large pattern": indicator(1, tlp="GREEN", pattern="[ipv4-addr:value = '198.51.100.1'] AND [url:value = 'http://e.example/']"),
}  # fmt: skip


async def test_whatever_was_let_in_can_be_looked_at(lite: Site) -> None:
    """What the hub stores it shows; what is broken it does not take."""
    refused: list[str] = []
    for number, (name, made) in enumerate(ODD.items(), 11):
        each = made | {"id": made["id"].replace(ONE[-36:], indicator(number)["id"][-36:])}
        if (await lite.post(each)).json()["failure_count"]:
            refused.append(name)
        else:
            for path in ("", "recall/", "raw/"):
                assert (await get(lite, "ana", f"/console/objects/alpha/main/{each['id']}/{path}"))[0] == 200, name
    assert refused == ["a type of one's own", "a list for a reference"]
    assert (await get(lite, "bea", "/console/search/"))[0] == 200
