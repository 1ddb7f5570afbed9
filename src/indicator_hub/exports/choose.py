"""What never goes out, whoever asks for it: one decision for all formats, with its reason.

Lists are acted upon by machines. So nothing that is withdrawn, over, or known to be harmless; nothing that would block a network's own
addresses or half the Internet; and where the format cannot carry a mark that says how one may act, nothing under such a mark.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from indicator_hub.exports.asked import Filter
from indicator_hub.exports.row import Row
from indicator_hub.normalise import networks
from indicator_hub.normalise.names import has_known_suffix, registrable
from indicator_hub.normalise.observe import BROADEST
from indicator_hub.stix import canonical
from indicator_hub.stix.markings import HANDLING_EXTENSION, PAP_EXTENSION
from indicator_hub.stix.pattern import Observable
from indicator_hub.trust.ladder import RED
from indicator_hub.trust.marks import CODES_OF_HANDLING

HARMLESS = frozenset(
    ("false-positive", "false_positive", "benign", "whitelist", "whitelisted", "allowlist", "known-good", "goodware")
)
"""Labels and indicator types that say that an indicator is none."""
DISAGREEING = frozenset(("disagree", "strongly-disagree"))
"""Opinions that say the same, where they are the reader's own organisation's or the originator's."""
RESTRICTING = ("amber", "red")
"""PAP: no blocking, no queries that its subject could notice (amber), or nothing but looking at what one has (red)."""
_CODES = frozenset(CODES_OF_HANDLING)
_UNBOUND = frozenset(("H0",))
"""Only against crime: what every list of the hub is for."""
_PAP = ("clear", "green", "amber", "red")
_RESERVED = ("localhost", "local", "invalid", "test", "internal", "home.arpa")
_EXAMPLES = ("example", "example.com", "example.net", "example.org")
_HOSTS = {"ipv4-port", "ipv6-port", "domain-port"}


@dataclass(frozen=True, slots=True)
class Rules:
    """What is looked at beside the row. `now` in microseconds; `excluded` names the list of the hub that a value is on, if any.

    `marked`: the format says how one may act, or may be given what says so. `machine`: a device acts on it by itself. `values`: it is made of
    values and not of whole objects. `documentation` lets through what exists for examples.
    """

    now: int
    excluded: Callable[[Observable], str | None]
    marked: bool
    machine: bool
    values: bool = True
    documentation: bool = False


def reason(row: Row, rules: Rules) -> str | None:
    """Why a row does not go out, in one word; None when it does."""
    said = _reason_of_indicator(row, rules)
    if said is not None or not rules.values:
        return said
    if row.part != 0:
        return "pattern"
    if (said := _reason_of_value(row.kind, row.value, documentation=rules.documentation)) is not None:
        return said
    return "listed" if rules.excluded(Observable(row.kind, row.value)) is not None else None


def _reason_of_indicator(row: Row, rules: Rules) -> str | None:
    reasons = (
        ("revoked", row.revoked),
        ("expired", row.valid_until is not None and row.valid_until <= rules.now),
        ("not_yet_valid", row.valid_from is not None and row.valid_from > rules.now),
        ("held", row.held),
        ("false_positive", row.doubted or not HARMLESS.isdisjoint(row.labels)),
        ("pap", row.pap in RESTRICTING and not rules.marked),
        ("red", rules.machine and row.level >= RED),
        # Handling code H3 says in words what may be done: no machine can obey it. H1 and H2 ask for consent: whoever reads it must be told.
        ("handling", (rules.machine and row.persons_only) or (bound(row) and not rules.marked)),
    )
    return next((word for word, so in reasons if so), None)


def bound(row: Row) -> bool:
    """Whether a handling code asks for its provider's consent: before it is used in court (H1), passed on (H2), or for what H3 says in words."""
    return not _UNBOUND.issuperset(row.handling)


def to_act_on(row: Row) -> bool:
    """Whether a machine may act on it by itself, once it is told of it: not under PAP AMBER or RED, TLP:RED, or a handling code."""
    return not (row.pap in RESTRICTING or row.persons_only or row.level >= RED or bound(row))


def _reason_of_value(kind: str, value: str, *, documentation: bool) -> str | None:
    if kind == "url":
        return _reason_of_host(canonical.host_of(value), documentation=documentation)
    if kind in _HOSTS:
        return _reason_of_host(value.rpartition(":")[0].strip("[]"), documentation=documentation)
    if kind.startswith("ipv"):
        return _reason_of_network(value, documentation=documentation)
    if kind == "domain-name":
        return _reason_of_name(value, documentation=documentation)
    if kind == "email-addr":
        return _reason_of_name(value.rpartition("@")[2], documentation=documentation, whole=False)
    return None


def _reason_of_host(host: str, *, documentation: bool) -> str | None:
    """Of an address or a name that a value lies at: what lies under a public suffix may be bad without the suffix being so."""
    host = host.strip("[]")
    if canonical.parse_network(host) is not None:
        return _reason_of_network(host, documentation=documentation)
    return _reason_of_name(host, documentation=documentation, whole=False)


def _reason_of_network(value: str, *, documentation: bool) -> str | None:
    found = canonical.parse_network(value)
    if found is None:
        return "not_canonical"
    version, start, bits = found
    if bits < BROADEST[version]:
        return "too_broad"
    block = networks.special_within(start, start + (1 << (canonical.WIDTH[version] - bits)) - 1, version)
    return None if block is None or (documentation and block == networks.DOCUMENTATION) else "special_address"


def _reason_of_name(name: str, *, documentation: bool, whole: bool = True) -> str | None:
    if _under(name, _EXAMPLES):
        return None if documentation and "." in name else "example_name"
    if _under(name, _RESERVED) or not has_known_suffix(name):
        return "no_public_name"
    return "public_suffix" if whole and registrable(name) is None else None


def _under(name: str, parents: tuple[str, ...]) -> bool:
    return any(name == parent or name.endswith(f".{parent}") for parent in parents)


def matches(row: Row, asked: Filter, kinds: tuple[str, ...], now: int) -> bool:
    """Whether a filter lets a row through, with the kinds of the format: what the database is asked, once more. Collections and originators aside.

    The tests that work lists out again hold the two together.
    """
    return (
        (not kinds or row.kind in kinds)
        and (not asked.kinds or row.kind in asked.kinds)
        and row.level <= asked.level
        and (asked.confidence is None or (row.confidence is not None and row.confidence >= asked.confidence))
        and (not asked.labels or not set(asked.labels).isdisjoint(row.labels))
        and (asked.age is None or row.date_added >= now - asked.age)
    )


def pap_of_definition(definition: Mapping[str, Any]) -> str | None:
    """What a marking-definition says by the Permissible Actions Protocol, in small letters; None where nothing."""
    extensions = definition.get("extensions")
    content = cast("dict[str, Any]", extensions).get(PAP_EXTENSION) if isinstance(extensions, dict) else None
    word = str(cast("dict[str, Any]", content).get("pap", "")).lower() if isinstance(content, dict) else ""
    return word if word in _PAP else None


def handling_of_definition(definition: Mapping[str, Any]) -> frozenset[str]:
    """The handling codes that a marking-definition gives, H0 to H3."""
    extensions = definition.get("extensions")
    content = cast("dict[str, Any]", extensions).get(HANDLING_EXTENSION) if isinstance(extensions, dict) else None
    said: Any = cast("dict[str, Any]", content).get("handling", []) if isinstance(content, dict) else []
    codes = [said] if isinstance(said, str) else said
    return (
        frozenset(one for one in cast("list[Any]", codes) if one in _CODES) if isinstance(codes, list) else frozenset()
    )


def strictest_pap(labels: tuple[str, ...], marked: tuple[str, ...] = ()) -> str | None:
    """The strictest of what labels (`pap:red`) and marks say; a word that is not known counts as the strictest."""
    said = [label[4:] for label in labels if label.startswith("pap:")]
    words = [("clear" if one == "white" else one) for one in (*said, *marked)]
    return max((one if one in _PAP else "red" for one in words), key=_PAP.index, default=None)
