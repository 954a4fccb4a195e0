"""The page's version: it knows it, and all places agree."""

import json
import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def test_the_page_knows_its_version() -> None:
    """Otherwise an update is told too early, too late or never."""
    found = re.search(r'<meta name="tether:version" content="([^"]*)">', _read("index.html"))
    assert found is not None
    assert found[1] == tomllib.loads(_read("pyproject.toml"))["project"]["version"]
    assert found[1] == json.loads(_read("package.json"))["version"]


def _read(name: str) -> str:
    return (ROOT / name).read_text()
