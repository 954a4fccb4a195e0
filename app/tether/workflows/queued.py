"""What the editor decides anew each time that a workflow is queued: choices, dates, seeds.

Source: ComfyUI frontend 1.58, `processDynamicPrompt`, `applyTextReplacements`, read, and the
results of `graphToPrompt` compared; rgthree-comfy, its seed node, read.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

from tether.core.ids import NodeId
from tether.core.protocol.outputs import texts
from tether.core.protocol.workflow import QUEUED

PROMPTS, NAMES, SEEDS, ALIAS = "prompts", "names", "seeds", "alias"
"""What `QUEUED` has of a node: lists of its inputs, and what file names call it."""

SAVING = frozenset(
    {
        *("SaveImage", "SaveImageAdvanced", "SaveSVGNode", "SaveVideo", "SaveAnimatedWEBP"),
        *("SaveWEBM", "SaveAudio", "SaveAudioMP3", "SaveAudioOpus", "SaveAudioAdvanced"),
        *("SaveGLB", "SaveAnimatedPNG", "CLIPSave", "VAESave", "ModelSave", "LoraSave"),
        "SaveLatent",
    }
)
"""Classes in whose file names the editor puts dates and values."""

SEED_CLASS = "Seed (rgthree)"
"""A class whose seeds below zero are one anew; its own range is what it draws from."""

_LARGEST_SEED = 2**50
_DEEPEST = 50
"""Most choices inside choices; deeper ones stay as they are."""

_COMMENT = re.compile(r"/\*.*?\*/|//[^\n\r\u2028\u2029]*", re.DOTALL)
_ESCAPED = re.compile(r"\\([{}|])")
_PLACE = re.compile(r"%([^%]+)%")
_DATE_PART = re.compile(r"dd?|MM?|hh?|mm?|ss?|yyyy?|yy")
_NO_FILE_NAME = re.compile(r'[/?<>\\:*|"\x00-\x1f\x7f]')

Nodes: TypeAlias = Mapping[NodeId, Mapping[str, Any]]

Draw: TypeAlias = Callable[[int], int]
"""Returns one of so many numbers, from 0."""


class Moment(NamedTuple):
    """The local time."""

    year: int
    month: int
    day: int
    hour: int
    minute: int
    second: int


def queued(nodes: Nodes, draw: Draw, moment: Moment) -> dict[NodeId, dict[str, Any]]:
    """Return a workflow with all of it decided; what servers needn't know is gone."""
    result: dict[NodeId, dict[str, Any]] = {}
    for node_id, node in nodes.items():
        marks, inputs = _marks(node), dict(node["inputs"])
        for name in _texts(marks, PROMPTS, inputs):
            inputs[name] = dynamic_prompt(inputs[name], draw)
        for name in _texts(marks, NAMES, inputs):
            inputs[name] = replaced(inputs[name], nodes, moment)
        for name in _listed(marks, SEEDS):
            if inputs.get(name) in (-1, -2, -3):
                inputs[name] = draw(_LARGEST_SEED)
        result[node_id] = {**node, "inputs": inputs}
        if marks:
            meta = {key: value for key, value in node["_meta"].items() if key != QUEUED}
            result[node_id]["_meta"] = meta
    return result


def dynamic_prompt(text: str, draw: Draw, depth: int = 0) -> str:
    """Choose one of each `{a|b}`, also inside each other, and leave comments out."""
    text = _COMMENT.sub("", text)
    if depth > _DEEPEST:
        return text
    found: list[str] = []
    at = 0
    while at < len(text):
        if text[at] == "\\":
            found.append(text[at : at + 2])
            at += 2
        elif text[at] == "{":
            options, at = _options(text, at + 1)
            found.append(dynamic_prompt(options[draw(len(options))], draw, depth + 1))
        else:
            end = _next_of(text, at, "\\{")
            found.append(text[at:end])
            at = end
    return _ESCAPED.sub(r"\1", "".join(found))


def _options(text: str, at: int) -> tuple[list[str], int]:
    """Return what stands between `{` and `}`, split at `|`, and where it ends."""
    options = []
    begin, depth = at, 0
    while at < len(text):
        match text[at]:
            case "\\":
                at += 1
            case "{":
                depth += 1
            case "}" if not depth:
                break
            case "}":
                depth -= 1
            case "|" if not depth:
                options.append(text[begin:at])
                begin = at + 1
        at = _next_of(text, at + 1, "\\{}|")
    return [*options, text[begin:at]], at + 1


def _next_of(text: str, at: int, characters: str) -> int:
    """Return where the next of some characters is, the end for none."""
    found = re.compile(f"[{re.escape(characters)}]").search(text, at)
    return found.start() if found else len(text)


def replaced(text: str, nodes: Nodes, moment: Moment) -> str:
    """Put dates, `%date:yyyy-MM-dd%`, and values of nodes, `%Node.input%`, into a file name."""

    def value_at(found: re.Match[str]) -> str:
        name, dot, rest = found[1].partition(".")
        if not dot or "." in rest:
            return dated(name[5:], moment) if name.startswith("date:") else found[0]
        for node in _called(nodes, name):
            value = node["inputs"].get(rest)
            if rest in node["inputs"] and not isinstance(value, list | dict):
                return _NO_FILE_NAME.sub("_", _shown(value))
            break
        return found[0]

    return _PLACE.sub(value_at, text)


def dated(pattern: str, moment: Moment) -> str:
    """Write a time by a pattern of d, M, h, m, s and y."""
    parts = dict(zip("dMhms", (moment.day, moment.month, *moment[3:]), strict=True))

    def part(found: re.Match[str]) -> str:
        if found[0] == "yyy":
            return found[0]
        if found[0].startswith("y"):
            return str(moment.year)[-len(found[0]) :]
        return str(parts[found[0][0]]).rjust(len(found[0]), "0")

    return _DATE_PART.sub(part, pattern)


def _called(nodes: Nodes, name: str) -> Iterable[Mapping[str, Any]]:
    """List the nodes of a name: by what they are called for this, or by their titles."""
    aliased = [
        node
        for node in nodes.values()
        if _marks(node).get(ALIAS, "" if node["class_type"] in SAVING else node["class_type"])
        == name
    ]
    return aliased or [node for node in nodes.values() if _meta(node).get("title") == name]


def _shown(value: Any) -> str:
    """Write a value as JavaScript does."""
    match value:
        case None:
            return ""
        case bool():
            return str(value).lower()
        case float() if value.is_integer():
            return str(int(value))
    return str(value)


def _texts(marks: Mapping[str, Any], kind: str, inputs: Mapping[str, Any]) -> list[str]:
    return [name for name in _listed(marks, kind) if isinstance(inputs.get(name), str)]


def _listed(marks: Mapping[str, Any], kind: str) -> list[str]:
    return texts(marks.get(kind))


def _marks(node: Mapping[str, Any]) -> Mapping[str, Any]:
    marks = _meta(node).get(QUEUED)
    return marks if isinstance(marks, dict) else {}


def _meta(node: Mapping[str, Any]) -> Mapping[str, Any]:
    meta = node.get("_meta")
    return meta if isinstance(meta, dict) else {}
