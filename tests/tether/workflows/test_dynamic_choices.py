"""Choices that bring inputs of their own."""

from typing import Any

import pytest

from tether.core.protocol.node_info import InputInfo, NodeInfo
from tether.workflows.dynamic_choices import DYNAMIC, default_of, described, keys_of, with_choice


def choice(name: str, **options: Any) -> InputInfo:
    """A choice of these options, each with the inputs that it brings."""
    listed = [{"key": key, "inputs": {"required": inputs}} for key, inputs in options.items()]
    return InputInfo(name, DYNAMIC, True, {"options": [*listed, {"key": 3}, "nonsense"]})


FINE = [DYNAMIC, {"options": [{"key": "on", "inputs": {"required": {"grain": ["INT", {}]}}}]}]
SIZE = choice(
    "size",
    scale={"by": ["FLOAT", {"default": 2.0}], "image": ["IMAGE"]},
    exact={"width": ["INT", {"default": 64}], "fine": FINE, "odd": ["CHART", {}]},
)
INFO = NodeInfo("Resize", "", (SIZE, InputInfo("name", "STRING", True, {})), (), False)


@pytest.mark.parametrize(
    ("info", "value"),
    [
        (InputInfo("a", "INT", True, {"default": 5}), 5),
        (InputInfo("a", "COMBO", True, {}, ("x", "y")), "x"),
        (InputInfo("a", "FLOAT", True, {}), 0.0),
        (InputInfo("a", "COMBO", True, {}), None),
        (InputInfo("a", "FLOAT,INT", True, {"widgetType": "FLOAT"}), 0.0),
        (InputInfo("a", "RANGE", True, {}), {"min": 0, "max": 1}),
        (InputInfo("a", "COMFY_DYNAMICCOMBO_V3", True, {"options": [3, {"key": "x"}]}), "x"),
        (InputInfo("a", "COMFY_DYNAMICCOMBO_V3", True, {"options": 3}), None),
    ],
)
def test_defaults(info: InputInfo, value: Any) -> None:
    assert default_of(info) == value


def test_the_keys_of_a_choice_are_what_it_may_be() -> None:
    assert keys_of(SIZE) == ("scale", "exact")
    assert keys_of(INFO.inputs[1]) == ()
    assert keys_of(InputInfo("size", DYNAMIC, True, {"options": 3})) == ()


def test_inputs_are_described_with_those_that_choices_bring() -> None:
    found = described(INFO, {"size": "exact", "size.fine": "on"})
    assert list(found) == ["size", "size.width", "size.fine", "size.fine.grain", "size.odd", "name"]
    assert list(described(INFO, {"size": "gone"})) == ["size", "name"]


def test_another_choice_takes_its_inputs_along() -> None:
    """What the first brought is gone, links too; what belongs to others stays."""
    inputs = {"size": "scale", "size.by": 3.0, "size.image": ["1", 0], "name": "x", "sized": 1}
    changed = with_choice(INFO, inputs, "size", "exact")
    assert changed == {
        "size": "exact",
        "size.width": 64,
        "size.fine": "on",
        "size.fine.grain": 0,
        "name": "x",
        "sized": 1,
    }
    assert inputs["size"] == "scale", "it is left alone"
    assert with_choice(INFO, changed, "size", "scale")["size.by"] == 2.0
    assert with_choice(INFO, changed, "size.fine", "off") == {
        "size": "exact",
        "size.width": 64,
        "size.fine": "off",
        "name": "x",
        "sized": 1,
    }
