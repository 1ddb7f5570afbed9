"""Whom an object may reach, worked out from its marks when it is written. Marks only ever narrow."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from indicator_hub.stix.markings import TLP
from indicator_hub.trust.ladder import CLEAR, HELD, LEVELS


@dataclass(frozen=True, slots=True)
class Audience:
    """The floor a reader's cap must reach, whether only persons may read, and the nations it is for (None: all; empty: nobody's)."""

    floor: int
    persons_only: bool = False
    nations: frozenset[str] | None = None

    def narrowed(self, other: "Audience") -> "Audience":
        """Both at once: the strictest of each."""
        nations = (
            self.nations
            if other.nations is None
            else other.nations
            if self.nations is None
            else self.nations & other.nations
        )
        return Audience(max(self.floor, other.floor), self.persons_only or other.persons_only, nations)

    def covers(self, other: "Audience") -> bool:
        """Whether everyone whom `other` reaches is reached by this one too."""
        return (
            self.floor <= other.floor
            and (not self.persons_only or other.persons_only)
            and (self.nations is None or (other.nations is not None and other.nations <= self.nations))
        )


EVERYONE = Audience(CLEAR)
NOBODY = Audience(HELD)


@dataclass(frozen=True, slots=True)
class Ruling:
    """An audience and, when the object is held, why."""

    audience: Audience
    held: str | None


def audience_of(
    marks: Iterable[str],
    part_marks: Iterable[str],
    default: int | None,
    definitions: Mapping[str, Audience] | None = None,
) -> Ruling:
    """The audience of an object with these marks, of itself and of its parts.

    `default` is the collection's level, applied when the object itself bears no TLP mark: a mark on a part does not spare the rest.
    `definitions` gives what the submitting organisation's own marking-definitions mean. A mark that is neither TLP nor defined there
    holds the object: it is kept, and shown to its originator alone.
    """
    if definitions is None:
        return _by_tlp_alone(frozenset(marks), frozenset(part_marks), default)
    return _ruling(frozenset(marks), frozenset(part_marks), default, definitions)


@lru_cache(maxsize=1024)
def _by_tlp_alone(own: frozenset[str], parts: frozenset[str], default: int | None) -> Ruling:
    """Remembered: what a partner sends bears the same few marks again and again."""
    return _ruling(own, parts, default, {})


def _ruling(
    own: frozenset[str], parts: frozenset[str], default: int | None, definitions: Mapping[str, Audience]
) -> Ruling:
    audience = EVERYONE
    if default is not None and not any(mark in TLP for mark in own):
        audience = Audience(default)
    for mark in own | parts:
        if mark in TLP:
            audience = audience.narrowed(Audience(LEVELS[TLP[mark]]))
        elif mark in definitions:
            audience = audience.narrowed(definitions[mark])
        else:
            return Ruling(NOBODY, f"the hub does not know the mark {mark}")
    return Ruling(audience, None)


def says_clear(marks: Iterable[str]) -> bool:
    """Whether the object itself says CLEAR (or WHITE), as everything in a public collection must."""
    return any(TLP.get(mark) == "CLEAR" for mark in marks)
