"""Check Point's IoC feed (sk132193): CSV with a name that is unique, in which one empty cell that must not be so costs the whole file."""

import hashlib

from indicator_hub.exports.format import Outcome, Plain, Scope
from indicator_hub.exports.lists import fits
from indicator_hub.exports.row import Row
from indicator_hub.stix import canonical

_TYPES = {
    "ipv4-addr": "IP", "ipv4-cidr": "IP Range", "domain-name": "Domain", "url": "URL", "md5": "MD5", "sha1": "SHA1", "sha256": "SHA256",
    "email-addr": "Mail-from",
}  # fmt: skip
KINDS = tuple(_TYPES)
_LOW, _MEDIUM, _HIGH = 30, 70, 90


def _degree(confidence: int | None) -> str:
    if confidence is None:
        return "high"  # what Check Point takes where nothing is said
    return (
        "low"
        if confidence < _LOW
        else "medium"
        if confidence < _MEDIUM
        else "high"
        if confidence < _HIGH
        else "critical"
    )


def _first_to_last(network: str) -> str:
    version, start, bits = canonical.parse_network(network) or (canonical.V4, 0, 0)
    last = start + (1 << (canonical.WIDTH[version] - bits)) - 1
    return f"{canonical.render_ipv4(start)}-{canonical.render_ipv4(last)}"


class CheckPoint(Plain):
    """UNIQ-NAME,VALUE,TYPE,CONFIDENCE,SEVERITY,PRODUCT,COMMENT. Nothing says that cells may be quoted, so no cell needs it."""

    def __init__(self, _: Scope) -> None:
        self._last = ""
        self._number = 0

    def line(self, row: Row, /) -> str | None:
        """One record, or none for a value with a comma or a quote in it."""
        value = row.value
        if not fits(value) or "," in value or '"' in value or "'" in value:
            return None
        if row.kind == "ipv4-cidr":
            value = _first_to_last(value)
        # The name is to be unique, and an indicator may hold several values.
        name = f"{row.stix_id}-{hashlib.sha256(value.encode()).hexdigest()[:12]}"
        comment = "".join(
            one if one.isascii() and (one.isalnum() or one in " .-_") else " " for one in row.name
        ).strip()
        return f"{name},{value},{_TYPES[row.kind]},{_degree(row.confidence)},high,AB,{comment[:100] or '-'}\n"

    def head(self, outcome: Outcome, /) -> str:
        """The header, which is a comment."""
        if not outcome.lines:
            return ""
        return f"#! DESCRIPTION = {outcome.banner}\n# UNIQ-NAME,VALUE,TYPE,CONFIDENCE,SEVERITY,PRODUCT,COMMENT\n"
