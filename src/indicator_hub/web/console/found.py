"""Search: what of what one sees has a value, a name, a label; whether a list of values is known; and deeds on what was found.

Facets are links, so that a search is a URL: it can be kept, sent to a colleague who sees what they may see, and asked of the API as it is.
"""

import json
import shlex
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from typing import Any

from fastapi import Response

from indicator_hub.errors import HubError, Invalid, NotFound
from indicator_hub.exports.cells import harmless, line
from indicator_hub.sharing import access, looking, search, withdraw
from indicator_hub.sharing.submit import submit
from indicator_hub.stix import authoring, ids, terms, timestamps
from indicator_hub.trust.reach import Reach
from indicator_hub.web.api.operations import following, read_place
from indicator_hub.web.console import reasons
from indicator_hub.web.console.objects import author, name_of, path_of, written_at
from indicator_hub.web.console.pages import Page
from indicator_hub.web.console.templates import query as query_string
from indicator_hub.web.console.visit import HEADERS, Visit

HERE = "/console/search/"
LIST = "/console/search/list/"
_ROWS = 50
_COUNTED = 1_000
"""Of so many of the newest a page counts facets."""
_MOST = 500
"""Objects in one deed."""
_LONGEST = 500_000
_FACETS = (
    ("types", "type"),
    ("kinds", "kind"),
    ("levels", "level"),
    ("collections", "collection"),
    ("originators", "originator"),
    ("labels", "label"),
)


async def _search(visit: Visit) -> Response:
    asked = {name: visit.query[name] for name in search.PARAMETERS if visit.query.get(name)}
    refusal, found, facets = "", search.Found([]), dict[str, Any]()
    places = await _places(visit)
    try:
        query = search.read_query(asked)
        place = read_place(visit.query.get("next"), search.FIRST)
        found = await search.search(
            visit.store,
            visit.caller,
            query,
            after=(place[0], place[1]),
            limit=_ROWS,
            record=visit.request.method != "HEAD",
        )
        facets = await search.facets(visit.store, visit.caller, query, most=_COUNTED)
    except Invalid as error:
        refusal = visit.refusal(error)
    return visit.page(
        "search.html",
        block="results",
        status=400 if refusal else 200,
        asked=asked,
        items=[_shown(one, places) for one in found.items],
        following=following(found.following) if found.following else "",
        first="next" not in visit.query,
        facets=_links(asked, facets, places),
        counted=facets.get("counted", 0),
        complete=facets.get("complete", True),
        now=visit.store.now(),
        shell=_shell(asked),
        list_url=_list_url(visit, asked, places),
        refusal=refusal,
    )


_NOT_IN_LISTS = ("q", "type", "level", "valid", "sighted", "revoked")


def _shell(asked: Mapping[str, str]) -> str:
    """What asks the same in a shell. Each word is quoted: whoever sent the link chose them."""
    parts = ["indicator-hub", "search"]
    for name, value in asked.items():
        if name == "sighted":
            parts.append("--sighted" if value == "true" else "--unsighted")
        elif name == "revoked":
            parts += ["--revoked"] if value == "true" else []
        elif name != "q":
            parts += [f"--{name}", value]
    return shlex.join([*parts, *(["--", asked["q"]] if asked.get("q") else [])])


def _list_url(visit: Visit, asked: Mapping[str, str], places: Mapping[str, Mapping[str, str]]) -> str:
    """Where devices are given what is valid of this, as a list; empty where no list asks the same."""
    within = [
        one for key, one in places.items()
        if asked.get("group") in (None, one["group"]) and asked.get("collection") in (None, key, one["alias"])
    ]  # fmt: skip
    groups = {one["group"] for one in within}
    if len(groups) != 1 or any(
        name in asked for name in _NOT_IN_LISTS if (name, asked.get(name)) != ("valid", "valid")
    ):
        return ""
    told = {name: asked[name] for name in ("kind", "confidence", "label", "originator") if name in asked}
    part = f"collections/{within[0]['alias']}/" if "collection" in asked else ""
    return f"{visit.hub.origin}/exports/{groups.pop()}/{part}csv/indicators.csv{query_string(told).rstrip('?')}"


async def _places(visit: Visit) -> dict[str, dict[str, str]]:
    """What collections are called, by id."""
    told = await access.access(visit.store, visit.caller)
    return {
        one["id"]: {"group": group["name"], "group_title": group["title"], "alias": one["alias"], "title": one["title"]}
        for group in told["groups"]
        for one in group["collections"]
    }


def _shown(one: Mapping[str, Any], places: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    place = places.get(
        one["collection"],
        {"group": one["group"], "group_title": one["group"], "alias": one["collection"], "title": one["collection"]},
    )
    return dict(one) | {
        "place": place,
        "href": path_of(one["group"], place["alias"], one["object"]),
        "key": f"{one['group']}/{place['alias']}/{one['object']}",
    }


def _links(asked: Mapping[str, str], facets: Mapping[str, Any], places: Mapping[str, Mapping[str, str]]) -> list[dict[str, Any]]:  # fmt: skip
    """Each facet with its values as links: to take one, or to leave the one that is taken."""
    told: list[dict[str, Any]] = []
    for listed, name in _FACETS:
        values: list[dict[str, Any]] = []
        for one in facets.get(listed, ())[:12]:
            value = one["name"]
            label = value
            if name == "collection" and value in places:
                label = f"{places[value]['group_title']} / {places[value]['title']}"
            taken = name in asked and asked[name] in (value, places.get(value, {}).get("alias"))
            changed = {**asked, name: "" if taken else value}
            values.append({"label": label, "number": one["number"], "taken": taken, "asked": changed})
        if name in asked and not any(one["taken"] for one in values):
            values.insert(0, {"label": asked[name], "number": 0, "taken": True, "asked": {**asked, name: ""}})
        if values:
            told.append({"name": name, "values": values})
    return told


async def _list(visit: Visit) -> Response:
    return visit.page("search_list.html", text=visit.query.get("text", ""), answers=None, known=0, refusal="")


async def _look_up(visit: Visit) -> Response:
    """Do we know these? Nothing is stored; what is found is recorded as given, as every search is."""
    text = visit.sent("text")
    chosen = await visit.file("file")
    refusal, answers = "", list[dict[str, Any]]()
    try:
        if chosen is not None:
            text = chosen[1].decode("utf-8", "replace")
        if len(text) > _LONGEST:
            raise Invalid(visit.say("A list has %(number)s characters at most.", number=_LONGEST))
        answers = await search.lookup(visit.store, visit.caller, text=text)
    except HubError as error:
        refusal = visit.refusal(error)
    places = await _places(visit)
    for one in answers:
        one["hits"] = [_shown(hit, places) for hit in one["hits"]]
    if visit.sent("deed") == "csv" and not refusal:
        return _table(_answers(answers, visit.store.now()))
    return visit.page(
        "search_list.html",
        block="answers",
        status=400 if refusal else 200,
        text=text,
        answers=answers,
        known=sum(bool(one["hits"]) for one in answers),
        now=visit.store.now(),
        reasons=reasons,
        refusal=refusal,
    )


def _answers(answers: Iterable[Mapping[str, Any]], now: int) -> Iterable[Sequence[str]]:
    yield (
        "asked", "type", "value", "known", "where", "level", "originator", "group", "collection", "valid_until", "expired", "withdrawn", "sightings",
        "false_positives", "id",
    )  # fmt: skip
    for one in answers:
        head = (one.get("raw", ""), one.get("kind", ""), one.get("value", ""))
        if not one["hits"]:
            yield (*head, "refused: " + one["refused"] if "refused" in one else "no", *[""] * 11)
        for hit in one["hits"]:
            until = hit.get("valid_until", "")
            yield (
                *head, "yes", hit.get("match", ""), hit.get("level", ""), hit.get("originator", ""), hit["group"], hit["place"]["alias"], until,
                "yes" if until and until <= timestamps.render(now) else "no", "yes" if hit["revoked"] else "no", _number(hit, "sightings"),
                _number(hit, "false_positives"), hit["object"],
            )  # fmt: skip


def _number(hit: Mapping[str, Any], name: str) -> str:
    return f"{hit[name]}{'+' if hit.get(f'more_{name}') else ''}"


def _table(rows: Iterable[Sequence[str]]) -> Response:
    headers = {**HEADERS, "Content-Disposition": 'attachment; filename="indicators.csv"'}
    return Response(
        "".join(line([harmless(cell) for cell in row]) for row in rows).encode(),
        200,
        headers,
        media_type="text/csv; charset=utf-8",
    )


async def _deed(visit: Visit) -> Response:
    """One deed on all that is marked."""
    keys = [one.split("/") for one in visit.chosen("one")]
    back = visit.sent("back")
    back = back if back.startswith("?") and back.isascii() and back.isprintable() else "?"
    marked = [(group, alias, name) for group, alias, name in (key for key in keys if len(key) == 3)]  # noqa: PLR2004 - group, collection, id
    if not marked or len(marked) > _MOST or any(ids.type_of(name) is None for *_, name in marked):
        raise Invalid(visit.say("Mark 1 to %(number)s objects first.", number=_MOST))
    by_place: dict[tuple[str, str], list[str]] = {}
    for group, alias, name in marked:
        by_place.setdefault((group, alias), []).append(name)
    # All places first: where one of them does not exist for this account, nothing is done.
    found = [(await visit.reach(group, alias), names) for (group, alias), names in by_place.items()]
    match visit.sent("deed"):
        case "stix":
            return await _bundle(visit, found)
        case "csv":
            return _table([row async for row in _cells(visit, found)])
        case "withdraw":
            keys = [(key, name) async for key, name in _named(visit, found)]
            return visit.page("search_withdraw.html", keys=keys, back=back)
        case "withdrawn":
            return visit.go(HERE + back, await _withdrawn(visit, found))
        case "seen" | "false-positive" as deed:
            return visit.go(HERE + back, await _said(visit, found, deed))
        case _:
            raise NotFound


_Marked = Sequence[tuple[Reach, Sequence[str]]]


async def _bundle(visit: Visit, marked: _Marked) -> Response:
    """The objects as they came, recorded as any page of a poll."""
    bodies = [
        one.body for reach, names in marked for one in await looking.newest(visit.store, visit.caller, reach, names)
    ]
    head = json.dumps({"type": "bundle", "id": f"bundle--{uuid.uuid4()}"}, separators=(",", ":")).encode()[:-1]
    headers = {**HEADERS, "Content-Disposition": 'attachment; filename="indicators.json"'}
    listed = b',"objects":[' + b",".join(bodies) + b"]" if bodies else b""
    return Response(head + listed + b"}", 200, headers, media_type="application/stix+json;version=2.1")


async def _named(visit: Visit, marked: _Marked) -> AsyncIterator[tuple[str, str]]:
    """What is marked, and what it is called, as far as it is seen."""
    for reach, names in marked:
        for one in await looking.newest(visit.store, visit.caller, reach, names):
            yield f"{reach.group.name}/{reach.require_collection().alias}/{one.id}", name_of(json.loads(one.body))


async def _cells(visit: Visit, marked: _Marked) -> AsyncIterator[Sequence[str]]:
    """A line for each value, the object's name where it has none."""
    yield (
        "id", "version", "type", "value", "name", "level", "originator", "group", "collection", "confidence", "valid_from", "valid_until", "labels",
        "withdrawn",
    )  # fmt: skip
    for reach, names in marked:
        for one in await looking.listed(visit.store, visit.caller, reach, names):
            value, said = one["value"], terms.summary(one["value"])
            head = (value["id"], str(value.get("modified", value.get("created", ""))))
            name = value["name"] if isinstance(value.get("name"), str) else ""
            tail = (
                name, one["level"], one["originator"], reach.group.name, reach.require_collection().alias,
                "" if said.confidence is None else str(said.confidence), _time(said.valid_from), _time(said.valid_until),
                ";".join(terms.labels_of(said.labels)), "yes" if value.get("revoked") is True else "no",
            )  # fmt: skip
            values = [(each.kind, each.value) for each in terms.terms(value) if each.part != terms.WITHIN]
            for kind, text in values or [(value["type"], "")]:
                yield (*head, kind, text, *tail)


def _time(instant: int | None) -> str:
    return "" if instant is None else timestamps.render(instant)


async def _withdrawn(visit: Visit, marked: _Marked) -> str:
    done = refused = 0
    for reach, names in marked:
        for name in names:
            try:
                status = await withdraw.withdraw(visit.store, visit.caller, reach, name)
            except HubError:
                refused += 1
            else:
                done, refused = done + (not status.details[0].failed), refused + status.details[0].failed
    return visit.say(
        "%(done)s withdrawn, %(refused)s refused: only what your organisation shared can be.",
        done=done,
        refused=refused,
    )


async def _said(visit: Visit, marked: _Marked, deed: str) -> str:
    """A sighting or an opinion for each, as strictly marked as what it is about."""
    by, at = await author(visit), written_at(visit)
    done = refused = 0
    for reach, names in marked:
        objects: list[bytes] = []
        for one in await looking.listed(visit.store, visit.caller, reach, names):
            name, of = one["value"]["id"], by(one["level"])
            objects.append(
                authoring.sighting(of, name, count=1, first_seen=at, last_seen=at)
                if deed == "seen"
                else authoring.opinion(of, [name], authoring.FALSE_POSITIVE)
            )
        if not objects:
            continue
        body = b'{"objects":[' + b",".join(objects) + b"]}"
        try:
            status = await submit(visit.store, visit.caller, reach, body, limits=visit.hub.limits)
        except HubError:
            refused += len(objects)
        else:
            failed = sum(one.failed for one in status.details)
            done, refused = done + len(objects) - failed, refused + failed
    return visit.say("%(done)s shared, %(refused)s refused.", done=done, refused=refused)


PAGES = (
    Page("/search/", _search, _deed),
    Page("/search/list/", _list, _look_up),
)
