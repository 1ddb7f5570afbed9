"""Free text and mail: what is glued together is taken apart, and what is one value stays whole."""

import base64
import io
import json
import time
import zipfile
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indicator_hub.normalise.formats import prose
from indicator_hub.normalise.loose import Found, candidates

MD5, SHA256 = "d41d8cd98f00b204e9800998ecf84270", "0c" * 32


def told(text, kind="text"):
    """`value` of what is found, `?reason` of what is refused."""
    body = text if isinstance(text, bytes) else text.encode()
    return [
        one.value if isinstance(one, Found) else f"?{one.reason}" for one in candidates(body, kind, documentation=True)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a.example,b.example", ["a.example", "b.example"]),
        ("evil.example;198.51.100.7;bad.example.", ["evil.example", "198.51.100.7", "bad.example"]),
        ("198.51.100.7,198.51.100.8", ["198.51.100.7", "198.51.100.8"]),
        ("198.51.100.7:443,198.51.100.8:8080", ["198.51.100.7:443", "198.51.100.8:8080"]),
        ("evil[.]example,bad(.)example", ["evil.example", "bad.example"]),
        ("a@evil.example;b@evil.example", ["a@evil.example", "b@evil.example"]),
        (f"MD5:{MD5}", [MD5]),
        (f"sha256={SHA256};md5={MD5}", [SHA256, MD5]),
        (f"hash:sha256:{SHA256}", [SHA256]),
        ("C2:198.51.100.7", ["198.51.100.7"]),
        ("C2:198.51.100.7:443", ["198.51.100.7:443"]),
        ("IoC:evil[.]example:8443", ["evil.example:8443"]),
        ("src=198.51.100.6,dst=198.51.100.7,dport=443", ["198.51.100.6", "198.51.100.7"]),
        ("dst_ip=[2001:db8::1]:443", ["[2001:db8::1]:443"]),
        ("url=http://evil.example/a?b=c,d", ["http://evil.example/a?b=c,d"]),
        ("url:hxxps://evil[.]example/a", ["https://evil.example/a"]),
        ("host=evil.example,url=hxxp[:]//evil[.]example/a;b", ["evil.example", "http://evil.example/a;b"]),
        ("from=a@evil.example", ["a@evil.example"]),
        ("mailto:a@evil.example", ["a@evil.example"]),
        ("http://a.example/,http://b.example/", ["http://a.example/", "http://b.example/"]),
        ("http://a.example/?x=1,hxxp://b.example/", ["http://a.example/?x=1", "http://b.example/"]),
        ("http://a.example/x,b.example", ["http://a.example/x", "b.example"]),
        ("http://a.example,198.51.100.7", ["http://a.example/", "198.51.100.7"]),
        ("{'url':'http://a.example/x','ip':'198.51.100.7'}", ["http://a.example/x", "198.51.100.7"]),
        ("|http://a.example/?x=1|198.51.100.7|", ["http://a.example/?x=1", "198.51.100.7"]),
        ("|evil.example|198.51.100.7|", ["evil.example", "198.51.100.7"]),
        ("||evil.example^", ["evil.example"]),
        ("address=/evil.example/bad.example/0.0.0.0", ["evil.example", "bad.example"]),
        ("dst=10.0.0.1", ["?non_global"]),
        ("evil.example(198.51.100.7)", ["evil.example", "198.51.100.7"]),
        ("evil[.]example[198[.]51.100.7]", ["evil.example", "198.51.100.7"]),
        ("evil.example->198.51.100.7", ["evil.example", "198.51.100.7"]),
        ("evil.example=>198.51.100.7", ["evil.example", "198.51.100.7"]),
        ("evil.example:198.51.100.7", ["evil.example", "198.51.100.7"]),
        ("evil.example—bad.example", ["evil.example", "bad.example"]),
        ("\\\\198.51.100.7\\share\\a", ["198.51.100.7"]),
        ("198.51.100.1-198.51.100.9", ["?syntax"]),
        ("evil.example…", ["?truncated"]),
        ("evil[.example(198.51.100.7)", []),
    ],
)
def test_values_glued_together(text, expected):
    """Parted at signs between, and freed of the name before; masked or not."""
    assert told(f"seen {text} there") == expected


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("http://evil.example/?a=1,2&b=3;4=5", None),
        ("http://evil.example/?u=http://bad.example/", None),
        ("http://evil.example/a,12.html", None),
        ("http://evil.example/list,id.html", None),
        ("http://evil.example/Foo,_bar", None),
        ("http://evil.example/;s=1/a=b", None),
        ("http://evil.example/it's", None),
        ("http://evil.example/?a=1|2", None),
        ("http://evil.example:8080/a", None),
        ("198.51.100.7:443", None),
        ("evil.example:443", None),
        ("[2001:db8::1]:443", None),
        ("2001:db8::1", None),
        ("HKEY_LOCAL_MACHINE\\Software\\a,b=c", None),
        ("bounce+1-user=victim.example@evil.example", None),
        (f"{MD5},{SHA256}", SHA256),
    ],
)
def test_one_value_stays_whole(text, value):
    """A comma or an equals sign of a URL is the URL's, and a port an endpoint's."""
    assert told(f"seen ({text}), there") == [value or text]


@pytest.mark.parametrize("sign", [",", ";", "|", " ", ", ", "',k='", '":"'])
@given(st.data())
def test_whatever_is_between_values(sign, data):
    """Each value is found, whatever stands between them, and none is made up."""
    values = data.draw(
        st.lists(
            st.sampled_from(
                [
                    "evil.example",
                    "198.51.100.7",
                    "198.51.100.7:443",
                    "a@evil.example",
                    MD5,
                    "http://evil.example/a/b",
                    "CVE-2026-0001",
                ]
            ),
            min_size=1,
            max_size=5,
        )
    )
    if values.count(MD5) < 2:  # two hashes of one kind are no file
        assert told(sign.join(values)) == values


@pytest.mark.parametrize(
    "part",
    [")", "'", ",", "a:", "=", "ftp:/,", "http://a/?,", "|", "http://a.example/,b'", "[.", "(", "hxxp[:", "a=", "%"],
)
def test_a_huge_line_takes_no_time(part):
    """A line of 60 kB without a blank is read in a time that goes with its length."""
    began = time.process_time()
    list(prose.rows(part * (60_000 // len(part))))
    assert time.process_time() - began < 6


HEAD = "From: Bad <bad@evil.example>\r\nTo: desk@cert.example\r\nSubject: see\r\n"


def mail(*attached, text="see http://evil.example/body", subject="see"):
    """A message with these attached: bytes, a kind, a name."""
    made = EmailMessage()
    made["From"], made["Subject"] = "bad@evil.example", subject
    made.set_content(text)
    for content, kind, name in attached:
        main, _, sub = kind.partition("/")
        made.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return made.as_bytes()


FRAME = ["bad@evil.example", "http://evil.example/body"]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be", "utf-8", "utf-32-le", "utf-32-be"])
def test_a_mail_with_a_mark_of_byte_order(encoding):
    """A saved message in UTF-16 is read as any other, whatever encoding its parts say they had when they were sent."""
    text = (
        f"\ufeff{HEAD}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n"
        "--x\r\nContent-Type: text/plain; charset=utf-8\r\n\r\nsee bücher.example\r\n"
        "--x\r\nContent-Type: text/plain; charset=iso-8859-1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
        "b=FCcher.example and http://evil.example/lo=\r\nng\r\n--x--\r\n"
    )
    name = "xn--bcher-kva.example"
    assert told(text.encode(encoding), None) == ["bad@evil.example", name, name, "http://evil.example/long"]


def test_a_charset_that_is_not_what_the_part_has():
    """Without one, with ASCII, or with one that nobody knows, its bytes decide."""
    for charset in ("", "; charset=us-ascii", "; charset=klingon", "; charset=hex"):
        for encoding in ("utf-8", "cp1252"):
            body = f"{HEAD}Content-Type: text/plain{charset}\r\n\r\nbücher.example\r\n".encode(encoding)
            assert told(body) == ["bad@evil.example", "xn--bcher-kva.example"]


def test_one_broken_header_takes_no_other_with_it():
    """What the library cannot read is taken as it stands, and the parts are decoded all the same."""
    body = f"{HEAD}Message-ID: <a@[\r\nReply-To: a@[1\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\nhttp://evil.example/lo=\r\nng\r\n"
    assert told(body) == ["bad@evil.example", "http://evil.example/long"]


@pytest.mark.parametrize(
    ("content", "kind", "name", "values"),
    [
        (b'{"a": ["198.51.100.7", "http:\\/\\/evil.example\\/x"]}', "application/json", "a.json", ["198.51.100.7", "http://evil.example/x"]),
        (b"ip,host\r\n198.51.100.7,a.example\r\n", "application/octet-stream", "iocs.CSV", ["198.51.100.7", "a.example"]),
        ("ip\r\nb\xfccher.example\r\n".encode("cp1252"), "application/octet-stream", "a.txt", ["xn--bcher-kva.example"]),
        ("\ufeff198.51.100.7\t1\r\n".encode("utf-16-le"), "application/vnd.ms-excel", "a.csv", ["198.51.100.7"]),
        (b"198.51.100.7\n", "application/octet-stream", None, ["198.51.100.7"]),
        (b"<a href='http://evil.example/?a=1&amp;b=2&copy=3'>x</a>", "application/octet-stream", "a.htm", ["http://evil.example/?a=1&b=2&copy=3"]),
        (b"{broken 198.51.100.7", "application/json", "a.json", ["198.51.100.7"]),
        (mail(text="see a.example"), "application/octet-stream", "a.eml", ["bad@evil.example", "a.example"]),
        (b"", "application/octet-stream", "empty.bin", []),
    ],
)  # fmt: skip
def test_attached_files_of_text(content, kind, name, values):
    """Read, whatever they are called, if they are text; JSON and pages as what they are, messages as messages."""
    assert told(mail((content, kind, name))) == FRAME + values


def test_a_message_in_a_message():
    """With who it says it is from, and what is attached to it."""
    inner = EmailMessage()
    inner["From"], inner["Subject"] = "worse@bad.example", "http://bad.example/subject"
    inner.set_content("http://bad.example/body")
    inner.add_attachment(b"\0\1", maintype="application", subtype="octet-stream", filename="inner.exe")
    outer = EmailMessage()
    outer["From"], outer["Subject"] = "bad@evil.example", "see"
    outer.set_content("see http://evil.example/body")
    outer.add_attachment(inner)
    assert told(outer.as_bytes()) == [
        *FRAME, "worse@bad.example", "http://bad.example/subject", "http://bad.example/body", "?unknown_type",
    ]  # fmt: skip


def zipped():
    """A zip with a list in it."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        archive.writestr("a.txt", "198.51.100.7")
    return made.getvalue()


@pytest.mark.parametrize(
    ("content", "kind", "name", "raw"),
    [
        (zipped(), "application/zip", "iocs.zip", "iocs.zip"),
        (b"%PDF-1.7 198.51.100.7", "application/pdf", "report ü.pdf", "report ü.pdf"),
        (b"MZ\0\0", "application/octet-stream", "a.txt", "a.txt"),
        (b"\xff\xfe1", "application/octet-stream", "half.csv", "half.csv"),
        (b"GIF89a\xff\0", "image/gif", None, "image/gif"),
    ],
)
def test_attached_files_that_are_no_text(content, kind, name, raw):
    """Each is refused by its name, once: nothing of a message is lost in silence."""
    refused = [one for one in candidates(mail((content, kind, name)), "text") if not isinstance(one, Found)]
    assert [(one.reason, one.raw) for one in refused if one.reason == "unknown_type"] == [("unknown_type", raw)]


def test_messages_in_messages_without_end():
    """So many are read, and the next is refused."""
    made = mail()
    for depth in range(8):
        made = mail((made, "application/octet-stream", f"{depth}.eml"))
    assert told(made) == FRAME * 5 + ["?unknown_type"]


def test_a_message_out_of_a_mail_box():
    """Its first line is the box's own."""
    body = b"From bad@evil.example Fri Nov 27 06:00:00 2026\n" + mail()
    assert told(body, None) == FRAME


def test_fields_of_an_address_in_a_page():
    """`&copy=1` is a field of the query and no sign; what is written as a sign is one."""
    page = base64.b64encode(b'<a href="http://evil.example/?a=1&copy=2&reg=3&amp;x=4">x</a>').decode()
    body = f"{HEAD}Content-Type: text/html\r\nContent-Transfer-Encoding: base64\r\n\r\n{page}\r\n"
    assert told(body)[1:] == ["http://evil.example/?a=1&copy=2&reg=3&x=4"]


@given(
    st.binary(max_size=200),
    st.sampled_from(["application/json", "text/plain", "text/html", "message/rfc822", "image/png"]),
)
def test_whatever_is_attached(content, kind):
    """Nothing is raised, and the message's own words are found."""
    code = base64.b64encode(content).decode()
    body = f"{HEAD}MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: {kind}; name={json.dumps(kind)}\r\nContent-Transfer-Encoding: base64\r\n\r\n{code}\r\n--x\r\n\r\nhttp://evil.example/body\r\n--x--\r\n"
    found = told(body)
    assert found[0] == "bad@evil.example"
    assert "http://evil.example/body" in found
