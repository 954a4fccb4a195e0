"""A 3D model on a canvas, which can be turned; three.js is fetched for the first one."""

from collections.abc import Callable
from math import inf
from typing import Any

import js
from pyodide.ffi import JsException

from page.ui.parts import load_library
from tether.browser.proxies import ProxyScope
from tether.browser.values import to_object
from tether.core.errors import BadInput

LIBRARY = "./static/vendor/three/three.js"

_WHITE, _GREY = 0xFFFFFF, 0x666666
_VIEW = (0.5, 0.35, 0.9)
"""Where the camera stands, in diagonals of the model."""


async def show_model(canvas: Any, address: str, name: str) -> Callable[[], None]:
    """Draw a model and let it be turned; return what frees it.

    Args:
        canvas: In the page, so that it has a size.
        address: A `blob:` of a GLB, OBJ or STL file.
        name: The file's name.

    Raises:
        BadInput: It can't be read, or this browser draws no such thing.
        TetherError: The page's own host doesn't give three.js.
    """
    three = await load_library(LIBRARY)
    try:
        model = await _read(three, address, name)
        box = three.Box3.new().setFromObject(model)
        size = box.getSize(three.Vector3.new()).length()
        if not 0 < size < inf:
            raise BadInput("model_unreadable", file=name, detail="nothing to draw")
        options = {"canvas": canvas, "antialias": True, "alpha": True}
        renderer = three.WebGLRenderer.new(to_object(options))
    except JsException as error:
        raise BadInput("model_unreadable", file=name, detail=error.message) from error
    ratio = canvas.clientWidth / max(1, canvas.clientHeight)
    renderer.setPixelRatio(js.devicePixelRatio)
    renderer.setSize(canvas.clientWidth, canvas.clientHeight, False)
    model.position.sub(box.getCenter(three.Vector3.new()))
    camera = three.PerspectiveCamera.new(45, ratio, size / 100, size * 100)
    camera.position.set(*(size * each for each in _VIEW))
    camera.add(three.DirectionalLight.new(_WHITE, 2))
    scene = three.Scene.new()
    scene.add(model, camera, three.HemisphereLight.new(_WHITE, _GREY, 2))
    controls = three.OrbitControls.new(camera, canvas)
    scope = ProxyScope()

    def draw(_event: Any = None) -> None:
        renderer.render(scene, camera)

    scope.listen(controls, "change", draw)
    controls.listenToKeyEvents(canvas)
    controls.update()
    draw()

    def free() -> None:
        scope.end()
        controls.dispose()
        renderer.dispose()
        renderer.forceContextLoss()  # browsers have few of them

    return free


def _binary(content: Any, name: str) -> Any:
    """Refuse an STL file in letters: three.js reads those in a time that grows with the square."""
    count = int.from_bytes(content.slice(80, 84).to_bytes(), "little")
    if content.byteLength != 84 + 50 * count:
        raise BadInput("model_unreadable", file=name, detail="no binary STL")
    return content


async def _read(three: Any, address: str, name: str) -> Any:
    content = await js.fetch(address)
    match name.rpartition(".")[2].lower():
        case "obj":
            return three.OBJLoader.new().parse(await content.text())
        case "stl":
            shape = three.STLLoader.new().parse(_binary(await content.arrayBuffer(), name))
            return three.Mesh.new(shape, three.MeshStandardMaterial.new())
    # What a server sends must not make the page ask elsewhere.
    scope = ProxyScope()
    inside = scope.proxy(lambda url: url if url.startswith("blob:") else "data:,")
    try:
        manager = three.LoadingManager.new().setURLModifier(inside)
        loader = three.GLTFLoader.new(manager)
        return (await loader.parseAsync(await content.arrayBuffer(), "")).scene
    finally:
        scope.end()
