"""The fault table: its fixtures are those of the browser tests, its end is a table."""

import pytest
from _pytest.terminal import TerminalReporter

from tests.e2e.conftest import (  # noqa: F401
    background,
    browser_type_launch_args,
    watch,
    watched_page,
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every row `browser`."""
    for item in items:
        if "tests/faults" in item.path.as_posix():
            item.add_marker(pytest.mark.browser)


def pytest_terminal_summary(terminalreporter: TerminalReporter) -> None:
    """Print each row with the seconds that its ends took to be shown."""
    rows = [
        (report.nodeid.partition("[chromium-")[2].rstrip("]"), verdict, report)
        for verdict in ("passed", "failed")
        for report in terminalreporter.stats.get(verdict, [])
        if "tests/faults" in report.nodeid and report.when == "call"
    ]
    if not rows:
        return
    terminalreporter.write_sep("=", "faults: seconds from what can be known to what is shown")
    for name, verdict, report in sorted(rows, key=lambda row: row[0]):
        told = dict(report.user_properties).get("ends", "")
        mark = "ok " if verdict == "passed" else "RED"
        terminalreporter.write_line(f"{mark} {name:42} {told}  (row: {report.duration:.0f} s)")
    right = sum(verdict == "passed" for _, verdict, _ in rows)
    terminalreporter.write_line(f"{right} of {len(rows)} rows right")
