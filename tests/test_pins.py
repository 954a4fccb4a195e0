"""All that is installed is pinned by the hash of its content."""

import json
import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TRACKED = subprocess.run(
    ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
).stdout.split()
PYTHON = [path for path in TRACKED if re.search(r"requirements[^/]*\.txt$", path)]
NODE = [path for path in TRACKED if path.endswith("package-lock.json")]


def test_there_are_such_lists() -> None:
    """Otherwise the rest would be empty."""
    assert "requirements.txt" in PYTHON
    assert "package-lock.json" in NODE


@pytest.mark.parametrize("path", PYTHON)
def test_python_packages_have_hashes(path: str) -> None:
    """Each with its version; pip is told to insist."""
    lines = (ROOT / path).read_text().replace("\\\n", " ").splitlines()
    wanted = [line for line in lines if line and not line.lstrip().startswith("#")]
    assert wanted
    assert [line for line in wanted if "==" not in line or "--hash=sha256:" not in line] == []


@pytest.mark.parametrize("path", NODE)
def test_node_packages_have_hashes(path: str) -> None:
    """And nobody's registry is written down."""
    packages = json.loads((ROOT / path).read_text())["packages"]
    wanted = {name: entry for name, entry in packages.items() if name}
    assert wanted
    bare = [
        name
        for name, entry in wanted.items()
        if not entry.get("integrity", "").startswith("sha512-") or "resolved" in entry
    ]
    assert bare == []


def test_actions_are_named_by_their_commit() -> None:
    """A tag can be moved to other code."""
    used = [
        line.partition("uses:")[2].split()
        for path in TRACKED
        if path.startswith(".github/workflows/")
        for line in (ROOT / path).read_text().splitlines()
        if "uses:" in line
    ]
    assert used
    assert [each for each in used if not re.fullmatch(r"[\w./-]+@[0-9a-f]{40}", each[0])] == []
