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
    """What people set most first; links and names of files don't count, nor how numbers look."""

    def workflow(*inputs: dict[str, Any]) -> dict[NodeId, dict[str, Any]]:
        return {
            NodeId(str(number)): {
                "class_type": "Sampler",
                "inputs": {"model": ["9", 0], **each},
                "_meta": {"title": "Second" if number else 7},
            }
            for number, each in enumerate(inputs)
        }

    left = workflow(
        {"image": "a.png", "scheduler": "x", "cfg": 7, "steps": 4, "flag": True},
        {"cfg": 2.5, "text": "a" * LONGEST + "b", "seed": 1},
    )
    right = workflow(
        {"image": "b.png", "scheduler": "y", "cfg": 8.0, "steps": 4.0, "flag": False},
        {"cfg": 4, "text": "a" * LONGEST + "c"},
    )
    assert differences(left, right) == (
        ("text", "1", "Second", "a" * LONGEST, "a" * LONGEST),
        ("seed", "1", "Second", "1", ""),
        ("cfg", "0", "Sampler", "7", "8"),
        ("cfg", "1", "Second", "2.5", "4"),
        ("scheduler", "0", "Sampler", "x", "y"),
        ("flag", "0", "Sampler", "true", "false"),
    )
    assert differences(left, left) == ()


def test_workflows_that_differ_in_more_than_values() -> None:
    """In a node, its class, or a link: then no list of values says it all."""
    one = nodes(seed=1, model=["2", 0])
    assert differences(one, nodes(seed=1, model=["3", 0])) is None
    assert differences(one, {}) is None
    other = {NodeId("1"): {"class_type": "Other", "inputs": one[NodeId("1")]["inputs"]}}
    assert differences(one, other) is None
    bare = {NodeId("1"): {"class_type": "Any", "inputs": {"seed": 1}}}
    assert differences(bare, {NodeId("1"): {"class_type": "Any", "inputs": {"seed": 2}}}) == (
        ("seed", "1", "Any", "1", "2"),
    )
