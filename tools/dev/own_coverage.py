"""Runs the tests of pure code and demands that each module be covered by its own test file.

A module that only other modules' tests reach has no tests: `app/tether/core/model/task.py` must
reach 100 % of branches by `tests/tether/core/model/test_task.py` alone. Lines that run at import
count for all. `pyproject.toml` lists what is pure. After websockets' `maxi_cov.py`.

This module is also the pytest plugin that notes which test file runs.
"""

import io
import re
import subprocess
import sys
import tomllib
from collections.abc import Generator, Sequence
from pathlib import Path

import coverage
import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Tell coverage which test file runs."""
    measuring = coverage.Coverage.current()
    if measuring is not None:
        measuring.switch_context(item.path.relative_to(ROOT).as_posix())
    return (yield)


def pure() -> list[str]:
    """Return the pure packages and modules, as paths below `app/` without a suffix."""
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["tether"]["pure"]
    return [name.replace(".", "/") for name in listed]


def modules() -> list[Path]:
    """Return the files of all pure modules, below `app/`; packages have nothing to cover."""
    app = ROOT / "app"
    found = []
    for name in pure():
        files = (app / name).rglob("*.py") if (app / name).is_dir() else [app / f"{name}.py"]
        found += [path.relative_to(app) for path in files if path.stem != "__init__"]
    return sorted(found)


def test_file_of(module: Path) -> Path:
    """Return the test file of a module, below `tests/`."""
    return module.with_name(f"test_{module.name}")


def tests() -> list[str]:
    """Return the arguments of pytest: folders of pure packages, test files of pure modules."""
    folders = [name for name in pure() if (ROOT / "tests" / name).is_dir()]
    files = (test_file_of(Path(f"{name}.py")).as_posix() for name in pure() if name not in folders)
    return [f"tests/{name}" for name in (*folders, *files)]


def shortfall(covered: coverage.Coverage, module: Path) -> str | None:
    """Return coverage's own table for a module that its test file leaves uncovered."""
    table = io.StringIO()
    # "^$" is the context of all that runs at import.
    own = re.escape(f"tests/{test_file_of(module).as_posix()}")
    percent = covered.report(
        morfs=[str(ROOT / "app" / module)],
        contexts=["^$", f"^{own}$"],
        show_missing=True,
        skip_covered=False,
        file=table,
    )
    # The table's third line is the module's.
    return None if percent >= 100 else table.getvalue().splitlines()[2]


def main(arguments: Sequence[str]) -> int:
    """Run the tests, then check every module; return the exit status."""
    pytest_run = [sys.executable, "-m", "coverage", "run", "-m", "pytest", *tests()]
    plugin = ["-p", "tools.dev.own_coverage"]
    status = subprocess.run([*pytest_run, *plugin, *arguments], cwd=ROOT, check=False).returncode
    if status != 0:
        return status
    covered = coverage.Coverage(
        data_file=str(ROOT / ".coverage"), config_file=str(ROOT / "pyproject.toml")
    )
    covered.load()
    gaps = []
    for module in modules():
        gap = shortfall(covered, module)
        if gap is not None:
            gaps.append(f"{gap}   (by tests/{test_file_of(module).as_posix()} alone)")
    if gaps:
        print("Branches that a module's own test file does not reach:", *gaps, sep="\n  ")
        return 1
    print("Every pure module is covered by its own test file.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
