"""What Docker and Kubernetes read is as their own schemas want it, and names what is there."""

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

DEPLOY = Path(__file__).resolve().parents[2] / "deploy"
MANIFESTS = sorted((DEPLOY / "kubernetes").glob("*.yaml"))


def read(path: Path) -> list[dict[str, Any]]:
    """The documents of a file."""
    return list(yaml.safe_load_all(path.read_text()))


@pytest.mark.parametrize("path", MANIFESTS, ids=lambda path: path.name)
def test_a_manifest_fits_the_schema_of_its_kind(path: Path) -> None:
    """No field that Kubernetes would not know."""
    for document in read(path):
        kubernetes_validate.validate(document, "1.37", strict=True)


def test_all_of_a_cluster_fits_together() -> None:
    """Services find their pods, pods their account, and Kustomize its files."""
    kustomization = read(DEPLOY / "kustomization.yaml")[0]
    assert sorted(kustomization["resources"]) == [f"kubernetes/{each.name}" for each in MANIFESTS]
    generated = {each["name"]: each["files"] for each in kustomization["configMapGenerator"]}
    for files in generated.values():
        assert all((DEPLOY / file).exists() for file in files)
    documents = [document for path in MANIFESTS for document in read(path)]
    named = {(each["kind"], each["metadata"]["name"]) for each in documents}
    templates = [
        each["spec"]["template"] for each in documents if "template" in each.get("spec", {})
    ]
    for each in documents:
        if each["kind"] == "Service":
            chosen = each["spec"]["selector"].items()
            assert any(chosen <= found["metadata"]["labels"].items() for found in templates)
        if each["kind"] == "StatefulSet":
            assert ("Service", each["spec"]["serviceName"]) in named
    for template in templates:
        account = template["spec"].get("serviceAccountName")
        assert account is None or ("ServiceAccount", account) in named
        for volume in template["spec"].get("volumes", []):
            assert "configMap" not in volume or volume["configMap"]["name"] in generated


def test_compose_fits_its_specification_and_the_roster_looks_for_its_servers() -> None:
    """A server that the roster doesn't know would never be on the page."""
    path = DEPLOY / "compose/compose.yaml"
    command = (sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec")
    checked = subprocess.run((*command, path), capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout
    services = read(path)[0]["services"]
    servers = {name for name in services if re.match(r"gpu-|trial-", name)}
    looked_for = services["roster"]["command"].partition("--names ")[2].split()
    assert set(looked_for) == servers
    assert len(servers) == 6
    for service in services.values():
        build = service.get("build")
        if build is not None:
            context = path.parent / build["context"]
            assert (context / build.get("dockerfile", "Dockerfile")).exists()
        for volume in service.get("volumes", []):
            source = volume.partition(":")[0]
            if source.startswith("../") and not source.endswith("/dist"):
                assert (path.parent / source).exists()
