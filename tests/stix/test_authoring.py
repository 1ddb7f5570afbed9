"""Objects that a person writes: each is valid STIX 2.1 that the hub takes, and what is none is refused in words."""

import json

import pytest

from indicator_hub.errors import Invalid
from indicator_hub.stix.authoring import (
    FALSE_POSITIVE,
    Authorship,
    course_of_action,
    note,
    opinion,
    relationship,
    report,
    sighting,
)
from indicator_hub.stix.markings import TLP_IDS
from indicator_hub.stix.objects import ObjectVersion, accept
from indicator_hub.stix.reader import read
from indicator_hub.stix.timestamps import parse

NOW = parse("2026-11-27T09:00:00.123456Z")
WHO = "identity--0c7b5b88-8ff7-4a4d-aa9d-feb398cd0061"
IT = "indicator--5b7a2f0e-8f0c-4d0e-9f43-6f1d7b1f2a10"
BY = Authorship(NOW, WHO, (TLP_IDS["GREEN"],))


def test_each_is_taken_by_the_hub_and_says_who_and_how_far() -> None:
    """Marked and signed, under an id of its own; what is empty is left out."""
    action = course_of_action(BY, "Block it at the gate", description="At the border.", labels=["gate"])
    written = [
        sighting(BY, IT, count=3, first_seen=NOW - 1_000_000, last_seen=NOW, where=[WHO]),
        opinion(BY, [IT], FALSE_POSITIVE, explanation="It is our own resolver."),
        note(BY, [IT], "Ask us first."),
        action,
        report(BY, "Night Heron", [IT, json.loads(action)["id"]], types=["campaign"]),
        relationship(BY, json.loads(action)["id"], "mitigates", IT),
    ]
    for one in read(b'{"objects":[' + b",".join(written) + b"]}"):
        taken = accept(one)
        assert isinstance(taken, ObjectVersion), taken
        assert (taken.created_by, taken.marks) == (WHO, {TLP_IDS["GREEN"]})
        assert "" not in taken.value.values()
    seen, thought = (json.loads(one) for one in written[:2])
    assert (seen["count"], seen["sighting_of_ref"], seen["last_seen"]) == (3, IT, "2026-11-27T09:00:00.123Z")
    assert (thought["opinion"], thought["object_refs"]) == ("strongly-disagree", [IT])
    assert json.loads(sighting(BY, IT))["id"] != json.loads(sighting(BY, IT))["id"]
    assert "created_by_ref" not in json.loads(note(Authorship(NOW), [IT], "x"))


def test_what_is_no_such_object_is_refused_in_words() -> None:
    """A count below nothing, a time before its beginning, nothing to speak of."""
    for write in (
        lambda: sighting(BY, IT, count=-1),
        lambda: sighting(BY, IT, first_seen=NOW, last_seen=NOW - 1_000_000),
        lambda: sighting(BY, "nonsense"),
        lambda: note(BY, [], "x"),
        lambda: course_of_action(BY, ""),
    ):
        with pytest.raises(Invalid, match=r"not valid STIX 2\.1"):
            write()


def test_the_same_words_of_one_occasion_are_one_object() -> None:
    """What is written on one occasion twice is the same to the byte; other words, or of another occasion, are another object."""
    seed = "0d0b1f0a-39a1-4a55-8a0b-2f1d5f9c7a11"
    by = Authorship(NOW, WHO, (), seed)
    assert note(by, [IT], "x") == note(by, [IT], "x")
    ids = {
        json.loads(one)["id"]
        for one in (
            note(by, [IT], "x"), note(by, [IT], "y"), note(by, [IT], "x", abstract="z"), note(Authorship(NOW, WHO), [IT], "x"),
            note(Authorship(NOW, WHO, (), seed.replace("0d", "1d")), [IT], "x"), note(Authorship(NOW, WHO), [IT], "x"),
        )
    }  # fmt: skip
    assert len(ids) == 6
