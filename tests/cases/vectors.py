"""A file of trust cases: a world, and what becomes of one object in it for one account. TRUST_CASES names another file."""

import json
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from indicator_hub.stix import timestamps
from indicator_hub.stix.markings import PAP_EXTENSION, TLP_EXTENSION
from indicator_hub.trust.roster import (
    PUBLIC,
    Agreement,
    Collection,
    Contact,
    Feed,
    Group,
    Membership,
    Organisation,
    Roster,
)
from support.marks import handling
from support.paths import ROOT

FILE = Path(os.environ.get("TRUST_CASES") or ROOT.parent / "shared" / "spec" / "trust-cases.json")
OWN = Path(__file__).parent
UNREGISTERED = "extension-definition--3a65884d-005a-4290-8335-cb2d778a83ce"
STEWARD = "runner.steward"
"""The account of an organisation that the runner adds as steward of a group without one: somebody confirms who is named."""
OPERATOR = "runner-operator"
"""The organisation behind the operator's account: it has no part in any group."""
CLEAR = "marking-definition--94868c89-83c2-464b-929b-a1a8aa3c8487"


@dataclass(frozen=True, slots=True)
class Vectors:
    """The world and the cases, as in the file."""

    world: dict[str, Any]
    cases: list[dict[str, Any]]

    @property
    def now(self) -> int:
        """When every case is decided."""
        return timestamps.parse(self.world["now"])

    def organisation(self, account: str) -> str:
        """Whose account it is."""
        return self.world["accounts"][account]["org"]

    def account(self, organisation: str) -> str:
        """The first account of an organisation: who posts for it where nobody else is named."""
        mine = [name for name, one in self.world["accounts"].items() if one["org"] == organisation]
        return next((name for name in mine if self.kind(name) != "feed"), mine[0])

    def person(self, organisation: str) -> str:
        """The first person of an organisation, or else its first account."""
        mine = [
            name
            for name, one in self.world["accounts"].items()
            if (one["org"], one["kind"]) == (organisation, "person")
        ]
        return mine[0] if mine else self.account(organisation)

    def steward(self, group: str) -> str:
        """The account of a steward of a group; that of the runner's own where the file has none."""
        stewards = [one["org"] for one in self.world["memberships"] if one["group"] == group and one["steward"]]
        return self.person(stewards[0]) if stewards else STEWARD

    def kind(self, account: str) -> str:
        """person, service, feed, operator or none."""
        one = self.world["accounts"][account]
        return "operator" if one.get("operator") else one["kind"]

    @property
    def feeds(self) -> dict[tuple[str, str], Feed]:
        """The feed behind each feed's account in each collection that declares it."""
        return {
            (name, collection): Feed(
                f"{name}@{collection}", name, self.organisation(name), one["group"], collection, "none.json", "stix", documentation=True
            )
            for collection, one in self.world["collections"].items()
            for name in one.get("feeds", ())
        }  # fmt: skip

    def mark(self, name: str) -> str:
        """A mark's id."""
        return self.world["markings"][name]["id"]


def files() -> tuple[Path, ...]:
    """The file that TRUST_CASES names, or the shared one, and one of our own beside it."""
    return (FILE, *(path for path in sorted(OWN.glob("*.json")) if path != FILE))


@cache
def vectors(path: Path = FILE) -> Vectors:
    """Skips, saying so, where the file is not there."""
    if not path.exists():
        pytest.skip(f"there are no trust cases at {path.name}: set TRUST_CASES")
    found = json.loads(path.read_text(encoding="utf-8"))
    return Vectors(found["world"], found["cases"])


def roster(world: dict[str, Any]) -> Roster:
    """The file's parties, with what the model makes mandatory and the file leaves out."""
    memberships = [_membership(world, one) for one in world["memberships"]]
    kept = {one["group"] for one in world["memberships"] if one["steward"]}
    memberships += [
        Membership(STEWARD, name, "member", steward=True)
        for name in world["groups"]
        if name not in kept and name != PUBLIC
    ]
    collections = [_collection(number, name, one) for number, (name, one) in enumerate(world["collections"].items(), 1)]
    return Roster(
        organisations={
            name: Organisation(name, name, one["nation"], Contact(email=f"duty@{name}.example"), tuple(one.get("stix_identities", ())))
            for name, one in (world["organisations"] | _added(world)).items()
        },
        agreements={
            name: Agreement(name, name, "a treaty", ("prevention",), timestamps.parse(one["from"]), _instant(one.get("until")))
            for name, one in world["agreements"].items()
        },
        groups={name: _group(name, one) for name, one in world["groups"].items()},
        memberships={(one.organisation, one.group): one for one in memberships},
        collections={(one.group, one.alias): one for one in collections},
        feeds={one.name: one for one in Vectors(world, []).feeds.values()},
    )  # fmt: skip


def _added(world: dict[str, Any]) -> dict[str, Any]:
    """The organisations that the file leaves out."""
    nation = world["nations"][0]
    return {name: {"nation": nation} for name in (STEWARD, OPERATOR)}


def _instant(text: str | None) -> int | None:
    return timestamps.parse(text) if text else None


def _group(name: str, one: dict[str, Any]) -> Group:
    kind = PUBLIC if name == PUBLIC else one.get("kind", "standing")
    purpose, lead = ("a case", "XA") if kind == "operation" else ("", "")
    return Group(
        name, name, "", kind, one["agreement"], _instant(one.get("from")), _instant(one.get("until")), purpose, lead
    )


def _membership(world: dict[str, Any], one: dict[str, Any]) -> Membership:
    sponsor = None
    if one["role"] == "client":
        sponsor = next(m["org"] for m in world["memberships"] if (m["group"], m["role"]) == (one["group"], "member"))
    windows = (_instant(one.get(name)) for name in ("from", "until", "sees_from"))
    return Membership(one["org"], one["group"], one["role"], one["can_write"], one["steward"], sponsor, *windows)


def _collection(number: int, name: str, one: dict[str, Any]) -> Collection:
    key = f"00000000-0000-4000-8000-{number:012}"
    return Collection(key, one["group"], name, name, "", one["ceiling"], one["default"], one.get("writable", "members"))


def definition(world: dict[str, Any], name: str, organisation: str) -> dict[str, Any] | None:
    """The marking-definition that an organisation gives for one of the file's marks; None for what it has none for."""
    mark = world["markings"][name]
    said, means = None, mark["means"]
    only = re.search(r"defined by (\S+) only", means)
    if means.startswith("TLP") or "no definition" in means or (only and only[1] != organisation):
        return None
    if "says TLP" in means:
        said = {"extensions": {TLP_EXTENSION: {"extension_type": "property-extension", "tlp_2_0": "amber+strict"}}}
    elif "not registered" in means:
        said = {"extensions": {UNREGISTERED: {"extension_type": "property-extension", "x": 1}}}
    elif means.startswith("statement"):
        said = {"definition_type": "statement", "definition": {"statement": "Copyright of the desk"}}
    elif means.startswith("PAP"):
        said = {"extensions": {PAP_EXTENSION: {"extension_type": "property-extension", "pap": "red"}}}
    elif code := re.match(r"handling (H\d)", means):
        said = handling(handling=code[1], handling_text="Call first.")
    elif means.startswith("releasable"):
        nations = re.findall(r"'([^']+)'", means) or re.findall(r"\b[A-Z]{2}\b", means)
        said = handling(releasable_to=[] if "no one" in means else nations)
    assert said is not None, f"the runner does not know what is meant by {means!r}"
    return {
        "type": "marking-definition",
        "spec_version": "2.1",
        "id": mark["id"],
        "created": "2026-01-01T00:00:00.000Z",
    } | said
