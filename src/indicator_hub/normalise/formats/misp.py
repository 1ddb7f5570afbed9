"""MISP's JSON: an event, or several, with attributes of their own and in objects. What is not marked `to_ids` is context and no candidate."""

import json
from collections.abc import Iterator, Mapping
from typing import Any, cast

from indicator_hub.errors import FeedFailed
from indicator_hub.normalise.formats import trees
from indicator_hub.normalise.row import MAX_ROW, Refusal, Row, cut

_TYPES: Mapping[str, str] = {
    "ip-src": "ip", "ip-dst": "ip", "domain": "domain", "hostname": "domain", "url": "url", "uri": "url", "email": "email-addr",
    "email-src": "email-addr", "email-dst": "email-addr", "email-reply-to": "email-addr", "ip-src|port": "endpoint", "ip-dst|port": "endpoint",
    "hostname|port": "endpoint", "md5": "md5", "sha1": "sha1", "sha256": "sha256", "sha512": "sha512", "sha3-256": "sha3-256",
    "sha3-512": "sha3-512", "ssdeep": "ssdeep", "tlsh": "tlsh", "filename": "file-name", "regkey": "windows-registry-key", "mutex": "mutex",
    "AS": "autonomous-system", "mac-address": "mac-addr", "user-agent": "user-agent", "btc": "cryptocurrency-wallet", "xmr": "cryptocurrency-wallet",
    "vulnerability": "cve", "x509-fingerprint-sha1": "x509-certificate",
}  # fmt: skip
"""MISP's types of attributes, and what each is here."""
_SECOND = {"malware-sample": "md5"}
_FIRST = {"regkey|value": "windows-registry-key"}
_JSON = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))


def rows(text: str) -> Iterator[Row | Refusal]:
    """Each attribute marked `to_ids` one row (an address beside a domain is one of its own), numbered as they come.

    Raises FeedFailed at once for what is no JSON, or none of MISP's.
    """
    events = list(_events(trees.parse(text)))
    if not events:
        raise FeedFailed("The feed holds no MISP event: an Event, or a list of them.")
    return _rows(events)


def _events(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, list):
        for one in cast("list[Any]", tree):
            yield from _events(one)
    elif isinstance(tree, dict):
        found = cast("dict[str, Any]", tree)
        if isinstance(found.get("Event"), dict):
            yield found["Event"]
        elif "response" in found:
            yield from _events(found["response"])
        elif isinstance(found.get("Attribute"), list):
            yield found


def _rows(events: list[dict[str, Any]]) -> Iterator[Row | Refusal]:
    number = 0
    for event in events:
        for attribute in _attributes(event):
            number += 1
            if attribute.get("to_ids") in (True, "1", 1) and attribute.get("deleted") not in (True, "1", 1):
                yield from _of(attribute, number)


def _attributes(event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for holder in (event, *_dicts(event.get("Object"))):
        yield from _dicts(holder.get("Attribute"))


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (one for one in cast("list[Any]", value) if isinstance(one, dict))


def _of(attribute: Mapping[str, Any], number: int) -> Iterator[Row | Refusal]:
    kind, value, raw = str(attribute.get("type", "")), str(attribute.get("value", "")), _JSON.encode(attribute)
    if len(raw) > MAX_ROW:
        yield Refusal("too_long", cut(raw), number)
        return
    common = {"labels": _tags(attribute), "description": str(attribute.get("comment") or "")}
    first, bar, second = value.partition("|")
    if kind in _TYPES:
        # A port behind a bar: `198.51.100.1|443`; an IPv6 address needs its brackets.
        joined = f"[{first}]:{second}" if ":" in first else f"{first}:{second}"
        yield Row(number, raw, common | {"value": joined if "|" in kind and bar else value, "type": _TYPES[kind]})
    elif kind == "domain|ip":
        yield Row(number, raw, common | {"value": first, "type": "domain"})
        yield Row(number, raw, common | {"value": second, "type": "ip"})
    elif kind in _FIRST:
        yield Row(number, raw, common | {"value": first, "type": _FIRST[kind]})
    elif kind in _SECOND or (kind.startswith("filename|") and kind.removeprefix("filename|") in _TYPES):
        of = _SECOND.get(kind) or _TYPES[kind.removeprefix("filename|")]
        yield Row(number, raw, common | {"value": second, "type": of, "description": common["description"] or first})
    else:
        yield Refusal("unknown_type", raw, number)


def _tags(attribute: Mapping[str, Any]) -> str:
    return ",".join(str(tag.get("name", "")) for tag in _dicts(attribute.get("Tag")))
