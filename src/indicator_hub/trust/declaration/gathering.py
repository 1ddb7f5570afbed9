"""All that the files declare, thing by thing, each with the place where it stands and, when it fits, its shape.

A thing that does not fit is kept by name, so that whoever refers to it is not told a second time that something is wrong.
"""

import hashlib
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from indicator_hub.trust.declaration import presets, shapes
from indicator_hub.trust.declaration.document import Mistake, Node
from indicator_hub.trust.declaration.fitting import fit

S = TypeVar("S", bound=shapes.Shape)


@dataclass(frozen=True, slots=True)
class Declared(Generic[S]):
    """One thing: where it is declared, how a sentence names it, and its shape, or None when it does not fit."""

    node: Node
    subject: str
    shape: S | None

    def fitted(self) -> S:
        """The shape, where no mistake was found."""
        assert self.shape is not None
        return self.shape

    def mistake(self, text: str, key: str = "") -> Mistake:
        """A mistake about this thing, on the line of one of its keys if it is written, else on its own."""
        return Mistake(self.node.file, self.node.at([key]).line, f"{self.subject}: {text}")


@dataclass(frozen=True, slots=True)
class DeclaredGroup:
    """A group with everything under it."""

    head: Declared[shapes.GroupShape]
    agreement: Declared[shapes.AgreementShape] | None
    members: Mapping[str, Declared[shapes.MemberShape]]
    collections: Mapping[str, Declared[shapes.CollectionShape]]
    feeds: Mapping[str, Declared[shapes.FeedShape]]


@dataclass(frozen=True, slots=True)
class Gathered:
    """Everything declared, by name, in the order of the files."""

    organisations: dict[str, Declared[shapes.OrganisationShape]] = field(
        default_factory=dict[str, Declared[shapes.OrganisationShape]]
    )
    agreements: dict[str, Declared[shapes.AgreementShape]] = field(
        default_factory=dict[str, Declared[shapes.AgreementShape]]
    )
    groups: dict[str, DeclaredGroup] = field(default_factory=dict[str, DeclaredGroup])


def gather(files: Sequence[Node], mistakes: list[Mistake]) -> Gathered:
    """Everything in these files; what does not fit, or is declared twice, is added to the mistakes."""
    everything = Gathered()
    for root in files:
        fit(shapes.FileShape, root, "This file", mistakes)
        for name, node in root.children("organisations").items():
            organisation = _declared(shapes.OrganisationShape, node, f"Organisation {name}", mistakes)
            _keep(everything.organisations, name, organisation, organisation.node, mistakes)
        agreement = _agreement(root, mistakes)
        if agreement is not None and agreement.shape is not None:
            _keep(everything.agreements, agreement.shape.name, agreement, agreement.node, mistakes)
        for name, node in root.children("groups").items():
            group = _group(name, node, agreement, mistakes)
            _keep(everything.groups, name, group, node, mistakes)
    return everything


T = TypeVar("T", Declared[shapes.OrganisationShape], Declared[shapes.AgreementShape], DeclaredGroup)


def _keep(things: dict[str, T], name: str, thing: T, node: Node, mistakes: list[Mistake]) -> None:
    """Adds a thing under its name, unless another has the name already."""
    first = things.setdefault(name, thing)
    if first is thing:
        return
    known = first.head if isinstance(first, DeclaredGroup) else first
    place = f"{known.node.file}, line {known.node.line}"
    mistakes.append(
        Mistake(node.file, node.line, f"{known.subject}: is declared already in {place}: keep one of the two")
    )


def _declared(shape: type[S], node: Node, subject: str, mistakes: list[Mistake]) -> Declared[S]:
    return Declared(node, subject, fit(shape, node, subject, mistakes))


def _agreement(root: Node, mistakes: list[Mistake]) -> Declared[shapes.AgreementShape] | None:
    node = root.at(["agreement"])
    if node is root or node.value is None:
        return None
    name = node.at(["name"]).value
    return _declared(
        shapes.AgreementShape, node, f"Agreement {name}" if isinstance(name, str) else "The agreement", mistakes
    )


def _group(
    name: str, node: Node, agreement: Declared[shapes.AgreementShape] | None, mistakes: list[Mistake]
) -> DeclaredGroup:
    return DeclaredGroup(
        head=_declared(shapes.GroupShape, node, f"Group {name}", mistakes),
        agreement=agreement,
        members={
            organisation: _declared(shapes.MemberShape, held, f"Member {organisation} of group {name}", mistakes)
            for organisation, held in node.children("members").items()
        },
        collections={
            alias: _collection(name, alias, held, mistakes) for alias, held in node.children("collections").items()
        },
        feeds={
            feed: _feed(held, f"Feed {feed} of group {name}", mistakes) for feed, held in node.children("feeds").items()
        },
    )


def _feed(node: Node, subject: str, mistakes: list[Mistake]) -> Declared[shapes.FeedShape]:
    return _declared(shapes.FeedShape, presets.completed(node, subject, mistakes), subject, mistakes)


def _collection(group: str, alias: str, node: Node, mistakes: list[Mistake]) -> Declared[shapes.CollectionShape]:
    """A collection; when its id is missing, the mistake offers one."""
    own: list[Mistake] = []
    found = _declared(shapes.CollectionShape, node, f"Collection {alias} of group {group}", own)
    offer = f", for example id: {_suggested_id(group, alias)}"
    mistakes += [Mistake(one.file, one.line, one.text + offer) if '"id" is missing' in one.text else one for one in own]
    return found


def _suggested_id(group: str, alias: str) -> uuid.UUID:
    """An id to offer. The declaration is pure, so it is no random one, but the same for the same names: written down, it is as good."""
    return uuid.UUID(bytes=hashlib.sha256(f"{group}/{alias}".encode()).digest()[:16], version=4)
