"""The rules of the API: problem details, the order of refusals, paging by key, and requests that are made once."""

import base64
from typing import Any

import pytest
from sqlalchemy import func, select

from indicator_hub.sharing import enrol
from indicator_hub.store.once import KEPT
from indicator_hub.store.schema import consent, event
from support.http import OBJECTS, Site, site
from support.world import MAIN, indicator

ALPHA = f"/groups/alpha/collections/{MAIN}"
ONE = indicator(1)["id"]
ASK = {"group": "alpha", "collection": "main", "object": ONE, "use": "evidence", "purpose": "A case"}


async def test_refusals_are_problem_details(database_url: str) -> None:
    """RFC 9457: a type of its own, a title, the status; what was sent wrongly is named place by place."""
    async with site(database_url) as s:
        answer = await s.api("POST", "/consents", "ana", {"use": "nothing", "more": 1})
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
        told = answer.json()
        assert (told["type"], told["status"]) == ("urn:indicator-hub:problem:invalid", 400)
        assert {one["at"] for one in told["errors"]} == {"group", "collection", "object", "use", "purpose", "more"}
        answer = await s.api("GET", "/nothing/at/all")
        assert answer.json() == {
            "type": "urn:indicator-hub:problem:not-found",
            "title": "There is no such resource.",
            "status": 404,
        }
        assert (await s.api("GET", "/access", None)).headers["www-authenticate"].startswith("Basic")


async def test_the_order_of_refusals(database_url: str) -> None:
    """Size by the head, credential, method, media type and query, what exists, rights, and the body last."""
    path, hidden = f"{ALPHA}/objects/{ONE}/recall", f"/groups/night/collections/{MAIN}/objects/{ONE}/recall"
    async with site(database_url) as s:
        await s.post(indicator(1, tlp="GREEN"))
        wrong: dict[str, str] = {"content_type": "text/html"}
        found = [
            await s.api("POST", hidden, None, {}, content_length="99999999", **wrong),
            await s.api("PATCH", hidden, None, {}, **wrong),
            await s.api("PATCH", hidden, "dan", {}, **wrong),
            await s.api("POST", hidden, "dan", {}, **wrong),
            await s.api("POST", hidden, "dan", {"no": 1}),
            await s.api("POST", path, "dan", {"no": 1}),
            await s.api("POST", path, "dan"),
        ]
        assert [one.status_code for one in found] == [413, 401, 405, 415, 404, 400, 403]


async def test_a_deed_with_a_key_is_done_once(database_url: str) -> None:
    """The same request again is answered as the first time, and says so; one consent, one event."""
    async with site(database_url) as s:
        await s.post(indicator(1, tlp="AMBER"))
        first = await s.api("POST", "/consents", "bea", ASK, idempotency_key="one")
        again = await s.api("POST", "/consents", "bea", ASK, idempotency_key="one")
        assert (first.status_code, again.status_code, first.content) == (201, 201, again.content)
        assert ("idempotency-replayed" in first.headers, again.headers["idempotency-replayed"]) == (False, "true")
        other = await s.api("POST", "/consents", "bea", ASK | {"purpose": "Another"}, idempotency_key="one")
        assert (other.status_code, "another request" in other.json()["detail"]) == (422, True)
        elsewhere = await s.api("POST", f"{ALPHA}/objects/{ONE}/reissue", "bea", {}, idempotency_key="one")
        assert elsewhere.status_code == 422
        assert (await s.api("POST", "/consents", "bea", ASK, idempotency_key="two")).status_code == 409, "asked already"
        async with s.world.store.transactions.read() as tx:
            assert (await tx.execute(select(func.count()).select_from(consent))).scalar_one() == 1
            asked = select(func.count()).where(event.c.action == "consent ask", event.c.outcome == "done")
            assert (await tx.execute(asked)).scalar_one() == 1


@pytest.mark.parametrize("deed", ["withdraw", "recall", "release"])
async def test_what_changes_objects_is_done_once_too(database_url: str, deed: str) -> None:
    """A withdrawal, a recall, a release: the answer is that of the first time, though the state has changed."""
    body: dict[str, Any] = {"to": {"group": "alpha", "collection": "other"}} if deed == "release" else {}
    async with site(database_url) as s:
        await s.post(indicator(1, tlp="GREEN"))
        answers = [
            await s.api("POST", f"{ALPHA}/objects/{ONE}/{deed}", "ana", body, idempotency_key="k") for _ in range(2)
        ]
        assert answers[0].content == answers[1].content
        assert answers[0].status_code == answers[1].status_code == (202 if deed == "release" else 200)


async def test_evidence_is_exported_once_and_only_while_it_is_seen(database_url: str) -> None:
    """The same export again under its key, recorded once; once the object is taken back its bytes are not given out that way either."""
    async with site(database_url) as s:
        await s.post(indicator(1, tlp="AMBER"))
        path, body = f"{ALPHA}/objects/{ONE}/evidence", {"purpose": "Case 12"}
        first = await s.api("POST", path, "bea", body, idempotency_key="k")
        s.world.clock.now += 1_000_000
        again = await s.api("POST", path, "bea", body, idempotency_key="k")
        assert (first.status_code, again.status_code, first.json()) == (200, 200, again.json())
        async with s.world.store.transactions.read() as tx:
            done = select(func.count()).where(event.c.action == "evidence", event.c.outcome == "done")
            assert (await tx.execute(done)).scalar_one() == 1
        await s.api("POST", f"{ALPHA}/objects/{ONE}/recall")
        assert (await s.api("POST", path, "bea", body, idempotency_key="k")).status_code == 404


async def test_no_versions_are_not_all_versions(database_url: str) -> None:
    """An empty list is refused: left out it would mean the whole line."""
    async with site(database_url) as s:
        await s.post(indicator(1, tlp="GREEN"))
        for path in (f"{ALPHA}/objects/{ONE}/recall", f"{ALPHA}/objects/{ONE}/reissue", f"/own/{ONE}/recall"):
            assert (await s.api("POST", path, "ana", {"versions": []})).status_code == 400
        assert (await s.get(f"{OBJECTS}{ONE}/", "dan")).status_code == 200


async def test_keys_are_each_accounts_own_and_refusals_are_not_kept(database_url: str) -> None:
    """Another account's key says nothing of mine; what was refused is judged anew; after a day a key is free again."""
    async with site(database_url) as s:
        assert (await s.api("POST", "/consents", "bea", ASK, idempotency_key="k")).status_code == 404
        await s.post(indicator(1, tlp="AMBER"))
        assert (await s.api("POST", "/consents", "bea", ASK, idempotency_key="k")).status_code == 201
        assert (await s.api("POST", "/consents", "bank", ASK, idempotency_key="k")).status_code == 201
        s.world.clock.now += KEPT + 1
        await s.api("POST", "/groups/alpha/named", "bea", {"account": "bea"}, idempotency_key="other")
        assert (await s.api("POST", "/consents", "bea", ASK, idempotency_key="k")).status_code == 409
        for wrong in ("", " ", "x" * 256, "a b"):
            assert (await s.api("POST", "/consents", "bea", ASK, idempotency_key=wrong)).status_code == 400


async def walk(s: Site, path: str, account: str = "ana", *, limit: int = 1) -> list[dict[str, Any]]:
    """Every item of a list, page after page."""
    found: list[dict[str, Any]] = []
    following = ""
    while True:
        sign = "&" if "?" in path else "?"
        page = (await s.api("GET", f"{path}{sign}limit={limit}{following}", account)).json()
        assert len(page["items"]) <= limit
        found += page["items"]
        if not page["more"]:
            assert "next" not in page
            return found
        following = f"&next={page['next']}"


async def test_lists_are_walked_by_key(database_url: str) -> None:
    """One by one or all at once, the same; also for what was given out and taken back."""
    async with site(database_url) as s:
        for number in range(1, 5):
            await s.post(
                indicator(number, tlp="AMBER"),
                indicator(
                    10 + number, object_marking_refs=[f"marking-definition--{'0' * 8}-0000-4000-8000-{number:012}"]
                ),
            )
            s.world.clock.now += 1_000
        await s.post(indicator(5, tlp="GREEN"), path=OBJECTS.replace(MAIN, "other"))
        await s.get(OBJECTS, "bea")
        for number in (1, 2, 3):
            await s.api("POST", "/consents", "bea", ASK | {"object": indicator(number)["id"]})
        for number in (2, 3, 4):
            await s.api("POST", f"{ALPHA}/objects/{indicator(number)['id']}/recall")
        for path, account, number in (
            ("/own", "ana", 2), ("/own?state=held", "ana", 4), ("/own?state=recalled", "ana", 3), ("/recalls", "bea", 3),
            ("/recalls/issued", "ana", 3), ("/consents", "bea", 3), ("/consents?state=asked", "ana", 3),
        ):  # fmt: skip
            whole = (await s.api("GET", path, account)).json()
            assert (len(whole["items"]), whole["more"]) == (number, False), path
            for limit in (1, 2):
                assert await walk(s, path, account, limit=limit) == whole["items"], path


async def test_since(database_url: str) -> None:
    """A poller of recalls asks again from the time that the last answer named: nothing is lost to what was still being recorded."""
    async with site(database_url) as s:
        await s.post(indicator(1, tlp="AMBER"), indicator(2, tlp="AMBER"))
        await s.get(OBJECTS, "bea")
        await s.api("POST", f"{ALPHA}/objects/{ONE}/recall")
        page = (await s.api("GET", "/recalls", "bea")).json()
        assert [
            one["object"] for one in (await s.api("GET", f"/recalls?since={page['since']}", "bea")).json()["items"]
        ] == [ONE]
        s.world.clock.now += 120_000_000
        since = (await s.api("GET", "/recalls", "bea")).json()["since"]
        assert (await s.api("GET", f"/recalls?since={since}", "bea")).json()["items"] == []
        await s.api("POST", f"{ALPHA}/objects/{indicator(2)['id']}/recall")
        assert len((await s.api("GET", f"/recalls?since={since}", "bea")).json()["items"]) == 1


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=-1", "limit=x", "limit=1.5", "next=x", "next=W10", "next=W3t9XQ", "next=%00", "state=x"]
)
async def test_a_wrong_query_is_refused(database_url: str, query: str) -> None:
    """400, whatever the list; an unknown parameter is nothing, a limit above the most is the most."""
    async with site(database_url) as s:
        assert (await s.api("GET", f"/own?{query}")).status_code == 400
        assert (await s.api("GET", "/own?limit=100000&color=blue")).status_code == 200
        assert (await s.api("GET", "/own?limit=1&limit=1")).status_code == 400


async def test_answers_hold_no_nulls(database_url: str) -> None:
    """What is not known is left out."""
    async with site(database_url) as s:
        await s.post(indicator(1, tlp="AMBER"))
        for path in ("/access", "/own", f"/own/{ONE}", f"{ALPHA}/objects/{ONE}/audience"):
            assert "null" not in (await s.api("GET", path)).text


@pytest.mark.parametrize(
    "place",
    [
        '[9223372036854775808,"x"]',
        '[1,"\\u0000"]',
        "[1]",
        '["x",1]',
        '[true,"x"]',
        "{}",
        "1",
        '[1,"\\ud800"]',
        "[" * 200,
        "[" * 30_000,
    ],
)
async def test_a_forged_place_is_refused(database_url: str, place: str) -> None:
    """`next` opens nothing, and what cannot be a place is 400, not a fault."""
    async with site(database_url) as s:
        forged = base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")
        assert (await s.api("GET", f"/recalls?next={forged}")).status_code == 400


async def test_texts_that_no_database_holds_are_refused(database_url: str) -> None:
    """U+0000 in a body is 400 with its place; odd names are as names that are not there."""
    async with site(database_url) as s:
        await s.post(indicator(1, tlp="GREEN"))
        answer = await s.api("POST", f"{ALPHA}/objects/{ONE}/evidence", "bea", {"purpose": "a\0b"})
        assert (answer.status_code, answer.json()["errors"][0]["at"]) == (400, "purpose")
        assert (await s.api("POST", "/groups/alpha/named", "bea", {"account": "\0"})).status_code == 400
        for hidden in ("\x1b[2J", "\x9b2J", "\u202e", "\u2066", "\x7f"):
            assert (await s.api("POST", "/consents", "bea", ASK | {"purpose": f"x{hidden}"})).status_code == 400
        # A line end of Windows, blanks that are none, joiners of Persian and of emoji, marks of direction, an ideographic space.
        written = "a\r\nb\tc\u00a0d\u202fe\u200cf\u200d\u200e\u061c\u3000\U0001f469\u200d\U0001f4bb"
        answer = await s.api("POST", f"{ALPHA}/objects/{ONE}/evidence", "bea", {"purpose": written})
        assert (answer.status_code, answer.json()["purpose"]) == (200, written)
        for odd in ("\U0001f600", "'; DROP TABLE entry; --", "..", "%25"):
            assert (await s.api("POST", "/groups/alpha/named", "bea", {"account": odd})).status_code == 404
        sent = s.headers("bea", content_type="application/json")
        answer = await s.client.post(
            f"/api/v1{ALPHA}/objects/{ONE}/evidence", headers=sent, content=b'{"purpose": "\\ud800"}'
        )
        assert answer.status_code == 400


async def test_scopes_narrow_what_an_account_does(database_url: str) -> None:
    """Without `read` nothing is handed out, without `submit` nothing taken back, without `manage` nothing decided."""
    async with site(database_url) as s:
        for name, scopes in (("giver", ["submit"]), ("reader", ["read"])):
            for organisation in ("xa-cert", "xb-cert"):
                account = f"{organisation}.{name}"
                _, s.world.tokens[account] = await enrol.enrol(
                    s.world.store, account, organisation=organisation, kind="person", scopes=scopes
                )
        await s.post(indicator(1, tlp="GREEN"))
        one = f"{ALPHA}/objects/{ONE}"
        asked = [
            await s.api("POST", f"{one}/evidence", "xb-cert.giver", {"purpose": "x"}), await s.api("GET", f"{one}/audience", "xb-cert.giver"),
            await s.api("POST", "/consents", "xb-cert.giver", ASK), await s.api("GET", f"/own/{ONE}", "xa-cert.giver"),
            await s.api("POST", f"{one}/release", "xb-cert.giver", {"to": {"group": "alpha", "collection": "other"}}),
            await s.api("POST", f"{one}/recall", "xa-cert.reader"), await s.api("POST", f"/own/{ONE}/recall", "xa-cert.reader"),
            await s.api("POST", f"{one}/withdraw", "xa-cert.reader"), await s.api("POST", f"{one}/release", "xa-cert.reader", {"to": {"group": "alpha", "collection": "other"}}),
            await s.api("POST", "/groups/alpha/named", "xb-cert.reader", {"account": "bea"}), await s.api("GET", "/accounts", "xb-cert.reader"),
        ]  # fmt: skip
        assert [answer.status_code for answer in asked] == [403] * len(asked)
        assert (await s.api("POST", f"{one}/recall", "xa-cert.giver")).status_code == 200
        assert (await s.api("POST", f"{one}/reissue", "xa-cert.reader")).status_code == 403
