"""The JSON schemas of the TAXII resources (TAXII 2.1 sections 3.6 to 5.8), of query parameters and of headers, for the OpenAPI description."""

from typing import Any

from indicator_hub.taxii.media import MEDIA_TYPES, TAXII

_STRING: dict[str, Any] = {"type": "string"}
_COUNT: dict[str, Any] = {"type": "integer", "minimum": 0}
_UUID: dict[str, Any] = {
    "type": "string",
    "pattern": "^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
}
_MOMENT: dict[str, Any] = {
    "type": "string",
    "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z$",
    "examples": ["2026-01-31T12:00:00.000000Z"],
}
_VALUES = "^[^, ]+(,[^, ]+)*$"


def _resource(*required: str, **properties: Any) -> dict[str, Any]:
    return {"type": "object", "required": list(required), "properties": properties}


def _page(**content: Any) -> dict[str, Any]:
    paged = {"more": {"type": "boolean"}, "next": _STRING}
    return {"type": "object", "properties": content | paged, "additionalProperties": False}


def _list(of: dict[str, Any]) -> dict[str, Any]:
    return {"type": "array", "items": of, "minItems": 1}


_DETAIL = _resource("id", "version", id=_STRING, version=_STRING, message=_STRING)
_COLLECTION = _resource(
    "id",
    "title",
    "can_read",
    "can_write",
    id=_UUID,
    title=_STRING,
    description=_STRING,
    alias=_STRING,
    can_read={"type": "boolean"},
    can_write={"type": "boolean"},
    media_types=_list({"enum": list(MEDIA_TYPES)}),
)
_RECORD = _resource(
    "id",
    "date_added",
    "version",
    id=_STRING,
    date_added=_MOMENT,
    version=_STRING,
    media_type={"enum": list(MEDIA_TYPES)},
)
# An account may be set to get an empty list where the standard leaves the property out.
_OBJECTS: dict[str, Any] = {"type": "array", "items": {"type": "object", "required": ["type", "id"]}}

SCHEMAS: dict[str, Any] = {
    "discovery": _resource(
        "title", title=_STRING, default=_STRING, api_roots=_list({"type": "string", "format": "uri"})
    ),
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
    "envelope": _page(objects=_OBJECTS),
    "versions": _page(versions=_list(_STRING)),
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
        title=_STRING,
        description=_STRING,
        error_id=_STRING,
        error_code=_STRING,
        http_status={"type": "string", "pattern": "^[45][0-9]{2}$"},
        external_details=_STRING,
        details={"type": "object"},
    ),
    "sent": {"type": "object", "required": ["objects"], "properties": {"objects": {"type": "array", "minItems": 1}}},
}


def _in_path(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "path", "required": True, "description": description, "schema": schema}


def _in_query(name: str, description: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "description": description,
        "schema": schema,
        "style": "form",
        "explode": False,
    }


PARAMETERS: dict[str, Any] = {
    "group": _in_path("group", "A trust group's name.", _STRING),
    "collection": _in_path("collection", "A collection's id, or its alias.", _STRING),
    "object": _in_path("object", "A STIX id.", _STRING),
    "status": _in_path("status", "A status's id.", _STRING),
    "added_after": _in_query(
        "added_after",
        "Only what was added after this instant.",
        {"type": "string", "pattern": r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,100})?Z$"},
    ),
    "limit": _in_query("limit", "So many at most.", {"type": "integer", "minimum": 1}),
    "next": _in_query("next", "What the page before gave as its `next`.", {"type": "string", "minLength": 1}),
    "match[id]": _in_query("match[id]", "STIX ids, parted by commas.", {"type": "string", "pattern": _VALUES}),
    "match[type]": _in_query("match[type]", "Object types, parted by commas.", {"type": "string", "pattern": _VALUES}),
    "match[version]": _in_query(
        "match[version]",
        "`first`, `last` and timestamps, parted by commas; or `all` alone.",
        {"type": "string", "pattern": _VALUES},
    ),
    "match[spec_version]": _in_query(
        "match[spec_version]", "STIX versions, parted by commas.", {"type": "string", "pattern": _VALUES}
    ),
}

HEADERS: dict[str, Any] = {
    "X-TAXII-Date-Added-First": {
        "description": "When the first object of the page was added; not with an empty page.",
        "schema": _MOMENT,
    },
    "X-TAXII-Date-Added-Last": {"description": "When the last one was.", "schema": _MOMENT},
    "WWW-Authenticate": {"description": "The schemes that the hub takes.", "required": True, "schema": _STRING},
    "Allow": {"description": "The methods that there are.", "required": True, "schema": _STRING},
    "Retry-After": {"description": "Seconds.", "schema": {"type": "string", "pattern": "^[0-9]+$"}},
}
