"""What is hidden answers as what never was: each channel of the trust model, to the byte, headers included."""

import json
import logging
import re
from typing import Any

import httpx2
import pytest

from indicator_hub.sharing.apply import apply
from indicator_hub.trust.roster import Membership
from support.http import OBJECTS, Site, site
from support.marks import handling, marking
from support.world import FED, MAIN, NIGHT, OTHER, TLP, envelope, indicator, roster

HIDDEN, NEVER = indicator(1)["id"], indicator(77)["id"]
ALPHA = f"/groups/alpha/collections/{MAIN}"
REPORT = indicator(
    9, type="report", id="report--00000000-0000-4000-8000-000000000009", name="R", published="2026-11-01T00:00:00Z", tlp="GREEN",
    pattern=None, pattern_type=None, valid_from=None,
)  # fmt: skip


def same(one: httpx2.Response, other: httpx2.Response) -> None:
    """Status, every header, and the body."""
    assert (one.status_code, one.headers.multi_items(), one.content) == (
        other.status_code, other.headers.multi_items(), other.content,
    )  # fmt: skip


async def both(s: Site, account: str, method: str, path: str, never: str, body: Any = None) -> httpx2.Response:
    """Ask for what is hidden and for what never was; both answers are one."""
    answers: list[httpx2.Response] = []
    for target in (path, never):
        if target.startswith("/taxii2/"):
            content = envelope(indicator(5)) if method == "POST" else None
            headers = s.headers(account, **({"content_type": "application/taxii+json;version=2.1"} if content else {}))
            answers.append(await s.client.request(method, target, headers=headers, content=content))
        else:
            answers.append(await s.api(method, target, account, body))
    same(*answers)
    return answers[0]


TAXII = (
    # A group that one has no part in, and all that is in it.
    ("GET", "/taxii2/night/", "/taxii2/never/"),
    ("GET", "/taxii2/night/collections/", "/taxii2/never/collections/"),
    ("GET", f"/taxii2/night/collections/{NIGHT}/", f"/taxii2/never/collections/{NIGHT}/"),
    ("GET", f"/taxii2/night/collections/{NIGHT}/objects/", f"/taxii2/never/collections/{NIGHT}/objects/"),
    ("POST", f"/taxii2/night/collections/{NIGHT}/objects/", f"/taxii2/never/collections/{NIGHT}/objects/"),
    ("GET", "/taxii2/night/status/1/", "/taxii2/never/status/1/"),
    # A collection of another group, under a group that one has a part in; by id and by alias.
    ("GET", f"/taxii2/alpha/collections/{NIGHT}/", "/taxii2/alpha/collections/00000000-0000-4000-8000-00000000dead/"),
    ("GET", "/taxii2/alpha/collections/case/objects/", "/taxii2/alpha/collections/nothing/objects/"),
    ("POST", f"/taxii2/alpha/collections/{NIGHT}/objects/", "/taxii2/alpha/collections/nothing/objects/"),
    # An object above one's level.
    ("GET", f"{OBJECTS}{HIDDEN}/", f"{OBJECTS}{NEVER}/"),
    ("GET", f"{OBJECTS}{HIDDEN}/?match[version]=all", f"{OBJECTS}{NEVER}/?match[version]=all"),
    ("GET", f"{OBJECTS}{HIDDEN}/versions/", f"{OBJECTS}{NEVER}/versions/"),
    ("GET", f"{OBJECTS}?match[id]={HIDDEN}", f"{OBJECTS}?match[id]={NEVER}"),
    ("GET", f"{OBJECTS}?match[type]=malware", f"{OBJECTS}?match[type]=tool"),
    ("DELETE", f"{OBJECTS}{HIDDEN}/", f"{OBJECTS}{NEVER}/"),
)  # fmt: skip


@pytest.mark.parametrize("account", ["dan", "bank", "gus"])
async def test_what_is_hidden_answers_as_what_never_was(database_url: str, account: str) -> None:
    """Over TAXII, for an observer, a client and a submitter: groups, collections, objects, versions, statuses; HEAD as GET."""
    malware = indicator(
        3, type="malware", id=f"malware{HIDDEN[9:]}", is_family=False, pattern=None, pattern_type=None, valid_from=None
    )
    async with site(database_url) as s:
        made = await s.post(indicator(1, tlp="STRICT"), malware | {"object_marking_refs": [TLP["STRICT"]]})
        assert made.json()["failure_count"] == 0
        await s.post(indicator(1, tlp="GREEN"), account="eve", path=f"/taxii2/night/collections/{NIGHT}/objects/")
        status = made.json()["id"]
        for method, hidden, never in (
            *TAXII,
            ("GET", f"/taxii2/alpha/status/{status}/", f"/taxii2/alpha/status/{status[::-1]}/"),
        ):
            await both(s, account, method, hidden, never)
            if method == "GET":
                await both(s, account, "HEAD", hidden, never)


DEEDS = (
    ("GET", "audience", None), ("POST", "withdraw", {}), ("POST", "recall", {}), ("POST", "reissue", {}),
    ("POST", "release", {"to": {"group": "alpha", "collection": "other"}}), ("POST", "evidence", {"purpose": "x"}),
)  # fmt: skip


@pytest.mark.parametrize("account", ["dan", "bank"])
async def test_every_deed_on_what_is_hidden(database_url: str, account: str) -> None:
    """Over the API: what one does not see cannot be looked at, taken back, passed on or exported, and does not exist."""
    async with site(database_url) as s:
        await s.post(indicator(1, tlp="STRICT"))
        await s.post(indicator(2, tlp="GREEN"))
        await s.api("POST", f"{ALPHA}/objects/{indicator(2)['id']}/recall", "ana", {})
        for method, name, body in DEEDS:
            for hidden in (HIDDEN, indicator(2)["id"]):
                path, never = (f"{ALPHA}/objects/{of}/{name}" for of in (hidden, NEVER))
                answer = await both(s, account, method, path, never, body)
                assert answer.status_code == 404
        for method, name, body in DEEDS:
            path, never = (
                f"/groups/{group}/collections/{NIGHT}/objects/{HIDDEN}/{name}" for group in ("night", "never")
            )
            assert (await both(s, account, method, path, never, body)).status_code == 404
        ask = {"group": "alpha", "collection": "main", "object": HIDDEN, "use": "evidence", "purpose": "x"}
        same(
            await s.api("POST", "/consents", account, ask),
            await s.api("POST", "/consents", account, ask | {"object": NEVER}),
        )
        to = {"use": "release", "to": "night", "object": NEVER}
        same(
            await s.api("POST", "/consents", account, ask | to),
            await s.api("POST", "/consents", account, ask | to | {"to": "never"}),
        )


async def test_what_belongs_to_others_in_the_api(database_url: str) -> None:
    """Another's record, recall, consent, account, named person and report are as those that never were."""
    name = "00000000-0000-4000-8000-00000000dead"
    async with site(database_url) as s:
        await s.post(indicator(1, tlp="AMBER"))
        await s.get(OBJECTS, "bea")
        ask = {"group": "alpha", "collection": "main", "object": HIDDEN, "use": "evidence", "purpose": "x"}
        consent = (await s.api("POST", "/consents", "bea", ask)).json()["id"]
        recall = (await s.api("POST", f"{ALPHA}/objects/{HIDDEN}/recall", "ana")).json()["recalls"][0]["id"]
        await s.api("POST", "/groups/alpha/named", "bea", {"account": "bea"})
        pairs = (
            ("GET", f"/own/{HIDDEN}", f"/own/{NEVER}"), ("POST", f"/own/{HIDDEN}/recall", f"/own/{NEVER}/recall"),
            ("POST", f"/recalls/{recall}/acknowledge", f"/recalls/{name}/acknowledge"),
            *(("POST", f"/consents/{consent}/{deed}", f"/consents/{name}/{deed}") for deed in ("grant", "refuse", "withdraw")),
            ("GET", f"/consents/{consent}", f"/consents/{name}"),
            ("POST", "/accounts/ana/suspend", "/accounts/nobody/suspend"), ("POST", "/accounts/ana/reinstate", "/accounts/nobody/reinstate"),
            ("DELETE", "/groups/alpha/named/bea", "/groups/alpha/named/nobody"),
            ("GET", "/operations/night/report", "/operations/never/report"), ("GET", "/groups/night/named", "/groups/never/named"),
            ("POST", f"/groups/night/collections/{NIGHT}/audience", f"/groups/never/collections/{NIGHT}/audience"),
        )  # fmt: skip
        for method, hidden, never in pairs:
            assert (await both(s, "dan", method, hidden, never, {} if method == "POST" else None)).status_code == 404
        for path in ("/recalls", "/recalls/issued", "/consents", "/own", "/groups/alpha/named"):
            assert (await s.api("GET", path, "dan")).json()["items"] == [], path


@pytest.mark.parametrize("account", ["dan", "gus"])
async def test_submitting_tells_nothing_of_what_is_hidden(database_url: str, account: str) -> None:
    """An id that another shares out of sight, a mark that another has defined, a part that is hidden: the status says what it always says."""
    mark, other = marking(1, **handling(handling="H0")), marking(2, **handling(handling="H0"))
    usual = roster()
    observer = Membership("xb-soc", "alpha", "observer", can_write=True)
    declared = roster(memberships=dict(usual.memberships) | {("xb-soc", "alpha"): observer})
    async with site(database_url, declared) as s:
        await s.post(mark, indicator(1, tlp="STRICT"), indicator(3, tlp="STRICT", name="Other"))

        async def told(*objects: dict[str, Any]) -> list[Any]:
            """Status and preview, ids aside."""
            sent = s.headers(account, content_type="application/json")
            foreseen = await s.client.post(f"/api/v1{ALPHA}/audience", headers=sent, content=envelope(*objects))
            status = (await s.post(*objects, account=account)).json()
            answers = json.dumps([foreseen.json(), status])
            for one in objects:
                answers = answers.replace(one["id"], "ID")
            for name in (HIDDEN, NEVER, indicator(3)["id"], indicator(78)["id"], mark["id"], other["id"]):
                answers = answers.replace(name, "NAMED")
            return re.sub(r'"id": "[0-9a-f-]{36}"|"request_timestamp": "[^"]+"', "", answers).split()

        assert await told(indicator(1, tlp="GREEN")) == await told(indicator(77, tlp="GREEN"))
        green = TLP["GREEN"]
        marked = [
            indicator(number, object_marking_refs=[green, one["id"]]) for number, one in ((10, mark), (11, other))
        ]
        assert await told(marked[0]) == await told(marked[1])
        reports = [
            REPORT | {"id": f"report--00000000-0000-4000-8000-00000000000{place}", "object_refs": [of]}
            for place, of in enumerate((indicator(3)["id"], indicator(78)["id"]))
        ]
        assert await told(reports[0]) == await told(reports[1])


async def test_pages_are_those_of_what_is_seen(database_url: str) -> None:
    """`more`, `next` and the dates come from visible rows alone: with hidden ones before, between and behind, a walk is the same."""

    async def walk(s: Site, limit: int) -> list[tuple[Any, ...]]:
        """Each page: how many objects, whether more follow, how long `next` is, and whether there are dates."""
        found: list[tuple[Any, ...]] = []
        path = f"{OBJECTS}?limit={limit}"
        while True:
            answer = await s.get(path, "dan")
            page = answer.json()
            found.append(
                (
                    len(page.get("objects", [])),
                    page.get("more"),
                    "next" in page,
                    len(page.get("next", "")),
                    "x-taxii-date-added-first" in answer.headers,
                )
            )
            if not page.get("more"):
                return found
            path = f"{OBJECTS}?limit={limit}&next={page['next']}"

    async with site(database_url) as s:
        seen = [indicator(number, tlp="GREEN") for number in range(1, 6)]
        for one in seen:
            await s.post(one)
        alone = [await walk(s, limit) for limit in (1, 2, 5)]
        for one in seen:
            await s.delete(f"{OBJECTS}{one['id']}/")
        for number in range(1, 6):
            await s.post(indicator(100 + number, tlp="STRICT"), indicator(200 + number, tlp="RED"))
            await s.post(indicator(20 + number, tlp="GREEN"))
        await s.post(indicator(300, tlp="STRICT"))
        among = [await walk(s, limit) for limit in (1, 2, 5)]
    assert among == alone


async def test_cursors(database_url: str) -> None:
    """Forged: 400. Another account's, or another collection's: one's own first page."""
    async with site(database_url) as s:
        await s.post(*(indicator(number, tlp="GREEN") for number in range(1, 5)))
        mine = (await s.get(f"{OBJECTS}?limit=2", "bea")).json()["next"]
        forged = mine[:-4] + ("AAAA" if mine[-4:] != "AAAA" else "BBBB")
        assert (await s.get(f"{OBJECTS}?next={forged}", "bea")).status_code == 400
        first = [one["id"] for one in (await s.get(f"{OBJECTS}?limit=2", "dan")).json()["objects"]]
        assert [one["id"] for one in (await s.get(f"{OBJECTS}?limit=2&next={mine}", "dan")).json()["objects"]] == first
        other = OBJECTS.replace(MAIN, OTHER)
        same(await s.get(f"{other}?next={mine}", "bea"), await s.get(other, "bea"))


async def test_collections_are_those_of_awake_groups(database_url: str) -> None:
    """With the rights of this account; a group that sleeps or that one has left is in no list."""
    async with site(database_url) as s:
        roots = (await s.get("/taxii2/", "bea")).json()["api_roots"]
        assert [root.rsplit("/", 2)[1] for root in roots] == ["alpha", "night", "public"]
        listed = (await s.get("/taxii2/alpha/collections/", "dan")).json()["collections"]
        assert {one["id"]: (one["can_read"], one["can_write"]) for one in listed} == dict.fromkeys(
            (MAIN, OTHER, FED), (True, False)
        )
        usual = roster()
        await apply(
            s.world.store,
            roster(memberships={key: one for key, one in usual.memberships.items() if key != ("xb-cert", "night")}),
        )
        roots = (await s.get("/taxii2/", "bea")).json()["api_roots"]
        assert [root.rsplit("/", 2)[1] for root in roots] == ["alpha", "public"]
        assert "night" not in (await s.api("GET", "/access", "bea")).text


async def test_logs_and_errors_tell_nothing(database_url: str, caplog: pytest.LogCaptureFixture) -> None:
    """No object, group, collection or organisation in what is logged; no stored data, SQL or constraint in what is answered."""
    caplog.set_level(logging.INFO)
    secret = indicator(1, tlp="STRICT", name="Zanzibar", pattern="[domain-name:value = 'zanzibar.example']")
    async with site(database_url) as s:
        await s.post(secret)
        answers = [
            await s.post(indicator(1, tlp="GREEN", name="Otherwise")),
            await s.post(indicator(1, tlp="GREEN"), account="dan"),
            await s.get(f"{OBJECTS}{HIDDEN}/", "dan"),
            await s.api("POST", f"{ALPHA}/objects/{HIDDEN}/evidence", "dan", {"purpose": "x"}),
            await s.api(
                "POST", f"{ALPHA}/objects/{HIDDEN}/release", "bea", {"to": {"group": "night", "collection": "case"}}
            ),
            await s.api("POST", f"{ALPHA}/objects/{HIDDEN}/recall", "bea", {"reason": "zzz"}),
        ]
        for answer in answers:
            text = answer.text.lower()
            assert not any(
                word in text for word in ("zanzibar", "select ", "insert ", "unique", "constraint", "traceback")
            )
    logged = " ".join(record.getMessage() for record in caplog.records if record.name.startswith("indicator_hub"))
    assert not any(word in logged for word in ("Zanzibar", "zanzibar", HIDDEN, MAIN, "alpha", "xa-cert", "xb-soc"))


async def test_nothing_is_kept_by_a_cache(database_url: str) -> None:
    """Every answer says no-store, and by what it varies: 200, 401, 403, 404 alike."""
    async with site(database_url) as s:
        await s.post(indicator(1, tlp="GREEN"))
        answers = [
            await s.get(OBJECTS), await s.get(OBJECTS, None), await s.delete(f"{OBJECTS}{HIDDEN}/", "dan"), await s.get("/taxii2/never/"),
            await s.api("GET", "/access"), await s.api("GET", "/access", None), await s.api("GET", "/own/nothing"),
        ]  # fmt: skip
        assert [answer.status_code for answer in answers] == [200, 401, 403, 404, 200, 401, 404]
        for answer in answers:
            assert (answer.headers["cache-control"], answer.headers["vary"]) == ("no-store", "Authorization, Accept")
