"""Every setting, its default and its sentence. Read by entry points only; everyone else is given plain values.

What is said first counts: a flag of the command line, an environment variable INDICATOR_HUB_NAME, a line in the file that INDICATOR_HUB_ENV_FILE
names, for a secret the file that INDICATOR_HUB_NAME_FILE names, a key of the TOML file that INDICATOR_HUB_CONFIG names, the default.
"""

import difflib
import ipaddress
import logging
import os
import re
import tomllib
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import Field, ValidationError, ValidationInfo, field_validator
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from indicator_hub.errors import Misconfigured
from indicator_hub.limits import LIMITS, LONGEST_URL, Limits

PREFIX = "INDICATOR_HUB_"
CONFIG = f"{PREFIX}CONFIG"
"""The environment variable that names the TOML file."""
SECRETS = ("database_url", "metrics_token")
"""Settings that may hold a secret, and so may stand in a file of their own."""
_SHORTEST_TOKEN = 16
_SECRET_KEY = re.compile(r"(?i)(?<=[?&])(\w*password)=[^&]*")


class _Read(PydanticBaseSettingsSource):
    """A source that is read whole."""

    def get_field_value(self, field: FieldInfo, field_name: str) -> tuple[Any, str, bool]:  # noqa: ARG002 - pydantic's own names
        return self()[field_name], field_name, False


class _SecretFiles(_Read):
    def __call__(self) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name in SECRETS:
            if path := os.environ.get(f"{PREFIX}{name.upper()}_FILE"):
                try:
                    found[name] = Path(path).read_text(encoding="utf-8").strip()
                except (OSError, ValueError) as error:
                    raise Misconfigured(f"{PREFIX}{name.upper()}_FILE: {path} cannot be read: {error}.") from None
        return found


class _Toml(_Read):
    def __call__(self) -> dict[str, Any]:
        path = os.environ.get(CONFIG)
        if not path:
            return {}
        try:
            with Path(path).open("rb") as file:
                found = tomllib.load(file)
        except OSError as error:
            raise Misconfigured(f"{CONFIG}: {path} cannot be read: {error.strerror}.") from None
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise Misconfigured(f"{path} is not TOML: {error}.") from None
        for key in found.keys() - Settings.model_fields.keys():
            near = difflib.get_close_matches(key, Settings.model_fields, 1)
            hint = f" Is it {near[0]}?" if near else " `indicator-hub config show` lists them."
            raise Misconfigured(f"{path}: there is no setting {key}.{hint}")
        return found


class Settings(BaseSettings):
    """The settings of a hub."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, extra="ignore", frozen=True)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003 - pydantic's own order
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """What is said first counts."""
        return init_settings, env_settings, dotenv_settings, _SecretFiles(settings_cls), _Toml(settings_cls)

    data_dir: Path = Field(Path("indicator-hub-data"), description="Where the embedded database and the secrets lie.")
    database_url: str = Field("", description="The database; empty: SQLite in the data directory.")
    database_pgbouncer: bool = Field(
        False, description="A PgBouncer in transaction mode lies between the hub and PostgreSQL."
    )
    database_patience: float = Field(
        5.0, ge=0, le=60, description="How long a request waits for a database that is gone, in seconds; then 503."
    )
    secrets_dir: Path | None = Field(
        None, description="Where the signing keys lie; empty: `secrets` in the data directory."
    )
    host: str = Field("127.0.0.1", description="The address to listen on.")
    port: int = Field(8000, ge=0, le=65535, description="The port to listen on; 0: any free one.")
    workers: int = Field(1, ge=1, le=64, description="Processes that serve; more than one needs PostgreSQL.")
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
    metrics_token: str = Field(
        "", description="Who sends it as a Bearer token reads /metrics; empty: there is no such resource."
    )
    rate_account: float = Field(
        0, ge=0, description="Requests a second of one account, or of one address without an account; 0: no limit."
    )
    rate_burst: float = Field(1_000, ge=1, description="How many of them at once, after a pause.")
    rate_guesses: float = Field(
        50,
        ge=0,
        description="Credentials that are not valid, from one address, a second; twenty times as many at once; 0: no limit.",
    )
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
        if given and (url.scheme not in ("http", "https") or not _is_host(url.hostname) or url.query or url.fragment):
            raise ValueError("give a URL like https://hub.example")
        return given.rstrip("/")

    @field_validator("log_level")
    @classmethod
    def _require_level(cls, given: str) -> str:
        if given.upper() not in logging.getLevelNamesMapping():
            raise ValueError("give critical, error, warning, info or debug")
        return given

    @field_validator("tls_key")
    @classmethod
    def _require_certificate(cls, given: Path | None, told: ValidationInfo) -> Path | None:
        if given is not None and told.data.get("tls_cert") is None:
            raise ValueError("it is the key of INDICATOR_HUB_TLS_CERT, which is not set")
        return given

    @field_validator("metrics_token")
    @classmethod
    def _require_long(cls, given: str) -> str:
        if given and len(given) < _SHORTEST_TOKEN:
            raise ValueError(f"give {_SHORTEST_TOKEN} characters or more")
        return given

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
        if not all(map(is_loopback, reached)):
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
        if not is_loopback(self.host):
            raise Misconfigured(
                f"The hub listens on {self.host}, where partners reach it: set INDICATOR_HUB_PUBLIC_URL to the URL they use."
            )
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{'https' if self.tls_cert else 'http'}://{host}:{port}"


def _is_host(name: str | None) -> bool:
    """Whether it can be asked for: clients send it as it is in DNS."""
    try:
        return bool(name and name.encode("idna"))
    except UnicodeError:
        return False


def is_loopback(host: str) -> bool:
    """Whether a host is this machine alone."""
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


@dataclass(frozen=True, slots=True)
class Told:
    """A setting as it stands. `value` is its text, without any password; `origin` where it was said."""

    name: str
    value: str
    origin: str
    sentence: str


def told(**overrides: object) -> list[Told]:
    """Every setting, as it stands and why. Raises Misconfigured as `load` does."""
    settings = load(**overrides)
    flags = {name for name, value in overrides.items() if value is not None}
    environment = {name.upper() for name in os.environ}
    from_file = _SecretFiles(Settings)()
    config, in_config = os.environ.get(CONFIG, ""), _Toml(Settings)()
    env_file = os.environ.get(f"{PREFIX}ENV_FILE", "")
    usual = {name: field.get_default() for name, field in Settings.model_fields.items()}
    found: list[Told] = []
    for name, field in Settings.model_fields.items():
        value = getattr(settings, name)
        variable = f"{PREFIX}{name.upper()}"
        if name in flags:
            origin = "command line"
        elif variable in environment:
            origin = f"environment: {variable}"
        elif env_file and _in_env_file(Path(env_file), variable):
            origin = f"file: {env_file}"
        elif name in from_file:
            origin = f"file: {os.environ[f'{variable}_FILE']}"
        elif name in in_config:
            origin = f"file: {config}"
        else:
            origin = "default" if value == usual[name] else "derived"
        text = "" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
        shown = _masked(name, text)
        found.append(Told(name, shown, origin, field.description or ""))
    return found


def _masked(name: str, text: str) -> str:
    """As it may be shown: of a secret only what is none."""
    if name not in SECRETS or not text:
        return text
    scheme, mark, rest = text.partition("://")
    if not mark:
        return "***"
    # By the last @ before the path: a password may hold one, and a & as well.
    place, slash, path = rest.partition("/")
    user, at, host = place.rpartition("@")
    if at and ":" in user:
        place = f"{user.partition(':')[0]}:***@{host}"
    path = _SECRET_KEY.sub(r"\1=***", path)
    return f"{scheme}://{place}{slash}{path}"


def _in_env_file(path: Path, variable: str) -> bool:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        return False
    return any(re.match(rf"\s*(?:export\s+)?{variable}\s*=", line, re.IGNORECASE) for line in lines)
