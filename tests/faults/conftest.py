"""The fault table: its fixtures are those of the browser tests, its end is a table."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from _pytest.terminal import TerminalReporter
from playwright.sync_api import BrowserContext, BrowserType, Playwright

from tests.e2e.background import Background
from tests.e2e.conftest import (  # noqa: F401
    background,
    browser,
    browser_type_launch_args,
    pytest_generate_tests,
)
from tests.e2e.going_back import keeping_browser
from tests.faults.desktop import Desktop, desktop
from tests.faults.rows import Row


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the long rows; the longest come first, so that none is left alone at the end."""
    for item in items:
        row = row_of(item)
        if row is not None and row.is_long and "process" not in item.name:
            item.add_marker(pytest.mark.long)
    items.sort(key=lambda item: -row.seconds if (row := row_of(item)) else 0.0)


def row_of(item: pytest.Item) -> Row | None:
    """The row that a test plays, if it plays one."""
    row = item.callspec.params.get("row") if hasattr(item, "callspec") else None
    return row if isinstance(row, Row) else None


@pytest.fixture
def seat(
    row: Row,
    request: pytest.FixtureRequest,
    playwright: Playwright,
    browser_type: BrowserType,
    browser_type_launch_args: dict[str, Any],  # noqa: F811
    background: Background,  # noqa: F811
    tmp_path: Path,
) -> Iterator[BrowserContext | Desktop]:
    """The browser of a row: the worker's, one that keeps pages asleep, or one with a window."""
    if row.is_on_desktop:
        with desktop(playwright, browser_type_launch_args, tmp_path, background) as one:
            yield one
    elif row.is_kept_asleep:
        with keeping_browser(browser_type, browser_type_launch_args) as keeping:
            yield keeping.new_context()
    else:
        yield request.getfixturevalue("context")


def name_of(nodeid: str) -> str:
    """The name of the row that a test plays, and where."""
    name = nodeid.partition("[")[2].removeprefix("chromium-").removesuffix("]")
    return f"{name} (process)" if "in_a_process" in nodeid else name


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print each row with the seconds that its ends took to be shown."""
    rows = [
        (name_of(report.nodeid), verdict, report)
        for verdict in ("passed", "failed")
        for report in terminalreporter.stats.get(verdict, [])
        if "tests/faults" in report.nodeid and "[" in report.nodeid and report.when == "call"
    ]
    if not rows:
        return
    terminalreporter.write_sep("=", "faults: seconds from what can be known to what is shown")
    for name, verdict, report in sorted(rows, key=lambda row: row[0]):
        told = dict(report.user_properties).get("ends", "")
        mark = "ok " if verdict == "passed" else "RED"
        terminalreporter.write_line(f"{mark} {name:52} {told}  (row: {report.duration:.0f} s)")
    right = sum(verdict == "passed" for _, verdict, _ in rows)
    terminalreporter.write_line(f"{right} of {len(rows)} rows right")
