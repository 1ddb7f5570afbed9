"""Release: a version that one sees goes into another collection too, as it is, and stays its originator's."""

import json

from indicator_hub.errors import Conflict
from indicator_hub.sharing.act import Act, Caller, act
from indicator_hub.sharing.consent import require_allowed
from indicator_hub.sharing.submit import Copy, Source, submit
from indicator_hub.store import consents, entries, records
from indicator_hub.store.engine import Transaction
from indicator_hub.store.opened import Store
from indicator_hub.store.records import Record
from indicator_hub.taxii.status import Status
from indicator_hub.trust.reach import Reach


async def release(
    store: Store, caller: Caller, reach: Reach, identifier: str, target: Reach, *, version: str | None = None
) -> Status:
    """Copy the version one is shown (or names) into another collection. Returns the status: its level may be above the ceiling there.

    The copy reaches nobody whom the entry would not, whatever the collection's own default. Raises NotFound for what is not seen here and
    where nothing may be seen there, NotPermitted without the right to write there, Conflict when the originator must consent first, and
    for what is held.
    """
    account = caller.require_account()
    async with act(store, caller, "release", reach, object_id=identifier):
        reach.require_read()
        target.require_collection()
        async with store.transactions.read() as tx:
            one = await _of(tx, reach, identifier, version)
            target.require_write()
            await require_allowed(tx, store.now(), reach, one, "release", target.group_id)
            # What one has released there oneself is no secret, also when it was taken back since.
            known = await consents.released_by(tx, account.organisation_id, one.entry, target.key)
    stands_on: consents.Consent | None = None

    async def prepare(tx: Transaction) -> None:
        """What was judged must still hold when the copy is stored: consent first, then both clocks, in one order for everybody."""
        nonlocal stands_on
        stands_on = await require_allowed(tx, store.now(), reach, one, "release", target.group_id)
        for key in sorted({reach.key, target.key}):
            await entries.lock(tx, key)
        again = await _of(tx, reach, identifier, one.version)
        if (again.entry, again.audience) != (one.entry, one.audience):
            raise Conflict("The object has changed meanwhile: look at it again.")

    async def alongside(a: Act, tx: Transaction, status: Status) -> None:
        a.object_id, a.answer = identifier, json.loads(status.resource)
        a.details |= {"from": reach.key, "version": one.version, "originator": one.organisation_id}
        if stands_on is not None:
            a.details["consent"] = stands_on.name
        # Only what is there by this release stands on it: a release that failed, or that found the originator's own, carries nothing.
        if not any(detail.failed for detail in status.details) and await records.live_copies(tx, one.entry, target.key):
            await consents.note_release(
                tx, entry=one.entry, collection_id=target.key, organisation_id=account.organisation_id,
                consent_id=stands_on and stands_on.id, now=a.now,
            )  # fmt: skip

    source = Source(one.entry, one.audience)
    hush = one.organisation_id != account.organisation_id
    copy = Copy(one.organisation_id, (source,), prepare, hush=hush, known=known)
    body = b'{"objects":[' + one.body + b"]}"
    return await submit(store, caller, target, body, least=one.default, alongside=alongside, verb="release", copy=copy)


async def _of(tx: Transaction, reach: Reach, identifier: str, version: str | None) -> Record:
    one = records.newest(await records.seen(tx, reach, identifier, bodies=True), version)
    if one.held is not None:
        raise Conflict("It is held: send the definition of its mark first.")
    return one
