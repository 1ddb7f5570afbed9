"""One object of every type of STIX 2.1, with every property of its own filled; the smallest form of each beside it."""

import uuid
from typing import Any

WHEN, LATER = "2026-11-01T00:00:00.000Z", "2026-11-02T00:00:00.000Z"


def an(kind: str, number: int = 1) -> str:
    """An id."""
    return f"{kind}--{uuid.UUID(int=number, version=4)}"


_HASHES = {
    "MD5": "0" * 32,
    "SHA-1": "1" * 40,
    "SHA-256": "a" * 64,
    "SHA-512": "b" * 128,
    "SHA3-256": "c" * 64,
    "SSDEEP": "3:abc:def",
    "x_own": "anything",
}
_PHASES = [{"kill_chain_name": "lockheed-martin-cyber-kill-chain", "phase_name": "delivery"}]
_NAMED = {"name": "n", "description": "d"}
_SEEN = {"first_seen": WHEN, "last_seen": LATER}
_COMMON: dict[str, Any] = {
    "created_by_ref": an("identity"), "revoked": False, "labels": ["a"], "confidence": 50, "lang": "en-GB",
    "external_references": [{"source_name": "s", "description": "d", "url": "https://example.com/", "external_id": "1", "hashes": _HASHES}],
    "object_marking_refs": ["marking-definition--bab4a63c-aed9-4cf5-a766-dfca5abac2bb"],
    "granular_markings": [{"marking_ref": an("marking-definition"), "selectors": ["labels.[0]", "external_references.[0].hashes.SHA-256"]}, {"lang": "de", "selectors": ["labels"]}],
    "extensions": {an("extension-definition"): {"extension_type": "property-extension", "rank": 5}},
}  # fmt: skip
_REFS = [an("indicator"), an("malware")]

# Of each type: what it must have, and what else it may.
DOMAIN: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "attack-pattern": ({"name": "n"}, {"description": "d", "aliases": ["a"], "kill_chain_phases": _PHASES}),
    "campaign": ({"name": "n"}, {"description": "d", "aliases": ["a"], **_SEEN, "objective": "o"}),
    "course-of-action": ({"name": "n"}, {"description": "d"}),
    "grouping": ({"context": "suspicious-activity", "object_refs": _REFS}, _NAMED),
    "identity": ({"name": "n"}, {"description": "d", "roles": ["r"], "identity_class": "organization", "sectors": ["energy"], "contact_information": "c"}),
    "incident": ({"name": "n"}, {"description": "d"}),
    "indicator": (
        {"pattern": "[ipv4-addr:value = '198.51.100.1']", "pattern_type": "stix", "valid_from": WHEN},
        _NAMED | {"indicator_types": ["benign"], "pattern_version": "2.1", "valid_until": LATER, "kill_chain_phases": _PHASES},
    ),
    "infrastructure": ({"name": "n"}, {"description": "d", "infrastructure_types": ["botnet"], "aliases": ["a"], "kill_chain_phases": _PHASES, **_SEEN}),
    "intrusion-set": (
        {"name": "n"},
        {"description": "d", "aliases": ["a"], **_SEEN, "goals": ["g"], "resource_level": "team", "primary_motivation": "ideology", "secondary_motivations": ["revenge"]},
    ),
    "location": (
        {"country": "de"},
        _NAMED | {"latitude": 48.5, "longitude": -11, "precision": 10.5, "region": "western-europe", "administrative_area": "a", "city": "c", "street_address": "s", "postal_code": "1"},
    ),
    "malware": (
        {"is_family": False},
        _NAMED | {"malware_types": ["worm"], "aliases": ["a"], "kill_chain_phases": _PHASES, **_SEEN, "operating_system_refs": [an("software")],
                  "architecture_execution_envs": ["arm"], "implementation_languages": ["rust"], "capabilities": ["steals-data"], "sample_refs": [an("file"), an("artifact")]},
    ),
    "malware-analysis": (
        {"product": "p", "result": "malicious"},
        {"version": "1", "host_vm_ref": an("software"), "operating_system_ref": an("software"), "installed_software_refs": [an("software")],
         "configuration_version": "1", "modules": ["m"], "analysis_engine_version": "1", "analysis_definition_version": "1", "submitted": WHEN,
         "analysis_started": WHEN, "analysis_ended": LATER, "result_name": "r", "analysis_sco_refs": [an("file")], "sample_ref": an("file")},
    ),
    "note": ({"content": "c", "object_refs": _REFS}, {"abstract": "a", "authors": ["a"]}),
    "observed-data": ({"first_observed": WHEN, "last_observed": LATER, "number_observed": 1, "object_refs": [an("ipv4-addr"), an("relationship")]}, {}),
    "opinion": ({"opinion": "agree", "object_refs": [an("relationship")]}, {"explanation": "e", "authors": ["a"]}),
    "report": ({"name": "n", "published": WHEN, "object_refs": _REFS}, {"description": "d", "report_types": ["campaign"]}),
    "threat-actor": (
        {"name": "n"},
        {"description": "d", "threat_actor_types": ["crime-syndicate"], "aliases": ["a"], **_SEEN, "roles": ["agent"], "goals": ["g"], "sophistication": "expert",
         "resource_level": "team", "primary_motivation": "ideology", "secondary_motivations": ["revenge"], "personal_motivations": ["revenge"]},
    ),
    "tool": ({"name": "n"}, {"description": "d", "tool_types": ["remote-access"], "aliases": ["a"], "kill_chain_phases": _PHASES, "tool_version": "1"}),
    "vulnerability": ({"name": "n"}, {"description": "d"}),
    "relationship": (
        {"relationship_type": "indicates", "source_ref": an("indicator"), "target_ref": an("malware")}, {"description": "d", "start_time": WHEN, "stop_time": LATER},
    ),
    "sighting": (
        {"sighting_of_ref": an("indicator")},
        {"description": "d", **_SEEN, "count": 0, "observed_data_refs": [an("observed-data")], "where_sighted_refs": [an("identity"), an("location")], "summary": True},
    ),
    "language-content": ({"object_ref": an("indicator"), "contents": {"de": {"name": "N"}}}, {"object_modified": WHEN}),
    "extension-definition": (
        {"created_by_ref": an("identity"), "name": "n", "schema": "https://example.com/schema", "version": "1.0.0", "extension_types": ["toplevel-property-extension"]},
        {"description": "d", "extension_properties": ["rank"]},
    ),
}  # fmt: skip
_TIMES = {"ctime": WHEN, "mtime": WHEN, "atime": LATER}
OBSERVABLES: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "artifact": ({"url": "https://example.com/a", "hashes": _HASHES}, {"mime_type": "a/b", "encryption_algorithm": "AES-256-GCM", "decryption_key": "k"}),
    "autonomous-system": ({"number": 64500}, {"name": "n", "rir": "r"}),
    "directory": ({"path": "/tmp"}, {"path_enc": "utf-8", **_TIMES, "contains_refs": [an("file"), an("directory", 2)]}),
    "domain-name": ({"value": "example.com"}, {"resolves_to_refs": [an("ipv4-addr"), an("ipv6-addr"), an("domain-name", 2)]}),
    "email-addr": ({"value": "a@example.com"}, {"display_name": "A", "belongs_to_ref": an("user-account")}),
    "email-message": (
        {"is_multipart": True},
        {"date": WHEN, "content_type": "a/b", "from_ref": an("email-addr"), "sender_ref": an("email-addr"), "to_refs": [an("email-addr")], "cc_refs": [an("email-addr")],
         "bcc_refs": [an("email-addr")], "message_id": "m", "subject": "s", "received_lines": ["r"], "additional_header_fields": {"Reply-To": ["a"]},
         "body_multipart": [{"body": "b", "content_type": "t/p", "content_disposition": "inline"}, {"body_raw_ref": an("file")}], "raw_email_ref": an("artifact")},
    ),
    "file": (
        {"name": "n"},
        {"hashes": _HASHES, "size": 1, "name_enc": "utf-8", "magic_number_hex": "0aFF", "mime_type": "a/b", **_TIMES, "parent_directory_ref": an("directory"),
         "contains_refs": [an("file", 2)], "content_ref": an("artifact"),
         "extensions": {
             "archive-ext": {"contains_refs": [an("file", 2)], "comment": "c"}, "ntfs-ext": {"sid": "s", "alternate_data_streams": [{"name": "n", "hashes": _HASHES, "size": 1}]},
             "pdf-ext": {"version": "1", "is_optimized": True, "document_info_dict": {"Title": "t"}, "pdfid0": "0", "pdfid1": "1"},
             "raster-image-ext": {"image_height": 1, "image_width": 1, "bits_per_pixel": 1, "exif_tags": {"Make": "m"}},
             "windows-pebinary-ext": {
                 "pe_type": "exe", "imphash": "i", "machine_hex": "014c", "number_of_sections": 1, "time_date_stamp": WHEN, "pointer_to_symbol_table_hex": "00",
                 "number_of_symbols": 1, "size_of_optional_header": 1, "characteristics_hex": "00", "file_header_hashes": _HASHES,
                 "optional_header": {"magic_hex": "010b", "size_of_code": 1, "hashes": _HASHES}, "sections": [{"name": "n", "size": 1, "entropy": 0.5, "hashes": _HASHES}],
             },
         }},
    ),
    "ipv4-addr": ({"value": "198.51.100.3"}, {"resolves_to_refs": [an("mac-addr")], "belongs_to_refs": [an("autonomous-system")]}),
    "ipv6-addr": ({"value": "2001:db8::1"}, {"resolves_to_refs": [an("mac-addr")], "belongs_to_refs": [an("autonomous-system")]}),
    "mac-addr": ({"value": "00:00:5e:00:53:01"}, {}),
    "mutex": ({"name": "m"}, {}),
    "network-traffic": (
        {"protocols": ["tcp"], "src_ref": an("ipv4-addr")},
        {"start": WHEN, "end": LATER, "is_active": False, "dst_ref": an("domain-name"), "src_port": 0, "dst_port": 65535, "src_byte_count": 1, "dst_byte_count": 1,
         "src_packets": 1, "dst_packets": 1, "ipfix": {"minimumIpTotalLength": 32}, "src_payload_ref": an("artifact"), "dst_payload_ref": an("artifact"),
         "encapsulates_refs": [an("network-traffic", 2)], "encapsulated_by_ref": an("network-traffic", 3),
         "extensions": {
             "http-request-ext": {"request_method": "get", "request_value": "/", "request_version": "1", "request_header": {"Accept": ["a"]}, "message_body_length": 1,
                                  "message_body_data_ref": an("artifact")},
             "icmp-ext": {"icmp_type_hex": "08", "icmp_code_hex": "00"}, "tcp-ext": {"src_flags_hex": "02", "dst_flags_hex": "12"},
             "socket-ext": {"address_family": "AF_INET", "is_blocking": True, "is_listening": False, "options": {"SO_DEBUG": 1}, "socket_type": "SOCK_RAW",
                            "socket_descriptor": 1, "socket_handle": 1},
         }},
    ),
    "process": (
        {"pid": 1},
        {"is_hidden": False, "created_time": WHEN, "cwd": "/", "command_line": "c", "environment_variables": {"PATH": "/"}, "opened_connection_refs": [an("network-traffic")],
         "creator_user_ref": an("user-account"), "image_ref": an("file"), "parent_ref": an("process", 2), "child_refs": [an("process", 3)],
         "extensions": {
             "windows-process-ext": {"aslr_enabled": True, "dep_enabled": True, "priority": "p", "owner_sid": "s", "window_title": "w", "startup_info": {"a": "b"},
                                     "integrity_level": "high"},
             "windows-service-ext": {"service_name": "s", "descriptions": ["d"], "display_name": "d", "group_name": "g", "start_type": "SERVICE_AUTO_START",
                                     "service_dll_refs": [an("file")], "service_type": "SERVICE_KERNEL_DRIVER", "service_status": "SERVICE_RUNNING"},
         }},
    ),
    "software": ({"name": "n"}, {"cpe": "cpe:2.3:a:b:c:*:*:*:*:*:*:*:*", "swid": "s", "languages": ["en"], "vendor": "v", "version": "1"}),
    "url": ({"value": "https://example.com/"}, {}),
    "user-account": (
        {"user_id": "1"},
        {"credential": "c", "account_login": "l", "account_type": "unix", "display_name": "d", "is_service_account": True, "is_privileged": True, "can_escalate_privs": True,
         "is_disabled": True, "account_created": WHEN, "account_expires": WHEN, "credential_last_changed": WHEN, "account_first_login": WHEN, "account_last_login": WHEN,
         "extensions": {"unix-account-ext": {"gid": 1, "groups": ["g"], "home_dir": "/", "shell": "s"}}},
    ),
    "windows-registry-key": (
        {"key": "HKEY"},
        {"values": [{"name": "n", "data": "d", "data_type": "REG_SZ"}], "modified_time": WHEN, "creator_user_ref": an("user-account"), "number_of_subkeys": 1},
    ),
    "x509-certificate": (
        {"serial_number": "1"},
        {"is_self_signed": True, "hashes": _HASHES, "version": "3", "signature_algorithm": "s", "issuer": "i", "validity_not_before": WHEN, "validity_not_after": LATER,
         "subject": "s", "subject_public_key_algorithm": "a", "subject_public_key_modulus": "m", "subject_public_key_exponent": 65537,
         "x509_v3_extensions": {"basic_constraints": "b", "private_key_usage_period_not_before": WHEN}},
    ),
}  # fmt: skip
STATEMENT: dict[str, Any] = {
    "type": "marking-definition", "spec_version": "2.1", "id": an("marking-definition", 7), "created": WHEN, "definition_type": "statement", "definition": {"statement": "(c)"},
}  # fmt: skip


def domain(kind: str, *, full: bool = False, **changes: Any) -> dict[str, Any]:
    """A domain, relationship or meta object; None takes a property away."""
    must, may = DOMAIN[kind]
    made = {"type": kind, "spec_version": "2.1", "id": an(kind, 8), "created": WHEN, "modified": WHEN, **must} | (
        _COMMON | may if full else {}
    )
    return _changed(made, changes)


def observable(kind: str, *, full: bool = False, **changes: Any) -> dict[str, Any]:
    """An observable."""
    must, may = OBSERVABLES[kind]
    marks = {name: _COMMON[name] for name in ("object_marking_refs", "extensions")} | {
        "defanged": True,
        "spec_version": "2.1",
    }
    made = {"type": kind, "id": an(kind, 8), **must} | (marks | may if full else {})
    return _changed(made, changes)


def _changed(made: dict[str, Any], changes: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in (made | changes).items() if value is not None}


def every(*, full: bool) -> list[dict[str, Any]]:
    """All of them."""
    return [
        *(domain(kind, full=full) for kind in DOMAIN),
        *(observable(kind, full=full) for kind in OBSERVABLES),
        STATEMENT,
    ]
