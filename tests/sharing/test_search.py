"""Search finds what its account sees, by value, id and words, in every collection it reads; and tells of nothing else."""

from collections.abc import AsyncIterator
from typing import Any

import pytest

from indicator_hub.errors import Invalid, NotFound
from indicator_hub.sharing.recall import recall
from indicator_hub.sharing.recalls import listed
from indicator_hub.sharing.search import FIRST, Found, facets, lookup, read_query, search, statistics
from indicator_hub.sharing.submit import submit
from indicator_hub.taxii.query import Filters
from support.marks import marking
from support.world import MAIN, NIGHT, OPEN, OTHER, START, World, envelope, indicator, world

DAY = 86_400_000_000
EVERY = Filters(keywords=frozenset(("all",)))


@pytest.fixture
async def w(database_url: str) -> AsyncIterator[World]:
    """The usual world."""
    async with world(database_url) as made:
        yield made


async def send(
    w: World, *objects: dict[str, Any], account: str = "ana", group: str = "alpha", to: str = "main"
) -> None:
    """Post, and expect it to be taken."""
    status = await submit(w.store, await w.caller(account), await w.reach(account, group, to), envelope(*objects))
    assert not any(detail.failed for detail in status.details), status.details


async def find(w: World, account: str, q: str = "", **said: Any) -> Found:
    """What an account finds."""
    paging = {name: said.pop(name) for name in ("after", "limit") if name in said}
    return await search(w.store, await w.caller(account), read_query({"q": q, **said}), **paging)


async def ids(w: World, account: str, q: str = "", **said: Any) -> list[str]:
    """The ids of it."""
    return [one["object"] for one in (await find(w, account, q, **said)).items]


def sighting(number: int, of: str, **changes: Any) -> dict[str, Any]:
    """Somebody saw it."""
    made = indicator(
        number, type="sighting", sighting_of_ref=of, pattern=None, pattern_type=None, valid_from=None, **changes
    )
    return made | {"id": made["id"].replace("indicator", "sighting")}


def opinion(number: int, of: str, said: str, **changes: Any) -> dict[str, Any]:
    """Somebody thinks so of it."""
    made = indicator(
        number,
        type="opinion",
        object_refs=[of],
        opinion=said,
        pattern=None,
        pattern_type=None,
        valid_from=None,
        **changes,
    )
    return made | {"id": made["id"].replace("indicator", "opinion")}


async def test_in_any_spelling(w: World) -> None:
    """Defanged, in other letters, as part of a larger pattern, as the host of a URL; an id; words in the name and the labels."""
    url = indicator(
        2,
        tlp="GREEN",
        pattern="[url:value = 'http://evil.example/Path?q=1']",
        name="Ḥarīr loader",
        labels=["Bank/Trojan"],
    )
    both = indicator(
        3, tlp="GREEN", pattern="[domain-name:value = 'evil.example'] AND [ipv4-addr:value = '198.51.100.1']"
    )
    await send(w, indicator(1, tlp="GREEN"), url, both)
    one, two, three = (indicator(number)["id"] for number in (1, 2, 3))
    assert await ids(w, "bea", "198[.]51[.]100[.]1") == [three, one]
    assert [item["match"] for item in (await find(w, "bea", "198.51.100.1")).items] == ["part", "whole"]
    assert await ids(w, "bea", "hxxp://EVIL[.]example/Path?q=1") == [two]
    assert [(item["object"], item["match"]) for item in (await find(w, "bea", "EVIL.example")).items] == [
        (three, "part"),
        (two, "within"),
    ]
    assert await ids(w, "bea", one) == [one]
    assert await ids(w, "bea", "ḤARĪR") == [two]
    assert await ids(w, "bea", "load bank/tro") == [two]
    assert await ids(w, "bea", "load bank tro oad ank ḥar rīr ad") == [two], "eight words"
    assert await ids(w, "bea", "nothing") == []
    assert await ids(w, "bea", label="bank/trojan") == [two]
    assert (await find(w, "bea", two)).items[0]["values"] == [{"kind": "url", "value": "http://evil.example/Path?q=1"}]


async def test_a_name_with_a_dot(w: World) -> None:
    """What may be a host or the name of a malware is looked for as both, each once."""
    named = indicator(1, tlp="GREEN", name="Agent.Tesla again")
    host = indicator(2, tlp="GREEN", pattern="[domain-name:value = 'agent.tesla']")
    await send(w, named, host, indicator(3, tlp="GREEN"))
    assert await ids(w, "bea", "agent.tesla") == [host["id"], named["id"]]
    assert await ids(w, "bea", "agent.tesla", kind="domain-name") == [host["id"]]


async def test_filters(w: World) -> None:
    """Each lets through what it says, and all together; what is not well formed is told."""
    late = "2026-11-01T00:00:00Z", "2026-11-22T00:00:00Z"
    await send(
        w,
        indicator(1, tlp="GREEN", confidence=80, valid_until=late[1]),
        indicator(2, tlp="AMBER", confidence=20, indicator_types=["benign"]),
        indicator(3, tlp="CLEAR", revoked=True, pattern="[url:value = 'http://a.example/']"),
        sighting(9, indicator(2)["id"], tlp="AMBER"),
    )  # fmt: skip
    await send(w, indicator(4, tlp="GREEN", pattern="[url:value = 'http://a.example/']"), account="bea")
    await send(w, indicator(5, tlp="GREEN"), to="other")
    one, two, three, four, five = (indicator(number)["id"] for number in range(1, 6))
    asked = {
        "level=TLP:AMBER": [two], "level=amber,clear&revoked=all": [three, two], "kind=url": [four], "kind=url&revoked=true": [three],
        "originator=xb-cert": [four], "collection=other": [five], f"collection={OTHER}": [five], "valid=expired": [one],
        "valid=valid&confidence=10": [two], "confidence=50": [one], "label=benign": [two], "sighted=true": [two],
        "sighted=false": [four, one, five], "group=alpha&confidence=21": [one], "level=green&originator=xb-cert,xa-cert&collection=main": [four, one],
    }  # fmt: skip
    for query, wanted in asked.items():
        said = dict(part.split("=") for part in query.split("&"))
        assert await ids(w, "bea", **{"type": "indicator", **said}) == wanted, query
    assert await ids(w, "bea", type="sighting") == [sighting(9, two)["id"]]
    for wrong in (
        {"kind": "x"},
        {"level": "7"},
        {"valid": "x"},
        {"confidence": "101"},
        {"sighted": "x"},
        {"q": "one two three four five six seven eight nine"},
        {"q": "x" * 9_000},
    ):
        with pytest.raises(Invalid):
            read_query(wrong)
    for nowhere in ({"group": "night"}, {"group": "never"}, {"collection": NIGHT}, {"collection": "never"}):
        with pytest.raises(NotFound):
            await find(w, "dan", **nowhere)


async def test_every_collection_and_no_other(w: World) -> None:
    """What one reads in several groups is one list, the newest first; what is held only its own organisation finds; what is recalled nobody."""
    await send(
        w, indicator(1, tlp="STRICT"), indicator(2, tlp="GREEN"), indicator(3, object_marking_refs=[marking(7)["id"]])
    )
    w.clock.forward(seconds=1)
    await send(w, indicator(1, tlp="AMBER"), account="eve", group="night", to="case")
    await send(w, indicator(1, tlp="CLEAR"), account="eve", group="public", to="open")
    value = "198.51.100.1"
    places = {
        account: [one["collection"] for one in (await find(w, account, value)).items]
        for account in ("ana", "bea", "dan", "eve")
    }
    assert places == {"ana": [OPEN, MAIN], "bea": [OPEN, NIGHT, MAIN], "dan": [OPEN], "eve": [OPEN, NIGHT]}
    assert [
        (one["object"], one["held"], "level" in one) for one in (await find(w, "ana", indicator(3)["id"])).items
    ] == [(indicator(3)["id"], True, False)]
    assert await ids(w, "bea", indicator(3)["id"]) == []
    await recall(w.store, await w.caller("ana"), await w.reach("ana"), indicator(2)["id"], EVERY, "other")
    for account in ("ana", "bea", "dan"):
        assert await ids(w, account, "198.51.100.2") == await ids(w, account, indicator(2)["id"]) == []


async def test_the_version_that_one_sees(w: World) -> None:
    """Each is told of the newest version that it sees, and found by what that says."""
    await send(
        w,
        indicator(1, tlp="GREEN"),
        indicator(1, tlp="STRICT", modified="2026-11-02T00:00:00.000Z", pattern="[ipv4-addr:value = '203.0.113.9']"),
    )
    found = {account: (await find(w, account)).items for account in ("bea", "dan")}
    assert {account: [one["version"] for one in items] for account, items in found.items()} == {
        "bea": ["2026-11-02T00:00:00.000Z"], "dan": ["2026-11-01T00:00:00.000Z"],
    }  # fmt: skip
    assert (await ids(w, "dan", "203.0.113.9"), len(await ids(w, "bea", "203.0.113.9"))) == ([], 1)
    assert (await ids(w, "bea", "198.51.100.1"), len(await ids(w, "dan", "198.51.100.1"))) == ([], 1)


async def test_pages(w: World) -> None:
    """A walk by any limit is the whole list, each once, with filters and without, over collections whose moments are the same."""
    for number in range(1, 8):
        await send(w, indicator(number, tlp="GREEN", confidence=number * 10))
        await send(w, indicator(number + 100, tlp="GREEN", confidence=number * 10), to="other")
        await send(w, indicator(number + 200, tlp="RED"))
        w.clock.forward(seconds=number % 2)
    for said in ({}, {"confidence": "30"}, {"level": "green", "sighted": "false"}):
        whole = (await find(w, "bea", limit=100, **said)).items
        assert len(whole) == (10 if "confidence" in said else 14)
        assert [one["date_added"] for one in whole] == sorted((one["date_added"] for one in whole), reverse=True)
        for limit in (1, 3, 5, 14):
            walked: list[dict[str, Any]] = []
            after = FIRST
            while after is not None:
                part = await find(w, "bea", limit=limit, after=after, **said)
                walked += part.items
                after = part.following
                assert len(part.items) == limit or after is None
            assert walked == whole


async def test_what_was_said_of_it(w: World) -> None:
    """Sightings and opinions that one sees, in whatever collection they lie: none that saw nothing, none that were revoked, each once."""
    one = indicator(1)["id"]
    await send(w, indicator(1, tlp="CLEAR"), indicator(2, tlp="CLEAR"))
    await send(
        w, sighting(11, one, tlp="GREEN"), sighting(12, one, tlp="GREEN", count=0), sighting(13, one, tlp="STRICT", count=7),
        sighting(14, one, tlp="GREEN", revoked=True), sighting(15, indicator(2)["id"], tlp="GREEN", count=3),
        opinion(16, one, "strongly-disagree", tlp="GREEN"), opinion(17, one, "disagree", tlp="GREEN"), account="bea",
    )  # fmt: skip
    await send(w, sighting(18, one, tlp="GREEN"), to="other")
    await send(w, opinion(19, one, "strongly-disagree", tlp="RED"))
    told = {}
    for account in ("ana", "bea", "dan"):
        item = (await find(w, account, "198.51.100.1")).items[0]
        told[account] = item["sightings"], item["false_positives"]
    assert told == {"ana": (3, 2), "bea": (3, 1), "dan": (2, 1)}


async def test_no_number_is_cut_in_silence(w: World) -> None:
    """However many sightings another object has, or milder words this one: what is counted is right, and beyond 300 is said to be more."""
    one, two, three = (indicator(number)["id"] for number in (1, 2, 3))
    await send(w, indicator(1, tlp="GREEN"), indicator(2, tlp="GREEN"), indicator(3, tlp="GREEN"))
    await send(w, sighting(10, two, tlp="GREEN"), opinion(11, two, "strongly-disagree", tlp="GREEN"), account="bea")
    await send(w, sighting(12, two, tlp="GREEN", description="x" * 20_000), account="bea")
    await send(w, sighting(13, three, tlp="GREEN", count=0), opinion(14, three, "agree", tlp="GREEN"), account="bea")
    await send(w, *[sighting(number, one, tlp="GREEN") for number in range(1_000, 3_100)], account="bea")
    await send(w, *[opinion(number, one, "strongly-disagree", tlp="GREEN") for number in range(4_000, 4_300)])
    await send(w, *[sighting(number, two, tlp="GREEN", count=0) for number in range(5_000, 5_700)], account="bea")
    await send(w, *[opinion(number, two, "disagree", tlp="GREEN") for number in range(6_000, 6_310)], account="bea")
    told = {
        item["object"]: [item.get(name) for name in ("sightings", "more_sightings", "false_positives", "more_false_positives")]
        for item in (await find(w, "dan", type="indicator")).items
    }  # fmt: skip
    assert told == {one: [300, True, 300, None], two: [2, None, 1, None], three: [0, None, 0, None]}
    assert await ids(w, "dan", type="indicator", sighted="true") == [two, one]
    assert await ids(w, "dan", type="indicator", sighted="false") == [three]
    (hit,) = (await lookup(w.store, await w.caller("dan"), ["198.51.100.2"]))[0]["hits"]
    assert (hit["sightings"], hit["false_positives"]) == (2, 1)


async def test_whoever_found_it_is_told_of_the_recall(w: World) -> None:
    """A search and a look-up give it away as a page does: whoever had it from one is told of the recall, and nobody else."""
    await send(w, indicator(1, tlp="GREEN"), indicator(2, tlp="GREEN"))
    assert len((await find(w, "bea", "198.51.100.1")).items) == 1
    assert (await lookup(w.store, await w.caller("dan"), ["198.51.100.1"]))[0]["hits"]
    await lookup(w.store, await w.caller("bank"), ["198.51.100.2", "203.0.113.1"])
    await facets(w.store, await w.caller("gus"), read_query({}))
    await recall(w.store, await w.caller("ana"), await w.reach("ana"), indicator(1)["id"], EVERY, "other")
    assert await ids(w, "bank", "198.51.100.1") == []
    told = {
        account: (await listed(w.store, await w.caller(account), after=(-1, ""), limit=9))[0]
        for account in ("bea", "dan", "bank", "gus")
    }
    assert {account: [one["object"] for one in found] for account, found in told.items()} == {
        "bea": [indicator(1)["id"]], "dan": [indicator(1)["id"]], "bank": [], "gus": [],
    }  # fmt: skip


async def test_look_up(w: World) -> None:
    """Each value once, in its order: known, not known, refused, of several collections; out of a text, too."""
    file = indicator(
        3, tlp="GREEN", pattern=f"[file:hashes.'SHA-256' = '{'ab' * 32}' OR file:hashes.MD5 = '{'cd' * 16}']"
    )
    await send(w, indicator(1, tlp="GREEN"), indicator(2, tlp="STRICT"), file)
    await send(w, indicator(1, tlp="GREEN", modified="2026-11-03T00:00:00.000Z"), to="other")
    asked = ["198[.]51[.]100[.]1", "198.51.100.1", "198.51.100.2", "CD" * 16, "10.0.0.1", "no value at all", ""]
    found = await lookup(
        w.store, await w.caller("dan"), asked, "We have seen\n198.51.100.3 and hxxp://198.51.100[.]1/x today.\n"
    )
    assert [(one.get("raw"), one.get("row"), one.get("kind"), one.get("refused"), len(one["hits"])) for one in found] == [
        ("198[.]51[.]100[.]1", None, "ipv4-addr", None, 2), ("198.51.100.2", None, "ipv4-addr", None, 0), ("CD" * 16, None, "md5", None, 1),
        ("10.0.0.1", None, "ipv4-addr", "non_global", 0), ("no value at all", None, None, "syntax", 0), (None, None, None, "syntax", 0),
        (None, 2, "ipv4-addr", None, 0), (None, 2, "url", None, 0),
    ]  # fmt: skip
    assert [one["collection"] for one in found[0]["hits"]] == [MAIN, OTHER]
    with pytest.raises(Invalid):
        await lookup(w.store, await w.caller("dan"), [f"a{number}.example" for number in range(10_001)])
    many = await lookup(
        w.store, await w.caller("bea"), [f"198.51.{number // 256}.{number % 256}" for number in range(3_000)]
    )
    assert [one["value"] for one in many if one["hits"]] == []


async def test_look_up_of_what_is_asked_for(w: World) -> None:
    """What is of another type, of another group, or holds the value only as a part takes no place among the few that are told; `more` says so."""
    name = "[domain-name:value = 'evil.example']"
    asked: dict[str, Any] = {"types": ("indicator",), "group": "alpha", "within": False}
    urls = [indicator(number, tlp="GREEN", pattern=f"[url:value = 'http://evil.example/{number}']") for number in range(2, 7)]  # fmt: skip
    await send(w, indicator(1, tlp="GREEN", pattern=name), *urls, account="bea")
    await send(w, indicator(9, tlp="GREEN", pattern=name), account="eve", group="night", to="case")
    for account, everything in (("bea", 3), ("eve", 1)):
        (one,) = await lookup(w.store, await w.caller(account), ["evil.example"])
        assert (len(one["hits"]), one["more"]) == (everything, account == "bea")
    (one,) = await lookup(w.store, await w.caller("bea"), ["evil.example"], **asked)
    assert ([hit["object"] for hit in one["hits"]], one["more"]) == ([indicator(1)["id"]], False)
    await send(w, *[indicator(number, tlp="GREEN", pattern=name) for number in range(11, 14)], account="bea")
    for most, more in ((3, True), (4, False)):
        (one,) = await lookup(w.store, await w.caller("bea"), ["evil.example"], **asked, most=most)
        assert (len(one["hits"]), one["more"]) == (most, more)
    (one,) = await lookup(w.store, await w.caller("bea"), ["evil.example"], types=("malware",))
    assert (one["hits"], one["more"]) == ([], False)
    with pytest.raises(NotFound):
        await lookup(w.store, await w.caller("dan"), ["evil.example"], group="night")


async def test_counts(w: World) -> None:
    """Facets and statistics are of what one sees: the hidden ones are in no number, and an organisation from outside the group in no name."""
    await send(
        w,
        indicator(1, tlp="GREEN", labels=["a"]),
        indicator(2, tlp="STRICT", labels=["b"]),
        indicator(3, object_marking_refs=[marking(7)["id"]]),
    )
    w.clock.forward(days=1)
    await send(
        w,
        indicator(1, tlp="GREEN", labels=["a"], modified="2026-11-05T00:00:00.000Z"),
        sighting(4, indicator(1)["id"], tlp="GREEN"),
    )
    await send(w, indicator(5, tlp="GREEN"), account="eve", group="night", to="case")
    told = await facets(w.store, await w.caller("dan"), read_query({}))
    assert told == {
        "counted": 2, "complete": True, "types": [{"name": "indicator", "number": 1}, {"name": "sighting", "number": 1}],
        "kinds": [{"name": "ipv4-addr", "number": 1}], "levels": [{"name": "TLP:GREEN", "number": 2}],
        "collections": [{"name": MAIN, "number": 2}], "originators": [{"name": "xa-cert", "number": 2}], "labels": [{"name": "a", "number": 1}],
    }  # fmt: skip
    numbers: dict[str, tuple[list[int], dict[str, int], dict[str, int]]] = {}
    for account in ("dan", "ana", "eve"):
        found = await statistics(w.store, await w.caller(account), START - DAY, START + 2 * DAY)
        levels, types = ({one.get("name", ""): one["number"] for one in found[name]} for name in ("levels", "types"))
        numbers[account] = [one["number"] for one in found["days"]], levels, types
    assert numbers == {
        "dan": ([1, 2], {"TLP:GREEN": 3}, {"indicator": 2, "sighting": 1}),
        "ana": ([3, 2], {"TLP:GREEN": 3, "TLP:AMBER+STRICT": 1, "": 1}, {"indicator": 4, "sighting": 1}),
        "eve": ([1], {"TLP:GREEN": 1}, {"indicator": 1}),
    }
    with pytest.raises(Invalid):
        await statistics(w.store, await w.caller("dan"), START, START + 91 * DAY)
