"""What an account may see and do: roles, windows, scopes; and the audience of an object by its marks."""

from dataclasses import replace

import pytest

from indicator_hub.errors import NotPermitted, Unauthenticated
from indicator_hub.trust.audience import NOBODY, Audience, audience_of
from indicator_hub.trust.reach import Reach, Ties, reach_of, sees
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
