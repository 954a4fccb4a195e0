"""Runs the core's tests and demands that each module be covered by its own test file.

A module that only other modules' tests reach has no tests: `app/core/task.py`
must reach 100 % of branches by `tests/core/test_task.py` alone. Lines that run
at import count for all. After websockets' `maxi_cov.py`.

This module is also the pytest plugin that notes which test file runs.
"""

import io
import subprocess
import sys
from collections.abc import Generator, Sequence
from pathlib import Path

import coverage
import pytest

ROOT = Path(__file__).resolve().parent.parent
SOURCE = ROOT / "app" / "core"
TESTS = "tests/core"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Tell coverage whose test runs from here on."""
    measuring = coverage.Coverage.current()
    if measuring is not None:
        measuring.switch_context(item.path.name)
    return (yield)


def shortfall(covered: coverage.Coverage, module: Path, test_file: str) -> str | None:
    """Return coverage's own table for a module that its test file leaves uncovered."""
    table = io.StringIO()
    # "^$" is the context of all that runs at import.
    percent = covered.report(
        morfs=[str(module)],
        contexts=["^$", f"^{test_file}$"],
        show_missing=True,
        skip_covered=False,
        file=table,
    )
    # The table's third line is the module's.
    return None if percent >= 100 else table.getvalue().splitlines()[2]


def main(arguments: Sequence[str]) -> int:
    """Run the tests, then look at every module; return the exit status."""
    pytest_run = [sys.executable, "-m", "coverage", "run", "-m", "pytest", TESTS]
    plugin = ["-p", "tools.own_coverage"]
    status = subprocess.run([*pytest_run, *plugin, *arguments], cwd=ROOT, check=False).returncode
    if status != 0:
        return status
    covered = coverage.Coverage(
        data_file=str(ROOT / ".coverage"), config_file=str(ROOT / "pyproject.toml")
    )
    covered.load()
    gaps = []
    for module in sorted(SOURCE.rglob("*.py")):
        test_file = f"test_{module.stem}.py"
        gap = shortfall(covered, module, test_file)
        if gap is not None:
            gaps.append(f"{gap}   (by {TESTS}/{test_file} alone)")
    if gaps:
        print("Branches that a module's own test file does not reach:", *gaps, sep="\n  ")
        return 1
    print(f"{SOURCE.relative_to(ROOT)}: every module is covered by its own test file.")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
