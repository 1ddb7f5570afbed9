"""The properties of every type of STIX 2.1 as a table: domain and relationship objects, meta objects (sections 3.2, 4, 5, 7).

Open vocabularies are strings here: a hub must not refuse a word it does not know (2.14). Observables: `observables.py`.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from indicator_hub.stix import ids
from indicator_hub.stix.extensions import extensions
from indicator_hub.stix.kinds import (
    ANY,
    MARK,
    Kind,
    Shape,
    Targets,
    boolean,
    dictionary,
    each,
    embedded,
    enumeration,
    hashes,
    integer,
    language,
    millisecond,
    not_before,
    not_both,
    number,
    only_with,
    ref,
    refs,
    shape,
    some_of,
    string,
    strings,
    timestamp,
)
from indicator_hub.stix.observables import OBSERVABLE, OBSERVABLE_SHAPES
from indicator_hub.stix.vocabulary import (
    DOMAIN,
    EXTENSION_TYPES,
    META,
    NO_OBJECT,
    OBSERVABLES,
    OPINIONS,
    RELATIONSHIPS,
    RESERVED,
)

_IDENTITY = Targets("an identity", only=("identity",))
_SOFTWARE = Targets("a software object", only=("software",))
# Custom types may be of any class, so these say what may not stand there.
_DOMAIN = Targets("a domain object", never=OBSERVABLES | RELATIONSHIPS | META | NO_OBJECT)
_DOMAIN_OR_OBSERVABLE = Targets("a domain object or an observable", never=RELATIONSHIPS | META | NO_OBJECT)
_OBSERVED = Targets("an observable or a relationship", never=DOMAIN | META | NO_OBJECT)

external_references = each(
    embedded(
        shape(
            "source_name", source_name=string, description=string, url=string, external_id=string, hashes=hashes
        ).where(some_of("description", "url", "external_id"))
    )
)
kill_chain_phases = each(embedded(shape("kill_chain_name", "phase_name", kill_chain_name=string, phase_name=string)))
granular_markings = each(
    embedded(
        shape(
            "selectors",
            selectors=strings,
            marking_ref=ref(MARK),
            lang=language,
        ).where(some_of("marking_ref", "lang"), not_both("marking_ref", "lang"))
    )
)


def reserved(_: Any) -> str:
    """A name that no object may use (3.8)."""
    return "is a reserved property"


COMMON: dict[str, Kind] = {
    "type": string,
    "spec_version": string,
    "id": string,
    "created_by_ref": ref(_IDENTITY),
    "created": millisecond,
    "modified": millisecond,
    "revoked": boolean,
    "labels": strings,
    "confidence": integer(0, 100),
    "lang": language,
    "external_references": external_references,
    "object_marking_refs": refs(MARK),
    "granular_markings": granular_markings,
    "defanged": boolean,
    "extensions": extensions(),
    **dict.fromkeys(RESERVED, reserved),
}
"""On every object (3.2). Where the standard says that one does not apply, its meaning is still the same."""

_SEEN: dict[str, Kind] = {"first_seen": timestamp, "last_seen": timestamp}
_SEEN_RULE = not_before("first_seen", "last_seen")
_NAMED: dict[str, Kind] = {"name": string, "description": string}


def _family_has_name(value: Mapping[str, Any]) -> str | None:
    return (
        "name is missing: a malware family has one" if value.get("is_family") is True and "name" not in value else None
    )


def _position(value: Mapping[str, Any]) -> str | None:
    if ("latitude" in value) != ("longitude" in value):
        return "latitude and longitude belong together"
    return None


def _statement(value: Mapping[str, Any]) -> str | None:
    """7.2.1: the two old properties together, or extensions instead."""
    if ("definition_type" in value) != ("definition" in value) or (
        "definition" not in value and "extensions" not in value
    ):
        return "a marking-definition needs extensions, or definition_type and definition"
    if value.get("definition_type") == "statement" and type(value["definition"].get("statement")) is not str:
        return "definition must have a string for statement"
    return None


def _new_properties(value: Mapping[str, Any]) -> str | None:
    if "extension_properties" in value and "toplevel-property-extension" not in value["extension_types"]:
        return "extension_properties is for the extension type toplevel-property-extension"
    return None


def _something_observed(value: Mapping[str, Any]) -> str | None:
    """4.14.1: relationships may stand beside observables, and not alone."""
    if all(ids.referred_type(one) in RELATIONSHIPS for one in value.get("object_refs", ("",))):
        return "object_refs must have an observable among them"
    return None


def _relationship_name(value: Any) -> str | None:
    right = type(value) is str and value and set(value) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    return None if right else "must be made of a-z, 0-9 and -"


def _contents(value: Any) -> str | None:
    if (wrong := dictionary(value)) is not None:
        return wrong
    for tag, translated in value.items():
        if language(tag) is not None:
            return "must have language tags (RFC 5646) as keys"
        if type(translated) is not dict:
            return "must have a dictionary for each language"
    return None


_SPECIAL: dict[str, Shape] = {
    "attack-pattern": shape("name", **_NAMED, aliases=strings, kill_chain_phases=kill_chain_phases),
    "campaign": shape("name", **_NAMED, aliases=strings, **_SEEN, objective=string).where(_SEEN_RULE),
    "course-of-action": shape("name", **_NAMED),
    "grouping": shape("context", "object_refs", **_NAMED, context=string, object_refs=refs(ANY)),
    "identity": shape(
        "name", **_NAMED, roles=strings, identity_class=string, sectors=strings, contact_information=string
    ),
    "incident": shape("name", **_NAMED, kill_chain_phases=kill_chain_phases),
    "indicator": shape(
        "pattern", "pattern_type", "valid_from",
        **_NAMED, indicator_types=strings, pattern=string, pattern_type=string, pattern_version=string,
        valid_from=timestamp, valid_until=timestamp, kill_chain_phases=kill_chain_phases,
    ).where(not_before("valid_from", "valid_until", strictly=True)),
    "infrastructure": shape(
        "name", **_NAMED, infrastructure_types=strings, aliases=strings, kill_chain_phases=kill_chain_phases, **_SEEN,
    ).where(_SEEN_RULE),
    "intrusion-set": shape(
        "name", **_NAMED, aliases=strings, **_SEEN, goals=strings, resource_level=string, primary_motivation=string,
        secondary_motivations=strings,
    ).where(_SEEN_RULE),
    "location": shape(
        **_NAMED, latitude=number(-90, 90), longitude=number(-180, 180), precision=number(0), region=string,
        country=string, administrative_area=string, city=string, street_address=string, postal_code=string,
    ).where(_position, only_with("precision", "latitude"), some_of("region", "country", "latitude")),
    "malware": shape(
        "is_family", **_NAMED, malware_types=strings, is_family=boolean, aliases=strings,
        kill_chain_phases=kill_chain_phases, **_SEEN, operating_system_refs=refs(_SOFTWARE),
        architecture_execution_envs=strings, implementation_languages=strings, capabilities=strings,
        sample_refs=refs(Targets("a file or an artifact", only=("file", "artifact"))),
    ).where(_SEEN_RULE, _family_has_name),
    "malware-analysis": shape(
        "product", product=string, version=string, host_vm_ref=ref(_SOFTWARE), operating_system_ref=ref(_SOFTWARE),
        installed_software_refs=refs(_SOFTWARE), configuration_version=string, modules=strings,
        analysis_engine_version=string, analysis_definition_version=string, submitted=timestamp,
        analysis_started=timestamp, analysis_ended=timestamp, result_name=string, result=string,
        analysis_sco_refs=refs(OBSERVABLE), sample_ref=ref(OBSERVABLE),
    ).where(some_of("result", "analysis_sco_refs")),
    "note": shape(
        "content", "object_refs", abstract=string, content=string, authors=strings, object_refs=refs(ANY)
    ),
    "observed-data": shape(
        "first_observed", "last_observed", "number_observed",
        first_observed=timestamp, last_observed=timestamp, number_observed=integer(1, 999_999_999),
        objects=dictionary, object_refs=refs(_OBSERVED),
    ).where(
        not_before("first_observed", "last_observed"), some_of("objects", "object_refs"), not_both("objects", "object_refs"),
        _something_observed,
    ),
    "opinion": shape(
        "opinion", "object_refs", explanation=string, authors=strings, opinion=enumeration(*OPINIONS), object_refs=refs(ANY)
    ),
    "report": shape(
        "name", "published", "object_refs", **_NAMED, report_types=strings, published=timestamp, object_refs=refs(ANY)
    ),
    "threat-actor": shape(
        "name", **_NAMED, threat_actor_types=strings, aliases=strings, **_SEEN, roles=strings, goals=strings,
        sophistication=string, resource_level=string, primary_motivation=string, secondary_motivations=strings,
        personal_motivations=strings,
    ).where(_SEEN_RULE),
    "tool": shape(
        "name", **_NAMED, tool_types=strings, aliases=strings, kill_chain_phases=kill_chain_phases, tool_version=string
    ),
    "vulnerability": shape("name", **_NAMED),
    "relationship": shape(
        "relationship_type", "source_ref", "target_ref",
        relationship_type=_relationship_name, description=string, source_ref=ref(_DOMAIN_OR_OBSERVABLE),
        target_ref=ref(_DOMAIN_OR_OBSERVABLE), start_time=timestamp, stop_time=timestamp,
    ).where(not_before("start_time", "stop_time", strictly=True)),
    "sighting": shape(
        "sighting_of_ref", description=string, **_SEEN, count=integer(0, 999_999_999), sighting_of_ref=ref(_DOMAIN),
        observed_data_refs=refs(Targets("observed data", only=("observed-data",))),
        where_sighted_refs=refs(Targets("an identity or a location", only=("identity", "location"))), summary=boolean,
    ).where(_SEEN_RULE),
    "language-content": shape(
        "object_ref", "contents", object_ref=ref(ANY), object_modified=timestamp, contents=_contents
    ),
    "extension-definition": shape(
        "created_by_ref", "name", "schema", "version", "extension_types",
        **_NAMED, schema=string, version=string, extension_types=each(enumeration(*EXTENSION_TYPES)),
        extension_properties=strings,
    ).where(_new_properties),
    "marking-definition": shape(
        name=string, definition_type=string, definition=dictionary,
    ).where(_statement),
}  # fmt: skip


def _whole(special: Shape, *required: str) -> Shape:
    return replace(special, kinds=COMMON | special.kinds, required=special.required.union(required))


def _with_extensions(kind: str, special: Shape) -> Shape:
    whole = _whole(special)
    return replace(whole, kinds=whole.kinds | {"extensions": extensions(kind)})


SHAPES: Mapping[str, Shape] = {
    **{kind: _whole(one, "created", "modified") for kind, one in _SPECIAL.items()},
    "marking-definition": _whole(_SPECIAL["marking-definition"], "created"),
    **{kind: _with_extensions(kind, one) for kind, one in OBSERVABLE_SHAPES.items()},
}
"""Every type of STIX 2.1."""

CUSTOM = _whole(Shape({}), "created", "modified")
CUSTOM_OBSERVABLE = _whole(Shape({}))
"""A type that is none of STIX's own: only what is common is known."""

# Where STIX 2.0 asks for other properties than 2.1 does.
_REQUIRED_2_0: Mapping[str, tuple[str, ...]] = {
    "identity": ("name", "identity_class"),
    "indicator": ("pattern", "valid_from", "labels"),
    "malware": ("name", "labels"),
    "observed-data": ("first_observed", "last_observed", "number_observed", "objects"),
    "report": ("name", "published", "object_refs", "labels"),
    "threat-actor": ("name", "labels"),
    "tool": ("name", "labels"),
}
_SAME_IN_2_0 = (
    "attack-pattern",
    "campaign",
    "course-of-action",
    "intrusion-set",
    "relationship",
    "sighting",
    "vulnerability",
)


def _as_2_0(special: Shape, required: frozenset[str]) -> Shape:
    times: dict[str, Kind] = {"created": timestamp, "modified": timestamp}
    return replace(special, kinds=COMMON | special.kinds | times, required=required | {"created", "modified"})


SHAPES_2_0: Mapping[str, Shape] = {
    **{kind: _as_2_0(_SPECIAL[kind], frozenset(names)) for kind, names in _REQUIRED_2_0.items()},
    **{kind: _as_2_0(_SPECIAL[kind], _SPECIAL[kind].required) for kind in _SAME_IN_2_0},
    "marking-definition": SHAPES["marking-definition"],
}
"""The types of STIX 2.0, as far as they differ: times to any digit, and other properties required."""

CUSTOM_2_0 = _as_2_0(Shape({}), frozenset())
