"""What a list is made of, and what is known of it afterwards: worked out again to the byte, and those who had it are told of a recall."""

import csv
import json
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select

from indicator_hub.errors import HubError, NotPermitted, Unavailable
from indicator_hub.exports import catalogue
from indicator_hub.exports.asked import filter_of, parse
from indicator_hub.exports.choose import DISAGREEING, Rules, matches, strictest_pap
from indicator_hub.exports.format import Scope
from indicator_hub.exports.row import Row
from indicator_hub.exports.run import Run
from indicator_hub.sharing import export as sharing_export
from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.authenticate import collections
from indicator_hub.sharing.export import Exported, Memory, Wish, chosen, export, require_read
from indicator_hub.sharing.recall import recall
from indicator_hub.sharing.recalls import listed
from indicator_hub.sharing.submit import submit
from indicator_hub.stix.markings import PAP_EXTENSION
from indicator_hub.store import exports, recalls, roster
from indicator_hub.store.schema import entry, event
from indicator_hub.taxii.query import Filters
from indicator_hub.taxii.served import served
from indicator_hub.trust.ladder import HELD
from support.marks import handling, marking
from support.world import OTHER, TLP, World, envelope, indicator, world

DOMAINS = [f"[domain-name:value = 'bad{n}.example.com']" for n in range(10)]
EVERY = Filters(keywords=frozenset(("all",)))


@pytest.fixture
async def w(database_url: str) -> AsyncIterator[World]:
    """The usual world."""
    async with world(database_url) as made:
        yield made


async def send(w: World, account: str, *objects: dict[str, Any], collection: str = "main") -> None:
    """Post, and expect it to be taken."""
    reach = await w.reach(account, collection=collection)
    status = await submit(w.store, await w.caller(account), reach, envelope(*objects))
    assert [one for one in status.details if one.failed] == []


async def take(
    w: World, account: str, name: str, query: str = "documentation=true", at: Sequence[str] = ()
) -> Exported:
    """A list of the group alpha."""
    caller = await w.caller(account)
    form, uuid = catalogue.find(name) or pytest.fail(name)
    asked = parse(query, form.options)
    reaches = chosen(await collections(w.store, caller.account, "alpha"), at or asked.filter.collections)
    await require_read(w.store, caller, reaches)
    scope = Scope("alpha", "https://hub.example", f"?{query}", asked.options)
    return await export(w.store, Memory(), caller, reaches, Wish(form, uuid, asked, scope))


async def lines(w: World, account: str, name: str, query: str = "documentation=true") -> list[str]:
    """Its lines."""
    one = await take(w, account, name, query)
    text = b"".join(one.chunks()).decode()
    one.close()
    return text.splitlines()


async def told(w: World, account: str) -> list[str]:
    """What an account's organisation finds in the list of recalls."""
    found, _ = await listed(w.store, await w.caller(account), after=(-1, ""), limit=100)
    return [one["object"] for one in found]


async def events(w: World) -> list[dict[str, Any]]:
    """Every event of an export, with its details."""
    async with w.store.transactions.read() as tx:
        found = await tx.execute(select(event).where(event.c.action == "export").order_by(event.c.id))
        return [{**row, "details": json.loads(row["details"])} for row in found.mappings()]


def a_mixture() -> list[dict[str, Any]]:
    """Levels, confidences, labels, values that two indicators share, an indicator of several values, and some that never go out."""
    hashes = "[file:hashes.'SHA-256' = '" + "ab" * 32 + "' OR file:hashes.MD5 = '" + "cd" * 16 + "']"
    return [
        indicator(1, tlp="GREEN", confidence=90, labels=["botnet"], name='One, "two"'),
        indicator(2, tlp="AMBER", pattern=DOMAINS[1], confidence=20),
        indicator(3, tlp="STRICT", pattern=DOMAINS[1], labels=["phishing"]),
        indicator(4, tlp="RED"),
        indicator(5, tlp="GREEN", pattern=hashes, confidence=50),
        indicator(6, tlp="GREEN", labels=["pap:red"]),
        indicator(7, tlp="GREEN", valid_until="2026-11-02T00:00:00Z"),
        indicator(
            8,
            tlp="GREEN",
            pattern="[ipv4-addr:value = '198.51.100.8'] FOLLOWEDBY [url:value = 'http://x.example.com/']",
        ),
        indicator(
            9,
            tlp="GREEN",
            pattern="[url:value = 'https://bad9.example.com/a,b?c=\"d\"']",
            indicator_types=["malicious-activity"],
        ),
    ]


async def disagreeing(tx: Any, details: dict[str, Any], organisation: int) -> set[tuple[str, int]]:
    """What which organisation thought to be a false positive, as far as the reader of a list saw that: by the history alone."""
    found: set[tuple[str, int]] = set()
    bodies = {row.id: json.loads(row.body) for row in await tx.execute(select(entry.c.id, entry.c.body))}
    for collection, as_of in details["collections"]:
        ids = await tx.execute(select(entry.c.stix_id).where(entry.c.collection_id == collection).distinct())
        for stix_id in [one for one in ids.scalars().all() if one.startswith("opinion--")]:
            traced = await recalls.traced(tx, collection, stix_id)
            page = details | {"types": ["opinion"], "first": 0, "last": as_of}
            had = served(as_of, organisation, page, traced)
            for version in traced:
                body = bodies[version.version.entry]
                if version.version.entry in had and not body.get("revoked") and body["opinion"] in DISAGREEING:
                    found |= {(name, version.version.organisation_id) for name in body["object_refs"]}
    return found


async def again(w: World, one: dict[str, Any]) -> Run:
    """A list worked out from its event, the entries and their history, by nothing that reads through the predicate."""
    details, found = one["details"], []
    async with w.store.transactions.read() as tx:
        ids = (await tx.execute(select(entry.c.collection_id, entry.c.stix_id).distinct())).all()
        clocks = dict(details["collections"])
        parties = await roster.parties(tx, one["group_id"])
        against = await disagreeing(tx, details, one["organisation_id"])
        for collection, stix_id in ids:
            if collection not in clocks:
                continue
            traced = await recalls.traced(tx, collection, stix_id)
            as_of = clocks[collection]
            page = details | {"last": min(details["last"], as_of) if collection == one["collection_id"] else as_of}
            had = served(as_of, one["organisation_id"], page, traced)
            facts = await exports.facts(tx, had)
            for version in traced:
                then = version.as_of(as_of)
                if then is None or then.entry not in had:
                    continue
                source = parties.get(then.organisation_id, "")
                found += [
                    replace(
                        row, level=then.audience.floor, persons_only=then.audience.persons_only, source=source,
                        date_added=then.date_added, pap=strictest_pap(row.labels), held=then.audience.floor >= HELD,
                        doubted=not against.isdisjoint({(row.stix_id, then.organisation_id), (row.stix_id, one["organisation_id"])}),
                    )
                    for row in facts.get(then.entry, [])
                ]  # fmt: skip
    form, asked = catalogue.FORMATS[details["format"]], filter_of(details["filter"])
    options = MappingProxyType(details["options"])
    scope = Scope("alpha", "https://hub.example", details["scope"], options)
    rules = Rules(
        details["now"], lambda _: None, marked=form.marked, machine=form.machine, documentation=asked.documentation
    )
    rows = [row for row in found if matches(row, asked, form.kinds, details["now"])]
    rows.sort(key=lambda row: (*form.key(row), row.entry))
    run = Run(form, scope, rules, asked.limit, asked.age)
    if asked.limit is not None:
        run.survey(rows)
        run.surveyed()
    return _finished(run, rows, details["changed"])


class _Kept(Run):
    """A run and its bytes."""

    content = b""


def _finished(run: Run, rows: list[Row], changed: int) -> Run:
    body = run.take(rows) + run.end()
    run.changed = changed
    run.content = run.head() + body  # type: ignore[attr-defined]
    return run


@pytest.mark.parametrize(
    ("name", "query"),
    [
        ("csv/indicators.csv", "documentation=true"),
        ("csv/indicators.csv", "documentation=true&level=GREEN&confidence=40"),
        ("plain/ip.txt", "documentation=true&limit=1"),
        ("plain/domain-name.txt", "documentation=true&age=30d&label=phishing"),
        ("rpz/rpz.zone", "documentation=true"),
        ("misp/hashes.csv", "documentation=true"),
    ],
    ids=lambda one: one,
)
async def test_a_list_can_be_worked_out_again(w: World, name: str, query: str) -> None:
    """From its event, the entries and their history, when everything has changed since: every byte, every number."""
    import hashlib

    await send(w, "ana", *a_mixture())
    await send(w, "bea", indicator(1, tlp="GREEN", confidence=95), collection="other")
    harmless = [indicator(41, tlp="GREEN"), indicator(42, tlp="GREEN", pattern=DOMAINS[2], labels=["phishing"])]
    await send(w, "ana", *harmless, opinion(1, harmless[0]), opinion(2, indicator(1)))
    await send(w, "ana", opinion(2, indicator(1), "agree", modified="2026-11-11T00:00:00.000Z"))
    await send(w, "bea", opinion(3, harmless[1], "disagree"))
    one = await take(w, "bea", name, query)
    content = b"".join(one.chunks())
    one.close()
    w.clock.forward(days=1)
    await send(
        w,
        "ana",
        indicator(1, tlp="GREEN", modified="2026-11-24T00:00:00.000Z", confidence=1),
        indicator(30, tlp="GREEN"),
        opinion(1, harmless[0], revoked=True, modified="2026-11-12T00:00:00.000Z"),
        opinion(4, indicator(9)),
    )
    await recall(w.store, await w.caller("ana"), await w.reach("ana"), indicator(5)["id"], EVERY, "other")
    recorded = await events(w)
    assert {kept["sha256"] for kept in recorded} == {hashlib.sha256(content).hexdigest()}
    run = await again(w, recorded[0])
    assert run.content == content  # type: ignore[attr-defined]
    details = recorded[0]["details"]
    assert (run.lines, dict(run.skipped), run.truncated) == (details["lines"], details["skipped"], details["truncated"])
    assert sum(run.given.values()) == sum(kept["details"]["number"] for kept in recorded)


async def test_who_had_a_list_is_told_of_a_recall(w: World) -> None:
    """Whose list held a value of it; not whose filter, format or level left it out, nor whoever fetched later."""
    await send(w, "ana", *a_mixture())
    asked = {
        "bea": ("plain/ip.txt", "documentation=true&kind=ipv4-addr"),
        "bank": ("plain/domain-name.txt", "documentation=true"),
        "dan": ("plain/ip.txt", "documentation=true&confidence=95"),
    }
    for account, (name, query) in asked.items():
        await lines(w, account, name, query)
    one = indicator(1)["id"]
    await recall(w.store, await w.caller("ana"), await w.reach("ana"), one, EVERY, "other")
    assert "198.51.100.1" not in await lines(w, "gus", "plain/ip.txt")
    assert [await told(w, who) for who in ("bea", "bank", "dan", "gus")] == [[one], [], [], []]
    await recall(w.store, await w.caller("ana"), await w.reach("ana"), indicator(2)["id"], EVERY, "other")
    assert await told(w, "bank") == [indicator(2)["id"]]
    assert await told(w, "dan") == []
    assert (await lines(w, "bea", "plain/ip.txt"), await lines(w, "bea", "plain/domain-name.txt")) == (
        [],
        ["bad1.example.com"],
    )


async def test_marks_that_say_how_one_may_act(w: World) -> None:
    """PAP AMBER and RED, by a mark or by a label, reach no list that blocks; a bundle has them with their marks, a CSV says so."""
    mark = {
        "type": "marking-definition", "spec_version": "2.1", "id": "marking-definition--00000000-0000-4000-8000-0000000000f1",
        "created": "2026-11-01T00:00:00.000Z", "extensions": {PAP_EXTENSION: {"extension_type": "property-extension", "pap": "amber"}},
    }  # fmt: skip
    marked = indicator(2, object_marking_refs=[TLP["GREEN"], mark["id"]])
    await send(w, "ana", mark, indicator(1, tlp="GREEN"), marked, indicator(3, tlp="GREEN", labels=["PAP:RED"]))
    for name in (
        "plain/ip.txt",
        "edl/ip.txt",
        "rpz/rpz.zone",
        "nftables/sets.nft",
        "splunk/ip.csv",
        "sentinel/indicators.csv",
    ):
        one = await take(w, "bea", name)
        text = b"".join(one.chunks()).decode()
        assert ("198.51.100.2" in text, "198.51.100.3" in text, one.told.skipped) == (False, False, "pap=2"), name
        one.close()
    table = await lines(w, "bea", "csv/indicators.csv")
    assert [("pap:amber" in row, "pap:red" in row) for row in table[1:]] == [
        (False, False),
        (True, False),
        (False, True),
    ]
    bundle = json.loads("".join(await lines(w, "bea", "stix/bundle.json")))
    assert {mark["id"], marked["id"]} <= {one["id"] for one in bundle["objects"]}


def opinion(number: int, about: dict[str, Any], word: str = "strongly-disagree", **changes: Any) -> dict[str, Any]:
    """What somebody thinks of an indicator."""
    tlp = changes.pop("tlp", "GREEN")
    made = {
        "type": "opinion", "spec_version": "2.1", "id": f"opinion--{UUID(int=number, version=4)}", "created": "2026-11-10T00:00:00.000Z",
        "modified": "2026-11-10T00:00:00.000Z", "opinion": word, "object_refs": [about["id"]], "object_marking_refs": [TLP[tlp]],
    }  # fmt: skip
    return made | changes


async def test_what_is_marked_as_a_false_positive_goes_out_no_more(w: World) -> None:
    """By the originator: to nobody who sees the opinion. By another: in its own lists. Of any kind, and counted; until it is taken back."""
    ones = [indicator(n, tlp="GREEN") for n in range(1, 6)]
    await send(w, "ana", *ones)
    await send(
        w, "ana", opinion(1, ones[0]), opinion(2, ones[1], "disagree", tlp="AMBER"), opinion(3, ones[2], "agree")
    )
    await send(w, "bea", opinion(4, ones[3]), opinion(5, ones[2], "neutral"))
    values = {n: f"198.51.100.{n}" for n in range(1, 6)}

    async def left(account: str, name: str = "plain/ip.txt") -> tuple[set[int], str]:
        one = await take(w, account, name)
        text = b"".join(one.chunks()).decode()
        one.close()
        return {n for n, value in values.items() if value in text}, one.told.skipped

    assert await left("ana") == ({3, 4, 5}, "false_positive=2")
    assert await left("bea") == ({3, 5}, "false_positive=3")
    # An observer reads GREEN: it does not see the second opinion, and so has no part of it.
    assert await left("dan") == ({2, 3, 4, 5}, "false_positive=1")
    for name in (
        "csv/indicators.csv",
        "ndjson/indicators.ndjson",
        "stix/bundle.json",
        "rpz/rpz.zone",
        "nftables/sets.nft",
    ):
        shown, skipped = await left("ana", name)
        if name == "rpz/rpz.zone":
            assert "false_positive=2" in skipped
            continue
        assert ({1, 2} & shown, skipped) == (set(), "false_positive=2"), name
    # Withdrawn, thought over, recalled: it goes out again.
    later = {"modified": "2026-11-12T00:00:00.000Z"}
    await send(w, "ana", opinion(1, ones[0], **later, revoked=True))
    await send(w, "ana", opinion(2, ones[1], "agree", **later, tlp="AMBER"))
    assert await left("ana") == ({1, 2, 3, 4, 5}, "")
    assert await left("bea") == ({1, 2, 3, 5}, "false_positive=1")
    await recall(w.store, await w.caller("bea"), await w.reach("bea"), opinion(4, ones[3])["id"], EVERY, "other")
    assert await left("bea") == ({1, 2, 3, 4, 5}, "")
    # Of the collections that are asked for: what was said elsewhere is said of what is there.
    await send(w, "ana", opinion(6, ones[4]), collection="other")
    assert (await left("ana"))[0] == {1, 2, 3, 4}


async def test_a_list_changes_with_an_opinion(w: World) -> None:
    """Its time of change too, by which a zone is loaded again: when the opinion comes, when it is another, and when it is about something else."""
    one, two = indicator(1, tlp="GREEN"), indicator(2, tlp="GREEN")
    await send(w, "ana", one, two)
    marks: list[tuple[str, int, int]] = []

    async def now() -> None:
        found = await take(w, "bea", "plain/ip.txt")
        found.close()
        marks.append((found.told.etag, found.told.changed, found.told.lines))
        w.clock.forward(seconds=60)

    await now()
    for change in (
        {},
        {"modified": "2026-11-12T00:00:00.000Z", "opinion": "agree"},
        {"modified": "2026-11-13T00:00:00.000Z"},
        {"modified": "2026-11-14T00:00:00.000Z", "object_refs": [two["id"]]},
        {"modified": "2026-11-15T00:00:00.000Z", "revoked": True},
    ):
        await send(w, "ana", opinion(1, one, **change))
        await now()
    assert [lines for _, _, lines in marks] == [2, 1, 2, 1, 1, 2]
    changed = [at for _, at, _ in marks]
    assert changed == sorted(set(changed))
    assert marks[0][0] == marks[2][0] == marks[5][0]
    assert marks[1][0] == marks[3][0] != marks[4][0]


async def test_opinions_of_any_number(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """They are read a few at a time, whatever their number, and a batch at a time."""
    monkeypatch.setattr(exports, "AT_ONCE", 2)
    monkeypatch.setattr(exports, "_OPINIONS_AT_ONCE", 3)
    ones = [indicator(n, tlp="GREEN") for n in range(1, 8)]
    await send(w, "ana", *ones)
    said = [opinion(10 * n + k, ones[n], "agree" if n % 2 or k else "disagree") for n in range(7) for k in range(5)]
    await send(w, "ana", *said)
    assert await lines(w, "bea", "plain/ip.txt") == ["198.51.100.2", "198.51.100.4", "198.51.100.6"]
    assert await lines(w, "bea", "plain/ip.txt", "documentation=true&limit=2") == ["198.51.100.4", "198.51.100.6"]


async def test_handling_codes_and_nations(w: World) -> None:
    """Codes go only into formats that say them, and are counted elsewhere; nations are told with every list that holds what is for some alone."""
    marks = {
        "H1": marking(1, **handling(handling="H1")), "H2": marking(2, **handling(handling=["H2", "H0"])),
        "H3": marking(3, **handling(handling="H3", handling_text="Ask first")), "H0": marking(4, **handling(handling="H0")),
        "to": marking(5, **handling(releasable_to=["XB", "XA"])),
    }  # fmt: skip
    ones = {
        name: indicator(n, object_marking_refs=[TLP["GREEN"], mark["id"]])
        for n, (name, mark) in enumerate(marks.items(), 1)
    }
    await send(w, "ana", *marks.values(), *ones.values(), indicator(9, tlp="GREEN"))
    for name in (
        "plain/ip.txt",
        "rpz/rpz.zone",
        "sentinel/indicators.csv",
        "splunk/ip.csv",
        "elastic/indicators.ndjson",
    ):
        one = await take(w, "bea", name)
        text = b"".join(one.chunks()).decode()
        one.close()
        values = text.replace("4.100.51.198", "198.51.100.4").replace("5.100.51.198", "198.51.100.5")
        assert [f"198.51.100.{n}" in values for n in range(1, 6)] == [False, False, False, True, True], name
        assert (one.told.skipped, one.told.nations) == ("handling=3", "XA, XB"), name
    table = csv.DictReader(await lines(w, "bea", "csv/indicators.csv"))
    told = {row["value"][-1]: (row["handling"], row["releasable_to"]) for row in table}
    assert told == {
        "1": ("H1", ""),
        "2": ("H0;H2", ""),
        "3": ("H3", ""),
        "4": ("H0", ""),
        "5": ("", "XA;XB"),
        "9": ("", ""),
    }
    # Nothing is said of nations by a list that holds nothing of it.
    only = await take(w, "bea", "plain/ip.txt", "documentation=true&originator=xb-cert")
    only.close()
    assert only.told.nations == ""
    # Who had it is told of a recall as before, whatever was said of nations.
    await recall(w.store, await w.caller("ana"), await w.reach("ana"), ones["to"]["id"], EVERY, "other")
    assert ones["to"]["id"] in {
        one["object"] for one in (await listed(w.store, await w.caller("bea"), after=(-1, ""), limit=100))[0]
    }


async def test_nothing_is_given_that_a_filter_could_open(w: World) -> None:
    """What is revoked, held, for a person's eyes or for another nation is in no list, whoever asks; a machine gets no RED."""
    await send(w, "ana", *a_mixture(), indicator(40, tlp="GREEN", revoked=True))
    assert await lines(w, "abot", "plain/ip.txt") == ["198.51.100.1"]
    with pytest.raises(HubError):
        await take(w, "bea", "plain/ip.txt", "originator=xc-cert")
    assert await lines(w, "bea", "plain/ip.txt", "documentation=true&originator=xa-cert") == ["198.51.100.1"]
    assert await lines(w, "bea", "plain/ip.txt", "documentation=true&originator=xb-cert") == []
    assert await lines(w, "bea", "plain/ip.txt") == ["198.51.100.1"]
    assert await lines(w, "bea", "plain/ip.txt", "") == []
    elsewhere = await take(w, "bea", "plain/ip.txt", "documentation=true", [OTHER])
    assert elsewhere.told.lines == 0
    elsewhere.close()


async def test_a_batch_more_than_once(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows that make one line may lie in two batches; the surest of them is written."""
    monkeypatch.setattr(exports, "AT_ONCE", 2)
    same = [indicator(20 + n, tlp="GREEN", confidence=n, pattern=DOMAINS[n % 2]) for n in range(1, 8)]
    await send(w, "ana", *same, *a_mixture()[4:])
    assert await lines(w, "bea", "plain/domain-name.txt") == ["bad0.example.com", "bad1.example.com"]
    assert [row.split(",")[-1] for row in await lines(w, "bea", "splunk/domain.csv")] == ["weight", "6", "7"]
    assert len(await lines(w, "bea", "csv/indicators.csv", "documentation=true&kind=domain-name")) == 8
    caller = Caller((await w.caller("bea")).account)
    reach = replace(await w.reach("bea"), can_read=False)
    with pytest.raises(NotPermitted):
        await require_read(w.store, caller, [reach])


async def test_a_list_that_took_too_long(w: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is not given out when something was taken back meanwhile: the list of recalls may be final by then. Without a recall it is."""
    await send(w, "ana", *a_mixture())
    monkeypatch.setattr(sharing_export, "SETTLING", 0)
    assert await lines(w, "bea", "plain/ip.txt") == ["198.51.100.1"]
    went = exports.went

    async def and_meanwhile(*arguments: Any) -> int:
        monkeypatch.setattr(exports, "went", went)
        await recall(w.store, await w.caller("ana"), await w.reach("ana"), indicator(1)["id"], EVERY, "other")
        return await went(*arguments)

    monkeypatch.setattr(exports, "went", and_meanwhile)
    with pytest.raises(Unavailable):
        await take(w, "bea", "plain/ip.txt")
    assert (await lines(w, "bea", "plain/ip.txt"), await told(w, "bea")) == ([], [indicator(1)["id"]])
