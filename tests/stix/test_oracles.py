"""What the hub takes, held against two judges who are not ours: the stix2 library, and the validator of the OASIS committee.

Every specimen is damaged at random. Where a judge refuses what the hub takes, or both take what the hub refuses, one of the reasons below must
say why, and each reason comes with an object that shows it.
"""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

from indicator_hub.stix.objects import ObjectVersion, accept
from indicator_hub.stix.reader import read
from indicator_hub.stix.vocabulary import OBSERVABLES
from support.mutations import mutants, one_by_one
from support.oracles import library, validator
from support.specimens import CREATED, EXTENSION, MODIFIED, STATEMENT, Object, identifier, specimen, specimens
from support.world import envelope

LIBRARY, VALIDATOR, HUB = "library", "validator", "hub"


def always(_: Object) -> bool:
    """No matter what the object is."""
    return True


@dataclass(frozen=True, slots=True)
class Reason:
    """Who refuses alone, saying what; why the others are right; and a specimen with changes on which it happens."""

    who: str
    says: str
    why: str
    example: tuple[str, Object]
    when: Callable[[Object], bool] = always

    def explains(self, who: str, said: str, value: Object) -> bool:
        """Whether it is about this."""
        return who == self.who and re.search(self.says, said) is not None and self.when(value)


def told(pattern: str) -> Callable[[Object], bool]:
    """Whether the object's text has something like this in it."""
    return lambda value: re.search(pattern, json.dumps(value, ensure_ascii=False)) is not None


def unspecified(value: Object) -> bool:
    """STIX 2.0 has no spec_version."""
    return "spec_version" not in value and value.get("type") not in OBSERVABLES


def container(value: Object) -> bool:
    """Observed data in the form of STIX 2.0."""
    return value.get("type") == "observed-data" and "objects" in value


def versioned_observable(value: Object) -> bool:
    """An observable with the properties of versioning."""
    return value.get("type") in OBSERVABLES and not {"created", "modified", "revoked"}.isdisjoint(value)


def says_something(value: Object) -> bool:
    """There is more in it than what every observable has."""
    return not value.keys() <= {"type", "spec_version", "id", "object_marking_refs", "granular_markings", "defanged"}


def foreign(kind: str, name: str) -> Callable[[Object], bool]:
    """This extension on a type with which the standard does not give it."""
    return lambda value: value["type"] != kind and name in value["extensions"]


def refers(kind: str) -> Callable[[Object], bool]:
    """A reference to this type."""
    return lambda value: told(rf'"{kind}--')({k: v for k, v in value.items() if k != "id"})


GONE: Any = object()
SEVEN = {"created": "2026-10-01T08:00:00.1234567Z", "modified": MODIFIED}
HASH = {"source_name": "x", "external_id": "1"}
EXT = {"extension_type": "property-extension"}


def marked(selector: str, **more: Any) -> Object:
    """A granular marking of this."""
    return {"granular_markings": [{"marking_ref": STATEMENT, "selectors": [selector]}], **more}


def container_of(**one: Any) -> tuple[str, Object]:
    """Observed data that hold this."""
    return "observed-data, container", {"objects": {"0": one}}


REASONS: Sequence[Reason] = (
    # --- the library refuses, the hub takes ---
    Reason(LIBRARY, "must be a datetime object", "six sub-second digits are the library's end, the standard has none (2.16)",
           ("campaign, least", SEVEN), told(r"\.\d{7,}Z")),
    Reason(LIBRARY, "Hash algorithm names must be members", "an open vocabulary has no end (2.14), nor has a dictionary of hashes (2.7)",
           ("tool, least", {"external_references": [HASH | {"hashes": {"x_own": "1"}}]})),
    Reason(LIBRARY, "is not a valid (SHA256|MD5) hash", "other spellings than those of the vocabulary are names of one's own",
           ("file, least", {"hashes": {"md5": "1"}}), told(r'"(md5|SHA256)":')),
    Reason(LIBRARY, "is not a valid (SSDEEP|TLSH) hash", "the standard gives no form for a fuzzy hash", ("file, least", {"hashes": {"TLSH": "1"}})),
    Reason(LIBRARY, r"Selector external_references\.\[0\]\.url in", "the library does not look inside a reference; the standard's own example does (7.2.3)",
           ("tool", marked("external_references.[0].url"))),
    Reason(LIBRARY, r"Selector (labels\.\[0\]|name) in \w+ is not valid", "an empty text is content, too", ("tool", marked("labels.[0]", labels=[""])), told('""')),
    Reason(LIBRARY, r"Selector external_references\.\[1\] in", "the library forgets one of two things that are equal", ("tool", {"external_references": [HASH, HASH]}), told(r'"external_references": \[(\{.*?\}), \1')),
    Reason(LIBRARY, "At least one of the .* for TCPExt", "on another type it is an extension that nobody has defined",
           ("tool, least", {"extensions": {"tcp-ext": {"rank": 1}}}), foreign("network-traffic", "tcp-ext")),
    Reason(LIBRARY, "At least one of the .* for NTFSExt", "on another type it is an extension that nobody has defined",
           ("tool, least", {"extensions": {"ntfs-ext": {"rank": 1}}}), foreign("file", "ntfs-ext")),
    Reason(LIBRARY, "^AtLeastOnePropertyError", "a property of one's own says something, too", ("process, least", {"pid": GONE, "heron": 1}), says_something),
    Reason(LIBRARY, "Unexpected properties for StatementMarking", "a statement has one property, and no other is forbidden (7.2.1.3)",
           ("marking-definition, least", {"definition": {"statement": "x", "year": 1}})),
    Reason(LIBRARY, r"StatementMarking: \(statement\)", "an empty statement is a string", ("marking-definition, least", {"definition": {"statement": ""}}), told('""')),
    Reason(LIBRARY, "definition_type must be a valid marking type", "it should be one of two, and may be another (7.2.1)",
           ("marking-definition, least", {"definition_type": "house"})),
    Reason(LIBRARY, "MarkingDefinition: .definition, definition_type", "without spec_version it is read as STIX 2.0, and taken as 2.1 is",
           ("marking-definition, extension", {"spec_version": GONE}), unspecified),
    Reason(LIBRARY, "'is_active' must be False if 'end'", "what is not there is not true (6.12)", ("network-traffic", {"is_active": GONE})),
    Reason(LIBRARY, "prefix 'location' for this property", "a sighting may be seen at a location (5.2.1); the library's STIX 2.0 does not know them",
           ("sighting", {"spec_version": GONE}), unspecified),
    Reason(LIBRARY, "Invalid value for (IPv4Address|DomainName|ObservedData 'objects')", "what is in a container keeps the form of STIX 2.0, and is not read (2.13)", container_of(type="url"), container),
    Reason(LIBRARY, "^AttributeError: type object '[A-Za-z]+Ext' has no attribute", "who falls over has no opinion",
           ("indicator, new properties", {"extensions": {"tcp-ext": {"extension_type": "toplevel-property-extension"}}})),
    Reason(LIBRARY, "Incorrect options key", "names of options are not ours to know (6.12.4)",
           ("network-traffic, active", {"extensions": {"socket-ext": {"address_family": "AF_INET", "options": {"own": 1}}}}), told('"options": ')),
    # --- the validator refuses, the hub takes ---
    Reason(VALIDATOR, r"^objects\.", "what is in a container keeps the form of STIX 2.0, and is not read (2.13)", container_of(type="url"), container),
    Reason(VALIDATOR, "^: 'spec_version' is a required property|^: {'type': 'marking-definition'", "without it, it is STIX 2.0", ("campaign, least", {"spec_version": GONE}), unspecified),
    Reason(VALIDATOR, r"'[a-z0-9-]+--[0-9a-f]{8}-[0-9a-f]{4}-[678][0-9a-f]{3}-[0-9a-f-]{17}' does not match", "RFC 9562 has three more versions of UUIDs",
           ("tool, least", {"id": "tool--00000000-0000-7000-8000-000000000001"})),
    Reason(VALIDATOR, "^: {'type': 'marking-definition'", "the same, where it says less", ("marking-definition, least", {"id": "marking-definition--00000000-0000-7000-8000-000000000001"}),
           told('"id": "marking-definition--.{13}-[678]')),
    Reason(VALIDATOR, "UUIDv4 (must be used|for its id)", "an id stays as it was made (2.9); it is the maker's to choose", ("process, least", {"id": "process--00000000-0000-5000-8000-000000000001"})),
    Reason(VALIDATOR, r"^: {'type': '(process|user-account|windows-registry-key|x509-certificate)'", "a property of one's own says something, too",
           ("user-account, least", {"user_id": GONE, "heron": 1}), says_something),
    Reason(VALIDATOR, r"^'([A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*|[Xx](-[A-Za-z0-9]{1,8})+)' is not a valid RFC 5646|^Invalid key|^languages\.\d: '[A-Za-z-]+' does not match|^The 'languages' property of .* invalid language code \('[A-Za-z-]+'\)", "its list of languages is a short one",
           ("tool, least", {"lang": "zh-Hant"})),
    Reason(VALIDATOR, "of the 'contents' property is invalid", "what fits nothing in the translated object is passed over (7.1.1)",
           ("language-content, least", {"contents": {"de": {"X": "y"}}})),
    Reason(VALIDATOR, "^granular_markings.*'marking_ref' is a required", "its schema does not know that a part may have a language instead (7.2.3)", ("indicator, language of a part", {})),
    Reason(VALIDATOR, r"^object_ref: .*bundle\|language-content", "any STIX object may be translated (7.1.1)",
           ("language-content, least", {"object_ref": identifier("language-content")}), refers("language-content")),
    Reason(VALIDATOR, "^sample_ref: .* is not valid under any", "any observable may have been examined (4.12.1)", ("malware-analysis", {"sample_ref": identifier("mac-addr")}), refers("(mac-addr|ipv4-addr|software|url|x-heron-case)")),
    Reason(VALIDATOR, r"^(value|cpe|url|mime_type|name_enc|path_enc|external_references\.\d\.url): .* (does not match '|is not a '(uri|email|idn-hostname)'$)|'mime_type' property of|^The '\w+_enc' property|Provided CPE", "what was seen is passed on as it was seen",
           ("url, least", {"value": "no url"})),
    Reason(VALIDATOR, r"^extensions\.extension-definition--[0-9a-f-]{36}(\.\w*)*: ", "an extension that the hub does not know is passed on unread (7.3)",
           ("tool, least", {"extensions": {EXTENSION: EXT | {"Rank": 1}}})),
    Reason(VALIDATOR, r"^extensions: '[\w-]+' does not match any", "names of extensions should be from the standard, and may be older ones (3.2, 11)",
           ("tool, least", {"extensions": {"heron": {"rank": 1}}})),
    Reason(VALIDATOR, r"optional_header: Additional properties", "custom properties may stand in every object (11.1)",
           ("file, least", {"extensions": {"windows-pebinary-ext": {"pe_type": "exe", "optional_header": {"heron": 1, "base_of_code": 0}}}})),
    Reason(VALIDATOR, r"hashes: '[\w-]+' does not match", "an open vocabulary has no end (2.14)", ("tool, least", {"external_references": [HASH | {"hashes": {"x_own": "1"}}]})),
    Reason(VALIDATOR, r"hashes\.(TLSH|SSDEEP): ", "the standard gives no form for a fuzzy hash", ("file, least", {"hashes": {"TLSH": "1"}})),
    Reason(VALIDATOR, r"^(extensions\.[a-z-]+-ext\.)?[a-z_]+: None is not valid under any", "null says nothing, and custom properties are passed on unread", ("tool, least", {"heron": None})),
    Reason(VALIDATOR, r"_bin: '' does not match", "no octets at all are base64, too (RFC 4648)", ("artifact, least", {"payload_bin": ""})),
    Reason(VALIDATOR, "(exif_tags|startup_info|options): '[\\w-]*' does not match any", "names of tags, fields and options are not ours to know (6.7.5, 6.12.4, 6.13.2)",
           ("file, least", {"extensions": {"raster-image-ext": {"exif_tags": {"own": "x"}}}})),
    Reason(VALIDATOR, r"startup_info\.\w+: .* is not of type 'string'", "nothing says that a field of it is a text (6.13.2)",
           ("process, least", {"extensions": {"windows-process-ext": {"startup_info": {"dwFlags": 7}}}})),
    Reason(VALIDATOR, r"^additional_header_fields\.[\w-]+: ", "the standard demands lists and shows texts (6.6.1): both are taken, and lists of one",
           ("email-message, one part", {"additional_header_fields": {"Reply-To": ["a"]}})),
    Reason(VALIDATOR, r"time_date_stamp: '[^']*\.0+Z' does not match", "no fraction but zero is precise to the second (6.7.6)",
           ("file, least", {"extensions": {"windows-pebinary-ext": {"pe_type": "exe", "time_date_stamp": "2026-01-01T00:00:00.0Z"}}})),
    Reason(VALIDATOR, "fell over", "who falls over has no opinion", ("mutex, least", {"objects": {"a": {"b": 1}}})),
    # --- both take, the hub refuses ---
    Reason(HUB, "must be an integer", "85.0 is a number with a fraction (2.10)", ("tool, least", {"confidence": 85.0}), told(r": -?\d+\.0\b")),
    Reason(HUB, "^pattern must not be empty", "nothing is no pattern", ("indicator, another language", {"pattern": ""})),
    Reason(HUB, r"_enc needs \w+ beside it", "an encoding goes with what it encodes (3.1)", ("file, hash alone", {"name_enc": "UTF-8"})),
    Reason(HUB, "(environment_variables|ipfix|exif_tags) is not right: .* must be a string", "so say 6.13.1, 6.12.1 and 6.7.5; neither looks, or not at fractions", ("process, least", {"environment_variables": {"PATH": 1}})),
    Reason(HUB, "gid must be an integer", "the schema forgets it, the library cuts it off (6.16.2)", ("user-account", {"extensions": {"unix-account-ext": {"gid": 1.5}}})),
    Reason(HUB, "created must be a timestamp", "a time has no end of line (2.16)", ("x-heron-case, a new type", {"created": f"{CREATED}\n", "modified": MODIFIED}), told(r"Z\\n")),
    Reason(HUB, "must have at least three sub-second digits", "so says 3.2, of marks as well", ("marking-definition, least", {"created": "2026-10-01T08:00:00Z"})),
    Reason(HUB, r"must be the id of|must be a list of ids", "a reference is an identifier, in the one spelling and of the versions that there are (2.9)",
           ("tool, least", {"created_by_ref": identifier("identity").replace("4000", "4ABC")}), told(r"--(\{|[0-9a-f]{32}|[0-9a-f-]*[A-F]|.{13}-[09])")),
    Reason(HUB, "each of an observable( or a relationship)?$|must be the id of a domain object( or an observable)?$", "a meta object or a bundle is neither (4.12.1, 4.14.1, 5.1.2, 6.7.1)",
           ("malware-analysis, findings", {"analysis_sco_refs": [identifier("language-content")]}), refers("(language-content|extension-definition|marking-definition|bundle)")),
    Reason(HUB, r"must be (the id|a list of ids).* a STIX object$", "a bundle is no STIX object (8)", ("grouping, least", {"object_refs": [identifier("bundle")]}), refers("bundle")),
    Reason(HUB, r"(_ref must be the id|_refs must be a list of ids).* a STIX object( \(without .*)?$", "the ending says what a property holds (3.1)", ("tool, least", {"heron_ref": "x"})),
    Reason(HUB, r"_(hex must be an even|bin must be base64)", "the ending says what a property holds (3.1)", ("tool, least", {"external_references": [HASH | {"x_hex": "f"}]})),
    Reason(HUB, r"holds an empty (list|dictionary)", "an empty list or dictionary is never right (2.3, 2.12)", ("tool, least", {"heron": {"rank": []}})),
    Reason(HUB, "is not a property name", "names of properties are a-z, 0-9 and _, anywhere (3.1)", ("tool, least", {"external_references": [HASH | {"x-a": 1}]})),
    Reason(HUB, "(phone_number|action|username|severity) is a reserved property", "so says 3.8; one schema misspells it, others leave it out", ("tool, least", {"phone_number": "1"})),
    Reason(HUB, "id must be [a-z0-9-]+--UUID", "an id begins with its object's type, and two spellings would be two objects (2.9)",
           ("x-heron-case, a new type", {"id": identifier("x-heron-case").replace("4000", "4ABC")})),
    Reason(HUB, "type is missing or not a valid name", "three letters at least, the first one a letter, no hyphen at the end (3.1, 7.3.2)", ("tool, least", {"type": "x-tool-"})),
    Reason(HUB, "a marking-definition cannot have versions", "so says 7.2.1", ("marking-definition, least", {"modified": CREATED})),
    Reason(HUB, "^(created|modified|revoked|created_by_ref) must be", "an observable that has versions has them as any object does (3.6)",
           ("mutex, versioned", {"revoked": "yes"}), versioned_observable),
    Reason(HUB, r"created is missing \(without spec_version", "nothing says that this type is an observable", ("x-heron-wallet, a new observable", {"extensions": GONE})),
    Reason(HUB, "hashes must have a string", "an empty text is no digest (2.7)", ("file, least", {"hashes": {"x_own": ""}})),
    Reason(HUB, "defanged must be true or false", "it is a boolean wherever it stands (3.2)", ("tool, least", {"defanged": "no"})),
    Reason(HUB, "^object_refs must have an observable", "so says 4.14.1; neither looks for one", ("observed-data, least", {"object_refs": [identifier("relationship")]})),
    Reason(HUB, "^kill_chain_phases ", "the library gives them to an incident as well; they are read as everywhere", ("incident", {"kill_chain_phases": [{"kill_chain_name": "x", "phase_name": 1}]}), told('"type": "incident"')),
)  # fmt: skip


def disagreements(value: Object) -> list[tuple[str, str]]:
    """Who refuses alone, and what they say."""
    received = read(envelope(value))[0]
    found = accept(received)
    if isinstance(found, ObjectVersion):
        judges = ((LIBRARY, library), (VALIDATOR, validator))
        return [(who, said) for who, judge in judges for said in judge(received.value)]
    return [] if library(received.value) or validator(received.value) else [(HUB, found.reason)]


def unexplained(damaged: Iterable[tuple[str, str, Object]]) -> list[str]:
    """Every disagreement for which there is no reason."""
    return [
        f"{name}, {what}: {who} alone says {said[:200]} of {json.dumps(value)[:1500]}"
        for name, what, value in damaged
        for who, said in disagreements(value)
        if not any(reason.explains(who, said, value) for reason in REASONS)
    ]


@pytest.mark.parametrize("name", specimens())
def test_whole_specimens_are_agreed_on(name: str) -> None:
    """Undamaged, all three take them, but for two that show faults of the judges."""
    value = specimen(name)
    assert {
        who for who, said in disagreements(value) if not any(one.explains(who, said, value) for one in REASONS)
    } == set()
    assert not disagreements(value) or name in ("observed-data, container", "indicator, language of a part")


@pytest.mark.parametrize("reason", REASONS, ids=lambda reason: f"{reason.who}: {reason.why[:60]}")
def test_every_reason_is_one(reason: Reason) -> None:
    """Each has an object on which it is needed."""
    name, changes = reason.example
    value = {key: one for key, one in (specimen(name) | changes).items() if one is not GONE}
    assert any(reason.explains(who, said, value) for who, said in disagreements(value)), disagreements(value)


def test_damage_is_damage() -> None:
    """The same seed damages alike; much of it is refused, and much does no harm."""
    damaged = [value for _, _, value in mutants(4, "hub")]
    assert damaged == [value for _, _, value in mutants(4, "hub")]
    taken = sum(isinstance(accept(read(envelope(value))[0]), ObjectVersion) for value in damaged)
    assert len(damaged) // 5 < taken < len(damaged) * 4 // 5


@pytest.mark.parametrize("name", specimens())
def test_damaged_properties_are_agreed_on(name: str) -> None:
    """Property by property, nothing passes that a judge refuses, and nothing is refused that both take, without a reason."""
    assert unexplained(one_by_one(name)) == []


def test_damaged_specimens_are_agreed_on() -> None:
    """The same for whatever may happen to an object."""
    assert unexplained(mutants(8, "hub")) == []


@pytest.mark.torture
def test_many_damaged_specimens_are_agreed_on() -> None:
    """The same, a hundred thousand times."""
    assert unexplained(mutants(1_000, "torture")) == []
