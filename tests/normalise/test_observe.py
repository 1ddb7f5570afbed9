"""One text to one canonical observable, or the reason why not."""

import hashlib

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indicator_hub.normalise.observe import Observation, observe, value_by_shape
from indicator_hub.normalise.row import Refusal
from indicator_hub.stix.pattern import observable_of, render

MD5 = "0123456789ABCDEF" * 2


def told(text, **options):
    """`type:value`, notes after it; or the reason of the refusal with a question mark."""
    found = observe(text, **({"documentation": True} | options))
    if isinstance(found, Refusal):
        assert found.raw == text
        return f"?{found.reason}"
    return " ".join([f"{found.observable.type}:{found.observable.value}", *found.notes])


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("198.51.100.1", "ipv4-addr:198.51.100.1"),
        (" 198[.]51[.]100[.]1\t", "ipv4-addr:198.51.100.1"),
        ("198.51.100.1/32", "ipv4-addr:198.51.100.1"),
        ("::ffff:198.51.100.1", "ipv4-addr:198.51.100.1"),
        ("::FFFF:c633:6401", "ipv4-addr:198.51.100.1"),
        ("::ffff:198.51.100.0/120", "ipv4-cidr:198.51.100.0/24"),
        ("198.51.100.0/24", "ipv4-cidr:198.51.100.0/24"),
        ("198.51.100.7/24", "ipv4-cidr:198.51.100.0/24 host_bits_cleared"),
        ("2001:DB8:0:0:0:0:0:1", "ipv6-addr:2001:db8::1"),
        ("2001:db8::1/128", "ipv6-addr:2001:db8::1"),
        ("2001:db8::1/32", "ipv6-cidr:2001:db8::/32 host_bits_cleared"),
        ("Evil.Example.", "domain-name:evil.example"),
        ("*.evil.example", "domain-name:evil.example wildcard"),
        ("hiddenservice.onion", "domain-name:hiddenservice.onion tor"),
        ("bücher.example", "domain-name:xn--bcher-kva.example"),
        ("hxxp://Evil[.]example", "url:http://evil.example/"),
        ("http://u:p@evil.example:80/a?b#c", "url:http://evil.example/a?b"),
        ("http://hiddenservice.onion/", "url:http://hiddenservice.onion/ tor"),
        ("http://0xC6336401/", "url:http://198.51.100.1/"),
        ("http://[2001:db8::1]:8080/x", "url:http://[2001:db8::1]:8080/x"),
        ("http://evil.exa\nmple/", "url:http://evil.example/"),
        ("A.B@Evil.Example", "email-addr:a.b@evil.example"),
        (MD5, f"md5:{MD5.lower()}"),
        ("12" * 16, f"md5:{'12' * 16}"),
        ("a" * 40, f"sha1:{'a' * 40}"),
        ("A" * 64, f"sha256:{'a' * 64}"),
        ("a" * 128, f"sha512:{'a' * 128}"),
        ("198.51.100.1[:]443", "ipv4-port:198.51.100.1:443"),
        ("[2001:DB8::1]:443", "ipv6-port:[2001:db8::1]:443"),
        ("[::ffff:198.51.100.1]:443", "ipv4-port:198.51.100.1:443"),
        ("Evil.Example:8080", "domain-port:evil.example:8080"),
        ("Evil.Example:8080.0", "domain-port:evil.example:8080"),
        ("198.51.100.1:443.000", "ipv4-port:198.51.100.1:443"),
        ("[2001:db8::1]:443.0", "ipv6-port:[2001:db8::1]:443"),
        ("cve-2024-1234", "cve:CVE-2024-1234"),
        ("AA-BB-CC-00-11-22", "mac-addr:aa:bb:cc:00:11:22"),
        ("AS64500", "autonomous-system:64500"),
        ("hklm\\Software\\\\X\\", "windows-registry-key:HKEY_LOCAL_MACHINE\\Software\\X"),
        ("0x" + "Ab" * 20, f"cryptocurrency-wallet:0x{'ab' * 20}"),
        ("3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C", "ssdeep:3:AXGBicFlgVNhBGcL6wCrFQEv:AXGHsNhxLsr2C"),
        ("t1" + "0a" * 35, f"tlsh:T1{'0A' * 35}"),
        (f"{MD5}, {'b' * 64}", f"sha256:{'b' * 64}"),
    ],
)
def test_canonical_values(text, expected):
    """Each spelling has the canonical value of section 4, told from its shape alone."""
    assert told(text) == expected


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "?syntax"),
        ("010.51.100.1", "?syntax"),
        ("198.51.100", "?syntax"),
        ("0xC6336401", "?syntax"),
        ("198.51.100.1/33", "?syntax"),
        ("198.51.100.1/024", "?syntax"),
        ("198.51.100.0/255.255.255.0", "?no_scheme"),
        ("2001:db8::1%eth0", "?syntax"),
        ("evil[.example", "?syntax"),
        ("evil", "?syntax"),
        ("a@", "?syntax"),
        ("@evil.example", "?syntax"),
        ("http://evil..example/", "?syntax"),
        ("http://intranet/", "?syntax"),
        ("http://", "?syntax"),
        ("http://evil.example:99999/", "?syntax"),
        ("g" * 32, "?syntax"),
        ("evil.example/path", "?no_scheme"),
        ("javascript:alert(1)", "?scheme"),
        ("tcp://198.51.100.1:80", "?scheme"),
        ("mailto:a@evil.example", "?scheme"),
        ("198.51.100.1:99999", "?bad_port"),
        ("198.51.100.1:0", "?bad_port"),
        ("198.51.100.1:443.5", "?bad_port"),
        ("198.51.100.1:0.0", "?bad_port"),
        ("198.51.100.1:443.", "?bad_port"),
        ("evil.example:65536.0", "?bad_port"),
        ("[2001:db8::1]:4294967739", "?bad_port"),
        ("10.0.0.1:80", "?non_global"),
        ("[::1]:80", "?non_global"),
        ("localhost.localdomain.test:80", "?reserved_name"),
        ("evil\x00.example", "?control_chars"),
        ("evil\t.example", "?control_chars"),
        ("http://evil.example/\x1b", "?control_chars"),
        ("http://evil.example/lo…", "?truncated"),
        ("http://evil.example/" + "a" * 8192, "?too_long"),
        ("http://evil.example/" + "ü" * 4096, "?too_long"),
        ("10.0.0.1", "?non_global"),
        ("0.0.0.0", "?non_global"),
        ("192.168.0.0/16", "?non_global"),
        ("192.0.0.0/8", "?non_global"),
        ("198.51.0.0/16", "?non_global"),
        ("::1", "?non_global"),
        ("fe80::1", "?non_global"),
        ("::ffff:127.0.0.1", "?non_global"),
        ("http://127.0.0.1/", "?non_global"),
        ("http://0x7f.1/", "?non_global"),
        ("http://[::ffff:10.0.0.1]/", "?non_global"),
        ("198.0.0.0/7", "?too_broad_cidr"),
        ("0.0.0.0/0", "?too_broad_cidr"),
        ("2001::/18", "?too_broad_cidr"),
        ("localhost", "?reserved_name"),
        ("printer.local", "?reserved_name"),
        ("router.home.arpa", "?reserved_name"),
        ("x.invalid", "?reserved_name"),
        ("*.corp.internal", "?reserved_name"),
        ("http://localhost:8080/", "?reserved_name"),
        ("http://x.test./", "?reserved_name"),
        ("a@x.localhost", "?reserved_name"),
    ],
)
def test_refusals(text, reason):
    """What is no observable, or must not be one, comes back verbatim with a reason of section 10."""
    assert told(text) == reason


@pytest.mark.parametrize("algorithm", ["md5", "sha1", "sha256", "sha512"])
def test_the_empty_file_is_no_indicator(algorithm):
    """Every empty file has these hashes, so a hit on one tells nothing."""
    assert told(hashlib.new(algorithm, b"").hexdigest().upper()) == "?empty_file_hash"


@pytest.mark.parametrize(
    "text", ["192.0.2.1", "198.51.100.0/24", "203.0.113.1", "2001:db8::1", "3fff::1", "http://198.51.100.1/"]
)
def test_documentation_addresses_need_leave(text):
    """Documentation addresses are refused unless the feed is a demonstration."""
    assert told(text, documentation=False) == "?non_global"
    assert not told(text).startswith("?")


@pytest.mark.parametrize(
    "text", ["evil.example", "www.example.com", "example.net", "http://a.example.org/", "a@evil.example"]
)
def test_example_names_need_leave(text):
    """Example names are refused unless the feed is a demonstration."""
    assert told(text, documentation=False) == "?reserved_name"
    assert not told(text).startswith("?")


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("198.51.100.1", {"expect": "ip"}, "ipv4-addr:198.51.100.1"),
        ("198.51.100.1", {"expect": "ipv4-cidr"}, "ipv4-addr:198.51.100.1"),
        ("198.51.100.0/24", {"expect": "ipv4-addr"}, "ipv4-cidr:198.51.100.0/24"),
        ("198.51.100.1", {"expect": "ipv6-addr"}, "?syntax"),
        ("2001:db8::1", {"expect": "ipv4-addr"}, "?syntax"),
        ("::ffff:198.51.100.1", {"expect": "ipv6-addr"}, "ipv4-addr:198.51.100.1"),
        ("::ffff:198.51.100.1", {"expect": "ipv4-addr"}, "ipv4-addr:198.51.100.1"),
        ("198.51.100.1", {"expect": "domain"}, "?syntax"),
        ("198.51.100.1", {"expect": "host"}, "ipv4-addr:198.51.100.1"),
        ("2001:db8::1", {"expect": "host"}, "ipv6-addr:2001:db8::1"),
        ("evil.example", {"expect": "host"}, "domain-name:evil.example"),
        ("evil.example", {"expect": "ip"}, "?syntax"),
        ("evil.example", {"expect": "url"}, "?no_scheme"),
        ("evil.example", {"expect": "url", "default_scheme": "http"}, "url:http://evil.example/"),
        ("evil.example:8080/a;b", {"default_scheme": "https"}, "url:https://evil.example:8080/a;b"),
        ("a" * 40, {"expect": "md5"}, "?syntax"),
        ("a" * 40, {"expect": "hash"}, f"sha1:{'a' * 40}"),
        ("a" * 41, {"expect": "hash"}, "?syntax"),
        ("evil.example", {"expect": "spaceship"}, "?unknown_type"),
        ("198.51.100.1:443", {"expect": "domain-port"}, "?syntax"),
        (" Global[.]x ", {"expect": "mutex"}, "mutex: Global[.]x "),
        ("a\0b", {"expect": "mutex"}, "?control_chars"),
    ],
)
def test_what_the_feed_says_it_is(text, options, expected):
    """A feed's word for the kind is held to; nothing is then read as another kind."""
    assert told(text, **options) == expected


ANY = st.text(max_size=50)
SHAPED = st.text(alphabet="0123456789abcdef.:/[]@*%\\-_xn\t …#?ü。", max_size=40)
KINDS = st.sampled_from(
    [None, "ip", "host", "domain", "hash", "url", "ipv4-addr", "ipv6-addr", "email-addr", "sha256", "nonsense"]
)


@given(ANY | SHAPED | SHAPED.map("http://".__add__), KINDS, st.sampled_from([None, "http"]))
@example("\ud800", None, None)
@example("http://\ud800/", None, None)
@example("xn--", "domain", None)
def test_any_text_is_answered(text, expect, scheme):
    """No text raises; a canonical value is observed as itself, and its pattern names the same observable."""
    found = observe(text, expect=expect, default_scheme=scheme, documentation=True)
    if isinstance(found, Observation):
        again = observe(found.observable.value, expect=found.observable.type, documentation=True)
        assert isinstance(again, Observation)
        assert again.observable == found.observable
        assert observable_of(render(found.observable)) == found.observable


@given(st.lists(st.sampled_from("abcxyz019-"), min_size=1, max_size=20).map("".join), st.data())
def test_spelling_does_not_matter(label, data):
    """Case, masks, blanks and a trailing dot never make another observable."""
    name = f"{label}.evil.example"
    spelt = "".join(data.draw(st.sampled_from([sign, sign.upper()])) for sign in name)
    spelt = spelt.replace(".", data.draw(st.sampled_from([".", "[.]", "(dot)", " [.] ", "{ . }"])))
    assert told(f" {spelt}. ") == told(name)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("evil.example:443.0", "domain-port:evil.example:443"),
        ("http:\\\\evil.example\\a", "url:http://evil.example/a"),
        ("evil.example", "domain-name:evil.example"),
        ("printer.local", "?reserved_name"),
        ("printer.local:80", "?reserved_name"),
        ("desk@corp.internal", "?reserved_name"),
        ("198.51.100.1:99999", "?bad_port"),
        ("evil.example:0", "?bad_port"),
        ("evil.example:443.5", "?bad_port"),
        ("[2001:db8::1]:70000", "?bad_port"),
        ("evil\0.example", "?control_chars"),
        ("0a\x1b" * 16, "?control_chars"),
        ("evil[.example", "?syntax"),
        ("198.51.100(.7", "?syntax"),
        ("evil.]example", "?syntax"),
        ("evil[.]example/rv", "?no_scheme"),
        ("198.51.100.1:8080/a", "?no_scheme"),
        ("http://evil.example/" + "a" * 9000, "?too_long"),
        ("a" * 9000, None),
        ("evil.example/ a note", None),
        ("text/html", None),
        ("main.exe:70000", None),
        ("a[.]b[.", None),
        ("10:30.5", None),
        ("C:\\\\Users", None),
        ("a\0b", None),
        ("", None),
    ],
)
def test_a_cell_that_may_hold_anything(text, expected):
    """What is nearly a value is refused with its reason, not passed over; what has nothing of one is no candidate."""
    found = value_by_shape(text, documentation=True)
    assert (None if found is None else told(text) if isinstance(found, Observation) else f"?{found.reason}") == expected


def test_names_that_must_not_be_indicators():
    """Without leave, example names in a cell are refused with their reason, as in a list."""
    found = value_by_shape("evil.example")
    assert isinstance(found, Refusal) and found.reason == "reserved_name"
