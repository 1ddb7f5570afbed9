"""What other people's code says about a STIX object: the stix2 library, and the validator of the OASIS committee. Both without a network.

Of the validator only what the standard demands: its JSON schemas and its checks of level MUST, none of its options. Its own front door reads
every schema anew for every object, so the schemas are read here, once. A regular expression in each of the two takes time exponential in the
length of a name: its equal, which does not, stands in for it. That is all that is done differently.
"""

import json
import re
import warnings
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import stix2
import stix2.properties
import stix2validator
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012
from stix2.exceptions import STIXDeprecationWarning
from stix2validator import ValidationOptions
from stix2validator.v21 import musts
from stix2validator.validator import patch_schema

_SCHEMAS = Path(stix2validator.__file__).parent / "schemas-2.1" / "schemas"
_SLOW, _QUICK = "([a-z][a-z0-9]*)+", "[a-z][a-z0-9]*"
stix2.properties.TYPE_21_REGEX = re.compile(r"[a-z][a-z0-9-]*$")
_OPTIONS = ValidationOptions(version="2.1", disabled="all", silent=True)


def library(value: Any) -> list[str]:
    """What the stix2 library has against it."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", STIXDeprecationWarning)
            stix2.parse(value, allow_custom=True)
    except Exception as error:
        return [f"{type(error).__name__}: {error}"]
    return []


def validator(value: Any) -> list[str]:
    """What the validator has against it. Its checks expect an object that its schema takes."""
    if not isinstance(value, dict) or not isinstance(value.get("type"), str):
        return ["no object with a type"]
    return list(_schema_errors(value)) or list(_must_errors(value))


def _schema_errors(value: Mapping[str, Any]) -> Iterator[str]:
    versioned = "created" in value or "modified" in value or value["type"] == "marking-definition"
    for error in _schema(value["type"], "core" if versioned else "cyber-observable-core").iter_errors(value):
        yield f"{'.'.join(map(str, error.absolute_path))}: {error.message}"


def _must_errors(value: Mapping[str, Any]) -> Iterator[str]:
    for check in musts.list_musts(_OPTIONS):
        try:
            found = check(value, _OPTIONS) if check is musts.patterns else check(value)
            yield from (str(getattr(error, "message", error)) for error in found or ())
        except Exception as fault:
            yield f"{check.__name__} fell over: {type(fault).__name__}"


@cache
def _read() -> tuple[Registry, Mapping[str, Any]]:
    """Every schema under the address that the others know it by, and by name."""
    named = {
        path.stem: patch_schema(json.loads(path.read_text(encoding="utf-8").replace(_SLOW, _QUICK)), path)
        for path in _SCHEMAS.glob("*/*.json")
    }
    whole = Registry().with_resources((one["$id"], DRAFT202012.create_resource(one)) for one in named.values())
    return whole.crawl(), named


@cache
def _schema(kind: str, otherwise: str) -> Draft202012Validator:
    registry, named = _read()
    return Draft202012Validator(
        named.get(kind, named[otherwise]), registry=registry, format_checker=Draft202012Validator.FORMAT_CHECKER
    )
