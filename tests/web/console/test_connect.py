"""Connecting a product: its fields, a token that is shown once, the first poll, and an end to it. The same over the API."""

import re
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import text

from indicator_hub.sharing.sign_in import set_password
from indicator_hub.web.console.products import PRODUCTS
from support.console import Person, person, seated
from support.http import OBJECTS, TAXII, Site, site
from support.world import MAIN, envelope, indicator

PASSWORD = "a long enough one"


@pytest.fixture
async def s(database_url: str) -> AsyncIterator[Site]:
    """The usual world, with something to poll."""
    async with site(database_url) as made:
        await set_password(made.world.store, "ana", PASSWORD)
        await made.post(indicator(1, tlp="GREEN"))
        yield made


@pytest.fixture
async def ana(s: Site) -> AsyncIterator[Person]:
    """Ana's browser, signed in."""
    async with person(s) as made:
        await made.sign_in("ana", PASSWORD)
        yield made


async def _connect(ana: Person, product: str, **more: str) -> str:
    fields = {"product": product, "place": "alpha/main", "account": "+", "machine": "", "days": "90"} | more
    made = await ana.post("/console/connect/", **fields)
    assert made.status_code == 200
    return made.text


async def test_a_product_is_connected_and_its_first_poll_seen(s: Site, ana: Person) -> None:
    """A machine of one's own is made, its token polls what was chosen, and the page tells when it has."""
    page = await _connect(ana, "sentinel", machine="siem")
    token, key = re.search(r"ihub_[\w-]+", page)[0], re.search(r"/connect/tokens/(\d+)/", page)[1]
    for field in ("API root URL", "https://hub.example/taxii2/alpha/", MAIN, "xa-cert-siem", token):
        assert field in page
    waiting = await ana.get(f"/console/connect/tokens/{key}/", hx_request="true")
    assert "every 3s" in waiting.text
    assert "<html" not in waiting.text
    path = f"/taxii2/alpha/collections/{MAIN}/objects/"
    polled = await s.client.get(path, headers={"authorization": f"Bearer {token}", "accept": "application/taxii+json"})
    assert len(polled.json()["objects"]) == 1
    await s.world.store.journal.close()
    seen = await ana.get(f"/console/connect/tokens/{key}/", hx_request="true")
    assert ("every 3s" in seen.text, "2026-11-23 12:00 UTC" in seen.text) == (False, True)
    assert token not in (await ana.get("/console/connect/")).text
    assert (await s.client.post(path, headers={"authorization": f"Bearer {token}"})).status_code in (403, 415)
    await ana.post(f"/console/connect/tokens/{key}/revoke/")
    assert (await s.client.get(path, headers={"authorization": f"Bearer {token}"})).status_code == 401


async def test_every_product_has_what_it_asks_for(ana: Person) -> None:
    """Each names the account and its token, and where to poll."""
    for name in PRODUCTS:
        page = await _connect(ana, name, machine=name)
        assert name == "misp" or f"xa-cert-{name}" in page, "MISP asks for a header alone"
        assert re.search(r"ihub_[\w-]{43}", page)
        assert "hub.example" in page


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"product": "other"}, 400), ({"place": "alpha"}, 400), ({"days": "9999"}, 400), ({"machine": "Name With Blanks"}, 400),
        ({"place": "night/case"}, 404), ({"place": "nowhere/main"}, 404), ({"account": "bea"}, 404), ({"account": "nobody"}, 404),
        ({"account": "ana", "product": "fortigate"}, 400), ({"account": "", "product": "pan"}, 400), ({"account": "abot", "product": "splunk"}, 400),
    ],
)  # fmt: skip
async def test_what_cannot_be_connected(ana: Person, fields: dict[str, str], status: int) -> None:
    """A mistake is said where it can be mended; what is not there for one is not there."""
    sent = {"product": "curl", "place": "alpha/main", "account": "+", "machine": "m", "days": "90"} | fields
    refused = await ana.post("/console/connect/", **sent)
    assert refused.status_code == status
    assert "ihub_" not in refused.text


async def test_the_api_does_the_same(s: Site) -> None:
    """Machines and tokens: made, listed with their last use, revoked; nobody else's."""
    made = await s.api("POST", "/accounts/", body={"name": "siem", "submits": True})
    assert (made.status_code, made.json()["account"], made.json()["scopes"]) == (
        201,
        "xa-cert-siem",
        ["read", "submit"],
    )
    assert (await s.api("POST", "/accounts/", body={"name": "siem"})).status_code == 409
    token = (await s.api("POST", "/tokens/", body={"account": "xa-cert-siem", "label": "the SIEM", "days": 1})).json()
    asked = await s.client.get("/api/v1/access/", headers={"authorization": f"Bearer {token['token']}"})
    assert asked.json()["account"] == "xa-cert-siem"
    await s.world.store.journal.close()
    listed = (await s.api("GET", "/tokens/")).json()["items"]
    mine = next(one for one in listed if one["id"] == token["id"])
    assert (mine["last_used"], mine["ends"]) == ("2026-11-23T12:00:00.000000Z", "2026-11-24T12:00:00.000000Z")
    assert {one["account"] for one in listed} == {"ana", "abot", "xa-cert-siem"}
    assert [one["account"] for one in (await s.api("GET", "/tokens/", account="bank")).json()["items"]] == ["bank"]
    for account in ("bea", "bank"):
        assert (await s.api("DELETE", f"/tokens/{token['id']}/", account=account)).status_code == 404
        assert (await s.api("POST", "/tokens/", account=account, body={"account": "xa-cert-siem"})).status_code == 404
    assert (await s.api("POST", "/tokens/", body={"account": "ana", "days": 0})).status_code == 400
    for path in ("/tokens/x/", f"/tokens/{'9' * 30}/", "/tokens/-1/"):
        assert (await s.api("DELETE", path)).status_code == 404
    assert (await s.api("DELETE", f"/tokens/{token['id']}/")).status_code == 200
    refused = await s.client.get("/api/v1/access/", headers={"authorization": f"Bearer {token['token']}"})
    assert refused.status_code == 401


async def test_a_machine_makes_no_tokens_for_others(s: Site) -> None:
    """Without `manage` a token for oneself alone; a person's nobody makes but itself."""
    await s.api("POST", "/accounts/", body={"name": "probe"})
    probe = (await s.api("POST", "/tokens/", body={"account": "xa-cert-probe"})).json()["token"]
    headers = {"authorization": f"Bearer {probe}", "content-type": "application/json"}
    for path, body, status in (
        ("tokens", {}, 201), ("tokens", {"account": "abot"}, 403), ("accounts", {"name": "more"}, 403),
    ):  # fmt: skip
        assert (await s.client.post(f"/api/v1/{path}/", headers=headers, json=body)).status_code == status
    assert (await s.api("POST", "/tokens/", account="abot", body={"account": "ana"})).status_code == 403


async def test_what_is_connected_only_reads(s: Site, ana: Person) -> None:
    """A token of a person's own, made here, does nothing in its name but read, and makes no other that would."""
    page = await _connect(ana, "curl", account="ana")
    token = re.search(r"ihub_[\w-]+", page)[0]
    headers = {"authorization": f"Bearer {token}"}
    told = (await s.client.get("/api/v1/access/", headers=headers)).json()
    assert (told["account"], told["scopes"]) == ("ana", ["read"])
    assert (await s.client.get(f"/taxii2/alpha/collections/{MAIN}/", headers=headers)).json()["can_write"] is False
    taxii = headers | {"accept": TAXII, "content-type": TAXII}
    assert (await s.client.post(OBJECTS, headers=taxii, content=envelope(indicator(2)))).status_code == 403
    assert (await s.client.post("/api/v1/accounts/", headers=headers, json={"name": "more"})).status_code == 403
    another = (await s.client.post("/api/v1/tokens/", headers=headers, json={})).json()["token"]
    assert (await s.client.get("/api/v1/access/", headers={"authorization": f"Bearer {another}"})).json()["scopes"] == [
        "read"
    ]
    whole = (await s.api("POST", "/tokens/")).json()["token"]
    told = (await s.client.get("/api/v1/access/", headers={"authorization": f"Bearer {whole}"})).json()
    assert told["scopes"] == ["manage", "read", "submit"]


async def test_a_persons_own_token_goes_into_no_device(s: Site) -> None:
    """Who may make no machine is shown what a person runs, who makes machines, and how; a product is refused whoever asks."""
    async with seated(s, "bank") as bank:
        page = (await bank.get("/console/connect/")).text
        assert [name for name, one in PRODUCTS.items() if f'value="{name}"' in page] == list(PRODUCTS), "it manages"
    await s.api("POST", "/accounts/", body={"name": "siem"})
    async with s.world.store.transactions.begin() as tx:
        await tx.execute(text("UPDATE account SET scopes = 'read submit' WHERE name = 'bank'"))
    async with seated(s, "bank") as bank:
        page = (await bank.get("/console/connect/")).text
        assert [name for name in PRODUCTS if f'value="{name}"' in page] == ["curl", "taxii2-client"]
        assert "indicator-hub enrol NAME -o xa-bank --kind service --scopes read" in page
        for product in ("fortigate", "sentinel"):
            for account in ("bank", "+", "", "xa-cert-siem"):
                fields = {"product": product, "place": "alpha/main", "account": account, "machine": "", "days": "90"}
                refused = await bank.post("/console/connect/", **fields)
                assert refused.status_code in (400, 403, 404), (product, account)
                assert "ihub_" not in refused.text
