"""What comes to light when something goes, held to what each possible reader is given before and after."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product

from indicator_hub.taxii.query import ALL, FIRST, LAST, Filters
from indicator_hub.taxii.selection import Placed, given
from indicator_hub.taxii.uncovered import uncovered
from indicator_hub.trust.admission import Existing, Recalled
from indicator_hub.trust.audience import NOBODY, Audience
from indicator_hub.trust.reach import Reach, as_recorded

ORGANISATIONS = (1, 2, 3)
AUDIENCES = (
    *(Audience(floor) for floor in (0, 1, 2)), Audience(1, persons_only=True), Audience(1, nations=frozenset(("XA",))),
    Audience(0, nations=frozenset(("XA", "XB"))), Audience(2, persons_only=True, nations=frozenset(("XB",))), NOBODY,
)  # fmt: skip
FILTERS = tuple(
    Filters(spec_versions=specs, keywords=frozenset((keyword,)))
    for specs, keyword in product(((), ("2.0",), ("2.1",)), (LAST, FIRST, ALL))
)


def readers() -> Iterator[Reach]:
    """Everybody there can be: whose organisation has a line or not, each level, person or machine, nations, and since when."""
    for organisation, cap, person, nation, since in product(
        (*ORGANISATIONS, 4), (-1, 0, 1, 2), (False, True), ("XA", "XB", "XC"), (0, 103, 106)
    ):
        yield as_recorded(organisation, cap, person=person, nation=nation, sees_from=since)


READERS = tuple(readers())


def version(chance: random.Random, entry: int) -> Existing:
    """One version, by chance."""
    organisation = chance.choice(ORGANISATIONS)
    key = f"2026-11-0{chance.randint(1, 3)}"
    return Existing(
        entry=entry, organisation_id=organisation, spec_version=chance.choice(("2.0", "2.1", "2.1")), version=key, version_key=key,
        created=None, revoked=False, recalled=Recalled.NO, audience=chance.choice(AUDIENCES), first_added=100 + entry,
        line_order=0, superseded=0, sha256=b"",
    )  # fmt: skip


def collection(chance: random.Random) -> list[Existing]:
    """What is there of one id, each version of a line once, the lines in some order."""
    found = {
        (one.organisation_id, one.spec_version, one.version_key): one
        for one in (version(chance, entry) for entry in range(chance.randint(2, 8)))
    }
    orders = {of: chance.choice((0, 50, 60)) for of in ORGANISATIONS}
    return [replace(one, line_order=orders[one.organisation_id]) for one in found.values()]


def changed(chance: random.Random, before: Sequence[Existing]) -> tuple[list[Existing], set[int]]:
    """Some taken back, some narrowed, some widened (those are re-dated anyway), some lines in another place."""
    after, widened = list[Existing](), set[int]()
    orders = {of: chance.choice((0, 50, 60)) if chance.random() < 0.3 else None for of in ORGANISATIONS}
    for one in before:
        dice, now = chance.random(), one
        if dice < 0.25:
            continue
        if dice < 0.5:
            now = replace(now, audience=one.audience.narrowed(chance.choice(AUDIENCES)))
        elif dice < 0.6:
            now = replace(now, audience=chance.choice(AUDIENCES))
        if not one.audience.covers(now.audience):
            widened.add(one.entry)
        order = orders[one.organisation_id]
        after.append(now if order is None else replace(now, line_order=order))
    return after, widened


def seen(reach: Reach, filters: Filters, there: Sequence[Existing]) -> set[int]:
    """What a reader is given of it."""
    placed = [
        Placed(
            entry=one.entry, stix_id="x", type="indicator", spec_version=one.spec_version, version_key=one.version_key,
            organisation_id=one.organisation_id, audience=one.audience, recalled=False, date_added=one.first_added,
            first_added=one.first_added, line_order=one.line_order,
        )
        for one in there
    ]  # fmt: skip
    return {one.entry for one in given(reach, filters, placed)}


def test_nothing_that_comes_to_light_is_left_out() -> None:
    """For every reader and every filter: what is given after a change, and was not before, is uncovered or was widened."""
    chance = random.Random(20261127)
    found = needless = 0
    for _ in range(250):
        before = collection(chance)
        after, widened = changed(chance, before)
        told = {one.entry for one in uncovered(before, after)}
        new = set[int]()
        for reach in chance.sample(READERS, 60):
            for filters in FILTERS:
                new |= seen(reach, filters, after) - seen(reach, filters, before)
        assert new - widened <= told
        found, needless = found + len(new - widened), needless + len(told - new - widened)
    assert found > 100, "the worlds tried have something to uncover"
    assert needless < 3 * found


def test_what_stays_hidden_is_not_given_again() -> None:
    """Narrowed for those who do not see the older version either; taken back where a newer one is left; the second line still behind the first."""
    one, two, three = (
        replace(
            version(random.Random(1), number),
            organisation_id=1,
            spec_version="2.1",
            version_key=str(number),
            first_added=7,
        )
        for number in (1, 2, 3)
    )
    green, amber = Audience(1), Audience(2)
    one, two, three = (replace(each, audience=amber) for each in (one, two, three))
    assert uncovered([one, replace(two, audience=green)], [one, two]) == []
    assert uncovered([one, two, three], [one, three]) == []
    other = replace(one, entry=9, organisation_id=2, line_order=9)
    assert uncovered([one, two, other], [one, other]) == [one]
    assert uncovered([one, other], [other]) == [other]


def test_a_line_of_thousands_of_versions() -> None:
    """It is not compared each with each."""
    line = [
        replace(version(random.Random(1), number), organisation_id=1, spec_version="2.1", version_key=f"{number:05}", audience=Audience(1))
        for number in range(3_000)
    ]  # fmt: skip
    narrowed = [replace(one, audience=Audience(2)) for one in line]
    assert uncovered(line, narrowed) == []
    assert uncovered(line, narrowed[:-1]) == [narrowed[-2]]
