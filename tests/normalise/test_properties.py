"""What holds of every file: nothing is lost in silence, no spelling makes another value, and nothing is made up or raised."""

import bz2
import gzip
import io
import json
import zipfile
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicator_hub.errors import FeedFailed
from indicator_hub.normalise.loose import Found, candidates
from indicator_hub.normalise.observe import Observation, observe
from indicator_hub.normalise.refang import defang, refang
from indicator_hub.normalise.row import Refusal
from indicator_hub.normalise.sniff import KINDS

WORDS = st.lists(st.sampled_from("abcxyz019"), min_size=1, max_size=9).map("".join)
NAMES = WORDS.map("{}.evil.example".format)
IPV4 = st.integers(0, 255).map("198.51.100.{}".format)
IPV6 = st.integers(1, 0xFFFF).map("2001:db8::{:x}".format)
PORTS = st.integers(1, 65_535)
HEX = st.sampled_from([32, 40, 64, 128]).flatmap(
    lambda size: st.lists(st.sampled_from("0123456789abcdef"), min_size=size, max_size=size).map("".join)
)
VALUES = st.one_of(
    NAMES,
    IPV4,
    IPV6,
    IPV4.map(lambda address: f"{address.rpartition('.')[0]}.0/24"),
    st.tuples(IPV4 | NAMES, PORTS).map(lambda pair: f"{pair[0]}:{pair[1]}"),
    st.tuples(IPV6, PORTS).map(lambda pair: f"[{pair[0]}]:{pair[1]}"),
    HEX,
    st.tuples(NAMES, WORDS, st.sampled_from(["http", "https", "ftp"])).map(lambda one: f"{one[2]}://{one[0]}/{one[1]}?a={one[1]}"),
    st.tuples(WORDS, NAMES).map("@".join),
    st.integers(1000, 99_999).map("CVE-2026-{}".format),
)  # fmt: skip
BAD = st.sampled_from(
    ["10.0.0.1", "198.51.100.1:0", "198.51.100.1/33", "printer.local", "evil[.example", "evil\0.example", "http://[/"]
)
"""What no value is made of, and what looks like one."""


def told(body, kind=None):
    """The values, and the reasons with a question mark."""
    body = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    return [
        one.value if isinstance(one, Found) else f"?{one.reason}" for one in candidates(body, kind, documentation=True)
    ]


def as_list(values):
    """One a line."""
    return "\n".join(values)


def as_table(values):
    """Two columns, quoted, below a header."""
    return "\r\n".join(["n,value", *(f'{number},"{value}"' for number, value in enumerate(values))])


def as_tabs(values):
    """Two columns."""
    return "\n".join(["n\tvalue", *(f"{number}\t{value}" for number, value in enumerate(values))])


def as_json(values):
    """One document."""
    return json.dumps({"data": [{"n": number, "value": value} for number, value in enumerate(values)]})


def as_lines_of_json(values):
    """One item a line."""
    return "\n".join(json.dumps({"value": value}) for value in values)


def as_words(values):
    """Free text."""
    return f"We saw {', and '.join(values)} there."


def as_mail(values):
    """A message, its text encoded."""
    made = EmailMessage()
    made["To"], made["Subject"] = "desk", "what we saw"
    made.set_content(as_words(values), cte="base64")
    return made.as_string()


def as_attachment(values):
    """A message with a table attached."""
    made = EmailMessage()
    made["To"], made["Subject"] = "desk", "what we saw"
    made.set_content("see below")
    made.add_attachment(as_table(values).encode(), maintype="application", subtype="octet-stream", filename="iocs.csv")
    return made.as_string()


SHAPES = {
    "list": as_list, "csv": as_table, "tsv": as_tabs, "json": as_json, "jsonl": as_lines_of_json, "text": as_words,
}  # fmt: skip
MAILS = [as_mail, as_attachment]


def zipped(body):
    """A zip with one file."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", body)
    return made.getvalue()


WRAPPINGS = {
    "as it is": lambda text: text.encode(),
    "marked": lambda text: text.encode("utf-8-sig"),
    "UTF-16": lambda text: ("\ufeff" + text).encode("utf-16-le"),
    "UTF-16, the other way": lambda text: ("\ufeff" + text).encode("utf-16-be"),
    "CRLF": lambda text: text.replace("\r\n", "\n").replace("\n", "\r\n").encode(),
    "CR": lambda text: text.replace("\r\n", "\n").replace("\n", "\r").encode(),
    "gzip": lambda text: gzip.compress(text.encode()),
    "zip": lambda text: zipped(text.encode()),
}


@pytest.mark.parametrize("shape", SHAPES.values(), ids=SHAPES)
@given(st.lists(VALUES, min_size=1, max_size=6), st.sampled_from(sorted(WRAPPINGS)))
def test_no_wrapping_makes_another_value(shape, values, wrapping):
    """The same values in the same order, whatever the format, the encoding, the ends of lines and the packing."""
    assert told(WRAPPINGS[wrapping](shape(values)), shape_of(shape)) == values


def shape_of(shape):
    """The word for this shape."""
    return next(kind for kind, one in SHAPES.items() if one is shape)


@pytest.mark.parametrize("shape", MAILS)
@given(st.lists(VALUES, min_size=1, max_size=6), st.sampled_from(["as it is", "marked", "UTF-16", "CRLF", "gzip"]))
def test_nor_does_a_mail(shape, values, wrapping):
    """In the text or in a table that is attached."""
    assert told(WRAPPINGS[wrapping](shape(values))) == values


@pytest.mark.parametrize("kind", SHAPES)
@given(st.lists(VALUES | BAD, min_size=1, max_size=8))
def test_nothing_is_lost_in_silence(kind, values):
    """What looks like a value and is none is refused, in its place; what stands beside it is found."""
    expected = [
        one.observable.value if isinstance(one, Observation) else f"?{one.reason}"
        for one in (observe(value, documentation=True) for value in values)
    ]
    assert told(SHAPES[kind](values), kind) == expected


@given(VALUES, st.data())
def test_no_spelling_makes_another_value(value, data):
    """Masks, blanks around and upper case where case means nothing."""
    expected = told(value, "list")
    spelt = defang(value) if data.draw(st.booleans()) else value
    for sign, masks in ((".", ["[.]", "(.)", "{.}", "[dot]", " [.] ", "(DOT)"]), ("@", ["[@]", "(at)", "[AT]"])):
        if "://" not in value:
            spelt = spelt.replace(f"[{sign}]", sign).replace(sign, data.draw(st.sampled_from([sign, *masks])))
    if "://" not in value:
        spelt = data.draw(st.sampled_from([spelt, spelt.upper()]))
    spelt = data.draw(st.sampled_from(["", " ", "\t"])) + spelt + data.draw(st.sampled_from(["", " ", "\t"]))
    found = observe(spelt, documentation=True)
    assert isinstance(found, Observation)
    assert [found.observable.value] == expected
    assert told(json.dumps([spelt]), "json") == expected


@given(VALUES)
def test_a_value_is_its_own_canonical_form(value):
    """Found again in what was written of it, in every format; and unmasked it is itself."""
    (canonical,) = told(value, "list")
    for kind, shape in SHAPES.items():
        assert told(shape([canonical]), kind) == [canonical]
    assert refang(canonical) == refang(defang(canonical)) == canonical


@given(st.lists(VALUES, min_size=1, max_size=4), st.sampled_from(sorted(SHAPES)), st.data())
def test_a_file_that_was_cut_or_broken(values, kind, data):
    """Whatever happens to its bytes it fails as a whole, or gives candidates; nothing else is raised, and each refusal has its reason."""
    body = bytearray(WRAPPINGS[data.draw(st.sampled_from(sorted(WRAPPINGS)))](SHAPES[kind](values)))
    for _ in range(data.draw(st.integers(0, 3))):
        at = data.draw(st.integers(0, len(body)))
        body[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=3))
    del body[data.draw(st.integers(0, len(body))) :]
    for one in (kind, None):
        try:
            all_of = list(candidates(bytes(body), one, documentation=True))
        except FeedFailed as failed:
            assert failed.detail
        else:
            assert all(one.value if isinstance(one, Found) else one.reason for one in all_of)


@given(st.lists(VALUES, min_size=2, max_size=6), st.data())
def test_json_and_packed_files_that_were_cut_off(values, data):
    """Not one value of what is not whole."""
    for body in (
        as_json(values).encode(),
        gzip.compress(as_list(values).encode(), mtime=0),
        zipped(as_list(values).encode()),
    ):
        cut = body[: data.draw(st.integers(4, len(body) - 1))]
        with pytest.raises(FeedFailed):
            candidates(cut, "json" if body[:1] == b"{" else None)
    with pytest.raises(FeedFailed):
        candidates(bz2.compress(as_list(values).encode()))


@given(st.text(alphabet='ab.c,;"\n\r# \t:/[]{}10', max_size=80), st.sampled_from(KINDS))
def test_every_line_of_a_list_is_told(text, kind):
    """A value or a refusal for each line that is neither blank nor a comment; in no format is a refusal without its raw text."""
    try:
        all_of = list(candidates(text.encode(), kind, documentation=True))
    except FeedFailed:
        return
    assert all(one.raw for one in all_of if isinstance(one, Refusal))
    if kind == "list":
        lines = text.replace("\r\n", "\n").replace("\r", "\n").split("\n")
        rows = [
            number
            for number, line in enumerate(lines, 1)
            if line.strip() and not line.lstrip().startswith(("#", ";", "//"))
        ]
        assert [one.row if isinstance(one, Found) else one.number for one in all_of] == rows
