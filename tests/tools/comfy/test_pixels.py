"""Pixel for pixel what ComfyUI's nodes promise."""

import math
from pathlib import Path

import pytest
from PIL import Image, ImageFilter

from tests.tools.comfy.wire import noise
from tools.comfy import pixels

RED, BLUE = (255, 0, 0), (0, 0, 255)


def flat(color: tuple[int, int, int], size: tuple[int, int] = (4, 3)) -> list[Image.Image]:
    """A batch of one picture of one colour."""
    return [Image.new("RGB", size, color)]


def test_inverting_is_exact() -> None:
    """255 - x, and twice gives the picture back."""
    picture = noise()
    inverted = pixels.invert([picture])
    assert all(
        255 - before == after
        for before, after in zip(picture.tobytes(), inverted[0].tobytes(), strict=True)
    )
    assert pixels.invert(inverted)[0].tobytes() == picture.tobytes()


@pytest.mark.parametrize("method", pixels.RESAMPLING)
def test_scaling_is_pillows(method: str) -> None:
    """By a factor, rounded as Python rounds."""
    scaled = pixels.scale_by([noise(10, 7)], method, 1.5)
    assert scaled[0].size == (15, 10)


@pytest.mark.parametrize("radius", [1, 2])
@pytest.mark.parametrize("sigma", [0.3, 1.0, 10.0])
def test_a_small_blur_is_exact(radius: int, sigma: float) -> None:
    """ComfyUI's kernel, mirrored at the edges, but for rounding."""
    picture = noise(9, 7)
    blurred = pixels.blur([picture], radius, sigma)[0]
    for x, y in ((0, 0), (8, 6), (4, 3), (1, 5)):
        total = weight_sum = 0.0
        for dx in range(-radius, radius + 1):
            for dy in range(-radius, radius + 1):
                weight = math.exp(-(dx * dx + dy * dy) / (2 * sigma * sigma))
                near = (mirror(x + dx, 9), mirror(y + dy, 7))
                total += weight * picture.getpixel(near)[0]
                weight_sum += weight
        assert abs(blurred.getpixel((x, y))[0] - total / weight_sum) <= 1


def mirror(at: int, size: int) -> int:
    """A place beyond the edge, mirrored back."""
    at = abs(at)
    return at if at < size else 2 * (size - 1) - at


def test_a_large_blur_is_pillows() -> None:
    """With the deviation of the kernel, cut off where it ends; flat pictures stay flat."""
    picture = noise()
    wide = pixels.blur([picture], 31, 2.0)[0]
    assert difference(wide, picture.filter(ImageFilter.GaussianBlur(2.0))) <= 1
    assert pixels.blur(flat(RED), 5, 3.0)[0].getcolors() == [(12, RED)]
    assert pixels.blur(flat(RED, (2, 2)), 2, 3.0)[0].getcolors() == [(4, RED)]


def test_sharpening_widens_differences() -> None:
    """Nothing without alpha, and nothing on a flat picture."""
    picture = noise()
    assert difference(pixels.sharpen([picture], 1, 1.0, 0.0)[0], picture) == 0
    assert pixels.sharpen(flat(RED), 1, 1.0, 5.0)[0].getcolors() == [(12, RED)]
    edge = Image.new("RGB", (20, 4), (100, 100, 100))
    edge.paste((150, 150, 150), (10, 0, 20, 4))
    values = pixels.sharpen([edge], 1, 1.0, 0.1)[0].tobytes()
    assert min(values) < 100 and max(values) > 150


def test_pictures_are_made() -> None:
    """Of one colour, as many as asked."""
    made = pixels.empty(4, 3, 2, 0xFF0000)
    assert [each.getcolors() for each in made] == [[(12, RED)]] * 2


def test_pictures_are_loaded_upright_with_their_masks(tmp_path: Path) -> None:
    """White in the mask is transparent; without alpha it is small and black."""
    path = tmp_path / "x.png"
    picture = Image.new("RGBA", (4, 2), (255, 0, 0, 255))
    picture.putpixel((0, 0), (255, 0, 0, 0))
    exif = Image.Exif()
    exif[0x0112] = 6  # Turned by 90 degrees.
    picture.save(path, exif=exif)
    images, masks = pixels.load(path)
    assert images[0].size == masks[0].size == (2, 4)
    assert masks[0].getpixel((1, 0)) == 255
    Image.new("RGB", (4, 2), BLUE).save(path)
    assert pixels.load(path)[1][0].size == (64, 64)


def test_an_animation_is_a_batch(tmp_path: Path) -> None:
    """Each frame a picture, palettes with transparency too."""
    path = tmp_path / "x.gif"
    frames = [Image.new("RGB", (8, 8), color) for color in (RED, BLUE)]
    frames[0].save(path, save_all=True, append_images=frames[1:])
    assert [each.getpixel((0, 0)) for each in pixels.load(path)[0]] == [RED, BLUE]


def test_a_text_is_no_picture(tmp_path: Path) -> None:
    """Pillow's error says so."""
    path = tmp_path / "x.png"
    path.write_text("no picture")
    with pytest.raises(OSError, match="cannot identify"):
        pixels.load(path)


def difference(one: Image.Image, other: Image.Image) -> int:
    """The largest difference of any value."""
    pairs = zip(one.tobytes(), other.tobytes(), strict=True)
    return max(abs(first - second) for first, second in pairs)
