"""Addresses of crypto-currencies, by the examples of their own specifications; one sign changed, none of them is one."""

import pytest

from indicator_hub.stix.wallets import looks_like_one, wallet

RIGHT = [
    ("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa", None),  # the first block
    ("3P14159f73E4gFr7JterCCQh9QjiTjiZrG", None),
    ("BC1QW508D6QEJXTDG4Y5R3ZARVARY0C5XW7KV8F3T4", "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"),  # BIP 173
    ("bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jj0", None),  # BIP 350
    ("0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed", "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"),  # EIP-55
    ("4" + "8" * 94, None),
    ("4" + "8" * 105, None),
]


@pytest.mark.parametrize(("text", "canonical"), RIGHT)
def test_an_address(text, canonical):
    """In canonical form, which is its own."""
    found = canonical or text
    assert wallet(text) == wallet(found) == found
    assert looks_like_one(text)


@pytest.mark.parametrize(
    "text",
    [
        "1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb",
        "3P14159f73E4gFr7JterCCQh9QjiTjiZrH",
        "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t5",
        "bc1p0xlxvlhemja6c4dqv22uapctqupfhlxm9h8z3k2e72q4k9hcz7vqzk5jjq",
        "Bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4",
        "11A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa",
    ],
)
def test_a_mistyped_address(text):
    """It looks like one, and its checksum says no."""
    assert looks_like_one(text)
    assert wallet(text) is None


@pytest.mark.parametrize("text", ["", "1", "evil.example", "0x12", "bc1", "4" * 94, "0" * 34, "a" * 64])
def test_no_address(text):
    """Nothing like it."""
    assert (looks_like_one(text), wallet(text)) == (False, None)
