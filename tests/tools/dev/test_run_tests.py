"""The sum of all tests must be honest."""

import re
import sys
from pathlib import Path

import pytest

from tools.dev import run_tests
from tools.dev.run_tests import Board, Part, counted, run, slowest

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


def test_the_slowest_are_named_with_their_seconds() -> None:
    """As pytest lists them; a summary that is no test is left out."""
    output = """1.50s call     tests/a.py::test_one[chromium]
0.25s setup    tests/b.py::test_two
(8 durations < 0.005s hidden.)
"""
    assert slowest(output) == [
        (1.5, "tests/a.py::test_one[chromium]"),
        (0.25, "tests/b.py::test_two"),
    ]


def test_a_part_is_one_line_and_its_output_follows_if_it_failed(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """All that it printed is kept either way."""
    monkeypatch.setattr(run_tests, "RESULTS", tmp_path)
    board = Board(is_terminal=False)
    run(Part("a part", (sys.executable, "-c", "print('all is well')")), board)
    assert re.fullmatch(r"[\d:]{8}  a part +1 ok +\d\.\d s\n", capsys.readouterr().out)
    assert (tmp_path / "a-part.txt").read_text() == "all is well\n"
    run(Part("other", (sys.executable, "-c", "print('oh'); raise SystemExit(1)")), board)
    said = capsys.readouterr().out
    assert "1 FAILED" in said and said.endswith("=== other\noh\n\n")


def test_what_failed_stands_at_the_very_end_with_its_reason(
    capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a long output, CI keeps its end; an end of a test that fails is named as well."""
    file = tmp_path / "test_it.py"
    file.write_text(
        "import pytest\n\n@pytest.fixture\ndef given():\n    yield\n    assert not 'a leak'\n\n"
        "def test_one(given):\n    pass\n\n"
        "def test_two():\n    assert False, 'no ' + 49 * 'way ' + 'out'\n"
    )
    part = Part("a part", (sys.executable, "-m", "pytest", "-q", "-c", "none.ini", str(file)))
    monkeypatch.delenv("CI", raising=False)  # There, pytest writes reasons of several lines.
    monkeypatch.setattr(run_tests, "RESULTS", tmp_path / "results")
    monkeypatch.setattr(run_tests, "FAILURES", tmp_path / "failures")
    monkeypatch.setattr(run_tests, "PLANS", {"": ((), (part,))})
    (tmp_path / "none.ini").touch()
    monkeypatch.setattr(run_tests, "ROOT", tmp_path)
    assert run_tests.main([]) == 1
    *_, head, first, second, blank, summed, end = capsys.readouterr().out.split("\n")
    assert head == "Failed: a part" and not blank and not end
    assert first.endswith(f"::test_two - AssertionError: no {49 * 'way '}out")
    assert second.endswith("::test_one - AssertionError: assert not 'a leak'")
    assert summed.startswith("1 passed, 2 failed")
