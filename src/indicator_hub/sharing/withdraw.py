"""Withdraw: it was wrong. The hub writes the `revoked` version as its originator, through `submit`, and every client hears of it."""

import json
from typing import Any

from indicator_hub.errors import Conflict, NotFound, NotPermitted
from indicator_hub.sharing.act import Act, Caller, act
from indicator_hub.sharing.submit import submit
from indicator_hub.stix import timestamps
from indicator_hub.store import credentials, records
from indicator_hub.store.engine import Transaction
from indicator_hub.store.opened import Store
from indicator_hub.store.records import Record
from indicator_hub.taxii.status import Status
from indicator_hub.trust.reach import Reach

_MILLISECOND = 1_000


async def withdraw(store: Store, caller: Caller, reach: Reach, identifier: str) -> Status:
    """Publish the version that revokes one's own object (STIX 2.1, 3.6). Returns the status of that submission.

    Raises NotFound for what the account does not see, NotPermitted for another organisation's object, without the right to write, and
    for an object whose creator is not this organisation (it can be recalled), Conflict for what is withdrawn already or knows no revocation.
    """
    async with act(store, caller, "withdraw", reach, object_id=identifier):
        reach.require_collection()
        async with store.transactions.read() as tx:
            seen = await records.seen(tx, reach, identifier, bodies=True)
            identities = await credentials.identities(tx, reach.organisation_id)
        own = [one for one in seen if one.organisation_id == reach.organisation_id]
        if not seen:
            raise NotFound
        if not own:
            raise NotPermitted("Only the organisation that shared an object can withdraw it.")
        reach.require_write()
        latest = max(own, key=lambda one: (one.spec_version, timestamps.sort_key(one.version)))
        revoked = _revoked(latest, identities, revoked=any(one.revoked for one in own), now=store.now())

    async def alongside(a: Act, _: Transaction, status: Status) -> None:
        a.object_id, a.answer = identifier, json.loads(status.render())

    body = json.dumps({"objects": [revoked]}, ensure_ascii=False, separators=(",", ":")).encode()
    return await submit(store, caller, reach, body, default=latest.default, alongside=alongside, verb="withdraw")


def _revoked(one: Record, identities: frozenset[str], *, revoked: bool, now: int) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(one.body)
    creator = value.get("created_by_ref")
    if revoked:
        raise Conflict("This object is withdrawn already.")
    if "modified" not in value:
        raise Conflict("This kind of object has no versions and cannot be revoked (STIX 2.1, 3.6): recall it.")
    if creator is not None and creator not in identities:
        raise NotPermitted(
            "Its created_by_ref is not among the identities declared for this organisation, and only its creator revokes an object"
            " (STIX 2.1, 3.6): recall it."
        )
    modified = max(now, timestamps.parse(value["modified"]) + _MILLISECOND)
    return value | {"modified": timestamps.render_milliseconds(modified), "revoked": True}
