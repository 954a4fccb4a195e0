"""Several values for fields of the form: a task for each, or for each of their combinations."""

import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import product
from math import prod
from typing import Any

from page.composer.form_fields import Answers, Field, read_answer
from tether.core.errors import BadInput
from tether.core.ids import NodeId
from tether.core.model.title import JOINT

MOST = 1000
"""Values of one field, and combinations of several."""

_NUMBER = r"([+-]?\d{1,20}(?:[.,]\d{1,12})?)"
_RANGE = re.compile(rf"\s*{_NUMBER}\s*\.\.\s*{_NUMBER}(?:\s+step\s+{_NUMBER})?\s*")
_NUMBERS = ("whole", "seed", "number")
_BETWEEN = re.compile(r"\s+\|\s+")
_LONG = 32
"""Characters of a value that a title has at most."""

Values = Mapping[tuple[NodeId, str], Sequence[Any]]
"""The values of fields, by node and input."""


def can_vary(field: Field) -> bool:
    """Say whether a field can have several values: pictures have a list of their own."""
    return field.kind not in ("picture", "mask", "switch") and not field.is_dynamic


def read_values(field: Field, typed: str) -> tuple[Any, ...]:
    """Return the values that were typed, one a line; of numbers also `1 | 3` and `1..8 step 2`.

    Raises:
        BadInput: There is none, one of them is wrong, or there are too many.
    """
    found: list[Any] = []
    for line in filter(str.strip, typed.splitlines()):
        for part in _BETWEEN.split(line.strip()) if field.kind in _NUMBERS else [line]:
            found += [read_answer(field, text) for text in _numbers(field, part)]
            _check(field, len(found))
    if not found:
        raise BadInput("sweep_empty", field=field.input)
    return tuple(found)


def _numbers(field: Field, part: str) -> list[str]:
    """Return the numbers of a range, by its own step or the field's; or the part as it is."""
    ends = _RANGE.fullmatch(part) if field.kind in _NUMBERS else None
    if ends is None:
        return [part]
    is_whole = not set(".,") & set(ends[1] + ends[2])
    usual = "1" if is_whole else str(field.step or 0)
    first, last, step = (Decimal(each.replace(",", ".")) for each in ends.groups(usual))
    if not step:
        return [part]
    step = abs(step) if last >= first else -abs(step)
    count = int((last - first) / step) + 1
    _check(field, count)
    return [f"{first + number * step:f}" for number in range(count)]


def _check(field: Field, count: int) -> None:
    if count > MOST:
        raise BadInput("sweep_long", field=field.input, count=count, most=MOST)


def count_of(values: Values, is_side_by_side: bool) -> int:
    """Return how many combinations there are; 1 without several values.

    Raises:
        BadInput: Too many; or the fields have different numbers of values, side by side.
    """
    counts = [len(each) for each in values.values()]
    if is_side_by_side and len(set(counts)) > 1:
        raise BadInput("sweep_uneven", counts=", ".join(map(str, counts)))
    count = prod(counts[:1] if is_side_by_side else counts)
    if count > MOST:
        raise BadInput("sweep_wide", count=count, most=MOST)
    return count


def combined(values: Values, is_side_by_side: bool) -> list[Answers]:
    """Return the values of each task: of all with all, the last field changes first.

    Raises:
        BadInput: As `count_of`.
    """
    count_of(values, is_side_by_side)
    rows = zip(*values.values(), strict=True) if is_side_by_side else product(*values.values())
    return [dict(zip(values, row, strict=True)) for row in rows] if values else [{}]


def titles(rows: Sequence[Answers], labels: Mapping[tuple[NodeId, str], str]) -> list[str]:
    """Return what each title says of the values of its task; numbered where they would be alike."""
    said = [told(answers, labels) for answers in rows]
    if len(set(said)) == len(said):
        return said
    return [f"{number}: {each}" for number, each in enumerate(said, 1)]


def told(answers: Answers, labels: Mapping[tuple[NodeId, str], str]) -> str:
    """Return the values of a task for its title: texts alone, others behind their labels."""
    parts = []
    for key, value in answers.items():
        text = f"{value:g}" if isinstance(value, float) else " ".join(str(value).split())
        text = text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"
        text = text.replace(JOINT, " ")
        parts.append(f"{labels[key]} {text}" if labels.get(key) else text)
    return ", ".join(parts)
