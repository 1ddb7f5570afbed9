"""The recall list: what was taken back after one's organisation had been given it. Those who were given it acknowledge; others learn nothing.

Who was given it is worked out from the serve events of the collection and the history of the entries, each time it is asked.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from indicator_hub.errors import NotFound
from indicator_hub.exports.given import may_have_held
from indicator_hub.exports.row import Row
from indicator_hub.sharing.act import Caller, act
from indicator_hub.stix import timestamps
from indicator_hub.store import credentials, exports, recalls, roster
from indicator_hub.store.engine import Transaction
from indicator_hub.store.opened import Store
from indicator_hub.store.recalls import Recall, Serving
from indicator_hub.taxii.served import Moment, Traced, served
from indicator_hub.trust.ladder import HELD, RED

SETTLING = 60 * 1_000_000
"""A page that was read before a recall is recorded within this time: so long a list is not final. In microseconds."""
_AT_ONCE = 100


async def listed(
    store: Store, caller: Caller, *, after: tuple[int, str], limit: int
) -> tuple[list[dict[str, Any]], bool]:
    """The next recalls of what this organisation was given, by time; and whether there are more."""
    account = caller.require_account()
    found: list[dict[str, Any]] = []
    async with store.transactions.read() as tx:
        while True:
            batch = await recalls.listed(tx, after=after, limit=_AT_ONCE, but=account.organisation_id)
            said = await recalls.acknowledged(tx, [one.id for one in batch])
            given = await _given(tx, await _gone(tx, batch), [account.organisation_id])
            for one in batch:
                if not given[one.id]:
                    continue
                at = said.get((one.id, account.organisation_id))
                found.append(_told(one, given[one.id][account.organisation_id], at))
                if len(found) > limit:
                    return found[:limit], True
            if len(batch) < _AT_ONCE:
                return found, False
            after = (batch[-1].at, batch[-1].name)


async def final(store: Store) -> int:
    """So far the lists do not change any more, in microseconds: what a reader sends as `since` the next time."""
    async with store.transactions.read() as tx:
        newest = await recalls.newest(tx)
    # By the recalls themselves, not by the clock, which may be put back: the next one is later than the newest.
    return newest + 1 if store.now() - newest > SETTLING else max(0, newest - SETTLING)


async def acknowledge(store: Store, caller: Caller, name: str) -> dict[str, Any]:
    """This organisation has acted on a recall. Once said it stays said. Raises NotFound for a recall of what it was never given."""
    account = caller.require_account()
    async with act(store, caller, "acknowledge") as a, a.transaction() as tx:
        one = await recalls.find(tx, name)
        given = (await _given(tx, await _gone(tx, [one]), [account.organisation_id]))[one.id] if one else {}
        if one is None or one.organisation_id == account.organisation_id or not given:
            raise NotFound
        await recalls.acknowledge(tx, one, account.organisation_id, account.id, now=a.now)
        said = await recalls.acknowledged(tx, [one.id])
        a.object_id, a.details = one.stix_id, {"recall": name, "collection": one.collection_id}
        a.answer = _told(one, given[account.organisation_id], said[one.id, account.organisation_id])
        return dict(a.answer)


async def issued(
    store: Store, caller: Caller, *, after: tuple[int, str], limit: int
) -> tuple[list[dict[str, Any]], bool]:
    """What was taken back of one's own organisation's objects, by itself or by a steward; who had been given it, and who has acknowledged."""
    account = caller.require_account()
    async with store.transactions.read() as tx:
        batch = await recalls.listed(tx, after=after, limit=limit + 1, originator=account.organisation_id)
        names = await roster.organisations(tx)
        said = await recalls.acknowledged(tx, [one.id for one in batch])
        gone = await _gone(tx, batch[:limit])
        given = await _given(tx, gone, names.keys() - {account.organisation_id})
        parts = await credentials.parts(tx, account.organisation_id)
        found: list[dict[str, Any]] = []
        for one in gone:
            key = one.recall.id
            recipients = [
                {"organisation": names[of], "versions": versions}
                | ({"acknowledged": timestamps.render(said[key, of])} if (key, of) in said else {})
                for of, versions in sorted(given[key].items(), key=lambda item: names[item[0]])
            ]
            told = _told(one.recall, one.names(one.entries), None)
            if one.recall.group in parts:
                found.append(told | {"recipients": recipients})
                continue
            # A copy in a group of which the originator may know nothing: that it was recalled there, and how many have heard.
            del told["group"], told["collection"]
            heard = sum("acknowledged" in recipient for recipient in recipients)
            found.append(told | {"recipients": [], "elsewhere": {"given": len(recipients), "acknowledged": heard}})
    return found, len(batch) > limit


async def waiting(store: Store, caller: Caller, *, most: int) -> int:
    """How many recalls wait for this organisation to acknowledge them, counted up to `most`."""
    account, after, number = caller.require_account(), (-1, "~"), 0
    async with store.transactions.read() as tx:
        while number < most:
            batch = await recalls.listed(tx, after=after, limit=_AT_ONCE, but=account.organisation_id)
            said = await recalls.acknowledged(tx, [one.id for one in batch])
            unsaid = [one for one in batch if (one.id, account.organisation_id) not in said]
            given = await _given(tx, await _gone(tx, unsaid), [account.organisation_id])
            number += sum(1 for one in unsaid if given[one.id])
            if len(batch) < _AT_ONCE:
                break
            after = (batch[-1].at, batch[-1].name)
    return min(number, most)


def _told(one: Recall, versions: list[str], acknowledged: int | None) -> dict[str, Any]:
    told: dict[str, Any] = {
        "id": one.name,
        "at": timestamps.render(one.at),
        "group": one.group,
        "collection": one.collection,
        "object": one.stix_id,
        "versions": versions,
        "by": "originator" if one.by.value == 1 else "steward",
        "reason": one.reason,
    }
    if acknowledged is not None:
        told["acknowledged"] = timestamps.render(acknowledged)
    return told


@dataclass(frozen=True, slots=True)
class _Gone:
    """A recall with the entries that it took back, and all that its id ever was."""

    recall: Recall
    entries: frozenset[int]
    traced: Sequence[Traced]

    @property
    def moments(self) -> list[Moment]:
        """What the entries were, at any time."""
        return [moment for one in self.traced if one.version.entry in self.entries for moment in one.moments]

    def names(self, entries: Collection[int]) -> list[str]:
        """What these entries are called."""
        return [one.name for one in self.traced if one.version.entry in entries]


async def _gone(tx: Transaction, batch: Sequence[Recall]) -> list[_Gone]:
    return [
        _Gone(
            one,
            frozenset(await recalls.entries_of(tx, one)),
            await recalls.traced(tx, one.collection_id, one.stix_id),
        )
        for one in batch
    ]


async def _given(
    tx: Transaction, gone: Sequence[_Gone], organisations: Collection[int]
) -> dict[int, dict[int, list[str]]]:
    """By recall, which of these organisations had been given which of the versions that were taken back."""
    found: dict[int, dict[int, set[int]]] = {}
    for key in {one.recall.collection_id for one in gone}:
        here = [one for one in gone if one.recall.collection_id == key]
        said: Mapping[int, list[Row]] | None = None
        since = min(moment.since for one in here for moment in one.moments)
        until = max(one.recall.as_of for one in here)
        # Read once for all of them; a page is looked at more closely only where a version had a date on it.
        for page in await recalls.servings(tx, key, organisations, since=since, until=until):
            for one in here:
                on_it = _on(page, one) if page.as_of < one.recall.as_of else set[int]()
                if on_it and page.action == "export":
                    if said is None:
                        said = await exports.facts(tx, {entry for other in here for entry in other.entries})
                    on_it = {entry for entry in on_it if _listed(page, one, entry, said.get(entry, []))}
                if on_it:
                    found.setdefault(one.recall.id, {}).setdefault(page.organisation_id, set()).update(on_it)
    return {one.recall.id: {of: one.names(given) for of, given in found.get(one.recall.id, {}).items()} for one in gone}


def _on(page: Serving, one: _Gone) -> set[int]:
    if page.action == "evidence":
        return {page.details["entry"]} & one.entries
    if page.action == "search":
        return set(page.details["entries"]) & one.entries
    if not any(page.details["first"] <= moment.date_added <= page.details["last"] for moment in one.moments):
        return set()
    return served(page.as_of, page.organisation_id, page.details, one.traced) & one.entries


def _listed(page: Serving, one: _Gone, entry: int, rows: Sequence[Row]) -> bool:
    """Whether a list held one of the values of an entry that its reader saw: with the level that it had then."""
    of = next(traced for traced in one.traced if traced.version.entry == entry)
    then = of.as_of(page.as_of)
    originators = page.details["originators"]
    if then is None or (originators is not None and then.organisation_id not in originators):
        return False
    audience = then.audience
    as_it_was = [
        replace(
            row,
            level=min(audience.floor, RED),
            persons_only=audience.persons_only,
            nations=None if audience.nations is None else tuple(sorted(audience.nations)),
            date_added=then.date_added,
            held=audience.floor >= HELD,
        )
        for row in rows
    ]
    return may_have_held(page.details, as_it_was)
