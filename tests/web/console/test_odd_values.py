"""Whatever kind of JSON value stands in a property of an object that the hub takes, every page that shows the object is a page."""

import uuid
from collections.abc import Iterator
from typing import Any

from support.console import seated
from support.http import Site, site
from support.world import TLP, indicator

_ODD: tuple[Any, ...] = (-1.5, 2**53, "x", ["a", 5, None, [1]], {"a": [1, None]}, True, None)
_SHOWN = (
    "pattern", "pattern_type", "name", "abstract", "content", "explanation", "value", "description", "labels", "indicator_types", "valid_from",
    "valid_until", "confidence", "revoked", "opinion", "count", "first_seen", "last_seen", "object_refs", "sighting_of_ref", "source_ref", "target_ref",
    "relationship_type", "published", "external_references", "granular_markings", "created_by_ref", "lang", "hashes", "authors", "aliases", "key", "path",
    "x_own", "extensions", "created", "modified", "summary", "sectors", "start_time", "number",
)  # fmt: skip


def _least(kind: str, subject: str) -> dict[str, Any]:
    """What an object of a kind says at least, of a subject."""
    return {
        "x-foo": {},
        "sighting": {"sighting_of_ref": subject},
        "opinion": {"opinion": "disagree", "object_refs": [subject]},
        "note": {"content": "said", "abstract": "said", "object_refs": [subject]},
        "relationship": {"relationship_type": "related-to", "source_ref": subject, "target_ref": subject},
        "course-of-action": {"name": "done"},
        "report": {"name": "told", "report_types": ["x"], "labels": ["x"], "published": "2026-11-01T00:00:00Z", "object_refs": [subject]},
        "indicator": {"pattern": "[x-foo:a = 1]", "pattern_type": "stix", "valid_from": "2026-11-01T00:00:00Z", "labels": ["x"]},
    }[kind]  # fmt: skip


_TRIED = (
    *((kind, "2.1") for kind in ("x-foo", "sighting", "opinion", "note", "relationship", "course-of-action", "indicator")),
    *((kind, "2.0") for kind in ("opinion", "report", "x-foo")),
)  # fmt: skip


def _object(kind: str, version: str, subject: str, number: int, said: dict[str, Any]) -> dict[str, Any]:
    base = {
        "type": kind, "id": f"{kind}--{uuid.UUID(int=number, version=4)}", "created": "2026-11-01T00:00:00.000Z",
        "modified": "2026-11-01T00:00:00.000Z", "object_marking_refs": [TLP["GREEN"]],
    } | ({"spec_version": "2.1"} if version == "2.1" else {})  # fmt: skip
    made = base | _least(kind, subject) | said
    if version == "2.0":
        made.pop("pattern_type", None) if "pattern_type" not in said else None
    return made


async def _taken(s: Site, objects: list[dict[str, Any]]) -> set[str]:
    """The ids of those that the hub takes."""
    found: set[str] = set()
    for start in range(0, len(objects), 500):
        answer = await s.post(*objects[start : start + 500])
        assert answer.status_code == 202, answer.text
        found |= {one["id"] for one in answer.json().get("successes", ())}
    return found


def _single(kind: str, version: str, subject: str, start: int) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """An object for each property and each odd value in it."""
    for place, name in enumerate(_SHOWN):
        for which, value in enumerate(_ODD):
            yield name, which, _object(kind, version, subject, start + place * len(_ODD) + which, {name: value})


def _mixed(fits: set[tuple[str, int]]) -> list[dict[str, Any]]:
    """All that fits, each once, as many together as there are properties."""
    return [
        {
            name: _ODD[(place + turn) % len(_ODD)]
            for place, name in enumerate(_SHOWN)
            if (name, (place + turn) % len(_ODD)) in fits
        }
        for turn in range(len(_ODD))
    ]


def _pairs(turn: int, said: dict[str, Any]) -> set[tuple[str, int]]:
    return {(name, (place + turn) % len(_ODD)) for place, name in enumerate(_SHOWN) if name in said}


async def _shown_of(s: Site, kind: str, version: str, subject: str, start: int) -> list[str]:
    """Objects that hold, all together, each property with each kind of value that the hub takes in it: their ids.

    Where the hub does not take many together, those that hold one alone; all of these refer to what the page of the subject shows.
    """
    singles = list(_single(kind, version, subject, start + 1_000))
    taken = await _taken(s, [one for _, _, one in singles])
    fits = {(name, which) for name, which, one in singles if one["id"] in taken}
    mixed = [
        (turn, said, _object(kind, version, subject, start + turn, said))
        for turn, said in enumerate(_mixed(fits))
        if said
    ]
    shown = await _taken(s, [one for _, _, one in mixed])
    covered = {pair for turn, said, one in mixed if one["id"] in shown for pair in _pairs(turn, said)}
    alone = [one["id"] for name, which, one in singles if (name, which) in fits - covered]
    assert covered | {(name, which) for name, which, one in singles if one["id"] in alone} == fits
    return [*(one["id"] for _, _, one in mixed if one["id"] in shown), *alone]


async def test_every_page_takes_any_value(sqlite_url: str) -> None:
    """Each property with each kind of value, as far as the hub takes it; many together, and what refers to the object that the page is of."""
    group = "/console/objects/alpha/main"
    async with site(sqlite_url) as s, seated(s, "ana") as ana:
        wrong: list[str] = []

        async def look(*paths: str) -> None:
            wrong.extend([path for path in paths if (await ana.get(path)).status_code not in (200, 403, 404, 409)])

        for number, (kind, version) in enumerate(_TRIED, 1):
            subject = indicator(number, tlp="GREEN")
            assert (await s.post(subject)).json()["failure_count"] == 0
            here = await _shown_of(s, kind, version, subject["id"], number * 100_000)
            await look(
                f"{group}/{subject['id']}/",
                "/console/search/",
                "/console/search/?revoked=all&valid=valid",
                "/console/ours/",
            )
            for one in here:
                await look(f"{group}/{one}/", f"/console/ours/objects/{one}/")
                if kind in ("course-of-action", "report"):
                    await look(f"/console/practice/alpha/main/{one}/")
            if here:
                await look(f"{group}/{here[0]}/withdraw/", f"{group}/{here[0]}/recall/")
        await look("/console/practice/", "/console/dashboard/", "/console/")
        assert wrong == []
