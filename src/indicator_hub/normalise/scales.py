"""How sure a feed is, in whatever it says it, as STIX's confidence from 0 to 100 (normalisation section 5).

Which table is meant is for the declaration to say (`confidence_scale`): the same letters stand for other numbers elsewhere. Where MISP's numbers
differ from those of STIX, they are STIX's here, but for MISP's own scale.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache

from indicator_hub.trust.roster import ConfidenceScale

UNJUDGED = -1
"""The source says that it cannot judge: then nothing is said, not even the feed's default."""

_NUMBER = re.compile(r"([0-9]{1,3})(\.[0-9]{1,6})?", re.ASCII)
_COUNT = re.compile(r"[0-9]{1,6}", re.ASCII)
_ADMIRALTY = re.compile(r"([A-F])?[ /-]?([1-6])", re.ASCII)
_MACHINE_TAG = re.compile(r'[a-z-]+:[a-z-]+="([^"]*)"')
_ALIKE = re.compile(r"[\s_-]+")
_MOST = 100

_CREDIBILITY = {"1": 90, "2": 70, "3": 50, "4": 30, "5": 10, "6": UNJUDGED}
_RELIABILITY = {"A": 100, "B": 85, "C": 60, "D": 35, "E": 15, "F": 50}
"""Trust in the source and not in what it says, so no more than a cap. F, not known, is in the middle."""

_WORDS: Mapping[str, Mapping[str, int]] = {
    "low-med-high": {"none": 0, "low": 15, "med": 50, "medium": 50, "high": 85},
    "misp": {
        "completely": 100, "completely confident": 100, "usually": 75, "usually confident": 75, "fairly": 50, "fairly confident": 50, "rarely": 25,
        "rarely confident": 25, "unconfident": 0, "cannot be evaluated": UNJUDGED, "confidence cannot be evaluated": UNJUDGED,
        "confidence cannot be evalued": UNJUDGED,  # as MISP spells it
    },
    "estimative": {
        "almost no chance": 5, "remote": 5, "very unlikely": 15, "highly improbable": 15, "unlikely": 30, "improbable": 30, "roughly even chance": 50,
        "roughly even odds": 50, "likely": 70, "probable": 70, "very likely": 85, "highly probable": 85, "almost certain": 95, "nearly certain": 95,
    },
}  # fmt: skip
"""Scales of words: case does not count, and blanks, hyphens and underscores are alike."""


@lru_cache(maxsize=4_096)
def value(scale: ConfidenceScale, text: str) -> int | None:
    """The confidence that a text stands for on this scale; UNJUDGED where it says so; None for what is no text of the scale."""
    return _SCALES[scale](text.strip())


def _percent(text: str) -> int | None:
    found = _NUMBER.fullmatch(text)
    return None if found is None or int(found[1]) > _MOST else int(found[1])


def _ten(text: str) -> int | None:
    found = _NUMBER.fullmatch(text)
    number = None if found is None else round(float(text) * 10)
    return None if number is None or number > _MOST else number


def _admiralty(text: str) -> int | None:
    found = _ADMIRALTY.fullmatch(text.upper())
    if found is None:
        return None
    return min(_CREDIBILITY[found[2]], _RELIABILITY.get(found[1], _MOST))


def _count(text: str) -> int | None:
    """On how many lists it stands: the first says little, and no number of them says that it is so."""
    return min(95, 20 + 10 * int(text)) if _COUNT.fullmatch(text) else None


def _of_words(scale: str) -> Callable[[str], int | None]:
    def read(text: str) -> int | None:
        lower = text.lower()
        said = tagged[1] if (tagged := _MACHINE_TAG.fullmatch(lower)) else lower
        # As in `Likely / Probable`: two names of one step.
        found = {_WORDS[scale].get(_ALIKE.sub(" ", part).strip()) for part in said.split("/")}
        return found.pop() if len(found) == 1 else None

    return read


_SCALES: Mapping[ConfidenceScale, Callable[[str], int | None]] = {
    "percent": _percent,
    "ten": _ten,
    "low-med-high": _of_words("low-med-high"),
    "admiralty": _admiralty,
    "misp": _of_words("misp"),
    "estimative": _of_words("estimative"),
    "count": _count,
}
