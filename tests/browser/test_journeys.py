"""What an analyst does in a day, each from the first click to what a partner sees of it; in English by day and wide, in Arabic by night and narrow."""

import json
import re
import urllib.request
from typing import Any

import pytest
from taxii2client.v21 import Collection, as_pages

from browser.conftest import NARROW, WIDE
from browser.ground import PASSWORD, Ground
from support.world import MAIN, envelope, indicator

TAXII = "application/taxii+json;version=2.1"
BOTH = pytest.mark.parametrize(
    ("view", "width", "number"), [("english", WIDE, 1), ("arabic", NARROW, 2)], ids=["english-wide", "arabic-narrow"]
)


def polled(hub: Ground, account: str) -> list[dict[str, Any]]:
    """Everything that taxii2-client gives a partner of the collection."""
    collection = Collection(f"{hub.url}/taxii2/alpha/collections/{MAIN}/", user=account, password=hub.tokens[account])
    try:
        return [one for page in as_pages(collection.get_objects, per_request=500) for one in page.get("objects", [])]
    finally:
        collection.close()


def ask(hub: Ground, account: str, path: str, body: bytes | None = None, media: str = "application/json") -> Any:
    """The hub's answer to a request of an account."""
    sent = urllib.request.Request(
        hub.url + path, body, {"Authorization": f"Bearer {hub.tokens[account]}", "Accept": TAXII, "Content-Type": media}
    )
    with urllib.request.urlopen(sent) as answer:
        return json.loads(answer.read())


def share(hub: Ground, number: int) -> str:
    """An indicator of ana's that this test alone has. Returns its id."""
    value = indicator(number, tlp="GREEN", pattern=f"[domain-name:value = 'host-{number}.example']")
    made = ask(hub, "ana", f"/taxii2/alpha/collections/{MAIN}/objects/", envelope(value), TAXII)
    assert made["success_count"] == 1
    return value["id"]


@BOTH
def test_browser_paste_preview_publish_poll(at: Any, hub: Ground, view: str, width: int, number: int) -> None:
    """Values from a mail are pasted, looked at, shared; a partner's client has them, and nothing was stored before."""
    value = f"pasted-{number}.bad-domain.com"
    with at(view, "ana", width=width) as one:
        one.page.select_option("#place", f"alpha/{MAIN}")
        one.page.fill("textarea", f"{value.replace('.', '[.]')}\n10.0.0.1\n")
        one.page.locator("#found", has_text="pasted-").wait_for()
        assert not [1 for each in polled(hub, "bea") if value in each.get("pattern", "")]
        one.page.click("button[value=share]")
        one.page.wait_for_url("**/console/shared/**")
        assert one.overflow(width) == []
    found = [each for each in polled(hub, "bea") if value in each.get("pattern", "")]
    assert len(found) == 1


@BOTH
def test_browser_search_and_sight(at: Any, hub: Ground, view: str, width: int, number: int) -> None:
    """A partner searches a value, opens it, and says with one click that it has seen it."""
    identifier = share(hub, 100 + number)
    with at(view, "bea", width=width) as one:
        one.go("/console/search/")
        one.page.fill("#q", f"host-{100 + number}[.]example")
        one.page.press("#q", "Enter")
        one.page.click("#results table a")
        one.page.wait_for_url(f"**/{identifier}/")
        one.follow("button[value=seen]")
        one.page.wait_for_selector(".note.good")
    sightings = [each for each in polled(hub, "ana") if each.get("sighting_of_ref") == identifier]
    assert len(sightings) == 1


@BOTH
def test_browser_withdraw(at: Any, hub: Ground, view: str, width: int, number: int) -> None:
    """It was wrong: a page says what will happen, one button does it, and the partner is given the revoked version."""
    identifier = share(hub, 110 + number)
    with at(view, "ana", width=width) as one:
        one.go(f"/console/objects/alpha/main/{identifier}/")
        one.page.click(f"a[href$='{identifier}/withdraw/']")
        one.page.click("button.grave")
        one.page.wait_for_selector(".note.good")
    assert [each["revoked"] for each in polled(hub, "bea") if each["id"] == identifier] == [True]


@BOTH
def test_browser_recall_and_acknowledge(at: Any, hub: Ground, view: str, width: int, number: int) -> None:
    """It should not have been shared: it is gone, and who had been given it is told and acknowledges."""
    identifier = share(hub, 120 + number)
    assert identifier in [each["id"] for each in polled(hub, "bea")]
    with at(view, "ana", width=width) as one:
        one.go(f"/console/objects/alpha/main/{identifier}/recall/")
        one.page.select_option("#reason", "shared_in_error")
        one.page.click("button.grave")
        one.page.wait_for_url("**/console/recalls/**")
    assert identifier not in [each["id"] for each in polled(hub, "bea")]
    with at(view, "bea", width=width) as one:
        one.go("/console/recalls/")
        one.page.locator("tr", has_text=identifier[-12:]).locator("input[name=recall]").check()
        one.follow("form button.main-deed")
        one.page.wait_for_selector(".note.good")
    told = next(one for one in ask(hub, "bea", "/api/v1/recalls/")["items"] if one["object"] == identifier)
    assert "acknowledged" in told


@BOTH
def test_browser_run_a_feed(at: Any, hub: Ground, view: str, width: int, number: int) -> None:
    """Run now; why rows were refused is read, and all of one reason are dismissed."""
    reason = {1: "syntax", 2: "non_global"}[number]
    with at(view, "ana", width=width) as one:
        one.go("/console/feeds/")
        one.page.click("table a")
        one.follow("form[action$='/run/'] button")
        one.page.wait_for_selector(".note.good")
        while not any(run["outcome"] == "done" for run in ask(hub, "ana", "/api/v1/feeds/numbers/runs/")["items"]):
            pass  # each look is a request; the schedule takes the feed within a second
        one.page.reload()
        assert one.overflow(width) == []
        row = one.page.locator("#quarantine tr", has=one.page.locator(f"input[name=reason][value={reason}]"))
        one.follow(row.locator("button[value=dismissed]"))
        one.page.wait_for_selector(".note.good")
    waiting = ask(hub, "ana", "/api/v1/feeds/numbers/quarantine/")["items"]
    assert waiting
    assert reason not in [one["reason"] for one in waiting]


@BOTH
def test_browser_an_operation_and_its_closing_report(at: Any, hub: Ground, view: str, width: int, number: int) -> None:
    """One that goes on, with its purpose and days left; and of one that is over the report, made from the events."""
    with at(view, "ana", width=width) as one:
        one.go("/console/groups/")
        one.follow("a[href='/console/groups/night/']")
        assert "a case" in one.page.inner_text("main")
        assert one.page.locator(".figure").count() == 1
        one.go("/console/groups/")
        one.follow("a[href='/console/operations/dawn/report/']")
        assert "A case that is closed" in one.page.inner_text("main")
        assert one.overflow(width) == []


@BOTH
def test_browser_connect(at: Any, hub: Ground, view: str, width: int, number: int) -> None:
    """A product is chosen, its fields are shown with a token, and the page tells when it polls for the first time."""
    with at(view, "ana", width=width) as one:
        one.go("/console/connect/")
        one.page.select_option("#product", "sentinel")
        one.page.select_option("#place", "alpha/main")
        one.page.fill("#machine", f"siem-{number}")
        one.follow("main button.main-deed")
        token = re.search(r"ihub_[\w-]{43}", one.page.content())
        assert token is not None
        sent = urllib.request.Request(
            f"{hub.url}/taxii2/", headers={"Authorization": f"Bearer {token[0]}", "Accept": TAXII}
        )
        with urllib.request.urlopen(sent) as answer:
            assert answer.status == 200
        one.page.wait_for_selector("#seen .good")


def test_browser_the_main_journey_without_javascript(at: Any, hub: Ground) -> None:
    """Sign in, paste, look, share: forms and links alone."""
    with at("english", javascript=False) as one:
        one.sign_in("ana")
        one.page.select_option("#place", f"alpha/{MAIN}")
        one.page.fill("textarea", "plain-html.bad-domain.com\n")
        one.follow("button[value=look]")
        assert "plain-html[.]bad-domain[.]com" in one.page.content()
        one.page.click("button[value=share]")
        one.page.wait_for_url("**/console/shared/**")
    assert [each for each in polled(hub, "bea") if "plain-html.bad-domain.com" in each.get("pattern", "")]


def test_browser_the_main_journey_with_the_keyboard(at: Any, hub: Ground) -> None:
    """Sign in, type, share: Tab, Enter and letters alone; where the focus is can be seen."""
    with at("english") as one:
        one.go("/console/sign-in/")
        # A browser gives the focus with its first frame, after the page has loaded.
        one.page.wait_for_selector("#name:focus")
        one.page.keyboard.type("ana")
        one.page.keyboard.press("Tab")
        one.page.keyboard.type(PASSWORD)
        one.page.keyboard.press("Enter")
        one.page.wait_for_url("**/console/")
        one.page.wait_for_selector("#text:focus")
        one.page.keyboard.type("keyboard.bad-domain.com")
        one.page.locator("#found", has_text="keyboard[.]bad-domain[.]com").wait_for()
        for _ in range(80):
            one.page.keyboard.press("Tab")
            at_button = (
                "document.activeElement.matches('button.main-deed') && document.activeElement.offsetParent !== null"
            )
            style = one.page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
            assert style != "none" or one.page.evaluate(
                "document.activeElement.matches('body, main, input[type=date]')"
            )
            if one.page.evaluate(at_button):
                break
        one.page.keyboard.press("Enter")
        one.page.wait_for_url("**/console/shared/**")
        one.page.keyboard.press("g")
        one.page.keyboard.press("s")
        one.page.wait_for_url("**/console/search/")
        one.page.keyboard.press("/")
        assert one.page.evaluate("document.activeElement.id") == "q"
    assert [each for each in polled(hub, "bea") if "keyboard.bad-domain.com" in each.get("pattern", "")]
