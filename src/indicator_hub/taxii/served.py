"""Who was given what: a page that was served, worked out again from what its event keeps and what every version was then. Pure.

The event holds the range, the query and the reach; the history of a version its audiences and dates with their times. The times are those of
the hub's clock: where a change commits between an event's time and the reading, or clocks differ, this is not exact (docs/trust.md).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from indicator_hub.taxii.query import ALL, FIRST, LAST, Filters
from indicator_hub.taxii.selection import Placed, given
from indicator_hub.trust.audience import NOBODY, Audience
from indicator_hub.trust.reach import as_recorded

_KEYWORDS = frozenset((ALL, FIRST, LAST))


@dataclass(frozen=True, slots=True)
class Moment:
    """What a version had from `since` on, to `until` (None: still). `line_order` None: as it is now."""

    since: int
    until: int | None
    audience: Audience
    date_added: int
    line_order: int | None = None


@dataclass(frozen=True, slots=True)
class Traced:
    """A version, what it is called, and all that it ever was, oldest first."""

    version: Placed
    name: str
    moments: tuple[Moment, ...]

    def at(self, instant: int) -> Placed:
        """As it was; what came later as it came: whether the page reached so far, its range says. At a change, as before it."""
        then = next(one for one in self.moments if one.until is None or instant <= one.until)
        # What was taken back, or held, is nobody's: no line that could be shown before another.
        gone = then.audience == NOBODY
        return replace(
            self.version,
            audience=then.audience,
            date_added=then.date_added,
            line_order=self.version.line_order if then.line_order is None else then.line_order,
            recalled=gone,
        )


def served(at: int, organisation_id: int, details: Mapping[str, Any], versions: Sequence[Traced]) -> set[int]:
    """Of the versions of one id, the entries that were on this page."""
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
    then = [one.at(at) for one in versions]
    there = [one for one in then if one.date_added <= last]
    return {one.entry for one in given(reach, filters, there) if first <= one.date_added <= last}
