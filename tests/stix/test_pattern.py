"""Observables to patterns and back, the key under which equal ones meet, and canonical spellings."""

import ipaddress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stix2patterns.validator import run_validator

from indicator_hub.stix import canonical, grammar
from indicator_hub.stix.pattern import TYPES, Observable, file_of, key, observable_of, render

MD5, SHA1 = "0123456789abcdef" * 2, "0123456789" * 4
SHA256, SHA512 = MD5 * 2, MD5 * 4


def _to(kind, value, port):
    """A destination and its port."""
    dst = "network-traffic:dst_ref"
    return f"[{dst}.type = '{kind}' AND {dst}.value = '{value}' AND network-traffic:dst_port = {port}]"


FORMS = [
    ("ipv4-addr", "198.51.100.1", "[ipv4-addr:value = '198.51.100.1']"),
    ("ipv4-cidr", "198.51.100.0/24", "[ipv4-addr:value = '198.51.100.0/24']"),
    ("ipv6-addr", "2001:db8::1", "[ipv6-addr:value = '2001:db8::1']"),
    ("ipv6-cidr", "2001:db8::/32", "[ipv6-addr:value = '2001:db8::/32']"),
    ("domain-name", "evil.example", "[domain-name:value = 'evil.example']"),
    ("url", "http://evil.example/it's?q=1", r"[url:value = 'http://evil.example/it\'s?q=1']"),
    ("email-addr", "a@evil.example", "[email-addr:value = 'a@evil.example']"),
    ("md5", MD5, f"[file:hashes.MD5 = '{MD5}']"),
    ("sha1", SHA1, f"[file:hashes.'SHA-1' = '{SHA1}']"),
    ("sha256", SHA256, f"[file:hashes.'SHA-256' = '{SHA256}']"),
    ("sha512", SHA512, f"[file:hashes.'SHA-512' = '{SHA512}']"),
    ("sha3-256", SHA256, f"[file:hashes.'SHA3-256' = '{SHA256}']"),
    ("sha3-512", SHA512, f"[file:hashes.'SHA3-512' = '{SHA512}']"),
    ("ssdeep", "3:AXGBicFl+:AXGHsNh/x", "[file:hashes.SSDEEP = '3:AXGBicFl+:AXGHsNh/x']"),
    ("tlsh", "T1" + "0A" * 35, f"[file:hashes.TLSH = 'T1{'0A' * 35}']"),
    ("x509-certificate", SHA1, f"[x509-certificate:hashes.'SHA-1' = '{SHA1}']"),
    ("x509-serial", "0a1b2c", "[x509-certificate:serial_number = '0a1b2c']"),
    ("autonomous-system", "64500", "[autonomous-system:number = 64500]"),
    ("windows-registry-key", r"HKEY_CURRENT_USER\x", r"[windows-registry-key:key = 'HKEY_CURRENT_USER\\x']"),
    ("mac-addr", "aa:bb:cc:00:11:22", "[mac-addr:value = 'aa:bb:cc:00:11:22']"),
    ("cryptocurrency-wallet", f"0x{'ab' * 20}", f"[x-cryptocurrency-wallet:address = '0x{'ab' * 20}']"),
    ("mutex", r"Global\ a", r"[mutex:name = 'Global\\ a']"),
    ("file-name", "it's.exe", r"[file:name = 'it\'s.exe']"),
    ("directory", "C:/Temp", "[directory:path = 'C:/Temp']"),
    ("process", "x -y", "[process:command_line = 'x -y']"),
    (
        "user-agent",
        "curl/8",
        "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'curl/8']",
    ),
    ("ipv4-port", "198.51.100.1:443", _to("ipv4-addr", "198.51.100.1", 443)),
    ("ipv6-port", "[2001:db8::1]:443", _to("ipv6-addr", "2001:db8::1", 443)),
    ("domain-port", "evil.example:8080", _to("domain-name", "evil.example", 8080)),
]
SPELLINGS = [
    (_to("ipv4-addr", "198.51.100.1", "'443'"), "ipv4-port:198.51.100.1:443"),
    (_to("ipv6-addr", "::ffff:198.51.100.1", 443), "ipv4-port:198.51.100.1:443"),
    ("[autonomous-system:number = '64500']", "autonomous-system:64500"),
    (f"[ file:hashes.MD5 = '{MD5.upper()}'  OR file:hashes.'SHA256' = '{SHA256}' ]", f"sha256:{SHA256}"),
    (r"[windows-registry-key:key = 'HKLM\\Software\\X']", r"windows-registry-key:hkey_local_machine\software\x"),
    ("[ipv4-addr:value='198.51.100.1']", "ipv4-addr:198.51.100.1"),
    ("  [ ipv4-addr:value\n=\t'198.51.100.1' ] ", "ipv4-addr:198.51.100.1"),
    ("[ipv4-addr:value = '198.51.100.1/32']", "ipv4-addr:198.51.100.1"),
    ("[ipv6-addr:value = '::ffff:198.51.100.1']", "ipv4-addr:198.51.100.1"),
    ("[ipv4-addr:value = '198.51.100.7/24']", "ipv4-cidr:198.51.100.0/24"),
    ("[ipv6-addr:value = '2001:0DB8::0:1/128']", "ipv6-addr:2001:db8::1"),
    (
        "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '198.51.100.1']",
        "ipv4-addr:198.51.100.1",
    ),
    (
        "[network-traffic:dst_ref.type='ipv6-addr' AND network-traffic:dst_ref.value='2001:DB8::1']",
        "ipv6-addr:2001:db8::1",
    ),
    ("[domain-name:value = 'EVIL.Example.']", "domain-name:evil.example"),
    ("[url:value = 'HTTP://Evil.example:80']", "url:http://evil.example/"),
    (f"[file:hashes.'MD5' = '{MD5.upper()}']", f"md5:{MD5}"),
    (f"[file:hashes.SHA256 = '{SHA256}']", f"sha256:{SHA256}"),
    (f"[file:hashes.'SHA256' = '{SHA256}']", f"sha256:{SHA256}"),
    (f"[file:hashes.'SHA1' = '{SHA1}']", f"sha1:{SHA1}"),
    (f"[file:hashes.SHA512 = '{SHA512}']", f"sha512:{SHA512}"),
]
NO_SINGLE = [
    "",
    "[ipv4-addr:value = '999.51.100.1']",
    "[ipv4-addr:value = '2001:db8::1']",
    "[ipv4-addr:value != '198.51.100.1']",
    "[ipv4-addr:value = '198.51.100.1'] WITHIN 5 SECONDS",
    "[ipv4-addr:value = '198.51.100.1' OR ipv4-addr:value = '198.51.100.2']",
    "[ipv4-addr:value = '198.51.100.1' AND ipv4-addr:x = 'y']",
    "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '2001:db8::1']",
    "[network-traffic:src_ref.type = 'ipv4-addr' AND network-traffic:src_ref.value = '198.51.100.1']",
    "[domain-name:value = '']",
    "[url:value = 'javascript:1']",
    f"[file:hashes.MD5 = '{SHA1}']",
    f"[file:hashes.SHA-256 = '{SHA256}']",
    f"[file:hashes.'sha-256' = '{SHA256}']",
    "[campaign:name = 'x']",
    "[autonomous-system:number = 'x']",
    "[ipv4-addr:value = 1]",
    f"[file:hashes.MD5 = '{MD5}' OR file:hashes.MD5 = '{'a' * 32}']",
    f"[file:hashes.MD5 = '{MD5}' OR file:name = 'x']",
    f"[file:hashes.MD5 = '{MD5}' AND file:hashes.'SHA-1' = '{SHA1}']",
    "[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '198.51.100.1' AND network-traffic:dst_port = 99999]",
]


def test_every_type_has_a_case():
    """The table of cases knows every type that the table of forms has."""
    assert {kind for kind, _, _ in FORMS} == TYPES


@pytest.mark.parametrize(("kind", "value", "pattern"), FORMS)
def test_canonical_patterns(kind, value, pattern):
    """Each type has one pattern text, which is valid STIX and names the same observable when read."""
    observable = Observable(kind, value)
    assert render(observable) == pattern
    assert observable_of(pattern) == observable
    assert key(pattern) == f"{kind}:{value.casefold() if kind == 'windows-registry-key' else value}"
    grammar.check(pattern)
    assert not run_validator(pattern, "2.1")


@pytest.mark.parametrize(("pattern", "expected"), SPELLINGS)
def test_equivalent_spellings_have_one_key(pattern, expected):
    """However others spell the same single observable, it has the same key, and is valid STIX."""
    assert key(pattern) == expected
    grammar.check(pattern)


@pytest.mark.parametrize("pattern", NO_SINGLE)
def test_other_patterns_are_keyed_by_digest(pattern):
    """What is not exactly one well-formed observable has no observable, and the digest of its text as key."""
    assert observable_of(pattern) is None
    assert len(key(pattern)) == 64


def test_white_space_outside_quotes_does_not_change_the_key():
    """Runs of white space count as one, except in a quoted text."""
    one = "[mutex:name = 'a  b' AND mutex:x = 1]"
    assert key(one) == key("  [mutex:name\n = 'a  b'  AND\tmutex:x = 1]\n")
    assert key(one) != key("[mutex:name = 'a b' AND mutex:x = 1]")
    assert key(r"[mutex:name = 'a\'  b']") != key(r"[mutex:name = 'a\' b']")


@given(st.text(max_size=80) | st.text(alphabet="[]' \\=:fileurlva", max_size=80))
def test_any_text_has_a_key(text):
    """Reading never fails, and what is read as an observable is a valid pattern whose canonical form has the same key."""
    found = observable_of(text)
    assert key(text)
    if found:
        grammar.check(text)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"]), max_size=40))
def test_literals_are_escaped(text):
    """Whatever stands in a value, backslash and quote included, the pattern is valid STIX to both checks."""
    pattern = render(Observable("url", f"http://evil.example/{text}"))
    grammar.check(pattern)
    assert not run_validator(pattern, "2.1")


@given(st.integers(0, 2**128 - 1) | st.integers(0, 2**24).map(lambda number: number << 60) | st.integers(0, 2**34))
def test_ipv6_text_is_rfc_5952(address):
    """An address is written as RFC 5952 has it, and read back from any spelling."""
    text = canonical.render_ipv6(address)
    assert canonical.parse_ipv6(text) == address
    assert canonical.parse_ipv6(ipaddress.IPv6Address(address).exploded.upper()) == address
    if address >> 32 != 0xFFFF:
        assert text == str(ipaddress.IPv6Address(address))


@given(st.integers(0, 2**32 - 1))
def test_ipv4_text_is_four_octets(address):
    """An address is written as four decimal octets, and read back."""
    assert canonical.parse_ipv4(canonical.render_ipv4(address)) == address
    assert canonical.render_ipv4(address) == str(ipaddress.IPv4Address(address))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("http://user:secret@evil.example/", "http://evil.example/"),
        ("http://evil.example/?b=1&a=%2f#top", "http://evil.example/?b=1&a=%2f"),
        ("http://evil.example//a/../b\\c", "http://evil.example//b/c"),
        ("http://evil.example?", "http://evil.example/?"),
        ("https://EVIL.example:443/Path", "https://evil.example/Path"),
        ("http://bücher.example/ü", "http://xn--bcher-kva.example/%C3%BC"),
        ("http://evil.ex\tample/\n", "http://evil.example/"),
        ("gopher://evil.example/", None),
        ("http://\ud800/", None),
    ],
)
def test_urls_are_written_as_the_url_standard_does(text, expected):
    """WHATWG serialisation without fragment, user and password; nothing else is sorted, decoded or merged."""
    assert canonical.url(text) == expected
    assert expected is None or canonical.url(expected) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Evil.Example.", "evil.example"),
        ("_dmarc.evil.example", "_dmarc.evil.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("faß.example", "xn--fa-hia.example"),
        ("evil。example", "evil.example"),
        ("evil.xn--p1ai", "evil.xn--p1ai"),
        ("xn--i-7iq.example", "xn--i-7iq.example"),
        ("xn--\x7f.example", None),
        ("localhost", None),
        ("198.51.100.1", None),
        ("evil..example", None),
        (".evil.example", None),
        ("evil example.example", None),
        ("a" * 64 + ".example", None),
        (".".join(["a" * 60] * 5), None),
        ("\ud800.example", None),
        ("", None),
    ],
)
def test_names_are_lower_case_a_labels(text, expected):
    """Host names follow UTS 46, non-transitional; at least two labels, the last one no number."""
    assert canonical.domain(text) == expected


def test_several_hashes_are_one_file():
    """The strongest first, joined by OR, never by AND; the key is the strongest, in whatever order they came."""
    hashes = [Observable("md5", MD5), Observable("sha256", SHA256), Observable("sha1", SHA1)]
    file = file_of(hashes)
    assert (
        render(file)
        == f"[file:hashes.'SHA-256' = '{SHA256}' OR file:hashes.'SHA-1' = '{SHA1}' OR file:hashes.MD5 = '{MD5}']"
    )
    assert file == file_of(reversed(hashes)) == observable_of(render(file))
    assert key(render(file)) == f"sha256:{SHA256}"
    grammar.check(render(file))
