"""What a reader is owed, worked out from first principles: no code of the hub's, only what was posted and when it was added."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

LEVELS = {"CLEAR": 0, "GREEN": 1, "AMBER": 2, "STRICT": 3, "RED": 4}
READS = {"submitter": -1, "observer": 1, "client": 2, "member": 3}


@dataclass(frozen=True, slots=True)
class Row:
    """An object version in the collection. `order` says which organisation's line of the id comes first."""

    id: str
    type: str
    version: str
    spec: str
    organisation: str
    level: int
    date_added: int
    first_added: int
    recalled: bool
    order: int


@dataclass(slots=True)
class Reader:
    """Whoever polls, as declared at the moment."""

    organisation: str
    role: str
    sees_from: int = 0

    def sees(self, row: Row) -> bool:
        """Its own always, else up to its level and from its date on; nothing that was recalled."""
        if row.recalled:
            return False
        return row.organisation == self.organisation or (
            row.level <= READS[self.role] and row.first_added >= self.sees_from
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """The `match[...]` part of a query; nothing given is the standard's default."""

    types: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    versions: tuple[str, ...] = ("last",)
    specs: tuple[str, ...] = ()

    def query(self) -> list[str]:
        """As URL parameters."""
        lists = {
            "type": self.types,
            "id": self.ids,
            "version": () if self.versions == ("last",) else self.versions,
            "spec_version": self.specs,
        }
        return [f"match[{name}]={','.join(values)}" for name, values in lists.items() if values]


def owed(rows: Iterable[Row], reader: Reader, asked: Asked) -> list[Row]:
    """What this reader is given for this query, in the order it was added."""
    lines: dict[str, list[Row]] = {}
    for row in rows:
        if reader.sees(row):
            lines.setdefault(row.id, []).append(row)
    given: list[Row] = []
    for versions in lines.values():
        given += _of_one_id(versions, asked)
    return sorted(given, key=lambda row: row.date_added)


def _of_one_id(seen: Sequence[Row], asked: Asked) -> list[Row]:
    first_line = min((row.order, row.organisation) for row in seen)
    line = [row for row in seen if (row.order, row.organisation) == first_line]
    if asked.specs:
        line = [row for row in line if row.spec in asked.specs]
    else:
        newest = max(row.spec for row in line)
        line = [row for row in line if row.spec == newest]
    if (asked.ids and seen[0].id not in asked.ids) or (asked.types and seen[0].type not in asked.types):
        return []
    if "all" in asked.versions:
        return line
    chosen: list[Row] = []
    for spec in {row.spec for row in line}:
        rendering = sorted((row for row in line if row.spec == spec), key=lambda row: row.version)
        ends = {"first": rendering[0], "last": rendering[-1]}
        chosen += [
            row
            for row in rendering
            if row.version in asked.versions or any(ends.get(word) is row for word in asked.versions)
        ]
    return chosen


@dataclass(slots=True)
class Poller:
    """A client that remembers where it was, and what it was given since it last began from the beginning."""

    account: str
    resource: str
    asked: Asked
    limit: int
    cursor: int = 0
    token: str = ""
    given: dict[tuple[str, str, str, str, int], int] = field(default_factory=dict[tuple[str, str, str, str, int], int])

    def begin_again(self, cursor: int = 0) -> None:
        """Its reach has changed: what it was given before does not count."""
        self.cursor, self.token = cursor, ""
        self.given.clear()

    def take(self, row: Row) -> None:
        """One delivery."""
        key = (row.id, row.version, row.spec, row.organisation, row.date_added)
        self.given[key] = self.given.get(key, 0) + 1

    def lacks(self, rows: Iterable[Row]) -> list[Row]:
        """What it is owed and was not given."""
        return [
            row for row in rows if (row.id, row.version, row.spec, row.organisation, row.date_added) not in self.given
        ]

    def doubled(self) -> list[tuple[str, str, str, str, int]]:
        """What it was given more than once under the same date."""
        return [key for key, times in self.given.items() if times > 1]
