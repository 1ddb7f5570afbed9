"""Rule again: what another default, another feed's level or another identity changes, and nothing else."""

import asyncio
import json
from dataclasses import replace

import pytest

from indicator_hub.sharing import remark as remarking
from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.poll import poll
from indicator_hub.sharing.recall import delete, recall
from indicator_hub.sharing.reissue import reissue
from indicator_hub.sharing.release import release
from indicator_hub.sharing.remark import remark
from indicator_hub.sharing.submit import submit
from indicator_hub.store.backlog import tasks
from indicator_hub.taxii.page import Page
from indicator_hub.taxii.query import Filters, Query, Resource
from indicator_hub.trust.roster import Membership
from support.world import World, envelope, indicator, roster, world

EVERY = Filters(keywords=frozenset(("all",)))
IDENTITY_B = "identity--00000000-0000-4000-8000-0000000000b2"


async def given(w: World, account: str, *, after: int = -1) -> Page:
    """What an account is given by default behind a cursor."""
    return await poll(w.store, Caller(), await w.reach(account), Query(after, 100, Filters()), Resource.OBJECTS)


async def names(w: World, account: str, *, after: int = -1) -> list[str]:
    """Its ids."""
    return [one.id for one in (await given(w, account, after=after)).entries]


async def declare(w: World, *, default: int = 2, **identities: tuple[str, ...]) -> list[int]:
    """The roster with another default of `main` and other identities. Returns what progress was told."""
    usual, told = roster(), list[int]()
    main = replace(usual.collections["alpha", "main"], default=default)
    organisations = dict(usual.organisations)
    for name, listed in identities.items():
        key = name.replace("_", "-")
        organisations[key] = replace(organisations[key], stix_identities=listed)
    collections = dict(usual.collections) | {("alpha", "main"): main}
    await apply(w.store, roster(collections=collections, organisations=organisations), told.append)
    return told


async def send(w: World, account: str, *objects: dict[str, object]) -> None:
    """Post, and expect it to be taken."""
    status = await submit(w.store, await w.caller(account), await w.reach(account), envelope(*objects))
    assert not any(detail.failed for detail in status.details)


async def test_another_default_counts_for_what_says_none(database_url: str) -> None:
    """A laxer default lets in those who were not, ahead of their cursors; a stricter one takes from them, and re-dates nothing."""
    async with world(database_url) as w:
        await send(w, "ana", indicator(1), indicator(2, tlp="AMBER"), indicator(3))
        before = (await given(w, "bea")).entries[-1].date_added
        assert await names(w, "dan") == []
        assert await declare(w, default=1) == [2], "only those that bear no TLP mark"
        assert await names(w, "dan", after=before) == [indicator(1)["id"], indicator(3)["id"]]
        dates = [one.date_added for one in (await given(w, "bea")).entries]
        await declare(w, default=3)
        assert (await names(w, "dan"), await names(w, "bank")) == ([], [indicator(2)["id"]])
        assert [one.date_added for one in (await given(w, "bea")).entries] == dates
        assert await declare(w, default=3) == []


async def test_what_was_recalled_comes_back_by_the_default_of_now(database_url: str) -> None:
    """A recalled object stays away when the default changes; posted again, the new default counts."""
    async with world(database_url) as w:
        caller, reach = await w.caller("ana"), await w.reach("ana")
        await send(w, "ana", indicator(1))
        await delete(w.store, caller, reach, indicator(1)["id"], EVERY)
        await declare(w, default=1)
        assert await names(w, "dan") == await names(w, "ana") == []
        await send(w, "ana", indicator(1))
        assert await names(w, "dan") == [indicator(1)["id"]]


async def test_a_referrer_follows(database_url: str) -> None:
    """What refers to an object whose default changes is ruled again with it."""
    async with world(database_url) as w:
        report = indicator(
            9, type="report", id="report--00000000-0000-4000-8000-000000000009", name="R", published="2026-11-01T00:00:00Z",
            object_refs=[indicator(1)["id"]], tlp="GREEN", pattern=None, pattern_type=None, valid_from=None,
        )  # fmt: skip
        await send(w, "ana", indicator(1), report)
        assert await names(w, "dan") == []
        await declare(w, default=1)
        assert await names(w, "dan") == [indicator(1)["id"], report["id"]]


async def test_it_goes_on_where_it_was_broken_off(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches commit by themselves: what a broken run has done is done, the next one finishes."""
    monkeypatch.setattr(remarking, "BATCH", 2)
    rule, ruled = remarking._rule, list[int]()

    async def broken(tx, waiting, *, now) -> int:
        ruled.append(await rule(tx, waiting, now=now))
        if len(ruled) == 2:
            raise RuntimeError("the power is gone")
        return ruled[-1]

    async with world(database_url) as w:
        await send(w, "ana", *(indicator(number) for number in range(1, 6)))
        monkeypatch.setattr(remarking, "_rule", broken)
        with pytest.raises(RuntimeError):
            await declare(w, default=1)
        assert len(await names(w, "dan")) == 2
        assert await remark(w.store) == 3
        assert len(await names(w, "dan")) == 5
        async with w.store.transactions.read() as tx:
            assert await tasks(tx) == []


async def test_whose_identity_it_is_is_shown_first(database_url: str) -> None:
    """An organisation declares an identity: its line is shown instead of the relay's, ahead of every cursor; and back when it gives it up."""
    async with world(database_url) as w:
        one = indicator(1, created_by_ref=IDENTITY_B, tlp="GREEN")
        await send(w, "ana", one)
        await declare(w, xb_cert=(IDENTITY_B,))
        await send(w, "bea", one | {"name": "The creator's own"})
        await declare(w, xb_cert=())
        shown = await given(w, "dan")
        assert [json.loads(entry.body).get("name") for entry in shown.entries] == [None]
        await declare(w, xb_cert=(IDENTITY_B,))
        again = await given(w, "dan", after=shown.entries[-1].date_added)
        assert [json.loads(entry.body).get("name") for entry in again.entries] == ["The creator's own"]
        await declare(w, xb_cert=())
        back = await given(w, "dan", after=again.entries[-1].date_added)
        assert [json.loads(entry.body).get("name") for entry in back.entries] == [None]


async def test_an_identity_given_up_delivers_nothing_twice(database_url: str) -> None:
    """Whoever was shown the relay's line all along, because the creator's is not for it, is not given it again; nor what was shown to all."""
    async with world(database_url) as w:
        one = indicator(1, created_by_ref=IDENTITY_B, tlp="GREEN")
        await declare(w, xb_cert=(IDENTITY_B,))
        await send(w, "bea", one | {"object_marking_refs": indicator(2, tlp="STRICT")["object_marking_refs"]})
        await send(w, "gus", one)
        last = (await given(w, "dan")).entries[-1].date_added
        assert await names(w, "dan") == [one["id"]]
        await declare(w, xb_cert=())
        # The creator's line began first: it stays in front of whoever sees it, and nobody is shown anything else than before.
        assert await names(w, "dan", after=last) == await names(w, "ana", after=last) == []


async def test_narrowed_by_a_default_what_it_hid_comes_to_light(database_url: str) -> None:
    """The newer version is above the reader now: the older one, behind its cursor, is given again; to nobody is anything lost or doubled."""
    older = indicator(1, tlp="GREEN")
    newer = indicator(1, modified="2026-11-02T00:00:00.000Z")
    async with world(database_url) as w:
        await declare(w, default=1)
        await send(w, "ana", older, newer)
        before = (await given(w, "dan")).entries[-1].date_added
        await declare(w, default=2)
        again = await given(w, "dan", after=before)
        assert [json.loads(entry.body)["modified"] for entry in again.entries] == [older["modified"]]
        assert await names(w, "bank", after=before) == [], "the newer one still hides it from a client"


async def test_narrowed_by_a_default_another_line_comes_to_light(database_url: str) -> None:
    """The creator's line is above the reader now: the relay's is shown instead."""
    one = indicator(1, created_by_ref=IDENTITY_B)
    async with world(database_url) as w:
        await declare(w, default=1, xb_cert=(IDENTITY_B,))
        await send(w, "gus", one | {"object_marking_refs": indicator(2, tlp="GREEN")["object_marking_refs"]})
        await send(w, "bea", one)
        before = (await given(w, "dan")).entries[-1].date_added
        await declare(w, default=2, xb_cert=(IDENTITY_B,))
        assert await names(w, "dan", after=before) == [one["id"]]


async def test_a_default_that_changes_while_a_body_comes(database_url: str) -> None:
    """What is stored after the change counts by it, however long its body was in coming; what bears no level is not judged by the old one."""
    async with world(database_url) as w:
        await declare(w, default=1)

        async def slowly() -> bytes:
            await declare(w, default=3)
            return envelope(indicator(1))

        await submit(w.store, await w.caller("ana"), await w.reach("ana"), slowly)
        assert (await names(w, "dan"), await names(w, "bank"), await names(w, "bea")) == ([], [], [indicator(1)["id"]])


async def test_a_default_that_changes_at_the_same_time(database_url: str) -> None:
    """Whichever comes first, in the end the new one counts for all."""
    async with world(database_url) as w:
        await declare(w, default=1)
        for number in range(1, 7):
            level = 2 if number % 2 else 1
            await asyncio.gather(send(w, "ana", indicator(number)), declare(w, default=level))
            assert (indicator(number)["id"] in await names(w, "dan")) is (level == 1)


async def test_a_copy_whose_line_changed_places_comes_back(database_url: str) -> None:
    """Taken back, put in another place because of an identity, brought back: it reaches those whom it reached."""
    usual = roster()
    memberships = dict(usual.memberships) | {
        ("xa-cert", "night"): Membership("xa-cert", "night", "member", can_write=True)
    }
    async with world(database_url, roster(memberships=memberships)) as w:
        one = indicator(1, created_by_ref=IDENTITY_B, tlp="GREEN")
        await send(w, "ana", one)
        ana, night = await w.caller("ana"), await w.reach("ana", "night", "case")
        await release(w.store, ana, await w.reach("ana"), one["id"], night)
        await recall(w.store, ana, night, one["id"], EVERY, "other")
        organisations = dict(usual.organisations)
        for identities in ((IDENTITY_B,), ()):
            organisations["xa-cert"] = replace(organisations["xa-cert"], stix_identities=identities)
            await apply(w.store, roster(organisations=organisations, memberships=memberships))
        await reissue(w.store, ana, await w.reach("ana", "night", "case"), one["id"])
        page = await poll(
            w.store, Caller(), await w.reach("eve", "night", "case"), Query(-1, 9, Filters()), Resource.OBJECTS
        )
        assert [found.id for found in page.entries] == [one["id"]]
