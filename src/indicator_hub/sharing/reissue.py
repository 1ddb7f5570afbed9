"""Reissue: what was recalled is shared again, the same versions under a new `date_added`.

A person of its originator brings back what its organisation took back; what a steward took back only a steward does.
"""

from collections.abc import Collection
from dataclasses import replace

from indicator_hub.errors import Conflict, NotFound, NotPermitted
from indicator_hub.sharing.act import Caller, act
from indicator_hub.sharing.remark import rulings_of
from indicator_hub.stix import timestamps
from indicator_hub.store import definitions, entries, rulings
from indicator_hub.store.opened import Store
from indicator_hub.trust.admission import Existing, Recalled
from indicator_hub.trust.reach import Reach


async def reissue(
    store: Store, caller: Caller, reach: Reach, identifier: str, versions: Collection[str] = ()
) -> list[str]:
    """Bring back every recalled version of the line, or those named. Returns them, oldest first.

    Raises NotFound where there is nothing recalled that this account could bring back, NotPermitted for its originator where it is not
    its to bring back, Conflict where the marks do not allow it (any longer).
    """
    keys = {timestamps.sort_key(version) for version in versions}
    async with act(store, caller, "reissue", reach, object_id=identifier) as a:
        reach.require_collection()
        async with a.transaction() as tx:
            last = await entries.lock(tx, reach.key)
            now = store.now()
            there = (await entries.lines(tx, reach.key, (identifier,))).get(identifier, [])
            chosen = _choose(reach, [one for one in there if not keys or one.version_key in keys])
            waiting = await rulings.to_rule(tx, [one.entry for one in chosen])
            means = await rulings_of(tx, waiting)
            for copy in (one for one in waiting if one.copied):
                # A copy never reaches anybody whom it did not reach before, whatever its marks alone would say here.
                within = await rulings.before_recall(tx, copy.entry)
                means[copy.entry] = replace(means[copy.entry], audience=means[copy.entry].audience.narrowed(within))
            for one in chosen:
                ruling = means[one.entry]
                if ruling.held is not None and not ruling.unresolved:
                    raise Conflict(f"It cannot be shared here as it is marked: {ruling.held}.")
                last = await entries.readmit(tx, reach.key, one, ruling, last=last, now=now)
                if not ruling.unresolved:
                    await definitions.settled(tx, one.entry)
            await entries.refresh_superseded(tx, reach.key, (identifier,))
            line = {(identifier, chosen[0].organisation_id)}
            await rulings.settle(tx, reach.key, line, ruled=line, now=now)
            back = [one.version for one in chosen]
            a.details |= {"versions": back, "originator": chosen[0].organisation_id}
            a.answer = {"versions": back}
    return back


def _choose(reach: Reach, versions: Collection[Existing]) -> list[Existing]:
    recalled = [one for one in versions if one.recalled is not Recalled.NO]
    own = [one for one in recalled if one.organisation_id == reach.organisation_id]
    by_steward = [one for one in recalled if one.recalled is Recalled.BY_STEWARD]
    mine = [one for one in own if one.recalled is Recalled.BY_ORIGINATOR]
    if reach.steward and by_steward:
        # One line at a time, one's own first: what its originator took back in it stays so.
        first = min(by_steward, key=lambda one: (one.organisation_id != reach.organisation_id, one.line_order))
        return [one for one in by_steward if one.organisation_id == first.organisation_id] + (
            mine if first.organisation_id == reach.organisation_id and reach.person else []
        )
    if mine and not reach.person:
        raise NotPermitted("A person brings back what was recalled, not a machine.")
    if mine:
        if reach.account is None or "submit" not in reach.account.scopes:
            raise NotPermitted("This account may not share anything: its scopes leave out submit.")
        return mine
    if own:
        raise NotPermitted("A steward took this back, and only a steward brings it back.")
    raise NotFound
