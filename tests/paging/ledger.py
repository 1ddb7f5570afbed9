"""What was done and what is stored, held against each other after every deed."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from paging.hub import NAMED, Answer, Ground, rendered
from paging.model import CREATOR, LEVELS, Member, Reader, Row, in_lines, owed
from paging.polling import COLLECTION, require
from paging.shadows import Shadows
from paging.things import Thing
from support.world import ACCOUNTS

DEFAULT = "AMBER"
"""What bears no mark counts as this in the collection."""


class Ledger:
    """One sequence's: who may what, everything that was sent, and the rows as they should be."""

    def __init__(self, ground: Ground) -> None:
        ground.reset()
        self._ground = ground
        declared = ground.roster.memberships
        self.members = {
            of: Member(one.role, one.can_write, one.steward, one.sees_from or 0, one.ends)
            for (of, group), one in declared.items()
            if group == "alpha"
        }
        self.readers = {name: Reader(of, self.members[of], named=name == NAMED) for name, (of, _) in ACCOUNTS.items()}
        self.suspended: set[str] = set()
        self.rows: list[Row] = []
        self.shadows = Shadows()
        self._sent: dict[bytes, Thing] = {}

    @property
    def live(self) -> list[Row]:
        """What was not recalled."""
        return [row for row in self.rows if not row.recalled]

    def is_member(self, of: str) -> bool:
        """Whether an organisation's membership has not ended."""
        ends = self.members[of].ends
        return ends is None or self._ground.world.clock.now < ends

    def lets_in(self, account: str) -> bool:
        """Whether an account may ask at all."""
        of = ACCOUNTS[account][0]
        return not {account, of} & self.suspended and self.is_member(of)

    def may(self, answer: Answer, account: str, *, write: bool = False) -> bool:
        """Whether it was for this account to ask; if not, it was told so."""
        of = ACCOUNTS[account][0]
        if {account, of} & self.suspended:
            refused = 401
        elif not self.is_member(of):
            refused = 404
        elif write and not self.members[of].can_write:
            refused = 403
        else:
            return True
        assert answer.status == refused, answer.body
        return False

    def objects(self, things: Sequence[Thing]) -> list[dict[str, Any]]:
        """The objects to send, remembered by their bytes."""
        objects = [one.object() for one in things]
        self._sent |= {_digest(sent): thing for sent, thing in zip(objects, things, strict=True)}
        return objects

    def thing(self, row: Row) -> Thing:
        """What was sent that became this row."""
        return self._sent[_digest(row.object)]

    def see_what_came(self, by: str, status: Mapping[str, Any]) -> None:
        """What the status says is stored is there, behind every date given out before; nothing else has changed."""
        was, last = {row.key: row for row in self.rows}, self._last()
        self._read()
        assert was.keys() <= {row.key for row in self.rows}
        changed = [row for row in self.rows if was.get(row.key) != row]
        for row in changed:
            former = was.get(row.key)
            assert former is None or former.recalled, f"{former} became {row}"
            assert (row.organisation, row.recalled) == (by, False)
        dates = sorted(row.date_added for row in changed)
        # Without a gap; before the first of them the clock may have counted a recall too.
        assert not dates or dates[0] >= max(last + 1, self._ground.world.clock.now)
        assert dates == [dates[0] + number for number in range(len(dates))]
        taken_in = {(one["id"], one["version"]) for one in status.get("successes", ())}
        live = {row.key[:2] for row in self.live}
        assert {row.key[:2] for row in changed} <= taken_in <= live
        self.look_around()

    def see_what_went(self, gone: Sequence[Row]) -> None:
        """What was to be taken back is gone, the rest is there; what that uncovers may have a new date."""
        before, last, keys = self.rows, self._last(), {row.key for row in gone}
        self._read()
        after = {row.key: row for row in self.rows}
        assert len(after) == len(before)
        for row in before:
            found = after[row.key]
            if row.key in keys:
                assert found == replace(row, recalled=True)
            elif found != row:
                assert gone and (row.id, row.recalled) == (gone[0].id, False)
                assert found == replace(row, date_added=found.date_added) and found.date_added > last
        self.look_around()

    def look_around(self) -> None:
        """Nobody lacks anything, and what somebody is given is what is owed."""
        self.shadows.read(self.rows, self.readers)
        account, asked, after = self.shadows.glance()
        sent = [*asked.query(), f"added_after={rendered(max(after, 0))}"]
        answer = self._ground.ask("GET", account, f"{COLLECTION}manifest/", sent)
        if self.may(answer, account):
            due = owed(self.rows, self.readers[account], asked)
            require(answer, [row for row in due if row.date_added > after], None, "manifest")

    def _last(self) -> int:
        """The last date given out: whoever had it has it still, or has a later one."""
        return max((row.date_added for row in self.rows), default=-1)

    def _read(self) -> None:
        rows: list[Row] = []
        for name, kind, version, spec, of, added, first, recalled, sha256 in self._ground.rows():
            thing = self._sent[bytes(sha256)]
            level, sent = LEVELS[thing.level or DEFAULT], thing.object()
            by_creator = of == CREATOR and "created_by_ref" in sent
            rows.append(Row(name, kind, version, spec, of, added, first, recalled != 0, level, by_creator, sent))
        assert len({row.date_added for row in rows}) == len(rows)
        self.rows = in_lines(rows)


def _digest(sent: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(json.dumps(sent).encode()).digest()
