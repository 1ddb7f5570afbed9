"""What an analyst posts of the values of a paste: ids, versions, marks, validity, words; and what it is refused for."""

import json
from typing import Any

import pytest

from indicator_hub.errors import Invalid
from indicator_hub.normalise.draft import Choices, Drafted, Known, drafts, said_level, unasked
from indicator_hub.normalise.indicator import Candidate
from indicator_hub.normalise.indicator import stix_id as id_of_feed
from indicator_hub.normalise.loose import candidates, of_values
from indicator_hub.stix import ids
from indicator_hub.stix.markings import TLP_IDS
from indicator_hub.stix.objects import ObjectVersion, accept
from indicator_hub.stix.pattern import Observable
from indicator_hub.stix.reader import read
from indicator_hub.stix.timestamps import parse
from indicator_hub.trust.ladder import GREEN, RED
from indicator_hub.trust.roster import Feed

NOW = parse("2026-11-27T09:00:00.123456Z")
DAY = 86_400_000_000
WHO = "identity--0c7b5b88-8ff7-4a4d-aa9d-feb398cd0061"


def chosen(**more: Any) -> Choices:
    """The choices of an analyst of xa-cert in alpha, at TLP:GREEN."""
    said: dict[str, Any] = {"level": GREEN, **more}
    return Choices("alpha", "xa-cert", **said)


def made(values: list[str], choices: Choices, now: int = NOW, **known: Any) -> Drafted:
    """What becomes of values as they are typed."""
    return drafts(of_values(values, documentation=True), choices, now=now, **known)


def objects(found: Drafted) -> list[dict[str, Any]]:
    """The objects, read; each is one that the hub takes."""
    envelope = b'{"objects":[' + b",".join(one.body for one in found.drafts) + b"]}"
    taken = [accept(one) for one in read(envelope)]
    assert all(isinstance(one, ObjectVersion) for one in taken), taken
    return [json.loads(one.body) for one in found.drafts]


def test_values_in_any_spelling_become_objects_and_the_rest_is_told() -> None:
    """An indicator each, in order, a vulnerability for a CVE; once, however often it is there; what is none is refused with its reason."""
    found = made(["198.51.100[.]7", "hxxp://a.example/x", "cve-2024-1234", "198.51.100.7", "10.0.0.1"], chosen())
    address, page, weakness = objects(found)
    assert address["pattern"] == "[ipv4-addr:value = '198.51.100.7']"
    assert (address["name"], page["name"], weakness["type"]) == (
        "198[.]51[.]100[.]7",
        "hxxp://a[.]example/x",
        "vulnerability",
    )
    assert address["object_marking_refs"] == [TLP_IDS["GREEN"]]
    assert (found.repeated, [(one.reason, one.number) for one in found.refused]) == (1, [("non_global", 5)])


def test_everything_that_is_chosen_is_said() -> None:
    """Words of the taxonomy, in any spelling, beside one's own; a last day, or so many days, or what the kind of value says."""
    (one,) = objects(
        made(
            ["*.a.example"],
            chosen(
                words=("C2", " Night  Heron "), confidence=80, pap="amber", name="Gate", description="Seen at one ministry.",
                references=("https://CERT.example/7#top",), created_by_ref=WHO, until=NOW + DAY,
            ),
        )
    )  # fmt: skip
    assert one["labels"] == ["c2", "night heron", "pap:amber", 'rsit:malicious-code="c2-server"', "wildcard"]
    assert (one["indicator_types"], one["confidence"], one["name"]) == (["malicious-activity"], 80, "Gate")
    assert one["external_references"] == [{"source_name": "cert.example", "url": "https://cert.example/7"}]
    assert (one["created_by_ref"], one["valid_until"]) == (WHO, "2026-11-28T09:00:00.123Z")
    ends = [one.valid_until for one in made(["198.51.100.7", "a.example"], chosen()).drafts]
    assert [(end - NOW + 456) // DAY for end in ends if end] == [30, 180]
    (one,) = made(["a.example"], chosen(days=2, words=("phishing",))).drafts
    assert one.valid_until == NOW - 456 + 2 * DAY


def test_the_same_value_again_is_a_new_version_and_no_second_object() -> None:
    """Posted again in the same scope: the same id and `created`, a later `modified`, whatever the clock says."""
    first = made(["198.51.100.7"], chosen())
    (before,) = objects(first)
    known = {before["id"]: Known.of(before)}
    (again,) = objects(made(["198.51.100.7"], chosen(confidence=10), now=NOW - DAY, known=known))
    assert (again["id"], again["created"], again["valid_from"]) == (
        before["id"],
        before["created"],
        before["valid_from"],
    )
    assert again["modified"] > before["modified"]
    others = [chosen(level=RED), Choices("beta", "xa-cert", GREEN), Choices("alpha", "xb-cert", GREEN)]
    assert len({before["id"], *(made(["198.51.100.7"], other).drafts[0].id for other in others)}) == 4


def test_after_a_withdrawal_a_value_begins_anew() -> None:
    """Nothing may follow a revocation: the value has another id then, and that one is asked about too."""
    values = list(of_values(["198.51.100.7", "a.example"], documentation=True))
    asked: dict[str, Known | None] = dict.fromkeys(unasked(values, chosen(), {}))
    dead, living = asked
    asked[dead] = Known(NOW, NOW, NOW, revoked=True)
    (second,) = unasked(values, chosen(), asked)
    asked[second] = None
    assert unasked(values, chosen(), asked) == []
    assert [one.id for one in drafts(values, chosen(), now=NOW, known=asked).drafts] == [second, living]


def test_no_feed_makes_versions_of_what_a_person_wrote() -> None:
    """A feed of the same organisation in the same group and level has another id for the value."""
    feed = Feed("f", "xa-cert", "alpha", "main", "", "", "list")
    ours = Observable("ipv4-addr", "198.51.100.7")
    assert (feed.group, feed.organisation) != ("", "")
    theirs = id_of_feed(Candidate(1, "", ours), feed, [TLP_IDS["GREEN"]])
    scope = Choices(feed.group, feed.organisation, GREEN)
    assert ids.type_of(theirs) == "indicator"
    assert made([ours.value], scope).drafts[0].id != theirs


def test_a_source_is_never_marked_down() -> None:
    """What a MISP event is tagged with counts where it is stricter; a mark that nobody can read refuses; other words are for a person to see."""

    def event(tag: str) -> bytes:
        attribute = {"type": "domain", "value": "a.example", "to_ids": True}
        return json.dumps({"Event": {"info": "x", "Tag": [{"name": tag}], "Attribute": [attribute]}}).encode()

    def levels(tag: str) -> list[int | None]:
        found = drafts(candidates(event(tag), documentation=True), chosen(), now=NOW)
        return [one.level for one in found.drafts] or [one.reason for one in found.refused]  # type: ignore[misc]

    assert [levels(tag) for tag in ("tlp:red", "tlp:white", "tlp:odd")] == [[RED], [GREEN], ["bad_marking"]]
    texts = ("[TLP: RED] new", "tlp:amber+strict, TLP GREEN", "TLP_WHITE", "a tlpx:red", "")
    assert [said_level(text) for text in texts] == [4, 3, 0, None, None]


@pytest.mark.parametrize(
    "wrong",
    [
        {"level": 9}, {"confidence": 101}, {"days": 0}, {"pap": "blue"}, {"marks": ("x",)}, {"marks": (TLP_IDS["RED"],)},
        {"created_by_ref": "indicator--x"}, {"references": ("not an address",)}, {"name": "a" * 251}, {"description": "\0"},
        {"words": tuple(map(str, range(51)))}, {"words": ("a" * 251,)},
    ],
    ids=lambda wrong: next(iter(wrong)),
)  # fmt: skip
def test_a_choice_that_is_none_is_refused_at_once(wrong: dict[str, Any]) -> None:
    """In words of what is wrong, before any value is looked at."""
    with pytest.raises(Invalid, match=r"\.$"):
        chosen(**wrong)


def test_a_validity_without_length_is_refused() -> None:
    """The end lies before the beginning."""
    with pytest.raises(Invalid, match="valid_until"):
        made(["a.example"], chosen(until=NOW - DAY))
