"""The parties and their ties: who shares with whom, under which agreement, until when.

Frozen values, as declared in YAML or as stored. Instants are microseconds since 1970 (`stix/timestamps.py`); every window is half open,
`starts <= now < ends`, and `ends` None is open.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Literal

Role = Literal["submitter", "observer", "client", "member"]
Kind = Literal["standing", "operation", "public"]
AccountKind = Literal["person", "service", "feed"]
Writable = Literal["members", "feeds"]
Format = Literal["list", "csv", "tsv", "json", "jsonl", "hosts", "misp", "stix", "taxii", "warninglist"]
FeedUse = Literal["publish", "refuse", "label", "allow"]
FeedKind = Literal["rolling", "snapshot", "event"]
ConfidenceScale = Literal["percent", "ten", "low-med-high", "admiralty", "misp", "estimative", "count"]

PUBLIC = "public"


def within(starts: int | None, ends: int | None, now: int) -> bool:
    """Whether now lies in the half-open window."""
    return (starts is None or starts <= now) and (ends is None or now < ends)


@dataclass(frozen=True, slots=True)
class Contact:
    """An organisation's duty desk: how a partner reaches it, day and night."""

    desk: str = ""
    email: str = ""
    telephone: str = ""
    pgp: str = ""
    hours: str = ""


@dataclass(frozen=True, slots=True)
class Organisation:
    """A body in a nation: a CERT, a police unit, a bank's SOC."""

    name: str
    title: str
    nation: str
    contact: Contact = Contact()
    stix_identities: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Agreement:
    """The legal basis on which groups share. Outside its window every group under it is asleep."""

    name: str
    title: str
    legal_basis: str
    purposes: tuple[str, ...]
    starts: int
    ends: int | None


@dataclass(frozen=True, slots=True)
class Group:
    """A trust group: those who share with one another. One TAXII API root each."""

    name: str
    title: str
    description: str
    kind: Kind
    agreement: str | None
    starts: int | None = None
    ends: int | None = None
    purpose: str = ""
    lead_nation: str = ""


@dataclass(frozen=True, slots=True)
class Membership:
    """One organisation's part in one trust group."""

    organisation: str
    group: str
    role: Role
    can_write: bool = False
    steward: bool = False
    sponsor: str | None = None
    starts: int | None = None
    ends: int | None = None
    sees_from: int | None = None


@dataclass(frozen=True, slots=True)
class Collection:
    """A TAXII collection. Belongs to exactly one trust group; `ceiling` and `default` are levels of the TLP ladder."""

    id: str
    group: str
    alias: str
    title: str
    description: str
    ceiling: int
    default: int | None
    writable: Writable = "members"


@dataclass(frozen=True, slots=True)
class Feed:
    """An outside source of indicators, the organisation that imports it, and the one collection it fills.

    `source` is a path or an http(s) URL; a relative path is taken from the folder of the YAML file that declares it.
    `columns` maps the fields value, port, sha256, sha1, md5, type, first_seen, last_seen, valid_until, description, labels, category, tlp, pap, confidence and reference
    to column names or 1-based numbers of a table, or to paths inside an item of JSON; `items` is the path to the items; `split` parts a cell that holds several
    values; rows in which a column has the value that `ignore` names are none. `types` maps the feed's own type words to observable types; `labels`, `indicator_types`, `confidence` and
    `level` are what every indicator of the feed carries, where its row does not say what kind of thing it is (`stix/taxonomy.py`), how sure the feed is,
    or a stricter level. `taxonomy` maps the feed's own words for that to words of the table; `confidence_scale` is the one of its confidence. Without `reshare` its licence keeps it in the nation of whoever imports it.
    Whose `use` is not `publish` brings a list that the feeds of its collection are held to: what is on it is refused, or labelled, or (`allow`) is the
    importing nation's own, which only its own feeds are held to. A run of which more than `most_warned` per cent are on such lists is held for a person.
    `headers` are sent when a web address is asked, where `$NAME` is a secret of the environment; such an address is https unless it is
    `unencrypted`, and leads into nobody's own network unless it is `internal`. Without `valid_days` its type says how long an indicator is true after it was last seen. `every` is how often the hub runs it, in microseconds; None: only when it is told to. `documentation` makes documentation addresses ordinary values.
    """

    name: str
    title: str
    organisation: str
    group: str
    collection: str
    source: str
    format: Format
    level: int | None = None
    confidence: int | None = None
    confidence_cap: int = 100
    confidence_scale: ConfidenceScale = "percent"
    indicator_types: tuple[str, ...] = ("unknown",)
    labels: tuple[str, ...] = ()
    columns: Mapping[str, str | int] = field(default_factory=lambda: MappingProxyType({}))
    types: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    taxonomy: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    items: str = ""
    split: str = ""
    ignore: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    delimiter: str = ","
    header: bool = True
    comment: str = "#"
    expect: str | None = None
    default_scheme: str | None = None
    documentation: bool = False
    terms: str = ""
    reshare: bool = True
    use: FeedUse = "publish"
    most_warned: int = 5
    kind: FeedKind = "rolling"
    valid_days: int | None = None
    every: int | None = None
    headers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    unencrypted: bool = False
    internal: bool = False


MAPPINGS = ("columns", "types", "taxonomy", "ignore", "headers")
"""The keys of a feed that hold names and values."""


@dataclass(frozen=True, slots=True)
class Account:
    """Whoever acts for an organisation: a person, a service or a feed. `scopes` only ever narrow what its organisation may do."""

    id: int
    name: str
    organisation: str
    organisation_id: int
    nation: str
    kind: AccountKind
    scopes: frozenset[str]
    lists_empty: bool = False


@dataclass(frozen=True, slots=True)
class Roster:
    """Everything declared, at one moment. Keys: the name; for a membership (organisation, group); for a collection (group, alias)."""

    organisations: Mapping[str, Organisation] = field(default_factory=dict[str, Organisation])
    agreements: Mapping[str, Agreement] = field(default_factory=dict[str, Agreement])
    groups: Mapping[str, Group] = field(default_factory=dict[str, Group])
    memberships: Mapping[tuple[str, str], Membership] = field(default_factory=dict[tuple[str, str], Membership])
    collections: Mapping[tuple[str, str], Collection] = field(default_factory=dict[tuple[str, str], Collection])
    feeds: Mapping[str, Feed] = field(default_factory=dict[str, Feed])
