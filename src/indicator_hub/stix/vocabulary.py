"""What STIX 2.1 names: its object types by class, the vocabularies that are closed, and the one the hub decides by (section 10)."""

OBSERVABLES = frozenset(
    {
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
    }
)
DOMAIN = frozenset(
    {
        "attack-pattern",
        "campaign",
        "course-of-action",
        "grouping",
        "identity",
        "incident",
        "indicator",
        "infrastructure",
        "intrusion-set",
        "location",
        "malware",
        "malware-analysis",
        "note",
        "observed-data",
        "opinion",
        "report",
        "threat-actor",
        "tool",
        "vulnerability",
    }
)
RELATIONSHIPS = frozenset({"relationship", "sighting"})
META = frozenset({"extension-definition", "language-content", "marking-definition"})
NO_OBJECT = frozenset({"bundle"})

# `severity`, `username`, `phone_number` and `action` are reserved on every object (section 3.8).
RESERVED = frozenset(("severity", "username", "phone_number", "action"))

# Open: what a producer writes may differ, what the hub decides does not (section 10.12).
INDICATOR_TYPES = frozenset(
    {
        "anomalous-activity",
        "anonymization",
        "attribution",
        "benign",
        "compromised",
        "malicious-activity",
        "unknown",
    }
)

OPINIONS = ("strongly-disagree", "disagree", "neutral", "agree", "strongly-agree")
EXTENSION_TYPES = ("new-sdo", "new-sco", "new-sro", "property-extension", "toplevel-property-extension")
ENCRYPTION = ("AES-256-GCM", "ChaCha20-Poly1305", "mime-type-indicated")
ADDRESS_FAMILIES = (
    "AF_UNSPEC",
    "AF_INET",
    "AF_IPX",
    "AF_APPLETALK",
    "AF_NETBIOS",
    "AF_INET6",
    "AF_IRDA",
    "AF_BTH",
)
SOCKET_TYPES = ("SOCK_STREAM", "SOCK_DGRAM", "SOCK_RAW", "SOCK_RDM", "SOCK_SEQPACKET")
INTEGRITY_LEVELS = ("low", "medium", "high", "system")
START_TYPES = (
    "SERVICE_AUTO_START",
    "SERVICE_BOOT_START",
    "SERVICE_DEMAND_START",
    "SERVICE_DISABLED",
    "SERVICE_SYSTEM_ALERT",
)
SERVICE_TYPES = (
    "SERVICE_KERNEL_DRIVER",
    "SERVICE_FILE_SYSTEM_DRIVER",
    "SERVICE_WIN32_OWN_PROCESS",
    "SERVICE_WIN32_SHARE_PROCESS",
)
SERVICE_STATES = (
    "SERVICE_CONTINUE_PENDING",
    "SERVICE_PAUSE_PENDING",
    "SERVICE_PAUSED",
    "SERVICE_RUNNING",
    "SERVICE_START_PENDING",
    "SERVICE_STOP_PENDING",
    "SERVICE_STOPPED",
)
REGISTRY_TYPES = (
    "REG_NONE",
    "REG_SZ",
    "REG_EXPAND_SZ",
    "REG_BINARY",
    "REG_DWORD",
    "REG_DWORD_BIG_ENDIAN",
    "REG_DWORD_LITTLE_ENDIAN",
    "REG_LINK",
    "REG_MULTI_SZ",
    "REG_RESOURCE_LIST",
    "REG_FULL_RESOURCE_DESCRIPTION",
    "REG_RESOURCE_REQUIREMENTS_LIST",
    "REG_QWORD",
    "REG_INVALID_TYPE",
)
