"""Rows and objects go in by the thousand: one transaction each."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

from indicator_hub.stix.indicator import encode
from indicator_hub.stix.reader import Received

BATCH = 1_000
_T = TypeVar("_T")


def batches(items: Iterable[_T]) -> Iterator[list[_T]]:
    """In order, BATCH at a time."""
    iterator = iter(items)
    while batch := list(islice(iterator, BATCH)):
        yield batch


def made(value: dict[str, Any]) -> Received:
    """An object that the hub makes, with the bytes that it is kept as: they need not be read again to be judged."""
    return Received(value, encode(value), None)
