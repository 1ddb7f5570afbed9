"""What each declared thing may hold, one by one, as pydantic models over plain text (`document.py`).

What must agree between things is `consistency.py`'s business. A field's description finishes the sentence "write ..." in a mistake.
"""

from typing import Any, Literal, cast

from pydantic import BaseModel, ConfigDict, Field, model_validator

from indicator_hub.trust.declaration.fields import (
    Alias,
    Column,
    ColumnOf,
    Days,
    Delimiter,
    Email,
    Flag,
    GroupName,
    HeaderName,
    Identity,
    Instant,
    Interval,
    Level,
    MaybeText,
    Name,
    Nation,
    Observable,
    Percentage,
    Source,
    TaxonomyWord,
    Text,
    Uuid4,
)
from indicator_hub.trust.roster import ConfidenceScale, FeedKind, FeedUse, Format, Kind, Role, Writable

_FROM = 'the day it begins, such as "from: 2025-06-01"'


class Shape(BaseModel):
    """One declared thing. An optional key without a value counts as not written."""

    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, str_strip_whitespace=True)

    @model_validator(mode="before")
    @classmethod
    def _drop_empty(cls, data: object) -> object:
        if data is None:
            return {}
        if not isinstance(data, dict):
            return data
        known = cls.known_keys()
        return {
            key: value
            for key, value in cast("dict[str, object]", data).items()
            if value is not None or key not in known
        }

    @classmethod
    def known_keys(cls) -> list[str]:
        """The keys that may be written, in the order of the model."""
        return [field.alias or name for name, field in cls.model_fields.items()]


class FileShape(Shape):
    """One file. What its keys hold is checked thing by thing."""

    organisations: dict[Name, Any] = {}
    agreement: Any = None
    groups: dict[GroupName, Any] = {}


class ContactShape(Shape):
    """A duty desk."""

    desk: MaybeText = ""
    email: Email = ""
    telephone: MaybeText = ""
    pgp: MaybeText = ""
    hours: MaybeText = ""


class OrganisationShape(Shape):
    """A body in a nation."""

    title: Text = Field(description="what the organisation is called")
    nation: Nation = Field(description="the two-letter ISO 3166-1 code of its nation, such as XA")
    contact: ContactShape = Field(description="how its duty desk is reached: desk, email, telephone, pgp, hours")
    stix_identities: tuple[Identity, ...] = ()


class AgreementShape(Shape):
    """The legal basis."""

    name: Name = Field(description="a short name for the agreement, such as regional-cyber-2025")
    title: Text = Field(description="what the agreement is called")
    legal_basis: Text = Field(description="the treaty, law or memorandum it rests on")
    purposes: tuple[Text, ...] = Field(min_length=1, description="what may be shared for, as a list")
    starts: Instant = Field(alias="from", description=_FROM)
    ends: Instant | None = Field(default=None, alias="until")


class GroupShape(Shape):
    """A trust group. What its members, collections and feeds hold is checked one by one."""

    title: Text = Field(description="what the group is called")
    description: MaybeText = ""
    kind: Kind = Field(description="standing, operation or public")
    starts: Instant | None = Field(default=None, alias="from")
    ends: Instant | None = Field(default=None, alias="until")
    purpose: MaybeText = ""
    lead_nation: Nation | None = None
    members: dict[Name, Any] = {}
    collections: dict[Alias, Any] = {}
    feeds: dict[Name, Any] = {}


class MemberShape(Shape):
    """One organisation's part in a group."""

    role: Role = Field(description="submitter, observer, client or member")
    can_write: Flag = False
    steward: Flag = False
    sponsor: Text | None = None
    starts: Instant | None = Field(default=None, alias="from")
    ends: Instant | None = Field(default=None, alias="until")
    sees_from: Instant | None = None


class CollectionShape(Shape):
    """A TAXII collection."""

    id: Uuid4 = Field(description="an id of its own that never changes")
    title: Text = Field(description="what the collection is called")
    description: MaybeText = ""
    ceiling: Level = Field(description="the strictest TLP level that may enter, such as AMBER")
    default: Level | None = None
    writable: Writable = "members"


class FeedShape(Shape):
    """An outside source and the collection it fills."""

    title: Text = Field(description="what the feed is called")
    organisation: Text = Field(description="the name of the organisation that imports it")
    collection: Text = Field(description="the alias of the collection it fills")
    source: Source = Field(description="a path from this file's folder, or a web address")
    format: Format = Field(description="list, csv, tsv, json, jsonl, hosts, misp, stix, taxii or warninglist")
    level: Level | None = None
    confidence: Percentage | None = None
    confidence_cap: Percentage = 100
    confidence_scale: ConfidenceScale = "percent"
    indicator_types: tuple[Text, ...] = Field(default=("unknown",), min_length=1)
    labels: tuple[Text, ...] = ()
    columns: dict[ColumnOf, Column] = {}
    types: dict[Text, Observable] = {}
    taxonomy: dict[Text, TaxonomyWord] = {}
    items: MaybeText = ""
    split: MaybeText = ""
    ignore: dict[Text, Text] = {}
    delimiter: Delimiter = ","
    header: Flag = True
    comment: MaybeText = "#"
    expect: Observable | None = None
    default_scheme: Literal["http", "https"] | None = None
    documentation: Literal["allow", "refuse"] = "refuse"
    terms: MaybeText = ""
    reshare: Flag = True
    use: FeedUse = "publish"
    most_warned: Percentage = 5
    kind: FeedKind = "rolling"
    valid_days: Days | None = None
    every: Interval | None = None
    headers: dict[HeaderName, Text] = {}
    unencrypted: Flag = False
    internal: Flag = False
