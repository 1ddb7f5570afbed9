"""Indicators to share: the same number gives the same bytes."""

import json
import random
import uuid
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

_SPACE = uuid.UUID("7c0a2c58-3a0e-4b1b-8f0d-51c2f4a7d9e3")
_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_WORDS = (
    "harbour",
    "relay",
    "invoice",
    "mirror",
    "parcel",
    "ledger",
    "gate",
    "signal",
    "orchard",
    "vault",
    "kite",
    "ember",
)
_LEVELS = {
    "CLEAR": "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487",
    "GREEN": "marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb",
    "AMBER": "marking-definition--55d920b0-5e8b-4f79-9ee9-91f868d9b421",
    "AMBER+STRICT": "marking-definition--939a9414-2ddd-4d32-a0cd-375ea402b003",
}
# Of ten lines: two for everybody, four for partners, three with care, one strictly for members.
_SHARES = ("CLEAR", "GREEN", "AMBER", "GREEN", "AMBER+STRICT", "GREEN", "CLEAR", "AMBER", "GREEN", "AMBER")
_PATTERNS = 5
BATCH = 250
_AGAIN, _THIRD = 22, 3


def identifier(line: int, series: str = "loaded") -> str:
    """The id of a line."""
    return f"indicator--{uuid.uuid5(_SPACE, f'{series}/{line}')}"


def level(line: int) -> str:
    """The TLP level of a line: as many of each level have each kind of pattern."""
    return _SHARES[line // _PATTERNS % len(_SHARES)]


def indicator(line: int, version: int = 0, series: str = "loaded") -> dict[str, Any]:
    """One version of a line, some 800 bytes as a partner would send it."""
    chance = random.Random(f"{series}/{line}")
    host = f"{chance.choice(_WORDS)}-{chance.choice(_WORDS)}{chance.randrange(100_000)}.example"
    digest = f"{chance.getrandbits(256):064x}"
    patterns = (
        f"[domain-name:value = '{host}']",
        f"[url:value = 'https://{host}/{chance.choice(_WORDS)}/{digest[:12]}']",
        f"[ipv4-addr:value = '198.51.{chance.randrange(256)}.{chance.randrange(256)}']",
        f"[file:hashes.'SHA-256' = '{digest}']",
        f"[domain-name:value = '{host}' AND domain-name:resolves_to_refs[*].value = '203.0.113.{chance.randrange(256)}']",
    )
    created = _BEGIN + timedelta(seconds=7 * line, milliseconds=chance.randrange(1_000))
    return {
        "type": "indicator",
        "spec_version": "2.1",
        "id": identifier(line, series),
        "created": _instant(created),
        "modified": _instant(created + timedelta(hours=version)),
        "name": f"{chance.choice(_WORDS).title()} infrastructure at {host}",
        "description": f"Seen in the {chance.choice(_WORDS)} campaign by the reporting unit; assessment number {version + 1}.",
        "indicator_types": ["malicious-activity"],
        "pattern": patterns[line % len(patterns)],
        "pattern_type": "stix",
        "valid_from": _instant(created),
        "valid_until": _instant(created + timedelta(days=90)),
        "labels": [chance.choice(_WORDS), "automatic"],
        "confidence": chance.randrange(20, 100) if version == 0 else 95,
        "external_references": [
            {"source_name": "case", "external_id": f"2026-{line}", "url": f"https://cases.example/{digest[:10]}"}
        ],
        "object_marking_refs": [_LEVELS[level(line)]],
    }


def envelope(objects: Iterable[dict[str, Any]]) -> bytes:
    """A TAXII envelope."""
    return json.dumps({"objects": list(objects)}, separators=(",", ":")).encode()


def batches(stops: Iterable[int], submitters: int, largest: int = BATCH) -> Iterator[tuple[int, bytes, int]]:
    """Envelopes that hold as many objects together as the last stop says: who submits each, its bytes, and how many objects there are then.

    No envelope goes past a stop. They begin with `BATCH` objects and grow to a tenth of what is there, up to `largest`. Submitters take
    turns. A later envelope brings further versions of every tenth line of its submitter's envelope before.
    """
    line = number = start = 0
    begun: dict[int, range] = {}
    for stop in stops:
        while start < stop:
            submitter = number % submitters
            size = min(largest, max(BATCH, start // 10 // BATCH * BATCH), stop - start)
            before = begun.get(submitter)
            again: list[dict[str, Any]] = []
            if before is not None and size >= BATCH:
                lines = _spread(before, size * _AGAIN // BATCH)
                again = [indicator(one, 1) for one in lines]
                again += [indicator(one, 2) for one in lines[: size * _THIRD // BATCH]]
            begun[submitter] = range(line, line + size - len(again))
            line += size - len(again)
            start += size
            number += 1
            yield submitter, envelope([*map(indicator, begun[submitter]), *again]), start


def _spread(lines: range, number: int) -> range:
    """So many of them, evenly apart."""
    return lines[:: max(1, len(lines) // number)][:number]


def _instant(time: datetime) -> str:
    return f"{time:%Y-%m-%dT%H:%M:%S}.{time.microsecond // 1000:03d}Z"
