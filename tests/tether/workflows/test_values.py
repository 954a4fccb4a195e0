"""The values that a workflow was run with, as people call and seek them."""

from typing import Any

import pytest

from tether.core.ids import NodeId
from tether.workflows.values import LONGEST, MOST, label_of, values_of


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("blur_radius", "Blur radius"),
        ("cfg", "CFG"),
        ("ckpt_name", "Checkpoint name"),
        ("strength_clip", "Strength CLIP"),
        ("strength", "Strength"),
        ("_", "_"),
        ("", ""),
    ],
)
def test_inputs_are_called_as_people_would(name: str, label: str) -> None:
    """No underscores; what is an abbreviation stays one."""
    assert label_of(name) == label


def nodes(**inputs: Any) -> dict[NodeId, dict[str, Any]]:
    """A workflow of one node."""
    return {NodeId("1"): {"class_type": "Any", "inputs": inputs}}


def test_what_tells_most_comes_first() -> None:
    """The prompt, the seed and the steps before the rest, which stays in its order."""
    given = nodes(sampler_name="euler", steps=20, seed=7, scheduler="normal", text="a cat ")
    assert values_of(given) == (
        ("text", "a cat"),
        ("seed", "7"),
        ("steps", "20"),
        ("sampler_name", "euler"),
        ("scheduler", "normal"),
    )


def test_links_and_what_tells_nothing_are_left_out() -> None:
    """So are empty texts and what two nodes have alike."""
    given = nodes(image="a.png", images=["2", 0], filename_prefix="x", text="", fast=True)
    given[NodeId("2")] = {"class_type": "Any", "inputs": {"fast": True, "spec": {"a": 1}}}
    assert values_of(given) == (("fast", "True"),)


def test_a_workflow_without_end_is_kept_in_part() -> None:
    """Neither many values nor a long one take the room of pictures."""
    many = values_of(nodes(**{f"n{number}": "x" * 2 * LONGEST for number in range(2 * MOST)}))
    assert len(many) == MOST
    assert {len(text) for _, text in many} == {LONGEST}
