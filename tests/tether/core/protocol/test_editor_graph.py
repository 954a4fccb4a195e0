"""The editor's graph, which goes along with a workflow and shows the values that ran."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tether.core.ids import NodeId
from tether.core.protocol.editor_graph import changed_graph, is_graph_of
from tether.core.protocol.outputs import DEEPEST, parse_json
from tether.core.protocol.workflow import Workflow

NODES = {
    NodeId("1"): {"class_type": "LoadImage", "inputs": {"image": "a.png"}},
    NodeId("2"): {"class_type": "EmptyImage", "inputs": {"width": 512, "height": 512, "name": "x"}},
    NodeId("3:4"): {"class_type": "ImageBlur", "inputs": {"sigma": 1.0}},
}
GRAPH: dict[str, Any] = {
    "nodes": [
        {"id": 1, "type": "LoadImage", "widgets_values": ["a.png", "image"]},
        {"id": 2, "type": "EmptyImage", "widgets_values": [512, 512, "fixed", "x"], "pos": [3, 4]},
        {"id": 3, "type": "a-subgraph"},
        {"id": "5", "type": "Note", "widgets_values": ["by hand"]},
    ],
    "version": 0.4,
}


def with_input(node_id: str, name: str, value: Any) -> Any:
    node = NODES[NodeId(node_id)]
    changed = {**node, "inputs": {**node["inputs"], name: value}}
    return {**NODES, NodeId(node_id): changed}


def values_after(after: Any, graph: dict[str, Any] = GRAPH) -> list[Any] | None:
    """The graph's values with those of the workflow."""
    changed = changed_graph(graph, NODES, after)
    return changed and [node.get("widgets_values") for node in changed["nodes"]]


def test_a_graph_is_the_workflows_when_it_has_its_outer_nodes() -> None:
    assert is_graph_of(GRAPH, NODES)
    assert is_graph_of({"nodes": []}, {})
    renamed = {**NODES, NodeId("1"): {"class_type": "LoadImageMask", "inputs": {}}}
    assert not is_graph_of(GRAPH, renamed)
    assert not is_graph_of(GRAPH, {**NODES, NodeId("9"): NODES[NodeId("1")]})


def test_a_graph_that_could_not_be_read_again_is_none() -> None:
    """It is kept inside a task's workflow, which adds to its depth."""
    extra: list[Any] = []
    for _ in range(DEEPEST - 12):
        extra = [extra]
    assert is_graph_of({**GRAPH, "extra": extra}, NODES)
    kept = Workflow(NODES, {**GRAPH, "extra": extra})
    parse_json(kept.text())
    assert not is_graph_of({**GRAPH, "extra": [extra]}, NODES)


@pytest.mark.parametrize("graph", [None, 7, [], {}, {"nodes": {}}, {"nodes": [7]}])
def test_what_is_no_graph_is_none(graph: object) -> None:
    assert not is_graph_of(graph, {})


def test_what_has_not_changed_stays_as_it_is() -> None:
    assert changed_graph(GRAPH, NODES, NODES) == GRAPH


@pytest.mark.parametrize(
    ("node_id", "name", "value", "values"),
    [
        ("1", "image", "b.png", ["b.png", "image"]),
        ("2", "height", 64, [512, 64, "fixed", "x"]),
        ("2", "width", 64, [64, 512, "fixed", "x"]),
        ("2", "name", "y", [512, 512, "fixed", "y"]),
    ],
)
def test_a_changed_value_stands_where_the_old_one_stood(
    node_id: str, name: str, value: Any, values: list[Any]
) -> None:
    found = values_after(with_input(node_id, name, value))
    assert found is not None and found[int(node_id) - 1] == values
    assert GRAPH["nodes"][1]["widgets_values"] == [512, 512, "fixed", "x"], "it is left alone"


def test_values_by_name_are_changed_by_name() -> None:
    named = {"nodes": [{"id": 1, "type": "LoadImage", "widgets_values": {"image": "a.png"}}]}
    assert values_after(with_input("1", "image", "b.png"), named) == [{"image": "b.png"}]


@pytest.mark.parametrize(
    ("after", "values"),
    [
        (with_input("3:4", "sigma", 2.0), []),  # inside a subgraph
        (with_input("1", "mask", "m.png"), ["a.png", "image"]),  # it had no value
        (with_input("1", "image", "b.png"), ["c.png", "image"]),
        (with_input("1", "image", "b.png"), ["a.png", "a.png"]),  # one may be the editor's own
        (with_input("1", "image", "b.png"), None),
    ],
)
def test_where_a_value_has_no_sure_place_there_is_no_graph(after: Any, values: Any) -> None:
    first = {"id": 1, "type": "LoadImage", "widgets_values": values}
    assert changed_graph({"nodes": [first]}, NODES, after) is None


def test_an_input_that_is_gone_leaves_no_graph() -> None:
    """Another choice brings others, and all values behind it move."""
    node = NODES[NodeId("2")]
    after = {**NODES, NodeId("2"): {**node, "inputs": {"width": 512}}}
    assert changed_graph(GRAPH, NODES, after) is None


@pytest.mark.parametrize(
    ("slots", "is_kept"),
    [
        ([{"name": "image", "link": 3}], False),
        ([{"name": "image", "link": None}, 7], True),
        ([{"name": "mask", "link": 3}], True),
        (None, True),
    ],
)
def test_a_value_that_comes_from_elsewhere_leaves_no_graph(slots: Any, is_kept: bool) -> None:
    """As that of a primitive, which the editor would show and send as it was."""
    first = {"id": 1, "type": "LoadImage", "widgets_values": ["a.png", "image"], "inputs": slots}
    found = changed_graph({"nodes": [first]}, NODES, with_input("1", "image", "b.png"))
    assert (found is not None) is is_kept


def test_numbers_of_another_kind_are_other_values() -> None:
    """In JSON 1, 1.0 and true are three."""
    graph = {"nodes": [{"id": 2, "type": "EmptyImage", "widgets_values": [512.0, 512, 512, "x"]}]}
    found = values_after(with_input("2", "width", 64), graph)
    assert found == [[512.0, 64, 512, "x"]]


@given(
    st.recursive(
        st.none() | st.integers(0, 2),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(st.sampled_from(["nodes", "id", "type", "widgets_values"]), inner)
        ),
    )
)
def test_any_json_is_judged(graph: Any) -> None:
    after = with_input("1", "image", "b.png")
    if is_graph_of(graph, {}):
        json.dumps(changed_graph(graph, NODES, after))
