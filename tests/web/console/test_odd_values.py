"""Whatever kind of JSON value stands in a property of an object that the hub takes, every page that shows the object is a page."""

import json
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

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
_SUBJECT = indicator(1)["id"]
_KINDS: dict[str, dict[str, Any]] = {
    "x-foo": {},
    "sighting": {"sighting_of_ref": _SUBJECT},
    "opinion": {"opinion": "disagree", "object_refs": [_SUBJECT]},
    "note": {"content": "said", "abstract": "said", "object_refs": [_SUBJECT]},
    "relationship": {"relationship_type": "related-to", "source_ref": _SUBJECT, "target_ref": _SUBJECT},
    "course-of-action": {"name": "done"},
    "report": {"name": "told", "report_types": ["x"], "labels": ["x"], "published": "2026-11-01T00:00:00Z", "object_refs": [_SUBJECT]},
    "indicator": {"pattern": "[x-foo:a = 1]", "pattern_type": "stix", "valid_from": "2026-11-01T00:00:00Z", "labels": ["x"]},
}  # fmt: skip


def _object(kind: str, version: str, number: int, said: dict[str, Any]) -> dict[str, Any]:
    base = {
        "type": kind, "id": f"{kind}--{uuid.UUID(int=number, version=4)}", "created": "2026-11-01T00:00:00.000Z",
        "modified": "2026-11-01T00:00:00.000Z", "object_marking_refs": [TLP["GREEN"]],
    } | ({"spec_version": "2.1"} if version == "2.1" else {})  # fmt: skip
    made = base | _KINDS[kind] | said
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


def _single(kind: str, version: str, start: int) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """An object for each property and each odd value in it."""
    for place, name in enumerate(_SHOWN):
        for which, value in enumerate(_ODD):
            yield name, which, _object(kind, version, start + place * len(_ODD) + which, {name: value})


@pytest.mark.parametrize(
    ("kind", "version"),
    [*((kind, "2.1") for kind in _KINDS if kind != "report"), ("opinion", "2.0"), ("report", "2.0"), ("x-foo", "2.0")],
)
async def test_every_page_takes_any_value(sqlite_url: str, kind: str, version: str) -> None:
    """Each property with each kind of value, as far as the hub takes it; many together, and what refers to the object that the page is of."""
    async with site(sqlite_url) as s:
        assert (await s.post(indicator(1, tlp="GREEN"))).json()["failure_count"] == 0
        singles = list(_single(kind, version, 10_000))
        taken = await _taken(s, [one for _, _, one in singles])
        fits = {(name, which) for name, which, one in singles if one["id"] in taken}
        mixed = [
            {
                name: _ODD[(place + turn) % len(_ODD)]
                for place, name in enumerate(_SHOWN)
                if (name, (place + turn) % len(_ODD)) in fits
            }
            for turn in range(len(_ODD))
        ]
        whole = [{name: value for name in _SHOWN if (name, which) in fits} for which, value in enumerate(_ODD)]
        objects = [_object(kind, version, 100 + n, said) for n, said in enumerate([*mixed, *whole]) if said]
        shown = await _taken(s, objects)
        assert shown or not fits
        group, here = "/console/objects/alpha/main", [one["id"] for one in objects if one["id"] in shown]
        async with seated(s, "ana") as ana:
            paths = [
                f"{group}/{_SUBJECT}/",
                *(f"{group}/{one}/" for one in here),
                *(f"/console/ours/objects/{one}/" for one in here),
            ]
            paths += [f"{group}/{here[0]}/withdraw/", f"{group}/{here[0]}/recall/"] if here else []
            if kind in ("course-of-action", "report"):
                paths += [f"/console/practice/alpha/main/{one}/" for one in here]
            paths += [
                "/console/search/",
                "/console/search/?revoked=all&valid=valid",
                "/console/ours/",
                "/console/practice/",
                "/console/dashboard/",
                "/console/",
            ]
            wrong = [path for path in paths if (await ana.get(path)).status_code not in (200, 403, 404, 409)]
            assert wrong == [], json.dumps([one for one in objects if any(one["id"] in path for path in wrong)][:3])
