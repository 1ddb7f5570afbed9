"""A feed's row to a candidate, and a candidate to the indicator that the hub publishes for it."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from indicator_hub.normalise import dates, marks, scales, validity
from indicator_hub.normalise.observe import TYPES, Observation, observe
from indicator_hub.normalise.refang import defang
from indicator_hub.normalise.row import MAX_VALUE, NOTHING, Refusal, Row, cut
from indicator_hub.normalise.said import MOST, Said
from indicator_hub.stix import canonical, indicator, pattern, taxonomy, vulnerability
from indicator_hub.stix.pattern import Observable
from indicator_hub.stix.taxonomy import Harmonised
from indicator_hub.trust.roster import Feed

DAY = 86_400_000_000
VULNERABILITY = "cve"
MAX_LABELS = MOST
MAX_LABEL = 250
MAX_DESCRIPTION = 4_096

_SEPARATOR = re.compile(r"[,;|]")
_HASHTAGS = re.compile(r"[,;|]|\s+(?=#)")
_TAG = re.compile(r"</?[A-Za-z!][^<>]*>")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\ud800-\udfff]")
_BLANKS = re.compile(r"[ \t]{2,}")
_HASHES = ("sha256", "sha1", "md5")
_AS_LABEL = frozenset({"wildcard", "tor"})
_UNKNOWN = ("unknown",)
_MAX_KEPT = 1_000
"""Longer texts are not kept in a cache: they are not the same twice, and would fill it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """What one row offers for publication. `valid_from` is None where the feed names no date, as `last_seen` and `valid_until` are.

    Instants are in microseconds. `level` is the TLP level that it is to bear, the stricter of the feed's and its own; None: the collection's default. `pap` is among the labels too.
    """

    number: int
    raw: str
    observable: Observable
    notes: tuple[str, ...] = ()
    valid_from: int | None = None
    labels: tuple[str, ...] = ()
    confidence: int | None = None
    description: str = ""
    references: tuple[str, ...] = ()
    indicator_types: tuple[str, ...] = _UNKNOWN
    level: int | None = None
    pap: str | None = None
    last_seen: int | None = None
    valid_until: int | None = None
    """Where the feed says an end itself."""


def candidate(row: Row, feed: Feed, *, now: int, let_through: bool = False) -> Candidate | Refusal:
    """The candidate of a row, or a refusal that carries the row's number and raw text.

    `now` is in microseconds; a first sighting more than a day later is refused, as a clock or a column is wrong. `let_through`: a person has
    looked at it, and whatever is a value is taken, unless it bears a mark that nobody can read.
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
    dated = _dated(fields, now if not let_through else None) if _DATES.intersection(fields) else _UNDATED
    if isinstance(dated, str):
        return Refusal(dated, row.raw, row.number)
    seen, last_seen, until = dated
    if (words := _said(fields, feed, found.notes)) is None:
        # It may be stricter than any mark we know: no person of ours can let it through, only its source can say what it means.
        return Refusal("bad_marking", row.raw, row.number)
    return Candidate(
        number=row.number,
        raw=row.raw,
        observable=found.observable,
        notes=found.notes,
        valid_from=seen,
        labels=words.labels,
        confidence=_confidence(fields.get("confidence", ""), feed),
        description=_description(fields.get("description", "")),
        references=_references(fields.get("reference", "")),
        indicator_types=words.indicator_types,
        level=feed.level if words.level is None else max(words.level, feed.level or 0),
        pap=words.pap,
        last_seen=last_seen,
        valid_until=until,
    )


_DATES = frozenset(("first_seen", "last_seen", "valid_until"))
_UNDATED: tuple[int | None, int | None, int | None] = (None, None, None)


def _dated(fields: Mapping[str, str], now: int | None) -> tuple[int | None, int | None, int | None] | str:
    """First and last sighting and the end, each None where there is none; or why one of them is none. `now` None: a sighting may lie ahead."""
    first, last = (_seen(fields.get(name, ""), now) for name in ("first_seen", "last_seen"))
    until = _seen(fields.get("valid_until", ""), None)
    for one in (first, last, until):
        if isinstance(one, str):
            return one
    return cast("tuple[int | None, int | None, int | None]", (first, last, until))


def _seen(text: str, now: int | None) -> int | str | None:
    if text.strip().lower() in NOTHING:
        return None
    seen = dates.parse(text)
    if seen is None:
        return "bad_date"
    return "future_date" if now is not None and seen > now + DAY else seen


def _value(fields: Mapping[str, str]) -> str:
    """The value, with its port where that has a column of its own, or with the other hashes of the same file."""
    value = fields.get("value", "").strip(" \t")
    if (port := fields.get("port", "").strip()) and port.lower() not in NOTHING:
        bare = value[1:-1] if value[:1] == "[" and value[-1:] == "]" else value
        return f"[{bare}]:{port}" if bare.count(":") > 1 else f"{value}:{port}"
    others = [text for name in _HASHES if (text := fields.get(name, "").strip()) and text.lower() not in NOTHING]
    if not others:
        return fields.get("value", "")
    # A value column that repeats one of the hashes, or says that it has none, is no further hash.
    if value.lower() in NOTHING or value.lower() in map(str.lower, others):
        return " ".join(others)
    return " ".join((value, *others))


def _type(word: str, feed: Feed) -> str | None:
    for theirs, ours in feed.types.items():
        if theirs.lower() == word:
            return ours
    return word if word in TYPES else None


@dataclass(frozen=True, slots=True)
class _Said:
    """What the words of a row, and those its feed declares, say of it."""

    labels: tuple[str, ...] = ()
    indicator_types: tuple[str, ...] = _UNKNOWN
    level: int | None = None
    pap: str | None = None


def _said(fields: Mapping[str, str], feed: Feed, notes: Sequence[str]) -> _Said | None:
    """What is said of a row; None where it bears a mark that cannot be read."""
    texts = fields.get("labels", ""), fields.get("category", ""), fields.get("tlp", ""), fields.get("pap", "")
    read = _read if sum(map(len, texts)) <= _MAX_KEPT else _read.__wrapped__
    noted = tuple(sorted(_AS_LABEL.intersection(notes))) if notes else ()
    theirs = tuple(feed.taxonomy.items()) if feed.taxonomy else ()
    return read(texts, feed.labels, noted, theirs, feed.indicator_types)


@lru_cache(maxsize=8_192)
def _read(
    texts: tuple[str, str, str, str],
    declared: tuple[str, ...],
    notes: tuple[str, ...],
    theirs: tuple[tuple[str, str], ...],
    types: tuple[str, ...],
) -> _Said | None:
    """Once for each combination that a feed has: they are few, and its rows many.

    Labels are in lower case, sorted, each once, at most 50: first count the feed's own and the harmonised ones. Indicator types are those of the row's
    words, else those the feed declares, else those of the labels it declares.
    """
    labels, category, tlp, pap = texts
    words, (own, of_feed) = _words(labels), _own(declared, theirs)
    if category:
        words |= _words(category)
    if inline := {word for word in words if marks.is_mark(word)}:
        words -= inline
        tlp = ",".join([tlp, *(word for word in inline if word.startswith("tlp"))])
        pap = ",".join([pap, *(word for word in inline if word.startswith("pap"))])
    try:
        level, acts = marks.level(tlp) if tlp else None, marks.pap(pap) if pap else None
    except ValueError:
        return None
    of_row = _meaning(words, theirs)
    if types == _UNKNOWN:
        types = of_feed.indicator_types or types
    kept = own.union(notes, of_row.labels, [f"pap:{acts}"] if acts else ())
    every = words | kept
    if len(every) > MAX_LABELS:
        every = [*sorted(kept), *sorted(words - kept)][:MAX_LABELS]
    return _Said(tuple(sorted(every)), of_row.indicator_types or types, level, acts)


@lru_cache(maxsize=256)
def _own(declared: tuple[str, ...], theirs: tuple[tuple[str, str], ...]) -> tuple[frozenset[str], Harmonised]:
    """The labels that a feed declares, in lower case, with the harmonised ones, and what they mean."""
    own = {label.lower() for label in declared}
    meaning = _meaning(own, theirs)
    return frozenset(own.union(meaning.labels)), meaning


def _meaning(words: set[str], theirs: tuple[tuple[str, str], ...]) -> Harmonised:
    """What words mean; the feed's own sense of one comes first."""
    if not theirs:
        return taxonomy.harmonise(words)
    ours = {taxonomy.key(word): meant for word, meant in theirs}
    return taxonomy.harmonise(ours.get(taxonomy.key(word), word) for word in words)


def _words(text: str) -> set[str]:
    """The words of a cell: parted by commas, semicolons and bars, hashtags by blanks too; without what means that there is none."""
    if not text:
        return set()
    text = _CONTROL.sub(" ", text).lower()
    if "#" not in text:
        return {" ".join(part.split())[:MAX_LABEL] for part in _SEPARATOR.split(text)} - NOTHING
    parts = (_HASHTAGS if text.lstrip().startswith("#") else _SEPARATOR).split(text)
    plain = (" ".join(part.split()) for part in parts)
    return {(word[1:] if word[:1] == "#" else word)[:MAX_LABEL] for word in plain} - NOTHING


def _confidence(text: str, feed: Feed) -> int | None:
    """What the row says on the feed's scale, else the feed's default, never above the feed's cap; none where the source cannot judge."""
    # A MISP event says it in MISP's own words, whatever else is declared.
    found = (
        scales.value("misp" if feed.format == "misp" else feed.confidence_scale, text)
        if 0 < len(text) <= _MAX_KEPT
        else None
    )
    if found == scales.UNJUDGED:
        return None
    value = feed.confidence if found is None else found
    return None if value is None else min(value, feed.confidence_cap)


def _description(text: str) -> str:
    """Plain text, never HTML, with a limit on its length."""
    return _BLANKS.sub(" ", _TAG.sub(" ", _CONTROL.sub(" ", text))).strip()[:MAX_DESCRIPTION] if text else ""


def _references(text: str) -> tuple[str, ...]:
    """The web address where the feed tells more, in canonical form; anything else a feed may keep in that column is not published."""
    address = canonical.url(text.strip()) if text.startswith("http") and len(text) <= MAX_VALUE else None
    return (address,) if address else ()


def said(found: Candidate, feed: Feed) -> Said:
    """What the feed says of the value in this row."""
    references = tuple((feed.title or feed.name, address) for address in found.references)
    hashes = tuple((one.type, one.value) for one in found.observable.also)
    types = tuple(sorted(found.indicator_types))
    return Said(feed.collection, found.labels, types, found.confidence, found.description, references, hashes)


def window(found: Candidate, feed: Feed) -> int:
    """How long it is true after it was last seen, in microseconds."""
    return validity.window(feed, found.observable.type, found.labels, found.indicator_types)


def until(found: Candidate, feed: Feed, *, now: int) -> int | None:
    """When it ends, in microseconds, as long as nobody sees it again: the window after it was last seen, or the feed's own end where that is earlier.

    None for a vulnerability. What a feed lists without a date it sees now; a dated report saw it then.
    """
    if found.observable.type == VULNERABILITY:
        return None
    reported = found.valid_from if feed.kind == "event" else None
    last = next((one for one in (found.last_seen, reported) if one is not None), now)
    end = last + window(found, feed)
    return end if found.valid_until is None else min(end, found.valid_until)


def stix_id(found: Candidate, feed: Feed, marking_ids: Sequence[str]) -> str:
    """The id of what is made of a candidate, in the scope of the feed's group and organisation."""
    if found.observable.type == VULNERABILITY:
        return vulnerability.id_of(feed.group, feed.organisation, marking_ids, found.observable.value)
    # Of a file its strongest hash is the key: who knows more of its hashes speaks of the same indicator.
    key = pattern.render(found.observable if not found.observable.also else found.observable._replace(also=()))
    return indicator.id_of(feed.group, feed.organisation, marking_ids, key)


def to_object(
    observable: Observable,
    said: Said,
    *,
    stix_id: str,
    created_by_ref: str,
    created: int,
    modified: int,
    marking_ids: Sequence[str],
    valid_from: int,
    valid_until: int | None,
) -> dict[str, object]:
    """The indicator of a value, or the vulnerability that it names, with what is said of it. Instants are microseconds since 1970."""
    references = [{"source_name": name, "url": address} for name, address in said.references]
    if observable.type == VULNERABILITY:
        return vulnerability.build(
            stix_id=stix_id, marking_ids=marking_ids, cve=observable.value, created_by_ref=created_by_ref,
            created=created, modified=modified, description=said.description, labels=said.labels, confidence=said.confidence,
            external_references=references,
        )  # fmt: skip
    return indicator.build(
        stix_id=stix_id,
        marking_ids=marking_ids,
        pattern=pattern.render(
            observable._replace(also=tuple(Observable(*one) for one in said.hashes)) if said.hashes else observable
        ),
        name=defang(observable.value),
        created_by_ref=created_by_ref,
        created=created,
        modified=modified,
        valid_from=valid_from,
        valid_until=valid_until,
        description=said.description,
        indicator_types=said.indicator_types,
        labels=said.labels,
        confidence=said.confidence,
        external_references=references,
    )
