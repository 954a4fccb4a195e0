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


def test_ids_that_other_programs_write_as_numbers_with_a_point() -> None:
    graph = read_graph(
        flow(
            node(1.0, "A"),
            node(2.5, "B", slot("in", link=7.0)),
            links=[[7.0, 1.0, 0, 2.5, 0, "IMAGE"]],
        )
    )
    assert set(graph.main.nodes) == {"1", "2.5"}
    assert graph.main.links == {"7": Link("1", 0, "2.5", 0)}
    assert graph.main.nodes["2.5"].inputs[0].link == "7"


def test_nodes_and_links_may_stand_under_their_names() -> None:
    link = {"id": 7, "origin_id": 1, "origin_slot": 0, "target_id": 2, "target_slot": 0}
    content = {"nodes": {"1": node(1, "A"), "2": node(2, "B")}, "links": {"7": link}}
    assert is_editor_format(content)
    assert read_graph(content).main.links == {"7": Link("1", 0, "2", 0)}


def test_links_are_in_the_order_in_which_they_were_made() -> None:
    links = [[10, 1, 0, 2, 0, "A"], [9, 1, 0, 2, 0, "A"], ["b", 1, 0, 2, 0, "A"]]
    assert list(read_graph(flow(node(1, "A"), links=links)).main.links) == ["9", "b", "10"]


def test_what_a_node_is_called_in_names_of_files() -> None:
    graph = read_graph(flow(node(1, "A", properties={"Node name for S&R": "Mine"})))
    assert graph.main.nodes["1"].alias == "Mine"


def test_links_beside_the_graph_go_into_inputs_that_are_open() -> None:
    """“Use Everywhere” draws none; a link that is drawn stands before."""
    rows = [
        {"upstream": "1", "upstream_slot": 2, "downstream": 2, "downstream_slot": 1},
        {"upstream": "1", "upstream_slot": 2, "downstream": 2, "downstream_slot": 0},
        {"upstream": "1", "upstream_slot": 2, "downstream": 2, "downstream_slot": 9},
        {"upstream": "1", "upstream_slot": 2, "downstream": 2, "downstream_slot": -1},
        {"upstream": "1", "upstream_slot": 2, "downstream": 7, "downstream_slot": 0},
        "bad",
    ]
    target = node(2, "B", slot("a", link=5), slot("b"))
    links = [[5, 3, 0, 2, 0, "IMAGE"]]
    graph = read_graph(flow(target, links=links, extra={"ue_links": rows}))
    first, second = graph.main.nodes["2"].inputs
    assert first.link == "5" and second.link is not None
    assert graph.main.links[second.link] == Link("1", 2, "2", 1)
    assert len(graph.main.links) == 2


def inside(**more: Any) -> dict[str, Any]:
    """A group of a node that makes two things, and one that takes one."""
    first = {"type": "A", "inputs": [slot("x", link=88), slot("w", widget="w")]}
    first["outputs"] = [slot("IMAGE"), slot("MASK")]
    second = {"type": "B", "inputs": [slot("y"), slot("z")], "outputs": [slot("IMAGE")]}
    links = [[0, 0, 1, 0, 5, "IMAGE"], [None, 0, 1, 1, 5, "*"], [0, 0, 1, 9, 5, "*"], "bad"]
    return {"nodes": [first, second, "bad"], "links": links, **more}


def test_a_group_is_a_subgraph_of_an_older_form() -> None:
    """What isn't linked inside is its own: inputs, those of widgets last, and outputs."""
    graph = read_graph(flow(node(1, "A"), extra={"groupNodes": {"G": inside(), "bad": 3}}))
    assert set(graph.subgraphs) == {"workflow/G", "workflow>G"}
    part = graph.subgraphs["workflow/G"]
    assert part.is_group and set(part.nodes) == {"0", "1"}
    assert [each.name for each in part.inputs] == ["x", "z", "w"]
    assert [each.name for each in part.outputs] == ["MASK", "IMAGE"]
    assert Link("0", 0, "1", 0) in part.links.values()
    assert Link("-10", 2, "0", 1) in part.links.values()


def test_a_group_shows_what_its_maker_chose() -> None:
    config = {
        "0": {"input": {"x": {"visible": False}}, "output": {"1": {"visible": False}}},
        "1": {"output": 3},
    }
    group = inside(config=config, external=[[0, 0, "IMAGE"], "bad"])
    part = read_graph(flow(node(1, "A"), extra={"groupNodes": {"G": group}})).subgraphs[
        "workflow>G"
    ]
    assert [each.name for each in part.inputs] == ["z", "w"]
    assert [(each.origin, each.origin_slot) for each in part.links.values()][-2:] == [
        ("0", 0),
        ("1", 0),
    ]


def test_nodes_of_groups_count(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_NODES", 4)
    with pytest.raises(BadInput):
        read_graph(flow(node(1, "A"), extra={"groupNodes": {"G": inside()}}))
