"""Whole workflows of the editor, and what servers get of them."""

import json
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tether.workflows.cases import INFOS, NAMES, case, converted, flow, node, slot
from tether.core.errors import BadInput
from tether.core.ids import NodeId
from tether.core.protocol.node_info import read_node_info
from tether.workflows import convert as module
from tether.workflows.convert import convert
from tether.workflows.graph import classes_needed, read_graph

GOOD = tuple(name for name in NAMES if case(name)["api"] is not None)


def test_there_are_enough() -> None:
    assert len(GOOD) >= 40


@pytest.mark.parametrize("name", GOOD)
def test_servers_get_what_the_editor_would_send(name: str) -> None:
    wanted = case(name)
    found = converted(wanted["workflow"])
    assert found.nodes == wanted["api"], wanted["about"]
    assert sorted(each.code for each in found.assumptions) == sorted(wanted["assumptions"])
    assert all(dict(each.facts)["node"] for each in found.assumptions)


def test_a_subgraph_in_itself_is_refused() -> None:
    with pytest.raises(BadInput) as refused:
        converted(case("74_subgraph_contains_itself")["workflow"])
    assert refused.value.trouble.code == "editor_too_deep"


def test_subgraphs_that_multiply_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each twice in the next: a file of a few lines, and a million nodes."""
    monkeypatch.setattr(module, "MOST_NODES", 100)
    parts = [
        {"id": f"s{n}", "nodes": [node(1, f"s{n + 1}"), node(2, f"s{n + 1}")]} for n in range(20)
    ]
    with pytest.raises(BadInput) as refused:
        converted(flow(node(1, "s0"), definitions={"subgraphs": [*parts, {"id": "s20"}]}))
    assert refused.value.trouble.code == "workflow_too_many_nodes"


def test_where_nothing_runs_there_is_no_workflow() -> None:
    with pytest.raises(BadInput):
        converted(flow(node(1, "Note"), node(2, "SaveImage", mode=2)))


def test_a_link_to_what_does_not_run_goes() -> None:
    """A subgraph's node that stands in for one of the editor gives nothing."""
    saved = node(2, "SaveImage", slot("images", link=1), widgets_values=["x"])
    result = converted(flow(node(1, "Note"), saved, links=[[1, 1, 0, 2, 0, "IMAGE"]]))
    assert result.nodes["2"]["inputs"] == {"filename_prefix": "x"}  # type: ignore[index]


def shuffled(value: Any, random: Random) -> Any:
    """The same file with its nodes and links in another order."""
    if isinstance(value, dict):
        result = {key: shuffled(each, random) for key, each in value.items()}
        for key in ("nodes", "links"):
            if isinstance(result.get(key), list):
                random.shuffle(result[key])
        return result
    return [shuffled(each, random) for each in value] if isinstance(value, list) else value


@given(name=st.sampled_from(GOOD), seed=st.integers(0, 2**32))
def test_the_order_of_nodes_and_links_does_not_matter(name: str, seed: int) -> None:
    workflow = case(name)["workflow"]
    assert converted(shuffled(workflow, Random(seed))) == converted(workflow)


@given(name=st.sampled_from(GOOD))
def test_converting_twice_gives_the_same(name: str) -> None:
    workflow = case(name)["workflow"]
    first = converted(workflow)
    assert converted(workflow) == first
    assert list(converted(workflow).nodes) == list(first.nodes)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-20, 5) | st.text("a1:", max_size=3),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner),
    max_leaves=12,
)


@given(data=st.data(), name=st.sampled_from(GOOD), known=st.booleans())
def test_a_damaged_file_is_converted_or_refused(
    data: st.DataObject, name: str, known: bool
) -> None:
    """Whatever stands where something else should."""
    workflow = json.loads(json.dumps(case(name)["workflow"]))
    for _ in range(data.draw(st.integers(1, 5))):
        place = workflow
        while True:
            keys = sorted(place) if isinstance(place, dict) else range(len(place))
            if not keys:
                break
            key = data.draw(st.sampled_from(list(keys)))
            if isinstance(place[key], dict | list) and data.draw(st.integers(0, 4)):
                place = place[key]
                continue
            place[key] = data.draw(JSON)
            break
    try:
        graph = read_graph(workflow)
        infos = {each: INFOS.get(each) if known else None for each in classes_needed(graph)}
        result = module.convert(graph, infos)
    except BadInput as error:
        assert error.trouble.code
        return
    json.dumps(result.nodes)
    for converted_node in result.nodes.values():
        for value in converted_node["inputs"].values():
            assert not isinstance(value, list) or value[0] in result.nodes


def inputs_of(workflow: Any, node_id: str) -> Any:
    return converted(workflow).nodes[NodeId(node_id)]["inputs"]


def test_prompts_with_choices_are_decided_of_the_nodes_own_widgets_alone() -> None:
    """What comes from outside a subgraph the editor takes as it is."""
    prompt = node(5, "CLIPTextEncode", slot("text", link=1, widget="text"), widgets_values=["{i}"])
    link = {"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 5, "target_slot": 0}
    parts = [{"id": "s", "nodes": [prompt], "links": [link], "inputs": [slot("text")]}]
    host = node(1, "s", slot("text", widget="text"), widgets_values=["{o|p}"])
    own = node(2, "CLIPTextEncode", widgets_values=["{a|b} // c"])
    workflow = flow(host, own, definitions={"subgraphs": parts})
    assert inputs_of(workflow, "1:5")["text"] == "{o|p}"
    assert inputs_of(workflow, "2")["text"] == "b "
    proxied = {**host, "properties": {"proxyWidgets": [["5", "text"]]}, "inputs": []}
    parts[0]["links"] = []
    workflow = flow(proxied, definitions={"subgraphs": parts})
    assert inputs_of(workflow, "1:5")["text"] == "{o|p}"


def test_file_names_name_nodes_as_the_editor_does() -> None:
    alias = {"properties": {"Node name for S&R": "Mine"}}
    sampler = node(2, "KSampler", widgets_values=[5, "fixed", 21, 8.0, "a", "b", 1.0], **alias)
    saved = node(3, "SaveImage", widgets_values=["%Mine.steps%-%date:yy%"])
    assert inputs_of(flow(sampler, saved), "3") == {"filename_prefix": "21-26"}


def test_a_curve_is_no_list_but_is_wrapped_as_one() -> None:
    """The editor's own result."""
    info = read_node_info("C", json.dumps({"C": {"input": {"required": {"c": ["CURVE", {}]}}}}))
    for value, sent in (
        ({"points": []}, {"__type__": "CURVE", "__value__": {"points": []}}),
        (3, 3),
    ):
        graph = read_graph(flow(node(1, "C", widgets_values=[value])))
        assert convert(graph, {"C": info}).nodes[NodeId("1")]["inputs"] == {"c": sent}


def test_which_option_it_is_follows_the_choice_from_outside() -> None:
    inner = node(
        5,
        "CustomCombo",
        slot("choice", "COMBO", 1, widget="choice"),
        widgets_values=["b", 1, "a", "b", ""],
    )
    link = {"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 5, "target_slot": 0}
    parts = [{"id": "s", "nodes": [inner], "links": [link], "inputs": [slot("c")]}]
    host = node(1, "s", slot("c", widget="c"), widgets_values=["a"])
    found = inputs_of(flow(host, definitions={"subgraphs": parts}), "1:5")
    assert (found["choice"], found["index"]) == ("a", 0)


def test_what_no_server_knows_is_left_out_only_where_nothing_needs_it() -> None:
    alone = node(1, "Odd", widgets_values=[1])
    taking = node(2, "Odd", slot("images", link=7))
    giving = node(3, "Odd")
    saved = node(4, "SaveImage", slot("images", link=8), widgets_values=["x"])
    links = [[7, 4, 0, 2, 0, "IMAGE"], [8, 3, 0, 4, 0, "IMAGE"]]
    result = converted(flow(alone, taking, giving, saved, links=links))
    assert set(result.nodes) == {"2", "3", "4"}
    codes = {dict(each.facts)["node"]: each.code for each in result.assumptions}
    assert codes["Odd (1)"] == "editor_node_left_out"
    assert "editor_node_left_out" not in (codes["Odd (2)"], codes["Odd (3)"])
    unknown = convert(read_graph(flow(alone)), {"Odd": None})
    assert set(unknown.nodes) == {"1"}, "no server has answered: nothing is known of any class"


def test_tools_of_the_editor_are_left_out_and_told() -> None:
    muter = node(1, "Fast Groups Muter (rgthree)", mode=2)
    result = converted(flow(muter, node(2, "SaveImage", widgets_values=["x"])))
    assert set(result.nodes) == {"2"}
    assert [each.code for each in result.assumptions] == ["editor_node_left_out"]
