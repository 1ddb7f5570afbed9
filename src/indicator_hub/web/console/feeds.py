"""Feeds: how each stands and stood, what it refused and why, and what a person says to that. What they are is declared in YAML."""

from collections.abc import Mapping
from typing import Any

from fastapi import Response
from markupsafe import Markup

from indicator_hub.errors import HubError, Invalid, NotFound
from indicator_hub.sharing import feeding
from indicator_hub.web.console import charts
from indicator_hub.web.console.pages import Page
from indicator_hub.web.console.reasons import refused as in_words
from indicator_hub.web.console.visit import Visit

HERE = "/console/feeds/"
_RUNS = 20
_ROWS = 100
_DIGITS = 15


async def _all(visit: Visit) -> Response:
    listed = await feeding.listed(visit.store, visit.caller)
    weeks = await feeding.week(visit.store, visit.caller)
    for one in listed:
        one["spark"] = _spark(visit, weeks[one["feed"]])
    return visit.page("feeds.html", feeds=listed)


def _spark(visit: Visit, week: list[dict[str, Any]]) -> Markup:
    brought, failed = ([slot[word] for slot in week] for word in ("brought", "failed"))
    title = visit.say("New and changed, and runs that failed, in each six hours of the last seven days")
    return charts.sparkline(brought, failed, title)


async def _one(visit: Visit, *, refusal: str = "", rehearsed: Mapping[str, int] | None = None) -> Response:
    name = visit["feed"]
    found = await feeding.one(visit.store, visit.caller, name)
    reason = visit.query.get("reason", "")[:200]
    after = visit.query.get("after", "0")
    if not after.isascii() or not after.isdigit() or len(after) > _DIGITS:
        raise Invalid(visit.say("This is no place in the list."))
    rows = await feeding.quarantine(
        visit.store, visit.caller, name, after=int(after), limit=_ROWS + 1, reason=reason or None
    )
    refusals = await feeding.refusals(visit.store, visit.caller, name)
    return visit.page(
        "feed.html",
        status=400 if refusal else 200,
        feed=found,
        spark=_spark(visit, found["week"]),
        failed=sum(slot["failed"] for slot in found["week"]),
        runs=await feeding.runs(visit.store, visit.caller, name, limit=_RUNS),
        refusals=[one | {"words": _words(visit, one["reason"])} for one in refusals],
        rows=[one | {"words": _words(visit, one["reason"])} for one in rows[:_ROWS]],
        following=rows[_ROWS - 1]["id"] if len(rows) > _ROWS else None,
        reason=reason,
        refusal=refusal,
        rehearsed=rehearsed,
    )


def _words(visit: Visit, reason: str) -> str:
    return in_words(reason, visit.say)


async def _run(visit: Visit) -> Response:
    try:
        await feeding.ask_for_run(visit.store, visit.caller, visit["feed"])
    except NotFound:
        raise
    except HubError as error:
        return await _one(visit, refusal=visit.refusal(error))
    return visit.go(f"{HERE}{visit['feed']}/", visit.say("It is due now: the schedule takes it within seconds."))


async def _rehearse(visit: Visit) -> Response:
    """What a run would do now, and nothing is done."""
    try:
        await feeding.require_mine(visit.store, visit.caller, visit["feed"], "feed dry run")
        tally = await visit.hub.require_feeds().rehearse(visit["feed"])
    except NotFound:
        raise
    except HubError as error:
        return await _one(visit, refusal=visit.refusal(error))
    return await _one(visit, rehearsed=tally)


async def _accept(visit: Visit) -> Response:
    """Run it now, and take what is held: a person has looked at it."""
    try:
        await feeding.require_mine(visit.store, visit.caller, visit["feed"], "feed accept")
        await visit.hub.require_feeds().accept(visit["feed"])
    except NotFound:
        raise
    except HubError as error:
        return await _one(visit, refusal=visit.refusal(error))
    return visit.go(f"{HERE}{visit['feed']}/", visit.say("It has run, and was taken as it is."))


async def _settle(visit: Visit) -> Response:
    """Release or dismiss the rows that are marked, or all of one reason."""
    how = visit.sent("deed")
    if how not in ("released", "dismissed"):
        raise NotFound
    marked = [int(one) for one in visit.chosen("row") if one.isascii() and one.isdigit() and len(one) <= _DIGITS]
    reason = visit.sent("reason")
    chosen: dict[str, Any] = {"rows": None, "reason": reason} if reason else {"rows": marked, "reason": None}
    try:
        if not reason and not marked:
            raise Invalid(visit.say("Mark the rows first."))
        number = await feeding.settle(visit.store, visit.caller, visit["feed"], how, **chosen)
    except HubError as error:
        return await _one(visit, refusal=visit.refusal(error))
    said = (
        visit.say("Released: %(number)s. The next run takes them.", number=number)
        if how == "released"
        else visit.say("Dismissed: %(number)s.", number=number)
    )
    return visit.go(f"{HERE}{visit['feed']}/", said)


PAGES = (
    Page("/feeds/", _all),
    Page("/feeds/{feed}/", _one),
    Page("/feeds/{feed}/run/", None, _run),
    Page("/feeds/{feed}/dry-run/", None, _rehearse),
    Page("/feeds/{feed}/accept/", None, _accept),
    Page("/feeds/{feed}/quarantine/", None, _settle),
)
