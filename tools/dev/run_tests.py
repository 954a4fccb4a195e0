"""Runs everything that CI runs, with a summary in the last line.

Two lanes side by side, as two cores allow; the browser's tests come after them,
alone, since they measure time. A part's output is printed when the part ends.
"""

import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from tools.dev import own_coverage

ROOT = Path(__file__).resolve().parents[2]

Command: TypeAlias = Sequence[str]
PYTEST = (sys.executable, "-m", "pytest", "-q")


@dataclass(frozen=True, slots=True)
class Part:
    """One thing to run, by its name in the summary."""

    name: str
    command: Command
    served: str = "."
    """The folder whose page the browser opens: the source tree, or a built site."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result of a part. One that counts no tests, such as a linter, counts as one test."""

    part: Part
    passed: int
    failed: int
    seconds: float


CHECK = (
    Part("ruff check", (sys.executable, "-m", "ruff", "check", ".")),
    Part("ruff format", (sys.executable, "-m", "ruff", "format", "--check", ".")),
    Part("mypy", (sys.executable, "-m", "mypy")),
)

ELSEWHERE = (
    *(f"tests/{part}" for part in ("e2e", "engines", "faults", "many", "world")),
    *own_coverage.tests(),
)
"""Tests that have a part of their own."""

LANES = (
    (
        *CHECK,
        Part("pure code, with coverage", (sys.executable, "-m", "tools.dev.own_coverage", "-q")),
        Part("pure code, inside Pyodide", ("node", "tools/dev/pyodide_tests.mjs")),
    ),
    (
        Part(
            "simulator, servers, tools",
            (*PYTEST, "tests", *(f"--ignore={part}" for part in ELSEWHERE)),
        ),
        # Last, since it has two processes: the other lane may have ended by then.
        Part("simulated worlds", (*PYTEST, "-s", "tests/world")),
    ),
)

# Under load, Chromium may discard a page that it should keep frozen, or crash. Such tests, and
# no others, are run again, and listed.
CRASHED = "(Page|Target) crashed|Chromium kept no page"
RERUN_CRASHED = ("--reruns", "2", "--only-rerun", CRASHED, "-rR")
IN_CHROMIUM = (*PYTEST, *RERUN_CRASHED)

# The reasons for skipped tests are printed: an engine may be absent. WebKit's IndexedDB sometimes
# hangs in the driven private session, for an unknown reason: such tests are run again, and listed.
RERUN_HUNG = ("--reruns", "2", "--only-rerun", "it never came", "-rRs")
ENGINES = Part("Firefox and WebKitGTK", (*PYTEST, *RERUN_HUNG, "tests/engines"))

# People host a built site, so all browser tests run on one, and the main ones on the source tree.
SITE = "var/site"
BUILD = Part("built site", ("node", "tools/site/build.mjs", "--from", ".", "--to", SITE, "--plain"))
BY_FILE = ("-n", "2", "--dist", "loadfile")
BROWSER = Part("browser", (*IN_CHROMIUM, "tests/e2e", *BY_FILE), SITE)
MANY = Part("many tasks, many tabs", (*IN_CHROMIUM, "tests/many"), SITE)

# Most of a row is waiting, so more of them than cores run at a time.
ROWS = (*IN_CHROMIUM, "tests/faults", "-n", "4", "--dist", "load", "--maxschedchunk", "1")
FAULTS = Part("faults", ROWS, SITE)
MAIN_TESTS = ("main_job", "routing_test")
TWICE = "not (without_a_cure or twenty)"  # The first is of the source tree anyway, the other long.
SOURCE = Part(
    "browser, source tree",
    (*IN_CHROMIUM, *(f"tests/e2e/test_{name}.py" for name in MAIN_TESTS), "-k", TWICE, *BY_FILE),
)
FIVE = "(reload or clean or executed or restart or lost) and not (0.3.64 or before or clock)"
SOURCE_FAULTS = Part("faults, source tree", (*ROWS, "-k", FIVE))


ALONE: dict[str, Sequence[Part]] = {
    "--check": CHECK,
    "--faults": (BUILD, FAULTS),
    "--engines": (ENGINES,),
}


def counted(status: int, output: str) -> tuple[int, int]:
    """Return how many tests passed and failed, from the output of a part.

    The exit status has the last word: a part that fails has at least one failure.
    """
    summary = re.findall(r"(\d+) (passed|failed|errors?)\b", last_summary(output))
    passed = sum(int(number) for number, kind in summary if kind == "passed")
    failed = sum(int(number) for number, kind in summary if kind != "passed")
    if status != 0:
        return passed, max(failed, 1)
    return (passed if last_summary(output) else 1), failed


def last_summary(output: str) -> str:
    """Return pytest's closing line, or an empty string."""
    lines = [line for line in output.splitlines() if re.search(r"\b\d+ \w+.* in [\d.]+s", line)]
    return lines[-1] if lines else ""


def run(part: Part) -> Outcome:
    """Run one part to its end, and print its output."""
    started = time.monotonic()
    finished = subprocess.run(
        part.command,
        cwd=ROOT,
        env={**os.environ, "SERVED": str(ROOT / part.served)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    seconds = time.monotonic() - started
    passed, failed = counted(finished.returncode, finished.stdout)
    print(f"\n=== {part.name}: {seconds:.1f} s\n{finished.stdout}", end="", flush=True)
    return Outcome(part, passed, failed, seconds)


def run_lane(lane: Sequence[Part]) -> list[Outcome]:
    """Run parts one after another."""
    return [run(part) for part in lane]


def main(arguments: Sequence[str]) -> int:
    """Run everything, or the linters (`--check`), or one part; return the exit status."""
    started = time.monotonic()
    if arguments:
        outcomes = run_lane(ALONE[arguments[0]])
    else:
        with ThreadPoolExecutor(len(LANES)) as lanes:
            outcomes = [outcome for lane in lanes.map(run_lane, LANES) for outcome in lane]
        outcomes += run_lane((BUILD, BROWSER, SOURCE, ENGINES, FAULTS, SOURCE_FAULTS, MANY))
    print(f"\n=== all parts: {time.monotonic() - started:.0f} s")
    for outcome in outcomes:
        verdict = f"{outcome.failed} FAILED" if outcome.failed else "ok"
        print(f"  {outcome.part.name:28} {outcome.passed:5} {verdict:10} {outcome.seconds:6.1f} s")
    passed = sum(outcome.passed for outcome in outcomes)
    failed = sum(outcome.failed for outcome in outcomes)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
