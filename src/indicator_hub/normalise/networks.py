"""Our table of special-purpose addresses (RFC 6890 and successors), so that every Python version refuses the same ones.

Listed is every block of the two IANA registries that is not marked globally reachable, and what no host on the Internet has:
multicast, class E, the old site-local block. A few reachable anycast addresses inside 192.0.0.0/24 and 2001::/23 are refused
with their block: they are services of the network itself.
"""

from bisect import bisect_right
from types import MappingProxyType

from indicator_hub.stix.canonical import WIDTH, parse_network

DOCUMENTATION = "documentation"

_BLOCKS = (
    ("0.0.0.0/8", "this network"),  # RFC 791
    ("10.0.0.0/8", "private"),  # RFC 1918
    ("100.64.0.0/10", "shared"),  # RFC 6598
    ("127.0.0.0/8", "loopback"),  # RFC 1122
    ("169.254.0.0/16", "link-local"),  # RFC 3927
    ("172.16.0.0/12", "private"),  # RFC 1918
    ("192.0.0.0/24", "protocol assignments"),  # RFC 6890
    ("192.0.2.0/24", DOCUMENTATION),  # RFC 5737
    ("192.88.99.0/24", "6to4 relay"),  # RFC 7526
    ("192.168.0.0/16", "private"),  # RFC 1918
    ("198.18.0.0/15", "benchmarking"),  # RFC 2544
    ("198.51.100.0/24", DOCUMENTATION),  # RFC 5737
    ("203.0.113.0/24", DOCUMENTATION),  # RFC 5737
    ("224.0.0.0/4", "multicast"),  # RFC 5771
    ("240.0.0.0/4", "reserved"),  # RFC 1112; the limited broadcast address is its last
    ("::/96", "IPv4-compatible"),  # RFC 4291, with the unspecified and the loopback address
    (
        "::ffff:0:0/95",
        "IPv4-mapped",
    ),  # RFC 4291; /95 because /96 would be read as IPv4, and the other half is reserved too
    ("64:ff9b:1::/48", "local translation"),  # RFC 8215
    ("100::/64", "discard-only"),  # RFC 6666
    ("100:0:0:1::/64", "dummy prefix"),  # RFC 9780
    ("2001::/23", "protocol assignments"),  # RFC 2928: Teredo, benchmarking, ORCHID
    ("2001:db8::/32", DOCUMENTATION),  # RFC 3849
    ("2002::/16", "6to4"),  # RFC 3056
    ("3fff::/20", DOCUMENTATION),  # RFC 9637
    ("5f00::/16", "segment routing"),  # RFC 9602
    ("fc00::/7", "private"),  # RFC 4193
    ("fe80::/10", "link-local"),  # RFC 4291
    ("fec0::/10", "site-local"),  # RFC 3879
    ("ff00::/8", "multicast"),  # RFC 4291
)


def _ranges(version: int) -> tuple[tuple[int, int, str], ...]:
    """(first address, last address, name) in rising order; the blocks do not overlap."""
    found: list[tuple[int, int, str]] = []
    for text, name in _BLOCKS:
        block = parse_network(text)
        if block is not None and block[0] == version:
            size = 1 << (WIDTH[version] - block[2])
            start = block[1] // size * size
            found.append((start, start + size - 1, name))
    return tuple(sorted(found))


_RANGES = MappingProxyType({4: _ranges(4), 6: _ranges(6)})
_STARTS = MappingProxyType({version: [start for start, _, _ in ranges] for version, ranges in _RANGES.items()})


def special(address: int, version: int) -> str | None:
    """What the address is set aside for (RFC 6890), None for an ordinary one. `version` is 4 or 6."""
    return special_within(address, address, version)


def special_within(first: int, last: int, version: int) -> str | None:
    """What any address of the range is set aside for; documentation only where the whole range lies in one such block."""
    at = bisect_right(_STARTS[version], last) - 1
    if at < 0 or _RANGES[version][at][1] < first:
        return None
    start, end, name = _RANGES[version][at]
    if name == DOCUMENTATION and not (start <= first and last <= end):
        return "partly special"
    return name
