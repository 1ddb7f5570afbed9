"""Doctor: what keeps the hub of this machine from working, or will. It looks at what `serve` would stand on, and changes nothing."""

import os
import resource
import shutil
import ssl
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Literal, NamedTuple, cast
from urllib.parse import urlsplit

from indicator_hub.cli import EXIT
from indicator_hub.cli.shell import show
from indicator_hub.errors import HubError, Misconfigured, Unavailable
from indicator_hub.keys import kept_page_keys, key_id
from indicator_hub.settings import Settings, is_loopback, load
from indicator_hub.sharing.ready import declared, require_ready
from indicator_hub.store.engine import database_url, is_sqlite, shown
from indicator_hub.store.opened import Store, clock, open_store
from indicator_hub.store.standing import CONNECTIONS, PRIMARY, standing
from indicator_hub.web.gate import Gate

_FEW_FILES = 1_000
_SOON = 30 * 86_400
_TURNS = 3
"""Of each side: TLS 1.2 takes two."""
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
    except (OSError, UnicodeError) as error:
        return [Finding("fault", "settings", f"The file of settings cannot be read: {error}.")]
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
    if urlsplit(origin).scheme == "http" and not is_loopback(urlsplit(origin).hostname or ""):
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
    elif (above := _above(settings.secrets())).is_dir() and os.access(above, os.W_OK):
        yield Finding("ok", "secrets", f"There is no key in {settings.secrets()} yet: `serve` makes the first.")
    else:
        yield Finding(
            "fault",
            "secrets",
            f"There is no key in {settings.secrets()}, and none can be made: this user cannot write to {above}.",
        )


def _above(path: Path) -> Path:
    """The nearest that is there."""
    return next(one for one in (path, *path.absolute().parents) if one.exists())


def _certificate(settings: Settings) -> Iterator[Finding]:
    if settings.tls_cert is None:
        return
    asked: list[bool] = []

    def passphrase() -> str:
        asked.append(True)
        return ""

    try:
        for path in (settings.tls_cert, settings.tls_key or settings.tls_cert):
            path.read_bytes()
        ends = _ends(settings.tls_cert, settings.tls_key, urlsplit(settings.public_url).hostname, passphrase)
    except ssl.SSLCertVerificationError as error:
        why = error.verify_message.rstrip(".")
        yield Finding("fault", "certificate", f"Clients refuse {settings.tls_cert}: {why}.")
    except (OSError, ValueError) as error:  # an SSLError is one; a host that is no name is a ValueError
        why = "its key asks for a passphrase, and nobody is there to give it" if asked else str(error)
        yield Finding("fault", "certificate", f"{settings.tls_cert} cannot be served: {why}.")
    else:
        days = int(ends - time.time()) // 86_400
        level = "advice" if ends - time.time() < _SOON else "ok"
        yield Finding(level, "certificate", f"{settings.tls_cert} ends in {days} days.")


def _ends(certificate: Path, key: Path | None, host: str | None, passphrase: Callable[[], str]) -> float:
    """When a certificate ends, in seconds since 1970: told by a client that trusts it and asks for this host, in a handshake with ourselves.

    Raises SSLCertVerificationError where it does not hold now or is another host's, OSError or ValueError where it cannot be served.
    """
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(certificate, key, password=passphrase)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    client.load_verify_locations(certificate)
    client.verify_flags |= ssl.VERIFY_X509_PARTIAL_CHAIN
    client.hostname_checks_common_name = False  # as browsers do not
    client.check_hostname = host is not None
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    asking = client.wrap_bio(back, there, server_hostname=host)
    answering = server.wrap_bio(there, back, server_side=True)
    for one in (asking, answering) * _TURNS:
        with suppress(ssl.SSLWantReadError):  # it is the other's turn
            one.do_handshake()
    told = asking.getpeercert()
    assert told is not None
    above = [cast("str", one["notAfter"]) for one in client.get_ca_certs()]
    return min(map(ssl.cert_time_to_seconds, [cast("str", told["notAfter"]), *above]))


def _files() -> Iterator[Finding]:
    most = Gate().most_connections
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    few = most < _FEW_FILES
    counted = "any number of" if files == resource.RLIM_INFINITY else f"{files:,}"
    more = ": raise the limit (LimitNOFILE of systemd, `ulimit -n`) where more partners stay connected" if few else ""
    yield Finding(
        "advice" if few else "ok",
        "clients",
        f"A process started from here takes {most:,} clients at a time, with {counted} open files{more}.",
    )


async def _database(settings: Settings) -> list[Finding]:
    try:
        url = database_url(settings.database())
    except Misconfigured as error:
        return [Finding("fault", "database", error.detail)]
    try:
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
    except OSError as error:
        return [Finding("fault", "database", f"{shown(url)} cannot be opened: {error}.")]
    found = [Finding("ok", "database", f"{shown(url)} answers, and has the schema of this version.")]
    try:
        found += _file(Path(str(url.database))) if store.inline else await _server(settings, store)
        found += await _work(settings, store)
    except HubError as error:
        found.append(Finding("fault", "database", error.detail or error.sentence))
    except OSError as error:
        found.append(Finding("fault", "database", f"{shown(url)} cannot be looked at: {error}."))
    finally:
        await store.close()
    return found


def _file(path: Path) -> Iterator[Finding]:
    missing = [one for one in (path, path.parent) if not os.access(one, os.W_OK)]
    if missing:
        yield Finding("fault", "file", f"This user cannot write to {missing[0]}.")
    # Others read it where they may search every directory above.
    if path.stat().st_mode & 0o004 and all(one.stat().st_mode & 0o001 for one in path.absolute().parents):
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
    if here.there is None:
        sentence = f"Commits wait for {here.waits_for} of the standbys; whether they are there only pg_read_all_stats tells: GRANT it to the hub's user."
        found.append(Finding("advice", "commits", sentence))
    elif here.there < here.waits_for:
        sentence = f"Commits wait for {here.waits_for} standbys, and {here.there} are there: the hub answers 503."
        found.append(Finding("fault", "commits", sentence))
    if not found:
        found.append(Finding("ok", "commits", "What is acknowledged is on the primary's disk, and a standby has it."))
    if here.torn:
        found.append(
            Finding(
                "advice", "pages", "full_page_writes = off: safe only on a file system that never writes half a page."
            )
        )
    if here.read_only:
        found.append(
            Finding("fault", "database", "It only reads: a standby, or made so. Name the primary, or every host.")
        )
    elif not here.may_write:
        found.append(Finding("fault", "database", "The hub's user may not write to its tables: it should own them."))
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
            Finding("fault", "schedule", f"{error.detail} `indicator-hub serve` runs feeds when they are due.")
        )
    else:
        found.append(Finding("ok", "schedule", "No feed is late." if settings.feeds else "No feeds are run here."))
    return found
