"""What the hub refuses with is said in the reader's language: every place that raises one of its errors is held to the table of the console."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import indicator_hub
from indicator_hub import errors
from indicator_hub.web.console import details
from indicator_hub.web.console.words import translations
from support.console import seated
from support.http import site
from support.world import indicator

_SOURCE = Path(indicator_hub.__file__).parent
_ERRORS = frozenset(
    name for name, one in vars(errors).items() if isinstance(one, type) and issubclass(one, errors.HubError)
) | {"StaleForm", "_Fault"}
_NOT_SHOWN = {
    "cli/": "the shell, which speaks English",
    "exports/asked.py": "lists by URL: a device asks for them",
    "keys.py": "a hub that does not start",
    "settings.py": "a hub that does not start",
    "store/": "the operator's: a page says that the database cannot be reached, and nothing else",
    "sharing/apply.py": "the operator's command",
    "sharing/enrol.py": "the operator's commands",
    "sharing/export.py": "lists by URL: a device asks for them",
    "sharing/ready.py": "asked by what watches over the hub",
    "taxii/query.py": "the query of a TAXII request: pages build theirs themselves",
    "web/api/": "the API, whose clients are programs",
    "web/taxii.py": "TAXII, whose clients are programs",
}
"""Where what is raised is shown by no page, and why."""
_PASSED_ON = {
    "error.detail": "raised before, and held to the table there",
    "wrong": "a fault of a property: the usual ones are in the table",
}


def _shape(text: str) -> str:
    return details.PLACE.sub("{}", text)


_KNOWN = frozenset(map(_shape, details.TEXTS))


def _texts(node: ast.expr, names: dict[str, ast.expr]) -> Iterator[str | None]:
    """What an expression says, with {} where a value is put in; None where that cannot be read."""
    match node:
        case ast.Constant(value=str(text)):
            yield text
        case ast.JoinedStr(values=parts):
            yield "".join(str(one.value) if isinstance(one, ast.Constant) else "{}" for one in parts)
        case ast.IfExp(body=one, orelse=other):
            yield from _texts(one, names)
            yield from _texts(other, names)
        case ast.Name(id=name) if name in _PASSED_ON:
            return
        case ast.Name(id=name) if name in names:
            yield from _texts(names[name], names)
        case ast.Call(func=ast.Attribute(attr="say" | "told")):
            return  # in the reader's language already
        case _:
            yield None


def _raised(path: Path) -> Iterator[tuple[str, str | None]]:
    """Each detail that a module gives to an error: where, and what."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    module = {
        target.id: one.value
        for one in tree.body if isinstance(one, ast.Assign)
        for target in one.targets if isinstance(target, ast.Name)
    }  # fmt: skip
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        at = 1 if name == "_require" else 0
        if (name not in _ERRORS and not (name == "_require" and "draft" in path.name)) or len(node.args) <= at:
            continue
        passed = ast.unparse(node.args[at])
        if passed in _PASSED_ON or (passed == "otherwise" and path.name == "draft.py"):
            continue
        for said in _texts(node.args[at], module):
            yield f"{path.relative_to(_SOURCE)}:{node.lineno}", said


def _modules() -> list[Path]:
    found = sorted(_SOURCE.rglob("*.py"))
    return [one for one in found if not str(one.relative_to(_SOURCE)).startswith(tuple(_NOT_SHOWN))]


def test_whatever_is_refused_can_be_translated() -> None:
    """Each error that is raised where a page can show it has its text in the table, word for word."""
    raised = [one for path in _modules() for one in _raised(path)]
    assert len(raised) > 180
    assert [f"{where}: {said}" for where, said in raised if said is None] == []
    assert [f"{where}: {said}" for where, said in raised if said is not None and said not in _KNOWN] == []


def test_nothing_is_left_out_without_need() -> None:
    """What is excused exists, and raises something."""
    for name in _NOT_SHOWN:
        path = _SOURCE / name
        assert any(True for one in (path.rglob("*.py") if path.is_dir() else [path]) for _ in _raised(one)), name


@pytest.mark.parametrize("text", details.TEXTS)
def test_each_is_found_again(text: str) -> None:
    """Filled with values, it is recognised as itself and not as another, and said with the values in their places."""
    number = len(details.PLACE.findall(text))
    filled = details.PLACE.sub(lambda found: f"<{found[1]}>", text)
    arabic = translations("ar").gettext

    def say(one: str, **values: object) -> str:
        return arabic(one) % values if values else arabic(one)

    told = details.told(filled, say)
    assert told == details.PLACE.sub(lambda found: f"<{found[1]}>", arabic(text))
    assert all(f"<{name}>" in told for name in details.PLACE.findall(text)) or not number


def test_what_is_not_known_stays() -> None:
    """Nothing is lost where the hub says something new; and the reason inside of a refusal is translated with it."""

    def marked(one: str, **values: object) -> str:
        return f"<{one % values if values else one}>"

    assert details.told("nobody has said this before", marked) == "nobody has said this before"
    assert details.told("The text cannot be read: The feed is empty: 0 bytes.", marked) == (
        "<The text cannot be read: <The feed is empty: 0 bytes.>>"
    )
    assert details.told("It is granted already.", marked) == "<It is <granted> already.>"


@pytest.mark.parametrize(
    ("who", "path", "fields", "said"),
    [
        ("ana", "/console/account/", {"former": "x", "password": "short", "again": "short"}, "في كلمة المرور من 12 إلى 256 حرفًا"),
        ("ana", "/console/search/?confidence=much", None, "confidence رقم من 0 إلى 100: الحد الأدنى."),
        ("ana", "/console/search/?q=a+b+c+d+e+f+g+h+i", None, "ابحث عن 8 كلمات على الأكثر"),
        ("ana", "/console/", {"text": "185.220.101.45", "reference": "no page", "do": "look"}, "المرجع عنوان صفحة، مثل https://cert.example/1."),
        ("ana", "/console/", {"text": '{"Event": [\n', "as": "misp", "do": "look"}, "المحتوى ليس JSON كاملًا عند السطر 2"),
        ("ana", "/console/connect/", {"product": "fortigate", "place": "alpha/main", "account": "+", "machine": "A Name", "days": "90"}, "ليس في اسم الآلة إلا أحرف لاتينية صغيرة"),
        ("ana", "/console/ours/?state=gone", None, "state واحد مما يلي: shared أو held أو recalled."),
    ],
)  # fmt: skip
async def test_a_refusal_is_read_in_arabic(sqlite_url: str, who: str, path: str, fields: dict[str, Any] | None, said: str) -> None:  # fmt: skip
    """Through real requests."""
    async with site(sqlite_url) as s:
        await s.post(indicator(1, tlp="GREEN"))
        async with seated(s, who) as somebody:
            somebody.client.cookies.set("ihub_language", "ar", domain="hub.example", path="/console")
            answer = await (somebody.get(path) if fields is None else somebody.post(path, **fields))
        assert said in answer.text
