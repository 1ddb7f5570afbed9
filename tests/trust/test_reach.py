"""What an account may see and do: roles, windows, scopes; and the audience of an object by its marks."""

from dataclasses import replace

import pytest

from indicator_hub.errors import NotFound, NotPermitted, Unauthenticated
from indicator_hub.trust.audience import NOBODY, Audience, audience_of
from indicator_hub.trust.reach import Obstacle, Reach, Ties, as_recorded, changes_reach, obstacle, reach_of, sees
from indicator_hub.trust.roster import Account, Agreement, Collection, Group, Membership
from support.world import MAIN, TLP

NOW = 1_000
ACCOUNT = Account(1, "ana", "xa-cert", 7, "XA", "person", frozenset(("read", "submit", "manage")))
TIES = Ties(
    Group("alpha", "Alpha", "", "standing", "pact"), 1, Agreement("pact", "Pact", "", (), 0, None),
    Membership("xa-cert", "alpha", "member", can_write=True, steward=True), collection=Collection(MAIN, "alpha", "main", "Main", "", 4, 2), key=3,
)  # fmt: skip
ANYBODY = replace(TIES, group=replace(TIES.group, kind="public"), agreement=None, membership=None)


def of(account: Account | None = ACCOUNT, ties: Ties = TIES, now: int = NOW) -> Reach | None:
    """The reach."""
    return reach_of(account, ties, now)


@pytest.mark.parametrize(
    ("part", "change"),
    [("group", {"starts": NOW + 1}), ("group", {"ends": NOW}), ("agreement", {"starts": NOW + 1}), ("agreement", {"ends": NOW}),
     ("membership", {"starts": NOW + 1}), ("membership", {"ends": NOW})],
)  # fmt: skip
def test_outside_of_a_window_nothing_exists(part: str, change: dict) -> None:
    """Windows are half open: at its start a thing is there, at its end it is gone."""
    asleep = replace(TIES, **{part: replace(getattr(TIES, part), **change)})
    assert of(ties=asleep) is None
    [(name, value)] = change.items()
    awake = replace(TIES, **{part: replace(getattr(TIES, part), **{name: NOW if name == "starts" else NOW + 1})})
    assert of(ties=awake) is not None
    assert value in (NOW, NOW + 1)


@pytest.mark.parametrize(
    ("role", "named", "kind", "cap"),
    [("submitter", False, "person", -1), ("observer", True, "person", 1), ("client", False, "service", 2), ("member", False, "person", 3),
     ("member", True, "person", 4), ("member", True, "service", 3)],
)  # fmt: skip
def test_the_ladder(role: str, named: bool, kind: str, cap: int) -> None:
    """Each role reads so high; RED only a member's person who is named, never a machine."""
    found = of(replace(ACCOUNT, kind=kind), replace(TIES, named=named, membership=replace(TIES.membership, role=role)))  # type: ignore[type-var]
    assert found is not None
    assert found.cap == cap


def test_rights() -> None:
    """Writing needs the membership's right, the scope, and a collection for members; a feed only where it is declared."""
    feeds = replace(TIES, collection=replace(TIES.collection, writable="feeds"))  # type: ignore[type-var]
    feed = replace(ACCOUNT, kind="feed")
    cases = [
        (ACCOUNT, TIES, True), (ACCOUNT, feeds, False), (replace(ACCOUNT, scopes=frozenset(("read",))), TIES, False),
        (ACCOUNT, replace(TIES, membership=replace(TIES.membership, can_write=False)), False),  # type: ignore[type-var]
        (feed, feeds, False), (feed, replace(feeds, declared_feed=True), True), (feed, TIES, False),
    ]  # fmt: skip
    assert [of(account, ties).can_write for account, ties, _ in cases] == [right for *_, right in cases]  # type: ignore[union-attr]
    reader = of(replace(ACCOUNT, scopes=frozenset(("submit",))))
    assert reader is not None
    assert (reader.can_read, reader.can_write) == (False, True)
    with pytest.raises(NotPermitted):
        reader.require_read()


def test_a_reach_is_what_the_account_and_its_membership_say() -> None:
    """Everything in a reach, word for word: who, where, how high, since when, with which rights and in which role."""
    member = replace(TIES.membership, sees_from=500)  # type: ignore[type-var]
    assert of(ties=replace(TIES, membership=member, changed=800)) == Reach(
        ACCOUNT, TIES.group, 1, TIES.collection, 3, cap=3, person=True, nation="XA", organisation_id=7, sees_from=500, can_read=True,
        can_write=True, steward=True, changed=800, role="member",
    )  # fmt: skip
    assert of(None, replace(ANYBODY, membership=member)) == Reach(
        None, ANYBODY.group, 1, TIES.collection, 3, cap=0, person=False, nation="", organisation_id=0, sees_from=0, can_read=True,
        can_write=False, steward=False, changed=None, role=None,
    )  # fmt: skip


def test_who_is_no_member_is_let_into_public_alone() -> None:
    """Without a live membership a group is not there; `public` is, for everybody, and a membership that ended adds nothing to it."""
    assert of(ties=None) is None  # type: ignore[arg-type]
    assert of(None) is None
    assert of(ties=replace(TIES, membership=None)) is None
    ended = of(ties=replace(ANYBODY, membership=replace(TIES.membership, ends=NOW)))  # type: ignore[type-var]
    assert ended is not None
    assert (ended.cap, ended.can_read, ended.can_write, ended.steward, ended.role) == (0, True, False, False, None)
    assert (ended.account, ended.nation, ended.organisation_id) == (ACCOUNT, "XA", 7)
    assert of(ties=replace(ANYBODY, group=replace(ANYBODY.group, ends=NOW))) is None


def test_history_is_seen_since_the_group_says() -> None:
    """A membership may see from some day on; without one it sees everything, and in `public` everybody does."""
    late = Membership("xa-cert", "alpha", "observer", sees_from=500)
    cases = [(replace(TIES, membership=late), 500), (TIES, 0), (replace(ANYBODY, membership=late), 0)]
    assert [of(ties=ties).sees_from for ties, _ in cases] == [since for _, since in cases]  # type: ignore[union-attr]


def test_stewards() -> None:
    """A steward is a membership's, and acts only with the scope to manage."""
    cases = [
        (ACCOUNT, TIES, True), (replace(ACCOUNT, scopes=frozenset(("read", "submit"))), TIES, False),
        (ACCOUNT, replace(TIES, membership=replace(TIES.membership, steward=False)), False),  # type: ignore[type-var]
    ]  # fmt: skip
    assert [of(account, ties).steward for account, ties, _ in cases] == [right for *_, right in cases]  # type: ignore[union-attr]


def test_without_a_collection_nothing_is_asked_for() -> None:
    """What is not there is not found, before any right is looked at; what is there may be forbidden."""
    nowhere = of(ties=Ties(TIES.group, 1, TIES.agreement, TIES.membership))
    assert nowhere is not None
    assert (nowhere.collection, nowhere.key, nowhere.can_write) == (None, 0, False)
    for require in (nowhere.require_collection, nowhere.require_read, nowhere.require_write):
        with pytest.raises(NotFound):
            require()
    here = of()
    assert here is not None
    assert here.require_collection() == TIES.collection
    here.require_read()
    here.require_write()
    with pytest.raises(NotPermitted, match="may not write"):
        replace(here, can_write=False).require_write()
    with pytest.raises(NotPermitted, match="may not read"):
        replace(here, can_read=False).require_read()


def test_what_one_read_before_is_read_again() -> None:
    """Where a reach changed, from the beginning; where it never did, from nowhere."""
    reach = of()
    assert reach is not None
    assert (reach.reread_from, replace(reach, changed=0).reread_from, replace(reach, changed=800).reread_from) == (
        None,
        0,
        0,
    )


@pytest.mark.parametrize(
    ("change", "changes"),
    [({}, False), ({"role": "client"}, True), ({"sees_from": 1}, True), ({"sees_from": 0}, False), ({"can_write": False}, False),
     ({"steward": False}, False), ({"ends": 5}, False)],
)  # fmt: skip
def test_what_changes_a_reach(change: dict, changes: bool) -> None:
    """A role or a day to see from, either way; rights to write or to manage let nobody see more."""
    member = TIES.membership
    assert member is not None
    assert changes_reach(member, replace(member, **change)) is changes
    assert changes_reach(replace(member, **change), member) is changes


def test_public_is_read_by_anybody_at_level_clear() -> None:
    """In the group public everybody reads level 0, and nobody writes without an account."""
    found = of(None, ANYBODY)
    assert found is not None
    assert (found.cap, found.can_read, found.can_write, found.organisation_id) == (0, True, False, 0)
    with pytest.raises(Unauthenticated):
        found.require_write()
    submitter = of(ties=replace(ANYBODY, membership=Membership("xa-cert", "public", "submitter", can_write=True)))
    assert submitter is not None
    assert (submitter.cap, submitter.can_write) == (0, True)


@pytest.mark.parametrize(
    ("marks", "parts", "default", "expected"),
    [((), (), 2, 2), ((), (), None, 0), (("CLEAR",), (), 2, 0), (("CLEAR", "RED"), (), 2, 4), (("GREEN",), ("AMBER",), 0, 2),
     (("AMBER",), ("GREEN",), 0, 2), ((), ("GREEN",), 2, 2), ((), ("RED",), 2, 4), (("unknown",), (), 2, 9), (("RED",), ("unknown",), 2, 9)],
)  # fmt: skip
def test_the_strictest_mark_wins(
    marks: tuple[str, ...], parts: tuple[str, ...], default: int | None, expected: int
) -> None:
    """Marks only narrow; one on a part counts for the whole and does not spare it the default; an unknown one holds the object."""
    ids = [tuple(TLP.get(mark, "marking-definition--unknown") for mark in group) for group in (marks, parts)]
    ruling = audience_of(ids[0], ids[1], default)
    assert (ruling.audience.floor, ruling.held is not None) == (expected, expected == 9)


def test_a_definition_narrows() -> None:
    """What the organisation's own definitions say is applied with everything else."""
    narrow = Audience(3, persons_only=True, nations=frozenset(("XA", "XB")))
    other = Audience(0, nations=frozenset(("XB", "XC")))
    ruling = audience_of(["a", "b", TLP["AMBER"]], [], None, {"a": narrow, "b": other})
    assert ruling.audience == Audience(3, persons_only=True, nations=frozenset(("XB",)))
    assert narrow.covers(ruling.audience)
    assert not ruling.audience.covers(narrow)
    assert not NOBODY.covers(narrow)


def test_who_sees() -> None:
    """Its own organisation sees an entry, held or not, until it is recalled; others by level, kind, nation and time."""
    reach = of()
    assert reach is not None
    terms = {"audience": Audience(3), "organisation_id": 9, "first_added": 10, "recalled": False}
    assert sees(reach, **terms)  # type: ignore[arg-type]
    for change in (
        {"audience": Audience(4)}, {"audience": Audience(0, nations=frozenset(("XB",)))}, {"recalled": True}, {"audience": NOBODY},
    ):  # fmt: skip
        assert not sees(reach, **(terms | change))  # type: ignore[arg-type]
    assert not sees(replace(reach, sees_from=11), **terms)  # type: ignore[arg-type]
    assert not sees(replace(reach, person=False), **(terms | {"audience": Audience(0, persons_only=True)}))  # type: ignore[arg-type]
    own = terms | {"organisation_id": 7, "audience": NOBODY}
    assert sees(replace(reach, sees_from=11, cap=-1), **own)  # type: ignore[arg-type]
    assert not sees(reach, **(own | {"recalled": True}))  # type: ignore[arg-type]


OTHERS = {"audience": Audience(1), "organisation_id": 9, "first_added": 500, "recalled": False}
LISTED = Audience(0, nations=frozenset(("XB",)))


@pytest.mark.parametrize(
    ("terms", "why"),
    [
        ({}, None), ({"audience": Audience(3)}, None), ({"audience": Audience(4)}, Obstacle.NAMED), ({"audience": NOBODY}, Obstacle.HELD),
        ({"audience": Audience(0, persons_only=True)}, Obstacle.PERSONS), ({"audience": LISTED}, Obstacle.NATION),
        ({"audience": Audience(0, nations=frozenset())}, Obstacle.NATION), ({"audience": Audience(0, nations=frozenset(("XA", "XB")))}, None),
        ({"first_added": 499}, Obstacle.SINCE), ({"recalled": True}, Obstacle.RECALLED),
        # Of several the first in this order is told.
        ({"recalled": True, "audience": NOBODY}, Obstacle.RECALLED), ({"audience": NOBODY, "first_added": 0}, Obstacle.HELD),
        ({"audience": Audience(4, persons_only=True)}, Obstacle.NAMED),
        ({"audience": Audience(0, persons_only=True, nations=frozenset(("XB",)))}, Obstacle.PERSONS),
        ({"audience": LISTED, "first_added": 0}, Obstacle.NATION),
        # One's own is seen whatever it is, until it is recalled.
        ({"organisation_id": 7, "audience": Audience(9, persons_only=True, nations=frozenset()), "first_added": 0}, None),
        ({"organisation_id": 7, "recalled": True}, Obstacle.RECALLED),
    ],
)  # fmt: skip
def test_why_it_is_not_seen(terms: dict, why: Obstacle | None) -> None:
    """What stands between a service of a member and an entry: the first obstacle, in this order; and it sees where there is none."""
    reach = as_recorded(7, 3, person=False, nation="XA", sees_from=500)
    assert obstacle(reach, **(OTHERS | terms)) is why
    assert sees(reach, **(OTHERS | terms)) is (why is None)


def test_above_the_role_is_not_above_the_name() -> None:
    """Below RED it is the role that does not reach; RED is for those who are named, whatever the role; a person reads what is for persons."""
    client = as_recorded(7, 2, person=True, nation="XA", sees_from=0)
    assert obstacle(client, **(OTHERS | {"audience": Audience(3)})) is Obstacle.LEVEL  # type: ignore[arg-type]
    assert obstacle(client, **(OTHERS | {"audience": Audience(4)})) is Obstacle.NAMED  # type: ignore[arg-type]
    assert obstacle(client, **(OTHERS | {"audience": Audience(2, persons_only=True)})) is None  # type: ignore[arg-type]


def test_a_recorded_reach_reads_as_it_did_and_does_nothing_else() -> None:
    """What a serve event keeps of a reach decides what was seen; it is nobody's account and may not write."""
    whole = of(ties=replace(TIES, membership=replace(TIES.membership, sees_from=500)))  # type: ignore[type-var]
    assert whole is not None
    kept = as_recorded(
        whole.organisation_id, whole.cap, person=whole.person, nation=whole.nation, sees_from=whole.sees_from
    )
    assert kept == Reach(
        None, Group("", "", "", "standing", None), 0, None, 0, cap=3, person=True, nation="XA", organisation_id=7, sees_from=500,
        can_read=True, can_write=False, steward=False,
    )  # fmt: skip
