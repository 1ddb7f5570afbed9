"""A hub to look at in a browser: three nations, a standing group, an operation that goes on and one that is over, a feed, people with passwords."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from indicator_hub.sharing import enrol
from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.apply import apply
from indicator_hub.sharing.authenticate import identify
from indicator_hub.sharing.sign_in import set_password
from indicator_hub.sharing.submit import submit
from indicator_hub.stix import timestamps
from indicator_hub.store.opened import Store, open_store, wall_clock
from indicator_hub.trust.roster import Collection, Contact, Feed, Group, Membership, Roster
from support.live import Hub
from support.world import MAIN, envelope, indicator, roster

PASSWORD = "a long enough one"
PEOPLE = {"ana": "xa-cert", "bea": "xb-cert", "eve": "xc-cert"}
DAWN = "5a6f7a4e-5d0c-4c56-9a34-6a1d7f0e2b16"
ARABIC = "المركز الوطني للأمن السيبراني"
LONG = f"http://evil.example/{'a/very/long/path/' * 118}"
HOSTILE = """"><script>alert(1)</script><img src=x onerror=alert(2)>'{{7*7}}"""


@dataclass(frozen=True, slots=True)
class Ground:
    """A running hub, and what is in it: ids by what they are."""

    url: str
    tokens: dict[str, str]
    shared: dict[str, str]


def declared(folder: Path) -> Roster:
    """The usual parties and more of them."""
    usual = roster()
    far = timestamps.parse("2100-01-01T00:00:00Z")
    dawn = Group(
        "dawn",
        "Dawn",
        "",
        "operation",
        "pact",
        timestamps.parse("2025-01-01T00:00:00Z"),
        timestamps.parse("2026-01-01T00:00:00Z"),
        "A case that is closed",
        "XA",
    )
    groups = {**usual.groups, "dawn": dawn, "night": replace(usual.groups["night"], ends=far)}
    desk = Contact("Duty desk", "duty@xa-cert.example", "+999 555 0100", "0123 4567 89AB CDEF", "24/7")
    organisations = {**usual.organisations, "xc-cert": replace(usual.organisations["xc-cert"], title=ARABIC)}
    organisations["xa-cert"] = replace(organisations["xa-cert"], contact=desk)
    members = [
        Membership("xa-cert", "dawn", "member", can_write=True, steward=True),
        Membership("xa-cert", "night", "member", can_write=True, steward=True),
        Membership("xc-cert", "alpha", "member", can_write=True),
    ]
    (folder / "numbers.txt").write_text(
        "198.51.100.77\n10.0.0.1\nnot a value at all\n203.0.113.0/4\n", encoding="utf-8"
    )
    feed = Feed(
        "numbers", "Numbers", "xa-cert", "alpha", "fed", str(folder / "numbers.txt"), "list", level=1, documentation=True, every=3_600_000_000,
    )  # fmt: skip
    return replace(
        usual,
        organisations=organisations,
        agreements={"pact": replace(usual.agreements["pact"], ends=far)},
        groups=groups,
        memberships=usual.memberships | {(one.organisation, one.group): one for one in members},
        collections={**usual.collections, ("dawn", "case"): Collection(DAWN, "dawn", "case", "Case", "", 4, 3)},
        feeds={"numbers": feed},
    )


def objects() -> dict[str, dict[str, Any]]:
    """What is there from the beginning: ordinary, long, Arabic and hostile."""
    words = dict.fromkeys(("name", "description"), HOSTILE)
    marked = {"confidence": 80, "labels": ["phishing", HOSTILE], "indicator_types": ["malicious-activity"]}
    plain = indicator(1, tlp="GREEN", name="Gate of a loader", valid_until="2099-01-01T00:00:00Z", **marked)
    malware = indicator(
        4, tlp="GREEN", type="malware", id=indicator(4)["id"].replace("indicator", "malware"), name="مُحمِّل", is_family=False, pattern=None,
        pattern_type=None, valid_from=None, description=HOSTILE,
    )  # fmt: skip
    return {
        "plain": plain,
        "newer": plain | {"modified": "2026-11-02T00:00:00.000Z", "confidence": 90},
        "long": indicator(2, tlp="AMBER", pattern=f"[url:value = '{LONG}']"),
        "hostile": indicator(3, tlp="GREEN", pattern="[domain-name:value = 'evil.example']", **words, labels=[HOSTILE]),
        "malware": malware,
        "relation": indicator(
            5, tlp="GREEN", type="relationship", id=indicator(5)["id"].replace("indicator", "relationship"), relationship_type="indicates",
            source_ref=indicator(1)["id"], target_ref=malware["id"], pattern=None, pattern_type=None, valid_from=None, description=HOSTILE,
        ),
        "sighting": indicator(
            6, tlp="GREEN", type="sighting", id=indicator(6)["id"].replace("indicator", "sighting"), sighting_of_ref=indicator(1)["id"],
            pattern=None, pattern_type=None, valid_from=None, description=HOSTILE,
        ),
        "note": indicator(
            7, tlp="GREEN", type="note", id=indicator(7)["id"].replace("indicator", "note"), object_refs=[indicator(1)["id"]], abstract=HOSTILE,
            content=HOSTILE, pattern=None, pattern_type=None, valid_from=None,
        ),
        "action": indicator(
            8, tlp="GREEN", type="course-of-action", id=indicator(8)["id"].replace("indicator", "course-of-action"), name=f"Block it {HOSTILE}",
            description=HOSTILE, pattern=None, pattern_type=None, valid_from=None,
        ),
        "report": indicator(
            9, tlp="GREEN", type="report", id=indicator(9)["id"].replace("indicator", "report"), name=HOSTILE, published="2026-11-01T00:00:00Z",
            object_refs=[indicator(1)["id"]], pattern=None, pattern_type=None, valid_from=None, description=HOSTILE,
        ),
    }  # fmt: skip


async def _furnish(store: Store, folder: Path) -> dict[str, str]:
    await apply(store, declared(folder))
    tokens: dict[str, str] = {}
    for name, organisation in PEOPLE.items():
        _, tokens[name] = await enrol.enrol(store, name, organisation=organisation, kind="person")
        await set_password(store, name, PASSWORD)
    return tokens


async def _share(store: Store, token: str) -> None:
    who = await identify(store, token, username="ana", group="alpha", collection=MAIN)
    made = objects()
    for part in (("plain", "malware"), tuple(made.keys() - {"plain", "malware"})):
        status = await submit(store, Caller(who.account), who.require_reach(), envelope(*(made[name] for name in part)))
        assert not [one.message for one in status.details if one.failed]


@contextmanager
def ground(database: str, folder: Path) -> Iterator[Ground]:
    """Furnish the database, and serve it."""

    async def furnish() -> dict[str, str]:
        store = await open_store(database, now=wall_clock)
        try:
            tokens = await _furnish(store, folder)
            await _share(store, tokens["ana"])
            return tokens
        finally:
            await store.close()

    tokens = asyncio.run(furnish())
    with Hub(database, folder) as hub:
        yield Ground(hub.url, tokens, {name: value["id"] for name, value in objects().items()})
