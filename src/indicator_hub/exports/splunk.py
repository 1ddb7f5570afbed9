"""Splunk Enterprise Security, local lookups of the threat intelligence framework: one file for each collection of its own."""

from indicator_hub.exports import cells
from indicator_hub.exports.format import Outcome, Plain, Scope
from indicator_hub.exports.row import Row

_USUAL = 60
"""The weight that Splunk takes where nothing is said."""


class Lookup(Plain):
    """`field` holds the value; the other columns are there and empty."""

    columns: tuple[str, ...] = ()
    field = ""

    def __init__(self, _: Scope) -> None:
        pass

    def line(self, row: Row, /) -> str:
        """One record."""
        told = {
            "description": row.name or row.stix_id,
            self.field: row.value,
            "weight": str(_USUAL if row.confidence is None else max(1, row.confidence)),
        }
        return cells.line([told.get(name, "") for name in self.columns])

    def head(self, _: Outcome, /) -> str:
        """The names of the columns, without blanks."""
        return cells.line(self.columns)


class Ip(Lookup):
    """ip_intel: addresses and networks."""

    columns, field = ("description", "ip", "weight"), "ip"


class Domain(Lookup):
    """ip_intel too, by name."""

    columns, field = ("description", "domain", "weight"), "domain"


class Url(Lookup):
    """http_intel."""

    columns, field = ("description", "http_referrer", "http_user_agent", "url", "weight"), "url"


class File(Lookup):
    """file_intel: hashes of any kind."""

    columns, field = ("description", "file_hash", "file_name", "weight"), "file_hash"


class Email(Lookup):
    """email_intel: senders."""

    columns, field = ("description", "src_user", "subject", "weight"), "src_user"
