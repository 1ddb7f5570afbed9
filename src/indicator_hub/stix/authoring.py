"""Objects that a person writes, built and checked by the stix2 library: slow beside what feeds bring, and strict to the letter."""

from collections.abc import Sequence
from typing import Any, cast

import stix2
from stix2.exceptions import STIXError

from indicator_hub.errors import Invalid
from indicator_hub.stix import timestamps

_CLASSES: dict[str, Any] = {
    "identity": stix2.Identity,
    "indicator": stix2.Indicator,
    "malware": stix2.Malware,
    "course-of-action": stix2.CourseOfAction,
    "report": stix2.Report,
    "note": stix2.Note,
    "relationship": stix2.Relationship,
    "sighting": stix2.Sighting,
}


def author(
    kind: str, *, identifier: str, created: int, created_by: str | None, marks: Sequence[str] = (), **properties: object
) -> bytes:
    """One object of STIX 2.1 in its first version, as bytes; `created` in microseconds. Raises Invalid, saying what is wrong with it."""
    make = _CLASSES.get(kind)
    if make is None:
        raise Invalid(f"The hub does not write objects of the type {kind}.")
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
