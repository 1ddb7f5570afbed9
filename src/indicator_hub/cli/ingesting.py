"""Run feeds, and show how far they are."""

import json
import sys
from collections.abc import Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from indicator_hub.cli import EXIT
from indicator_hub.cli.opening import opened
from indicator_hub.cli.shell import contents, show
from indicator_hub.errors import HubError, Invalid, NotFound
from indicator_hub.ingest.run import rehearse, run
from indicator_hub.ingest.tally import Tally
from indicator_hub.normalise.refang import defang
from indicator_hub.sharing import feeding
from indicator_hub.sharing.act import OPERATOR
from indicator_hub.sharing.claim import declared
from indicator_hub.store.opened import Store
from indicator_hub.trust.roster import Feed

_WIDTH = 100
"""Of the summary: cut words and numbers are none."""


async def ingest(
    names: Sequence[str],
    *,
    again: bool,
    accept: bool,
    rehearsed: bool,
    content: Path | None,
    database: str | None,
    as_json: bool,
) -> int:
    """Run the feeds named, or all, one after the other; one that fails does not keep the next from running. Returns the exit code."""
    if content is not None and (len(names) != 1 or rehearsed):
        raise Invalid("What one file holds is one feed's: name it, and leave out --dry-run.")
    async with opened(database) as store:
        feeds = {feed.name: feed for feed in await declared(store)}
        if unknown := sorted(set(names) - feeds.keys()):
            known = ", ".join(feeds) or "none"
            raise NotFound(f"No feed is declared as {', '.join(unknown)}. Declared are: {known}.")
        code = 0
        done: list[tuple[str, Tally]] = []
        for name in names or feeds:
            one = await _one(
                store, feeds[name], again=again, accept=accept, rehearsed=rehearsed, content=content, as_json=as_json
            )
            if isinstance(one, int):
                code = one
            else:
                done.append((name, one))
        if not as_json and len(done) > 1:
            console = Console()
            console.width = max(console.width, _WIDTH)
            console.print(_summary(done))
        return code


def _summary(done: Sequence[tuple[str, Tally]]) -> Table:
    """A line for each feed that ran, and one for all of them."""
    table = Table(box=None, show_footer=True)
    table.add_column("feed", footer="all")
    for what in (one.name for one in fields(Tally)):
        table.add_column(what, justify="right", footer=str(sum(getattr(tally, what) for _, tally in done)))
    for name, tally in done:
        table.add_row(name, *(str(getattr(tally, one.name)) for one in fields(Tally)))
    return table


async def _one(
    store: Store, feed: Feed, *, again: bool, accept: bool, rehearsed: bool, content: Path | None, as_json: bool
) -> Tally | int:
    """The tally, or the exit code of a feed that failed."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=as_json, transient=True) as progress:
        task = progress.add_task(feed.name, total=None)

        def told(done: Tally, total: int) -> None:
            progress.update(task, completed=done.candidates, total=total)

        try:
            if rehearsed:
                outcome, tally = "dry run", await rehearse(store, feed, progress=told)
            else:
                given = None if content is None else contents(content)
                outcome, tally = await run(store, feed, again=again, accept=accept, content=given, progress=told)
        except HubError as error:
            reason = error.detail or error.sentence
            if as_json:
                print(json.dumps({"feed": feed.name, "outcome": "failed", "reason": reason}))
            else:
                print(f"{feed.name}: {reason.rstrip('.')}.", file=sys.stderr)
            return EXIT.get(type(error).__name__, 1)
    print(
        json.dumps({"feed": feed.name, "outcome": outcome, **tally.as_dict()})
        if as_json
        else words(feed.name, outcome, tally)
    )
    return tally


def words(name: str, outcome: str, tally: Tally) -> str:
    """The tally as one line."""
    if outcome == "unchanged":
        return f"{name}: the source has not changed since the last run."
    parts = ", ".join(f"{count} {what}" for what, count in tally.as_dict().items() if what != "candidates")
    would = "a run would bring " if outcome == "dry run" else ""
    return f"{name}: {would}{tally.candidates} candidates: {parts}."


async def stand(*, database: str | None, as_json: bool) -> None:
    """How each feed stands."""
    async with opened(database) as store:
        found = await feeding.listed(store, OPERATOR)
    show(
        {"items": found},
        lambda: [line for one in found for line in _stands(one)] or ["No feed is declared."],
        as_json=as_json,
    )


def _stands(one: dict[str, Any]) -> list[str]:
    when = f"every {one['every']} s, next {one['next']}" if "every" in one else "run by hand"
    last = one.get("last", {})
    tally = ", ".join(f"{number} {what}" for what, number in last.get("tally", {}).items() if number)
    found = [
        f"{one['feed']} ({one['state']}) into {one['group']}/{one['collection']}, {when}; {one['waiting']} refused rows wait"
    ]
    if last:
        found.append(f"   {last['started']} {last['outcome']}: {last.get('reason') or tally or 'nothing'}")
    return found


async def refused(
    name: str,
    *,
    reason: str | None,
    rows: Sequence[int],
    how: feeding.Settled | None,
    database: str | None,
    as_json: bool,
) -> None:
    """What a feed refused; or what becomes of it. Raises Invalid where it is not said of which rows."""
    async with opened(database) as store:
        if how is None:
            found = await feeding.quarantine(store, OPERATOR, name, after=0, limit=_MOST, reason=reason)
            show({"items": found}, lambda: [_row(one) for one in found] or ["Nothing waits."], as_json=as_json)
            return
        if not rows and reason is None:
            raise Invalid("Say which: --row NUMBER, as they are listed, or --reason.")
        number = await feeding.settle(store, OPERATOR, name, how, rows=rows or None, reason=reason)
        show({"number": number}, lambda: [f"{number} rows {how}."], as_json=as_json)


_MOST = 1_000


def _row(one: dict[str, Any]) -> str:
    return f"{one['id']:>8}  line {one['row']:<8} {one['reason']:<16} {defang(one['raw'])[:200]}"
