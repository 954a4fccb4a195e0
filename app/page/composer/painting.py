"""What is painted on a picture as its mask, stroke by stroke, and taken back again."""

from typing import Literal, NamedTuple, TypeAlias

Point: TypeAlias = tuple[float, float]

SMALLEST, LARGEST = 4, 200
"""Across the brush, in CSS pixels."""

_STEP = 1.25
"""How much larger one key makes the brush."""


class BrushStroke(NamedTuple):
    """A line of the brush, or of the eraser; its width and points in pixels of the picture."""

    is_eraser: bool
    width: float
    points: list[Point]


class Painting:
    """The steps by which a mask came about, the first one first."""

    def __init__(self) -> None:
        self.steps: list[BrushStroke | Literal["invert"]] = []

    def begin(self, stroke: BrushStroke) -> None:
        """Begin a stroke."""
        self.steps.append(stroke)

    def go_on(self, point: Point) -> BrushStroke | None:
        """Lead the last stroke to a point; returns the part that is new, if it moved at all."""
        last = self.steps[-1]
        if isinstance(last, str) or last.points[-1] == point:
            return None
        last.points.append(point)
        return last._replace(points=last.points[-2:])

    def invert(self) -> None:
        """Make painted what isn't, and the other way round."""
        self.steps.append("invert")

    def undo(self) -> bool:
        """Take the last step back; tells whether there was one."""
        if not self.steps:
            return False
        self.steps.pop()
        return True


def resized(size: float, is_larger: bool) -> float:
    """Return the next size of the brush, larger or smaller, in CSS pixels."""
    wanted = size * _STEP if is_larger else size / _STEP
    return min(LARGEST, max(SMALLEST, wanted))
