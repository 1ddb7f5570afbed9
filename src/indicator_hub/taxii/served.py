"""Who was given what: a page that was served, worked out again from what its event keeps and what every version was then. Pure.

The event holds the range, the query and the reach, and what the collection's clock showed when the page was read; the history of a version its
audiences and dates by that same clock. No machine's time is asked: a clock that steps back, or another node's, changes nothing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from indicator_hub.taxii.query import ALL, FIRST, LAST, Filters
from indicator_hub.taxii.selection import Placed, given
from indicator_hub.trust.audience import Audience
from indicator_hub.trust.reach import as_recorded

_KEYWORDS = frozenset((ALL, FIRST, LAST))


@dataclass(frozen=True, slots=True)
class Moment:
    """What a version had from `since` on, to `until` (None: still), by the collection's clock. `line_order` None: as it is now."""

    since: int
    until: int | None
    audience: Audience
    date_added: int
    recalled: bool
    line_order: int | None = None


@dataclass(frozen=True, slots=True)
class Traced:
    """A version, what it is called, and all that it ever was, oldest first."""

    version: Placed
    name: str
    moments: tuple[Moment, ...]

    def as_of(self, clock: int) -> Placed | None:
        """As it was when the collection's clock showed this; None: it was not there yet."""
        if clock < self.moments[0].since:
            return None
        then = next(one for one in self.moments if one.until is None or clock < one.until)
        return replace(
            self.version,
            audience=then.audience,
            date_added=then.date_added,
            line_order=self.version.line_order if then.line_order is None else then.line_order,
            recalled=then.recalled,
        )


def served(as_of: int, organisation_id: int, details: Mapping[str, Any], versions: Sequence[Traced]) -> set[int]:
    """Of the versions of one id, the entries that were on a page read as of this."""
    kept, said = details["reach"], frozenset(details["versions"])
    reach = as_recorded(
        organisation_id, kept["cap"], person=bool(kept["person"]), nation=kept["nation"], sees_from=kept["sees_from"]
    )
    filters = Filters(
        tuple(details["ids"]),
        tuple(details["types"]),
        tuple(details["spec_versions"]),
        said & _KEYWORDS,
        tuple(sorted(said - _KEYWORDS)),
    )
    first, last = details["first"], details["last"]
    there = [placed for one in versions if (placed := one.as_of(as_of)) is not None]
    # What lies beyond the page's end is no less there: a newer version is why an older one was not given.
    return {one.entry for one in given(reach, filters, there) if first <= one.date_added <= last}
