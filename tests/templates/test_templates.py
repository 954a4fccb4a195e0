"""The workflows that ComfyUI itself comes with, as its editor saved them."""

import json
from collections.abc import Iterator
from importlib.resources import files
from typing import Any

import pytest

from tests.tether.workflows.cases import INFOS
from tether.workflows.convert import convert
from tether.workflows.graph import (
    BYPASSED,
    MUTED,
    VIRTUAL,
    Graph,
    Part,
    classes_needed,
    is_editor_format,
    read_graph,
)

TEMPLATES = files("comfyui_workflow_templates_json") / "templates"
FEWEST = 600
"""Templates of the pinned package that are workflows: fewer, and we would test nothing."""


def workflows() -> Iterator[tuple[str, Any]]:
    """Yield every template that is a workflow."""
    for path in TEMPLATES.iterdir():
        if path.name.endswith(".json"):
            content = json.loads(path.read_text(encoding="utf-8"))
            if is_editor_format(content):
                yield path.name, content


def running(graph: Graph, part: Part, prefix: str = "") -> Iterator[str]:
    """Yield the ids of all nodes that run, counted in the plainest way."""
    for node in part.nodes.values():
        if node.mode in (MUTED, BYPASSED) or node.type in VIRTUAL:
            continue
        if node.type in graph.subgraphs:
            yield from running(graph, graph.subgraphs[node.type], f"{prefix}{node.id}:")
        else:
            yield f"{prefix}{node.id}"


@pytest.mark.parametrize("is_known", [True, False])
def test_every_template_is_converted_and_doubts_name_their_node(*, is_known: bool) -> None:
    """No node that is needed is missing, no link leads nowhere; what is unsure is said of whom."""
    count = unsure = 0
    for name, content in workflows():
        graph = read_graph(content)
        infos = {each: INFOS.get(each) if is_known else None for each in classes_needed(graph)}
        result = convert(graph, infos)
        count += 1
        unsure += bool(result.assumptions)
        left_out = {
            dict(each.facts)["node"].rpartition("(")[2].rstrip(")")
            for each in result.assumptions
            if each.code == "editor_node_left_out"
        }
        missing = set(running(graph, graph.main)) - set(result.nodes)
        assert not set(result.nodes) - set(running(graph, graph.main)), name
        assert {node_id.rpartition(":")[2] for node_id in missing} <= left_out, name
        for node in result.nodes.values():
            for value in node["inputs"].values():
                if isinstance(value, list):
                    assert value[0] in result.nodes, f"{name}: {value}"
        told = {dict(each.facts)["node"] for each in result.assumptions}
        assert all(told), name
        for node_id, node in result.nodes.items():
            if infos.get(node["class_type"]) is None:
                ids = {text.rpartition("(")[2].rstrip(")") for text in told}
                assert node_id.rpartition(":")[2] in ids, f"{name}: nothing is said of {node_id}"
    print(f"{count} templates, {unsure} with assumptions")
    assert count >= FEWEST
