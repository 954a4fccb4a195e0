"""Several values for the inputs of a workflow."""

import pytest

from tether.core.cells import Axis
from tether.core.errors import BadInput
from tether.core.ids import NodeId
from tether.core.protocol.workflow import Workflow
from tether.workflows.variants import (
    MOST,
    axes,
    combined,
    count_of,
    filled,
    titles,
    told,
    variants,
)

STEPS, CFG = (NodeId("3"), "steps"), (NodeId("3"), "cfg")


def test_values_are_combined_all_with_all_or_side_by_side() -> None:
    values = {STEPS: (4, 8), CFG: (1.5, 3.0)}
    assert [tuple(each.values()) for each in combined(values, is_side_by_side=False)] == [
        *((4, 1.5), (4, 3.0)),
        *((8, 1.5), (8, 3.0)),
    ]
    assert combined(values, is_side_by_side=True) == [{STEPS: 4, CFG: 1.5}, {STEPS: 8, CFG: 3.0}]
    for is_side_by_side, count in ((True, 2), (False, 4)):
        assert combined({}, is_side_by_side) == [{}]
        assert count_of({}, is_side_by_side) == 1
        assert count_of(values, is_side_by_side) == count


def test_each_combination_has_its_place_on_the_axes() -> None:
    """In the order of the combinations; what has one value is no axis."""
    values = {STEPS: (4, 8), (NodeId("3"), "width"): (64,), CFG: (1.5, 3.0)}
    places = axes(values, False, {STEPS: "Steps"})
    assert places[1] == (Axis("Steps", "4", 0), Axis("cfg", "3", 1))
    assert places[2] == (Axis("Steps", "8", 1), Axis("cfg", "1.5", 0))
    assert len(places) == len(combined(values, False))
    assert axes({STEPS: (4, 8), CFG: (1.5, 3.0)}, True, {}) == [
        (Axis("steps, cfg", "4, 1.5", 0),),
        (Axis("steps, cfg", "8, 3", 1),),
    ]
    for is_side_by_side in (True, False):
        assert axes({STEPS: (4,)}, is_side_by_side, {}) == axes({}, is_side_by_side, {}) == [()]


def test_what_cannot_be_combined_says_why() -> None:
    with pytest.raises(BadInput) as error:
        combined({STEPS: (1, 2, 3), CFG: (1, 2)}, is_side_by_side=True)
    assert error.value.trouble.code == "sweep_uneven"
    assert dict(error.value.trouble.facts) == {"counts": "3, 2"}
    with pytest.raises(BadInput) as error:
        combined({STEPS: range(MOST), CFG: (1, 2)}, is_side_by_side=False)
    assert error.value.trouble.code == "sweep_wide"


def test_a_title_says_the_values() -> None:
    """Texts speak for themselves, and are cut."""
    text = (NodeId("4"), "text")
    labels = {STEPS: "Steps"}
    assert told({STEPS: 4, text: "a  cat\nwith wings"}, labels) == "Steps 4, a cat with wings"
    assert told({STEPS: 2.0, CFG: 0.25}, labels) == "Steps 2, 0.25"
    assert told({text: "x" * 40}, {}) == "x" * 31 + "…"
    assert told({}, labels) == ""
    alike = [{text: "x" * 40}, {text: "x" * 41}]
    assert titles(alike, {}) == [f"1: {'x' * 31}…", f"2: {'x' * 31}…"]
    assert titles([{STEPS: 4}, {text: "a · b"}], labels) == ["Steps 4", "a b"]


def test_values_are_put_in_and_nothing_else_changes() -> None:
    """The workflow that they come from stays as it is."""
    nodes = {NodeId("3"): {"class_type": "K", "inputs": {"steps": 1, "cfg": 2}}}
    found = filled(nodes, {STEPS: 8})
    assert found == {"3": {"class_type": "K", "inputs": {"steps": 8, "cfg": 2}}}
    assert nodes[NodeId("3")]["inputs"]["steps"] == 1


def test_variants_are_workflows_with_words_for_titles() -> None:
    """What is no input or no value is refused before anything is made."""
    nodes = {"3": {"class_type": "K", "inputs": {"steps": 1, "cfg": 2}}}
    workflow = Workflow(nodes)
    made = variants(workflow, {STEPS: [8, 9]}, is_side_by_side=False)
    assert [(each.nodes["3"]["inputs"]["steps"], told) for each, told in made] == [
        (8, "steps 8"),
        (9, "steps 9"),
    ]
    assert variants(workflow, {}, is_side_by_side=False) == [(workflow, "")]
    for values, code in (
        ({(NodeId("3"), "nope"): [1]}, "sweep_unplaced"),
        ({(NodeId("9"), "steps"): [1]}, "sweep_unplaced"),
        ({STEPS: []}, "sweep_empty"),
        ({STEPS: "abc"}, "sweep_empty"),
        ({STEPS: [1, object()]}, "sweep_bad"),
        ({STEPS: [float("nan")]}, "sweep_bad"),
    ):
        with pytest.raises(BadInput) as error:
            variants(workflow, values, is_side_by_side=False)
        assert error.value.trouble.code == code
