"""What each product asks for to poll this hub: exactly its fields, in its order and its words. Pure.

Names of products and of their fields are theirs, and are not translated.
"""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from urllib.parse import urlsplit

from indicator_hub.web.console.words import N_


@dataclass(frozen=True, slots=True)
class Place:
    """What is polled: a collection of a group, by whom. `origin` without a slash at its end."""

    origin: str
    group: str
    collection: str
    alias: str
    title: str
    account: str
    token: str

    @property
    def root(self) -> str:
        """The API root."""
        return f"{self.origin}/taxii2/{self.group}/"

    @property
    def objects(self) -> str:
        """Where objects are polled."""
        return f"{self.root}collections/{self.collection}/objects/"

    def list(self, path: str) -> str:
        """A list for devices, of this collection."""
        return f"{self.origin}/exports/{self.group}/collections/{self.alias}/{path}"


Fields = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Product:
    """One product: where its fields are found, the fields, and text to paste, where that is how it is set up."""

    name: str
    where: str
    fields: Callable[[Place], Fields]
    text: Callable[[Place], str] | None = None
    hint: str = ""
    by_hand: bool = False
    """Whether a person runs it, who may then give it a token of their own; what polls by itself is given a machine's."""


def _none(_: Place) -> Fields:
    return ()


def _curl(p: Place) -> str:
    login = shlex.quote(f"{p.account}:{p.token}")
    return (
        f"curl -s -u {login} -H 'Accept: application/taxii+json;version=2.1' \\\n  {shlex.quote(p.objects + '?limit=100')}\n"
        f"# a list of values, one a line; again only when it has changed\n"
        f"curl -s -u {login} --etag-save list.etag --etag-compare list.etag -o list.txt \\\n  {shlex.quote(p.list('plain/domain-name.txt'))}"
    )


def _taxii2_client(p: Place) -> str:
    return (
        "from taxii2client.v21 import Collection, as_pages\n\n"
        f"collection = Collection(\n    {p.objects.removesuffix('objects/')!r},\n    user={p.account!r},\n    password={p.token!r},\n)\n"
        "for page in as_pages(collection.get_objects, per_request=1000):\n"
        '    for stix in page.get("objects", []):\n        print(stix["id"])'
    )


def _opencti(p: Place) -> Fields:
    return (
        ("Name", p.title), ("TAXII server URL", p.root), ("TAXII version", "TAXII 2.1"), ("TAXII Collection", p.collection),
        ("Authentication type", "Basic user / password"), ("Username", p.account), ("Password", p.token),
    )  # fmt: skip


def _sentinel(p: Place) -> Fields:
    return (
        ("Friendly name (for server)", p.title), ("API root URL", p.root), ("Collection ID", p.collection), ("Username", p.account),
        ("Password", p.token), ("Import indicators", "All available"), ("Polling frequency", "Once an hour"),
    )  # fmt: skip


def _splunk(p: Place) -> Fields:
    return (
        ("Name", f"{p.group}_{p.alias}_ip".replace("-", "_")), ("Type", "threatlist"), ("Description", p.title), ("URL", p.list("splunk/ip.csv")),
        ("Interval", "3600"), ("Delimiting regular expression", ","), ("Fields", "description:$1,ip:$2,weight:$3"), ("Skip header lines", "1"),
        ("Site", urlsplit(p.origin).netloc), ("Username", p.account), ("Password", p.token),
    )  # fmt: skip


def _xsoar(p: Place) -> Fields:
    return (
        ("Discovery Service URL", f"{p.origin}/taxii2/"), ("Username / API Key", p.account), ("Password", p.token),
        ("Collection Name To Fetch Indicators From", p.title), ("Full Feed Fetch", "false"), ("First Fetch Time", "365 days"),
    )  # fmt: skip


def _misp(p: Place) -> Fields:
    return (
        ("Name", p.title), ("Provider", p.group), ("Input Source", "Network"), ("URL", p.list("misp/").removesuffix("/")), ("Source Format", "MISP Feed"),
        ("Any headers to be passed with requests", f"Authorization: Bearer {p.token}"),
    )  # fmt: skip


def _elastic(p: Place) -> Fields:
    return (
        ("Integration", "Custom Threat Intelligence"), ("URL", p.objects), ("Enable TAXII 2.1", "true"), ("Username", p.account),
        ("Password", p.token), ("Initial Interval", "8760h"), ("Interval", "5m"), ("Feed Name", p.title),
    )  # fmt: skip


def _fortigate(p: Place) -> str:
    parts = urlsplit(p.objects)
    return (
        f'config system external-resource\n    edit "{p.group}-{p.alias}"\n        set type address\n'
        f'        set resource "stix://{parts.netloc}{parts.path}"\n        set username "{p.account}"\n        set password {p.token}\n'
        "        set refresh-rate 5\n    next\nend\n"
        f'# FortiOS without TAXII reads a list: set resource "{p.list("fortinet/ip.txt")}"'
    )


def _pan(p: Place) -> Fields:
    return (
        ("Name", f"{p.group}-{p.alias}-ip"), ("Type", "IP List"), ("Source", p.list("edl/ip.txt")), ("Client Authentication: Username", p.account),
        ("Client Authentication: Password", p.token), ("Check for updates", "Every five minutes"),
    )  # fmt: skip


PRODUCTS: Mapping[str, Product] = MappingProxyType(
    {
        "curl": Product("curl", N_("in a shell"), _none, _curl, by_hand=True),
        "taxii2-client": Product("taxii2-client", N_("in Python"), _none, _taxii2_client, by_hand=True),
        "opencti": Product("OpenCTI", "Data > Ingestion > TAXII feeds", _opencti),
        "sentinel": Product("Microsoft Sentinel", "Data connectors > Threat intelligence - TAXII", _sentinel),
        "splunk": Product(
            "Splunk Enterprise Security", "Configure > Data Enrichment > Threat Intelligence Management", _splunk,
            hint=N_("One list for each type: domain.csv, url.csv, file.csv and email.csv have the same form."),
        ),
        "xsoar": Product("Cortex XSOAR", "Settings > Integrations > TAXII 2 Feed", _xsoar),
        "misp": Product("MISP", "Sync Actions > Feeds > Add Feed", _misp),
        "elastic": Product("Elastic", "Integrations > Custom Threat Intelligence", _elastic),
        "fortigate": Product("FortiGate", "Security Fabric > External Connectors", _none, _fortigate),
        "pan": Product(
            "Palo Alto EDL", "Objects > External Dynamic Lists", _pan,
            hint=N_("One list for each type: edl/domain.txt as Domain List, edl/url.txt as URL List."),
        ),
    }
)  # fmt: skip
"""By the name in the URL, in the order in which they are offered."""
