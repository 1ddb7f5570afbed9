"""The received bytes are the object: what was posted comes back byte for byte, and only another value under the same version is refused."""

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indicator_hub.stix.objects import ObjectVersion, accept
from indicator_hub.stix.reader import read
from support.http import MANIFEST, OBJECTS, TAXII, Site, site
from support.world import TLP, indicator

UUID = "00000000-0000-4000-8000-00000000000{}"
HEAD = '"spec_version":"2.1","created":"2026-11-01T00:00:00.000Z","modified":"2026-11-01T00:00:00.000Z"'


def custom(number: int, inside: str, head: str = HEAD) -> str:
    """An object of a type that is nobody's, with this text inside."""
    return f'{{"type":"x-anything","id":"x-anything--{UUID.format(number)}",{head},{inside}}}'


NESTED = "1"
for _ in range(62):
    NESTED = f'{{"a":{NESTED}}}'

TEXTS: dict[str, str] = {
    "number forms": custom(1, '"x_n":[1,1.0,1.00,1e2,1E+2,-0,-0.0,0.1e-7,12345678901234567.000,9007199254740991]'),
    "escapes": custom(1, r'"x_text":"\u0041\/\"\\\b\f\n\r\t \ud83d\ude00 \u00e9"'),
    "unicode": custom(1, '"x_text":"é e\u0301 \u200b \u202e \U0001f600 \ufeff \uffff 漢字"'),
    "key order": custom(1, '"x_zzz":1,"x_aaa":2,"x_mmm":{"z":1,"a":2}'),
    "white space": '{\n\t"x_one" :  [ 1 ,\r\n2 ] , ' + custom(1, '"x_two": true')[1:-1] + "\n }",
    "nesting within the limit": custom(1, f'"x_deep":{NESTED}'),
    "an unknown extension": custom(
        1, f'"extensions":{{"extension-definition--{UUID.format(9)}":{{"extension_type":"property-extension","A-b_9":[null]}}}}'
    ),
    "digits beyond six": custom(
        1,
        '"x_text":""',
        '"spec_version":"2.1","created":"2026-11-01T00:00:00.123456789012Z","modified":"2026-11-01T00:00:00.1234567890123Z"',
    ),
    "a custom property": json.dumps(indicator(1, x_score=1.50, x_note=None, labels=["Z", "a"])),
    "nothing optional": json.dumps({"type": "mutex", "id": f"mutex--{UUID.format(1)}", "name": ""}),
}  # fmt: skip


async def post(s: Site, *texts: str) -> dict[str, Any]:
    """The status of an envelope of these very bytes."""
    body = ('{"objects":[' + " ,\n".join(texts) + "]}").encode()
    answer = await s.client.post(OBJECTS, headers=s.headers("ana", content_type=TAXII), content=body)
    assert answer.status_code == 202, answer.content
    return answer.json()


@pytest.mark.row("T-205", "X-013", "X-190")
async def test_bytes_come_back(database_url: str) -> None:
    """From every resource that carries objects, beside their neighbours."""
    texts = [
        text.replace(UUID.format(1), f"00000000-0000-4000-8000-{place:012}")
        for place, text in enumerate(TEXTS.values(), 1)
    ]
    async with site(database_url) as s:
        status = await post(s, *texts)
        assert status["success_count"] == len(texts), status
        assert (await s.get(OBJECTS)).content == f'{{"more":false,"objects":[{",".join(texts)}]}}'.encode()
        for text, said in zip(texts, status["successes"], strict=True):
            value = json.loads(text)
            assert (await s.get(f"{OBJECTS}{value['id']}/")).content == f'{{"more":false,"objects":[{text}]}}'.encode()
            if "modified" in value:
                record = (await s.get(f"{MANIFEST}?match[id]={value['id']}")).json()["objects"][0]
                assert record["version"] == value["modified"] == said["version"]
                found = await s.get(f"{OBJECTS}{value['id']}/?match[version]={value['modified']}")
                assert found.json()["objects"] == [value]


SAME: dict[str, tuple[str, str]] = {
    "other spacing": (custom(1, '"x_a":[1,2]'), custom(1, '"x_a" : [ 1 , 2 ]')),
    "other order": (custom(1, '"x_a":1,"x_b":2'), custom(1, '"x_b":2,"x_a":1')),
    "other escapes": (custom(1, '"x_a":"é/"'), custom(1, r'"x_a":"\u00e9\/"')),
    "other number form": (custom(1, '"x_a":100'), custom(1, '"x_a":1e2')),
}  # fmt: skip
OTHER: dict[str, tuple[str, str]] = {
    "another text": (custom(1, '"x_a":"one"'), custom(1, '"x_a":"two"')),
    "true and 1": (custom(1, '"x_a":1'), custom(1, '"x_a":true')),
    "null and nothing": (custom(1, '"x_a":1'), custom(1, '"x_a":1,"x_b":null')),
    "another order of a list": (custom(1, '"x_a":[1,2]'), custom(1, '"x_a":[2,1]')),
    "another form of the same letter": (custom(1, '"x_a":"é"'), custom(1, '"x_a":"e\u0301"')),
}


@pytest.mark.row("T-292", "T-301", "T-302", "T-305", "X-054", "X-055")
@pytest.mark.parametrize("together", [False, True], ids=["later", "in one envelope"])
@pytest.mark.parametrize("name", [*SAME, *OTHER])
async def test_the_same_version_again(sqlite_url: str, name: str, together: bool) -> None:
    """The same value in other bytes is a success, another value a failure; the first stays either way, with its date."""
    first, second = (SAME | OTHER)[name]
    async with site(sqlite_url) as s:
        if together:
            status = await post(s, first, second)
            assert status["success_count"] == (2 if name in SAME else 1)
        else:
            await post(s, first)
            before = (await s.get(MANIFEST)).json()
            status = await post(s, second)
            assert status["success_count"] == (1 if name in SAME else 0)
            assert (await s.get(MANIFEST)).json() == before
        assert status["failure_count"] == (0 if name in SAME else 1)
        said = (status["successes"] if name in SAME else status["failures"])[-1]
        assert said["message"] == "already here" if name in SAME else "other content" in said["message"]
        assert (await s.get(OBJECTS)).content == f'{{"more":false,"objects":[{first}]}}'.encode()


@pytest.mark.row("X-057", "X-163")
async def test_a_mark_changes_nothing(database_url: str) -> None:
    """Marked, granularly marked, unmarked: another nation's reader gets the bytes that were sent."""
    marked = json.dumps(indicator(1, tlp="GREEN", x_a=1.0))
    parts = json.dumps(
        indicator(2, tlp="CLEAR", name="n", granular_markings=[{"marking_ref": TLP["GREEN"], "selectors": ["name"]}])
    )
    plain = json.dumps(indicator(3))
    async with site(database_url) as s:
        await post(s, marked, parts, plain)
        assert (
            await s.get(OBJECTS, "bea")
        ).content == f'{{"more":false,"objects":[{marked},{parts},{plain}]}}'.encode()


SCALARS = (
    st.sampled_from(["true", "false", "null", "-0", "1E2", "1.50", "0.0"])
    | st.integers(-(2**53) + 1, 2**53 - 1).map(str)
    | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6).map(lambda text: json.dumps(text, ensure_ascii=False))
    | st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=6).map(json.dumps)
)  # fmt: skip
BLANKS = st.sampled_from(["", " ", "\n", "\t ", "\r\n"])


@st.composite
def texts(draw: st.DrawFn, depth: int = 3) -> str:
    """JSON as somebody might write it."""
    if depth == 0 or draw(st.booleans()):
        return draw(SCALARS)
    inside = [draw(texts(depth - 1)) for _ in range(draw(st.integers(1, 3)))]
    blank = draw(BLANKS)
    if draw(st.booleans()):
        return f"[{blank}" + f"{blank},".join(inside) + f"{blank}]"
    return (
        f"{{{blank}" + f",{blank}".join(f'"k{place}"{blank}:{text}' for place, text in enumerate(inside)) + f"{blank}}}"
    )


@settings(max_examples=300)
@given(texts(), BLANKS)
def test_every_slice_is_what_was_sent(inside: str, blank: str) -> None:
    """Whatever the text, an accepted object's bytes are those between its braces."""
    text = custom(1, f'"x_any"{blank}:{blank}{inside}')
    body = f'{{"objects":{blank}[{blank}{text}{blank},{blank}{text}{blank}]{blank}}}'.encode()
    for received in read(body):
        found = accept(received)
        assert isinstance(found, ObjectVersion), found
        assert (found.raw, found.value) == (text.encode(), json.loads(text))
