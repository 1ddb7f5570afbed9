"""Recalls: what was given to one's organisation and taken back, to acknowledge; what of its own was, and who has not acknowledged it."""

from urllib.parse import urlencode

from fastapi import Response

from indicator_hub.errors import Invalid, NotFound
from indicator_hub.sharing import recalls
from indicator_hub.stix import timestamps
from indicator_hub.web.api.operations import following, read_place
from indicator_hub.web.console.ours import PAGE, REASONS
from indicator_hub.web.console.pages import Page
from indicator_hub.web.console.visit import Visit

HERE = "/console/recalls/"


async def _given(visit: Visit) -> Response:
    after = read_place(visit.query.get("next") or None, (-1, "~"))
    items, more = await recalls.listed(visit.store, visit.caller, after=(after[0], after[1]), limit=PAGE)
    return visit.page(
        "recalls.html",
        items=items,
        more=_more(items) if more else "",
        reasons=REASONS,
        begun=bool(visit.query.get("next")),
    )


def _more(items: list[dict[str, str]]) -> str:
    return f"?{urlencode({'next': following((timestamps.parse(items[-1]['at']), items[-1]['id']))})}"


async def _issued(visit: Visit) -> Response:
    after = read_place(visit.query.get("next") or None, (-1, "~"))
    items, more = await recalls.issued(visit.store, visit.caller, after=(after[0], after[1]), limit=PAGE)
    return visit.page(
        "issued.html",
        items=items,
        more=_more(items) if more else "",
        reasons=REASONS,
        begun=bool(visit.query.get("next")),
    )


async def _acknowledge(visit: Visit) -> Response:
    chosen = list(dict.fromkeys(visit.chosen("recall")))
    if not chosen:
        return visit.go(HERE, visit.say("None was chosen."))
    if len(chosen) > PAGE:
        raise Invalid("So many at once are not on a page.")
    if any("\0" in one for one in chosen):
        raise NotFound
    for one in chosen:  # each is a deed of its own: what is acknowledged stays so, whatever becomes of the next
        await recalls.acknowledge(visit.store, visit.caller, one)
    return visit.go(HERE, visit.say("Acknowledged: %(number)s.", number=len(chosen)))


PAGES = (
    Page("/recalls/", _given),
    Page("/recalls/issued/", _issued),
    Page("/recalls/acknowledge/", None, _acknowledge),
)
