"""Feeds, as whoever imports them sees them: how each stands, what it refused and why, and what a person says to that.

The hub's own shell does the same for all feeds: `caller` is then the operator, who is no account.
"""

from collections.abc import Sequence
from typing import Any, Literal

from indicator_hub.errors import Conflict, NotFound, NotPermitted
from indicator_hub.sharing.act import OPERATOR, Caller, act
from indicator_hub.sharing.claim import RESTS_AFTER, run_now
from indicator_hub.stix import timestamps
from indicator_hub.store import feeds
from indicator_hub.store.engine import Transaction
from indicator_hub.store.feeds import LastRun, State
from indicator_hub.store.opened import Store

WARNED = "warninglist:"
"""How the reason begins of what is on a list that its feed is held to; the list's name follows."""

_WEEK = 7 * 86_400_000_000
_OF_A_WEEK = 200
_SAMPLES = 3
Settled = Literal["released", "dismissed"]
LENIENT = frozenset(("non_global", "reserved_name", "too_broad_cidr", "empty_file_hash", "future_date"))
"""Reasons for which a row holds a value that a person may let through; for any other there is none to let through."""


async def listed(store: Store, caller: Caller) -> list[dict[str, Any]]:
    """The feeds that one's organisation imports, and how each stands; for the operator all of them."""
    now = store.now()
    async with store.transactions.read() as tx:
        return [_said(one, now) for one in await feeds.states(tx, organisation_id=_whose(caller))]


async def quarantine(
    store: Store, caller: Caller, name: str, *, after: int, limit: int, reason: str | None = None
) -> list[dict[str, Any]]:
    """The rows of a feed that wait for a person. Raises NotFound for a feed that one's organisation does not import."""
    async with store.transactions.read() as tx:
        one = await _feed(tx, caller, name)
        found = await feeds.kept(tx, one.id, after=after, limit=limit, reason=reason)
    return [
        {"id": row.id, "reason": row.reason, "raw": row.raw, "row": row.row_number}
        | ({"detail": row.detail} if row.detail else {})
        for row in found
    ]


async def runs(store: Store, caller: Caller, name: str, *, limit: int) -> list[dict[str, Any]]:
    """The last runs of a feed, the newest first. Raises NotFound for a feed that one's organisation does not import."""
    async with store.transactions.read() as tx:
        one = await _feed(tx, caller, name)
        found = (await feeds.runs(tx, [one.id], since=0, limit=limit))[one.id]
    return [_run(run) for run in found]


async def week(store: Store, caller: Caller) -> dict[str, list[dict[str, Any]]]:
    """The runs of the last seven days of the feeds that one's organisation imports, by feed; the newest first, so many of each at most."""
    since = store.now() - _WEEK
    async with store.transactions.read() as tx:
        names = {one.id: one.name for one in await feeds.states(tx, organisation_id=_whose(caller))}
        found = await feeds.runs(tx, names.keys(), since=since, limit=_OF_A_WEEK)
    return {names[key]: [_run(run) for run in every] for key, every in found.items()}


async def refusals(store: Store, caller: Caller, name: str) -> list[dict[str, Any]]:
    """Why rows of a feed wait for a person, how many for each reason, and some of them; the most common reason first. Raises NotFound."""
    async with store.transactions.read() as tx:
        one = await _feed(tx, caller, name)
        return [
            {
                "reason": reason,
                "number": number,
                "releasable": _is_value(reason),
                "samples": [row.raw for row in await feeds.kept(tx, one.id, after=0, limit=_SAMPLES, reason=reason)],
            }
            for reason, number in (await feeds.reasons(tx, one.id)).items()
        ]


async def settle(
    store: Store, caller: Caller, name: str, how: Settled, *, rows: Sequence[int] | None, reason: str | None
) -> int:
    """Release refused rows (the feed's next run takes them) or dismiss them. Returns how many.

    Raises NotFound for a feed of others and where none of these wait, NotPermitted without the scope `manage`, Conflict to release what holds
    no value.
    """
    async with act(store, caller, f"quarantine {how}") as a, a.transaction() as tx:
        one = await _feed(tx, caller, name)
        _require_manage(caller)
        if how == feeds.RELEASED:
            await _require_values(tx, one, rows, reason)
        number = await feeds.settle(tx, one.id, how, rows=rows, reason=reason)
        if not number:
            raise NotFound(
                "None of these rows wait for a decision: a row is named by the number that stands first where they are listed."
            )
        a.details |= {"feed": name, "number": number, "reason": reason or "", "rows": list(rows or ())}
        a.answer = {"number": number}
    return number


async def ask_for_run(store: Store, caller: Caller, name: str) -> None:
    """The feed is due now: the hub's schedule takes it next. Raises NotFound, NotPermitted, Conflict where no schedule runs it."""
    async with act(store, caller, "feed run") as a, a.transaction() as tx:
        one = await _feed(tx, caller, name)
        _require_manage(caller)
        if not one.declaration.get("every"):
            raise Conflict("No schedule runs this feed: declare how often (every: 6h), or run `indicator-hub ingest`.")
        await run_now(tx, name, now=a.now)
        a.details |= {"feed": name}
        a.answer = {}


async def require_mine(store: Store, caller: Caller, name: str, verb: str) -> None:
    """That one may have something done with a feed now; it is recorded under this verb. Raises NotFound, NotPermitted."""
    async with act(store, caller, verb) as a, a.transaction() as tx:
        await _feed(tx, caller, name)
        _require_manage(caller)
        a.details |= {"feed": name}


def _whose(caller: Caller) -> int | None:
    """The organisation whose feeds are meant; None, for all, in the hub's own shell only."""
    return None if caller is OPERATOR else caller.require_account().organisation_id


async def _feed(tx: Transaction, caller: Caller, name: str) -> State:
    found = await feeds.states(tx, organisation_id=_whose(caller), name=name)
    if not found:
        raise NotFound(
            f"There is no feed {name} of this organisation."
            if caller is not OPERATOR
            else f"No feed is declared as {name}."
        )
    return found[0]


def _require_manage(caller: Caller) -> None:
    if caller is not OPERATOR and "manage" not in caller.require_account().scopes:
        raise NotPermitted("This account may not decide for its organisation: its scopes leave out manage.")


def _is_value(reason: str) -> bool:
    return reason in LENIENT or reason.startswith(WARNED)


async def _require_values(tx: Transaction, one: State, rows: Sequence[int] | None, reason: str | None) -> None:
    after, wanted = 0, None if rows is None else set(rows)
    while batch := await feeds.kept(tx, one.id, after=after, limit=1_000, reason=reason):
        for row in batch:
            if (wanted is None or row.id in wanted) and not _is_value(row.reason):
                raise Conflict(
                    f"A row that was refused for {row.reason} holds no value that could be let through: dismiss it."
                )
        after = batch[-1].id


def _said(one: State, now: int) -> dict[str, Any]:
    every = one.declaration.get("every")
    state = (
        "running" if one.held_until > now
        else "resting" if one.failures >= RESTS_AFTER
        else "failing" if one.failures
        else "new" if one.last is None
        else "well"
    )  # fmt: skip
    told: dict[str, Any] = {
        "feed": one.name,
        "title": one.declaration["title"],
        "organisation": one.organisation,
        "group": one.declaration["group"],
        "collection": one.declaration["collection"],
        "state": state,
        "failures": one.failures,
        "waiting": one.waiting,
    }
    if every:
        told |= {"every": every // 1_000_000, "next": timestamps.render(max(one.due, now))}
    if one.succeeded is not None:
        told["succeeded"] = timestamps.render(one.succeeded)
    if one.last is not None:
        told["last"] = _run(one.last)
    return told


def _run(one: LastRun) -> dict[str, Any]:
    told: dict[str, Any] = {
        "started": timestamps.render(one.started),
        "outcome": one.outcome,
        "tally": dict(one.tally),
    }
    if one.finished is not None:
        told["finished"] = timestamps.render(one.finished)
    if one.reason:
        told["reason"] = one.reason
    return told
