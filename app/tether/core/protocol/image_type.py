"""Types of pictures, by their first bytes."""

TYPE_HEAD = 16
"""Bytes of a file that suffice."""

_STARTS = (
    b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff",  # JPEG
    b"GIF87a",
    b"GIF89a",
    b"BM",
    b"II*\0",  # TIFF
    b"MM\0*",
)
_ENDINGS = {b"\xff\xd8\xff": ".jpg", b"GIF": ".gif", b"RIFF": ".webp"}
_BRANDS = (b"avif", b"avis")
_HEIC = (b"heic", b"heix", b"hevc", b"hevx", b"heim", b"heis", b"mif1", b"msf1")


def is_picture(head: bytes) -> bool:
    """Say whether a file is a picture by its first bytes; its name and type prove nothing.

    Servers take any bytes as an upload and fail only when the workflow runs.
    Source: ComfyUI 0.28.1, `POST /upload/image`, measured.
    """
    if head[:4] == b"RIFF":
        return head[8:12] == b"WEBP"
    if head[4:8] == b"ftyp":
        return head[8:12] in _BRANDS
    return head.startswith(_STARTS)


_RAW = (".cr2", ".nef", ".arw", ".dng", ".orf", ".rw2", ".pef", ".srw", ".raf", ".cr3")


def is_heic(head: bytes) -> bool:
    """Say whether a file is a photo as iPhones keep it, which ComfyUI can't open.

    Source: ComfyUI's requirements name Pillow alone, which has no HEIF.
    """
    return head[4:8] == b"ftyp" and head[8:12] in _HEIC


def is_raw(filename: str) -> bool:
    """Say whether a file is what a camera's sensor gave, which begins like a TIFF picture.

    Source: ComfyUI's requirements name Pillow alone, which reads no camera's raw files.
    """
    return filename.lower().endswith(_RAW)


def may_carry_workflow(head: bytes) -> bool:
    """Say whether a picture is one that ComfyUI made and wrote its workflow into.

    Source: ComfyUI 0.28.1, `SaveImage`: text chunks `prompt` and `workflow` before the pixels.
    """
    return b"tEXtprompt\0" in head or b"tEXtworkflow\0" in head


def ending(head: bytes) -> str:
    """Return how a picture's file name should end, by which servers tell browsers its type."""
    return next((end for start, end in _ENDINGS.items() if head.startswith(start)), ".png")
