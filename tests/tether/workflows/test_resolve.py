"""Where values come from."""

from typing import Any

import pytest

from tests.tether.workflows.cases import case, converted, flow, node, slot
from tether.core.errors import BadInput
from tether.workflows import resolve as module
from tether.workflows.graph import Node, read_graph
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


def _none(_node: Node) -> dict[str, Any]:
    """No values of widgets."""
    return {}


def source(workflow: Any, of: str = "9", number: int = 0) -> Any:
    """Where an input of a node comes from; what was doubted, too."""
    doubts: list[str] = []
    graph = read_graph(workflow)
    resolver = Resolver(graph, lambda code, _node, _name: doubts.append(code), _none)
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
    resolver = Resolver(graph, lambda *_: None, _none)
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
        ([5, 6], {"properties": {"proxyWidgets": [["3", "a"], ["3", "b"]]}}, Value(5)),
        ([5, 6], {"properties": {"proxyWidgets": [["4", "a"], ["4", "b"]]}}, None),
    ],
)
def test_what_a_subgraphs_node_holds(values: Any, more: Any, found: Any) -> None:
    """By name, in the order of the promoted inputs, or in that of its proxies."""
    inner = [{"id": 5, "origin_id": -10, "origin_slot": 0, "target_id": 3, "target_slot": 0}]
    inside = subgraph(node(3, "B", slot("a", widget="a")), links=inner, inputs=[slot("x")])
    graph = read_graph(flow(node(1, "s", widgets_values=values, **more), definitions=inside))
    resolver = Resolver(graph, lambda *_: None, _none)
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
    resolver = Resolver(graph, lambda *_: None, _none)
    scope = resolver.inner(Scope(graph.main), graph.main.nodes["1"])
    assert scope is not None and resolver.promoted(scope, 0) is None


def test_what_stands_over_a_widget_inside() -> None:
    proxies = {"properties": {"proxyWidgets": [["3", "a"]]}}
    for values, found in (([5], Value(5)), ([], None), ({"a": 5}, None)):
        graph = read_graph(
            flow(node(1, "s", widgets_values=values, **proxies), definitions=subgraph(node(3, "B")))
        )
        resolver = Resolver(graph, lambda *_: None, _none)
        main = Scope(graph.main)
        scope = resolver.inner(main, graph.main.nodes["1"])
        assert scope is not None
        assert resolver.override(scope, scope.part.nodes["3"], "a") == found
        assert resolver.override(main, graph.main.nodes["1"], "a") is None


def test_what_packs_put_between_passes_on_or_gives_nothing() -> None:
    between = node(1, "Reroute (rgthree)", slot("", link=2))
    assert source(linked(node(2, "B"), between)) == (OutputSlot("2", 0), [])
    assert source(linked(node(2, "B"), node(1, "Fast Muter (rgthree)"))) == (None, [])


def test_a_name_is_looked_for_among_its_own_kind() -> None:
    kept = node(1, "easy setNode", slot("x", link=2), widgets_values=["n"])
    other = node(4, "SetNode", slot("x", link=9), widgets_values=["n"])
    got = node(3, "easy getNode", widgets_values=["n"])
    links = [[1, 3, 0, 9, 0, "IMAGE"], [2, 2, 0, 1, 0, "IMAGE"]]
    workflow = flow(other, kept, got, node(2, "B"), ASKS, links=links)
    assert source(workflow) == (OutputSlot("2", 0), [])


def fed(*links: tuple[int, int, int], nodes: Any, **host: Any) -> Any:
    """What the input of a subgraph's node 1 has, whose links lead to these nodes and slots."""
    rows = [
        {"id": n, "origin_id": -10, "origin_slot": 0, "target_id": of, "target_slot": at}
        for n, of, at in links
    ]
    parts = subgraph(*nodes, links=rows, inputs=[slot("x")])["subgraphs"]
    nested = {"id": "t", "nodes": [node(6, "C", slot("d", widget="d"))], "inputs": [slot("y")]}
    nested["links"] = [
        {"id": 1, "origin_id": -10, "origin_slot": 0, "target_id": 6, "target_slot": 0}
    ]
    groups = {"groupNodes": {"G": {"nodes": [node(0, "D", slot("g", widget="g"))]}}}
    defined = {"subgraphs": [*parts, nested]}
    graph = read_graph(flow(node(1, "s", **host), definitions=defined, extra=groups))
    resolver = Resolver(graph, lambda *_: None, lambda each: {"a": 42, "d": 7}.copy())
    scope = resolver.inner(Scope(graph.main), graph.main.nodes["1"])
    assert scope is not None
    return resolver.promoted(scope, 0)


PLAIN = node(4, "P", slot("p"))
HELD = node(3, "B", slot("a", widget="a"), slot("b", widget="b"))


def test_an_open_input_has_the_value_of_the_first_widget_that_it_feeds() -> None:
    """For all that it feeds: a switch without it is refused, a sum would lack a part."""
    assert fed((1, 4, 0), (2, 3, 0), nodes=[HELD, PLAIN]) == Value(42)
    assert fed((1, 4, 0), nodes=[HELD, PLAIN]) is None
    assert fed((1, 3, 1), (2, 3, 0), nodes=[HELD]) == Value(42)
    assert fed((1, 4, 0), (2, 3, 0), nodes=[HELD, PLAIN], widgets_values=[5]) == Value(5)


def test_an_open_input_that_feeds_a_subgraph_has_the_value_in_there() -> None:
    inner = node(5, "t", slot("y", widget="y"), slot("q"))
    assert fed((1, 5, 0), nodes=[inner]) == Value(7)
    assert fed((1, 5, 1), (2, 3, 0), nodes=[inner, HELD]) == Value(42)
    assert fed((1, 5, 0), nodes=[node(5, "t", slot("y"), widgets_values=[8])]) == Value(8)
    assert fed((1, 5, 0), nodes=[node(5, "workflow/G", slot("g", widget="g"))]) is None


def test_subgraphs_that_contain_each_other_are_not_searched_for_ever(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "MOST_VISITED", 50)
    rows = [(n, n, 0) for n in (3, 4)]
    with pytest.raises(BadInput) as refused:
        fed(*rows, nodes=[node(n, "s", slot("x")) for n in (3, 4)])
    assert refused.value.trouble.code == "editor_too_deep"


def group(values: Any, *slots: dict[str, Any]) -> tuple[Any, list[str]]:
    """The scope in a group of two nodes with two and one values, and what was doubted."""
    first = {"type": "A", "inputs": [slot("x"), slot("w", widget="w")], "outputs": []}
    first["widgets_values"] = [1, 2]
    second = {"type": "B", "inputs": [slot("y")], "outputs": [], "widgets_values": {"a": 3}}
    groups = {"groupNodes": {"G": {"nodes": [first, second]}}}
    links = [[5, 8, 0, 1, 0, "IMAGE"]]
    outer = node(1, "workflow>G", *slots, widgets_values=values)
    graph = read_graph(flow(outer, node(8, "Z"), links=links, extra=groups))
    doubts: list[str] = []
    resolver = Resolver(graph, lambda code, *_: doubts.append(code), lambda _node: {"w": 2})
    scope = resolver.inner(Scope(graph.main), graph.main.nodes["1"])
    assert scope is not None
    found = [scope.part.nodes[key].values for key in ("0", "1")]
    inputs = scope.part.nodes["0"].inputs + scope.part.nodes["1"].inputs
    owners = [scope.part.nodes[key] for key in ("0", "0", "1")]
    sources = [
        resolver.source(scope, owner, each) for owner, each in zip(owners, inputs, strict=True)
    ]
    return (found, sources), doubts


def test_a_group_has_the_values_of_all_in_it() -> None:
    assert group([7, 8, 9])[0][0] == [[7, 8], {"a": 3}]
    assert group([]) == (([[1, 2], {"a": 3}], [None, None, None]), [])
    assert group([7]) == (([[1, 2], {"a": 3}], [None, None, None]), ["editor_group_values"])


def test_the_inputs_of_a_group_are_those_in_it_in_order() -> None:
    """Whatever they are called outside; those of widgets by their last word."""
    by_order = (slot("first picture"), slot("second picture", link=5))
    assert group([], *by_order)[0][1] == [None, None, OutputSlot("8", 0)]
    by_name = (slot("A w", widget="A w", link=5),)
    assert group([], *by_name)[0][1] == [None, OutputSlot("8", 0), None]


def test_an_input_that_is_joined_to_nothing_has_its_own_value() -> None:
    row = {"id": 5, "origin_id": -10, "origin_slot": 0, "target_id": 3, "target_slot": 0}
    inside = subgraph(HELD, links=[row], inputs=[slot("x")])
    host = node(1, "s", slot("x", link=2), widgets_values=[5])
    links = [[2, 8, 0, 1, 0, "IMAGE"]]
    graph = read_graph(flow(host, node(8, "Note"), links=links, definitions=inside))
    resolver = Resolver(graph, lambda *_: None, _none)
    scope = resolver.inner(Scope(graph.main), graph.main.nodes["1"])
    assert scope is not None
    held = scope.part.nodes["3"]
    assert resolver.source(scope, held, held.inputs[0]._replace(link="5")) == Value(5)
