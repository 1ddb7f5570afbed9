"""Consent: ask an originator, and what it says. A release and evidence wait for it where the marks demand it."""

import uuid
from typing import Any

from indicator_hub.errors import Conflict, Invalid, NotFound, NotPermitted
from indicator_hub.sharing.act import Act, Caller, act
from indicator_hub.sharing.recall import lock_copies, take_back_releases
from indicator_hub.sharing.remark import meanings_of
from indicator_hub.stix import timestamps
from indicator_hub.store import consents, credentials, records
from indicator_hub.store.consents import Consent
from indicator_hub.store.engine import Transaction
from indicator_hub.store.opened import Store
from indicator_hub.store.records import Record
from indicator_hub.trust.consent import State, Use, needs_consent
from indicator_hub.trust.reach import Reach
from indicator_hub.trust.roster import Account

PURPOSE = 1_000
"""How long a purpose may be, in characters."""
_ASKED = "This was asked already: see what you asked for."


async def ask(
    store: Store, caller: Caller, reach: Reach, identifier: str, use: Use, *, purpose: str, target: Reach | None = None,
    version: str | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Ask the originator of a version that one sees for leave to use it so. Returns the consent as it stands.

    `target` is the reach in a collection of the group to release it into. Raises NotFound for what is not seen, Conflict for one's own
    object and for what was asked already and is not answered, Invalid without a purpose.
    """
    account = caller.require_account()
    async with act(store, caller, "consent ask", reach, object_id=identifier) as a:
        reach.require_read()
        require_purpose(purpose)
        async with a.transaction() as tx:
            one = records.newest(await records.seen(tx, reach, identifier), version)
            if one.organisation_id == reach.organisation_id:
                raise Conflict("It is your own organisation's: no consent is needed.")
            before = await consents.standing(tx, one.entry, reach.organisation_id, use, target and target.group_id)
            if any(other.state == "asked" or other.holds(a.now) for other in before):
                raise Conflict(_ASKED)
            made = await consents.add(
                tx, str(uuid.uuid4()), entry=one.entry, originator=one.organisation_id, asker=reach.organisation_id,
                account_id=account.id, use=use, group_id=target.group_id if target else None, purpose=purpose, now=a.now,
            )  # fmt: skip
            if made is None:  # at the same time, by somebody else of the same organisation
                raise Conflict(_ASKED)
            a.details |= {"consent": made.name, "use": use, "originator": one.organisation_id}
            a.answer = await said(tx, made, one, account)
            return dict(a.answer)


async def answer(store: Store, caller: Caller, name: str, state: State, *, ends: int | None = None) -> dict[str, Any]:
    """The originator grants, refuses or withdraws a consent; with a grant that is withdrawn its release is recalled.

    `ends` is until when a grant holds, in microseconds. Raises NotFound for what this organisation was not asked, NotPermitted without
    the scope `manage`, Conflict when there is nothing to answer so.
    """
    account = caller.require_account()
    verbs: dict[State, str] = {"granted": "consent grant", "refused": "consent refuse", "withdrawn": "consent withdraw"}
    async with act(store, caller, verbs[state]) as a, a.transaction() as tx:
        one = await consents.find(tx, name, account.organisation_id)
        if one is not None:
            await consents.lock(tx, one)
            one = await consents.find(tx, name, account.organisation_id)
        if one is None:
            raise NotFound
        if one.organisation_id != account.organisation_id:
            raise NotPermitted("The originator answers, not who asks.")
        if "manage" not in account.scopes:
            raise NotPermitted("This account may not answer for its organisation: its scopes leave out manage.")
        before: tuple[State, ...] = ("granted",) if state == "withdrawn" else ("asked",)
        if one.state not in before:
            raise Conflict(f"It is {one.state} already.")
        if ends is not None and ends <= a.now:
            raise Invalid("The end of a consent lies in the future.")
        await consents.answer(tx, one, state, ends=ends, now=a.now)
        about = await records.by_entry(tx, one.entry)
        a.object_id, a.details = about.stix_id, {"consent": name, "use": one.use, "asker": one.asker_id}
        if state == "withdrawn" and one.use == "release":
            await _undo(a, tx, one, about)
        again = await consents.find(tx, name, account.organisation_id)
        assert again is not None
        a.answer = await said(tx, again, about, account)
        return dict(a.answer)


async def _undo(a: Act, tx: Transaction, one: Consent, about: Record) -> None:
    """What was released on it is taken back, unless another release of the same still stands."""
    await lock_copies(tx, set(), [one.entry])  # first: a release that commits meanwhile carries the copy from then on
    copies = await records.copies(tx, one.entry, await consents.unsupported(tx, one))
    if copies:
        await take_back_releases(a, tx, about.stix_id, copies, "consent_withdrawn")


async def listed(
    store: Store, caller: Caller, state: State | None, *, before: tuple[int, str] | None, limit: int
) -> list[dict[str, Any]]:
    """What one's organisation asked for and is asked for, the newest first; one more than `limit` where there is more."""
    account = caller.require_account()
    async with store.transactions.read() as tx:
        found = await consents.listed(tx, account.organisation_id, state, before=before, limit=limit + 1)
        return [await said(tx, one, await records.by_entry(tx, one.entry), account) for one in found]


async def one_consent(store: Store, caller: Caller, name: str) -> dict[str, Any]:
    """One of them. Raises NotFound."""
    account = caller.require_account()
    async with store.transactions.read() as tx:
        found = await consents.find(tx, name, account.organisation_id)
        if found is None:
            raise NotFound
        return await said(tx, found, await records.by_entry(tx, found.entry), account)


async def said(tx: Transaction, one: Consent, about: Record, account: Account) -> dict[str, Any]:
    """A consent as the API tells it to one of its sides: neither learns from it of a group, or of a party to one, that it has no part in."""
    parts = await credentials.parts(tx, one.organisation_id)
    told: dict[str, Any] = {
        "id": one.name,
        "use": one.use,
        "object": about.stix_id,
        "version": about.version,
        "asker": one.asker,
        "purpose": one.purpose,
        "state": one.state,
        "asked": timestamps.render(one.asked),
    }
    if about.group in parts or account.organisation_id == one.asker_id:
        told |= {"group": about.group, "collection": about.collection}
    if about.group in parts or account.organisation_id == one.organisation_id:
        told["originator"] = about.organisation
    if one.group is not None:
        told["to"] = one.group
    if one.answered is not None:
        told["answered"] = timestamps.render(one.answered)
    if one.ends is not None:
        told["until"] = timestamps.render(one.ends)
    return told


async def require_allowed(
    tx: Transaction, now: int, reach: Reach, one: Record, use: Use, group_id: int | None
) -> Consent | None:
    """The consent that this use stands on; None where none is needed. Raises Conflict where one is, and there is none that holds."""
    if one.organisation_id == reach.organisation_id:
        return None
    said = await meanings_of(tx, one.organisation_id, [one.body])
    handling = frozenset[str]().union(*(meaning.handling for meaning in said.values() if meaning is not None))
    if not needs_consent(use, one.audience, handling):
        return None
    for consent in await consents.standing(tx, one.entry, reach.organisation_id, use, group_id):
        if consent.holds(now):
            return consent
    raise Conflict(f"Its originator must consent to this {use} first: ask for it.")


def require_purpose(purpose: str) -> None:
    """Raises Invalid for none, and for one that is too long."""
    if not purpose.strip() or len(purpose) > PURPOSE:
        raise Invalid(f"Say what it is for, in {PURPOSE} characters at most.")
