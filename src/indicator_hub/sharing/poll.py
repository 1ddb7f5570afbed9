"""Poll: a partner asks what there is, and is given what it may see.

A page that holds objects is recorded before it goes out: which range of which collection, under which reach, how many, and a digest
over the versions given. No list of ids: with the history of audiences the page can be worked out again, and the digest says whether
rightly. A page with nothing in it is no event.

Nearly every poll hears that there is nothing new. That the collection's clock stands still would tell so sooner, and is not asked: how soon an
answer comes would then say whether something was added that the reader does not see.
"""

from typing import TypeVar

from indicator_hub.audit.event import Event
from indicator_hub.errors import NotFound
from indicator_hub.sharing.act import Caller, act
from indicator_hub.store import entries
from indicator_hub.store.opened import Store
from indicator_hub.taxii.page import Joined, Page
from indicator_hub.taxii.query import Query, Resource
from indicator_hub.trust.reach import Reach

_Given = TypeVar("_Given", Joined, Page)


async def poll(
    store: Store, caller: Caller, reach: Reach, query: Query, resource: Resource, *, record: bool = True
) -> Page:
    """One page. `record` is False when nothing of it will go out (HEAD). Raises NotFound, NotPermitted.

    For one object (Resource.OBJECT, VERSIONS) NotFound when this account sees no version of it, an empty page when it sees some and the
    filters leave none (TAXII 2.1 sections 5.6 and 5.8).
    """
    await _require_read(store, caller, reach)
    page = await entries.page(store, reach, query, bodies=resource in (Resource.OBJECTS, Resource.OBJECT))
    return await _recorded(store, caller, reach, query, resource, page, record=record)


async def poll_joined(
    store: Store, caller: Caller, reach: Reach, query: Query, resource: Resource, *, record: bool = True
) -> Joined:
    """The same of objects (Resource.OBJECTS, OBJECT), as bytes that go out as they are."""
    await _require_read(store, caller, reach)
    # What is not recorded needs no digest.
    page = await entries.joined_page(store, reach, query, named=record and store.serve_events)
    return await _recorded(store, caller, reach, query, resource, page, record=record)


async def _require_read(store: Store, caller: Caller, reach: Reach) -> None:
    if not reach.can_read:
        async with act(store, caller, "poll", reach):
            reach.require_read()
    reach.require_collection()


async def _recorded(
    store: Store, caller: Caller, reach: Reach, query: Query, resource: Resource, page: _Given, *, record: bool
) -> _Given:
    """The page, when it is written down that it was given."""
    if not page.number:
        of_one = resource in (Resource.OBJECT, Resource.VERSIONS)
        if of_one and not (_leaves_out(query) and await entries.is_visible(store, reach, query.filters.ids[0])):
            raise NotFound
    elif record and store.serve_events:
        event = _served(store.now(), caller, reach, query, resource, page)
        async with caller.aside(page.size):
            await store.journal.write(event)
    return page


def _leaves_out(query: Query) -> bool:
    """Whether the query may leave out what is seen: without that an empty page says that nothing is."""
    filters = query.filters
    return query.after >= 0 or bool(filters.types or filters.spec_versions) or not filters.keywords


def _served(now: int, caller: Caller, reach: Reach, query: Query, resource: Resource, page: Joined | Page) -> Event:
    account = caller.account
    personal = {"address": caller.address} if caller.address else {}
    if account:
        personal["account"] = account.name
    filters = query.filters
    return Event(
        at=now,
        action="serve",
        outcome="done",
        account_id=account.id if account else 0,
        organisation_id=reach.organisation_id,
        group_id=reach.group_id,
        collection_id=reach.key,
        as_of=page.as_of,
        sha256=page.digest(),
        request_id=caller.request_id,
        details={
            "resource": resource.value,
            "after": query.after,
            "limit": query.limit,
            "ids": list(filters.ids),
            "types": list(filters.types),
            "spec_versions": list(filters.spec_versions),
            "versions": [*sorted(filters.keywords), *filters.values],
            "first": page.first,
            "last": page.last,
            "number": page.number,
            # The audiences follow from these: rows of `audience` never change.
            "reach": {
                "cap": reach.cap,
                "person": int(reach.person),
                "nation": reach.nation,
                "sees_from": reach.sees_from,
            },
        },
        personal=personal,
    )
