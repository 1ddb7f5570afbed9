"""Rows and objects go in by the thousand: one transaction each."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

BATCH = 1_000
_T = TypeVar("_T")


def batches(items: Iterable[_T]) -> Iterator[list[_T]]:
    """In order, BATCH at a time."""
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch


def body(objects: Iterable[bytes]) -> bytes:
    """An envelope around objects that are bytes already."""
    return b'{"objects":[' + b",".join(objects) + b"]}"
