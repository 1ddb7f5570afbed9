"""The `extensions` property: those that STIX 2.1 section 6 gives with its observables, and everybody's own (3.2, 7.3)."""

from typing import Any, cast

from indicator_hub.stix import ids
from indicator_hub.stix.kinds import (
    Kind,
    Shape,
    Targets,
    anything,
    boolean,
    dictionary,
    each,
    embedded,
    enumeration,
    hashes,
    hexadecimal,
    integer,
    mapping,
    number,
    own,
    ref,
    refs,
    second,
    shape,
    string,
    strings,
    text_or_integer,
)
from indicator_hub.stix.markings import HANDLING_EXTENSION
from indicator_hub.stix.vocabulary import (
    ADDRESS_FAMILIES,
    EXTENSION_TYPES,
    INTEGRITY_LEVELS,
    SERVICE_STATES,
    SERVICE_TYPES,
    SOCKET_TYPES,
    START_TYPES,
)

_COUNT = integer(0)
_PE_HEADER = own(shape(
    magic_hex=hexadecimal, major_linker_version=integer(), minor_linker_version=integer(), size_of_code=_COUNT,
    size_of_initialized_data=_COUNT, size_of_uninitialized_data=_COUNT, address_of_entry_point=integer(),
    base_of_code=integer(), base_of_data=integer(), image_base=integer(), section_alignment=integer(),
    file_alignment=integer(), major_os_version=integer(), minor_os_version=integer(), major_image_version=integer(),
    minor_image_version=integer(), major_subsystem_version=integer(), minor_subsystem_version=integer(),
    win32_version_value_hex=hexadecimal, size_of_image=_COUNT, size_of_headers=_COUNT, checksum_hex=hexadecimal,
    subsystem_hex=hexadecimal, dll_characteristics_hex=hexadecimal, size_of_stack_reserve=_COUNT,
    size_of_stack_commit=_COUNT, size_of_heap_reserve=_COUNT, size_of_heap_commit=_COUNT, loader_flags_hex=hexadecimal,
    number_of_rva_and_sizes=integer(), hashes=hashes,
))  # fmt: skip

_OF_FILE: dict[str, Shape] = {
    "archive-ext": shape(
        "contains_refs",
        contains_refs=refs(Targets("a file or a directory", only=("file", "directory"))),
        comment=string,
    ),
    "ntfs-ext": own(shape(
        sid=string,
        alternate_data_streams=each(embedded(shape("name", name=string, hashes=hashes, size=_COUNT))),
    )),
    "pdf-ext": own(shape(
        version=string, is_optimized=boolean, document_info_dict=mapping(string), pdfid0=string, pdfid1=string,
    )),
    "raster-image-ext": own(shape(
        image_height=integer(), image_width=integer(), bits_per_pixel=integer(), exif_tags=mapping(text_or_integer),
    )),
    "windows-pebinary-ext": own(shape(
        "pe_type",
        pe_type=string, imphash=string, machine_hex=hexadecimal, number_of_sections=_COUNT, time_date_stamp=second,
        pointer_to_symbol_table_hex=hexadecimal, number_of_symbols=_COUNT, size_of_optional_header=_COUNT,
        characteristics_hex=hexadecimal, file_header_hashes=hashes, optional_header=embedded(_PE_HEADER),
        sections=each(embedded(shape("name", name=string, size=_COUNT, entropy=number(), hashes=hashes))),
    )),
}  # fmt: skip
_OF_TRAFFIC: dict[str, Shape] = {
    "http-request-ext": shape(
        "request_method",
        "request_value",
        request_method=string,
        request_value=string,
        request_version=string,
        request_header=mapping(strings),
        message_body_length=integer(),
        message_body_data_ref=ref(Targets("an artifact", only=("artifact",))),
    ),
    "icmp-ext": shape("icmp_type_hex", "icmp_code_hex", icmp_type_hex=hexadecimal, icmp_code_hex=hexadecimal),
    "socket-ext": shape(
        "address_family",
        address_family=enumeration(*ADDRESS_FAMILIES),
        is_blocking=boolean,
        is_listening=boolean,
        options=mapping(integer()),
        socket_type=enumeration(*SOCKET_TYPES),
        socket_descriptor=_COUNT,
        socket_handle=integer(),
    ),
    "tcp-ext": own(shape(src_flags_hex=hexadecimal, dst_flags_hex=hexadecimal)),
}
_OF_PROCESS: dict[str, Shape] = {
    "windows-process-ext": own(shape(
        aslr_enabled=boolean, dep_enabled=boolean, priority=string, owner_sid=string, window_title=string,
        startup_info=dictionary, integrity_level=enumeration(*INTEGRITY_LEVELS),
    )),
    "windows-service-ext": own(shape(
        service_name=string, descriptions=strings, display_name=string, group_name=string,
        start_type=enumeration(*START_TYPES), service_dll_refs=refs(Targets("a file", only=("file",))),
        service_type=enumeration(*SERVICE_TYPES), service_status=enumeration(*SERVICE_STATES),
    )),
}  # fmt: skip
_OF_ACCOUNT: dict[str, Shape] = {
    "unix-account-ext": own(shape(gid=integer(), groups=strings, home_dir=string, shell=string)),
}
_GIVEN = {"file": _OF_FILE, "network-traffic": _OF_TRAFFIC, "process": _OF_PROCESS, "user-account": _OF_ACCOUNT}
_TYPE = enumeration(*EXTENSION_TYPES)


def extensions(kind: str = "") -> Kind:
    """The kind of `extensions` on objects of this type."""
    given = _GIVEN.get(kind, {})

    def check(value: Any) -> str | None:
        if type(value) is not dict or not value:
            return "must be a dictionary, and not an empty one"
        for key, content in cast("dict[str, Any]", value).items():
            if (wrong := _extension(key, content, given.get(key))) is not None:
                return f"is not right: {key[:70]} {wrong}"
        return None

    return check


def _extension(key: str, content: Any, given: Shape | None) -> str | None:
    if type(content) is not dict or not content:
        return "must be a dictionary, and not an empty one"
    if given is not None:
        return given.check(cast("dict[str, Any]", content))
    if key == HANDLING_EXTENSION:
        return None  # read where it counts (`trust/marks.py`): an empty list of nations says something
    if ids.referred_type(key) == "extension-definition":
        # An extension that the hub does not know is passed on unread.
        if (wrong := _TYPE(cast("dict[str, Any]", content).get("extension_type"))) is not None:
            return f"has an extension_type that is not right: it {wrong}"
    elif key.startswith("extension-definition--") or not ids.is_type(key):
        return "is neither the id of an extension-definition nor the name of an extension"
    return anything(content)
