"""Every page in English by day and in Arabic by night, wide and narrow: nothing to complain of, nothing that scrolls sideways, nothing that axe finds."""

from typing import Any

import pytest

from browser.conftest import NARROW, VIEWS, WIDE
from browser.ground import Ground

PAGES = {
    "sign in": "/console/sign-in/", "share": "/console/", "search": "/console/search/", "search, one": "/console/search/?q=evil.example&kind=domain-name",
    "a list": "/console/search/list/", "an indicator": "/console/objects/alpha/main/{plain}/", "a long one": "/console/objects/alpha/main/{long}/",
    "a hostile one": "/console/objects/alpha/main/{hostile}/", "malware": "/console/objects/alpha/main/{malware}/",
    "withdraw": "/console/objects/alpha/main/{plain}/withdraw/", "recall": "/console/objects/alpha/main/{plain}/recall/", "feeds": "/console/feeds/",
    "a feed": "/console/feeds/numbers/", "groups": "/console/groups/", "a group": "/console/groups/alpha/", "an operation": "/console/groups/night/",
    "a closing report": "/console/operations/dawn/report/", "good practice": "/console/practice/", "ours": "/console/ours/",
    "one of ours": "/console/ours/objects/{plain}/", "consents": "/console/ours/consents/", "recalls issued": "/console/recalls/issued/",
    "accounts": "/console/account/accounts/", "to write": "/console/practice/write/", "recalls": "/console/recalls/", "connect": "/console/connect/", "dashboard": "/console/dashboard/",
    "account": "/console/account/",
}  # fmt: skip


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("part", range(4))
def test_browser_pages(at: Any, hub: Ground, view: str, part: int) -> None:
    """One after the other, in one window that is made narrow and wide again."""
    with at(view, "ana") as one:
        wrong: list[object] = []
        for name, path in list(PAGES.items())[part::4]:
            assert one.go(path.format(**hub.shared)) == 200, name
            assert one.page.locator("h1").count() == 1, name
            for width in (NARROW, WIDE):
                wrong += [(name, width, what) for what in (*one.overflow(width), *one.violations())]
        assert wrong == []
