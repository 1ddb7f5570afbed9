"""The values a declaration is made of, each with the sentence that says what is wrong with another.

All come as text (`document.py`). A validator's ValueError is the mistake's sentence.
"""

import difflib
import re
import unicodedata
import uuid
from collections.abc import Iterable
from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, PlainValidator, StringConstraints

from indicator_hub.stix import ids, taxonomy, timestamps
from indicator_hub.stix.pattern import TYPE_GROUPS, TYPES
from indicator_hub.trust.ladder import LEVELS
from indicator_hub.trust.nations import require_nation

MAX_TEXT = 4_000
# Words that follow a group's name in a TAXII address, or would be misread there.
RESERVED = frozenset({"collections", "status", "objects", "manifest", "versions", "taxii2", "api"})
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{0,62}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_WEB = re.compile(r"https?://[^\s/]+", re.ASCII)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://", re.ASCII)
# Marks that turn the reading direction: with them a reviewer would be shown another text than the hub reads.
_TURNING = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


def nearest(word: str, known: Iterable[str], shown: Iterable[str] | None = None) -> str:
    """A sentence's end that offers the known word nearest to this one, or all of them; of a long list, those to be `shown`."""
    words = list(known)
    near = difflib.get_close_matches(word, words, n=1)
    offered = words if shown is None else shown
    return f'did you mean "{near[0]}"?' if near else f"possible here: {', '.join(offered) or 'none yet'}"


def _require_text(text: str) -> str:
    if any(
        (unicodedata.category(character) == "Cc" and character not in "\n\t") or character in _TURNING
        for character in text
    ):
        raise ValueError("holds control characters: write plain text")
    return text


def _require_name(text: object) -> str:
    if not isinstance(text, str) or not _NAME.fullmatch(text):
        raise ValueError(f'"{text}" cannot be a name: use at most 63 of a-z, 0-9 and -, and do not begin with -')
    return text


def _require_group_name(text: object) -> str:
    name = _require_name(text)
    if name in RESERVED:
        raise ValueError(f'"{name}" cannot be a group\'s name, the hub uses it in its addresses: choose another')
    return name


def _require_alias(text: object) -> str:
    name = _require_name(text)
    # One address takes an id or an alias, so neither may look like the other.
    if _looks_like_uuid(name):
        raise ValueError(f'"{name}" cannot be a collection\'s alias, it looks like an id: choose a word')
    return name


def _looks_like_uuid(text: str) -> bool:
    try:
        uuid.UUID(text)
    except ValueError:
        return False
    return True


def _require_uuid4(text: str) -> str:
    if not ids.is_uuid4(text):
        raise ValueError(
            f'"{text}" is not a version 4 UUID in lower case: python -c "import uuid; print(uuid.uuid4())" makes one'
        )
    return text


def _require_identity(text: str) -> str:
    if ids.type_of(text) != "identity":
        raise ValueError(f'"{text}" is not the id of a STIX identity: write identity-- and its UUID in lower case')
    return text


def _require_email(text: str) -> str:
    if text and not _EMAIL.fullmatch(text):
        raise ValueError(f'"{text}" is not an e-mail address: write name@host')
    return text


def _require_source(text: str) -> str:
    if _SCHEME.match(text) and not _WEB.match(text):
        raise ValueError(
            f'"{text}" is neither a path nor a web address: write a path, or begin with https:// or http://'
        )
    return text


def _delimiter(text: object) -> str:
    if not isinstance(text, str) or len(text) != 1 or text in "\r\n\"'":
        raise ValueError('must be one character, such as "," or "\\t"')
    return text


def _require_observable(text: str) -> str:
    known = TYPES | TYPE_GROUPS | {"cve"}
    if text not in known:
        raise ValueError(f'"{text}" is not a type of observable: {nearest(text, sorted(known))}')
    return text


def _require_taxonomy_word(text: str) -> str:
    if taxonomy.meaning_of(text) is taxonomy.NOTHING:
        offer = nearest(taxonomy.key(text), taxonomy.known(), taxonomy.chief())
        raise ValueError(f'"{text}" is not a word of the taxonomy: {offer}')
    return text


def _instant(text: object) -> int:
    if not isinstance(text, str):
        raise ValueError("must be a date, such as 2025-06-01")  # noqa: TRY004 - pydantic takes only ValueError as a mistake
    whole = f"{text}T00:00:00Z" if _DATE.fullmatch(text) else text
    if not timestamps.is_timestamp(whole):
        raise ValueError(
            f'"{text}" is not a date: write one such as 2025-06-01, or an instant in UTC such as 2025-06-01T08:30:00Z'
        )
    return timestamps.parse(whole)


def _interval(text: object) -> int:
    found = re.fullmatch(r"([1-9][0-9]{0,3})(s|m|h|d)", text, re.ASCII) if isinstance(text, str) else None
    if found is None:
        raise ValueError("must be an interval, such as 15m, 6h or 1d")
    return int(found[1]) * _UNITS[found[2]]


_UNITS = {"s": 1_000_000, "m": 60_000_000, "h": 3_600_000_000, "d": 86_400_000_000}


def _flag(text: object) -> bool:
    if text not in ("true", "false"):
        raise ValueError("must be true or false")
    return text == "true"


def _number(text: object) -> int:
    if not isinstance(text, str) or not re.fullmatch(r"[0-9]{1,9}", text, re.ASCII):
        raise ValueError("must be a whole number")
    return int(text)


_MOST_DAYS = 3_650


def _days(value: object) -> int:
    number = _number(value)
    if not 0 < number <= _MOST_DAYS:
        raise ValueError(f"must be a number of days from 1 to {_MOST_DAYS}")
    return number


def _percentage(text: object) -> int:
    number = _number(text)
    if number > 100:  # noqa: PLR2004 - STIX confidence is 0 to 100
        raise ValueError("must be a whole number from 0 to 100")
    return number


def _level(text: object) -> int:
    if not isinstance(text, str):
        raise ValueError(f"must be a TLP level: {', '.join(LEVELS)}")  # noqa: TRY004 - as above
    if text == "WHITE":
        raise ValueError('"WHITE" is the old name: write CLEAR')
    if text not in LEVELS:
        raise ValueError(f'"{text}" is not a TLP level: {nearest(text, LEVELS)}')
    return LEVELS[text]


def _column(text: object) -> str | int:
    if not isinstance(text, str) or not text.strip("0"):
        raise ValueError("must be a column's name, or its number counted from 1")
    return int(text) if re.fullmatch(r"[0-9]{1,4}", text, re.ASCII) else text


Text = Annotated[str, StringConstraints(min_length=1, max_length=MAX_TEXT), AfterValidator(_require_text)]
MaybeText = Annotated[str, StringConstraints(max_length=MAX_TEXT), AfterValidator(_require_text)]
Name = Annotated[str, PlainValidator(_require_name)]
GroupName = Annotated[str, PlainValidator(_require_group_name)]
Alias = Annotated[str, PlainValidator(_require_alias)]
Nation = Annotated[str, AfterValidator(require_nation)]
Instant = Annotated[int, BeforeValidator(_instant)]
HeaderName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-]{1,100}$")]
Interval = Annotated[int, BeforeValidator(_interval)]
Flag = Annotated[bool, BeforeValidator(_flag)]
Percentage = Annotated[int, BeforeValidator(_percentage)]
Days = Annotated[int, BeforeValidator(_days)]
Level = Annotated[int, BeforeValidator(_level)]
Observable = Annotated[str, AfterValidator(_require_observable)]
TaxonomyWord = Annotated[str, AfterValidator(_require_taxonomy_word)]
Uuid4 = Annotated[str, AfterValidator(_require_uuid4)]
Identity = Annotated[str, AfterValidator(_require_identity)]
Email = Annotated[MaybeText, AfterValidator(_require_email)]
Source = Annotated[Text, AfterValidator(_require_source)]
Delimiter = Annotated[str, PlainValidator(_delimiter)]
ColumnOf = Literal[
    "value", "port", "sha256", "sha1", "md5", "type", "first_seen", "last_seen", "valid_until", "description", "labels", "category", "tlp", "pap", "confidence", "reference"
]  # fmt: skip
Column = Annotated[str | int, BeforeValidator(_column)]
