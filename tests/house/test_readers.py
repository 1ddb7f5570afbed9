"""Only one visibility predicate: who reads entries is found in the code, and each such function asks it, or is listed with its reason."""

import shutil
from pathlib import Path

import pytest

from house.readers import findings, guarded
from support.paths import ROOT

SOURCES = ROOT / "src" / "indicator_hub"


def test_every_reader_is_known() -> None:
    """In routes, commands, exports, jobs and deeds: whatever reads an entry does so through the predicate, or never lets it out."""
    assert findings(SOURCES) == []


def test_the_readers_that_ask() -> None:
    """The search finds those that read through the predicate: a page, an object, evidence, one's own record."""
    assert {
        "entries.page",
        "entries.is_visible",
        "entries.shown",
        "records.seen",
        "records.own",
        "records.own_versions",
    } <= guarded(SOURCES)


PLANTED = {
    "a route that reads the table by itself": (
        "web/taxii.py",
        "\nfrom sqlalchemy import select\nfrom indicator_hub.store.schema import entry as rows\n\nasync def _all(call: Call):\n    return select(rows.c.body)\n",
        "web/taxii.py takes a table of entries",
    ),
    "a route that takes the schema": ("web/api/paths.py", "\nfrom indicator_hub.store import schema\n", "takes the schema as a whole"),
    "a command that takes the metadata": (
        "cli/commands.py", "\nfrom indicator_hub.store.schema import metadata\n", "cli/commands.py takes a table of entries"
    ),
    "a route that asks the store itself": ("web/taxii.py", "\nfrom indicator_hub.store import entries\n", "web/taxii.py takes entries from the store"),
    "SQL as text": ("sharing/status.py", '\n_ALL = "SELECT body FROM entry"\n', "writes SQL about entries as text"),
    "a store function without a reach": (
        "store/entries.py", "\nasync def everything(tx: AsyncConnection) -> list[bytes]:\n    return list(await tx.execute(select(entry.c.body)))\n",
        "entries.everything reads entries without the predicate",
    ),
    "a store function that takes a reach and does not ask": (
        "store/records.py",
        "\nasync def more(tx: AsyncConnection, reach: Reach) -> list[Record]:\n    e = entry.alias('e')\n    return await _read(tx, _records(e, bodies=True).where(e.c.collection_id == reach.key), {})\n",
        "records.more reads entries without the predicate",
    ),
    "a store function that passes an internal one on": (
        "store/recalls.py",
        "\nfrom indicator_hub.store import entries\n\nasync def there(tx: AsyncConnection, key: int) -> list[object]:\n    return [await entries.body(tx, key)]\n",
        "recalls.there reads entries without the predicate",
    ),
    "a deed that passes an internal reader on": (
        "sharing/own.py", "\nfrom indicator_hub.store import entries\n\nasync def peek(tx, key):\n    return await entries.body(tx, key)\n",
        "sharing/own.py calls entries.body, which asks no predicate",
    ),
    "a job that passes one on": (
        "sharing/claim.py", "\nasync def peek(tx, key, name):\n    return await entries.lines(tx, key, (name,))\n",
        "sharing/claim.py calls entries.lines, which asks no predicate",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_reader_is_found(tmp_path: Path, fault: str) -> None:
    """Each way past the predicate is found where it is planted."""
    name, code, finding = PLANTED[fault]
    copy = tmp_path / "indicator_hub"
    shutil.copytree(SOURCES, copy, ignore=shutil.ignore_patterns("__pycache__"))
    path = copy / name
    path.write_text(path.read_text(encoding="utf-8") + code, encoding="utf-8")
    found = findings(copy)
    assert any(finding in one for one in found), found
