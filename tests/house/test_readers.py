"""Only one visibility predicate: who reads entries is found in the code, and each such function asks it, or is listed with its reason."""

import shutil
from pathlib import Path
from textwrap import dedent

import pytest

from house.allowed_readers import DEEDS, INTERNAL, OWN, TABLE_MODULES
from house.readers import findings, guarded
from support.paths import ROOT

SOURCES = ROOT / "src" / "indicator_hub"


def test_every_reader_is_known() -> None:
    """In routes, commands, exports, jobs and deeds: whatever reads an entry does so through the predicate, or is listed and why."""
    assert findings(SOURCES) == []


def test_the_readers_that_ask() -> None:
    """The search finds those that read through the predicate: a page, an object, evidence, what a steward takes back."""
    assert {
        "entries.page",
        "entries.is_visible",
        "entries.shown",
        "records.seen",
        "search.by_value",
        "search.known",
        "search.values",
    } <= guarded(SOURCES)


ALL = "ALL = select(entry)\n"
PLANTED = {
    "a route that reads the table by itself": (
        "web/taxii.py",
        "from sqlalchemy import select\nfrom indicator_hub.store.schema import entry as rows\nasync def every(tx): return await tx.execute(select(rows.c.body))",
        "web.taxii takes a table of entries",
    ),
    "a command that reads it": (
        "cli/commands.py",
        "def export(tx):\n    from indicator_hub.store import schema as s\n    return tx.execute(s.entry.select())",
        "cli.commands takes a table of entries",
    ),
    "the schema, imported whole": ("ingest/run.py", "import indicator_hub.store.schema", "ingest.run takes the schema as a whole"),
    "a table by a relative import": ("web/api/paths.py", "from ...store.schema import entry", "web.api.paths takes a table of entries"),
    "a table by way of another module": (
        "sharing/own.py", "from indicator_hub.store import entries\nROWS = entries.entry", "sharing.own takes store.entries.entry, which is made elsewhere"
    ),
    "a table out of the metadata": (
        "store/jobs.py", "ROWS = job.metadata.tables['entry']", "store.jobs takes the schema as a whole"
    ),
    "a table by its name": (
        "store/jobs.py", "from sqlalchemy import table\nROWS = table('entry')", "store.jobs takes a table by its name (table)"
    ),
    "a table by its attribute": (
        "sharing/own.py", "ROWS = getattr(records, 'ent' + 'ry')", "sharing.own takes something by its name (getattr)"
    ),
    "a module of the store that has no business with it": (
        "store/jobs.py", "from indicator_hub.store.schema import entry", "store.jobs takes a table of entries"
    ),
    "everything of a module": ("store/jobs.py", "from indicator_hub.store.records import *", "store.jobs takes all of store.records.*"),
    "SQL as text": ("sharing/status.py", "ALL = 'SELECT body FROM entry'", "sharing.status writes SQL about entries as text"),
    "SQL as text, quoted and joined": (
        "store/engine.py", "ALL = 'select e.body from collection c, \"entry\" e'", "store.engine writes SQL about entries as text"
    ),
    "SQL put together": ("store/engine.py", "def all_of(name): return f'SELECT body FROM {name}'", "store.engine writes SQL about entries as text"),
    "a statement run by a route": ("web/taxii.py", "async def every(tx, said): return await tx.execute(said)", "web.taxii runs statements (.execute)"),
    "a transaction opened by a command": ("cli/commands.py", "def peek(store): return store.transactions.read()", "cli.commands opens a transaction"),
    "a deed on the hot path": (
        "sharing/poll.py", "async def every(store): return await store.hot.rows('all', ALL, {})", "sharing.poll runs statements (.hot)"
    ),
    "a deed with the predicate in its hand": (
        "sharing/poll.py", "from indicator_hub.store import visible", "sharing.poll takes store.visible"
    ),
    "a count on the hot path without a reach": (
        "store/search.py", "async def many(store: Store): return await store.hot.counted({'organisation': 1})",
        "search.many reads entries without the predicate",
    ),
    "the values in entries": (
        "store/observables.py", "from sqlalchemy import select\nasync def every(tx: Any): return list(await tx.execute(select(observable.c.value)))",
        "observables.every reads entries without the predicate",
    ),
    "a store function without a reach": (
        "store/entries.py", "async def every(tx) -> list[bytes]: return list(await tx.execute(select(entry.c.body)))",
        "entries.every reads entries without the predicate",
    ),
    "a count of everything": (
        "store/entries.py", "async def many(tx: Any) -> int: return len(list(await tx.execute(select(entry.c.id))))",
        "entries.many reads entries without the predicate",
    ),
    "a store function that fills what it is given": (
        "store/entries.py", "async def fill(tx: Any, into: list[bytes]) -> None: into.extend(await tx.execute(select(entry.c.body)))",
        "entries.fill reads entries without the predicate",
    ),
    "a change that returns what it changed": (
        "store/entries.py", "async def change(tx: Any): return await tx.execute(update(entry).returning(entry.c.body))",
        "entries.change reads entries without the predicate",
    ),
    "a statement made of a constant": (
        "store/recalls.py", f"{ALL}async def every(tx: Any): return await tx.execute(ALL.limit(1))",
        "recalls.every reads entries without the predicate",
    ),
    "a constant that is run as it is": (
        "store/recalls.py", f"{ALL}async def every(tx: Any): return await tx.execute(ALL, {{}})",
        "recalls.every reads entries without the predicate",
    ),
    "a constant under another name": (
        "store/recalls.py", f"{ALL}async def every(tx: Any):\n    asked = ALL\n    return (await tx.stream(asked)).scalars()",
        "recalls.every reads entries without the predicate",
    ),
    "a constant handed to a helper": (
        "store/recalls.py", f"{ALL}async def run(tx: Any, what: Any): return await tx.execute(what)\nasync def every(tx: Any): return await run(tx, ALL)",
        "recalls.every reads entries without the predicate",
    ),
    "a constant that is taken by default": (
        "store/recalls.py", f"{ALL}async def every(tx: Any, what: Any = ALL): return await tx.execute(what)", "recalls.every reads entries without the predicate"
    ),
    "a constant in a loop": (
        "store/recalls.py", f"{ALL}async def every(tx: Any): return [await tx.execute(one) for one in (ALL,)]",
        "recalls.every reads entries without the predicate",
    ),
    "a constant beside the predicate": (
        "store/records.py",
        """
        ALL = select(entry)
        async def every(tx: AsyncConnection, reach: Reach):
            return await tx.execute(ALL, visible.parameters(reach) | {"x": str(visible.visible(entry))})
        """,
        "records.every reads entries without the predicate",
    ),
    "a constant taken by a deed": (
        "sharing/own.py", "from indicator_hub.store import entries, helping\nasync def every(tx): return await helping.run(tx, entries._LINES)",
        "sharing.own takes store.entries._LINES",
    ),
    "a constant in a class": (
        "store/recalls.py", "class Q:\n    ALL = select(entry)\nasync def every(tx: Any): return await tx.execute(Q.ALL)",
        "recalls.every reads entries without the predicate",
    ),
    "a search that has lost the predicate": (
        "store/search.py", "_BY_VALUE = select(*pages.summary(_E)).select_from(_FOUND)", "search.by_value reads entries without the predicate"
    ),
    "a constant around one without the predicate": (
        "store/search.py",
        """
        _INNER = select(_E.c.id, _E.c.name).subquery()
        _OUTER = select(_INNER.c.name).where(visible.visible(_E))
        async def more(tx: AsyncConnection, reach: Reach): return await tx.execute(_OUTER, visible.parameters(reach))
        """,
        "search.more reads entries without the predicate",
    ),
    "one of several constants": (
        "store/search.py",
        """
        _EITHER = {True: select(_E.c.id).where(visible.visible(_E)), False: select(_E.c.id)}
        async def more(tx: AsyncConnection, reach: Reach): return await tx.execute(_EITHER[False], visible.parameters(reach))
        """,
        "search.more reads entries without the predicate",
    ),
    "a constant that is made in two ways": (
        "store/search.py",
        """
        if BEHIND: _EITHER = select(_E.c.id)
        else: _EITHER = select(_E.c.id).where(visible.visible(_E))
        async def more(tx: AsyncConnection, reach: Reach): return await tx.execute(_EITHER, visible.parameters(reach))
        """,
        "search.more reads entries without the predicate",
    ),
    "constants of a loop": (
        "store/search.py",
        """
        _EACH = [select(one.c.id) for one in (_E, _S)]
        async def more(tx: AsyncConnection, reach: Reach): return await tx.execute(_EACH[0], visible.parameters(reach))
        """,
        "search.more reads entries without the predicate",
    ),
    "a constant of a loop at the top": (
        "store/search.py",
        """
        for one in (_E, _S): _LAST = select(one.c.id)
        async def more(tx: AsyncConnection, reach: Reach): return await tx.execute(_LAST, visible.parameters(reach))
        """,
        "search.more reads entries without the predicate",
    ),
    "a table in a loop": (
        "store/search.py",
        "async def more(tx: AsyncConnection, reach: Reach): return [await tx.execute(select(one.c.id), visible.parameters(reach)) for one in (_E, _S)]",
        "search.more reads entries without the predicate",
    ),
    "a search for whoever is named": (
        "store/search.py",
        "async def more(tx: AsyncConnection, reach: Reach, key: int): return await tx.execute(_BY_VALUE, visible.parameters(reach) | {'organisation': key})",
        "search.more reads entries without the predicate",
    ),
    "a search without a reach": (
        "store/search.py", "async def more(tx: AsyncConnection, asked: dict[str, int]): return await tx.execute(_BY_VALUE, asked)",
        "search.more reads entries without the predicate",
    ),
    "a read by the rows of another": (
        "store/search.py",
        """
        async def more(tx: AsyncConnection, reach: Reach):
            for of, *_ in await tx.execute(_SAID_OF, visible.parameters(reach)):
                yield await tx.execute(select(_E.c.body).where(_E.c.stix_id == of))
        """,
        "search.more reads entries without the predicate",
    ),
    "a read by a row of another": (
        "store/search.py",
        """
        async def more(tx: AsyncConnection, reach: Reach):
            row = (await tx.execute(select(_E.c.stix_id).where(visible.visible(_E)), visible.parameters(reach))).one()
            return await tx.execute(select(_S.c.body).where(_S.c.stix_id == row.stix_id))
        """,
        "search.more reads entries without the predicate",
    ),
    "two loops that share a name": (
        "store/search.py",
        """
        async def more(tx: AsyncConnection, reach: Reach):
            seen = [one for one in (visible.visible(_E),)]
            return seen, await tx.execute(select(*(one for one in _S.c)), visible.parameters(reach))
        """,
        "search.more reads entries without the predicate",
    ),
    "one of several conditions": (
        "store/search.py",
        """
        _WHICH = {True: visible.visible(_E), False: None}
        async def more(tx: AsyncConnection, reach: Reach): return await tx.execute(select(_E.c.body).where(_WHICH[False]), visible.parameters(reach))
        """,
        "search.more reads entries without the predicate",
    ),
    "a condition of a constant that is one of several": (
        "store/search.py",
        """
        _WHICH = [select(_E.c.body).where(one) for one in (None, visible.visible(_E))]
        async def more(tx: AsyncConnection, reach: Reach): return await tx.execute(_WHICH[0], visible.parameters(reach))
        """,
        "search.more reads entries without the predicate",
    ),
    "a condition that need not hold": (
        "store/search.py",
        """
        _EITHER = select(_E.c.body).where(_HERE | visible.visible(_E))
        async def more(tx: AsyncConnection, reach: Reach): return await tx.execute(_EITHER, visible.parameters(reach))
        """,
        "search.more reads entries without the predicate",
    ),
    "a statement made of a search": (
        "store/search.py", "async def more(tx: AsyncConnection, reach: Reach): return await tx.execute(_BY_VALUE.with_only_columns(_E.c.body), visible.parameters(reach))",
        "search.more reads entries without the predicate",
    ),
    "a table beside a search": (
        "store/search.py", "async def more(tx: AsyncConnection, reach: Reach): return await tx.execute(select(_GIVEN.c.body, _PLACED.c.place), visible.parameters(reach))",
        "search.more reads entries without the predicate",
    ),
    "a function beside a constant": (
        "store/search.py",
        """
        _TWO = [select(_E.c.id).where(visible.visible(_E)), lambda e=_E: select(e.c.body)]
        async def more(tx: AsyncConnection, reach: Reach): return await tx.execute(_TWO[1](), visible.parameters(reach))
        """,
        "search.more reads entries without the predicate",
    ),
    "a constant that grows": (
        "store/search.py",
        """
        _MORE = [select(_E.c.id).where(visible.visible(_E))]
        _MORE.append(select(_E.c.body))
        async def more(tx: AsyncConnection, reach: Reach): return await tx.execute(_MORE[1], visible.parameters(reach))
        """,
        "search.more reads entries without the predicate",
    ),
    "a page's statement, run by hand": (
        "store/search.py", "async def more(tx: AsyncConnection, key: int): return await tx.execute(pages.newest_own(), {'organisation': key})",
        "search.more reads entries without the predicate",
    ),
    "a page's statement as a constant": (
        "store/search.py",
        """
        _OWN = pages.newest_own()
        async def more(tx: AsyncConnection, reach: Reach): return await tx.execute(_OWN, visible.parameters(reach))
        """,
        "search.more reads entries without the predicate",
    ),
    "a table by default": (
        "store/search.py", "async def more(tx: AsyncConnection, reach: Reach, e: Any = _E): return await tx.execute(select(e.c.body), visible.parameters(reach))",
        "search.more reads entries without the predicate",
    ),
    "a table in a block": (
        "store/search.py",
        """
        async def more(tx: AsyncConnection, reach: Reach):
            with holding(_E) as e: return await tx.execute(select(e.c.body), visible.parameters(reach))
        """,
        "search.more reads entries without the predicate",
    ),
    "a reader under another name": (
        "store/recalls.py", "from indicator_hub.store import entries\n_READ = entries.body\nasync def every(tx: Any): return await _READ(tx, 1)", "recalls.every reads entries without the predicate"
    ),
    "another module's constant": (
        "store/records.py", "from indicator_hub.store.search import _BY_VALUE", "store.records takes store.search._BY_VALUE, which is that module's own"
    ),
    "a constant under a condition": (
        "store/recalls.py", "if True:\n    ALL = select(entry)\nasync def every(tx: Any): return await tx.execute(ALL)",
        "recalls.every reads entries without the predicate",
    ),
    "a reach that is taken and not asked": (
        "store/records.py",
        """
        async def more(tx: AsyncConnection, reach: Reach) -> list[Record]:
            e = entry.alias("e")
            return await _read(tx, _records(e, bodies=True).where(e.c.collection_id == reach.key), {})
        """,
        "records.more reads entries without the predicate",
    ),
    "a second statement beside a guarded one": (
        "store/records.py",
        """
        async def more(tx: AsyncConnection, reach: Reach):
            e = entry.alias("e")
            seen = select(e.c.id).where(visible.visible(e))
            return await tx.execute(seen, visible.parameters(reach)), await tx.execute(select(e.c.body))
        """,
        "records.more reads entries without the predicate",
    ),
    "a condition that only chooses": (
        "store/records.py",
        """
        async def more(tx: AsyncConnection, reach: Reach):
            e = entry.alias("e")
            return await tx.execute(select(e.c.body).where(visible.shown(e)), visible.parameters(reach))
        """,
        "records.more reads entries without the predicate",
    ),
    "another reach than the one that was given": (
        "store/records.py",
        """
        async def more(tx: AsyncConnection, reach: Reach, other: Any):
            e = entry.alias("e")
            return await tx.execute(select(e.c.body).where(visible.visible(e)), visible.parameters(other))
        """,
        "records.more reads entries without the predicate",
    ),
    "a reach's values, and one of them replaced": (
        "store/records.py",
        """
        async def more(tx: AsyncConnection, reach: Reach, key: int):
            e = entry.alias("e")
            return await tx.execute(select(e.c.body).where(visible.visible(e)), visible.parameters(reach) | {"collection": key})
        """,
        "records.more reads entries without the predicate",
    ),
    "a page for nobody in particular": (
        "store/entries.py", "async def every(store: Store): return await store.hot.rows('all', pages.any_version, {})",
        "entries.every reads entries without the predicate",
    ),
    "a statement of a page without the predicate": (
        "store/pages.py", "def every() -> Statement: return select(entry.c.body)", "pages.every reads entries without the predicate"
    ),
    "an organisation's own, of whichever": (
        "store/records.py",
        """
        async def more(tx: AsyncConnection, organisation_id: int):
            e = entry.alias("e")
            return await tx.execute(select(e.c.body).where(visible.own_record(e)), {"organisation": organisation_id})
        """,
        "records.more reads an organisation's own record, and is not listed",
    ),
    "a store function that passes an internal one on": (
        "store/jobs.py", "from indicator_hub.store import entries\nasync def there(tx, key): return [await entries.body(tx, key)]",
        "jobs.there reads entries without the predicate",
    ),
    "a route that asks the store": (
        "web/taxii.py", "from indicator_hub.store.entries import page as of\nasync def every(call): return await of(call)", "web.taxii takes store.entries.page"
    ),
    "a deed that gives lines out": (
        "sharing/status.py", "from indicator_hub.store import entries\nasync def peek(tx, key, name): return await entries.lines(tx, key, (name,))",
        "sharing.status.peek reaches entries.lines, and is not listed for it",
    ),
    "a deed beside one that is listed": (
        "sharing/submit.py", "async def peek(tx, key): return await entries.body(tx, key)", "sharing.submit.peek reaches entries.body"
    ),
    "a deed by a helper of another": (
        "sharing/own.py", "from indicator_hub.sharing import recall as r\nasync def peek(tx, copies): return await r._existing(tx, '', copies)",
        "sharing.own.peek reaches entries.lines",
    ),
    "a route by what a deed has imported": (
        "web/taxii.py", "async def every(tx, key): return await recall.entries.body(tx, key)", "web.taxii takes sharing.recall.entries, which is made elsewhere"
    ),
    "a route by a helper of a deed": (
        "web/api/paths.py", "from indicator_hub.sharing.recall import _existing\nROUTES = {'peek': _existing}", "web.api.paths.<top> reaches entries.lines"
    ),
    "a reader by another name": (
        "sharing/own.py", "from indicator_hub.store.entries import body as size\nTOLD = [size]", "sharing.own.<top> reaches entries.body"
    ),
    "one more reader for a deed that is listed": (
        "sharing/own.py", "async def listed(tx, key): return await records.by_entry(tx, key)", "sharing.own.listed reaches records.by_entry"
    ),
    "somebody else's own record": (
        "sharing/audience.py", "async def peek(tx, other): return await records.own_versions(tx, other, '')", "sharing.audience.peek reaches records.own_versions"
    ),
    "a job": ("sharing/claim.py", "class Job:\n    async def run(self, tx): return await self._peek(tx)\n    async def _peek(self, tx): return await entries.body(tx, 1)", "sharing.claim.Job.run reaches entries.body"),
}  # fmt: skip


@pytest.mark.parametrize("listed", [TABLE_MODULES, OWN, INTERNAL, DEEDS])
def test_a_list_holds_nothing_that_is_not_so(monkeypatch: pytest.MonkeyPatch, listed: dict[str, object]) -> None:
    """What is listed and does not read (any longer) is found too, so that no leave outlives its reason."""
    monkeypatch.setitem(listed, "jobs.gone", ("no reason", set()))
    assert any("jobs.gone is listed" in one for one in findings(SOURCES))


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_reader_is_found(tmp_path: Path, fault: str) -> None:
    """Each way past the predicate is found where it is planted."""
    name, code, finding = PLANTED[fault]
    copy = tmp_path / "indicator_hub"
    shutil.copytree(SOURCES, copy, ignore=shutil.ignore_patterns("__pycache__"))
    path = copy / name
    path.write_text(path.read_text(encoding="utf-8") + "\n\n" + dedent(code) + "\n", encoding="utf-8")
    found = findings(copy)
    assert any(one.startswith(finding) for one in found), found
