"""TLS suite by suite, with a certificate of each kind of key: RSA would let in what a certificate on a curve keeps out by itself (section 8.2.2)."""

import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import trustme

from support.live import TAXII, Hub

Served = tuple[tuple[str, int], trustme.CA]
FORWARD_AND_SEALED = {"ECDHE-RSA-AES128-GCM-SHA256", "ECDHE-RSA-AES256-GCM-SHA384", "ECDHE-RSA-CHACHA20-POLY1305"}


@pytest.fixture(scope="module")
def served(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """A hub with an RSA key."""
    folder = tmp_path_factory.mktemp("rsa")
    (folder / "hub.db").write_bytes(sqlite_template.read_bytes())
    authority = trustme.CA(key_type=trustme.KeyType.RSA)
    certificate = authority.issue_cert("127.0.0.1", key_type=trustme.KeyType.RSA)
    certificate.private_key_and_cert_chain_pem.write_to_path(folder / "both.pem")
    with Hub(
        f"sqlite:///{folder / 'hub.db'}", folder, tls_cert=folder / "both.pem", tls_key=folder / "both.pem"
    ) as hub:
        address = urlsplit(hub.url)
        assert (address.scheme, address.port is not None) == ("https", True)
        yield (str(address.hostname), int(address.port or 0)), authority


def client(authority: trustme.CA, version: ssl.TLSVersion, suites: str = "ALL:@SECLEVEL=0") -> ssl.SSLContext:
    """Speaks this version of TLS only, and of 1.2 these suites only."""
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    authority.configure_trust(made)
    made.minimum_version = made.maximum_version = version
    made.set_ciphers(suites)
    return made


def answered(served: Served, how: ssl.SSLContext) -> tuple[str, str, int]:
    """Version and suite that were agreed on, and what discovery answers to nobody. Raises OSError where nothing is agreed on."""
    with (
        socket.create_connection(served[0], timeout=60) as plain,
        how.wrap_socket(plain, server_hostname="127.0.0.1") as secure,
    ):
        secure.sendall(f"GET /taxii2/ HTTP/1.1\r\nHost: x\r\nAccept: {TAXII}\r\nConnection: close\r\n\r\n".encode())
        status = secure.recv(65_536).split()[1]
        cipher = secure.cipher()
        assert cipher is not None
        return str(secure.version()), cipher[0], int(status)


@pytest.mark.row("T-002", "T-005")
def test_suites_of_tls_1_2(served: Served) -> None:
    """Of all that a client can offer, one at a time, those with forward secrecy and an AEAD cipher and no other."""
    offered = {
        one["name"] for one in client(served[1], ssl.TLSVersion.TLSv1_2, "ALL:COMPLEMENTOFALL:@SECLEVEL=0").get_ciphers() if one["protocol"] != "TLSv1.3"
    }  # fmt: skip
    assert offered > FORWARD_AND_SEALED | {
        "AES128-SHA",
        "AES256-GCM-SHA384",
        "ECDHE-RSA-AES256-SHA384",
        "DHE-RSA-AES128-SHA",
        "AES128-GCM-SHA256",
    }
    taken: set[str] = set()
    for name in sorted(offered):
        try:
            agreed = answered(served, client(served[1], ssl.TLSVersion.TLSv1_2, f"{name}:@SECLEVEL=0"))
        except (ssl.SSLError, ConnectionError):
            continue
        assert agreed == ("TLSv1.2", name, 401)
        taken.add(name)
    assert taken == FORWARD_AND_SEALED


@pytest.mark.row("T-001", "T-002", "T-003")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_versions(served: Served, version: ssl.TLSVersion) -> None:
    """Both of today's; whoever offers both gets the newer."""
    assert answered(served, client(served[1], version))[0::2] == (
        {ssl.TLSVersion.TLSv1_2: "TLSv1.2"}.get(version, "TLSv1.3"),
        401,
    )
    either = client(served[1], ssl.TLSVersion.TLSv1_3)
    either.minimum_version = ssl.TLSVersion.TLSv1_2
    assert answered(served, either)[0] == "TLSv1.3"


@pytest.mark.row("T-002")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1:DeprecationWarning")
@pytest.mark.parametrize("name", ["TLSv1", "TLSv1_1"])
def test_what_is_too_old(served: Served, name: str) -> None:
    """No handshake, even with every suite on offer."""
    with pytest.raises((ssl.SSLError, ConnectionError)):
        answered(served, client(served[1], ssl.TLSVersion[name]))


@pytest.mark.row("T-001")
def test_plain_http_on_the_same_port(served: Served) -> None:
    """No answer of TAXII without TLS."""
    with socket.create_connection(served[0], timeout=60) as plain:
        plain.sendall(b"GET /taxii2/ HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        try:
            found = plain.recv(65_536)
        except ConnectionError:
            found = b""
    assert b"HTTP/1.1" not in found
