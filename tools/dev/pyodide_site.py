"""Installs pytest and hypothesis for the tests that run inside Pyodide.

Hypothesis has a native part, so the copy in `.venv` does not load there; its
authors publish a wheel for Pyodide's platform, pinned by the same hash list.
"""

import hashlib
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "requirements.txt"
SITE = ROOT / "var" / "pyodide-site"
STAMP = SITE / "stamp"

PACKAGES = (
    "hypothesis",
    "iniconfig",
    "packaging",
    "pluggy",
    "pygments",
    "pytest",
    "sortedcontainers",
)

# What Pyodide 314 calls itself (`info` in its pyodide-lock.json).
PLATFORM = ["--platform", "pyemscripten_2026_0_wasm32", "--python-version", "3.14"]


def selected(requirements: str, packages: tuple[str, ...]) -> str:
    """Return the entries of these packages, with their hashes.

    Raises:
        LookupError: The list lacks one of them.
    """
    entries = {
        re.split("[=; ]", entry, maxsplit=1)[0]: entry
        for entry in re.split(r"\n(?=\S)", requirements)
    }
    missing = [package for package in packages if package not in entries]
    if missing:
        raise LookupError(f"requirements.txt has no {', '.join(missing)}. Run `make lock`.")
    return "\n".join(entries[package].rstrip() for package in packages) + "\n"


def main() -> int:
    """Install, unless it was done from the same list; return the exit status."""
    wanted = selected(REQUIREMENTS.read_text(), PACKAGES)
    stamp = hashlib.sha256((wanted + " ".join(PLATFORM)).encode()).hexdigest()
    if STAMP.exists() and STAMP.read_text() == stamp:
        return 0
    shutil.rmtree(SITE, ignore_errors=True)
    SITE.mkdir(parents=True)
    selection = SITE / "requirements.txt"
    selection.write_text(wanted)
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    only_wheels = ["--no-deps", "--only-binary=:all:", "--require-hashes"]
    command = [*pip, *only_wheels, *PLATFORM, "--target", str(SITE), "-r", str(selection)]
    status = subprocess.run(command, check=False).returncode
    if status == 0:
        STAMP.write_text(stamp)
    return status


if __name__ == "__main__":
    raise SystemExit(main())
