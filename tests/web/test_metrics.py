"""What a watcher is told: whether the hub can work, and how much it does; never any name."""

import re

from sqlalchemy import text

from support.http import OBJECTS, site
from support.world import MAIN, indicator

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
