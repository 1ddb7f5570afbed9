"""Marks that mean what their organisation has said: what waits for a definition is ruled again when it comes, and for no one else's."""

import json

import pytest

from indicator_hub.sharing import remark as remarking
from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.poll import poll
from indicator_hub.sharing.recall import delete
from indicator_hub.sharing.remark import remark
from indicator_hub.store.schema import backlog as tasks
from indicator_hub.store.schema import unresolved
from indicator_hub.taxii.query import Filters, Query, Resource
from sharing.test_submit import bodies, count, send
from support.marks import handling, marking
from support.world import TLP, indicator, world

STATEMENT = {"definition_type": "statement", "definition": {"statement": "Copyright of the desk"}}
FOR_AB = handling(releasable_to=["XA", "XB"])


def bearing(number: int, mark: dict, *levels: str, **changes: object) -> dict:
    """An indicator with these marks."""
    return indicator(number, object_marking_refs=[*(TLP[level] for level in levels), mark["id"]], **changes)


def messages(status) -> list[str]:
    """What the status says of each object."""
    resource = json.loads(status.resource)
    return [one.get("message", "") for part in ("successes", "failures") for one in resource.get(part, ())]


async def test_a_definition_that_comes_late(database_url: str) -> None:
    """Held for its originator alone; then everybody it is for is given it, with a later date than all that was there, and nobody else."""
    mark = marking(1, **FOR_AB)
    async with world(database_url) as w:
        held = bearing(1, mark, "GREEN")
        assert "send its marking-definition" in messages(await send(w, "ana", held))[0]
        await send(w, "ana", indicator(2, tlp="GREEN"))
        assert await bodies(w, "abot") == [held, indicator(2, tlp="GREEN")]
        assert await bodies(w, "bea") == [indicator(2, tlp="GREEN")]
        # Said in another collection, and for all of them.
        assert messages(await send(w, "ana", mark | {"object_marking_refs": [TLP["GREEN"]]}, collection="other")) == [
            ""
        ]
        assert await bodies(w, "bea") == [indicator(2, tlp="GREEN"), held]
        assert await bodies(w, "gus") == []
        assert (await count(w, unresolved), await count(w, tasks)) == (0, 0)


async def test_whose_definition_counts(database_url: str) -> None:
    """Not a partner's, even of the same id and visible; nor can a partner take the id away by giving it another meaning first."""
    mark, theirs = marking(1, **handling(releasable_to=["XA"])), marking(1, **STATEMENT)
    async with world(database_url) as w:
        assert messages(await send(w, "bea", theirs)) == [""]
        assert "held" in messages(await send(w, "ana", bearing(1, mark, "GREEN")))[0]
        assert await bodies(w, "dan") == []
        assert messages(await send(w, "ana", mark)) == [""]
        assert await bodies(w, "dan") == []
        assert await bodies(w, "bea") == [theirs]
        assert await bodies(w, "bank") == [theirs, bearing(1, mark, "GREEN")]
        # The very same as a partner's, which is then no row of its own, says it for oneself too.
        same = marking(2, **STATEMENT)
        await send(w, "bea", same)
        assert messages(await send(w, "ana", same)) == ["already here, from another organisation"]
        assert messages(await send(w, "ana", bearing(2, same, "GREEN"))) == [""]


async def test_the_first_content_stands(database_url: str) -> None:
    """Another one later, or beside it in the envelope, or in another collection, is a failure; after a recall, too."""
    mark, softer = marking(1, **FOR_AB), marking(1, **STATEMENT)
    async with world(database_url) as w:
        assert [one != "" for one in messages(await send(w, "ana", mark, softer))] == [False, True]
        for collection in ("main", "other"):
            assert "never changes" in messages(await send(w, "ana", softer, collection=collection))[0]
        caller, reach = await w.caller("ana"), await w.reach("ana")
        await delete(w.store, caller, reach, mark["id"], Filters(keywords=frozenset(("all",))))
        assert "never changes" in messages(await send(w, "ana", softer))[0]
        assert messages(await send(w, "ana", bearing(1, mark, "GREEN"))) == [""]
        assert await bodies(w, "gus") == []


async def test_wherever_in_the_envelope_it_stands(database_url: str) -> None:
    """Before or behind what bears it; one that is refused says nothing."""
    mark, refused = marking(1, **STATEMENT), marking(2, **STATEMENT, object_marking_refs=[TLP["RED"]])
    async with world(database_url) as w:
        assert messages(await send(w, "ana", bearing(1, mark, "GREEN"), mark)) == ["", ""]
        said = messages(await send(w, "ana", bearing(2, refused, "GREEN"), refused, collection="other"))
        assert ("held" in said[0], "takes nothing above" in said[1]) == (True, True)
        # Behind one that is refused, another of the same id is the first.
        low = refused | {"object_marking_refs": [TLP["GREEN"]]}
        assert [one != "" for one in messages(await send(w, "bea", refused, low, collection="other"))] == [False, True]
        assert messages(await send(w, "bea", bearing(3, low, "GREEN"), collection="other")) == [""]


async def test_what_stays_held(database_url: str) -> None:
    """A definition that is not understood; a level above the collection's ceiling; and what was recalled meanwhile stays recalled."""
    unclear, strict, late = (
        marking(1, **handling(releasable_to=["Atlantis"])),
        marking(2, **handling(handling="H2")),
        marking(3, **STATEMENT),
    )
    async with world(database_url) as w:
        await send(
            w,
            "ana",
            *(bearing(number, mark, "GREEN") for number, mark in ((1, unclear), (2, strict), (3, late))),
            collection="other",
        )
        caller, reach = await w.caller("ana"), await w.reach("ana", collection="other")
        await delete(w.store, caller, reach, indicator(3)["id"], Filters(keywords=frozenset(("all",))))
        await send(w, "ana", unclear, strict, late)
        assert await bodies(w, "bea", collection="other") == []
        assert [one["id"] for one in await bodies(w, "abot", collection="other")] == [
            indicator(1)["id"],
            indicator(2)["id"],
        ]
        assert "does not understand" in messages(await send(w, "ana", bearing(4, unclear)))[0]


async def test_the_default_counts_as_it_did(database_url: str) -> None:
    """An object without a level had the collection's when it came, and has it when it is let go."""
    mark = marking(1, **STATEMENT)
    async with world(database_url) as w:
        await send(w, "ana", bearing(1, mark))
        await send(w, "ana", mark | {"object_marking_refs": [TLP["GREEN"]]})
        assert [one["type"] for one in await bodies(w, "dan")] == ["marking-definition"]
        assert [one["type"] for one in await bodies(w, "bank")] == ["marking-definition", "indicator"]


async def test_in_batches_and_after_a_break(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each batch is whole by itself; who goes on after a break finishes the rest, and nothing twice."""
    monkeypatch.setattr(remarking, "BATCH", 2)
    mark = marking(1, **STATEMENT)
    rule, ruled = remarking._rule, []

    async def broken(tx, waiting, *, now) -> int:
        ruled.append(await rule(tx, waiting, now=now))
        if len(ruled) == 2:
            raise RuntimeError("the power is gone")
        return ruled[-1]

    async with world(database_url) as w:
        await send(w, "ana", *(bearing(number, mark, "GREEN") for number in range(1, 6)))
        monkeypatch.setattr(remarking, "_rule", broken)
        with pytest.raises(RuntimeError):
            await send(w, "ana", mark)
        assert [one["type"] for one in await bodies(w, "bea")] == ["marking-definition", "indicator", "indicator"]
        assert await remark(w.store) == 3
        found = await bodies(w, "bea")
        assert [one["id"] for one in found[1:]] == [indicator(number)["id"] for number in range(1, 6)]
        assert await remark(w.store) == 0


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (handling(releasable_to=["XB", "XD"]), ["bea", "dan"]),
        (handling(releasable_to=["XA"]), ["bank"]),
        (handling(releasable_to=["XB"], handling="H3", handling_text="Call."), ["bea", "dan"]),
        (handling(releasable_to=["XB"]) | {"name": "As TLP:AMBER"}, ["bea", "dan"]),
        (handling(releasable_to=["XB", "Atlantis"]), []),
        (handling(releasable_to="XB"), []),
        (handling(releasable_to=[]), []),
        (handling(handling="H3", handling_text="Call."), ["bank", "bea", "dan"]),
        (STATEMENT, ["bank", "bea", "dan"]),
    ],
)  # fmt: skip
async def test_a_list_of_nations_is_told_to_those_alone(database_url: str, said: dict, told: list[str]) -> None:
    """Whoever sends it: that two nations have something to say to each other is no third's business. What cannot be read is the originator's."""
    mark = marking(1, **said, object_marking_refs=[TLP["GREEN"]])
    async with world(database_url) as w:
        assert messages(await send(w, "ana", mark)) == [""]
        assert await bodies(w, "abot") == [mark]
        assert [name for name in ("bank", "bea", "dan") if await bodies(w, name)] == told
        assert [name for name in ("bank", "bea", "dan") if mark["id"] in str(await foretold(w, name))] == told


async def foretold(w, account: str) -> object:
    """What the manifest gives an account."""
    query = Query(-1, 100, Filters())
    return (await poll(w.store, Caller(), await w.reach(account), query, Resource.MANIFEST)).entries


async def test_another_says_the_same_unhindered(database_url: str) -> None:
    """Whoever is not on the list and sends the very same mark is told of none that is there, and gives it as its own; each reader is shown one."""
    mark = marking(1, **handling(releasable_to=["XA"]), object_marking_refs=[TLP["GREEN"]])
    async with world(database_url) as w:
        await send(w, "ana", mark)
        assert messages(await send(w, "bea", mark)) == [""]
        assert await bodies(w, "bank") == await bodies(w, "bbot") == [mark]
        assert await bodies(w, "dan") == []
        await send(w, "bea", bearing(1, mark, "GREEN"))
        assert await bodies(w, "bank") == [mark, bearing(1, mark, "GREEN")]
