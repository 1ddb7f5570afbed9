"""Every combination of filters on every paged resource, against what a reader of the standard would pick by hand (section 3.4)."""

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest

from conformance.asking import ADDRESS, STATEMENT, version
from support.http import MANIFEST, OBJECTS, Site, site
from support.world import indicator

OLD = {"spec_version": None, "pattern_type": None, "labels": ["x"]}
HALF = "2026-11-03T00:00:00.500Z"
TOOL = {**version(4, 2), "type": "tool", "name": "t", "id": indicator(4)["id"].replace("indicator", "tool")}
for gone in ("pattern", "pattern_type", "valid_from"):
    del TOOL[gone]
# Versions arrive out of order, in three envelopes; one id in both specifications, one in the older only; two kinds without `modified`.
ENVELOPES: list[list[dict[str, Any]]] = [
    [version(1, 2), ADDRESS, version(2, 1, **OLD), version(1, 4)],
    [TOOL, version(1, 1), version(3, 1, **OLD), STATEMENT, indicator(1, tlp="GREEN", modified=HALF)],
    [version(2, 1), version(3, 2, **OLD), version(2, 3)],
]
ONE, TWO, THREE = (indicator(number)["id"] for number in (1, 2, 3))
IDS = ("", ONE, f"{TWO},{ADDRESS['id']}", f"{STATEMENT['id']},{THREE},{indicator(9)['id']}")
TYPES = ("", "indicator", "ipv4-addr,tool", "marking-definition,indicator,x-none")
VERSIONS = (
    "",
    "last",
    "first",
    "all",
    "first,last",
    "2026-11-01T00:00:00Z",
    "last,2026-11-02T00:00:00.000Z",
    "2026-11-03T00:00:00.5Z,first",
    "SCO",
)
SPECIFICATIONS = ("", "2.1", "2.0", "2.0,2.1", "3.0")


@dataclass(frozen=True, slots=True)
class Row:
    """What the manifest says of an object version, and the version itself."""

    id: str
    type: str
    spec: str
    version: str
    added: str
    object: dict[str, Any]

    @property
    def instant(self) -> str:
        """Its version without the zeros at the end."""
        return self.version.rstrip("Z").rstrip("0").rstrip(".") if "." in self.version else self.version.rstrip("Z")


def picked(rows: Sequence[Row], *, ids: str, types: str, versions: str, specs: str, after: str) -> list[Row]:
    """By hand: of each id its specifications, of each of those its versions; then the other filters, in the order of adding."""
    kept: list[Row] = []
    for name in {row.id for row in rows}:
        renderings = [row for row in rows if row.id == name]
        wanted = specs.split(",") if specs else [max(row.spec for row in renderings)]
        for spec in wanted:
            line = sorted((row for row in renderings if row.spec == spec), key=lambda row: row.instant)
            kept += chosen(line, versions.split(",") if versions else ["last"])
    kept = [
        row for row in kept if (not ids or row.id in ids.split(",")) and (not types or row.type in types.split(","))
    ]
    return sorted((row for row in kept if row.added > after), key=lambda row: row.added)


def chosen(line: Sequence[Row], versions: Iterable[str]) -> list[Row]:
    """Of one object in one specification, those that match[version] names."""
    instants = {Row("", "", "", one, "", {}).instant for one in versions}
    return [
        row for place, row in enumerate(line)
        if "all" in instants or row.instant in instants or (place == 0 and "first" in instants) or (row is line[-1] and "last" in instants)
    ]  # fmt: skip


async def stored(s: Site) -> list[Row]:
    """Post everything; what is there, in order."""
    posted: list[dict[str, Any]] = []
    for envelope in ENVELOPES:
        status = (await s.post(*envelope)).json()
        assert status["failure_count"] == 0, status
        s.world.clock.forward(seconds=60)
        posted += envelope
    query = "match[version]=all&match[spec_version]=2.0,2.1"
    records = (await s.get(f"{MANIFEST}?{query}")).json()["objects"]
    assert [record["id"] for record in records] == [one["id"] for one in posted]
    return [
        Row(record["id"], one["type"], record["media_type"][-3:], record["version"], record["date_added"], one)
        for record, one in zip(records, posted, strict=True)
    ]


def asking(filters: dict[str, str], names: dict[str, str]) -> str:
    """The query, its parameters in an order that does not matter."""
    return "&".join(f"{names[name]}={value}" for name, value in filters.items() if value)


NAMES = {
    "ids": "match[id]",
    "types": "match[type]",
    "versions": "match[version]",
    "specs": "match[spec_version]",
    "after": "added_after",
}


async def page(s: Site, path: str, query: str, expected: list[Row], limit: int) -> None:
    """One page: the first of these rows, `more` where there are others, the dates of this very page, and nothing else."""
    answer = await s.get(f"{path}?{query}&limit={limit}" if limit else f"{path}?{query}")
    found, here = answer.json(), expected[: limit or None]
    assert (query, answer.status_code) == (query, 200)
    if not here:
        assert (query, found, [name for name in answer.headers if name.startswith("x-taxii")]) == (query, {}, [])
        return
    more = len(here) < len(expected)
    assert (query, found["more"], "next" in found) == (query, more, more)
    dates = [answer.headers[f"x-taxii-date-added-{which}"] for which in ("first", "last")]
    assert (query, dates) == (query, [here[0].added, here[-1].added])
    if "versions" in found:
        assert (query, found["versions"]) == (query, [row.version for row in here])
    elif path == MANIFEST:
        assert (query, found["objects"]) == (query, [
            {"id": row.id, "date_added": row.added, "version": row.version, "media_type": f"application/stix+json;version={row.spec}"} for row in here
        ])  # fmt: skip
    else:
        assert (query, found["objects"]) == (query, [row.object for row in here])


@pytest.mark.row(
    "T-064",
    "T-094",
    "T-111",
    "T-112",
    "T-113",
    "T-117",
    "T-120",
    "T-125",
    "T-150",
    "T-151",
    "T-160",
    "T-161",
    "T-162",
    "T-163",
)
@pytest.mark.row(
    "T-164",
    "T-165",
    "T-168",
    "T-169",
    "T-171",
    "T-172",
    "T-173",
    "T-174",
    "T-175",
    "T-270",
    "T-276",
    "T-278",
    "T-281",
    "T-282",
)
async def test_all_combinations(database_url: str) -> None:
    """Manifest and objects give what is picked by hand, whole and cut to a page, with the dates of what is on it."""
    dice = random.Random(21)
    async with site(database_url) as s:
        rows = await stored(s)
        observable = next(row.version for row in rows if row.type == "ipv4-addr")
        dates = ["", rows[3].added, rows[7].added, "2026-11-23T12:01:30.1Z"]
        combinations = list(product(IDS, TYPES, VERSIONS, SPECIFICATIONS))
        for ids, types, versions, specs in dice.sample(combinations, 60):
            filters = {
                "ids": ids,
                "types": types,
                "versions": observable if versions == "SCO" else versions,
                "specs": specs,
                "after": dice.choice(dates),
            }
            query, expected = asking(filters, NAMES), picked(rows, **filters)
            await page(s, OBJECTS, query, expected, dice.choice([0, 1, 2, 3, 12]))
            await page(s, MANIFEST, query, expected, dice.choice([0, 1, 2, 3, 12]))


@pytest.mark.row("T-118", "T-310", "T-311", "T-312", "T-314", "T-330", "T-331", "T-334", "T-335", "T-103", "T-316")
async def test_one_object_and_its_versions(database_url: str) -> None:
    """The object as by match[id]; its versions all of them, whatever match[version] says; id and type have no meaning there."""
    async with site(database_url) as s:
        rows = await stored(s)
        observable = next(row.version for row in rows if row.type == "ipv4-addr")
        dice, dates = random.Random(34), ("", rows[5].added)
        for name in sorted({row.id for row in rows}):
            for versions, specs, after in dice.sample(list(product(VERSIONS, SPECIFICATIONS, dates)), 12):
                asked = observable if versions == "SCO" else versions
                filters = {"ids": "", "types": "", "versions": asked, "specs": specs, "after": after}
                query = asking(filters, NAMES)
                expected = picked(rows, **{**filters, "ids": name})
                await page(
                    s,
                    f"{OBJECTS}{name}/",
                    f"{query}&match[type]=malware&match[id]={indicator(9)['id']}",
                    expected,
                    len(query) % 3,
                )
            ignored_ones = ("", "&match[version]=first", "&match[version]=never")
            for specs, after, ignored in dice.sample(list(product(SPECIFICATIONS, dates, ignored_ones)), 8):
                filters = {"ids": "", "types": "", "versions": "", "specs": specs, "after": after}
                expected = picked(rows, **{**filters, "ids": name, "versions": "all"})
                await page(
                    s, f"{OBJECTS}{name}/versions/", asking(filters, NAMES) + ignored, expected, len(ignored) % 3
                )


@pytest.mark.row("T-116", "T-113")
@pytest.mark.parametrize("path", [OBJECTS, MANIFEST])
async def test_spellings_of_a_query(sqlite_url: str, path: str) -> None:
    """Brackets, commas, hyphens and colons raw or in percent signs, in either case, and parameters in any order: one answer."""
    async with site(sqlite_url) as s:
        rows = await stored(s)
        after = rows[0].added
        plain = (
            await s.get(f"{path}?match[type]=indicator,ipv4-addr&match[version]=all&added_after={after}&limit=3")
        ).json()
        assert len(plain["objects"]) == 3
        for query in (
            f"match%5Btype%5D=indicator,ipv4-addr&match%5bversion%5d=all&added_after={after}&limit=3", f"match[type]=indicator%2Cipv4-addr&match[version]=all&limit=3&added_after={after.replace(':', '%3A')}",
            f"limit=3&added_after={after}&match[version]=all&match[type]=ipv4-addr,indicator", f"match%5Btype]=indicator%2cipv4%2Daddr&match[version]=%61ll&added%5Fafter={after}&%6Cimit=%33",
            f"&match[type]=indicator,ipv4-addr&&match[version]=all&added_after={after}&limit=3&",
        ):  # fmt: skip
            found = (await s.get(f"{path}?{query}")).json()
            assert (query, found["objects"]) == (query, plain["objects"])
