"""Damage to STIX objects: one change at a time, of a kind that somebody's software might make. The same seed damages alike."""

import copy
import itertools
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from indicator_hub.stix import ids, timestamps
from support.specimens import EXTENSION, identifier, specimen, specimens

Object = dict[str, Any]
Slot = tuple[Any, Any]
"""A container and a key or index in it."""

VALUES: Sequence[Any] = (
    7, -1, 0, 1.5, 85.0, True, False, None, "", "x", [], {}, ["x"], {"a": 1}, {"key": []}, [[]], [None], [{}], 2**53 - 1, "7",
)  # fmt: skip
NUMBERS = (
    -1,
    0,
    1,
    -180.5,
    90.5,
    100,
    101,
    180.25,
    65_535,
    65_536,
    999_999_999,
    1_000_000_000,
    2**53 - 1,
    -(2**53) + 1,
    1.5,
    3.0,
)
TIMES = (
    "2026-09-15T12:00:00Z", "2026-09-15T12:00:00.0Z", "2026-09-15T12:00:00.1234567Z", "2020-01-01T00:00:00.000Z", "2030-01-01T00:00:00.000Z",
    "2026-09-15", "2026-09-15T12:00:00", "2026-09-15T12:00:00.Z", "2026-09-15T12:00:00+00:00", "2026-09-15t12:00:00z", "2026-09-15T12:00Z",
    "2026-02-30T00:00:00.000Z", "2026-13-01T00:00:00.000Z", "2026-09-15T24:00:00.000Z", "2026-09-15T12:00:61.000Z", "2016-12-31T23:59:60Z", "2026-09-15 12:00:00Z",
    "20260915T120000Z", "26-09-15T12:00:00.000Z", " 2026-09-15T12:00:00.000Z", "2026-09-15T12:00:00.000Z\n", "٢٠٢٦-09-15T12:00:00.000Z",
)  # fmt: skip
KINDS = (
    "indicator", "identity", "location", "marking-definition", "relationship", "sighting", "bundle", "language-content", "extension-definition",
    "file", "artifact", "software", "network-traffic", "mac-addr", "ipv4-addr", "observed-data", "x-heron-case", "x-HERON", "ab", "a--b", "-x", "url",
)  # fmt: skip
UUIDS = (
    "00000000-0000-4000-8000-0000000000AB", "00000000-0000-1000-8000-000000000001", "00000000-0000-5000-b000-000000000001",
    "00000000-0000-7000-8000-000000000001", "00000000-0000-8000-8000-000000000001", "00000000-0000-0000-0000-000000000000",
    "00000000-0000-9000-8000-000000000001", "00000000-0000-4000-c000-000000000001", "00000000000040008000000000000001",
    "{00000000-0000-4000-8000-000000000001}", "1", "",
)  # fmt: skip
NAMES = (
    "x_heron", "heron", "Heron", "x-heron", "9lives", "_heron", "xy", "x" * 250, "x" * 251, "é_heron", "x heron", "", "severity", "username",
    "phone_number", "action", "x_heron_ref", "x_heron_refs", "x_heron_hex", "x_heron_bin",
    "defanged", "name_enc", "path_enc",
)  # fmt: skip
WORDS = (
    "no-such-word",
    "",
    "UPPER",
    "two words",
    "é",
    "x" * 300,
    "a_b",
    "\n",
    "en-",
    "e",
    "en_US",
    "x-y",
    "sgn-BE-FR",
    "123",
)
HASHES: Mapping[str, str] = {
    "MD5": "0b" * 16, "SHA-1": "1c" * 20, "SHA-256": "2d" * 32, "SHA-512": "2d" * 64, "md5": "0b" * 16, "SHA256": "x", "SSDEEP": "", "TLSH": "abc", "ab": "1",
    "SHA 1": "1", "x" * 251: "1", "SHA3-256": "2d" * 32, "x_own": "z",
}  # fmt: skip
OCTETS = ("ff", "FF", "f", "0x", "", "fg", "aGVyb24=", "aGVyb24", "aGVy\nb24=", "=", "a-_b")
SELECTORS = (
    "labels", "labels.[0]", "labels.[9]", "labels.0", "labels.x", "name", "name.[0]", "nothing", "", "external_references.[0].url", "id", "id.x", "Labels",
    "labels.[0", "[0]", "labels..[0]", "spec_version",
)  # fmt: skip
KEYS = (
    "extension-definition--1", EXTENSION.upper(), identifier("indicator"), "heron-ext", "heron", "x-heron-ext", "ntfs-ext", "Heron-ext", "tcp-ext",
    identifier("extension-definition", 9),
)  # fmt: skip


def _slots(value: Any) -> Iterator[Slot]:
    """Every place in an object where there is a value."""
    for key in list(value) if isinstance(value, dict) else range(len(value)):
        yield value, key
        if isinstance(value[key], (dict, list)):
            yield from _slots(value[key])


def _where(value: Object, fits: Callable[[Any, Any], bool]) -> list[Slot]:
    return [(container, key) for container, key in _slots(value) if fits(key, container[key])]


def _is_hash(value: Object) -> list[Slot]:
    return [
        (container[key], name)
        for container, key in _slots(value)
        if str(key).endswith("hashes") and isinstance(container[key], dict)
        for name in container[key]
    ]


def _replace(fits: Callable[[Any, Any], bool], values: Sequence[Any]) -> Callable[[random.Random, Object], None]:
    def damage(source: random.Random, value: Object) -> None:
        if places := _where(value, fits):
            container, key = source.choice(places)
            container[key] = copy.deepcopy(source.choice(values))

    return damage


def _drop(source: random.Random, value: Object) -> None:
    container, key = source.choice(list(_slots(value)))
    del container[key]


def _exchange(source: random.Random, value: Object) -> None:
    """A value from elsewhere in the object."""
    (container, key), (other, name) = source.sample(list(_slots(value)), 2)
    container[key] = copy.deepcopy(other[name])


def _borrow(source: random.Random, value: Object) -> None:
    """A property that another type has."""
    other = source.choice(list(specimens().values()))
    name = source.choice([one for one in other if one not in ("id", "type")])
    value[name] = other[name]


def _retarget(source: random.Random, value: Object) -> None:
    """Another type or another UUID in an id or a reference, or the object's own id."""
    container, key = source.choice(_where(value, lambda _, one: isinstance(one, str) and ids.type_of(one) is not None))
    kind, _, uuid = container[key].partition("--")
    container[key] = source.choice(
        [f"{source.choice(KINDS)}--{uuid}"] * 5 + [f"{kind}--{source.choice(UUIDS)}"] * 4 + [value["id"]]
    )


def _rehash(source: random.Random, value: Object) -> None:
    if places := _is_hash(value):
        container, name = source.choice(places)
        del container[name]
        name, digest = source.choice(list(HASHES.items()))
        container[name] = source.choice([digest, digest.upper(), digest[:-1], f"{digest[:-1]}g", 7])


def _rename(source: random.Random, value: Object) -> None:
    container, key = source.choice(_where(value, lambda key, _: isinstance(key, str)))
    container[source.choice(NAMES)] = container.pop(key)


def _add(source: random.Random, value: Object) -> None:
    inside = [value] * 3 + [container[key] for container, key in _slots(value) if isinstance(container[key], dict)]
    source.choice(inside)[source.choice(NAMES)] = copy.deepcopy(source.choice(VALUES))


def _lengthen(source: random.Random, value: Object) -> None:
    """A list that holds one thing twice, or one of another kind; or a value that becomes a list, or stops being one."""
    container, key = source.choice(list(_slots(value)))
    one = container[key]
    if isinstance(one, list) and one:
        container[key] = source.choice([[*one, one[0]], [*one, source.choice(VALUES)], one[0]])
    else:
        container[key] = [one]


def _extend(source: random.Random, value: Object) -> None:
    """An extension under another key, or one more."""
    held = value.setdefault("extensions", {})
    one = copy.deepcopy(
        source.choice(
            [{}, {"extension_type": "property-extension"}, {"extension_type": "other"}, {"rank": 1}, *held.values()]
        )
    )
    held[source.choice(KEYS)] = one


def _named(*endings: str) -> Callable[[Any, Any], bool]:
    return lambda key, _: isinstance(key, str) and key.endswith(endings)


DAMAGES: Mapping[str, tuple[int, Callable[[random.Random, Object], None]]] = {
    "a property lost": (3, _drop),
    "a value of another kind": (4, _replace(lambda *_: True, VALUES)),
    "a value from elsewhere": (2, _exchange),
    "another type's property": (2, _borrow),
    "another time": (3, _replace(lambda _, one: timestamps.is_timestamp(one), TIMES)),
    "another id": (3, _retarget),
    "another number": (2, _replace(lambda _, one: type(one) in (int, float), NUMBERS)),
    "another word": (2, _replace(lambda _, one: isinstance(one, str), WORDS)),
    "another hash": (2, _rehash),
    "other octets": (2, _replace(_named("_hex", "_bin"), OCTETS)),
    "another name": (2, _rename),
    "one more property": (3, _add),
    "another list": (2, _lengthen),
    "another selector": (
        1,
        _replace(lambda _, one: one in ("labels.[0]", "external_references.[1]", "object_marking_refs.[0]"), SELECTORS),
    ),
    "another extension": (2, _extend),
}


def mutants(count: int, seed: str) -> Iterator[tuple[str, str, Object]]:
    """Name of the specimen, what was done to it, and the outcome: `count` of each specimen, as far as they differ from it."""
    for name, whole in specimens().items():
        source = random.Random(f"{seed} {name}")
        for _ in range(count):
            value = copy.deepcopy(whole)
            what = source.choices(list(DAMAGES), [weight for weight, _ in DAMAGES.values()])[0]
            DAMAGES[what][1](source, value)
            if value != whole or repr(value) != repr(whole):
                yield name, what, value


def one_by_one(name: str) -> Iterator[tuple[str, str, Object]]:
    """Each property of a specimen in turn: lost, and given other values; times exchanged by pairs; what a sibling has beside it added.

    Common properties are the same on every type, so one type of each class is enough for them.
    """
    value, source = specimen(name), random.Random(name)
    for path in _paths(value):
        if _EVERYWHERE.isdisjoint(path[:2]) or name in _ENOUGH:
            yield name, f"{path} lost", _changed(value, path)
            for other in _others(source, _at(value, path)):
                yield name, f"another {path}", _changed(value, path, other)
    times = [key for key, one in value.items() if timestamps.is_timestamp(one)]
    for one, other in itertools.combinations(times, 2):
        yield name, f"{one} and {other} exchanged", value | {one: value[other], other: value[one]}
    for sibling in specimens().values():
        if sibling["type"] == value["type"]:
            for key in sibling.keys() - value.keys() - _EVERYWHERE:
                yield name, f"{key} added", value | {key: sibling[key]}


_EVERYWHERE = {
    "type", "spec_version", "id", "created_by_ref", "created", "modified", "revoked", "labels", "confidence", "lang", "external_references",
    "object_marking_refs", "granular_markings", "defanged", EXTENSION,
}  # fmt: skip
_ENOUGH = {
    "tool",
    "sighting",
    "mac-addr",
    "mutex, versioned",
    "language-content",
    "extension-definition",
    "marking-definition",
}


def _paths(value: Any) -> Iterator[tuple[Any, ...]]:
    for key in value if isinstance(value, dict) else range(len(value)):
        yield (key,)
        if isinstance(value[key], (dict, list)):
            yield from ((key, *rest) for rest in _paths(value[key]))


def _at(value: Any, path: Sequence[Any]) -> Any:
    for key in path:
        value = value[key]
    return value


def _changed(whole: Object, path: Sequence[Any], *other: Any) -> Object:
    """Without what is there, or with another thing in its place."""
    made = copy.deepcopy(whole)
    inside = _at(made, path[:-1])
    if other:
        inside[path[-1]] = copy.deepcopy(other[0])
    else:
        del inside[path[-1]]
    return made


def _others(source: random.Random, one: Any) -> list[Any]:
    """Values of other kinds, and others of the same kind."""
    chosen = source.sample([other for other in VALUES if type(other) is not type(one)], 2)
    if timestamps.is_timestamp(one):
        return [*chosen, source.choice(TIMES)]
    if isinstance(one, str) and ids.type_of(one):
        return [*chosen, *(f"{kind}--{one.partition('--')[2]}" for kind in source.sample(KINDS, 2))]
    if isinstance(one, str):
        return [*chosen, source.choice(WORDS)]
    return [*chosen, *source.sample(NUMBERS, 2)] if type(one) in (int, float) else chosen
