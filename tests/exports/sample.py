"""One fixture for all formats: every kind, the hard characters, and whatever must not go out."""

from dataclasses import replace

from indicator_hub.exports import catalogue
from indicator_hub.exports.asked import parse
from indicator_hub.exports.choose import Rules
from indicator_hub.exports.format import Format, Scope
from indicator_hub.exports.row import Row
from indicator_hub.exports.run import Run
from indicator_hub.stix import timestamps
from indicator_hub.stix.ids import derive
from indicator_hub.stix.pattern import Observable

NOW = timestamps.parse("2026-11-27T12:00:00Z")
HOUR = 3_600_000_000
MAIN = "0b1f7a4e-5d0c-4c56-9a34-6a1d7f0e2b11"
LISTED = "listed.example.com"


def row(kind: str, value: str, **more: object) -> Row:
    """A row of the collection; what is not said is usual."""
    number = len(value) + sum(value.encode())
    usual = Row(
        kind=kind, value=value, part=0, entry=number, collection=MAIN, stix_id=derive("indicator", "sample", kind, value),
        created="2026-11-20T00:00:00.000Z", modified="2026-11-21T00:00:00.000Z", date_added=NOW - 50 * HOUR + number, level=1,
        source="xa-cert", name="Seen in a campaign", confidence=75, valid_from=NOW - 100 * HOUR, valid_until=NOW + 100 * HOUR,
        labels=("botnet", "malicious-activity"),
    )  # fmt: skip
    return replace(usual, **more)  # type: ignore[arg-type]


GOOD = (
    row("ipv4-addr", "198.51.100.7"),
    row("ipv4-addr", "198.51.100.10", level=3, confidence=None),
    row("ipv4-cidr", "203.0.113.0/25"),
    row("ipv6-addr", "2001:db8::5"),
    row("ipv6-addr", "2001:db8:1::"),
    row("ipv6-cidr", "2001:db8:2::/48"),
    row("ipv4-port", "192.0.2.9:8443"),
    row("ipv6-port", "[2001:db8::9]:443"),
    row("domain-name", "evil.example.com", level=2, source="", name=""),
    row("domain-name", "xn--bcher-kva.example.com", name='Bücher, "quoted"\tand a tab'),
    row("domain-name", "a.evil.example.com", name='=HYPERLINK("http://x.example.com","click")', labels=("-2+3", "@sum")),
    row("domain-port", "evil.example.com:8080"),
    row("url", "http://evil.example.com/"),
    row("url", "https://evil.example.com/"),
    row("url", "https://evil.example.com/a,b?c=%22d%22&e='f'", valid_until=None),
    row("url", "http://[2001:db8::7]:8080/x/*"),
    row("url", "https://evil.example.com/" + "long/" * 60),
    row("email-addr", "+cmd@evil.example.com"),
    row("md5", "a1" * 16),
    row("sha1", "b2" * 20),
    row("sha256", "c3" * 32, confidence=0),
    row("sha512", "d4" * 64),
    row("file-name", 'in\tvoice, "new".exe'),
    row("mutex", "Global\\mutex"),
    row("windows-registry-key", "HKEY_LOCAL_MACHINE\\Software\\Evil"),
    row("user-agent", "Evil/1.0 (x; y)"),
    row("autonomous-system", "64500"),
    row("cve", "CVE-2026-0001", handling=("H0",)),
    row("ipv4-addr", "198.51.100.11", nations=("XA", "XB"), level=2),
    row("domain-name", "some.example.com", nations=("XB", "XC")),
    row("url", "https://own.example.com/", nations=()),
)  # fmt: skip
BAD = {
    "revoked": row("ipv4-addr", "198.51.100.20", revoked=True),
    "expired": row("ipv4-addr", "198.51.100.21", valid_until=NOW),
    "not_yet_valid": row("domain-name", "soon.example.com", valid_from=NOW + 1),
    "held": row("url", "http://held.example.com/", held=True),
    "false_positive": row("ipv4-addr", "198.51.100.22", labels=("false-positive",)),
    "pap": row("ipv4-addr", "198.51.100.23", pap="red", name="Only look"),
    "red": row("domain-name", "red.example.com", level=4),
    "handling": row("ipv4-addr", "198.51.100.24", persons_only=True, level=3),
    "bound": row("domain-name", "court.example.com", handling=("H1", "H2"), level=3),
    "pattern": row("domain-name", "part.example.com", part=1),
    "special_address": row("ipv4-addr", "10.1.2.3"),
    "too_broad": row("ipv4-cidr", "198.0.0.0/7"),
    "no_public_name": row("domain-name", "printer.local"),
    "public_suffix": row("domain-name", "co.uk"),
    "listed": row("domain-name", LISTED),
    "not_canonical": row("ipv4-addr", "198.51.100.025"),
}
"""By the reason why it goes to no device."""
SECOND = {"bound": "handling"}
"""Those that are there for a reason twice, and which."""


def _on_a_list(one: Observable) -> str | None:
    return "a list" if one.value == LISTED else None


def written(name: str, query: str = "documentation=true", rows: tuple[Row, ...] | None = None) -> tuple[bytes, Run]:
    """A list of the sample, and its run."""
    found = catalogue.find(name)
    form: Format = catalogue.EVENT if found is None else found[0]
    asked = parse(query, form.options)
    everything = (*GOOD, *BAD.values()) if rows is None else rows
    kinds = asked.filter.kinds
    fitting = [
        one for one in everything
        if (not form.kinds or one.kind in form.kinds) and (not kinds or one.kind in kinds) and one.level <= asked.filter.level
    ]  # fmt: skip
    first = (lambda one: one.kind[:4]) if form.order == "version" else (lambda _: "")
    if form.whole:
        fitting = [
            replace(one, kind="", value=one.stix_id, body=b'{"id":"%s"}' % one.stix_id.encode()) for one in fitting
        ]
    fitting.sort(key=lambda one: (first(one), *(part.encode() for part in form.key(one)), one.entry))
    rules = Rules(
        NOW, _on_a_list, marked=form.marked, machine=form.machine, values=not form.whole, documentation=asked.filter.documentation
    )  # fmt: skip
    run = Run(
        form, Scope("alpha", "https://hub.example", "?", asked.options), rules, asked.filter.limit, asked.filter.age
    )
    if asked.filter.limit is not None:
        run.survey(fitting)
        run.surveyed()
    body = b"".join(run.take([one]) for one in fitting) + run.end()
    return run.head() + body, run
