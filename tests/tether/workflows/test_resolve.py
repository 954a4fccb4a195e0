"""Where values come from."""

from typing import Any

import pytest

from tests.tether.workflows.cases import case, converted, flow, node, slot
from tether.workflows.graph import read_graph
from tether.workflows.resolve import DEEPEST, OutputSlot, Resolver, Scope, Value, fits

LINKED = [
    *("10_bypassed_two_outputs", "12_bypassed_without_match", "13_bypassed_unlinked_first"),
    *("15_bypassed_list_type", "17_reroute_chain", "18_reroute_open", "20_primitive_two"),
    *("22_primitive_loose", "34_link_from_nowhere", "35_link_missing", "40_subgraph_twice"),
    *("41_promoted_value", "42_promoted_empty", "44_promoted_linked", "47_proxies_with_values"),
    *("48_proxies_minus_one", "50_nested_promoted", "51_nested_promoted_empty"),
    *("52_subgraph_bypassed", "53_subgraph_muted", "58_subgraph_through"),
    *("59_subgraph_output_open", "70_set_and_get", "71_get_without_set"),
    *("72_set_outside_get_inside", "73_reroutes_in_a_circle"),
]


@pytest.mark.parametrize("name", LINKED)
def test_links_are_followed_as_the_editor_follows_them(name: str) -> None:
    wanted = case(name)
    found = converted(wanted["workflow"])
    assert found.nodes == wanted["api"], wanted["about"]
    assert sorted(each.code for each in found.assumptions) == sorted(wanted["assumptions"])


@pytest.mark.parametrize(
    ("one", "other", "is_so"),
    [
        ("IMAGE", "IMAGE", True),
        ("image", "IMAGE", True),
        ("*", "IMAGE", True),
        ("IMAGE", "", True),
        ("MASK,IMAGE", "IMAGE", True),
        ("MASK", "IMAGE", False),
    ],
)
def test_which_types_fit(one: str, other: str, is_so: bool) -> None:
    assert fits(one, other) is is_so and fits(other, one) is is_so


def source(workflow: Any, of: str = "9", number: int = 0) -> Any:
    """Where an input of a node comes from; what was doubted, too."""
    doubts: list[str] = []
    graph = read_graph(workflow)
    resolver = Resolver(graph, lambda code, _node, _name: doubts.append(code))
    scope = Scope(graph.main)
    asked = scope.part.nodes[of]
    return resolver.source(scope, asked, asked.inputs[number]), doubts


ASKS = node(9, "SaveImage", slot("images", link=1))


def linked(*nodes: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A file in which node 9 asks node 1, and what node 1 has comes from link 2."""
    links = [[1, 1, 0, 9, 0, "IMAGE"], [2, 2, 0, 1, 0, "IMAGE"]]
    return flow(*nodes, ASKS, links=links, **more)


def test_a_node_that_runs() -> None:
    assert source(linked(node(1, "A"))) == (OutputSlot("1", 0), [])


@pytest.mark.parametrize("kind", ["Note", "MarkdownNote", "Reroute", "PrimitiveNode", "GetNode"])
def test_nodes_of_the_editor_that_have_nothing_to_give(kind: str) -> None:
    found, doubts = source(linked(node(1, kind)))
    assert found is None
    assert doubts == (["editor_link_gone"] if kind == "GetNode" else [])


def test_a_value_by_name_is_none_of_a_primitive_nor_a_getter() -> None:
    for kind in ("PrimitiveNode", "GetNode"):
        assert source(linked(node(1, kind, widgets_values={"a": 1})))[0] is None


def test_an_output_that_a_bypassed_node_does_not_have() -> None:
    bypassed = node(1, "A", slot("image", link=2), mode=4)
    bypassed["outputs"] = []
    assert source(linked(node(2, "B"), bypassed))[0] == OutputSlot("2", 0)


def subgraph(*nodes: dict[str, Any], links: Any = (), inputs: Any = ()) -> dict[str, Any]:
    """A definition by the id `s`."""
    return {"subgraphs": [{"id": "s", "nodes": list(nodes), "links": links, "inputs": inputs}]}


def test_an_output_of_a_subgraph_that_leads_nowhere() -> None:
    assert source(linked(node(1, "s"), definitions=subgraph(node(3, "B")))) == (None, [])


def test_an_output_that_leads_straight_to_an_input_out_of_range() -> None:
    through = [{"id": 5, "origin_id": -10, "origin_slot": 7, "target_id": -20, "target_slot": 0}]
    assert source(linked(node(1, "s"), definitions=subgraph(links=through))) == (None, [])


def test_a_subgraph_too_deep_gives_nothing() -> None:
    graph = read_graph(linked(node(1, "s"), definitions=subgraph(node(3, "B"))))
    resolver = Resolver(graph, lambda *_: None)
    deep = Scope(graph.main, "1:" * DEEPEST)
    asked = graph.main.nodes["9"]
    assert resolver.inner(deep, graph.main.nodes["1"]) is None
    assert resolver.source(deep, asked, asked.inputs[0]) is None


@pytest.mark.parametrize(
    ("values", "more", "found"),
    [
        ({"x": 5}, {}, Value(5)),
        ({"y": 5}, {}, None),
        ([5], {}, Value(5)),
        ([5, 6], {}, None),
        ([], {}, None),
        ([5, 6], {"properties": {"proxyWidgets": [["3", "a"], ["-1", "x"]]}}, Value(6)),
        ([5, 6], {"properties": {"proxyWidgets": [["3", "a"], ["3", "b"]]}}, None),
    ],
)
def test_what_a_subgraphs_node_holds(values: Any, more: Any, found: Any) -> None:
    """By name, in the order of the promoted inputs, or in that of its proxies."""
    inner = [{"id": 5, "origin_id": -10, "origin_slot": 0, "target_id": 3, "target_slot": 0}]
    inside = subgraph(node(3, "B", slot("a", widget="a")), links=inner, inputs=[slot("x")])
    graph = read_graph(flow(node(1, "s", widgets_values=values, **more), definitions=inside))
    resolver = Resolver(graph, lambda *_: None)
    scope = resolver.inner(Scope(graph.main), graph.main.nodes["1"])
    assert scope is not None
    assert resolver.promoted(scope, 0) == found


@pytest.mark.parametrize("target", [(4, 0), (3, 5)])
def test_an_input_that_leads_to_no_widget_holds_no_value(target: tuple[int, int]) -> None:
    links = [
        {"id": 4, "origin_id": 3, "origin_slot": 0, "target_id": 3, "target_slot": 0},
        {
            "id": 5,
            "origin_id": -10,
            "origin_slot": 0,
            "target_id": target[0],
            "target_slot": target[1],
        },
    ]
    inside = subgraph(node(3, "B", slot("a", widget="a")), links=links, inputs=[slot("x")])
    graph = read_graph(flow(node(1, "s", widgets_values=[5]), definitions=inside))
    resolver = Resolver(graph, lambda *_: None)
    scope = resolver.inner(Scope(graph.main), graph.main.nodes["1"])
    assert scope is not None and resolver.promoted(scope, 0) is None


def test_what_stands_over_a_widget_inside() -> None:
    proxies = {"properties": {"proxyWidgets": [["3", "a"]]}}
    for values, found in (([5], Value(5)), ([], None), ({"a": 5}, None)):
        graph = read_graph(
            flow(node(1, "s", widgets_values=values, **proxies), definitions=subgraph(node(3, "B")))
        )
        resolver = Resolver(graph, lambda *_: None)
        main = Scope(graph.main)
        scope = resolver.inner(main, graph.main.nodes["1"])
        assert scope is not None
        assert resolver.override(scope, scope.part.nodes["3"], "a") == found
        assert resolver.override(main, graph.main.nodes["1"], "a") is None
