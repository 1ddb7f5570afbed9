"""TLS as the hub serves it itself, and what else a request needs or does not need to carry."""

import ssl
from collections.abc import Iterator
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import trustme

from support.grounds import Grounds
from support.live import TAXII, Hub

EARLY_DATA = (42).to_bytes(2)


@pytest.fixture(scope="module")
def authority() -> trustme.CA:
    """Who signs."""
    return trustme.CA()


@pytest.fixture(scope="module")
def secure(authority: trustme.CA, sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a hub that serves TLS."""
    folder = tmp_path_factory.mktemp("tls")
    (folder / "hub.db").write_bytes(sqlite_template.read_bytes())
    certificate = authority.issue_cert("127.0.0.1")
    certificate.private_key_pem.write_to_path(folder / "key.pem")
    for one in certificate.cert_chain_pems:
        one.write_to_path(folder / "chain.pem", append=True)
    settings = {"tls_cert": folder / "chain.pem", "tls_key": folder / "key.pem"}
    with Hub(f"sqlite:///{folder / 'hub.db'}", folder, **settings) as hub:
        assert hub.url.startswith("https://")
        yield urlsplit(hub.url).netloc


def context(authority: trustme.CA, version: ssl.TLSVersion | None = None, suites: str = "") -> ssl.SSLContext:
    """A client that trusts the authority, and speaks only this."""
    made = ssl.create_default_context()
    authority.configure_trust(made)
    if version is not None:
        made.minimum_version = made.maximum_version = version
    if suites:
        made.set_ciphers(suites)
    return made


def status(address: str, how: ssl.SSLContext) -> int:
    """What discovery answers to nobody."""
    connection = HTTPSConnection(address, context=how, timeout=30)
    try:
        connection.request("GET", "/taxii2/", headers={"Accept": TAXII})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.row("T-001", "T-002", "T-003")
@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_tls_versions(secure: str, authority: trustme.CA, version: ssl.TLSVersion) -> None:
    """HTTPS by TLS 1.2 and by 1.3."""
    assert status(secure, context(authority, version)) == 401


@pytest.mark.row("T-005", "T-002")
@pytest.mark.filterwarnings("ignore:ssl.TLSVersion.TLSv1_1 is deprecated")
@pytest.mark.parametrize(
    ("version", "suites"),
    [
        (ssl.TLSVersion.TLSv1_1, "ALL:@SECLEVEL=0"),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES256-SHA384:ECDHE-ECDSA-AES256-SHA384:@SECLEVEL=0"),
        (ssl.TLSVersion.TLSv1_2, "ECDHE-RSA-AES128-SHA:ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0"),
        (ssl.TLSVersion.TLSv1_2, "AES256-GCM-SHA384:AES128-SHA:@SECLEVEL=0"),
    ],
)
def test_what_tls_refuses(secure: str, authority: trustme.CA, version: ssl.TLSVersion, suites: str) -> None:
    """Nothing below 1.2, and of 1.2 no suite without forward secrecy or with CBC."""
    with pytest.raises(ssl.SSLError):
        status(secure, context(authority, version, suites))


@pytest.mark.row("T-004")
def test_no_early_data(secure: str, authority: trustme.CA) -> None:
    """The tickets of TLS 1.3 allow none."""
    how: Any = context(authority, ssl.TLSVersion.TLSv1_3)
    tickets: list[bytes] = []

    def note(_connection: object, direction: str, _version: object, _kind: object, message: Any, data: bytes) -> None:
        if direction == "read" and getattr(message, "name", "") == "NEWSESSION_TICKET":
            tickets.append(data)

    how._msg_callback = note
    assert status(secure, how) == 401
    assert tickets
    for ticket in tickets:
        nonce = ticket[12]
        length = int.from_bytes(ticket[13 + nonce : 15 + nonce])
        extensions = ticket[17 + nonce + length :]
        assert EARLY_DATA not in [extensions[at : at + 2] for at in range(0, len(extensions), 2)]


@pytest.mark.row("I-003", "T-016")
def test_a_client_certificate_is_not_asked_for(secure: str, authority: trustme.CA) -> None:
    """One that is offered counts for nothing: the credentials decide."""
    how = context(authority)
    authority.issue_cert("soc@example.com").configure_cert(how)
    assert status(secure, how) == 401


@pytest.mark.row("T-017", "I-038", "T-022")
@pytest.mark.parametrize("agent", [None, "soc/1.0"])
def test_user_agent_and_date(live_on_sqlite: Grounds, agent: str | None) -> None:
    """A User-Agent may be missing; every answer says what time it is at the hub."""
    connection = HTTPConnection(urlsplit(live_on_sqlite.hub.url).netloc, timeout=30)
    try:
        token = live_on_sqlite.tokens["reader"]
        headers = {"Authorization": f"Bearer {token}", "Accept": TAXII} | ({"User-Agent": agent} if agent else {})
        connection.request("GET", "/taxii2/", headers=headers)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200
        assert parsedate_to_datetime(answer.headers["Date"]).tzinfo is not None
    finally:
        connection.close()


@pytest.mark.row("T-294", "T-293")
@pytest.mark.parametrize(("spare", "status_code"), [(1, 202), (0, 202), (-1, 413)])
def test_a_body_without_a_length(live_on_sqlite: Grounds, spare: int, status_code: int) -> None:
    """Chunks are counted as they come: up to `max_content_length` taken, beyond it 413."""
    place = live_on_sqlite.fresh()
    size = 10_485_760 - spare
    head, tail = b'{"objects":[{"x":"', b'"}]}'
    body = head + b"a" * (size - len(head) - len(tail)) + tail
    connection = HTTPConnection(urlsplit(live_on_sqlite.hub.url).netloc, timeout=60)
    try:
        headers = {
            "Authorization": f"Bearer {live_on_sqlite.tokens['producer']}",
            "Accept": TAXII,
            "Content-Type": TAXII,
        }
        parts = (body[at : at + 1_000_000] for at in range(0, len(body), 1_000_000))
        connection.request("POST", place.objects, parts, headers, encode_chunked=True)
        answer = connection.getresponse()
        answer.read()
        assert answer.status == status_code
    finally:
        connection.close()
