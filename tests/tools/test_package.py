"""The wheel: `pip install .` gives the client alone, and its pure parts need no browser."""

import json
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]

# Isolated and without `site`: nothing but the standard library and the wheel can be imported.
IMPORT_ALL = """
import importlib, json, pkgutil, sys

sys.path.insert(0, sys.argv[1])
for package in ("tether.core", "tether.workflows"):
    folders = importlib.import_module(package).__path__
    for module in pkgutil.walk_packages(folders, f"{package}."):
        importlib.import_module(module.name)
print(json.dumps(sorted(sys.modules)))
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built without a network."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (built,) = folder.glob("*.whl")
    return built


def test_the_wheel_holds_tether_alone(wheel: Path) -> None:
    """All of its modules, neither the page nor the servers; a page needs nothing else."""
    with zipfile.ZipFile(wheel) as archive:
        paths = {path for path in archive.namelist() if ".dist-info/" not in path}
        (metadata,) = (path for path in archive.namelist() if path.endswith("/METADATA"))
        text = archive.read(metadata).decode()
    app = ROOT / "app"
    modules = {path.relative_to(app).as_posix() for path in (app / "tether").rglob("*.py")}
    assert paths == {*modules, "tether/py.typed", "tether/en.json"}
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert f"\nVersion: {version}\n" in text
    needed = [line for line in text.splitlines() if line.startswith("Requires-Dist")]
    assert needed
    assert all(line.endswith("; sys_platform != 'emscripten'") for line in needed)


def test_its_command_says_what_went_wrong(wheel: Path, tmp_path: Path) -> None:
    """By the sentences that the wheel brings along."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    code = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); import tether.command as it; "
        "it.main(); print(it.__file__)"
    )
    ran = subprocess.run(
        [
            sys.executable,
            "-I",
            "-c",
            code,
            str(tmp_path),
            "run",
            "no.json",
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "no.json can't be read: there is no such file. Check the path." in ran.stderr
    assert ran.stdout.startswith(str(tmp_path))


def test_its_pure_parts_need_neither_a_browser_nor_a_package(wheel: Path, tmp_path: Path) -> None:
    """Every module of `tether.core` and `tether.workflows` is imported by a bare Python."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path)
    ran = subprocess.run(
        [sys.executable, "-I", "-S", "-c", IMPORT_ALL, str(tmp_path)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    names = json.loads(ran.stdout)
    assert {"tether.core.session.session", "tether.workflows.convert"} <= set(names)
    tops = {name.partition(".")[0] for name in names}
    assert tops - set(sys.stdlib_module_names) <= {"tether", "__main__", "sitecustomize"}
