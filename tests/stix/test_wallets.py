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


SIGNS = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"


def segwit(version, program, *, constant, fill=0):
    """A witness address of these bytes as the reference code of BIP 173 writes it, whether it may be or not."""
    bits = "".join(f"{byte:08b}" for byte in program)
    bits += f"{fill:0{-len(bits) % 5}b}" if len(bits) % 5 else ""
    data = [version, *(int(bits[at : at + 5], 2) for at in range(0, len(bits), 5))]
    check = 1
    for value in [3, 3, 0, 2, 3, *data, *[0] * 6]:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    check ^= constant
    return "bc1" + "".join(SIGNS[one] for one in (*data, *(check >> 5 * (5 - at) & 31 for at in range(6))))


BECH32, BECH32M = 1, 0x2BC830A3


@pytest.mark.parametrize("version", range(32))
@pytest.mark.parametrize("size", [2, 19, 20, 21, 31, 32, 33, 40, 41])
@pytest.mark.parametrize("constant", [BECH32, BECH32M])
def test_witness_programs(version, size, constant):
    """Versions 0 to 16, programs of 2 to 40 bytes, 20 or 32 for version 0: bech32 for version 0, bech32m above (BIP 141, 173, 350)."""
    text = segwit(version, bytes(range(size)), constant=constant)
    if version == 0:
        right = size in (20, 32) and constant == BECH32
    else:
        right = version <= 16 and size <= 40 and constant == BECH32M
    assert wallet(text) == (text if right else None)
    assert looks_like_one(text)


def test_what_fills_up_a_witness_program():
    """The last bits are zero, and fewer than five."""
    assert wallet(segwit(0, bytes(32), constant=BECH32)) is not None
    assert wallet(segwit(0, bytes(32), constant=BECH32, fill=1)) is None


@pytest.mark.parametrize("text", ["", "1", "evil.example", "0x12", "bc1", "4" * 94, "0" * 34, "a" * 64])
def test_no_address(text):
    """Nothing like it."""
    assert (looks_like_one(text), wallet(text)) == (False, None)
