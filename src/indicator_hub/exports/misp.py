"""A MISP feed: a manifest, an event for each organisation and day, and the hashes by which MISP finds which event holds a value.

Every uuid is derived from what it stands for, so that whoever fetches again brings up to date what it has and doubles nothing.
"""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from uuid import uuid5

from indicator_hub.exports.choose import to_act_on
from indicator_hub.exports.format import NO_NATION, Outcome, Plain, Scope
from indicator_hub.exports.row import Row
from indicator_hub.stix import timestamps
from indicator_hub.stix.ids import NAMESPACE
from indicator_hub.trust.ladder import NAMES

DAY = 86_400_000_000
_SECOND = 1_000_000
_NETWORK, _PAYLOAD, _ARTEFACTS, _EXTERNAL = (
    "Network activity",
    "Payload delivery",
    "Artifacts dropped",
    "External analysis",
)
_TYPES = {
    **dict.fromkeys(("ipv4-addr", "ipv4-cidr", "ipv6-addr", "ipv6-cidr"), ("ip-dst", _NETWORK)),
    **dict.fromkeys(("ipv4-port", "ipv6-port"), ("ip-dst|port", _NETWORK)),
    "domain-name": ("domain", _NETWORK), "domain-port": ("hostname|port", _NETWORK), "url": ("url", _NETWORK),
    "user-agent": ("user-agent", _NETWORK), "mac-addr": ("mac-address", _NETWORK), "autonomous-system": ("AS", _NETWORK),
    "x509-certificate": ("x509-fingerprint-sha1", _NETWORK),
    "email-addr": ("email-src", _PAYLOAD), "file-name": ("filename", _PAYLOAD),
    **{kind: (kind, _PAYLOAD) for kind in ("md5", "sha1", "sha256", "sha512", "sha3-256", "sha3-512", "ssdeep", "tlsh")},
    "mutex": ("mutex", _ARTEFACTS), "windows-registry-key": ("regkey", _ARTEFACTS),
    "cve": ("vulnerability", _EXTERNAL),
}  # fmt: skip
KINDS = tuple(_TYPES)


def day_of(instant: int) -> int:
    """The day of an instant, counted from 1970."""
    return instant // DAY


def event_uuid(scope: Scope, source: str, day: int) -> str:
    """The event of what an organisation shared on a day; `source` is empty where the reader may not know it."""
    return str(uuid5(NAMESPACE, f"misp event {scope.group} {scope.name} {source} {day}"))


def _value(row: Row) -> str:
    """As MISP writes it: the port of an address behind a bar."""
    if not row.kind.endswith("-port"):
        return row.value.removeprefix("AS") if row.kind == "autonomous-system" else row.value
    host, _, port = row.value.rpartition(":")
    return f"{host.strip('[]')}|{port}"


def _date(day: int) -> str:
    return timestamps.render(day * DAY)[:10]


def _level_tag(level: int) -> dict[str, str]:
    return {"name": f"tlp:{NAMES[level].lower()}"}


def _bounds(row: Row) -> Iterator[dict[str, str]]:
    """Handling codes and nations, as tags of three parts: MISP has no taxonomy for them."""
    for code in row.handling:
        yield {"name": f'indicator-hub:handling="{code}"'}
    if row.nations is not None:
        for nation in row.nations or (NO_NATION,):
            yield {"name": f'indicator-hub:releasable-to="{nation}"'}


@dataclass(slots=True)
class _Event:
    """What an event's head says. `changed` in microseconds."""

    source: str
    day: int
    level: int = 0
    changed: int = 0

    def take(self, row: Row) -> None:
        """One more row of it."""
        self.level = max(self.level, row.level)
        self.changed = max(self.changed, row.date_added)

    def document(self, scope: Scope) -> dict[str, Any]:
        """What manifest and event both say. Nobody has rated the threat: 4, undefined. The analysis is done: 2."""
        name = self.source or f"{scope.group} (another organisation)"
        orgc = str(uuid5(NAMESPACE, f"misp organisation {scope.origin} {name}"))
        return {
            "Orgc": {"name": name, "uuid": orgc},
            "Tag": [_level_tag(self.level)],
            "info": f"{scope.group}: shared by {name} on {_date(self.day)}",
            "date": _date(self.day),
            "analysis": "2",
            "threat_level_id": "4",
            "timestamp": str(self.changed // _SECOND),
        }


class Manifest(Plain):
    """Which events there are."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._events: dict[tuple[str, int], _Event] = {}

    def line(self, row: Row, /) -> str:
        """Nothing yet: the row counts for its event."""
        day = day_of(row.date_added)
        self._events.setdefault((row.source, day), _Event(row.source, day)).take(row)
        return ""

    def foot(self, _: Outcome, /) -> str:
        """The manifest."""
        told = {event_uuid(self._scope, *key): self._events[key].document(self._scope) for key in sorted(self._events)}
        return json.dumps(told, ensure_ascii=False, separators=(",", ":")) + "\n"


class Hashes(Plain):
    """MD5 of each value, and its event: how MISP looks a value up in a feed that it has not taken in."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope

    def line(self, row: Row, /) -> str:
        """One line for each value; two for one of two parts."""
        event = event_uuid(self._scope, row.source, day_of(row.date_added))
        return "".join(f"{digest},{event}\n" for digest in _digests(_value(row), composite=row.kind.endswith("-port")))


def _digests(value: str, *, composite: bool) -> Iterator[str]:
    for part in value.split("|") if composite else (value,):
        yield hashlib.md5(part.encode(), usedforsecurity=False).hexdigest()


class Event:
    """One event with its attributes. What stands in MISP's export to sensors is `to_ids`: nothing that must not be acted upon."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._event: _Event | None = None
        self._name = ""

    def line(self, row: Row, /) -> str:
        """One attribute."""
        parted = ",\n" if self._event else ""
        if self._event is None:
            self._event = _Event(row.source, day_of(row.date_added))
            self._name = event_uuid(self._scope, self._event.source, self._event.day)
        self._event.take(row)
        kind, category = _TYPES[row.kind]
        tags = [_level_tag(row.level), *([{"name": f"PAP:{row.pap.upper()}"}] if row.pap else ()), *_bounds(row)]
        told = {
            "uuid": str(uuid5(NAMESPACE, f"misp attribute {self._name} {row.kind} {row.value}")),
            "type": kind,
            "category": category,
            "value": _value(row),
            "to_ids": to_act_on(row),
            "timestamp": str(row.date_added // _SECOND),
            "comment": row.name,
            "disable_correlation": False,
            "Tag": tags + [{"name": label} for label in row.labels if not label.startswith("pap:")],
        }
        return parted + json.dumps(told, ensure_ascii=False, separators=(",", ":"))

    def head(self, _: Outcome, /) -> str:
        """Its beginning."""
        return '{"Event":{"Attribute":[\n'

    def foot(self, _: Outcome, /) -> str:
        """What is known of the whole event."""
        if self._event is None:
            return "]}}\n"
        told = {"uuid": self._name, "published": True}
        rest = json.dumps(told | self._event.document(self._scope), ensure_ascii=False, separators=(",", ":"))
        return f"\n],{rest[1:]}}}\n"
