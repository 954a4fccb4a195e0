"""Each module of the core is covered by its own test file, or `make test` fails."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]

MODULE = """
def sign(number):
    if number < 0:
        return -1
    return 1
"""
WHOLE = "from core.a import sign\ndef test_sign(): assert (sign(-2), sign(2)) == (-1, 1)\n"
HALF = "from core.a import sign\ndef test_sign(): assert sign(2) == 1\n"


def run_on(folder: Path, **tests: str) -> tuple[int, str]:
    """Lay out a project whose core is one module; return status and output of the tool."""
    files = {"app/core/a.py": MODULE, "app/core/constants.py": "ANSWER = 42\n"}
    files |= {f"tests/core/test_{name}.py": source for name, source in tests.items()}
    files["pyproject.toml"] = (
        '[tool.coverage.run]\nbranch = true\nsource = ["app"]\n'
        '[tool.pytest.ini_options]\npythonpath = ["app", "."]\n'
        '[tool.tether]\npure = ["core"]\n'
    )
    tool = "tools/dev/own_coverage.py"
    files[tool] = (ROOT / tool).read_text()
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    finished = subprocess.run(
        [sys.executable, "-m", "tools.dev.own_coverage"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    return finished.returncode, finished.stdout + finished.stderr


def test_a_module_covered_by_its_own_tests_passes(tmp_path: Path) -> None:
    """Constants need no tests: they run at import."""
    assert run_on(tmp_path, a=WHOLE, constants="import core.constants\n")[0] == 0


@pytest.mark.parametrize("other", [WHOLE, HALF], ids=["wholly", "in part"])
def test_a_module_covered_by_other_tests_alone_fails(tmp_path: Path, other: str) -> None:
    """The module's own file leaves a branch out; another's does not count."""
    status, said = run_on(tmp_path, a=HALF, b=other, constants="import core.constants\n")
    assert status == 1
    assert "app/core/a.py" in said
    assert "tests/core/test_a.py alone" in said


def test_a_failing_test_fails_before_any_coverage(tmp_path: Path) -> None:
    """The reason is the test, not a table."""
    status, said = run_on(tmp_path, a="def test_sign(): assert False\n")
    assert status == 1
    assert "alone" not in said
