"""Variants of a workflow: several values for some of its inputs, combined; a task for each."""

import json
from collections.abc import Mapping, Sequence
from itertools import product
from math import prod
from typing import Any, TypeAlias

from tether.core.cells import Axis
from tether.core.errors import BadInput
from tether.core.ids import NodeId
from tether.core.model.title import JOINT
from tether.core.protocol.workflow import Workflow

MOST = 1000
"""Values of one input, and combinations of several."""

_LONG = 32
"""Characters of a value that a title has at most."""

Place: TypeAlias = tuple[NodeId, str]
"""A node, and one of its inputs."""

Answers: TypeAlias = Mapping[Place, Any]
"""A value for each of some inputs."""

Variant: TypeAlias = tuple[Answers, str, tuple[Axis, ...]]
"""Values of one task, what its title says of them, and where it stands on the axes."""

Values: TypeAlias = Mapping[Place, Sequence[Any]]
"""The values of each of some inputs."""


def count_of(values: Values, is_side_by_side: bool) -> int:
    """Return how many combinations there are; 1 without several values.

    Raises:
        BadInput: Too many; or the inputs have different numbers of values, side by side.
    """
    counts = [len(each) for each in values.values()]
    if is_side_by_side and len(set(counts)) > 1:
        raise BadInput("sweep_uneven", counts=", ".join(map(str, counts)))
    count = prod(counts[:1] if is_side_by_side else counts)
    if count > MOST:
        raise BadInput("sweep_wide", count=count, most=MOST)
    return count


def combined(values: Values, is_side_by_side: bool) -> list[Answers]:
    """Return the values of each task: of all with all, the last input changes first.

    Raises:
        BadInput: As `count_of`.
    """
    count_of(values, is_side_by_side)
    rows = zip(*values.values(), strict=True) if is_side_by_side else product(*values.values())
    return [dict(zip(values, row, strict=True)) for row in rows] if values else [{}]


def filled(
    nodes: Mapping[NodeId, Mapping[str, Any]], answers: Answers
) -> dict[NodeId, dict[str, Any]]:
    """Return the nodes of a workflow with these values."""
    result = {node_id: dict(node) for node_id, node in nodes.items()}
    for (node_id, name), value in answers.items():
        result[node_id]["inputs"] = {**result[node_id]["inputs"], name: value}
    return result


def variants(
    workflow: Workflow, values: Values, is_side_by_side: bool
) -> list[tuple[Workflow, str]]:
    """Return the workflow with each combination of values, and what a title says of those.

    Raises:
        BadInput: It has no such input, something is no value, or as `count_of`.
    """
    for (node_id, name), found in values.items():
        place = f"{node_id}.{name}"
        if node_id not in workflow.nodes or name not in workflow.nodes[node_id]["inputs"]:
            raise BadInput("sweep_unplaced", place=place)
        if isinstance(found, str) or not len(found):
            raise BadInput("sweep_empty", field=place)
        try:
            json.dumps(list(found), allow_nan=False)
        except (TypeError, ValueError) as error:
            raise BadInput("sweep_bad", place=place, detail=error) from error
    rows = combined(values, is_side_by_side)
    said = titles(rows, {place: place[1] for place in values})
    made = (workflow.with_nodes(filled(workflow.nodes, row)) for row in rows)
    return list(zip(made, said, strict=True))


def titles(rows: Sequence[Answers], labels: Mapping[Place, str]) -> list[str]:
    """Return what each title says of the values of its task; numbered where they would be alike."""
    said = [told(answers, labels) for answers in rows]
    if len(set(said)) == len(said):
        return said
    return [f"{number}: {each}" for number, each in enumerate(said, 1)]


def axes(
    values: Values, is_side_by_side: bool, labels: Mapping[Place, str]
) -> list[tuple[Axis, ...]]:
    """Return where each of the combinations stands on the axes, in the order of `combined`.

    An input with one value is no axis, and what goes side by side is one for all inputs.
    """
    varied = {place: found for place, found in values.items() if len(found) > 1}
    texts = [[said(value) for value in found] for found in varied.values()]
    names = [labels.get(place, place[1]) for place in varied]
    if is_side_by_side:
        label, rows = ", ".join(names), zip(*texts, strict=True)
        return [(Axis(label, ", ".join(row), index),) for index, row in enumerate(rows)] or [()]
    choices = (
        [Axis(name, text, index) for index, text in enumerate(column)]
        for name, column in zip(names, texts, strict=True)
    )
    return list(product(*choices))


def said(value: Any) -> str:
    """Return a value as a text on one line."""
    return f"{value:g}" if isinstance(value, float) else " ".join(str(value).split())


def told(answers: Answers, labels: Mapping[Place, str]) -> str:
    """Return the values of a task for its title: texts alone, others behind their labels."""
    parts = []
    for key, value in answers.items():
        text = said(value)
        text = text if len(text) <= _LONG else f"{text[: _LONG - 1]}…"
        text = text.replace(JOINT, " ")
        parts.append(f"{labels[key]} {text}" if labels.get(key) else text)
    return ", ".join(parts)
