"""What a password costs whoever tries: the tests go without, so the hub's own parameters are shown here."""

import subprocess
import sys

import pytest
from argon2 import PasswordHasher, extract_parameters
from argon2.profiles import RFC_9106_LOW_MEMORY
from sqlalchemy import select

from indicator_hub.errors import Unauthenticated
from indicator_hub.sharing import passwords
from indicator_hub.sharing.sign_in import set_password, sign_in
from indicator_hub.store.schema import password
from support.world import world

PASSWORD = "a long enough one"


def test_what_the_hub_takes() -> None:
    """Argon2id with RFC 9106's second set of parameters, in a process that no test has told anything."""
    code = f"import asyncio; from indicator_hub.sharing import passwords; print(asyncio.run(passwords.hashed({PASSWORD!r})))"
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert told.stdout.startswith("$argon2id$v=19$m=65536,t=3,p=4$")
    assert extract_parameters(told.stdout.strip()) == RFC_9106_LOW_MEMORY


async def test_a_password_of_former_days_is_kept_anew(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """When the right one is typed, and only then; and it is right before and after."""
    former, today = (PasswordHasher(time_cost=cost, memory_cost=8, parallelism=1) for cost in (1, 2))
    async with world(database_url) as w:

        async def cost() -> int:
            async with w.store.transactions.read() as tx:
                return extract_parameters((await tx.execute(select(password.c.hash))).scalar_one()).time_cost

        monkeypatch.setattr(passwords, "hasher", former)
        await set_password(w.store, "ana", PASSWORD)
        monkeypatch.setattr(passwords, "hasher", today)
        with pytest.raises(Unauthenticated):
            await sign_in(w.store, "ana", "another long enough one")
        assert await cost() == 1
        for _ in range(2):
            assert await sign_in(w.store, "ana", PASSWORD)
            assert await cost() == 2
