"""Deeds and polls in any order against the real hub; after each deed what it did, after each poll whether the page was what was owed."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from paging.hub import NAMED, Answer, Ground, rendered
from paging.model import LEVELS, Asked, Member, Reader, Row, in_lines, owed, taken
from paging.polling import COLLECTION, STYLES, Poller, page, require
from paging.things import ASKED, DAY, DAYS, FED, LEVEL, TAKEN, THING, Thing, rarely
from support.world import ACCOUNTS, envelope

WRITERS = ("ana", "ana", "bea", "bea", "abot", "gus", "eve")
READERS = ("bea", "bea", "bbot", "dan", "bank", "ana", "gus", "eve")
PERSONS = {"xa-cert": "ana", "xb-cert": "bea", "xd-cert": "gus", "xc-cert": "eve"}
CHANGING = ("xb-cert", "xb-soc", "xa-bank", "xc-cert")
SUSPENDED = ("xb-cert", "bea", "xb-soc", "bank")
FEEDS_DAYS = len(DAYS)
LIMITS = st.sampled_from([None, None, 1, 1, 2, 3, 1000])
DEFAULT = "AMBER"
MOST_POLLERS = 4


class Paging(RuleBasedStateMachine):
    """One sequence. `ground` is set by the test."""

    ground: Ground

    def __init__(self) -> None:
        super().__init__()
        self.ground.reset()
        declared = self.ground.roster.memberships
        self.members = {
            of: Member(one.role, one.can_write, one.steward, one.sees_from or 0, one.ends)
            for (of, group), one in declared.items()
            if group == "alpha"
        }
        self.readers = {
            name: Reader(of, self.members[of], named=name == NAMED)
            for name, (of, _) in ACCOUNTS.items()
        }
        self.suspended: set[str] = set()
        self.pollers: list[Poller] = []
        self.rows: list[Row] = []
        self.sent: dict[bytes, Thing] = {}
        self.fed = {0: 0, FED: 0}

    @initialize(
        things=st.lists(THING, min_size=2, max_size=5),
        pollers=st.lists(
            st.tuples(st.sampled_from(READERS), st.sampled_from(["objects", "manifest"]), ASKED), min_size=2, max_size=2
        ),
    )
    def start(self, things: list[Thing], pollers: list[tuple[str, str, Asked]]) -> None:
        """Something to read, and somebody who has read it."""
        self.post("ana", things, 0)
        for who, resource, asked in pollers:
            self.begin(who, resource, asked, None)
        self.poll_all()

    # What partners do

    @rule(who=st.sampled_from(WRITERS), things=st.lists(THING, min_size=1, max_size=4), seconds=st.integers(0, 1))
    def post(self, who: str, things: list[Thing], seconds: int) -> None:
        """New objects, other versions of known ones in any order, what another has relayed or relays."""
        self.ground.world.clock.forward(seconds=seconds)
        before, last = self.rows, self.ground.last()
        answer = self.ground.ask("POST", who, f"{COLLECTION}objects/", body=envelope(*self._objects(things)))
        if self._may(answer, who, write=True):
            assert answer.status == 202, answer.body
            self._see_what_came(before, last, ACCOUNTS[who][0], answer.json)

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), day=DAY, level=LEVEL, revoked=rarely(4))
    def new_version(self, data: st.DataObject, day: int, level: str | None, revoked: bool) -> None:
        """Another version of what is there, newer or older, perhaps for others, or withdrawn."""
        row = data.draw(st.sampled_from(self.rows))
        was = self._thing(row)
        self.post(PERSONS[row.organisation], [replace(was, day=day, level=level, revoked=revoked)], 0)

    @precondition(lambda self: self.rows)
    @rule(data=st.data(), who=st.sampled_from(WRITERS))
    def repeat(self, data: st.DataObject, who: str) -> None:
        """What is there is relayed by another or said again; what was recalled comes back or does not."""
        row = data.draw(st.sampled_from([row for row in self.rows if row.recalled] or self.rows))
        self.post(data.draw(st.sampled_from([PERSONS[row.organisation], who])), [self._thing(row)], 0)

    @rule(changed=st.sets(st.sampled_from([0, FED])))
    def run_the_feed(self, changed: set[int]) -> None:
        """A feed brings all that it has, some of it changed."""
        for number in changed:
            self.fed[number] = min(self.fed[number] + 1, len(DAYS) - 1)
        before, last = self.rows, self.ground.last()
        things = [Thing(number, day, created_by=True) for number, day in self.fed.items()]
        self._see_what_came(before, last, "xa-cert", self.ground.feed(self._objects(things)))

    @precondition(lambda self: any(not row.recalled for row in self.rows))
    @rule(data=st.data(), by=st.sampled_from(["originator", "originator", "originator", "ana", "gus", "dan"]), which=TAKEN)
    def delete(self, data: st.DataObject, by: str, which: Asked) -> None:
        """A recall by the originator, the steward, or somebody who may not."""
        row = data.draw(st.sampled_from([row for row in self.rows if not row.recalled]))
        who = PERSONS[row.organisation] if by == "originator" else by
        before, last = self.rows, self.ground.last()
        answer = self.ground.ask("DELETE", who, f"{COLLECTION}objects/{row.id}/", which.query(default=()))
        if not self._may(answer, who, write=True):
            return
        reader = self.readers[who]
        gone = taken(before, reader, row.id, which)
        own = bool(gone) and gone[0].organisation == reader.organisation
        expected = 404 if not gone else 200 if own or reader.member.steward else 403
        assert answer.status == expected, answer.body
        self._see_what_went(before, last, gone if expected == 200 and gone else [])

    # What the operator does

    @rule(
        of=st.sampled_from(CHANGING),
        role=st.sampled_from([None, None, "member", "member", "client", "observer", "submitter"]),
        back=st.sampled_from([None, None, 0, 1, 3]),
    )
    def change(self, of: str, role: str | None, back: int | None) -> None:
        """An organisation joins, leaves, becomes something else, or sees from another date."""
        now, member = self.ground.world.clock.now, self.members[of]
        if role is None:
            if self._is_member(of):
                member.ends = now
                self._declare(of)
            return
        sees_from = 0 if back is None else now - back * 1_000_000
        if (role, sees_from) != (member.role, member.sees_from):
            for poller in self.pollers:
                poller.outdated = poller.outdated or ACCOUNTS[poller.account][0] == of
        member.role, member.sees_from, member.ends = role, sees_from, None
        member.can_write = of in PERSONS
        self._declare(of)

    def _declare(self, of: str) -> None:
        member = self.members[of]
        changes = {"role": member.role, "can_write": member.can_write, "ends": member.ends}
        self.ground.declare(of, **changes, sees_from=member.sees_from or None)

    @rule(name=st.sampled_from(SUSPENDED))
    def suspend_or_reinstate(self, name: str) -> None:
        """An account or an organisation; its pollers go on later where they were."""
        self.ground.suspend(name, suspended=name not in self.suspended)
        self.suspended ^= {name}

    @rule(seconds=st.sampled_from([-3600, -1, 1, 5, 3600]))
    def move_the_clock(self, seconds: int) -> None:
        """Forward, or back."""
        self.ground.world.clock.forward(seconds=seconds)

    # What clients do

    @precondition(lambda self: len(self.pollers) < MOST_POLLERS)
    @rule(
        who=st.sampled_from(READERS),
        resource=st.sampled_from(["objects", "manifest", "object", "versions"]),
        asked=ASKED,
        limit=LIMITS,
    )
    def begin(self, who: str, resource: str, asked: Asked, limit: int | None) -> None:
        """Another poller."""
        self.pollers.append(Poller.of(who, resource, asked, limit))

    @precondition(lambda self: self.pollers)
    @rule(data=st.data(), styles=st.lists(st.sampled_from(STYLES), min_size=1, max_size=3), limit=LIMITS)
    def poll(self, data: st.DataObject, styles: list[str], limit: int | None) -> None:
        """A few pages, with another limit than before."""
        poller = data.draw(st.sampled_from(self.pollers))
        for style in styles:
            self._page(poller, style, limit)

    @precondition(lambda self: self.pollers)
    @rule(style=st.sampled_from(STYLES[:-1]))
    def poll_all(self, style: str = "next") -> None:
        """Everybody reads on to the end."""
        for poller in self.pollers:
            while self._page(poller, style, poller.limit):
                pass

    @precondition(lambda self: any(poller.token for poller in self.pollers))
    @rule(data=st.data(), other=st.sampled_from(READERS), asked=ASKED)
    def stray(self, data: st.DataObject, other: str, asked: Asked) -> None:
        """A token that comes to another collection, from another account or with other filters is as none."""
        poller = data.draw(st.sampled_from([one for one in self.pollers if one.token]))
        token = f"next={poller.token}"
        answer = self.ground.ask("GET", poller.account, "/taxii2/alpha/collections/other/objects/", [token])
        if self._may(answer, poller.account):
            assert (answer.status, answer.json) == (200, {})
        strange = poller.account if poller.asked != asked and poller.resource == "objects" and asked.query() else other
        answer = self.ground.ask("GET", strange, f"{COLLECTION}objects/", [token, *asked.query()])
        same = (strange, "objects") == (poller.account, poller.resource) and asked in (poller.asked, Asked())
        if self._may(answer, strange) and not same:
            require(answer, owed(self.rows, self.readers[strange], asked), None, "objects")

    def teardown(self) -> None:
        """At rest: everybody reads on to the end, and lacks nothing."""
        for name in sorted(self.suspended):
            self.suspend_or_reinstate(name)
        self.poll_all()

    # What must be

    def _page(self, poller: Poller, style: str, limit: int | None) -> bool:
        if not self._is_let_in(poller.account):
            self._may(self.ground.ask("GET", poller.account, poller.path, poller.parameters(style, limit)), poller.account)
            return False
        if poller.outdated:
            root = self.ground.ask("GET", poller.account, "/taxii2/alpha/").json
            assert root["x_indicator_hub_reread_from"] == rendered(0)
            poller.begin_again(0)
        return page(self.ground, poller, self.readers[poller.account], self.rows, style, limit)

    def _is_member(self, of: str) -> bool:
        ends = self.members[of].ends
        return ends is None or self.ground.world.clock.now < ends

    def _is_let_in(self, account: str) -> bool:
        of = ACCOUNTS[account][0]
        return not {account, of} & self.suspended and self._is_member(of)

    def _may(self, answer: Answer, account: str, *, write: bool = False) -> bool:
        """Whether it is for this account to ask; if not, it is told so."""
        of = ACCOUNTS[account][0]
        if {account, of} & self.suspended:
            refused = 401
        elif not self._is_member(of):
            refused = 404
        elif write and not self.members[of].can_write:
            refused = 403
        else:
            return True
        assert answer.status == refused, answer.body
        return False

    def _objects(self, things: Sequence[Thing]) -> list[dict[str, Any]]:
        objects = [one.object() for one in things]
        self.sent |= {_digest(sent): thing for sent, thing in zip(objects, things, strict=True)}
        return objects

    def _thing(self, row: Row) -> Thing:
        return self.sent[_digest(row.object)]

    def _stored(self) -> list[Row]:
        rows: list[Row] = []
        for name, kind, version, spec, of, added, first, recalled, sha256 in self.ground.rows():
            thing = self.sent[bytes(sha256)]
            level = LEVELS[thing.level or DEFAULT]
            rows.append(Row(name, kind, version, spec, of, added, first, recalled != 0, level, thing.created_by, thing.object()))
        return in_lines(rows)

    def _see_what_came(self, before: list[Row], last: int, by: str, status: dict[str, Any]) -> None:
        """What the status says is stored is there, behind every date given out before; nothing else has changed."""
        self.rows = self._stored()
        was = {row.key: row for row in before}
        changed = [row for row in self.rows if was.get(row.key) != row]
        assert set(was) <= {row.key for row in self.rows}
        for row in changed:
            former = was.get(row.key)
            assert (row.organisation, row.recalled) == (by, False)
            assert former is None or former.recalled
        dates = sorted(row.date_added for row in changed)
        assert dates == list(range(max(last + 1, self.ground.world.clock.now), self.ground.last() + 1)) or not dates
        taken_in = {(one["id"], one["version"]) for one in status.get("successes", ())}
        live = {row.key[:2] for row in self.rows if not row.recalled}
        assert {row.key[:2] for row in changed} <= taken_in <= live

    def _see_what_went(self, before: list[Row], last: int, gone: list[Row]) -> None:
        """What was to be taken back is gone, the rest is there; what that uncovers may have a new date."""
        self.rows = self._stored()
        after = {row.key: row for row in self.rows}
        keys = {row.key for row in gone}
        for row in before:
            found = after.pop(row.key)
            if row.key in keys:
                assert found == replace(row, recalled=True)
            elif found != row:
                assert gone and row.id == gone[0].id and not row.recalled
                assert found == replace(row, date_added=found.date_added) and found.date_added > last
        assert not after


def _digest(sent: dict[str, Any]) -> bytes:
    return hashlib.sha256(json.dumps(sent).encode()).digest()
