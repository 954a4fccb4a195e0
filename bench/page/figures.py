"""Figures against their limits: the table, in the terminal and in RESULTS.md."""

import statistics
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

RESULTS = Path(__file__).resolve().parents[1] / "RESULTS.md"

START, END = "<!-- figures -->", "<!-- /figures -->"
"""Around what a run writes; all else in the file is written by people."""


class Figure(NamedTuple):
    """One line of the table.

    `limit` is the most that it may be; a figure without one is there to compare with. `text`
    says it where a number alone wouldn't. `samples` counts what the median is of.
    """

    name: str
    value: float
    limit: float | None = None
    unit: str = ""
    note: str = ""
    samples: int = 1

    @property
    def is_met(self) -> bool | None:
        """Say whether the limit is kept; None without one."""
        return None if self.limit is None else self.value <= self.limit


def ratio(
    name: str, ours: Sequence[float], theirs: Sequence[float], limit: float | None, note: str = ""
) -> Figure:
    """Return how much of theirs ours is: the median of the pairs that were measured together.

    A machine that is slow for a while is slow for both of a pair.
    """
    pairs = [one / other for one, other in zip(ours, theirs, strict=True)]
    return Figure(name, statistics.median(pairs), limit, "", note, len(pairs))


def median(
    name: str, values: Sequence[float], limit: float | None, unit: str, note: str = ""
) -> Figure:
    """Return the median of a measurement."""
    return Figure(name, statistics.median(values), limit, unit, note, len(values))


def count(
    name: str, value: float, limit: float | None = None, unit: str = "", note: str = ""
) -> Figure:
    """Return what is counted, and the same each time."""
    return Figure(name, value, limit, unit, note)


def said(value: float) -> str:
    """Write a number with as many digits as it deserves."""
    if value == round(value) and abs(value) < 1e6:
        return f"{value:.0f}"
    return f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"


def row(figure: Figure) -> tuple[str, str, str, str, str]:
    """Return the cells of a figure."""
    unit = f" {figure.unit}" if figure.unit else ""
    limit = "" if figure.limit is None else f"≤ {said(figure.limit)}{unit}"
    met = {True: "met", False: "**not met**", None: ""}[figure.is_met]
    note = figure.note
    if figure.samples > 1:
        note = f"{note}; " if note else ""
        note += f"median of {figure.samples}"
    return figure.name, f"{said(figure.value)}{unit}", limit, met, note


def table(groups: Iterable[tuple[str, Sequence[Figure]]]) -> str:
    """Return a table in Markdown, with a line above each group."""
    lines = ["| figure | measured | limit | | |", "|---|---|---|---|---|"]
    for title, figures in groups:
        lines.append(f"| **{title}** | | | | |")
        lines += ["| " + " | ".join(row(figure)) + " |" for figure in figures]
    return "\n".join(lines)


def written(before: str, figures: str) -> str:
    """Return the file's text with new figures in the place of the old."""
    head, _, rest = before.partition(START)
    _, _, tail = rest.partition(END)
    return f"{head}{START}\n{figures}\n{END}{tail}"
