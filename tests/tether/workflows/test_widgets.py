"""Widget values, from their order to their names."""

import json
from typing import Any

import pytest

from tests.tether.workflows.cases import INFOS, flow, node, slot
from tether.core.protocol.node_info import InputInfo, NodeInfo, read_node_info
from tether.workflows.graph import Node, read_graph
from tether.workflows.widgets import default_of, values_of


def one(values: Any, *inputs: dict[str, Any], kind: str = "A", **more: Any) -> Node:
    """A node with these values."""
    graph = read_graph(flow(node(1, kind, *inputs, widgets_values=values, **more)))
    return graph.main.nodes["1"]


def named(values: Any, kind: str) -> tuple[dict[str, Any], str]:
    """The values of a class that is described."""
    found = values_of(one(values, kind=kind), INFOS[kind])
    return found.named, found.doubt


def described(**inputs: Any) -> NodeInfo:
    """A class with these required inputs."""
    info = read_node_info("A", json.dumps({"A": {"input": {"required": inputs}}}))
    assert info is not None
    return info


SAMPLER = [5, "randomize", 20, 8.0, "euler", "normal", 1.0]


def test_a_seed_is_followed_by_what_becomes_of_it() -> None:
    found, doubt = named(SAMPLER, "KSampler")
    assert list(found) == ["seed", "steps", "cfg", "sampler_name", "scheduler", "denoise"]
    assert (found["seed"], found["steps"], doubt) == (5, 20, "")
    assert named([5, *SAMPLER[2:]], "KSampler") == (found, "")


def test_the_control_of_a_choice_is_followed_by_a_filter() -> None:
    """Compared with the editor's own result."""
    info = described(
        a=[["x", "y"], {"control_after_generate": True}], b=["STRING", {}], n=["INT", {}]
    )
    assert values_of(one(["y", "fixed", "", "hi", 3]), info).named == {"a": "y", "b": "hi", "n": 3}
    last = described(a=[["x", "y"], {"control_after_generate": True}])
    assert values_of(one(["y", "fixed"]), last) == ({"a": "y"}, "")


def test_a_button_is_no_value() -> None:
    assert named(["a.png", "image"], "LoadImage") == ({"image": "a.png"}, "")
    assert named(["a.png"], "LoadImage") == ({"image": "a.png"}, "")


def test_too_few_and_too_many() -> None:
    found, doubt = named(SAMPLER[:3], "KSampler")
    assert doubt == "editor_values_missing" and found["cfg"] == 8.0
    found, doubt = named([*SAMPLER, "more"], "KSampler")
    assert doubt == "editor_values_left" and found["denoise"] == 1.0
    assert named([*SAMPLER, None, ""], "KSampler")[1] == ""


def test_what_is_optional_may_be_missing() -> None:
    info = read_node_info(
        "A", json.dumps({"A": {"input": {"optional": {"a": ["INT", {"default": 3}]}}}})
    )
    assert values_of(one([]), info).named == {} and values_of(one([]), info).doubt == ""


def test_a_required_value_without_a_default_stays_away() -> None:
    info = described(a=["COMBO", {"remote": {}}])
    assert values_of(one([]), info) == ({}, "editor_values_missing")


def test_values_by_name() -> None:
    values = {"steps": 3, "videopreview": {"x": 1}, "other": 4}
    assert named(values, "KSampler") == ({"steps": 3}, "")
    assert values_of(one(values), None).named == {"steps": 3, "other": 4}


def test_a_choice_brings_inputs_of_its_own() -> None:
    brought = {"required": {"seed": ["INT", {}], "image": ["IMAGE"]}}
    options = [{"key": "big", "inputs": brought}, {"key": "small"}, "nonsense"]
    info = described(
        model=["COMFY_DYNAMICCOMBO_V3", {"options": options}], last=["STRING", {"default": "x"}]
    )
    found = values_of(one(["big", 7, "fixed", "end"]), info)
    assert found == ({"model": "big", "model.seed": 7, "last": "end"}, "")
    assert values_of(one(["small", "end"]), info).named == {"model": "small", "last": "end"}
    odd = described(model=["COMFY_DYNAMICCOMBO_V3", {}])
    assert values_of(one(["small"]), odd).named == {"model": "small"}


def test_parts_behind_an_object_are_no_values() -> None:
    info = described(box=["COLOR", {}])
    assert values_of(one([{"x": 1}, 1, 2]), info) == ({"box": {"x": 1}}, "")


@pytest.mark.parametrize(
    ("info", "value"),
    [
        (InputInfo("a", "INT", True, {"default": 5}), 5),
        (InputInfo("a", "COMBO", True, {}, ("x", "y")), "x"),
        (InputInfo("a", "FLOAT", True, {}), 0.0),
        (InputInfo("a", "COMBO", True, {}), None),
    ],
)
def test_defaults(info: InputInfo, value: Any) -> None:
    assert default_of(info) == value


def test_an_unknown_class_whose_file_names_its_values() -> None:
    found = values_of(one([1], widgets_values_named={"a": 1, "control_after_generate": "x"}), None)
    assert found == ({"a": 1}, "editor_class_unknown")


def test_an_unknown_class_whose_widgets_are_listed() -> None:
    slots = [slot(name, widget=name) for name in ("seed", "text", "late")]
    found = values_of(one([5, "fixed", "hi"], *slots), None)
    assert found == ({"seed": 5, "text": "hi"}, "editor_class_unknown")
    found = values_of(one([5, "hi", "x", "more"], *slots), None)
    assert found == ({}, "editor_values_unknown")
