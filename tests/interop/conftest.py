"""More than the two nations, on the same live hubs."""

from pathlib import Path

import pytest

from interop.joined import Joined, join
from support.grounds import Grounds


@pytest.fixture(scope="session")
def _all_joined(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Joined]]:
    return tmp_path_factory.mktemp("feeds"), {}


@pytest.fixture
def joined(live: Grounds, _all_joined: tuple[Path, dict[str, Joined]]) -> Joined:
    """A client, an observer and a feed, added to a live hub when they are first asked for."""
    folder, done = _all_joined
    if live.database not in done:
        done[live.database] = join(live, folder / f"{len(done)}.txt")
    return done[live.database]
