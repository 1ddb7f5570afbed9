"""Media types: Accept and Content-Type (TAXII 2.1 sections 1.6.8 and 3.1; RFC 9110 section 12.5.1)."""

import re
from functools import lru_cache

from indicator_hub.errors import NotAcceptable, UnsupportedMedia

TAXII = "application/taxii+json;version=2.1"
STIX_2_1 = "application/stix+json;version=2.1"
STIX_2_0 = "application/stix+json;version=2.0"
MEDIA_TYPES = (STIX_2_1, STIX_2_0)
"""What a collection can store, as its `media_types` (TAXII 2.1 section 5.2.1)."""

_PARAMETER = re.compile(r'\s*;\s*(?:([!#$%&\'*+.^_`|~0-9A-Za-z-]+)\s*(?:=\s*("(?:[^"\\]|\\.)*"|[^\s;,"]+)\s*)?)?')
_RANGE = re.compile(r"\s*([!#$%&'*+.^_`|~0-9A-Za-z-]+)/([!#$%&'*+.^_`|~0-9A-Za-z-]+)\s*")
_TAKEN = {
    "application/taxii+json": (None, "2.1"),
    "application/stix+json": ("2.1",),
    "application/vnd.oasis.stix+json": (None, "2.0", "2.1"),
}
_LONGEST = 16_384
_REMEMBERED = 512


@lru_cache(maxsize=256)
def _accepts(accept: str) -> bool:
    """Whether one of the ranges is TAXII 2.1 with a weight above zero. Pure, hence remembered: clients send the same few texts for ever."""
    best: tuple[int, float] | None = None
    for part in _split(accept):
        found = _parse(part)
        if found is None:
            continue
        name, parameters = found
        version = parameters.get("version")
        if name == "application/taxii+json" and version in (None, "2.1"):
            precision = 3 if version else 2
        elif name in ("application/*", "*/*"):
            precision = 1 if name != "*/*" else 0
        else:
            continue
        weight = _weight(parameters.get("q", "1"))
        if best is None or precision > best[0] or (precision == best[0] and weight > best[1]):
            best = (precision, weight)
    return best is not None and best[1] > 0


def require_acceptable(accept: str | None) -> None:
    """Raises NotAcceptable unless the client takes TAXII 2.1. No header means anything will do (RFC 9110 section 12.5.1)."""
    if accept is None:
        return
    accepts = _accepts if len(accept) <= _REMEMBERED else _accepts.__wrapped__
    if len(accept) > _LONGEST or not accepts(accept):
        raise NotAcceptable


def require_taken(content_type: str | None) -> None:
    """Raises UnsupportedMedia unless the body is said to be a TAXII envelope or a STIX bundle (decision: lenient in what we take)."""
    found = _parse(content_type or "") if len(content_type or "") <= _LONGEST else None
    if found is None or found[1].get("version") not in _TAKEN.get(found[0], ()):
        raise UnsupportedMedia


def media_type(spec_version: str) -> str:
    """The media type of an object of this STIX version, as a manifest record carries it."""
    return STIX_2_1 if spec_version == "2.1" else STIX_2_0


def _split(header: str) -> list[str]:
    """At commas outside of quotes. What a quote does not end is one part with the rest: no place is looked at twice."""
    return re.findall(r'(?:[^,"]|"(?:[^"\\]|\\.)*+(?:"|\\?\Z))++', header)


def _parse(text: str) -> tuple[str, dict[str, str]] | None:
    found = _RANGE.match(text)
    if found is None:
        return None
    parameters: dict[str, str] = {}
    at = found.end()
    while at < len(text):
        parameter = _PARAMETER.match(text, at)
        if parameter is None or parameter.end() == at:
            return None
        at = parameter.end()
        if parameter[2]:  # what has no value is an extension of Accept, and none of ours
            parameters.setdefault(parameter[1].lower(), _unquoted(parameter[2]))
    return f"{found[1]}/{found[2]}".lower(), parameters


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text


def _weight(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return 1.0
