"""What one case comes to, in the file's words, by the hub's own deeds."""

import base64
import json

from cases.building import EVERY, Built
from cases.steps import Case
from indicator_hub.errors import Conflict, HubError, NotFound, NotPermitted, Unauthenticated
from indicator_hub.sharing import own
from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.authenticate import identify
from indicator_hub.sharing.evidence import evidence
from indicator_hub.sharing.poll import poll
from indicator_hub.sharing.recall import recall
from indicator_hub.sharing.reissue import reissue
from indicator_hub.sharing.release import release
from indicator_hub.taxii.query import Filters, Query, Resource
from indicator_hub.taxii.status import Status
from indicator_hub.trust.reach import Reach

ABSENT = {"withheld": "absent", "no_collection": "absent"}
"""Over HTTP the two are one: that is the point."""


async def verdict(built: Built, case: Case) -> str:
    """What the case comes to."""
    told, there = case.told, False
    try:
        if told["action"] == "own":
            return await _own(built, case)
        caller, reach = await built.asks(told["subject"], told["collection"])
        there = True
        return await _outcome(built, case, caller, reach)
    except Conflict:
        return "needs_consent"
    except HubError as refusal:
        words = {Unauthenticated: "unauthenticated", NotPermitted: "denied"}
        words[NotFound] = "withheld" if there else "no_collection"
        return words[type(refusal)]


async def _own(built: Built, case: Case) -> str:
    """The originator's own record, which asks for no group."""
    subject = case.told["subject"]
    token = built.tokens.get(subject)
    who = await identify(built.store, token, username=token and subject)
    try:
        found = await own.versions(built.store, Caller(who.account), case.object["id"])
    except NotFound:
        return "withheld"
    return "visible" if case.object in [json.loads(base64.b64decode(one["bytes"])) for one in found] else "superseded"


async def _outcome(built: Built, case: Case, caller: Caller, reach: Reach) -> str:
    one, store = case.object["id"], built.store
    match case.told["action"]:
        case "read":
            page = await poll(store, caller, reach, Query(-1, 100, Filters(ids=(one,))), Resource.OBJECT)
            return "visible" if json.loads(page.entries[0].body) == case.object else "superseded"
        case "recall":
            await recall(store, caller, reach, one, EVERY, "unspecified")
            return "recalled"
        case "reissue":
            await reissue(store, caller, reach, one)
            return "reissued"
        case "release":
            return await _release(built, case, caller, reach)
        case "evidence":
            found = await evidence(store, caller, reach, one, purpose="A case")
            return "exported" if json.loads(base64.b64decode(found["bytes"])) == case.object else "superseded"
        case "submit":
            return said(await built.post(case.told["subject"], case.told["collection"], case.object), "stored")
        case other:
            raise AssertionError(f"the runner does not know what is meant by the action {other!r}")


async def _release(built: Built, case: Case, caller: Caller, reach: Reach) -> str:
    await poll(built.store, caller, reach, Query(-1, 100, Filters(ids=(case.object["id"],))), Resource.OBJECT)
    try:
        _, target = await built.asks(case.told["subject"], case.told["target"])
    except NotFound:
        return "no_collection"
    return said(await release(built.store, caller, reach, case.object["id"], target), "released")


def said(status: Status, done: str) -> str:
    """What became of the one object."""
    (detail,) = status.details
    return "refused" if detail.failed else "held" if detail.message.startswith("held") else done
