"""Good practice: what to do against it (`course-of-action`) and texts about several objects (`report`), read, and written through the same door."""

import hashlib
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Response

from indicator_hub.errors import HubError, Invalid, NotFound
from indicator_hub.sharing import audience, looking, search
from indicator_hub.sharing.poll import poll
from indicator_hub.sharing.submit import submit
from indicator_hub.stix import ids, timestamps
from indicator_hub.stix.authoring import author
from indicator_hub.stix.markings import TLP_IDS
from indicator_hub.taxii.query import Filters, Query, Resource
from indicator_hub.trust.ladder import NAMES
from indicator_hub.trust.reach import Reach
from indicator_hub.web.console import box, reasons
from indicator_hub.web.console.audiences import Foreseen, together
from indicator_hub.web.console.pages import Page
from indicator_hub.web.console.places import Place, Places, level_of, places
from indicator_hub.web.console.visit import Visit
from indicator_hub.web.console.words import N_

_PATH = "/console/practice/"
_TYPES = ("course-of-action", "report")
KINDS = {"course-of-action": N_("course of action"), "report": N_("report")}
_FIELDS = ("kind", "name", "description", "about", "place", "level", "further", "labels")
_AGAINST = frozenset(("attack-pattern", "indicator", "infrastructure", "malware", "tool", "vulnerability"))
"""What a course of action mitigates (STIX 2.1 section 4.3)."""
_MOST = 100
"""Objects that one text is about, and values looked up for them."""
_NAMED = 30
"""Of these so many are told by name on the page of one."""
_PER_PAGE = 50
_AGAIN = N_("Something has changed since this was shown: look at it once more, and share it then.")


@dataclass(frozen=True, slots=True)
class _About:
    """What a text is about: objects in the group, as search tells them, and words for which there is none."""

    hits: tuple[Mapping[str, Any], ...] = ()
    unknown: tuple[str, ...] = ()

    @property
    def level(self) -> int | None:
        """The strictest of theirs: a text about them should go no further."""
        return max((level for one in self.hits if (level := level_of(one.get("level", ""))) is not None), default=None)


@dataclass(frozen=True, slots=True)
class _Offer:
    body: bytes = b""
    foreseen: Foreseen | None = None
    level: int | None = None
    refusal: str = ""

    def digest(self, place: Place) -> str:
        """What was shown."""
        told = self.foreseen.digest.encode() if self.foreseen else b""
        return hashlib.sha256(b"\0".join((place.key.encode(), self.body, told))).hexdigest()


async def _list(visit: Visit) -> Response:
    asked, after = visit.query.get("type", ""), visit.query.get("after", "")
    types = frozenset((asked,) if asked in _TYPES else _TYPES)
    found = await search.search(
        visit.store, visit.caller, search.Query(types=types), after=_place(after), limit=_PER_PAGE
    )
    there = await places(visit, "", prefer="good-practice")
    following = "" if found.following is None else f"{found.following[0]}.{found.following[1]}"
    return visit.page(
        "practice.html", items=found.items, following=following, asked=asked, kinds=KINDS, may_write=bool(there.all)
    )


def _place(text: str) -> search.Place:
    """Where a list goes on. Raises Invalid."""
    if not text:
        return search.FIRST
    at, _, named = text.partition(".")
    if not (at.isascii() and at.isdecimal() and len(at) < 20):  # noqa: PLR2004 - as many digits as an instant has
        raise Invalid("This is no place in the list.")
    return int(at), named


async def _one(visit: Visit) -> Response:
    reach = await visit.reach(visit["group"], visit["collection"])
    name = visit["object"]
    if ids.type_of(name) not in _TYPES:
        raise NotFound
    page = await poll(visit.store, visit.caller, reach, Query(-1, 1, Filters(ids=(name,))), Resource.OBJECT)
    value: dict[str, Any] = json.loads(page.entries[0].body)
    versions = await audience.of_object(visit.store, visit.caller, reach, name)
    related, more = await _related(visit, reach, value)
    told = [await _named(visit, reach, one) for one in related[:_NAMED]]
    newest = versions[-1]
    return visit.page(
        "practice_one.html",
        reach=reach,
        value=value,
        raw=page.entries[0].body.decode(),
        kinds=KINDS,
        level=newest.get("level", ""),
        originator=newest.get("originator", ""),
        foreseen=together([one | {"stored": True, "outcome": "new"} for one in (newest,)]),
        related=told,
        unnamed=len(related) - len(told),
        more=more,
        reasons=reasons,
    )


async def _related(visit: Visit, reach: Reach, value: Mapping[str, Any]) -> tuple[list[str], bool]:
    """The ids of what it is about; of a course of action by what it mitigates, in its collection. And whether there may be more."""
    if value["type"] == "report":
        return list(value["object_refs"]), False
    found, more = await looking.ties(visit.store, visit.caller, reach, value["id"], "mitigates")
    return list(dict.fromkeys(one["target_ref"] for one in found)), more


async def _named(visit: Visit, reach: Reach, identifier: str) -> dict[str, Any]:
    """An object as far as this account sees it in the group; its id alone where it does not."""
    query = search.Query(identifier=identifier, group=reach.group.name, revoked=None)
    found = await search.search(visit.store, visit.caller, query, limit=1)
    return {"object": identifier, "type": identifier.partition("--")[0]} | (found.items[0] if found.items else {})


async def _write(visit: Visit) -> Response:
    fields = dict.fromkeys(_FIELDS, "") | {"kind": "course-of-action", "about": visit.query.get("about", "")}
    there = await places(visit, "", prefer="good-practice")
    return _form(visit, fields, there, _About(), _Offer(), seed=str(uuid.uuid4()), at=visit.store.now())


async def _sent(visit: Visit) -> Response:
    fields = {name: visit.sent(name).replace("\r\n", "\n") for name in _FIELDS}
    there = await places(visit, fields["place"], prefer="good-practice")
    share = visit.sent("do") == "share"
    seed, at = (
        box.seed(visit.sent("seed")),
        box.instant(visit.sent("at"), visit.store.now()) if share else visit.store.now(),
    )
    about, offer = await _offer(visit, fields, there, seed, at)
    if not share:
        return _form(visit, fields, there, about, offer, seed=seed, at=at)
    place, refusal = there.chosen, offer.refusal
    if place is not None and not refusal:
        if _undercut(about, offer) and fields["further"] != "yes":
            refusal = visit.say("What it is about is marked more strictly: only its source may let it go further.")
        elif offer.digest(place) != visit.sent("looked"):
            refusal = visit.say(_AGAIN)
    if place is None or refusal:
        return _form(visit, fields, there, about, offer, seed=seed, at=at, refused=refusal, status=409)
    reach = await visit.reach(place.group, place.collection)
    became = await submit(visit.store, visit.caller, reach, offer.body, limits=visit.hub.limits)
    return visit.go(f"/console/shared/{place.key}/{became.id}/")


async def _offer(visit: Visit, fields: Mapping[str, str], there: Places, seed: str, at: int) -> tuple[_About, _Offer]:
    place = there.chosen
    if place is None or not fields["name"]:
        return _About(), _Offer()
    about = _About()
    try:
        about = await _about(visit, place, fields["about"])
        level = place.level(level_of(fields["level"]), about.level)
        objects = _objects(visit, fields, about, level, there.identity, seed, at)
        reach = await visit.reach(place.group, place.collection)
        body = box.envelope(objects)
        items = await audience.foreseen(visit.store, visit.caller, reach, body, limits=visit.hub.limits)
    except HubError as error:
        return about, _Offer(refusal=visit.refusal(error))
    return about, _Offer(body, together(items), level)


async def _about(visit: Visit, place: Place, text: str) -> _About:
    """What the words name: ids of objects, and values; as far as this account sees them in the group that it writes for. Raises Invalid."""
    words = list(dict.fromkeys(text.split()))
    if len(words) > _MOST:
        raise Invalid(visit.say("A text is about %(most)s objects at most.", most=_MOST))
    named = [one for one in words if ids.type_of(one) is not None]
    values = [one for one in words if ids.type_of(one) is None]
    hits: dict[str, Mapping[str, Any]] = {}
    unknown: list[str] = []
    crowded = False
    for one in named:
        query = search.Query(identifier=one, group=place.group)
        found = await search.search(visit.store, visit.caller, query, limit=1)
        hits |= {each["object"]: each for each in found.items}
        unknown += [] if found.items else [one]
    for word in values:
        # Asked one by one: two spellings of one value are one answer.
        for one in await search.lookup(
            visit.store, visit.caller, [word], types=_AGAINST, group=place.group, within=False, most=_MOST
        ):
            hits |= {each["object"]: each for each in one["hits"]}
            unknown += [] if one["hits"] else [word]
            crowded = crowded or one["more"]
    if crowded or len(hits) > _MOST:
        raise Invalid(visit.say("A text is about %(most)s objects at most.", most=_MOST))
    return _About(tuple(hits.values()), tuple(unknown))


def _objects(
    visit: Visit, fields: Mapping[str, str], about: _About, level: int, identity: str, seed: str, at: int
) -> list[bytes]:
    """The text, and of a course of action its ties to what it is good against. Raises Invalid."""
    kind = fields["kind"] if fields["kind"] in _TYPES else _TYPES[0]
    if about.unknown:
        raise Invalid(visit.say("Nothing is known here by this name: %(names)s.", names=", ".join(about.unknown[:5])))
    if kind == "report" and not about.hits:
        raise Invalid(visit.say("A report is about one object at least: name it by its value or its id."))
    if kind != "report" and (wrong := [one["object"] for one in about.hits if one["type"] not in _AGAINST]):
        raise Invalid(visit.say("A course of action does not mitigate this: %(name)s.", name=wrong[0]))
    labels = [one.strip() for one in fields["labels"].split(",") if one.strip()]

    def write(kind: str, *, turn: int, **properties: object) -> bytes:
        said = {name: value for name, value in properties.items() if value}
        name = f"{kind}--{uuid.uuid5(uuid.UUID(seed), f'{kind} {turn}')}"
        marks = (TLP_IDS[NAMES[level]],)
        return author(kind, identifier=name, created=at, created_by=identity or None, marks=marks, **said)

    common = {"name": fields["name"], "description": fields["description"], "labels": labels}
    refs = [one["object"] for one in about.hits]
    if kind == "report":
        published = timestamps.render_milliseconds(at)
        return [write(kind, turn=0, object_refs=refs, published=published, **common)]
    text = write(kind, turn=0, **common)
    source = json.loads(text)["id"]
    ties = [
        write("relationship", turn=turn, relationship_type="mitigates", source_ref=source, target_ref=one)
        for turn, one in enumerate(refs)
    ]
    return [text, *ties]


def _undercut(about: _About, offer: _Offer) -> bool:
    return about.level is not None and offer.level is not None and offer.level < about.level


def _form(
    visit: Visit, fields: Mapping[str, str], there: Places, about: _About, offer: _Offer, *, seed: str, at: int,
    refused: str = "", status: int = 200,
) -> Response:  # fmt: skip
    place = there.chosen
    return visit.page(
        "practice_write.html",
        block="found",
        status=status,
        fields=fields,
        there=there,
        about=about,
        offer=offer,
        seed=seed,
        at=at,
        looked=offer.digest(place) if place is not None else "",
        usual="" if place is None else f"TLP:{NAMES[place.level(None, about.level)]}",
        says="" if about.level is None else f"TLP:{NAMES[about.level]}",
        undercut=_undercut(about, offer),
        refused=refused,
        kinds=KINDS,
        reasons=reasons,
    )


PAGES = (
    Page("/practice/", _list),
    Page("/practice/write/", _write, _sent),
    Page("/practice/{group}/{collection}/{object}/", _one),
)
