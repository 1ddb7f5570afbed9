"""Readers by chance: an account, its ties to a group, and the moment at which it asks. What it may see then is `reach_of`'s to say."""

import random
from collections.abc import Sequence
from typing import Literal, NamedTuple, get_args

from indicator_hub.trust.reach import Reach, Ties, reach_of
from indicator_hub.trust.roster import (
    PUBLIC,
    Account,
    AccountKind,
    Agreement,
    Collection,
    Group,
    Kind,
    Membership,
    Role,
)
from support.world import MAIN

NATIONS = ("XA", "XB", "XC")
MOMENTS = 50
"""The windows and the moments of asking lie within so many instants: so each often falls on the edge of another."""
LADDER = {"submitter": -1, "observer": 1, "client": 2, "member": 3, "named": 4}
_SCOPES = ("read", "submit", "manage")


class Asker(NamedTuple):
    """Who asks (None: anybody), what the roster says of it and the group (None: there is no such group), and when."""

    account: Account | None
    ties: Ties | None
    now: int

    @property
    def reach(self) -> Reach | None:
        """What it may see, by the code under test."""
        return reach_of(*self)

    @property
    def is_there(self) -> bool:
        """Whether the collection exists for it, by the model (section 3, step 2): group and agreement awake, and a live membership or `public`."""
        if self.ties is None:
            return False
        windows: list[Group | Agreement | Membership | None] = [self.ties.group, self.ties.agreement]
        if self.ties.group.kind != PUBLIC:
            if self.account is None or self.ties.membership is None:
                return False
            windows.append(self.ties.membership)
        return all(one is None or _within(one, self.now) for one in windows)

    @property
    def terms(self) -> tuple[int, bool, str, int, int]:
        """What decides about an entry, by the model (sections 3 and 4): how high it reads, whether a person, its nation and organisation, and from when."""
        assert self.ties is not None
        public = self.ties.group.kind == PUBLIC
        member = self.ties.membership if self.account is not None else None
        if member is not None and not _within(member, self.now):
            member = None
        person = self.account is not None and self.account.kind == "person"
        cap = 0 if public else -1
        if member is not None:
            cap = max(cap, LADDER["named" if self.ties.named and person and member.role == "member" else member.role])
        return (
            cap,
            person,
            self.account.nation if self.account else "",
            self.account.organisation_id if self.account else 0,
            (member.sees_from if member and not public else None) or 0,
        )


def terms(reach: Reach) -> tuple[int, bool, str, int, int]:
    """The same as a reach has them."""
    return reach.cap, reach.person, reach.nation, reach.organisation_id, reach.sees_from


def _within(window: Group | Agreement | Membership, now: int) -> bool:
    return (window.starts is None or window.starts <= now) and (window.ends is None or now < window.ends)


def asker(chance: random.Random, key: int, organisations: Sequence[int], dates: Sequence[int]) -> Asker:
    """One who asks for the collection in this row: of one of these organisations, and a member that sees from one of these dates."""
    now = chance.randrange(MOMENTS)
    kind: Kind = chance.choices(get_args(Kind), (6, 2, 2))[0]
    account = None if chance.random() < 0.1 else _account(chance, organisations)
    if chance.random() < 0.02:
        return Asker(account, None, now)
    agreement = Agreement("pact", "Pact", "a treaty", (), chance.randrange(now + 1), None)
    starts, ends = _window(chance, now)
    if kind != PUBLIC and chance.random() < 0.5:
        agreement = Agreement("pact", "Pact", "a treaty", (), starts or 0, ends)
    ties = Ties(
        Group("alpha", "Alpha", "", kind, None if kind == PUBLIC else "pact", *_window(chance, now)),
        1,
        None if kind == PUBLIC else agreement,
        _membership(chance, now, dates) if account is not None and chance.random() < 0.95 else None,
        named=chance.random() < 0.5,
        collection=Collection(MAIN, "alpha", "main", "Main", "", 4, None),
        key=key,
    )
    return Asker(account, ties, now)


def _account(chance: random.Random, organisations: Sequence[int]) -> Account:
    kind: AccountKind = chance.choices(get_args(AccountKind), (6, 3, 1))[0]
    scopes = frozenset(scope for scope in _SCOPES if chance.random() < 0.8)
    return Account(1, "ann", "org", chance.choice(organisations), chance.choice(NATIONS), kind, scopes)


def _membership(chance: random.Random, now: int, dates: Sequence[int]) -> Membership:
    role: Role = chance.choices(get_args(Role), (1, 2, 2, 5))[0]
    starts, ends = _window(chance, now)
    sees_from = chance.choice((None, 0, *dates)) if chance.random() < 0.7 else None
    if sees_from is not None:
        sees_from += chance.choice((0, 0, 1))
    return Membership(
        "org", "alpha", role, can_write=chance.random() < 0.5, steward=chance.random() < 0.3, starts=starts, ends=ends, sees_from=sees_from
    )  # fmt: skip


def _window(chance: random.Random, now: int) -> tuple[int | None, int | None]:
    """A window, seldom one that now lies outside of, then mostly just outside."""
    where: Literal["within", "before", "after"] = chance.choices(("within", "before", "after"), (20, 1, 1))[0]
    near = chance.choice((0, 0, 1, MOMENTS))
    if where == "before":
        return now + 1 + near, None
    if where == "after":
        return None, now - near
    return chance.choice((None, now - near)), chance.choice((None, now + 1 + near))
