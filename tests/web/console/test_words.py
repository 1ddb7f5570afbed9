"""Every text of the console is said in every language, with the same places to fill; and what the hub refuses with is among them."""

import inspect
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

from indicator_hub import errors
from indicator_hub.web.console import pages, words
from indicator_hub.web.console.words import DEFAULT, LANGUAGES
from support.paths import ROOT

CONSOLE = ROOT / "src" / "indicator_hub" / "web" / "console"
METHODS = [("**.py", "python"), ("**/templates/**.html", "jinja2")]
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "N_": None, "say": None}
_PLACE = re.compile(r"%\((\w+)\)s")
_TRANSLATED = sorted(LANGUAGES.keys() - {DEFAULT})


def _said() -> Iterator[tuple[str, ...]]:
    """The texts in the code: one, or one and its plural."""
    for _, _, message, _, _ in extract_from_dir(CONSOLE, METHODS, keywords=KEYWORDS):
        yield message if isinstance(message, tuple) else (message,)


@pytest.mark.parametrize("language", _TRANSLATED)
def test_every_text_is_said(language: str) -> None:
    """Nothing is left in English, nothing is left over, and each place that is filled is filled in every form."""
    with (CONSOLE / "locale" / language / "LC_MESSAGES" / "console.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    kept = {(one.id,) if isinstance(one.id, str) else tuple(one.id): one for one in catalogue if one.id}
    said = set(_said())
    assert len(said) > 500
    assert sorted(said - kept.keys()) == []
    assert sorted(kept.keys() - said) == []
    for texts, one in kept.items():
        forms = [one.string] if isinstance(one.string, str) else list(one.string)
        assert len(forms) == (1 if len(texts) == 1 else catalogue.num_plurals)
        places = set(_PLACE.findall(texts[-1]))
        for form in forms:
            assert form, texts
            found = set(_PLACE.findall(form))
            assert found == places if len(texts) == 1 else found <= places, texts


@pytest.mark.parametrize("language", _TRANSLATED)
def test_it_is_compiled(language: str) -> None:
    """What is read at run time is what stands in the catalogue."""
    with (CONSOLE / "locale" / language / "LC_MESSAGES" / "console.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = words.translations(language)
    for one in catalogue:
        if isinstance(one.id, str) and one.id:
            assert compiled.gettext(one.id) == one.string, "run `make setup`"


def test_refusals_are_among_them() -> None:
    """The sentence of each kind of refusal that a page can show."""
    shown = {
        errors.NotAcceptable,
        errors.UnsupportedMedia,
        errors.Misconfigured,
        errors.FeedFailed,
        errors.HeadTooLarge,
        errors.HubError,
    }
    kinds = [one for _, one in inspect.getmembers(errors, inspect.isclass) if issubclass(one, errors.HubError)]
    assert {one().sentence for one in kinds if one not in shown} == set(pages._SENTENCES)


def test_no_sheet_says_left_or_right() -> None:
    """Only directions that mirror."""
    sheet = (CONSOLE / "static" / "console.css").read_text(encoding="utf-8")
    plain = re.sub(r"/\*.*?\*/", "", sheet, flags=re.DOTALL)
    assert (
        re.findall(r"(?<![\w-])(?:margin|padding|border)?-?(?:left|right)\s*:|text-align:\s*(?:left|right)", plain)
        == []
    )


def test_templates_hold_no_style_and_no_script() -> None:
    """The policy forbids them."""
    for one in sorted(Path(CONSOLE / "templates").glob("*.html")):
        text = one.read_text(encoding="utf-8")
        assert re.findall(r"\sstyle=|<style|\son[a-z]+=|<script(?![^>]*\ssrc=)|javascript:", text) == [], one.name
