"""Widget values, from their order to their names."""

import json
from typing import Any

import pytest

from tests.tether.workflows.cases import INFOS, flow, node, slot
from tether.core.errors import BadInput
from tether.core.protocol.node_info import NodeInfo, read_node_info
from tether.workflows.graph import Node, read_graph
from tether.workflows.widgets import values_of


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
    assert named([5, None, *SAMPLER[2:]], "KSampler") == (found, "")


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


def test_what_is_optional_has_the_value_of_a_new_node() -> None:
    """As the editor sends it; without a doubt, for the file may be older than the input."""
    info = read_node_info(
        "A", json.dumps({"A": {"input": {"optional": {"a": ["INT", {"default": 3}]}}}})
    )
    assert values_of(one([]), info) == ({"a": 3}, "")


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
    info = described(box=["BOUNDING_BOX", {"socketless": True}], n=["INT", {}])
    assert values_of(one([{"x": 1}, 1, 2, 3, 4, 7]), info) == ({"box": {"x": 1}, "n": 7}, "")


def test_an_unknown_class_whose_file_names_its_values() -> None:
    found = values_of(one([1], widgets_values_named={"a": 1, "control_after_generate": "x"}), None)
    assert found == ({"a": 1}, "editor_class_unknown")


def test_an_unknown_class_whose_widgets_are_listed() -> None:
    slots = [slot(name, widget=name) for name in ("seed", "text", "late")]
    found = values_of(one([5, "fixed", "hi"], *slots), None)
    assert found == ({"seed": 5, "text": "hi"}, "editor_class_unknown")
    found = values_of(one([5, "hi", "x", "more"], *slots), None)
    assert found == ({}, "editor_values_unknown")


def test_a_file_that_names_its_values_is_believed() -> None:
    """Where it names all of them; what is saved for controls and buttons is left out."""
    values = {"seed": 5, "control_after_generate": "fixed", "steps": 20, "cfg": 8.0}
    rest = {"sampler_name": "euler", "scheduler": "normal", "denoise": 1.0}
    given = one([*values.values(), *rest.values()], widgets_values_named={**values, **rest})
    found = values_of(given, INFOS["KSampler"])
    assert found == ({"seed": 5, "steps": 20, "cfg": 8.0, **rest}, "")
    stale = one([6, *[*values.values(), *rest.values()][1:]], widgets_values_named=given.named)
    assert values_of(stale, INFOS["KSampler"]).named["seed"] == 6, "as the editor reads it"
    short = one([5], widgets_values_named={"seed": 5})
    found = values_of(short, INFOS["KSampler"])
    assert found.named["steps"] == 20 and found.doubt == "editor_values_missing"
    other = one([6, *SAMPLER[1:]], widgets_values_named={"seed": 5})
    assert values_of(other, INFOS["KSampler"]).named["seed"] == 6


def test_what_a_choice_brings_has_the_values_of_a_new_node_too() -> None:
    """Whether its file names the values or not."""
    codec = {"key": "mp4", "inputs": {"required": {"codec": [["auto", "h264"], {}]}}}
    info = described(format=["COMFY_DYNAMICCOMBO_V3", {"options": [codec]}])
    whole = {"format": "mp4", "format.codec": "auto"}
    for given in (one(["mp4"]), one(["mp4"], widgets_values_named={"format": "mp4"})):
        assert values_of(given, info) == (whole, "editor_values_missing")


def test_values_whose_number_grows_by_use_are_not_guessed() -> None:
    """The editor puts them before all others."""
    template = {"input": {"required": {"val": ["INT", {}]}}, "prefix": "val", "min": 1}
    info = described(first=["INT", {}], grow=["COMFY_AUTOGROW_V3", {"template": template}])
    with pytest.raises(BadInput) as refused:
        values_of(one([3, 11, 12]), info)
    assert refused.value.trouble.code == "editor_values_unsure"
    assert "A (1)" in str(refused.value)
    names = {"grow.val0": 3, "grow.val1": 11, "first": 12}
    assert values_of(one([3, 11, 12], widgets_values_named=names), info).named == names
    assert values_of(one([]), info) == ({"first": 0}, "editor_values_missing")
    sockets = described(grow=["COMFY_AUTOGROW_V3", {"template": 3}], n=["INT", {}])
    assert values_of(one([4]), sockets) == ({"n": 4}, "")


def test_an_input_of_several_types_is_set_as_one_of_them() -> None:
    info = described(
        amount=["FLOAT,INT", {"widgetType": "FLOAT"}], plain=["IMAGE,MASK", {}], n=["INT", {}]
    )
    assert values_of(one([2.5, 8]), info) == ({"amount": 2.5, "n": 8}, "")


def test_boxes_curves_and_colours_take_one_value_each() -> None:
    """A box also its parts. The editor's own result, of the same values."""
    info = described(
        box=["BOUNDING_BOX", {"socketless": True}],
        curve=["CURVE", {"socketless": True}],
        colors=["COLORS", {"socketless": True}],
        range=["RANGE", {}],
        multi=["COMBO", {"options": ["a", "b", "c"], "multiselect": True}],
        boxes=["BOUNDING_BOXES", {"socketless": True}],
        n=["INT", {}],
    )
    box, curve = {"x": 1, "y": 2, "width": 3, "height": 4}, {"points": [[0, 0], [1, 1]]}
    values = [box, 1, 2, 3, 4, curve, ["#000000"], {"min": 0}, ["a", "c"], [], 5]
    assert values_of(one(values), info) == (
        {
            "box": box,
            "curve": curve,
            "colors": ["#000000"],
            "range": {"min": 0},
            "multi": ["a", "c"],
            "boxes": [],
            "n": 5,
        },
        "",
    )


def test_a_choice_in_a_choice() -> None:
    """The editor's own result, of the same values."""
    seed = ["INT", {"control_after_generate": True}]
    deep = {"options": [{"key": "x", "inputs": {"required": {"f": ["FLOAT", {}], "seed": seed}}}]}
    outer = {"required": {"sub": ["COMFY_DYNAMICCOMBO_V3", deep]}}
    info = described(
        combo=["COMFY_DYNAMICCOMBO_V3", {"options": [{"key": "o3", "inputs": outer}]}],
        last=["INT", {}],
    )
    found = values_of(one(["o3", "x", 2.5, 77, "fixed", 4]), info).named
    assert found == {
        "combo": "o3",
        "combo.sub": "x",
        "combo.sub.f": 2.5,
        "combo.sub.seed": 77,
        "last": 4,
    }


def test_a_choice_whose_options_people_wrote() -> None:
    """The editor's own results: behind the first empty option there is none."""
    values = ["screen", 1, "multiply", "screen", "overlay", ""]
    found = values_of(one(values, kind="CustomCombo"), INFOS["CustomCombo"])
    options = {"option1": "multiply", "option2": "screen", "option3": "overlay", "option4": ""}
    assert found == ({"choice": "screen", "index": 1, **options}, "")
    values = ["gone", 0, "multiply", "", "overlay", ""]
    assert values_of(one(values, kind="CustomCombo"), None) == (
        {"choice": "gone", "index": -1, "option1": "multiply", "option2": ""},
        "editor_class_unknown",
    )
    assert values_of(one([], kind="CustomCombo"), INFOS["CustomCombo"]).named == {}


def test_loras_of_a_loader_for_many() -> None:
    kind = "Power Lora Loader (rgthree)"
    first, second = {"on": True, "lora": "a"}, {"on": False, "lora": "b"}
    values = [{}, {"type": "PowerLoraLoaderHeaderWidget"}, first, second, {}, ""]
    assert values_of(one(values, kind=kind), INFOS[kind]).named == {
        "lora_1": first,
        "lora_2": second,
    }


def test_a_button_of_which_an_old_editor_saved_all() -> None:
    button = {"name": "upload", "type": "button", "options": {"serialize": False}}
    assert named(["a.png", button], "LoadImage") == ({"image": "a.png"}, "")
    assert named(["a.png", {"x": 1}], "LoadImage")[1] == "editor_values_left"
