"""Node classes, as a server describes them in `/object_info/{class}`."""

from collections.abc import Mapping
from typing import Any, NamedTuple

from tether.core.errors import MessageError
from tether.core.protocol.outputs import name_of, read_json, texts

CHOICE = "COMBO"
"""The type of an input whose value is one of a list."""

MOST_CHOICES = 20_000
"""Values of one list that are read: each is an element of the page; no folder has more."""

_UPLOADS = ("image_upload", "video_upload", "audio_upload", "file_upload", "image_folder")
_WIDGETS = frozenset({"INT", "FLOAT", "STRING", "BOOLEAN", "COLOR", CHOICE})


class InputInfo(NamedTuple):
    """One input of a class: its type, and `options` such as default, min, max, step.

    `choices` has the values of a list; a list that is empty or fetched later has none.
    """

    name: str
    type: str
    is_required: bool
    options: Mapping[str, Any]
    choices: tuple[Any, ...] = ()

    @property
    def is_widget(self) -> bool:
        """It is set on the node itself, not by a link.

        Source: ComfyUI 0.28.1, `forceInput` and `socketless` in `/object_info`, read.
        """
        if self.options.get("forceInput") is True:
            return False
        return self.type in _WIDGETS or self.options.get("socketless") is True

    @property
    def is_upload(self) -> bool:
        """Its value names a file in the server's input folder, and more can be uploaded."""
        return any(self.options.get(name) for name in _UPLOADS)

    @property
    def is_plain_list(self) -> bool:
        """Only the values of its list will do."""
        is_plain = all(isinstance(choice, str | int | float) for choice in self.choices)
        return is_plain and bool(self.choices) and not self.is_upload


class NodeInfo(NamedTuple):
    """One class of a server: its inputs in their order, and the types that it gives.

    `is_output`: it runs for its own sake; None where the server doesn't say.
    """

    name: str
    title: str
    inputs: tuple[InputInfo, ...]
    outputs: tuple[str, ...]
    is_output: bool | None

    def input(self, name: str) -> InputInfo | None:
        """Return the input of that name."""
        return next((each for each in self.inputs if each.name == name), None)


def read_node_info(class_type: str, text: str) -> NodeInfo | None:
    """Read the answer to `/object_info/{class}`; None when the server has no such class.

    Inputs are `[TYPE, options]`, `[[choices], options]` or `["COMBO", {"options": […]}]`.
    Source: ComfyUI 0.28.1, measured: a class it doesn't know gives `{}` with 200.

    Raises:
        MessageError: It isn't what ComfyUI answers.
    """
    content = read_json(text)
    if content == {}:
        return None
    described = content.get(class_type) if isinstance(content, dict) else None
    if not isinstance(described, dict):
        raise MessageError("object_info", text)
    return _read_class(class_type, described)


def read_inputs(groups: Any, order: Any) -> tuple[InputInfo, ...]:
    """Read `{"required": {…}, "optional": {…}}`; names missing in the order come last."""
    inputs: list[InputInfo] = []
    for group in ("required", "optional"):
        described = groups.get(group) if isinstance(groups, dict) else None
        if not isinstance(described, dict):
            continue
        ordered = texts(order.get(group)) if isinstance(order, dict) else []
        inputs += (
            _read_input(name, described[name], group == "required")
            for name in dict.fromkeys([*ordered, *described])
            if name in described
        )
    return tuple(inputs)


def _read_class(class_type: str, content: dict[str, Any]) -> NodeInfo:
    inputs = read_inputs(content.get("input"), content.get("input_order"))
    outputs, title = content.get("output"), content.get("display_name")
    is_output = content.get("output_node")
    return NodeInfo(
        class_type,
        name_of(title) or class_type,
        inputs,
        tuple(map(_type_name, outputs)) if isinstance(outputs, list) else (),
        is_output if isinstance(is_output, bool) else None,
    )


def _read_input(name: str, described: Any, is_required: bool) -> InputInfo:
    first, options, *_ = (*described, "", "") if isinstance(described, list) else ("", "")
    if not isinstance(options, dict):
        options = {}
    if isinstance(first, list):
        return InputInfo(name, CHOICE, is_required, options, tuple(first[:MOST_CHOICES]))
    listed = options.get("options")
    choices = tuple(listed[:MOST_CHOICES]) if first == CHOICE and isinstance(listed, list) else ()
    return InputInfo(name, _type_name(first), is_required, options, choices)


def _type_name(value: Any) -> str:
    """An old class may give a list of choices as an output's type."""
    return value if isinstance(value, str) else CHOICE
