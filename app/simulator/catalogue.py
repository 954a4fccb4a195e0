"""The node classes of the simulated servers.

Names, inputs, ranges and defaults are ComfyUI's own. Source: ComfyUI 0.28.1, `/object_info`
(measured for LoadImage, SaveImage and ImageScaleBy), nodes.py and comfy_extras. The classes
under `tether/` exist only here: they make a server slow, silent or failing on demand.
"""

from collections.abc import Iterable
from typing import Any

from simulator.nodes import Input, NodeClass, NodeClasses, Saves, Stepping, by_name

MODEL_LOADER = "UpscaleModelLoader"

_METHODS = ("nearest-exact", "bilinear", "area", "bicubic", "lanczos")
_LARGEST = 16384
_IMAGE = (("IMAGE", "IMAGE"),)
_PNG_HIDDEN = {"prompt": "PROMPT", "extra_pnginfo": "EXTRA_PNGINFO"}
_POST = "comfy_extras.nodes_post_processing"
_MODELS = "comfy_extras.nodes_upscale_model"


def _image(name: str = "image") -> Input:
    return Input(name, "IMAGE")


def _int(name: str, default: int, low: int, high: int, **more: str) -> Input:
    return Input(name, "INT", {"default": default, "min": low, "max": high, "step": 1, **more})


def _float(name: str, default: float, low: float, high: float, step: float) -> Input:
    return Input(name, "FLOAT", {"default": default, "min": low, "max": high, "step": step})


def _text(name: str, default: str) -> Input:
    return Input(name, "STRING", {"default": default})


def _image_to_image(
    name: str, display_name: str, category: str, *inputs: Input, **more: Any
) -> NodeClass:
    required = (_image(), *inputs)
    return NodeClass(name, display_name, category, required, outputs=_IMAGE, **more)


def _own(name: str, display_name: str, *inputs: Input, **more: Any) -> NodeClass:
    return _image_to_image(
        name, display_name, "tether", *inputs, module="custom_nodes.tether", **more
    )


CATALOGUE = by_name(
    (
        NodeClass(
            "LoadImage",
            "Load Image",
            "image",
            required=(Input("image", (), {"image_upload": True}),),
            outputs=(("IMAGE", "IMAGE"), ("MASK", "MASK")),
            aliases=(
                "load image",
                "open image",
                "import image",
                "image input",
                "upload image",
                "read image",
                "image loader",
            ),
            essentials="Basics",
            file_input="image",
        ),
        NodeClass(
            "SaveImage",
            "Save Image",
            "image",
            required=(
                Input("images", "IMAGE", {"tooltip": "The images to save."}),
                Input(
                    "filename_prefix",
                    "STRING",
                    {
                        "default": "ComfyUI",
                        "tooltip": "The prefix for the file to save. This may include formatting "
                        "information such as %date:yyyy-MM-dd% or %Empty Latent Image.width% to "
                        "include values from nodes.",
                    },
                ),
            ),
            hidden=_PNG_HIDDEN,
            outputs=(("IMAGE", "images"),),
            is_output=True,
            description="Saves the input images to your ComfyUI output directory.",
            aliases=(
                "save",
                "save image",
                "export image",
                "output image",
                "write image",
                "download",
            ),
            essentials="Basics",
            saves=Saves("output", ".png"),
        ),
        NodeClass(
            "PreviewImage",
            "Preview Image",
            "image",
            required=(_image("images"),),
            hidden=_PNG_HIDDEN,
            outputs=(("IMAGE", "images"),),
            is_output=True,
            description="Saves the input images to your ComfyUI output directory.",
            aliases=("preview", "preview image", "show image", "view image"),
            essentials="Basics",
            saves=Saves("temp", ".png"),
        ),
        NodeClass(
            "SaveImageWebsocket",
            "SaveImageWebsocket",
            "api/image",
            required=(_image("images"),),
            is_output=True,
            module="custom_nodes.websocket_image_save",
            is_websocket_output=True,
        ),
        _image_to_image("ImageInvert", "Invert Image", "image/color", essentials="Image Tools"),
        _image_to_image(
            "ImageScaleBy",
            "Upscale Image By",
            "image/upscaling",
            Input("upscale_method", _METHODS),
            _float("scale_by", 1.0, 0.01, 8.0, 0.01),
            essentials="Image Tools",
        ),
        _image_to_image(
            "ImageBlur",
            "Image Blur",
            "image/postprocessing",
            _int("blur_radius", 1, 1, 31),
            _float("sigma", 1.0, 0.1, 10.0, 0.1),
            module=_POST,
        ),
        _image_to_image(
            "ImageSharpen",
            "Image Sharpen",
            "image/postprocessing",
            _int("sharpen_radius", 1, 1, 31),
            _float("sigma", 1.0, 0.1, 10.0, 0.01),
            _float("alpha", 1.0, 0.0, 5.0, 0.01),
            module=_POST,
        ),
        NodeClass(
            "EmptyImage",
            "EmptyImage",
            "image",
            required=(
                _int("width", 512, 1, _LARGEST),
                _int("height", 512, 1, _LARGEST),
                _int("batch_size", 1, 1, 4096),
                _int("color", 0, 0, 0xFFFFFF, display="color"),
            ),
            outputs=_IMAGE,
        ),
        NodeClass(
            "SaveWEBM",
            "SaveWEBM",
            "image/video",
            required=(
                _image("images"),
                _text("filename_prefix", "ComfyUI"),
                Input("codec", ("vp9", "av1")),
                _float("fps", 24.0, 0.01, 1000.0, 0.01),
                Input("crf", "FLOAT", {"default": 32.0, "min": 0, "max": 63.0, "step": 1}),
            ),
            hidden=_PNG_HIDDEN,
            is_output=True,
            module="comfy_extras.nodes_video",
            saves=Saves("output", ".webm", {"animated": [True]}),
        ),
        NodeClass(
            "LoadVideo",
            "Load Video",
            "image/video",
            required=(Input("file", (), {"video_upload": True}),),
            outputs=(("VIDEO", "VIDEO"),),
            module="comfy_extras.nodes_video",
            file_input="file",
        ),
        NodeClass(
            "PreviewAny",
            "Preview as Text",
            "utilities",
            required=(Input("source", "*", {}),),
            outputs=(("STRING", "STRING"),),
            is_output=True,
            module="comfy_extras.nodes_preview_any",
        ),
        _own(
            "TetherSlow",
            "Slow steps (test)",
            _int("steps", 4, 1, 1000),
            _int("step_ms", 150, 0, 60_000),
            _int("seed", 0, 0, 2**64 - 1),
            Input("previews", "BOOLEAN", {"default": True}),
            stepping=Stepping(steps="steps", step_ms="step_ms", previews="previews"),
        ),
        _own(
            "TetherBlock",
            "Silent wait (test)",
            _int("ms", 1000, 0, 600_000),
            _int("seed", 0, 0, 2**64 - 1),
            stepping=Stepping(hold_ms="ms"),
        ),
        NodeClass(
            "TetherSaveVideo",
            "Save Video as it is (test)",
            "tether",
            required=(Input("video", "VIDEO"), _text("filename_prefix", "video/ComfyUI")),
            hidden=_PNG_HIDDEN,
            is_output=True,
            module="custom_nodes.tether",
            saves=Saves("output", ".mp4", {"animated": [True]}),
        ),
        _own("TetherRaise", "Failure (test)", _text("message", "boom")),
        _own("TetherText", "Progress text (test)", _text("text", "hello")),
    )
)


def classes_of(models: Iterable[str] = (), without: Iterable[str] = ()) -> NodeClasses:
    """Return the catalogue of a server with these upscale models and without these classes.

    A model's file name has the server's own separators, as its lists show it.
    """
    loader = NodeClass(
        MODEL_LOADER,
        "Load Upscale Model",
        "model/loaders",
        required=(Input("model_name", tuple(models)),),
        outputs=(("UPSCALE_MODEL", "UPSCALE_MODEL"),),
        module=_MODELS,
    )
    upscale = NodeClass(
        "ImageUpscaleWithModel",
        "Upscale Image (using Model)",
        "image/upscaling",
        required=(Input("upscale_model", "UPSCALE_MODEL"), _image()),
        outputs=_IMAGE,
        module=_MODELS,
    )
    lacking = frozenset(without)
    known = (*CATALOGUE.values(), loader, upscale)
    return by_name(each for each in known if each.name not in lacking)
