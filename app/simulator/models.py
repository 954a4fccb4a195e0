"""Node classes that need model files, and servers that differ in what they have.

Source: ComfyUI 0.28.1, comfy_extras/nodes_upscale_model.py, read.
"""

from collections.abc import Iterable

from simulator.catalogue import CATALOGUE
from simulator.nodes import Input, NodeClass, NodeClasses, by_name

MODEL_LOADER = "UpscaleModelLoader"
_MODULE = "comfy_extras.nodes_upscale_model"


def classes_of(models: Iterable[str] = (), without: Iterable[str] = ()) -> NodeClasses:
    """Return the catalogue of a server with these upscale models and without these classes.

    Args:
        models: File names with the server's own separators, as its lists show them.
        without: Classes that it lacks.
    """
    loader = NodeClass(
        MODEL_LOADER,
        "Load Upscale Model",
        "model/loaders",
        required=(Input("model_name", tuple(models)),),
        outputs=(("UPSCALE_MODEL", "UPSCALE_MODEL"),),
        module=_MODULE,
    )
    upscale = NodeClass(
        "ImageUpscaleWithModel",
        "Upscale Image (using Model)",
        "image/upscaling",
        required=(Input("upscale_model", "UPSCALE_MODEL"), Input("image", "IMAGE")),
        outputs=(("IMAGE", "IMAGE"),),
        module=_MODULE,
    )
    lacking = frozenset(without)
    known = (*CATALOGUE.values(), loader, upscale)
    return by_name(each for each in known if each.name not in lacking)
