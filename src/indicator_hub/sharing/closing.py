"""An operation's report: what each partner gave and received, counted from the events. For its stewards, also when it has ended."""

from typing import Any

from indicator_hub.errors import NotFound
from indicator_hub.sharing.act import Caller
from indicator_hub.stix import timestamps
from indicator_hub.store import audit, credentials, roster
from indicator_hub.store.opened import Store
from indicator_hub.trust.reach import Ties
from indicator_hub.trust.roster import Account, within

_COUNTED = {
    "submit": ("given", "stored"), "serve": ("received", "number"), "export": ("received", "number"), "search": ("received", "number"),
    "withdraw": ("withdrawn", "stored"),
    "recall": ("recalled", ""), "release": ("released", "stored"), "evidence": ("evidence", ""),
}  # fmt: skip
"""For each deed what it counts as, and which of its details says how many; empty: one."""


async def report(store: Store, caller: Caller, group: str) -> dict[str, Any]:
    """The report of an operation. Raises NotFound for everybody but its stewards."""
    account, now = caller.require_account(), store.now()
    async with store.transactions.read() as tx:
        tied = await credentials.ties(tx, account, group=group, now=now)
        if not tied or tied[0].group.kind != "operation" or not is_steward(account, tied[0], now):
            raise NotFound
        names = await roster.parties(tx, tied[0].group_id)
        parts: dict[int, dict[str, int]] = {}
        async for one in audit.done_in(tx, tied[0].group_id):
            if one.action in _COUNTED and one.organisation_id:
                what, how_many = _COUNTED[one.action]
                # Who took back what others had released here is no party, and not named.
                of = one.organisation_id if one.organisation_id in names else 0
                part = parts.setdefault(of, dict.fromkeys((word for word, _ in _COUNTED.values()), 0))
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
            ({"organisation": names[key]} if key else {}) | part
            for key, part in sorted(parts.items(), key=lambda one: names.get(one[0], "~"))
        ],
    }
    window = {"from": operation.starts, "until": operation.ends}
    return told | {name: timestamps.render(at) for name, at in window.items() if at is not None}


def is_steward(account: Account, ties: Ties, now: int) -> bool:
    """Whether it is a steward now, or was one when the operation ended."""
    member = ties.membership
    ends = [ties.group.ends, ties.agreement.ends if ties.agreement else None]
    at = min([now, *(end - 1 for end in ends if end is not None)])
    return (
        member is not None and member.steward and "manage" in account.scopes and within(member.starts, member.ends, at)
    )
