"""The files to run it with say what is there: commands, settings, paths, a user that is not root."""

import configparser
import re
from typing import Any

import yaml

from indicator_hub.settings import SECRETS, Settings
from support.paths import ROOT

DEPLOY = ROOT / "deploy"
SETTINGS = {f"INDICATOR_HUB_{name.upper()}" for name in Settings.model_fields} | {
    f"INDICATOR_HUB_{name.upper()}_FILE" for name in SECRETS
}


def test_every_setting_that_is_named_is_one() -> None:
    """In the unit, in compose, in the manifests, in the image and in the page about them."""
    known = SETTINGS | {"INDICATOR_HUB_CONFIG", "INDICATOR_HUB_ENV_FILE", "INDICATOR_HUB_NAME"}
    named = [
        ROOT / "Dockerfile",
        ROOT / "compose.yaml",
        ROOT / "docs" / "operating.md",
        *(one for one in DEPLOY.rglob("*") if one.is_file()),
    ]
    for one in named:
        assert set(re.findall(r"INDICATOR_HUB_[A-Z_]+", one.read_text(encoding="utf-8"))) <= known, one.name


def test_the_unit_is_shut() -> None:
    """No user of its own, nothing to write to but its state, no capability."""
    unit = configparser.ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str  # type: ignore[assignment,method-assign]
    unit.read(DEPLOY / "indicator-hub.service", encoding="utf-8")
    service = unit["Service"]
    expected = {
        "DynamicUser": "yes",
        "ProtectSystem": "strict",
        "CapabilityBoundingSet": "",
        "NoNewPrivileges": "yes",
        "StateDirectory": "indicator-hub",
    }
    assert {name: service[name] for name in expected} == expected
    assert service["ExecStart"].endswith("serve")


def test_containers_are_shut() -> None:
    """A root file system that is read only, no capability, the user of the image."""
    compose: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
    hub = compose["services"]["hub"]
    assert (hub["read_only"], hub["cap_drop"]) == (True, ["ALL"])
    manifests = list(yaml.safe_load_all((DEPLOY / "kubernetes" / "hub.yaml").read_text(encoding="utf-8")))
    pod = manifests[0]["spec"]["template"]["spec"]
    assert pod["securityContext"]["runAsUser"] == 10001
    assert pod["enableServiceLinks"] is False
    assert "USER 10001:10001" in (ROOT / "Dockerfile").read_text(encoding="utf-8")
    for one in (*pod["containers"], *pod["initContainers"]):
        assert one["securityContext"]["readOnlyRootFilesystem"] is True
        assert {mount["name"] for mount in one["volumeMounts"]} <= {volume["name"] for volume in pod["volumes"]}


def test_what_the_image_copies_is_there() -> None:
    """Each path of a COPY from the checkout."""
    for line in (ROOT / "Dockerfile").read_text(encoding="utf-8").splitlines():
        if line.startswith("COPY ") and "--from" not in line:
            for path in line.split()[1:-1]:
                assert (ROOT / path).exists(), path
