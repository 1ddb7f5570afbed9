"""How far a source lets a row go, and what may be done with it, in the source's own words: TLP and PAP (normalisation section 6)."""

from functools import lru_cache

from indicator_hub.normalise.row import NOTHING
from indicator_hub.trust.ladder import LEVELS

UNREADABLE = -1
"""A level is said, and which one cannot be told."""

_PAP = ("clear", "green", "amber", "red")
_OLD = {"WHITE": "CLEAR"}


def is_mark(word: str) -> bool:
    """Whether a word among others, a tag, is a mark: it is no label then."""
    return word[:4].lower() in {"tlp:", "pap:"}


@lru_cache(maxsize=1_024)
def level(text: str) -> int | None:
    """The strictest of the TLP levels in a text, parted by commas; None where it has none, UNREADABLE where one of them is no level.

    `TLP:AMBER+STRICT`, `amber strict` and `WHITE` are levels; `tlp:unclear` and whatever else may be stricter than we think is not.
    """
    words = _words(text, "TLP")
    if not words:
        return None
    levels = [LEVELS.get(word.replace(" ", "+"), UNREADABLE) for word in words]
    return UNREADABLE if UNREADABLE in levels else max(levels)


@lru_cache(maxsize=1_024)
def pap(text: str) -> str | None:
    """The strictest PAP word in a text, in lower case (WHITE is its old name for clear); None where it has none. ValueError where one is no such word."""
    found = [_PAP.index(word.lower()) for word in _words(text, "PAP")]
    return _PAP[max(found)] if found else None


def _words(text: str, name: str) -> list[str]:
    """The words after `TLP:`, with one blank for what parts AMBER and STRICT."""
    parts = (" ".join(part.upper().replace("_", " ").replace("-", " ").replace("+", " ").split()) for part in text.split(","))
    bare = (part.removeprefix(name).lstrip(": ") for part in parts if part.lower() not in NOTHING)
    return [_OLD.get(word, word) for word in bare]
