"""Values that an analyst has looked at to the objects that are posted for them: for the shell and the console.

The id follows from scope (organisation, group), marks and value, so that who posts a value again makes a new version of the same object, and no
second one. It is another than a feed's id for the same value: no feed ever makes a new version of what a person wrote.
"""

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from indicator_hub.errors import Invalid
from indicator_hub.normalise import validity
from indicator_hub.normalise.loose import Found
from indicator_hub.normalise.refang import defang
from indicator_hub.normalise.row import UNSTORABLE, Refusal
from indicator_hub.stix import canonical, ids, indicator, pattern, taxonomy, vulnerability
from indicator_hub.stix.markings import TLP, TLP_IDS
from indicator_hub.stix.timestamps import LAST, parse
from indicator_hub.trust.ladder import LEVELS, NAMES

MAX_NAME = 250
MAX_DESCRIPTION = 4_096
MAX_LABELS = 50
MAX_LABEL = 250
MAX_DAYS = 3_650
PAP = ("clear", "green", "amber", "red")
_DAY = 86_400_000_000
_MILLISECOND = 1_000
_CVE = "cve"
_PATTERN = "stix-pattern"
_BY_A_PERSON = "person"
"""In the recipe of ids it stands where a feed's has none."""
_UNKNOWN = ("unknown",)
_AS_LABEL = frozenset({"wildcard", "tor"})
_SAYS = re.compile(r"\bTLP[ :=_-]{0,3}(AMBER[ +_-]STRICT|CLEAR|WHITE|GREEN|AMBER|RED)\b", re.IGNORECASE)


@dataclass(frozen=True)
class Choices:
    """What an analyst says of all values at once, and in which scope. Instants in microseconds. Raises Invalid, saying what is wrong.

    `level` None: no TLP mark, so that the collection's own level counts. `until` goes before `days`; without both each value lasts as long as its
    kind does. `words` are labels and words of the taxonomy; `references` addresses where more is told; `marks` ids of further marking-definitions.
    """

    group: str
    organisation: str
    level: int | None = None
    marks: tuple[str, ...] = ()
    pap: str | None = None
    confidence: int | None = None
    begin: int | None = None
    until: int | None = None
    days: int | None = None
    name: str = ""
    description: str = ""
    references: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    created_by_ref: str = ""

    def __post_init__(self) -> None:
        _require(self.level is None or self.level in NAMES, f"The level is one of {', '.join(LEVELS)}.")
        _require(
            all(ids.type_of(mark) == "marking-definition" for mark in self.marks),
            "A mark is named by the id of a marking-definition.",
        )
        _require(not TLP.keys() & set(self.marks), "A TLP level is chosen as the level, not as a further mark.")
        _require(self.pap is None or self.pap in PAP, f"PAP is one of {', '.join(PAP)}.")
        _require(
            self.confidence is None or 0 <= self.confidence <= 100,  # noqa: PLR2004 - the scale of STIX 2.1, 3.2
            "The confidence is a number from 0 to 100.",
        )
        _require(
            self.days is None or 1 <= self.days <= MAX_DAYS, f"The validity is a number of days from 1 to {MAX_DAYS}."
        )
        _require(len(self.name) <= MAX_NAME, f"The name has more than {MAX_NAME} characters.")
        _require(
            len(self.description) <= MAX_DESCRIPTION, f"The description has more than {MAX_DESCRIPTION} characters."
        )
        _require(len(self.said.labels) <= MAX_LABELS, f"There are more than {MAX_LABELS} labels.")
        _require(all(len(word) <= MAX_LABEL for word in self.words), f"A label has more than {MAX_LABEL} characters.")
        _require(
            all(map(canonical.url, self.references)), "A reference is the address of a page, https://cert.example/1."
        )
        _require(
            not self.created_by_ref or ids.type_of(self.created_by_ref) == "identity",
            "The creator is named by the id of an identity.",
        )
        texts = (self.name, self.description, *self.words)
        _require(not any(map(UNSTORABLE.search, texts)), "A text holds U+0000, or half of a surrogate pair.")

    @cached_property
    def said(self) -> taxonomy.Harmonised:
        """The labels, with those of the taxonomy, and what they mean; sorted."""
        words = {" ".join(word.lower().split()) for word in self.words} - {""}
        meaning = taxonomy.harmonise(words)
        return replace(meaning, labels=tuple(sorted({*words, *meaning.labels})))


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Invalid(otherwise)


@dataclass(frozen=True, slots=True)
class Known:
    """The last version of an object that is there already. Instants in microseconds."""

    created: int
    modified: int
    valid_from: int | None
    revoked: bool

    @classmethod
    def of(cls, value: Mapping[str, Any]) -> "Known":
        """Of a well-formed object."""
        begin = value.get("valid_from")
        return cls(
            parse(value["created"]),
            parse(value["modified"]),
            parse(begin) if begin else None,
            value.get("revoked") is True,
        )


@dataclass(frozen=True, slots=True)
class Draft:
    """An object to be posted: its bytes, and the value and the row it was made of. `again`: it is a new version of what is there."""

    id: str
    type: str
    value: str
    row: int
    level: int | None
    valid_until: int | None
    body: bytes
    again: bool


@dataclass(frozen=True, slots=True)
class Drafted:
    """What became of all values: `repeated` counts those that stand there more than once."""

    drafts: tuple[Draft, ...]
    refused: tuple[Refusal, ...]
    repeated: int


def said_level(text: str) -> int | None:
    """The strictest TLP level that a text speaks of (a mail's `TLP:AMBER`); None where it speaks of none. To be looked at by a person."""
    found = (re.sub(r"[ _-]", "+", one.upper()).replace("WHITE", "CLEAR") for one in _SAYS.findall(text))
    return max((LEVELS[one] for one in found), default=None)


def unasked(found: Iterable[Found | Refusal], choices: Choices, known: Mapping[str, Known | None]) -> list[str]:
    """The ids of which must be known whether they are there: ask, and ask again with what was answered, until there are none.

    Only where the last version was withdrawn there is a second round: nothing may follow it, and the value begins anew under another id.
    """
    wanted = (_id(one, choices, known) for one in found if isinstance(one, Found) and _is_drafted(one))
    return list(dict.fromkeys(one for one in wanted if one not in known))


def drafts(
    found: Iterable[Found | Refusal], choices: Choices, *, now: int, known: Mapping[str, Known | None] | None = None
) -> Drafted:
    """An object for each value, in order. `now` in microseconds; `known` is what `unasked` asked for.

    A value that its source has marked more strictly than the analyst does keeps the stricter mark. Raises Invalid where the validity has no length.
    """
    made: dict[str, Draft] = {}
    refused: list[Refusal] = []
    counted: Counter[str] = Counter()
    for one in found:
        if isinstance(one, Refusal):
            refused.append(one)
        elif not _is_drafted(one):
            refused.append(Refusal("unknown_type", one.value, one.row))
        else:
            stix_id = _id(one, choices, known or {})
            if stix_id in made:
                counted["repeated"] += 1
            else:
                made[stix_id] = _draft(one, choices, stix_id, (known or {}).get(stix_id), now)
    return Drafted(tuple(made.values()), tuple(refused), counted["repeated"])


def _is_drafted(one: Found) -> bool:
    return one.type in pattern.TYPES or one.type in (_CVE, _PATTERN)


def _id(one: Found, choices: Choices, known: Mapping[str, Known | None]) -> str:
    """The first of its ids that is free, or whose object still lives."""
    kind, key = ("vulnerability", one.value) if one.pattern is None else ("indicator", _key(one))
    scope = (choices.group, choices.organisation, list(_marks(one, choices)), _BY_A_PERSON)
    turn = 0
    while True:
        stix_id = ids.derive(kind, *scope, turn, key)
        before = known.get(stix_id)
        if before is None or not before.revoked:
            return stix_id
        turn += 1


def _key(one: Found) -> str:
    """Of a file its strongest hash is the key, as for feeds: who knows more of its hashes speaks of the same indicator."""
    return one.pattern or "" if one.type == _PATTERN else pattern.render(pattern.Observable(one.type, one.value))


def _level(one: Found, choices: Choices) -> int | None:
    return max((level for level in (one.level, choices.level) if level is not None), default=None)


def _marks(one: Found, choices: Choices) -> Sequence[str]:
    level = _level(one, choices)
    return sorted({*choices.marks, *(() if level is None else (TLP_IDS[NAMES[level]],))})


def _draft(one: Found, choices: Choices, stix_id: str, before: Known | None, now: int) -> Draft:
    now -= now % _MILLISECOND
    begin = choices.begin if choices.begin is not None else (before and before.valid_from)
    begin = now if begin is None else begin
    pap = max((word for word in (one.pap, choices.pap) if word is not None), key=PAP.index, default=None)
    notes = _AS_LABEL.intersection(one.notes)
    labels: tuple[str, ...] = tuple(sorted({*choices.said.labels, *notes, *([f"pap:{pap}"] if pap else [])}))
    types = choices.said.indicator_types or _UNKNOWN
    common: dict[str, Any] = {
        "stix_id": stix_id, "marking_ids": _marks(one, choices), "created_by_ref": choices.created_by_ref,
        "created": now if before is None else before.created,
        "modified": now if before is None else max(now, before.modified - before.modified % _MILLISECOND + _MILLISECOND),
        "description": choices.description.strip(), "labels": labels, "confidence": choices.confidence,
        "external_references": [
            {"source_name": canonical.host_of(address), "url": address}
            for address in filter(None, map(canonical.url, choices.references))
        ],
    }  # fmt: skip
    if one.pattern is None:
        until, built = None, vulnerability.build(cve=one.value, **common)
    else:
        days = choices.days or validity.days(one.type, labels, types)
        # What was first seen long ago is as good as new to whoever posts it now.
        until = choices.until if choices.until is not None else min(max(now, begin) + days * _DAY, LAST)
        built = indicator.build(
            pattern=one.pattern, name=choices.name.strip() or _name(one), valid_from=begin, valid_until=until,
            indicator_types=types, **common,
        )  # fmt: skip
    return Draft(
        stix_id, one.type, one.value, one.row, _level(one, choices), until, indicator.encode(built), before is not None
    )


def _name(one: Found) -> str:
    return "A pattern" if one.type == _PATTERN else defang(one.value)[:MAX_NAME]
