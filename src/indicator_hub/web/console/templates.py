"""Templates: everything is escaped, nothing that is missing passes in silence, and times and values are shown in one way."""

import json
from functools import lru_cache
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, PackageLoader, StrictUndefined

from indicator_hub.normalise.refang import defang
from indicator_hub.stix import timestamps
from indicator_hub.web.console.assets import url_of
from indicator_hub.web.console.words import translations

_MICRO = 1_000_000


@lru_cache(maxsize=8)
def environment(language: str) -> Environment:
    """The templates in a language."""
    made = Environment(
        loader=PackageLoader("indicator_hub.web.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    made.install_gettext_translations(translations(language), newstyle=True)  # type: ignore[attr-defined]
    made.filters |= {
        "asset": url_of,
        "defang": defanged,
        "said": said,
        "instant": instant,
        "stamp": stamp,
        "span": span,
        "query": query,
        "part": part,
        "thousands": thousands,
    }
    return made


def said(value: Any) -> str:
    """Any JSON value as text: what is none as it would be written, and nothing for null. Objects of kinds that the hub does not know hold anything anywhere."""
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def defanged(value: Any) -> str:
    """The same, in a spelling that no program makes a link of."""
    return defang(said(value))


def instant(given: Any) -> str:
    """A time as it is read: 2026-11-23 12:00 UTC, from STIX text or microseconds; what is none as it is."""
    text = stamp(given)
    return f"{text[:10]} {text[11:16]} UTC" if text else said(given)


def stamp(given: Any) -> str:
    """A time as programs read it; nothing for what is none."""
    if type(given) is int and 0 <= given <= timestamps.LAST:
        return timestamps.render(given)
    return given if isinstance(given, str) and timestamps.is_timestamp(given) else ""


def span(seconds: float) -> str:
    """How long, in the largest unit that leaves a number: 45 s, 12 min, 6 h, 3 d."""
    for length, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= length:
            return f"{int(seconds // length)} {unit}"
    return f"{int(seconds)} s"


def thousands(number: int) -> str:
    """A number with thin spaces, the same in every language (SI brochure, 5.4.4)."""
    return f"{number:,}".replace(",", "\u202f")


def query(given: dict[str, Any], **changes: Any) -> str:
    """A query string: what is given, with changes; what is None or empty is left out."""
    named = {name: value for name, value in (given | changes).items() if value not in (None, "", [])}
    return f"?{urlencode(named, doseq=True)}" if named else "?"


def part(text: str) -> str:
    """One part of a path."""
    return quote(text, safe="")
