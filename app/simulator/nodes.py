"""Node classes: inputs with their ranges, outputs, and how long their work shows."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TypeAlias

from simulator.settings import Settings

_SECONDS_PER_STEP = 0.25  # Slow enough to see, and above the throttle's 0.1 s.
_MOST_STEPS = 40


@dataclass(frozen=True, slots=True)
class Input:
    """An input: a type name or its choices, with options as in `/object_info`."""

    name: str
    type: str | tuple[str, ...]
    options: Mapping[str, object] | None = None

    def config(self) -> list[object]:
        """Return `[TYPE, options]`, as validation errors quote it."""
        return [_listed(self.type), dict(self.options or {})]


@dataclass(frozen=True, slots=True)
class Saves:
    """Where a node saves its files, with which suffix, and extra fields of its output."""

    root: str
    suffix: str
    marks: Mapping[str, object] | None = None


@dataclass(frozen=True, slots=True)
class Stepping:
    """A node whose own inputs say how long it takes.

    Names of the inputs for the number of steps, milliseconds per step and whether to show
    previews; `hold_ms` is a time without any sign of life, blind to interrupts.
    """

    steps: str | None = None
    step_ms: str | None = None
    previews: str | None = None
    hold_ms: str | None = None


@dataclass(frozen=True, slots=True)
class NodeClass:
    """A class of nodes, as far as clients can see it.

    `file_input` names the input that is a file; `is_websocket_output` marks a node that sends
    its full-size result as a preview frame and leaves nothing in the history.
    """

    name: str
    display_name: str
    category: str
    required: tuple[Input, ...] = ()
    optional: tuple[Input, ...] = ()
    hidden: Mapping[str, object] | None = None
    outputs: tuple[tuple[str, str], ...] = ()
    is_output: bool = False
    description: str = ""
    module: str = "nodes"
    aliases: tuple[str, ...] = ()
    essentials: str | None = None
    file_input: str | None = None
    saves: Saves | None = None
    stepping: Stepping | None = None
    is_websocket_output: bool = False

    def describe(self, file_names: list[str]) -> dict[str, object]:
        """Return the class as `/object_info` shows it; a file input lists the given names."""
        groups = {"required": self.required, "optional": self.optional}
        inputs: dict[str, object] = {}
        order: dict[str, object] = {}
        for group, members in groups.items():
            if members or group == "required":
                inputs[group] = {each.name: self._entry(each, file_names) for each in members}
                order[group] = [each.name for each in members]
        if self.hidden:
            inputs["hidden"] = dict(self.hidden)
            order["hidden"] = list(self.hidden)
        described: dict[str, object] = {
            "input": inputs,
            "input_order": order,
            "is_input_list": False,
            "output": [kind for kind, _ in self.outputs],
            "output_is_list": [False for _ in self.outputs],
            "output_name": [name for _, name in self.outputs],
            "name": self.name,
            "display_name": self.display_name,
            "description": self.description,
            "python_module": self.module,
            "category": self.category,
            "output_node": self.is_output,
            "has_intermediate_output": False,
            "search_aliases": list(self.aliases),
        }
        if self.essentials is not None:
            described["essentials_category"] = self.essentials
        return described

    def _entry(self, each: Input, file_names: list[str]) -> list[object]:
        kind = file_names if each.name == self.file_input else _listed(each.type)
        return [kind] if each.options is None else [kind, dict(each.options)]


NodeClasses: TypeAlias = Mapping[str, NodeClass]


def by_name(classes: Iterable[NodeClass]) -> NodeClasses:
    """Return classes by their names."""
    return MappingProxyType({each.name: each for each in classes})


def link_of(value: object) -> tuple[str, int] | None:
    """Return node id and output index of an input that is linked to another node's output."""
    if isinstance(value, list) and len(value) == 2:
        node_id, index = value
        if isinstance(node_id, str) and isinstance(index, int):
            return node_id, index
    return None


def inputs_of(node: Mapping[str, object]) -> dict[str, object]:
    """Return the inputs of a node in a workflow; empty where they are no object."""
    inputs = node.get("inputs")
    return inputs if isinstance(inputs, dict) else {}


def declared(node: Mapping[str, object], node_class: NodeClass) -> dict[str, object]:
    """Return a node of a workflow with only those inputs that its class declares."""
    names = {each.name for each in node_class.required + node_class.optional}
    inputs = {name: value for name, value in inputs_of(node).items() if name in names}
    return {"class_type": node_class.name, "inputs": inputs}


def _listed(kind: str | tuple[str, ...]) -> object:
    return kind if isinstance(kind, str) else list(kind)


@dataclass(frozen=True, slots=True)
class Pace:
    """How long a node takes: in steps, with or without previews, or as a silent hold."""

    steps: int = 0
    step_seconds: float = 0.0
    previews: bool = False
    hold_seconds: float = 0.0


def pace_of(node_class: NodeClass, inputs: Mapping[str, object], settings: Settings) -> Pace:
    """Return the pace that a node's inputs ask for, else that of all nodes of the server."""
    own = node_class.stepping
    if own is not None:
        if own.hold_ms is not None:
            return Pace(hold_seconds=_number(inputs, own.hold_ms) / 1000 / settings.speed)
        return Pace(
            steps=int(_number(inputs, own.steps)),
            step_seconds=_number(inputs, own.step_ms) / 1000 / settings.speed,
            previews=bool(inputs.get(own.previews or "")),
        )
    seconds = settings.pace / settings.speed
    if seconds <= 0 or node_class.is_websocket_output:
        return Pace()
    steps = min(max(2, round(seconds / _SECONDS_PER_STEP)), _MOST_STEPS)
    return Pace(steps, seconds / steps, previews=True)


def _number(inputs: Mapping[str, object], name: str | None) -> float:
    value = inputs.get(name or "")
    return float(value) if isinstance(value, int | float) else 0.0
