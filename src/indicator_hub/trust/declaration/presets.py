"""Feeds that are known: what a declaration of one need not say. They travel with the package, and are read as declarations are."""

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from indicator_hub.trust.declaration import document
from indicator_hub.trust.declaration.document import Mistake, Node
from indicator_hub.trust.declaration.fields import nearest


@cache
def known() -> Mapping[str, Node]:
    """The presets by name."""
    text = files("indicator_hub.trust.declaration").joinpath("presets.yaml").read_text(encoding="utf-8")
    mistakes: list[Mistake] = []
    root = document.parse("presets.yaml", text, mistakes)
    assert not mistakes
    assert isinstance(root.value, Mapping)
    return root.value


def completed(node: Node, subject: str, mistakes: list[Mistake]) -> Node:
    """A feed with what its preset says where it says nothing itself; itself where it names none. One that is not known is a mistake."""
    if not isinstance(node.value, Mapping) or "preset" not in node.value:
        return node
    said = node.value["preset"]
    preset = known().get(said.value) if isinstance(said.value, str) else None
    own = {key: value for key, value in node.value.items() if key != "preset"}
    if preset is None or not isinstance(preset.value, Mapping):
        offer = nearest(str(said.value), sorted(known()))
        mistakes.append(Mistake(node.file, said.line, f'{subject}: there is no preset "{said.value}": {offer}'))
        return Node(node.file, node.line, own)
    # Whatever is wrong with it is wrong here, where it was turned on.
    theirs = {key: Node(node.file, said.line, value.value) for key, value in preset.value.items()}
    return Node(node.file, node.line, {**theirs, **own})
