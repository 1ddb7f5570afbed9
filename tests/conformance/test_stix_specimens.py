"""The specimens (`support/specimens.py`): whole, held against the reference library's own list of properties, and kept as they are."""

import json
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
import stix2
from stix2.registry import STIX2_OBJ_MAPS
from stix2.v21 import observables

from indicator_hub.stix.objects import ObjectVersion, accept
from indicator_hub.stix.reader import read
from indicator_hub.stix.shapes import SHAPES
from support.http import MANIFEST, OBJECTS, TAXII, Site, site
from support.specimens import CREATED, MODIFIED, STATEMENT, Object, identifier, specimen, specimens
from support.world import envelope

LIBRARY = STIX2_OBJ_MAPS["2.1"]
TYPES = (LIBRARY["objects"].keys() | LIBRARY["observables"].keys()) - {"bundle"}
INSIDE: Mapping[str, Any] = {
    "external_references": stix2.ExternalReference,
    "kill_chain_phases": stix2.KillChainPhase,
    "granular_markings": stix2.GranularMarking,
    "alternate_data_streams": observables.AlternateDataStream,
    "optional_header": observables.WindowsPEOptionalHeaderType,
    "sections": observables.WindowsPESection,
    "body_multipart": observables.EmailMIMEComponent,
    "values": observables.WindowsRegistryValueType,
    "x509_v3_extensions": observables.X509V3ExtensionsType,
    **LIBRARY["extensions"],
}
"""What stands inside of objects: under this name, a dictionary or a list of them, with these properties."""


def under(name: str, value: Any) -> Iterator[Mapping[str, Any]]:
    """Every dictionary that stands under this name, however deep."""
    for key, one in value.items() if isinstance(value, dict) else enumerate(value):
        if key == name:
            yield from one if isinstance(one, list) else [one]
        if isinstance(one, (dict, list)):
            yield from under(name, one)


def names(*values: Mapping[str, Any]) -> set[str]:
    """All of their keys."""
    return {name for value in values for name in value}


@pytest.mark.row("X-030")
def test_every_type_has_specimens() -> None:
    """Two at least: as little as can be, and everything. The library, the hub and the specimens know the same types."""
    assert {kind for kind in TYPES if {kind, f"{kind}, least"} <= specimens().keys()} == TYPES == SHAPES.keys()


@pytest.mark.row("X-030")
@pytest.mark.parametrize("kind", sorted(TYPES))
def test_every_property_is_filled(kind: str) -> None:
    """What the library knows of a type is in a specimen of it, and what is in one is known."""
    known = (LIBRARY["objects"] | LIBRARY["observables"])[kind]._properties
    own = [value for name, value in specimens().items() if value["type"] == kind and "new" not in name]
    versioned = {"created", "modified", "revoked"} if "mutex" in kind else set()
    assert names(*own) - versioned == set(known)
    required = {name for name, one in known.items() if one.required}
    assert required <= names(specimen(f"{kind}, least"))


@pytest.mark.row("X-011", "X-012", "X-075", "X-162")
@pytest.mark.parametrize("name", INSIDE)
def test_what_is_inside_is_filled_too(name: str) -> None:
    """The same for what stands inside of objects: references, parts, given extensions."""
    assert names(*under(name, specimens())) == set(INSIDE[name]._properties)


@pytest.mark.row(
    "X-020", "X-021", "X-030", "X-090", "X-130", "X-131", "X-133", "X-135", "X-136", "X-137", "X-150", "X-160", "X-162"
)
@pytest.mark.parametrize("name", specimens())
def test_what_is_required_is(name: str) -> None:
    """Without any one of the properties that the least specimen of a type has, it is refused, and the name said; a specimen is taken."""
    value = specimen(name)
    found = accept(read(envelope(value))[0])
    assert isinstance(found, ObjectVersion), found
    if name.endswith(", least"):
        for gone in value.keys() - {"spec_version"}:
            found = accept(read(envelope({key: one for key, one in value.items() if key != gone}))[0])
            assert not isinstance(found, ObjectVersion), gone
            assert gone in found.reason or "at least one property of the type" in found.reason


async def posted(s: Site, *values: Object) -> tuple[dict[str, Any], list[bytes]]:
    """The status, and the bytes of what was posted."""
    texts = [json.dumps(value, ensure_ascii=False).encode() for value in values]
    headers = s.headers("ana", content_type=TAXII)
    answer = await s.client.post(OBJECTS, headers=headers, content=b'{"objects":[' + b",".join(texts) + b"]}")
    assert answer.status_code == 202, answer.content
    return answer.json(), texts


def page(texts: list[bytes]) -> bytes:
    """What a poll gives that holds these."""
    return b'{"more":false,"objects":[' + b",".join(texts) + b"]}"


@pytest.mark.row("X-013", "X-030", "X-163", "X-165")
async def test_they_come_back(database_url: str) -> None:
    """All of them byte for byte, each under the version that its own times give it; another nation gets those without a mark of the first's own."""
    async with site(database_url) as s:
        status, texts = await posted(s, *specimens().values())
        assert (status["success_count"], status.get("failures")) == (len(texts), None)
        assert (await s.get(OBJECTS)).content == page(texts)
        assert (await s.get(OBJECTS, "bea")).content == page([text for text in texts if STATEMENT.encode() not in text])
        records = {one["id"]: one for one in (await s.get(MANIFEST)).json()["objects"]}
        for value in specimens().values():
            record = records[value["id"]]
            assert record["version"] == value.get("modified", value.get("created", record["date_added"]))


DERIVED = uuid.uuid5(uuid.UUID("00abedb4-aa42-466c-9c01-fed23315a9b7"), '{"name":"m"}')
"""As the standard derives it from the name of a mutex (2.9)."""
KEPT: Mapping[str, tuple[Object, ...]] = {
    "one UUID for two types": (specimen("tool, least"), specimen("malware, least")),
    "a first version that was modified": (specimen("tool, least", modified=MODIFIED),),
    "labels that say what malware_types are for": (specimen("malware, least", labels=["backdoor"]),),
    "a translation of a version": (specimen("campaign, least"), specimen("language-content, least", object_modified=CREATED)),
    "a translation of no version there is": (specimen("campaign, least"), specimen("language-content, least", object_modified=MODIFIED)),
    "a translation of what is not there": (specimen("language-content, least", contents={"de": {"no_such": ["", {"a": "b"}]}}),),
    "a derived id with versions": (specimen("mutex, versioned", id=f"mutex--{DERIVED}"),),
    "a random id where one could be derived": (specimen("ipv4-addr, least"),),
    "a derived id where none may be": (specimen("process, least", id=f"process--{DERIVED}"),),
    "an id that was derived in another way": (specimen("url, least", id="url--6ba7b811-9dad-11d1-80b4-00c04fd430c8"),),
    "references to nothing": (specimen("note, least", object_refs=[identifier("tool", 77), identifier("x-nobody")]),),
    "another thing under a new version": (specimen("tool, least"), specimen("tool, least", modified=MODIFIED, name="Another")),
}  # fmt: skip


@pytest.mark.row(
    "X-022", "X-028", "X-031", "X-042", "X-045", "X-051", "X-061", "X-064", "X-150", "X-151", "X-152", "X-153"
)
@pytest.mark.parametrize("name", KEPT)
async def test_what_a_hub_cannot_judge(sqlite_url: str, name: str) -> None:
    """It is kept as it came."""
    async with site(sqlite_url) as s:
        status, texts = await posted(s, *KEPT[name])
        assert (status["success_count"], status["failure_count"]) == (len(texts), 0)
        assert (await s.get(f"{OBJECTS}?match[version]=all")).content == page(texts)
