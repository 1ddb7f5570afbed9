"""Observable to STIX pattern and back, and the key under which equal observables meet."""

import hashlib
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

from indicator_hub.stix import canonical
from indicator_hub.stix.wallets import wallet


class Observable(NamedTuple):
    """One thing that can be seen on a network or a machine; `value` is canonical (`stix/canonical.py`).

    `also` are the other hashes of the same file, weaker ones behind stronger ones, where `type` is the strongest hash of a file.
    """

    type: str
    value: str
    also: tuple["Observable", ...] = ()


@dataclass(frozen=True, slots=True)
class _Form:
    """How one type of observable is written: `path` is ours, `also` are paths of others that mean the same. A number stands without quotes."""

    type: str
    path: str
    canonical: Callable[[str], str | None]
    also: tuple[str, ...] = ()
    number: bool = False


def _digest(kind: str, name: str, digits: int) -> _Form:
    """A hash of a file, in the spellings of its name: `SHA-256`, `SHA256`, with quotes or without."""
    bare = name.replace("-", "")
    ours = f"'{name}'" if "-" in name else name
    spellings = {f"file:hashes.{one}" for one in (f"'{name}'", f"'{bare}'", bare)} - {f"file:hashes.{ours}"}
    return _Form(kind, f"file:hashes.{ours}", partial(canonical.hexadecimal, digits=digits), tuple(sorted(spellings)))


# The `network-traffic` paths stand for the two comparisons that misp-stix joins for `ip-dst`.
_FORMS = (
    _Form("ipv4-addr", "ipv4-addr:value", canonical.ipv4, ("ipv6-addr:value", "network-traffic:dst_ref=ipv4-addr")),
    _Form(
        "ipv4-cidr", "ipv4-addr:value", canonical.ipv4_network, ("ipv6-addr:value", "network-traffic:dst_ref=ipv4-addr")
    ),
    _Form("ipv6-addr", "ipv6-addr:value", canonical.ipv6, ("network-traffic:dst_ref=ipv6-addr",)),
    _Form("ipv6-cidr", "ipv6-addr:value", canonical.ipv6_network, ("network-traffic:dst_ref=ipv6-addr",)),
    _Form("domain-name", "domain-name:value", canonical.domain),
    _Form("url", "url:value", canonical.url),
    _Form("email-addr", "email-addr:value", canonical.email),
    _digest("md5", "MD5", 32),
    _digest("sha1", "SHA-1", 40),
    _digest("sha256", "SHA-256", 64),
    _digest("sha512", "SHA-512", 128),
    _Form("sha3-256", "file:hashes.'SHA3-256'", partial(canonical.hexadecimal, digits=64)),
    _Form("sha3-512", "file:hashes.'SHA3-512'", partial(canonical.hexadecimal, digits=128)),
    _Form("ssdeep", "file:hashes.SSDEEP", canonical.ssdeep, ("file:hashes.'SSDEEP'", "file:hashes.ssdeep")),
    _Form("tlsh", "file:hashes.TLSH", canonical.tlsh, ("file:hashes.'TLSH'",)),
    _Form(
        "x509-certificate",
        "x509-certificate:hashes.'SHA-1'",
        partial(canonical.octets, digits=40),
        ("x509-certificate:hashes.'SHA1'", "x509-certificate:hashes.SHA1"),
    ),
    _Form("x509-serial", "x509-certificate:serial_number", canonical.octets),
    _Form("autonomous-system", "autonomous-system:number", canonical.autonomous_system, number=True),
    _Form("windows-registry-key", "windows-registry-key:key", canonical.registry_key),
    _Form("mac-addr", "mac-addr:value", canonical.mac),
    _Form("cryptocurrency-wallet", "x-cryptocurrency-wallet:address", wallet),
    _Form("mutex", "mutex:name", canonical.verbatim),
    _Form("file-name", "file:name", canonical.verbatim),
    _Form("directory", "directory:path", canonical.verbatim),
    _Form("process", "process:command_line", canonical.verbatim),
    _Form(
        "user-agent", "network-traffic:extensions.'http-request-ext'.request_header.'User-Agent'", canonical.verbatim
    ),
)
ENDPOINTS = {"ipv4-port": "ipv4-addr", "ipv6-port": "ipv6-addr", "domain-port": "domain-name"}
"""A destination and its port, and the type of the destination."""
_OF_ENDPOINT = {
    "ipv4-port": canonical.ipv4_port,
    "ipv6-port": canonical.ipv6_port,
    "domain-port": canonical.domain_port,
}

TYPES = frozenset((*(form.type for form in _FORMS), *ENDPOINTS))
TYPE_GROUPS = frozenset({"ip", "hash", "domain", "host", "endpoint"})
"""Words for several types at once, where a feed names no closer one."""
HASHES = ("sha3-512", "sha512", "sha3-256", "sha256", "sha1", "md5", "tlsh", "ssdeep")
"""The hashes of a file, the strongest first: a file of which a feed gives several has the strongest for its key."""
_FORM = {form.type: form for form in _FORMS}


def _readers() -> dict[str, tuple[_Form, ...]]:
    paths = {path for form in _FORMS for path in (form.path, *form.also)}
    return {path: tuple(form for form in _FORMS if path in (form.path, *form.also)) for path in paths}


_READERS = _readers()

# Possessive quantifiers: the time is linear in the length, whatever the text.
_TEXT = r"'([^'\\]*+(?:\\['\\][^'\\]*+)*+)'"
_PATH = r"[a-z0-9-]++:[a-z_]++(?:\.(?:[A-Za-z0-9_]++|'[A-Za-z0-9-]++'))*+"
_SINGLE = re.compile(rf"\s*+\[\s*+({_PATH})\s*+=\s*+(?:{_TEXT}|([0-9]{{1,10}}))\s*+\]\s*+")
_DESTINATION = re.compile(
    r"\s*+\[\s*+network-traffic:dst_ref\.type\s*+=\s*+'(ipv[46]-addr|domain-name)'\s++AND"
    rf"\s++network-traffic:dst_ref\.value\s*+=\s*+{_TEXT}"
    r"(?:\s++AND\s++network-traffic:dst_port\s*+=\s*+(?:([0-9]{1,5})|'([0-9]{1,5})'))?+\s*+\]\s*+"
)
_ONE_HASH = r"file:hashes\.(?:'[A-Za-z0-9-]++'|[A-Za-z0-9]++)\s*+=\s*+'[^'\\]++'"
_HASHES = re.compile(rf"\s*+\[\s*+({_ONE_HASH}(?:\s++OR\s++{_ONE_HASH})++)\s*+\]\s*+")
_OR = re.compile(r"\s++OR\s++")
_ESCAPED = re.compile(r"\\(['\\])")
_QUOTED_OR_BLANK = re.compile(r"('[^'\\]*+(?:\\.[^'\\]*+)*+'?)|\s++", re.DOTALL)


def render(observable: Observable) -> str:
    """The canonical pattern of an observable: one space around operators, none inside the brackets.

    Raises KeyError for a type that is not in `TYPES`.
    """
    if (kind := ENDPOINTS.get(observable.type)) is not None:
        host, _, number = observable.value.rpartition(":")
        of = "network-traffic:dst_ref"
        return f"[{of}.type = '{kind}' AND {of}.value = '{host.strip('[]')}' AND network-traffic:dst_port = {number}]"
    return f"[{' OR '.join(map(_comparison, (observable, *observable.also)))}]"


def _comparison(one: Observable) -> str:
    form = _FORM[one.type]
    if form.number:
        return f"{form.path} = {one.value}"
    literal = one.value.replace("\\", "\\\\").replace("'", "\\'")
    return f"{form.path} = '{literal}'"


def file_of(hashes: Iterable[Observable]) -> Observable:
    """One file of which these are hashes: the strongest, and the others with it; of each kind one."""
    by_kind = {one.type: one for one in hashes}
    first, *others = (by_kind[kind] for kind in HASHES if kind in by_kind)
    return Observable(first.type, first.value, tuple(others))


def observable_of(pattern: str) -> Observable | None:
    """The observable that a pattern names, however it is spelt; None for any pattern that names more, or something else.

    Only spellings that are also valid STIX patterns count. The value comes back canonical.
    """
    if found := _SINGLE.fullmatch(pattern):
        path, literal, number = found.groups()
        return read(path, unescaped(literal) if literal is not None else number, number=number is not None)
    if found := _DESTINATION.fullmatch(pattern):
        kind, literal, *ports = found.groups()
        number = next((one for one in ports if one is not None), None)
        if number is not None:
            return _endpoint(kind, unescaped(literal), number)
        return read(f"network-traffic:dst_ref={kind}", unescaped(literal), number=False)
    if found := _HASHES.fullmatch(pattern):
        return _file(found[1])
    return None


def unescaped(literal: str) -> str:
    """What a text between quotes says."""
    return _ESCAPED.sub(r"\1", literal) if "\\" in literal else literal


def read(path: str, text: str, *, number: bool = False) -> Observable | None:
    """What equality of an object path with a text (or, where it stands without quotes, a `number`) says; None where that is not known."""
    for form in _READERS.get(path, ()):
        # misp-stix writes the number of an autonomous system between quotes; no text is written as a number.
        if (form.number or not number) and (value := form.canonical(text)) is not None:
            return Observable(form.type, value)
    return None


def _endpoint(kind: str, host: str, number: str) -> Observable | None:
    text = f"[{host}]:{number}" if kind == "ipv6-addr" else f"{host}:{number}"
    for ours, of in _OF_ENDPOINT.items():
        if kind in (ENDPOINTS[ours], "ipv6-addr" if ours == "ipv4-port" else kind) and (value := of(text)) is not None:
            return Observable(ours, value)
    return None


def _file(comparisons: str) -> Observable | None:
    """A file named by several hashes; none of which may be anything else, or a second of its kind."""
    hashes: dict[str, Observable] = {}
    for comparison in _OR.split(comparisons):
        path, _, literal = comparison.partition("=")
        one = read(path.strip(), literal.strip()[1:-1], number=False)
        if one is None or hashes.setdefault(one.type, one) != one:
            return None
    return file_of(hashes.values())


def key(pattern: str) -> str:
    """The text under which indicators merge: `type:value` of a single observable, else a SHA-256 in hexadecimal.

    The digest is over the pattern with runs of white space outside quotes made one blank.
    """
    if (found := observable_of(pattern)) is not None:
        # Windows does not tell keys of its registry by case.
        value = found.value.casefold() if found.type == "windows-registry-key" else found.value
        return f"{found.type}:{value}"
    collapsed = _QUOTED_OR_BLANK.sub(lambda run: run[1] or " ", pattern).strip()
    return hashlib.sha256(collapsed.encode("utf-8", "surrogatepass")).hexdigest()
