"""What a property's value must be: one small function for each data type of STIX 2.1 section 2.

A kind is asked about a value and says None, or what is wrong as the end of a sentence that begins with the property's name.
"""

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from typing import Any, cast

from indicator_hub.stix import ids, timestamps
from indicator_hub.stix.vocabulary import NO_OBJECT

Kind = Callable[[Any], str | None]
Rule = Callable[[Mapping[str, Any]], str | None]
"""What must hold between the properties of one object; says a whole sentence."""

_KEY = re.compile(r"[A-Za-z0-9_-]{1,250}")
_PROPERTY = re.compile(r"[a-z][a-z0-9_]{2,249}")
_HASH_NAME = re.compile(r"[A-Za-z0-9_-]{3,250}")
_HEX = re.compile(r"(?:[0-9A-Fa-f]{2})++")
_BASE64 = re.compile(r"(?:[A-Za-z0-9+/]{4})*+(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?")
_LANGUAGE = re.compile(r"(?:[A-Za-z]{2,8}|[xXiI](?=-))(?:-[A-Za-z0-9]{1,8})*+")
_NO_TIMESTAMP = "must be a timestamp like 2026-01-31T12:00:00.000Z"
_DIGEST_LENGTHS = {"MD5": 32, "SHA-1": 40, "SHA-256": 64, "SHA-512": 128, "SHA3-256": 64, "SHA3-512": 128}


def string(value: Any) -> str | None:
    """STIX 2.1 section 2.15."""
    return None if type(value) is str else "must be a string"


def strings(value: Any) -> str | None:
    """A list of strings; no list may be empty (2.12)."""
    if type(value) is not list or not value:
        return "must be a list of strings, and not an empty one"
    for one in cast("list[Any]", value):
        if type(one) is not str:
            return "must be a list of strings, and not an empty one"
    return None


def boolean(value: Any) -> str | None:
    """2.1."""
    return None if value is True or value is False else "must be true or false"


def timestamp(value: Any) -> str | None:
    """2.16."""
    return None if timestamps.digits(value) is not None else _NO_TIMESTAMP


def millisecond(value: Any) -> str | None:
    """`created` and `modified`: to the millisecond at least (3.2)."""
    digits = timestamps.digits(value)
    if digits is None:
        return _NO_TIMESTAMP
    return None if digits >= timestamps.MILLISECONDS else "must have at least three sub-second digits"


def integer(least: int | None = None, most: int | None = None) -> Kind:
    """2.10, within these bounds. 85.0 and true are no integers."""
    bounds = "" if least is None else f" from {least} to {most}" if most is not None else f" of {least} or more"

    def check(value: Any) -> str | None:
        if type(value) is int and (least is None or value >= least) and (most is None or value <= most):
            return None
        return f"must be an integer{bounds}"

    return check


def number(least: float | None = None, most: float | None = None) -> Kind:
    """2.6, within these bounds."""

    def check(value: Any) -> str | None:
        if type(value) in (int, float) and (least is None or value >= least) and (most is None or value <= most):
            return None
        return (
            "must be a number"
            if least is None
            else f"must be a number from {least:g}" + (f" to {most:g}" if most is not None else "")
        )

    return check


def enumeration(*values: str) -> Kind:
    """A closed vocabulary (2.4): nothing else may stand there."""
    allowed = frozenset(values)

    def check(value: Any) -> str | None:
        return None if type(value) is str and value in allowed else f"must be one of {', '.join(values)}"

    return check


def hexadecimal(value: Any) -> str | None:
    """2.8."""
    return None if type(value) is str and _HEX.fullmatch(value) else "must be an even number of hexadecimal digits"


def binary(value: Any) -> str | None:
    """2.1."""
    return None if type(value) is str and _BASE64.fullmatch(value) else "must be base64"


def language(value: Any) -> str | None:
    """A tag of RFC 5646."""
    return None if type(value) is str and _LANGUAGE.fullmatch(value) else "must be a language tag (RFC 5646)"


@dataclass(frozen=True, slots=True)
class Targets:
    """Which types a reference may point at (`only`), or may not (`never`): there a type that is not STIX's own passes."""

    words: str
    only: Collection[str] = ()
    never: Collection[str] = ()

    def allow(self, kind: str) -> bool:
        """Whether an object of this type may stand there."""
        return kind in self.only if self.only else kind not in self.never


def ref(targets: Targets) -> Kind:
    """An identifier of one of these types (2.9)."""
    wrong = f"must be the id of {targets.words}"

    def check(value: Any) -> str | None:
        kind = ids.referred_type(value) if type(value) is str else None
        return None if kind is not None and targets.allow(kind) else wrong

    return check


def refs(targets: Targets) -> Kind:
    """A list of such identifiers."""
    one = ref(targets)
    wrong = f"must be a list of ids, and not an empty one; each of {targets.words}"

    def check(value: Any) -> str | None:
        if type(value) is not list or not value:
            return wrong
        for identifier in cast("list[Any]", value):
            if one(identifier) is not None:
                return wrong
        return None

    return check


def hashes(value: Any) -> str | None:
    """2.7: any algorithm may be named; a digest of a known one has its length."""
    if type(value) is not dict or not value:
        return "must be a dictionary of hashes, and not an empty one"
    for name, digest in cast("dict[str, Any]", value).items():
        if not _HASH_NAME.fullmatch(name):
            return "has a key that is no name of a hash"
        if type(digest) is not str or not digest:
            return f"must have a string for {name}"
        length = _DIGEST_LENGTHS.get(name)
        if length is not None and (len(digest) != length or not _HEX.fullmatch(digest)):
            return f"must have {length} hexadecimal digits for {name}"
    return None


def dictionary(value: Any) -> str | None:
    """2.3: keys of ASCII letters, digits, hyphen and underscore; anything inside."""
    if type(value) is not dict or not value:
        return "must be a dictionary, and not an empty one"
    for key, content in cast("dict[str, Any]", value).items():
        if not _KEY.fullmatch(key):
            return "has a key that is not made of letters, digits, - and _ (250 at most)"
        if (wrong := anything(content)) is not None:
            return wrong
    return None


def mapping(one: Kind) -> Kind:
    """A dictionary whose values are of this kind."""

    def check(value: Any) -> str | None:
        if (wrong := dictionary(value)) is not None:
            return wrong
        for key, content in value.items():
            if (wrong := one(content)) is not None:
                return f"is not right: {key[:40]} {wrong}"
        return None

    return check


def text_or_integer(value: Any) -> str | None:
    """Where the standard allows either."""
    return None if type(value) in (str, int) else "must be a string or an integer"


def text_or_texts(value: Any) -> str | None:
    """A header field, once or several times."""
    return None if type(value) is str else strings(value)


def second(value: Any) -> str | None:
    """A timestamp to the second: no fraction but zero."""
    if timestamps.digits(value) is None:
        return _NO_TIMESTAMP
    return None if "." not in timestamps.sort_key(value) else "must be precise to the second"


def anything(value: Any) -> str | None:
    """Any JSON in which no list and no dictionary is empty (2.3, 2.12)."""
    if type(value) is dict:
        if not value:
            return "holds an empty dictionary: leave it out"
        inside: Collection[Any] = cast("dict[str, Any]", value).values()
    elif type(value) is list:
        if not value:
            return "holds an empty list: leave it out"
        inside = cast("list[Any]", value)
    else:
        return None
    for one in inside:
        if (wrong := anything(one)) is not None:
            return wrong
    return None


def _custom(name: str, value: Any, beside: Mapping[str, Any]) -> str | None:
    """A property that is none of STIX's own: its name, and what its ending promises (3.1)."""
    if not _PROPERTY.fullmatch(name):
        return "is not a property name: a-z, 0-9 and _, beginning with a letter, 3 to 250 characters"
    if name.endswith("_enc") and name[:-4] not in beside:
        return f"needs {name[:-4]} beside it"
    promised = _PROMISED.get(name[name.rfind("_") :], anything)
    return promised(value)


ANY = Targets("a STIX object", never=NO_OBJECT)
MARK = Targets("a marking-definition", only=("marking-definition",))
_PROMISED: Mapping[str, Kind] = {"_ref": ref(ANY), "_refs": refs(ANY), "_hex": hexadecimal, "_bin": binary}


@dataclass(frozen=True, slots=True)
class Shape:
    """The properties of one type: their kinds, those it must have, and the rules between them."""

    kinds: dict[str, Kind]
    required: frozenset[str] = frozenset()
    rules: tuple[Rule, ...] = ()

    def where(self, *rules: Rule) -> "Shape":
        """The same, with these rules between its properties."""
        return replace(self, rules=rules)

    def check(self, value: Mapping[str, Any]) -> str | None:
        """What is wrong, as a sentence, or None."""
        kinds = self.kinds
        for name, content in value.items():
            kind = kinds.get(name)
            wrong = _custom(name, content, value) if kind is None else kind(content)
            if wrong is not None:
                return f"{name[:40]} {wrong}"
        if not self.required <= value.keys():
            return f"{min(self.required - value.keys())} is missing"
        for rule in self.rules:
            if (wrong := rule(value)) is not None:
                return wrong
        return None


def shape(*required: str, **kinds: Kind) -> Shape:
    """The shape with these kinds."""
    return Shape(kinds, frozenset(required))


def embedded(inner: Shape) -> Kind:
    """An object inside an object."""

    def check(value: Any) -> str | None:
        if type(value) is not dict or not value:
            return "must be a dictionary, and not an empty one"
        wrong = inner.check(cast("dict[str, Any]", value))
        return wrong and f"is not right: {wrong}"

    return check


def each(one: Kind) -> Kind:
    """A list of these."""

    def check(value: Any) -> str | None:
        if type(value) is not list or not value:
            return "must be a list, and not an empty one"
        for member in cast("list[Any]", value):
            if (wrong := one(member)) is not None:
                return f"has a member that {wrong}"
        return None

    return check


def own(special: Shape) -> Shape:
    """The shape of something that must say something: at least one of its own properties, beside those that it must have."""
    return special.where(*special.rules, some_of(*(name for name in special.kinds if name not in special.required)))


def not_before(earlier: str, later: str, *, strictly: bool = False) -> Rule:
    """Where both are given, `later` is no earlier than `earlier` (or later, strictly)."""
    sentence = f"{later} must be later than {earlier}" if strictly else f"{later} is earlier than {earlier}"

    def check(value: Mapping[str, Any]) -> str | None:
        if later not in value or earlier not in value:
            return None
        first, second = timestamps.sort_key(value[earlier]), timestamps.sort_key(value[later])
        return sentence if second < first or (strictly and second == first) else None

    return check


def some_of(*names: str) -> Rule:
    """At least one of these."""
    wrong = f"one of {', '.join(names[:5])}{' ...' if len(names) > 5 else ''} is missing"  # noqa: PLR2004 - enough to know
    some = frozenset(names)

    def check(value: Mapping[str, Any]) -> str | None:
        return wrong if some.isdisjoint(value) else None

    return check


def not_both(one: str, other: str) -> Rule:
    """At most one of the two."""

    def check(value: Mapping[str, Any]) -> str | None:
        return f"{one} and {other} exclude each other" if one in value and other in value else None

    return check


def only_with(name: str, *others: str) -> Rule:
    """Where `name` is given, the others are too."""

    def check(value: Mapping[str, Any]) -> str | None:
        missing = [other for other in others if other not in value]
        return f"{name} needs {missing[0]} beside it" if name in value and missing else None

    return check


def only_if(name: str, flag: str, wanted: bool) -> Rule:
    """`name` may be given only where the boolean `flag` is as wanted."""
    said = str(wanted).lower()

    def check(value: Mapping[str, Any]) -> str | None:
        return (
            f"{name} is for objects whose {flag} is {said}" if name in value and value.get(flag) is not wanted else None
        )

    return check
