"""Submit: what is stored, what is refused, and that an envelope is whole."""

import json

import pytest
from sqlalchemy import func, select

from indicator_hub.errors import Invalid, NotPermitted, Unauthenticated, Unprocessable
from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.poll import poll
from indicator_hub.sharing.recall import TakenBack, delete
from indicator_hub.sharing.submit import submit
from indicator_hub.stix import timestamps
from indicator_hub.store import entries
from indicator_hub.store.schema import entry, event
from indicator_hub.taxii.query import Filters, Query, Resource
from indicator_hub.trust.admission import Recalled
from support.world import IDENTITY_A, World, envelope, indicator, world


def everything(**changes: object) -> Query:
    """A query for all that the account may see."""
    return Query(**({"after": -1, "limit": 1000, "filters": Filters()} | changes))  # type: ignore[arg-type]


async def send(w: World, account: str, *objects: dict, collection: str = "main", group: str = "alpha"):
    """Submit as an account."""
    return await submit(w.store, await w.caller(account), await w.reach(account, group, collection), envelope(*objects))


async def bodies(
    w: World, account: str | None, *, collection: str = "main", group: str = "alpha", **changes: object
) -> list[dict]:
    """What an account is given."""
    reach = await w.reach(account, group, collection)
    page = await poll(w.store, await w.caller(account), reach, everything(**changes), Resource.OBJECTS)
    return [json.loads(one.body) for one in page.entries]


def told(taken: TakenBack) -> list[str]:
    """The versions that whoever took them back is told of."""
    return [version for _, versions in taken.where.values() for version in versions]


async def count(w: World, table) -> int:
    """How many rows a table has."""
    async with w.store.transactions.read() as tx:
        return (await tx.execute(select(func.count()).select_from(table))).scalar_one()


async def test_what_is_posted_comes_back_byte_for_byte(database_url: str) -> None:
    """The received bytes are the object: spacing, number forms, escapes and order stay."""
    raw = (
        b'{ "type":"indicator","spec_version":"2.1",  "id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",\n'
        b'"created":"2018-01-17T11:11:13.000Z","modified":"2018-01-17T11:11:13.000000100Z","x_n":1.50E+2,"x_t":"\\u00e9\xc3\xa9",'
        b'"pattern":"[ ipv4-addr:value = \'198.51.100.1\' ]","pattern_type":"stix","valid_from":"2018-01-17T11:11:13Z"}'
    )
    async with world(database_url) as w:
        made = await submit(w.store, await w.caller("ana"), await w.reach("ana"), b'{"objects": [ ' + raw + b" ]}")
        assert [detail.outcome for detail in made.details] == ["new"]
        page = await poll(w.store, await w.caller("bea"), await w.reach("bea"), everything(), Resource.OBJECTS)
        assert [one.body for one in page.entries] == [raw]


async def test_order_and_dates(database_url: str) -> None:
    """date_added is unique, one microsecond each, in the order of the envelope, and never runs backwards with the clock."""
    async with world(database_url) as w:
        await send(w, "ana", indicator(1), indicator(2))
        w.clock.forward(days=-1)
        await send(w, "ana", indicator(3))
        page = await poll(w.store, await w.caller("bea"), await w.reach("bea"), everything(), Resource.OBJECTS)
        dates = [one.date_added for one in page.entries]
        assert dates == [dates[0], dates[0] + 1, dates[0] + 2]


async def test_a_bad_object_is_a_failure_and_touches_no_other(database_url: str) -> None:
    """One bad object fails alone; the status accounts for every one."""
    async with world(database_url) as w:
        made = await send(w, "ana", indicator(1), indicator(2, pattern=None), {"type": "indicator"}, indicator(3))  # type: ignore[arg-type]
        resource = json.loads(made.resource)
        assert (resource["total_count"], resource["success_count"], resource["failure_count"]) == (4, 2, 2)
        assert len(await bodies(w, "bea")) == 2


async def test_duplicates_and_conflicts(database_url: str) -> None:
    """The same again is a success and no second row, in other spacing too; other content under the same version is a failure."""
    async with world(database_url) as w:
        await send(w, "ana", indicator(1))
        again = await send(w, "ana", indicator(1), indicator(1))
        reordered = await send(w, "ana", dict(reversed(indicator(1).items())))
        other = await send(w, "ana", indicator(1, name="other"))
        assert [d.outcome for d in again.details] == ["duplicate", "duplicate"]
        assert [d.outcome for d in reordered.details] == ["duplicate"]
        assert [(d.outcome, d.failed) for d in other.details] == [("refused", True)]
        assert await bodies(w, "bea") == [indicator(1)]


async def test_conflict_inside_one_envelope(database_url: str) -> None:
    """Of two contents for one version in an envelope the first counts."""
    async with world(database_url) as w:
        made = await send(w, "ana", indicator(1), indicator(1, name="other"), indicator(1, labels=["x"]))
        assert [d.outcome for d in made.details] == ["new", "refused", "refused"]


async def test_last_is_the_greatest_modified_whatever_the_order(database_url: str) -> None:
    """Versions that arrive in reverse order: the default answer is still the newest."""
    async with world(database_url) as w:
        await send(w, "ana", indicator(1, modified="2026-11-03T00:00:00.000Z"))
        await send(w, "ana", indicator(1, modified="2026-11-02T00:00:00.000Z"), indicator(1))
        assert [o["modified"] for o in await bodies(w, "bea")] == ["2026-11-03T00:00:00.000Z"]
        every = await bodies(w, "bea", filters=Filters(keywords=frozenset(("all",))))
        assert len(every) == 3
        first = await bodies(w, "bea", filters=Filters(keywords=frozenset(("first",))))
        assert [o["modified"] for o in first] == ["2026-11-01T00:00:00.000Z"]
        exact = await bodies(
            w, "bea", filters=Filters(keywords=frozenset(), values=(timestamps.sort_key("2026-11-02T00:00:00Z"),))
        )
        assert [o["modified"] for o in exact] == ["2026-11-02T00:00:00.000Z"]


async def test_created_stays_and_nothing_follows_a_revocation(database_url: str) -> None:
    """STIX 2.1 section 3.6: created never changes, and no version follows a revoked one."""
    async with world(database_url) as w:
        await send(w, "ana", indicator(1))
        moved = await send(
            w, "ana", indicator(1, created="2026-10-01T00:00:00.000Z", modified="2026-11-02T00:00:00.000Z")
        )
        await send(w, "ana", indicator(1, modified="2026-11-03T00:00:00.000Z", revoked=True))
        late = await send(w, "ana", indicator(1, modified="2026-11-04T00:00:00.000Z"))
        older = await send(w, "ana", indicator(1, modified="2026-11-02T00:00:00.000Z"))
        assert [moved.details[0].failed, late.details[0].failed, older.details[0].failed] == [True, True, False]
        assert [o.get("revoked") for o in await bodies(w, "bea")] == [True]


async def test_an_observable_has_one_version_of_the_hubs_making(database_url: str) -> None:
    """An observable without times is stored once, under its first date_added; posted again it is no new version."""
    sco = {"type": "ipv4-addr", "id": "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4", "value": "198.51.100.3"}
    async with world(database_url) as w:
        made = await send(w, "ana", sco)
        again = await send(w, "ana", sco)
        page = await poll(w.store, await w.caller("bea"), await w.reach("bea"), everything(), Resource.MANIFEST)
        assert [one.version for one in page.entries] == [timestamps.render(page.entries[0].date_added)]
        assert made.details[0].version == again.details[0].version == page.entries[0].version
        assert again.details[0].outcome == "duplicate"


async def test_stix_2_0_is_hidden_by_2_1_of_the_same_id(database_url: str) -> None:
    """Without spec_version the newest specification of an object is given; one that exists only as 2.0 is given too."""
    async with world(database_url) as w:
        old = {"spec_version": None, "pattern_type": None, "labels": ["malicious-activity"]}
        await send(w, "ana", indicator(1, **old), indicator(1), indicator(2, **old))
        assert [o.get("spec_version") for o in await bodies(w, "bea")] == ["2.1", None]
        only_old = await bodies(w, "bea", filters=Filters(spec_versions=("2.0",)))
        assert [o["id"] for o in only_old] == [indicator(1)["id"], indicator(2)["id"]]


async def test_another_organisations_visible_object_has_no_second_version(database_url: str) -> None:
    """Only the creator makes a new version; who does not see the object stores a line of its own and learns nothing."""
    async with world(database_url) as w:
        await send(w, "ana", indicator(1), indicator(2, tlp="RED"))
        made = await send(w, "bea", indicator(1, modified="2026-11-02T00:00:00.000Z"), indicator(2, name="mine"))
        assert [d.failed for d in made.details] == [True, False]
        assert "another organisation" in made.details[0].message
        assert len(await bodies(w, "bea")) == 2


async def test_nobody_makes_anothers_object_vanish(database_url: str) -> None:
    """A 2.1 rendering hides a 2.0 one of its own line only: what another organisation posts under the id hides nothing."""
    old = {"spec_version": None, "pattern_type": None, "labels": ["x"]}
    async with world(database_url) as w:
        await send(w, "bea", indicator(1, tlp="GREEN", **old))
        await send(w, "gus", indicator(1, tlp="GREEN"))
        for account in ("ana", "bea", "dan"):
            assert await bodies(w, account) == [indicator(1, tlp="GREEN", **old)]


async def test_the_creator_has_a_line_of_its_own_behind_a_relay(database_url: str) -> None:
    """The creator's copy of what a relay shared first is kept and shown, and is its own to take back."""
    async with world(database_url) as w:
        mine = indicator(1, created_by_ref=IDENTITY_A)
        await send(w, "bea", mine)
        made = await send(w, "ana", mine)
        assert made.details[0].outcome == "new"
        assert await bodies(w, "bank") == [mine]
        page = await poll(w.store, Caller(), await w.reach("bank"), everything(), Resource.MANIFEST)
        every = Filters(keywords=frozenset(("all",)))
        taken = await delete(w.store, await w.caller("ana"), await w.reach("ana"), mine["id"], every)
        assert told(taken) == [mine["modified"]]
        assert await bodies(w, "bank", after=page.entries[-1].date_added) == [mine]
        taken = await delete(w.store, await w.caller("bea"), await w.reach("bea"), mine["id"], every)
        assert len(told(taken)) == 1
        assert await bodies(w, "bank") == []


async def test_refusals_are_events_and_name_nobody_unknown(database_url: str) -> None:
    """A write or read that is not permitted leaves an event; one without an account does not."""
    async with world(database_url) as w:
        for account, group, collection in (("dan", "alpha", "main"), ("ana", "alpha", "fed")):
            before = await count(w, event)
            with pytest.raises(NotPermitted):
                await send(w, account, indicator(1), group=group, collection=collection)
            assert await count(w, event) == before + 1
        before = await count(w, event)
        with pytest.raises(Unauthenticated):
            await submit(w.store, Caller(), await w.reach(None, "public", "open"), b"{}")
        assert await count(w, event) == before


async def test_a_reissue_is_an_event(database_url: str) -> None:
    """Bringing back what was recalled is recorded under its own name, with the object."""
    async with world(database_url) as w:
        await send(w, "ana", indicator(1))
        await delete(
            w.store,
            await w.caller("ana"),
            await w.reach("ana"),
            indicator(1)["id"],
            Filters(keywords=frozenset(("all",))),
        )
        await send(w, "ana", indicator(1))
        async with w.store.transactions.read() as tx:
            found = (await tx.execute(select(event.c.object_id).where(event.c.action == "reissue"))).scalars().all()
        assert found == [indicator(1)["id"]]


async def test_a_bad_id_is_told_and_spoils_nothing(database_url: str) -> None:
    """Half a surrogate pair or U+0000 in an id is a failure of that object, told in valid UTF-8."""
    body = b'{"objects":[' + json.dumps(indicator(1)).encode() + b',{"id":"\\ud800"},{"id":"a\\u0000"}]}'
    async with world(database_url) as w:
        made = await submit(w.store, await w.caller("ana"), await w.reach("ana"), body)
        resource = json.loads(made.resource)
        assert (resource["success_count"], resource["failure_count"]) == (1, 2)


async def test_a_steward_takes_back_the_whole_line(database_url: str) -> None:
    """Also the versions that are not for the steward's eyes, of which it does not hear; and the line is closed to its originator's machines."""
    async with world(database_url) as w:
        await send(w, "bbot", indicator(1, tlp="GREEN"), indicator(1, tlp="RED", modified="2026-11-02T00:00:00.000Z"))
        taken = await delete(
            w.store,
            await w.caller("ana"),
            await w.reach("ana"),
            indicator(1)["id"],
            Filters(keywords=frozenset(("all",))),
        )
        late = await send(w, "bbot", indicator(1, tlp="GREEN", modified="2026-11-03T00:00:00.000Z"))
        assert (told(taken), late.details[0].outcome) == ([indicator(1)["modified"]], "recalled")
        async with w.store.transactions.read() as tx:
            (line,) = (await entries.lines(tx, (await w.reach("ana")).key, [indicator(1)["id"]])).values()
        assert [one.recalled for one in line] == [Recalled.BY_STEWARD] * 2


async def test_thousands_of_versions_of_one_id(sqlite_url: str) -> None:
    """A line may grow long: many versions in one envelope, and one more, are judged; the newest is given."""
    many = [indicator(1, modified=f"2026-11-02T00:{n // 60:02}:{n % 60:02}.000Z") for n in range(1_500)]
    async with world(sqlite_url, accounts=["ana", "bea"]) as w:
        made = await send(w, "ana", *many)
        await send(w, "ana", indicator(1, modified="2026-11-03T00:00:00.000Z"))
        assert {d.outcome for d in made.details} == {"new", "version"}
        assert [o["modified"] for o in await bodies(w, "bea")] == ["2026-11-03T00:00:00.000Z"]


async def test_a_page_ends_with_so_many_bytes(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A page of large bodies ends early and says that there is more; the walk still gives every object once."""
    from indicator_hub.store import pages

    monkeypatch.setattr(pages, "MAX_BYTES", 25_000)
    async with world(database_url) as w:
        await send(w, "ana", *(indicator(n, x_a="a" * 10_000) for n in range(7)))
        sizes, after, more = [], -1, True
        while more:
            page = await poll(
                w.store, await w.caller("bea"), await w.reach("bea"), everything(after=after), Resource.OBJECTS
            )
            sizes.append(len(page.entries))
            after, more = page.entries[-1].date_added, page.more
        assert sizes == [3, 3, 1]


async def test_what_a_partner_already_shares(database_url: str) -> None:
    """The same object from a second organisation is a success and no second row; an observable has no author and may be said by all."""
    sco = {"type": "ipv4-addr", "id": "ipv4-addr--28bb3599-77cd-5a82-a950-b5bc3caf07c4", "value": "198.51.100.3"}
    async with world(database_url) as w:
        await send(w, "ana", indicator(1), sco)
        same = await send(w, "bea", indicator(1), dict(reversed(indicator(1).items())), sco)
        other = await send(w, "bea", indicator(1, name="mine"), sco | {"x_seen": 3})
        assert [d.outcome for d in same.details] == ["duplicate", "duplicate", "duplicate"]
        assert [d.outcome for d in other.details] == ["refused", "new"]
        assert await bodies(w, "dan") == []
        assert await bodies(w, "bank") == await bodies(w, "bea") == [indicator(1), sco]


@pytest.mark.parametrize(
    ("body", "error"),
    [(b"{", Invalid), (b"[]", Unprocessable), (b"{}", Unprocessable), (b'{"objects":[]}', Unprocessable), (b"\xff", Invalid),
     (b'{"objects":{}}', Unprocessable), (b'{"objects":[1],"objects":[2]}', Invalid), (b'{"objects":[1]} x', Invalid)],
)  # fmt: skip
async def test_a_body_that_is_no_envelope(sqlite_url: str, body: bytes, error: type[Exception]) -> None:
    """Not I-JSON is Invalid, JSON without objects Unprocessable; nothing is stored, and the refusal is an event."""
    async with world(sqlite_url, accounts=["ana"]) as w:
        before = await count(w, event)
        with pytest.raises(error):
            await submit(w.store, await w.caller("ana"), await w.reach("ana"), body)
        assert (await count(w, entry), await count(w, event) - before) == (0, 1)


async def test_who_may_not_write(database_url: str) -> None:
    """An observer, and anybody in a collection that feeds fill, is not permitted; the body is not even read."""
    async with world(database_url) as w:
        for account, collection in (("dan", "main"), ("ana", "fed")):
            with pytest.raises(NotPermitted):
                await submit(
                    w.store, await w.caller(account), await w.reach(account, collection=collection), b"nonsense"
                )


async def test_its_originator_can_always_take_it_back(database_url: str) -> None:
    """Also where readers, itself among them, are shown another organisation's line of the same id."""
    hidden, theirs = indicator(1, tlp="RED"), indicator(1, tlp="GREEN", modified="2026-11-03T00:00:00.000Z")
    mine = indicator(1, tlp="GREEN", description="Ours.")
    every = Filters(keywords=frozenset(("all",)))
    async with world(database_url) as w:
        await send(w, "ana", hidden)
        await send(w, "bea", mine)
        await send(w, "ana", theirs)
        assert await bodies(w, "bea") == await bodies(w, "dan") == [theirs]
        caller, reach = await w.caller("bea"), await w.reach("bea")
        assert told(await delete(w.store, caller, reach, mine["id"], every)) == [mine["modified"]]
        assert await bodies(w, "bea") == [theirs]
        with pytest.raises(NotPermitted):
            await delete(w.store, caller, reach, mine["id"], every)
        taken = await delete(w.store, await w.caller("ana"), await w.reach("ana"), mine["id"], every)
        assert len(told(taken)) == 2
        assert await bodies(w, "bea") == []
