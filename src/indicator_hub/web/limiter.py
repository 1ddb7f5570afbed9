"""How much one account may ask, and how often one address may guess: a budget each, kept in this process alone.

A budget is a bucket that fills at `rate` a second and holds `burst`. Of a full one nothing need be known, so that only those are kept that have been
drawn on, each as one number: the time at which it will be full again (the generic cell rate algorithm). With several workers each has its share of the
budget, and no request writes anything anywhere.

Whoever shows a valid credential is held to the budget of its account, wherever it comes from; who shows none, to its address's. Credentials that are not valid
count against another budget of the address. Where that is used up, credentials that have never been seen to be valid are not even looked up: so guessing is bounded,
and a partner behind the same address as a guesser is not shut out.
"""

import math
from collections.abc import Callable
from time import monotonic

from indicator_hub.errors import TooMany

_KEPT = 50_000
"""Budgets and credentials kept in mind, at most."""
_NOTHING = 1e-9
"""Seconds: what is lost in rounding."""


class Budgets:
    """One budget for each key. `rate` 0: without end."""

    def __init__(self, rate: float, burst: float, *, clock: Callable[[], float] = monotonic) -> None:
        self._each = 1 / rate if rate else 0.0
        self._most = burst * self._each
        self._full: dict[int | str, float] = {}
        self._clock = clock
        self.refused = 0

    def __len__(self) -> int:
        """How many are kept."""
        return len(self._full)

    def draw(self, key: int | str) -> None:
        """Take one. Raises TooMany where there is none left."""
        if not self._each:
            return
        now = self._clock()
        full = self._full.get(key, now)
        full = (max(now, full)) + self._each
        if full - now > self._most + _NOTHING:
            self.refused += 1
            raise TooMany(after=math.ceil(full - now - self._most))
        self._full[key] = full
        if len(self._full) > _KEPT:
            self._forget(now)

    def require(self, key: int | str) -> None:
        """Raises TooMany where there is none left; takes none."""
        full = self._full.get(key)
        if full is None:
            return
        wait = full + self._each - self._clock() - self._most
        if wait > _NOTHING:
            self.refused += 1
            raise TooMany(after=math.ceil(wait))

    def _forget(self, now: float) -> None:
        """Those that are full again, and if that is not enough, the half that is nearest to it."""
        drawn = sorted(((full, key) for key, full in self._full.items() if full > now), key=lambda one: one[0])
        self._full = {key: full for full, key in drawn[-_KEPT // 2 :]}


class Limiter:
    """The budgets of a process, one of `workers` on this database."""

    def __init__(
        self,
        *,
        rate: float = 0,
        burst: float = 1_000,
        guesses: float = 0,
        workers: int = 1,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        share = 1 / workers
        self.accounts = Budgets(rate * share, max(1, burst * share), clock=clock)
        self.guesses = Budgets(guesses * share, max(1, 20 * guesses * share), clock=clock)
        self._valid: set[int] = set()

    def admit(self, account: int | str) -> None:
        """A request of an account, by its id; of who has none, by its address. Raises TooMany."""
        self.accounts.draw(account)

    def guess(self, address: str, credential: str) -> None:
        """Before a credential is looked up. Raises TooMany."""
        if hash(credential) not in self._valid:
            self.guesses.require(address)

    def wrong(self, address: str) -> None:
        """A credential was not valid. Raises TooMany."""
        self.guesses.draw(address)

    def right(self, credential: str) -> None:
        """A credential was valid. It is not kept, and will be looked up again: only its hash, which is another in each process."""
        self._valid.add(hash(credential))
        if len(self._valid) > _KEPT:
            self._valid.clear()
