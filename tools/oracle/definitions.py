"""Node classes, inferred from nodes that the official editor saved.

A node tells its inputs in order, each with a type and perhaps a widget; its outputs; its widgets'
values; and, if its editor was new enough, the names of those values. Together the nodes of a class
tell what a server says of it in `/object_info`, as far as a conversion needs it.
Source: ComfyUI frontend templates 0.1.123, read: `shape` 7 is an optional input.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

Node: TypeAlias = Mapping[str, Any]
Described: TypeAlias = Mapping[str, dict[str, Any]]

_CONTROL = "control_after_generate"
_CONTROLS = ("fixed", "increment", "decrement", "randomize")
_KINDS = {bool: "BOOLEAN", int: "INT", float: "FLOAT", str: "STRING"}
_FITTING: Mapping[str, tuple[type, ...]] = {
    "BOOLEAN": (bool,),
    "INT": (int,),
    "FLOAT": (int, float),
    "STRING": (str,),
    "COMBO": (str, int, float, bool),
}
"""The types of widgets, and those of their values."""

_WITH_WIDGETS = {*_FITTING, "BOUNDING_BOX"}
"""What the editor gives a widget to, unless it is told not to."""

_DYNAMIC = "COMFY_DYNAMICCOMBO_V3"
"""The type of a choice with inputs of its own, named `choice.input`."""

_BUTTON, _EDITORS_OWN = "upload", ("AUDIO_UI", "AUDIOUPLOAD", "IMAGEUPLOAD")
_OPTIONAL = 7

_EXTENDED = "CustomCombo"
"""The class to whose nodes the editor adds widgets by itself."""


class _Untold(Exception):
    """The nodes don't tell enough of their class."""


class _Facts(NamedTuple):
    """What all nodes of a class tell of its inputs, by name."""

    sockets: Mapping[str, str]
    widgets: Mapping[str, str]
    optional: frozenset[str]
    controlled: frozenset[str]


def infer(nodes: Iterable[Node]) -> Described:
    """Describe classes by name, each as `/object_info` shows it.

    A class is absent if its nodes don't tell enough: none names all of its values, a widget has a
    type of its own, or a choice brings sockets.
    """
    by_class: defaultdict[str, list[Node]] = defaultdict(list)
    for node in nodes:
        by_class[node["type"]].append(node)
    by_class.pop(_EXTENDED, None)
    found: dict[str, dict[str, Any]] = {}
    for name, alike in by_class.items():
        try:
            found[name] = _describe(name, alike)
        except _Untold:
            continue
    return found


def _describe(name: str, nodes: list[Node]) -> dict[str, Any]:
    facts = _facts(nodes)
    named = [_named(node) for node in nodes]
    rows = [_split(each)[1] for each in named if each is not None]
    widgets = _inputs(rows, "", facts)
    nameless = [node for node, each in zip(nodes, named, strict=True) if each is None]
    most = max((len(each) for each in named if each is not None), default=0)
    if sum(_count(node) > most for node in nameless) * 2 > len(nodes):
        raise _Untold
    known = {**widgets["required"], **widgets["optional"]}
    if not all(_has_key(node, kind, more) for node in nameless for kind, more in known.values()):
        raise _Untold
    if any(socket.partition(".")[0] in known for socket in facts.sockets):
        raise _Untold
    groups: dict[str, dict[str, Any]] = {"required": {}, "optional": {}}
    for socket, kind in facts.sockets.items():
        group = "optional" if socket in facts.optional else "required"
        groups[group][socket] = [kind, {"forceInput": True} if kind in _WITH_WIDGETS else {}]
    groups = {group: {**inputs, **widgets[group]} for group, inputs in groups.items()}
    outputs = max((_list(node, "outputs") for node in nodes), key=len)
    return {
        "name": name,
        "display_name": name,
        "description": "",
        "category": "",
        "python_module": "nodes",
        "input": groups,
        "input_order": {group: [*inputs] for group, inputs in groups.items()},
        "output": [slot["type"] for slot in outputs],
        "output_name": [slot["name"] for slot in outputs],
        "output_is_list": [False for _ in outputs],
        "output_node": not outputs or name.startswith(("Save", "Preview")),
    }


def _facts(nodes: list[Node]) -> _Facts:
    slots = [slot for node in nodes for slot in _list(node, "inputs")]
    sockets = {slot["name"]: slot["type"] for slot in slots if not slot.get("widget")}
    types: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for slot in slots:
        types[slot["name"]][slot["type"].partition(",")[0]] += 1
    named = [each for each in map(_named, nodes) if each is not None]
    return _Facts(
        sockets,
        {name: counts.most_common(1)[0][0] for name, counts in types.items()},
        frozenset(slot["name"] for slot in slots if slot.get("shape") == _OPTIONAL),
        frozenset().union(*(_split(each)[0] for each in named)),
    )


def _has_key(node: Node, kind: str, more: Mapping[str, Any]) -> bool:
    """Tell whether some value of a node is an option of this choice, if it is a choice."""
    keys = [option["key"] for option in more["options"]] if kind == _DYNAMIC else ()
    return kind != _DYNAMIC or any(value in keys for value in _list(node, "widgets_values"))


def _named(node: Node) -> dict[str, Any] | None:
    """Return a node's values by name, controls of seeds included; None if not all are told."""
    values = _list(node, "widgets_values")
    named = node.get("widgets_values_named") or {}
    if len(named) == len(values):
        return dict(zip(named, values, strict=True))
    rest = [slot["name"] for slot in _list(node, "inputs") if slot.get("widget")]
    found: dict[str, Any] = {}
    for value in values:
        is_control = value in _CONTROLS
        if not (is_control or rest):
            return None
        name = f"{_CONTROL}#{len(found)}" if is_control else rest.pop(0)
        found[name] = value
    return None if rest else found


def _count(node: Node) -> int:
    """Count the values, without what buttons and players leave at the end."""
    values = [*_list(node, "widgets_values")]
    while values and values[-1] in (None, ""):
        values.pop()
    return len(values)


def _split(named: Mapping[str, Any]) -> tuple[set[str], dict[str, Any]]:
    """Take controls and buttons from values; return the names that are controlled, and the rest."""
    controlled: set[str] = set()
    rest: dict[str, Any] = {}
    for name, value in named.items():
        is_control = name.partition("#")[0] in (_CONTROL, *_CONTROLS) and value in _CONTROLS
        if is_control and rest:
            controlled.add([*rest][-1])
        elif name != _BUTTON:
            rest[name] = value
    return controlled, rest


def _inputs(rows: list[dict[str, Any]], prefix: str, facts: _Facts) -> dict[str, dict[str, Any]]:
    """Return the inputs below a prefix, required and optional; the most complete row orders them.

    Raises:
        _Untold: The type of one can't be known.
    """
    levels = [_level(row, prefix) for row in rows]
    found: dict[str, dict[str, Any]] = {"required": {}, "optional": {}}
    group = "required"
    for name in max(levels, key=len, default=()):
        whole = prefix + name
        # Required inputs come first: what follows an optional one is optional too.
        group = "optional" if whole in facts.optional else group
        holders = [row for row in rows if whole in row]
        kind = facts.widgets.get(whole) or _kind([row[whole] for row in holders])
        has_parts = any(each.startswith(f"{whole}.") for row in rows for each in row)
        if kind in _EDITORS_OWN:
            continue
        if has_parts or kind == _DYNAMIC:
            keys = dict.fromkeys(row[whole] for row in holders if isinstance(row[whole], str))
            options = [
                {"key": key, "inputs": _inputs(alike, f"{whole}.", facts)}
                for key in keys
                for alike in [[row for row in holders if row[whole] == key]]
            ]
            found[group][name] = [_DYNAMIC, {"options": options}]
        elif kind in _FITTING:
            values = [row[whole] for row in holders]
            found[group][name] = [kind, _options(kind, values, whole in facts.controlled)]
        else:
            raise _Untold
    return found


def _level(row: Mapping[str, Any], prefix: str) -> dict[str, None]:
    """Return the names right below a prefix, in order."""
    below = [name.removeprefix(prefix) for name in row if name.startswith(prefix)]
    return dict.fromkeys(name.partition(".")[0] for name in below)


def _kind(values: list[Any]) -> str:
    """Tell the type of a widget that no input shows; "" if there is no such type."""
    kinds = {type(value) for value in values if value is not None}
    if kinds == {int, float}:
        return _KINDS[float]
    return _KINDS.get(kinds.pop(), "") if len(kinds) == 1 else ""


def _options(kind: str, values: list[Any], is_controlled: bool) -> dict[str, Any]:
    counts = Counter(value for value in values if type(value) in _FITTING[kind])
    options: dict[str, Any] = {"default": counts.most_common(1)[0][0]} if counts else {}
    if kind == "COMBO":
        options["options"] = [*counts]
    return {**options, _CONTROL: True} if is_controlled else options


def _list(node: Node, name: str) -> list[Any]:
    return node.get(name) or []
