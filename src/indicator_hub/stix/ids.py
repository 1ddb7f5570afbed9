"""STIX identifiers: `type--UUID` (STIX 2.1 section 2.9), and the ones this hub derives."""

import hashlib
import json
import re
import uuid
from functools import lru_cache
from typing import TypeGuard, cast

# Ours alone: STIX forbids other recipes in its own namespace for observables (2.9), and sharing a peer's would make ids collide on purpose.
NAMESPACE = uuid.UUID("6f0c2a5e-7d0b-4b7a-9c1e-2f64f0a3d9b8")
MAX_TYPE = 250
MIN_TYPE = 3
_TYPE = re.compile(r"[a-z][a-z0-9]*(?:-[a-z0-9]+)*", re.ASCII)
_ID = re.compile(
    r"([a-z][a-z0-9]*(?:-[a-z0-9]+)*)--[0-9a-f]{8}-[0-9a-f]{4}-[1-8][0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    re.ASCII,
)
_LONGEST = MAX_TYPE + len("--") + 36


def is_type(name: object) -> TypeGuard[str]:
    """Whether this is a name an object type may have (STIX 2.1 sections 3.1 and 7.3.2)."""
    return isinstance(name, str) and MIN_TYPE <= len(name) <= MAX_TYPE and _TYPE.fullmatch(name) is not None


def type_of(identifier: object) -> str | None:
    """The type part of a well-formed identifier, else None. Upper-case hexadecimal is not well formed: two spellings would be two objects."""
    if not isinstance(identifier, str) or len(identifier) > _LONGEST:
        return None
    found = _ID.fullmatch(identifier)
    return found[1] if found and len(found[1]) >= MIN_TYPE else None


@lru_cache(maxsize=4096)
def referred_type(identifier: str) -> str | None:
    """`type_of`, remembered: a feed refers to the same creator and the same marks in every object."""
    return type_of(identifier)


def is_uuid4(text: object) -> bool:
    """Whether this is an RFC 4122 version 4 UUID, as TAXII identifiers are (TAXII 2.1 section 2)."""
    return (
        isinstance(text, str)
        and re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", text) is not None
    )


def derive(kind: str, *parts: object) -> str:
    """The same parts always give the same id, other parts another: a version 5 UUID over the RFC 8785 form of the list of parts.

    Parts are strings, integers and lists of strings; put the scope (group, organisation) first, so that an id tells nothing across scopes.
    """
    *scope, last = parts
    # The scope is that of every row of a feed; encoding it anew, and `uuid.uuid5`, take four times as long.
    begin = _begin(*(tuple(cast("list[str]", one)) if isinstance(one, list) else one for one in scope))
    name = f"{begin}{_text(last) if isinstance(last, str) else _NAME.encode(last)}]"
    found = hashlib.sha1(_SPACE + name.encode(), usedforsecurity=False).hexdigest()
    return f"{kind}--{found[:8]}-{found[8:12]}-5{found[13:16]}-{_VARIANT[found[16]]}{found[17:20]}-{found[20:32]}"  # RFC 9562, 5.5


@lru_cache(maxsize=256, typed=True)
def _begin(*scope: object) -> str:
    return _NAME.encode(scope)[:-1] + ("," if scope else "")


_NAME = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), sort_keys=True)
_text = json.encoder.encode_basestring
_SPACE = NAMESPACE.bytes
_VARIANT = {digit: "89ab"[int(digit, 16) & 3] for digit in "0123456789abcdef"}
