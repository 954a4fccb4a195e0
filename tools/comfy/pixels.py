"""The pixel operations of the embedded servers' image nodes, with Pillow.

An IMAGE is a list of RGB pictures of one size, a MASK a list of grey ones. Inverting is exact
(255 - x); scaling is Pillow's own resampling of the same name; blur and sharpen follow
ComfyUI's formulas, exactly (but for rounding) up to a radius of 2, then nearly.
"""

from math import exp, sqrt
from pathlib import Path

from PIL import Image, ImageChops, ImageColor, ImageFilter, ImageOps, ImageSequence

Picture = Image.Image
Batch = list[Picture]

RESAMPLING = {
    "nearest-exact": Image.Resampling.NEAREST,
    "bilinear": Image.Resampling.BILINEAR,
    "area": Image.Resampling.BOX,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
_LARGEST_KERNEL = 2
_SIZE_WITHOUT_MASK = (64, 64)  # Source: ComfyUI, nodes.py, LoadImage.


def load(path: Path) -> tuple[Batch, Batch]:
    """Load the frames of a file, upright, and their masks (white where transparent)."""
    images: Batch = []
    masks: Batch = []
    with Image.open(path) as opened:
        for frame in ImageSequence.Iterator(opened):
            upright = ImageOps.exif_transpose(frame)
            image = upright.convert("RGB")
            if images and image.size != images[0].size:
                continue
            images.append(image)
            has_alpha = "A" in upright.getbands() or "transparency" in upright.info
            if has_alpha:
                masks.append(ImageOps.invert(upright.convert("RGBA").getchannel("A")))
            else:
                masks.append(Image.new("L", _SIZE_WITHOUT_MASK))
    return images, masks


def invert(batch: Batch) -> Batch:
    """Invert every channel: 255 - x."""
    return [ImageChops.invert(image) for image in batch]


def scale_by(batch: Batch, method: str, factor: float) -> Batch:
    """Multiply both sides by a factor, rounded."""
    return [ImageOps.scale(image, factor, RESAMPLING[method]) for image in batch]


def blur(batch: Batch, radius: int, sigma: float) -> Batch:
    """Blur with a Gaussian of that sigma, cut off `radius` pixels from its middle.

    Up to a radius of 2 it is that kernel itself, mirrored at the edges; Pillow has no larger
    ones, so from there on it is Pillow's approximation with the kernel's deviation.
    """
    weights = {at: exp(-at * at / (2 * sigma * sigma)) for at in range(-radius, radius + 1)}
    if radius > _LARGEST_KERNEL or any(min(image.size) <= radius for image in batch):
        spread = sum(weight * at * at for at, weight in weights.items())
        soft = ImageFilter.GaussianBlur(sqrt(spread / sum(weights.values())))
        return [image.filter(soft) for image in batch]
    side = 2 * radius + 1
    kernel = [weights[x] * weights[y] for y in weights for x in weights]
    exact = ImageFilter.Kernel((side, side), kernel, sum(kernel))
    blurred = []
    for image in batch:
        inner = (radius, radius, radius + image.width, radius + image.height)
        blurred.append(_mirrored(image, radius).filter(exact).crop(inner))
    return blurred


def sharpen(batch: Batch, radius: int, sigma: float, alpha: float) -> Batch:
    """Add ten times alpha the difference from the blurred picture."""
    pairs = zip(blur(batch, radius, sigma), batch, strict=True)
    return [Image.blend(blurred, image, 1.0 + 10.0 * alpha) for blurred, image in pairs]


def empty(width: int, height: int, count: int, color: int) -> Batch:
    """Make pictures of one colour, given as 0xRRGGBB."""
    rgb = ImageColor.getrgb(f"#{color:06x}")
    return [Image.new("RGB", (width, height), rgb) for _ in range(count)]


def _mirrored(image: Picture, margin: int) -> Picture:
    """Surround a picture with its own mirror image; edge pixels are not doubled."""
    width, height = image.size
    wide = Image.new(image.mode, (width + 2 * margin, height))
    wide.paste(image, (margin, 0))
    wide.paste(ImageOps.mirror(image.crop((1, 0, 1 + margin, height))), (0, 0))
    right = image.crop((width - 1 - margin, 0, width - 1, height))
    wide.paste(ImageOps.mirror(right), (margin + width, 0))
    high = Image.new(image.mode, (wide.width, height + 2 * margin))
    high.paste(wide, (0, margin))
    high.paste(ImageOps.flip(wide.crop((0, 1, wide.width, 1 + margin))), (0, 0))
    bottom = wide.crop((0, height - 1 - margin, wide.width, height - 1))
    high.paste(ImageOps.flip(bottom), (0, margin + height))
    return high
