"""MISP's JSON: an event, or several, with attributes of their own and in objects. What is not marked `to_ids` is context and no candidate.

What an event is tagged with counts for all that is in it. Tags are labels, but for those that are marks (`tlp:`, `PAP:`), the confidence, and
those that steer MISP itself.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, cast

from indicator_hub.errors import FeedFailed
from indicator_hub.normalise import dates
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
_MARKS = ("tlp", "pap")
_CONFIDENCE = "misp:confidence-level="
_STEERING = ("misp:", "workflow:")
_OF_THE_EVENT = ("misp-galaxy:mitre-",)
"""What an event's authors did and used, often dozens of techniques: said of the event, not of each value in it."""
_SEPARATORS = str.maketrans(",;|", "   ")
_MAX_INFO = 250
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
        tags = [tag for tag in _tags(event) if not tag.lower().startswith(_OF_THE_EVENT)]
        for attribute in _attributes(event):
            number += 1
            if attribute.get("to_ids") in (True, "1", 1) and attribute.get("deleted") not in (True, "1", 1):
                yield from _of(attribute, event, tags, number)


def _attributes(event: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for holder in (event, *_dicts(event.get("Object"))):
        yield from _dicts(holder.get("Attribute"))


def _dicts(value: Any) -> Iterator[dict[str, Any]]:
    if isinstance(value, list):
        yield from (one for one in cast("list[Any]", value) if isinstance(one, dict))


def _of(
    attribute: Mapping[str, Any], event: Mapping[str, Any], tags: list[str], number: int
) -> Iterator[Row | Refusal]:
    kind, value, raw = str(attribute.get("type", "")), str(attribute.get("value", "")), _JSON.encode(attribute)
    if len(raw) > MAX_ROW:
        yield Refusal("too_long", cut(raw), number)
        return
    comment, info = str(attribute.get("comment") or ""), str(event.get("info") or "")[:_MAX_INFO]
    said = _said(_tags(attribute), tags) | {"first_seen": _first_seen(attribute, event)}
    common = {name: text for name, text in said.items() if text} | {"description": comment or info}
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
        yield Row(number, raw, common | {"value": second, "type": of, "description": comment or first})
    else:
        yield Refusal("unknown_type", raw, number)


def _tags(holder: Mapping[str, Any]) -> list[str]:
    """The tags of an attribute or an event. A comma inside one, as in a galaxy's name, parts nothing."""
    return [" ".join(str(tag.get("name") or "").translate(_SEPARATORS).split()) for tag in _dicts(holder.get("Tag"))]


def _said(own: list[str], of_event: list[str]) -> dict[str, str]:
    """What the tags say, field by field. The confidence of the attribute counts before that of its event; of marks both count."""
    tags = list(dict.fromkeys(own + of_event))
    confidence = next((tag for tag in tags if tag.lower().startswith(_CONFIDENCE)), "")
    plain = (tag for tag in tags if not tag.lower().startswith((*_STEERING, *(f"{name}:" for name in _MARKS))))
    return {"labels": ",".join(plain), "confidence": confidence} | {name: _joined(tags, name) for name in _MARKS}


def _joined(tags: Iterable[str], name: str) -> str:
    return ",".join(tag for tag in tags if tag.lower().startswith(f"{name}:"))


def _first_seen(attribute: Mapping[str, Any], event: Mapping[str, Any]) -> str:
    """When the value was first seen, else the day of its event, else when the attribute was last written (in seconds since 1970)."""
    if said := str(attribute.get("first_seen") or ""):
        return said
    if dates.parse(day := str(event.get("date") or "")) is not None:
        return day
    seconds = str(attribute.get("timestamp") or "")
    if not (seconds.isascii() and seconds.isdecimal() and len(seconds) <= len("9999999999")) or not int(seconds):
        return ""
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
