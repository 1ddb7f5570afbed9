"""An operation's report: what each partner gave and received, counted from the events. For its stewards, also when it has ended."""

from typing import Any

from indicator_hub.errors import NotFound
from indicator_hub.sharing.act import Caller
from indicator_hub.stix import timestamps
from indicator_hub.store import audit, credentials, roster
from indicator_hub.store.opened import Store
from indicator_hub.trust.roster import within

_COUNTED = {
    "submit": ("given", "stored"), "serve": ("received", "number"), "withdraw": ("withdrawn", "stored"),
    "recall": ("recalled", ""), "release": ("released", "stored"), "evidence": ("evidence", ""),
}  # fmt: skip
"""For each deed what it counts as, and which of its details says how many; empty: one."""


async def report(store: Store, caller: Caller, group: str) -> dict[str, Any]:
    """The report of an operation. Raises NotFound for everybody but its stewards."""
    account, now = caller.require_account(), store.now()
    async with store.transactions.read() as tx:
        tied = await credentials.ties(tx, account, group=group, now=now)
        member = tied[0].membership if tied else None
        if member is None or not member.steward or "manage" not in account.scopes or tied[0].group.kind != "operation":
            raise NotFound
        names = await roster.organisations(tx)
        parts: dict[int, dict[str, int]] = {}
        async for one in audit.done_in(tx, tied[0].group_id):
            if one.action in _COUNTED and one.organisation_id:
                what, how_many = _COUNTED[one.action]
                part = parts.setdefault(one.organisation_id, dict.fromkeys((word for word, _ in _COUNTED.values()), 0))
                part[what] += int(one.details[how_many]) if how_many else 1
    operation, agreement = tied[0].group, tied[0].agreement
    windows = [(operation.starts, operation.ends), *([(agreement.starts, agreement.ends)] if agreement else [])]
    told: dict[str, Any] = {
        "name": operation.name,
        "title": operation.title,
        "purpose": operation.purpose,
        "lead_nation": operation.lead_nation,
        "closed": not all(within(starts, ends, now) for starts, ends in windows),
        "parts": [
            {"organisation": names[key]} | part for key, part in sorted(parts.items(), key=lambda one: names[one[0]])
        ],
    }
    window = {"from": operation.starts, "until": operation.ends}
    return told | {name: timestamps.render(at) for name, at in window.items() if at is not None}
