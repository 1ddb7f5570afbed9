"""Every format there is, by the end of its path."""

import re
from collections.abc import Mapping
from types import MappingProxyType

from indicator_hub.exports import checkpoint, elastic, misp, sentinel, splunk, tables
from indicator_hub.exports.bundle import Bundle
from indicator_hub.exports.format import ADDRESSES, HASHES, Format
from indicator_hub.exports.hosts import Hosts
from indicator_hub.exports.lists import CommentedLines, EdlDomains, EdlUrls, Lines, Urls
from indicator_hub.exports.nftables import Nftables
from indicator_hub.exports.rpz import Rpz

_TEXT, _CSV, _JSON, _LINES = "text/plain", "text/csv", "application/json", "application/x-ndjson"
_PLAIN = (*ADDRESSES, "domain-name", "url", "email-addr", *HASHES)
_DOMAIN, _URL = ("domain-name",), ("url",)

_FORMATS = (
    *(Format(f"plain/{kind}.txt", _TEXT, Lines, (kind,)) for kind in _PLAIN),
    Format("plain/ip.txt", _TEXT, Lines, ADDRESSES),
    Format("edl/ip.txt", _TEXT, Lines, ADDRESSES),
    Format("edl/domain.txt", _TEXT, EdlDomains, _DOMAIN, options=frozenset(("wildcard",))),
    Format("edl/url.txt", _TEXT, EdlUrls, _URL, order="bare"),
    Format("fortinet/ip.txt", _TEXT, CommentedLines, ADDRESSES),
    Format("fortinet/domain.txt", _TEXT, CommentedLines, _DOMAIN),
    Format("fortinet/url.txt", _TEXT, Urls, _URL),
    *(Format(f"fortinet/{kind}.txt", _TEXT, CommentedLines, (kind,)) for kind in ("md5", "sha1", "sha256")),
    Format("cisco/ip.txt", _TEXT, CommentedLines, ADDRESSES),
    Format("cisco/domain.txt", _TEXT, CommentedLines, _DOMAIN),
    Format("cisco/url.txt", _TEXT, Urls, _URL),
    Format("checkpoint/ioc.csv", _CSV, checkpoint.CheckPoint, checkpoint.KINDS),
    Format(
        "rpz/rpz.zone",
        _TEXT,
        Rpz,
        ("domain-name", *ADDRESSES),
        options=frozenset(("policy", "zone", "ns", "ttl", "subdomains")),
    ),
    Format("hosts/hosts.txt", _TEXT, Hosts, _DOMAIN, options=frozenset(("address",))),
    Format("nftables/sets.nft", _TEXT, Nftables, ADDRESSES, order="version"),
    Format("csv/indicators.csv", _CSV, tables.Csv, distinct=False, marked=True, machine=False),
    Format("csv/spreadsheet.csv", _CSV, tables.Spreadsheet, distinct=False, marked=True, machine=False),
    Format("ndjson/indicators.ndjson", _LINES, tables.Json, distinct=False, marked=True, machine=False),
    Format("sentinel/indicators.csv", _CSV, sentinel.Sentinel, sentinel.KINDS, distinct=False),
    Format("splunk/ip.csv", _CSV, splunk.Ip, ADDRESSES),
    Format("splunk/domain.csv", _CSV, splunk.Domain, _DOMAIN),
    Format("splunk/url.csv", _CSV, splunk.Url, _URL),
    Format("splunk/file.csv", _CSV, splunk.File, HASHES),
    Format("splunk/email.csv", _CSV, splunk.Email, ("email-addr",)),
    Format("elastic/indicators.ndjson", _LINES, elastic.Elastic, elastic.KINDS, distinct=False),
    Format("stix/bundle.json", "application/stix+json;version=2.1", Bundle, whole=True, marked=True, machine=False),
    Format("misp/manifest.json", _JSON, misp.Manifest, misp.KINDS, distinct=False, marked=True, machine=False),
    Format("misp/hashes.csv", _CSV, misp.Hashes, misp.KINDS, distinct=False, marked=True, machine=False),
)
FORMATS: Mapping[str, Format] = MappingProxyType({one.name: one for one in _FORMATS})
EVENT = Format("misp/UUID.json", _JSON, misp.Event, misp.KINDS, marked=True, machine=False)
"""One event of the feed; its own uuid stands in the path."""
_UUID = re.compile(r"misp/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.json", re.ASCII)


def find(name: str) -> tuple[Format, str] | None:
    """The format at the end of a path, and the uuid of the MISP event that it names, empty for every other format; None where there is none."""
    if (event := _UUID.fullmatch(name)) is not None:
        return EVENT, event[1]
    found = FORMATS.get(name)
    return None if found is None else (found, "")
