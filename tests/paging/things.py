"""What is posted and what is asked in these sequences: few ids in few versions, so that what one deed does meets what another did."""

from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from paging.model import Asked
from support.world import IDENTITY_A, TLP, indicator

DAYS = tuple(f"2026-11-0{day}T00:00:00.000Z" for day in range(1, 5))
TOOL, OBSERVABLE, FED = 2, 3, 4
"""The numbers of the tool, of the mutex (an observable, which has no version of its own), and of what only the feed says."""
UNKNOWN_MARK = "marking-definition--00000000-0000-4000-8000-0000000000aa"


@dataclass(frozen=True, slots=True)
class Thing:
    """One object in one version. `level` is its mark: None bears none, ODD one that the hub does not know."""

    number: int
    day: int = 0
    level: str | None = "GREEN"
    revoked: bool = False
    old: bool = False
    created_by: bool = False

    @property
    def id(self) -> str:
        """Its STIX id."""
        kind = {TOOL: "tool", OBSERVABLE: "mutex"}.get(self.number, "indicator")
        return indicator(self.number)["id"].replace("indicator", kind)

    def object(self) -> dict[str, Any]:
        """The STIX object."""
        changes: dict[str, Any] = {"modified": DAYS[self.day], "id": self.id}
        if self.level:
            changes["object_marking_refs"] = [TLP.get(self.level, UNKNOWN_MARK)]
        if self.number == OBSERVABLE:
            nothing = dict.fromkeys(("created", "modified", "pattern", "pattern_type", "valid_from"))
            return indicator(self.number, **changes | nothing | {"type": "mutex", "name": "m"})
        if self.number == TOOL:
            changes |= {"type": "tool", "name": "t"}
        if self.created_by:
            changes["created_by_ref"] = IDENTITY_A
        if self.revoked:
            changes["revoked"] = True
        if self.old:
            changes |= {"spec_version": None, "pattern_type": None, "labels": ["a"]}
        elif self.number == TOOL:
            changes |= {"pattern": None, "pattern_type": None, "valid_from": None}
        return indicator(self.number, **changes)


def rarely(times: int) -> st.SearchStrategy[bool]:
    """True once in so many times."""
    return st.integers(1, times).map(lambda number: number == times)


LEVEL = st.sampled_from(["GREEN", "GREEN", None, "AMBER", "STRICT", "RED", "CLEAR", "ODD"])
DAY = st.integers(0, len(DAYS) - 1)
NUMBER = st.sampled_from([0, 0, 0, 0, 1, TOOL, OBSERVABLE])
THING = st.builds(Thing, NUMBER, DAY, LEVEL, rarely(8), rarely(3), rarely(3))
TWO = (Thing(0).id, Thing(TOOL).id)
WAYS = (
    Asked(),
    Asked(versions=("all",)),
    Asked(versions=("first",)),
    Asked(versions=("first", "last"), specs=("2.0",)),
    Asked(versions=(DAYS[0], DAYS[2])),
)
"""Every way to choose versions; each shape of a question costs a database a plan, so there are not many more."""
ASKED = st.sampled_from(
    [
        *WAYS,
        Asked(ids=TWO),
        Asked(versions=("all",), ids=TWO[:1], types=("indicator",)),
        Asked(versions=("last", DAYS[0]), specs=("2.0", "2.1")),
        Asked(types=("tool", "mutex")),
        Asked(versions=("all",), types=("indicator",), specs=("2.1",)),
        Asked(versions=("first",), ids=TWO, specs=("2.0",)),
    ]
)
TAKEN = st.builds(
    Asked,
    versions=st.sampled_from([(), (), ("all",), ("last",), ("last",), ("first",), DAYS[1:2], DAYS[:2]]),
    specs=st.sampled_from([(), (), (), ("2.1",), ("2.0",)]),
)
"""What a DELETE chooses by."""
