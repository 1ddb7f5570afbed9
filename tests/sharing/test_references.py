"""An object is as strict as the strictest that it refers to: when it comes, and whenever one of those changes; and that tells nobody what is hidden."""

import random
from typing import Any

import pytest
from sqlalchemy import select

from indicator_hub.sharing.recall import delete
from indicator_hub.store.schema import audience, entry, organisation
from indicator_hub.taxii.query import Filters
from sharing.test_definitions import FOR_AB, messages
from sharing.test_submit import bodies, send
from support.marks import marking
from support.world import TLP, World, indicator, world


def report(number: int, *objects: dict[str, Any], day: int = 1, tlp: str = "GREEN") -> dict[str, Any]:
    """A report on these."""
    made = indicator(0x900 + number, tlp=tlp, modified=f"2026-11-{day:02}T00:00:00.000Z")
    for name in ("pattern", "pattern_type", "valid_from"):
        made.pop(name)
    name = made["id"].replace("indicator", "report")
    about = {"name": "R", "published": made["created"], "object_refs": [one["id"] for one in objects]}
    return made | {"type": "report", "id": name} | about


async def given(w: World, account: str) -> list[str]:
    """The ids that an account is given, in order."""
    return [one["id"] for one in await bodies(w, account)]


async def recall(w: World, account: str, identifier: str) -> None:
    """Take back the whole of it."""
    await delete(
        w.store, await w.caller(account), await w.reach(account), identifier, Filters(keywords=frozenset(("all",)))
    )


GREEN, STRICT, RED = indicator(1, tlp="GREEN"), indicator(2, tlp="STRICT"), indicator(3, tlp="RED")


async def test_as_strict_as_the_strictest(database_url: str) -> None:
    """Level, persons and nations, in whatever order of the envelope they come."""
    mark = marking(1, **FOR_AB)
    for_ab = indicator(4, object_marking_refs=[TLP["GREEN"], mark["id"]])
    both, lone, nations = report(1, GREEN, STRICT), report(2, GREEN), report(3, for_ab)
    async with world(database_url) as w:
        await send(w, "ana", both, lone, nations, GREEN, STRICT, for_ab, mark | {"object_marking_refs": [TLP["RED"]]})
        assert await given(w, "dan") == [lone["id"], nations["id"], GREEN["id"], for_ab["id"]]
        assert await given(w, "bea") == [both["id"], lone["id"], nations["id"], GREEN["id"], STRICT["id"], for_ab["id"]]
        await send(w, "ana", report(5, indicator(9), RED), RED)
        assert report(5)["id"] not in await given(w, "bea")
        assert report(5)["id"] in await given(w, "abot")


async def test_what_one_does_not_see_does_not_count(database_url: str) -> None:
    """Neither when the referrer comes nor later: it would tell that there is something; one's own that comes later counts."""
    async with world(database_url) as w:
        await send(w, "ana", RED)
        await send(w, "bea", report(1, RED), report(2, STRICT), report(3, indicator(8)))
        assert await given(w, "dan") == [report(number)["id"] for number in (1, 2, 3)]
        await send(w, "ana", STRICT)  # a partner's, later
        assert await given(w, "dan") == [report(number)["id"] for number in (1, 2, 3)]
        await send(w, "bea", indicator(8, tlp="STRICT"))
        assert await given(w, "dan") == [report(number)["id"] for number in (1, 2)]


async def test_a_partner_s_that_one_sees_counts(database_url: str) -> None:
    """And its new version, stricter than the one before, narrows what refers to it."""
    async with world(database_url) as w:
        await send(w, "ana", GREEN, STRICT)
        await send(w, "bea", report(1, GREEN), report(2, STRICT))
        assert await given(w, "dan") == [GREEN["id"], report(1)["id"]]
        await send(w, "ana", GREEN | {"modified": "2026-11-02T00:00:00.000Z", "object_marking_refs": [TLP["AMBER"]]})
        assert await given(w, "dan") == [GREEN["id"]]
        assert report(1)["id"] in await given(w, "bank")


async def test_through_what_they_refer_to(database_url: str) -> None:
    """A report on a report, and two that name each other."""
    inner, outer = report(1, STRICT), report(2, report(1))
    one, other = report(3, report(4)), report(4, report(3), STRICT)
    async with world(database_url) as w:
        await send(w, "ana", outer, one)
        assert await given(w, "dan") == [outer["id"], one["id"]]
        await send(w, "ana", STRICT, other, inner)
        assert await given(w, "dan") == []
        assert await given(w, "bea") == [outer["id"], one["id"], STRICT["id"], other["id"], inner["id"]]


async def test_a_recalled_part_takes_the_whole_with_it(database_url: str) -> None:
    """Until a version without it comes, or the part is posted again: then it is delivered anew, behind all that was there."""
    async with world(database_url) as w:
        await send(w, "ana", GREEN, indicator(5, tlp="GREEN"), report(1, GREEN), report(2, GREEN))
        await recall(w, "ana", GREEN["id"])
        assert await given(w, "bea") == [indicator(5)["id"]]
        assert await given(w, "abot") == [indicator(5)["id"], report(1)["id"], report(2)["id"]]
        await send(w, "ana", report(1, indicator(5), day=2))
        assert await given(w, "bea") == [indicator(5)["id"], report(1)["id"]]
        await send(w, "ana", GREEN)
        assert await given(w, "bea") == [indicator(5)["id"], report(1)["id"], GREEN["id"], report(2)["id"]]


async def test_the_version_before_is_delivered_again(database_url: str) -> None:
    """When the newest is narrowed, who loses it is given the one before it, ahead of every cursor."""
    async with world(database_url) as w:
        await send(w, "ana", GREEN, report(1, indicator(6)), report(1, GREEN, day=2), indicator(6, tlp="GREEN"))
        assert await given(w, "dan") == [GREEN["id"], report(1)["id"], indicator(6)["id"]]
        await recall(w, "ana", GREEN["id"])
        found = await bodies(w, "dan")
        assert [(one["id"], one["modified"][:10]) for one in found] == [
            (indicator(6)["id"], "2026-11-01"),
            (report(1)["id"], "2026-11-01"),
        ]


async def test_what_is_held_holds_what_refers_to_it(database_url: str) -> None:
    """And both are let go together, when the definition comes."""
    mark = marking(1, **FOR_AB)
    held = indicator(4, object_marking_refs=[TLP["GREEN"], mark["id"]])
    async with world(database_url) as w:
        assert "held" in messages(await send(w, "ana", held, report(1, held), indicator(6, tlp="GREEN")))[0]
        assert await given(w, "dan") == [indicator(6)["id"]]
        await send(w, "ana", mark | {"object_marking_refs": [TLP["RED"]]})
        assert await given(w, "dan") == [indicator(6)["id"], held["id"], report(1)["id"]]


async def test_another_collection_is_another_matter(database_url: str) -> None:
    """Only what is in the same collection counts."""
    async with world(database_url) as w:
        await send(w, "ana", STRICT)
        await send(w, "ana", report(1, STRICT), collection="other")
        assert [one["id"] for one in await bodies(w, "dan", collection="other")] == [report(1)["id"]]


class Model:
    """What each version's level must be: its own, and those of all that it leads to."""

    def __init__(self) -> None:
        self.versions: list[dict[str, Any]] = []

    def line(self, name: str, by: str) -> list[dict[str, Any]]:
        """The versions of one id from one organisation."""
        return [one for one in self.versions if (one["id"], one["by"]) == (name, by)]

    def level(self, version: dict[str, Any]) -> int:
        """9 is nobody's."""
        found, seen, ahead = version["own"], set(), list(version["counted"])
        while ahead:
            line = ahead.pop()
            if line in seen or not self.line(*line):
                continue
            seen.add(line)
            live = [one for one in self.line(*line) if not one["recalled"]]
            found = max([found, *(one["own"] for one in live)]) if live else 9
            ahead += [further for one in live for further in one["counted"]]
            if found == 9:
                return 9
        return found

    def seen(self, name: str, by: str) -> bool:
        """Whether a member sees any version of it from the other organisation."""
        return any(
            one["id"] == name and one["by"] != by and not one["recalled"] and self.level(one) <= LEVELS["STRICT"]
            for one in self.versions
        )


LEVELS = {"GREEN": 1, "AMBER": 2, "STRICT": 3, "RED": 4}
OTHER = {"ana": "bea", "bea": "ana"}


async def levels(w: World) -> dict[tuple[str, str, str], int]:
    """As the hub has them, of what was not recalled."""
    statement = select(entry.c.stix_id, organisation.c.name, entry.c.version, audience.c.floor)
    statement = statement.join(audience).join(organisation, organisation.c.id == entry.c.organisation_id)
    async with w.store.transactions.read() as tx:
        rows = await tx.execute(statement.where(entry.c.recalled == 0))
        return {(name, {"xa-cert": "ana", "xb-cert": "bea"}[by], version): level for name, by, version, level in rows}


@pytest.mark.parametrize("seed", range(6))
async def test_whatever_comes_in_whatever_order(database_url: str, seed: int) -> None:
    """After every deed each version has the level that follows from what it leads to, worked out from the beginning."""
    chance, model = random.Random(seed), Model()
    names = [report(number, GREEN)["id"] for number in range(5)]
    async with world(database_url) as w:
        for day in range(1, 25):
            by, number = chance.choice(("ana", "bea")), chance.randrange(5)
            name, live = names[number], [one for one in model.line(names[number], by) if not one["recalled"]]
            if live and chance.random() < 0.3:
                for one in live:
                    one["recalled"] = True
                await recall(w, by, name)
            else:
                tlp, targets = (
                    chance.choice(list(LEVELS)),
                    chance.sample([one for one in names if one != name], chance.randrange(1, 3)),
                )
                one = report(number, GREEN, day=day, tlp=tlp) | {"object_refs": targets}
                counted = {(target, by) for target in targets} | {
                    (target, OTHER[by]) for target in targets if model.seen(target, by)
                }
                if not (await send(w, by, one)).details[0].failed:
                    model.versions.append(
                        {
                            "id": name,
                            "by": by,
                            "version": one["modified"],
                            "own": LEVELS[tlp],
                            "counted": counted,
                            "recalled": False,
                        }
                    )
            assert await levels(w) == {
                (one["id"], one["by"], one["version"]): model.level(one)
                for one in model.versions
                if not one["recalled"]
            }
