"""A hundred thousand indicators: every list is written whole, is read by what reads such lists, and costs the hub hardly any memory."""

import csv
import hashlib
import ipaddress
import json
import re
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx2
import pytest
from pymisp import MISPEvent

from exports.test_consumers import found, nftables_takes, run
from indicator_hub.exports.catalogue import FORMATS
from indicator_hub.sharing.submit import submit
from support.live import Hub
from support.world import envelope, indicator, world

NUMBER = 100_000
DAYS = 10
FALSE = 1_000
"""How many of the addresses their originator calls false positives, each by an opinion; as many more opinions count for nothing."""
GROWTH = 60 * 1024 * 1024
"""By how many bytes the hub may grow at most, over all formats, when SQLite's caches are full: they hold 64 MiB a connection, and then no more."""
CACHES = 2 * 64 * 1024 * 1024
_DAY = 86_400_000_000
_BATCH = 5_000
_V4, _V6 = int(ipaddress.IPv4Address("45.0.0.0")), int(ipaddress.IPv6Address("2a05:d01c::"))
_SHARES = ("ipv4-addr",) * 4 + ("domain-name",) * 2 + ("url", "sha256", "md5", "ipv6-addr")
_PROPERTIES = {
    "ipv4-addr": "ipv4-addr:value", "ipv6-addr": "ipv6-addr:value", "domain-name": "domain-name:value", "url": "url:value",
    "sha256": "file:hashes.'SHA-256'", "md5": "file:hashes.MD5",
}  # fmt: skip


def _value(number: int) -> tuple[str, str]:
    kind = _SHARES[number % len(_SHARES)]
    match kind:
        case "ipv4-addr":
            return kind, str(ipaddress.IPv4Address(_V4 + number))
        case "ipv6-addr":
            return kind, str(ipaddress.IPv6Address(_V6 + number))
        case "domain-name":
            return kind, f"c2.evil-{number}.net"
        case "url":
            return kind, f"http://evil-{number}.net/gate?n={number}"
        case _:
            return kind, hashlib.new(kind, str(number).encode(), usedforsecurity=False).hexdigest()


VALUES = [_value(number) for number in range(NUMBER)]
_FALSE = [number for number in range(NUMBER) if VALUES[number][0] == "ipv4-addr"][:FALSE]


def _shared(number: int) -> dict[str, Any]:
    kind, value = VALUES[number]
    return indicator(
        number, tlp="GREEN", pattern=f"[{_PROPERTIES[kind]} = '{value}']", created="2020-01-01T00:00:00.000Z",
        modified="2020-01-01T00:00:00.000Z", valid_from="2020-01-01T00:00:00Z", name="A campaign", labels=["botnet"], confidence=80,
    )  # fmt: skip


def _opinion(number: int, of: int, word: str) -> dict[str, Any]:
    same = {name: _shared(of)[name] for name in ("spec_version", "created", "modified", "object_marking_refs")}
    name = uuid.UUID(int=NUMBER + number, version=4)
    return same | {"type": "opinion", "id": f"opinion--{name}", "opinion": word, "object_refs": [indicator(of)["id"]]}


def _opinions() -> Iterator[dict[str, Any]]:
    for place, number in enumerate(_FALSE):
        yield _opinion(2 * place, number, "strongly-disagree")
        yield _opinion(2 * place + 1, number + FALSE * 20, "agree")


async def _filled(url: str) -> str:
    """A hub with all of them, over ten days; the token of a member's machine in another nation."""
    async with world(url) as w:
        ana, reach = await w.caller("ana"), await w.reach("ana")
        w.clock.now = time.time_ns() // 1_000 - (DAYS + 1) * _DAY
        # The opinions lie in the middle, so that one that is found by going back from the newest would be seen by the time it takes.
        offered = [*map(_shared, range(NUMBER // 2)), *_opinions(), *map(_shared, range(NUMBER // 2, NUMBER))]
        for start in range(0, len(offered), _BATCH):
            w.clock.now += DAYS * _DAY * _BATCH // NUMBER
            done = await submit(w.store, ana, reach, envelope(*offered[start : start + _BATCH]))
            assert not [one for one in done.details if one.failed][:1]
        return w.tokens["bbot"]


def _memory(hub: Hub, what: str) -> int:
    """Bytes of the process: `VmRSS` now, `VmHWM` at most so far."""
    said = Path(f"/proc/{hub.pid}/status").read_text(encoding="ascii")
    measured = re.search(rf"^{what}:\s+(\d+) kB$", said, re.MULTILINE)
    assert measured is not None
    return int(measured[1]) * 1024


@pytest.mark.torture
async def test_every_list_of_a_hundred_thousand(sqlite_url: str, tmp_path: Path) -> None:
    """Each format whole over HTTP, with the numbers that belong in it; each read back; and the hub as large as before."""
    token = await _filled(sqlite_url)
    good = Counter(kind for kind, _ in VALUES)
    good["ipv4-addr"] -= FALSE
    files: dict[str, Path] = {}
    with (
        Hub(sqlite_url, tmp_path / "data", feeds="false") as hub,
        httpx2.Client(base_url=hub.url, auth=("bbot", token), timeout=600) as client,
    ):
        assert client.get("/exports/alpha/plain/sha512.txt").text == ""
        empty = _memory(hub, "VmHWM")
        for _ in range(2):
            client.get("/exports/alpha/plain/ip.txt").raise_for_status()
        before = _memory(hub, "VmHWM")

        def fetched(name: str) -> httpx2.Headers:
            files[name] = tmp_path / name.replace("/", "-")
            began, most = time.monotonic(), _memory(hub, "VmHWM")
            with client.stream("GET", f"/exports/alpha/{name}") as answer, files[name].open("wb") as file:
                assert answer.status_code == 200, name
                for part in answer.iter_bytes():
                    file.write(part)
            size, grown = files[name].stat().st_size, _memory(hub, "VmHWM") - most
            print(f"{name:26} {time.monotonic() - began:6.1f} s {size:12,} bytes, peak +{grown / 2**20:.1f} MB")
            return answer.headers

        for name, form in FORMATS.items():
            headers = fetched(name)
            number = good.total() if not form.kinds else sum(good[kind] for kind in form.kinds)
            assert headers["x-hub-truncated"] == "0", name
            if not name.startswith("misp/"):
                assert int(headers["x-hub-lines"]) >= number, name
            left_out = f"false_positive={FALSE}" if not form.kinds or "ipv4-addr" in form.kinds else "0"
            assert headers["x-hub-skipped"] == left_out, name
        events = json.loads(files["misp/manifest.json"].read_bytes())
        assert len(events) >= DAYS
        for name in events:
            fetched(f"misp/{name}.json")
        grown = _memory(hub, "VmHWM") - before
        print(
            f"all formats: +{grown / 2**20:.1f} MB over {before / 2**20:.1f} MB; an empty hub: {empty / 2**20:.1f} MB"
        )
        assert grown < GROWTH
        assert before - empty < CACHES
    _read_back(files, good, tmp_path)
    attributes: Counter[str] = Counter()
    for name in events:
        loaded = MISPEvent()
        loaded.load_file(files[f"misp/{name}.json"])
        attributes.update(one.type for one in loaded.attributes)
    assert attributes.total() == good.total()
    nftables_takes(files["nftables/sets.nft"])  # the last: it may say that it was not tried


def _read_back(files: dict[str, Path], good: Counter[str], tmp_path: Path) -> None:
    """Each by what reads such lists, or by a reader of its kind of file."""
    left = set(range(NUMBER)) - set(_FALSE)
    expected = {kind: {VALUES[number][1] for number in left if VALUES[number][0] == kind} for kind in good}
    for kind, values in expected.items():
        lines = files[f"plain/{kind}.txt"].read_text(encoding="utf-8").splitlines()
        assert len(lines) == len(values)
        assert set(lines) == values
    for vendor in ("plain", "edl", "fortinet", "cisco"):
        lines = files[f"{vendor}/ip.txt"].read_text(encoding="utf-8").splitlines()
        told = [one for one in lines if one and not one.startswith("#")]
        assert len(told) == good["ipv4-addr"] + good["ipv6-addr"]
        assert all(map(ipaddress.ip_network, told))
    for name, path in files.items():
        if name.endswith(".csv"):
            with path.open(encoding="utf-8", newline="") as file:
                rows = sum(1 for _ in csv.reader(file, strict=True))
            kinds = FORMATS[name].kinds or tuple(good)
            assert rows >= sum(good[kind] for kind in kinds) or name == "misp/hashes.csv", name
        elif name.endswith(".ndjson"):
            with path.open(encoding="utf-8") as file:
                assert sum(isinstance(json.loads(line), dict) for line in file) == good.total(), name
    objects = json.loads(files["stix/bundle.json"].read_bytes())["objects"]
    assert sum(one["type"] == "indicator" for one in objects) == good.total()
    said = run(found("named-checkzone"), "-i", "none", "rpz.hub", str(files["rpz/rpz.zone"]))
    assert "loaded serial" in said
    (tmp_path / "conf").write_text(
        f'server:\n  module-config: "respip iterator"\n  chroot: ""\n  directory: "{tmp_path}"\n  username: ""\n'
        f'rpz:\n  name: rpz.hub\n  zonefile: "{files["rpz/rpz.zone"]}"\n',
        encoding="utf-8",
    )
    run(found("unbound-checkconf"), str(tmp_path / "conf"))
