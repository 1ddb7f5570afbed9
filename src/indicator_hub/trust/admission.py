"""May this object enter this collection, and as what (trust model, section 3, "submit, each object"). Pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from indicator_hub.stix import timestamps
from indicator_hub.stix.objects import ObjectVersion
from indicator_hub.trust.audience import Audience, Ruling, says_clear
from indicator_hub.trust.ladder import NAMES
from indicator_hub.trust.reach import Reach, sees
from indicator_hub.trust.roster import PUBLIC


class Recalled(Enum):
    """Who took an entry back."""

    NO = 0
    BY_ORIGINATOR = 1
    BY_STEWARD = 2


@dataclass(frozen=True, slots=True)
class Existing:
    """A version of the same STIX id that is already in the collection, from whichever organisation."""

    entry: int
    organisation_id: int
    spec_version: str
    version: str
    version_key: str
    created: str | None
    revoked: bool
    recalled: Recalled
    audience: Audience
    first_added: int
    line_order: int
    sha256: bytes


class Outcome(Enum):
    """What becomes of an object offered."""

    NEW = "new"
    VERSION = "version"
    DUPLICATE = "duplicate"
    SAME_VERSION = "same version"
    """The same id and version with other bytes: a duplicate if the values are equal, else a failure. The caller compares."""
    REISSUE = "reissue"
    RECALLED = "recalled"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome, the reason when refused, and the existing entry it is about, if any."""

    outcome: Outcome
    reason: str = ""
    existing: Existing | None = None


def admit(
    candidate: ObjectVersion, ruling: Ruling, reach: Reach, existing: Sequence[Existing], *, is_creator: bool
) -> Verdict:
    """Judge one object against the collection's rules and the versions already there."""
    if candidate.builtin:
        return Verdict(Outcome.DUPLICATE, "this mark is built in")
    collection = reach.require_collection()
    if ruling.held is None and ruling.audience.floor > collection.ceiling:
        return Verdict(Outcome.REFUSED, f"this collection takes nothing above TLP:{NAMES[collection.ceiling]}")
    if reach.group.kind == PUBLIC and (ruling.held is not None or not says_clear(candidate.marks)):
        return Verdict(Outcome.REFUSED, "an object in a public collection must say TLP:CLEAR")
    line = [
        e for e in existing if e.organisation_id == reach.organisation_id and e.spec_version == candidate.spec_version
    ]
    if not line:
        return _new_line(candidate, reach, existing, is_creator=is_creator)
    return _own_line(candidate, reach, line)


def _new_line(candidate: ObjectVersion, reach: Reach, existing: Sequence[Existing], *, is_creator: bool) -> Verdict:
    """What another organisation shares here counts only as far as the submitter sees it: a refusal would else tell that it exists."""
    visible = [
        e
        for e in existing
        if e.organisation_id != reach.organisation_id
        and sees(
            reach,
            audience=e.audience,
            organisation_id=e.organisation_id,
            first_added=e.first_added,
            recalled=e.recalled is not Recalled.NO,
        )
    ]
    for entry in visible:
        if entry.sha256 == candidate.sha256:
            return Verdict(Outcome.DUPLICATE, "already here", entry)
    if not visible or is_creator:
        return Verdict(Outcome.NEW)
    if candidate.version is None:
        # An observable has no author: its id follows from its value, and everybody may say it.
        return Verdict(Outcome.NEW)
    key = timestamps.sort_key(candidate.version)
    for entry in visible:
        if (entry.version_key, entry.spec_version) == (key, candidate.spec_version):
            return Verdict(Outcome.SAME_VERSION, existing=entry)
    return Verdict(
        Outcome.REFUSED,
        "another organisation shares this object here: only its creator makes a new version (STIX 2.1, 3.6)",
    )


def _own_line(candidate: ObjectVersion, reach: Reach, line: Sequence[Existing]) -> Verdict:
    if candidate.version is None:
        same = line[0]
        return _same(candidate, reach, same)
    key = timestamps.sort_key(candidate.version)
    for entry in line:
        if entry.version_key == key:
            return _same(candidate, reach, entry)
    closed = [entry for entry in line if entry.recalled is not Recalled.NO]
    if len(closed) == len(line):
        return Verdict(
            Outcome.RECALLED,
            "this object was recalled: a person of its organisation may post the recalled version again",
            closed[0],
        )
    first = line[0]
    if (
        first.created is not None
        and candidate.created is not None
        and timestamps.sort_key(first.created) != timestamps.sort_key(candidate.created)
    ):
        return Verdict(Outcome.REFUSED, "created must stay the same in every version (STIX 2.1, 3.6)")
    revoked = [entry.version_key for entry in line if entry.revoked and entry.recalled is Recalled.NO]
    if revoked and key > min(revoked):
        return Verdict(Outcome.REFUSED, "this object was revoked: no later version may follow (STIX 2.1, 3.6)")
    return Verdict(Outcome.VERSION)


def _same(candidate: ObjectVersion, reach: Reach, entry: Existing) -> Verdict:
    match entry.recalled:
        case Recalled.NO:
            pass
        case Recalled.BY_ORIGINATOR if reach.person and entry.sha256 == candidate.sha256:
            return Verdict(Outcome.REISSUE, existing=entry)
        case Recalled.BY_STEWARD if reach.person and reach.steward and entry.sha256 == candidate.sha256:
            return Verdict(Outcome.REISSUE, existing=entry)
        case _:
            return Verdict(Outcome.RECALLED, "this object was recalled", entry)
    if entry.sha256 == candidate.sha256:
        return Verdict(Outcome.DUPLICATE, "already here", entry)
    return Verdict(Outcome.SAME_VERSION, existing=entry)
