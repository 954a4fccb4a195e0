"""What a person may set in a workflow, as fields; and the workflow with what was set."""

import re
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, get_args

from page.ui.file_kinds import ACCEPTS
from tether.core.errors import BadInput
from tether.core.ids import NodeId
from tether.core.protocol.node_info import FileKind, InputInfo, NodeInfo
from tether.core.protocol.workflow import Workflow
from tether.workflows.dynamic_choices import described, keys_of
from tether.workflows.values import MAIN_NAMES, SEEDS

Kind = Literal[FileKind, "mask", "text", "line", "seed", "whole", "number", "choice", "switch"]

FOLD_ABOVE = 6
"""A form with more fields folds the minor ones away."""

LARGEST_SEED = 2**64 - 1
"""Source: ComfyUI 0.28.1, `/object_info/KSampler`: seed, max."""

_PICTURES: Mapping[str, Kind] = {"LoadImage": "picture", "LoadImageMask": "mask"}
_ORDER = get_args(Kind)
_MAIN = (*get_args(FileKind), "mask", "text", "seed")
_WHOLE = re.compile(r"[+-]?\d{1,30}")
_LONG_TEXT = 60
"""Characters above which a text gets a field of several lines."""

_NO_LIMIT = 2**31 - 1
"""Limits from here on mean that there is none."""


class Field(NamedTuple):
    """One value of one node. `low`, `high` and `step` are None where nothing is said of them.

    `label` is what the workflow's author calls it, "" where nothing was said.
    """

    node_id: NodeId
    input: str
    title: str
    kind: Kind
    value: Any
    is_main: bool
    low: float | None = None
    high: float | None = None
    step: float | None = None
    choices: tuple[str | int | float, ...] = ()
    label: str = ""
    is_dynamic: bool = False
    """It is a choice that brings other inputs."""
    is_masked: bool = False
    """It takes a picture whose transparency is used, as a mask."""

    @property
    def upload(self) -> FileKind | None:
        """What it takes as a file; None for a value that is typed or chosen."""
        if self.kind == "mask":
            return "picture"
        return next((kind for kind in ACCEPTS if kind == self.kind), None)

    @property
    def key(self) -> tuple[NodeId, str]:
        """Where the value is."""
        return self.node_id, self.input

    @property
    def place(self) -> str:
        """The same as text: `node.input`."""
        return f"{self.node_id}.{self.input}"


def form_of(workflow: Workflow, infos: Mapping[str, NodeInfo | None]) -> tuple[Field, ...]:
    """Return the fields of a workflow, the interesting ones first: those that its author chose.

    Values that are links, and those of a kind that nobody can type, have no field.
    """
    found: list[Field] = []
    for node_id, node in workflow.nodes.items():
        info = infos.get(node["class_type"])
        inputs = described(info, node["inputs"]) if info else {}
        for name, value in node["inputs"].items():
            kind = _kind(node["class_type"], name, value, inputs.get(name))
            if kind is not None:
                field = _field(node_id, node, name, kind, info, inputs.get(name))
                is_masked = field.upload == "picture" and workflow.uses_mask(node_id)
                found.append(field._replace(is_masked=is_masked))
    found.sort(key=lambda field: (not field.is_main, _ORDER.index(field.kind)))
    chosen = _chosen(workflow.graph or {}, found)
    if chosen:
        keys = {field.key for field in chosen}
        rest = [field._replace(is_main=False) for field in found if field.key not in keys]
        return (*chosen, *rest)
    if len(found) <= FOLD_ABOVE:
        found = [field._replace(is_main=True) for field in found]
    return tuple(found)


def _chosen(graph: Mapping[str, Any], fields: list[Field]) -> tuple[Field, ...]:
    """Return what the author of an app lets people set, in the author's order and words.

    Source: ComfyUI frontend 1.58, `extra.linearData` of its templates, read: `[node, input]`; the
    node by its id, or as `graph:node:input`.
    """
    match graph.get("extra"):
        case {"linearData": {"inputs": list(places)}}:
            found = (_at(place, graph, fields) for place in places)
            return tuple({field.key: field for field in found if field is not None}.values())
    return ()


def _at(place: Any, graph: Mapping[str, Any], fields: list[Field]) -> Field | None:
    """Return the one field that is meant: of the node itself, or inside of its subgraph."""
    match place:
        case [int() | str() as node, str(name), *_]:
            parts = str(node).split(":")
            host = parts[1] if len(parts) > 2 else parts[0]
            named = [field for field in fields if field.input == name]
            own = [field for field in named if field.node_id == host]
            inside = [field for field in named if field.node_id.startswith(f"{host}:")]
            older = [field for field in named if field.node_id.endswith(f":{host}")]
            for found in (own, inside, older):
                if len(found) == 1:
                    return found[0]._replace(is_main=True, label=_label(graph, host, name))
    return None


def _label(graph: Mapping[str, Any], host: str, name: str) -> str:
    """Return what the author calls an input of a node."""
    for node in graph["nodes"]:
        slots = node.get("inputs")
        if host == str(node.get("id")) and isinstance(slots, list):
            for slot in slots:
                match slot:
                    case {"name": other, "label": str(label)} if other == name:
                        return label
    return ""


def read_answer(field: Field, typed: str) -> Any:
    """Return the value that was typed.

    Raises:
        BadInput: It is no number, or out of the server's range.
    """
    match field.kind:
        case "whole" | "seed":
            number: int | float | None = int(typed) if _WHOLE.fullmatch(typed.strip()) else None
        case "number":
            number = _real(typed)
        case "switch":
            return typed == "true"
        case "choice":
            return next((each for each in field.choices if str(each) == typed), typed)
        case _:
            return typed
    low = field.low if field.low is not None else float("-inf")
    high = field.high if field.high is not None else float("inf")
    if number is None or not low <= number <= high:
        facts = {"low": _limit(field.low), "high": _limit(field.high)}
        code = "field_bad" if field.kind == "number" else "field_not_whole"
        raise BadInput(code, node=field.title, field=field.input, value=typed, **facts)
    return number


def range_of(field: Field) -> str:
    """Return the numbers that a field takes as people write it, "" where that tells nothing."""
    if field.kind not in ("whole", "number"):
        return ""
    low, high = (
        None if limit is None or abs(limit) >= _NO_LIMIT else limit
        for limit in (field.low, field.high)
    )
    if low is not None and high is not None:
        return f"{_limit(low)} – {_limit(high)}"
    return (
        f"≥ {_limit(low)}" if low is not None else f"≤ {_limit(high)}" if high is not None else ""
    )


def _kind(class_type: str, name: str, value: Any, info: InputInfo | None) -> Kind | None:
    if isinstance(value, str) and name == "image" and class_type in _PICTURES:
        return _PICTURES[class_type]
    if isinstance(value, str) and info is not None and info.upload:
        return info.upload
    match value:
        case bool():
            return "switch"
        case str() | int() | float() if info is not None and info.is_plain_list:
            return "choice"
        case str() if info is not None and keys_of(info):
            return "choice"
        case int() if name in SEEDS:
            return "seed"
        case int() if info is None or info.type != "FLOAT":
            return "whole"
        case int() | float():
            return "number"
        case str():
            is_long = "\n" in value or len(value) > _LONG_TEXT
            is_text = info.options.get("multiline") is True if info else False
            return "text" if is_text or is_long else "line"
    return None


def _field(
    node_id: NodeId,
    node: Mapping[str, Any],
    name: str,
    kind: Kind,
    info: NodeInfo | None,
    given: InputInfo | None,
) -> Field:
    meta = node.get("_meta")
    title = meta.get("title") if isinstance(meta, dict) else None
    options = given.options if given else {}
    value = node["inputs"][name]
    keys = keys_of(given) if given else ()
    choices = keys or (given.choices if given and kind == "choice" else ())
    return Field(
        node_id,
        name,
        title if isinstance(title, str) and title else info.title if info else node["class_type"],
        kind,
        value,
        kind in _MAIN or name in MAIN_NAMES,
        _number(options.get("min", 0 if kind == "seed" else None)),
        _number(options.get("max", LARGEST_SEED if kind == "seed" else None)),
        _number(options.get("step")),
        # What the workflow names comes first, also where this server doesn't have it.
        choices if not choices or value in choices else (value, *choices),
        is_dynamic=bool(keys),
    )


def _real(typed: str) -> float | None:
    try:
        number = float(typed.strip().replace(",", "."))
    except ValueError:
        return None
    return number if number == number and abs(number) != float("inf") else None


def _number(value: Any) -> Any:
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _limit(limit: float | None) -> str:
    return "…" if limit is None else f"{limit:g}" if isinstance(limit, float) else str(limit)
