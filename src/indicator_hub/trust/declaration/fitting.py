"""Fits a node of a document to its shape, and says in plain words what does not fit."""

from typing import TypeVar

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from indicator_hub.trust.declaration.document import Mistake, Node
from indicator_hub.trust.declaration.fields import nearest
from indicator_hub.trust.declaration.shapes import Shape

S = TypeVar("S", bound=Shape)
_MAX_QUOTED = 60


def fit(shape: type[S], node: Node, subject: str, mistakes: list[Mistake]) -> S | None:
    """The thing as declared, or None when something about it is added to the mistakes. `subject` begins each sentence."""
    try:
        return shape.model_validate(node.plain())
    except ValidationError as error:
        for details in error.errors(include_url=False):
            path = [step for step in details["loc"] if step != "[key]"]
            mistakes.append(Mistake(node.file, node.at(path).line, f"{subject}: {_sentence(shape, path, details)}"))
    return None


def _sentence(shape: type[Shape], path: list[str | int], details: ErrorDetails) -> str:
    """One mistake, said to whoever wrote it."""
    where = '"' + ".".join(str(step) for step in path) + '"' if path else "this"
    match details["type"]:
        case "missing":
            return _missing(shape, path, where)
        case "extra_forbidden":
            return f"{where} is not a key that is known here: {nearest(str(path[-1]), _model(shape, path[:-1]).known_keys())}"
        case "value_error":
            return f"{where}: {details['ctx']['error']}" if "ctx" in details else f"{where}: {details['msg']}"
        case "literal_error":
            return _choice(where, details)
        case kind:
            return f"{where} {_KINDS.get(kind) or details['msg'].lower()}"


_KINDS = {
    "string_type": "must be a text",
    "string_too_short": "is empty: write a text, or leave the key out if it may be",
    "string_too_long": "is too long: shorten it",
    "tuple_type": "must be a list: [one, two]",
    "too_short": "is empty: write at least one",
    "dict_type": 'must hold "name: value" lines, indented under it',
    "model_type": 'must hold "key: value" lines, indented under it',
}


def _missing(shape: type[Shape], path: list[str | int], where: str) -> str:
    model = _model(shape, path[:-1])
    hints = {field.alias or name: field.description for name, field in model.model_fields.items()}
    return f"{where} is missing: write {hints.get(str(path[-1])) or 'it'}"


def _choice(where: str, details: ErrorDetails) -> str:
    """A word that is none of those possible, or a key of a dictionary that is none."""
    expected = details.get("ctx", {}).get("expected", "")
    known = [word.strip("'") for part in str(expected).split(", ") for word in part.split(" or ")]
    written = details["input"]
    if not isinstance(written, str) or len(written) > _MAX_QUOTED:
        return f"{where} must be one of these: {', '.join(known)}"
    return f'{where} cannot be "{written}": {nearest(written, known)}'


def _model(shape: type[Shape], path: list[str | int]) -> type[Shape]:
    """The model that a path inside the shape leads to: only a contact is nested."""
    for step in path:
        field = shape.model_fields.get(str(step))
        if field is not None and isinstance(field.annotation, type) and issubclass(field.annotation, Shape):
            shape = field.annotation
    return shape
