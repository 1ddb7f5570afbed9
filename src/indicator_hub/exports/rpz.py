"""A DNS response policy zone (draft-vixie-dnsop-dns-rpz): triggers are names in the zone, what to answer is their CNAME.

Triggers are relative, without a dot at the end, and targets absolute, with one. One label that is none makes a server refuse the zone as a
whole, so that names are measured with the zone's own behind them.
"""

from indicator_hub.exports.format import Outcome, Scope
from indicator_hub.exports.row import Row
from indicator_hub.stix import canonical

_LONGEST = 253
"""Characters of a name, without the dot at its end (RFC 1035, 2.3.4)."""
_TARGETS = {
    "nxdomain": ".",
    "nodata": "*.",
    "drop": "rpz-drop.",
    "passthru": "rpz-passthru.",
    "tcp-only": "rpz-tcp-only.",
}
ZONE = "rpz.hub"
_SECOND = 1_000_000
_SERIALS = 1 << 32


class Rpz:
    """The zone, for a server to load."""

    def __init__(self, scope: Scope) -> None:
        options = scope.options
        policy = options.get("policy", "nxdomain")
        self._target = _TARGETS.get(policy, f"{policy}.")
        self._room = _LONGEST - len(options.get("zone", ZONE)) - len("*..")
        self._ns = options.get("ns", "localhost")
        self._ttl = options.get("ttl", "300")
        self._subdomains = options.get("subdomains") != "false"

    def line(self, row: Row, /) -> str | None:
        """One or two records."""
        if row.kind != "domain-name":
            trigger = address_trigger(row.value)
            return None if trigger is None else f"{trigger} CNAME {self._target}\n"
        if len(row.value) > self._room:
            return None
        under = f"*.{row.value} CNAME {self._target}\n" if self._subdomains else ""
        return f"{row.value} CNAME {self._target}\n{under}"

    def head(self, outcome: Outcome, /) -> str:
        """The level, and what every zone has. The serial is the time of the newest change."""
        serial = outcome.changed // _SECOND % _SERIALS
        soa = f"@ SOA {self._ns}. hostmaster.{self._ns}. {serial} 3600 600 86400 {self._ttl}"
        return f"; {outcome.banner}\n$TTL {self._ttl}\n{soa}\n@ NS {self._ns}.\n"

    def foot(self, _: Outcome, /) -> str:
        """Nothing."""
        return ""


def address_trigger(network: str) -> str | None:
    """The trigger for answers that hold an address of a network: its groups from the last to the first, with `zz` for `::`."""
    found = canonical.parse_network(network)
    if found is None:
        return None
    version, address, bits = found
    if version == canonical.V4:
        groups = canonical.render_ipv4(address).split(".")
    else:
        text = canonical.render_ipv6(address)
        # A `::` at either end leaves two empty groups, one of them to be left out.
        groups = text.removeprefix(":" if text.startswith("::") else "").split(":")
        groups = groups[:-1] if text.endswith("::") else groups
        groups = ["zz" if group == "" else group for group in groups]
    return f"{'.'.join([str(bits), *reversed(groups)])}.rpz-ip"
