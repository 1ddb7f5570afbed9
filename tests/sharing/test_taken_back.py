"""What was taken back stays so until whoever did it brings it back; copies follow their source, and the consent that they stand on."""

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import select

from indicator_hub.errors import Conflict, NotFound, NotPermitted
from indicator_hub.sharing import consent
from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.poll import poll
from indicator_hub.sharing.recall import TakenBack, recall, recall_own
from indicator_hub.sharing.reissue import Back, reissue
from indicator_hub.sharing.release import release
from indicator_hub.sharing.submit import submit
from indicator_hub.sharing.withdraw import withdraw
from indicator_hub.store.schema import event
from indicator_hub.taxii.query import Filters, Query, Resource
from indicator_hub.taxii.status import Status
from indicator_hub.trust.roster import Membership, Roster
from support.world import IDENTITY_A, World, envelope, indicator, roster, world

EVERY = Filters(keywords=frozenset(("all",)))
ONE = indicator(1)["id"]
CASE = ("night", "case")


def shared(**changes: Membership) -> Roster:
    """The usual roster, in which xb-cert and xa-cert write to the operation, and xc-cert and xd-cert to alpha."""
    more = {
        ("xb-cert", "night"): Membership("xb-cert", "night", "member", can_write=True),
        ("xa-cert", "night"): Membership("xa-cert", "night", "member", can_write=True),
        ("xc-cert", "alpha"): Membership("xc-cert", "alpha", "member", can_write=True),
        ("xd-cert", "night"): Membership("xd-cert", "night", "observer"),
    }
    return roster(
        memberships=dict(roster().memberships) | more | {(one.organisation, one.group): one for one in changes.values()}
    )


@pytest.fixture
async def w(database_url: str) -> AsyncIterator[World]:
    """That world."""
    async with world(database_url, shared()) as made:
        yield made


async def send(w: World, account: str, *objects: dict[str, Any], where: tuple[str, str] = ("alpha", "main")) -> None:
    """Post, and expect it to be taken."""
    status = await submit(w.store, await w.caller(account), await w.reach(account, *where), envelope(*objects))
    assert not any(detail.failed for detail in status.details)


async def released(
    w: World, account: str, to: tuple[str, str] = CASE, *, of: str = ONE, out: tuple[str, str] = ("alpha", "main")
) -> Status:
    """Released, by an account, from one collection into another."""
    return await release(
        w.store, await w.caller(account), await w.reach(account, *out), of, await w.reach(account, *to)
    )


async def taken(
    w: World, account: str, where: tuple[str, str] | None = ("alpha", "main"), *, of: str = ONE
) -> TakenBack:
    """Recalled; `where` None: from one's own record, everywhere."""
    caller = await w.caller(account)
    if where is None:
        return await recall_own(w.store, caller, of, collection=None, filters=EVERY, reason="other")
    return await recall(w.store, caller, await w.reach(account, *where), of, EVERY, "other")


async def back(w: World, account: str, where: tuple[str, str] = ("alpha", "main"), *, of: str = ONE) -> Back:
    """Brought back."""
    return await reissue(w.store, await w.caller(account), await w.reach(account, *where), of)


async def given(w: World, account: str, where: tuple[str, str] = ("alpha", "main")) -> list[str]:
    """The ids that an account is given."""
    page = await poll(w.store, Caller(), await w.reach(account, *where), Query(-1, 1000, Filters()), Resource.OBJECTS)
    return [one.id for one in page.entries]


async def granted(w: World, asker: str, *, of: str = ONE) -> str:
    """A consent of xa-cert to release into the operation, by its name."""
    reach, target = await w.reach(asker), await w.reach(asker, *CASE)
    asked = await consent.ask(w.store, await w.caller(asker), reach, of, "release", purpose="A case", target=target)
    await consent.answer(w.store, await w.caller("ana"), asked["id"], "granted")
    return asked["id"]


async def no_longer(w: World, name: str) -> None:
    """The consent is withdrawn."""
    await consent.answer(w.store, await w.caller("ana"), name, "withdrawn")


# Both sides


@pytest.mark.parametrize("steward_first", [True, False])
async def test_what_both_took_back_both_bring_back(w: World, steward_first: bool) -> None:
    """A steward, and then its originator, which does it from its own record: one lifting leaves it to the other."""
    await send(w, "bea", indicator(1, tlp="GREEN"))
    await taken(w, "ana")
    with pytest.raises(NotFound):
        await taken(w, "bea")
    assert len((await taken(w, "bea", None)).where) == 1
    with pytest.raises(NotFound):
        await taken(w, "bea", None)
    for account in ("ana", "bea") if steward_first else ("bea", "ana"):
        assert await given(w, "dan") == await given(w, "bea") == []
        lifted = await back(w, account)
    assert lifted == Back((indicator(1)["modified"],), ())
    assert await given(w, "dan") == [ONE]


async def test_posting_again_lifts_what_it_may(w: World) -> None:
    """A person posts again what its organisation took back; not while a steward holds it back too."""
    await send(w, "bea", indicator(1, tlp="GREEN"))
    await taken(w, "ana")
    await taken(w, "bea", None)
    status = await submit(w.store, await w.caller("bea"), await w.reach("bea"), envelope(indicator(1, tlp="GREEN")))
    assert status.details[0].outcome == "recalled"
    assert await back(w, "ana") == Back((), (indicator(1)["modified"],))
    await send(w, "bea", indicator(1, tlp="GREEN"))
    assert await given(w, "dan") == [ONE]
    await taken(w, "ana")
    assert await back(w, "ana") == Back((indicator(1)["modified"],), ()), (
        "its originator's recall was lifted when it came again"
    )


async def test_a_steward_brings_back_no_copy_that_its_originator_took_back(w: World) -> None:
    """The copy was recalled by the steward when the originator recalled everything: the recall reached it all the same."""
    await send(w, "ana", indicator(1, tlp="GREEN"))
    await released(w, "bea")
    await taken(w, "eve", CASE)
    await taken(w, "ana")
    assert (await back(w, "eve", CASE)).versions == ()
    assert await given(w, "eve", CASE) == []
    await back(w, "ana")
    assert await given(w, "eve", CASE) == [], (
        "what its originator took back there only its originator brings back there"
    )
    assert (await back(w, "ana", CASE)).versions == (indicator(1)["modified"],)
    assert await given(w, "eve", CASE) == [ONE]


async def test_a_recall_passes_through_a_copy_that_is_gone(w: World) -> None:
    """From alpha to the operation, from there to another collection; the steward takes back the one between, the originator the first."""
    await send(w, "ana", indicator(1, tlp="GREEN"))
    await released(w, "bea")
    await released(w, "eve", ("alpha", "other"), out=CASE)
    await taken(w, "eve", CASE)
    assert await given(w, "dan", ("alpha", "other")) == [ONE]
    await taken(w, "ana")
    assert await given(w, "dan", ("alpha", "other")) == []


async def test_a_steward_hears_of_no_version_that_it_does_not_see(w: World) -> None:
    """It takes back, and brings back, the whole line; it is told of what it sees."""
    red = indicator(1, tlp="RED", modified="2026-11-02T00:00:00.000Z")
    await send(w, "bea", indicator(1, tlp="GREEN"), red)
    ((_, versions),) = (await taken(w, "ana")).where.values()
    assert versions == (indicator(1)["modified"],)
    assert await given(w, "bea") == []
    assert (await back(w, "ana")).versions == (indicator(1)["modified"],)
    assert len(await given(w, "bea")) == 1


async def test_a_machine_or_a_reader_brings_nothing_back(w: World) -> None:
    """What its organisation took back comes back by a person who may submit, a steward or not."""
    await send(w, "ana", indicator(1, tlp="GREEN"))
    await taken(w, "ana")
    reach = await w.reach("ana")
    assert reach.account is not None
    reader = replace(reach, account=replace(reach.account, scopes=frozenset(("read", "manage"))))
    with pytest.raises(NotPermitted):
        await reissue(w.store, await w.caller("ana"), reader, ONE)
    assert await given(w, "ana") == []


# Consents


async def test_a_copy_stays_while_one_consent_that_it_stands_on_does(w: World) -> None:
    """Two partners have released it, each on a consent of its own; with the second consent it goes."""
    await send(w, "ana", indicator(1, tlp="AMBER"))
    first, second = await granted(w, "bea"), await granted(w, "eve")
    await released(w, "bea")
    await released(w, "eve")
    await no_longer(w, first)
    assert await given(w, "eve", CASE) == [ONE]
    await no_longer(w, second)
    assert await given(w, "eve", CASE) == []


async def test_a_consent_that_nothing_was_released_on_carries_nothing(w: World) -> None:
    """Another partner may release it, and has not: the copy goes with the consent it was made on."""
    await send(w, "ana", indicator(1, tlp="AMBER"))
    first, _ = await granted(w, "bea"), await granted(w, "eve")
    await released(w, "bea")
    await no_longer(w, first)
    assert await given(w, "eve", CASE) == []


async def test_the_originators_own_release_stands_on_no_consent(w: World) -> None:
    """It released the object into that group itself, before or after a partner did."""
    await send(w, "ana", indicator(1, tlp="AMBER"))
    name = await granted(w, "bea")
    await released(w, "bea")
    await released(w, "ana")
    await no_longer(w, name)
    assert await given(w, "eve", CASE) == [ONE]


async def test_a_withdrawn_consent_reaches_a_copy_that_a_steward_took_back(w: World) -> None:
    """The steward does not bring it back."""
    await send(w, "ana", indicator(1, tlp="AMBER"))
    name = await granted(w, "bea")
    await released(w, "bea")
    await taken(w, "eve", CASE)
    await no_longer(w, name)
    await back(w, "eve", CASE)
    assert await given(w, "eve", CASE) == []


async def test_what_follows_a_withdrawn_consent_is_a_recall(w: World) -> None:
    """In the record of the group whose copy it was."""
    await send(w, "ana", indicator(1, tlp="AMBER"))
    name = await granted(w, "bea")
    await released(w, "bea")
    await no_longer(w, name)
    reach = await w.reach("eve", *CASE)
    async with w.store.transactions.read() as tx:
        done = select(event.c.action).where(event.c.collection_id == reach.key, event.c.outcome == "done")
        assert (await tx.execute(done.order_by(event.c.id))).scalars().all() == ["release", "recall"]


# Withdraw


async def test_the_withdrawn_version_of_a_copy_is_as_strict_as_the_copy(w: World) -> None:
    """A report is as strict as what it refers to, where that is; its copy elsewhere, and the version that revokes it, too."""
    report = indicator(
        9, type="report", id="report--00000000-0000-4000-8000-000000000009", name="R", published="2026-11-01T00:00:00Z",
        object_refs=[ONE], tlp="GREEN", pattern=None, pattern_type=None, valid_from=None,
    )  # fmt: skip
    await send(w, "bea", indicator(1, tlp="STRICT"), report)
    await released(w, "bea", of=report["id"])
    assert (await given(w, "eve", CASE), await given(w, "gus", CASE)) == ([report["id"]], [])
    status = await withdraw(w.store, await w.caller("bea"), await w.reach("bea", *CASE), report["id"])
    assert not status.details[0].failed
    assert (await given(w, "eve", CASE), await given(w, "gus", CASE)) == ([report["id"]], [])
    await taken(w, "bea", of=report["id"])
    assert await given(w, "eve", CASE) == [], "it goes with its source, the revoked version too"


async def test_every_rendering_is_withdrawn(w: World) -> None:
    """An object that is here in STIX 2.0 and 2.1 is revoked in both, at one time; what was revoked in one only is so in the other then."""
    old = {
        name: value
        for name, value in indicator(1, tlp="GREEN", labels=["x"]).items()
        if name not in ("spec_version", "pattern_type")
    }
    await send(w, "ana", indicator(1, tlp="GREEN"))
    status = await submit(w.store, await w.caller("ana"), await w.reach("ana"), envelope(old))
    assert not status.details[0].failed, status.details
    status = await withdraw(w.store, await w.caller("ana"), await w.reach("ana"), ONE)
    assert [detail.failed for detail in status.details] == [False, False]
    for spec in ("2.0", "2.1"):
        reach = await w.reach("dan")
        page = await poll(w.store, Caller(), reach, Query(-1, 9, Filters(spec_versions=(spec,))), Resource.OBJECTS)
        assert [b'"revoked":true' in one.body for one in page.entries] == [True], spec
    with pytest.raises(Conflict, match="withdrawn already"):
        await withdraw(w.store, await w.caller("ana"), await w.reach("ana"), ONE)


async def test_nothing_follows_the_last_instant(w: World) -> None:
    """`modified` at the end of the year 9999: no later version can be written."""
    await send(w, "ana", indicator(1, modified="9999-12-31T23:59:59.999Z", created_by_ref=IDENTITY_A))
    with pytest.raises(Conflict, match="recall it"):
        await withdraw(w.store, await w.caller("ana"), await w.reach("ana"), ONE)


# Release


@pytest.mark.parametrize("there", ["nothing", "hidden", "recalled", "withdrawn"])
async def test_a_release_tells_nothing_of_a_line_that_is_not_seen(w: World, there: str) -> None:
    """Its originator has shared it there with others only, or took it back: whoever releases it is told what it is told where it never was."""
    one = indicator(1, tlp="GREEN")
    await send(w, "ana", one)
    if there != "nothing":
        await send(w, "ana", one, where=CASE)
    if there == "withdrawn":
        await withdraw(w.store, await w.caller("ana"), await w.reach("ana", *CASE), ONE)
        await taken(w, "ana", CASE)
    if there == "recalled":
        await taken(w, "ana", CASE)
    if there == "hidden":  # only those who saw from now on do not see it
        later = Membership("xb-cert", "night", "member", can_write=True, sees_from=w.clock.now + 10)
        await apply(w.store, shared(later=later))
        w.clock.now += 20
    status = await released(w, "bea")
    detail = status.details[0]
    assert (detail.outcome, detail.message, detail.failed) == ("new", "", False)


async def test_a_refusal_that_depends_on_nothing_hidden_stays_one(w: World) -> None:
    """What is above the ceiling there is refused, whether a hidden line is there or not; what one sees there is a duplicate."""
    await send(w, "ana", indicator(1, tlp="GREEN"), indicator(2, tlp="GREEN"))
    await send(w, "ana", indicator(2, tlp="GREEN"), where=CASE)
    assert (await released(w, "bea", of=indicator(2)["id"])).details[0].outcome == "duplicate"
    await taken(w, "ana", CASE, of=indicator(2)["id"])
    await send(w, "ana", indicator(3))
    status = await released(w, "ana", ("alpha", "other"), of=indicator(3)["id"])
    assert status.details[0].failed
