"""Comparison of two conversions of a workflow: which differences change what a server does."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import Enum
from hashlib import sha256
from typing import Any, TypeAlias

from tools.oracle.definitions import Described

Prompt: TypeAlias = Mapping[str, Mapping[str, Any]]

UNUSED = "no output needs this node"
RENUMBERED = "the editor numbers it anew, since its subgraph repeats an id"
UNDECLARED = "the class has no such input, and servers ignore it"

ABSENT = "—"
_LONGEST = 60
_DEEPEST = 100


class Verdict(Enum):
    """What became of a workflow, beside the editor's own conversion."""

    SAME = "same"
    SAME_EFFECT = "same effect"
    OTHER_EFFECT = "another effect"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Difference:
    """A difference of a node, or of one `input` of it; `allowed` says why it has no effect."""

    node: str
    class_type: str
    input: str
    theirs: str
    ours: str
    allowed: str = ""

    def __str__(self) -> str:
        place = f"{self.class_type} ({self.node})" + (f" {self.input}" if self.input else "")
        return f"{place}: editor {self.theirs}, Tether {self.ours}"


def compare(theirs: Prompt, ours: Prompt, classes: Described) -> tuple[Difference, ...]:
    """List the differences, those with an effect first.

    The order of nodes and inputs, and titles (`_meta`), are no differences: they decide nothing.
    """
    found = _differences(theirs, ours, classes)
    return tuple(sorted(found, key=lambda each: bool(each.allowed)))


def verdict_on(differences: tuple[Difference, ...]) -> Verdict:
    """Judge by the differences of a workflow."""
    if any(not each.allowed for each in differences):
        return Verdict.OTHER_EFFECT
    return Verdict.SAME_EFFECT if differences else Verdict.SAME


def _differences(theirs: Prompt, ours: Prompt, classes: Described) -> Iterator[Difference]:
    names = _renumbered(theirs, ours)
    ours = _renamed(ours, names)
    for name, new in names.items():
        yield Difference(new, theirs[new]["class_type"], "", new, name, RENUMBERED)
    needed = _needed(theirs, classes), _needed(ours, classes)
    for node in dict.fromkeys((*theirs, *ours)):
        is_needed = node in needed[0] or node in needed[1]
        allowed = "" if is_needed else UNUSED
        kinds = [each[node]["class_type"] if node in each else ABSENT for each in (theirs, ours)]
        if kinds[0] != kinds[1]:
            kind = kinds[1] if kinds[0] == ABSENT else kinds[0]
            yield Difference(node, kind, "", kinds[0], kinds[1], allowed)
            continue
        declared = _declared(classes[kinds[0]])
        before, after = theirs[node]["inputs"], ours[node]["inputs"]
        for name in dict.fromkeys((*before, *after)):
            if name in before and name in after and _is_same(before[name], after[name]):
                continue
            is_read = name.partition(".")[0] in declared
            reason = allowed or ("" if is_read else UNDECLARED)
            texts = _short(before, name), _short(after, name)
            yield Difference(node, kinds[0], name, texts[0], texts[1], reason)


def _renumbered(theirs: Prompt, ours: Prompt) -> dict[str, str]:
    """Return the editor's ids of those nodes that are alike and have other ids with Tether."""
    missing = {node: _shape(theirs, node) for node in theirs if node not in ours}
    names: dict[str, str] = {}
    for node in ours:
        shape = _shape(ours, node) if node not in theirs else None
        for new, other in missing.items():
            if shape is not None and other == shape:
                names[node] = new
                del missing[new]
                break
    return names


def _shape(prompt: Prompt, node: str, depth: int = 0) -> str:
    """Return what a node and all before it do, without their ids."""
    if node not in prompt or depth > _DEEPEST:
        return ""
    inputs = {
        name: f"{_shape(prompt, value[0], depth + 1)}#{value[1]}" if _is_link(value) else value
        for name, value in prompt[node]["inputs"].items()
    }
    text = json.dumps([prompt[node]["class_type"], inputs], sort_keys=True)
    return sha256(text.encode()).hexdigest()


def _renamed(prompt: Prompt, names: Mapping[str, str]) -> Prompt:
    """Return the same workflow with other ids."""
    return {
        names.get(node, node): {
            **content,
            "inputs": {
                name: [names.get(value[0], value[0]), value[1]] if _is_link(value) else value
                for name, value in content["inputs"].items()
            },
        }
        for node, content in prompt.items()
    }


def _is_link(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2


def _needed(prompt: Prompt, classes: Described) -> set[str]:
    """Return the nodes that run: outputs, and all that they are linked to."""
    todo = [
        node
        for node, content in prompt.items()
        if classes.get(content["class_type"], {}).get("output_node")
    ]
    found: set[str] = set()
    while todo:
        node = todo.pop()
        if node in prompt and node not in found:
            found.add(node)
            values = prompt[node]["inputs"].values()
            todo += [value[0] for value in values if _is_link(value)]
    return found


def _declared(described: Mapping[str, Any]) -> set[str]:
    """Return the names of a class's inputs."""
    groups = described["input"]
    return {*groups.get("required", ()), *groups.get("optional", ())}


def _is_same(one: Any, other: Any) -> bool:
    return bool(one == other) and isinstance(one, bool) is isinstance(other, bool)


def _short(inputs: Mapping[str, Any], name: str) -> str:
    text = repr(inputs[name]) if name in inputs else ABSENT
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
