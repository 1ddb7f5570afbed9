"""May this object enter, and as what: one table of cases, each a rule; and when the originator must be asked first."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from indicator_hub.errors import NotFound
from indicator_hub.stix import timestamps
from indicator_hub.stix.objects import ObjectVersion
from indicator_hub.trust.admission import Existing, Outcome, Recalled, Verdict, Versions, admit, is_seen
from indicator_hub.trust.audience import NOBODY, Audience, Ruling
from indicator_hub.trust.consent import needs_consent
from indicator_hub.trust.ladder import AMBER, CLEAR, GREEN, RED, STRICT
from indicator_hub.trust.reach import Reach
from indicator_hub.trust.roster import Collection, Group
from support.world import MAIN, TLP

OURS, THEIRS, OTHERS = 7, 9, 11
CREATED, V1, V2, V3, V4 = (f"2026-11-0{day}T00:00:00.000Z" for day in range(1, 6))
SHA = b"the same"
CANDIDATE = ObjectVersion(
    "indicator--1", "indicator", "2.1", V2, CREATED, None, revoked=False, marks=frozenset((TLP["GREEN"],)), part_marks=frozenset(),
    builtin=False, value={}, raw=b"", sha256=SHA,
)  # fmt: skip
OBSERVABLE = CANDIDATE._replace(type="ipv4-addr", version=None, created=None)
REACH = Reach(
    None, Group("alpha", "Alpha", "", "standing", "pact"), 1, Collection(MAIN, "alpha", "main", "Main", "", AMBER, None), 3,
    cap=STRICT, person=True, nation="XA", organisation_id=OURS, sees_from=100, can_read=True, can_write=True, steward=False,
)  # fmt: skip
MACHINE, STEWARD = replace(REACH, person=False), replace(REACH, steward=True)
SERVICE_OF_STEWARD = replace(STEWARD, person=False)
IN_PUBLIC = replace(
    REACH, group=Group("public", "Public", "", "public", None), collection=Collection(MAIN, "public", "main", "Main", "", CLEAR, None)
)  # fmt: skip
GREEN_RULING = Ruling(Audience(GREEN), None)
HELD_RULING = Ruling(NOBODY, "a mark is not known", frozenset(("m",)))
CLEAR_MARK = frozenset((TLP["CLEAR"],))
SAID_CLEAR, CLEAR_RULING = CANDIDATE._replace(marks=CLEAR_MARK), Ruling(Audience(CLEAR), None)
ORIGINATOR, STEWARDS = Recalled.BY_ORIGINATOR, Recalled.BY_STEWARD


def there(version: str | None = V1, organisation: int = OURS, **changes: Any) -> Existing:
    """A version that is in the collection already."""
    key = timestamps.sort_key(version) if version else "-"
    terms: dict[str, Any] = {
        "entry": 1, "organisation_id": organisation, "spec_version": "2.1", "version": version or "", "version_key": key,
        "created": CREATED if version else None, "revoked": False, "recalled": Recalled.NO, "audience": Audience(GREEN), "first_added": 100,
        "line_order": 5, "superseded": 0, "sha256": b"other",
    }  # fmt: skip
    return Existing(**(terms | changes))


def judged(
    candidate: ObjectVersion = CANDIDATE,
    *existing: Existing,
    reach: Reach = REACH,
    ruling: Ruling = GREEN_RULING,
    is_creator: bool = False,
) -> Verdict:
    """The verdict."""
    return admit(candidate, ruling, reach, Versions(existing, reach.organisation_id), is_creator=is_creator)


Case = tuple[ObjectVersion, Sequence[Existing], dict[str, Any], Outcome, str]
NEW, VERSION, DUPLICATE, SAME, REISSUE = (
    Outcome.NEW,
    Outcome.VERSION,
    Outcome.DUPLICATE,
    Outcome.SAME_VERSION,
    Outcome.REISSUE,
)
RECALLED, REFUSED = Outcome.RECALLED, Outcome.REFUSED
TAKEN_BACK = "this object was recalled"
CLOSED = "this object was recalled: a person of its organisation may post the recalled version again"
REVOKED = "this object was revoked: no later version may follow (STIX 2.1, 3.6)"
STAYS = "created must stay the same in every version (STIX 2.1, 3.6)"
FOREIGN = "another organisation shares this object here: only its creator makes a new version (STIX 2.1, 3.6)"
PUBLIC_SAYS = "an object in a public collection must say TLP:CLEAR"
TOO_HIGH = "this collection takes nothing above TLP:AMBER"
OLD = {"spec_version": "2.0"}
# The rule; the object; what is there; who offers it and what its marks come to; the outcome and its reason.
CASES: dict[str, Case] = {
    "the first of its id is new": (CANDIDATE, (), {}, NEW, ""),
    "a mark that is built in is there already": (CANDIDATE._replace(builtin=True), (), {"ruling": Ruling(Audience(RED), None)}, DUPLICATE, "this mark is built in"),
    # The collection's rules.
    "as strict as the ceiling may enter": (CANDIDATE, (), {"ruling": Ruling(Audience(AMBER), None)}, NEW, ""),
    "above the ceiling nothing enters": (CANDIDATE, (), {"ruling": Ruling(Audience(STRICT), None)}, REFUSED, TOO_HIGH),
    "above the ceiling no duplicate either": (CANDIDATE, (there(V2, sha256=SHA),), {"ruling": Ruling(Audience(STRICT), None)}, REFUSED, TOO_HIGH),
    "what is held waits for its meaning, under any ceiling": (CANDIDATE, (), {"ruling": HELD_RULING}, NEW, ""),
    "in public nothing is held": (SAID_CLEAR, (), {"reach": IN_PUBLIC, "ruling": HELD_RULING}, REFUSED, PUBLIC_SAYS),
    "in public it says CLEAR": (SAID_CLEAR, (), {"reach": IN_PUBLIC, "ruling": CLEAR_RULING}, NEW, ""),
    "in public silence is not CLEAR": (CANDIDATE._replace(marks=frozenset()), (), {"reach": IN_PUBLIC, "ruling": CLEAR_RULING}, REFUSED, PUBLIC_SAYS),
    "in public a part that says CLEAR is not the object": (CANDIDATE._replace(marks=frozenset(), part_marks=CLEAR_MARK), (), {"reach": IN_PUBLIC, "ruling": CLEAR_RULING}, REFUSED, PUBLIC_SAYS),
    # One's own line.
    "a later version": (CANDIDATE, (there(V1),), {}, VERSION, ""),
    "an earlier version": (CANDIDATE, (there(V3),), {}, VERSION, ""),
    "the same again": (CANDIDATE, (there(V1), there(V2, sha256=SHA)), {}, DUPLICATE, "already here"),
    "the same version with other bytes is compared": (CANDIDATE, (there(V1), there(V2)), {}, SAME, ""),
    "a version is an instant, however many digits it has": (CANDIDATE._replace(version="2026-11-03T00:00:00Z"), (there(V2, sha256=SHA),), {}, DUPLICATE, "already here"),
    "an observable without a time is one version": (OBSERVABLE, (there(None),), {}, SAME, ""),
    "an observable without a time, again": (OBSERVABLE, (there(None, sha256=SHA),), {}, DUPLICATE, "already here"),
    "the creator's own line takes its versions like any other": (CANDIDATE, (there(V1),), {"is_creator": True}, VERSION, ""),
    "what others share under the id does not count beside one's own line": (CANDIDATE, (there(V1), there(V2, THEIRS, sha256=SHA)), {}, VERSION, ""),
    "created stays": (CANDIDATE, (there(V1, created=V1),), {}, REFUSED, STAYS),
    "created stays, spelt otherwise": (CANDIDATE, (there(V1, created="2026-11-01T00:00:00Z"),), {}, VERSION, ""),
    "created that was never said binds nobody": (CANDIDATE, (there(V1, created=None),), {}, VERSION, ""),
    "created that is not said is none other": (CANDIDATE._replace(created=None), (there(V1),), {}, VERSION, ""),
    "created was said by any version": (CANDIDATE, (there(V1, created=None), there(V3, created=V1)), {}, REFUSED, STAYS),
    "created was said first by the first": (CANDIDATE, (there(V1), there(V3, created=V1)), {}, VERSION, ""),
    "created of another rendering binds nobody": (CANDIDATE, (there(V1, created=V1, **OLD),), {}, NEW, ""),
    # Revoked.
    "nothing follows a revocation": (CANDIDATE, (there(V1, revoked=True),), {}, REFUSED, REVOKED),
    "what came before it may still come": (CANDIDATE, (there(V3, revoked=True),), {}, VERSION, ""),
    "the first revocation counts": (CANDIDATE._replace(version=V3), (there(V4, revoked=True), there(V2, revoked=True)), {}, REFUSED, REVOKED),
    "in whichever order they came": (CANDIDATE._replace(version=V3), (there(V2, revoked=True), there(V4, revoked=True)), {}, REFUSED, REVOKED),
    "between no revocations there is nothing": (CANDIDATE, (there(V1), there(V3)), {}, VERSION, ""),
    "a second revocation later is no version": (CANDIDATE._replace(revoked=True), (there(V1, revoked=True),), {}, REFUSED, REVOKED),
    "it is so in every rendering": (CANDIDATE, (there(V1, revoked=True, **OLD),), {}, REFUSED, REVOKED),
    "the revocation itself may come in another rendering": (CANDIDATE._replace(revoked=True), (there(V1, revoked=True, **OLD),), {}, NEW, ""),
    "at the same instant in another rendering it follows nothing": (CANDIDATE, (there(V2, revoked=True, **OLD),), {}, NEW, ""),
    "a revocation that was recalled counts no more": (CANDIDATE, (there(V1, revoked=True, recalled=ORIGINATOR), there(V3)), {}, VERSION, ""),
    # Recalled.
    "a recalled line is closed": (CANDIDATE, (there(V1, recalled=ORIGINATOR),), {}, RECALLED, CLOSED),
    "in every rendering": (CANDIDATE, (there(V1, recalled=ORIGINATOR, **OLD),), {}, RECALLED, CLOSED),
    "where a version is left it is open": (CANDIDATE, (there(V1, recalled=ORIGINATOR), there(V3)), {}, VERSION, ""),
    "left in another rendering too": (CANDIDATE, (there(V1, recalled=ORIGINATOR), there(V1, **OLD)), {}, VERSION, ""),
    "a person posts again what the organisation took back": (CANDIDATE, (there(V2, sha256=SHA, recalled=ORIGINATOR),), {}, REISSUE, ""),
    "a machine does not": (CANDIDATE, (there(V2, sha256=SHA, recalled=ORIGINATOR),), {"reach": MACHINE}, RECALLED, TAKEN_BACK),
    "nor other bytes under that version": (CANDIDATE, (there(V2, recalled=ORIGINATOR),), {}, RECALLED, TAKEN_BACK),
    "what a steward took back its organisation does not": (CANDIDATE, (there(V2, sha256=SHA, recalled=STEWARDS),), {}, RECALLED, TAKEN_BACK),
    "a steward does": (CANDIDATE, (there(V2, sha256=SHA, recalled=STEWARDS),), {"reach": STEWARD}, REISSUE, ""),
    "a steward's machine does not": (CANDIDATE, (there(V2, sha256=SHA, recalled=STEWARDS),), {"reach": SERVICE_OF_STEWARD}, RECALLED, TAKEN_BACK),
    "a recalled version comes in no other rendering by a machine": (CANDIDATE, (there(V2, recalled=ORIGINATOR, **OLD), there(V1, **OLD)), {"reach": MACHINE}, RECALLED, TAKEN_BACK),
    "nor does what a steward took back, while other versions are left": (CANDIDATE, (there(V1), there(V2, recalled=STEWARDS, **OLD)), {}, RECALLED, TAKEN_BACK),
    "a person brings it in another rendering": (CANDIDATE, (there(V2, recalled=ORIGINATOR, **OLD),), {}, NEW, ""),
    "a person brings it in another rendering of an open line": (CANDIDATE, (there(V1), there(V2, recalled=ORIGINATOR, **OLD)), {}, VERSION, ""),
    "even so created stays": (CANDIDATE, (there(V1, created=V1), there(V2, recalled=ORIGINATOR, **OLD)), {}, REFUSED, STAYS),
    "an observable's other rendering is no revoked line": (OBSERVABLE, (there(V1, revoked=True, **OLD),), {}, NEW, ""),
    # What other organisations share.
    "what one does not see is not there": (CANDIDATE, (there(V1, THEIRS, audience=Audience(RED)),), {}, NEW, ""),
    "not even the same bytes": (CANDIDATE, (there(V2, THEIRS, sha256=SHA, audience=Audience(RED)),), {}, NEW, ""),
    "nor what was recalled": (CANDIDATE, (there(V2, THEIRS, sha256=SHA, recalled=ORIGINATOR),), {}, NEW, ""),
    "nor what came before one sees": (CANDIDATE, (there(V2, THEIRS, sha256=SHA, first_added=99),), {}, NEW, ""),
    "the same bytes are here": (CANDIDATE, (there(V2, THEIRS, sha256=SHA),), {}, DUPLICATE, "already here, from another organisation"),
    "from whichever of them": (CANDIDATE, (there(V1, THEIRS), there(V2, OTHERS, sha256=SHA)), {}, DUPLICATE, "already here, from another organisation"),
    "only the creator makes a version of what one sees": (CANDIDATE, (there(V1, THEIRS),), {}, REFUSED, FOREIGN),
    "an own line in another rendering frees nothing": (CANDIDATE, (there(V1, **OLD), there(V1, THEIRS)), {}, REFUSED, FOREIGN),
    "the creator has a line of its own": (CANDIDATE, (there(V1, THEIRS),), {"is_creator": True}, NEW, ""),
    "even for the same bytes": (CANDIDATE, (there(V2, THEIRS, sha256=SHA),), {"is_creator": True}, NEW, ""),
    "the same version of others is compared": (CANDIDATE, (there(V1, THEIRS), there(V2, OTHERS)), {}, SAME, ""),
    "in the same rendering only": (CANDIDATE, (there(V2, THEIRS, **OLD),), {}, REFUSED, FOREIGN),
    "a value has no author": (OBSERVABLE, (there(None, THEIRS),), {}, NEW, ""),
    "a value that is here is here": (OBSERVABLE, (there(None, THEIRS, sha256=SHA),), {}, DUPLICATE, "already here, from another organisation"),
    "what a mark means each says for itself": (CANDIDATE._replace(type="marking-definition"), (there(V2, THEIRS),), {}, NEW, ""),
}  # fmt: skip


@pytest.mark.parametrize("rule", CASES)
def test_what_becomes_of_it(rule: str) -> None:
    """Each rule on its own: the outcome, the reason, and which entry it is about when the caller must look at that."""
    candidate, existing, how, outcome, reason = CASES[rule]
    verdict = judged(candidate, *existing, **how)
    assert (verdict.outcome, verdict.reason) == (outcome, reason)
    about_one = outcome in (SAME, REISSUE) or reason in (
        TAKEN_BACK, "already here", "already here, from another organisation",
    )  # fmt: skip
    assert (verdict.existing is not None) == about_one
    if verdict.existing is not None and candidate.version is not None:
        assert verdict.existing.version_key == timestamps.sort_key(candidate.version)


def test_without_a_collection_nothing_enters() -> None:
    """What is not there for an account cannot be written to."""
    with pytest.raises(NotFound):
        judged(reach=replace(REACH, collection=None))


def test_what_a_line_is() -> None:
    """One's own versions are a line with its order, open while one of them is not recalled; what others share stands apart."""
    mine, gone, theirs = there(V1), there(V2, recalled=ORIGINATOR), there(V3, THEIRS, line_order=4)
    line = Versions([theirs, mine, gone], OURS)
    assert (line.foreign, line.line_order, line.open, line.revoked_from) == ([theirs], 5, True, None)
    assert list(line.renderings["2.1"].by_key.values()) == [mine, gone]
    assert line.renderings["2.1"].at(V1) is mine
    assert line.renderings["2.1"].at(V3) is None
    assert Versions([gone, theirs], OURS).open is False
    none = Versions([theirs], OURS)
    assert (none.renderings, none.line_order, none.open) == ({}, None, False)


def test_who_took_back_is_kept_as_a_number() -> None:
    """The three numbers stand in every stored entry: none of them may change its meaning."""
    assert [one.value for one in (Recalled.NO, ORIGINATOR, STEWARDS)] == [0, 1, 2]


def test_outcomes_have_words() -> None:
    """Feeds and previews count and tell by these words."""
    words = ["new", "version", "duplicate", "same version", "reissue", "recalled", "refused"]
    assert [one.value for one in Outcome] == words


def test_what_is_there_is_seen_by_its_terms() -> None:
    """A version counts by its own audience, organisation, first date and recall, as for every reader."""
    assert is_seen(REACH, there(V1, THEIRS))
    unseen: list[dict[str, Any]] = [
        {"audience": Audience(RED)}, {"audience": Audience(0, nations=frozenset(("XB",)))}, {"first_added": 99}, {"recalled": ORIGINATOR},
        {"recalled": STEWARDS},
    ]  # fmt: skip
    assert not any(is_seen(REACH, there(V1, THEIRS, **terms)) for terms in unseen)
    assert is_seen(REACH, there(V1, OURS, audience=NOBODY, first_added=0))


LISTED = Audience(GREEN, nations=frozenset(("XA",)))


@pytest.mark.parametrize(
    ("audience", "handling", "release", "evidence"),
    [(Audience(CLEAR), (), False, False), (Audience(GREEN), (), False, False), (Audience(AMBER), (), True, False), (Audience(RED), (), True, False),
     (LISTED, (), True, False), (Audience(GREEN, nations=frozenset()), (), True, False), (Audience(GREEN, persons_only=True), (), False, False),
     (Audience(GREEN), ("H1",), False, True), (Audience(GREEN), ("H2",), True, True), (Audience(GREEN), ("H3",), False, True),
     (Audience(GREEN), ("H1", "H3"), False, True)],
)  # fmt: skip
def test_when_the_originator_is_asked(
    audience: Audience, handling: tuple[str, ...], release: bool, evidence: bool
) -> None:
    """Before a release from AMBER on, of H2 and of a nation list; before evidence of any handling code that asks."""
    assert needs_consent("release", audience, handling) is release
    assert needs_consent("evidence", audience, handling) is evidence
