"""Widget values of a node, which the editor saves in order: their names."""

from collections.abc import Iterator
from typing import Any, NamedTuple

from tether.core.protocol.node_info import CHOICE, InputInfo, NodeInfo, read_inputs
from tether.workflows.graph import Node
from tether.workflows.values import SEEDS

CONTROLS = frozenset({"fixed", "increment", "decrement", "randomize"})
"""What happens to a seed after a run: saved after the seed, but no input of the node.

Source: ComfyUI frontend 1.58, `control_after_generate`, read in its templates.
"""

_CONTROL = "control_after_generate"
_BUTTONS = frozenset({"image", "video", "audio", "file", "upload", "", None})
"""Values that the editor saves for its own buttons and players, as far as they are known."""

_DYNAMIC = "COMFY_DYNAMICCOMBO_V3"
"""The type of a choice with inputs of its own, named `choice.input`."""


class Values(NamedTuple):
    """The values by name, and the code of the assumption that they rest on, "" for none."""

    named: dict[str, Any]
    doubt: str = ""


def values_of(node: Node, info: NodeInfo | None) -> Values:
    """Name the widget values of a node.

    With the description of its class, they are matched to its inputs in order; without it, to
    the widgets that the file itself names.
    """
    if isinstance(node.values, dict):
        known = {each.name for each in info.inputs} if info else None
        named = {
            name: value
            for name, value in node.values.items()
            if (known is None or name in known) and not isinstance(value, dict)
        }
        return Values(named)
    if info is not None:
        return _walked(list(node.values), info)
    return _guessed(node, list(node.values))


def default_of(info: InputInfo) -> Any:
    """Return the editor's value for a new node: the default, or the first choice."""
    if "default" in info.options:
        return info.options["default"]
    if info.choices:
        return info.choices[0]
    return {"INT": 0, "FLOAT": 0.0, "STRING": "", "BOOLEAN": False}.get(info.type)


def _walked(values: list[Any], info: NodeInfo) -> Values:
    named: dict[str, Any] = {}
    doubt = ""
    todo = [each for each in info.inputs if each.is_widget or each.type == _DYNAMIC]
    values.reverse()
    while todo:
        each = todo.pop(0)
        if not values:
            value = default_of(each)
            if each.is_required:
                doubt = "editor_values_missing"
            if value is None or not each.is_required:
                continue
        else:
            value = values.pop()
        named[each.name] = value
        todo[:0] = _brought_by(each, value)
        if _is_controlled(each) and values and _is_in(values[-1], CONTROLS):
            values.pop()
            # After the control of a choice comes a filter of its list.
            if each.type == CHOICE and values and isinstance(values[-1], str):
                values.pop()
        if each.is_upload and values and _is_in(values[-1], _BUTTONS):
            values.pop()
    # After a value that is an object, the editor saves its parts once more.
    is_compound = any(isinstance(value, dict) for value in named.values())
    if not is_compound and not all(_is_in(value, _BUTTONS | CONTROLS) for value in values):
        doubt = doubt or "editor_values_left"
    return Values(named, doubt)


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


def _brought_by(info: InputInfo, value: Any) -> Iterator[InputInfo]:
    """Yield the widgets that the value of a choice adds.

    Source: ComfyUI 0.28.1, comfy_api `DynamicCombo`, read.
    """
    options = info.options.get("options") if info.type == _DYNAMIC else None
    for option in options if isinstance(options, list) else ():
        if isinstance(option, dict) and option.get("key") == value:
            for each in read_inputs(option.get("inputs"), None):
                if each.is_widget or each.type == _DYNAMIC:
                    yield each._replace(name=f"{info.name}.{each.name}")


def _is_controlled(info: InputInfo) -> bool:
    is_seed = info.type == "INT" and info.name.rpartition(".")[2] in SEEDS
    return is_seed or bool(info.options.get(_CONTROL))


def _is_in(value: Any, among: frozenset[Any]) -> bool:
    """Tell whether a value, of any type, is one of these."""
    return isinstance(value, str | None) and value in among
