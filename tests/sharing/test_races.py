"""Deeds at once: a release never survives the recall or the consent that ends it, and nobody is let in by ruling again what was taken back."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from dataclasses import replace

import pytest

from indicator_hub.errors import HubError
from indicator_hub.sharing import consent, name
from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.poll import poll
from indicator_hub.sharing.recall import recall, recall_own
from indicator_hub.sharing.release import release
from indicator_hub.sharing.submit import submit
from indicator_hub.taxii.query import Filters, Query, Resource
from indicator_hub.trust.roster import Membership
from support.marks import marking
from support.world import TLP, World, envelope, indicator, roster, world

EVERY = Filters(keywords=frozenset(("all",)))
ROUNDS = 8


@pytest.fixture
async def w(database_url: str) -> AsyncIterator[World]:
    """The usual world, in which xb-cert also writes to the operation."""
    night = {("xb-cert", "night"): Membership("xb-cert", "night", "member", can_write=True)}
    async with world(database_url, roster(memberships=dict(roster().memberships) | night)) as made:
        yield made


async def at_once(*deeds: Awaitable[object]) -> list[object]:
    """All of them; what is refused is no fault."""
    found = await asyncio.gather(*deeds, return_exceptions=True)
    for one in found:
        assert not isinstance(one, BaseException) or isinstance(one, HubError), one
    return found


async def given(w: World, account: str, group: str, collection: str) -> list[str]:
    """The ids that an account is given."""
    page = await poll(
        w.store, Caller(), await w.reach(account, group, collection), Query(-1, 1000, Filters()), Resource.OBJECTS
    )
    return [one.id for one in page.entries]


async def test_a_recall_and_a_release(w: World) -> None:
    """Whichever comes first: afterwards nobody in either group has it."""
    reaches = [await w.reach("ana"), await w.reach("bea"), await w.reach("bea", "night", "case")]
    ana, bea = await w.caller("ana"), await w.caller("bea")
    for number in range(1, ROUNDS + 1):
        one = indicator(number, tlp="GREEN")
        await submit(w.store, ana, reaches[0], envelope(one))
        released = release(w.store, bea, reaches[1], one["id"], reaches[2])
        recalled = (
            recall_own(w.store, ana, one["id"], collection=None, filters=EVERY, reason="other")
            if number % 2
            else recall(w.store, ana, reaches[0], one["id"], EVERY, "other")
        )
        await at_once(*((recalled, released) if number % 3 else (released, recalled)))
        assert one["id"] not in await given(w, "eve", "night", "case")
        assert one["id"] not in await given(w, "bea", "alpha", "main")


async def test_a_consent_that_is_withdrawn_and_the_release_on_it(w: World) -> None:
    """The copy is not there afterwards, whether the release came before or too late."""
    reaches = [await w.reach("ana"), await w.reach("bea"), await w.reach("bea", "night", "case")]
    ana, bea = await w.caller("ana"), await w.caller("bea")
    for number in range(1, ROUNDS + 1):
        one = indicator(number, tlp="AMBER")
        await submit(w.store, ana, reaches[0], envelope(one))
        asked = await consent.ask(w.store, bea, reaches[1], one["id"], "release", purpose="A case", target=reaches[2])
        await consent.answer(w.store, ana, asked["id"], "granted")
        await at_once(
            release(w.store, bea, reaches[1], one["id"], reaches[2]),
            consent.answer(w.store, ana, asked["id"], "withdrawn"),
        )
        assert one["id"] not in await given(w, "eve", "night", "case")


async def test_ruling_again_and_a_recall(w: World) -> None:
    """What is taken back while a default changes stays taken back."""
    reach, ana = await w.reach("ana"), await w.caller("ana")
    for number in range(1, ROUNDS + 1):
        one = indicator(number)
        await submit(w.store, ana, reach, envelope(one))
        usual = roster()
        main = replace(usual.collections["alpha", "main"], default=1 + number % 2)
        declared = roster(
            collections=dict(usual.collections) | {("alpha", "main"): main},
            memberships=dict(usual.memberships)
            | {("xb-cert", "night"): Membership("xb-cert", "night", "member", can_write=True)},
        )
        await at_once(apply(w.store, declared), recall(w.store, ana, reach, one["id"], EVERY, "other"))
        assert await given(w, "bea", "alpha", "main") == await given(w, "ana", "alpha", "main") == []


async def test_the_same_deed_twice_at_once(w: World) -> None:
    """Two recalls of one object: one takes it back, the other finds nothing; one recall is noted."""
    reach, ana = await w.reach("ana"), await w.caller("ana")
    for number in range(1, ROUNDS + 1):
        one = indicator(number, tlp="GREEN")
        await submit(w.store, ana, reach, envelope(one))
        found = await at_once(*(recall(w.store, ana, reach, one["id"], EVERY, "other") for _ in range(2)))
        assert sum(isinstance(each, HubError) for each in found) == 1


async def test_two_consents_withdrawn_at_once(database_url: str) -> None:
    """Both partners had released it: whichever is withdrawn last takes the copy with it."""
    more = {
        ("xb-cert", "night"): Membership("xb-cert", "night", "member", can_write=True),
        ("xc-cert", "alpha"): Membership("xc-cert", "alpha", "member", can_write=True),
    }
    async with world(database_url, roster(memberships=dict(roster().memberships) | more)) as w:
        ana = await w.caller("ana")
        for number in range(1, ROUNDS + 1):
            one = indicator(number, tlp="AMBER")
            await submit(w.store, ana, await w.reach("ana"), envelope(one))
            asked = list[str]()
            for asker in ("bea", "eve"):
                caller, reach, case = await w.caller(asker), await w.reach(asker), await w.reach(asker, "night", "case")
                said = await consent.ask(w.store, caller, reach, one["id"], "release", purpose="A case", target=case)
                await consent.answer(w.store, ana, said["id"], "granted")
                await release(w.store, caller, reach, one["id"], case)
                asked.append(said["id"])
            assert one["id"] in await given(w, "eve", "night", "case")
            await at_once(*(consent.answer(w.store, ana, each, "withdrawn") for each in asked))
            assert one["id"] not in await given(w, "eve", "night", "case")


async def test_a_definition_and_what_waits_for_it_in_two_collections(database_url: str) -> None:
    """Sent at the same instant, the one here and the other there: nothing is held for ever; the same definition twice is no fault."""
    async with world(database_url) as w:
        ana = await w.caller("ana")
        main, other = await w.reach("ana"), await w.reach("ana", "alpha", "other")
        for number in range(1, ROUNDS + 1):
            mark = marking(number, definition_type="statement", definition={"statement": "Copyright of the desk"})
            one = indicator(number, object_marking_refs=[mark["id"], TLP["GREEN"]])
            await at_once(
                submit(w.store, ana, main, envelope(one)),
                submit(w.store, ana, other, envelope(mark)),
                submit(w.store, ana, main, envelope(mark)),
            )
            assert one["id"] in await given(w, "dan", "alpha", "main")


async def test_one_name_put_forward_and_confirmed_twice_at_once(w: World) -> None:
    """Two of its organisation, or two stewards: one is done, the other finds it done."""
    bea, ana = await w.caller("bea"), await w.caller("ana")
    own, steward = await w.reach("bea"), await w.reach("ana")
    for _ in range(ROUNDS):
        await at_once(*(name.propose(w.store, bea, own, "bea") for _ in range(3)))
        found = await at_once(*(name.confirm(w.store, ana, steward, "bea") for _ in range(3)))
        assert sum(not isinstance(one, BaseException) for one in found) == 1
        await name.end(w.store, bea, await w.reach("bea"), "bea")
