"""Values are written so that nobody clicks on them, and read back."""

import re

# Brackets nest eight deep at most and nothing is tried twice, so that no text takes more than linear time.
_MASK = re.compile(
    r"(?:(?<!\s)\s++)?[\[({](?:\s*+[\[({]){0,7}+\s*+(?P<kept>\.|dot|@|at|://|:|/)\s*+[\])}](?:\s*+[\])}]){0,7}+\s*+",
    re.IGNORECASE,
)
_SCHEME = re.compile(r"\A(?:h(?:xx|\*\*|tx|xt)p(s?)|fxp)(?=:)", re.IGNORECASE)
_DEFANGED = {"http": "hxxp", "https": "hxxps", "ftp": "fxp"}
_WORDS = {"dot": ".", "at": "@"}
_CLOSING = {"[": "]", "(": ")", "{": "}"}
_PASSES = 4
_HEXTETS = re.compile(r"[0-9A-Fa-f]*+:[0-9A-Fa-f]*+:[0-9A-Fa-f:.]*+(?:/[0-9]{1,3})?")
_AUTHORITY = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://([^/?#]*)(.*)", re.DOTALL)


def refang(text: str) -> str:
    """The value that a defanged spelling stands for. Idempotent; other text comes back as it is.

    Only words and signs in matching brackets count. Half a bracket is left for a person to look at, and so is the whole
    value where unmasking never comes to rest: a guess could name somebody else's host.
    """
    if "[" not in text and "(" not in text and "{" not in text:
        return _SCHEME.sub(_scheme, text)
    current = text
    for _ in range(_PASSES):
        following = _SCHEME.sub(_scheme, _MASK.sub(_unmask, current))
        if following == current:
            return current
        current = following
    return text


def _unmask(found: re.Match[str]) -> str:
    kept = found["kept"]
    opening = [sign for sign in found.string[found.start() : found.start("kept")] if sign in _CLOSING]
    closing = [sign for sign in found.string[found.end("kept") : found.end()] if sign in _CLOSING.values()]
    if closing != [_CLOSING[sign] for sign in reversed(opening)]:
        return found[0]
    return _WORDS.get(kept.lower(), kept)


def _scheme(found: re.Match[str]) -> str:
    return "ftp" if found[1] is None else f"http{found[1].lower()}"


def defang(text: str) -> str:
    """A spelling that no program makes a link of, for names and displays. `refang` gives a canonical value back unchanged."""
    if found := _AUTHORITY.fullmatch(text):
        scheme, authority, rest = found.groups()
        return f"{_DEFANGED.get(scheme, scheme)}://{authority.replace('.', '[.]')}{rest}"
    if _HEXTETS.fullmatch(text):
        text = text.replace(":", "[:]")
    return text.replace("@", "[@]").replace(".", "[.]")
