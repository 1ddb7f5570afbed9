"""A real browser before a real hub. Chromium comes from the system; without it these tests fail, unless INDICATOR_HUB_TEST_BROWSER=skip says to go without."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Locator, Page, sync_playwright

from browser.ground import PASSWORD, Ground, ground

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
]  # fmt: skip
VIEWS = {"english": ("en", "light"), "arabic": ("ar", "dark")}
WIDE, NARROW = 1280, 320
_FAST = Path("/dev/shm") if os.access("/dev/shm", os.W_OK) else Path(tempfile.gettempdir())


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """The browser of the system. Of a module and not of the session: while it runs, no event loop does in this thread, as other tests need."""
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        if os.environ.get("INDICATOR_HUB_TEST_BROWSER") == "skip":
            pytest.skip("INDICATOR_HUB_TEST_BROWSER=skip: there is no browser to look with")
        pytest.fail("No Chromium is installed: install the package chromium, or say INDICATOR_HUB_TEST_BROWSER=skip.")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=path, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def hub(sqlite_template: Path) -> Iterator[Ground]:
    """One hub for all of these tests: what a test changes, it brings itself."""
    with tempfile.TemporaryDirectory(prefix="indicator-hub-browser-", dir=_FAST) as name:
        folder = Path(name)
        shutil.copy(sqlite_template, folder / "hub.db")
        with ground(f"sqlite:///{folder / 'hub.db'}", folder) as made:
            yield made


@dataclass
class Desk:
    """Somebody at a browser; what it complained of is kept."""

    page: Page
    url: str
    complaints: list[str] = field(default_factory=list)

    def go(self, path: str) -> int:
        """To a page of the console. Returns the status."""
        answer = self.page.goto(self.url + path)
        assert answer is not None
        return answer.status

    def sign_in(self, name: str) -> None:
        """With the usual password."""
        self.go("/console/sign-in/")
        self.page.fill("#name", name)
        self.page.fill("#password", PASSWORD)
        self.page.press("#password", "Enter")
        self.page.wait_for_url("**/console/")

    def follow(self, what: str | Locator) -> None:
        """Click on what leads to another page, and be there: a click alone returns while the old page may still stand."""
        with self.page.expect_navigation():
            (self.page.locator(what) if isinstance(what, str) else what).click()

    def overflow(self, width: int) -> list[str]:
        """How far the page scrolls sideways, where it does."""
        self.page.set_viewport_size({"width": width, "height": 900})
        found = self.page.evaluate("document.documentElement.scrollWidth")
        return [f"{found} px"] if found > width else []

    def violations(self) -> list[Any]:
        """What axe finds wrong, and where."""
        if not self.page.evaluate("typeof axe !== 'undefined'"):
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        # Only what is violated is told of: axe else describes each element that passed, which takes it longer than looking.
        found: list[Any] = self.page.evaluate(
            """axe.run(document, {
                runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
                resultTypes: ['violations'], selectors: false,
            }).then(found => found.violations)"""
        )
        return [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found]


@contextmanager
def desk(browser: Browser, hub: Ground, view: str, *, javascript: bool = True, width: int = WIDE) -> Iterator[Desk]:
    """A fresh browser before the hub, in a language and a theme; it must have nothing to complain of."""
    locale, scheme = VIEWS[view]
    context = browser.new_context(
        locale=locale, color_scheme=scheme, reduced_motion="reduce", viewport={"width": width, "height": 900}, java_script_enabled=javascript,
        accept_downloads=True,
    )  # fmt: skip
    try:
        page = context.new_page()
        page.set_default_timeout(15_000)
        made = Desk(page, hub.url)
        page.on("console", lambda said: said.type == "error" and made.complaints.append(said.text))
        page.on("pageerror", lambda error: made.complaints.append(str(error)))
        page.on("dialog", lambda box: (made.complaints.append(f"a dialog: {box.message}"), box.dismiss()))
        yield made
        assert made.complaints == []
    finally:
        context.close()


@pytest.fixture
def at(hub: Ground, chromium: Browser) -> Any:
    """Sits somebody down, in a view and with a name, before a desk."""

    @contextmanager
    def sit(view: str, name: str = "", **more: Any) -> Iterator[Desk]:
        with desk(chromium, hub, view, **more) as made:
            if name:
                made.sign_in(name)
            yield made

    return sit
