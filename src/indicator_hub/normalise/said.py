"""What one feed says of one value, and what several say together (normalisation section 8)."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from indicator_hub.stix.pattern import HASHES

MOST = 50
"""Labels of one indicator, and references."""
_JSON = json.JSONEncoder(separators=(",", ":"))
_UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Said:
    """All that an indicator holds beside the value itself and its times. `collection`: where it was said; `references` are names of sources with addresses."""

    collection: str = ""
    labels: tuple[str, ...] = ()
    indicator_types: tuple[str, ...] = (_UNKNOWN,)
    confidence: int | None = None
    description: str = ""
    references: tuple[tuple[str, str], ...] = ()
    hashes: tuple[tuple[str, str], ...] = ()
    """The other hashes of the same file, by type."""

    def text(self) -> str:
        """To keep, and to compare: the same text, the same said."""
        return _text(self)


@lru_cache(maxsize=1_024)
def _text(said: Said) -> str:
    """Most rows of a feed say the same."""
    return _JSON.encode(
        [
            said.collection,
            said.labels,
            said.indicator_types,
            said.confidence,
            said.description,
            said.references,
            said.hashes,
        ]
    )


@lru_cache(maxsize=1_024)
def read(text: str) -> Said:
    """What `Said.text` wrote."""
    found: list[Any] = json.loads(text)
    collection, labels, types, confidence, description, references, hashes = found
    named, others = (tuple((str(one), str(two)) for one, two in pairs) for pairs in (references, hashes))
    return Said(collection, tuple(labels), tuple(types), confidence, description, named, others)


def joined(sources: Sequence[Said]) -> Said:
    """What several feeds say together, whatever their order: each label and reference once, and the highest confidence.

    Not a sum: two copies of one source are not two opinions. Described it is by the source that is surest of it. Of a kind that only some know it is of that kind.
    """
    first, *others = sources
    if not others:
        return first
    types = {one for said in sources for one in said.indicator_types}
    surest = max(sources, key=lambda said: (bool(said.description), said.confidence or 0, said.description))
    return Said(
        first.collection,
        _union(said.labels for said in sources),
        tuple(sorted(types - {_UNKNOWN})) or (_UNKNOWN,),
        max((said.confidence for said in sources if said.confidence is not None), default=None),
        surest.description,
        tuple(sorted({one for said in sources for one in said.references})[:MOST]),
        tuple(sorted({one for said in sources for one in said.hashes}, key=_strength)[:MOST]),
    )


def _strength(one: tuple[str, str]) -> tuple[int, str]:
    return HASHES.index(one[0]), one[1]


def _union(lists: Iterable[tuple[str, ...]]) -> tuple[str, ...]:
    return tuple(sorted({one for each in lists for one in each})[:MOST])
