"""Withdraw: it was wrong. The hub writes the `revoked` version as its originator, through `submit`, and every client hears of it."""

import json
from collections.abc import Sequence
from typing import Any

from indicator_hub.errors import Conflict, NotFound, NotPermitted
from indicator_hub.sharing.act import Act, Caller, act
from indicator_hub.sharing.submit import Copy, Source, submit
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
        latest = _latest(own)
        when = _when(own, latest, store.now())
        revoked = [_revoked(one, identities, when) for one in latest]

    async def alongside(a: Act, tx: Transaction, status: Status) -> None:
        # The clock is locked by now: what was taken back, or narrowed, since it was read must not come again by its revoked version.
        still = {one.entry: one.audience for one in await records.seen(tx, reach, identifier)}
        if any(still.get(one.entry) != one.audience for one in latest):
            raise Conflict("The object has changed meanwhile: look at it again.")
        a.object_id, a.answer = identifier, json.loads(status.resource)

    body = json.dumps({"objects": revoked}, ensure_ascii=False, separators=(",", ":")).encode()
    # The revoked version of a copy reaches nobody whom the copy did not, and goes with it when it is taken back.
    sources = [None if one.released_from is None else Source(one.released_from, one.audience) for one in latest]
    copy = Copy(reach.organisation_id, sources) if any(sources) else None
    # A copy is narrowed by what it is a copy of: the level of what is not one counts.
    direct = [one.default for one in latest if one.released_from is None] or [one.default for one in latest]
    default = max((level for level in direct if level is not None), default=None)
    return await submit(store, caller, reach, body, default=default, alongside=alongside, verb="withdraw", copy=copy)


def _latest(own: Sequence[Record]) -> list[Record]:
    """The newest version of each rendering that is not revoked yet. Raises Conflict where there is none."""
    specifications = sorted({one.spec_version for one in own}, reverse=True)
    renderings = [[one for one in own if one.spec_version == specification] for specification in specifications]
    found = [max(line, key=_age) for line in renderings if not any(one.revoked for one in line)]
    if not found:
        raise Conflict("This object is withdrawn already.")
    return found


def _age(one: Record) -> str:
    return timestamps.sort_key(one.version)


def _revoked(one: Record, identities: frozenset[str], when: str) -> dict[str, Any]:
    value: dict[str, Any] = json.loads(one.body)
    creator = value.get("created_by_ref")
    if "modified" not in value:
        raise Conflict("This kind of object has no versions and cannot be revoked (STIX 2.1, 3.6): recall it.")
    if creator is not None and creator not in identities:
        raise NotPermitted(
            "Its created_by_ref is not among the identities declared for this organisation, and only its creator revokes an object"
            " (STIX 2.1, 3.6): recall it."
        )
    return value | {"modified": when, "revoked": True}


def _when(own: Sequence[Record], latest: Sequence[Record], now: int) -> str:
    """Of all renderings the same: after every version there is, or as that which is revoked already. Raises Conflict where nothing can follow."""
    for one in own:
        if one.revoked:
            if any(_age(other) >= _age(one) for other in latest):
                raise Conflict("It was revoked in one rendering, and the other has a later version: recall it.")
            return one.version
    after = max(now, *(timestamps.parse(one.version) + _MILLISECOND for one in own))
    if after > timestamps.LAST:
        raise Conflict("Its last version is the last that time knows, and no other can follow: recall it.")
    return timestamps.render_milliseconds(after)
