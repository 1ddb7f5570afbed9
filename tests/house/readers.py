"""Who reads entries: found in the code, not declared. A function of the store that reads the table either asks the predicate or is internal.

`findings(folder)` returns what breaks the rule, for the package in that folder: the tests run it on the hub and on copies with a planted fault.
"""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

TABLES = {"entry", "audience_history", "definition"}
"""The tables that hold objects, or tell of entries."""
PREDICATE = {
    "visible",
    "own",
    "own_record",
    "shown",
    "latest",
    "earliest",
    "newest_specification",
    "since",
    "audiences",
}
"""The conditions of store/visible.py."""
BUILDERS = {"store/visible.py", "store/pages.py"}
"""Where the conditions are written, and the statements of a page, which `hot.py` runs with `visible.parameters(reach)` and nothing else."""
EDGES = ("web/", "cli/", "ingest/")
_SQL = re.compile(r"\b(from|join|into|update)\s+(entry|audience_history|definition)\b", re.IGNORECASE)
_READING = {"select", "exists", "join", "outerjoin", "alias", "select_from"}

INTERNAL = {
    "entries.lines": "every version of an id, so that submit and recall can judge; no body",
    "entries.body": "one body, to compare a duplicate by value",
    "entries.add": "the keys of the rows that it has just written",
    "entries._waiting": "entries that are ruled again; the body is for the hub's own judgement",
    "entries.waiting": "the same, of one task",
    "entries.unmarked": "the same, of one collection",
    "entries.of_organisation": "the same, of one organisation",
    "entries.to_rule": "the same, by key",
    "entries.closed": "the importing organisation's own lines, by id alone",
    "definitions.known": "what an organisation itself has said its marks mean",
    "references._of": "which versions refer to anything",
    "references._led_to": "which entries lead to a line",
    "references._lines_of": "lines by key",
    "references._nodes": "audiences that follow from one another",
    "references.unsettled": "the entries whose audience is to be another",
    "references.foreseen": "the ruling an object would have, by lines that count for its submitter",
    "records.by_entry": "what a consent is about, told to its two parties, who both had it",
    "records.releases": "the copies that a recall reaches, by key alone",
    "records.releases_into": "the same, of one group",
    "recalls.traced": "what an id was at each time, to work out who was given it",
}
"""What in the store reads entries without asking the predicate, and why nothing of it can get out."""

CALLERS = {
    "sharing/submit.py": {"entries.lines", "entries.body", "entries.add", "definitions.known", "references.foreseen"},
    "sharing/recall.py": {"entries.lines", "records.releases"},
    "sharing/reissue.py": {"entries.lines", "entries.to_rule"},
    "sharing/remark.py": {
        "entries.lines", "entries.waiting", "entries.unmarked", "entries.of_organisation", "entries.to_rule",
        "definitions.known",
    },
    "sharing/consent.py": {"records.by_entry", "records.releases_into"},
    "sharing/recalls.py": {"recalls.traced"},
    "sharing/claim.py": {"entries.closed"},
}  # fmt: skip
"""Which deed calls which of them. Nobody else does."""


@dataclass
class Module:
    """One module: its functions, and what its names mean."""

    path: str
    tree: ast.Module
    functions: dict[str, ast.FunctionDef | ast.AsyncFunctionDef] = field(default_factory=dict)
    tables: set[str] = field(default_factory=set)
    modules: dict[str, str] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)

    @property
    def stem(self) -> str:
        """The name of a module of the store."""
        return Path(self.path).stem


def modules(folder: Path) -> dict[str, Module]:
    """Every module of the package."""
    found: dict[str, Module] = {}
    for path in sorted(folder.rglob("*.py")):
        name = str(path.relative_to(folder))
        one = Module(name, ast.parse(path.read_text(encoding="utf-8")))
        for node in ast.walk(one.tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                one.functions.setdefault(node.name, node)
            if isinstance(node, ast.ImportFrom) and node.module:
                _imported(one, node)
        found[name] = one
    return found


def _imported(one: Module, node: ast.ImportFrom) -> None:
    for alias in node.names:
        local = alias.asname or alias.name
        if node.module == "indicator_hub.store.schema" and alias.name in TABLES:
            one.tables.add(local)
        elif node.module == "indicator_hub.store":
            one.modules[local] = alias.name
        elif node.module and node.module.startswith("indicator_hub.store."):
            one.names[local] = f"{node.module.rsplit('.', 1)[1]}.{alias.name}"


def findings(folder: Path) -> list[str]:
    """What breaks the rule."""
    package = modules(folder)
    readers = _readers(package)
    return [
        *_tables_elsewhere(package),
        *(f"{name} reads entries without the predicate" for name in sorted(readers - INTERNAL.keys())),
        *(f"{name} is listed and reads nothing" for name in sorted(INTERNAL.keys() - readers)),
        *_calls(package, readers),
    ]


def guarded(folder: Path) -> set[str]:
    """The functions of the store that read through the predicate."""
    return {
        f"{one.stem}.{name}"
        for one in modules(folder).values()
        if one.path.startswith("store/")
        for name, function in one.functions.items()
        if _asks(function)
    }


def _readers(package: dict[str, Module]) -> set[str]:
    """The functions of the store that read the tables, or call one that does, and do not ask the predicate themselves."""
    store = {name: one for name, one in package.items() if name.startswith("store/") and name not in BUILDERS}
    found = {
        f"{one.stem}.{name}"
        for one in store.values()
        for name, function in one.functions.items()
        if _reads(one, function) and not _silent(function) and not _asks(function)
    }
    grown = True
    while grown:
        more = {
            f"{one.stem}.{name}"
            for one in store.values()
            for name, function in one.functions.items()
            if any(called in found for called in _called(one, function))
            and not _silent(function)
            and not _asks(function)
        }
        grown = not more <= found
        found |= more
    return found


def _reads(one: Module, function: ast.AST) -> bool:
    """Whether it names a table in a statement that reads."""
    calls = {
        node.func.id if isinstance(node.func, ast.Name) else node.func.attr
        for node in ast.walk(function)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute)
    }
    if calls & _READING and any(isinstance(node, ast.Name) and node.id in one.tables for node in ast.walk(function)):
        return True
    # A statement made elsewhere in the module (its columns in a constant).
    constants = {
        target.id
        for node in one.tree.body
        if isinstance(node, ast.Assign)
        and any(isinstance(inner, ast.Name) and inner.id in one.tables for inner in ast.walk(node.value))
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    return any(isinstance(node, ast.Name) and node.id in constants for node in ast.walk(function))


def _asks(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether it takes a reach, or an organisation that asks for its own, and puts a condition of the predicate into its statement."""
    takes = {
        ast.unparse(argument.annotation)
        for argument in [*function.args.args, *function.args.kwonlyargs]
        if argument.annotation
    }
    names = {argument.arg for argument in function.args.args}
    conditions = {
        node.attr
        for node in ast.walk(function)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "visible"
    }
    if "own_record" in conditions:
        return "organisation_id" in names
    of_a_page = any(isinstance(node, ast.Name) and node.id == "pages" for node in ast.walk(function))
    return "Reach" in takes and "parameters" in conditions and (of_a_page or bool(conditions & PREDICATE))


def _called(one: Module, function: ast.AST) -> Iterator[str]:
    """The functions of the store that it calls, as module.function."""
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in one.modules:
            yield f"{one.modules[node.value.id]}.{node.attr}"
        elif isinstance(node, ast.Name) and node.id in one.names:
            yield one.names[node.id]
        elif isinstance(node, ast.Name) and node.id in one.functions and one.path.startswith("store/"):
            yield f"{one.stem}.{node.id}"


def _silent(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether nothing comes out of it: it writes, and returns nothing but a date, a count or a yes or no."""
    return function.returns is not None and ast.unparse(function.returns) in ("None", "int", "bool")


def _tables_elsewhere(package: dict[str, Module]) -> Iterator[str]:
    """The tables are taken by the store alone, by their names; no SQL is written as text about them."""
    for name, one in package.items():
        for node in ast.walk(one.tree):
            if isinstance(node, ast.ImportFrom) and node.module == "indicator_hub.store.schema":
                taken = {alias.name for alias in node.names}
                if not name.startswith("store/") and taken & (TABLES | {"metadata", "*"}):
                    yield f"{name} takes a table of entries"
                if name.startswith("store/") and taken & {"metadata", "*"} and name != "store/migrate.py":
                    yield f"{name} takes the schema as a whole"
            if (
                isinstance(node, ast.ImportFrom)
                and node.module == "indicator_hub.store"
                and "schema" in {alias.name for alias in node.names}
            ):
                yield f"{name} takes the schema as a whole"
            if isinstance(node, ast.Import) and any(alias.name.endswith("store.schema") for alias in node.names):
                yield f"{name} takes the schema as a whole"
            if (
                isinstance(node, ast.Constant)
                and isinstance(node.value, str)
                and _SQL.search(node.value)
                and not _is_doc(one, node)
            ):
                yield f"{name} writes SQL about entries as text"


def _is_doc(one: Module, text: ast.Constant) -> bool:
    """Whether a text stands alone, as a docstring does."""
    return any(isinstance(node, ast.Expr) and node.value is text for node in ast.walk(one.tree))


def _calls(package: dict[str, Module], readers: set[str]) -> Iterator[str]:
    """Outside the store internal readers are called by the deeds listed, and edges call no reader at all."""
    reading = {one.split(".")[0] for one in readers | INTERNAL.keys()} | {"pages", "hot", "visible"}
    for name, one in package.items():
        if name.startswith("store/"):
            continue
        called = set(_called(one, one.tree))
        for call in sorted(called & readers - CALLERS.get(name, set())):
            yield f"{name} calls {call}, which asks no predicate"
        for call in sorted(CALLERS.get(name, set()) - called):
            yield f"{name} is listed for {call} and does not call it"
        if name.startswith(EDGES):
            for module in sorted({one.modules.get(local, "") for local in one.modules} & reading):
                yield f"{name} takes {module} from the store"
