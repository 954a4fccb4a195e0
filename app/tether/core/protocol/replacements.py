"""Node classes that a server replaces by newer ones when a workflow comes."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from tether.core.errors import MessageError
from tether.core.protocol.node_info import InputInfo, NodeInfo
from tether.core.protocol.outputs import read_json, texts

REPLACEMENTS = "/node_replacements"
"""The path that lists them; only servers whose `/features` have `node_replacements` know it.

Source: ComfyUI 0.28.1, `/features`, measured; app/node_replace_manager.py, read.
"""


class Replacement(NamedTuple):
    """What stands for an old class: the new one, the old widgets in order, old input -> new."""

    new_class: str
    widgets: tuple[str, ...]
    inputs: Mapping[str, str]

    def described(self, old_class: str, new: NodeInfo) -> NodeInfo:
        """Describe the old class, which no server describes any more, by the new one."""
        names = dict.fromkeys((*self.widgets, *self.inputs))
        inputs = (self._input(name, new) for name in names)
        return NodeInfo(old_class, new.title, tuple(inputs), new.outputs, new.is_output)

    def _input(self, name: str, new: NodeInfo) -> InputInfo:
        described = new.input(self.inputs.get(name, name))
        if described is None:
            return InputInfo(name, "STRING" if name in self.widgets else "*", False, {})
        return described._replace(name=name)


def read_replacements(text: str) -> dict[str, Replacement]:
    """Read `GET /node_replacements`: old class -> what replaces it; the first of several counts.

    One that takes over no input is none: the server would leave the new node without any.
    Source: ComfyUI, app/node_replace_manager.py `apply_replacements`, read.

    Raises:
        MessageError: It isn't what ComfyUI answers.
    """
    content = read_json(text)
    if not isinstance(content, dict):
        raise MessageError(f"`{REPLACEMENTS}` has an unknown shape", text)
    found: dict[str, Replacement] = {}
    for old, listed in content.items():
        match listed:
            case [{"new_node_id": str(new)} as first, *_]:
                inputs = dict(_pairs(first.get("input_mapping")))
                if inputs:
                    names = tuple(texts(first.get("old_widget_ids")))
                    found[old] = Replacement(new, names, inputs)
    return found


def _pairs(mapping: Any) -> Iterator[tuple[str, str]]:
    for each in mapping if isinstance(mapping, list) else ():
        match each:
            case {"old_id": str(old), "new_id": str(new)}:
                yield old, new
