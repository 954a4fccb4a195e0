"""The dialog in which people paint the mask of a picture."""

import asyncio
import math
from itertools import pairwise
from typing import Any, Literal

import js
from pyodide.ffi import JsException

from page.composer.painting import LARGEST, SMALLEST, BrushStroke, Painting, resized
from page.ui.dom import button, by_id, element, listen, on_action, set_text
from page.ui.parts import load_library
from page.ui.words import Words
from tether.browser.values import new_file, to_object
from tether.core.errors import BadInput

LIBRARY = "./static/masks/png.mjs"

_COLOUR = "#e0218a"
"""Of what is painted: few photos have it."""

_AS_IN_FILE = {"premultiplyAlpha": "none", "colorSpaceConversion": "none"}
_PEN_ERASER = 32
"""Source: Pointer Events, `buttons`: the other end of a pen."""

_LARGER, _SMALLER, _TOOLS = "]", "[", {"b": "brush", "e": "eraser"}


class MaskPainter:
    """Paints on one picture at a time, by mouse, pen or finger."""

    def __init__(self, words: Words) -> None:
        self._words = words
        self._dialog = by_id("mask")
        self._painting = Painting()
        self._bitmap: Any = None
        self._ended: asyncio.Future[bool] | None = None
        self._pointer: int | None = None
        """The one that paints; another, such as a palm, does not."""
        self._make()
        on_action(self._dialog, lambda action, _key: self._pressed(action))
        listen(self._dialog, "close", lambda _event: self._end(False))
        listen(self._dialog, "keydown", self._key_pressed)
        for name, handle in {
            "pointerdown": self._down,
            "pointermove": self._moved,
            "pointerup": self._up,
            "pointercancel": self._up,
            "pointerleave": self._left,
        }.items():
            listen(self._canvas, name, handle)

    async def paint(self, file: Any, name: str, painting: Painting) -> Any | None:
        """Let a person go on with a painting; returns the picture with the mask as a JS File.

        It is the picture itself if all of it was taken back; None if the painting was given up.

        Raises:
            BadInput: The browser can't open the picture, or not paint on one so large.
            TetherError: A part of the page can't be fetched.
        """
        if self._ended is not None:
            return None
        self._ended = asyncio.get_event_loop().create_future()
        try:
            library = await load_library(LIBRARY)
            self._bitmap = await js.createImageBitmap(file, to_object(_AS_IN_FILE))
            self._open(file, name, painting)
            if not await self._ended:
                return None
            if not painting.steps:
                return file
            self._be_busy(True)
            content = await library.maskedPng(self._bitmap, self._canvas)
            stem = name.rpartition(".")[0] or name
            return new_file(content, f"{stem}.png", "image/png") if self._dialog.open else None
        except JsException as error:
            raise BadInput("mask_impossible", picture=name) from error
        finally:
            self._ended = None
            self._close()

    def _open(self, file: Any, name: str, painting: Painting) -> None:
        bitmap, canvas = self._bitmap, self._canvas
        self._painting, self._pointer = painting, None
        set_text(self._title, self._words.say("mask.title", picture=name))
        self._image.src = js.URL.createObjectURL(file)
        canvas.width, canvas.height = bitmap.width, bitmap.height
        self._dialog.style.setProperty("--ratio", f"{bitmap.width / bitmap.height}")
        self._choose("brush")
        self._draw_all()
        self._dialog.showModal()

    def _close(self) -> None:
        self._be_busy(False)
        self._dialog.close()
        # A canvas without pixels holds no memory.
        self._canvas.width = self._canvas.height = 0
        if self._bitmap is not None:
            js.URL.revokeObjectURL(self._image.src)
            self._image.removeAttribute("src")
            self._bitmap.close()
            self._bitmap = None

    def _be_busy(self, is_busy: bool) -> None:
        self._pointer = None
        for each in self._buttons.values():
            each.disabled = is_busy and each.dataset.action != "cancel"

    def _end(self, is_wanted: bool) -> None:
        if self._ended is not None and not self._ended.done():
            self._ended.set_result(is_wanted)

    def _make(self) -> None:
        say = self._words.say
        self._title = element("h2", id="mask-title")
        self._image, self._ring = element("img", "", alt=""), element("span", "ring", hidden="")
        self._canvas = element("canvas", "", role="img", aria_label=say("mask.canvas"))
        self._stage = element("div", "stage", "", self._image, self._canvas, self._ring)
        self._buttons = {
            action: button(action, "", say(f"mask.{action}"))
            for action in ("brush", "eraser", "invert", "undo", "cancel", "use")
        }
        self._buttons["use"].className = "primary"
        self._size = element("input", "", type="range", min=str(SMALLEST), max=str(LARGEST))
        self._size.value = "40"
        sized = element("label", "size", "", element("span", "", say("mask.size")), self._size)
        brush, eraser, invert, undo, *ends = self._buttons.values()
        self._dialog.append(
            element("div", "head", "", self._title),
            element("p", "", say("mask.what")),
            element("div", "brushes", "", brush, eraser, sized, invert, undo),
            self._stage,
            element("div", "buttons", "", *ends),
        )

    def _choose(self, tool: str) -> None:
        for name in _TOOLS.values():
            self._buttons[name].setAttribute("aria-pressed", str(name == tool).lower())

    @property
    def _is_eraser(self) -> bool:
        return str(self._buttons["eraser"].getAttribute("aria-pressed")) == "true"

    def _pressed(self, action: str) -> None:
        match action:
            case "brush" | "eraser":
                self._choose(action)
            case "invert":
                self._pointer = None
                self._painting.invert()
                self._draw("invert")
            case "undo":
                self._pointer = None
                if self._painting.undo():
                    self._draw_all()
            case "use":
                self._end(True)
            case _:
                self._dialog.close()

    def _key_pressed(self, event: Any) -> None:
        key = str(event.key).lower()
        if self._ended is None or self._ended.done():
            return
        if key == "z" and (event.ctrlKey or event.metaKey) and not event.shiftKey:
            event.preventDefault()
            self._pressed("undo")
        elif key in (_LARGER, _SMALLER):
            self._size.value = f"{resized(float(self._size.value), key == _LARGER):.0f}"
            self._size_ring()
        elif key in _TOOLS and not event.ctrlKey and not event.metaKey:
            self._choose(_TOOLS[key])

    def _down(self, event: Any) -> None:
        is_over = self._ended is None or self._ended.done()
        if event.button not in (0, 5) or self._pointer is not None or is_over:
            return
        event.preventDefault()
        self._canvas.setPointerCapture(event.pointerId)
        self._pointer = event.pointerId
        is_eraser = self._is_eraser or bool(event.buttons & _PEN_ERASER)
        scale = self._canvas.width / self._canvas.getBoundingClientRect().width
        stroke = BrushStroke(is_eraser, float(self._size.value) * scale, [self._point(event)])
        self._painting.begin(stroke)
        self._draw(stroke)

    def _moved(self, event: Any) -> None:
        self._show_ring(event)
        if event.pointerId == self._pointer:
            part = self._painting.go_on(self._point(event))
            if part is not None:
                self._draw(part)

    def _up(self, event: Any) -> None:
        if event.pointerId == self._pointer:
            self._pointer = None

    def _left(self, _event: Any) -> None:
        self._ring.hidden = True

    def _point(self, event: Any) -> tuple[float, float]:
        shown = self._canvas.getBoundingClientRect()
        scale = self._canvas.width / shown.width
        return (event.clientX - shown.left) * scale, (event.clientY - shown.top) * scale

    def _show_ring(self, event: Any) -> None:
        stage, style = self._stage.getBoundingClientRect(), self._ring.style
        self._ring.hidden = str(event.pointerType) == "touch"
        style.left = f"{event.clientX - stage.left}px"
        style.top = f"{event.clientY - stage.top}px"
        self._size_ring()

    def _size_ring(self) -> None:
        self._ring.style.width = self._ring.style.height = f"{self._size.value}px"

    def _draw_all(self) -> None:
        """Draw what the picture itself has as its mask, then all steps."""
        canvas = self._canvas
        pen = canvas.getContext("2d")
        pen.globalCompositeOperation = "copy"
        pen.fillStyle = _COLOUR
        pen.fillRect(0, 0, canvas.width, canvas.height)
        pen.globalCompositeOperation = "destination-out"
        pen.drawImage(self._bitmap, 0, 0)
        for step in self._painting.steps:
            if isinstance(step, str):
                self._draw(step)
                continue
            # Part by part, as it was painted: edges that overlap are then the same again.
            self._draw(step._replace(points=step.points[:1]))
            for part in pairwise(step.points):
                self._draw(step._replace(points=list(part)))

    def _draw(self, step: BrushStroke | Literal["invert"]) -> None:
        """Invert what is painted, or paint the dot or line of a part of a stroke."""
        canvas = self._canvas
        pen = canvas.getContext("2d")
        pen.fillStyle = pen.strokeStyle = _COLOUR
        if isinstance(step, str):
            pen.globalCompositeOperation = "xor"
            pen.fillRect(0, 0, canvas.width, canvas.height)
            return
        pen.globalCompositeOperation = "destination-out" if step.is_eraser else "source-over"
        start, *others = step.points
        pen.beginPath()
        if not others:
            # Safari draws no line from a point to itself. Source: whatwg/html, issue 1079.
            pen.arc(*start, step.width / 2, 0, 2 * math.pi)
            pen.fill()
            return
        pen.lineCap, pen.lineWidth = "round", step.width
        pen.moveTo(*start)
        pen.lineTo(*others[0])
        pen.stroke()
