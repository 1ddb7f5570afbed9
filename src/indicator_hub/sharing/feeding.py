"""Feeds, as whoever imports them sees them: how each stands, what it refused and why, and what a person says to that.

The hub's own shell does the same for all feeds: `caller` is then the operator, who is no account.
"""

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any, Literal
from urllib.parse import parse_qsl, urlsplit

from indicator_hub.errors import Conflict, NotFound, NotPermitted
from indicator_hub.sharing.act import OPERATOR, Caller, act
from indicator_hub.sharing.claim import RESTS_AFTER, run_now, to_accept
from indicator_hub.stix import timestamps
from indicator_hub.store import feeds
from indicator_hub.store.engine import Transaction
from indicator_hub.store.feeds import LastRun, State
from indicator_hub.store.opened import Store
from indicator_hub.trust.ladder import NAMES

WARNED = "warninglist:"
"""How the reason begins of what is on a list that its feed is held to; the list's name follows."""

_SLOT = 6 * 3_600_000_000
_SLOTS = 28
"""A week in parts of six hours, in microseconds."""
_OF_A_WEEK = 2_100
_CHANGED = ("new", "updated")
_DECLARED = (
    "format", "use", "kind", "confidence", "confidence_cap", "indicator_types", "labels", "valid_days", "terms", "reshare", "most_warned",
)  # fmt: skip
"""What of a declaration is told as it stands."""
_LOOKS_SECRET = re.compile(r"(?=.*[0-9])[A-Za-z0-9_-]{20,}")
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
    return [_run(run, name) for run in found]


async def one(store: Store, caller: Caller, name: str) -> dict[str, Any]:
    """How a feed stands, as what it is declared, and what it brought in a week. Raises NotFound for a feed that one's organisation does not import.

    No secret is told: of what is sent along the names, and of a source's query too.
    """
    now = store.now()
    async with store.transactions.read() as tx:
        found = await _feed(tx, caller, name)
    return _said(found, now) | {
        "declared": _declared(found.declaration),
        "week": (await week(store, caller))[name],
    }


async def week(store: Store, caller: Caller) -> dict[str, list[dict[str, Any]]]:
    """What each feed that one's organisation imports brought in each six hours of the last seven days, by feed; the last is the one that goes on."""
    first = store.now() // _SLOT - (_SLOTS - 1)
    async with store.transactions.read() as tx:
        names = {one.id: one.name for one in await feeds.states(tx, organisation_id=_whose(caller))}
        found = await feeds.runs(tx, names.keys(), since=first * _SLOT, limit=_OF_A_WEEK, but="unchanged")
    return {names[key]: _week(first, every) for key, every in found.items()}


def _week(first: int, runs: Sequence[LastRun]) -> list[dict[str, Any]]:
    brought, failed = [0] * _SLOTS, [0] * _SLOTS
    for run in runs:
        place = min(run.started // _SLOT - first, _SLOTS - 1)
        brought[place] += sum(run.tally.get(word, 0) for word in _CHANGED)
        failed[place] += run.outcome == "failed"
    return [
        {"since": timestamps.render((first + place) * _SLOT), "brought": brought[place], "failed": failed[place]}
        for place in range(_SLOTS)
    ]


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
        told["last"] = _run(one.last, one.name)
    return told


def _declared(declaration: Mapping[str, Any]) -> dict[str, Any]:
    told = {name: declaration[name] for name in _DECLARED if declaration.get(name) not in (None, "", [])}
    if declaration.get("level") is not None:
        told["level"] = f"TLP:{NAMES[declaration['level']]}"
    if declaration.get("headers"):
        told["headers"] = sorted(declaration["headers"])
    return told | {"source": _source(declaration["source"])}


def _source(given: str) -> str:
    """Where it comes from, without what may be secret: of a file its name, of an address no user, no values of its query, no long key in its path."""
    if not given.startswith(("http://", "https://")):
        return PurePath(given).name
    parts = urlsplit(given)
    host = parts.netloc.rpartition("@")[2]
    path = "/".join("…" if _LOOKS_SECRET.fullmatch(part) else part for part in parts.path.split("/"))
    query = "&".join(f"{name}=…" for name, _ in parse_qsl(parts.query, keep_blank_values=True))
    return f"{parts.scheme}://{host}{path}{'?' if query else ''}{query}"


def _run(one: LastRun, name: str) -> dict[str, Any]:
    told: dict[str, Any] = {
        "started": timestamps.render(one.started),
        "outcome": one.outcome,
        "tally": dict(one.tally),
    }
    if one.finished is not None:
        told["finished"] = timestamps.render(one.finished)
    if one.reason:
        told["reason"] = one.reason
    if to_accept(name) in one.reason:
        told["held"] = True
    return told
