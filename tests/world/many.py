"""Many histories, in two processes: what they had in them, and the first that broke a rule."""

from __future__ import annotations

import itertools
import multiprocessing
import signal
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import FrameType

from tests.world.faults import FAULTS, STATES, UNREACHED
from tests.world.history import History, Report
from tests.world.rules import Broken

PROCESSES = 2
AT_ONCE = 8
LOT = 80

WITHIN = 10.0
"""Seconds of a processor in which any history is long over."""


@dataclass
class Sum:
    """What many histories had in them."""

    histories: int = 0
    steps: int = 0
    jobs: int = 0
    fewest_steps: int = 1 << 30
    fewest_jobs: int = 1 << 30
    fewest_kinds: int = 1 << 30
    longest: float = 0.0
    fullest: float = 0.0
    looks: int = 0
    table: Counter[tuple[str, str]] = field(default_factory=Counter)
    ends: Counter[tuple[str, str]] = field(default_factory=Counter)

    def add(self, report: Report) -> None:
        """Take one more in."""
        self.histories += 1
        self.steps += report.steps
        self.jobs += report.jobs
        self.fewest_steps = min(self.fewest_steps, report.steps)
        self.fewest_jobs = min(self.fewest_jobs, report.jobs)
        self.fewest_kinds = min(self.fewest_kinds, len(report.kinds))
        self.longest = max(self.longest, report.took)
        self.fullest = max(self.fullest, report.fullest)
        self.looks += report.looks
        self.table.update(report.table)
        self.ends.update(report.ends)

    def told(self) -> str:
        """Return the sum in lines, with the table of faults and task states."""
        width = max(map(len, FAULTS))
        kinds = self.fewest_kinds
        lines = [
            f"{self.histories} histories, {self.steps} steps, {self.jobs} jobs",
            f"  each at least {self.fewest_steps} steps, {self.fewest_jobs} jobs, {kinds} faults",
            f"  all ended within {self.longest:.0f} s after the last fault",
            f"  the fullest measure of requests: {self.fullest:.0f}",
            f"  {self.looks} tasks were looked at again after their upload",
            "  " + ", ".join(f"{state} by {by}: {n}" for (state, by), n in self.ends.most_common()),
            f"{'':{width}} " + " ".join(f"{state[:7]:>7}" for state in STATES),
        ]
        for name in FAULTS:
            cells = (
                "      -" if (name, state) in UNREACHED else f"{self.table[name, state]:7}"
                for state in STATES
            )
            lines.append(f"{name:{width}} " + " ".join(cells))
        return "\n".join(lines)

    def rare(self, least: int) -> list[str]:
        """Return the cells that can be reached and were met less often than that."""
        return [
            f"{name} while {state}: {self.table[name, state]}"
            for name in FAULTS
            for state in STATES
            if (name, state) not in UNREACHED and self.table[name, state] < least
        ]


def replay_command(seed: int, is_calm: bool = False, is_stealing: bool = False) -> str:
    """Return the command that tells a seed's story."""
    how = " --calm" * is_calm + " --stealing" * is_stealing
    return f".venv/bin/python -m tests.world.replay --seed {seed}{how}"


def play_one(
    seed: int, is_calm: bool = False, only: tuple[str, ...] = (), is_stealing: bool = False
) -> Report:
    """Play one seed, with these faults alone if any are named, in a process's main thread.

    Raises:
        Broken: A rule is broken, or the history goes on and on.
    """
    signal.signal(signal.SIGVTALRM, _too_long)
    signal.setitimer(signal.ITIMER_VIRTUAL, WITHIN)
    try:
        return History(seed, is_calm=is_calm, only=only, is_stealing=is_stealing).play()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)


def _too_long(signal_number: int, frame: FrameType | None) -> None:
    raise Broken("ends", f"the history isn't over after {WITHIN:.0f} s of work")


def _play(given: tuple[int, bool, bool]) -> Report | tuple[int, str]:
    seed, is_calm, is_stealing = given
    try:
        return play_one(seed, is_calm, is_stealing=is_stealing)
    except Broken as broken:
        return seed, str(broken)


def play_many(
    seeds: Iterable[int], is_calm: bool = False, is_stealing: bool = False
) -> Iterator[Report]:
    """Play all these seeds, in their order.

    Raises:
        AssertionError: A history broke a rule; the message has the command that replays it.
    """
    given = ((seed, is_calm, is_stealing) for seed in seeds)
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        # In lots: a pool reads its whole input ahead, and a soak's never ends.
        while lot := list(itertools.islice(given, LOT)):
            for played in pool.imap(_play, lot, AT_ONCE):
                if isinstance(played, tuple):
                    seed, told = played
                    command = replay_command(seed, is_calm, is_stealing)
                    raise AssertionError(f"{told}\n\n  {command}\n")
                yield played
