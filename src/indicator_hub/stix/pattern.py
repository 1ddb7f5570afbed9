"""Observable to STIX pattern and back, and the key under which equal observables meet."""

import hashlib
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from indicator_hub.stix import canonical


@dataclass(frozen=True, slots=True)
class Observable:
    """One thing that can be seen on a network or a machine; `value` is canonical (`stix/canonical.py`)."""

    type: str
    value: str


@dataclass(frozen=True, slots=True)
class _Form:
    """How one type of observable is written: `path` is ours, `also` are paths of others that mean the same."""

    type: str
    path: str
    canonical: Callable[[str], str | None]
    also: tuple[str, ...] = ()


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
    _Form("md5", "file:hashes.MD5", partial(canonical.hexadecimal, digits=32), ("file:hashes.'MD5'",)),
    _Form(
        "sha1",
        "file:hashes.'SHA-1'",
        partial(canonical.hexadecimal, digits=40),
        ("file:hashes.'SHA1'", "file:hashes.SHA1"),
    ),
    _Form(
        "sha256",
        "file:hashes.'SHA-256'",
        partial(canonical.hexadecimal, digits=64),
        ("file:hashes.'SHA256'", "file:hashes.SHA256"),
    ),
    _Form(
        "sha512",
        "file:hashes.'SHA-512'",
        partial(canonical.hexadecimal, digits=128),
        ("file:hashes.'SHA512'", "file:hashes.SHA512"),
    ),
)

TYPES = frozenset(form.type for form in _FORMS)
TYPE_GROUPS = frozenset({"ip", "hash", "domain", "host"})
"""Words for several types at once, where a feed names no closer one."""
_PATHS = {form.type: form.path for form in _FORMS}


def _readers() -> dict[str, tuple[_Form, ...]]:
    paths = {path for form in _FORMS for path in (form.path, *form.also)}
    return {path: tuple(form for form in _FORMS if path in (form.path, *form.also)) for path in paths}


_READERS = _readers()

# Possessive quantifiers: the time is linear in the length, whatever the text.
_TEXT = r"'([^'\\]*+(?:\\['\\][^'\\]*+)*+)'"
_SINGLE = re.compile(rf"\s*+\[\s*+([a-z0-9-]++:[a-z]++(?:\.(?:[A-Z0-9]++|'[A-Z0-9-]++'))?+)\s*+=\s*+{_TEXT}\s*+\]\s*+")
_DESTINATION = re.compile(
    r"\s*+\[\s*+network-traffic:dst_ref\.type\s*+=\s*+'(ipv[46]-addr)'\s++AND"
    rf"\s++network-traffic:dst_ref\.value\s*+=\s*+{_TEXT}\s*+\]\s*+"
)
_ESCAPED = re.compile(r"\\(['\\])")
_QUOTED_OR_BLANK = re.compile(r"('[^'\\]*+(?:\\.[^'\\]*+)*+'?)|\s++", re.DOTALL)


def render(observable: Observable) -> str:
    """The canonical pattern of an observable: one space around the operator, none inside the brackets.

    Raises KeyError for a type that is not in `TYPES`.
    """
    literal = observable.value.replace("\\", "\\\\").replace("'", "\\'")
    return f"[{_PATHS[observable.type]} = '{literal}']"


def observable_of(pattern: str) -> Observable | None:
    """The observable that a pattern of one comparison names, however it is spelt; None for any other pattern.

    Only spellings that are also valid STIX patterns count. The value comes back canonical.
    """
    if found := _SINGLE.fullmatch(pattern):
        path, literal = found.groups()
    elif found := _DESTINATION.fullmatch(pattern):
        path, literal = f"network-traffic:dst_ref={found[1]}", found[2]
    else:
        return None
    text = _ESCAPED.sub(r"\1", literal) if "\\" in literal else literal
    for form in _READERS.get(path, ()):
        if (value := form.canonical(text)) is not None:
            return Observable(form.type, value)
    return None


def key(pattern: str) -> str:
    """The text under which indicators merge: `type:value` of a single observable, else a SHA-256 in hexadecimal.

    The digest is over the pattern with runs of white space outside quotes made one blank.
    """
    if (found := observable_of(pattern)) is not None:
        return f"{found.type}:{found.value}"
    collapsed = _QUOTED_OR_BLANK.sub(lambda run: run[1] or " ", pattern).strip()
    return hashlib.sha256(collapsed.encode("utf-8", "surrogatepass")).hexdigest()
