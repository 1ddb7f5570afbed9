"""Who may come in to the console, how long, and what no other site can send in their name."""

import html
import re
from collections.abc import AsyncIterator

import pytest
from sqlalchemy import func, select

from indicator_hub.sharing.enrol import suspend
from indicator_hub.sharing.sign_in import ENDS, IDLE, set_password
from indicator_hub.store.schema import event, session
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
