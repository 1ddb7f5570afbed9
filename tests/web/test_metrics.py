"""What a watcher is told: whether the hub can work, and how much it does; never any name."""

import re
from dataclasses import replace
from typing import Any

from sqlalchemy import text

from indicator_hub.sharing.claim import LEASE
from indicator_hub.sharing.ready import LATE
from indicator_hub.store import jobs
from indicator_hub.web.call import Feeds
from support.http import OBJECTS, site
from support.world import MAIN, indicator, roster

TOKEN = "a token of sixteen and more"


async def test_it_counts_and_names_nothing(sqlite_url: str) -> None:
    """Requests by class and by time; no account, organisation, group, collection or object."""
    async with site(sqlite_url, metrics_token=TOKEN) as s:
        await s.post(indicator(1))
        await s.get(OBJECTS)
        await s.get("/taxii2/nowhere/")
        for sent in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {TOKEN}"}):
            assert (await s.client.get("/metrics", headers=sent)).status_code == 401
        told = (await s.client.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"})).text
    counts = dict(re.findall(r'indicator_hub_requests_total\{answer="(...)"\} (\d+)', told))
    assert (counts["2xx"], counts["4xx"], counts["5xx"]) == ("2", "4", "0")
    buckets = [int(number) for number in re.findall(r'_bucket\{le="[^"]+"\} (\d+)', told)]
    assert buckets == sorted(buckets)
    assert buckets[-1] == 6
    for name in (MAIN, "alpha", "ana", "xa-cert", indicator(1)["id"]):
        assert name not in told
    assert all(re.fullmatch(r'# .*|\w+(\{\w+="[^"]*"\})? [\d.e+-]+', line) for line in told.splitlines())


async def test_without_a_token_there_is_none(sqlite_url: str) -> None:
    """Not there, like anything that never was."""
    async with site(sqlite_url) as s:
        assert (await s.client.get("/metrics")).status_code == 404


async def test_ready_only_with_its_own_schema(database_url: str) -> None:
    """Another process may have brought the database further; the process itself is alive all the same."""
    async with site(database_url) as s:
        assert (await s.client.get("/readyz")).status_code == 200
        async with s.world.store.transactions.begin() as tx:
            await tx.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        assert (await s.client.get("/readyz")).status_code == 503
        assert (await s.client.get("/healthz")).status_code == 200


async def test_ready_only_while_feeds_run_when_they_are_due(database_url: str) -> None:
    """Where feeds run here: a feed long due while none runs is a schedule that stands still. Why, only an account is told."""
    declared = roster()
    every = {"numbers": replace(declared.feeds["numbers"], every=600_000_000)}

    async def nothing(_: str) -> Any:
        raise AssertionError

    async with site(database_url, roster(feeds=every), feeds_of=lambda _: Feeds(nothing, nothing)) as s:
        store, clock = s.world.store, s.world.clock
        assert (await s.client.get("/readyz")).status_code == 200
        async with store.transactions.begin() as tx:
            await jobs.set_due(tx, jobs.of_feed("numbers"), due=clock.now)
        clock.forward(seconds=LATE // 1_000_000)
        assert (await s.client.get("/readyz")).status_code == 200
        clock.forward(seconds=1)
        answers = [
            await s.client.get("/readyz", headers=sent)
            for sent in ({}, {"authorization": "Bearer wrong"}, s.headers("dan"))
        ]
        assert [one.status_code for one in answers] == [503] * 3
        assert [one.text for one in answers[:2]] == ["not ready\n"] * 2
        assert "due for 301 seconds" in answers[2].text
        async with store.transactions.begin() as tx:
            assert await jobs.claim(tx, jobs.of_feed("numbers"), "w", now=clock.now, lease=LEASE)
        assert (await s.client.get("/readyz")).status_code == 200
        clock.forward(seconds=31)
        assert (await s.client.get("/readyz")).status_code == 503
    async with site(database_url, roster(feeds=every)) as s:
        s.world.clock.forward(days=2)
        assert (await s.client.get("/readyz")).status_code == 200
