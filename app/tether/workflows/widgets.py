"""Widget values of a node, which the editor saves in order: their names."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tether.core.errors import BadInput
from tether.core.protocol.node_info import CHOICE, InputInfo, NodeInfo, read_inputs
from tether.workflows.dynamic_choices import DYNAMIC, brought_by, default_of
from tether.workflows.graph import Node
from tether.workflows.values import SEEDS

CONTROLS = frozenset({"fixed", "increment", "decrement", "randomize"})
"""What happens to a seed after a run: saved after the seed, but no input of the node.

Source: ComfyUI frontend 1.58, `control_after_generate`, read in its templates.
"""

_CONTROL = "control_after_generate"
_BUTTONS = frozenset({"image", "video", "audio", "file", "upload", "", None})
"""Values that the editor saves for its own buttons and players, as far as they are known."""

_GROWING = "COMFY_AUTOGROW_V3"
_PARTS_OF_BOX = 4
"""After a box, the editor saves its place and its size once more."""

LORAS = "Power Lora Loader (rgthree)"
"""A class whose widgets are as many as people like. Source: rgthree-comfy, read."""

CUSTOM_CHOICE = "CustomCombo"
"""A choice whose options people write; it is sent with them, and with which of them it is.

Source: ComfyUI frontend 1.58, `graphToPrompt`, its results compared.
"""


class Values(NamedTuple):
    """The values by name, and the code of the assumption that they rest on, "" for none."""

    named: dict[str, Any]
    doubt: str = ""


def values_of(node: Node, info: NodeInfo | None) -> Values:
    """Name the widget values of a node.

    A file that names them itself has the names. Otherwise they are matched to the inputs of the
    described class in order; without a description, to the widgets that the file lists.

    Raises:
        BadInput: They may belong to other widgets than they would be matched to.
    """
    values, named = node.values, dict(node.named)
    if isinstance(values, dict):
        found = {key: value for key, value in values.items() if info or not isinstance(value, dict)}
        return Values(_known(found, info))
    unsure = "" if info else "editor_class_unknown"
    if node.type == LORAS:
        loras = enumerate(filter(_is_lora, values), 1)
        return Values({f"lora_{number}": each for number, each in loras}, unsure)
    if node.type == CUSTOM_CHOICE:
        return Values(_custom_choice(values), unsure)
    if info is not None and named and len(named) == len(values):
        # Where both are there and differ, the editor takes the names of one and the values of the
        # other. Source: ComfyUI frontend 1.58, `graphToPrompt` of its templates, compared.
        whole, lacks = _completed(dict(zip(named, values, strict=True)), info)
        return Values(_known(whole, info), "editor_values_missing" if lacks else "")
    if info is not None:
        return _walked(node, list(values), info)
    return _guessed(node, list(values))


def _known(named: dict[str, Any], info: NodeInfo | None) -> dict[str, Any]:
    """Leave out what is saved for buttons, players and controls, which are no inputs."""
    if info is None:
        return named
    known = {each.name for each in info.inputs}
    return {key: value for key, value in named.items() if key.partition(".")[0] in known}


def _is_lora(value: Any) -> bool:
    return isinstance(value, dict) and "lora" in value


def _custom_choice(values: list[Any]) -> dict[str, Any]:
    """Name a choice whose options people write: after the first empty one there is none."""
    named = dict(zip(("choice", "index"), values, strict=False))
    for number, value in enumerate(values[2:], 1):
        named[f"option{number}"] = value
        if not value:
            break
    return with_index(named)


def with_index(named: dict[str, Any]) -> dict[str, Any]:
    """Say which of its options a choice is, -1 for none of them."""
    options = [value for key, value in named.items() if key.startswith("option")]
    choice = named.get("choice")
    if not isinstance(choice, str):
        return named
    return {**named, "index": options.index(choice) if choice in options else -1}


def _widgets_of(info: NodeInfo) -> list[InputInfo]:
    return [each for each in info.inputs if each.is_widget or each.type == DYNAMIC]


def _walked(node: Node, values: list[Any], info: NodeInfo) -> Values:
    named: dict[str, Any] = {}
    if values and any(map(_grows_by_widgets, info.inputs)):
        raise BadInput("editor_values_unsure", node=node.label)
    todo = _widgets_of(info)
    values.reverse()
    while todo and values:
        each, value = todo.pop(0), values.pop()
        named[each.name] = value
        todo[:0] = brought_by(each, value)
        if each.widget_type == "BOUNDING_BOX":
            del values[-_PARTS_OF_BOX:]
        if _is_controlled(each) and values and _is_in(values[-1], CONTROLS | {None}):
            values.pop()
            # After the control of a choice comes a filter of its list.
            if each.type == CHOICE and values and isinstance(values[-1], str):
                values.pop()
        if each.is_upload and values and _is_button(values[-1]):
            values.pop()
    if not all(_is_button(value) or _is_in(value, CONTROLS) for value in values):
        return Values(named, "editor_values_left")
    whole, lacks = _completed(named, info)
    return Values(whole, "editor_values_missing" if lacks else "")


def _completed(named: Mapping[str, Any], info: NodeInfo) -> tuple[dict[str, Any], bool]:
    """Give widgets without a value that of a new node; and say whether a required one had none.

    Source: ComfyUI frontend 1.58, `graphToPrompt` of its templates, compared.
    """
    whole, lacks = dict(named), False
    todo = _widgets_of(info)
    while todo:
        each = todo.pop(0)
        value = named.get(each.name)
        if each.name not in named:
            value = default_of(each)
            lacks |= each.is_required
            if value is not None:
                whole[each.name] = value
        todo[:0] = brought_by(each, value)
    return whole, lacks


def _grows_by_widgets(info: InputInfo) -> bool:
    """Tell whether an input grows by use, and what it grows by are widgets: how many is unknown.

    Source: ComfyUI frontend 1.58, `graphToPrompt`, its results compared.
    """
    template = info.options.get("template") if info.type == _GROWING else None
    inputs = template.get("input") if isinstance(template, dict) else None
    return any(each.is_widget for each in read_inputs(inputs, None))


def _is_button(value: Any) -> bool:
    """Tell whether a value is one that the editor saves for a button; old ones saved all of it."""
    return value == {} or _is_in(value, _BUTTONS) or (isinstance(value, dict) and "type" in value)


def _guessed(node: Node, values: list[Any]) -> Values:
    """Name values by the file itself: newer files name all, older ones list the widgets."""
    doubt = "editor_class_unknown"
    if node.named:
        return Values({name: node.named[name] for name in node.named if name != _CONTROL}, doubt)
    names = [slot.widget for slot in node.inputs if slot.widget]
    named: dict[str, Any] = {}
    rest = list(reversed(values))
    for name in names:
        if not rest:
            break
        named[name] = rest.pop()
        if name in SEEDS and rest and _is_in(rest[-1], CONTROLS):
            rest.pop()
    # Some were no inputs, or inputs had no value: then none can be assigned for certain.
    return Values({}, "editor_values_unknown") if rest else Values(named, doubt)


def _is_controlled(info: InputInfo) -> bool:
    is_seed = info.type == "INT" and info.name.rpartition(".")[2] in SEEDS
    return is_seed or bool(info.options.get(_CONTROL))


def _is_in(value: Any, among: frozenset[Any]) -> bool:
    """Tell whether a value, of any type, is one of these."""
    return isinstance(value, str | None) and value in among
