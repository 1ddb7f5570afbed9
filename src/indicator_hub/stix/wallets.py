"""Addresses of crypto-currencies: their checksums, so that a mistyped one is no indicator.

Bitcoin (Base58Check, and bech32 of BIP 173 and BIP 350), Ethereum (hexadecimal; the checksum in mixed case of EIP-55 is not verified) and
Monero (by its length: its checksum needs a hash that Python does not have).
"""

import hashlib
import re

_BASE58 = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
_BECH32 = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
_GENERATORS = (0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)
_BITCOIN = re.compile(rf"[13][{_BASE58}]{{25,34}}")
_SEGWIT = re.compile(rf"bc1[{_BECH32}]{{11,87}}")
_ETHEREUM = re.compile(r"0x[0-9A-Fa-f]{40}", re.IGNORECASE)
_MONERO = re.compile(rf"[48][{_BASE58}]{{94}}|4[{_BASE58}]{{105}}")
_VERSIONS = (0x00, 0x05)
"""Of a Bitcoin address: to a key, to a script."""
_PAYLOAD, _CHECKSUM = 21, 4
_BECH32_ONE, _BECH32M_ONE = 1, 0x2BC830A3
_LAST_WITNESS = 16
_PROGRAM = range(2, 41)
_PROGRAM_OF_0 = (20, 32)
"""Bytes of a witness program (BIP 141); that of version 0 is the hash of a key or of a script."""
_SIGNS_OF_CHECKSUM = 6


def looks_like_one(text: str) -> bool:
    """Whether it has the letters and the length of one, whatever its checksum says."""
    lower = text.lower()
    return any(
        form.fullmatch(one) for form, one in ((_BITCOIN, text), (_SEGWIT, lower), (_ETHEREUM, text), (_MONERO, text))
    )


def wallet(text: str) -> str | None:
    """An address whose checksum is right, as it is written; bech32 and Ethereum in lower case. None otherwise."""
    if _BITCOIN.fullmatch(text):
        return text if _base58check(text) else None
    if _ETHEREUM.fullmatch(text):
        return text.lower()
    if _MONERO.fullmatch(text):
        return text
    lower = text.lower()
    # All of it in one case, BIP 173 says: a mixture is a mistake of typing.
    return lower if text in (lower, text.upper()) and _SEGWIT.fullmatch(lower) and _bech32(lower) else None


def _base58check(text: str) -> bool:
    number = 0
    for sign in text:
        number = number * 58 + _BASE58.index(sign)
    try:
        raw = number.to_bytes(_PAYLOAD + _CHECKSUM, "big")
    except OverflowError:
        return False
    zeros = len(text) - len(text.lstrip("1"))
    if zeros != len(raw) - len(raw.lstrip(b"\0")):
        return False
    payload, checksum = raw[:_PAYLOAD], raw[_PAYLOAD:]
    return payload[0] in _VERSIONS and hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:_CHECKSUM] == checksum


def _bech32(text: str) -> bool:
    """Whether it is a segregated witness address: the right checksum of the two for its version, and a program that this version has."""
    data = [_BECH32.index(sign) for sign in text[3:]]
    version, program = data[0], data[1:-_SIGNS_OF_CHECKSUM]
    size, spare = divmod(5 * len(program), 8)
    # The bits that fill up the last sign are fewer than a sign, and zero.
    if version > _LAST_WITNESS or size not in _PROGRAM or spare > 4 or program[-1] & ((1 << spare) - 1):  # noqa: PLR2004 - bits
        return False
    if version == 0:
        return size in _PROGRAM_OF_0 and _residue(text[:2], data) == _BECH32_ONE
    return _residue(text[:2], data) == _BECH32M_ONE


def _residue(prefix: str, data: list[int]) -> int:
    spread = [*(ord(sign) >> 5 for sign in prefix), 0, *(ord(sign) & 31 for sign in prefix), *data]
    checksum = 1
    for value in spread:
        top = checksum >> 25
        checksum = (checksum & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate(_GENERATORS):
            if top >> bit & 1:
                checksum ^= generator
    return checksum
