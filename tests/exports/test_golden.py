"""Every format, to the byte. `python -m exports.test_golden` in the folder of the tests writes what they would be: read the difference before it is kept."""

from pathlib import Path

import pytest

from exports.sample import written
from indicator_hub.exports import catalogue

GOLDEN = Path(__file__).parent / "golden"
NAMES = [*catalogue.FORMATS, catalogue.EVENT.name]


def _path(name: str) -> Path:
    return GOLDEN / name.replace("/", "-")


@pytest.mark.parametrize("name", NAMES)
def test_every_byte(name: str) -> None:
    """As it was, and as a person has read it."""
    assert written(name)[0] == _path(name).read_bytes()


def test_nothing_else_is_kept() -> None:
    """No golden file of a format that is gone."""
    assert {one.name for one in GOLDEN.iterdir()} == {_path(name).name for name in NAMES}


if __name__ == "__main__":
    for each in NAMES:
        _path(each).write_bytes(written(each)[0])
