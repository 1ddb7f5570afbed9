"""How far a source lets a row go, and what may be done with it, in the source's own words: TLP and PAP (normalisation section 6)."""

import re

from indicator_hub.normalise.row import NOTHING
from indicator_hub.trust.ladder import LEVELS

_MARK = re.compile(r"tlp[^a-z0-9]|pap:")
_PAP = ("clear", "green", "amber", "red")
_OLD = {"WHITE": "CLEAR"}


def is_mark(word: str) -> bool:
    """Whether a word in lower case, a tag among others, is a mark (`tlp:red`, `tlp red`): it is no label then."""
    return word.startswith(("tlp", "pap")) and _MARK.match(word) is not None


def level(text: str) -> int | None:
    """The strictest of the TLP levels in a text, parted by commas; None where it has none.

    `TLP:AMBER+STRICT`, `amber strict` and `WHITE` are levels. Raises ValueError where one of them is none, such as `tlp:unclear`: it may be stricter
    than those that are known.
    """
    found = [LEVELS.get(word.replace(" ", "+")) for word in _words(text, "TLP")]
    if None in found:
        raise ValueError(text)
    return max((one for one in found if one is not None), default=None)


def pap(text: str) -> str | None:
    """The strictest PAP word in a text, in lower case (WHITE is its old name for clear); None where it has none. Raises ValueError as `level` does."""
    found = [_PAP.index(word.lower()) for word in _words(text, "PAP")]
    return _PAP[max(found)] if found else None


def _words(text: str, name: str) -> list[str]:
    """The words after `TLP:`, with one blank for what parts AMBER and STRICT."""
    parts = (
        " ".join(part.upper().replace("_", " ").replace("-", " ").replace("+", " ").split()) for part in text.split(",")
    )
    bare = (part.removeprefix(name).lstrip(":= ") for part in parts if part.lower() not in NOTHING)
    return [_OLD.get(word, word) for word in bare]
