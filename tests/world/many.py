"""Many histories, in two processes: what they had in them, and the first that broke a rule."""

from __future__ import annotations

import itertools
import multiprocessing
import signal
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from types import FrameType
from typing import TypeAlias

from tests.world.faults import FAULTS, STATES, UNREACHED
from tests.world.history import History, Report
from tests.world.rules import Broken

Cell: TypeAlias = tuple[str, str]
"""A fault, and a state of a task that it met."""

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

    def rare(self, least: int) -> list[Cell]:
        """Return the cells that can be reached and were met less often than that."""
        return [
            (name, state)
            for name in FAULTS
            for state in STATES
            if (name, state) not in UNREACHED and self.table[name, state] < least
        ]


@dataclass(frozen=True, slots=True)
class Plan:
    """Which history to play; with a `cell`, one that aims at it."""

    seed: int
    is_stealing: bool = False
    cell: Cell | None = None

    def command(self) -> str:
        """Return the command that tells its story."""
        aimed = "" if self.cell is None else " --aim {!r} {!r}".format(*self.cell)
        how = " --stealing" * self.is_stealing + aimed
        return f".venv/bin/python -m tests.world.replay --seed {self.seed}{how}"


def play_one(plan: Plan, only: tuple[str, ...] = ()) -> Report:
    """Play one history, with these faults alone if any are named, in a process's main thread.

    Raises:
        Broken: A rule is broken, or the history goes on and on.
    """
    signal.signal(signal.SIGVTALRM, _too_long)
    signal.setitimer(signal.ITIMER_VIRTUAL, WITHIN)
    try:
        history = History(plan.seed, only=only, cell=plan.cell, is_stealing=plan.is_stealing)
        return history.play()
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)


def _too_long(signal_number: int, frame: FrameType | None) -> None:
    raise Broken("ends", f"the history isn't over after {WITHIN:.0f} s of work")


def _play(plan: Plan) -> Report | tuple[Plan, str]:
    try:
        return play_one(plan)
    except Broken as broken:
        return plan, str(broken)


def play_many(plans: Iterable[Plan]) -> Iterator[Report]:
    """Play all these histories, in their order.

    Raises:
        AssertionError: A history broke a rule; the message has the command that replays it.
    """
    plans = iter(plans)
    with multiprocessing.get_context("fork").Pool(PROCESSES) as pool:
        # In lots: a pool reads its whole input ahead, and a soak's never ends.
        while lot := list(itertools.islice(plans, LOT)):
            for played in pool.imap(_play, lot, AT_ONCE):
                if isinstance(played, tuple):
                    plan, told = played
                    raise AssertionError(f"{told}\n\n  {plan.command()}\n")
                yield played
