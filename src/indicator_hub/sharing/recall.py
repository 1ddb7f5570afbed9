"""Recall: it should not have been shared. All versions of a line, or those named, are nobody's from now on.

When their originator recalls, what was released of them elsewhere goes with them; a steward's recall ends at the steward's group.
"""

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from indicator_hub.errors import Invalid, NotFound, NotPermitted
from indicator_hub.sharing.act import Act, Caller, act
from indicator_hub.store import audit, entries, recalls, records, roster, rulings
from indicator_hub.store.engine import Transaction
from indicator_hub.store.opened import Store
from indicator_hub.taxii.query import FIRST, LAST, Filters
from indicator_hub.trust.admission import Existing, Recalled
from indicator_hub.trust.reach import Reach

REASONS = ("shared_in_error", "wrong_marking", "consent_withdrawn", "legal", "other", "unspecified")
"""Why something was taken back, for those who hold a copy. It never says anything of the content."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What a recall took back, for each collection by its row: the name of the recall there, and those of the versions that the asker sees."""

    where: Mapping[int, tuple[str, tuple[str, ...]]] = field(default_factory=dict[int, tuple[str, tuple[str, ...]]])

    @property
    def answer(self) -> dict[str, object]:
        """For whoever asked."""
        return {"recalls": [{"id": name, "versions": list(versions)} for name, versions in self.where.values()]}


async def delete(store: Store, caller: Caller, reach: Reach, identifier: str, filters: Filters) -> TakenBack:
    """TAXII DELETE of one object: every version, or those that `filters` name.

    Raises NotFound, NotPermitted in the order the standard demands (5.7: can_read and can_write first), then for the object itself.
    """
    async with act(store, caller, "recall", reach, object_id=identifier) as a:
        if not (reach.can_read or reach.can_write):
            raise NotFound
        reach.require_read()
        reach.require_write()
        return await _recall(a, reach, identifier, filters, "unspecified")


async def recall(
    store: Store, caller: Caller, reach: Reach, identifier: str, filters: Filters, reason: str
) -> TakenBack:
    """The same by the hub's own API: its originator may at any time, and a steward of the group.

    Raises NotFound for what the account does not see, NotPermitted for what is neither its organisation's nor under its stewardship,
    Invalid for an unknown reason.
    """
    _require_reason(reason)
    async with act(store, caller, "recall", reach, object_id=identifier) as a:
        reach.require_collection()
        return await _recall(a, reach, identifier, filters, reason)


async def recall_own(
    store: Store, caller: Caller, identifier: str, *, collection: str | None, filters: Filters, reason: str
) -> TakenBack:
    """From one's own record: whatever has become of the membership or the group. `collection` None: wherever it was shared.

    Raises NotFound, NotPermitted without the scope `submit`, Invalid for an unknown reason.
    """
    _require_reason(reason)
    account = caller.require_account()
    organisation_id = account.organisation_id
    async with act(store, caller, "recall", object_id=identifier) as a:
        if "submit" not in account.scopes:
            raise NotPermitted("This account may not take anything back: its scopes leave out submit.")
        async with a.transaction() as tx:
            kept = await records.own_versions(tx, organisation_id, identifier)
            keys = {one.collection_id for one in kept if collection in (None, one.collection)}
            await lock_copies(tx, keys, [one.entry for one in kept])
            chosen: dict[int, list[Existing]] = {}
            for key in sorted(keys):
                versions = (await entries.lines(tx, key, (identifier,))).get(identifier, [])
                own = await _not_by_originator(tx, [one for one in versions if one.organisation_id == organisation_id])
                chosen[key] = _choose(own, own, filters)
            return await _take_back(a, tx, identifier, chosen, Recalled.BY_ORIGINATOR, reason)


def _require_reason(reason: str) -> None:
    if reason not in REASONS:
        raise Invalid(f"The reason is one of: {', '.join(REASONS)}.")


async def _recall(a: Act, reach: Reach, identifier: str, filters: Filters, reason: str) -> TakenBack:
    async with a.transaction() as tx:
        versions = (await entries.lines(tx, reach.key, (identifier,))).get(identifier, [])
        await lock_copies(tx, {reach.key}, [one.entry for one in versions])
        versions = (await entries.lines(tx, reach.key, (identifier,))).get(identifier, [])
        # One's own line first, also where another organisation's is shown: its originator can always take it back.
        own = [one for one in versions if one.organisation_id == reach.organisation_id and one.recalled is Recalled.NO]
        seen = own or (await entries.shown(tx, reach, identifier, versions) if reach.can_read else [])
        if not seen:
            raise NotFound
        line = [one for one in versions if one.organisation_id == seen[0].organisation_id]
        line = await _not_by_originator(tx, line) if own else [one for one in line if one.recalled is Recalled.NO]
        chosen = _choose(seen, line, filters)
        if not chosen:
            raise NotFound
        by = Recalled.BY_ORIGINATOR
        if not own:
            if not reach.steward:
                raise NotPermitted("Only the organisation that shared an object, or a steward, can take it back.")
            by = Recalled.BY_STEWARD
        elif a.caller.account is not None and "submit" not in a.caller.account.scopes:
            raise NotPermitted("This account may not take anything back: its scopes leave out submit.")
        told = frozenset(one.entry for one in seen)
        return await _take_back(a, tx, identifier, {reach.key: chosen}, by, reason, told=told if not own else None)


async def _not_by_originator(tx: Transaction, versions: Sequence[Existing]) -> list[Existing]:
    """Those that their originator has not taken back: what a steward took back it can take back too, and both must bring it back."""
    steward = [one.entry for one in versions if one.recalled is Recalled.BY_STEWARD]
    standing = await recalls.standing(tx, steward) if steward else {}
    return [
        one
        for one in versions
        if one.recalled is not Recalled.BY_ORIGINATOR and Recalled.BY_ORIGINATOR not in standing.get(one.entry, ())
    ]


async def lock_copies(tx: Transaction, collections: set[int], keys: Sequence[int]) -> None:
    """The clocks of these collections and of those that copies of these entries were released to, in one order for everybody.

    A copy may be released somewhere else while the clocks are waited for: then they are let go, and taken again with that one.
    """
    while True:
        concerned = collections | set((await records.releases(tx, keys)).values())
        attempt = await tx.begin_nested()
        for key in sorted(concerned):
            await entries.lock(tx, key)
        if set((await records.releases(tx, keys)).values()) <= concerned:
            await attempt.commit()
            return
        await attempt.rollback()


async def take_back_releases(
    a: Act, tx: Transaction, identifier: str, copies: Mapping[int, int], reason: str
) -> TakenBack:
    """Take back copies, by entry and collection, and what was released of them: their originator does not consent any longer.

    The clocks are locked (`lock_copies`).
    """
    return await _take_back(
        a, tx, identifier, await _existing(tx, identifier, copies), Recalled.BY_ORIGINATOR, reason, required=False
    )


async def _existing(tx: Transaction, identifier: str, copies: Mapping[int, int]) -> dict[int, list[Existing]]:
    found: dict[int, list[Existing]] = {}
    for key in sorted(set(copies.values())):
        versions = (await entries.lines(tx, key, (identifier,))).get(identifier, [])
        found[key] = await _not_by_originator(tx, [one for one in versions if one.entry in copies])
    return found


async def _take_back(
    a: Act,
    tx: Transaction,
    identifier: str,
    chosen: Mapping[int, Sequence[Existing]],
    by: Recalled,
    reason: str,
    *,
    required: bool = True,
    told: frozenset[int] | None = None,
) -> TakenBack:
    """Take back the versions chosen in each collection, all of one organisation, and the releases of them. The clocks are locked.

    `told` are those that whoever asks may hear of; None: all.
    """
    everywhere = {key: list(versions) for key, versions in chosen.items()}
    if by is Recalled.BY_ORIGINATOR:
        copies = await records.releases(tx, [one.entry for versions in chosen.values() for one in versions])
        for key, versions in (await _existing(tx, identifier, copies)).items():
            there = {one.entry for one in everywhere.setdefault(key, [])}
            everywhere[key] += [one for one in versions if one.entry not in there]
    if required and not any(everywhere.values()):
        raise NotFound
    now = a.store.now()
    where: dict[int, tuple[str, tuple[str, ...]]] = {}
    for key in sorted(everywhere):
        if gone := everywhere[key]:
            name = await _one_collection(a, tx, key, identifier, gone, by, reason, now)
            where[key] = name, tuple(one.version for one in gone if told is None or one.entry in told)
    taken = TakenBack(where)
    first = everywhere[min(where)][0] if where else None
    a.details |= {"recalls": [name for name, _ in where.values()], "by": by.name.lower(), "reason": reason}
    a.details |= {"originator": first.organisation_id if first else 0}
    a.answer = taken.answer
    return taken


async def _one_collection(
    a: Act,
    tx: Transaction,
    key: int,
    identifier: str,
    gone: Sequence[Existing],
    by: Recalled,
    reason: str,
    now: int,
) -> str:
    were = await entries.lines(tx, key, (identifier,))
    as_of = await entries.recall(tx, key, gone, by, last=await entries.lock(tx, key), now=now)
    await entries.refresh_superseded(tx, key, (identifier,))
    await rulings.uncover(tx, key, were, last=as_of, now=now)
    await rulings.settle(tx, key, {(identifier, one.organisation_id) for one in gone}, now=now)
    name, taken = str(uuid.uuid4()), tuple(one.version for one in gone)
    await recalls.add(
        tx, name, collection_id=key, stix_id=identifier, organisation_id=gone[0].organisation_id, by=by, reason=reason,
        entries=[one.entry for one in gone], as_of=as_of, now=now,
    )  # fmt: skip
    if a.reach is None or a.reach.key != key:
        # Elsewhere than where it was asked for: an event of its own, so that the record of that collection is whole.
        details = {"recall": name, "versions": list(taken), "by": by.name.lower(), "reason": reason}
        there = {"group_id": await roster.group_key(tx, key), "collection_id": key, "object_id": identifier}
        await audit.add(tx, [replace(a.event("done"), action="recall", **there, details=details)])
    else:
        a.details |= {"versions": list(taken)}
    return name


def _choose(seen: Sequence[Existing], line: Sequence[Existing], filters: Filters) -> list[Existing]:
    """Of a line (all that may still be taken back of it) what a GET with these filters is given of `seen`, oldest version first.

    Where no specification is named, the other rendering of a version goes with it: what was taken back is not left under another
    form. Where no version is named, the whole line: a steward takes back also the versions that are not for its own eyes.
    """
    if not seen:
        return []
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
