"""One's own record: everything one's organisation shared, also what is held, what was taken back, and what lies in groups that sleep."""

import base64
import json
from collections.abc import Sequence
from typing import Any

from indicator_hub.errors import NotFound, NotPermitted
from indicator_hub.normalise.draft import Known
from indicator_hub.sharing.act import Caller
from indicator_hub.stix import timestamps
from indicator_hub.store import credentials, records
from indicator_hub.store.opened import Store
from indicator_hub.store.records import Kept, Record
from indicator_hub.trust.admission import Recalled
from indicator_hub.trust.ladder import HELD, NAMES
from indicator_hub.trust.reach import Reach


async def listed(
    store: Store, caller: Caller, kept: Kept, *, after: tuple[str, int], limit: int
) -> tuple[list[dict[str, Any]], tuple[str, int] | None]:
    """The next part of the record, without the objects; and the place to go on from, where there is more."""
    organisation_id = _organisation(caller)
    async with store.transactions.read() as tx:
        found = await records.own(tx, organisation_id, kept, after=after, limit=limit + 1)
        parts = await credentials.parts(tx, organisation_id)
    last = found[limit - 1] if len(found) > limit else None
    following = (records.place_of(organisation_id, last.collection), last.date_added) if last else None
    return [said(one, parts) for one in found[:limit]], following


async def versions(store: Store, caller: Caller, identifier: str) -> list[dict[str, Any]]:
    """Every version of one object, with its bytes, in every collection. Raises NotFound."""
    organisation_id = _organisation(caller)
    async with store.transactions.read() as tx:
        found = await records.own_versions(tx, organisation_id, identifier, bodies=True)
        parts = await credentials.parts(tx, organisation_id)
    if not found:
        raise NotFound
    return [said(one, parts) | {"bytes": base64.b64encode(one.body).decode()} for one in found]


async def newest(store: Store, caller: Caller, reach: Reach, identifiers: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Of these ids the objects that the caller's organisation shares in a collection, in their newest versions, withdrawn ones too."""
    account = caller.require_account()
    if "read" not in account.scopes or not identifiers:
        return {}
    async with store.transactions.read() as tx:
        bodies = await records.own_latest(tx, account.organisation_id, reach.key, identifiers, revoked=True)
    return {value["id"]: value for value in map(json.loads, bodies)}


async def last(store: Store, caller: Caller, reach: Reach, identifiers: Sequence[str]) -> dict[str, Known | None]:
    """Of each id the last version of the caller's organisation in a collection, for a new one to follow; None where there is none."""
    found = await newest(store, caller, reach, identifiers)
    return {name: Known.of(found[name]) if "modified" in found.get(name, ()) else None for name in identifiers}


def _organisation(caller: Caller) -> int:
    account = caller.require_account()
    if "read" not in account.scopes:
        raise NotPermitted("This account may not read its organisation's record: its scopes leave out read.")
    return account.organisation_id


def said(one: Record, parts: frozenset[str]) -> dict[str, Any]:
    """A version as its originator is told of it. Of a group in which it has no part it learns nothing, though its object was released there."""
    state = "recalled" if one.recalled is not Recalled.NO else "held" if one.held else "shared"
    told: dict[str, Any] = {
        "object": one.stix_id,
        "version": one.version,
        "spec_version": one.spec_version,
        "state": state,
        "revoked": one.revoked,
        "date_added": timestamps.render(one.date_added),
        "received": timestamps.render(one.first_added),
        "sha256": one.sha256.hex(),
        "released": one.released_from is not None,
    }
    if one.name:
        told["name"] = one.name
    if one.group in parts:
        told |= {"group": one.group, "collection": one.collection}
    if one.sender == one.organisation:
        told |= {"submitted_by": one.account, "status": one.status_id}
    if one.held:
        told["held"] = one.held
    if one.recalled is not Recalled.NO:
        told["recalled_by"] = "originator" if one.recalled is Recalled.BY_ORIGINATOR else "steward"
    if one.audience.floor != HELD:
        told["level"] = f"TLP:{NAMES[one.audience.floor]}"
        told["persons_only"] = one.audience.persons_only
        if one.audience.nations is not None:
            told["nations"] = sorted(one.audience.nations)
    return told
