"""Doctor: what keeps the hub of this machine from working, or will. It looks at what `serve` would stand on, and changes nothing."""

import resource
import shutil
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple
from urllib.parse import urlsplit

from indicator_hub.cli import EXIT
from indicator_hub.cli.shell import show
from indicator_hub.errors import HubError, Misconfigured, Unavailable
from indicator_hub.keys import kept_page_keys, key_id
from indicator_hub.settings import Settings, load
from indicator_hub.sharing.ready import declared, require_ready
from indicator_hub.store.engine import database_url, is_sqlite, shown
from indicator_hub.store.opened import Store, clock, open_store
from indicator_hub.store.standing import CONNECTIONS, PRIMARY, standing
from indicator_hub.web.gate import Gate

_FEW_FILES = 1_000
_SOON = 30 * 86_400
_APART = 1_000_000
_GIGABYTE = 1_000_000_000


class Finding(NamedTuple):
    """What was found about one thing. A `fault` keeps the hub, or a promise it makes, from being kept; `advice` may be meant so."""

    level: Literal["ok", "advice", "fault"]
    about: str
    sentence: str


async def doctor(*, database: str | None, as_json: bool) -> int:
    """Print what is found, and return the exit code: that of a hub which cannot run as it is set up where there is a fault."""
    found = await examine(database)
    faults = any(one.level == "fault" for one in found)
    show(
        {"sound": not faults, "findings": [one._asdict() for one in found]},
        lambda: [f"{one.level:6}  {one.about:12}  {one.sentence}" for one in found],
        as_json=as_json,
    )
    return EXIT["Misconfigured"] if faults else 0


async def examine(database: str | None) -> list[Finding]:
    """Everything that can be asked; what cannot, since something before it is wrong, is left out."""
    try:
        settings = load(database_url=database)
    except Misconfigured as error:
        return [Finding("fault", "settings", error.detail)]
    return [
        *_address(settings),
        *_secrets(settings),
        *_certificate(settings),
        *_files(),
        *await _database(settings),
    ]


def _address(settings: Settings) -> Iterator[Finding]:
    try:
        origin = settings.origin(settings.port)
        clock_file = settings.testing_clock()
    except Misconfigured as error:
        yield Finding("fault", "address", error.detail)
        return
    if origin.startswith("http:") and urlsplit(origin).hostname not in ("localhost", "127.0.0.1", "::1"):
        yield Finding(
            "fault",
            "address",
            f"Partners' tokens go to {origin} in the clear, and TAXII 2.1 asks for HTTPS: see TLS in the README.",
        )
    else:
        yield Finding("ok", "address", f"Partners reach the hub at {origin}.")
    if clock_file is not None:
        yield Finding("advice", "clock", f"The time is what {clock_file} says: this hub is for tests.")
    if not settings.serve_events:
        yield Finding(
            "advice", "events", "INDICATOR_HUB_SERVE_EVENTS is off: nobody will be able to tell who was given what."
        )


def _secrets(settings: Settings) -> Iterator[Finding]:
    try:
        keys = kept_page_keys(settings.secrets())
    except Misconfigured as error:
        yield Finding("fault", "secrets", error.detail)
        return
    if keys:
        signs, *others = map(key_id, keys)
        beside = f"; {', '.join(others)} still valid" if others else ""
        yield Finding("ok", "secrets", f"`next` is signed with key {signs}{beside}: the same on every node of one hub.")
    else:
        yield Finding("ok", "secrets", f"There is no key in {settings.secrets()} yet: `serve` makes the first.")


def _certificate(settings: Settings) -> Iterator[Finding]:
    if settings.tls_cert is None:
        return
    try:
        ends = _ends(settings.tls_cert, settings.tls_key, urlsplit(settings.public_url).hostname)
    except ssl.SSLCertVerificationError as error:
        yield Finding(
            "fault", "certificate", f"Clients refuse {settings.tls_cert}: {error.verify_message.rstrip('.')}."
        )
    except OSError as error:  # an SSLError is one
        yield Finding("fault", "certificate", f"{settings.tls_cert} cannot be served: {error.strerror or error}.")
    else:
        days = int(ends - time.time()) // 86_400
        level = "advice" if ends - time.time() < _SOON else "ok"
        yield Finding(level, "certificate", f"{settings.tls_cert} ends in {days} days.")


def _ends(certificate: Path, key: Path | None, host: str | None) -> float:
    """When a certificate ends, in seconds since 1970: told by a client that trusts it and asks for this host, in a handshake with ourselves.

    Raises SSLCertVerificationError where it does not hold now or is another host's, OSError where the two files cannot be served.
    """
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(
        certificate, key, password=""
    )  # one that needs any is refused, not asked for: nobody is there when `serve` starts
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(certificate)
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    client.check_hostname = host is not None
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(back, there, server_hostname=host)
    answering = server.wrap_bio(there, back, server_side=True)
    for one in (asking, answering, asking):
        try:
            one.do_handshake()
        except ssl.SSLWantReadError:
            continue  # it is the other's turn
    told = asking.getpeercert()
    assert told is not None
    return ssl.cert_time_to_seconds(str(told["notAfter"]))


def _files() -> Iterator[Finding]:
    most = Gate().most_connections
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    few = most < _FEW_FILES
    more = ": raise the limit (LimitNOFILE of systemd, `ulimit -n`) where more partners stay connected" if few else ""
    yield Finding("advice" if few else "ok", "clients", f"{most:,} clients at a time, with {files:,} open files{more}.")


async def _database(settings: Settings) -> list[Finding]:
    try:
        url = database_url(settings.database())
        if is_sqlite(url) and settings.workers > 1:
            return [
                Finding(
                    "fault", "workers", f"{settings.workers} workers need PostgreSQL: with SQLite one process serves."
                )
            ]
        store = await open_store(
            settings.database(),
            now=clock(settings.testing_clock()),
            pgbouncer=settings.database_pgbouncer,
            patience=settings.database_patience,
        )
    except HubError as error:
        return [Finding("fault", "database", error.detail or error.sentence)]
    found = [Finding("ok", "database", f"{shown(url)} answers, and has the schema of this version.")]
    try:
        found += _file(Path(str(url.database))) if store.inline else await _server(settings, store)
        found += await _work(settings, store)
    except HubError as error:
        found.append(Finding("fault", "database", error.detail or error.sentence))
    finally:
        await store.close()
    return found


def _file(path: Path) -> Iterator[Finding]:
    if path.stat().st_mode & path.parent.stat().st_mode << 2 & 0o004:  # read the one, search the other
        yield Finding("fault", "file", f"Others may read {path}. Run `chmod 700 {path.parent}`.")
    size, free = path.stat().st_size, shutil.disk_usage(path).free
    # A backup, and a migration that writes a table anew, take as much again.
    level = "advice" if free < max(size, _GIGABYTE) else "ok"
    room = ": not enough for a copy of it, and to grow" if level == "advice" else ""
    yield Finding(
        level, "disk", f"{path} has {size / _GIGABYTE:.1f} GB, and {free / _GIGABYTE:.1f} GB are free beside it{room}."
    )


async def _server(settings: Settings, store: Store) -> list[Finding]:
    here = await standing(store)
    found = [
        Finding(
            "advice" if event == PRIMARY else "fault",
            "commits",
            f"What was acknowledged last is lost when {event}: {why}.",
        )
        for event, why in here.lost_when
    ]
    if here.hangs:
        found.append(
            Finding("fault", "commits", "Every commit waits for a standby, and none is there: the hub answers 503.")
        )
    if not found:
        found.append(Finding("ok", "commits", "What is acknowledged is on the primary's disk, and a standby has it."))
    needed = settings.workers * CONNECTIONS
    if not settings.database_pgbouncer:
        few = needed > here.connections
        found.append(
            Finding(
                "fault" if few else "ok",
                "connections",
                f"PostgreSQL {here.version} takes {here.connections} connections; this node opens up to {needed}"
                + (": raise max_connections, or put a PgBouncer between." if few else ", as each other node does."),
            )
        )
    apart = abs(here.ahead)
    found.append(
        Finding(
            "advice" if apart > _APART else "ok",
            "clock",
            f"The clocks of this machine and of the database's are {apart / 1e6:.1f} seconds apart"
            + (": `date_added` follows this machine's." if apart > _APART else "."),
        )
    )
    return found


async def _work(settings: Settings, store: Store) -> list[Finding]:
    groups, feeds = await declared(store)
    found = [
        Finding("ok", "declared", f"Groups: {groups}; feeds: {feeds}.")
        if groups
        else Finding(
            "advice", "declared", "No group is declared yet: `indicator-hub apply FOLDER` says who shares with whom."
        )
    ]
    try:
        await require_ready(store, schedule=settings.feeds)
    except Unavailable as error:
        found.append(
            Finding("advice", "schedule", f"{error.detail} `indicator-hub serve` runs feeds when they are due.")
        )
    else:
        found.append(
            Finding("ok", "schedule", "Feeds run when they are due." if settings.feeds else "No feeds are run here.")
        )
    return found
