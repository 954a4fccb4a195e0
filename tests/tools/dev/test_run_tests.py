"""The sum of all tests must be honest."""

import pytest

from tools.dev.run_tests import counted

CLOSING = "........\n8 passed in 1.25s\n"
MIXED = "F.\n1 failed, 7 passed, 2 errors in 1.25s\n"


@pytest.mark.parametrize(
    ("status", "output", "expected"),
    [
        (0, CLOSING, (8, 0)),
        (0, "===== 8 passed, 1 warning in 61.25s (0:01:01) =====\n", (8, 0)),
        (0, CLOSING + "app/core: every module is covered by its own test file.\n", (8, 0)),
        (1, MIXED, (7, 3)),
        (0, "8 skipped in 1.03s\n", (0, 0)),
        # A linter has no count: it is one test.
        (0, "All checks passed!\n", (1, 0)),
        (1, "Found 1 error.\n", (0, 1)),
        # Tests passed, but something else did not: coverage, a crash at the end.
        (1, CLOSING, (8, 1)),
        (5, "no tests ran in 0.01s\n", (0, 1)),
        (2, "", (0, 1)),
        (-11, CLOSING, (8, 1)),
    ],
)
def test_exit_status_has_the_last_word(status: int, output: str, expected: tuple[int, int]) -> None:
    """A part that failed counts at least one failure, whatever it printed."""
    assert counted(status, output) == expected
