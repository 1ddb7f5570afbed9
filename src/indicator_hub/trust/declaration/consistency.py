"""What must agree between the declared things: every check of a declaration that looks at more than one value.

Each check takes what was gathered and yields mistakes; a thing without a shape has been told its own and is passed over.
"""

from collections.abc import Iterator

from indicator_hub.trust.declaration import shapes
from indicator_hub.trust.declaration.document import Mistake
from indicator_hub.trust.declaration.fields import nearest
from indicator_hub.trust.declaration.gathering import Declared, DeclaredGroup, Gathered
from indicator_hub.trust.ladder import CLEAR, NAMES
from indicator_hub.trust.roster import PUBLIC

Windowed = shapes.AgreementShape | shapes.GroupShape | shapes.MemberShape


def check(everything: Gathered) -> Iterator[Mistake]:
    """Every mistake between the things declared."""
    yield from _organisations(everything)
    for agreement in everything.agreements.values():
        yield from _window(agreement)
    collection_ids: dict[str, str] = {}
    feed_names: dict[str, str] = {}
    for name, group in everything.groups.items():
        yield from _head(name, group)
        for organisation, member in group.members.items():
            yield from _membership(organisation, member, group, everything)
        for collection in group.collections.values():
            yield from _levels(name, collection)
            yield from _unique_id(collection, collection_ids)
        for feed_name, feed in group.feeds.items():
            yield from _unique_feed(feed_name, feed, feed_names)
            yield from _feed(name, feed, group, everything)
        yield from _fed(group)


def _organisations(everything: Gathered) -> Iterator[Mistake]:
    owners: dict[str, str] = {}
    for name, organisation in everything.organisations.items():
        if organisation.shape is None:
            continue
        contact = organisation.shape.contact
        if not (contact.desk or contact.email):
            yield organisation.mistake('"contact" names no way to reach it: write a desk or an email', "contact")
        for identity in organisation.shape.stix_identities:
            owner = owners.setdefault(identity, name)
            if owner != name:
                yield organisation.mistake(
                    f"{identity} already belongs to {owner}: an identity has one organisation", "stix_identities"
                )


def _window(
    thing: Declared[shapes.AgreementShape] | Declared[shapes.GroupShape] | Declared[shapes.MemberShape],
) -> Iterator[Mistake]:
    shape = thing.shape
    if shape is not None and shape.starts is not None and shape.ends is not None and shape.starts >= shape.ends:
        yield thing.mistake('"until" is not after "from": correct one of the two', "until")


def _head(name: str, group: DeclaredGroup) -> Iterator[Mistake]:
    head, shape = group.head, group.head.shape
    if shape is None:
        return
    yield from _window(head)
    if name == PUBLIC and shape.kind != PUBLIC:
        yield head.mistake(
            f'the group named public is open to everybody: write "kind: public", not {shape.kind}, or name it otherwise',
            "kind",
        )
    elif name != PUBLIC and shape.kind == PUBLIC:
        yield head.mistake("only the group named public may be of kind public: write standing or operation", "kind")
    elif name != PUBLIC and group.agreement is None:
        yield head.mistake('stands under no agreement: write "agreement:" at the head of this file')
    if shape.kind == "operation":
        needs = {"until": shape.ends, "purpose": shape.purpose, "lead_nation": shape.lead_nation}
        for key, value in needs.items():
            if not value:
                yield head.mistake(f'an operation needs "{key}": write {_OPERATION_NEEDS[key]}')


_OPERATION_NEEDS = {
    "until": "the day it ends, such as 2026-12-31; it can be renewed",
    "purpose": "what it is for, in a sentence",
    "lead_nation": "the code of the nation that leads it, such as XA",
}


def _membership(
    organisation: str, member: Declared[shapes.MemberShape], group: DeclaredGroup, everything: Gathered
) -> Iterator[Mistake]:
    if organisation not in everything.organisations:
        offer = nearest(organisation, sorted(everything.organisations))
        yield member.mistake(f'{organisation} is not declared under "organisations": {offer}')
    shape = member.shape
    if shape is None:
        return
    yield from _window(member)
    yield from _sponsor(member, shape, group)
    if shape.role == "submitter" and not shape.can_write:
        yield member.mistake('a submitter only gives: write "can_write: true", or choose another role', "role")
    if shape.steward and shape.role != "member":
        yield member.mistake(
            f'only a member can be a steward, not one whose role is {shape.role}: leave "steward" out', "steward"
        )


def _sponsor(
    member: Declared[shapes.MemberShape], shape: shapes.MemberShape, group: DeclaredGroup
) -> Iterator[Mistake]:
    if shape.role != "client":
        if shape.sponsor is not None:
            yield member.mistake(
                f'only a client has a sponsor, not one whose role is {shape.role}: leave "sponsor" out', "sponsor"
            )
        return
    if shape.sponsor is None:
        yield member.mistake('a client needs "sponsor": write the name of the member of this group whose client it is')
        return
    sponsor = group.members.get(shape.sponsor)
    if sponsor is None or (sponsor.shape is not None and sponsor.shape.role != "member"):
        yield member.mistake(
            f"its sponsor {shape.sponsor} is not a member of this group: name one whose role is member", "sponsor"
        )


def _levels(group: str, collection: Declared[shapes.CollectionShape]) -> Iterator[Mistake]:
    shape = collection.shape
    if shape is None:
        return
    if group == PUBLIC:
        if shape.ceiling != CLEAR:
            yield collection.mistake('everybody reads the group public: write "ceiling: CLEAR"', "ceiling")
        if shape.default is not None:
            yield collection.mistake('what is public must say CLEAR itself: leave "default" out', "default")
    elif shape.default is not None and shape.default > shape.ceiling:
        text = f"its default {NAMES[shape.default]} is above its ceiling {NAMES[shape.ceiling]}: lower the default or raise the ceiling"
        yield collection.mistake(text, "default")


def _unique_id(collection: Declared[shapes.CollectionShape], owners: dict[str, str]) -> Iterator[Mistake]:
    if collection.shape is None:
        return
    owner = owners.setdefault(collection.shape.id, collection.subject)
    if owner != collection.subject:
        yield collection.mistake(f"its id is already that of {_lower(owner)}: give it one of its own", "id")


def _unique_feed(name: str, feed: Declared[shapes.FeedShape], owners: dict[str, str]) -> Iterator[Mistake]:
    owner = owners.setdefault(name, feed.subject)
    if owner != feed.subject:
        yield feed.mistake(
            f"the name is already that of {_lower(owner)}: feeds are named once in the hub, choose another"
        )


def _feed(name: str, feed: Declared[shapes.FeedShape], group: DeclaredGroup, everything: Gathered) -> Iterator[Mistake]:
    shape = feed.shape
    if shape is None:
        return
    for rule in (_importer, _filled, _columns, _licence, _used, _sent):
        yield from rule(name, feed, shape, group, everything)


def _importer(
    name: str, feed: Declared[shapes.FeedShape], shape: shapes.FeedShape, group: DeclaredGroup, everything: Gathered
) -> Iterator[Mistake]:
    """Whoever imports a feed answers for it to the group."""
    if shape.organisation not in everything.organisations:
        offer = nearest(shape.organisation, sorted(everything.organisations))
        yield feed.mistake(f'{shape.organisation} is not declared under "organisations": {offer}', "organisation")
    elif name != PUBLIC and shape.organisation not in group.members:
        yield feed.mistake(
            f"{shape.organisation} does not belong to this group: let one import it that is under its members",
            "organisation",
        )


def _filled(
    name: str, feed: Declared[shapes.FeedShape], shape: shapes.FeedShape, group: DeclaredGroup, _everything: Gathered
) -> Iterator[Mistake]:
    """A feed fills a collection of its own group, and marks nothing that may not enter it."""
    if shape.collection not in group.collections:
        offer = nearest(shape.collection, sorted(group.collections))
        yield feed.mistake(f'this group has no collection "{shape.collection}": {offer}', "collection")
        return
    collection = group.collections[shape.collection].shape
    if name == PUBLIC and shape.level is None and shape.format not in ("stix", "taxii") and shape.use == "publish":
        yield feed.mistake('what is public must say CLEAR itself: write "level: CLEAR"')
    elif collection is not None and shape.level is not None and shape.level > collection.ceiling:
        above = f"its level {NAMES[shape.level]} is above the ceiling {NAMES[collection.ceiling]} of {shape.collection}"
        yield feed.mistake(f"{above}: choose a lower level or another collection", "level")


def _sent(
    _name: str, feed: Declared[shapes.FeedShape], shape: shapes.FeedShape, _group: DeclaredGroup, _everything: Gathered
) -> Iterator[Mistake]:
    """What is not encrypted anybody on the way can write: whoever takes it so says it."""
    if shape.source.startswith("http://") and not (shape.unencrypted or shape.internal):
        yield feed.mistake(
            'its source is not encrypted: write https, or "unencrypted: true" if it must be so', "source"
        )


def _used(
    _name: str, feed: Declared[shapes.FeedShape], shape: shapes.FeedShape, _group: DeclaredGroup, _everything: Gathered
) -> Iterator[Mistake]:
    """A list that others are held to is a list; nothing of a warning list is published."""
    if shape.format == "warninglist" and shape.use == "publish":
        yield feed.mistake('a warning list is not published: write "use: refuse" or "use: label"', "use")
    if shape.use != "publish" and shape.format not in ("warninglist", "list"):
        yield feed.mistake(
            f"what others are held to is of the format warninglist or list, not {shape.format}", "format"
        )


def _licence(
    name: str, feed: Declared[shapes.FeedShape], shape: shapes.FeedShape, _group: DeclaredGroup, _everything: Gathered
) -> Iterator[Mistake]:
    """What may not be passed on is marked so: not where everybody reads, and not what is passed on as it came."""
    if shape.format == "taxii" and not shape.source.startswith(("http://", "https://")):
        yield feed.mistake("a taxii feed has the web address of a collection as its source, ending in its id", "source")
    if shape.reshare:
        return
    if name == PUBLIC:
        yield feed.mistake(
            "what may not be passed on does not belong where everybody reads: choose another group", "reshare"
        )
    elif shape.format == "stix":
        yield feed.mistake(
            "a stix feed is passed on as it is, so the hub cannot mark it: write no reshare here", "reshare"
        )


def _columns(
    _name: str, feed: Declared[shapes.FeedShape], shape: shapes.FeedShape, _group: DeclaredGroup, _everything: Gathered
) -> Iterator[Mistake]:
    """A table, and JSON, need to be told where the value stands; a list may be, by numbers; nothing else has columns."""
    if shape.format not in _WITH_COLUMNS:
        listed = shape.format == "list"
        if listed and any(isinstance(column, str) for column in shape.columns.values()):
            yield feed.mistake("the columns of a list have no names: write their numbers, counted from 1", "columns")
        for name in ("ignore", "items") if listed else ("columns", "ignore", "items"):
            if getattr(shape, name):
                yield feed.mistake(f'a feed whose format is {shape.format} has no columns: leave "{name}" out', name)
    elif "value" not in shape.columns:
        yield feed.mistake(
            f'a {shape.format} feed needs "columns.value": write {_WITH_COLUMNS[shape.format]} that holds the value',
            "columns",
        )
    elif shape.format in ("csv", "tsv"):
        if shape.items:
            yield feed.mistake('only JSON has "items": leave it out', "items")
        if not shape.header and any(isinstance(column, str) for column in shape.columns.values()):
            yield feed.mistake(
                "without a header the columns have no names: write their numbers, counted from 1", "columns"
            )


_WITH_COLUMNS = {
    "csv": "the name or the number of the column", "tsv": "the name or the number of the column", "json": "the path inside an item",
    "jsonl": "the path inside a line",
}  # fmt: skip


def _fed(group: DeclaredGroup) -> Iterator[Mistake]:
    """A collection that only feeds may fill, and none does, would stay empty for ever."""
    fed = [feed.shape.collection if feed.shape else feed.node.at(["collection"]).value for feed in group.feeds.values()]
    for alias, collection in group.collections.items():
        if collection.shape is not None and collection.shape.writable == "feeds" and alias not in fed:
            yield collection.mistake(
                'only feeds may write here and none does: declare one, or write "writable: members"', "writable"
            )


def _lower(subject: str) -> str:
    return subject[0].lower() + subject[1:]
