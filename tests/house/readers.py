"""Who reads entries: found in the code, not declared. A function of the store that reads them asks the predicate, or is listed.

`findings(folder)` returns what breaks the rule, for the package in that folder: the tests run it on the hub and on copies with a planted
fault. What is allowed, and why, stands in `allowed_readers.py`.
"""

import ast
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path

from house.allowed_readers import DEEDS, EDGE_MAY, GIVEN, HARMLESS, INTERNAL, OWN, TABLE_MODULES
from house.names import Def, Function, Module, modules

_TABLES = {f"store.schema.{name}" for name in ("entry", "audience_history", "definition", "observable")}
_GUARDS = {"store.visible.visible", "store.visible.own"}
"""The conditions that decide by themselves; the others choose among what these let through."""
_BUILDERS = {"store.visible", "store.pages"}
"""Where conditions and statements are put together. Nothing is run there; `since` decides with the audience that `hot_*.py` bind."""
_HIDDEN = {"store.schema", "store.visible", "store.pages", "store.hot", "store.hot_sqlite", "store.hot_postgresql"}
_EDGES = {"web", "cli", "ingest"}
_OF_HOT = {".page", ".joined", ".newest", ".counted"}
"""What `hot_*.py` run of the statements of pages by itself."""
_READING = {"select", "Select", "exists", "returning"}
_FILLABLE = re.compile(r"\b(list|dict|set|bytearray|Mutable\w+|Callable)\b|^(Any|object)$")
_TABLE = r"[\"'`\[]?\b(entry|audience_history|definition|observable)\b"
_SQL = re.compile(
    rf"\b(from|join|into|update)\s+(\w+\.)?{_TABLE}|\bselect\b.*\bfrom\b.*{_TABLE}|\bselect\b.*\b(from|join)\s*$",
    re.IGNORECASE | re.DOTALL,
)


def findings(folder: Path) -> list[str]:
    """What breaks the rule."""
    code = modules(folder)
    kinds = _kinds(code)
    by_name = (f"{one.name} {flaw}" for one in code for flaw in _by_name(one))
    return sorted({*by_name, *_ways_round(code, kinds), *_unlisted(kinds), *_deeds(code, kinds)})


def guarded(folder: Path) -> set[str]:
    """The functions of the store that read through the predicate, for a reach."""
    return {_short(name) for name, kind in _kinds(modules(folder)).items() if kind == "reach"}


def _short(name: str) -> str:
    """As the lists have it: without the package of the store or of the deeds."""
    return name.removeprefix("store.").removeprefix("sharing.")


# The store: what reads, and by which right.


def _kinds(code: Sequence[Module]) -> dict[str, str]:
    """The functions of the store that read entries: for a `reach`, for an organisation its `own`, as a `builder`, or `internal`."""
    store = [function for one in code if one.floor == "store" for function in one.functions]
    constants = _constants(code)
    pages = {one.name for one in store if one.module == "store.pages"}
    tables = _grown(_TABLES, constants)
    # The conditions of the predicate are no statements by themselves.
    harmless = {f"store.{name}" for name in HARMLESS} - tables
    selecting = {name: of for name, of in constants.items() if name not in harmless} | {
        one.name: one.names for one in store if one.module != "store.visible"
    }
    statements = _grown({name for name, names in selecting.items() if _selects(names)}, selecting)
    # What a builder of pages makes is an entry's too, wherever it is run.
    built = {one.name for one in store if one.name in pages & statements and one.names & tables}
    entries = _grown(_TABLES | built, constants)
    read = entries & statements & constants.keys()
    safe = _safe(code, entries, read)
    asked = {key for one in store if one.name == "store.visible.parameters" for key, _ in _bound(one.node)}
    kinds: dict[str, str] = {}
    for one in store:
        reads = [
            part.whole
            for part in one.chains
            if part.touched & tables
            and (_selects(part.spine) or part.spine & statements)
            # What is done with the rows of a statement that holds the predicate; no other statement is made of it.
            and not (part.touched & tables <= safe and not _selects(part.spine) and not part.spine & safe)
        ]
        runs = [
            part.whole for part in one.chains if ".hot" in part.spine and (part.whole & pages or part.spine & _OF_HOT)
        ]
        # A statement at the top of a module is read by whoever names it, however it comes to be run.
        named = one.names & read
        reads += [frozenset({name}) for name in named - safe] + [frozenset(_GUARDS) for _ in named & safe]
        if one.module not in _BUILDERS and not one.module.startswith("store.hot"):
            reads += [frozenset({name}) for name in (one.names & built).difference(*runs)]
        if (reads or runs) and not _silent(one.node):
            kinds[one.name] = _kind(one, reads, runs, asked)
    internal = {name for name, kind in kinds.items() if kind == "internal"}
    calls = constants | {one.name: one.names for one in store if not _silent(one.node)}
    return kinds | dict.fromkeys(_grown(internal, calls), "internal")


def _safe(code: Sequence[Module], tables: set[str], read: set[str]) -> set[str]:
    """Constants that may be run for a reach: whatever they may be has the predicate as a condition of its own, or reads only what others of them give."""
    leaves = {f"{one.name}.{name}": of for one in code for name, of in one.leaves.items()}
    given = {f"store.{name}" for name in GIVEN}
    safe: set[str] = set()

    def holds(name: str) -> bool:
        return all(
            leaf.touched & read <= safe
            and (leaf.touched & tables <= safe or bool(leaf.conditions & _GUARDS) or bool(leaf.touched & given))
            for leaf in leaves[name]
        )

    while more := {name for name in read - safe if holds(name)}:
        safe |= more
    return safe


def _constants(code: Sequence[Module]) -> dict[str, frozenset[str]]:
    """What stands at the top of the store's modules, and the names that it is made of."""
    return {f"{one.name}.{name}": of for one in code if one.floor == "store" for name, of in one.constants.items()}


def _grown(found: set[str], all_of: Mapping[str, frozenset[str]]) -> set[str]:
    """These, and whatever is made of them, calls them or stands for them, at any remove."""
    grown = set(found)
    while more := {name for name, names in all_of.items() if not names.isdisjoint(grown)} - grown:
        grown |= more
    return grown


def _selects(names: Iterable[str]) -> bool:
    return any(name.rpartition(".")[2] in _READING for name in names)


def _kind(one: Function, reads: list[frozenset[str]], runs: list[frozenset[str]], asked: set[str]) -> str:
    """By which right it reads. Every statement holds the condition itself, and its values are those of the reach that was given."""
    if one.module in _BUILDERS:
        conditions = _GUARDS | {"store.visible.since", "store.visible.own_record"} | {f"store.{name}" for name in GIVEN}
        is_safe = isinstance(one.node, ast.FunctionDef) and all(part & conditions for part in reads)
        return "builder" if is_safe else "internal"
    changed = {name.id for name in ast.walk(one.node) if isinstance(name, ast.Name) and isinstance(name.ctx, ast.Store)}
    takes = {name: kind for name, kind in _takes(one.node).items() if name not in changed}
    bound = _bound(one.node)
    if (
        any(("visible.parameters", name) in bound for name, kind in takes.items() if kind == "Reach")
        and not asked & {key for key, _ in bound}
        and all(part & _GUARDS for part in reads)
        and all("store.visible.parameters" in part for part in runs)
    ):
        return "reach"
    whose = "organisation_id" in takes and ("organisation", "organisation_id") in bound
    return "own" if whose and not runs and all("store.visible.own_record" in part for part in reads) else "internal"


@cache
def _bound(node: Def) -> frozenset[tuple[str, str]]:
    """The keys and values of its dictionaries, and what it asks the predicate's parameters of."""
    found: set[tuple[str, str]] = set()
    for one in ast.walk(node):
        if isinstance(one, ast.Dict):
            pairs = zip(one.keys, one.values, strict=True)
            found |= {(str(key.value), ast.unparse(value)) for key, value in pairs if isinstance(key, ast.Constant)}
        elif isinstance(one, ast.Call) and isinstance(one.func, ast.Attribute) and one.func.attr == "parameters":
            found.add((ast.unparse(one.func), ", ".join(map(ast.unparse, one.args))))
    return frozenset(found)


@cache
def _takes(node: Def) -> dict[str, str]:
    """A function's parameters and their types."""
    arguments = [*node.args.posonlyargs, *node.args.args, *node.args.kwonlyargs]
    return {one.arg: ast.unparse(one.annotation) if one.annotation else "Any" for one in arguments}


@cache
def _silent(node: Def) -> bool:
    """Whether nothing comes out of it: it returns nothing, and takes nothing that it could fill."""
    returns = ast.unparse(node.returns) if node.returns else "Any"
    return returns == "None" and not any(_FILLABLE.search(kind) for kind in _takes(node).values())


def _unlisted(kinds: Mapping[str, str]) -> Iterator[str]:
    """What reads without the predicate is listed; and what is listed reads so."""
    for kind, listed, words in (
        ("internal", INTERNAL, "reads entries without the predicate"),
        ("own", OWN, "reads an organisation's own record"),
    ):
        found = {_short(name) for name, one in kinds.items() if one == kind}
        yield from (f"{name} {words}, and is not listed" for name in found - listed.keys())
        yield from (f"{name} is listed as what {words}, and does not" for name in listed.keys() - found)


def _private(name: str, taker: str) -> bool:
    """Whether it stands at the top of another module of the store, for that module alone."""
    owner, _, own = name.rpartition(".")
    return own.startswith("_") and owner.startswith("store.") and owner != taker


# Everywhere: no way round the functions of the store.


def _ways_round(code: Sequence[Module], kinds: Mapping[str, str]) -> Iterator[str]:
    """The tables are taken by the modules listed, and from where they are made; deeds and edges take neither them nor the predicate."""
    store = {one.name for one in code if one.name.startswith("store.")}
    below = [one for one in code if one.floor in {"store", "sharing"}]
    made = _TABLES | {one.name for one in below} | {function.name for one in below for function in one.functions}
    constants = _constants(code)
    statements = _grown(_TABLES, constants) - _TABLES
    second_hand = _grown(made, {f"{one.name}.{name}": of for one in code for name, of in one.taken.items()}) - made
    taking: set[str] = set()
    for one in code:
        names = one.names.union(*one.taken.values())
        if one.name == "store.schema":
            continue
        if names & _TABLES:
            taking.add(one.name)
        if names & {"store.schema", "store.schema.metadata", ".tables", ".sorted_tables"}:
            yield f"{one.name} takes the schema as a whole"
        yield from (f"{one.name} takes {name}, which is made elsewhere" for name in names & second_hand)
        yield from (
            f"{one.name} takes {name}, which is that module's own" for name in names if _private(name, one.name)
        )
        yield from (
            f"{one.name} takes all of {name}" for name in names if name.startswith("store") and name[-2:] == ".*"
        )
        if one.floor == "store":
            continue
        hidden = {name for name in names if ".".join(name.split(".")[:2]) in _HIDDEN}
        yield from (f"{one.name} takes {name}" for name in hidden | names & statements)
        yield from (f"{one.name} runs statements ({name})" for name in names & {".execute", ".exec_driver_sql", ".hot"})
        if one.floor in _EDGES:
            known = {name for name in names & (kinds.keys() | store) if name.split(".")[1] not in EDGE_MAY}
            yield from (f"{one.name} takes {name}" for name in known)
            yield from (f"{one.name} opens a transaction" for _ in names & {".transactions"})
    listed = {f"store.{name}" for name in TABLE_MODULES}
    yield from (f"{name} takes a table of entries" for name in taking - listed)
    yield from (f"{name} is listed, and takes no table of entries" for name in listed - taking)


@cache
def _by_name(module: Module) -> frozenset[str]:
    """What would reach a table or a reader by its name as text."""
    if module.name == "store.schema":
        return frozenset()
    found: set[str] = set()
    alone = {node.value for node in ast.walk(module.tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(module.tree):
        if (
            isinstance(node, ast.Constant)
            and isinstance(node.value, str)
            and node not in alone
            and _SQL.search(node.value)
        ):
            found.add("writes SQL about entries as text")
        if isinstance(node, ast.Call):
            call = ast.unparse(node.func).rpartition(".")[2]
            first = ast.unparse(node.args[0]) if node.args else ""
            of_store = any(name.startswith("store") for name in module.taken.get(first.split(".")[0], ()))
            if call in {"import_module", "__import__"} or (call in {"getattr", "vars"} and of_store):
                found.add(f"takes something by its name ({call})")
            if call in {"Table", "table", "text", "literal_column", "column"} and re.search(_TABLE, first):
                found.add(f"takes a table by its name ({call})")
    return frozenset(found)


def _deeds(code: Sequence[Module], kinds: Mapping[str, str]) -> Iterator[str]:
    """What reaches a reader that asks no predicate, from outside the store and by whatever helpers, is a deed that is listed for it."""
    readers = {name for name, kind in kinds.items() if kind in {"internal", "own"}}
    above = [one for one in code if one.floor != "store"]
    outside = {function.name: function.names for one in above for function in one.functions}
    outside |= {f"{one.name}.<top>": one.top for one in above}
    listed = {f"sharing.{name}": reads for name, (_, reads) in DEEDS.items()}
    # Nobody else comes to one, but through those who are listed and answer for it.
    near = _grown(readers, {name: names for name, names in outside.items() if name not in listed})
    for name in outside.keys() & (near | listed.keys()):
        reached, passed, ahead = set[str](), {name}, outside[name]
        while ahead:
            reached |= {_short(one) for one in ahead & readers}
            calls = (ahead & outside.keys()) - passed - listed.keys()
            passed |= calls
            ahead = frozenset[str]().union(*(outside[call] for call in calls))
        own = name.rpartition(".")[2]
        if name.startswith("sharing.") and own.startswith("_") and not own.startswith("__"):
            continue  # a helper: whoever calls it answers for it
        yield from (f"{name} reaches {one}, and is not listed for it" for one in reached - listed.get(name, set()))
        yield from (f"{name} is listed for {one}, and does not reach it" for one in listed.get(name, set()) - reached)
    yield from (f"{name} is listed, and is no deed" for name in listed.keys() - outside.keys())
