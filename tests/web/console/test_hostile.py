"""Whatever stands in what others shared is text: on every page that shows it there is no element and no attribute that harmless words would not bring."""

import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import quote

import pytest

from indicator_hub.sharing.apply import apply
from indicator_hub.trust.roster import Contact
from support.console import seated
from support.hostile import TEXTS, leads_out, parts
from support.http import Site, site
from support.world import indicator, roster

_HARMLESS = "harmless words"
_DROPPED = re.compile("[\0-\x1f]")


@pytest.fixture
async def s(sqlite_url: str) -> AsyncIterator[Site]:
    """The usual world."""
    async with site(sqlite_url) as made:
        yield made


def objects(start: int, text: str) -> Iterator[dict[str, Any]]:
    """One of each kind that a page shows, with this text in every property that takes any."""
    quoted = text.replace("\\", "\\\\").replace("'", "\\'")
    said = {
        "tlp": "GREEN",
        "description": text,
        "labels": [text],
        "external_references": [{"source_name": text, "description": text, "external_id": text}],
    }
    one = indicator(
        start,
        name=text,
        pattern=f"[file:name = '{quoted}' OR x-thing:value = '{quoted}']",
        indicator_types=[text],
        **said,
    )
    yield one
    yield indicator(
        start,
        name=_HARMLESS,
        pattern="[url:value = 'http://evil.example/']",
        modified="2026-11-02T00:00:00.000Z",
        **said,
    )
    bare = {"pattern": None, "pattern_type": None, "valid_from": None}
    for number, (kind, more) in enumerate(
        {
            "malware": {"name": text, "is_family": False, "malware_types": [text], "aliases": [text]},
            "course-of-action": {"name": text},
            "report": {
                "name": text,
                "report_types": [text],
                "published": "2026-11-01T00:00:00Z",
                "object_refs": [one["id"]],
            },
            "sighting": {"sighting_of_ref": one["id"], "count": 2},
            "note": {"abstract": text, "content": text, "authors": [text], "object_refs": [one["id"]]},
            "opinion": {"opinion": "strongly-disagree", "explanation": text, "object_refs": [one["id"]]},
            "x-thing": {"name": text, "x_words": {"a": [text]}, "value": text},
        }.items(),
        1,
    ):
        yield indicator(
            start + number,
            type=kind,
            id=indicator(start + number)["id"].replace("indicator", kind),
            **bare,
            **said,
            **more,
        )
    tied = indicator(
        start + 8,
        type="relationship",
        id=indicator(start + 8)["id"].replace("indicator", "relationship"),
        **bare,
        **said,
    )
    yield tied | {
        "relationship_type": "related-to",
        "source_ref": one["id"],
        "target_ref": indicator(start + 1)["id"].replace("indicator", "malware"),
    }


async def looked(s: Site, start: int, most: int = 99) -> tuple[set[tuple[str, str]], set[str]]:
    """What every page consists of that shows what was shared from this number on."""
    found, out = set[tuple[str, str]](), set[str]()
    names = {one["id"] for one in objects(start, _HARMLESS)}
    async with seated(s, "ana") as ana:
        for path in (
            *(f"/console/objects/alpha/main/{name}/" for name in sorted(names)), f"/console/objects/alpha/main/{indicator(start)['id']}/withdraw/",
            f"/console/objects/alpha/main/{indicator(start)['id']}/recall/", f"/console/ours/objects/{indicator(start)['id']}/",
        )[:most]:  # fmt: skip
            answer = await ana.get(path)
            assert answer.status_code == 200, path
            found |= parts(answer.text)
            out |= leads_out(answer.text)
    return found, out


async def lists(s: Site) -> tuple[set[tuple[str, str]], set[str]]:
    """What the pages consist of that list what there is."""
    found, out = set[tuple[str, str]](), set[str]()
    async with seated(s, "ana") as ana:
        for path in ("/search/", "/search/?revoked=all&valid=valid", "/ours/", "/practice/", "/dashboard/", "/groups/", "/groups/alpha/", "/recalls/", "/recalls/issued/", "/feeds/", "/connect/", "/"):  # fmt: skip
            answer = await ana.get(f"/console{path}")
            assert answer.status_code == 200, path
            found |= parts(answer.text)
            out |= leads_out(answer.text)
    return found, out


async def test_every_text_in_every_field_is_text(s: Site) -> None:
    """More than sixty of them, some to an object, on every page that shows it."""
    assert len(set(TEXTS)) >= 60
    usual = roster()
    members = {
        name: replace(one, title=_HARMLESS, contact=Contact(*[_HARMLESS] * 5))
        for name, one in usual.organisations.items()
    }
    await apply(s.world.store, replace(usual, organisations=members))
    done = (await s.post(*(indicator(number) for number in range(30, 90)), *objects(1, _HARMLESS))).json()
    assert done["failure_count"] == 0, done
    plain, out = await looked(s, 1)
    listed, out_of_lists = await lists(s)
    assert out | out_of_lists == set()
    assert not [name for _, name in plain | listed if name.startswith("on") or name == "style"]
    every = "\n".join(TEXTS)
    texts = [every, *(_DROPPED.sub(" ", one) for one in TEXTS[::30])]
    for number, text in enumerate(texts, 1):
        done = (await s.post(*objects(100 * number, text))).json()
        assert done["failure_count"] == 0, (text, done["failures"][:2])
        found, out = await looked(s, 100 * number, 99 if number == 1 else 3)
        assert (found - plain, out) == (set(), set()), text
    words = {
        name: replace(one, title=every, contact=Contact(*[every] * 5)) for name, one in usual.organisations.items()
    }
    groups = {name: replace(one, title=every, description=every) for name, one in usual.groups.items()}
    collections = {name: replace(one, title=every, description=every) for name, one in usual.collections.items()}
    await apply(s.world.store, replace(usual, organisations=words, groups=groups, collections=collections))
    found, out = await lists(s)
    assert (found - listed - plain, out) == (set(), set())
    found, out = await looked(s, 100, 3)
    assert (found - plain, out) == (set(), set())


async def test_every_text_typed_is_text(s: Site) -> None:
    """In a search, in a list, in the box, in what one says of an object, in an address."""
    await s.post(indicator(1, tlp="GREEN"))
    here = f"/console/objects/alpha/main/{indicator(1)['id']}/"
    async with seated(s, "ana") as ana:

        async def typed(text: str) -> tuple[set[tuple[str, str]], set[str]]:
            answers = [
                await ana.client.get("/console/search/", params={"q": text}), await ana.client.get("/console/search/", params={"label": text, "originator": text, "confidence": "101"}),
                await ana.client.get("/console/search/list/", params={"text": text}), await ana.post("/console/search/list/", text=text),
                await ana.post("/console/", do="look", text=f"{text}\nevil.example", place="alpha/main", name=text, context=text), await ana.post(here, deed="ask", text=text),
                await ana.client.get(f"/console/objects/alpha/main/{quote(text, safe='')}/"),
            ]  # fmt: skip
            pages = [one.text for one in answers]
            return set().union(*map(parts, pages)), set().union(*map(leads_out, pages))

        plain, _ = await typed(_HARMLESS)
        for text in ("\n".join(TEXTS), *TEXTS[::20]):
            found, out = await typed(text)
            assert (found - plain, out) == (set(), set()), text
