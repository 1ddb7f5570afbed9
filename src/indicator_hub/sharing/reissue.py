"""Reissue: what was recalled is shared again, the same versions under a new `date_added`.

A person of its originator brings back what its organisation took back, a steward what a steward did. What both took back is there again when both
have brought it back.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace

from indicator_hub.errors import Conflict, NotFound, NotPermitted
from indicator_hub.sharing.act import Caller, act
from indicator_hub.sharing.remark import rulings_of
from indicator_hub.stix import timestamps
from indicator_hub.store import definitions, entries, recalls, references, rulings
from indicator_hub.store.engine import Transaction
from indicator_hub.store.opened import Store
from indicator_hub.trust.admission import Existing, Recalled, is_seen
from indicator_hub.trust.reach import Reach


@dataclass(frozen=True, slots=True)
class Back:
    """The versions that are there again, as far as whoever asked sees them; and those that the other side took back too."""

    versions: tuple[str, ...]
    waiting: tuple[str, ...]

    @property
    def answer(self) -> dict[str, object]:
        """For whoever asked."""
        told: dict[str, object] = {"versions": list(self.versions)}
        if self.waiting:
            told["waiting"] = list(self.waiting)
        return told


async def reissue(store: Store, caller: Caller, reach: Reach, identifier: str, versions: Collection[str] = ()) -> Back:
    """Bring back every recalled version of the line, or those named, oldest first.

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
            recalled = [
                one for one in there if one.recalled is not Recalled.NO and (not keys or one.version_key in keys)
            ]
            standing = await _standing(tx, recalled)
            were = {one.entry: await _before(tx, one) for one in recalled}
            hidden = {one.entry for one in recalled if not is_seen(reach, were[one.entry])}
            lifted = _choose(reach, recalled, standing, hidden, named=bool(keys))
            for by in {by for lifts in lifted.values() for by in lifts}:
                await recalls.lift(tx, [key for key, lifts in lifted.items() if by in lifts], by, now=now)
            chosen, waiting = list[Existing](), list[Existing]()
            for one in recalled:
                if one.entry in lifted:
                    left = standing[one.entry] - lifted[one.entry]
                    (waiting if left else chosen).append(one)
                    for by in left:
                        await entries.set_recalled(tx, one.entry, by)
            originator = next(one.organisation_id for one in recalled if one.entry in lifted)
            await definitions.lock(tx, originator)
            to_rule = await rulings.to_rule(tx, [one.entry for one in chosen])
            means = await rulings_of(tx, to_rule)
            for copy in (one for one in to_rule if one.copied):
                # A copy never reaches anybody whom it did not reach before, whatever its marks alone would say here. What it refers to
                # narrows it again by itself.
                own = await references.own_audience(tx, copy.entry)
                within = were[copy.entry].audience if own is None else own
                means[copy.entry] = replace(means[copy.entry], audience=means[copy.entry].audience.narrowed(within))
            for one in list(chosen):
                ruling = means[one.entry]
                if ruling.held is not None and not ruling.unresolved:
                    if one.entry in hidden:  # it stays as it is: nothing is told of it
                        chosen.remove(one)
                        continue
                    raise Conflict(f"It cannot be shared here as it is marked: {ruling.held}.")
                last = await entries.readmit(tx, reach.key, one, ruling, last=last, now=now)
                if not ruling.unresolved:
                    await definitions.settled(tx, one.entry)
            await entries.refresh_superseded(tx, reach.key, (identifier,))
            await rulings.settle(tx, reach.key, {(identifier, originator)}, ruled={(identifier, originator)}, now=now)
            # A steward lifts its recall also of versions that are not for its own eyes: it does not hear of them.
            again = {one.entry: one for one in (await entries.lines(tx, reach.key, (identifier,)))[identifier]}
            again |= {one.entry: were[one.entry] for one in waiting}
            seen = [[one.version for one in each if is_seen(reach, again[one.entry])] for each in (chosen, waiting)]
            back = Back(*map(tuple, seen))
            a.details |= {"versions": [one.version for one in chosen], "originator": originator}
            a.answer = back.answer
    return back


async def _standing(tx: Transaction, recalled: Collection[Existing]) -> dict[int, frozenset[Recalled]]:
    """Who has taken each of these back."""
    noted = await recalls.standing(tx, [one.entry for one in recalled])
    return {one.entry: frozenset(noted.get(one.entry, ())) | {one.recalled} for one in recalled}


async def _before(tx: Transaction, one: Existing) -> Existing:
    """A recalled version as it was."""
    return replace(one, audience=await rulings.before_recall(tx, one.entry), recalled=Recalled.NO)


def _choose(
    reach: Reach,
    recalled: Collection[Existing],
    standing: Mapping[int, frozenset[Recalled]],
    hidden: Collection[int],
    *,
    named: bool,
) -> dict[int, frozenset[Recalled]]:
    """Of one line, one's own first, which recalls of which entries this account may lift.

    Of another organisation's line only where a steward sees, as it was, some version of it; of versions that are `named`, only those.
    """
    submits = reach.account is not None and "submit" in reach.account.scopes
    mine = frozenset((Recalled.BY_ORIGINATOR,)) if reach.person and submits else frozenset[Recalled]()
    steward = frozenset((Recalled.BY_STEWARD,)) if reach.steward else frozenset[Recalled]()
    own = [one for one in recalled if one.organisation_id == reach.organisation_id]
    if found := {one.entry: lifts for one in own if (lifts := standing[one.entry] & (mine | steward))}:
        return found
    others = [one for one in recalled if one not in own and standing[one.entry] & steward]
    if seen := [one for one in others if one.entry not in hidden]:
        line = min(seen, key=lambda one: (one.line_order, one.organisation_id)).organisation_id
        return {one.entry: steward for one in (seen if named else others) if one.organisation_id == line}
    if not own:
        raise NotFound
    if not any(Recalled.BY_ORIGINATOR in standing[one.entry] for one in own):
        raise NotPermitted("A steward took this back, and only a steward brings it back.")
    if not reach.person:
        raise NotPermitted("A person brings back what was recalled, not a machine.")
    raise NotPermitted("This account may not share anything: its scopes leave out submit.")
