"""One's own record: what one's organisation shared, what is held, what was taken back; taking back and sharing again; consents."""

import base64
from typing import Any, cast
from urllib.parse import quote, urlencode

from fastapi import Response

from indicator_hub.errors import HubError, Invalid, NotFound
from indicator_hub.sharing import consent, own, recall
from indicator_hub.sharing.own import Kept
from indicator_hub.sharing.reissue import reissue
from indicator_hub.stix import timestamps
from indicator_hub.taxii.query import ALL, Filters
from indicator_hub.trust.consent import State
from indicator_hub.web.api.operations import following, read_place
from indicator_hub.web.console.pages import Page
from indicator_hub.web.console.visit import Visit
from indicator_hub.web.console.words import N_

HERE = "/console/ours/"
PAGE = 50
REASONS = {
    "shared_in_error": N_("shared in error"), "wrong_marking": N_("wrong marking"), "consent_withdrawn": N_("consent withdrawn"),
    "legal": N_("legal"), "other": N_("other"), "unspecified": N_("not said"),
}  # fmt: skip
STATES = {
    "asked": N_("asked"), "granted": N_("granted"), "refused": N_("refused"), "withdrawn": N_("withdrawn"),
}  # fmt: skip
USES = {"release": N_("release"), "evidence": N_("evidence")}
_KEPT = {"shared": N_("Shared"), "held": N_("Held"), "recalled": N_("Taken back")}


def at(identifier: str) -> str:
    """The page of an object in one's own record."""
    return f"{HERE}objects/{quote(identifier, safe='')}/"


async def _list(visit: Visit) -> Response:
    state = visit.query.get("state", "shared")
    if state not in _KEPT:
        raise Invalid("state is shared, held or recalled.")
    after = read_place(visit.query.get("next") or None, ("", -1))
    items, more = await own.listed(visit.store, visit.caller, Kept(state), after=(after[0], after[1]), limit=PAGE)
    return visit.page(
        "ours.html", items=items, state=state, states=_KEPT, at=at, begun=bool(visit.query.get("next")),
        more=f"?{urlencode({'state': state, 'next': following(more)})}" if more else "",
    )  # fmt: skip


async def _object(visit: Visit) -> Response:
    return await _shown(visit)


async def _shown(visit: Visit, refusal: str = "", status: int = 200) -> Response:
    versions = await own.versions(visit.store, visit.caller, visit["object"])
    for one in versions:
        one["text"] = base64.b64decode(one.pop("bytes")).decode(errors="replace")
    recalled = {(one["group"], one["collection"]) for one in versions if one["state"] == "recalled" and "group" in one}
    return visit.page(
        "our_object.html", status=status, versions=versions, identifier=visit["object"], here=at(visit["object"]), refusal=refusal,
        standing=any(one["state"] != "recalled" for one in versions), recalled=sorted(recalled), submits="submit" in visit.account.scopes,
    )  # fmt: skip


async def _ask_recall(visit: Visit) -> Response:
    return await _recall_form(visit)


async def _recall_form(visit: Visit, refusal: str = "", status: int = 200) -> Response:
    versions = await own.versions(visit.store, visit.caller, visit["object"])
    standing = [one for one in versions if one.get("recalled_by") != "originator"]
    if not standing:
        raise NotFound
    shared_in = sorted({(one["group"], one["collection"]) for one in standing if "group" in one})
    return visit.page(
        "our_recall.html", status=status, versions=standing, shared_in=shared_in, elsewhere=any("group" not in one for one in standing),
        identifier=visit["object"], here=at(visit["object"]), reasons=REASONS, refusal=refusal,
        chosen={"reason": visit.sent("reason", "shared_in_error"), "collection": visit.sent("collection")},
    )  # fmt: skip


async def _recall(visit: Visit) -> Response:
    try:
        await recall.recall_own(
            visit.store,
            visit.caller,
            visit["object"],
            collection=visit.sent("collection") or None,
            filters=Filters(keywords=frozenset((ALL,))),
            reason=visit.sent("reason"),
        )
    except NotFound:
        raise
    except HubError as error:
        return await _recall_form(visit, visit.refusal(error), 400)
    return visit.go(at(visit["object"]), visit.say("It is taken back. Recalls shows who had been given it."))


async def _ask_reissue(visit: Visit) -> Response:
    group, collection = visit.query.get("group", ""), visit.query.get("collection", "")
    versions = [
        one
        for one in await own.versions(visit.store, visit.caller, visit["object"])
        if (one.get("group"), one.get("collection")) == (group, collection) and one["state"] == "recalled"
    ]
    if not versions:
        raise NotFound
    return visit.page(
        "our_reissue.html", versions=versions, group=group, collection=collection, identifier=visit["object"], here=at(visit["object"]),
    )  # fmt: skip


async def _reissue(visit: Visit) -> Response:
    try:
        reach = await visit.reach(visit.sent("group"), visit.sent("collection"))
        reach.require_collection()
    except NotFound:
        await own.versions(visit.store, visit.caller, visit["object"])  # what never was stays not found
        return await _shown(
            visit,
            visit.say("The group is not awake, or your organisation is in it no longer: nothing is shared there."),
            409,
        )
    try:
        back = await reissue(visit.store, visit.caller, reach, visit["object"])
    except NotFound:
        raise
    except HubError as error:
        return await _shown(visit, visit.refusal(error), 409)
    said = visit.say("It is shared again.")
    if back.waiting:
        said = visit.say("A steward took it back, too: it is shared again when a steward brings it back.")
    return visit.go(at(visit["object"]), said)


async def _consents(visit: Visit) -> Response:
    state = visit.query.get("state", "")
    if state and state not in STATES:
        raise Invalid(f"state is one of: {', '.join(STATES)}.")
    before = read_place(visit.query.get("next") or None, (2**62, "~"))
    found = await consent.listed(
        visit.store, visit.caller, cast("State", state) if state else None, before=(before[0], before[1]), limit=PAGE
    )
    items = found[:PAGE]
    more = ""
    if len(found) > PAGE:
        last = following((timestamps.parse(items[-1]["asked"]), items[-1]["id"]))
        more = f"?{urlencode({'state': state, 'next': last})}"
    return visit.page(
        "consents.html", items=items, state=state, more=more, begun=bool(visit.query.get("next")), **_words(visit)
    )


def _words(visit: Visit) -> dict[str, Any]:
    return {"states": STATES, "uses": USES, "may_answer": "manage" in visit.account.scopes, "at": at}


async def _consent(visit: Visit) -> Response:
    return await _asked(visit)


async def _asked(visit: Visit, refusal: str = "", status: int = 200) -> Response:
    found = await consent.one_consent(visit.store, visit.caller, visit["consent"])
    mine = found["asker"] != visit.account.organisation
    return visit.page(
        "consent.html",
        status=status,
        consent=found,
        ours=mine,
        refusal=refusal,
        until=visit.sent("until"),
        **_words(visit),
    )


async def _answer(visit: Visit, state: State, said: str) -> Response:
    try:
        ends = visit.day("until") if state == "granted" else None
        await consent.answer(visit.store, visit.caller, visit["consent"], state, ends=ends)
    except NotFound:
        raise
    except HubError as error:
        return await _asked(visit, visit.refusal(error), 400)
    return visit.go(f"{HERE}consents/", visit.say(said))


async def _grant(visit: Visit) -> Response:
    return await _answer(visit, "granted", N_("Granted."))


async def _refuse(visit: Visit) -> Response:
    return await _answer(visit, "refused", N_("Refused."))


async def _withdraw(visit: Visit) -> Response:
    return await _answer(visit, "withdrawn", N_("Withdrawn; what was released on it is taken back."))


PAGES = (
    Page("/ours/", _list),
    Page("/ours/objects/{object}/", _object),
    Page("/ours/objects/{object}/recall/", _ask_recall, _recall),
    Page("/ours/objects/{object}/reissue/", _ask_reissue, _reissue),
    Page("/ours/consents/", _consents),
    Page("/ours/consents/{consent}/", _consent),
    Page("/ours/consents/{consent}/grant/", None, _grant),
    Page("/ours/consents/{consent}/refuse/", None, _refuse),
    Page("/ours/consents/{consent}/withdraw/", None, _withdraw),
)
