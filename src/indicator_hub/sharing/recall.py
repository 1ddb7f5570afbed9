"""Recall: it should not have been shared. All versions of a line, or those named, are nobody's from now on."""

from collections.abc import Sequence

from indicator_hub.errors import NotFound, NotPermitted
from indicator_hub.sharing.act import Caller, act
from indicator_hub.store import entries
from indicator_hub.store.opened import Store
from indicator_hub.taxii.query import FIRST, LAST, Filters
from indicator_hub.trust.admission import Existing, Recalled
from indicator_hub.trust.reach import Reach


async def delete(store: Store, caller: Caller, reach: Reach, identifier: str, filters: Filters) -> int:
    """TAXII DELETE of one object: every version, or those that `filters` name. Returns how many versions were taken back.

    Raises NotFound, NotPermitted in the order the standard demands (5.7: can_read and can_write first), then for the object itself.
    """
    async with act(store, caller, "recall", reach, object_id=identifier) as a:
        if not (reach.can_read or reach.can_write):
            raise NotFound
        reach.require_read()
        reach.require_write()
        async with a.transaction() as tx:
            last = await entries.lock(tx, reach.key)
            now = store.now()
            versions = (await entries.lines(tx, reach.key, (identifier,))).get(identifier, [])
            # One's own line first, also where another organisation's is shown: its originator can always take it back.
            own = [
                one for one in versions if one.organisation_id == reach.organisation_id and one.recalled is Recalled.NO
            ]
            seen = own or await entries.shown(tx, reach, identifier, versions)
            chosen = _choose(seen, versions, filters)
            if not chosen:
                raise NotFound
            by = Recalled.BY_ORIGINATOR
            if chosen[0].organisation_id != reach.organisation_id:
                if not reach.steward:
                    raise NotPermitted("Only the organisation that shared an object, or a steward, can take it back.")
                by = Recalled.BY_STEWARD
            await entries.recall(tx, chosen, by, now=now)
            await entries.refresh_superseded(tx, reach.key, (identifier,))
            lines = {(identifier, one.organisation_id) for one in chosen}
            await entries.redate(tx, reach.key, entries.uncovered(chosen, versions), last=last, now=now)
            await entries.settle(tx, reach.key, lines, now=now)
            a.details |= {"versions": [one.version for one in chosen], "by": by.name.lower()}
    return len(chosen)


def _choose(seen: Sequence[Existing], versions: Sequence[Existing], filters: Filters) -> list[Existing]:
    """Of one's own line, or the one that is shown (`seen`, from the oldest version to the newest) what a GET with these filters is given.

    Where no specification is named, the other rendering of a version goes with it: what was taken back is not left under another
    form. Where no version is named, the whole line: a steward takes back also the versions that are not for its own eyes.
    """
    if not seen:
        return []
    owner = seen[0].organisation_id
    line = [one for one in versions if one.organisation_id == owner and one.recalled is Recalled.NO]
    if filters.every:
        return [one for one in line if not filters.spec_versions or one.spec_version in filters.spec_versions]
    specs = filters.spec_versions or {max(one.spec_version for one in seen)}
    chosen: list[Existing] = []
    for spec in specs:
        rendering = [one for one in seen if one.spec_version == spec]
        chosen += [
            one
            for place, one in enumerate(rendering)
            if (FIRST in filters.keywords and place == 0)
            or (LAST in filters.keywords and place == len(rendering) - 1)
            or one.version_key in filters.values
        ]
    if filters.spec_versions:
        return chosen
    keys = {one.version_key for one in chosen}
    return [one for one in line if one.version_key in keys]
