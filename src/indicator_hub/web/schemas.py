"""The JSON schemas of the TAXII resources (TAXII 2.1 sections 3.6 to 5.8), of query parameters and of headers, for the OpenAPI description.

As exact as JSON Schema can be: a test sends what they allow and what they forbid, and the hub must take the one and refuse the other.
"""

from typing import Any

from indicator_hub.limits import Limits
from indicator_hub.stix.timestamps import MAX_DIGITS
from indicator_hub.taxii.media import MEDIA_TYPES, STIX_2_1, TAXII

_LEAP_YEAR = "(?:[0-9]{2}(?:0[48]|[2468][048]|[13579][26])|(?:[02468][048]|[13579][26])00)"
_DAY = "(?:0[13578]|1[02])-(?:0[1-9]|[12][0-9]|3[01])|(?:0[469]|11)-(?:0[1-9]|[12][0-9]|30)|02-(?:0[1-9]|1[0-9]|2[0-8])"
_SECOND = f"(?!0000)(?:[0-9]{{4}}-(?:{_DAY})|{_LEAP_YEAR}-02-29)T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_TIMESTAMP = rf"{_SECOND}(?:\.[0-9]{{1,{MAX_DIGITS}}})?Z"
"""As STIX allows them: a real date and time."""

_NOON = "2026-01-31T12:00:00.000000Z"
_STIX_NOON = "2026-01-31T12:00:00.000Z"
_ID = "indicator--6f1c0d52-5b7e-4a9b-8c3d-2e41a7d0b963"
_INDICATOR = {
    "type": "indicator",
    "spec_version": "2.1",
    "id": _ID,
    "created": _STIX_NOON,
    "modified": _STIX_NOON,
    "pattern": "[ipv4-addr:value = '192.0.2.1']",
    "pattern_type": "stix",
    "valid_from": _STIX_NOON,
}

_STRING: dict[str, Any] = {"type": "string"}
_TEXT: dict[str, Any] = {"type": "string", "minLength": 1}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_UUID: dict[str, Any] = {
    "type": "string",
    "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
}
_MOMENT: dict[str, Any] = {"type": "string", "pattern": rf"^{_SECOND}\.[0-9]{{6}}Z$"}
_VERSION: dict[str, Any] = {"type": "string", "pattern": f"^{_TIMESTAMP}$"}


def _resource(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


def _page(**content: Any) -> dict[str, Any]:
    """Closed, since readers count on it; `next` comes with every `more: true` and never without."""
    return {
        "type": "object",
        "properties": content | {"more": {"type": "boolean"}, "next": _TEXT},
        "additionalProperties": False,
        "if": {"required": ["next"]},
        "then": {"required": ["more", *content], "properties": {"more": {"const": True}}},
        "else": {"properties": {"more": {"const": False}}},
    }


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of, "minItems": 1}


_DETAIL = _resource("id", "version", id=_STRING, version=_TEXT, message=_TEXT)
_COLLECTION = _resource(
    "id",
    "title",
    "can_read",
    "can_write",
    id=_UUID,
    title=_STRING,
    description=_STRING,
    alias=_TEXT,
    can_read={"type": "boolean"},
    can_write={"type": "boolean"},
    media_types=_list({"enum": list(MEDIA_TYPES)}),
)
_RECORD = _resource(
    "id", "date_added", "version", id=_TEXT, date_added=_MOMENT, version=_VERSION, media_type={"enum": list(MEDIA_TYPES)}
)  # fmt: skip
_API_ROOT = {"type": "string", "format": "uri", "pattern": "^https?://[^/?#]+/taxii2/[^/?#]+/$"}

_SHAPES: dict[str, Any] = {
    "discovery": _resource("title", title=_STRING, default=_API_ROOT, api_roots=_list(_API_ROOT)),
    "api-root": _resource(
        "title",
        "versions",
        "max_content_length",
        title=_STRING,
        description=_STRING,
        versions=_list({"const": TAXII}),
        max_content_length={"type": "integer", "minimum": 1},
        x_indicator_hub_reach_changed=_MOMENT,
        x_indicator_hub_reread_from=_MOMENT,
    ),
    "collections": _resource(collections=_list(_COLLECTION)),
    "collection": _COLLECTION,
    "manifest": _page(objects=_list(_RECORD)),
    # Without minItems: an account may be set to get an empty list where the standard leaves the property out.
    "envelope": _page(objects={"type": "array", "items": _resource("type", "id", type=_TEXT, id=_TEXT)}),
    "versions": _page(versions=_list(_VERSION)),
    "status": _resource(
        "id",
        "status",
        "total_count",
        "success_count",
        "failure_count",
        "pending_count",
        id=_UUID,
        status={"enum": ["complete", "pending"]},
        request_timestamp=_MOMENT,
        total_count=_COUNT,
        success_count=_COUNT,
        failure_count=_COUNT,
        pending_count=_COUNT,
        successes=_list(_DETAIL),
        failures=_list(_DETAIL),
        pendings=_list(_DETAIL),
    ),
    "error": _resource(
        "title",
        "http_status",
        title=_TEXT,
        description=_TEXT,
        error_id=_TEXT,
        error_code=_TEXT,
        http_status={"type": "string", "pattern": "^[45][0-9]{2}$"},
        external_details=_TEXT,
        details={"type": "object"},
    ),
    # Whatever is in `objects` is judged one by one, and answered for in the status.
    "sent": _resource("objects", objects={"type": "array", "minItems": 1}),
}

_EXAMPLE_COLLECTION = {
    "id": "9d3b6c1e-40f7-4e2a-b5a8-71c2f09e6d34",
    "title": "Casework",
    "alias": "casework",
    "can_read": True,
    "can_write": False,
    "media_types": list(MEDIA_TYPES),
}
_EXAMPLES: dict[str, Any] = {
    "discovery": {
        "title": "Indicator hub",
        "default": "https://hub.example/taxii2/exercise/",
        "api_roots": ["https://hub.example/taxii2/exercise/"],
    },
    "api-root": {"title": "Exercise", "versions": [TAXII], "max_content_length": 10_485_760},
    "collections": {"collections": [_EXAMPLE_COLLECTION]},
    "collection": _EXAMPLE_COLLECTION,
    "manifest": {
        "more": True,
        "next": "b3BhcXVl",
        "objects": [{"id": _ID, "date_added": _NOON, "version": _STIX_NOON, "media_type": STIX_2_1}],
    },
    "envelope": {"more": False, "objects": [_INDICATOR]},
    "versions": {"more": False, "versions": [_STIX_NOON]},
    "status": {
        "id": "2d9f4c3b-8a61-4c57-9e0d-b6f1752ac840",
        "status": "complete",
        "request_timestamp": _NOON,
        "total_count": 1,
        "success_count": 1,
        "failure_count": 0,
        "pending_count": 0,
        "successes": [{"id": _ID, "version": _STIX_NOON}],
    },
    "error": {"title": "There is no such resource.", "http_status": "404"},
    "sent": {"objects": [_INDICATOR]},
}
SCHEMAS: dict[str, Any] = {name: {**shape, "examples": [_EXAMPLES[name]]} for name, shape in _SHAPES.items()}


def _in_path(name: str, description: str, example: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": _TEXT,
        "example": example,
    }


def _in_query(name: str, description: str, schema: dict[str, Any], example: str | int | None = None) -> dict[str, Any]:
    described = {"name": name, "in": "query", "description": description, "schema": schema}
    return described if example is None else described | {"example": example}


_EDGE = r"[^\s\u001c-\u001f\u0085,\u0000]"  # no blank, as Python counts them
_VALUE = rf"{_EDGE}(?:[^,\u0000]*{_EDGE})?"
_VALUES: dict[str, Any] = {"type": "string", "pattern": f"^{_VALUE}(?:,{_VALUE})*$"}
_CHOICE = f"(?:first|last|{_TIMESTAMP})"
_VERSIONS: dict[str, Any] = {
    "type": "string",
    "pattern": f"^(?:all|{_CHOICE}(?:,{_CHOICE})*)$",
    "not": {"pattern": r"(?:^|,)([^,]+),(?:.*,)?\1(?:,|$)"},
}


def parameters_of(limits: Limits) -> dict[str, Any]:
    """The parameters in paths and queries, `match[id]` as match-id since a component's name has no brackets. Unknown ones are ignored."""
    most = f"{limits.values} values at most, and {limits.filters} characters in all `match` values together."
    described = (
        _in_path("group", "A trust group's name. `public` may be read without an account.", "exercise"),
        _in_path("collection", "A collection's id, or its alias.", "casework"),
        _in_path("object", "A STIX id.", _ID),
        _in_path("status", "A status's id.", _EXAMPLES["status"]["id"]),
        _in_query("added_after", "Only what was added after this instant.", _VERSION, _NOON),
        _in_query("limit", "So many at most.", {"type": "integer", "minimum": 1}, 100),
        _in_query("next", "What the page before gave as its `next`.", _TEXT),
        _in_query("match[id]", f"STIX ids, parted by commas: {most}", _VALUES, _ID),
        _in_query("match[type]", f"Object types, parted by commas: {most}", _VALUES, "indicator,malware"),
        _in_query(
            "match[version]",
            f"`first`, `last` and timestamps, parted by commas, none twice; or `all` alone: {most}",
            _VERSIONS,
            f"first,{_STIX_NOON}",
        ),
        _in_query("match[spec_version]", f"STIX versions, parted by commas: {most}", _VALUES, "2.1"),
    )
    return {one["name"].replace("[", "-").rstrip("]"): one for one in described}


HEADERS: dict[str, Any] = {
    "X-TAXII-Date-Added-First": {
        "description": "When the first object of the page was added; not with an empty page.",
        "schema": _MOMENT,
        "example": _NOON,
    },
    "X-TAXII-Date-Added-Last": {"description": "When the last one was.", "schema": _MOMENT, "example": _NOON},
    "WWW-Authenticate": {"description": "The schemes that the hub takes.", "required": True, "schema": _TEXT},
    "Allow": {"description": "The methods that there are.", "required": True, "schema": _TEXT, "example": "GET, HEAD"},
    "Retry-After": {
        "description": "Seconds.",
        "required": True,
        "schema": {"type": "string", "pattern": "^[0-9]+$"},
        "example": "5",
    },
}
