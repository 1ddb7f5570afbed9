"""What the API takes and answers, as pydantic models: they check what comes, and describe both in /openapi.json."""

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from indicator_hub.limits import OBEYED
from indicator_hub.sharing import search
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


class LookupAsked(_Shape):
    """Values in any spelling, a text that holds some (a mail, a list, CSV, JSON, STIX), or both."""

    values: list[Annotated[str, Field(max_length=65_536)]] = Field([], max_length=search.VALUES)
    text: str = ""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.values and not self.text.strip():
            raise ValueError("send values, or a text")
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
    name: str | None = Field(None, description="What it calls itself, or the beginning of that.")
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


class ValueTold(_Shape):
    """A value in canonical form."""

    kind: str = Field(examples=["ipv4-addr"])
    value: str


class SearchTold(_Shape):
    """A version that one sees. The object itself is read over TAXII."""

    object: str = Field(examples=[_OBJECT])
    version: Timestamp
    type: str
    name: str | None = Field(None, description="Its first 200 characters.")
    values: list[ValueTold] = Field(description="The first few of those that its pattern, or the observable, says.")
    number_of_values: int | None = Field(None, description="How many it says, where these are not all.")
    match: Literal["whole", "part", "within"] | None = Field(
        None,
        description="How it says the value searched for: this or one of several and nothing else; in a larger pattern; as the host of a URL "
        "or an endpoint.",
    )
    group: str
    collection: str = Field(examples=[_COLLECTION])
    originator: str | None = Field(None, description="Left out where it has no part in the group.")
    level: Level | None = Field(None, description="Left out of what is held.")
    confidence: int | None = None
    valid_from: Timestamp | None = None
    valid_until: Timestamp | None = None
    labels: list[str] = Field(description="Labels and indicator types, in small letters.")
    revoked: bool
    held: bool = Field(description="Held back from everybody but one's own organisation, whose it is.")
    sightings: int = Field(
        description="Sightings of it that one sees, whatever each counts; one whose `count` is 0 is none. 300 are counted."
    )
    more_sightings: bool = Field(False, description="There are more than were counted; left out where there are not.")
    false_positives: int = Field(
        description="Opinions on it that one sees and that say `strongly-disagree`. 300 are counted."
    )
    more_false_positives: bool = Field(
        False, description="There are more than were counted; left out where there are not."
    )
    date_added: Timestamp


class SearchPage(Paged):
    """What was found, the newest first. A page may hold fewer than were asked for, or none, while `more` is true."""

    items: list[SearchTold]


class LookupTold(_Shape):
    """One value, or what is none, and who has said it."""

    raw: str | None = Field(None, description="As it was sent; left out of what stood in a text.")
    row: int | None = Field(None, description="The line of the text.")
    kind: str | None = None
    value: str | None = None
    refused: str | None = Field(None, description="Why the hub would not publish it; without a value: why it is none.")
    hits: list[SearchTold] = Field(description="The newest few that say it.")
    more: bool


class LookupList(_Shape):
    """Each value once, in the order in which they came."""

    items: list[LookupTold]


class Number(_Shape):
    """How many there are of one name; without a name, of what may not be named here, or is held."""

    name: str | None = None
    number: int


class Facets(_Shape):
    """Of the newest that match, 5,000 at most: how many there are of each. The 100 most frequent names of each."""

    counted: int = Field(description="Of how many.")
    complete: bool = Field(description="Whether these are all that match.")
    types: list[Number]
    kinds: list[Number]
    levels: list[Number]
    collections: list[Number]
    originators: list[Number]
    labels: list[Number]


class DayTold(_Shape):
    """One day, in UTC."""

    day: str = Field(examples=["2026-11-23"])
    number: int
    levels: list[Number]


class Statistics(_Shape):
    """Versions that came in this time, as far as one sees them."""

    since: Timestamp
    until: Timestamp
    number: int
    days: list[DayTold] = Field(description="Those on which any came.")
    types: list[Number]
    levels: list[Number]
    originators: list[Number]


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


class TokenAsked(_Sent):
    """A new token: for oneself, or for a machine of one's organisation."""

    account: Name | None = Field(None, description="The machine; without it oneself.")
    label: str = Field("", max_length=100, description="What it is for.")
    days: int = Field(365, ge=1, le=730, description="How long it is valid.")


class MachineAsked(_Sent):
    """A new account of the kind `service`, in one's own organisation."""

    name: Name = Field(description="The organisation's name is put before it.")
    submits: bool = Field(False, description="It may submit, too.")


class TokenListed(_Shape):
    """A token; never the token itself."""

    id: int
    account: str
    kind: str
    label: str
    created: Timestamp
    ends: Timestamp | None = None
    last_used: Timestamp | None = Field(None, description="To some minutes; left out where it never was.")


class TokenMade(TokenListed):
    """The token itself, answered this once: a request that is sent again makes another one, under an Idempotency-Key too."""

    token: str


class TokenList(_Shape):
    """One's own tokens; with the scope `manage` those of one's organisation."""

    items: list[TokenListed]


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


class RelationTold(_Shape):
    """An object around another one."""

    object: str
    type: str
    direction: Literal["to", "from", "beyond"] = Field(
        description="The object refers to it; it refers to the object; it is at the other end of one of these."
    )
    relationship_type: str | None = None
    name: str | None = None
    originator: str | None = None


class RelationList(_Shape):
    """What is around an object, as far as it is seen."""

    items: list[RelationTold]


class May(_Shape):
    """What a person of a member may do in a collection, without being named."""

    alias: str
    title: str
    reads: Level | None = Field(
        None, description="Up to which level; left out: nothing but what its own organisation shared."
    )
    writes: bool


class MemberTold(Window):
    """A member of a group. `suspended` is told to itself and to stewards."""

    organisation: str
    title: str
    nation: str
    role: str
    steward: bool
    sponsor: str | None = None
    contact: dict[str, str] = Field(
        description="Its duty desk: desk, email, telephone, pgp, hours. Empty for who has no part in the group itself."
    )
    collections: list[May]
    suspended: bool | None = None


class MemberList(_Shape):
    """The live members of a group."""

    items: list[MemberTold]


class GivenTold(_Shape):
    """How many objects of an organisation one sees."""

    organisation: str | None = Field(None, description="Left out where it never had a part in the group.")
    objects: int


class GivenList(_Shape):
    """What each gave, as far as one sees it."""

    items: list[GivenTold]
    counted_all: bool = Field(description="Whether all was counted; else there is more.")


class ServedTold(_Shape):
    """A member of a group, and when it was last given something there."""

    organisation: str
    nation: str
    at: Timestamp | None = Field(None, description="Left out where it never was.")


class ServedList(_Shape):
    """Members, whoever was given something longest ago first."""

    items: list[ServedTold]


class EndedTold(_Shape):
    """An operation that is over."""

    name: str
    title: str
    purpose: str
    until: Timestamp


class EndedList(_Shape):
    """Operations that are over, the last to end first."""

    items: list[EndedTold]


class Report(Window):
    """An operation as it stands, or as it ended: made from the events."""

    name: str
    title: str
    purpose: str
    lead_nation: str
    closed: bool
    parts: list[PartTold]


class RunTold(_Shape):
    """One run of a feed."""

    started: Timestamp
    finished: Timestamp | None = None
    outcome: Literal["running", "done", "unchanged", "failed"]
    reason: str | None = None
    held: bool | None = Field(None, description="True: it was held for a person, who may look at it and accept it.")
    tally: dict[str, int] = Field(
        description="candidates = new + updated + unchanged + duplicate + recalled + quarantined"
    )


class DryRunTold(_Shape):
    """What a run would do."""

    tally: dict[str, int]


class AcceptTold(_Shape):
    """How a run went that a person has looked at."""

    outcome: str
    tally: dict[str, int]


class RunList(_Shape):
    """The last runs of a feed, the newest first."""

    items: list[RunTold]


class RefusalTold(_Shape):
    """Why rows of a feed wait for a person."""

    reason: str
    number: int
    releasable: bool = Field(description="Whether such a row holds a value that could be let through.")
    samples: list[str]


class RefusalList(_Shape):
    """Reasons, the most common first."""

    items: list[RefusalTold]


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


class FeedDeclared(_Shape):
    """As what a feed is declared, without anything secret."""

    source: str = Field(description="Of a file its name; of an address neither user nor the values of its query.")
    format: str
    use: str
    kind: str
    level: str | None = None
    confidence: int | None = None
    confidence_cap: int | None = None
    indicator_types: list[str] | None = None
    labels: list[str] | None = None
    valid_days: int | None = None
    terms: str | None = None
    reshare: bool
    most_warned: int
    headers: list[str] | None = Field(None, description="The names of those that are sent along.")


class SlotTold(_Shape):
    """What a feed brought in six hours."""

    since: Timestamp
    brought: int = Field(description="Objects that were new or changed.")
    failed: int = Field(description="Runs that failed.")


class FeedWhole(FeedTold):
    """A feed as it stands, as what it is declared, and what it brought in a week."""

    declared: FeedDeclared
    week: list[SlotTold]


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
