"""Evidence: a version with all that a court asks for: its bytes, their hashes, who sent it and when, and who handed it out."""

import base64
import hashlib
from collections.abc import Mapping
from typing import Any

from indicator_hub.audit.canonical import canonical_sha256
from indicator_hub.sharing.act import Caller, act
from indicator_hub.sharing.consent import require_allowed, require_purpose
from indicator_hub.stix import timestamps
from indicator_hub.store import credentials, entries, records
from indicator_hub.store.opened import Store
from indicator_hub.store.records import Record
from indicator_hub.trust.reach import Reach


async def evidence(
    store: Store, caller: Caller, reach: Reach, identifier: str, *, purpose: str, version: str | None = None
) -> dict[str, Any]:
    """Export the version one is shown, or names, recorded with its purpose. Another organisation's under H1, H2 or H3 needs its consent.

    Raises NotFound for what is not seen, Conflict without the consent, Invalid without a purpose.
    """
    account = caller.require_account()
    async with act(store, caller, "evidence", reach, object_id=identifier) as a:
        reach.require_read()
        require_purpose(purpose)
        async with a.transaction() as tx:
            a.as_of = await entries.lock(tx, reach.key)
            one = records.newest(await records.seen(tx, reach, identifier, bodies=True), version)
            known = one.group in await credentials.parts(tx, one.organisation_id)
            consent = await require_allowed(tx, a.now, reach, one, "evidence", None)
            a.details |= {"version": one.version, "entry": one.entry, "purpose": purpose}
            a.details |= {"sha256": one.sha256.hex(), "consent": consent.name if consent else ""}
            said: dict[str, Any] = {
                "object": one.stix_id,
                "version": one.version,
                "group": one.group,
                "collection": one.collection,
                "sha256": hashlib.sha256(one.body).hexdigest(),
                "sha256_when_received": one.sha256.hex(),
                "sha256_canonical": canonical_sha256(one.body),
                "received": timestamps.render(one.first_added),
                "date_added": timestamps.render(one.date_added),
                "status": one.status_id,
                "exported": timestamps.render(a.now),
                "exported_by": account.organisation,
                "purpose": purpose,
            }
            if known or one.organisation_id == reach.organisation_id:
                said["originator"] = one.organisation
            if one.released_from is not None:
                said["released_by"] = one.sender
            elif one.organisation_id == reach.organisation_id:
                said["submitted_by"] = one.account
            if consent is not None:
                said["consent"] = consent.name
            a.answer = said
        return said | {"bytes": _bytes(one)}


async def again(store: Store, caller: Caller, reach: Reach, told: Mapping[str, Any]) -> dict[str, Any]:
    """The same export, asked for again under its key: no second one, and recorded once.

    Raises NotFound when it is not seen any longer, Conflict when its originator does not consent any longer.
    """
    caller.require_account()
    reach.require_read()
    async with store.transactions.read() as tx:
        # That very one: another organisation's may bear the same id and version.
        there = await records.seen(tx, reach, told["object"], bodies=True)
        one = records.newest([one for one in there if one.status_id == told["status"]], told["version"])
        await require_allowed(tx, store.now(), reach, one, "evidence", None)
    return dict(told) | {"bytes": _bytes(one)}


def _bytes(one: Record) -> str:
    return base64.b64encode(one.body).decode()
