"""Run feeds, and show how far they are."""

import json
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from indicator_hub.cli import EXIT
from indicator_hub.cli.opening import opened
from indicator_hub.errors import HubError, NotFound
from indicator_hub.ingest.run import run
from indicator_hub.ingest.tally import Tally
from indicator_hub.sharing.claim import declared
from indicator_hub.store.opened import Store
from indicator_hub.trust.roster import Feed


async def ingest(names: Sequence[str], *, again: bool, database: str | None, as_json: bool) -> int:
    """Run the feeds named, or all, one after the other; one that fails does not keep the next from running. Returns the exit code."""
    async with opened(database) as store:
        feeds = {feed.name: feed for feed in await declared(store)}
        if unknown := sorted(set(names) - feeds.keys()):
            known = ", ".join(feeds) or "none"
            raise NotFound(f"No feed is declared as {', '.join(unknown)}. Declared are: {known}.")
        code = 0
        for name in names or feeds:
            code = await _one(store, feeds[name], again=again, as_json=as_json) or code
        return code


async def _one(store: Store, feed: Feed, *, again: bool, as_json: bool) -> int:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), disable=as_json, transient=True) as progress:
        task = progress.add_task(feed.name, total=None)
        try:
            outcome, tally = await run(
                store,
                feed,
                again=again,
                progress=lambda done, total: progress.update(task, completed=done.candidates, total=total),
            )
        except HubError as error:
            reason = error.detail or error.sentence
            if as_json:
                print(json.dumps({"feed": feed.name, "outcome": "failed", "reason": reason}))
            else:
                print(f"{feed.name}: {reason}.", file=sys.stderr)
            return EXIT.get(type(error).__name__, 1)
    print(
        json.dumps({"feed": feed.name, "outcome": outcome, **tally.as_dict()})
        if as_json
        else words(feed.name, outcome, tally)
    )
    return 0


def words(name: str, outcome: str, tally: Tally) -> str:
    """The tally as one line."""
    if outcome == "unchanged":
        return f"{name}: the source has not changed since the last run."
    parts = ", ".join(f"{count} {what}" for what, count in tally.as_dict().items() if what != "candidates")
    return f"{name}: {tally.candidates} candidates: {parts}."
