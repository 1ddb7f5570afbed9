"""Free text and mail: what is glued together is taken apart, and what is one value stays whole."""

import time

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
