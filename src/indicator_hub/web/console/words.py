"""The languages of the console. Texts stand in English where they are used; a catalogue in `locale/` says them in another language.

A new language is one catalogue (`locale/CODE/LC_MESSAGES/console.po`, compiled when the package is built) and one line here.
"""

import gettext
from functools import lru_cache
from importlib.resources import files

DEFAULT = "en"
LANGUAGES = {"en": "English", "ar": "العربية"}
"""By code, each in its own name."""
RIGHT_TO_LEFT = frozenset(("ar",))


@lru_cache(maxsize=8)
def translations(code: str) -> gettext.NullTranslations:
    """What is said in a language: for English what stands in the code."""
    if code == DEFAULT:
        return gettext.NullTranslations()
    with (files("indicator_hub.web.console") / "locale" / code / "LC_MESSAGES" / "console.mo").open("rb") as compiled:
        return gettext.GNUTranslations(compiled)


def direction(code: str) -> str:
    """`rtl` or `ltr`."""
    return "rtl" if code in RIGHT_TO_LEFT else "ltr"


def preferred(accepted: str | None) -> str:
    """The language for an Accept-Language (RFC 9110 section 12.5.4): the first of ours by weight, else English."""
    weighed: list[tuple[float, int, str]] = []
    for place, part in enumerate((accepted or "")[:500].split(",")):
        name, _, weight = part.strip().partition(";")
        code = name.strip().lower().partition("-")[0]
        try:
            of = float(weight.strip().removeprefix("q=")) if weight else 1.0
        except ValueError:
            continue
        if code in LANGUAGES and of > 0:
            weighed.append((-of, place, code))
    return min(weighed)[2] if weighed else DEFAULT


def N_(text: str) -> str:  # noqa: N802 - gettext's own name for it
    """Marks a text that is translated where it is shown."""
    return text
