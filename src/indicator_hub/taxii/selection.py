"""What a reach is given of one id: the pure twin of the statements that serve a page. A property test holds the two together.

The order of the questions is that of the model: what is visible; of an id that several organisations share, the one line shown; the newest
specification; which versions, taken over what this reader sees; and only then what comes after the cursor.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from indicator_hub.taxii.query import ALL, FIRST, LAST, Filters
from indicator_hub.trust.audience import Audience
from indicator_hub.trust.reach import Reach, sees


@dataclass(frozen=True, slots=True)
class Placed:
    """A version in its collection, as it was at one moment. Instants in microseconds; `line_order` is 0 for its creator's line."""

    entry: int
    stix_id: str
    type: str
    spec_version: str
    version_key: str
    organisation_id: int
    audience: Audience
    recalled: bool
    date_added: int
    first_added: int
    line_order: int


def given(reach: Reach, filters: Filters, versions: Sequence[Placed], *, after: int = -1) -> list[Placed]:
    """Of the versions of one id in one collection those that this reach is given with these filters, by `date_added`.

    `versions` are all there are, whoever put them there, recalled ones too: what this reach does not see decides nothing. `after` is
    `added_after` or the cursor and cuts last: no older version is given because the newer one was given before. What the SQL reads in
    `superseded` is no part of this: it only spares questions whose answer is known.
    """
    visible = [one for one in versions if _sees(reach, one)]
    if not visible:
        return []
    first = min(visible, key=lambda one: (one.line_order, one.organisation_id))
    line = [
        one for one in visible if (one.line_order, one.organisation_id) == (first.line_order, first.organisation_id)
    ]
    newest = max(one.spec_version for one in line)
    specifications = filters.spec_versions or (newest,)
    chosen = [
        one
        for one in line
        if one.spec_version in specifications
        and one.date_added > after
        and (not filters.ids or one.stix_id in filters.ids)
        and (not filters.types or one.type in filters.types)
        and _wanted(one, filters, line)
    ]
    return sorted(chosen, key=lambda one: one.date_added)


def _sees(reach: Reach, one: Placed) -> bool:
    return sees(
        reach,
        audience=one.audience,
        organisation_id=one.organisation_id,
        first_added=one.first_added,
        recalled=one.recalled,
    )


def _wanted(one: Placed, filters: Filters, line: Sequence[Placed]) -> bool:
    """Whether match[version] asks for it: last and first in its own specification, or its very instant."""
    if ALL in filters.keywords or one.version_key in filters.values:
        return True
    keys = [other.version_key for other in line if other.spec_version == one.spec_version]
    return (LAST in filters.keywords and one.version_key == max(keys)) or (
        FIRST in filters.keywords and one.version_key == min(keys)
    )
