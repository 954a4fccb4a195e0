"""The values that a workflow was run with, as people call and seek them."""

from typing import Any

import pytest

from tether.core.ids import NodeId
from tether.workflows.values import LONGEST, MOST, differences, label_of, values_of


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


def test_in_which_values_two_workflows_differ() -> None:
    """What people set most first; links, names of files and nodes of another class don't count."""
    left = {
        NodeId("1"): {"class_type": "Loader", "inputs": {"image": "a.png", "mode": "fast"}},
        NodeId("2"): {"class_type": "Sampler", "inputs": {"scheduler": "x", "cfg": 7, "seed": 1}},
        NodeId("3"): {"class_type": "Sampler", "inputs": {"cfg": 2, "model": ["1", 0]}},
        NodeId("4"): {"class_type": "Gone", "inputs": {"steps": 3}},
        NodeId("5"): {"class_type": "Old", "inputs": {"steps": 3}},
    }
    right = {
        NodeId("1"): {"class_type": "Loader", "inputs": {"image": "b.png", "mode": "fast"}},
        NodeId("2"): {"class_type": "Sampler", "inputs": {"scheduler": "y", "cfg": 8, "new": True}},
        NodeId("3"): {"class_type": "Sampler", "inputs": {"cfg": 4, "model": ["9", 0]}},
        NodeId("5"): {"class_type": "New", "inputs": {"steps": 5}},
    }
    assert differences(left, right) == (
        ("Seed", "1", ""),
        ("CFG · Sampler", "7", "8"),
        ("CFG · Sampler", "2", "4"),
        ("Scheduler", "x", "y"),
        ("New", "", "True"),
    )
    assert differences(left, left) == ()
