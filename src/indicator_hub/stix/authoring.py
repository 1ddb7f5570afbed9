"""Objects that a person writes, built and checked by the stix2 library: slow beside what feeds bring, and strict to the letter."""

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, cast

from indicator_hub.errors import Invalid
from indicator_hub.stix import timestamps

OpinionWord = Literal["strongly-disagree", "disagree", "neutral", "agree", "strongly-agree"]
FALSE_POSITIVE: OpinionWord = "strongly-disagree"
"""What whoever calls an indicator a false positive says of it (STIX 2.1 section 10.18)."""

_TIMES = frozenset(("first_seen", "last_seen", "published"))
"""What tells when, not what."""

_KINDS = frozenset(
    ("identity", "indicator", "malware", "course-of-action", "report", "note", "opinion", "relationship", "sighting")
)


def author(
    kind: str, *, identifier: str, created: int, created_by: str | None, marks: Sequence[str] = (), **properties: object
) -> bytes:
    """One object of STIX 2.1 in its first version, as bytes; `created` in microseconds. Raises Invalid, saying what is wrong with it."""
    if kind not in _KINDS:
        raise Invalid(f"The hub does not write objects of the type {kind}.")
    # Only now: it takes 12 MB, which a process that only answers polls does without.
    import stix2  # noqa: PLC0415
    from stix2.exceptions import STIXError  # noqa: PLC0415

    registry: Any = stix2.registry
    make: Any = registry.class_for_type(kind, "2.1")
    time = timestamps.render_milliseconds(created)
    common: dict[str, object] = {"id": identifier, "created": time, "modified": time}
    if created_by:
        common["created_by_ref"] = created_by
    if marks:
        common["object_marking_refs"] = list(marks)
    try:
        return cast("str", make(**common, **properties).serialize()).encode()
    except (STIXError, ValueError, TypeError) as error:
        raise Invalid(f"This {kind} is not valid STIX 2.1: {error}.") from None


@dataclass(frozen=True, slots=True)
class Authorship:
    """Who writes, when (microseconds), and how what is written is marked: ids of marking-definitions. `created_by` empty: nobody says.

    `seed`, a UUID, is of one occasion to write: the same words written on it again are the same object. Empty: each time another.
    """

    created: int
    created_by: str = ""
    marks: tuple[str, ...] = ()
    seed: str = ""

    def write(self, kind: str, **properties: object) -> bytes:
        """One new object, under an id of its own; properties that are None, empty or () are left out. Raises Invalid."""
        said = {name: value for name, value in properties.items() if value not in (None, "", (), [])}
        words = json.dumps([kind, {name: one for name, one in said.items() if name not in _TIMES}], sort_keys=True)
        name = uuid.uuid5(uuid.UUID(self.seed), words) if self.seed else uuid.uuid4()
        return author(
            kind, identifier=f"{kind}--{name}", created=self.created, created_by=self.created_by or None,
            marks=self.marks, **said,
        )  # fmt: skip


def sighting(
    by: Authorship,
    of: str,
    *,
    count: int | None = None,
    first_seen: int | None = None,
    last_seen: int | None = None,
    description: str = "",
    where: Sequence[str] = (),
) -> bytes:
    """It was seen (STIX 2.1 section 5.2): so often, between two instants in microseconds, in networks of `where` (identities or locations).

    Raises Invalid.
    """
    return by.write(
        "sighting", sighting_of_ref=of, count=count, first_seen=_time(first_seen), last_seen=_time(last_seen),
        description=description, where_sighted_refs=list(where),
    )  # fmt: skip


def opinion(by: Authorship, of: Sequence[str], word: OpinionWord, *, explanation: str = "", authors: Sequence[str] = ()) -> bytes:  # fmt: skip
    """What one thinks of objects that others made (4.14). Raises Invalid."""
    return by.write("opinion", opinion=word, explanation=explanation, authors=list(authors), object_refs=list(of))


def note(by: Authorship, of: Sequence[str], content: str, *, abstract: str = "", authors: Sequence[str] = ()) -> bytes:
    """Words about objects (4.12). Raises Invalid."""
    return by.write("note", abstract=abstract, content=content, authors=list(authors), object_refs=list(of))


def course_of_action(by: Authorship, name: str, *, description: str = "", labels: Sequence[str] = ()) -> bytes:
    """What to do about it (4.3). It is tied to what it is good against by a `mitigates` relationship. Raises Invalid."""
    return by.write("course-of-action", name=name, description=description, labels=list(labels))


def report(
    by: Authorship,
    name: str,
    of: Sequence[str],
    *,
    description: str = "",
    types: Sequence[str] = (),
    published: int | None = None,
    labels: Sequence[str] = (),
) -> bytes:
    """A text about several objects (4.16), published when it is written, if nothing else is said. Raises Invalid."""
    return by.write(
        "report", name=name, description=description, report_types=list(types), object_refs=list(of), labels=list(labels),
        published=_time(by.created if published is None else published),
    )  # fmt: skip


def relationship(by: Authorship, source: str, kind: str, target: str, *, description: str = "") -> bytes:
    """How one object stands to another (5.1): `indicates`, `mitigates`, `related-to`. Raises Invalid."""
    return by.write(
        "relationship", relationship_type=kind, source_ref=source, target_ref=target, description=description
    )


def _time(instant: int | None) -> str | None:
    return None if instant is None else timestamps.render_milliseconds(instant)
