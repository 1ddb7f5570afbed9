"""Read back: what went in comes out, whatever it was; and no cell of a spreadsheet is a formula."""

import csv
import hashlib
import io
import ipaddress
import json
import re
import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from exports.sample import GOOD, row, written
from indicator_hub.exports import cells
from indicator_hub.exports.rpz import address_trigger

ANY = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=40)
LABEL = st.text(string.ascii_lowercase + string.digits, min_size=1, max_size=20)
NAME = st.builds("{}.{}.example.com".format, LABEL, LABEL)
V4 = st.integers(0, 255).map("198.51.100.{}".format)
V6 = st.integers(0, 2**96 - 1).map(lambda n: str(ipaddress.IPv6Address((0x20010DB8 << 96) | n)))


def table(content: bytes, delimiter: str = ",") -> list[list[str]]:
    """As Python's own reader sees it."""
    return list(csv.reader(io.StringIO(content.decode(), newline=""), delimiter=delimiter, strict=True))


@given(st.lists(st.tuples(ANY, ANY), min_size=1, max_size=5))
def test_csv_is_exact(said: list[tuple[str, str]]) -> None:
    """Every cell of the table for programs is what it was: quotes, commas, tabs and line ends too."""
    rows = tuple(row("mutex", value, name=name, labels=()) for value, name in said)
    found = table(written("csv/indicators.csv", rows=rows)[0])
    assert len(found) == len(rows) + 1
    assert sorted((one[2], one[8]) for one in found[1:]) == sorted(said)


@given(ANY, st.sampled_from(["", "=", "+", "-", "@", "\t=", " =", "\r", "\n@", "＝", "|", "%"]))
def test_no_formula(text: str, begin: str) -> None:
    """A cell of the table for people never begins as one; and all that is added is an apostrophe."""
    cell = cells.harmless(begin + text)
    assert not re.match(r"[\s\0]*[=+\-@|%＝＋－＠−]", cell)
    assert cell.removeprefix("'") == (begin + text).removeprefix("'") or cell == begin + text
    ((read,),) = table(cells.line([cell]).encode()) or [[""]] if cell else ((cell,),)
    assert read == cell


def test_every_cell_of_the_sample_is_harmless() -> None:
    """Names and labels are what others wrote."""
    for record in table(written("csv/spreadsheet.csv")[0]):
        assert len(record) == 15
        assert not [cell for cell in record if cell[:1] in set("=+-@\t\r")]


@given(st.lists(NAME, max_size=8))
def test_names_come_back(names: list[str]) -> None:
    """Out of each list of names, each once, in the order of their bytes."""
    rows = tuple(row("domain-name", name) for name in names)
    wanted = sorted(set(names))
    for one in ("plain/domain-name.txt", "edl/domain.txt"):
        assert written(one, rows=rows)[0].decode().splitlines() == wanted
    hosts = [line for line in written("hosts/hosts.txt", rows=rows)[0].decode().splitlines() if line[0] != "#"]
    assert [line.split() for line in hosts] == [["0.0.0.0", name] for name in wanted]
    zone = written("rpz/rpz.zone", rows=rows)[0].decode().splitlines()[4:]
    assert zone == [f"{under}{name} CNAME ." for name in wanted for under in ("", "*.")]
    assert len(written("edl/domain.txt", "documentation=true&wildcard=true", rows)[0].splitlines()) == 2 * len(wanted)


@given(st.lists(st.one_of(V4, V6), max_size=8))
def test_addresses_come_back(addresses: list[str]) -> None:
    """Out of lists, sets and triggers."""
    rows = tuple(row("ipv6-addr" if ":" in one else "ipv4-addr", one) for one in addresses)
    wanted = set(addresses)
    assert set(written("plain/ip.txt", rows=rows)[0].decode().split()) == wanted
    sets = written("nftables/sets.nft", rows=rows)[0].decode()
    elements = re.findall(r"^([0-9a-f.:]+),$", sets, re.MULTILINE)
    assert (sets.count("{"), set(elements), len(elements)) == (sets.count("}"), wanted, len(wanted))
    zone = written("rpz/rpz.zone", rows=rows)[0].decode().splitlines()[4:]
    assert {_address(line.removesuffix(" CNAME .")) for line in zone} == wanted


def _address(trigger: str) -> str:
    """A trigger read as a server does."""
    bits, *groups = trigger.removesuffix(".rpz-ip").split(".")
    groups.reverse()
    if bits == "32":
        return ".".join(groups)
    assert bits == "128"
    text = ":".join("" if one == "zz" else one for one in groups)
    text = f":{text}" if groups[0] == "zz" else text
    return str(ipaddress.IPv6Address(f"{text}:" if groups[-1] == "zz" else text))


@pytest.mark.parametrize(
    ("network", "trigger"),
    [
        ("2001:db8:1::5", "128.5.zz.1.db8.2001.rpz-ip"),
        ("2001:db8:1::/48", "48.zz.1.db8.2001.rpz-ip"),
        ("203.0.113.0/25", "25.0.113.0.203.rpz-ip"),
        ("::5", "128.5.zz.rpz-ip"),
        ("::", "128.zz.rpz-ip"),
    ],
)
def test_triggers(network: str, trigger: str) -> None:
    """As BIND reads them."""
    assert address_trigger(network) == trigger


def test_json() -> None:
    """Every line is one object that holds its value; a bundle and a feed are whole documents."""
    for line in written("ndjson/indicators.ndjson")[0].splitlines():
        assert {"id", "type", "value", "tlp"} <= json.loads(line).keys()
    for line in written("elastic/indicators.ndjson")[0].splitlines():
        assert json.loads(line)["threat"]["indicator"]["type"]
    assert len(json.loads(written("stix/bundle.json")[0])["objects"]) >= len(GOOD)
    assert json.loads(written("stix/bundle.json", rows=())[0]).keys() == {"type", "id"}
    event = json.loads(written("misp/UUID.json")[0])["Event"]
    looked_up = {line.split(",")[0] for line in written("misp/hashes.csv")[0].decode().split()}
    for one in event["Attribute"]:
        parts = one["value"].split("|") if "|" in one["type"] else [one["value"]]
        assert {hashlib.md5(part.encode()).hexdigest() for part in parts} <= looked_up
    kept = {one["value"] for one in event["Attribute"] if not one["to_ids"]}
    assert kept == {"198.51.100.23", "198.51.100.24", "red.example.com", "court.example.com"}


def test_codes_and_nations_are_told() -> None:
    """In every table, line and attribute: which handling codes, and which nations, where either is said."""
    says = {
        "court.example.com": (["H1", "H2"], None),
        "198.51.100.11": ([], ["XA", "XB"]),
        "https://own.example.com/": ([], []),
    }
    for name in ("csv/indicators.csv", "csv/spreadsheet.csv"):
        (head, *records) = table(written(name)[0])
        cells = {
            one["value"]: (one["handling"], one["releasable_to"])
            for one in (dict(zip(head, r, strict=True)) for r in records)
        }
        assert {value: cells[value] for value in says} == {
            "court.example.com": ("H1;H2", ""), "198.51.100.11": ("", "XA;XB"), "https://own.example.com/": ("", "nobody"),
        }  # fmt: skip
        assert cells["198.51.100.7"] == ("", "")
    told = [json.loads(line) for line in written("ndjson/indicators.ndjson")[0].splitlines()]
    found = {one["value"]: (one.get("handling", []), one.get("releasable_to")) for one in told}
    assert {value: found[value] for value in says} == says
    attributes = {one["value"]: one for one in json.loads(written("misp/UUID.json")[0])["Event"]["Attribute"]}
    tags = {value: [tag["name"] for tag in attributes[value]["Tag"] if tag["name"][:4] == "indi"] for value in says}
    assert tags == {
        "court.example.com": ['indicator-hub:handling="H1"', 'indicator-hub:handling="H2"'],
        "198.51.100.11": ['indicator-hub:releasable-to="XA"', 'indicator-hub:releasable-to="XB"'],
        "https://own.example.com/": ['indicator-hub:releasable-to="nobody"'],
    }


def test_a_list_says_which_nations_it_may_go_to() -> None:
    """Those that all of it may go to: in its outcome, and on the first line where the format has comments."""
    some = tuple(
        row("domain-name", f"{n}.example.com", nations=nations)
        for n, nations in enumerate((("XA", "XB"), None, ("XB", "XC")))
    )
    for rows, nations, said in (
        (some[1:2], None, ""), (some[:2], ("XA", "XB"), " releasable to XA XB"), (some, ("XB",), " releasable to XB"),
    ):  # fmt: skip
        whole, run = written("cisco/domain.txt", rows=rows)
        assert (run.outcome().nations, whole.decode().splitlines()[0]) == (nations, f"# TLP:GREEN{said}")
        assert written("rpz/rpz.zone", rows=rows)[0].decode().startswith(f"; TLP:GREEN{said}\n")


def test_empty() -> None:
    """A plain list of nothing has no byte, whatever else it would begin with."""
    for name in (
        "plain/ip.txt",
        "edl/url.txt",
        "fortinet/ip.txt",
        "cisco/url.txt",
        "checkpoint/ioc.csv",
        "hosts/hosts.txt",
    ):
        assert written(name, rows=())[0] == b""


def test_a_limit_keeps_the_surest_and_then_the_newest() -> None:
    """And says how many it cut off."""
    rows = tuple(
        row("domain-name", f"d{n}.example.com", confidence=None if n == 0 else n % 3, date_added=n) for n in range(9)
    )
    content, run = written("plain/domain-name.txt", "documentation=true&limit=4", rows)
    assert (content.decode().split(), run.truncated, run.lines) == (
        ["d2.example.com", "d5.example.com", "d7.example.com", "d8.example.com"],
        5,
        4,
    )
    assert written("plain/domain-name.txt", "documentation=true&limit=9", rows)[1].truncated == 0


def test_the_best_of_equals_is_written() -> None:
    """Of several indicators with one value; the level is the highest of all of them."""
    rows = (
        row("domain-name", "a.example.com", confidence=10, name="old", level=3),
        row("domain-name", "a.example.com", confidence=90, name="sure", level=0),
    )
    content, run = written("splunk/domain.csv", rows=rows)
    assert (table(content)[1:], run.lines, run.level, run.given.total()) == ([["sure", "a.example.com", "90"]], 1, 3, 2)
