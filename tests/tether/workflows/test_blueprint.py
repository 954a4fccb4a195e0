"""Blueprints made into workflows that run."""

from typing import Any

import pytest
from hypothesis import given

from tests.tether.core.junk import anything
from tether.workflows.blueprint import completed
from tether.workflows.graph import read_graph


def slot(kind: str, **more: Any) -> dict[str, Any]:
    return {"name": kind.lower(), "type": kind, **more}


def blueprint(inputs: list[Any], outputs: list[Any]) -> dict[str, Any]:
    node = {"id": -1, "type": "sub", "inputs": inputs, "outputs": outputs, "title": "Sharper"}
    definitions = {"subgraphs": [{"id": "sub", "nodes": [], "links": []}]}
    return {"nodes": [node], "links": [], "definitions": definitions}


def test_what_it_takes_is_loaded_and_what_it_gives_is_saved() -> None:
    given_ = [slot("IMAGE", links=[]), slot("VIDEO", links=None)]
    content = completed(blueprint([slot("STRING"), slot("IMAGE", link=None)], given_))
    graph = read_graph(content).main
    assert [(each.id, each.type) for each in graph.nodes.values()] == [
        *(("1", "sub"), ("2", "LoadImage"), ("3", "SaveImage"), ("4", "SaveVideo")),
    ]
    assert list(map(tuple, graph.links.values())) == [
        *(("2", 0, "1", 1), ("1", 0, "3", 0), ("1", 1, "4", 0)),
    ]
    assert [each.link for each in graph.nodes["1"].inputs] == [None, "1"]
    assert [each.link for each in graph.nodes["3"].inputs] == ["2"]
    assert content["nodes"][0]["title"] == "Sharper"
    assert content["definitions"]["subgraphs"][0]["id"] == "sub"


def test_a_mask_comes_from_the_second_output_of_a_picture() -> None:
    graph = read_graph(completed(blueprint([slot("MASK")], [slot("MASK")]))).main
    assert list(map(tuple, graph.links.values())) == [("2", 1, "1", 0), ("1", 0, "3", 0)]
    assert [each.name for each in graph.nodes["2"].outputs] == ["IMAGE", "MASK"]
    assert graph.nodes["3"].type == "MaskPreview"


def test_of_several_types_the_first_known_one_is_taken() -> None:
    graph = read_graph(completed(blueprint([slot("LATENT,MASK,IMAGE")], [slot("FLOAT")]))).main
    assert [each.type for each in graph.nodes.values()] == ["sub", "LoadImage", "PreviewAny"]
    assert graph.links["1"].origin_slot == 1


def test_what_is_optional_or_unknown_stays_open() -> None:
    content = blueprint([slot("IMAGE", shape=7), slot("LATENT"), 7, {"type": 7}], [slot("POSE")])
    assert len(completed(content)["nodes"]) == 1


@pytest.mark.parametrize("content", [7, {}, {"nodes": []}, {"nodes": [{"inputs": []}]}])
def test_other_files_stay_as_they_are(content: Any) -> None:
    assert completed(content) == content


@given(anything, anything)
def test_any_slots_are_taken(inputs: Any, outputs: Any) -> None:
    content = blueprint(inputs, outputs)
    assert "nodes" in completed(content)
