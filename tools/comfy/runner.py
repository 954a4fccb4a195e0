"""The work of nodes, with Pillow in a thread: from `RunNode` to outputs, files and previews."""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from simulator.events import NodeFinished, NodeRaised, Preview, RunNode, ValueRef
from tools.comfy import encode, pixels
from tools.comfy.blobs import BlobStore
from tools.comfy.pixels import Batch

_LEVEL_SAVED, _LEVEL_TEMP = 4, 1  # Source: ComfyUI, nodes.py: PNG compression.


@dataclass(frozen=True, slots=True)
class Work:
    """What a node made: outputs for other nodes, encoded files, and what it shows."""

    outputs: tuple[object, ...] = ()
    files: tuple[bytes, ...] = ()
    ui: Mapping[str, object] | None = None
    full_pictures: tuple[bytes, ...] = ()
    texts: tuple[str, ...] = ()
    picture_size: tuple[int, int] = (0, 0)


@dataclass(frozen=True, slots=True)
class Inputs:
    """A node's inputs by name; the server has validated and converted them."""

    values: Mapping[str, Any]
    run: RunNode
    blobs: BlobStore

    def __getitem__(self, name: str) -> Any:
        return self.values[name]


def resolve(run: RunNode, values: Mapping[int, tuple[object, ...]]) -> dict[str, object]:
    """Return the inputs of a node, with earlier nodes' outputs in place of references."""
    return {
        name: values[value.run_id][value.index] if isinstance(value, ValueRef) else value
        for name, value in run.inputs.items()
    }


def run_node(
    run: RunNode, values: Mapping[str, object], blobs: BlobStore, works: Mapping[str, "NodeWork"]
) -> tuple[tuple[object, ...], NodeFinished | NodeRaised]:
    """Do the work of one node; return its outputs and the report for the simulator."""
    inputs = Inputs(values, run, blobs)
    try:
        work = works[run.class_name](inputs)
        blobs_made = tuple(blobs.add(content) for content in work.files)
        pictures = [Preview(True, picture) for picture in work.full_pictures]
        pictures += [Preview(False, jpeg) for jpeg in _previews(inputs, work)]
    except Exception as error:  # Whatever a node raises is an `execution_error`, as in ComfyUI.
        lines = traceback.format_tb(error.__traceback__)
        printed = {name: [repr(value)] for name, value in values.items()}
        kind = type(error).__name__
        return (), NodeRaised(run.run_id, kind, str(error), tuple(lines), printed)
    report = NodeFinished(
        run.run_id, blobs_made, work.ui, tuple(pictures), work.texts, work.picture_size
    )
    return work.outputs, report


def _previews(inputs: Inputs, work: Work) -> list[bytes]:
    before = _first_picture(tuple(inputs.values.values()))
    after = _first_picture(work.outputs) or before
    if after is None:
        return []
    return encode.previews(before, after, inputs.run.previews)


def _first_picture(values: tuple[object, ...]) -> pixels.Picture | None:
    for value in values:
        if isinstance(value, list) and value and isinstance(value[0], pixels.Picture):
            return value[0]
    return None


def _save_png(level: int) -> "NodeWork":
    def save(inputs: Inputs) -> Work:
        batch = inputs["images"]
        files = tuple(encode.png(image, inputs.run.hidden, level) for image in batch)
        return Work((batch,), files, picture_size=batch[0].size)

    return save


def _save_websocket(inputs: Inputs) -> Work:
    return Work(full_pictures=tuple(encode.png(each, {}, _LEVEL_TEMP) for each in inputs["images"]))


def _save_webm(inputs: Inputs) -> Work:
    batch = inputs["images"]
    content = encode.webm(batch, inputs["fps"], inputs["crf"])
    return Work(files=(content,), picture_size=batch[0].size)


def _load_video(inputs: Inputs) -> Work:
    return Work((inputs.blobs.path(inputs.run.files["file"]).read_bytes(),))


def _save_video(inputs: Inputs) -> Work:
    return Work(files=(inputs["video"],))


def _preview_any(inputs: Inputs) -> Work:
    value = inputs["source"]
    text = value if isinstance(value, str) else repr(value)
    return Work((text,), ui={"text": [text]})


def _raise(inputs: Inputs) -> Work:
    raise ValueError(inputs["message"])


def _image(operation: Callable[..., Batch], *names: str) -> "NodeWork":
    """Return the work of a node that makes pictures of the inputs with these names."""
    return lambda inputs: Work((operation(*(inputs[name] for name in names)),))


NodeWork: TypeAlias = Callable[[Inputs], Work]

WORK: Mapping[str, NodeWork] = {
    "LoadImage": lambda inputs: Work(pixels.load(inputs.blobs.path(inputs.run.files["image"]))),
    "SaveImage": _save_png(_LEVEL_SAVED),
    "PreviewImage": _save_png(_LEVEL_TEMP),
    "SaveImageWebsocket": _save_websocket,
    "SaveWEBM": _save_webm,
    "LoadVideo": _load_video,
    "PreviewAny": _preview_any,
    "UpscaleModelLoader": lambda inputs: Work((inputs["model_name"],)),
    # The model's name decides nothing: a real upscale model would need a GPU.
    "ImageUpscaleWithModel": _image(lambda batch: pixels.scale_by(batch, "lanczos", 2.0), "image"),
    "ImageInvert": _image(pixels.invert, "image"),
    "ImageScaleBy": _image(pixels.scale_by, "image", "upscale_method", "scale_by"),
    "ImageBlur": _image(pixels.blur, "image", "blur_radius", "sigma"),
    "ImageSharpen": _image(pixels.sharpen, "image", "sharpen_radius", "sigma", "alpha"),
    "EmptyImage": _image(pixels.empty, "width", "height", "batch_size", "color"),
    "TetherSlow": lambda inputs: Work((inputs["image"],)),
    "TetherBlock": lambda inputs: Work((inputs["image"],)),
    "TetherText": lambda inputs: Work((inputs["image"],), texts=(inputs["text"],)),
    "TetherSaveVideo": _save_video,
    "TetherRaise": _raise,
}
