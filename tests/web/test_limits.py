"""Every bound on what comes in: crossed, answered with the right error, and in the table of docs/limits.md."""

import re
from dataclasses import fields, replace
from typing import Any

import pytest

from indicator_hub.limits import LIMITS, Limits
from indicator_hub.settings import Settings, load
from support.http import OBJECTS, TAXII, site
from support.paths import ROOT
from support.world import envelope, indicator

SMALL: dict[str, int] = {
    "objects": 3, "depth": 16, "digits": 20, "text": 2_000, "pattern": 1_024, "terms": 3, "url": 2_048, "values": 3, "filters": 256,
}  # fmt: skip


def nested(levels: int) -> Any:
    """So many dictionaries inside each other."""
    value: Any = 1
    for _ in range(levels):
        value = {"a": value}
    return value


def terms(number: int) -> str:
    """A pattern of so many comparisons."""
    return f"[{' OR '.join(['a:b = 1'] * number)}]"


# What just fits, what does not, and a word of the reason.
OBJECTS_THAT_CROSS: dict[str, tuple[dict[str, Any], dict[str, Any], str]] = {
    "depth": ({"x_deep": nested(15)}, {"x_deep": nested(16)}, "deeper than 16"),
    "digits": ({"x_number": 0.123456789012345678}, {"x_number": "NUMBER"}, "20 digits"),
    "text": ({"description": "x" * 2_000}, {"description": "x" * 2_001}, "longer than 2000"),
    "pattern": (
        {"pattern": f"[a:b = '{'x' * (1_024 - 10)}']"},
        {"pattern": f"[a:b = '{'x' * (1_024 - 9)}']"},
        "longer than 1024",
    ),
    "terms": ({"pattern": terms(3)}, {"pattern": terms(4)}, "3 comparisons"),
}
QUERIES_THAT_CROSS: dict[str, tuple[str, str, int]] = {
    "values": ("match[type]=a,b,c", "match[type]=a,b,c,d", 400),
    "filters": (f"match[type]={'a' * 256}", f"match[type]={'a' * 257}", 400),
    "url": (f"x={'a' * (2_046 - len(OBJECTS))}", f"x={'a' * (2_047 - len(OBJECTS))}", 414),
}


@pytest.mark.parametrize("name", OBJECTS_THAT_CROSS)
async def test_an_object_that_crosses_a_limit_fails_alone(sqlite_url: str, name: str) -> None:
    """The status says which bound it was; what just fits, and what came beside it, is stored."""
    fits, crosses, reason = OBJECTS_THAT_CROSS[name]
    async with site(sqlite_url, limits=SMALL) as s:
        body = envelope(indicator(1, **fits), indicator(2, **crosses), indicator(3)).replace(
            b'"NUMBER"', b"0." + b"1" * 30
        )
        answer = await s.client.post(OBJECTS, headers=s.headers("ana", content_type=TAXII), content=body)
        status = answer.json()
        assert (answer.status_code, status["success_count"], status["failure_count"]) == (202, 2, 1)
        assert status["failures"][0]["id"] == indicator(2)["id"]
        assert reason in status["failures"][0]["message"]


@pytest.mark.parametrize("name", QUERIES_THAT_CROSS)
async def test_a_query_that_crosses_a_limit(sqlite_url: str, name: str) -> None:
    """What just fits is answered; one more is refused."""
    fits, crosses, status = QUERIES_THAT_CROSS[name]
    async with site(sqlite_url, limits=SMALL) as s:
        assert (await s.get(f"{OBJECTS}?{fits}")).status_code == 200
        answer = await s.get(f"{OBJECTS}?{crosses}")
        assert (answer.status_code, answer.json()["http_status"]) == (status, str(status))


async def test_next_fits_into_a_url_beside_its_filters(sqlite_url: str) -> None:
    """However the characters are written: what the longest filters give as `next` can be sent with them."""
    async with site(sqlite_url) as s:
        await s.post(indicator(1), indicator(2))
        room = LIMITS.filters - len("indicator,")
        for one in ("%5C", "%22", "%01", "\\", "%C3%A9", "%E2%82%AC", "a"):
            filters = f"match[type]=indicator,{one * (room // len(one))}"
            page = (await s.get(f"{OBJECTS}?limit=1&{filters}")).json()
            assert (one, page["more"]) == (one, True)
            assert len(f"{OBJECTS}?limit=1&{filters}&next={page['next']}") < LIMITS.url
            assert (await s.get(f"{OBJECTS}?limit=1&{filters}&next={page['next']}")).json()["more"] is False
            assert (await s.get(f"{OBJECTS}?{filters}{'a' * len(one)}")).status_code == 400


async def test_more_objects_than_one_body_may_hold(sqlite_url: str) -> None:
    """422, and none of them is stored."""
    async with site(sqlite_url, limits=SMALL) as s:
        assert (await s.post(*[indicator(number) for number in range(4)])).status_code == 422
        assert (await s.get(OBJECTS)).json() == {}
        assert (await s.post(*[indicator(number) for number in range(3)])).status_code == 202


async def test_a_body_of_one_byte_more(sqlite_url: str) -> None:
    """413 before the account is asked for; the API root says the truth about it."""
    async with site(sqlite_url, max_content_length=1_024) as s:
        assert (await s.get("/taxii2/alpha/")).json()["max_content_length"] == 1_024
        headers = s.headers("ana", content_type=TAXII)
        body = envelope(indicator(1)).ljust(1_024)
        assert (await s.client.post(OBJECTS, headers=headers, content=body)).status_code == 202
        for account in ("ana", None):
            headers = s.headers(account, content_type=TAXII)
            assert (await s.client.post(OBJECTS, headers=headers, content=body + b" ")).status_code == 413


def test_every_limit_is_crossed_here() -> None:
    """A new limit needs a test of its own."""
    assert {"body", "objects", *OBJECTS_THAT_CROSS, *QUERIES_THAT_CROSS} == {one.name for one in fields(Limits)}


@pytest.mark.parametrize("name", SMALL)
def test_each_limit_is_a_setting(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """Unset, it is the default."""
    assert load().limits() == LIMITS
    monkeypatch.setenv(f"INDICATOR_HUB_MAX_{name.upper()}", str(getattr(LIMITS, name) - 1))
    assert load().limits() == replace(LIMITS, **{name: getattr(LIMITS, name) - 1})


def test_the_table_is_true() -> None:
    """docs/limits.md has each setting with its default."""
    rows = dict(
        re.findall(r"`(INDICATOR_HUB_\w+)` \| (\d+) \|", (ROOT / "docs" / "limits.md").read_text(encoding="utf-8"))
    )
    names = [f"max_{one.name}" if one.name != "body" else "max_content_length" for one in fields(Limits)] + [
        "page_limit",
        "rate_account",
        "rate_burst",
        "rate_guesses",
    ]
    assert rows == {f"INDICATOR_HUB_{name.upper()}": str(Settings.model_fields[name].default) for name in names}
