"""Node classes, inferred from saved nodes."""

import pytest

from tools.oracle.definitions import infer


def node(kind: str = "Any", *values: object, **more: object) -> dict:
    """A node as the editor saves it; `named` names its values."""
    named = more.pop("named", None)
    saved = {"type": kind, "widgets_values": [*values], **more}
    return {**saved, "widgets_values_named": named} if named is not None else saved


def socket(name: str, kind: str = "IMAGE", **more: object) -> dict:
    """An input that has no widget."""
    return {"name": name, "type": kind, **more}


def widget(name: str, kind: str, **more: object) -> dict:
    """An input that has one."""
    return {"name": name, "type": kind, "widget": {"name": name}, **more}


def groups(*nodes: dict) -> dict:
    """The inputs of the one class."""
    (described,) = infer(nodes).values()
    assert described["input_order"] == {
        group: [*inputs] for group, inputs in described["input"].items()
    }
    return described["input"]


def test_sockets_are_those_of_all_nodes() -> None:
    """One that is optional anywhere is; an old node without values tells of sockets alone."""
    one = node(inputs=[socket("image"), socket("mask", "MASK", shape=7)], widgets_values=None)
    found = groups(one, node(inputs=[socket("model", "MODEL"), socket("mask", "MASK")]))
    assert found["required"] == {"image": ["IMAGE", {}], "model": ["MODEL", {}]}
    assert found["optional"] == {"mask": ["MASK", {}]}


def test_a_socket_stays_one_whatever_its_type() -> None:
    """Else the editor would give it a widget; where some file gave it one, it was a link's."""
    slots = [socket("text", "STRING"), socket("box", "BOUNDING_BOX")]
    found = groups(node(inputs=slots), node(inputs=[widget("text", "STRING")]))
    assert found["required"] == {
        "text": ["STRING", {"forceInput": True}],
        "box": ["BOUNDING_BOX", {"forceInput": True}],
    }


def test_outputs_are_those_of_the_most_complete_node() -> None:
    """What has none, or is named so, is an output of its workflow."""
    outputs = [{"name": "A", "type": "IMAGE"}, {"name": "B", "type": "MASK"}]
    found = infer([node("Two", outputs=outputs[:1]), node("Two", outputs=outputs), node("End")])
    assert found["Two"]["output"] == ["IMAGE", "MASK"]
    assert found["Two"]["output_name"] == ["A", "B"]
    assert found["Two"]["output_is_list"] == [False, False]
    assert not found["Two"]["output_node"]
    assert found["End"]["output_node"]
    saving = infer([node("SaveBoth", outputs=outputs), node("PreviewBoth", outputs=outputs)])
    assert [each["output_node"] for each in saving.values()] == [True, True]


def test_the_most_complete_node_orders_the_widgets() -> None:
    """Types are those of inputs that show them, else those of the values."""
    found = groups(
        node("Any", 1, named={"width": 1}),
        node(
            "Any",
            2,
            "a",
            "x",
            True,
            1.5,
            named={"width": 2, "name": "a", "mode": "x", "fast": True, "by": 1.5},
        ),
        node("Any", 1, "y", inputs=[widget("width", "INT"), widget("mode", "COMBO")]),
    )
    assert list(found["required"].items()) == [
        ("width", ["INT", {"default": 1}]),
        ("name", ["STRING", {"default": "a"}]),
        ("mode", ["COMBO", {"default": "x", "options": ["x", "y"]}]),
        ("fast", ["BOOLEAN", {"default": True}]),
        ("by", ["FLOAT", {"default": 1.5}]),
    ]


def test_whole_and_broken_numbers_are_numbers() -> None:
    """A value that was left empty, or doesn't fit, tells nothing; the first type of two counts."""
    broken = [node("Any", each, named={"by": each}) for each in (2, 0.5, None)]
    assert groups(*broken)["required"] == {"by": ["FLOAT", {"default": 2}]}
    two = node("Any", "x", inputs=[widget("by", "FLOAT,INT")])
    assert groups(two)["required"] == {"by": ["FLOAT", {}]}


def test_what_follows_an_optional_widget_is_optional() -> None:
    """Servers describe the required ones first."""
    found = groups(
        node("Any", 1, 2, 3, named={"a": 1, "b": 2, "c": 3}, inputs=[widget("b", "INT", shape=7)])
    )
    assert [*found["required"]] == ["a"]
    assert [*found["optional"]] == ["b", "c"]


@pytest.mark.parametrize(
    "saved",
    [
        node(
            "Any", 5, "randomize", 2, named={"n": 5, "control_after_generate": "randomize", "x": 2}
        ),
        node("Any", 5, "fixed", 2, named={"n": 5, "fixed": "fixed", "x": 2}),
        node("Any", 5, "fixed", 2, inputs=[widget("n", "INT"), widget("x", "INT")]),
    ],
)
def test_a_control_is_no_input(saved: dict) -> None:
    """It marks the one before it, whatever the editor called it."""
    assert groups(saved)["required"] == {
        "n": ["INT", {"default": 5, "control_after_generate": True}],
        "x": ["INT", {"default": 2}],
    }


def test_buttons_and_players_are_no_inputs() -> None:
    """Nor does it matter that they leave empty values."""
    found = groups(
        node(
            "Any",
            "a.mp3",
            "",
            "audio",
            named={"audio": "a.mp3", "player": "", "upload": "audio"},
            inputs=[widget("player", "AUDIO_UI")],
        ),
        node("Any", "b.mp3", None, "", None, None),
        node("Any", "b.mp3", None, "", None, None),
    )
    assert found["required"] == {"audio": ["STRING", {"default": "a.mp3"}]}


def test_a_choice_brings_the_inputs_of_its_nodes() -> None:
    """Below it, and below a choice among them."""
    found = groups(
        node("Any", "h264", 3, "end", named={"as": "h264", "as.size": 3, "name": "end"}),
        node("Any", "auto", "end", named={"as": "auto", "name": "end"}),
    )
    size = {"required": {"size": ["INT", {"default": 3}]}, "optional": {}}
    options = [
        {"key": "h264", "inputs": size},
        {"key": "auto", "inputs": {"required": {}, "optional": {}}},
    ]
    assert found["required"] == {
        "as": ["COMFY_DYNAMICCOMBO_V3", {"options": options}],
        "name": ["STRING", {"default": "end"}],
    }
    alone = node("Any", "v1", inputs=[widget("as", "COMFY_DYNAMICCOMBO_V3")])
    (described,) = groups(alone)["required"].values()
    assert described[1]["options"][0]["key"] == "v1"


@pytest.mark.parametrize(
    "nodes",
    [
        [node("Any", 1)],
        [node("Any", 1, inputs=[widget("a", "INT"), widget("b", "INT")])],
        [node("Any", 1, 2, named={"a": 1})],
        [node("Any", 1, named={"a": 1}), node("Any", 1, 2), node("Any", 1, 2)],
        [node("Any", [1], named={"curve": [1]})],
        [node("Any", None, named={"curve": None})],
        [node("Any", 1, named={"a": 1}), node("Any", "x", named={"a": "x"})],
        [node("Any", 1, inputs=[widget("curve", "CURVE")])],
        [node("Any", "v1", named={"model": "v1"}, inputs=[socket("model.image")])],
        [node("Any", "x", named={"by": "x"}, inputs=[socket("by", "STRING")])],
        [node("Any", 1, 2, named={"as": 1, "as.size": 2}), node("Any", 3, 2)],
    ],
)
def test_a_class_whose_nodes_tell_too_little_is_absent(nodes: list[dict]) -> None:
    """Values without names, unknown or mixed types or choices, sockets that a choice brings."""
    assert infer(nodes) == {}


def test_a_class_that_the_editor_extends_is_absent() -> None:
    """Its widgets are the editor's affair."""
    assert infer([node("CustomCombo")]) == {}


def test_one_node_with_more_values_does_not_count() -> None:
    """Some nodes save what they showed."""
    assert groups(node(), node(), node("Any", "64 x 64")) == {"required": {}, "optional": {}}
