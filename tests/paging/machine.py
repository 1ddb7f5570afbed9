"""Deeds and polls in any order against the real hub; after each deed what it did, after each poll whether the page was what was owed."""

from dataclasses import replace

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from paging.hub import Ground, rendered
from paging.ledger import Ledger
from paging.model import Asked, owed, taken
from paging.polling import COLLECTION, STYLES, Poller, page, require
from paging.things import ASKED, DAY, DAYS, FED, LEVEL, TAKEN, THING, Thing, rarely
from support.world import ACCOUNTS, envelope

WRITERS = ("ana", "ana", "bea", "bea", "abot", "gus", "eve")
READERS = ("bea", "bea", "bbot", "dan", "bank", "ana", "gus", "eve")
PERSONS = {"xa-cert": "ana", "xb-cert": "bea", "xd-cert": "gus", "xc-cert": "eve"}
CHANGING = ("xb-cert", "xb-soc", "xa-bank", "xc-cert")
SUSPENDED = ("xb-cert", "bea", "xb-soc", "bank")
LIMITS = st.sampled_from([None, None, 1, 1, 2, 3, 1000])
PLACE = st.integers(0, 31)
"""Which of the rows or pollers there are, counted round."""
MOST_POLLERS = 4


class Paging(RuleBasedStateMachine):
    """One sequence. `ground` is set by the test."""

    ground: Ground

    def __init__(self) -> None:
        super().__init__()
        self.ledger = Ledger(self.ground)
        self.pollers: list[Poller] = []
        self.fed = {0: 0, FED: 0}

    @initialize(
        things=st.lists(THING, min_size=2, max_size=5),
        joins=st.sampled_from([None, None, "xb-cert", "xb-soc", "xc-cert"]),
        pollers=st.lists(
            st.tuples(st.sampled_from(READERS), st.sampled_from(["objects", "manifest"]), ASKED, st.integers(1, 3)),
            min_size=2,
            max_size=2,
        ),
    )
    def start(self, things: list[Thing], joins: str | None, pollers: list[tuple[str, str, Asked, int]]) -> None:
        """Something to read, somebody who sees only what comes from then on, and somebody who has read it."""
        self.post("ana", things, 0)
        if joins:
            self.disturb(1)
            self.change(joins, "member", 0)
            self.post("ana", [replace(things[0], day=len(DAYS) - 1)], 1)
        for who, resource, asked, limit in pollers:
            self.begin(who, resource, asked, limit)
        self.poll_all()

    # What partners do

    @rule(who=st.sampled_from(WRITERS), things=st.lists(THING, min_size=1, max_size=4), seconds=st.integers(0, 1))
    def post(self, who: str, things: list[Thing], seconds: int) -> None:
        """New objects, other versions of known ones in any order, what another has relayed or relays."""
        self.ground.world.clock.forward(seconds=seconds)
        body = envelope(*self.ledger.objects(things))
        answer = self.ground.ask("POST", who, f"{COLLECTION}objects/", body=body)
        if self.ledger.may(answer, who, write=True):
            assert answer.status == 202, answer.body
            self.ledger.see_what_came(ACCOUNTS[who][0], answer.json)

    @precondition(lambda self: self.ledger.rows)
    @rule(place=PLACE, day=DAY, level=LEVEL, revoked=rarely(4))
    def new_version(self, place: int, day: int, level: str | None, revoked: bool) -> None:
        """Another version of what is there, newer or older, perhaps for others, or withdrawn."""
        row = self.ledger.rows[place % len(self.ledger.rows)]
        was = self.ledger.thing(row)
        self.post(PERSONS[row.organisation], [replace(was, day=day, level=level, revoked=revoked)], 0)

    @precondition(lambda self: self.ledger.rows)
    @rule(place=PLACE, who=st.sampled_from([None, *WRITERS]))
    def repeat(self, place: int, who: str | None) -> None:
        """What is there is relayed by another or said again; what was recalled comes back or does not."""
        rows = [row for row in self.ledger.rows if row.recalled] or self.ledger.rows
        row = rows[place % len(rows)]
        self.post(who or PERSONS[row.organisation], [self.ledger.thing(row)], 0)

    @rule(changed=st.sets(st.sampled_from([0, FED])))
    def run_the_feed(self, changed: set[int]) -> None:
        """A feed brings all that it has, some of it changed."""
        for number in changed:
            self.fed[number] = min(self.fed[number] + 1, len(DAYS) - 1)
        things = [Thing(number, day, created_by=True) for number, day in self.fed.items()]
        self.ledger.see_what_came("xa-cert", self.ground.feed(self.ledger.objects(things)))

    @precondition(lambda self: self.ledger.live)
    @rule(place=PLACE, who=st.sampled_from([None, None, "ana", "gus", "dan"]), which=TAKEN)
    def delete(self, place: int, who: str | None, which: Asked) -> None:
        """A recall by the originator (None), the steward, or somebody who may not."""
        row = self.ledger.live[place % len(self.ledger.live)]
        self._delete(who or PERSONS[row.organisation], row.id, which)

    @precondition(lambda self: self.ledger.live)
    @rule(place=PLACE)
    def delete_one_version(self, place: int) -> None:
        """The others of its line stay."""
        row = self.ledger.live[place % len(self.ledger.live)]
        self._delete(PERSONS[row.organisation], row.id, Asked(versions=(row.version,), specs=(row.spec,)))

    def _delete(self, who: str, identifier: str, which: Asked) -> None:
        answer = self.ground.ask("DELETE", who, f"{COLLECTION}objects/{identifier}/", which.query(default=()))
        if not self.ledger.may(answer, who, write=True):
            return
        deleter = self.ledger.readers[who]
        gone = taken(self.ledger.rows, deleter, identifier, which)
        permitted = bool(gone) and (gone[0].organisation == deleter.organisation or deleter.member.steward)
        assert answer.status == (200 if permitted else 403 if gone else 404), answer.body
        self.ledger.see_what_went(gone if permitted else [])

    # What the operator does

    @rule(
        of=st.sampled_from(CHANGING),
        role=st.sampled_from([None, None, "member", "member", "client", "observer", "submitter"]),
        back=st.sampled_from([None, None, 0, 1, 3]),
    )
    def change(self, of: str, role: str | None, back: int | None) -> None:
        """An organisation leaves (None), joins, becomes something else, or sees from another date."""
        now, member = self.ground.world.clock.now, self.ledger.members[of]
        if role is None:
            member.ends = min(now, member.ends or now)
        else:
            sees_from = 0 if back is None else now - back * 1_000_000
            if (role, sees_from) != (member.role, member.sees_from):
                self._must_begin_again([name for name in ACCOUNTS if ACCOUNTS[name][0] == of])
            member.role, member.sees_from, member.ends, member.can_write = role, sees_from, None, of in PERSONS
        changes = {"role": member.role, "can_write": member.can_write, "ends": member.ends}
        self.ground.declare(of, **changes, sees_from=member.sees_from or None)
        self.ledger.look_around()

    def _must_begin_again(self, accounts: list[str]) -> None:
        self.ledger.shadows.begin_again(accounts)
        for poller in self.pollers:
            poller.outdated = poller.outdated or poller.account in accounts

    @rule(what=st.sampled_from([-3600, -1, 1, 5, 3600, *SUSPENDED]))
    def disturb(self, what: int | str) -> None:
        """The clock moves forward or back; or somebody is suspended or reinstated, and its pollers go on later."""
        if isinstance(what, int):
            self.ground.world.clock.forward(seconds=what)
        else:
            self.ledger.suspended ^= {what}
            self.ground.suspend(what, suspended=what in self.ledger.suspended)

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
    @rule(place=PLACE, styles=st.lists(st.sampled_from(STYLES), min_size=1, max_size=3), limit=LIMITS)
    def poll(self, place: int, styles: list[str], limit: int | None) -> None:
        """A few pages, with another limit than before."""
        poller = self.pollers[place % len(self.pollers)]
        for style in styles:
            self._page(poller, style, limit)

    @precondition(lambda self: self.pollers)
    @rule(style=st.sampled_from(STYLES[:-1]))
    def poll_all(self, style: str = "next") -> None:
        """Everybody reads on to the end."""
        for poller in self.pollers:
            while self._page(poller, style, poller.limit):
                pass

    def _page(self, poller: Poller, style: str, limit: int | None) -> bool:
        if not self.ledger.lets_in(poller.account):
            answer = self.ground.ask("GET", poller.account, poller.path, poller.parameters(style, limit))
            return self.ledger.may(answer, poller.account)
        if poller.outdated:
            root = self.ground.ask("GET", poller.account, "/taxii2/alpha/").json
            assert root.get("x_indicator_hub_reread_from") == rendered(0)
            poller.begin_again(0)
        return page(self.ground, poller, self.ledger.readers[poller.account], self.ledger.rows, style, limit)

    @precondition(lambda self: any(poller.token for poller in self.pollers))
    @rule(place=PLACE, other=st.sampled_from(READERS), asked=ASKED)
    def stray(self, place: int, other: str, asked: Asked) -> None:
        """A token that comes to another collection, or from another account or resource or with other filters, is as none."""
        pollers = [one for one in self.pollers if one.token]
        poller = pollers[place % len(pollers)]
        token = f"next={poller.token}"
        answer = self.ground.ask("GET", poller.account, "/taxii2/alpha/collections/other/objects/", [token])
        if self.ledger.may(answer, poller.account):
            assert (answer.status, answer.json) == (200, {})
        for who in {poller.account, other}:
            if (who, "manifest") == (poller.account, poller.resource) and (asked == poller.asked or not asked.query()):
                continue
            answer = self.ground.ask("GET", who, f"{COLLECTION}manifest/", [token, *asked.query()])
            if self.ledger.may(answer, who):
                require(answer, owed(self.ledger.rows, self.ledger.readers[who], asked), None, "manifest")

    def teardown(self) -> None:
        """At rest: everybody is let in again, reads on to the end, and lacks nothing."""
        for name in sorted(self.ledger.suspended):
            self.disturb(name)
        self.poll_all()
