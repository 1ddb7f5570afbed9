"""A feed's row to a candidate, and a candidate to the indicator that the hub publishes for it."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from indicator_hub.normalise import dates
from indicator_hub.normalise.observe import TYPES, Observation, observe
from indicator_hub.normalise.refang import defang
from indicator_hub.normalise.row import MAX_VALUE, Refusal, Row, cut
from indicator_hub.stix import canonical, indicator, pattern, vulnerability
from indicator_hub.stix.pattern import Observable
from indicator_hub.trust.roster import Feed

DAY = 86_400_000_000
VULNERABILITY = "cve"
MAX_LABELS = 50
MAX_LABEL = 250
MAX_DESCRIPTION = 4_096

_SEPARATOR = re.compile(r"[,;|]")
_TAG = re.compile(r"</?[A-Za-z!][^<>]*>")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_BLANKS = re.compile(r"[ \t]{2,}")
_NUMBER = re.compile(r"([0-9]{1,3})(?:\.[0-9]{1,6})?")
_NOTHING = frozenset({"", "-", "none", "null", "n/a"})
_JSON = json.JSONEncoder(separators=(",", ":"))
_HASHES = ("sha256", "sha1", "md5")
_AS_LABEL = frozenset({"wildcard", "tor"})


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one row offers for publication. `valid_from` is in microseconds since 1970, None where the feed names no date."""

    number: int
    raw: str
    observable: Observable
    notes: tuple[str, ...] = ()
    valid_from: int | None = None
    labels: tuple[str, ...] = ()
    confidence: int | None = None
    description: str = ""
    references: tuple[str, ...] = ()


def candidate(row: Row, feed: Feed, *, now: int, let_through: bool = False) -> Candidate | Refusal:
    """The candidate of a row, or a refusal that carries the row's number and raw text.

    `now` is in microseconds; a first sighting more than a day later is refused, as a clock or a column is wrong. `let_through`: a person has
    looked at it, and whatever is a value is taken.
    """
    fields = row.fields
    value = _value(fields)
    if len(value) > MAX_VALUE:
        return Refusal("too_long", cut(row.raw), row.number)
    expect = feed.expect
    if (word := fields.get("type", "").strip().lower()) and (expect := _type(word, feed)) is None:
        return Refusal("unknown_type", row.raw, row.number)
    found = observe(
        value,
        expect=expect,
        default_scheme=feed.default_scheme,
        documentation=feed.documentation,
        let_through=let_through,
    )
    if not isinstance(found, Observation):
        return Refusal(found.reason, row.raw, row.number)
    seen = None
    if (date := fields.get("first_seen", "")) and date.strip().lower() not in _NOTHING:
        if (seen := dates.parse(date)) is None:
            return Refusal("bad_date", row.raw, row.number)
        if seen > now + DAY and not let_through:
            return Refusal("future_date", row.raw, row.number)
    return Candidate(
        number=row.number,
        raw=row.raw,
        observable=found.observable,
        notes=found.notes,
        valid_from=seen,
        labels=_labels(fields.get("labels", ""), feed, found.notes),
        confidence=_confidence(fields.get("confidence", ""), feed),
        description=_description(fields.get("description", "")),
        references=_references(fields.get("reference", "")),
    )


def _value(fields: Mapping[str, str]) -> str:
    """The value, with its port where that has a column of its own, or with the other hashes of the same file."""
    value = fields.get("value", "").strip(" \t")
    if port := fields.get("port", "").strip():
        return f"[{value}]:{port}" if value.count(":") > 1 else f"{value}:{port}"
    others = [text for name in _HASHES if (text := fields.get(name, "").strip())]
    return " ".join(filter(None, (value, *others))) if others else fields.get("value", "")


def _type(word: str, feed: Feed) -> str | None:
    for theirs, ours in feed.types.items():
        if theirs.lower() == word:
            return ours
    return word if word in TYPES else None


def _labels(text: str, feed: Feed, notes: Sequence[str]) -> tuple[str, ...]:
    """Lower case, sorted, each once, at most 50; the feed's own come first in the count."""
    own = {label.lower() for label in feed.labels} | (_AS_LABEL & set(notes))
    if not text:
        return tuple(sorted(own)[:MAX_LABELS])
    words = {" ".join(_CONTROL.sub(" ", word).split()).lower()[:MAX_LABEL] for word in _SEPARATOR.split(text)}
    theirs = sorted(words - _NOTHING - own)[: max(0, MAX_LABELS - len(own))]
    return tuple(sorted([*own, *theirs])[:MAX_LABELS])


def _confidence(text: str, feed: Feed) -> int | None:
    """The row's number from 0 to 100, else the feed's default, never above the feed's cap."""
    found = _NUMBER.fullmatch(text.strip())
    value = feed.confidence if found is None or int(found[1]) > 100 else int(found[1])  # noqa: PLR2004 - the scale's end
    return None if value is None else min(value, feed.confidence_cap)


def _description(text: str) -> str:
    """Plain text, never HTML, with a limit on its length."""
    return _BLANKS.sub(" ", _TAG.sub(" ", _CONTROL.sub(" ", text))).strip()[:MAX_DESCRIPTION] if text else ""


def _references(text: str) -> tuple[str, ...]:
    """The web address where the feed tells more, in canonical form; anything else a feed may keep in that column is not published."""
    address = canonical.url(text.strip()) if text.startswith("http") and len(text) <= MAX_VALUE else None
    return (address,) if address else ()


def fingerprint(found: Candidate, feed: Feed) -> bytes:
    """The SHA-256 of all that decides what the indicator says, the times of its versions excepted: the same digest, no new version."""
    meaning = (
        feed.group,
        feed.organisation,
        feed.collection,
        feed.title if found.references else "",
        feed.level,
        feed.indicator_types,
        found.observable.type,
        found.observable.value,
        [(one.type, one.value) for one in found.observable.also],
        found.valid_from,
        found.labels,
        found.confidence,
        found.description,
        found.references,
    )
    return hashlib.sha256(_JSON.encode(meaning).encode("ascii")).digest()


def stix_id(found: Candidate, feed: Feed, marking_ids: Sequence[str]) -> str:
    """The id of what is made of a candidate, in the scope of the feed's group and organisation."""
    if found.observable.type == VULNERABILITY:
        return vulnerability.id_of(feed.group, feed.organisation, marking_ids, found.observable.value)
    return indicator.id_of(feed.group, feed.organisation, marking_ids, pattern.render(found.observable))


def to_object(
    found: Candidate,
    feed: Feed,
    *,
    stix_id: str,
    created_by_ref: str,
    created: int,
    modified: int,
    marking_ids: Sequence[str],
    now: int,
) -> dict[str, object]:
    """The indicator of a candidate, or the vulnerability that it names, in the scope of the feed's group and organisation.

    Instants are microseconds since 1970. `now` is the time of ingest, from which an indicator is valid whose feed names no date.
    """
    references = [{"source_name": feed.title or feed.name, "url": address} for address in found.references]
    if found.observable.type == VULNERABILITY:
        return vulnerability.build(
            stix_id=stix_id, marking_ids=marking_ids, cve=found.observable.value, created_by_ref=created_by_ref,
            created=created, modified=modified, description=found.description, labels=found.labels, confidence=found.confidence,
            external_references=references,
        )  # fmt: skip
    return indicator.build(
        stix_id=stix_id,
        marking_ids=marking_ids,
        pattern=pattern.render(found.observable),
        name=defang(found.observable.value),
        created_by_ref=created_by_ref,
        created=created,
        modified=modified,
        valid_from=now if found.valid_from is None else found.valid_from,
        description=found.description,
        indicator_types=feed.indicator_types,
        labels=found.labels,
        confidence=found.confidence,
        external_references=references,
    )
