"""Strokes of a mask, and how they are taken back."""

import pytest

from page.composer.painting import LARGEST, SMALLEST, BrushStroke, Painting, resized


def test_a_stroke_grows_point_by_point() -> None:
    """Only what is new has to be drawn; a pointer that rests adds nothing."""
    painting = Painting()
    painting.begin(BrushStroke(False, 8, [(0, 0)]))
    assert painting.go_on((0, 0)) is None
    assert painting.go_on((1, 0)) == BrushStroke(False, 8, [(0, 0), (1, 0)])
    assert painting.go_on((2, 2)) == BrushStroke(False, 8, [(1, 0), (2, 2)])
    assert painting.steps == [BrushStroke(False, 8, [(0, 0), (1, 0), (2, 2)])]


def test_steps_are_taken_back_from_the_last() -> None:
    """An inversion is a step, too, and no stroke goes on behind it."""
    painting = Painting()
    assert not painting.undo()
    stroke = BrushStroke(True, 4, [(5, 5)])
    painting.begin(stroke)
    painting.invert()
    assert painting.go_on((6, 6)) is None
    assert painting.undo()
    assert painting.steps == [stroke]
    assert painting.undo()
    assert painting.steps == []


@pytest.mark.parametrize(
    ("size", "is_larger", "wanted"),
    [(40, True, 50), (40, False, 32), (SMALLEST, False, SMALLEST), (LARGEST, True, LARGEST)],
)
def test_the_brush_has_a_smallest_and_a_largest_size(
    size: float, is_larger: bool, wanted: float
) -> None:
    assert resized(size, is_larger) == wanted
