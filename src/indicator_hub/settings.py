"""Every setting, its default and its sentence. Read by entry points only; everyone else is given plain values.

A setting is an environment variable INDICATOR_HUB_NAME (or a line in the file that INDICATOR_HUB_ENV_FILE names).
"""

import ipaddress
import os
from dataclasses import fields
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from indicator_hub.errors import Misconfigured
from indicator_hub.limits import LIMITS, LONGEST_URL, Limits


class Settings(BaseSettings):
    """The settings of a hub."""

    model_config = SettingsConfigDict(env_prefix="INDICATOR_HUB_", extra="ignore", frozen=True)

    data_dir: Path = Field(Path("indicator-hub-data"), description="Where the embedded database and the secrets lie.")
    database_url: str = Field("", description="The database; empty: SQLite in the data directory.")
    secrets_dir: Path | None = Field(
        None, description="Where the signing keys lie; empty: `secrets` in the data directory."
    )
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="The port to listen on; 0: any free one.")
    public_url: str = Field(
        "", description="The URL partners use, https://hub.example; required when the address is not loopback."
    )
    title: str = Field("Indicator hub", description="The title in the discovery resource.")
    page_limit: int = Field(1_000, ge=1, le=10_000, description="Objects on a page without `limit`, and at most.")
    max_content_length: int = Field(LIMITS.body, ge=1_024, description="The largest request body, in bytes.")
    max_objects: int = Field(LIMITS.objects, ge=1, description="Objects in one body, at most.")
    max_depth: int = Field(LIMITS.depth, ge=16, le=256, description="How deep an object may be nested.")
    max_digits: int = Field(LIMITS.digits, ge=17, le=4_000, description="Characters of one number, at most.")
    max_text: int = Field(LIMITS.text, ge=1_024, description="Characters of one string, at most.")
    max_pattern: int = Field(LIMITS.pattern, ge=1_024, description="Bytes of a STIX pattern, at most.")
    max_terms: int = Field(LIMITS.terms, ge=1, description="Comparisons in a STIX pattern, at most.")
    max_url: int = Field(LIMITS.url, ge=2_048, le=LONGEST_URL, description="Bytes of a path and its query, at most.")
    max_values: int = Field(LIMITS.values, ge=1, description="Values of one match parameter, at most.")
    max_filters: int = Field(
        LIMITS.filters, ge=256, description="Characters of all match values together, as sent, at most."
    )
    status_hours: int = Field(7 * 24, ge=24, description="How long a status can be read, in hours.")
    serve_events: bool = Field(True, description="Record every page that gives objects away.")
    feeds: bool = Field(True, description="Run the feeds that say how often.")
    log_level: str = Field("info", description="critical, error, warning, info or debug.")
    testing: bool = Field(False, description="This hub is for tests: it may take its time from a file.")
    clock_file: Path | None = Field(
        None,
        description="For tests: a file with the one timestamp that is now. Refused without TESTING and off the loopback.",
    )
    tls_cert: Path | None = Field(None, description="A certificate chain (PEM), to serve TLS without a proxy.")
    tls_key: Path | None = Field(None, description="The key of that certificate (PEM).")

    @field_validator("public_url")
    @classmethod
    def _require_url(cls, given: str) -> str:
        url = urlsplit(given)
        if given and (url.scheme not in ("http", "https") or not url.netloc or url.query or url.fragment):
            raise ValueError("give a URL like https://hub.example")
        return given.rstrip("/")

    def database(self) -> str:
        """The database's URL."""
        return self.database_url or f"sqlite:///{(self.data_dir / 'hub.db').absolute()}"

    def secrets(self) -> Path:
        """The secrets directory."""
        return self.secrets_dir or self.data_dir / "secrets"

    def testing_clock(self) -> Path | None:
        """The file that holds the time, for tests; None: the wall clock. Raises Misconfigured where partners could reach the hub."""
        if self.clock_file is None:
            return None
        if not self.testing:
            raise Misconfigured(
                "INDICATOR_HUB_CLOCK_FILE is for tests, and windows and evidence depend on the time: leave it out,"
                " or say INDICATOR_HUB_TESTING=1."
            )
        reached = (self.host, *([urlsplit(self.public_url).hostname or ""] if self.public_url else ()))
        if not all(map(_is_loopback, reached)):
            raise Misconfigured(
                f"The hub listens on {self.host}, where partners reach it: INDICATOR_HUB_CLOCK_FILE is for tests on a loopback address."
            )
        return self.clock_file

    def limits(self) -> Limits:
        """The bounds on what comes in."""
        given = {one.name: getattr(self, f"max_{one.name}") for one in fields(Limits) if one.name != "body"}
        return Limits(body=self.max_content_length, **given)

    def origin(self, port: int) -> str:
        """Where partners reach this hub. Raises Misconfigured when that cannot be known: never guessed from a request's headers."""
        if self.public_url:
            return self.public_url
        if not _is_loopback(self.host):
            raise Misconfigured(
                f"The hub listens on {self.host}, where partners reach it: set INDICATOR_HUB_PUBLIC_URL to the URL they use."
            )
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls_cert else 'http'}://{host}:{port}"


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def load(**overrides: object) -> Settings:
    """The settings, with what a command line gave instead. Raises Misconfigured, naming every setting that is wrong."""
    given = {name: value for name, value in overrides.items() if value is not None}
    try:
        return Settings(_env_file=os.environ.get("INDICATOR_HUB_ENV_FILE"), **given)  # pyright: ignore[reportCallIssue, reportArgumentType]
    except ValidationError as error:
        wrong = "; ".join(
            f"INDICATOR_HUB_{'_'.join(str(part) for part in one['loc']).upper()}: {one['msg']}"
            for one in error.errors()
        )
        raise Misconfigured(f"These settings cannot be used: {wrong}.") from None
