"""Runs what `make test`, `make test-all` and `make test-loaded` run: a line a part, and a sum.

Lanes run side by side, as two cores allow; what loads the machine comes after them. All
that a part prints is kept in `var/results/`, and shown if the part fails; what a failing browser
test leaves behind is in `var/failures/`.
"""

import os
import re
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from tools.dev import own_coverage

ROOT = Path(__file__).resolve().parents[2]
RESULTS, FAILURES = ROOT / "var" / "results", ROOT / "var" / "failures"
SLOWEST = 10
HALF = 3
"""Linux gives a process that is so much nicer half the time. Source: sched(7), 1.25 a step."""

Command: TypeAlias = Sequence[str]
PYTEST = (sys.executable, "-m", "pytest", "-q", f"--durations={SLOWEST}")


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
    slowest: Sequence[tuple[float, str]] = ()
    red: Sequence[str] = ()


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
        Part(
            "page, servers, tools",
            (*PYTEST, "-m", "not long", "tests", *(f"--ignore={part}" for part in ELSEWHERE)),
        ),
        Part("pure code, inside Pyodide", ("node", "tools/dev/pyodide_tests.mjs")),
    ),
    (
        Part(
            "pure code, with coverage",
            (sys.executable, "-m", "tools.dev.own_coverage", *PYTEST[3:]),
        ),
        # Last, since it has two processes: the other lane may have ended by then.
        Part("simulated worlds", (*PYTEST, "-s", "-m", "not long", "tests/world")),
    ),
    # They wait, nearly all the time.
    (Part("faults, without a browser", (*PYTEST, "-n", "8", "-m", "not browser", "tests/faults")),),
)

# Under load, Chromium may crash. Such tests, and no others, are run again, and listed.
CRASHED = "(Page|Target) crashed"
RERUN_CRASHED = ("--reruns", "2", "--only-rerun", CRASHED, "-rRfE")
# Part of a test is waiting, so more of them than cores run at a time.
IN_CHROMIUM = (*PYTEST, *RERUN_CRASHED, "-n", "4", "--dist", "loadgroup")
LONG, SHORT = ("-m", "browser and long"), ("-m", "browser and not long")

# The reasons for skipped tests are printed: an engine may be absent. WebKit's IndexedDB sometimes
# hangs in the driven private session, for an unknown reason: such tests are run again, and listed.
RERUN_HUNG = ("--reruns", "2", "--only-rerun", "it never came", "-rRsfE")
ENGINES = Part("Firefox and WebKitGTK", (*PYTEST, *RERUN_HUNG, "tests/engines"))

# People host a built site, so all browser tests run on one, and the main ones on the source tree.
SITE = "var/site"
BUILD = Part("built site", ("node", "tools/site/build.mjs", "--from", ".", "--to", SITE, "--plain"))
# In one part, so that no core is idle while the last of the one or the other ends.
BOTH = ("tests/e2e", "tests/faults")
BROWSER = Part("browser, faults", (*IN_CHROMIUM, *BOTH, *SHORT), SITE)
MAIN_TESTS = (
    "tests/e2e/test_main_job.py",
    "tests/e2e/test_routing_test.py::test_two_servers_are_proven_and_a_dead_one_is_named",
)

LONG_LANES = (
    # The many early: none of the longest is left alone at the end.
    (BUILD, Part("browser, faults, long", (*IN_CHROMIUM, "tests/many", *BOTH, *LONG), SITE)),
    (
        ENGINES,
        Part("browser, source tree", (*IN_CHROMIUM, *MAIN_TESTS, *SHORT)),
        Part("worlds with fresh seeds", (sys.executable, "-m", "tests.world.soak", "30")),
        Part("without a browser, long", (*PYTEST, "-m", "long and not browser", "tests")),
    ),
)

Plan: TypeAlias = tuple[Sequence[Sequence[Part]], Sequence[Part]]
"""Lanes, and what comes after them."""

PLANS: dict[str, Plan] = {
    "": (LANES, (BUILD, BROWSER)),
    "--check": ((), CHECK),
    "--long": (LONG_LANES, ()),
    "--faults": ((), (BUILD, Part("faults", (*IN_CHROMIUM, "-s", "tests/faults"), SITE))),
    "--engines": ((), (ENGINES,)),
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


def slowest(output: str) -> list[tuple[float, str]]:
    """Return pytest's own list of a part's slowest tests: seconds, and name."""
    found = re.findall(r"^([\d.]+)s (?:call|setup|teardown) +(\S+)", output, re.MULTILINE)
    return [(float(seconds), name) for seconds, name in found]


def red(output: str) -> list[str]:
    """Return a line for each test that failed, or whose set-up or end did, with its reason."""
    return re.findall(r"^(?:FAILED|ERROR) \S.*$", output, re.MULTILINE)


@dataclass(slots=True)
class Board:
    """Says which parts run and for how long, in one line that is written over, on a terminal."""

    running: dict[str, float] = field(default_factory=dict)
    is_terminal: bool = field(default_factory=sys.stdout.isatty)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _ended: threading.Event = field(default_factory=threading.Event)

    def say(self, text: str) -> None:
        """Print a line that stays."""
        with self._lock:
            print(f"\x1b[2K\r{text}" if self.is_terminal else text, flush=True)

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Keep the line up to date meanwhile."""
        clock = threading.Thread(target=self._tick, daemon=True)
        clock.start()
        yield
        self._ended.set()
        clock.join()

    def _tick(self) -> None:
        while self.is_terminal and not self._ended.wait(1):
            now = time.monotonic()
            parts = [f"{name} {now - since:.0f} s" for name, since in self.running.copy().items()]
            with self._lock:
                print(f"\x1b[2K\r  … {', '.join(parts)}", end="", flush=True)


def run(part: Part, board: Board) -> Outcome:
    """Run one part to its end; print how it ended, and all of its output if that was badly."""
    kept = RESULTS / f"{part.name.replace(', ', ' ').replace(' ', '-')}.txt"
    started = board.running[part.name] = time.monotonic()
    with kept.open("w+") as file:
        finished = subprocess.run(
            part.command,
            cwd=ROOT,
            # pytest cuts a reason off where a terminal's line would end.
            env={**os.environ, "SERVED": str(ROOT / part.served), "COLUMNS": "500"},
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            check=False,
        )
        file.seek(0)
        output = file.read()
    seconds = time.monotonic() - started
    del board.running[part.name]
    passed, failed = counted(finished.returncode, output)
    verdict = f"{failed} FAILED" if failed else "ok"
    clock = time.strftime("%H:%M:%S")
    board.say(f"{clock}  {part.name:26} {passed:5} {verdict:10} {seconds:6.1f} s")
    if failed:
        board.say(f"\n=== {part.name}\n{output}")
    return Outcome(part, passed, failed, seconds, slowest(output), red(output))


def run_all(parts: Sequence[Part], lanes: Sequence[Sequence[Part]], board: Board) -> list[Outcome]:
    """Run the lanes side by side, then the parts one after another."""

    def run_each(lane: Sequence[Part]) -> list[Outcome]:
        return [run(part, board) for part in lane]

    with ThreadPoolExecutor(max(1, len(lanes))) as workers:
        outcomes = [outcome for lane in workers.map(run_each, lanes) for outcome in lane]
    return outcomes + run_each(parts)


@contextmanager
def busy_machine() -> Iterator[None]:
    """Keep two busy loops a core, and leave this process half the time slices of each of them."""
    count = 2 * (os.cpu_count() or 1)
    loops = [subprocess.Popen((sys.executable, "-c", "while True: pass")) for _ in range(count)]
    os.nice(HALF)
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()


def main(arguments: Sequence[str]) -> int:
    """Run everything short, or what an option names; return the exit status."""
    if "--loaded" in arguments:
        with busy_machine():
            return main([])
    started = time.monotonic()
    for folder in (RESULTS, FAILURES):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    lanes, parts = PLANS[arguments[0] if arguments else ""]
    board = Board()
    with board.shown():
        outcomes = run_all(parts, lanes, board)
    board.say("\nSlowest tests:")
    times = sorted((each for outcome in outcomes for each in outcome.slowest), reverse=True)
    for seconds, name in times[:SLOWEST]:
        board.say(f"  {seconds:6.1f} s  {name}")
    # At the very end once more: of a long output, that is what people see, and what CI keeps.
    for outcome in outcomes:
        if outcome.failed:
            board.say("\n".join((f"\nFailed: {outcome.part.name}", *outcome.red)))
    passed = sum(outcome.passed for outcome in outcomes)
    failed = sum(outcome.failed for outcome in outcomes)
    board.say(f"\n{passed} passed, {failed} failed in {time.monotonic() - started:.0f} s")
    if any(FAILURES.iterdir()):
        board.say(f"Pictures, console and journal of what failed: {FAILURES.relative_to(ROOT)}/")
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
