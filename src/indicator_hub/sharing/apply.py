"""Apply: the roster as declared becomes the roster as stored; the difference first, then the very same difference written."""

from indicator_hub.errors import Conflict
from indicator_hub.sharing.act import OPERATOR, act
from indicator_hub.sharing.remark import Progress, remark
from indicator_hub.store import audit, backlog, entries, roster
from indicator_hub.store.engine import Transaction
from indicator_hub.store.opened import Store
from indicator_hub.trust.difference import Difference, difference
from indicator_hub.trust.reach import changes_reach
from indicator_hub.trust.roster import Collection, Feed, Membership, Organisation, Roster


async def plan(store: Store, declared: Roster) -> Difference:
    """What `apply` would change, in words. Nothing is written."""
    async with store.transactions.read() as tx:
        return difference(await roster.read(tx), declared, store.now())


async def apply(store: Store, declared: Roster, progress: Progress | None = None) -> Difference:
    """Write what is declared, with one event for each change; then rule again what counts by another level now, telling `progress`.

    Raises Conflict when the declaration leaves out what cannot be removed.
    """
    async with act(store, OPERATOR, "apply") as a, a.transaction() as tx:
        found = difference(await roster.read(tx), declared, a.now)
        if found.mistakes:
            raise Conflict("\n".join(found.mistakes))
        # Nothing is being submitted while a level changes, or who is whose creator: what came before is ruled again, what comes after counts by it.
        concerned = [where for change in found.changes for where in _levels(change.before, change.after)]
        everywhere = any(_other_creator(change.before, change.after) for change in found.changes)
        for key in await roster.collection_keys(tx, None if everywhere else concerned):
            await entries.lock(tx, key)
        for change in found.changes:
            if change.after is None and isinstance(change.before, Feed):
                await roster.end_feed(tx, change.before.name, now=a.now)
            else:
                await roster.write(tx, change.after, now=a.now)
                await _note_change(tx, change.before, change.after, a.now)
            a.action = f"{change.verb} {change.noun}"
            a.details = {"words": change.words}
            await audit.add(tx, [a.event("done")])
        a.action, a.details = "apply", {"changes": len(found.changes)}
    await remark(store, *([progress] if progress else ()))
    return found


def _levels(before: object, after: object) -> list[tuple[str, str]]:
    """The collections, by group and alias, in which another level counts by this change."""
    match before, after:
        case Collection(), Collection() if before.default != after.default:
            return [(after.group, after.alias)]
        case Feed(), Feed() if before.level != after.level:
            return [(after.group, after.collection)]
        case _:
            return []


def _other_creator(before: object, after: object) -> bool:
    """Whether by this change an organisation is the creator of other objects."""
    match before, after:
        case Organisation(), Organisation():
            return set(before.stix_identities) != set(after.stix_identities)
        case _:
            return False


async def _note_change(tx: Transaction, before: object, after: object, now: int) -> None:
    match before, after:
        case Membership(), Membership() if changes_reach(before, after):
            await roster.note_change(tx, after, now=now)
        case _, Organisation() if _other_creator(before, after):
            await backlog.add(tx, "creator", organisation_id=await roster.organisation_key(tx, after.name), now=now)
        case _:
            for key in await roster.collection_keys(tx, _levels(before, after)):
                await backlog.add(tx, "level", collection_id=key, now=now)
