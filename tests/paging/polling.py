"""Clients that poll, and what every page must be."""

from dataclasses import dataclass, field, replace
from typing import Any

from paging.hub import PAGE_LIMIT, Answer, Ground, rendered
from paging.model import Asked, Reader, Row, owed
from paging.things import Thing
from support.world import MAIN

COLLECTION = f"/taxii2/alpha/collections/{MAIN}/"
ONE = ("object", "versions")
"""The resources that are about one object."""
STYLES = ("next", "bare next", "date", "both", "next and first date", "lost")
"""How a client goes on after a page: by its token with the filters again, by the token alone, by the last date, by both, by the token
and the date it began with; or it never gets the answer."""


@dataclass(slots=True)
class Poller:
    """A client that remembers where it was, and what it was given since it last began from the beginning."""

    account: str
    resource: str
    asked: Asked
    limit: int | None
    cursor: int = -1
    since: int = -1
    token: str = ""
    outdated: bool = False
    given: dict[tuple[str, str, str, str], list[int]] = field(
        default_factory=dict[tuple[str, str, str, str], list[int]]
    )

    @classmethod
    def of(cls, account: str, resource: str, asked: Asked, limit: int | None) -> "Poller":
        """One that asks what its resource can be asked."""
        if resource in ONE:
            asked = replace(asked, types=(), ids=asked.ids[:1] or (Thing(0).id,))
        if resource == "versions":
            asked = replace(asked, versions=("all",))
        return cls(account, resource, asked, limit)

    @property
    def path(self) -> str:
        """What it polls."""
        one = f"objects/{self.asked.ids[0]}/" if self.resource in ONE else ""
        return COLLECTION + {"object": one, "versions": f"{one}versions/"}.get(self.resource, f"{self.resource}/")

    @property
    def matches(self) -> list[str]:
        """What it asks of it; its id stands in the path, and `versions` is of all."""
        asked = replace(self.asked, ids=()) if self.resource in ONE else self.asked
        return asked.query(default=("all",) if self.resource == "versions" else ("last",))

    def parameters(self, style: str, limit: int | None) -> list[str]:
        """The next request."""
        sent = [] if limit is None else [f"limit={limit}"]
        carried = bool(self.token) and style != "date"
        if carried:
            sent.append(f"next={self.token}")
        if not carried or style != "bare next":
            sent += self.matches
        after = self.since if carried and style == "next and first date" else self.cursor
        if after >= 0 and (not carried or style in ("both", "next and first date")):
            sent.append(f"added_after={rendered(after)}")
        return sent

    def begin_again(self, after: int) -> None:
        """Its reach has changed: what it was given before does not count."""
        self.cursor, self.since, self.token, self.outdated = after, after, "", False
        self.given.clear()

    def take(self, row: Row) -> None:
        """One delivery: the first of this version, or it has been given a new date."""
        dates = self.given.setdefault(row.key, [])
        assert not dates or dates[-1] < row.date_added > row.first_added, row
        dates.append(row.date_added)
        self.cursor = row.date_added


def page(ground: Ground, poller: Poller, reader: Reader, rows: list[Row], style: str, limit: int | None) -> bool:
    """One page, which must be exactly what is owed behind the poller's place. Returns whether more follows."""
    carried = bool(poller.token) and style != "date"
    answer = ground.ask("GET", poller.account, poller.path, poller.parameters(style, limit))
    if poller.resource in ONE and not any(reader.sees(row) for row in rows if row.id in poller.asked.ids):
        assert answer.status == 404, answer.body
        return False
    due = owed(rows, reader, poller.asked)
    ahead = [row for row in due if row.date_added > poller.cursor]
    found = require(answer, ahead, limit, poller.resource)
    if style == "lost":
        return False
    if not carried:
        poller.since = poller.cursor
    for row in ahead[: most(limit)]:
        poller.take(row)
    poller.token = found.get("next", "")
    if not poller.token:
        lacking = [row for row in due if row.date_added not in poller.given.get(row.key, ())]
        assert not lacking, f"{poller} lacks {lacking}"
    return bool(poller.token)


def most(limit: int | None) -> int:
    """How many a page holds."""
    return min(limit or PAGE_LIMIT, PAGE_LIMIT)


def require(answer: Answer, ahead: list[Row], limit: int | None, resource: str) -> dict[str, Any]:
    """The answer is the first of these rows, and says rightly whether there are more."""
    assert answer.status == 200, answer.body
    found, expected = answer.json, ahead[: most(limit)]
    if resource == "manifest":
        records = [
            (one["id"], one["version"], one["date_added"], one["media_type"]) for one in found.get("objects", [])
        ]
        media = "application/stix+json;version="
        assert records == [(row.id, row.version, rendered(row.date_added), media + row.spec) for row in expected]
    elif resource == "versions":
        assert found.get("versions", []) == [row.version for row in expected]
    else:
        assert found.get("objects", []) == [row.object for row in expected]
    assert expected or found == {}
    assert bool(found.get("more")) == ("next" in found) == (len(ahead) > len(expected))
    ends = [answer.headers.get(f"x-taxii-date-added-{end}") for end in ("first", "last")]
    dates = [rendered(row.date_added) for row in expected]
    assert ends == ([dates[0], dates[-1]] if dates else [None, None])
    return found
