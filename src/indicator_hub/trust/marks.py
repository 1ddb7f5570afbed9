"""What a marking-definition means for those who may read: a statement and PAP nothing, handling codes and nation lists something.

What the hub does not understand to the letter means nothing at all, and holds what bears it. TLP exists under its nine ids only: words of
TLP under another id are not understood.
"""

import json
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

from indicator_hub.stix.markings import HANDLING_EXTENSION, PAP_EXTENSION
from indicator_hub.trust.audience import EVERYONE, Audience
from indicator_hub.trust.ladder import CLEAR, STRICT
from indicator_hub.trust.nations import CODES

CODES_OF_HANDLING = ("H0", "H1", "H2", "H3")
"""Europol's: H0 only against crime; H1 not in court, H2 not passed on, without the provider's consent; H3 other limits, in words."""

_TLP_WORD = re.compile(r"tlp", re.IGNORECASE)
_PAP_LEVELS = ("white", "clear", "green", "amber", "red")
_FIELDS = {"extension_type", "handling", "handling_text", "releasable_to"}


@dataclass(frozen=True, slots=True)
class Meaning:
    """Whom a mark lets through, and which of H1, H2 and H3 it says: those ask for consent before a release or as evidence."""

    audience: Audience = EVERYONE
    handling: frozenset[str] = frozenset()


NOTHING = Meaning()


def meaning_of(definition: Mapping[str, Any]) -> Meaning | None:
    """What a well-formed marking-definition means; None when the hub does not understand it. Not for the nine TLP objects."""
    if _TLP_WORD.search(_plain(json.dumps(definition, ensure_ascii=False))):
        return None
    extensions = cast("dict[str, Any]", definition.get("extensions", {}))
    if "definition_type" in definition and definition["definition_type"] != "statement":
        return None
    if not extensions:
        return NOTHING if "definition_type" in definition else None
    meaning: Meaning | None = NOTHING
    for key, content in extensions.items():
        found = _READERS[key](content) if key in _READERS else None
        meaning = found and meaning and _both(meaning, found)
    return meaning


def told_to(value: Mapping[str, Any]) -> Audience:
    """Whom an object lets through by what it says itself, marks apart: a marking-definition that lists nations tells those alone.

    It would else tell every reader of the collection which nations have something to say to each other. Whoever sees what bears it is of
    one of them, and sees it too. A list that the hub cannot read lets nobody through but the originator, as what bears it is held.
    """
    if value.get("type") != "marking-definition":
        return EVERYONE
    extensions: object = value.get("extensions")
    content = cast("dict[str, Any]", extensions).get(HANDLING_EXTENSION) if isinstance(extensions, dict) else None
    if not isinstance(content, dict) or "releasable_to" not in content:
        return EVERYONE
    return Audience(CLEAR, nations=frozenset(_nations(cast("dict[str, Any]", content)) or ()))


def _plain(text: str) -> str:
    """As it is read: full-width letters as letters, and what is not seen left out."""
    shown = (one for one in unicodedata.normalize("NFKC", text) if unicodedata.category(one) != "Cf")
    return text if text.isascii() else "".join(shown)


def _both(one: Meaning, other: Meaning) -> Meaning:
    return Meaning(one.audience.narrowed(other.audience), one.handling | other.handling)


def _pap(content: Mapping[str, Any]) -> Meaning | None:
    """How one may act on it, not who may read it."""
    return NOTHING if str(content.get("pap", "")).lower() in _PAP_LEVELS else None


def _handling(content: Mapping[str, Any]) -> Meaning | None:
    """The hub's own extension: handling codes, their words, and the nations it may go to; an empty list is nobody but the originator."""
    if not content.keys() <= _FIELDS or content.keys().isdisjoint({"handling", "releasable_to"}):
        return None
    if content["extension_type"] != "property-extension":
        return None
    codes, nations = _codes(content), _nations(content)
    if codes is None or nations is None:
        return None
    audience = Audience(0, nations=frozenset(nations) if "releasable_to" in content else None)
    if codes & {"H2", "H3"}:
        audience = audience.narrowed(Audience(STRICT, persons_only="H3" in codes))
    return Meaning(audience, codes - {"H0"})


def _codes(content: Mapping[str, Any]) -> frozenset[str] | None:
    """One code or several; H3 says in words what it asks for."""
    said = content.get("handling", [])
    codes = [said] if isinstance(said, str) else said
    if not isinstance(codes, list) or any(code not in CODES_OF_HANDLING for code in cast("list[Any]", codes)):
        return None
    words = content.get("handling_text", "")
    if not isinstance(words, str) or ("H3" in codes and not words.strip()):
        return None
    return frozenset(cast("list[str]", codes))


def _nations(content: Mapping[str, Any]) -> list[str] | None:
    listed = content.get("releasable_to", [])
    if not isinstance(listed, list) or any(
        type(one) is not str or one not in CODES for one in cast("list[Any]", listed)
    ):
        return None
    return cast("list[str]", listed)


_READERS = {PAP_EXTENSION: _pap, HANDLING_EXTENSION: _handling}
