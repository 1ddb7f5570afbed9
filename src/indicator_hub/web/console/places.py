"""The collections that an account may write to, and how far it may go in each: for every form that shares something."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from indicator_hub.sharing.access import access
from indicator_hub.trust.ladder import AMBER, LEVELS, NAMES
from indicator_hub.web.console.visit import Visit


@dataclass(frozen=True, slots=True)
class Place:
    """A collection. `key` names it in forms; levels are those of the ladder; `default` None: it has none."""

    group: str
    collection: str
    alias: str
    title: str
    group_title: str
    ceiling: int
    default: int | None
    public: bool

    @property
    def key(self) -> str:
        """What a form sends."""
        return f"{self.group}/{self.collection}"

    @property
    def levels(self) -> list[str]:
        """What may be chosen, the widest first."""
        return [f"TLP:{name}" for level, name in NAMES.items() if level <= (0 if self.public else self.ceiling)]

    def level(self, chosen: int | None, says: int | None = None) -> int:
        """How far it goes: as is chosen; else as the collection's own level, and never further than the text itself says."""
        if chosen is not None:
            return chosen
        usual = min(AMBER, self.ceiling) if self.default is None else self.default
        return max(0 if self.public else usual, says or 0)


@dataclass(frozen=True, slots=True)
class Places:
    """Where one may write, the place that is chosen, and one's STIX identity (empty: none is declared)."""

    all: tuple[Place, ...]
    identity: str
    chosen: Place | None


async def places(visit: Visit, wanted: str, *, prefer: str = "indicators") -> Places:
    """Those of the account; of these the wanted one, else the first that is not for everybody, one of this alias first."""
    told = await access(visit.store, visit.caller)
    found = tuple(
        _place(group, one) for group in told["groups"] for one in group["collections"] if one["can_write"]
    )  # fmt: skip
    usual = min(found, key=lambda one: (one.public, one.alias != prefer), default=None)
    chosen = next((one for one in found if wanted in (one.key, f"{one.group}/{one.alias}")), usual)
    return Places(found, min(told["stix_identities"], default=""), chosen)


def _place(group: Mapping[str, Any], one: Mapping[str, Any]) -> Place:
    return Place(
        group["name"], one["id"], one["alias"], one["title"], group["title"], level_of(one["ceiling"]) or 0,
        level_of(one.get("default", "")), group["kind"] == "public",
    )  # fmt: skip


def level_of(text: str) -> int | None:
    """The level of TLP:AMBER; None for what is none."""
    return LEVELS.get(text.removeprefix("TLP:"))
