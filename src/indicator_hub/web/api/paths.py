"""The paths of the API: each one deed, or one look."""

import json
from typing import Any

from indicator_hub.errors import Invalid, NotFound
from indicator_hub.sharing import (
    access,
    accounts,
    audience,
    closing,
    consent,
    evidence,
    feeding,
    looking,
    name,
    own,
    parties,
    recall,
    recalls,
    search,
    tokens,
)
from indicator_hub.sharing.own import Kept
from indicator_hub.sharing.reissue import reissue
from indicator_hub.sharing.release import release
from indicator_hub.sharing.withdraw import withdraw
from indicator_hub.stix import timestamps
from indicator_hub.taxii.query import ALL, Filters
from indicator_hub.taxii.status import Status
from indicator_hub.web.api import shapes
from indicator_hub.web.api.operations import Answer, Asked, Operation, following

_STATES = ("asked", "granted", "refused", "withdrawn")


async def _access(asked: Asked) -> Answer:
    return await access.access(asked.store, asked.call.caller)


async def _own(asked: Asked) -> Answer:
    state = asked.query.get("state", "shared")
    if state not in [kept.value for kept in Kept]:
        raise Invalid("state is shared, held or recalled.")
    after = asked.place(("", -1))
    items, place = await own.listed(
        asked.store, asked.call.caller, Kept(state), after=(after[0], after[1]), limit=asked.limit
    )
    return {"items": items, "more": place is not None} | ({"next": following(place)} if place else {})


async def _own_object(asked: Asked) -> Answer:
    return {"items": await own.versions(asked.store, asked.call.caller, asked["object"])}


async def _own_recall(asked: Asked) -> Answer:
    body: shapes.OwnRecallAsked = asked.body
    taken = await recall.recall_own(
        asked.store,
        asked.call.caller,
        asked["object"],
        collection=body.collection,
        filters=_versions(body.versions),
        reason=body.reason,
    )
    return taken.answer


def _versions(named: list[str] | None) -> Filters:
    if named is None:
        return Filters(keywords=frozenset((ALL,)))
    return Filters(keywords=frozenset(), values=tuple(timestamps.sort_key(version) for version in named))


async def _recalls(asked: Asked) -> Answer:
    final = await recalls.final(asked.store)  # before the list: what comes meanwhile is behind it
    items, more = await recalls.listed(asked.store, asked.call.caller, after=_since(asked), limit=asked.limit)
    return _recall_page(items, more=more) | {"since": timestamps.render(final)}


async def _issued(asked: Asked) -> Answer:
    items, more = await recalls.issued(asked.store, asked.call.caller, after=_since(asked), limit=asked.limit)
    return _recall_page(items, more=more)


def _since(asked: Asked) -> tuple[int, str]:
    given = asked.query.get("since")
    if given is not None and not timestamps.is_timestamp(given):
        raise Invalid("since is a UTC timestamp like 2026-11-23T12:00:00Z.")
    at, named = asked.place((timestamps.parse(given) - 1 if given else -1, "~"))
    return at, named


def _recall_page(items: list[dict[str, Any]], *, more: bool) -> dict[str, Any]:
    page: dict[str, Any] = {"items": items, "more": more}
    if more:
        page["next"] = following((timestamps.parse(items[-1]["at"]), items[-1]["id"]))
    return page


async def _acknowledge(asked: Asked) -> Answer:
    return await recalls.acknowledge(asked.store, asked.call.caller, asked["recall"])


async def _consents(asked: Asked) -> Answer:
    state = asked.query.get("state")
    if state is not None and state not in _STATES:
        raise Invalid(f"state is one of: {', '.join(_STATES)}.")
    before = asked.place((2**62, "~"))
    items = await consent.listed(
        asked.store, asked.call.caller, state, before=(before[0], before[1]), limit=asked.limit
    )  # type: ignore[arg-type]
    given = items[: asked.limit]
    page: dict[str, Any] = {"items": given, "more": len(items) > asked.limit}
    if page["more"]:
        page["next"] = following((timestamps.parse(given[-1]["asked"]), given[-1]["id"]))
    return page


async def _ask(asked: Asked) -> Answer:
    body: shapes.ConsentAsked = asked.body
    if (body.use == "release") != (body.to is not None):
        raise Invalid("to names the group of a release, and of nothing else.")
    reach = await asked.reach_in(body.group, body.collection)
    target = await asked.reach_in(body.to) if body.to else None
    return await consent.ask(
        asked.store,
        asked.call.caller,
        reach,
        body.object,
        body.use,
        purpose=body.purpose,
        target=target,
        version=body.version,
    )


async def _consent(asked: Asked) -> Answer:
    return await consent.one_consent(asked.store, asked.call.caller, asked["consent"])


async def _grant(asked: Asked) -> Answer:
    ends = timestamps.parse(asked.body.until) if asked.body.until else None
    return await consent.answer(asked.store, asked.call.caller, asked["consent"], "granted", ends=ends)


async def _refuse(asked: Asked) -> Answer:
    return await consent.answer(asked.store, asked.call.caller, asked["consent"], "refused")


async def _withdraw_consent(asked: Asked) -> Answer:
    return await consent.answer(asked.store, asked.call.caller, asked["consent"], "withdrawn")


async def _accounts(asked: Asked) -> Answer:
    return {"items": await accounts.listed(asked.store, asked.call.caller)}


async def _suspend(asked: Asked) -> Answer:
    return await accounts.suspend(asked.store, asked.call.caller, asked["account"], suspended=True)


async def _reinstate(asked: Asked) -> Answer:
    return await accounts.suspend(asked.store, asked.call.caller, asked["account"], suspended=False)


async def _add_machine(asked: Asked) -> Answer:
    body: shapes.MachineAsked = asked.body
    return await tokens.add_machine(asked.store, asked.call.caller, body.name, submits=body.submits)


async def _tokens(asked: Asked) -> Answer:
    return {"items": await tokens.listed(asked.store, asked.call.caller)}


async def _make_token(asked: Asked) -> Answer:
    body: shapes.TokenAsked = asked.body
    return await tokens.make(asked.store, asked.call.caller, body.account or "", label=body.label, days=body.days)


async def _revoke_token(asked: Asked) -> Answer:
    key = asked["token"]
    if not key.isascii() or not key.isdigit() or len(key) > _DIGITS:
        raise NotFound
    await tokens.revoke(asked.store, asked.call.caller, int(key))
    return {}


async def _report(asked: Asked) -> Answer:
    return await closing.report(asked.store, asked.call.caller, asked["operation"])


async def _members(asked: Asked) -> Answer:
    return {"items": await parties.members(asked.store, asked.call.caller, asked.reach)}


async def _served(asked: Asked) -> Answer:
    return {"items": await parties.last_given(asked.store, asked.call.caller, asked.reach)}


async def _given(asked: Asked) -> Answer:
    return await parties.given(asked.store, asked.call.caller, asked["group"])


async def _ended(asked: Asked) -> Answer:
    return {"items": await parties.ended(asked.store, asked.call.caller)}


async def _named(asked: Asked) -> Answer:
    return {"items": await name.listed(asked.store, asked.call.caller, asked.reach)}


async def _propose(asked: Asked) -> Answer:
    body: shapes.NamingAsked = asked.body
    starts, ends = (timestamps.parse(one) if one else None for one in (body.starts, body.until))
    return await name.propose(asked.store, asked.call.caller, asked.reach, body.account, starts=starts, ends=ends)


async def _confirm(asked: Asked) -> Answer:
    return await name.confirm(asked.store, asked.call.caller, asked.reach, asked["account"])


async def _end_naming(asked: Asked) -> Answer:
    await name.end(asked.store, asked.call.caller, asked.reach, asked["account"])
    return {}


async def _foresee(asked: Asked) -> Answer:
    items = await audience.foreseen(
        asked.store, asked.call.caller, asked.reach, asked.body, limits=asked.call.hub.limits
    )
    return {"items": items}


async def _audience(asked: Asked) -> Answer:
    return {"items": await audience.of_object(asked.store, asked.call.caller, asked.reach, asked["object"])}


async def _relations(asked: Asked) -> Answer:
    return {"items": await looking.relations_of(asked.store, asked.call.caller, asked.reach, asked["object"])}


async def _withdraw(asked: Asked) -> Answer:
    return _status(await withdraw(asked.store, asked.call.caller, asked.reach, asked["object"]))


async def _recall(asked: Asked) -> Answer:
    body: shapes.RecallAsked = asked.body
    taken = await recall.recall(
        asked.store, asked.call.caller, asked.reach, asked["object"], _versions(body.versions), body.reason
    )
    return taken.answer


async def _reissue(asked: Asked) -> Answer:
    back = await reissue(asked.store, asked.call.caller, asked.reach, asked["object"], asked.body.versions or ())
    return back.answer


async def _release(asked: Asked) -> Answer:
    body: shapes.ReleaseAsked = asked.body
    target = await asked.reach_in(body.to.group, body.to.collection)
    made = await release(asked.store, asked.call.caller, asked.reach, asked["object"], target, version=body.version)
    return _status(made)


async def _evidence(asked: Asked) -> Answer:
    body: shapes.EvidenceAsked = asked.body
    return await evidence.evidence(
        asked.store, asked.call.caller, asked.reach, asked["object"], purpose=body.purpose, version=body.version
    )


async def _evidence_again(asked: Asked, told: Answer) -> Answer:
    return await evidence.again(asked.store, asked.call.caller, asked.reach, told)


def _status(made: Status) -> dict[str, Any]:
    return json.loads(made.resource)


async def _feeds(asked: Asked) -> Answer:
    return {"items": await feeding.listed(asked.store, asked.call.caller)}


async def _feed(asked: Asked) -> Answer:
    return await feeding.one(asked.store, asked.call.caller, asked["feed"])


async def _run_feed(asked: Asked) -> Answer:
    await feeding.ask_for_run(asked.store, asked.call.caller, asked["feed"])
    return {}


async def _dry_run(asked: Asked) -> Answer:
    await feeding.require_mine(asked.store, asked.call.caller, asked["feed"], "feed dry run")
    return {"tally": await asked.call.hub.require_feeds().rehearse(asked["feed"])}


async def _accept(asked: Asked) -> Answer:
    await feeding.require_mine(asked.store, asked.call.caller, asked["feed"], "feed accept")
    outcome, tally = await asked.call.hub.require_feeds().accept(asked["feed"])
    return {"outcome": outcome, "tally": tally}


async def _runs(asked: Asked) -> Answer:
    return {"items": await feeding.runs(asked.store, asked.call.caller, asked["feed"], limit=min(asked.limit, _RUNS))}


async def _refusals(asked: Asked) -> Answer:
    return {"items": await feeding.refusals(asked.store, asked.call.caller, asked["feed"])}


async def _quarantine(asked: Asked) -> Answer:
    (after,) = asked.place((0,))
    found = await feeding.quarantine(
        asked.store,
        asked.call.caller,
        asked["feed"],
        after=after,
        limit=asked.limit + 1,
        reason=asked.query.get("reason"),
    )
    items = found[: asked.limit]
    more = len(found) > asked.limit
    return {"items": items, "more": more} | ({"next": following((items[-1]["id"],))} if more else {})


async def _release_rows(asked: Asked) -> Answer:
    return await _settle(asked, "released")


async def _dismiss_rows(asked: Asked) -> Answer:
    return await _settle(asked, "dismissed")


async def _settle(asked: Asked, how: feeding.Settled) -> Answer:
    body: shapes.Settling = asked.body
    number = await feeding.settle(
        asked.store, asked.call.caller, asked["feed"], how, rows=body.rows, reason=body.reason
    )
    return {"number": number}


async def _search(asked: Asked) -> Answer:
    after = asked.place(search.FIRST)
    found = await search.search(
        asked.store,
        asked.call.caller,
        search.read_query(asked.query),
        after=(after[0], after[1]),
        limit=asked.limit,
        record=asked.call.request.method != "HEAD",
    )
    more = found.following is not None
    return {"items": found.items, "more": more} | ({"next": following(found.following)} if found.following else {})


async def _facets(asked: Asked) -> Answer:
    return await search.facets(asked.store, asked.call.caller, search.read_query(asked.query))


async def _lookup(asked: Asked) -> Answer:
    body: shapes.LookupAsked = asked.body
    return {"items": await search.lookup(asked.store, asked.call.caller, body.values, body.text)}


async def _statistics(asked: Asked) -> Answer:
    since, until = (asked.query.get(name) for name in ("since", "until"))
    if any(one is not None and not timestamps.is_timestamp(one) for one in (since, until)):
        raise Invalid("since and until are UTC timestamps like 2026-11-23T12:00:00Z.")
    end = timestamps.parse(until) if until else asked.store.now() + 1
    begin = timestamps.parse(since) if since else end - _MONTH
    return await search.statistics(asked.store, asked.call.caller, begin, end, group=asked.query.get("group", ""))


_MONTH = 30 * 86_400_000_000
_OBJECT = "/groups/{group}/collections/{collection}/objects/{object}"
_NAMED = "/groups/{group}/named/"
_PAGED = ("limit", "next")
_RUNS = 100
_DIGITS = 18
"""Of a key of the database, at most."""

OPERATIONS = (
    Operation("GET", "/access/", "What may I see, and why.", _access, shapes.Access),
    Operation("GET", "/own/", "One's own record: what is shared, held or recalled.", _own, shapes.OwnPage, query=("state", *_PAGED)),
    Operation("GET", "/own/{object}/", "One object in one's own record, with its bytes.", _own_object, shapes.OwnVersions),
    Operation(
        "POST", "/own/{object}/recall/", "Take it back wherever it was shared.", _own_recall, shapes.RecallsMade, shapes.OwnRecallAsked
    ),
    Operation("GET", "/search/", "What of what one sees has this value, name or label.", _search, shapes.SearchPage, query=(*search.PARAMETERS, *_PAGED)),
    Operation("POST", "/search/", "Are these known?", _lookup, shapes.LookupList, shapes.LookupAsked),
    Operation("GET", "/search/facets/", "How many of the newest that match there are of each kind.", _facets, shapes.Facets, query=search.PARAMETERS),
    Operation("GET", "/statistics/", "What came in, from whom, by day, type and level.", _statistics, shapes.Statistics, query=("since", "until", "group")),
    Operation("GET", "/recalls/", "What was taken back after it was given to us.", _recalls, shapes.RecallPage, query=("since", *_PAGED)),
    Operation(
        "GET", "/recalls/issued/", "What was taken back of ours, and who has not acknowledged it.", _issued, shapes.IssuedPage,
        query=("since", *_PAGED),
    ),
    Operation("POST", "/recalls/{recall}/acknowledge/", "We have acted on a recall.", _acknowledge, shapes.RecallTold),
    Operation("GET", "/consents/", "What was asked of us, and by us.", _consents, shapes.ConsentPage, query=("state", *_PAGED)),
    Operation("POST", "/consents/", "Ask an originator.", _ask, shapes.ConsentTold, shapes.ConsentAsked, status=201),
    Operation("GET", "/consents/{consent}/", "One consent.", _consent, shapes.ConsentTold),
    Operation("POST", "/consents/{consent}/grant/", "Grant it.", _grant, shapes.ConsentTold, shapes.GrantAsked),
    Operation("POST", "/consents/{consent}/refuse/", "Refuse it.", _refuse, shapes.ConsentTold),
    Operation("POST", "/consents/{consent}/withdraw/", "Withdraw it: its release is recalled.", _withdraw_consent, shapes.ConsentTold),
    Operation("GET", "/accounts/", "One's organisation's accounts.", _accounts, shapes.AccountList),
    Operation("POST", "/accounts/{account}/suspend/", "Refuse an account from its next request on.", _suspend, shapes.AccountTold),
    Operation("POST", "/accounts/{account}/reinstate/", "Take that back.", _reinstate, shapes.AccountTold),
    Operation("POST", "/accounts/", "A machine of one's organisation.", _add_machine, shapes.AccountTold, shapes.MachineAsked, status=201),
    Operation("GET", "/tokens/", "One's tokens, with their last use.", _tokens, shapes.TokenList),
    Operation("POST", "/tokens/", "A new token, answered this once.", _make_token, shapes.TokenMade, shapes.TokenAsked, status=201),
    Operation("DELETE", "/tokens/{token}/", "Make a token worthless.", _revoke_token, shapes.Nothing),
    Operation("GET", "/feeds/", "The feeds that one's organisation imports.", _feeds, shapes.FeedList),
    Operation("GET", "/feeds/{feed}/", "How one stands, as what it is declared, and what it brought in a week.", _feed, shapes.FeedWhole),
    Operation("POST", "/feeds/{feed}/run/", "Run it now: the schedule takes it next.", _run_feed, shapes.Nothing),
    Operation("POST", "/feeds/{feed}/dry-run/", "What a run would do now; nothing is done.", _dry_run, shapes.DryRunTold),
    Operation("POST", "/feeds/{feed}/accept/", "Run it now, and take what is held for a person.", _accept, shapes.AcceptTold),
    Operation("GET", "/feeds/{feed}/runs/", "Its last runs.", _runs, shapes.RunList, query=("limit",)),
    Operation("GET", "/feeds/{feed}/refusals/", "Why rows wait for a person, and how many.", _refusals, shapes.RefusalList),
    Operation("GET", "/feeds/{feed}/quarantine/", "What it refused, and why.", _quarantine, shapes.RowPage, query=("reason", *_PAGED)),
    Operation("POST", "/feeds/{feed}/quarantine/release/", "Let rows through: its next run takes them.", _release_rows, shapes.SettledTold, shapes.Settling),
    Operation("POST", "/feeds/{feed}/quarantine/dismiss/", "They were refused rightly.", _dismiss_rows, shapes.SettledTold, shapes.Settling),
    Operation("GET", "/operations/{operation}/report/", "What each gave and received, for its stewards.", _report, shapes.Report),
    Operation("GET", "/operations/", "Operations that are over, of which one was a steward.", _ended, shapes.EndedList),
    Operation("GET", "/groups/{group}/members/", "Who shares with whom, and how each is reached.", _members, shapes.MemberList),
    Operation("GET", "/groups/{group}/served/", "When each member was last given something, for its stewards; else oneself.", _served, shapes.ServedList),
    Operation("GET", "/groups/{group}/given/", "How much each gave, as far as one sees it.", _given, shapes.GivenList),
    Operation("GET", _NAMED, "Who reads TLP:RED here.", _named, shapes.NamedList),
    Operation("POST", _NAMED, "Put a person forward.", _propose, shapes.NamedTold, shapes.NamingAsked, status=201),
    Operation("POST", _NAMED + "{account}/confirm/", "Confirm it, as a steward.", _confirm, shapes.NamedTold),
    Operation("DELETE", _NAMED + "{account}/", "Named no longer.", _end_naming, shapes.Nothing),
    Operation(
        "POST", "/groups/{group}/collections/{collection}/audience/", "Who would see these objects, before they are posted.",
        _foresee, shapes.ForeseenList, raw=True,
    ),
    Operation("GET", _OBJECT + "/audience/", "Who sees it, and why.", _audience, shapes.SeenList),
    Operation("GET", _OBJECT + "/relations/", "What is around it.", _relations, shapes.RelationList),
    Operation("POST", _OBJECT + "/withdraw/", "It was wrong: revoke it.", _withdraw, shapes.Status),
    Operation("POST", _OBJECT + "/recall/", "It should not have been shared.", _recall, shapes.RecallsMade, shapes.RecallAsked),
    Operation("POST", _OBJECT + "/reissue/", "Share again what was recalled.", _reissue, shapes.Reissued, shapes.ReissueAsked),
    Operation("POST", _OBJECT + "/release/", "Copy it into another collection.", _release, shapes.Status, shapes.ReleaseAsked, status=202),
    Operation("POST", _OBJECT + "/evidence/", "Export it for a court.", _evidence, shapes.Evidence, shapes.EvidenceAsked, again=_evidence_again),
)  # fmt: skip
"""Every operation, in the order of the routes: `issued` is tried before any recall's name."""
