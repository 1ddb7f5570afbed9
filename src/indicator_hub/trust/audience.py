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
    """An audience and, when the object is held, why, and by which marks."""

    audience: Audience
    held: str | None
    unresolved: frozenset[str] = frozenset()


def audience_of(
    marks: Iterable[str],
    part_marks: Iterable[str],
    default: int | None,
    definitions: Mapping[str, Audience | None] | None = None,
    *,
    within: Audience = EVERYONE,
) -> Ruling:
    """The audience of an object with these marks, of itself and of its parts.

    `default` is the collection's level, applied when the object itself bears no TLP mark: a mark on a part does not spare the rest.
    `definitions` gives whom the submitting organisation's own marking-definitions let through, None for one that the hub does not
    understand. A mark that is neither TLP nor understood holds the object: it is kept, and shown to its originator alone.
    `within` is whom what it says by itself lets through, marks apart (`marks.told_to`).
    """
    if not definitions and within == EVERYONE:
        return _by_tlp_alone(frozenset(marks), frozenset(part_marks), default)
    return _ruling(frozenset(marks), frozenset(part_marks), default, definitions or {}, within)


@lru_cache(maxsize=1024)
def _by_tlp_alone(own: frozenset[str], parts: frozenset[str], default: int | None) -> Ruling:
    """Remembered: what a partner sends bears the same few marks again and again."""
    return _ruling(own, parts, default, {}, EVERYONE)


def _ruling(
    own: frozenset[str],
    parts: frozenset[str],
    default: int | None,
    definitions: Mapping[str, Audience | None],
    within: Audience,
) -> Ruling:
    audience = within
    if default is not None and not any(mark in TLP for mark in own):
        audience = audience.narrowed(Audience(default))
    unresolved: set[str] = set()
    for mark in own | parts:
        through = Audience(LEVELS[TLP[mark]]) if mark in TLP else definitions.get(mark)
        if through is None:
            unresolved.add(mark)
        else:
            audience = audience.narrowed(through)
    if not unresolved:
        return Ruling(audience, None)
    reasons = [_reason(mark, known=mark in definitions) for mark in sorted(unresolved)]
    return Ruling(NOBODY, "; ".join(reasons[:3]), frozenset(unresolved))


def _reason(mark: str, *, known: bool) -> str:
    """For the one who shared it: what to do about it."""
    if known:
        return f"the hub does not understand what {mark} says"
    return f"the mark {mark} is not known: send its marking-definition, which your organisation says the meaning of"


def says_clear(marks: Iterable[str]) -> bool:
    """Whether the object itself says CLEAR (or WHITE), as everything in a public collection must."""
    return any(TLP.get(mark) == "CLEAR" for mark in marks)
