"""What a reader is owed, worked out from first principles: no code of the hub's, only what was posted, by whom, and when it was added."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

LEVELS = {"CLEAR": 0, "GREEN": 1, "AMBER": 2, "STRICT": 3, "RED": 4, "ODD": 9}
READS = {"submitter": -1, "observer": 1, "client": 2, "member": 3}
CREATOR = "xa-cert"
"""The organisation whose identity stands in `created_by_ref`, where one does."""


@dataclass(frozen=True, slots=True)
class Row:
    """An object version in the collection, and what was posted. `order` says which organisation's line of an id is shown first."""

    id: str
    type: str
    version: str
    spec: str
    organisation: str
    date_added: int
    first_added: int
    recalled: bool
    level: int
    by_creator: bool
    object: dict[str, Any] = field(compare=False, repr=False)
    order: int = 0

    @property
    def key(self) -> tuple[str, str, str, str]:
        """What is in a collection once."""
        return self.id, self.version, self.spec, self.organisation


def in_lines(rows: Sequence[Row]) -> list[Row]:
    """The rows with their order, in the order in which they first came: its creator's line is shown first, then the oldest."""
    begun: dict[tuple[str, str], int] = {}
    found: list[Row] = []
    for row in sorted(rows, key=lambda row: row.first_added):
        order = begun.setdefault((row.id, row.organisation), 0 if row.by_creator else row.first_added)
        found.append(replace(row, order=order))
    return found


@dataclass(slots=True)
class Member:
    """An organisation's part in the group, as declared at the moment."""

    role: str
    can_write: bool = False
    steward: bool = False
    sees_from: int = 0
    ends: int | None = None


@dataclass(slots=True)
class Reader:
    """Whoever polls: an account of an organisation; named persons read RED."""

    organisation: str
    member: Member
    named: bool = False

    def sees(self, row: Row) -> bool:
        """Its own always, else up to its level and from its date on; nothing that was recalled."""
        if row.recalled or row.organisation == self.organisation:
            return not row.recalled
        cap = LEVELS["RED"] if self.named and self.member.role == "member" else READS[self.member.role]
        return row.level <= cap and row.first_added >= self.member.sees_from


@dataclass(frozen=True, slots=True)
class Asked:
    """The `match[...]` part of a query; by default what the standard says."""

    types: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    versions: tuple[str, ...] = ("last",)
    specs: tuple[str, ...] = ()

    def query(self, *, default: tuple[str, ...] = ("last",)) -> list[str]:
        """As URL parameters; which versions are meant is left out where it is the `default`."""
        lists = {
            "type": self.types,
            "id": self.ids,
            "version": () if self.versions == default else self.versions,
            "spec_version": self.specs,
        }
        return [f"match[{name}]={','.join(values)}" for name, values in lists.items() if values]


def owed(rows: Iterable[Row], reader: Reader, asked: Asked) -> list[Row]:
    """What this reader is given for this query, in the order it was added."""
    seen: dict[str, list[Row]] = {}
    for row in rows:
        if reader.sees(row):
            seen.setdefault(row.id, []).append(row)
    given = [row for versions in seen.values() for row in _of_one_id(_shown(versions), asked)]
    return sorted(given, key=lambda row: row.date_added)


def _shown(seen: Sequence[Row]) -> list[Row]:
    """Of one id, the line that is shown, from the oldest version to the newest."""
    first = min((row.order, row.organisation) for row in seen)
    line = [row for row in seen if (row.order, row.organisation) == first]
    return sorted(line, key=lambda row: (row.version, row.first_added))


def _of_one_id(line: Sequence[Row], asked: Asked) -> list[Row]:
    if (asked.ids and line[0].id not in asked.ids) or (asked.types and line[0].type not in asked.types):
        return []
    specs = asked.specs or (max(row.spec for row in line),)
    given: list[Row] = []
    for spec in specs:
        rendering = [row for row in line if row.spec == spec]
        given += rendering if "all" in asked.versions else _chosen(rendering, asked.versions)
    return given


def _chosen(line: Sequence[Row], versions: tuple[str, ...]) -> list[Row]:
    return [
        row
        for row in line
        if row.version in versions
        or ("first" in versions and row is line[0])
        or ("last" in versions and row is line[-1])
    ]


def taken(rows: Sequence[Row], deleter: Reader, identifier: str, asked: Asked) -> list[Row] | None:
    """What a DELETE takes back: of its own line, or else of the one that the deleter is shown, all versions, or those named. None: it is shown nothing."""
    seen = [row for row in rows if row.id == identifier and deleter.sees(row)]
    if not seen:
        return None
    own = [row for row in seen if row.organisation == deleter.organisation]
    line, whole = _shown(own or seen), not asked.versions or "all" in asked.versions
    owner = line[0].organisation
    rows = [row for row in rows if (row.id, row.organisation, row.recalled) == (identifier, owner, False)]
    if whole:  # those too that are not for the deleter's eyes
        return [row for row in rows if row.spec in asked.specs or not asked.specs]
    given = _of_one_id(line, replace(asked, types=(), ids=()))
    if asked.specs:
        return given
    # What goes does not stay in another rendering.
    return [row for row in rows if row.version in {one.version for one in given}]
