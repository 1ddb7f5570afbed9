"""What the analyst of the demo posts into the joint operation: a small case, with documentation addresses."""

from indicator_hub.stix import ids, timestamps
from indicator_hub.stix.authoring import author
from indicator_hub.stix.markings import TLP_IDS

_CREATED = timestamps.parse("2026-11-02T08:30:00Z")
_VALUES = (
    ("192.0.2.77", "ipv4-addr", "Command and control of the loader", "AMBER+STRICT"),
    ("198.51.100.200", "ipv4-addr", "Second command and control, found by XD", "AMBER+STRICT"),
    ("night-heron.example.net", "domain-name", "Where the loader fetches its orders", "AMBER"),
    ("http://night-heron.example.net/gate.php", "url", "The gate of the loader", "AMBER"),
    ("203.0.113.45", "ipv4-addr", "Address that spread the lure", "GREEN"),
)


def casework(identity: str) -> bytes:
    """An envelope: who writes, a malware, its indicators, and how they belong together. The same bytes every time."""
    malware = ids.derive("malware", "demo", "loader")
    objects = [
        author("identity", identifier=identity, created=_CREATED, created_by=identity, marks=[TLP_IDS["GREEN"]],
               name="National CERT of XC", identity_class="organization"),
        author("malware", identifier=malware, created=_CREATED, created_by=identity, marks=[TLP_IDS["AMBER"]],
               name="Heron loader", is_family=True, malware_types=["downloader"]),
    ]  # fmt: skip
    for value, kind, name, level in _VALUES:
        indicator = ids.derive("indicator", "demo", value)
        objects += [
            author("indicator", identifier=indicator, created=_CREATED, created_by=identity, marks=[TLP_IDS[level]], name=name,
                   indicator_types=["malicious-activity"], pattern=f"[{kind}:value = '{value}']", pattern_type="stix",
                   valid_from=timestamps.render_milliseconds(_CREATED)),
            author("relationship", identifier=ids.derive("relationship", "demo", value), created=_CREATED, created_by=identity,
                   marks=[TLP_IDS[level]], relationship_type="indicates", source_ref=indicator, target_ref=malware),
        ]  # fmt: skip
    return b'{"objects":[' + b",".join(objects) + b"]}"
