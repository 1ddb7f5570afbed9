"""Who may come in to the console, how long, and what no other site can send in their name."""

import asyncio
import html
import itertools
import json
import re
import threading
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import func, select

from indicator_hub.sharing import passwords
from indicator_hub.sharing.enrol import suspend
from indicator_hub.sharing.sign_in import ENDS, IDLE, set_password
from indicator_hub.store import attempts
from indicator_hub.store.schema import attempt, event, event_personal, session
from support.console import Person, person
from support.http import Site, site

PASSWORD = "a long enough one"


@pytest.fixture
async def s(database_url: str) -> AsyncIterator[Site]:
    """The usual world; ana signs in with a password."""
    async with site(database_url) as made:
        await set_password(made.world.store, "ana", PASSWORD)
        yield made


@pytest.fixture
async def ana(s: Site) -> AsyncIterator[Person]:
    """Ana's browser, signed in."""
    async with person(s) as made:
        await made.sign_in("ana", PASSWORD)
        yield made


async def test_a_page_sends_to_sign_in_and_back(s: Site) -> None:
    """Whoever is not signed in is asked to, and comes back to where they went; never to another site."""
    async with person(s) as one:
        sent = await one.get("/console/account/?x=1")
        assert (sent.status_code, sent.headers["location"]) == (303, "/console/sign-in/?to=/console/account/%3Fx%3D1")
        assert (await one.sign_in("ana", PASSWORD, to="/console/account/?x=1")).headers[
            "location"
        ] == "/console/account/?x=1"
        assert "ana" in (await one.get("/console/account/")).text
    for to in (
        "https://elsewhere.example/",
        "//elsewhere.example/console/",
        "/console/\\elsewhere",
        "/taxii2/",
        "/console/sign-in/",
    ):
        async with person(s) as one:
            assert (await one.sign_in("ana", PASSWORD, to=to)).headers["location"] == "/console/"


@pytest.mark.parametrize("name", ["bea", "abot", "nobody", "ana\0", "ANA ' OR 1=1"])
async def test_who_has_no_password_is_told_nothing(s: Site, name: str) -> None:
    """A person without one, a machine and nobody are answered alike."""
    async with person(s) as one:
        refused = await one.sign_in(name, PASSWORD)
        assert refused.status_code == 401
        assert "do not belong together" in refused.text
        assert not one.client.cookies


async def test_guessing_has_to_wait(s: Site) -> None:
    """After five wrong passwords in a row an account waits, longer each time, even with the right one; afterwards it is let in."""
    async with person(s) as one:
        assert [(await one.sign_in("ana", f"{n} wrong wrong wrong")).status_code for n in range(5)] == [401] * 5
        waiting = await one.sign_in("ana", PASSWORD)
        assert (waiting.status_code, "try again in" in waiting.text) == (429, True)
        s.world.clock.forward(seconds=2)
        assert (await one.sign_in("ana", PASSWORD)).status_code == 303
    async with s.world.store.transactions.read() as tx:
        counted = select(event.c.action, func.count()).where(event.c.action.in_(("sign in", "refuse password")))
        assert dict((await tx.execute(counted.group_by(event.c.action))).all()) == {"sign in": 1, "refuse password": 5}


async def test_a_name_that_is_not_there_waits_like_one_that_is(s: Site) -> None:
    """Whoever guesses learns from no answer, and from no record, which accounts there are."""
    told: dict[str, list[tuple[int, str | None, str]]] = {}
    for name, address in (("ana", "198.51.100.7"), ("nobody", "198.51.100.8")):
        async with person(s, address) as one:
            answers = [await one.sign_in(name, f"{n} wrong wrong wrong") for n in range(7)]
        told[name] = [
            (each.status_code, each.headers.get("retry-after"), re.sub(r'value="[^"]*"', "", each.text))
            for each in answers
        ]
    assert told["ana"] == told["nobody"]
    assert [(status, after) for status, after, _ in told["ana"]] == [(401, None)] * 5 + [(429, "1")] * 2
    async with s.world.store.transactions.read() as tx:
        refused = select(event.c.account_id).where(event.c.action == "refuse password")
        accounts = (await tx.execute(refused)).scalars().all()
    assert (len(accounts), accounts.count(0)) == (10, 5)


async def test_guesses_that_come_together_are_counted(s: Site) -> None:
    """However many at the same instant, no more of them are looked at than one after the other."""
    async with person(s) as one:
        answers = await asyncio.gather(*(one.sign_in("ana", f"{n} wrong wrong wrong") for n in range(12)))
        assert sorted(answer.status_code for answer in answers) == [401] * 5 + [429] * 7
        assert (await one.sign_in("ana", PASSWORD)).status_code == 429


async def test_nobody_is_kept_out_from_elsewhere(s: Site) -> None:
    """Who guesses waits where it is. After very many guesses under a name all wait, but not who has signed in from there before."""
    async with person(s, "198.51.100.7") as other:
        assert [(await other.sign_in("ana", f"{n} wrong wrong wrong")).status_code for n in range(6)][-1] == 429
    async with person(s, "2001:db8:1:2::1") as usual:
        assert (await usual.sign_in("ana", PASSWORD)).status_code == 303
    async with s.world.store.transactions.begin() as tx:
        await attempts.count(tx, attempts.digest_of("name", "ana"), failures=49, locked_until=None)
    async with person(s, "198.51.100.8") as other:
        assert [(await other.sign_in("ana", f"{n} wrong wrong wrong")).status_code for n in range(2)] == [401, 429]
    async with person(s, "2001:db8:1:2:ffff::9") as usual, person(s, "2001:db8:1:3::1") as new:
        assert (await new.sign_in("ana", PASSWORD)).status_code == 429
        assert (await new.sign_in("bea", PASSWORD)).status_code == 401, "another name does not wait for it"
        assert (await usual.sign_in("ana", PASSWORD)).status_code == 303


async def test_attempts_are_forgotten(s: Site) -> None:
    """After a day without another: nobody waits for them, and they are kept nowhere; where somebody signed in from is."""
    async with person(s, "198.51.100.7") as one:
        await one.sign_in("nobody", PASSWORD)
        assert (await one.sign_in("ana", PASSWORD)).status_code == 303
    async with s.world.store.transactions.begin() as tx:
        for digest in (attempts.digest_of("name", "ana"), attempts.digest_of("both", "ana", "198.51.100.8")):
            await attempts.lock(tx, digest, now=s.world.clock())
            await attempts.count(tx, digest, failures=90, locked_until=None)
    s.world.clock.forward(days=2)
    async with person(s, "198.51.100.8") as one:
        assert [(await one.sign_in("ana", f"{n} wrong wrong wrong")).status_code for n in range(2)] == [401, 401]
    async with s.world.store.transactions.read() as tx:
        kept = set((await tx.execute(select(attempt.c.digest))).scalars())
    sites = {attempts.digest_of("both", "ana", f"198.51.100.{number}") for number in (7, 8)}
    assert kept == {attempts.digest_of("name", "ana"), *sites}


async def test_a_refused_password_is_recorded_with_its_address(s: Site, ana: Person) -> None:
    """Who looks for whoever guessed finds from where, and in which request; also where the present password is asked for."""
    async with person(s, "198.51.100.7") as other:
        await other.sign_in("ana", "wrong wrong wrong")
    await ana.post("/console/account/", former="wrong wrong wrong", password="x" * 20, again="x" * 20)
    columns = event.c.request_id, event.c.account_id, event_personal.c.content
    joined = event.join(event_personal, event_personal.c.digest == event.c.personal_digest)
    async with s.world.store.transactions.read() as tx:
        refused = select(*columns).select_from(joined).where(event.c.action == "refuse password").order_by(event.c.id)
        rows = (await tx.execute(refused)).all()
    assert [bool(name) for name, _, _ in rows] == [True, True]
    assert [json.loads(content)["address"] for _, _, content in rows] == ["198.51.100.7", "127.0.0.1"]
    assert len({account for _, account, _ in rows}) == 1


async def test_who_guesses_takes_no_thread_from_others(sqlite_url: str) -> None:
    """Passwords have threads of their own: signing in needs none that exports and search use, and does not fill those."""
    async with site(sqlite_url) as s:
        await set_password(s.world.store, "ana", PASSWORD)
        full, let_go = ThreadPoolExecutor(1), threading.Event()
        asyncio.get_running_loop().set_default_executor(full)
        try:
            taken = asyncio.get_running_loop().run_in_executor(None, let_go.wait)
            async with person(s) as one:
                entered = await asyncio.wait_for(one.sign_in("ana", PASSWORD), 60)
        finally:
            let_go.set()
        assert (entered.status_code, await taken) == (303, True)


async def test_the_queue_for_passwords_is_short(sqlite_url: str) -> None:
    """Whoever comes when it is full is asked to come again, nothing of theirs is counted, and no address takes all of it."""
    let_go = threading.Event()
    async with site(sqlite_url) as s:
        await set_password(s.world.store, "ana", PASSWORD)
        busy = [asyncio.create_task(passwords._room.run(let_go.wait)) for _ in range(passwords.THREADS)]
        try:
            async with person(s, "198.51.100.7") as one, person(s, "198.51.100.8") as other, person(s) as third:
                first = [asyncio.create_task(one.sign_in(f"name{n}", PASSWORD)) for n in range(12)]
                refused = [await done for done in itertools.islice(asyncio.as_completed(first), 4)]
                second = [asyncio.create_task(other.sign_in(f"name{n}", PASSWORD)) for n in range(12)]
                refused += [await done for done in itertools.islice(asyncio.as_completed(second), 4)]
                refused.append(await third.sign_in("ana", PASSWORD))
                assert [(answer.status_code, answer.headers["retry-after"]) for answer in refused] == [(429, "5")] * 9
                let_go.set()
                answers = await asyncio.gather(*first, *second)
                assert sorted(answer.status_code for answer in answers) == [401] * 16 + [429] * 8
                assert (await third.sign_in("ana", PASSWORD)).status_code == 303
        finally:
            let_go.set()
            await asyncio.gather(*busy)


async def test_a_session_ends(s: Site, ana: Person) -> None:
    """Unused for an hour, or after twelve; by signing out; with another password; and at once when the account is suspended."""
    s.world.clock.forward(seconds=IDLE // 1_000_000 - 1)
    assert (await ana.get("/console/account/")).status_code == 200
    s.world.clock.forward(seconds=IDLE // 1_000_000 - 1)
    assert (await ana.get("/console/account/")).status_code == 200
    s.world.clock.forward(seconds=IDLE // 1_000_000)
    assert (await ana.get("/console/account/")).status_code == 303
    await ana.sign_in("ana", PASSWORD)
    for _ in range(ENDS // IDLE):
        s.world.clock.forward(seconds=IDLE // 1_000_000 - 60)
        await ana.get("/console/account/")
    s.world.clock.forward(seconds=IDLE // 1_000_000 - 60)
    assert (await ana.get("/console/account/")).status_code == 303
    await ana.sign_in("ana", PASSWORD)
    await suspend(s.world.store, "ana", whole_organisation=False, suspended=True)
    assert (await ana.get("/console/account/")).status_code == 303
    await suspend(s.world.store, "ana", whole_organisation=False, suspended=False)
    await ana.sign_in("ana", PASSWORD)
    kept = dict(ana.client.cookies)
    assert (await ana.post("/console/sign-out/")).status_code == 303
    ana.client.cookies.update(kept)
    assert (await ana.get("/console/account/")).status_code == 303
    async with s.world.store.transactions.read() as tx:
        assert (
            await tx.execute(select(func.count()).select_from(session))
        ).scalar_one() == 1  # the one of before the suspension


async def test_another_password(s: Site, ana: Person) -> None:
    """Only with the present one; every session of the account ends with it."""
    new = "another long enough one"
    async with person(s) as elsewhere:
        await elsewhere.sign_in("ana", PASSWORD)
        for former, password, again, said in (
            ("wrong", new, new, "present password"), (PASSWORD, new, "else", "same way twice"), (PASSWORD, "short", "short", "12 to 256"),
        ):  # fmt: skip
            refused = await ana.post("/console/account/", former=former, password=password, again=again)
            assert (refused.status_code, said in refused.text) == (400, True)
        assert (await ana.post("/console/account/", former=PASSWORD, password=new, again=new)).status_code == 303
        assert (await elsewhere.get("/console/account/")).status_code == 303
        assert (await elsewhere.sign_in("ana", PASSWORD)).status_code == 401
        assert (await elsewhere.sign_in("ana", new)).status_code == 303


async def test_no_other_site_sends_a_form(s: Site, ana: Person) -> None:
    """Without this session's token, or from elsewhere, nothing is done; the token differs on every page and serves on all."""
    async with person(s) as other:
        await set_password(s.world.store, "bea", PASSWORD)
        await other.sign_in("bea", PASSWORD)
        theirs = await other.token()
    for sent in ("", "x", "!" * 200, theirs, (await ana.token())[:-2] + "AA"):
        assert (await ana.post("/console/sign-out/", csrf=sent)).status_code == 403
    own = await ana.token(), await ana.token()
    assert own[0] != own[1]
    for headers in (
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
        {"origin": "https://elsewhere.example"},
        {"origin": "null"},
    ):
        assert (await ana.post("/console/sign-out/", csrf=own[0], headers=headers)).status_code == 403
        assert (await ana.post("/console/sign-in/", csrf=own[0], headers=headers)).status_code == 403
    assert (
        await ana.post("/console/sign-out/", csrf=own[1], headers={"sec-fetch-site": "same-origin"})
    ).status_code == 303


async def test_the_cookie(s: Site) -> None:
    """Not for scripts, not for other paths, not sent along by other sites' forms; over TLS never without it; and no door to the API."""
    async with person(s) as one:
        cookie = (await one.sign_in("ana", PASSWORD)).headers["set-cookie"]
        assert {"httponly", "path=/console", "samesite=lax"} <= {part.strip().lower() for part in cookie.split(";")}
        token = one.client.cookies["ihub_session"]
        for path in ("/api/v1/access/", "/taxii2/"):
            assert (await s.client.get(path, headers={"cookie": f"ihub_session={token}"})).status_code == 401
            assert (await s.client.get(path, headers={"authorization": f"Bearer {token}"})).status_code == 401
        refused = await one.client.get(
            "/console/account/", headers={"authorization": f"Bearer {s.world.tokens['ana']}"}
        )
        assert refused.status_code == 200
    async with person(s) as nobody:
        sent = await nobody.client.get(
            "/console/account/", headers={"authorization": f"Bearer {s.world.tokens['ana']}"}
        )
        assert sent.status_code == 303  # a token is no way in to pages


async def test_every_page_is_guarded(s: Site, ana: Person) -> None:
    """The policy, and nothing kept by anybody on the way; what is not there is a page, too."""
    for path, status in (
        ("/console/account/", 200),
        ("/console/sign-in/", 303),
        ("/console/nothing/", 404),
        ("/console/%00/", 404),
    ):
        found = await ana.get(path)
        assert found.status_code == status
        assert "'unsafe" not in found.headers["content-security-policy"]
        assert found.headers["content-security-policy"].startswith("default-src 'none'")
        assert (found.headers["cache-control"], found.headers["x-content-type-options"]) == ("no-store", "nosniff")
    assert (await ana.client.put("/console/account/")).status_code == 405
    assert (
        await ana.post(
            "/console/account/", content=b"\xff\xfe", headers={"content-type": "application/x-www-form-urlencoded"}
        )
    ).status_code == 400
    assert (
        await ana.post("/console/account/", content=b"--x", headers={"content-type": "multipart/form-data"})
    ).status_code == 400


async def test_language_and_theme_are_the_readers(s: Site) -> None:
    """By what the browser asks for, until another is chosen; anything else is English, as the system has it."""
    async with person(s) as one:
        for asked, language, direction in (
            ("ar", "ar", "rtl"), ("ar-EG,en;q=0.5", "ar", "rtl"), ("en;q=0.4,ar;q=0.2", "en", "ltr"), ("xx, ar;q=0", "en", "ltr"), ("q=q;;", "en", "ltr"),
        ):  # fmt: skip
            found = (await one.client.get("/console/sign-in/", headers={"accept-language": asked})).text
            assert f'<html lang="{language}" dir="{direction}">' in found
        await one.post("/console/reading/", language="ar", theme="dark")
        assert '<html lang="ar" dir="rtl" data-theme="dark">' in (await one.get("/console/sign-in/")).text
        await one.post("/console/reading/", language="xx", theme="pink")
        assert '<html lang="ar" dir="rtl" data-theme="dark">' in (await one.get("/console/sign-in/")).text


async def test_assets_are_kept_for_ever_under_their_content(s: Site) -> None:
    """Every asset that a page names is there, packed where asked, and its name changes with its content."""
    async with person(s) as one:
        page = (await one.get("/console/sign-in/")).text
        named = [part.split('"')[0] for part in page.split('="/console/static/')[1:]]
        assert len(named) == 3
        for name in named:
            found = await one.client.get(f"/console/static/{name}", headers={"accept-encoding": "gzip"})
            assert (found.status_code, "immutable" in found.headers["cache-control"]) == (200, True)
            plain = await one.client.get(f"/console/static/{name}", headers={"accept-encoding": "identity"})
            assert plain.content == found.content
        assert (await one.client.get("/console/static/0000000000000000/console.css")).status_code == 404
        browser, client = ({"accept": one} for one in ("text/html,*/*;q=0.8", "application/taxii+json"))
        assert (await one.client.get("/", headers=browser)).headers["location"] == "/console/"
        assert (await one.client.get("/", headers=client)).status_code == 404
        assert (await one.client.get("/favicon.ico")).status_code == 204
        styles = await one.client.get(f"/console/static/{next(n for n in named if n.endswith('css'))}")
        font = styles.text.split('url("')[1].split('"')[0]
        assert (await one.client.get(font)).headers["content-type"] == "font/woff2"


async def test_letters_can_be_no_keys(s: Site, ana: Person) -> None:
    """WCAG 2.2, 2.1.4: shortcuts of one letter are switched off, and on again."""
    assert "data-keys" not in (await ana.get("/console/account/")).text
    await ana.post("/console/reading/", keys="off", to="/console/account/")
    assert ' data-keys="off">' in (await ana.get("/console/account/")).text
    await ana.post("/console/reading/", keys="maybe")
    assert ' data-keys="off">' in (await ana.get("/console/account/")).text
    await ana.post("/console/reading/", keys="on")
    assert "data-keys" not in (await ana.get("/console/account/")).text


HERE = {"sec-fetch-site": "same-origin"}
TEXT = '185.220.101.45\n"><script>alert(1)</script>'


def _carried(page: str) -> dict[str, str]:
    """The fields of the form that is shown again."""
    found = re.findall(r'<textarea class="none" name="(\w+)" hidden>\n(.*?)</textarea>', page, re.DOTALL)
    return {name: html.unescape(text) for name, text in found}


async def test_what_was_sent_after_a_session_ended_is_not_lost(s: Site, ana: Person) -> None:
    """It is carried through signing in, shown, and done only when it is sent again; htmx is told beside the box; other sites get nothing of it."""
    fields = {"text": TEXT, "name": "of yesterday", "do": "look"}
    s.world.clock.forward(seconds=ENDS // 1_000_000)
    typed = await ana.post("/console/", csrf="x", headers=HERE | {"hx-request": "true"}, **fields)
    assert (typed.status_code, typed.headers["hx-retarget"]) == (200, "#ended")
    assert ("Your session has ended" in typed.text, "<html" in typed.text) == (True, False)
    asked = await ana.post("/console/", csrf="x", headers=HERE, **fields)
    assert (asked.status_code, "<script>alert" in asked.text) == (401, False)
    kept = {name: html.unescape(value) for name, value in re.findall(r'name="(kept\w*)" value="([^"]*)"', asked.text)}
    wrong = await ana.client.post("/console/sign-in/", data={"name": "ana", "password": "x", "to": ""} | kept)
    assert kept["kept"] in html.unescape(wrong.text)
    shown = await ana.client.post("/console/sign-in/", data={"name": "ana", "password": PASSWORD, "to": ""} | kept)
    assert (shown.status_code, "<script>alert" in shown.text) == (200, False)
    assert 'action="/console/"' in shown.text
    assert _carried(shown.text) == fields
    filled = await ana.post("/console/", **_carried(shown.text))
    assert ("185[.]220[.]101[.]45" in filled.text, "of yesterday" in filled.text) == (True, True)
    away = await ana.client.post(
        "/console/sign-in/", data={"name": "ana", "password": PASSWORD} | kept | {"kept_for": "https://x.example/"}
    )
    assert 'action="/console/"' in away.text


async def test_a_form_of_an_older_session_is_shown_again(s: Site, ana: Person) -> None:
    """Filled, with a token of this session, and not done; but not for whoever does not say that a page of this hub sent it."""
    for csrf in ("", "x", "!" * 200):
        stale = await ana.post(
            "/console/account/", csrf=csrf, headers=HERE, former=PASSWORD, password="p" * 20, shade="a"
        )
        assert (stale.status_code, _carried(stale.text)) == (403, {"shade": "a"})
        assert PASSWORD not in stale.text
        for headers in ({}, {"sec-fetch-site": "cross-site"}, {"origin": "https://elsewhere.example"}):
            refused = await ana.post("/console/", csrf=csrf, headers=headers, text="mine")
            assert (refused.status_code, "mine" in refused.text) == (403, False)
    stale = await ana.post("/console/", csrf="x", headers=HERE, text=TEXT)
    token = re.search(r'action="/console/" class="stack"><input type="hidden" name="csrf" value="([^"]+)"', stale.text)
    assert token is not None
    assert (await ana.post("/console/", csrf=token[1], **_carried(stale.text))).status_code == 200
