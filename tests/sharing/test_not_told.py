"""What one does not see is not told by any other way: by a release, a reissue, a preview or a repeated answer."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest

from indicator_hub.errors import Conflict, NotFound
from indicator_hub.sharing import audience, consent, evidence, name
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.recall import recall
from indicator_hub.sharing.reissue import reissue
from indicator_hub.stix import timestamps
from indicator_hub.taxii.query import Filters
from indicator_hub.trust.roster import Membership, Roster
from sharing.test_taken_back import CASE, ONE, back, given, granted, no_longer, released, send, shared, taken
from support.marks import handling, marking
from support.world import IDENTITY_A, TLP, World, envelope, indicator, world

LATER, LATEST = "2026-11-02T00:00:00.000Z", "2026-11-03T00:00:00.000Z"


@pytest.fixture
async def w(database_url: str) -> AsyncIterator[World]:
    """The world of `test_taken_back`."""
    async with world(database_url, shared()) as made:
        yield made


def other(usual: Roster, **changes: Any) -> Roster:
    """The same roster with other parts."""
    return Roster(**{field: changes.get(field, getattr(usual, field)) for field in Roster.__slots__})


async def with_stewards(w: World) -> None:
    """Ana and bea are stewards of alpha; ana alone is named there for TLP:RED."""
    usual = shared()
    more = {
        ("xb-cert", "alpha"): Membership("xb-cert", "alpha", "member", can_write=True, steward=True),
        ("xc-cert", "alpha"): Membership("xc-cert", "alpha", "member", can_write=True),
    }
    await apply(w.store, other(usual, memberships=dict(usual.memberships) | more))
    await name.propose(w.store, await w.caller("ana"), await w.reach("ana"), "ana")
    await name.confirm(w.store, await w.caller("ana"), await w.reach("ana"), "ana")


@pytest.mark.parametrize("hidden", [False, True])
async def test_a_creators_line_that_is_not_seen(w: World, hidden: bool) -> None:
    """Bea releases ana's object, of which eve relays another version there: the answer is the same whether ana has a hidden line there or not."""
    await send(w, "eve", indicator(1, tlp="GREEN", created_by_ref=IDENTITY_A, modified=LATER), where=CASE)
    await send(w, "ana", indicator(1, tlp="GREEN", created_by_ref=IDENTITY_A))
    if hidden:
        await send(w, "ana", indicator(1, tlp="RED", created_by_ref=IDENTITY_A, modified=LATEST), where=CASE)
    (told,) = (await released(w, "bea")).details
    assert (told.outcome, told.failed) == ("new", False)


@pytest.mark.parametrize("hidden", ["none", "recalled", "other content"])
async def test_a_hidden_version_of_a_line_that_is_seen(w: World, hidden: str) -> None:
    """Bea sees the first version there: of a second one, recalled or RED, her release tells nothing."""
    first, second = indicator(1, tlp="GREEN"), indicator(1, tlp="GREEN", modified=LATER)
    await send(w, "ana", first, second)
    await send(w, "ana", first, where=CASE)
    if hidden == "recalled":
        await send(w, "ana", second, where=CASE)
        one = Filters(keywords=frozenset(), values=(timestamps.sort_key(LATER),))
        await recall(w.store, await w.caller("ana"), await w.reach("ana", *CASE), ONE, one, "other")
    elif hidden == "other content":
        await send(w, "ana", indicator(1, tlp="RED", modified=LATER), where=CASE)
    (told,) = (await released(w, "bea")).details
    assert (told.outcome, told.message, told.failed) == ("version", "", False)


async def test_a_steward_brings_back_only_what_it_could_see(w: World) -> None:
    """Whoever is not named for TLP:RED finds nothing to bring back, as of what never was."""
    await with_stewards(w)
    await send(w, "eve", indicator(1, tlp="RED"))
    assert (await given(w, "ana"), await given(w, "bea")) == ([ONE], [])
    await taken(w, "ana")
    for of in (ONE, indicator(2)["id"]):
        with pytest.raises(NotFound):
            await back(w, "bea", of=of)
    assert await given(w, "ana") == []
    assert (await back(w, "ana")).versions == (indicator(1)["modified"],)


async def test_a_steward_does_not_find_hidden_versions_by_name(w: World) -> None:
    """A version that is hidden is answered like one that never was."""
    await send(w, "bea", indicator(1, tlp="GREEN"), indicator(1, tlp="RED", modified=LATER))
    await taken(w, "ana")
    for version in (LATER, LATEST):
        with pytest.raises(NotFound):
            await reissue(w.store, await w.caller("ana"), await w.reach("ana"), ONE, [version])


async def test_a_ceiling_does_not_tell_of_a_hidden_line(w: World) -> None:
    """That its marks do not fit any more is told to nobody who does not see it."""
    await with_stewards(w)
    await send(w, "eve", indicator(1, tlp="RED"))
    await taken(w, "ana")
    usual = shared()
    lower = dict(usual.collections) | {("alpha", "main"): replace(usual.collections["alpha", "main"], ceiling=3)}
    stewards = dict(usual.memberships) | {
        ("xb-cert", "alpha"): Membership("xb-cert", "alpha", "member", can_write=True, steward=True),
        ("xc-cert", "alpha"): Membership("xc-cert", "alpha", "member", can_write=True),
    }
    await apply(w.store, other(usual, memberships=stewards, collections=lower))
    with pytest.raises(NotFound):
        await back(w, "bea")


@pytest.mark.parametrize("hidden", [False, True])
async def test_a_preview_does_not_tell_of_a_hidden_line(w: World, hidden: bool) -> None:
    """Ana's line is for XA alone: of bea's own, bea is told the same whether that is there or not."""
    mark = marking(1, **handling(releasable_to=["XA"]))
    if hidden:
        await send(w, "ana", mark, indicator(1, object_marking_refs=[TLP["GREEN"], mark["id"]]))
        assert ONE not in await given(w, "bea")
    await send(w, "bea", indicator(1, tlp="GREEN", name="mine"))
    told = await audience.of_object(w.store, await w.caller("bea"), await w.reach("bea"), ONE)
    bank = [one["sees"] for version in told for one in version["readers"] if one["organisation"] == "xa-bank"]
    assert bank
    assert all(bank)


async def test_a_preview_of_what_comes_back(w: World) -> None:
    """A report that was recalled comes back as strict as what it refers to."""
    members = {"pattern": None, "pattern_type": None, "valid_from": None, "type": "report", "name": "R"}
    members |= {"id": "report--00000000-0000-4000-8000-000000000009", "published": "2026-11-01T00:00:00Z"}
    report = indicator(9, tlp="GREEN", object_refs=[ONE], **members)
    await send(w, "ana", indicator(1, tlp="STRICT"), report)
    await taken(w, "ana", of=report["id"])
    (told,) = await audience.foreseen(w.store, await w.caller("ana"), await w.reach("ana"), envelope(report))
    assert told["outcome"] == "reissue"
    assert not any(one["sees"] for one in told["readers"] if one["organisation"] == "xb-soc")
    await send(w, "ana", report)
    assert await given(w, "dan") == []


async def test_evidence_again_needs_the_consent_still(w: World) -> None:
    """The key of a request is no second consent."""
    mark = marking(1, **handling(handling="H1"))
    await send(w, "ana", mark, indicator(1, object_marking_refs=[TLP["GREEN"], mark["id"]]))
    bea, reach = await w.caller("bea"), await w.reach("bea")
    asked = await consent.ask(w.store, bea, reach, ONE, "evidence", purpose="court")
    await consent.answer(w.store, await w.caller("ana"), asked["id"], "granted")
    told = await evidence.evidence(w.store, bea, reach, ONE, purpose="court")
    assert (await evidence.again(w.store, bea, reach, told))["bytes"] == told["bytes"]
    await consent.answer(w.store, await w.caller("ana"), asked["id"], "withdrawn")
    with pytest.raises(Conflict):
        await evidence.again(w.store, bea, reach, told)


async def test_evidence_again_is_of_that_very_line(w: World) -> None:
    """Another organisation's line of the same id and version is not what was exported."""
    await send(w, "ana", indicator(1, tlp="GREEN"))
    bank, reach = await w.caller("bank"), await w.reach("bank")
    told = await evidence.evidence(w.store, bank, reach, ONE, purpose="court")
    await taken(w, "ana")
    await send(w, "bea", indicator(1, tlp="GREEN", name="another's"))
    assert ONE in await given(w, "bank")
    with pytest.raises(NotFound):
        await evidence.again(w.store, bank, reach, told)


async def test_a_release_that_failed_carries_nothing(w: World) -> None:
    """Bea's copy is taken back by the steward there; ana's own release fails; the consent ends; the steward brings nothing back."""
    await send(w, "ana", indicator(1, tlp="AMBER"))
    one = await granted(w, "bea")
    await released(w, "bea")
    await taken(w, "eve", CASE)
    (told,) = (await released(w, "ana")).details
    assert told.failed
    await no_longer(w, one)
    assert not (await back(w, "eve", CASE)).versions
    assert await given(w, "eve", CASE) == []


async def test_who_released_it_is_told_that_it_was_recalled(w: World) -> None:
    """Its own release is no secret: it hears that the object was recalled, not that it is new."""
    await send(w, "ana", indicator(1, tlp="AMBER"))
    await no_longer(w, await _released_on_consent(w))
    await granted(w, "bea")
    (told,) = (await released(w, "bea")).details
    assert (told.outcome, told.failed) == ("recalled", True)


async def _released_on_consent(w: World) -> str:
    one = await granted(w, "bea")
    await released(w, "bea")
    return one
