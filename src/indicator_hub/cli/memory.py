"""How glibc holds on to memory that is free."""

import ctypes
import sys

_TRIM_THRESHOLD, _TOP_PAD, _MMAP_THRESHOLD = -1, -2, -3
"""As `malloc.h` numbers them."""


def keep_some() -> None:
    """Keep up to 8 MB that are free for what comes next (and as much for each thread that has an arena of its own).

    Left alone, glibc gives what a page took back to the system and asks for it again for the next one, and the system clears it each time: a third
    of the CPU of a page read from PostgreSQL. Other C libraries are left as they are.
    """
    if sys.platform != "linux" or (mallopt := getattr(ctypes.CDLL(None), "mallopt", None)) is None:
        return
    for parameter, size in ((_TRIM_THRESHOLD, 8 << 20), (_TOP_PAD, 2 << 20), (_MMAP_THRESHOLD, 4 << 20)):
        mallopt(parameter, size)
