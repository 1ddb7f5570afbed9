"""The properties of every observable of STIX 2.1 (section 6), as a table."""

from collections.abc import Mapping
from typing import Any

from indicator_hub.stix.kinds import (
    Kind,
    Shape,
    Targets,
    binary,
    boolean,
    each,
    embedded,
    enumeration,
    hashes,
    hexadecimal,
    integer,
    language,
    mapping,
    not_before,
    not_both,
    only_if,
    only_with,
    own,
    ref,
    refs,
    shape,
    some_of,
    string,
    strings,
    text_or_integer,
    text_or_texts,
    timestamp,
)
from indicator_hub.stix.vocabulary import DOMAIN, ENCRYPTION, META, NO_OBJECT, REGISTRY_TYPES, RELATIONSHIPS

_ARTIFACT = Targets("an artifact", only=("artifact",))
_ACCOUNT = Targets("a user-account", only=("user-account",))
_CONTENTS = Targets("a file or a directory", only=("file", "directory"))
_MAIL = Targets("an email-addr", only=("email-addr",))
_PROCESS = Targets("a process", only=("process",))
_TRAFFIC = Targets("network-traffic", only=("network-traffic",))
_ENDPOINT = Targets("an address or a domain name", only=("ipv4-addr", "ipv6-addr", "mac-addr", "domain-name"))
OBSERVABLE = Targets("an observable", never=DOMAIN | RELATIONSHIPS | META | NO_OBJECT)
_COUNT, _PORT = integer(0), integer(0, 65_535)
_TIMES: dict[str, Kind] = {"ctime": timestamp, "mtime": timestamp, "atime": timestamp}
_ADDRESS: dict[str, Kind] = {
    "value": string,
    "resolves_to_refs": refs(Targets("a mac-addr", only=("mac-addr",))),
    "belongs_to_refs": refs(Targets("an autonomous-system", only=("autonomous-system",))),
}


def _something(*common: str) -> Any:
    """At least one property of its own (6.12, 6.15, 6.17, 6.18)."""

    def check(value: Mapping[str, Any]) -> str | None:
        own = value.keys() - {
            "type",
            "spec_version",
            "id",
            "object_marking_refs",
            "granular_markings",
            "defanged",
            *common,
        }
        return None if own else "at least one property of the type must be there"

    return check


def _ended(value: Mapping[str, Any]) -> str | None:
    return (
        "is_active must not be true once there is an end" if "end" in value and value.get("is_active") is True else None
    )


_X509_EXTENSIONS = own(shape(
    **dict.fromkeys(
        (
            "basic_constraints", "name_constraints", "policy_constraints", "key_usage", "extended_key_usage",
            "subject_key_identifier", "authority_key_identifier", "subject_alternative_name", "issuer_alternative_name",
            "subject_directory_attributes", "crl_distribution_points", "inhibit_any_policy", "certificate_policies",
            "policy_mappings",
        ),
        string,
    ),
    private_key_usage_period_not_before=timestamp,
    private_key_usage_period_not_after=timestamp,
))  # fmt: skip
_MIME_PART = shape(
    body=string,
    body_raw_ref=ref(Targets("an artifact or a file", only=("artifact", "file"))),
    content_type=string,
    content_disposition=string,
).where(some_of("body", "body_raw_ref"))

OBSERVABLE_SHAPES: Mapping[str, Shape] = {
    "artifact": shape(
        mime_type=string, payload_bin=binary, url=string, hashes=hashes,
        encryption_algorithm=enumeration(*ENCRYPTION), decryption_key=string,
    ).where(
        some_of("payload_bin", "url"), not_both("payload_bin", "url"), only_with("url", "hashes"),
        only_with("decryption_key", "encryption_algorithm"),
    ),
    "autonomous-system": shape("number", number=integer(), name=string, rir=string),
    "directory": shape("path", path=string, path_enc=string, **_TIMES, contains_refs=refs(_CONTENTS)),
    "domain-name": shape(
        "value", value=string,
        resolves_to_refs=refs(Targets("an address or a domain name", only=("ipv4-addr", "ipv6-addr", "domain-name"))),
    ),
    "email-addr": shape("value", value=string, display_name=string, belongs_to_ref=ref(_ACCOUNT)),
    "email-message": shape(
        "is_multipart", is_multipart=boolean, date=timestamp, content_type=string, from_ref=ref(_MAIL),
        sender_ref=ref(_MAIL), to_refs=refs(_MAIL), cc_refs=refs(_MAIL), bcc_refs=refs(_MAIL), message_id=string,
        subject=string, received_lines=strings, additional_header_fields=mapping(text_or_texts), body=string,
        body_multipart=each(embedded(_MIME_PART)), raw_email_ref=ref(_ARTIFACT),
    ).where(only_if("body", "is_multipart", False), only_if("body_multipart", "is_multipart", True)),
    "file": shape(
        hashes=hashes, size=_COUNT, name=string, name_enc=string, magic_number_hex=hexadecimal, mime_type=string,
        **_TIMES, parent_directory_ref=ref(Targets("a directory", only=("directory",))),
        contains_refs=refs(OBSERVABLE), content_ref=ref(_ARTIFACT),
    ).where(some_of("hashes", "name"), only_with("name_enc", "name")),
    "ipv4-addr": shape("value", **_ADDRESS),
    "ipv6-addr": shape("value", **_ADDRESS),
    "mac-addr": shape("value", value=string),
    "mutex": shape("name", name=string),
    "network-traffic": shape(
        "protocols", start=timestamp, end=timestamp, is_active=boolean, src_ref=ref(_ENDPOINT), dst_ref=ref(_ENDPOINT),
        src_port=_PORT, dst_port=_PORT, protocols=strings, src_byte_count=_COUNT, dst_byte_count=_COUNT,
        src_packets=_COUNT, dst_packets=_COUNT, ipfix=mapping(text_or_integer), src_payload_ref=ref(_ARTIFACT),
        dst_payload_ref=ref(_ARTIFACT), encapsulates_refs=refs(_TRAFFIC), encapsulated_by_ref=ref(_TRAFFIC),
    ).where(some_of("src_ref", "dst_ref"), not_before("start", "end"), _ended),
    "process": shape(
        is_hidden=boolean, pid=integer(), created_time=timestamp, cwd=string, command_line=string,
        environment_variables=mapping(string), opened_connection_refs=refs(_TRAFFIC), creator_user_ref=ref(_ACCOUNT),
        image_ref=ref(Targets("a file", only=("file",))), parent_ref=ref(_PROCESS), child_refs=refs(_PROCESS),
    ).where(_something()),
    "software": shape(
        "name", name=string, cpe=string, swid=string, languages=each(language), vendor=string, version=string
    ),
    "url": shape("value", value=string),
    "user-account": shape(
        user_id=string, credential=string, account_login=string, account_type=string, display_name=string,
        is_service_account=boolean, is_privileged=boolean, can_escalate_privs=boolean, is_disabled=boolean,
        account_created=timestamp, account_expires=timestamp, credential_last_changed=timestamp,
        account_first_login=timestamp, account_last_login=timestamp,
    ).where(_something()),
    "windows-registry-key": shape(
        key=string,
        values=each(
            embedded(
                shape(
                    name=string, data=string, data_type=enumeration(*REGISTRY_TYPES),
                ).where(some_of("name", "data", "data_type"))
            )
        ),
        modified_time=timestamp, creator_user_ref=ref(_ACCOUNT), number_of_subkeys=integer(),
    ).where(_something()),
    "x509-certificate": shape(
        is_self_signed=boolean, hashes=hashes, version=string, serial_number=string, signature_algorithm=string,
        issuer=string, validity_not_before=timestamp, validity_not_after=timestamp, subject=string,
        subject_public_key_algorithm=string, subject_public_key_modulus=string, subject_public_key_exponent=integer(),
        x509_v3_extensions=embedded(_X509_EXTENSIONS),
    ).where(_something("extensions")),
}  # fmt: skip
