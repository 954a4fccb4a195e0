"""The set-up says what is missing and how to cure it."""

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from tools.dev.pyodide_site import selected

ROOT = Path(__file__).resolve().parents[3]
NEEDED = ("bash", "cat", "cut", "dirname", "env", "grep", "id", "mkdir", "readlink", "sha256sum")

Setup = Callable[..., tuple[int, str]]


@pytest.fixture
def setup(tmp_path: Path) -> Setup:
    """Run the set-up in an empty clone, on a machine that has only these programs.

    A program is its name and the script that stands for it.
    """
    clone = tmp_path / "clone"
    (clone / "tools/dev").mkdir(parents=True)
    shutil.copy(ROOT / "tools/dev/setup.sh", clone / "tools/dev")
    for name in ("requirements.txt", "pyproject.toml", "package-lock.json"):
        shutil.copy(ROOT / name, clone)
    programs = tmp_path / "bin"
    programs.mkdir()
    for name in (*NEEDED, "timeout"):
        found = shutil.which(name)
        assert found is not None
        (programs / name).symlink_to(found)

    def run(
        step: str, environment: dict[str, str] | None = None, **scripts: str
    ) -> tuple[int, str]:
        for name, script in scripts.items():
            file = programs / name
            file.write_text(f"#!{programs}/bash\n{script}\n")
            file.chmod(0o755)
        finished = subprocess.run(
            [str(clone / "tools/dev/setup.sh"), step],
            env={"PATH": str(programs), "HOME": str(tmp_path), **(environment or {})},
            capture_output=True,
            text=True,
            check=False,
        )
        return finished.returncode, finished.stdout + finished.stderr

    return run


def test_no_python(setup: Setup) -> None:
    """Named with the version that is needed."""
    status, said = setup("python")
    assert status == 1
    assert "Python 3.11 or newer was not found" in said
    assert "Cure: install it" in said


def test_an_old_python(setup: Setup) -> None:
    """It is there, and does not count."""
    status, said = setup("python", python3="exit 1")
    assert status == 1
    assert "Python 3.11 or newer was not found" in said


def test_a_python_without_venv(setup: Setup) -> None:
    """Debian packs it apart."""
    status, said = setup("python", python3='case "$2" in *ensurepip*) exit 1;; esac')
    assert status == 1
    assert "sudo apt-get install python3-venv" in said


def test_no_node(setup: Setup) -> None:
    """Named with the version that is needed."""
    status, said = setup("node")
    assert status == 1
    assert "Node.js 20 or newer was not found" in said


def test_the_node_of_debian_12(setup: Setup) -> None:
    """It is too old; the message says which it is."""
    status, said = setup("node", node="echo v18.19.0")
    assert status == 1
    assert "Node.js 18.19.0 is too old" in said


def test_a_browser_that_does_not_start(setup: Setup) -> None:
    """Someone named one; we don't look for another behind their back."""
    status, said = setup("browser", {"CHROMIUM": "broken"}, broken="exit 1")
    assert status == 1
    assert "CHROMIUM=broken does not start" in said


def test_a_browser_is_found_and_remembered(setup: Setup, tmp_path: Path) -> None:
    """The tests read its path from a file."""
    status, said = setup("browser", chromium="echo Chromium 156")
    assert (status, said) == (0, "")
    assert (tmp_path / "clone/var/chromium").read_text() == str(tmp_path / "bin/chromium")
    found = tmp_path / "clone/var/chromium-headless-shell"
    for script, path in (("exit 1", ""), ("exit 0", tmp_path / "bin/chromium-headless-shell")):
        shell = {"chromium-headless-shell": script}
        assert setup("browser", chromium="echo Chromium 156", **shell) == (0, "")
        assert found.read_text() == str(path)


def test_an_unknown_step(setup: Setup) -> None:
    """A typing error does nothing."""
    status, said = setup("pyhton")
    assert status == 1
    assert 'no step "pyhton"' in said


def test_packages_for_pyodide_keep_their_hashes() -> None:
    """The wheel for Pyodide is pinned by the same list as the developer's."""
    listed = "a==1 \\\n    --hash=sha256:x\n    # via b\nab==2 ; x > 1 \\\n    --hash=sha256:y\n"
    assert selected(listed, ("ab",)) == "ab==2 ; x > 1 \\\n    --hash=sha256:y\n"
    with pytest.raises(LookupError, match="has no zz"):
        selected(listed, ("a", "zz"))


def test_scripts_can_be_run() -> None:
    """Git keeps the bit; an editor may lose it."""
    for name in ("tools/dev/setup.sh", ".ci/run"):
        assert os.access(ROOT / name, os.X_OK)


def test_no_screen(setup: Setup) -> None:
    """Named with the package that has it; a machine that has one is left alone."""
    status, said = setup("screen")
    assert status == 1
    assert "Xvfb was not found" in said
    assert "apt-get install xvfb" in said
    assert setup("screen", Xvfb="exit 0") == (0, "")


def test_engines_that_are_missing_are_named_by_their_tests_alone(setup: Setup) -> None:
    """The set-up goes on without them: whoever runs the tests decides whether that is an error."""
    assert setup("engines") == (0, "")
