"""What was typed, pasted or dropped into the box, read as the shell and feeds read it; and what of it a person chose. Nothing is stored here.

A form carries all of it from step to step: the text as text, a file packed. What is shared are the bytes that were shown: `at` and `looked` say
which those were.
"""

import base64
import hashlib
import io
import uuid
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from indicator_hub.errors import FeedFailed, Invalid, TooLarge, Unprocessable
from indicator_hub.limits import Limits
from indicator_hub.normalise.draft import said_level
from indicator_hub.normalise.loose import Found, recognised
from indicator_hub.normalise.refang import defang
from indicator_hub.normalise.row import Refusal
from indicator_hub.normalise.sniff import KINDS, Kind
from indicator_hub.normalise.text import Stream
from indicator_hub.normalise.unpack import unpacked
from indicator_hub.stix.pattern import Observable, observable_of
from indicator_hub.stix.reader import Received, read

MOST = 5_000
"""Values on one page: more are for the shell."""
_OF_VALUES = ("list", "hosts", "misp", "stix")
"""What says itself which of its words are indicators; whatever else is found is for review."""
_KEY = 6
_HOUR = 3_600_000_000
_OLDEST = 86_400_000_000
_DIGITS = 20


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the list: what was found. `key` names it in the form; `obj` are an object's own bytes, where STIX was given."""

    key: str
    type: str
    value: str
    row: int
    found: Found | None = None
    obj: Received | None = None
    name: str = ""
    """The id of an object."""
    term: tuple[str, str] | None = None
    """The value that it says, as it is looked up: its type and canonical form."""


@dataclass(frozen=True, slots=True)
class Pasted:
    """What was given. `kind` empty: nothing was. `says`: the TLP level that the text itself speaks of. `fault`: why it cannot be read as a whole."""

    kind: Kind | None = None
    lines: tuple[Line, ...] = ()
    refused: tuple[Refusal, ...] = ()
    repeated: int = 0
    says: int | None = None
    fault: str = ""

    @property
    def sure(self) -> bool:
        """Whether whoever made it says that these are indicators."""
        return self.kind in _OF_VALUES

    @property
    def stix(self) -> bool:
        """Whether objects are passed on as they are."""
        return self.kind == "stix"


def pack(content: bytes) -> str:
    """A file, as a field of a form carries it from step to step."""
    return base64.b64encode(zlib.compress(content)).decode()


def unpack(field: str, limits: Limits) -> bytes:
    """The file in a field. Raises Invalid for what is none, TooLarge where it is larger than a body may be."""
    reader = zlib.decompressobj()
    try:
        content = reader.decompress(base64.b64decode(field, validate=True), limits.body + 1)
    except (ValueError, zlib.error):
        raise Invalid("The file in this form is broken: choose it again.") from None
    if len(content) > limits.body:
        raise TooLarge(f"A file may hold {limits.body} bytes.")
    if not reader.eof:
        raise Invalid("The file in this form is broken: choose it again.")
    return content


def paste(content: bytes, kind: str, limits: Limits, *, documentation: bool) -> Pasted:
    """Everything in it, each value once. Never raises: what cannot be read says so."""
    if not content.strip():
        return Pasted()
    try:
        found_kind, found = recognised(content, _kind(kind), documentation=documentation)
        with unpacked(io.BytesIO(content)) as inner:
            text = Stream(inner).whole()
        if found_kind == "stix":
            return _of_stix(text, limits)
        # What a MISP event is marked with is read with each of its values.
        return _of_values(found_kind, found, None if found_kind == "misp" else said_level(text))
    except (FeedFailed, Invalid, Unprocessable, TooLarge) as error:
        return Pasted(_kind(kind) or "text", fault=error.detail or error.sentence)


def _kind(text: str) -> Kind | None:
    return next((one for one in KINDS if one == text), None)


def _of_values(kind: Kind, found: Iterable[Found | Refusal], says: int | None) -> Pasted:
    lines: dict[str, Line] = {}
    refused: dict[tuple[str, str], Refusal] = {}
    repeated = 0
    for one in found:
        if isinstance(one, Refusal):
            refused.setdefault((one.reason, one.raw), one)
        elif (key := _key(one.type, one.value, str(one.level), one.pap or "")) in lines:
            repeated += 1
        else:
            lines[key] = Line(key, one.type, one.value, one.row, found=one, term=(one.type, one.value))
        _require_few(len(lines) + len(refused))
    return Pasted(kind, tuple(lines.values()), tuple(refused.values()), repeated, says)


def _of_stix(text: str, limits: Limits) -> Pasted:
    received = read(text.encode("utf-8", "surrogatepass"), limits)
    _require_few(len(received))
    lines: dict[str, Line] = {}
    for number, one in enumerate(received, 1):
        given: Any = one.value
        value = cast("dict[str, Any]", given) if isinstance(given, dict) else dict[str, Any]()
        key = _key(str(number), hashlib.sha256(one.raw).hexdigest())
        kind, name = _text(value, "type") or "?", _text(value, "id")
        said = _observable(value)
        term = None if said is None else (said.type, said.value)
        lines[key] = Line(key, kind, _shown(value) or name, number, obj=one, name=name, term=term)
    return Pasted("stix", tuple(lines.values()))


def _require_few(number: int) -> None:
    if number > MOST:
        raise TooLarge(f"There are more than {MOST} values in it: share them with `indicator-hub post --file FILE`.")


def _shown(value: Mapping[str, Any]) -> str:
    """What an object is about, in a few words."""
    if pattern := _text(value, "pattern"):
        found = _observable(value)
        return found.value if found is not None else _text(value, "name") or pattern
    if _text(value, "type") == "relationship":
        return f"{_text(value, 'relationship_type')}: {_text(value, 'source_ref')} - {_text(value, 'target_ref')}"
    return _text(value, "name") or _text(value, "value")


def _observable(value: Mapping[str, Any]) -> Observable | None:
    pattern = _text(value, "pattern")
    return observable_of(pattern) if pattern and _text(value, "pattern_type") in ("", "stix") else None


def _text(value: Mapping[str, Any], name: str) -> str:
    found = value.get(name)
    return found[:8_192] if isinstance(found, str) else ""


def _key(*parts: str) -> str:
    digest = hashlib.sha256("\0".join(parts).encode("utf-8", "surrogatepass")).digest()
    return base64.urlsafe_b64encode(digest[:_KEY]).decode()


def chosen(pasted: Pasted, given: Collection[str], shown: Collection[str], doubtful: Collection[str]) -> list[Line]:
    """What is to be shared: what is ticked; of what was not shown yet all that its source is sure of, and nobody here doubts."""
    before, ticked = frozenset(shown), frozenset(given)
    return [
        one
        for one in pasted.lines
        if (one.key in ticked if one.key in before else pasted.sure and one.key not in doubtful)
    ]


def envelope(objects: Sequence[bytes]) -> bytes:
    """Objects as they are posted."""
    return b'{"objects":[' + b",".join(objects) + b"]}"


def instant(sent: str, now: int) -> int:
    """When what is shared was made: when it was looked at, as the form says; not later than now, nor more than a day earlier. In microseconds.

    The earliest is a full hour, so that an older form that is sent twice says the same both times.
    """
    if not (sent.isascii() and sent.isdecimal() and len(sent) < _DIGITS):
        return now
    return min(now, max(int(sent), (now - _OLDEST) // _HOUR * _HOUR + _HOUR))


def seed(sent: str) -> str:
    """What the ids of what is written follow from, as the form says: a form that is sent twice shares once. Another, where it says none."""
    try:
        return str(uuid.UUID(sent))
    except ValueError:
        return str(uuid.uuid4())


def name_of(value: Mapping[str, Any]) -> str:
    """What a stored object is about, safe to show."""
    return defang(_shown(value) or _text(value, "id"))
