"""Whether a list held an indicator, worked out again from what its event keeps: for whoever is to be told that it was taken back."""

from collections.abc import Mapping, Sequence
from typing import Any

from indicator_hub.exports import catalogue
from indicator_hub.exports.asked import filter_of
from indicator_hub.exports.choose import Rules, matches, reason
from indicator_hub.exports.row import Row
from indicator_hub.stix.pattern import Observable


def may_have_held(details: Mapping[str, Any], rows: Sequence[Row]) -> bool:
    """Whether a list with these details may have held an entry that its reader saw, with these values: as the entry was then.

    What is not known any more (lists of what is harmless, a limit) counts for it: better told once too often.
    """
    form = catalogue.FORMATS.get(details["format"], catalogue.EVENT)
    if form.whole and not rows:
        return True
    asked, now = filter_of(details["filter"]), details["now"]
    rules = Rules(
        now, _on_no_list, marked=form.marked, machine=form.machine, values=not form.whole, documentation=asked.documentation
    )  # fmt: skip
    return any(matches(row, asked, form.kinds, now) and reason(row, rules) is None for row in rows)


def _on_no_list(_: Observable) -> None:
    return None
