"""Whom objects reach, put together for a page: objects that go equally far once, their readers by organisation."""

import hashlib
import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Part:
    """Some of an organisation's accounts, and by which rule they see it or not. `number` None: not told."""

    who: str
    sees: bool
    because: str
    number: int | None


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation before some objects; `nation` is empty for everybody."""

    organisation: str
    nation: str
    role: str
    parts: tuple[Part, ...]

    @property
    def sees(self) -> bool:
        """Whether any of its accounts does."""
        return any(one.sees for one in self.parts)


@dataclass(slots=True)
class Reached:
    """Objects that go equally far. `held`: why nobody else sees them."""

    level: str
    held: str
    persons_only: bool
    nations: tuple[str, ...]
    parties: tuple[Party, ...]
    objects: list[str] = field(default_factory=list[str])

    @property
    def seeing(self) -> list[Party]:
        """Who sees them."""
        return [one for one in self.parties if one.sees]

    @property
    def others(self) -> list[Party]:
        """Who does not."""
        return [one for one in self.parties if not one.sees]

    @property
    def everybody(self) -> bool:
        """Whether anyone at all may read them."""
        return any(one.sees and not one.nation for one in self.parties)

    @property
    def lands(self) -> int:
        """Of how many nations they are that see them."""
        return len({one.nation for one in self.seeing if one.nation})

    @property
    def bodies(self) -> int:
        """How many organisations see them."""
        return sum(bool(one.nation) for one in self.seeing)


@dataclass(frozen=True, slots=True)
class Foreseen:
    """What would become of all of them: `outcomes` by outcome and message, with how many; `by_object` the same of each."""

    reached: tuple[Reached, ...]
    outcomes: tuple[tuple[str, str, int], ...]
    by_object: Mapping[str, tuple[str, str]]
    stored: int

    @property
    def digest(self) -> str:
        """What was shown of it, in short: whoever shares later shares that, or is shown it again."""
        told = [
            [one.level, one.held, one.persons_only, one.nations, one.objects,
             [[party.organisation, party.nation, [[part.who, part.sees] for part in party.parts]] for party in one.parties]]
            for one in self.reached
        ]  # fmt: skip
        return hashlib.sha256(json.dumps([told, self.outcomes]).encode()).hexdigest()


def together(items: Sequence[Mapping[str, Any]]) -> Foreseen:
    """What `audience.foreseen` says, put together."""
    reached: dict[tuple[Any, ...], Reached] = {}
    for one in items:
        if not one["stored"]:
            continue
        # Those that go equally far have the very same list of readers.
        key = (one.get("level"), one.get("held"), id(one["readers"]))
        if key not in reached:
            reached[key] = Reached(
                one.get("level", ""), one.get("held", ""), bool(one.get("persons_only")), tuple(one.get("nations", ())),
                _parties(one["readers"]),
            )  # fmt: skip
        reached[key].objects.append(one["object"])
    counted = Counter((one["outcome"], one.get("message", "")) for one in items)
    return Foreseen(
        tuple(reached.values()),
        tuple((outcome, message, number) for (outcome, message), number in counted.most_common()),
        {one["object"]: (one["outcome"], one.get("message", "")) for one in items},
        sum(one["stored"] for one in items),
    )


def of_version(items: Sequence[Mapping[str, Any]], version: str) -> Foreseen:
    """What `audience.of_object` says of one version, in the same form."""
    return together([{**one, "stored": True, "outcome": ""} for one in items if one["version"] == version])


def _parties(readers: Sequence[Mapping[str, Any]]) -> tuple[Party, ...]:
    parts: dict[tuple[str, str, str], list[Part]] = {}
    for one in readers:
        if one.get("number") == 0:
            continue
        key = one.get("organisation", ""), one.get("nation", ""), one.get("role", "")
        parts.setdefault(key, []).append(Part(one["who"], one["sees"], one["because"], one.get("number")))
    return tuple(Party(*key, tuple(found)) for key, found in parts.items())
