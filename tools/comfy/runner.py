"""A node's work: from the machine's order to values, files and previews. Runs in a thread."""

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from simulator.events import NodeFinished, NodeRaised, Preview, RunNode, ValueRef
from tools.comfy import encode as encode
from tools.comfy import pixels as pixels
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
    """A node's inputs with all references resolved."""

    values: Mapping[str, object]
    run: RunNode
    blobs: BlobStore

    def batch(self, name: str) -> Batch:
        """An IMAGE or MASK."""
        value = self.values[name]
        if not isinstance(value, list):
            raise TypeError(f"input `{name}` of node {self.run.node_id} is no image")
        return value

    def whole(self, name: str) -> int:
        """An INT."""
        value = self.values[name]
        if not isinstance(value, int):
            raise TypeError(f"input `{name}` of node {self.run.node_id} is no whole number")
        return value

    def real(self, name: str) -> float:
        """A FLOAT."""
        value = self.values[name]
        if not isinstance(value, int | float):
            raise TypeError(f"input `{name}` of node {self.run.node_id} is no number")
        return float(value)

    def text(self, name: str) -> str:
        """A STRING or a choice."""
        return str(self.values[name])


def resolve(run: RunNode, values: Mapping[int, tuple[object, ...]]) -> dict[str, object]:
    """The inputs of a node, with earlier nodes' outputs in place of references."""
    return {
        name: values[value.run_id][value.index] if isinstance(value, ValueRef) else value
        for name, value in run.inputs.items()
    }


def run_node(
    run: RunNode,
    values: Mapping[str, object],
    blobs: BlobStore,
    works: Mapping[str, "NodeWork"],
) -> tuple[tuple[object, ...], NodeFinished | NodeRaised]:
    """Do the work of one node; returns its outputs and the report for the machine."""
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


def _load_image(inputs: Inputs) -> Work:
    return Work(pixels.load(inputs.blobs.path(inputs.run.files["image"])))


def _load_mask(inputs: Inputs) -> Work:
    path = inputs.blobs.path(inputs.run.files["image"])
    return Work((pixels.load_mask(path, inputs.text("channel")),))


def _save_png(level: int) -> Callable[[Inputs], Work]:
    def save(inputs: Inputs) -> Work:
        batch = inputs.batch("images")
        files = tuple(encode.png(image, inputs.run.hidden, level) for image in batch)
        return Work((batch,), files, picture_size=batch[0].size)

    return save


def _save_websocket(inputs: Inputs) -> Work:
    pictures = tuple(map(encode.plain_png, inputs.batch("images")))
    return Work(full_pictures=pictures)


def _save_webp(inputs: Inputs) -> Work:
    batch = inputs.batch("images")
    content = encode.animated_webp(
        batch,
        inputs.real("fps"),
        lossless=bool(inputs.values["lossless"]),
        quality=inputs.whole("quality"),
        method=inputs.text("method"),
    )
    return Work(files=(content,), picture_size=batch[0].size)


def _save_webm(inputs: Inputs) -> Work:
    batch = inputs.batch("images")
    content = encode.webm(batch, inputs.real("fps"), inputs.real("crf"))
    return Work(files=(content,), picture_size=batch[0].size)


def _preview_any(inputs: Inputs) -> Work:
    value = inputs.values["source"]
    text = value if isinstance(value, str) else repr(value)
    return Work((text,), ui={"text": [text]})


def _raise(inputs: Inputs) -> Work:
    raise ValueError(inputs.text("message"))


def _image(operation: Callable[[Inputs], Batch]) -> Callable[[Inputs], Work]:
    return lambda inputs: Work((operation(inputs),))


NodeWork: TypeAlias = Callable[[Inputs], Work]

WORK: Mapping[str, NodeWork] = {
    "LoadImage": _load_image,
    "LoadImageMask": _load_mask,
    "SaveImage": _save_png(_LEVEL_SAVED),
    "PreviewImage": _save_png(_LEVEL_TEMP),
    "SaveImageWebsocket": _save_websocket,
    "SaveAnimatedWEBP": _save_webp,
    "SaveWEBM": _save_webm,
    "PreviewAny": _preview_any,
    "ImageInvert": _image(lambda given: pixels.invert(given.batch("image"))),
    "UpscaleModelLoader": lambda given: Work((given.text("model_name"),)),
    # The model's name decides nothing here: a real one's work would need a card.
    "ImageUpscaleWithModel": _image(
        lambda given: pixels.scale_by(given.batch("image"), "lanczos", 2.0)
    ),
    "ImageScaleBy": _image(
        lambda given: pixels.scale_by(
            given.batch("image"), given.text("upscale_method"), given.real("scale_by")
        )
    ),
    "ImageScale": _image(
        lambda given: pixels.scale(
            given.batch("image"),
            given.text("upscale_method"),
            given.whole("width"),
            given.whole("height"),
            given.text("crop"),
        )
    ),
    "ImageCrop": _image(
        lambda given: pixels.crop(
            given.batch("image"),
            given.whole("width"),
            given.whole("height"),
            given.whole("x"),
            given.whole("y"),
        )
    ),
    "ImageBlend": _image(
        lambda given: pixels.blend(
            given.batch("image1"),
            given.batch("image2"),
            given.real("blend_factor"),
            given.text("blend_mode"),
        )
    ),
    "ImageBlur": _image(
        lambda given: pixels.blur(
            given.batch("image"), given.whole("blur_radius"), given.real("sigma")
        )
    ),
    "ImageSharpen": _image(
        lambda given: pixels.sharpen(
            given.batch("image"),
            given.whole("sharpen_radius"),
            given.real("sigma"),
            given.real("alpha"),
        )
    ),
    "EmptyImage": _image(
        lambda given: pixels.empty(
            given.whole("width"),
            given.whole("height"),
            given.whole("batch_size"),
            given.whole("color"),
        )
    ),
    "ImageBatch": _image(lambda given: pixels.join(given.batch("image1"), given.batch("image2"))),
    "MaskToImage": _image(lambda given: pixels.grey(given.batch("mask"))),
    "TetherSlow": _image(lambda given: given.batch("image")),
    "TetherBlock": _image(lambda given: given.batch("image")),
    "TetherText": lambda given: Work((given.batch("image"),), texts=(given.text("text"),)),
    "TetherRaise": _raise,
}
