"""The page of one object, of an indicator above all: what it says, who shared it, what others say of it, whom it reaches; and what one may do."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from fastapi import Response

from indicator_hub.errors import HubError, Invalid, NotFound
from indicator_hub.normalise.refang import defang
from indicator_hub.sharing import access, looking, recall, withdraw
from indicator_hub.sharing.looking import Looked
from indicator_hub.sharing.submit import submit
from indicator_hub.stix import authoring, terms
from indicator_hub.stix.markings import TLP_IDS, nation_list
from indicator_hub.taxii.query import ALL, Filters
from indicator_hub.trust.reach import Reach
from indicator_hub.web.console import audiences, box, graph, reasons
from indicator_hub.web.console.pages import Page
from indicator_hub.web.console.templates import said
from indicator_hub.web.console.visit import HEADERS, Visit

_LONGEST = 10_000
_SHOWN = frozenset(("type", "id", "spec_version", "object_marking_refs", "pattern", "pattern_type", "labels", "indicator_types", "valid_from",
                    "valid_until", "confidence", "revoked", "created", "modified", "pattern_version"))  # fmt: skip
"""What the page says in words of its own."""
_SKIPPED = frozenset(("created", "modified", "spec_version", "type", "id"))


def path_of(group: str, collection: str, identifier: str) -> str:
    """Where the page of an object is."""
    return f"/console/objects/{group}/{collection}/{identifier}/"


async def _one(visit: Visit, *, refusal: str = "", draft: Mapping[str, str] | None = None) -> Response:
    reach = await visit.reach(visit["group"], visit["collection"])
    found = await looking.look(visit.store, visit.caller, reach, visit["object"])
    latest = found.latest
    base = path_of(reach.group.name, reach.require_collection().alias, "")[:-1]
    names = {name: name_of(value) for name, value in found.related.items()}
    for name, value in found.related.items():
        if value["type"] == "sighting" and found.originators.get(name):
            names[name] = f"{found.originators[name]} ×{value.get('count', 1)}"
    names |= {found.identifier: name_of(latest.value)}
    nodes = graph.neighbours(found.identifier, found.related, found.refers, names, base)
    values = [one for one in terms.terms(latest.value) if one.part != terms.WITHIN]
    return visit.page(
        "object.html",
        status=400 if refusal else 200,
        reach=reach,
        collection=reach.require_collection(),
        base=base,
        here=f"{base}{found.identifier}/",
        found=found,
        latest=latest,
        name=names[found.identifier],
        names=names,
        values=values,
        said=terms.summary(latest.value),
        labels=terms.labels_of(terms.summary(latest.value).labels),
        now=visit.store.now(),
        changes=_changes(found),
        sightings=_of(found, "sighting"),
        opinions=_of(found, "opinion"),
        notes=_of(found, "note"),
        nodes=nodes,
        picture=graph.draw(names[found.identifier], nodes, visit.say("What is around it")) if nodes else "",
        reached=audiences.of_version(found.readers, latest.version),
        properties=[(key, said(one)) for key, one in latest.value.items() if key not in _SHOWN],
        raw=json.dumps(latest.value, indent=2, ensure_ascii=False),
        may_write=reach.can_write,
        may_recall=latest.mine or reach.steward,
        others=not latest.mine and bool(found.contact) and reach.can_write,
        reasons=reasons,
        refusal=refusal,
        draft=draft or {},
    )


def name_of(value: Mapping[str, Any]) -> str:
    """What an object is called on a page: its value, defanged; else its name, else its id."""
    whole = [one.value for one in terms.terms(value) if one.part != terms.WITHIN]
    if whole:
        return defang(whole[0]) + (f" (+{len(whole) - 1})" if len(whole) > 1 else "")
    for field in ("name", "abstract", "content", "explanation", "value"):
        if isinstance(value.get(field), str) and value[field]:
            return value[field][:200]
    return str(value["id"])


def _of(found: Looked, kind: str) -> list[dict[str, Any]]:
    """What others say of it, the newest first."""
    told = [
        {"value": value, "originator": found.originators.get(name, "")}
        for name, value in found.related.items()
        if value["type"] == kind and name in found.referrers
    ]
    return sorted(told, key=lambda one: str(one["value"].get("created", "")), reverse=True)


def _changes(found: Looked) -> list[dict[str, Any]]:
    """For each version, the newest first, what is other than in the one before."""
    told: list[dict[str, Any]] = []
    before: Mapping[str, Any] = {}
    for one in sorted(found.versions, key=lambda each: (each.version, each.date_added)):
        names = sorted((one.value.keys() | before.keys()) - _SKIPPED)
        parts = [
            (name, said(before.get(name)), said(one.value.get(name)))
            for name in names
            if before.get(name) != one.value.get(name)
        ]
        told.append({"version": one, "parts": parts if before else []})
        before = one.value
    return told[::-1]


async def _say(visit: Visit) -> Response:
    """Seen, a false positive, a note, an opinion, or a question to its originator: an object through the same door."""
    reach = await visit.reach(visit["group"], visit["collection"])
    text = visit.sent("text")
    try:
        if len(text) > _LONGEST:
            raise Invalid(visit.say("A text has %(number)s characters at most.", number=_LONGEST))
        said = await _said(visit, reach, text)
    except NotFound:
        raise
    except HubError as error:
        return await _one(visit, refusal=visit.refusal(error), draft={"text": text})
    collection = reach.require_collection()
    return visit.go(path_of(reach.group.name, collection.alias, visit["object"]), said)


async def _said(visit: Visit, reach: Reach, text: str) -> str:
    identifier = visit["object"]
    found = await looking.look(visit.store, visit.caller, reach, identifier)
    by, at = (await author(visit))(found.latest.level), written_at(visit)
    objects: list[bytes] = []
    match visit.sent("deed"):
        case "seen":
            objects.append(authoring.sighting(by, identifier, count=1, last_seen=at, first_seen=at, description=text))
            done = visit.say("Your sighting is shared.")
        case "false-positive":
            objects.append(authoring.opinion(by, [identifier], authoring.FALSE_POSITIVE, explanation=text))
            done = visit.say("That it is a false positive is shared as your opinion.")
        case "note":
            _require_text(visit, text)
            objects.append(authoring.note(by, [identifier], text))
            done = visit.say("Your note is shared.")
        case "ask":
            _require_text(visit, text)
            mark, question = _question(visit, reach, found, by, text)
            objects += [mark, question]
            done = visit.say("Your question is shared with them alone: its note goes to their nation and yours.")
        case word:
            if word not in ("strongly-agree", "agree", "neutral", "disagree", "strongly-disagree"):
                raise NotFound
            objects.append(authoring.opinion(by, [identifier], word, explanation=text))
            done = visit.say("Your opinion is shared.")
    body = b'{"objects":[' + b",".join(objects) + b"]}"
    status = await submit(visit.store, visit.caller, reach, body, limits=visit.hub.limits)
    failed = [one for one in status.details if one.failed]
    if failed:
        raise Invalid(reasons.told(failed[0].message, visit.say))
    return done


async def author(visit: Visit) -> Callable[[str], authoring.Authorship]:
    """Who asks as the author of what is said of objects: marked as strictly as an object of this level (empty: it has none).

    What the form carries makes it the same object, however often it is sent.
    """
    told = await access.access(visit.store, visit.caller)
    identity, at, seed = min(told["stix_identities"], default=""), written_at(visit), box.seed(visit.sent("seed"))

    def of(level: str) -> authoring.Authorship:
        word = level.removeprefix("TLP:")
        return authoring.Authorship(at, identity, (TLP_IDS[word],) if word in TLP_IDS else (), seed)

    return of


def written_at(visit: Visit) -> int:
    """When what a form says was written: when it was shown. In microseconds."""
    return box.instant(visit.sent("at"), visit.store.now())


def _require_text(visit: Visit, text: str) -> None:
    if not text:
        raise Invalid(visit.say("Write something first."))


def _question(visit: Visit, reach: Reach, found: Looked, by: authoring.Authorship, text: str) -> tuple[bytes, bytes]:
    """A note that only its originator's nation and one's own are given, and the mark that says so."""
    nation = found.contact.get("nation")
    if not nation or found.latest.mine:
        raise Invalid(visit.say("There is nobody to ask here."))
    account = visit.account
    mark = nation_list(reach.group.name, account.organisation, account.nation, nation, marks=by.marks)
    marked = replace(by, marks=(*by.marks, mark["id"]))
    title = visit.say("A question to %(organisation)s", organisation=found.contact["organisation"])
    return json.dumps(mark, ensure_ascii=False).encode(), authoring.note(
        marked, [found.identifier], text, abstract=title
    )


async def _raw(visit: Visit) -> Response:
    """The bytes of the newest version, as they came."""
    reach = await visit.reach(visit["group"], visit["collection"])
    raw = await looking.bytes_of(visit.store, visit.caller, reach, visit["object"])
    headers = {**HEADERS, "Content-Disposition": f'attachment; filename="{visit["object"]}.json"'}
    return Response(raw, 200, headers, media_type="application/stix+json;version=2.1")


async def _ask_withdraw(visit: Visit) -> Response:
    return await _grave(visit, "withdraw")


async def _ask_recall(visit: Visit) -> Response:
    return await _grave(visit, "recall")


async def _grave(visit: Visit, deed: str, *, refusal: str = "") -> Response:
    """What will happen, and to whom, before it does."""
    reach = await visit.reach(visit["group"], visit["collection"])
    found = await looking.look(visit.store, visit.caller, reach, visit["object"])
    if not (found.latest.mine or (deed == "recall" and reach.steward)):
        raise NotFound
    latest = found.latest
    return visit.page(
        "object_grave.html",
        status=400 if refusal else 200,
        deed=deed,
        found=found,
        latest=latest,
        name=name_of(latest.value),
        here=path_of(reach.group.name, reach.require_collection().alias, found.identifier),
        place=f"{reach.group.name}/{reach.require_collection().alias}",
        reached=audiences.of_version(found.readers, latest.version),
        why=recall.REASONS,
        reasons=reasons,
        refusal=refusal,
    )


async def _withdraw(visit: Visit) -> Response:
    reach = await visit.reach(visit["group"], visit["collection"])
    try:
        status = await withdraw.withdraw(visit.store, visit.caller, reach, visit["object"])
        failed = [one for one in status.details if one.failed]
        if failed:
            raise Invalid(reasons.told(failed[0].message, visit.say))
    except NotFound:
        raise
    except HubError as error:
        return await _grave(visit, "withdraw", refusal=visit.refusal(error))
    where = path_of(reach.group.name, reach.require_collection().alias, visit["object"])
    return visit.go(where, visit.say("Withdrawn: every client hears of it at its next poll."))


async def _recall(visit: Visit) -> Response:
    reach = await visit.reach(visit["group"], visit["collection"])
    every = Filters(keywords=frozenset((ALL,)))
    try:
        await recall.recall(
            visit.store, visit.caller, reach, visit["object"], every, visit.sent("reason", "unspecified")
        )
    except NotFound:
        raise
    except HubError as error:
        return await _grave(visit, "recall", refusal=visit.refusal(error))
    return visit.go(
        "/console/recalls/", visit.say("Taken back: nobody is given it any more, and whoever had it is told.")
    )


_PATH = "/objects/{group}/{collection}/{object}/"
PAGES = (
    Page(_PATH, _one, _say),
    Page(_PATH + "raw/", _raw),
    Page(_PATH + "withdraw/", _ask_withdraw, _withdraw),
    Page(_PATH + "recall/", _ask_recall, _recall),
)
