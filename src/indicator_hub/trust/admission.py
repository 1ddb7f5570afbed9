"""May this object enter this collection, and as what. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import NamedTuple

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
    superseded: int
    sha256: bytes
    newer: Audience | None = None
    """The audience of all newer versions of its line, where they have one alone and others see this one."""


@dataclass(slots=True)
class Rendering:
    """The versions of one line in one STIX specification, by version key."""

    by_key: dict[str, Existing] = field(default_factory=dict[str, Existing])
    created: str | None = None

    def add(self, entry: Existing) -> None:
        """One more version."""
        self.by_key[entry.version_key] = entry
        self.created = self.created or entry.created

    def at(self, version: str | None) -> Existing | None:
        """This version; whatever there is, of what has no versions."""
        if version is None:
            return next(iter(self.by_key.values()))
        return self.by_key.get(timestamps.sort_key(version))


class Versions:
    """What is in the collection under one id: the submitting organisation's own line, in one or two renderings, and everything else."""

    def __init__(self, entries: Sequence[Existing], organisation_id: int) -> None:
        self.foreign = [entry for entry in entries if entry.organisation_id != organisation_id]
        self.renderings: dict[str, Rendering] = {}
        self.line_order: int | None = None
        self.open = False
        self.revoked_from: str | None = None
        for entry in entries:
            if entry.organisation_id == organisation_id:
                self.line_order = entry.line_order
                self.add(entry)

    def add(self, entry: Existing) -> None:
        """A version of one's own."""
        self.renderings.setdefault(entry.spec_version, Rendering()).add(entry)
        if entry.recalled is not Recalled.NO:
            return
        self.open = True
        if entry.revoked and (self.revoked_from is None or entry.version_key < self.revoked_from):
            self.revoked_from = entry.version_key


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


class Verdict(NamedTuple):
    """The outcome, the reason when refused, and the existing entry it is about, if any."""

    outcome: Outcome
    reason: str = ""
    existing: Existing | None = None


def admit(candidate: ObjectVersion, ruling: Ruling, reach: Reach, versions: Versions, *, is_creator: bool) -> Verdict:
    """Judge one object against the collection's rules and the versions already there."""
    if candidate.builtin:
        return Verdict(Outcome.DUPLICATE, "this mark is built in")
    collection = reach.require_collection()
    if ruling.held is None and ruling.audience.floor > collection.ceiling:
        return Verdict(Outcome.REFUSED, f"this collection takes nothing above TLP:{NAMES[collection.ceiling]}")
    if reach.group.kind == PUBLIC and (ruling.held is not None or not says_clear(candidate.marks)):
        return Verdict(Outcome.REFUSED, "an object in a public collection must say TLP:CLEAR")
    rendering = versions.renderings.get(candidate.spec_version)
    if rendering is not None and (entry := rendering.at(candidate.version)) is not None:
        return _same(candidate, reach, entry)
    if versions.renderings and (refusal := _refusal(candidate, reach, versions, rendering)) is not None:
        return refusal
    return Verdict(Outcome.VERSION) if rendering is not None else _begun(candidate, reach, versions, is_creator)


def _begun(candidate: ObjectVersion, reach: Reach, versions: Versions, is_creator: bool) -> Verdict:
    """The first of a line, or of a rendering."""
    if is_creator:
        # Whoever relayed it first: the creator has a line of its own, to take back and to make new versions of.
        return Verdict(Outcome.NEW)
    return _new_line(candidate, reach, versions.foreign)


def is_seen(reach: Reach, entry: Existing) -> bool:
    """Whether this reach sees a version that is already there."""
    return sees(
        reach,
        audience=entry.audience,
        organisation_id=entry.organisation_id,
        first_added=entry.first_added,
        recalled=entry.recalled is not Recalled.NO,
    )


def _new_line(candidate: ObjectVersion, reach: Reach, foreign: Sequence[Existing]) -> Verdict:
    """What another organisation shares here counts only as far as the submitter sees it: a refusal would else tell that it exists."""
    visible = [entry for entry in foreign if is_seen(reach, entry)]
    for entry in visible:
        if entry.sha256 == candidate.sha256:
            return Verdict(Outcome.DUPLICATE, "already here, from another organisation", entry)
    if not visible:
        return Verdict(Outcome.NEW)
    if candidate.version is None or candidate.type == "marking-definition":
        # An observable has no author: its id follows from its value, and everybody may say it. What a mark means each organisation
        # says for itself: no partner can block it.
        return Verdict(Outcome.NEW)
    key = timestamps.sort_key(candidate.version)
    for entry in visible:
        if (entry.version_key, entry.spec_version) == (key, candidate.spec_version):
            return Verdict(Outcome.SAME_VERSION, existing=entry)
    return Verdict(
        Outcome.REFUSED,
        "another organisation shares this object here: only its creator makes a new version (STIX 2.1, 3.6)",
    )


def _refusal(candidate: ObjectVersion, reach: Reach, versions: Versions, rendering: Rendering | None) -> Verdict | None:
    """Why one's own line takes no such version. What was recalled or revoked is so in every rendering."""
    recalled = [
        entry
        for other in versions.renderings.values()
        if (entry := other.at(candidate.version)) is not None and entry.recalled is not Recalled.NO
    ]
    if any(not _may_reissue(reach, entry) for entry in recalled):
        return Verdict(Outcome.RECALLED, "this object was recalled", recalled[0])
    if not versions.open and not recalled:
        return Verdict(
            Outcome.RECALLED,
            "this object was recalled: a person of its organisation may post the recalled version again",
        )
    if candidate.version is None:
        return None
    if (
        rendering is not None
        and rendering.created is not None
        and candidate.created is not None
        and timestamps.sort_key(rendering.created) != timestamps.sort_key(candidate.created)
    ):
        return Verdict(Outcome.REFUSED, "created must stay the same in every version (STIX 2.1, 3.6)")
    if (
        versions.revoked_from is not None
        and timestamps.sort_key(candidate.version) > versions.revoked_from
        # The revocation itself in another rendering may be written with other digits.
        and (rendering is not None or not candidate.revoked)
    ):
        return Verdict(Outcome.REFUSED, "this object was revoked: no later version may follow (STIX 2.1, 3.6)")
    return None


def _may_reissue(reach: Reach, entry: Existing) -> bool:
    """A person of the originator brings back what it took back; what a steward did, only a steward (trust model, recall)."""
    return reach.person and (entry.recalled is Recalled.BY_ORIGINATOR or reach.steward)


def _same(candidate: ObjectVersion, reach: Reach, entry: Existing) -> Verdict:
    if entry.recalled is not Recalled.NO:
        if entry.sha256 == candidate.sha256 and _may_reissue(reach, entry):
            return Verdict(Outcome.REISSUE, existing=entry)
        return Verdict(Outcome.RECALLED, "this object was recalled", entry)
    if entry.sha256 == candidate.sha256:
        return Verdict(Outcome.DUPLICATE, "already here", entry)
    return Verdict(Outcome.SAME_VERSION, existing=entry)
