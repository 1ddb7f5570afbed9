"""Who sees it, by which rule, and who does not, and why: of an object that is there, and of one before it is posted.

What is there is asked for with the reach that each party has now, under the predicate that serves it over TAXII; what is still to come by the
same judgement that `submit` makes. Whose membership is not live is not told of; how many accounts a party has, whether any is named and whether it is
suspended hears itself and a steward: for others the rules alone are told. Which line of an id a reader is shown is worked out over the lines that
who asks sees: another one, which the reader may be shown first, is not told of.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from indicator_hub.errors import NotFound
from indicator_hub.limits import LIMITS, Limits
from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.submit import foresee
from indicator_hub.store import credentials, records
from indicator_hub.store.credentials import Party
from indicator_hub.store.opened import Store
from indicator_hub.store.records import Record
from indicator_hub.trust.audience import Audience
from indicator_hub.trust.ladder import HELD, NAMES
from indicator_hub.trust.reach import Obstacle, Reach, obstacle, reach_of
from indicator_hub.trust.roster import PUBLIC, Account, AccountKind, within


@dataclass(frozen=True, slots=True)
class _Reader:
    """Those of a party's accounts that are served alike; `number` None: not told. `reach` None: the group does not exist for them."""

    party: Party
    who: str
    number: int | None
    reach: Reach | None


@dataclass(frozen=True, slots=True)
class _Terms:
    """What decides about one version; what is still to come is added now."""

    audience: Audience
    organisation_id: int
    first_added: int
    held: str | None


async def of_object(store: Store, caller: Caller, reach: Reach, identifier: str) -> list[dict[str, Any]]:
    """For each version that the caller sees: whom it reaches. Raises NotFound for what it does not see."""
    caller.require_account()
    reach.require_read()
    async with store.transactions.read() as tx:
        shown = {one.entry for one in await records.seen(tx, reach, identifier, shown=True)}
        known = await records.seen(tx, reach, identifier)
        seen = [one for one in known if one.entry in shown or one.organisation_id == reach.organisation_id]
        if not seen:
            raise NotFound
        parties = await credentials.parties(tx, *_place(reach), now=store.now())
        readers = _readers(parties, reach, store.now())
        visible: dict[int, set[int]] = {}
        for number, one in enumerate(readers):
            if one.reach is not None:
                visible[number] = _shown(await records.seen(tx, one.reach, identifier), among=known)
    told: list[dict[str, Any]] = []
    for version in seen:
        terms = _Terms(version.audience, version.organisation_id, version.first_added, version.held)
        asked = {number for number, keys in visible.items() if version.entry in keys}
        # Who released it from elsewhere is not told of here: the group need not know that there is an elsewhere.
        here = version.organisation_id in (reach.organisation_id, *(party.organisation_id for party in parties))
        told.append(
            {"object": version.stix_id, "version": version.version}
            | ({"originator": version.organisation} if here else {})
            | _audience(terms)
            | {"readers": _told(readers, reach, terms, lambda number, _, asked=asked: number in asked)}
        )
    return told


def _shown(seen: Sequence[Record], *, among: Sequence[Record]) -> set[int]:
    """The entries of the line that a reader is shown, of the lines that who asks sees: by another one nothing is told of it."""
    there = {one.entry for one in among}
    found = [one for one in seen if one.entry in there]
    if not found:
        return set()
    line = min(found, key=lambda one: (one.line_order, one.organisation_id)).organisation_id
    return {one.entry for one in found if one.organisation_id == line}


async def foreseen(
    store: Store, caller: Caller, reach: Reach, body: bytes, *, limits: Limits = LIMITS
) -> list[dict[str, Any]]:
    """What would become of these objects, and whom each would reach. Nothing is stored. Raises as `submit` does."""
    caller.require_account()
    objects = await foresee(store, reach, body, limits=limits)
    now = store.now()
    async with store.transactions.read() as tx:
        readers = _readers(await credentials.parties(tx, *_place(reach), now=now), reach, now)
    told: list[dict[str, Any]] = []
    alike: dict[_Terms, list[dict[str, Any]]] = {}
    for one in objects:
        said: dict[str, Any] = {"object": one.id, "outcome": one.outcome, "stored": one.ruling is not None}
        if one.message:
            said["message"] = one.message
        if one.ruling is not None:
            # What comes back came when it came: a membership that sees only what came later does not see it.
            first_added = now if one.first_added is None else one.first_added
            terms = _Terms(one.ruling.audience, reach.organisation_id, first_added, one.ruling.held)
            if terms not in alike:  # many objects, and few ways to mark them
                alike[terms] = _told(readers, reach, terms, lambda _, why: why is None)
            said |= _audience(terms) | {"readers": alike[terms]}
        told.append(said)
    return told


def _place(reach: Reach) -> tuple[str, str]:
    return reach.group.name, reach.require_collection().id


def _readers(parties: Sequence[Party], asking: Reach, now: int) -> list[_Reader]:
    """Each live party's persons, services and named persons, with the reach they have now."""
    found: list[_Reader] = []
    for party in parties:
        member = party.ties.membership
        if member is None or not within(member.starts, member.ends, now):
            continue
        told = asking.steward or party.organisation_id == asking.organisation_id
        kinds: list[tuple[str, AccountKind, int]] = [
            ("persons", "person", party.persons - party.named),
            ("services", "service", party.services),
        ]
        if party.named if told else member.role == "member":
            kinds.append(("named persons", "person", party.named))
        for who, kind, number in kinds:
            account = Account(
                0, "", party.organisation, party.organisation_id, party.nation, kind, frozenset(("read",))
            )
            ties = replace(party.ties, named=who == "named persons")
            reach = None if told and party.suspended else reach_of(account, ties, now)
            found.append(_Reader(party, who, number if told else None, reach))
    return found


def _audience(terms: _Terms) -> dict[str, Any]:
    """The terms themselves, as far as they are known."""
    if terms.held is not None or terms.audience.floor == HELD:
        return {"held": terms.held or Obstacle.HELD.value}
    told: dict[str, Any] = {"level": f"TLP:{NAMES[terms.audience.floor]}", "persons_only": terms.audience.persons_only}
    if terms.audience.nations is not None:
        told["nations"] = sorted(terms.audience.nations)
    return told


def _told(
    readers: Sequence[_Reader], reach: Reach, terms: _Terms, sees: Callable[[int, Obstacle | None], bool]
) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = []
    if reach.group.kind == PUBLIC:
        told.append({"who": "everybody", "sees": terms.audience.floor == 0, "because": "the group is public"})
    for number, one in enumerate(readers):
        why = None if one.reach is None else _why(one.reach, terms)
        given = one.reach is not None and sees(number, why)
        told.append(
            {
                "organisation": one.party.organisation,
                "nation": one.party.nation,
                "role": one.party.ties.membership.role if one.party.ties.membership else "",
                "who": one.who,
                "sees": given,
                "because": _rule(one, terms) if given else _reason(one, why),
            }
            | ({} if one.number is None else {"number": one.number})
        )
    return told


def _why(reach: Reach, terms: _Terms) -> Obstacle | None:
    return obstacle(
        reach,
        audience=terms.audience,
        organisation_id=terms.organisation_id,
        first_added=terms.first_added,
        recalled=False,
    )


def _rule(one: _Reader, terms: _Terms) -> str:
    """By which rule they see it."""
    if one.party.organisation_id == terms.organisation_id:
        return "their own organisation shared it"
    level, member = NAMES[terms.audience.floor], one.party.ties.membership
    role = member.role if member else "reader"
    article = "an" if role[0] in "aeiou" else "a"
    return f"TLP:{level} is within what {article} {role} reads" + (", and they are named" if level == "RED" else "")


def _reason(one: _Reader, why: Obstacle | None) -> str:
    """Why they do not."""
    if one.reach is None:
        return "their organisation is suspended"
    return f"it {why.value}" if why else "another organisation's line of it is shown to them first"
