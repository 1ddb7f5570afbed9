"""Connect a product: choose it and what it polls, get its fields with a token made for it, and see its first poll come.

Every token made here may only read. What polls by itself is given that of a machine: a person's own reads what is for persons alone, and belongs
into no device. It is offered for what a person runs.
"""

from typing import Any

from fastapi import Response

from indicator_hub.errors import HubError, Invalid, NotFound
from indicator_hub.sharing import accounts, authenticate, tokens
from indicator_hub.trust.reach import Reach
from indicator_hub.web.console.pages import Page
from indicator_hub.web.console.products import PRODUCTS, Place
from indicator_hub.web.console.visit import Visit

HERE = "/console/connect/"
_NEW = "+"
_DAYS = ("30", "90", "365")


async def _reaches(visit: Visit) -> list[Reach]:
    """What can be polled."""
    return [one for one in await authenticate.every_collection(visit.store, visit.account) if one.can_read]


async def _machines(visit: Visit) -> list[dict[str, Any]]:
    """The machines that one may make a token for."""
    if "manage" not in visit.account.scopes:
        return []
    listed = await accounts.listed(visit.store, visit.caller)
    return [one for one in listed if one["kind"] == "service" and not one["suspended"]]


async def _choose(visit: Visit) -> Response:
    return await _form(visit)


async def _form(visit: Visit, *, refusal: str = "") -> Response:
    listed = await tokens.listed(visit.store, visit.caller)
    manages = "manage" in visit.account.scopes
    return visit.page(
        "connect.html",
        status=400 if refusal else 200,
        products={name: one for name, one in PRODUCTS.items() if manages or one.by_hand},
        reaches=await _reaches(visit),
        machines=[one["account"] for one in await _machines(visit) if one["scopes"] == ["read"]],
        tokens=listed,
        days=_DAYS,
        chosen={
            "product": visit.sent("product") or visit.query.get("product", "curl"),
            "place": visit.sent("place") or visit.query.get("place", ""),
            "account": visit.sent("account") or (_NEW if manages else visit.account.name),
            "machine": visit.sent("machine"),
            "days": visit.sent("days") or "365",
        },
        refusal=refusal,
    )


async def _make(visit: Visit) -> Response:
    try:
        return await _made(visit)
    except NotFound:
        raise
    except HubError as error:
        return await _form(visit, refusal=visit.refusal(error))


async def _made(visit: Visit) -> Response:
    product = PRODUCTS.get(visit.sent("product"))
    if product is None:
        raise Invalid(visit.say("Choose a product."))
    group, _, alias = visit.sent("place").partition("/")
    if not alias:
        raise Invalid(visit.say("Choose what is polled."))
    reach = await visit.reach(group, alias)
    reach.require_read()
    if visit.sent("days") not in _DAYS:
        raise Invalid(visit.say("Choose how long the token is valid."))
    account = visit.sent("account")
    if account in ("", visit.account.name) and not product.by_hand:
        raise Invalid(
            visit.say("%(name)s polls by itself: give it a machine account, not your own.", name=product.name)
        )
    if any(one["account"] == account and one["scopes"] != ["read"] for one in await _machines(visit)):
        raise Invalid(
            visit.say("%(name)s may do more than read: a product is given an account that may not.", name=account)
        )
    if account == _NEW:
        name = visit.sent("machine") or visit.sent("product")
        account = (await tokens.add_machine(visit.store, visit.caller, name))["account"]
    label = f"{product.name}: {reach.group.name}/{alias}"
    made = await tokens.make(
        visit.store, visit.caller, account, label=label, days=int(visit.sent("days")), reads_only=True
    )
    collection = reach.require_collection()
    place = Place(
        visit.hub.origin,
        reach.group.name,
        collection.id,
        collection.alias,
        collection.title,
        made["account"],
        made["token"],
    )
    # Not by a redirect: the token is shown once, and stands in no URL and nowhere else.
    return visit.page("connected.html", product=product, place=place, token=made, used=None)


async def _wait(visit: Visit) -> Response:
    """Whether a token has been used: asked again by the page until it has."""
    key = visit["token"]
    if not key.isascii() or not key.isdigit():
        raise NotFound
    found = [one for one in await tokens.listed(visit.store, visit.caller) if str(one["id"]) == key]
    if not found:
        raise NotFound
    return visit.page("connect_wait.html", block="seen", token=found[0], used=found[0].get("last_used"))


async def _revoke(visit: Visit) -> Response:
    key = visit["token"]
    if not key.isascii() or not key.isdigit() or len(key) > 18:  # noqa: PLR2004 - what a key of the database can be
        raise NotFound
    await tokens.revoke(visit.store, visit.caller, int(key))
    return visit.go(HERE, visit.say("The token is worthless now."))


PAGES = (
    Page("/connect/", _choose, _make),
    Page("/connect/tokens/{token}/", _wait),
    Page("/connect/tokens/{token}/revoke/", None, _revoke),
)
