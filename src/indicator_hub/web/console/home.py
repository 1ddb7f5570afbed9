"""Home: one box. What is put in is looked at, chosen from, and shared; who would see it is shown before, and nothing is stored before that."""

import asyncio
import hashlib
import json
import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import Response

from indicator_hub.errors import HubError, Invalid
from indicator_hub.normalise import dates
from indicator_hub.normalise.draft import PAP, Choices, Draft, Known, drafts, unasked
from indicator_hub.normalise.observe import TYPES
from indicator_hub.normalise.sniff import KINDS
from indicator_hub.sharing import audience, own, search
from indicator_hub.sharing.status import status
from indicator_hub.sharing.submit import submit
from indicator_hub.stix import taxonomy, timestamps
from indicator_hub.trust.ladder import NAMES
from indicator_hub.web.console import box, reasons
from indicator_hub.web.console.audiences import Foreseen, together
from indicator_hub.web.console.box import Line, Pasted
from indicator_hub.web.console.pages import HOME, Page
from indicator_hub.web.console.places import Place, Places, level_of, places
from indicator_hub.web.console.templates import query as query_string
from indicator_hub.web.console.visit import Visit
from indicator_hub.web.console.words import N_

_FIELDS = (
    "text", "as", "documentation", "place", "level", "further", "pap", "days", "until", "confidence", "word", "labels", "name", "context",
    "reference",
)  # fmt: skip
"""What a form carries, beside the file and what is ticked."""
_AS_THEY_ARE = 16_384
"""Up to this many bytes are read at once; more in another thread."""
_ABOUT_VALUES = frozenset(("indicator", "vulnerability"))
DAYS = (7, 30, 90, 180, 365)
SURE = {"15": N_("low (15)"), "50": N_("medium (50)"), "85": N_("high (85)"), "100": N_("certain (100)")}
READ_AS = {
    "list": N_("a list, one value a line"), "text": N_("text or a mail"), "csv": N_("a table (CSV)"), "tsv": N_("a table with tabs"),
    "json": N_("JSON"), "jsonl": N_("JSON, one a line"), "hosts": N_("a hosts file"), "stix": N_("STIX objects"), "misp": N_("a MISP event"),
}  # fmt: skip
_AGAIN = N_("Something has changed since this was shown: look at it once more, and share it then.")


@dataclass(frozen=True, slots=True)
class Hit:
    """An object that says a value, as far as this account sees it; `originator` is empty where it is not told."""

    object: str
    group: str
    collection: str
    originator: str
    level: str
    mine: bool
    expired: bool
    doubted: bool
    sightings: int
    more_sightings: bool


@dataclass(frozen=True, slots=True)
class Hits:
    """What says a value here already: the newest of it, and where the rest is found, if there is more."""

    newest: tuple[Hit, ...]
    more: str


@dataclass(frozen=True, slots=True)
class _Offer:
    """What would be shared: the envelope, the drafts in it, and what would become of it. `refusal`: why there is none."""

    body: bytes = b""
    drafts: tuple[Draft, ...] = ()
    foreseen: Foreseen | None = None
    refusal: str = ""
    level: int | None = None

    def digest(self, place: Place) -> str:
        """What was shown, so that exactly that is shared."""
        return hashlib.sha256(
            b"\0".join((place.key.encode(), self.body, self.foreseen.digest.encode() if self.foreseen else b""))
        ).hexdigest()


async def _home(visit: Visit) -> Response:
    fields = dict.fromkeys(_FIELDS, "") | {"place": visit.query.get("place", ""), "text": visit.query.get("text", "")}
    there = await places(visit, fields["place"])
    return _page(visit, fields, there, Pasted(), [], _Offer())


async def _sent(visit: Visit) -> Response:
    fields = {name: visit.sent(name) for name in _FIELDS} | {"text": _plain(visit)}
    there = await places(visit, fields["place"])
    name, content, held = await _content(visit, fields["text"])
    pasted = await _pasted(visit, fields, content)
    known = await _known(visit, pasted)
    lines = _chosen(visit, pasted, known)
    at = box.instant(visit.sent("at"), visit.store.now()) if visit.sent("do") == "share" else visit.store.now()
    offer = await _offer(visit, fields, there, pasted, lines, at)
    told: dict[str, Any] = {"known": known, "file": name, "held": held, "at": at}
    if visit.sent("do") != "share":
        return _page(visit, fields, there, pasted, lines, offer, **told)
    refusal = offer.refusal or _not_yet(visit, fields, there, pasted, lines, offer)
    if refusal or there.chosen is None:
        return _page(visit, fields, there, pasted, lines, offer, status=409, refused=refusal, **told)
    reach = await visit.reach(there.chosen.group, there.chosen.collection)
    became = await submit(visit.store, visit.caller, reach, offer.body, limits=visit.hub.limits)
    return visit.go(f"{HOME}shared/{there.chosen.key}/{became.id}/")


def _plain(visit: Visit) -> str:
    """The text as it is seen: a form sends its ends of lines as CRLF."""
    found = visit.form.get("text")
    return found.replace("\r\n", "\n") if isinstance(found, str) else ""


async def _content(visit: Visit, text: str) -> tuple[str, bytes, str]:
    """What is to be read: a file that was just chosen, or one that the form carries, or the text; with the file's name, and packed."""
    chosen = await visit.file("file")
    if chosen is not None:
        return chosen[0][:200], chosen[1], box.pack(chosen[1])
    if held := visit.sent("held"):
        return visit.sent("file_name")[:200], box.unpack(held, visit.hub.limits), held
    return "", text.encode("utf-8", "surrogatepass"), ""


async def _pasted(visit: Visit, fields: Mapping[str, str], content: bytes) -> Pasted:
    def look() -> Pasted:
        return box.paste(content, fields["as"], visit.hub.limits, documentation=fields["documentation"] == "yes")

    return look() if len(content) <= _AS_THEY_ARE else await asyncio.to_thread(look)


async def _known(visit: Visit, pasted: Pasted) -> dict[str, Hits]:
    """What this account sees here already, by the key of a line."""
    values = list(dict.fromkeys(one.term[1] for one in pasted.lines if one.term is not None and one.term[0] in TYPES))
    if not values or "read" not in visit.account.scopes:
        return {}
    told = await search.lookup(visit.store, visit.caller, values, types=_ABOUT_VALUES, within=False)
    by_value = {
        (one.get("kind"), one.get("value")): Hits(
            tuple(_hit(hit, visit) for hit in one["hits"]),
            query_string({"q": one["value"], "kind": one["kind"]}) if one["more"] else "",
        )
        for one in told
        if one["hits"]
    }
    return {line.key: by_value[line.term] for line in pasted.lines if line.term in by_value}


def _hit(one: Mapping[str, Any], visit: Visit) -> Hit:
    until = one.get("valid_until")
    return Hit(
        one["object"], one["group"], one["collection"], one.get("originator", ""), one.get("level", ""),
        mine=one.get("originator") == visit.account.organisation,
        expired=until is not None and timestamps.parse(until) <= visit.store.now(),
        doubted=one["false_positives"] > 0,
        sightings=one["sightings"],
        more_sightings=one.get("more_sightings", False),
    )  # fmt: skip


def _chosen(visit: Visit, pasted: Pasted, known: Mapping[str, Hits]) -> list[Line]:
    """What is ticked. `all` and `none` tick for who has no JavaScript."""
    if (do := visit.sent("do")) in ("all", "none"):
        return list(pasted.lines) if do == "all" else []
    return box.chosen(pasted, visit.chosen("take"), visit.sent("shown").split(), known.keys())


async def _offer(
    visit: Visit, fields: Mapping[str, str], there: Places, pasted: Pasted, lines: Sequence[Line], at: int
) -> _Offer:
    place = there.chosen
    if place is None or not lines:
        return _Offer()
    try:
        reach = await visit.reach(place.group, place.collection)
        made: tuple[Draft, ...] = ()
        level = None
        if pasted.stix:
            body = box.envelope([one.obj.raw for one in lines if one.obj is not None])
        else:
            choices = _choices(visit, fields, there, place, pasted)
            level = choices.level
            found = [one.found for one in lines if one.found is not None]
            known: dict[str, Known | None] = {}
            while ids := unasked(found, choices, known):
                known |= await own.last(visit.store, visit.caller, reach, ids)
            drafted = drafts(found, choices, now=at, known=known)
            made = drafted.drafts
            if not made:
                return _Offer(refusal=reasons.refused("unknown_type", visit.say))
            body = box.envelope([one.body for one in made])
        items = await audience.foreseen(visit.store, visit.caller, reach, body, limits=visit.hub.limits)
    except HubError as error:
        return _Offer(refusal=visit.refusal(error))
    return _Offer(body, made, together(items), level=level)


def _choices(visit: Visit, fields: Mapping[str, str], there: Places, place: Place, pasted: Pasted) -> Choices:
    """What is said of all values. Raises Invalid."""
    until = dates.parse(fields["until"]) if fields["until"] else None
    if fields["until"] and until is None:
        raise Invalid(visit.say("The day it is valid until cannot be read: 2026-12-31, for one."))
    words = [fields["word"], *fields["labels"].split(",")]
    return Choices(
        place.group,
        visit.account.organisation,
        place.level(level_of(fields["level"]), pasted.says),
        pap=fields["pap"] or None,
        confidence=_number(fields["confidence"]),
        until=until,
        days=_number(fields["days"]),
        name=fields["name"],
        description=fields["context"].replace("\r\n", "\n"),
        references=(fields["reference"],) if fields["reference"] else (),
        words=tuple(one.strip() for one in words if one.strip()),
        created_by_ref=there.identity,
    )


def _number(text: str) -> int | None:
    if not text:
        return None
    if not (text.isascii() and text.isdecimal() and len(text) < 10):  # noqa: PLR2004 - as no number here has
        raise Invalid("A number is written in digits.")
    return int(text)


def _not_yet(
    visit: Visit, fields: Mapping[str, str], there: Places, pasted: Pasted, lines: Sequence[Line], offer: _Offer
) -> str:
    """Why it is not shared now: it is not what was shown, or needs a word more."""
    if there.chosen is None:
        return visit.say("This account may write to no collection.")
    if not lines:
        return visit.say("Nothing is chosen: tick what is to be shared.")
    if _undercut(pasted, offer) and fields["further"] != "yes":
        return visit.say("The text itself speaks of a stricter level: only its source may let it go further.")
    return "" if offer.digest(there.chosen) == visit.sent("looked") else visit.say(_AGAIN)


def _undercut(pasted: Pasted, offer: _Offer) -> bool:
    return pasted.says is not None and offer.level is not None and offer.level < pasted.says


def _page(
    visit: Visit,
    fields: Mapping[str, str],
    there: Places,
    pasted: Pasted,
    lines: Sequence[Line],
    offer: _Offer,
    *,
    status: int = 200,
    **told: Any,
) -> Response:
    place = there.chosen
    given: dict[str, Any] = {"known": dict[str, Any](), "file": "", "held": "", "at": 0, "refused": ""} | told
    return visit.page(
        "home.html",
        block="found",
        status=status,
        fields=fields,
        there=there,
        pasted=pasted,
        ticked={one.key for one in lines},
        becomes=_fates(visit, lines, offer),
        offer=offer,
        looked=offer.digest(place) if place is not None else "",
        says="" if pasted.says is None else f"TLP:{NAMES[pasted.says]}",
        usual="" if place is None else f"TLP:{NAMES[place.level(None, pasted.says)]}",
        undercut=_undercut(pasted, offer),
        words=taxonomy.chief(),
        pap=PAP,
        days=DAYS,
        sure=SURE,
        kinds=KINDS,
        read_as=READ_AS,
        reasons=reasons,
        twin=_twin(fields, place, pasted, offer),
        **given,
    )


@dataclass(frozen=True, slots=True)
class Fate:
    """What would become of a line, in words, and until which day it would be valid."""

    text: str
    bad: bool
    until: str


def _fates(visit: Visit, lines: Sequence[Line], offer: _Offer) -> dict[str, Fate]:
    """What would become of each line, by its key."""
    if offer.foreseen is None:
        return {}
    said: dict[tuple[str, str], str] = {}
    drafted = {(one.type, one.value): one for one in offer.drafts}
    found: dict[str, Fate] = {}
    for one in lines:
        draft = drafted.get((one.type, one.value)) if one.obj is None else None
        outcome = offer.foreseen.by_object.get(one.name if draft is None else draft.id)
        if outcome is not None:
            if outcome not in said:
                said[outcome] = _fate(visit, *outcome)
            ends = None if draft is None else draft.valid_until
            until = "" if ends is None else timestamps.render(ends)[:10]
            found[one.key] = Fate(said[outcome], outcome[0] in ("refused", "recalled"), until)
    return found


def _fate(visit: Visit, outcome: str, message: str) -> str:
    text = visit.say(reasons.FORESEEN.get(outcome, outcome))
    if not message or outcome in ("duplicate", "recalled"):
        return text
    return f"{text} {visit.say(reasons.HELD) if message.startswith('held:') else reasons.told(message, visit.say)}"


def _twin(fields: Mapping[str, str], place: Place | None, pasted: Pasted, offer: _Offer) -> str:
    """What does the same in a shell."""
    parts = ["indicator-hub", "post", f"{place.group}/{place.alias}" if place else "GROUP/COLLECTION", "--file", "FILE"]
    if fields["as"]:
        parts += ["--as", fields["as"]]
    if offer.level is not None:
        parts += ["--level", NAMES[offer.level]]
    if not pasted.stix:
        named = (("pap", "pap"), ("confidence", "confidence"), ("days", "valid-days"), ("until", "valid-until"), ("name", "name"),
                 ("context", "description"), ("reference", "reference"))  # fmt: skip
        parts += [word for field, option in named if fields[field] for word in (f"--{option}", fields[field])]
        labels = [one.strip() for one in (fields["word"], *fields["labels"].split(",")) if one.strip()]
        parts += [word for label in labels for word in ("--label", label)]
        parts += [] if pasted.sure else ["--yes"]
    parts += ["--allow-documentation"] if fields["documentation"] == "yes" else []
    return shlex.join(parts)


async def _shared(visit: Visit) -> Response:
    """What became of it: for accounts of the organisation that shared it, as long as a status is kept."""
    reach = await visit.reach(visit["group"], visit["collection"])
    collection = reach.require_collection()
    told: dict[str, Any] = json.loads(await status(visit.store, reach, visit["status"], kept_for=visit.hub.status_kept))
    details = [(True, one) for one in told.get("failures", ())] + [(False, one) for one in told.get("successes", ())]
    values = await own.newest(visit.store, visit.caller, reach, [one["id"] for _, one in details])
    rows = [
        {"id": one["id"], "version": one["version"], "failed": failed, "message": one.get("message", ""),
         "value": box.name_of(values[one["id"]]) if one["id"] in values else "", "type": one["id"].partition("--")[0]}
        for failed, one in details
    ]  # fmt: skip
    return visit.page("shared.html", group=reach.group, collection=collection, told=told, rows=rows, reasons=reasons)


PAGES = (Page("/", _home, _sent), Page("/shared/{group}/{collection}/{status}/", _shared))
