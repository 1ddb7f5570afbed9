"""Build an indicator that this hub makes itself (STIX 2.1 section 4.7). Received indicators are never rebuilt."""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from indicator_hub.errors import Invalid
from indicator_hub.stix import ids, timestamps

_JSON = json.JSONEncoder(ensure_ascii=False, allow_nan=False, separators=(",", ":"))
# A whole run of a feed shares its instant of creation, and rendering one costs a tenth of an indicator.
_instant = lru_cache(maxsize=256)(timestamps.render_milliseconds)


def id_of(group: str, organisation: str, marking_ids: Iterable[str], pattern: str) -> str:
    """The id follows from scope (group, organisation), marks and pattern alone."""
    return ids.derive("indicator", group, organisation, sorted(marking_ids), "stix", pattern)


def build(
    *,
    stix_id: str,
    marking_ids: Iterable[str],
    pattern: str,
    name: str,
    created_by_ref: str,
    created: int,
    modified: int,
    valid_from: int,
    valid_until: int | None = None,
    description: str = "",
    indicator_types: Sequence[str] = ("unknown",),
    labels: Sequence[str] = (),
    confidence: int | None = None,
    external_references: Sequence[Mapping[str, str]] = (),
) -> dict[str, object]:
    """An indicator as a plain dict in a fixed key order, so that equal arguments encode to equal bytes.

    Instants are microseconds since 1970 and are written with milliseconds. Its id is `id_of`'s. Empty lists and texts are left out, as STIX forbids them (2.1 section 2.8).
    Raises Invalid where `modified` is before `created`, `valid_until` not after `valid_from`, or `confidence` not 0 to 100.
    """
    marks = sorted(marking_ids)
    if modified < created:
        raise Invalid("An indicator cannot be modified before it was created (STIX 2.1 section 3.2).")
    if valid_until is not None and valid_until // 1000 <= valid_from // 1000:
        raise Invalid("An indicator's valid_until must be later than its valid_from (STIX 2.1 section 4.7.1).")
    if confidence is not None and not 0 <= confidence <= 100:  # noqa: PLR2004 - the scale of STIX 2.1 section 3.2
        raise Invalid("An indicator's confidence is a number from 0 to 100 (STIX 2.1 section 3.2).")
    fields: dict[str, object] = {
        "type": "indicator",
        "spec_version": "2.1",
        "id": stix_id,
        "created_by_ref": created_by_ref,
        "created": _instant(created),
        "modified": _instant(modified),
        "name": name,
        "description": description,
        "indicator_types": list(indicator_types),
        "pattern": pattern,
        "pattern_type": "stix",
        "pattern_version": "2.1",
        "valid_from": _instant(valid_from),
        "valid_until": None if valid_until is None else _instant(valid_until),
        "labels": list(labels),
        "confidence": confidence,
        "external_references": [dict(reference) for reference in external_references],
        "object_marking_refs": marks,
    }
    return {name: value for name, value in fields.items() if value is not None and value not in ("", [])}


def encode(obj: Mapping[str, object]) -> bytes:
    """An object as compact UTF-8 JSON, keys in the order given. Raises ValueError for a number or a text that JSON in UTF-8 cannot carry."""
    return _JSON.encode(obj).encode("utf-8")
