"""What the embedded servers' image nodes do to pixels, with Pillow.

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
    """The frames of a file, upright, and their masks (white where transparent)."""
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


def load_mask(path: Path, channel: str) -> Batch:
    """One channel of a file as a mask; alpha is inverted, and empty if there is none."""
    with Image.open(path) as opened:
        upright = ImageOps.exif_transpose(opened)
        has_alpha = "A" in upright.getbands()
        bands = upright.convert("RGBA")
    if channel == "alpha":
        if not has_alpha:
            return [Image.new("L", _SIZE_WITHOUT_MASK)]
        return [ImageOps.invert(bands.getchannel("A"))]
    return [bands.getchannel({"red": "R", "green": "G", "blue": "B"}[channel])]


def grey(masks: Batch) -> Batch:
    """Masks as pictures: white where they are white."""
    return [mask.convert("RGB") for mask in masks]


def invert(batch: Batch) -> Batch:
    """255 - x in every channel."""
    return [ImageChops.invert(image) for image in batch]


def scale_by(batch: Batch, method: str, factor: float) -> Batch:
    """Both sides times a factor, rounded."""
    return [
        image.resize(
            (round(image.width * factor), round(image.height * factor)), RESAMPLING[method]
        )
        for image in batch
    ]


def scale(batch: Batch, method: str, width: int, height: int, crop: str) -> Batch:
    """To a size; a side of 0 follows from the other, two of them change nothing."""
    if width == 0 and height == 0:
        return batch
    scaled = []
    for image in batch:
        wide = width or max(1, round(image.width * height / image.height))
        high = height or max(1, round(image.height * width / image.width))
        if crop == "center":
            image = _crop_to_ratio(image, wide / high)
        scaled.append(image.resize((wide, high), RESAMPLING[method]))
    return scaled


def crop(batch: Batch, width: int, height: int, x: int, y: int) -> Batch:
    """A part of the picture, cut off where the picture ends."""
    cropped = []
    for image in batch:
        left, top = min(x, image.width - 1), min(y, image.height - 1)
        box = (left, top, min(left + width, image.width), min(top + height, image.height))
        cropped.append(image.crop(box))
    return cropped


def blur(batch: Batch, radius: int, sigma: float) -> Batch:
    """A Gaussian of that sigma, cut off `radius` pixels from its middle.

    Up to a radius of 2 it is that kernel itself, mirrored at the edges; Pillow has no larger
    ones, so from there on it is Pillow's approximation with the kernel's deviation.
    """
    weights = _weights(radius, sigma)
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
    """The picture plus ten times alpha its difference from the blurred one."""
    pairs = zip(blur(batch, radius, sigma), batch, strict=True)
    return [Image.blend(blurred, image, 1.0 + 10.0 * alpha) for blurred, image in pairs]


def blend(first: Batch, second: Batch, factor: float, mode: str) -> Batch:
    """The first picture, mixed with what `mode` makes of both."""
    blended = []
    for number, under in enumerate(first):
        over = second[min(number, len(second) - 1)]
        if over.size != under.size:
            over = scale([over], "bicubic", under.width, under.height, "center")[0]
        match mode:
            case "multiply":
                mixed = ImageChops.multiply(under, over)
            case "screen":
                mixed = ImageChops.screen(under, over)
            case "overlay":
                mixed = ImageChops.overlay(under, over)
            case "soft_light":
                mixed = ImageChops.soft_light(under, over)
            case "difference":
                mixed = ImageChops.subtract(under, over)
            case _:
                mixed = over
        blended.append(Image.blend(under, mixed, factor))
    return blended


def empty(width: int, height: int, count: int, color: int) -> Batch:
    """Pictures of one colour, given as 0xRRGGBB."""
    rgb = ImageColor.getrgb(f"#{color:06x}")
    return [Image.new("RGB", (width, height), rgb) for _ in range(count)]


def join(first: Batch, second: Batch) -> Batch:
    """Both batches as one, all of the first one's size."""
    wanted = first[0]
    fitted = [
        image
        if image.size == wanted.size
        else scale([image], "bilinear", wanted.width, wanted.height, "center")[0]
        for image in second
    ]
    return [*first, *fitted]


def _crop_to_ratio(image: Picture, ratio: float) -> Picture:
    x = y = 0
    if image.width / image.height > ratio:
        x = round((image.width - image.height * ratio) / 2)
    else:
        y = round((image.height - image.width / ratio) / 2)
    return image.crop((x, y, image.width - x, image.height - y))


def _weights(radius: int, sigma: float) -> dict[int, float]:
    return {at: exp(-at * at / (2 * sigma * sigma)) for at in range(-radius, radius + 1)}


def _mirrored(image: Picture, margin: int) -> Picture:
    """The picture with its own mirror image around it; edge pixels are not doubled."""
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
