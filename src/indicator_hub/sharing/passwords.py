"""Argon2id in a room of its own: a few threads and a short queue before them.

Hashing a password is slow and heavy on purpose, and anybody may ask for it without an account. In the threads that everything shares, a few
hundred such requests would keep exports, search and the console waiting.
"""

import asyncio
import secrets
from collections import Counter
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import lru_cache, partial
from typing import TypeVar

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from indicator_hub.errors import TooMany

Result = TypeVar("Result")
THREADS = 2
WAITING, OF_ONE = 16, 8
"""How many may be in the room, in a thread or waiting for one; and how many of them from one address."""
_AFTER = 5
"""Seconds after which whoever found it full is asked to come back."""
hasher = PasswordHasher()
"""Argon2id with RFC 9106's second set of parameters. Only tests put another in its place."""


class _Room:
    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(THREADS, "password")
        self._inside: Counter[str] = Counter()

    @contextmanager
    def place(self, address: str) -> Generator[None]:
        if self._inside.total() >= WAITING or self._inside[address] >= OF_ONE:
            raise TooMany(after=_AFTER)
        self._inside[address] += 1
        try:
            yield
        finally:
            self._inside[address] -= 1
            self._inside += Counter[str]()  # forgets who has left

    async def run(self, work: Callable[[], Result]) -> Result:
        return await asyncio.get_running_loop().run_in_executor(self._threads, work)


_room = _Room()


@contextmanager
def place(address: str) -> Generator[None]:
    """A place in the queue for somebody from an address, to look at a password in. Raises TooMany when it is full."""
    with _room.place(address):
        yield


async def hashed(password: str) -> str:
    """A password as it is kept."""
    return await _room.run(partial(hasher.hash, password))


async def is_right(kept: str | None, password: str) -> bool:
    """Whether this is the password that was kept so; None, for who has none: never, after the same work."""
    return await _room.run(partial(_verified, kept, password))


def is_outdated(kept: str) -> bool:
    """Whether a password was kept under parameters of former days."""
    return hasher.check_needs_rehash(kept)


@lru_cache(maxsize=1)
def _nobody(hasher: PasswordHasher) -> str:
    """What is compared with where there is no such person."""
    return hasher.hash(secrets.token_urlsafe(16))


def _verified(kept: str | None, password: str) -> bool:
    # For everybody: the first who is asked for would else take longer if there is no such person.
    nobody = _nobody(hasher)
    try:
        return hasher.verify(kept or nobody, password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False
