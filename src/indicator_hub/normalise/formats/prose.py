"""Free text and mail: every word that has the shape of a value. For a person's review only: nothing of it is published by itself."""

import codecs
import email
import email.policy
import io
import re
from collections.abc import Iterator
from email.message import Message
from html import unescape
from html.parser import HTMLParser
from itertools import islice

from indicator_hub.errors import FeedFailed
from indicator_hub.normalise.formats import trees
from indicator_hub.normalise.observe import Observation, value_by_shape
from indicator_hub.normalise.refang import refang
from indicator_hub.normalise.row import MAX_VALUE, Refusal, Row, cut
from indicator_hub.normalise.text import Stream, lines

_LINK = re.compile(r"\]\(")
_BETWEEN = re.compile('[\\s"`<>«»“”„‘’–—→\ufeff]+')
_URL = re.compile(r"(?<![A-Za-z0-9+])(?:h(?:tt|xx|\*\*|tx|xt)ps?|ftp|fxp)[\[({]?:[\])}]?[\[({]?/", re.IGNORECASE)
_JOINT = re.compile(r"[,;|'=]")
_AMONG = re.compile(r"[,;|']+")
_EQUALS = re.compile(r"=+")
_NAMED = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,30}:(?!//)")
_NAMES = 3
_FIELD = re.compile(r"[A-Za-z_]{1,20}=")
_DNSMASQ = re.compile(r"(?:address|server|local)=/(.*)/[^/]*")
_RULE = re.compile(r"\|\||(?:address|server|local)=/")
"""How lines begin that say of hosts what is to become of them: files are never meant."""
_ASIDE = re.compile(r"([^()\[\]{}]*[^()\[\]{}.])[(\[{]([^()\[\]{}.][^()\[\]{}]*)[)\]}]")
_UNC = re.compile(r"\\\\+([^\\]+)\\.*")
_ENTITY = re.compile(r"&(?:amp;)?(?:amp|lt|gt|quot|apos|nbsp|#[0-9]{1,7}|#[xX][0-9A-Fa-f]{1,6});")
_MASKED = re.compile(r"(?:(?<!\s)\s++)?([\[({])\s*(\.|dot|:|://|@|at)\s*([\])}])\s*", re.IGNORECASE)
_OPENING, _CLOSING = "([{*_~#=\"'", ".,;:!?*_~^\"'\\"
_PAIRS = {")": "(", "]": "[", "}": "{"}
_FILES = frozenset(("py", "sh", "rs", "md", "zip", "so", "ps", "cab", "mov", "java", "js", "vb", "cs"))
"""Ends of names that files have far more often than hosts."""
_INLINE = frozenset(
    ("a", "b", "i", "u", "s", "em", "strong", "span", "font", "code", "tt", "mark", "small", "big", "sub", "sup", "wbr")
)
_HEAD = 65_536
_HEADER = re.compile(r"[A-Za-z][A-Za-z0-9-]*:[ \t]")
_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
_CODED = frozenset(("base64", "quoted-printable", "x-uuencode", "uuencode"))
_ASCII = frozenset(("us-ascii", "ascii"))
_KINDS_OF_TEXT = frozenset(("application/json", "application/xml", "application/x-ndjson", "application/csv"))
_ENDS_OF_TEXT = (".txt", ".csv", ".tsv", ".json", ".jsonl", ".log", ".md", ".eml", ".xml", ".htm", ".html", ".ioc")
_OF_BINARY = re.compile(r"[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f]")
_FIELD_OF_QUERY = re.compile(r"&(?=[A-Za-z][A-Za-z0-9_]*=)")
_MOST_INSIDE = 4
_OF_MAIL = frozenset(("from", "reply-to", "sender", "return-path", "subject"))


def rows(text: str, *, documentation: bool = False) -> Iterator[Row | Refusal]:
    """Each value found, one row, numbered by its line; of two parts that look like a file (`setup.py`) nothing is made."""
    is_markup = text.lstrip()[:1] == "<"
    for number, line in enumerate(lines(text), 1):
        is_rule = _RULE.match(line) is not None
        for word in _words(_ENTITY.sub(_sign, line) if is_markup and "&" in line else line):
            found = value_by_shape(word, documentation=documentation)
            if found is None or (isinstance(found, Observation) and not is_rule and _is_file(found, word)):
                continue
            yield (
                Refusal(found.reason, cut(word), number)
                if isinstance(found, Refusal)
                else Row(number, word, {"value": word})
            )


def _sign(entity: re.Match[str]) -> str:
    """What an entity stands for; in a feed of news, markup within markup, it is often written twice: `&amp;lt;`."""
    return unescape(unescape(entity[0]))


def _words(line: str) -> Iterator[str]:
    for chunk in _BETWEEN.split(_LINK.sub(" ", _MASKED.sub(r"\1\2\3", line))):
        at = 0
        while found := _URL.search(chunk, at):
            yield from _apart(chunk[at : found.start()])
            at = _end_of_url(chunk, found.end())
            if word := _bare(chunk[found.start() : at]):
                yield word
        yield from _apart(chunk[at:])


def _end_of_url(chunk: str, start: int) -> int:
    """Where a URL ends whose authority begins there: a sign between is its own, unless another value follows."""
    # A URL is no longer than a value may be: so far, and no further, so that no line takes more than linear time.
    path, query = (chunk.find(sign, start + 1, start + MAX_VALUE) for sign in "/?")
    for sign in _JOINT.finditer(chunk, start):
        at, behind = sign.start(), sign.end()
        of_query = 0 <= query < at
        if sign[0] != "=" and _URL.match(chunk, behind):
            return at
        if sign[0] == "'":
            # `it's` in a path; around a URL, or behind a host, it is a quotation mark.
            if not (0 <= path < at and chunk[at - 1].isalnum() and chunk[behind : behind + 1].isalnum()):
                return at
        elif sign[0] == "|" or (sign[0] in ",;" and not of_query):
            following = _JOINT.search(chunk, behind)
            rest = _bare(chunk[behind : following.start() if following else len(chunk)])
            if _is_value(rest) or (sign[0] == "|" and not (of_query and rest)):
                return at
    return len(chunk)


def _apart(chunk: str) -> Iterator[str]:
    """A word without a URL in it, or the words that are glued together: `a.example,b.example`, `MD5:...`, `dst=198.51.100.7`."""
    word = _bare(chunk)
    if _is_whole(word):
        yield word
        return
    if found := _DNSMASQ.fullmatch(word):
        yield from found[1].split("/")
        return
    if found := _ASIDE.fullmatch(refang(word)) or _UNC.fullmatch(word):
        yield from found.groups()
        return
    for part in _AMONG.split(word):
        for piece in [part] if _is_whole(part) else _EQUALS.split(part):
            yield from _without_name(_bare(piece))


def _is_whole(word: str) -> bool:
    """Whether it is one value as it stands; `from=a@evil.example` and `x|a@evil.example` could be addresses, and are not."""
    return _is_value(word) and not ("@" in word and ("|" in word or _FIELD.match(word)))


def _without_name(piece: str) -> Iterator[str]:
    """The value behind the names that are put before it: `C2:198.51.100.7:443`; or the two of a pair, `evil.example:198.51.100.7`."""
    rest = piece.rstrip("-")
    for _ in range(_NAMES):
        if _is_value(rest) or not (found := _NAMED.match(rest)):
            break
        rest = _bare(rest[found.end() :])
    first, _, second = rest.rpartition(":")
    if _is_value(rest):
        yield rest
    elif first and _is_value(first) and _is_value(second):
        yield from (first, second)
    else:
        yield piece


def _is_value(word: str) -> bool:
    # Whether documentation addresses are let through does not change what has the shape of a value.
    return value_by_shape(word) is not None


def _bare(word: str) -> str:
    """Without what a sentence puts around it: a bracket goes only where its other half is missing. Nothing of what is too long for a value."""
    while 0 < len(word) <= MAX_VALUE:
        last, first = word[-1], word[0]
        if last in _CLOSING or (last in _PAIRS and word.count(last) > word.count(_PAIRS[last])):
            word = word[:-1]
        elif first in _OPENING and not (first in "([{" and _pair(first) in word):
            word = word[1:]
        elif first in "([{" and last == _pair(first) and "." not in refang(word)[:2]:
            word = word[1:-1]
        else:
            return word
    return word


def _pair(opening: str) -> str:
    return {"(": ")", "[": "]", "{": "}"}[opening]


def _is_file(found: Observation, word: str) -> bool:
    """Whether a name is rather that of a file; nobody masks those: `evil[.]zip` is a host."""
    if found.observable.type != "domain-name" or refang(word) != word:
        return False
    stem, _, end = found.observable.value.rpartition(".")
    return "." not in stem and end in _FILES


def is_mail(text: str) -> bool:
    """Whether a text begins as a message does (RFC 5322): header fields, and those of a mail among them."""
    names: set[str] = set()
    for number, line in enumerate(islice(lines(text[:_HEAD]), 60)):
        if not line:
            break
        if number == 0 and line.startswith("From "):
            continue  # as mail boxes put it before each message
        if line[0] in " \t":
            continue
        if not _HEADER.match(line) and not line.rstrip().endswith(":"):
            return False
        names.add(line.partition(":")[0].lower())
    return len(names & {"from", "to", "subject", "date", "received", "message-id", "mime-version", "return-path"}) >= 2  # noqa: PLR2004 - two are no chance


def rows_of_mail(body: bytes, *, documentation: bool = False) -> Iterator[Row | Refusal]:
    """Each value found in a message, one row; then, refused by its name, each file that is attached and no text."""
    words, refused = of_mail(body)
    yield from rows(words, documentation=documentation)
    yield from refused


def of_mail(body: bytes, *, inside: int = 0) -> tuple[str, list[Refusal]]:
    """The words of a message, or of what only looks like one: who it says it is from, its subject, and its parts and attached files of text, decoded; the addresses that its links lead to.

    And a refusal for each attached file that is no text. `inside` how many messages it is attached to.
    """
    # A file of a mail may be written in UTF-16, though what is sent never is.
    is_wide = body.startswith(_WIDE)
    raw = _read(body)[0].encode("utf-8", "surrogatepass") if is_wide else body.removeprefix(codecs.BOM_UTF8)
    if b"\n" not in raw:
        raw = raw.replace(b"\r", b"\n")  # what decodes its parts knows no such ends of lines
    found: list[str] = []
    refused: list[Refusal] = []
    try:
        for part in email.message_from_bytes(raw, policy=email.policy.default).walk():
            found += _headers(part)
            if not part.is_multipart():
                words, more = _words_of(part, is_wide=is_wide, inside=inside)
                found.append(words)
                refused += more
    except Exception:  # noqa: BLE001 - the library raises what it likes on headers that are no headers: then it is a text like any other
        return _read(body)[0], []
    return "\n".join(found), refused


def _read(body: bytes) -> tuple[str, bool]:
    """The text of bytes, and whether their encoding had to be guessed."""
    stream = Stream(io.BytesIO(body))
    return stream.whole(), stream.guessed


def _headers(part: Message) -> Iterator[str]:
    for name, raw in part.raw_items():
        if name.lower() in _OF_MAIL:
            try:
                value = str(email.policy.default.header_fetch_parse(name, raw))
            except Exception:  # noqa: BLE001 - one header that is none takes no other with it
                value = str(raw)
            yield f"{name}: {value}"


def _words_of(part: Message, *, is_wide: bool, inside: int) -> tuple[str, list[Refusal]]:
    payload = part.get_payload(decode=True)
    body = payload if isinstance(payload, bytes) else b""
    if part.get_content_maintype() == "text":
        is_coded = str(part.get("content-transfer-encoding", "")).strip().lower() in _CODED
        text = _decoded(body, "utf-8" if is_wide and not is_coded else part.get_content_charset())
        return _of_markup(text) if part.get_content_subtype() == "html" else text, []
    kind = part.get_content_type()
    name = part.get_filename() or kind
    text = _text_of_file(body, is_declared=kind in _KINDS_OF_TEXT or name.lower().endswith(_ENDS_OF_TEXT))
    if text is None or (inside == _MOST_INSIDE and is_mail(text)):
        return "", [Refusal("unknown_type", cut(name))]
    return of_mail(body, inside=inside + 1) if is_mail(text) else (_words_of_file(text), [])


def _decoded(body: bytes, charset: str | None) -> str:
    """By the charset that the part names, where that says anything; many a program names ASCII and means UTF-8."""
    for encoding in (charset, None):
        try:
            return body.decode(encoding, "replace") if encoding and encoding not in _ASCII else _read(body)[0]
        except (LookupError, ValueError, FeedFailed):
            continue
    return body.decode("cp1252", "replace")


def _text_of_file(body: bytes, *, is_declared: bool) -> str | None:
    """A file's text, None where it has none: its bytes decide, its name only whether they may be in an old encoding."""
    try:
        text, is_guessed = _read(body)
    except FeedFailed:
        return None
    return None if (is_guessed and not is_declared) or text.startswith("%PDF-") or _OF_BINARY.search(text) else text


def _words_of_file(text: str) -> str:
    begin = text.lstrip()[:1]
    if begin == "<":
        return _of_markup(text)
    try:
        # Escapes of JSON (`http:\\/\\/`) are none of a text's.
        return "\n".join(trees.leaves(trees.parse(text))) if begin in ("{", "[") else text
    except FeedFailed:
        return text


class _Markup(HTMLParser):
    """The text of a page, and where its links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Where it leads."""
        if tag not in _INLINE:
            self.words.append("\n")
        self.words += [f" {value} " for name, value in attrs if name in ("href", "src", "action") and value]

    def handle_endtag(self, tag: str) -> None:
        """What stands in different cells or lines is not one word."""
        if tag not in _INLINE:
            self.words.append("\n")

    def handle_data(self, data: str) -> None:
        """What it says."""
        self.words.append(data)


def _of_markup(text: str) -> str:
    reader = _Markup()
    try:
        # In an address `&copy=1` is a field and no sign, as browsers have it; the library is of another mind.
        reader.feed(_FIELD_OF_QUERY.sub("&amp;", text))
        reader.close()
    except AssertionError:  # what the library says of markup that it cannot read
        return text
    return "".join(reader.words)
