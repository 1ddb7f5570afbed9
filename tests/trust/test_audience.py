"""Audiences as values: how two become one, which covers which, and the ruling on an object's marks."""

from itertools import product

import pytest

from indicator_hub.stix.markings import TLP as ALL_TLP
from indicator_hub.trust.audience import EVERYONE, NOBODY, Audience, Ruling, audience_of, says_clear
from indicator_hub.trust.ladder import AMBER, CLEAR, GREEN, HELD, LEVELS, RED, STRICT
from support.marks import marking
from support.world import TLP

LISTS = (None, frozenset[str](), frozenset(("XA",)), frozenset(("XA", "XB")), frozenset(("XB", "XC")))
EVERY = [Audience(*terms) for terms in product((CLEAR, AMBER, RED, HELD), (False, True), LISTS)]
READERS = list(product((-1, CLEAR, GREEN, AMBER, STRICT, RED, HELD), (False, True), ("XA", "XB", "XC", "XD")))
MARKS = [marking(number)["id"] for number in range(1, 6)]


def reached(audience: Audience) -> set[tuple[int, bool, str]]:
    """Which readers, each a cap, whether a person, and a nation, this lets through: the sentence of the trust model, word for word."""
    return {
        (cap, person, nation)
        for cap, person, nation in READERS
        if audience.floor <= cap
        and (not audience.persons_only or person)
        and (audience.nations is None or nation in audience.nations)
    }


def test_both_at_once_reach_whom_each_reaches() -> None:
    """Narrowing keeps exactly the readers of both, in either order; there is no list that means everybody by accident."""
    for one, other in product(EVERY, EVERY):
        assert reached(one.narrowed(other)) == reached(one) & reached(other)
        assert one.narrowed(other) == other.narrowed(one)
        if one.nations is not None and other.nations is not None:
            assert one.narrowed(other).nations == one.nations & other.nations


def test_one_covers_another_when_nobody_is_lost() -> None:
    """An audience covers another only if it reaches all of its readers; and does, unless the other is nobody's by its list."""
    for one, other in product(EVERY, EVERY):
        if one.covers(other):
            assert reached(one) >= reached(other)
        elif other.nations != frozenset():
            assert not reached(one) >= reached(other)
    assert all(EVERYONE.covers(one) and one.covers(one) for one in EVERY)


def test_the_nine_tlp_marks_have_their_levels() -> None:
    """Both versions of TLP, WHITE as CLEAR; nobody can give one of the nine another meaning by a definition."""
    for mark, word in ALL_TLP.items():
        assert audience_of([mark], (), None) == Ruling(Audience(LEVELS[word]), None)
        assert audience_of([mark], (), None, {mark: NOBODY, MARKS[0]: None}) == Ruling(Audience(LEVELS[word]), None)
    assert sorted(LEVELS[word] for word in ALL_TLP.values()) == [0, 0, 1, 1, 2, 2, 3, 4, 4]


def test_the_default_counts_like_a_mark_of_its_own() -> None:
    """Without a TLP mark the collection's level is the floor, and what else is marked narrows it; level CLEAR is a default too."""
    lists = Audience(GREEN, persons_only=True, nations=frozenset(("XA",)))
    assert audience_of((), (), STRICT).audience == Audience(STRICT)
    assert audience_of((), (), CLEAR).audience == Audience(CLEAR)
    assert audience_of([MARKS[0]], (), STRICT, {MARKS[0]: lists}).audience == Audience(
        STRICT, persons_only=True, nations=frozenset(("XA",))
    )
    assert audience_of([TLP["GREEN"], MARKS[0]], (), RED, {MARKS[0]: EVERYONE}).audience == Audience(GREEN)


def test_three_reasons_are_enough() -> None:
    """What holds an object is told in the order of the marks, three at most; it waits for all of them."""
    ruling = audience_of(MARKS[:2], MARKS[2:], AMBER, {MARKS[0]: None})
    assert ruling.audience == NOBODY
    assert ruling.unresolved == frozenset(MARKS)
    assert ruling.held is not None
    first, second, third = ruling.held.split("; ")
    assert first == f"the hub does not understand what {MARKS[0]} says"
    assert second.startswith(f"the mark {MARKS[1]} is not known: send its marking-definition")
    assert third.startswith(f"the mark {MARKS[2]} is not known")
    assert audience_of(MARKS[:1], (), AMBER, {MARKS[0]: EVERYONE}).unresolved == frozenset()


@pytest.mark.parametrize(
    ("marks", "clear"),
    [((), False), (("CLEAR",), True), (("GREEN",), False), (("GREEN", "CLEAR"), True), (("613f2e26-407d-48c7-9eca-b8e91df99dc9",), True),
     (("unknown",), False)],
)  # fmt: skip
def test_who_says_clear(marks: tuple[str, ...], clear: bool) -> None:
    """CLEAR, or WHITE as it was called, among the marks of the object; silence is not CLEAR."""
    assert says_clear(TLP.get(mark, f"marking-definition--{mark}") for mark in marks) is clear
