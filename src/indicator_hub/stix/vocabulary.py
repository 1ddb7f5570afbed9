"""What STIX 2.1 names: object types by class, and the properties each must have (sections 4 to 7)."""

OBSERVABLES = frozenset(
    [
        "artifact",
        "autonomous-system",
        "directory",
        "domain-name",
        "email-addr",
        "email-message",
        "file",
        "ipv4-addr",
        "ipv6-addr",
        "mac-addr",
        "mutex",
        "network-traffic",
        "process",
        "software",
        "url",
        "user-account",
        "windows-registry-key",
        "x509-certificate",
    ]
)

# Beyond the common ones. `location` and `malware-analysis` ask for one of several; see `objects.py`.
REQUIRED: dict[str, tuple[str, ...]] = {
    "attack-pattern": ("name",),
    "campaign": ("name",),
    "course-of-action": ("name",),
    "grouping": ("context", "object_refs"),
    "identity": ("name",),
    "incident": ("name",),
    "indicator": ("pattern", "pattern_type", "valid_from"),
    "infrastructure": ("name",),
    "intrusion-set": ("name",),
    "location": (),
    "malware": ("is_family",),
    "malware-analysis": ("product",),
    "note": ("content", "object_refs"),
    "observed-data": ("first_observed", "last_observed", "number_observed"),
    "opinion": ("opinion", "object_refs"),
    "report": ("name", "published", "object_refs"),
    "threat-actor": ("name",),
    "tool": ("name",),
    "vulnerability": ("name",),
    "relationship": ("relationship_type", "source_ref", "target_ref"),
    "sighting": ("sighting_of_ref",),
    "language-content": ("object_ref", "contents"),
    "extension-definition": ("created_by_ref", "name", "schema", "version", "extension_types"),
    "marking-definition": (),
}

# Where STIX 2.0 asks for other properties than 2.1 does.
REQUIRED_2_0: dict[str, tuple[str, ...]] = {
    "indicator": ("pattern", "valid_from", "labels"),
    "malware": ("name", "labels"),
    "report": ("name", "published", "object_refs", "labels"),
    "threat-actor": ("name", "labels"),
    "tool": ("name", "labels"),
    "observed-data": ("first_observed", "last_observed", "number_observed", "objects"),
    "identity": ("name",),
}

# `severity`, `username`, `phone_number` and `action` are reserved on every object (STIX 2.1 section 3.8).
RESERVED = frozenset(("severity", "username", "phone_number", "action"))
