"""Rule again: what another default, another feed's level or another identity changes, and nothing else."""

import json
from dataclasses import replace

import pytest

from indicator_hub.sharing import remark as remarking
from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.poll import poll
from indicator_hub.sharing.recall import delete
from indicator_hub.sharing.remark import remark
from indicator_hub.sharing.submit import submit
from indicator_hub.store.backlog import tasks
from indicator_hub.taxii.page import Page
from indicator_hub.taxii.query import Filters, Query, Resource
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
