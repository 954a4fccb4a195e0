"""Pictures to try the page with, painted here: for people who have none at hand."""

import math
from typing import Any

import js

from tether.browser.values import new_file

COUNT = 3

_WIDTH, _HEIGHT = 960, 640


async def paint_samples() -> list[Any]:
    """Paint hills under a sun, once for each of three hours; returns JS Files."""
    return [await _painted(number) for number in range(COUNT)]


async def _painted(number: int) -> Any:
    canvas = js.OffscreenCanvas.new(_WIDTH, _HEIGHT)
    pen = canvas.getContext("2d")
    hour = (number + 0.5) / COUNT
    sky = pen.createLinearGradient(0, 0, 0, _HEIGHT)
    sky.addColorStop(0, f"hsl(215 60% {35 + 25 * hour:.0f}%)")
    sky.addColorStop(1, f"hsl({30 - 20 * hour:.0f} 90% 65%)")
    pen.fillStyle = sky
    pen.fillRect(0, 0, _WIDTH, _HEIGHT)
    x, y = _WIDTH * (0.15 + 0.7 * hour), _HEIGHT * (0.55 - 0.35 * math.sin(math.pi * hour))
    pen.fillStyle = "#fff0c8"
    pen.beginPath()
    pen.arc(x, y, _WIDTH / 18, 0, 2 * math.pi)
    pen.fill()
    for ridge in range(3):
        _paint_hills(pen, ridge, hour)
    return new_file(await canvas.convertToBlob(), f"sample-{number + 1}.png", "image/png")


def _paint_hills(pen: Any, ridge: int, hour: float) -> None:
    base, wave = _HEIGHT * (0.6 + 0.13 * ridge), _WIDTH / 480 * (60 - 9 * ridge)
    pen.fillStyle = f"hsl(150 35% {38 - 10 * ridge}%)"
    pen.beginPath()
    pen.moveTo(0, _HEIGHT)
    for x in range(0, _WIDTH + 16, 16):
        pen.lineTo(x, base - _HEIGHT / 12 * math.sin(x / wave + 2 * ridge + 5 * hour))
    pen.lineTo(_WIDTH, _HEIGHT)
    pen.fill()
