"""The accounts of one's organisation: who is there, suspended or not."""

from fastapi import Response

from indicator_hub.errors import Conflict, NotPermitted
from indicator_hub.sharing import accounts
from indicator_hub.web.console.pages import Page
from indicator_hub.web.console.visit import Visit
from indicator_hub.web.console.words import N_

HERE = "/console/account/accounts/"
SCOPES = {"read": N_("read"), "submit": N_("share"), "manage": N_("manage")}
KINDS = {"person": N_("person"), "service": N_("machine")}


async def _list(visit: Visit) -> Response:
    return await _shown(visit)


async def _shown(visit: Visit, refusal: str = "", status: int = 200) -> Response:
    found = await accounts.listed(visit.store, visit.caller)
    return visit.page("accounts.html", status=status, items=found, scopes=SCOPES, kinds=KINDS, refusal=refusal)


async def _set(visit: Visit, said: str, *, suspended: bool) -> Response:
    try:
        await accounts.suspend(visit.store, visit.caller, visit["account"], suspended=suspended)
    except (Conflict, NotPermitted) as error:
        return await _shown(visit, visit.refusal(error), 409)
    return visit.go(HERE, visit.say(said, name=visit["account"]))


async def _suspend(visit: Visit) -> Response:
    return await _set(visit, N_("%(name)s is suspended."), suspended=True)


async def _reinstate(visit: Visit) -> Response:
    return await _set(visit, N_("%(name)s is reinstated."), suspended=False)


PAGES = (
    Page("/account/accounts/", _list),
    Page("/account/accounts/{account}/suspend/", None, _suspend),
    Page("/account/accounts/{account}/reinstate/", None, _reinstate),
)
