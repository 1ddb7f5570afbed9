"""What `specimens.py` is made of for observables: the properties that are required of each type, and all that it has."""

import uuid
from collections.abc import Mapping
from typing import Any


def _id(kind: str, number: int = 1) -> str:
    return f"{kind}--{uuid.UUID(int=number, version=4)}"


_EARLIER, _LATER = "2026-08-01T00:00:00Z", "2026-08-02T00:00:00.123456Z"
_TIMES = {"ctime": _EARLIER, "mtime": _LATER, "atime": _LATER}
_MD5, _SHA1, _SHA256 = "0b" * 16, "1c" * 20, "2d" * 32
_HASHES = {
    "MD5": _MD5, "SHA-1": _SHA1, "SHA-256": _SHA256, "SHA-512": _SHA256 * 2, "SHA3-256": _SHA256, "SHA3-512": _SHA256 * 2,
    "SSDEEP": "3:abcdEFGhij:klmNOPqrs", "TLSH": "6f5025a1c4b1e0d2" * 4 + "ab01cd", "x_own_sum": "42",
}  # fmt: skip

_HEADER = {
    "magic_hex": "010b", "major_linker_version": 2, "minor_linker_version": 25, "size_of_code": 512,
    "size_of_initialized_data": 1_024, "size_of_uninitialized_data": 0, "address_of_entry_point": 4096,
    "base_of_code": 4096, "base_of_data": 8192, "image_base": 4_194_304, "section_alignment": 4096, "file_alignment": 512,
    "major_os_version": 1, "minor_os_version": 0, "major_image_version": 0, "minor_image_version": 0,
    "major_subsystem_version": 4, "minor_subsystem_version": 0, "win32_version_value_hex": "00", "size_of_image": 12_288,
    "size_of_headers": 4096, "checksum_hex": "00", "subsystem_hex": "03", "dll_characteristics_hex": "00",
    "size_of_stack_reserve": 100_000, "size_of_stack_commit": 8192, "size_of_heap_reserve": 100_000, "size_of_heap_commit": 4096,
    "loader_flags_hex": "00000000", "number_of_rva_and_sizes": 16, "hashes": {"SHA-256": _SHA256},
}  # fmt: skip
_FILE_EXTENSIONS: dict[str, Any] = {
    "archive-ext": {"contains_refs": [_id("file"), _id("directory")], "comment": "two inside"},
    "ntfs-ext": {"sid": "S-1-5-21", "alternate_data_streams": [{"name": "second", "hashes": {"MD5": _MD5}, "size": 16}]},
    "pdf-ext": {"version": "1.7", "is_optimized": True, "document_info_dict": {"Title": "Plan"}, "pdfid0": "a", "pdfid1": "b"},
    "raster-image-ext": {"image_height": 480, "image_width": 640, "bits_per_pixel": 24, "exif_tags": {"Make": "Nobody", "XResolution": 72}},
    "windows-pebinary-ext": {
        "pe_type": "exe", "imphash": _MD5, "machine_hex": "014c", "number_of_sections": 4, "time_date_stamp": _EARLIER,
        "pointer_to_symbol_table_hex": "00000400", "number_of_symbols": 1, "size_of_optional_header": 224,
        "characteristics_hex": "0102", "file_header_hashes": {"SHA-1": _SHA1}, "optional_header": _HEADER,
        "sections": [{"name": "CODE", "size": 512, "entropy": 6.25, "hashes": {"SHA-512": _SHA256 * 2}}],
    },
}  # fmt: skip
_TRAFFIC_EXTENSIONS: dict[str, Any] = {
    "http-request-ext": {
        "request_method": "get", "request_value": "/a", "request_version": "http/1.1", "request_header": {"Accept-Encoding": ["gzip"]},
        "message_body_length": 0, "message_body_data_ref": _id("artifact"),
    },
    "icmp-ext": {"icmp_type_hex": "08", "icmp_code_hex": "00"},
    "socket-ext": {
        "address_family": "AF_INET", "is_blocking": False, "is_listening": True, "options": {"SO_KEEPALIVE": 1},
        "socket_type": "SOCK_STREAM", "socket_descriptor": 7, "socket_handle": 9,
    },
    "tcp-ext": {"src_flags_hex": "02", "dst_flags_hex": "12"},
}  # fmt: skip
_PROCESS_EXTENSIONS: dict[str, Any] = {
    "windows-process-ext": {
        "aslr_enabled": True, "dep_enabled": True, "priority": "HIGH_PRIORITY_CLASS", "owner_sid": "S-1-5-21", "window_title": "Run",
        "startup_info": {"dwFlags": "1"}, "integrity_level": "medium",
    },
    "windows-service-ext": {
        "service_name": "heron", "descriptions": ["bird"], "display_name": "Heron", "group_name": "birds", "start_type": "SERVICE_AUTO_START",
        "service_dll_refs": [_id("file")], "service_type": "SERVICE_WIN32_OWN_PROCESS", "service_status": "SERVICE_RUNNING",
    },
}  # fmt: skip

OBSERVABLES: Mapping[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "artifact": (
        {"payload_bin": "aGVyb24="},
        {"mime_type": "image/jpeg", "url": "https://files.example/1", "hashes": _HASHES, "encryption_algorithm": "mime-type-indicated",
         "decryption_key": "infected"},
    ),
    "autonomous-system": ({"number": 64_496}, {"number": 64_511, "name": "Example net", "rir": "RIPE"}),
    "directory": (
        {"path": "/tmp"},
        {"path": "C:\\heron", "path_enc": "windows-1252", **_TIMES, "contains_refs": [_id("file"), _id("directory", 5)]},
    ),
    "domain-name": (
        {"value": "heron.example"},
        {"value": "www.heron.example", "resolves_to_refs": [_id("ipv4-addr"), _id("ipv6-addr"), _id("domain-name", 5)]},
    ),
    "email-addr": (
        {"value": "a@heron.example"},
        {"value": "b@heron.example", "display_name": "B", "belongs_to_ref": _id("user-account")},
    ),
    "email-message": (
        {"is_multipart": False},
        {"is_multipart": True, "date": _EARLIER, "content_type": "multipart/mixed", "from_ref": _id("email-addr", 1),
         "sender_ref": _id("email-addr", 2), "to_refs": [_id("email-addr", 3)], "cc_refs": [_id("email-addr", 4)],
         "bcc_refs": [_id("email-addr", 5)], "message_id": "<1@heron.example>", "subject": "Plan", "received_lines": ["from a by b"],
         "additional_header_fields": {"Reply-To": "c@heron.example"},
         "body_multipart": [
             {"body": "Hello", "content_type": "text/plain", "content_disposition": "inline"},
             {"body_raw_ref": _id("artifact"), "content_type": "image/png"},
         ],
         "raw_email_ref": _id("artifact", 2)},
    ),
    "file": (
        {"name": "plan.pdf"},
        {"hashes": _HASHES, "size": 4_096, "name": "plan.exe", "name_enc": "windows-1252", "magic_number_hex": "ffd8",
         "mime_type": "application/pdf", **_TIMES, "parent_directory_ref": _id("directory"),
         "contains_refs": [_id("file", 5), _id("domain-name")], "content_ref": _id("artifact"), "extensions": _FILE_EXTENSIONS},
    ),
    "ipv4-addr": (
        {"value": "192.0.2.1"},
        {"value": "198.51.100.0/24", "resolves_to_refs": [_id("mac-addr")], "belongs_to_refs": [_id("autonomous-system")]},
    ),
    "ipv6-addr": (
        {"value": "2001:db8::1"},
        {"value": "2001:db8::/96", "resolves_to_refs": [_id("mac-addr")], "belongs_to_refs": [_id("autonomous-system")]},
    ),
    "mac-addr": ({"value": "00:00:5e:00:53:01"}, {"value": "00:00:5e:00:53:02"}),
    "mutex": ({"name": "heron"}, {"name": "__HERON__"}),
    "network-traffic": (
        {"protocols": ["tcp"], "src_ref": _id("ipv4-addr")},
        {"start": _EARLIER, "end": _LATER, "is_active": False, "src_ref": _id("ipv4-addr"), "dst_ref": _id("domain-name"), "src_port": 0,
         "dst_port": 65_535, "protocols": ["ipv4", "tcp", "http"], "src_byte_count": 3, "dst_byte_count": 5, "src_packets": 1,
         "dst_packets": 2, "ipfix": {"minimumIpTotalLength": 40, "maximumIpTotalLength": "1500"}, "src_payload_ref": _id("artifact", 1),
         "dst_payload_ref": _id("artifact", 2), "encapsulates_refs": [_id("network-traffic", 5)],
         "encapsulated_by_ref": _id("network-traffic", 6), "extensions": _TRAFFIC_EXTENSIONS},
    ),
    "process": (
        {"pid": 1},
        {"is_hidden": False, "pid": 77, "created_time": _EARLIER, "cwd": "/", "command_line": "./heron --deep",
         "environment_variables": {"PATH": "/bin"}, "opened_connection_refs": [_id("network-traffic")],
         "creator_user_ref": _id("user-account"), "image_ref": _id("file"), "parent_ref": _id("process", 5),
         "child_refs": [_id("process", 6)], "extensions": _PROCESS_EXTENSIONS},
    ),
    "software": (
        {"name": "Scribe"},
        {"name": "Scribe", "cpe": "cpe:2.3:a:heron:scribe:3:*:*:*:*:*:*:*", "swid": "heron-scribe-3", "languages": ["en"], "vendor": "Heron",
         "version": "3"},
    ),
    "url": ({"value": "https://heron.example/"}, {"value": "https://heron.example/a?b=c"}),
    "user-account": (
        {"user_id": "1001"},
        {"user_id": "1001", "credential": "secret", "account_login": "heron", "account_type": "unix", "display_name": "Heron",
         "is_service_account": False, "is_privileged": False, "can_escalate_privs": True, "is_disabled": False,
         "account_created": _EARLIER, "account_expires": _LATER, "credential_last_changed": _EARLIER, "account_first_login": _EARLIER,
         "account_last_login": _LATER,
         "extensions": {"unix-account-ext": {"gid": 1001, "groups": ["wheel"], "home_dir": "/home/heron", "shell": "/bin/sh"}}},
    ),
    "windows-registry-key": (
        {"key": "HKEY_LOCAL_MACHINE\\Software"},
        {"key": "HKEY_LOCAL_MACHINE\\System\\Heron", "values": [{"name": "a", "data": "1", "data_type": "REG_SZ"}, {"name": "b"}],
         "modified_time": _LATER, "creator_user_ref": _id("user-account"), "number_of_subkeys": 2},
    ),
    "x509-certificate": (
        {"serial_number": "01:02:03"},
        {"is_self_signed": False, "hashes": {"SHA-1": _SHA1}, "version": "3", "serial_number": "01:02:04",
         "signature_algorithm": "sha256WithRSAEncryption", "issuer": "CN=Example CA", "validity_not_before": _EARLIER,
         "validity_not_after": _LATER, "subject": "CN=heron.example", "subject_public_key_algorithm": "rsaEncryption",
         "subject_public_key_modulus": "00:b4", "subject_public_key_exponent": 65_537,
         "x509_v3_extensions": {
             "basic_constraints": "critical,CA:TRUE", "name_constraints": "permitted;DNS:.example", "policy_constraints": "requireExplicitPolicy:3",
             "key_usage": "critical, keyCertSign", "extended_key_usage": "serverAuth", "subject_key_identifier": "hash",
             "authority_key_identifier": "keyid", "subject_alternative_name": "DNS:heron.example", "issuer_alternative_name": "DNS:ca.example",
             "subject_directory_attributes": "x", "crl_distribution_points": "URI:http://ca.example/crl", "inhibit_any_policy": "2",
             "private_key_usage_period_not_before": _EARLIER, "private_key_usage_period_not_after": _LATER,
             "certificate_policies": "1.2.4.5", "policy_mappings": "1.2:1.3",
         }},
    ),
}  # fmt: skip
"""Type: what is required of its own, and everything of its own."""

EXTENDED: Mapping[str, dict[str, Any]] = {
    "artifact, payload": {"payload_bin": "aGVyb24=", "hashes": {"SHA-256": _SHA256}, "encryption_algorithm": "AES-256-GCM"},
    "email-message, one part": {"is_multipart": False, "body": "Hello", "subject": "Plan"},
    "file, hash alone": {"hashes": {"SHA-256": _SHA256}},
    "network-traffic, active": {"protocols": ["udp"], "dst_ref": _id("ipv6-addr"), "is_active": True, "start": _EARLIER},
    "process, service": {"extensions": {"windows-service-ext": {"service_name": "heron"}}},
    "user-account, shell": {"extensions": {"unix-account-ext": {"shell": "/bin/sh"}}},
}  # fmt: skip
"""What excludes something of the above."""
