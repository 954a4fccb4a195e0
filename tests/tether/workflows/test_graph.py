"""The editor's file, read."""

from typing import Any

import pytest

from tests.tether.workflows.cases import flow, node, slot
from tether.core.errors import BadInput
from tether.workflows import graph as module
from tether.workflows.graph import Link, classes_needed, is_editor_format, read_graph


def test_which_format_it_is() -> None:
    assert is_editor_format({"nodes": []})
    assert not is_editor_format({"1": {"class_type": "A"}}) and not is_editor_format([])


def test_nodes_links_and_subgraphs() -> None:
    inner = {"id": "s-1", "nodes": [node(3, "B")], "inputs": [slot("x")], "outputs": [slot("y")]}
    inner["links"] = [
        {"id": 7, "origin_id": -10, "origin_slot": 0, "target_id": 3, "target_slot": 1}
    ]
    graph = read_graph(
        flow(
            node(
                "a", "A", slot("in", link=1, widget="w"), title="Mine", mode=4, widgets_values=[1]
            ),
            node(2, "s-1", properties={"proxyWidgets": [["3", "w"], "bad", ["3"]]}),
            node(4, "Note"),
            links=[[1, 2, 0, "a", 0, "IMAGE"], "bad", [1, 2]],
            definitions={"subgraphs": [inner, "bad", {"id": 3}]},
        )
    )
    first = graph.main.nodes["a"]
    assert (first.label, first.mode, first.values) == ("Mine (a)", 4, [1])
    assert first.inputs[0][:4] == ("in", "IMAGE", "1", "w")
    assert graph.main.nodes["2"].proxies == (("3", "w"),)
    assert graph.main.links == {"1": Link("2", 0, "a", 0)}
    part = graph.subgraphs["s-1"]
    assert part.links == {"7": Link("-10", 0, "3", 1)}
    assert (part.inputs[0].name, part.outputs[0].name) == ("x", "y")
    assert classes_needed(graph) == ("A", "B")


def test_what_cannot_be_read_is_left_out_or_keeps_its_place() -> None:
    odd: dict[str, Any] = {"id": 1, "type": "A", "mode": "x", "title": 3, "widgets_values": "x"}
    odd |= {"inputs": [3, {"name": 1, "type": 2, "link": True, "widget": 4}], "outputs": None}
    odd |= {"properties": {"proxyWidgets": {}}, "widgets_values_named": []}
    graph = read_graph(flow(odd, {"id": 2}, {"type": "B"}, definitions={"subgraphs": 3}))
    (only,) = graph.main.nodes.values()
    assert (only.mode, only.title, only.values, only.label) == (0, "", [], "A (1)")
    assert [tuple(each) for each in only.inputs] == [("", "*", None, None)] * 2
    assert only.named == {} and graph.subgraphs == {}


def test_names_of_values() -> None:
    graph = read_graph(flow(node(1, "A", widgets_values_named={"a": 1})))
    assert graph.main.nodes["1"].named == {"a": 1}


@pytest.mark.parametrize("content", [3, {}, {"nodes": []}, {"nodes": ["x"], "definitions": []}])
def test_what_is_no_such_file(content: Any) -> None:
    with pytest.raises(BadInput) as refused:
        read_graph(content)
    assert refused.value.trouble.code == "workflow_not_workflow"


def test_far_too_many_nodes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_NODES", 2)
    part = {"id": "s", "nodes": [node(1, "A"), node(2, "A")]}
    with pytest.raises(BadInput) as refused:
        read_graph(flow(node(1, "s"), definitions={"subgraphs": [part]}))
    assert refused.value.trouble.code == "workflow_too_many_nodes"
