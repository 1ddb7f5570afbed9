"""Which names can be hosts on the Internet, by the public suffix list: a snapshot that comes with its library, and no look-up."""

from functools import cache

from publicsuffixlist import PublicSuffixList


@cache
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList(accept_unknown=False)


def has_known_suffix(name: str) -> bool:
    """Whether a canonical name ends as names on the Internet do, `.onion` included: `evil.top`, not `invoice.exe`."""
    return _suffixes().publicsuffix(name) is not None


def registrable(name: str) -> str | None:
    """What of a canonical name somebody has registered: `b.co.uk` of `a.b.co.uk`. None for a suffix itself and for what ends in none."""
    return _suffixes().privatesuffix(name)
