"""What the API takes and answers, as pydantic models: they check what comes, and describe both in /openapi.json."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from indicator_hub.limits import OBEYED
from indicator_hub.sharing.recall import REASONS
from indicator_hub.stix import timestamps


def _timestamp(text: str) -> str:
    if not timestamps.is_timestamp(text):
        raise ValueError("give a UTC timestamp like 2026-11-23T12:00:00Z")
    return text


Timestamp = Annotated[
    str, AfterValidator(_timestamp), Field(json_schema_extra={"format": "date-time"}, examples=["2026-11-23T12:00:00Z"])
]
Name = Annotated[str, Field(min_length=1, max_length=300)]
Level = Literal["TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"]
_OBJECT = "indicator--5b7a2f0e-8f0c-4d0e-9f43-6f1d7b1f2a10"
_COLLECTION = "6b0a0c1e-3a56-4c1c-9a53-0d8f9f6f4d11"


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class _Sent(_Shape):
    @field_validator("*", mode="before")
    @classmethod
    def _readable(cls, value: object) -> object:
        # Told to other parties, in terminals too; and PostgreSQL's text cannot hold U+0000.
        if isinstance(value, str) and OBEYED.search(value):
            raise ValueError("a text may not hold control characters, nor such as turn the direction of what follows")
        return value


# What is taken.


class RecallAsked(_Sent):
    """Take an object back. Without `versions` the whole line."""

    reason: str = Field("unspecified", json_schema_extra={"enum": list(REASONS)})
    versions: list[Timestamp] | None = Field(None, min_length=1, description="Only these versions.")


class OwnRecallAsked(RecallAsked):
    """The same from one's own record: without `collection`, wherever it was shared."""

    collection: Name | None = Field(None, description="Only in this collection, by its id.")


class ReissueAsked(_Sent):
    """Bring back what was recalled. Without `versions` all of it."""

    versions: list[Timestamp] | None = Field(None, min_length=1)


class Place(_Sent):
    """A collection, by id or alias, of a group."""

    group: Name
    collection: Name


class ReleaseAsked(_Sent):
    """Copy a version into another collection."""

    to: Place
    version: Timestamp | None = Field(None, description="Which version; else the one that is shown.")


class EvidenceAsked(_Sent):
    """Export a version for a court."""

    purpose: str = Field(max_length=1_000, examples=["Case 2026/114, district court"])
    version: Timestamp | None = None


class ConsentAsked(_Sent):
    """Ask an originator for leave: to release a version into the group `to`, or to use it as evidence."""

    group: Name
    collection: Name
    object: Name
    version: Timestamp | None = None
    use: Literal["release", "evidence"]
    to: Name | None = Field(None, description="The group to release it into.")
    purpose: str = Field(max_length=1_000)


class GrantAsked(_Sent):
    """Consent, and until when it holds; else until it is withdrawn."""

    until: Timestamp | None = None


class NamingAsked(_Sent):
    """Put a person of one's own organisation forward to read TLP:RED in the group."""

    account: Name
    starts: Timestamp | None = Field(None, alias="from")
    until: Timestamp | None = None


class Settling(_Sent):
    """Which refused rows: these, or all that were refused for one reason."""

    rows: list[int] | None = Field(None, min_length=1, max_length=10_000, description="By `id`.")
    reason: Name | None = None

    @model_validator(mode="after")
    def _one_of_both(self) -> Self:
        if (self.rows is None) == (self.reason is None):
            raise ValueError("name rows, or a reason")
        return self


# What is answered.


class Window(_Shape):
    """From when, until when; half open. What is missing is open."""

    starts: Timestamp | None = Field(None, alias="from")
    until: Timestamp | None = None


class AgreementTold(Window):
    """The legal basis under which a group shares."""

    title: str
    legal_basis: str
    purposes: list[str]


class MembershipTold(Window):
    """The part of one's own organisation in a group."""

    role: str
    can_write: bool
    steward: bool
    sees_from: Timestamp | None = None


class CollectionTold(_Shape):
    """A collection, and what this account may do in it now."""

    id: str
    alias: str
    title: str
    can_read: bool
    can_write: bool
    ceiling: Level
    default: Level | None = None
    reach_changed: Timestamp | None = None
    reread_from: Timestamp | None = Field(
        None, description="Whoever read before `reach_changed` reads once more with this as `added_after`."
    )


class GroupTold(Window):
    """A trust group that exists for this account now."""

    name: str
    title: str
    kind: str
    reads: str = Field(examples=["up to TLP:AMBER+STRICT, as member"])
    agreement: AgreementTold | None = None
    purpose: str | None = None
    lead_nation: str | None = None
    membership: MembershipTold | None = None
    named: bool = False
    collections: list[CollectionTold]


class Access(_Shape):
    """What one may see, and why."""

    account: str
    kind: str
    organisation: str
    nation: str
    stix_identities: list[str] = Field(description="What objects of this organisation may say as created_by_ref.")
    scopes: list[str]
    now: Timestamp
    groups: list[GroupTold]


class Kept(_Shape):
    """A version in one's own record."""

    object: str = Field(examples=[_OBJECT])
    version: Timestamp
    spec_version: str
    group: str | None = Field(None, description="Left out of a group in which one's organisation has no part.")
    collection: str | None = Field(None, examples=[_COLLECTION])
    state: Literal["shared", "held", "recalled"]
    revoked: bool
    date_added: Timestamp
    received: Timestamp
    submitted_by: str | None = Field(None, description="Left out of what another organisation released.")
    status: str | None = None
    sha256: str
    released: bool = Field(description="Whether it is a copy that was released from another collection.")
    held: str | None = Field(None, description="Why it is held, and what to do.")
    recalled_by: Literal["originator", "steward"] | None = None
    level: Level | None = None
    persons_only: bool | None = None
    nations: list[str] | None = None
    bytes: str | None = Field(None, description="The object as it was received, in base64.")


class OwnVersions(_Shape):
    """Every version of one object in one's own record."""

    items: list[Kept]


class Paged(_Shape):
    """A part of a list. `next` is there where there is more: send it back."""

    more: bool
    next: str | None = None


class OwnPage(Paged):
    """A part of one's own record."""

    items: list[Kept]


class RecallTold(_Shape):
    """Something that was taken back after it had been given."""

    id: str
    at: Timestamp
    group: str | None = None
    collection: str | None = None
    object: str
    versions: list[Timestamp]
    by: Literal["originator", "steward"]
    reason: str
    acknowledged: Timestamp | None = None


class RecallPage(Paged):
    """What this organisation had been given, and must forget."""

    items: list[RecallTold]
    since: Timestamp = Field(description="What to send as `since` the next time: so far the list is final.")


class Recipient(_Shape):
    """Who had been given it, and whether it has acknowledged the recall."""

    organisation: str
    versions: list[Timestamp]
    acknowledged: Timestamp | None = None


class Elsewhere(_Shape):
    """How many had been given it in a group in which one's organisation has no part, and how many have acknowledged."""

    given: int
    acknowledged: int


class IssuedTold(RecallTold):
    """A recall of one's own object. Of a group in which one has no part, numbers only."""

    recipients: list[Recipient]
    elsewhere: Elsewhere | None = None


class IssuedPage(Paged):
    """The recalls of one's own objects."""

    items: list[IssuedTold]


class RecallMade(_Shape):
    """One recall in one collection."""

    id: str
    versions: list[Timestamp]


class RecallsMade(_Shape):
    """What was taken back: one recall for each collection."""

    recalls: list[RecallMade]


class Reissued(_Shape):
    """The versions that are there again, as far as one sees them."""

    versions: list[Timestamp]
    waiting: list[Timestamp] | None = Field(
        None, description="What the other side (its originator, or a steward) took back too, and has not brought back."
    )


class ConsentTold(_Shape):
    """A consent, as both sides see it."""

    id: str
    use: Literal["release", "evidence"]
    object: str
    version: Timestamp
    group: str | None = None
    collection: str | None = None
    originator: str | None = Field(None, description="Left out where it has no part in the group.")
    asker: str
    to: str | None = None
    purpose: str
    state: Literal["asked", "granted", "refused", "withdrawn"]
    asked: Timestamp
    answered: Timestamp | None = None
    until: Timestamp | None = None


class ConsentPage(Paged):
    """What was asked, the newest first."""

    items: list[ConsentTold]


class NamedTold(Window):
    """A person who reads TLP:RED in the group, or is proposed to."""

    account: str
    organisation: str
    state: Literal["proposed", "named"]


class NamedList(_Shape):
    """Those whom one may know of."""

    items: list[NamedTold]


class AccountTold(_Shape):
    """An account of one's own organisation."""

    account: str
    kind: str
    scopes: list[str]
    suspended: bool


class AccountList(_Shape):
    """One's organisation's accounts."""

    items: list[AccountTold]


class Evidence(_Shape):
    """A version, its bytes and hashes, and its way."""

    object: str
    version: Timestamp
    group: str
    collection: str
    bytes: str = Field(description="The object as it was received, in base64.")
    sha256: str = Field(description="Over these bytes, reckoned now.")
    sha256_when_received: str = Field(description="Over the bytes received, reckoned when they came.")
    sha256_canonical: str | None = Field(
        None, description="Over the canonical form (RFC 8785); left out where there is none."
    )
    originator: str | None = Field(None, description="Left out where it has no part in the group; see `released_by`.")
    released_by: str | None = Field(None, description="The organisation that copied it into this collection.")
    submitted_by: str | None = Field(None, description="The account; only for its own organisation.")
    received: Timestamp
    date_added: Timestamp
    status: str
    exported: Timestamp
    exported_by: str
    purpose: str
    consent: str | None = None


class Reader(_Shape):
    """Accounts of one organisation that are served alike."""

    organisation: str | None = None
    nation: str | None = None
    role: str | None = None
    who: Literal["persons", "services", "named persons", "everybody"]
    number: int | None = None
    sees: bool
    because: str


class Seen(_Shape):
    """Whom a version reaches, by which rule, and whom not, and why."""

    object: str
    version: Timestamp
    originator: str | None = Field(None, description="Left out where it has no part in the group.")
    level: Level | None = None
    persons_only: bool | None = None
    nations: list[str] | None = None
    held: str | None = None
    readers: list[Reader]


class SeenList(_Shape):
    """For each version that one sees."""

    items: list[Seen]


class ForeseenTold(_Shape):
    """What would become of an object, and whom it would reach."""

    object: str
    outcome: str
    stored: bool
    message: str | None = None
    level: Level | None = None
    persons_only: bool | None = None
    nations: list[str] | None = None
    held: str | None = None
    readers: list[Reader] | None = None


class ForeseenList(_Shape):
    """For each object of the envelope, in its order."""

    items: list[ForeseenTold]


class PartTold(_Shape):
    """What one organisation did in an operation, counted."""

    organisation: str | None = Field(
        None, description="Left out for those who have no part in it: who took back what others released here."
    )
    given: int = Field(description="Objects shared.")
    received: int = Field(description="Objects given out to it, again each time.")
    withdrawn: int
    recalled: int
    released: int = Field(description="Objects copied into the operation.")
    evidence: int = Field(description="Versions exported for a court.")


class Report(Window):
    """An operation as it stands, or as it ended: made from the events."""

    name: str
    title: str
    purpose: str
    lead_nation: str
    closed: bool
    parts: list[PartTold]


class RunTold(_Shape):
    """How a feed's last run ended."""

    started: Timestamp
    outcome: Literal["running", "done", "unchanged", "failed"]
    reason: str | None = None
    tally: dict[str, int] = Field(
        description="candidates = new + updated + unchanged + duplicate + recalled + quarantined"
    )


class FeedTold(_Shape):
    """A feed as it stands."""

    feed: str
    title: str
    organisation: str
    group: str
    collection: str
    state: Literal["new", "well", "failing", "resting", "running"]
    failures: int = Field(description="In a row, up to now.")
    waiting: int = Field(description="Refused rows that wait for a person.")
    every: int | None = Field(None, description="Seconds between two runs; left out where no schedule runs it.")
    next: Timestamp | None = None
    succeeded: Timestamp | None = None
    last: RunTold | None = None


class FeedList(_Shape):
    """The feeds that one's organisation imports."""

    items: list[FeedTold]


class RowTold(_Shape):
    """A row of a feed that was refused."""

    id: int
    reason: str
    detail: str | None = None
    raw: str = Field(description="As it came. It may hold what must not be clicked on.")
    row: int


class RowPage(Paged):
    """Refused rows that wait for a person."""

    items: list[RowTold]


class SettledTold(_Shape):
    """How many rows."""

    number: int


class Nothing(_Shape):
    """There is nothing to say."""


class Status(BaseModel):
    """A TAXII status (TAXII 2.1 section 4.3)."""

    model_config = ConfigDict(extra="allow")

    id: str
    status: Literal["complete", "pending"]
    request_timestamp: Timestamp
    total_count: int
    success_count: int
    failure_count: int
    pending_count: int


class Problem(BaseModel):
    """Problem details (RFC 9457)."""

    type: str = Field(examples=["urn:indicator-hub:problem:conflict"])
    title: str
    status: int
    detail: str | None = None
    instance: str | None = Field(None, description="Names the request, for the operator; only with 500.")
    errors: list[dict[str, Any]] | None = Field(None, description="What of the request is wrong, place by place.")
