"""The dashboard: what came in, from whom, of what kind and level, over time; what waits for somebody; when partners were last given something."""

from typing import Any

from fastapi import Response

from indicator_hub.sharing import access, authenticate, feeding, parties, recalls, search, tokens
from indicator_hub.stix import timestamps
from indicator_hub.web.console import charts
from indicator_hub.web.console.groups import ending
from indicator_hub.web.console.pages import Page
from indicator_hub.web.console.visit import Visit

_DAY = 86_400_000_000
_WINDOWS = (7, 30, 90)
_LEVELS = (
    ("TLP:CLEAR", "c6"),
    ("TLP:GREEN", "c3"),
    ("TLP:AMBER", "c2"),
    ("TLP:AMBER+STRICT", "c4"),
    ("TLP:RED", "red"),
    ("", "c5"),
)
"""From the bottom of a column up; what has no level is held."""
_RECALLS = 100
"""So many recalls are looked at, of those that one waits for, and of those that wait for one."""
_ROWS = 10
_TROUBLED = 5


async def _dashboard(visit: Visit) -> Response:
    asked = visit.query.get("days", "")
    days = int(asked) if asked in map(str, _WINDOWS) else _WINDOWS[1]
    now = visit.store.now()
    first = (now // _DAY - days + 1) * _DAY
    told = await search.statistics(visit.store, visit.caller, first, now + 1)
    columns = _columns(told, first // _DAY, days)
    shown = [place for place in range(len(_LEVELS)) if any(parts[place] for _, parts in columns)]
    kinds = [(one.get("name", ""), one["number"]) for one in told["types"]]
    originators = [(one.get("name") or visit.say("others"), one["number"]) for one in told["originators"]]
    feeds = await feeding.listed(visit.store, visit.caller)
    return visit.page(
        "dashboard.html",
        days=days,
        windows=_WINDOWS,
        told=told,
        columns=[(name, parts) for name, parts in columns if sum(parts)],
        levels=[(name or visit.say("held"), css) for name, css in _LEVELS],
        shown=shown,
        over_time=charts.stacked(columns, [css for _, css in _LEVELS], visit.say("New on each day, by TLP")),
        by_type=charts.bars(kinds[:_ROWS], visit.say("New, by type")),
        by_originator=charts.bars(originators[:_ROWS], visit.say("New, by who shared it"), "c3"),
        types=kinds,
        originators=originators,
        drawn=_ROWS,
        waiting=await recalls.waiting(visit.store, visit.caller, most=_RECALLS),
        unheard=await _unheard(visit, first),
        most=_RECALLS,
        troubled=[one for one in feeds if one["state"] in ("failing", "resting")],
        named=_TROUBLED,
        feeds=len(feeds),
        ending=await _ending(visit, now),
        machines=await tokens.listed(visit.store, visit.caller),
        partners=await _partners(visit),
    )


def _columns(told: dict[str, Any], first: int, days: int) -> list[tuple[str, list[int]]]:
    """Each day with the number of each level, days without any too."""
    found = {one["day"]: {level.get("name", ""): level["number"] for level in one["levels"]} for one in told["days"]}
    names = [timestamps.render((first + place) * _DAY)[:10] for place in range(days)]
    return [(name, [found.get(name, {}).get(level, 0) for level, _ in _LEVELS]) for name in names]


async def _unheard(visit: Visit, first: int) -> int:
    """How many of what was taken back of one's own since then not everybody has acknowledged who had been given it."""
    issued, _ = await recalls.issued(visit.store, visit.caller, after=(first - 1, "~"), limit=_RECALLS)
    number = 0
    for one in issued:
        elsewhere = one.get("elsewhere", {"given": 0, "acknowledged": 0})
        number += elsewhere["given"] > elsewhere["acknowledged"] or any(
            "acknowledged" not in to for to in one["recipients"]
        )
    return number


async def _ending(visit: Visit, now: int) -> list[dict[str, Any]]:
    """Groups that end within a month, the first to end first."""
    told = await access.access(visit.store, visit.caller)
    found = [
        {"name": one["name"], "title": one["title"], "seconds": ends["seconds"]}
        for one in told["groups"]
        if (ends := ending(one, now)) and ends["soon"]
    ]
    return sorted(found, key=lambda one: one["seconds"])


async def _partners(visit: Visit) -> list[dict[str, Any]]:
    """The groups of which one is a steward, with when each member was last given something there."""
    reaches = [one for one in await authenticate.groups(visit.store, visit.account) if one.steward]
    return [
        {"group": one.group, "members": await parties.last_given(visit.store, visit.caller, one)} for one in reaches
    ]


PAGES = (Page("/dashboard/", _dashboard),)
