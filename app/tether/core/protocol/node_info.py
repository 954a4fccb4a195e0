"""Node classes, as a server describes them in `/object_info/{class}`."""

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple, TypeAlias

from tether.core.errors import MessageError
from tether.core.protocol.outputs import name_of, read_json, texts

CHOICE = "COMBO"
"""The type of an input whose value is one of a list."""

MOST_CHOICES = 20_000
"""Values of one list that are read: each is an element of the page; no folder has more."""

FileKind: TypeAlias = Literal["picture", "video", "audio", "file"]
"""What an input takes as an upload; a `file` is none of the others, such as a 3D model."""

_UPLOADS: tuple[tuple[str, FileKind], ...] = (
    ("image_upload", "picture"),
    ("video_upload", "video"),
    ("audio_upload", "audio"),
    ("file_upload", "file"),
)
_FOLDER = "image_folder"
_WIDGETS = frozenset(
    {
        *("INT", "FLOAT", "STRING", "BOOLEAN", "COLOR", CHOICE, "COLORS", "CURVE", "RANGE"),
        *("BOUNDING_BOX", "BOUNDING_BOXES", "TEXTAREA", "MARKDOWN", "PAINTER", "COMPOSITOR"),
        *("IMAGECOMPARE", "CHART", "GALLERIA", "VIDEO_EDIT", "RESOLUTION_PREVIEW"),
    }
)
"""Types that are set on the node itself. Source: ComfyUI frontend 1.58, `ComfyWidgets`, read."""


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
        return self.widget_type in _WIDGETS or self.options.get("socketless") is True

    @property
    def widget_type(self) -> str:
        """The type of what it is set with: an input that takes several types names one.

        Source: ComfyUI 0.28.1, comfy_api `MultiType`, read: `widgetType`.
        """
        named = self.options.get("widgetType")
        return named if isinstance(named, str) else self.type

    @property
    def is_upload(self) -> bool:
        """Its value names a file of the server, and more can be uploaded."""
        return any(self.options.get(name) for name in (*dict(_UPLOADS), _FOLDER))

    @property
    def upload(self) -> FileKind | None:
        """What is uploaded for it into the input folder; None for what has no upload there.

        Source: ComfyUI 0.28.1, comfy_api `UploadType`; a folder of its own is another one.
        """
        if self.options.get(_FOLDER, "input") != "input":
            return None
        return next((kind for name, kind in _UPLOADS if self.options.get(name)), None)

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


def takes(taken: FileKind, kind: FileKind) -> bool:
    """Say whether an input that takes one kind takes a file of another one.

    Source: ComfyUI 0.28.1, comfy_extras `LoadAudio`, read: a video has a sound, too.
    """
    return taken in (kind, "file") or (taken, kind) == ("audio", "video")
