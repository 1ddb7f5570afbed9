"""Microsoft Sentinel, threat intelligence from a file: the CSV of its template for everything but files."""

from indicator_hub.exports import cells
from indicator_hub.exports.format import Outcome, Plain, Scope
from indicator_hub.exports.row import Row
from indicator_hub.exports.words import instant, tags_of
from indicator_hub.trust.ladder import AMBER, CLEAR, GREEN

KINDS = ("domain-name", "email-addr", "ipv4-addr", "ipv4-cidr", "ipv6-addr", "ipv6-cidr", "url")
_COLUMNS = (
    "threatTypes", "tags", "name", "description", "confidence", "revoked", "validFrom", "validUntil", "tlpLevel", "severity", "observableType",
    "observableValue",
)  # fmt: skip
_LEVELS = {CLEAR: "White", GREEN: "Green", AMBER: "Amber"}
"""TLP 1, which is what Sentinel knows: AMBER+STRICT is none of its levels and is written as the next stricter, Red."""


class Sentinel(Plain):
    """validFrom, observableType and observableValue are always there."""

    def __init__(self, _: Scope) -> None:
        pass

    def line(self, row: Row, /) -> str:
        """One record."""
        began = row.date_added if row.valid_from is None else row.valid_from
        return cells.line((
            "", ",".join(tags_of(row)), row.name or row.stix_id, row.stix_id, "" if row.confidence is None else str(row.confidence), "false",
            instant(began), instant(row.valid_until), _LEVELS.get(row.level, "Red"), "", row.kind.replace("cidr", "addr"), row.value,
        ))  # fmt: skip

    def head(self, _: Outcome, /) -> str:
        """The names of the columns."""
        return cells.line(_COLUMNS)
