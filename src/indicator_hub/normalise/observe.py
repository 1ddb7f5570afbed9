"""One text to one observable, or the reason why not. Never raises, whatever the text."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from types import MappingProxyType

from indicator_hub.normalise import networks
from indicator_hub.normalise.names import has_known_suffix
from indicator_hub.normalise.refang import refang
from indicator_hub.normalise.row import MAX_VALUE, Refusal
from indicator_hub.stix import canonical, pattern
from indicator_hub.stix.pattern import Observable
from indicator_hub.stix.wallets import looks_like_one, wallet

BROADEST = MappingProxyType({4: 8, 6: 19})
"""The shortest prefix of each IP version that is published without a person's look."""

_CONTROL = re.compile(r"[\x00-\x1f\x7f\ud800-\udfff]")
_CONTROL_IN_URL = re.compile(
    r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]"
)  # the URL standard takes out tabs and line ends
_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)(?:://|:(?!\d)(?=[^:]*\Z))|(https?|ftp):", re.IGNORECASE)
_ADDRESS = re.compile(r"[0-9.]++(?:/[0-9]++)?|[0-9A-Fa-f]*+:[0-9A-Fa-f]*+:[0-9A-Fa-f:.]*+(?:[%/][0-9A-Za-z]*+)?")
_PORT = re.compile(r"(?:[^\s/:@]+|\[[0-9A-Fa-f:.]+\]):[0-9]+(?:\.[0-9]*)?")
_WHOLE_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://|(?:https?|ftp):[/\\]{2}", re.IGNORECASE)
_INTEGRAL = re.compile(r"(?<=[0-9])\.0+\Z")
"""How a spreadsheet, or JSON, may write a number that is whole: 443.0."""
_NO_VALUE = re.compile(
    r"[A-Za-z_]{0,24}(?: [A-Za-z_ ,-]*)?|[0-9]{1,25}|[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T][0-9:.]+(?: ?UTC|Z)?)?"
)
"""Words, numbers and dates: most cells of most files, known for that at one look."""
_NEARLY = re.compile(r"[.…\[\x00-\x1f\x7f\ud800-\udfff]")
_SPOILT = (
    (_CONTROL_IN_URL, "control_chars"),
    (re.compile("…"), "truncated"),
    (re.compile(r"[\[({](?=\.)|(?<=\.)[\])}]"), "syntax"),  # half a mask
)
_NUMBERED = re.compile(r"(.+):[0-9]+(?:\.[0-9]*)?")
_BLANK = re.compile(r"\s")
_OCTETS = re.compile(r"[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2})?")
_RANGE = re.compile(rf"{_OCTETS.pattern}\s*-\s*{_OCTETS.pattern}")
_DIGEST = re.compile(r"[0-9A-Fa-f]+")
_LABELS = re.compile(r"(?:[^.]+\.)+[^.]+")
_DIGITS = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
_LENGTHS = {kind: digits for digits, kind in _DIGITS.items()} | {"sha3-256": 64, "sha3-512": 128}
_TWO_URLS = re.compile(r"[\s,;|](?:https?|ftp)://", re.IGNORECASE)
_BETWEEN = re.compile(r"[\s,;|]+")
_AS = re.compile(r"ASN?[ :]?[0-9]{1,10}", re.IGNORECASE)
_MAC_LENGTHS = (14, 17)  # 0011.2233.4455 and 00:11:22:33:44:55, which look like addresses of the Internet
_HIVE = re.compile(r"(?:HKEY_[A-Z_]+|HKLM|HKCU|HKCR|HKU|HKCC)\\", re.IGNORECASE)
_BY_FORM = {
    "windows-registry-key": _HIVE,
    "ssdeep": re.compile(r"[0-9]{1,10}:[A-Za-z0-9+/]{3,64}:[A-Za-z0-9+/]{3,64}\Z"),
}

# The digests of no bytes at all: every empty file has them.
_EMPTY = frozenset(
    {
        "d41d8cd98f00b204e9800998ecf8427e",
        "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "cf83e1357eefb8bdf1542850d66d8007d620e4050b5715dc83f4a921d36ce9ce47d0d13c5d85f2b0ff8318d2877eec2f63b931bd47417a81a538327af927da3e",
    }
)
# RFC 6761, RFC 6762, RFC 8375, and .internal as ICANN set it aside. `.onion` is not here: it names a place.
_RESERVED = ("localhost", "local", "invalid", "test", "internal", "home.arpa")
_EXAMPLES = ("example", "example.com", "example.net", "example.org")

_Found = tuple[Observable, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Observation:
    """A canonical observable; `notes` say what it took or what it is: `host_bits_cleared`, `wildcard`, `tor`."""

    observable: Observable
    notes: tuple[str, ...] = ()


def observe(
    text: str,
    *,
    expect: str | None = None,
    default_scheme: str | None = None,
    documentation: bool = False,
    let_through: bool = False,
) -> Observation | Refusal:
    """The observable a text names, refanged and canonical, or a refusal with a reason of section 10.

    Several hashes in one text, of different kinds, are those of one file.

    `expect` is an observable type, a group word (`ip`, `hash`, `domain`, `host`), or None to go by the text's shape.
    `default_scheme` makes URLs of hosts with a path but no scheme; `documentation` frees documentation addresses and example names, `let_through` whatever is a
    value: a person has looked at it.
    """
    policy = _Policy(documentation, let_through)
    if expect in _BY_ADDRESS and (address := canonical.parse_ipv4(text)) is not None:
        # The fast path, most rows of most feeds: four decimal octets are their own canonical text.
        block = networks.special(address, canonical.V4)
        found = (Observable("ipv4-addr", text), ()) if policy.allows(block) else "non_global"
    else:
        found = _observe(text, expect, default_scheme, policy)
    return Refusal(found, text) if isinstance(found, str) else Observation(*found)


_BY_ADDRESS = frozenset({None, "ip", "host", "ipv4-addr", "ipv4-cidr"})


def _observe(text: str, expect: str | None, default_scheme: str | None, policy: "_Policy") -> "_Found | str":
    if len(text) > MAX_VALUE or (not text.isascii() and len(text.encode("utf-8", "surrogatepass")) > MAX_VALUE):
        return "too_long"
    if (verbatim := _VERBATIM.get(expect or "")) is not None:
        return verbatim(text)
    value = text.strip(" \t\r\n")
    if flaw := _flaw(value):
        return flaw
    value = refang(value)
    kind = expect or _shape(value)
    if kind == "url":
        return _url(value, default_scheme, policy)
    if _CONTROL.search(value):
        return "control_chars"
    reader = _KINDS.get(kind)
    return reader(value, policy) if reader else "unknown_type"


def _flaw(value: str) -> str | None:
    """What no value may hold, of whatever kind."""
    if _CONTROL_IN_URL.search(value):
        return "control_chars"
    return "truncated" if "…" in value else None


def _shape(value: str) -> str:
    """What kind of thing the text looks like. A look only: the reader of that kind decides."""
    if (number := _shape_of_number(value)) is not None:
        return number
    for kind, form in _BY_FORM.items():
        if form.match(value):
            return kind
    if _SCHEME.match(value) or "/" in value:
        return "url"
    if "@" in value:
        return "email-addr"
    return _shape_of_word(value)


def _shape_of_number(value: str) -> str | None:
    """Numbers with dots and colons between them."""
    if len(value) in _MAC_LENGTHS and canonical.mac(value) is not None:
        return "mac-addr"
    if _ADDRESS.fullmatch(value):
        # One digest in some millions has decimal digits only.
        return "hash" if len(value) in _DIGITS and _DIGEST.fullmatch(value) else "ip"
    if _AS.fullmatch(value):
        return "autonomous-system"
    return "endpoint" if _PORT.fullmatch(value) else None


def _shape_of_word(value: str) -> str:
    if _DIGEST.fullmatch(value) and len(value) in _DIGITS:
        return "hash"
    for kind, of in _BY_READING.items():
        if of(value) is not None:
            return kind
    if looks_like_one(value):
        return "cryptocurrency-wallet"
    return "hash" if len(_hashes(value)) > 1 else "domain"


_BY_READING = {"cve": canonical.cve, "mac-addr": canonical.mac, "tlsh": canonical.tlsh}


def value_by_shape(text: str, *, documentation: bool = False) -> Observation | Refusal | None:
    """As `observe`, for a cell of which nobody has said what it is: None where its shape is not that of a value at all.

    A word with a dot in it is a name only if it ends as names on the Internet do; a number, a time and a path are nothing.
    """
    value = text.strip(" \t\r\n")
    if _NO_VALUE.fullmatch(value):
        return None
    value = refang(value)
    if len(value) > MAX_VALUE:
        return Refusal("too_long", text) if _WHOLE_URL.match(value) else None
    if _is_value(value):
        return observe(text, documentation=documentation)
    reason = _flaw_of_a_value(value)
    return None if reason is None else Refusal(reason, text)


def _flaw_of_a_value(value: str) -> str | None:
    """Why a text is refused that would be a value but for its control characters, what was cut off, half a mask, its port, or a scheme that is missing."""
    if not _NEARLY.search(value):
        return None
    for form, reason in _SPOILT:
        if form.search(value) and _is_value(form.sub("", value)):
            return reason
    if _RANGE.fullmatch(value):
        return "syntax"
    host, slash, _ = value.partition("/")
    if found := _NUMBERED.fullmatch(host):
        host = found[1]
        if not slash:
            return "bad_port" if _is_host(host) else None
    return "no_scheme" if slash and not _BLANK.search(value) and _is_host(host) else None


def _is_value(value: str) -> bool:
    return _may_be_a_value(value, _shape(value))


def _is_host(text: str) -> bool:
    if text.startswith("[") and text.endswith("]"):
        return canonical.parse_ipv6(text[1:-1]) is not None
    name = canonical.domain(text)
    return canonical.parse_ipv4(text) is not None or (name is not None and _is_name(name))


def _may_be_a_value(value: str, kind: str) -> bool:
    match kind:
        case "ip":
            return _OCTETS.fullmatch(value) is not None or (":" in value and canonical.parse_network(value) is not None)
        case "url":
            return _WHOLE_URL.match(value) is not None
        case "endpoint":
            found = canonical.endpoint(_INTEGRAL.sub("", value))
            return found is not None and (found[0] != "domain" or _is_name(found[1]))
        case "email-addr":
            address = canonical.email(value)
            return address is not None and _is_name(address.rpartition("@")[2])
        case "domain":
            name = canonical.domain(value.removeprefix("*."))
            return name is not None and _is_name(name)
        case _:
            return True


def _is_name(name: str) -> bool:
    """Whether it ends as names of hosts do; one that must not be an indicator is refused with its reason, not passed over."""
    return has_known_suffix(name) or _under(name, _RESERVED) or _under(name, _EXAMPLES)


@dataclass(frozen=True, slots=True)
class _Policy:
    """What may be an indicator at all: nothing that exists in every network, and nothing too broad to be blocked."""

    documentation: bool
    let_through: bool = False

    def ip(self, version: int, address: int, bits: int) -> _Found | str:
        if bits < BROADEST[version] and not self.let_through:
            return "too_broad_cidr"
        spare = canonical.WIDTH[version] - bits
        start = address >> spare << spare
        if not self.allows(networks.special_within(start, start + (1 << spare) - 1, version)):
            return "non_global"
        kind = f"ipv{version}-cidr" if spare else f"ipv{version}-addr"
        notes = () if start == address else ("host_bits_cleared",)
        return Observable(kind, canonical.render_network(version, address, bits)), notes

    def allows(self, block: str | None) -> bool:
        return self.let_through or block is None or (self.documentation and block == networks.DOCUMENTATION)

    def refuses_name(self, name: str) -> bool:
        if self.let_through:
            return False
        return _under(name, _RESERVED) or (not self.documentation and _under(name, _EXAMPLES))


def _under(name: str, parents: tuple[str, ...]) -> bool:
    return any(name == parent or name.endswith(f".{parent}") for parent in parents)


def _ip(value: str, policy: _Policy, *, version: int | None = None) -> _Found | str:
    network = canonical.parse_network(value)
    # An IPv4-mapped address comes out as IPv4, yet the feed that calls it IPv6 is right too.
    if network is None or version not in {None, network[0], canonical.V6 if ":" in value else network[0]}:
        return "syntax"
    return policy.ip(*network)


def _domain(value: str, policy: _Policy) -> _Found | str:
    bare = value.removeprefix("*.")
    name = canonical.domain(bare)
    if policy.refuses_name((name or bare).lower().removesuffix(".")):
        return "reserved_name"
    if name is None:
        return "syntax"
    notes = ("wildcard",) if bare != value else ()
    return Observable("domain-name", name), (*notes, *_tor(name))


def _host(value: str, policy: _Policy) -> _Found | str:
    return _ip(value, policy) if _ADDRESS.fullmatch(value) else _domain(value, policy)


def _email(value: str, policy: _Policy) -> _Found | str:
    address = canonical.email(value)
    if address is None:
        return "syntax"
    name = address.rpartition("@")[2]
    return "reserved_name" if policy.refuses_name(name) else (Observable("email-addr", address), _tor(name))


def _hash(value: str, policy: _Policy, *, kind: str | None = None) -> _Found | str:
    if kind is None and len(several := _hashes(value)) > 1:
        if any(one.value in _EMPTY for one in several) and not policy.let_through:
            return "empty_file_hash"
        return pattern.file_of(several), ()
    kind = kind or _DIGITS.get(len(value), "")
    digest = canonical.hexadecimal(value, _LENGTHS.get(kind, 0))
    if digest is None:
        return "syntax"
    return "empty_file_hash" if digest in _EMPTY and not policy.let_through else (Observable(kind, digest), ())


def _hashes(value: str) -> list[Observable]:
    """The hashes of one file: each of another kind, and nothing else beside them. Empty for any other text."""
    found: dict[str, Observable] = {}
    words = _BETWEEN.split(value) if len(value) > min(_DIGITS) else []
    for word in words:
        kind = _DIGITS.get(len(word))
        if kind is None or kind in found or not _DIGEST.fullmatch(word):
            return []
        found[kind] = Observable(kind, word.lower())
    return list(found.values())


def _endpoint(value: str, policy: _Policy, *, expect: str | None = None) -> _Found | str:
    value = _INTEGRAL.sub("", value)
    found = canonical.endpoint(value)
    if found is None:
        host, colon, number = value.rpartition(":")
        is_number = number.replace(".", "", 1).isdecimal()
        return "bad_port" if colon and host and is_number and canonical.port(number) is None else "syntax"
    kind, host, _ = found
    # An IPv4-mapped address comes out as IPv4, yet the feed that calls it IPv6 is right too.
    if expect not in (None, f"{kind}-port", "ipv6-port" if value.startswith("[") else None):
        return "syntax"
    if kind == "domain":
        if policy.refuses_name(host):
            return "reserved_name"
    elif not policy.allows(networks.special(*_address(host))):
        return "non_global"
    return Observable(f"{kind}-port", canonical.render_endpoint(*found)), _tor(host)


def _address(text: str) -> tuple[int, int]:
    version, address, _ = canonical.parse_network(text) or (canonical.V4, 0, 0)
    return address, version


def _wallet(value: str, _: _Policy) -> _Found | str:
    address = wallet(value)
    if address is None:
        return "checksum" if looks_like_one(value) else "syntax"
    return Observable("cryptocurrency-wallet", address), ()


def _form(value: str, _: _Policy, *, kind: str, of: Callable[[str], str | None]) -> _Found | str:
    found = of(value)
    return "syntax" if found is None else (Observable(kind, found), ())


def _verbatim(text: str, *, kind: str) -> _Found | str:
    """As it came, blanks and case kept; not refanged."""
    if _CONTROL.search(text):
        return "control_chars"
    return (Observable(kind, text), ()) if text.strip() else "syntax"


def _url(value: str, default_scheme: str | None, policy: _Policy) -> _Found | str:
    if (scheme := _SCHEME.match(value)) is None:
        if default_scheme is None:
            return "no_scheme"
        value = f"{default_scheme}://{value}"
    elif (scheme[1] or scheme[2]).lower() not in {"http", "https", "ftp"}:
        return "scheme"
    canon = None if _TWO_URLS.search(value) else canonical.url(value)
    # Serialising can make a mask of what was none (`[\\]` becomes `[/]`); a second reading would then find another URL.
    if canon is None or refang(canon) != canon:
        return "syntax"
    host = canonical.host_of(canon)
    if (network := canonical.parse_network(host)) is not None:
        block = networks.special(network[1], network[0])
        return (Observable("url", canon), ()) if policy.allows(block) else "non_global"
    if policy.refuses_name(host):
        return "reserved_name"
    return (Observable("url", canon), _tor(host)) if _LABELS.fullmatch(host) else "syntax"


def _tor(name: str) -> tuple[str, ...]:
    return ("tor",) if name.endswith(".onion") else ()


_KINDS: dict[str, Callable[[str, _Policy], _Found | str]] = {
    "ip": _ip,
    "ipv4-addr": partial(_ip, version=4),
    "ipv4-cidr": partial(_ip, version=4),
    "ipv6-addr": partial(_ip, version=6),
    "ipv6-cidr": partial(_ip, version=6),
    "host": _host,
    "domain": _domain,
    "domain-name": _domain,
    "email-addr": _email,
    "hash": _hash,
    "endpoint": _endpoint,
    **{kind: partial(_endpoint, expect=kind) for kind in ("ipv4-port", "ipv6-port", "domain-port")},
    "cryptocurrency-wallet": _wallet,
    **{
        kind: partial(_form, kind=kind, of=of)
        for kind, of in (
            ("cve", canonical.cve),
            ("mac-addr", canonical.mac),
            ("autonomous-system", canonical.autonomous_system),
            ("windows-registry-key", canonical.registry_key),
            ("ssdeep", canonical.ssdeep),
            ("tlsh", canonical.tlsh),
            ("x509-certificate", partial(canonical.octets, digits=40)),
            ("x509-serial", canonical.octets),
        )
    },
    **{kind: partial(_hash, kind=kind) for kind in _LENGTHS},
}
_VERBATIM = {
    kind: partial(_verbatim, kind=kind) for kind in ("mutex", "file-name", "directory", "process", "user-agent")
}

TYPES = frozenset((*_KINDS, *_VERBATIM, "url"))
"""Every word for a kind of value that a feed can be told by."""
