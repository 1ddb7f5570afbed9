"""Accounts and tokens. A token is looked up by its SHA-256 on every request: nothing is remembered that could go stale."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    LargeBinary,
    Text,
    and_,
    bindparam,
    delete,
    false,
    func,
    insert,
    literal_column,
    not_,
    null,
    or_,
    select,
    update,
)
from sqlalchemy.ext.asyncio import AsyncConnection

from indicator_hub.store.engine import Statement
from indicator_hub.store.opened import Store
from indicator_hub.store.roster import (
    AGREEMENT,
    COLLECTION,
    GROUP,
    MEMBERSHIP,
    agreement_of,
    collection_of,
    group_of,
    membership_of,
)
from indicator_hub.store.schema import (
    account,
    agreement,
    collection,
    feed,
    membership,
    named_person,
    organisation,
    stix_identity,
    token,
    trust_group,
)
from indicator_hub.trust.reach import Ties
from indicator_hub.trust.roster import PUBLIC, Account, AccountKind, Agreement, Collection, Group, Membership, within

_ACCOUNT = (
    account.c.id, account.c.name, organisation.c.name, organisation.c.id, organisation.c.nation, account.c.kind, account.c.scopes,
    account.c.lists_empty,
)  # fmt: skip
_OFF = or_(account.c.suspended, account.c.barred.is_not(None))
_LIFE = (organisation.c.suspended, _OFF)
_MEMBER = (*MEMBERSHIP, membership.c.reach_changed)
_NAMED = (named_person.c.starts, named_person.c.ends)
_IDENTITIES = select(stix_identity.c.identity).where(stix_identity.c.organisation_id == bindparam("organisation"))
_TIES = (trust_group.c.id, *GROUP, *AGREEMENT, collection.c.id, *COLLECTION)


@dataclass(frozen=True, slots=True)
class Known:
    """A live account, and what ties it to the group and collection that the request names."""

    account: Account
    ties: Ties | None
    token: int = 0
    """The key of the token; 0: it came in another way."""
    used: int = 0
    """When the token was last seen to be used, in microseconds; 0: never."""


async def by_token(store: Store, digest: bytes, *, group: str, collection_name: str, now: int) -> Known | None:
    """Account, organisation, membership and collection in one look-up; None for a credential that is not valid now."""
    parameters = {"digest": digest, "group": group, "collection": collection_name}
    return _known(await store.hot.rows("by token", _by_token, parameters), now)


async def by_feed(store: Store, name: str, *, now: int) -> Known | None:
    """The account of a feed and its ties to the collection it fills; None when it is not declared (any longer) or suspended."""
    return _known(await store.hot.rows("by feed", _by_feed, {"feed": name}), now)


async def nobody(store: Store, *, group: str, collection_name: str) -> Ties | None:
    """What ties anybody to a group and collection: asked without a credential."""
    rows = await store.hot.rows("nobody", _nobody, {"group": group, "collection": collection_name})
    return _ties(rows[0], (), (), declared_feed=False, now=0) if rows else None


def _by_token() -> Statement:
    here = or_(
        collection.c.uuid == bindparam("collection", type_=Text),
        collection.c.alias == bindparam("collection", type_=Text),
    )
    # The part in the group first, asked whether there is such a group or not; the group itself only for whoever has a part in it: for
    # everybody else one that is there comes back as one that never was, after the same work.
    named = select(trust_group.c.id).where(trust_group.c.name == bindparam("group", type_=Text))
    public = named.where(trust_group.c.kind == literal_column("'public'")).scalar_subquery()
    part = and_(membership.c.organisation_id == organisation.c.id, membership.c.group_id == named.scalar_subquery())
    source = (
        token.join(account, account.c.id == token.c.account_id)
        .join(organisation, organisation.c.id == account.c.organisation_id)
        .outerjoin(membership, part)
        .outerjoin(trust_group, trust_group.c.id == func.coalesce(membership.c.group_id, public))
        .outerjoin(collection, and_(collection.c.group_id == trust_group.c.id, here))
    )
    used = token.c.id, token.c.seen, token.c.scopes
    return _select(source, ends=token.c.ends, declared=null(), used=used).where(
        token.c.digest == bindparam("digest", type_=LargeBinary)
    )


def _by_feed() -> Statement:
    source = (
        feed.join(account, account.c.id == feed.c.account_id)
        .join(organisation, organisation.c.id == account.c.organisation_id)
        .join(collection, collection.c.id == feed.c.collection_id)
        .join(trust_group, trust_group.c.id == collection.c.group_id)
        .outerjoin(
            membership,
            and_(membership.c.organisation_id == organisation.c.id, membership.c.group_id == trust_group.c.id),
        )
    )
    return _select(source, ends=feed.c.ends, declared=feed.c.id).where(feed.c.name == bindparam("feed", type_=Text))


_UNUSED: tuple[ColumnElement[Any], ColumnElement[Any], ColumnElement[Any]] = (null(), null(), null())


def _select(
    source: FromClause,
    *,
    ends: ColumnElement[Any],
    declared: ColumnElement[Any],
    used: tuple[ColumnElement[Any], ColumnElement[Any], ColumnElement[Any]] = _UNUSED,
) -> Statement:
    joined = source.outerjoin(agreement, agreement.c.id == trust_group.c.agreement_id).outerjoin(
        named_person, and_(named_person.c.account_id == account.c.id, named_person.c.group_id == trust_group.c.id)
    )
    return select(*_LIFE, ends, declared, *used, *_ACCOUNT, *_MEMBER, *_NAMED, *_TIES).select_from(joined)


def _nobody() -> Statement:
    here = or_(
        collection.c.uuid == bindparam("collection", type_=Text),
        collection.c.alias == bindparam("collection", type_=Text),
    )
    source = trust_group.outerjoin(collection, and_(collection.c.group_id == trust_group.c.id, here)).outerjoin(
        agreement, agreement.c.id == trust_group.c.agreement_id
    )
    return select(*_TIES).select_from(source).where(trust_group.c.name == bindparam("group", type_=Text))


def _known(rows: Sequence[Sequence[Any]], now: int) -> Known | None:
    if not rows:
        return None
    (organisation_suspended, account_suspended, ends, declared, key, used, scopes), rest = rows[0][:7], rows[0][7:]
    if organisation_suspended or account_suspended or not within(None, ends, now):
        return None
    account_row, rest = rest[: len(_ACCOUNT)], rest[len(_ACCOUNT) :]
    member_row, rest = rest[: len(_MEMBER)], rest[len(_MEMBER) :]
    named_row, ties_row = rest[: len(_NAMED)], rest[len(_NAMED) :]
    tied = _ties(ties_row, member_row, named_row, declared_feed=declared is not None, now=now)
    found = account_of(account_row)
    if scopes is not None:
        found = replace(found, scopes=found.scopes & set(scopes.split()))
    return Known(found, tied, key or 0, used or 0)


def account_columns() -> tuple[ColumnElement[Any], ...]:
    """What an account is read from, of `account` joined with `organisation`."""
    return _ACCOUNT


def is_off() -> ColumnElement[bool]:
    """An account is suspended, by its organisation or by the hub's operator."""
    return _OFF


def account_of(row: Sequence[Any]) -> Account:
    """The account in a row of `account_columns`."""
    return _account_of(tuple(row))


# Polls bring the same rows again and again: what they mean follows from nothing but the row, so it is worked out once for each.
@lru_cache(maxsize=4096)
def _account_of(row: tuple[Any, ...]) -> Account:
    key, name, of, of_key, nation, kind, scopes, lists_empty = row
    return Account(key, name, of, of_key, nation, kind, frozenset(scopes.split()), bool(lists_empty))


@lru_cache(maxsize=4096)
def _meaning(
    row: tuple[Any, ...], member_row: tuple[Any, ...]
) -> tuple[Group, Agreement | None, Membership | None, Collection | None]:
    """Group, agreement, membership and collection in the columns _TIES and _MEMBER."""
    rest = row[1:]
    group_row, rest = rest[: len(GROUP)], rest[len(GROUP) :]
    agreement_row, rest = rest[: len(AGREEMENT)], rest[len(AGREEMENT) :]
    group = group_of(group_row, agreement_row[0])
    member = membership_of(member_row[:-1], "", group.name) if member_row and member_row[0] is not None else None
    return (
        group,
        agreement_of(agreement_row),
        member,
        collection_of(rest[1:], group.name) if rest[0] is not None else None,
    )


_KEY = 1 + len(GROUP) + len(AGREEMENT)
"""Where the collection's row stands in _TIES."""


def _ties(
    row: Sequence[Any], member_row: Sequence[Any], named_row: Sequence[Any], *, declared_feed: bool, now: int
) -> Ties | None:
    if row[0] is None:
        return None
    group, agreed, member, of = _meaning(tuple(row), tuple(member_row))
    return Ties(
        group=group,
        group_id=row[0],
        agreement=agreed,
        membership=member,
        named=bool(named_row) and named_row[0] is not None and within(named_row[0], named_row[1], now),
        collection=of,
        key=row[_KEY] or 0,
        declared_feed=declared_feed,
        changed=_changed(member_row, named_row, now),
    )


def _changed(member_row: Sequence[Any], named_row: Sequence[Any], now: int) -> int | None:
    """When the reach changed last: by a change of the membership, or since the account was named, or is named no longer."""
    named = [at for at in named_row if at is not None and at <= now] if named_row else []
    return max([*named, *(at for at in member_row[-1:] if at is not None)], default=None)


async def ties(
    tx: AsyncConnection, one: Account | None, *, group: str | None, now: int, everywhere: bool = False
) -> list[Ties]:
    """An account's (or anybody's) ties to every collection of one group, or, with no group named, to every group by name.

    `everywhere`: to every collection of every group.

    Of groups that are public or in which its organisation has, had or will have a part: no other is looked at.
    """
    of_group = collection.c.group_id == trust_group.c.id
    source = (
        trust_group.outerjoin(agreement, agreement.c.id == trust_group.c.agreement_id)
        .outerjoin(collection, of_group if group is not None or everywhere else false())
        .outerjoin(
            membership,
            and_(
                membership.c.group_id == trust_group.c.id,
                membership.c.organisation_id == (one.organisation_id if one else 0),
            ),
        )
        .outerjoin(
            named_person,
            and_(named_person.c.group_id == trust_group.c.id, named_person.c.account_id == (one.id if one else 0)),
        )
    )
    mine = or_(trust_group.c.kind == literal_column("'public'"), membership.c.role.is_not(None))
    ordered = select(*_MEMBER, *_NAMED, *_TIES).order_by(trust_group.c.name, collection.c.uuid)
    statement = ordered.select_from(source).where(mine)
    if group is not None:
        statement = statement.where(trust_group.c.name == group)
    found: list[Ties | None] = []
    for row in await tx.execute(statement):
        member_row, rest = row[: len(_MEMBER)], row[len(_MEMBER) :]
        found.append(_ties(rest[len(_NAMED) :], member_row, rest[: len(_NAMED)], declared_feed=False, now=now))
    return [one for one in found if one is not None]


async def account_by_name(tx: AsyncConnection, name: str) -> Account | None:
    """An account, suspended or not."""
    source = account.join(organisation, organisation.c.id == account.c.organisation_id)
    row = (await tx.execute(select(*_ACCOUNT).select_from(source).where(account.c.name == name))).one_or_none()
    return account_of(row) if row else None


async def add_account(
    tx: AsyncConnection, name: str, *, organisation_name: str, kind: AccountKind, scopes: Sequence[str], now: int
) -> Account | None:
    """Make an account; None when there is no such organisation."""
    key = (
        await tx.execute(select(organisation.c.id).where(organisation.c.name == organisation_name))
    ).scalar_one_or_none()
    if key is None:
        return None
    values = {
        "name": name,
        "organisation_id": key,
        "kind": kind,
        "scopes": " ".join(scopes),
        "suspended": False,
        "lists_empty": False,
    }
    await tx.execute(insert(account).values(**values, created=now))
    return await account_by_name(tx, name)


async def add_token(
    tx: AsyncConnection,
    account_id: int,
    digest: bytes,
    *,
    label: str,
    now: int,
    ends: int | None,
    scopes: Iterable[str] | None = None,
) -> None:
    """Keep a token's digest; the token itself is never kept. `scopes` are those of its account's that it has; None: all."""
    kept = None if scopes is None else " ".join(sorted(scopes))
    row = {"account_id": account_id, "digest": digest, "label": label, "created": now, "ends": ends, "scopes": kept}
    await tx.execute(insert(token).values(row))


async def revoke_tokens(tx: AsyncConnection, account_id: int) -> int:
    """Make every token of an account worthless. Returns how many there were."""
    return (await tx.execute(delete(token).where(token.c.account_id == account_id))).rowcount


async def set_lists_empty(tx: AsyncConnection, account_id: int, value: bool) -> None:
    """Whether an account's client is sent an empty list where TAXII leaves `objects` out."""
    await tx.execute(update(account).where(account.c.id == account_id).values(lists_empty=value))


async def bar(tx: AsyncConnection, name: str, *, whole_organisation: bool, barred: int | None) -> int | None:
    """The operator suspends an account or an organisation, or reinstates it (`barred` None), whoever had suspended it.

    Returns its key, None when there is none of this name.
    """
    table = organisation if whole_organisation else account
    values: dict[str, Any] = {"suspended": barred is not None}
    if not whole_organisation:
        values = {"barred": barred} if barred is not None else {"barred": None, "suspended": False}
    changed = update(table).where(table.c.name == name).values(**values).returning(table.c.id)
    return (await tx.execute(changed)).scalar_one_or_none()


async def suspend(tx: AsyncConnection, key: int, *, suspended: bool) -> bool:
    """An organisation suspends an account of its own, or takes that back. Returns whether it is still suspended, by the operator."""
    changed = update(account).where(account.c.id == key).values(suspended=suspended).returning(account.c.barred)
    return (await tx.execute(changed)).scalar_one() is not None


async def identities(tx: AsyncConnection, organisation_id: int) -> frozenset[str]:
    """The STIX identities that an organisation declares as its own."""
    return frozenset((await tx.execute(_IDENTITIES, {"organisation": organisation_id})).scalars())


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation with a part in a group, and how many of its accounts of each kind are live."""

    organisation: str
    title: str
    nation: str
    organisation_id: int
    suspended: bool
    ties: Ties
    persons: int
    services: int
    named: int


async def parties(tx: AsyncConnection, group: str, collection_uuid: str, *, now: int) -> list[Party]:
    """Everybody who has, had or will have a part in a group, before one collection of it; by organisation."""
    columns = (
        organisation.c.id,
        organisation.c.name,
        organisation.c.title,
        organisation.c.nation,
        organisation.c.suspended,
    )
    source = (
        membership.join(organisation, organisation.c.id == membership.c.organisation_id)
        .join(trust_group, trust_group.c.id == membership.c.group_id)
        .join(collection, collection.c.group_id == trust_group.c.id)
        .outerjoin(agreement, agreement.c.id == trust_group.c.agreement_id)
    )
    statement = (
        select(*columns, *_MEMBER, *_TIES)
        .select_from(source)
        .where(trust_group.c.name == group, collection.c.uuid == collection_uuid)
        .order_by(organisation.c.name)
    )
    live, named = await _live(tx), await _named(tx, group, now)
    found: list[Party] = []
    for row in await tx.execute(statement):
        key, name, title, nation, suspended = row[: len(columns)]
        rest = row[len(columns) :]
        tied = _ties(rest[len(_MEMBER) :], rest[: len(_MEMBER)], (), declared_feed=False, now=now)
        assert tied is not None
        persons, services = live.get((key, "person"), 0), live.get((key, "service"), 0)
        found.append(Party(name, title, nation, key, bool(suspended), tied, persons, services, named.get(key, 0)))
    return found


async def _live(tx: AsyncConnection) -> dict[tuple[int, str], int]:
    counted = select(account.c.organisation_id, account.c.kind, func.count()).where(not_(_OFF))
    rows = await tx.execute(counted.group_by(account.c.organisation_id, account.c.kind))
    return {(key, kind): number for key, kind, number in rows}


async def _named(tx: AsyncConnection, group: str, now: int) -> dict[int, int]:
    joined = named_person.join(account, account.c.id == named_person.c.account_id).join(
        trust_group, trust_group.c.id == named_person.c.group_id
    )
    live = named_person.c.starts <= now, or_(named_person.c.ends.is_(None), named_person.c.ends > now)
    counted = select(account.c.organisation_id, func.count()).select_from(joined)
    rows = await tx.execute(
        counted.where(trust_group.c.name == group, not_(_OFF), *live).group_by(account.c.organisation_id)
    )
    return dict(rows.all())


async def parts(tx: AsyncConnection, organisation_id: int) -> frozenset[str]:
    """The groups that an organisation may know of: `public`, and those in which it has, had or will have a part."""
    joined = membership.join(trust_group, trust_group.c.id == membership.c.group_id)
    rows = await tx.execute(
        select(trust_group.c.name).select_from(joined).where(membership.c.organisation_id == organisation_id)
    )
    return frozenset((*rows.scalars(), PUBLIC))


async def of_organisation(tx: AsyncConnection, organisation_id: int) -> list[tuple[Account, bool]]:
    """An organisation's accounts by name, and whether each is suspended. Feeds are declared, and not among them."""
    source = account.join(organisation, organisation.c.id == account.c.organisation_id)
    mine = account.c.organisation_id == organisation_id, account.c.kind != "feed"
    statement = select(_OFF, *_ACCOUNT).select_from(source).where(*mine).order_by(account.c.name)
    return [(account_of(row[1:]), bool(row[0])) for row in await tx.execute(statement)]
