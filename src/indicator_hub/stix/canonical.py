"""The one canonical text of each kind of value, or None where the text is not of that kind.

Spelling only, no policy: a private address is as canonical as any. Both the reader of patterns and the normaliser of feeds
stand on these functions, so a value has one key whichever way it came in. All are idempotent and raise nothing.
"""

import ipaddress
import re
from types import MappingProxyType

import can_ada
import idna

_OCTET = r"(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])"
_IPV4 = re.compile(rf"{_OCTET}(?:\.{_OCTET}){{3}}")
_IPV6 = re.compile(r"[0-9A-Fa-f:]{2,39}(?:[0-9]{1,3}\.[0-9.]{5,11})?")
_ZEROS = re.compile(r"(?::0){2,}(?=:)")
_LENGTH = re.compile(r"0|[1-9][0-9]{0,2}")
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+(?:[a-z]{{1,63}}|xn--[a-z0-9-]{{0,58}}[a-z0-9])")
_LOCAL = re.compile(r"""[^\s@<>"(),:;\\\[\]\x00-\x20\x7f\ud800-\udfff]{1,64}""")
_HEX = re.compile(r"[0-9A-Fa-f]+")
_CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}", re.IGNORECASE)
_MAC = re.compile(
    r"[0-9A-Fa-f]{2}(?:([:-])[0-9A-Fa-f]{2})(?:\1[0-9A-Fa-f]{2}){4}|[0-9A-Fa-f]{4}(?:\.[0-9A-Fa-f]{4}){2}"
)
_AS = re.compile(r"(?:ASN?[ :]?)?([0-9]{1,10})", re.IGNORECASE)
_SSDEEP = re.compile(r"[0-9]{1,10}:[A-Za-z0-9+/]{0,64}:[A-Za-z0-9+/]{0,64}")
_TLSH = re.compile(r"(?:[Tt]1)?([0-9A-Fa-f]{70})")
_KEY = re.compile(r"(?:\\\\)?(?:Computer\\)?([A-Za-z_]+)((?:\\[^\\]+)*)\\*")
_COLONS = re.compile(r"[0-9A-Fa-f]{2}(?:[: ]?[0-9A-Fa-f]{2})*")
_HIVES = MappingProxyType(
    {
        "HKLM": "HKEY_LOCAL_MACHINE", "HKCU": "HKEY_CURRENT_USER", "HKCR": "HKEY_CLASSES_ROOT", "HKU": "HKEY_USERS",
        "HKCC": "HKEY_CURRENT_CONFIG",
    }
)  # fmt: skip
_MAPPED = 0xFFFF
_MAX_PORT, _MAX_AS = 65_535, 4_294_967_295
_MAX_DOMAIN = 253
_SCHEMES = frozenset({"http:", "https:", "ftp:"})

V4, V6 = 4, 6
WIDTH = MappingProxyType({V4: 32, V6: 128})
"""How many bits an address of each IP version has."""


def parse_ipv4(text: str) -> int | None:
    """Four decimal octets as an integer. A leading zero is no IPv4 address here: it is octal to some readers and decimal to others."""
    if _IPV4.fullmatch(text) is None:
        return None
    first, second, third, fourth = text.split(".")
    return int(first) << 24 | int(second) << 16 | int(third) << 8 | int(fourth)


def render_ipv4(address: int) -> str:
    """An integer as four decimal octets."""
    return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"


def parse_ipv6(text: str) -> int | None:
    """An IPv6 address (RFC 4291 section 2.2) as an integer; a zone id is refused, as it means something on one machine only."""
    if _IPV6.fullmatch(text) is None:
        return None
    try:
        return int(ipaddress.IPv6Address(text))
    except ValueError:
        return None


def render_ipv6(address: int) -> str:
    """An integer as RFC 5952 text. Not left to `ipaddress`, whose spelling of some addresses differs between Python versions."""
    text = ":".join(f"{address >> shift & 0xFFFF:x}" for shift in range(112, -1, -16))
    runs = _ZEROS.findall(f":{text}:")
    if not runs:
        return text
    # The first of the longest runs becomes "::"; a colon added on either side is taken off again unless it is part of that.
    short = f":{text}:".replace(f"{max(runs, key=len)}:", "::", 1)
    start = 0 if short.startswith("::") else 1
    return short[start:] if short.endswith("::") else short[start:-1]


def parse_network(text: str) -> tuple[int, int, int] | None:
    """An address or CIDR block of either family as (version, address, prefix length in bits), host bits left as they are.

    An IPv4-mapped IPv6 address is the IPv4 address it carries: the two reach the same host.
    """
    host, slash, length = text.partition("/")
    if slash and _LENGTH.fullmatch(length) is None:
        return None
    version, address = V4, parse_ipv4(host)
    if address is None:
        version, address = V6, parse_ipv6(host)
    if address is None:
        return None
    bits = int(length) if slash else WIDTH[version]
    if bits > WIDTH[version]:
        return None
    unmapped = bits - (WIDTH[V6] - WIDTH[V4])
    if version == V6 and address >> WIDTH[V4] == _MAPPED and unmapped >= 0:
        return V4, address & 0xFFFFFFFF, unmapped
    return version, address, bits


def render_network(version: int, address: int, bits: int) -> str:
    """An address, or a CIDR block with its host bits cleared where `bits` is shorter than the address."""
    spare = WIDTH[version] - bits
    start = address >> spare << spare
    text = render_ipv4(start) if version == V4 else render_ipv6(start)
    return f"{text}/{bits}" if spare else text


def _address(text: str, version: int) -> str | None:
    found = parse_network(text)
    return render_network(*found) if found and found[0] == version and found[2] == WIDTH[version] else None


def _network(text: str, version: int) -> str | None:
    found = parse_network(text)
    return render_network(*found) if found and found[0] == version and found[2] < WIDTH[version] else None


def ipv4(text: str) -> str | None:
    """An IPv4 address; `/32` and the IPv4-mapped IPv6 spelling of it are the same address."""
    return text if _IPV4.fullmatch(text) else _address(text, V4)


def ipv6(text: str) -> str | None:
    """An IPv6 address in RFC 5952 form; `/128` is the same address."""
    return _address(text, V6)


def ipv4_network(text: str) -> str | None:
    """An IPv4 CIDR block of more than one address, host bits cleared."""
    return _network(text, V4)


def ipv6_network(text: str) -> str | None:
    """An IPv6 CIDR block of more than one address, host bits cleared."""
    return _network(text, V6)


def domain(text: str) -> str | None:
    """A host name of two labels or more: lower case, A-labels (UTS 46, non-transitional), no trailing dot; underscores are allowed."""
    if not text.isascii():
        if len(text) > _MAX_DOMAIN:
            return None
        try:
            text = idna.encode(text, uts46=True, transitional=False).decode("ascii")
        except UnicodeError:
            return None
    name = text.lower().removesuffix(".")
    if len(name) > _MAX_DOMAIN or _DOMAIN.fullmatch(name) is None:
        return None
    return name if "xn--" not in name or _decodes(name) else None


def _decodes(name: str) -> bool:
    """Whether every A-label is real Punycode. IDNA 2008 is not asked for: registered names with emoji break it, and resolve."""
    try:
        for label in name.split("."):
            if label.startswith("xn--"):
                label[4:].encode("ascii").decode("punycode")
    except UnicodeError:
        return False
    return True


def email(text: str) -> str | None:
    """An e-mail address, all of it in lower case. Quoted local parts and address literals are refused: no feed needs them."""
    local, _, host = text.rpartition("@")
    name = domain(host)
    local = local.lower()
    return f"{local}@{name}" if name and _LOCAL.fullmatch(local) else None


def url(text: str) -> str | None:
    """An http, https or ftp URL as the WHATWG URL standard writes it, without fragment, user and password.

    The fragment never reaches a server and the password may be a victim's. All else stays, the order of a query and its escapes included.
    """
    try:
        parsed = can_ada.parse(text)
    except (ValueError, TypeError):  # TypeError: a lone surrogate
        return None
    if parsed.protocol not in _SCHEMES:
        return None
    if parsed.has_credentials():
        parsed.username = ""
        parsed.password = ""
    # In a serialised URL the first "#" can only begin the fragment.
    return parsed.href.partition("#")[0]


def host_of(canonical_url: str) -> str:
    """The host of a canonical URL: a name without trailing dot, or an address without brackets."""
    authority = canonical_url.partition("://")[2].partition("/")[0]
    if authority.startswith("["):
        return authority[1 : authority.index("]")]
    return authority.partition(":")[0].removesuffix(".")


def hexadecimal(text: str, digits: int) -> str | None:
    """Exactly so many hexadecimal digits, in lower case."""
    return text.lower() if len(text) == digits and _HEX.fullmatch(text) else None


def port(text: str) -> int | None:
    """A port, 1 to 65535, without leading zeros."""
    return int(text) if _LONG_PORT.fullmatch(text) and 1 <= int(text) <= _MAX_PORT else None


_LONG_PORT = re.compile(r"[1-9][0-9]{0,4}")


def endpoint(text: str) -> tuple[str, str, int] | None:
    """An address or a name with a port: which of `ipv4`, `ipv6` and `domain`, the canonical host, and the port.

    Split at the last colon; an IPv6 address stands in brackets, or nobody could tell its last group from a port.
    """
    host, colon, number = text.rpartition(":")
    at = port(number)
    if not colon or at is None:
        return None
    if host.startswith("[") and host.endswith("]"):
        inside = host[1:-1]
        kind, found = "ipv6", ipv6(inside)
        if found is None:
            kind, found = "ipv4", ipv4(inside) if ":" in inside else None
    elif ":" in host or "/" in host:
        return None
    else:
        kind, found = "ipv4", ipv4(host)
        if found is None:
            kind, found = "domain", domain(host)
    return None if found is None else (kind, found, at)


def render_endpoint(kind: str, host: str, number: int) -> str:
    """The text of an endpoint, an IPv6 address in brackets."""
    return f"[{host}]:{number}" if kind == "ipv6" else f"{host}:{number}"


def _endpoint(text: str, kind: str) -> str | None:
    found = endpoint(text)
    return render_endpoint(*found) if found and found[0] == kind else None


def ipv4_port(text: str) -> str | None:
    """An IPv4 address with a port."""
    return _endpoint(text, "ipv4")


def ipv6_port(text: str) -> str | None:
    """An IPv6 address in brackets, with a port."""
    return _endpoint(text, "ipv6")


def domain_port(text: str) -> str | None:
    """A host name with a port."""
    return _endpoint(text, "domain")


def cve(text: str) -> str | None:
    """The id of a vulnerability (CVE), in upper case."""
    return text.upper() if _CVE.fullmatch(text) else None


def mac(text: str) -> str | None:
    """A hardware address of six octets: lower case, colons (STIX 2.1 section 6.9)."""
    if _MAC.fullmatch(text) is None:
        return None
    digits = re.sub(r"[:.-]", "", text).lower()
    return ":".join(digits[at : at + 2] for at in range(0, len(digits), 2))


def autonomous_system(text: str) -> str | None:
    """The number of an autonomous system, without AS or ASN before it; 0 is none (RFC 7607)."""
    found = _AS.fullmatch(text)
    return str(int(found[1])) if found and 1 <= int(found[1]) <= _MAX_AS else None


def registry_key(text: str) -> str | None:
    """A key of the Windows registry: its hive written out, single separators, none at the end. The case of the rest stays."""
    found = _KEY.fullmatch(re.sub(r"\\{2,}", r"\\", text))
    if found is None:
        return None
    hive = found[1].upper()
    hive = _HIVES.get(hive, hive)
    return f"{hive}{found[2]}" if hive in _HIVES.values() else None


def ssdeep(text: str) -> str | None:
    """A fuzzy hash of ssdeep, verbatim: the case of Base64 counts."""
    return text if _SSDEEP.fullmatch(text) else None


def tlsh(text: str) -> str | None:
    """A fuzzy hash of TLSH: upper case, T1 in front."""
    found = _TLSH.fullmatch(text)
    return f"T1{found[1].upper()}" if found else None


def octets(text: str, digits: int | None = None) -> str | None:
    """Hexadecimal digits in pairs, with or without colons between, in lower case; so many, where it is said."""
    if _COLONS.fullmatch(text) is None:
        return None
    plain = re.sub(r"[: ]", "", text).lower()
    return plain if digits is None or len(plain) == digits else None


def verbatim(text: str) -> str | None:
    """As it is: nothing of it may change."""
    return text or None
