"""The testing clock: a file that says what time it is, refused wherever partners could reach the hub."""

from pathlib import Path

import pytest

from indicator_hub.errors import Misconfigured
from indicator_hub.settings import Settings
from indicator_hub.stix import timestamps
from indicator_hub.store.opened import clock, wall_clock


def settings(path: Path, **given: object) -> Settings:
    """Settings with a clock file."""
    return Settings(clock_file=path, **({"testing": True} | given))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"testing": False}, "INDICATOR_HUB_TESTING=1"),
        ({"host": "0.0.0.0", "public_url": "https://hub.example"}, "loopback"),
        ({"host": "::"}, "loopback"),
        ({"host": "hub.example"}, "loopback"),
        ({"public_url": "https://hub.example"}, "loopback"),
    ],
)
def test_it_is_refused_where_it_could_do_harm(tmp_path: Path, given: dict[str, object], said: str) -> None:
    """Windows and evidence depend on the time: no hub that partners reach takes it from a file."""
    with pytest.raises(Misconfigured, match=said):
        settings(tmp_path / "now", **given).testing_clock()


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.9", "::1", "localhost"])
def test_it_is_taken_on_the_loopback(tmp_path: Path, host: str) -> None:
    """With TESTING, and nothing but loopback addresses."""
    assert settings(tmp_path, host=host).testing_clock() == tmp_path


def test_it_is_read_each_time(tmp_path: Path) -> None:
    """Whoever moves it replaces the file; what it says is now."""
    file = tmp_path / "now"
    file.write_text("2026-11-23T12:00:00Z")
    now = clock(file)
    assert now() == timestamps.parse("2026-11-23T12:00:00Z")
    (tmp_path / "next").write_text("2026-11-23T12:00:01.500000Z\n")
    (tmp_path / "next").replace(file)
    assert now() == timestamps.parse("2026-11-23T12:00:01.500000Z")


@pytest.mark.parametrize("content", [None, "", "now", "2026-13-01T00:00:00Z"])
def test_a_file_without_a_time_is_refused(tmp_path: Path, content: str | None) -> None:
    """At the start, with the name of the file."""
    if content is not None:
        (tmp_path / "now").write_text(content)
    with pytest.raises(Misconfigured, match="does not hold a timestamp"):
        clock(tmp_path / "now")


def test_without_it_the_wall_clock_goes() -> None:
    """The default."""
    assert Settings().testing_clock() is None
    assert clock(None) is wall_clock
