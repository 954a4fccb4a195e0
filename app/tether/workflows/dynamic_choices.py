"""Choices that bring inputs of their own, named `choice.input`, and what a new input holds.

Source: ComfyUI 0.28.1, comfy_api `DynamicCombo`, read.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from tether.core.protocol.node_info import InputInfo, NodeInfo, read_inputs

DYNAMIC = "COMFY_DYNAMICCOMBO_V3"
"""The type of such a choice."""

_DEFAULTS: Mapping[str, Any] = {
    "INT": 0,
    "FLOAT": 0.0,
    "STRING": "",
    "BOOLEAN": False,
    "MARKDOWN": "",
    "RANGE": {"min": 0, "max": 1},
    "BOUNDING_BOXES": [],
    "CURVE": {"points": [[0, 0], [1, 1]], "interpolation": "monotone_cubic"},
}
"""Source: ComfyUI frontend 1.58, `graphToPrompt` of new nodes, its results compared."""


def default_of(info: InputInfo) -> Any:
    """Return the editor's value for a new node: the default, or the first choice."""
    if "default" in info.options:
        return info.options["default"]
    if info.choices:
        return info.choices[0]
    for option in _options(info):
        return option.get("key")
    return _DEFAULTS.get(info.widget_type)


def keys_of(info: InputInfo) -> tuple[str, ...]:
    """Return the values that such a choice can have; () for any other input."""
    return tuple(key for option in _options(info) if isinstance(key := option.get("key"), str))


def brought_by(info: InputInfo, value: Any) -> Iterator[InputInfo]:
    """Yield the widgets that the value of a choice adds."""
    for option in _options(info):
        if option.get("key") == value:
            for each in read_inputs(option.get("inputs"), None):
                if each.is_widget or each.type == DYNAMIC:
                    yield each._replace(name=f"{info.name}.{each.name}")


def described(info: NodeInfo, inputs: Mapping[str, Any]) -> dict[str, InputInfo]:
    """Return the inputs of a class by name, with those that the choices of a node bring."""
    found: dict[str, InputInfo] = {}
    todo = list(info.inputs)
    while todo:
        each = todo.pop(0)
        found[each.name] = each
        todo[:0] = brought_by(each, inputs.get(each.name))
    return found


def with_choice(info: NodeInfo, inputs: Mapping[str, Any], name: str, value: str) -> dict[str, Any]:
    """Return a node's inputs after another choice, which brings others with a new node's values."""
    changed = {key: each for key, each in inputs.items() if not key.startswith(f"{name}.")}
    changed[name] = value
    todo = list(brought_by(described(info, inputs)[name], value))
    while todo:
        each = todo.pop(0)
        new = default_of(each)
        if new is not None:
            changed[each.name] = new
        todo[:0] = brought_by(each, new)
    return changed


def _options(info: InputInfo) -> list[dict[str, Any]]:
    options = info.options.get("options") if info.type == DYNAMIC else None
    listed = options if isinstance(options, list) else []
    return [option for option in listed if isinstance(option, dict)]
