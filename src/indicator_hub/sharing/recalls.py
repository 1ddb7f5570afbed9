"""The recall list: what was taken back after one's organisation had been given it. Those who were given it acknowledge; others learn nothing.

Who was given it is worked out from the serve events of the collection and the history of the entries, each time it is asked.
"""

from collections.abc import Collection
from typing import Any

from indicator_hub.errors import NotFound
from indicator_hub.sharing.act import Caller, act
from indicator_hub.sharing.consent import require_account
from indicator_hub.stix import timestamps
from indicator_hub.store import recalls
from indicator_hub.store.engine import Transaction
from indicator_hub.store.opened import Store
from indicator_hub.store.recalls import Recall
from indicator_hub.taxii.served import Traced, served

SETTLING = 60 * 1_000_000
"""A page that was read before a recall is recorded within this time: so long a list is not final. In microseconds."""
_AT_ONCE = 100


async def listed(
    store: Store, caller: Caller, *, after: tuple[int, str], limit: int
) -> tuple[list[dict[str, Any]], bool]:
    """The next recalls of what this organisation was given, by time; and whether there are more."""
    account = require_account(caller)
    found: list[dict[str, Any]] = []
    async with store.transactions.read() as tx:
        while True:
            batch = await recalls.listed(tx, after=after, limit=_AT_ONCE, but=account.organisation_id)
            said = await recalls.acknowledged(tx, [one.id for one in batch])
            for one in batch:
                if not (given := await _given(tx, one, [account.organisation_id])):
                    continue
                at = said.get((one.id, account.organisation_id))
                found.append(_told(one, given[account.organisation_id], at))
                if len(found) > limit:
                    return found[:limit], True
            if len(batch) < _AT_ONCE:
                return found, False
            after = (batch[-1].at, batch[-1].name)


async def acknowledge(store: Store, caller: Caller, name: str) -> dict[str, Any]:
    """This organisation has acted on a recall. Once said it stays said. Raises NotFound for a recall of what it was never given."""
    account = require_account(caller)
    async with act(store, caller, "acknowledge") as a, a.transaction() as tx:
        one = await recalls.find(tx, name)
        given = await _given(tx, one, [account.organisation_id]) if one else {}
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
    account = require_account(caller)
    async with store.transactions.read() as tx:
        batch = await recalls.listed(tx, after=after, limit=limit + 1, originator=account.organisation_id)
        names = await recalls.organisations(tx)
        said = await recalls.acknowledged(tx, [one.id for one in batch])
        found: list[dict[str, Any]] = []
        for one in batch[:limit]:
            given = await _given(tx, one, names.keys() - {account.organisation_id})
            everything = sorted({version for versions in given.values() for version in versions})
            recipients = [
                {"organisation": names[key], "versions": versions}
                | ({"acknowledged": timestamps.render(said[one.id, key])} if (one.id, key) in said else {})
                for key, versions in sorted(given.items(), key=lambda item: names[item[0]])
            ]
            told = _told(one, everything, None) | {"recipients": recipients}
            told["versions"] = await _versions(tx, one)
            found.append(told)
    return found, len(batch) > limit


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


async def _versions(tx: Transaction, one: Recall) -> list[str]:
    entries = await recalls.entries_of(tx, one)
    traced = await recalls.traced(tx, one.collection_id, one.stix_id)
    return [version.name for version in traced if version.version.entry in entries]


async def _given(tx: Transaction, one: Recall, organisations: Collection[int]) -> dict[int, list[str]]:
    """Which of these organisations had been given which of the versions that were taken back."""
    entries = await recalls.entries_of(tx, one)
    traced = await recalls.traced(tx, one.collection_id, one.stix_id)
    since = min(moment.since for version in traced if version.version.entry in entries for moment in version.moments)
    pages = await recalls.servings(
        tx, one.collection_id, organisations, since=since - SETTLING, until=one.at + SETTLING
    )
    found: dict[int, set[int]] = {}
    for page in pages:
        if page.action == "evidence":
            on_it = {page.details["entry"]}
        else:
            on_it = served(page.at, page.organisation_id, page.details, traced)
        if on_it := on_it & entries:
            found.setdefault(page.organisation_id, set()).update(on_it)
    return {key: _names(traced, given) for key, given in found.items()}


def _names(traced: list[Traced], entries: set[int]) -> list[str]:
    return [version.name for version in traced if version.version.entry in entries]
