"""What the names in the code stand for, module by module, without importing anything.

A thing is known by where it is made, the package's own name left out: `store.entries.lines`, `sharing.claim.Run.known`.
"""

import ast
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = "indicator_hub"
Def = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Chain:
    """A whole chain of calls, `select(...).where(...)`: the names it goes along, and all in it, with what its variables are made of.

    `touched` has besides what loops and defaults give its variables, which may be any of several; neither has what came out of a database.
    """

    spine: frozenset[str]
    whole: frozenset[str]
    touched: frozenset[str]


@dataclass(frozen=True)
class Leaf:
    """One of the things that a constant may be, or a select in it: all names in it, and the calls that are conditions of it as they stand."""

    touched: frozenset[str]
    conditions: frozenset[str]


@dataclass(frozen=True, eq=False)
class Function:
    """A function or method, with all that is written inside it: the names in it, and every chain of calls."""

    name: str
    module: str
    node: Def
    names: frozenset[str]
    chains: tuple[Chain, ...]


@dataclass(frozen=True, eq=False)
class Module:
    """One module: what its names stand for (`taken` those it imports), its functions, the constants at its top, whole and in their leaves, and what else is there."""

    name: str
    tree: ast.Module
    taken: Mapping[str, frozenset[str]]
    functions: tuple[Function, ...]
    constants: Mapping[str, frozenset[str]]
    leaves: Mapping[str, tuple[Leaf, ...]]
    top: frozenset[str]
    names: frozenset[str]

    @property
    def floor(self) -> str:
        """The package it is in."""
        return self.name.split(".")[0]


def modules(folder: Path) -> list[Module]:
    """Every module of the package in a folder."""
    paths = sorted(folder.rglob("*.py"))
    return [_module(str(path.relative_to(folder)), path.read_text(encoding="utf-8")) for path in paths]


@cache  # for each text: a copy of the package with one change is read in a moment
def _module(path: str, text: str) -> Module:
    tree = ast.parse(text)
    name = path.removesuffix(".py").removesuffix("__init__").rstrip("/").replace("/", ".")
    taken = _taken(tree, name if path.endswith("__init__.py") else name.rpartition(".")[0])
    functions = list(_functions(tree, ""))
    constants: dict[str, list[ast.expr]] = {}
    for one, value in _constants(tree, ""):
        constants.setdefault(one, []).append(value)
    local = {one.split(".")[0]: f"{name}.{one.split('.')[0]}" for one in (*dict(functions), *constants)}

    def meant(written: set[str], owner: str = "") -> frozenset[str]:
        found: set[str] = set()
        for one in written:
            head, _, rest = one.partition(".")
            if not head:
                found.add(one)
            elif head in ("self", "cls") and owner:
                found.add(f"{name}.{owner}.{rest}")
            else:
                starts = taken.get(head) or {local.get(head, "")} - {""}
                found |= {f"{start}.{rest}".strip(".") for start in starts}
        return frozenset(found)

    made = tuple(
        Function(
            f"{name}.{one}",
            name,
            node,
            meant(_names(node), one.rpartition(".")[0]),
            tuple(Chain(*map(meant, chain)) for chain in _chains(node)),
        )
        for one, node in functions
    )
    tops = {one: meant({name for value in values for name in _names(value)}) for one, values in constants.items()}
    leaves = {
        one: tuple(Leaf(*map(meant, leaf)) for value in values for leaf in _leaves(value))
        for one, values in constants.items()
    }
    return Module(name, tree, taken, made, tops, leaves, meant(set(_outside(tree))), meant(_names(tree)))


def _taken(tree: ast.Module, package: str) -> dict[str, frozenset[str]]:
    """What each imported name stands for, wherever it is imported; names from outside are followed for SQLAlchemy alone."""
    found: list[tuple[str, str]] = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                first = alias.name.split(".")[0]
                found += [
                    (alias.asname or first, alias.name if alias.asname else first),
                    (f" {alias.name}", alias.name),
                ]
        elif isinstance(node, ast.ImportFrom):
            above = [ROOT, *filter(None, package.split("."))]
            near = above[: len(above) - node.level + 1] if node.level else []
            found += [
                (one.asname or one.name, ".".join(filter(None, [*near, node.module, one.name]))) for one in node.names
            ]
    known = [
        (name, of.removeprefix(ROOT).lstrip(".")) for name, of in found if of.split(".")[0] in (ROOT, "sqlalchemy")
    ]
    return {name: frozenset(of for one, of in known if one == name) for name, _ in known}


def _functions(above: ast.AST, prefix: str) -> Iterator[tuple[str, Def]]:
    for node in ast.iter_child_nodes(above):
        if isinstance(node, Def):
            yield prefix + node.name, node
        else:
            yield from _functions(node, f"{prefix}{node.name}." if isinstance(node, ast.ClassDef) else prefix)


def _constants(above: ast.AST, owner: str) -> Iterator[tuple[str, ast.expr]]:
    """What gets a value outside functions, under an `if`, in a loop or in a class too; there with the name of the class before it."""
    for node in ast.iter_child_nodes(above):
        found = _looped(node) if isinstance(node, ast.For | ast.With) else _assigned(node)
        yield from ((f"{owner}{one}", value) for one, value in found)
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):  # `_ALL.append(...)`
            yield from ((f"{owner}{one}", node.value) for one in _spine(node.value) if "." not in one)
        if not isinstance(node, Def):
            yield from _constants(node, f"{owner}{node.name}." if isinstance(node, ast.ClassDef) else owner)


def _outside(above: ast.AST) -> Iterator[str]:
    for node in ast.iter_child_nodes(above):
        if not isinstance(node, Def):
            yield from _name(node)
            yield from _outside(node)


def _name(node: ast.AST) -> Iterator[str]:
    """`a`; for `a.b.c` itself and `.c`."""
    if isinstance(node, ast.Name):
        yield node.id
    elif isinstance(node, ast.Attribute):
        yield f".{node.attr}"
        parts: list[str] = []
        inner: ast.expr = node
        while isinstance(inner, ast.Attribute):
            parts.append(inner.attr)
            inner = inner.value
        if isinstance(inner, ast.Name):
            yield ".".join([inner.id, *reversed(parts)])


def _names(node: ast.AST) -> set[str]:
    return {name for one in ast.walk(node) for name in _name(one)}


def _targets(node: ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr) -> Iterator[ast.Name]:
    for target in node.targets if isinstance(node, ast.Assign) else [node.target]:
        yield from (one for one in ast.walk(target) if isinstance(one, ast.Name))


def _chains(above: ast.AST) -> Iterator[tuple[set[str], set[str], set[str]]]:
    made_of: dict[str, set[str]] = {}
    may_be: dict[str, set[str]] = {}
    inner: set[ast.AST | None] = set()
    for node in ast.walk(above):
        inner.add(_below(node))
        for one, value in _assigned(node):
            # What was read under the predicate is no predicate for what is read by it.
            if not any(isinstance(part, ast.Await) for part in ast.walk(value)):
                made_of.setdefault(one, set()).update(_names(value))
        for one, value in (*_looped(node), *_by_default(node)):
            may_be.setdefault(one, set()).update(_names(value))
    either = {one: made_of.get(one, set()) | may_be.get(one, set()) for one in (*made_of, *may_be)}
    for node in ast.walk(above):
        if isinstance(node, ast.Call) and node not in inner:
            yield (
                _expanded(set(_spine(node)), made_of),
                _expanded(_names(node), made_of),
                _expanded(_names(node), either),
            )


def _assigned(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """The variables that get a value here, and what it is made of."""
    if isinstance(node, ast.Assign | ast.AnnAssign | ast.AugAssign | ast.NamedExpr) and node.value is not None:
        yield from ((one.id, node.value) for one in _targets(node))


def _looped(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """The variables of a loop, or of a `with`, and what it goes over."""
    if isinstance(node, ast.With | ast.AsyncWith):
        named = [
            (part, each.context_expr)
            for each in node.items
            if each.optional_vars
            for part in ast.walk(each.optional_vars)
        ]
        yield from ((one.id, value) for one, value in named if isinstance(one, ast.Name))
    elif isinstance(node, ast.For | ast.AsyncFor):
        yield from ((one.id, node.iter) for one in ast.walk(node.target) if isinstance(one, ast.Name))
    elif isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        for each in node.generators:
            yield from ((one.id, each.iter) for one in ast.walk(each.target) if isinstance(one, ast.Name))


def _by_default(node: ast.AST) -> Iterator[tuple[str, ast.expr]]:
    """The parameters that have a default."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
        listed = [*node.args.posonlyargs, *node.args.args]
        given = [
            *zip(listed[::-1], node.args.defaults[::-1], strict=False),
            *zip(node.args.kwonlyargs, node.args.kw_defaults, strict=True),
        ]
        yield from ((one.arg, value) for one, value in given if value is not None)


def _leaves(value: ast.expr) -> Iterator[tuple[set[str], set[str]]]:
    """What a constant may be, each with what the variables of its loops are made of, and every select within it."""
    loops: dict[str, set[str]] = {}
    inner = {_below(node) for node in ast.walk(value)}
    for node in ast.walk(value):
        for one, of in _looped(node):
            loops.setdefault(one, set()).update(_names(of))
    within = (
        node
        for node in ast.walk(value)
        if isinstance(node, ast.Call) and node not in inner and "select" in _spine(node)
    )
    for leaf in (*_alternatives(value), *within):
        yield _expanded(_names(leaf), loops), {name for call in _wheres(leaf) for name in _names(call.func)}


def _alternatives(value: ast.expr) -> Iterator[ast.expr]:
    parts: list[ast.expr] = []
    if isinstance(value, ast.Dict):
        parts = [*value.values, *filter(None, value.keys)]
    elif isinstance(value, ast.List | ast.Tuple | ast.Set):
        parts = value.elts
    elif isinstance(value, ast.IfExp):
        parts = [value.body, value.orelse]
    elif isinstance(value, ast.DictComp):
        parts = [value.key, value.value]
    elif isinstance(value, ast.ListComp | ast.SetComp | ast.GeneratorExp):
        parts = [value.elt]
    if parts:
        for one in parts:
            yield from _alternatives(one)
    else:
        yield value


def _wheres(leaf: ast.AST | None) -> Iterator[ast.Call]:
    """The calls that stand by themselves in `where`: of several joined by `or` none does."""
    while leaf is not None:
        if isinstance(leaf, ast.Call) and isinstance(leaf.func, ast.Attribute) and leaf.func.attr == "where":
            yield from (one for one in leaf.args if isinstance(one, ast.Call))
        leaf = _below(leaf)


def _below(node: ast.AST | None) -> ast.AST | None:
    return node.func if isinstance(node, ast.Call) else node.value if isinstance(node, ast.Attribute) else None


def _spine(node: ast.AST | None) -> Iterator[str]:
    while node is not None:
        yield from _name(node)
        node = _below(node)


def _expanded(ahead: set[str], made_of: Mapping[str, set[str]]) -> set[str]:
    known: set[str] = set()
    while ahead:
        known |= ahead
        ahead = {name for one in ahead for name in made_of.get(one, ())} - known
    return known
