"""What an object is found by: the values in it, in canonical form, and what it says of itself. Read once, when it comes; never raises.

Of a pattern that says one value, or several joined by OR, the values are the whole meaning (part WHOLE): such a value may stand in a block list.
Of any other pattern they are some of it (SOME). The host of a URL or of an endpoint is found too (WITHIN), and is never listed for that.
"""

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple, cast

from indicator_hub.stix import canonical, pattern, timestamps
from indicator_hub.stix.pattern import Observable

WHOLE, SOME, WITHIN = 0, 1, 2
LONGEST_NAME = 200
_DIGEST = 16
_TEXT = r"'[^'\\]*+(?:\\['\\][^'\\]*+)*+'"
_PATH = r"[a-z0-9-]++:[A-Za-z0-9_-]++(?:\.(?:[A-Za-z0-9_-]++|'[^'\\]*+')|\[(?:[0-9]++|\*)\])*+"
_COMPARISON = re.compile(rf"({_PATH})\s*+(?:=\s*+({_TEXT}|[0-9]{{1,10}}(?![0-9.]))|IN\s*+\(([^()]*+)\))|{_TEXT}")
_ONE_TEXT = re.compile(_TEXT)
_ONLY_OR = re.compile(r"[\s\[\]()]*+(?:OR[\s\[\]()]*+)*+")
_ENDS = re.compile(r"network-traffic:(?:src|dst)_ref\.value")
_NAMED = {"domain-name": "value", "url": "value", "email-addr": "value", "ipv4-addr": "value", "ipv6-addr": "value", "mac-addr": "value",
          "mutex": "name", "autonomous-system": "number", "windows-registry-key": "key", "directory": "path", "process": "command_line",
          "x-cryptocurrency-wallet": "address"}  # fmt: skip
"""Of an observable the property that names it."""


class Term(NamedTuple):
    """One value of an object, which part of it it is, and the key under which it is found."""

    kind: str
    value: str
    part: int
    digest: bytes


class Summary(NamedTuple):
    """What an object says of itself; None where it says nothing. Instants in microseconds; `labels` as `label_text` writes them."""

    name: str | None
    confidence: int | None
    valid_from: int | None
    valid_until: int | None
    labels: str | None


def digest(kind: str, value: str) -> bytes:
    """The key under which a value is found. Windows does not tell keys of its registry by case."""
    told = value.casefold() if kind == "windows-registry-key" else value
    return hashlib.sha256(f"{kind} {told}".encode("utf-8", "surrogatepass")).digest()[:_DIGEST]


def label_text(labels: Iterable[str]) -> str | None:
    """Labels as one text, `/a/b/`, in small letters and in order; a slash in one is written %2F. None for none."""
    written = sorted({_label(one) for one in labels})
    return f"/{'/'.join(written)}/" if written else None


def label_part(label: str) -> str:
    """One label as it stands in that text."""
    return f"/{_label(label)}/"


def labels_of(text: str | None) -> list[str]:
    """The labels in such a text."""
    return [one.replace("%2f", "/").replace("%25", "%") for one in (text or "").strip("/").split("/") if one]


def _label(one: str) -> str:
    small = one.lower()
    return small.replace("%", "%25").replace("/", "%2f") if "%" in small or "/" in small else small


def summary(value: Mapping[str, Any]) -> Summary:
    """What an acceptable object says of itself."""
    name, confidence = value.get("name"), value.get("confidence")
    labels = [one for field in ("labels", "indicator_types") for one in _texts(value.get(field))]
    return Summary(
        name[:LONGEST_NAME] if isinstance(name, str) and name else None,
        confidence if type(confidence) is int and 0 <= confidence <= 100 else None,  # noqa: PLR2004 - STIX 2.1, 3.2
        timestamps.instant(value.get("valid_from")),
        timestamps.instant(value.get("valid_until")),
        label_text(labels) if labels else None,
    )


def terms(value: Mapping[str, Any]) -> tuple[Term, ...]:
    """The values in an acceptable object, each once: the part it is wholly before one that it is in part."""
    kind = value.get("type")
    found = (
        _of_pattern(value) if kind == "indicator"
        else _of_vulnerability(value) if kind == "vulnerability"
        else _of_observable(cast("str", kind), value)
    )  # fmt: skip
    kept: dict[bytes, Term] = {}
    for said, text, part in found:
        key = digest(said, text)
        if key not in kept or part < kept[key].part:
            kept[key] = Term(said, text, part, key)
    return tuple(kept.values())


_Said = tuple[str, str, int]
"""A kind, a value and a part."""


def _of_pattern(value: Mapping[str, Any]) -> Sequence[_Said]:
    text = value.get("pattern")
    if not isinstance(text, str) or value.get("pattern_type", "stix") != "stix":
        return ()
    one = pattern.observable_of(text)
    if one is not None:
        first = _with_host(one, WHOLE)
        return [*first, *(said for other in one.also for said in _with_host(other, WHOLE))] if one.also else first
    compared, rest = _compared(text)
    known = None not in compared
    part = WHOLE if known and compared and _ONLY_OR.fullmatch(rest) else SOME
    return [said for one in compared if one is not None for said in _with_host(one, part)]


def _compared(text: str) -> tuple[list[Observable | None], str]:
    """What each equality in a pattern says, None where it is of no kind that is known; and the pattern without them, a quote for other texts."""
    compared: list[Observable | None] = []
    rest: list[str] = []
    end = 0
    for found in _COMPARISON.finditer(text):
        rest.append(text[end : found.start()])
        end = found.end()
        path, single, several = found.groups()
        if path is None:
            rest.append("'")
            continue
        compared += [_read(path, literal) for literal in ([single] if single else _ONE_TEXT.findall(several))]
    return compared, "".join([*rest, text[end:]])


def _read(path: str, literal: str) -> Observable | None:
    quoted = literal.startswith("'")
    text = pattern.unescaped(literal[1:-1]) if quoted else literal
    return _host(text) if _ENDS.fullmatch(path) else pattern.read(path, text, number=not quoted)


def _host(text: str) -> Observable | None:
    """The address or the name that is this text. No address ends in a letter but for those with a colon."""
    if ":" in text or text[-1:].isdigit():
        for of in ("ipv4-addr:value", "ipv6-addr:value"):
            if (one := pattern.read(of, text)) is not None:
                return one
    return pattern.read("domain-name:value", text) if text else None


def _with_host(one: Observable, part: int) -> tuple[_Said, ...]:
    kind, value, _ = one
    if kind == "url":
        host = canonical.host_of(value)
    elif kind in pattern.ENDPOINTS:
        host = value.rpartition(":")[0]
    else:
        return ((kind, value, part),)
    inner = _host(host.strip("[]"))
    return ((kind, value, part),) if inner is None else ((kind, value, part), (inner.type, inner.value, WITHIN))


def _of_vulnerability(value: Mapping[str, Any]) -> Iterator[_Said]:
    references = value.get("external_references")
    for one in cast("list[Any]", references) if isinstance(references, list) else []:
        if isinstance(one, dict):
            said = cast("dict[str, Any]", one)
            number = canonical.cve(said["external_id"]) if isinstance(said.get("external_id"), str) else None
            if number and str(said.get("source_name")).lower() == "cve":
                yield "cve", number, WHOLE
    name = value.get("name")
    if isinstance(name, str) and (number := canonical.cve(name)):
        yield "cve", number, WHOLE


def _of_observable(kind: str, value: Mapping[str, Any]) -> Iterator[_Said]:
    said: list[tuple[str, Any]] = []
    if kind in _NAMED:
        said.append((f"{kind}:{_NAMED[kind]}", value.get(_NAMED[kind])))
    elif kind in ("file", "x509-certificate"):
        hashes = value.get("hashes")
        if isinstance(hashes, dict):
            for name, text in cast("dict[str, Any]", hashes).items():
                said += [(f"{kind}:hashes.'{name}'", text), (f"{kind}:hashes.{name}", text)]
        said += (
            [("file:name", value.get("name"))]
            if kind == "file"
            else [("x509-certificate:serial_number", value.get("serial_number"))]
        )
    for path, text in said:
        number = type(text) is int
        one = pattern.read(path, str(text), number=number) if number or isinstance(text, str) else None
        if one is not None:
            yield from _with_host(one, WHOLE)


def _texts(given: Any) -> list[str]:
    return [one for one in cast("list[Any]", given) if isinstance(one, str)] if isinstance(given, list) else []
