"""A commit is done and its answer lost, or the connection before it: partners get one answer, and there is one of everything.

On a server of its own, which the hub knows by two addresses; behind the first there is nobody.
"""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, TypeVar

import pytest

from faults.cluster import Node, free_port, until, user
from faults.site import Site
from faults.test_failed_writes import hub_here, require_unavailable
from indicator_hub.errors import Misconfigured
from indicator_hub.sharing.act import Caller
from indicator_hub.sharing.authenticate import identify
from indicator_hub.sharing.submit import submit
from indicator_hub.store import engine
from indicator_hub.store.connecting import Connector
from indicator_hub.store.engine import database_url
from indicator_hub.store.migrate import migrate
from indicator_hub.store.opened import open_store
from support.live import PATIENCE
from support.paths import MIGRATIONS
from support.world import MAIN, envelope, indicator, world

POOL = 10
TOGETHER = 12
Answer = TypeVar("Answer")


@pytest.fixture
def node(fast_path: Path) -> Iterator[Node]:
    """A server that runs, with a database `hub`."""
    fast_path.chmod(0o755)
    if (who := user()) is not None:
        import shutil

        shutil.chown(fast_path, who)
    one = Node(fast_path / "data")
    try:
        one.make()
        one.start()
        one.ask("CREATE DATABASE hub")
        yield one
    finally:
        one.kill()


@pytest.fixture
def site(node: Node, tmp_path: Path) -> Site:
    """A site on it, by two addresses."""
    database = f"postgresql://postgres@/hub?host=127.0.0.1,127.0.0.1&port={free_port()},{node.port}"

    async def enrolled() -> dict[str, str]:
        await migrate(database, MIGRATIONS)
        async with world(node.url("hub"), accounts=("ana", "bea")) as w:
            return w.tokens

    return Site(database, tmp_path, asyncio.run(enrolled()), MAIN)


def _waits_for_a_standby(node: Node) -> list[Any]:
    return node.ask("SELECT pid FROM pg_stat_activity WHERE wait_event = 'SyncRep'")


def _await_a_standby(node: Node, name: str) -> None:
    """From now on a commit is answered when a standby of this name has it; none is called so. Empty: at once again."""
    node.ask(f"ALTER SYSTEM SET synchronous_standby_names = '{name}'")
    node.ask("SELECT pg_reload_conf()")
    until(lambda: node.ask("SHOW synchronous_standby_names")[0][0] == name, "the server does not read its settings")


async def _lose_the_answer(node: Node, asking: "asyncio.Future[Answer]") -> Answer:
    """Cut the connection of the one commit that is done on this server and waits for a standby."""

    def cut() -> None:
        until(lambda: _waits_for_a_standby(node), "nothing was committed")
        ((done,),) = node.ask(
            "SELECT count(pg_terminate_backend(pid, 10000)) FROM pg_stat_activity WHERE wait_event = 'SyncRep'"
        )
        assert done == 1
        _await_a_standby(node, "")

    await asyncio.to_thread(cut)
    return await asyncio.wait_for(asking, PATIENCE)


async def test_of_a_submission(node: Node, site: Site) -> None:
    """It is answered with the status that was committed: one status, one event, one entry."""
    async with hub_here(site) as client:
        assert (await client.get(site.objects)).json() == {}
        await asyncio.to_thread(_await_a_standby, node, "nobody")
        body = json.dumps({"objects": [indicator(1)]}).encode()
        answer = await _lose_the_answer(node, asyncio.create_task(client.post(site.objects, content=body)))
        assert (answer.status_code, answer.json()["success_count"]) == (202, 1)
        assert "message" not in answer.json()["successes"][0], (
            "the first try's status, not a second's that finds a duplicate"
        )
    told = await asyncio.to_thread(
        node.ask,
        "SELECT (SELECT count(*) FROM entry), (SELECT string_agg(id, ' ') FROM status),"
        " (SELECT count(*) FROM event WHERE action = 'submit')",
        "hub",
    )
    assert tuple(told[0]) == (1, answer.json()["id"], 1)


async def test_of_small_submissions_in_one_transaction(node: Node, site: Site) -> None:
    """Each is answered with its own status: as many statuses, events and entries, from one commit and no other."""
    store = await open_store(site.database)
    try:
        who = await identify(store, site.tokens["ana"], username="ana", group="alpha", collection="main")
        reach, caller = who.require_reach(), Caller(who.account)
        await asyncio.to_thread(_await_a_standby, node, "nobody")
        bodies = [envelope(indicator(number)) for number in range(TOGETHER)]
        found = await _lose_the_answer(node, asyncio.gather(*(submit(store, caller, reach, one) for one in bodies)))
    finally:
        await store.close()
    for number, one in enumerate(found):
        assert [(each.id, each.failed, each.message) for each in one.details] == [(indicator(number)["id"], False, "")]
    told = await asyncio.to_thread(
        node.ask,
        "SELECT (SELECT array_agg(stix_id ORDER BY date_added) FROM entry), (SELECT array_agg(id ORDER BY id) FROM status),"
        " (SELECT count(*) FROM event WHERE action = 'submit'), (SELECT count(DISTINCT xmin::text) FROM entry)",
        "hub",
    )
    ids = [indicator(number)["id"] for number in range(TOGETHER)]
    assert tuple(told[0]) == (ids, sorted(one.id for one in found), TOGETHER, 1)


async def test_of_a_page(node: Node, site: Site) -> None:
    """The page goes out, and is recorded once."""
    async with hub_here(site) as client:
        body = json.dumps({"objects": [indicator(1)]}).encode()
        assert (await client.post(site.objects, content=body)).status_code == 202
        await asyncio.to_thread(_await_a_standby, node, "nobody")
        answer = await _lose_the_answer(node, asyncio.create_task(client.get(site.objects)))
        assert (answer.status_code, len(answer.json()["objects"])) == (200, 1)
    told = await asyncio.to_thread(node.ask, "SELECT count(*) FROM event WHERE action = 'serve'", "hub")
    assert told[0][0] == 1


async def test_of_a_server_that_restarts(node: Node, site: Site) -> None:
    """Nobody is told: what is asked while it is down is answered when it is up."""
    async with hub_here(site) as client:
        body = json.dumps({"objects": [indicator(1)]}).encode()
        assert (await client.post(site.objects, content=body)).status_code == 202
        await asyncio.to_thread(node.kill)
        asked = [
            asyncio.create_task(client.get(site.objects)),
            asyncio.create_task(client.get("/taxii2/alpha/collections/")),
            asyncio.create_task(client.post(site.objects, content=json.dumps({"objects": [indicator(2)]}).encode())),
        ]
        await asyncio.to_thread(node.start)
        assert [(await one).status_code for one in asked] == [200, 200, 202]


async def test_of_a_server_that_does_not(node: Node, site: Site) -> None:
    """What waits longer than it may is unavailable; with no patience at once."""
    async with hub_here(site, database_patience=0) as client:
        assert (await client.get(site.objects)).status_code == 200
        await asyncio.to_thread(node.kill)
        for answer in (await client.get(site.objects), await client.post(site.objects, content=b"{}")):
            require_unavailable(answer.status_code, answer.headers, answer.content)


async def test_a_pool_that_is_used_up(node: Node, site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever finds no connection within the time-out is told to come back; whoever has one goes on when it can."""
    monkeypatch.setattr(engine, "POOL_WAIT", 0.5)
    import asyncpg

    async with hub_here(site) as client:
        holder = await asyncpg.connect(node.url("hub"))
        try:
            async with holder.transaction():
                await holder.execute("SELECT * FROM clock FOR UPDATE")
                # Larger than what shares a transaction, and with it a connection.
                large = [indicator(number, description=f"{number} " * 40_000) for number in range(POOL + 2)]
                bodies = [json.dumps({"objects": [one]}).encode() for one in large]
                posting = [asyncio.create_task(client.post(site.objects, content=body)) for body in bodies]
                refused = 0
                while refused < 2:
                    done, _ = await asyncio.wait(posting, timeout=PATIENCE, return_when=asyncio.FIRST_COMPLETED)
                    assert done, "it hangs"
                    for one in done:
                        answer = await one
                        require_unavailable(answer.status_code, answer.headers, answer.content)
                        posting.remove(one)
                        refused += 1
        finally:
            await holder.close()
        assert [(await one).status_code for one in posting] == [202] * POOL


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("postgresql://hub@/hub?host=a,b&port=1,2&target_session_attrs=standby", "the one that writes"),
        ("postgresql://hub@/hub?host=a,b&port=1,2,3", "hosts and ports"),
        ("postgresql://hub@/hub?host=a,b", "ports"),
    ],
)
def test_addresses_that_cannot_be_used(url: str, says: str) -> None:
    """Told at the start, in a sentence."""
    with pytest.raises(Misconfigured, match=says):
        Connector(database_url(url))
