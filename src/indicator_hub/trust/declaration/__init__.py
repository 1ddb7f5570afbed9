"""The files in which it is declared who shares with whom, as a Roster, or every mistake in them at once.

text -> document.py -> nodes -> gathering.py (shapes.py, fields.py, fitting.py) -> consistency.py -> Roster
"""

from collections.abc import Sequence
from types import MappingProxyType
from typing import Any

from indicator_hub.errors import Invalid
from indicator_hub.trust.declaration import consistency, document, presets, shapes
from indicator_hub.trust.declaration.document import Mistake
from indicator_hub.trust.declaration.gathering import Declared, DeclaredGroup, Gathered, gather
from indicator_hub.trust.roster import (
    MAPPINGS,
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

__all__ = ["DeclarationError", "Mistake", "parse", "preset"]


class DeclarationError(Invalid):
    """The declaration has mistakes; nothing was changed."""

    def __init__(self, mistakes: Sequence[Mistake]) -> None:
        self.mistakes = tuple(mistakes)
        super().__init__("\n".join(str(mistake) for mistake in self.mistakes))


def parse(files: Sequence[tuple[str, str]]) -> Roster:
    """What these files, each a name and a YAML text, declare together. Raises DeclarationError with every mistake in all of them."""
    mistakes: list[Mistake] = []
    roots = [document.parse(name, text, mistakes) for name, text in files]
    everything = gather(roots, mistakes)
    mistakes += consistency.check(everything)
    if mistakes:
        order = {name: position for position, (name, _) in enumerate(files)}
        raise DeclarationError(sorted(set(mistakes), key=lambda one: (order[one.file], one.line, one.text)))
    return _roster(everything)


def preset(name: str) -> Feed | None:
    """A feed that is known, as it is when a declaration turns it on and says nothing else; None where none is known by that name."""
    if name not in presets.known():
        return None
    return parse([("", _ALONE.format(name))]).feeds["known"]


_ALONE = """
organisations: {{known: {{title: Known, nation: XA, contact: {{desk: known}}}}}}
agreement: {{name: known, title: Known, legal_basis: known, purposes: [known], from: 2000-01-01}}
groups:
  known:
    title: Known
    kind: standing
    members: {{known: {{role: member, can_write: true}}}}
    collections: {{known: {{id: 0b1f7a4e-5d0c-4c56-9a34-6a1d7f0e2b11, title: Known, ceiling: RED, writable: feeds}}}}
    feeds: {{known: {{preset: {}, organisation: known, collection: known}}}}
"""


def _roster(everything: Gathered) -> Roster:
    """The roster of what was gathered without a mistake."""
    groups = everything.groups.items()
    return Roster(
        organisations={name: _organisation(name, one) for name, one in everything.organisations.items()},
        agreements={name: _agreement(one) for name, one in everything.agreements.items()},
        groups={name: _group(name, one) for name, one in groups},
        memberships={
            (member, name): _membership(member, name, one)
            for name, group in groups
            for member, one in group.members.items()
        },
        collections={
            (name, alias): _collection(name, alias, one)
            for name, group in groups
            for alias, one in group.collections.items()
        },
        feeds={feed: _feed(feed, name, one) for name, group in groups for feed, one in group.feeds.items()},
    )


def _organisation(name: str, declared: Declared[shapes.OrganisationShape]) -> Organisation:
    shape = declared.fitted()
    return Organisation(name, shape.title, shape.nation, Contact(**shape.contact.model_dump()), shape.stix_identities)


def _agreement(declared: Declared[shapes.AgreementShape]) -> Agreement:
    shape = declared.fitted()
    return Agreement(shape.name, shape.title, shape.legal_basis, shape.purposes, shape.starts, shape.ends)


def _group(name: str, declared: DeclaredGroup) -> Group:
    shape = declared.head.fitted()
    under = declared.agreement.shape if declared.agreement is not None and name != PUBLIC else None
    return Group(
        name=name,
        title=shape.title,
        description=shape.description,
        kind=shape.kind,
        agreement=under.name if under is not None else None,
        starts=shape.starts,
        ends=shape.ends,
        purpose=shape.purpose,
        lead_nation=shape.lead_nation or "",
    )


def _membership(organisation: str, group: str, declared: Declared[shapes.MemberShape]) -> Membership:
    shape = declared.fitted()
    return Membership(organisation=organisation, group=group, **dict(shape))


def _collection(group: str, alias: str, declared: Declared[shapes.CollectionShape]) -> Collection:
    shape = declared.fitted()
    values = dict(shape)
    if shape.default is None and group != PUBLIC:
        # What carries no mark is never CLEAR by omission: it counts as strict as anything here may be.
        values["default"] = shape.ceiling
    return Collection(group=group, alias=alias, **values)


def _feed(name: str, group: str, declared: Declared[shapes.FeedShape]) -> Feed:
    shape = declared.fitted()
    exceptions: dict[str, Any] = {
        "documentation": shape.documentation == "allow",
        **{name: MappingProxyType(dict(getattr(shape, name))) for name in MAPPINGS},
    }
    return Feed(name=name, group=group, **{**dict(shape), **exceptions})
