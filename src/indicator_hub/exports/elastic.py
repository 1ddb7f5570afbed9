"""Elastic Common Schema: one document a line, with the fields of `threat.indicator`."""

import json
from typing import Any

from indicator_hub.exports.format import ADDRESSES, HASHES, Plain, Scope
from indicator_hub.exports.row import Row
from indicator_hub.exports.words import address_of, instant, sureness, tags_of
from indicator_hub.trust.ladder import NAMES

KINDS = (*ADDRESSES, "domain-name", "url", *HASHES, "email-addr")


def _observable(row: Row) -> dict[str, Any]:
    match row.kind:
        case "domain-name":
            return {"type": row.kind, "domain": row.value}
        case "url":
            return {"type": row.kind, "url": {"full": row.value}}
        case "email-addr":
            return {"type": row.kind, "email": {"address": row.value}}
        case kind if kind in HASHES:
            return {"type": "file", "file": {"hash": {kind: row.value}}}
        case kind:
            # `threat.indicator.ip` is of Elasticsearch's type `ip`, which holds no network: that goes by its name alone.
            of = f"{kind[:4]}-addr"
            return {"type": of, "ip": row.value} if kind == of else {"type": of, "name": row.value}


class Elastic(Plain):
    """The level stands in `marking.tlp`; the dotted field beside it would collide with it in nested form, and is left out."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def line(self, row: Row, /) -> str:
        """One document."""
        added = instant(row.date_added)
        indicator = (
            {"name": row.value}
            | _observable(row)
            | {
                "confidence": sureness(row.confidence),
                "marking": {"tlp": NAMES[row.level]},
                "first_seen": instant(row.date_added if row.valid_from is None else row.valid_from),
                "modified_at": row.modified,
                "reference": address_of(self._scope.origin, self._scope.group, row),
            }
        )
        if row.name:
            indicator["description"] = row.name
        if row.source:
            indicator["provider"] = row.source
        document: dict[str, Any] = {
            "@timestamp": added,
            "ecs": {"version": "8.17.0"},
            "event": {
                "kind": "enrichment",
                "category": ["threat"],
                "type": ["indicator"],
                "id": row.stix_id,
                "created": added,
            },
            "threat": {"indicator": indicator, "feed": {"name": self._scope.group}},
        }
        if labels := tags_of(row):
            document["tags"] = labels
        return json.dumps(document, ensure_ascii=False, separators=(",", ":")) + "\n"
