"""What one account may see and do in one group or collection, now. Worked out once per request, by a pure function.

Not visible: NotFound, the same for a collection that never was. Visible, but lacking this right: NotPermitted. Nothing else raises
either for that cause.
"""

from dataclasses import dataclass
from enum import Enum

from indicator_hub.errors import NotFound, NotPermitted, Unauthenticated
from indicator_hub.trust.audience import Audience
from indicator_hub.trust.ladder import CAPS, CLEAR, HELD, RED
from indicator_hub.trust.roster import PUBLIC, Account, Agreement, Collection, Group, Membership, Role, within


@dataclass(frozen=True, slots=True)
class Ties:
    """What the roster says about one account (or nobody) and one group and collection. `key` is the collection's row, 0 for none."""

    group: Group
    group_id: int
    agreement: Agreement | None = None
    membership: Membership | None = None
    named: bool = False
    collection: Collection | None = None
    key: int = 0
    declared_feed: bool = False
    changed: int | None = None


@dataclass(frozen=True, slots=True)
class Reach:
    """What an account may see and do. `organisation_id` is 0 for the anonymous reader; `sees_from` in microseconds."""

    account: Account | None
    group: Group
    group_id: int
    collection: Collection | None
    key: int
    cap: int
    person: bool
    nation: str
    organisation_id: int
    sees_from: int
    can_read: bool
    can_write: bool
    steward: bool
    changed: int | None = None
    role: Role | None = None
    """The role of its live membership; None in `public` for who is no member there."""

    @property
    def reread_from(self) -> int | None:
        """The `date_added` after which to read again what one has read before `changed`, in microseconds; None: there is nothing to.

        A reader is owed everything that it sees, once. What it came to see by a wider role or an earlier `sees_from` lies behind its
        cursor, and so does the older version that is now its latest because it lost sight of a newer one; no date of theirs changes.
        From the beginning, not from `sees_from`: what its own organisation shared it sees however old.
        """
        return None if self.changed is None else 0

    def require_collection(self) -> Collection:
        """The collection. Raises NotFound when there is none for this account."""
        if self.collection is None:
            raise NotFound
        return self.collection

    def require_read(self) -> None:
        """Raises NotFound without a collection, NotPermitted without the right to read."""
        self.require_collection()
        if not self.can_read:
            raise NotPermitted("This account may not read this collection.")

    def require_write(self) -> None:
        """Raises NotFound without a collection, NotPermitted without the right to write; Unauthenticated when nobody asks."""
        self.require_collection()
        if self.account is None:
            raise Unauthenticated
        if not self.can_write:
            raise NotPermitted("This account may not write to this collection.")


def reach_of(account: Account | None, ties: Ties | None, now: int) -> Reach | None:
    """The reach, or None when the group does not exist for this account: unknown, asleep, or no live membership."""
    if ties is None or not _awake(ties, now):
        return None
    member = ties.membership
    if member is not None and not within(member.starts, member.ends, now):
        member = None
    if account is None or member is None:
        if ties.group.kind != PUBLIC:
            return None
        return _reach(account, ties, None, cap=CLEAR)
    return _reach(account, ties, member, cap=_cap(account, member, named=ties.named))


def _awake(ties: Ties, now: int) -> bool:
    agreement = ties.agreement
    return within(ties.group.starts, ties.group.ends, now) and (
        agreement is None or within(agreement.starts, agreement.ends, now)
    )


def _cap(account: Account, member: Membership, *, named: bool) -> int:
    if member.role == "member" and named and account.kind == "person":
        return RED
    return CAPS[member.role]


def _reach(account: Account | None, ties: Ties, member: Membership | None, *, cap: int) -> Reach:
    scopes: frozenset[str] = account.scopes if account else frozenset(("read",))
    # Everybody reads level 0 in `public`, a submitter too: membership there only ever adds.
    cap = max(cap, CLEAR) if ties.group.kind == PUBLIC else cap
    return Reach(
        account=account,
        group=ties.group,
        group_id=ties.group_id,
        collection=ties.collection,
        key=ties.key,
        cap=cap,
        person=account is not None and account.kind == "person",
        nation=account.nation if account else "",
        organisation_id=account.organisation_id if account else 0,
        sees_from=(member.sees_from or 0) if member and ties.group.kind != PUBLIC else 0,
        can_read="read" in scopes,
        can_write=account is not None
        and member is not None
        and "submit" in scopes
        and _may_submit(account, ties, member),
        steward=member is not None and member.steward and "manage" in scopes,
        changed=ties.changed,
        role=member.role if member is not None else None,
    )


def changes_reach(before: Membership, after: Membership) -> bool:
    """Whether a member sees more or less than before of what is already there."""
    return CAPS[after.role] != CAPS[before.role] or (after.sees_from or 0) != (before.sees_from or 0)


def _may_submit(account: Account, ties: Ties, member: Membership) -> bool:
    if not member.can_write or ties.collection is None:
        return False
    if account.kind == "feed":
        return ties.declared_feed
    return ties.collection.writable == "members"


class Obstacle(Enum):
    """Why an entry is not seen, in words that follow "it"."""

    RECALLED = "was taken back"
    HELD = "is held: its marks are not understood yet"
    LEVEL = "is above what this role reads"
    NAMED = "is TLP:RED, which only persons read who are named in this group"
    PERSONS = "is for persons only, and a machine is none"
    NATION = "is not for this nation"
    SINCE = "came before this membership sees"


def obstacle(
    reach: Reach, *, audience: Audience, organisation_id: int, first_added: int, recalled: bool
) -> Obstacle | None:
    """Why this reach does not see an entry with these terms; None when it does."""
    if recalled:
        return Obstacle.RECALLED
    if organisation_id == reach.organisation_id:
        return None
    if audience.floor > reach.cap:
        return {HELD: Obstacle.HELD, RED: Obstacle.NAMED}.get(audience.floor, Obstacle.LEVEL)
    if audience.persons_only and not reach.person:
        return Obstacle.PERSONS
    if audience.nations is not None and reach.nation not in audience.nations:
        return Obstacle.NATION
    return None if first_added >= reach.sees_from else Obstacle.SINCE


def sees(reach: Reach, *, audience: Audience, organisation_id: int, first_added: int, recalled: bool) -> bool:
    """The visibility predicate's pure twin: whether this reach sees an entry with these terms.

    The SQL that decides for real is `store/visible.py`; a property test holds the two together on both databases.
    """
    found = obstacle(
        reach, audience=audience, organisation_id=organisation_id, first_added=first_added, recalled=recalled
    )
    return found is None


def as_recorded(organisation_id: int, cap: int, *, person: bool, nation: str, sees_from: int) -> Reach:
    """The reading part of a reach as a serve event keeps it."""
    group = Group("", "", "", "standing", None)
    return Reach(
        account=None, group=group, group_id=0, collection=None, key=0, cap=cap, person=person, nation=nation,
        organisation_id=organisation_id, sees_from=sees_from, can_read=True, can_write=False, steward=False,
    )  # fmt: skip
