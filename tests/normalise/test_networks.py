"""The table of special-purpose addresses."""

import ipaddress

import pytest

from indicator_hub.normalise.networks import DOCUMENTATION, special, special_within


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("0.0.0.0", "this network"),
        ("9.255.255.255", None),
        ("10.0.0.0", "private"),
        ("10.255.255.255", "private"),
        ("11.0.0.0", None),
        ("100.64.0.1", "shared"),
        ("127.0.0.1", "loopback"),
        ("169.254.1.1", "link-local"),
        ("172.15.255.255", None),
        ("172.31.255.255", "private"),
        ("192.0.2.1", DOCUMENTATION),
        ("192.168.0.1", "private"),
        ("198.19.255.255", "benchmarking"),
        ("198.51.100.255", DOCUMENTATION),
        ("203.0.113.1", DOCUMENTATION),
        ("223.255.255.255", None),
        ("224.0.0.1", "multicast"),
        ("255.255.255.255", "reserved"),
        ("::1", "IPv4-compatible"),
        ("::ffff:0:1", "IPv4-mapped"),
        ("2001:db8::1", DOCUMENTATION),
        ("3fff:fff::1", DOCUMENTATION),
        ("3fff:1000::1", None),
        ("2001::1", "protocol assignments"),
        ("2001:200::1", None),
        ("2606:4700::1", None),
        ("fd00::1", "private"),
        ("fe80::1", "link-local"),
        ("ff02::1", "multicast"),
    ],
)
def test_blocks(text, name):
    """Each block begins and ends where its RFC says, on every Python version."""
    address = ipaddress.ip_address(text)
    assert special(int(address), address.version) == name


def test_a_range_across_a_block_is_special():
    """A range is special where any address in it is, and documentation only where all of it is."""
    ten, documentation = 10 << 24, 0xC0000200
    assert special_within(ten - 5, ten - 1, 4) is None
    assert special_within(ten - 5, ten, 4) == "private"
    assert special_within(ten - 5, ten + (1 << 25), 4) == "private"
    assert special_within(documentation, documentation + 255, 4) == DOCUMENTATION
    assert special_within(documentation - 256, documentation + 255, 4) == "partly special"
