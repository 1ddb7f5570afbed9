"""What the words of feeds and nations mean: indicator types of STIX, and a label in RSIT's machine tags. The table is `taxonomy.yaml`.

It stands here and not in `normalise`, as a declaration is held to it too (`trust`).
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any

import yaml

_ALIKE = re.compile(r"[\s_-]+")


@dataclass(frozen=True, slots=True)
class Harmonised:
    """What words mean together, each list sorted; empty where the table says nothing of them."""

    indicator_types: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()


NOTHING = Harmonised()


def harmonise(words: Iterable[str]) -> Harmonised:
    """The union of what the table says of these words. Those it does not know add nothing."""
    found = [meaning for word in words if (meaning := meaning_of(word)) is not NOTHING]
    match found:
        case []:
            return NOTHING
        case [only]:
            return only
        case _:
            types = {one for meaning in found for one in meaning.indicator_types}
            return Harmonised(tuple(sorted(types)), tuple(sorted({one for meaning in found for one in meaning.labels})))


@lru_cache(maxsize=16_384)
def meaning_of(word: str) -> Harmonised:
    """What the table says of one word; NOTHING where it does not know it."""
    return _meanings().get(key(word), NOTHING)


def key(word: str) -> str:
    """The word as it is compared: case, blanks, hyphens and underscores, and a hash sign in front, make no difference."""
    return _ALIKE.sub("-", word.strip().lstrip("#").strip().lower())


def known() -> tuple[str, ...]:
    """Every word of the table."""
    return tuple(_meanings())


def chief() -> tuple[str, ...]:
    """Of each meaning the word to write."""
    return tuple(key(str(one["words"][0])) for one in table()["meanings"])


def rsit_labels() -> frozenset[str]:
    """The machine tag of every type of RSIT."""
    return frozenset(_tag(f"{part}/{one}") for part, types in table()["rsit"].items() for one in types)


@cache
def table() -> Mapping[str, Any]:
    """The table as it is written."""
    text = files("indicator_hub.stix").joinpath("taxonomy.yaml").read_text(encoding="utf-8")
    return yaml.safe_load(text)


def _tag(label: str) -> str:
    part, _, one = label.partition("/")
    return f'rsit:{part}="{one}"'


@cache
def _meanings() -> Mapping[str, Harmonised]:
    found: dict[str, Harmonised] = {}
    for one in table()["meanings"]:
        labels = (_tag(one["label"]),) if "label" in one else ()
        meaning = Harmonised(tuple(sorted(one["types"])), labels)
        found |= dict.fromkeys([key(str(word)) for word in (*one["words"], *labels)], meaning)
    return found
