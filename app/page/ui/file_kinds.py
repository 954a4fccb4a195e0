"""What a chosen file is, by its type and name, and which inputs take it."""

from collections.abc import Iterable, Mapping

from tether.core.events import Picture
from tether.core.protocol.node_info import FileKind

ACCEPTS: Mapping[FileKind, str] = {
    "picture": "image/*",
    "video": "video/*,.mkv,.mov",
    "audio": "audio/*,video/*,.flac,.opus,.mp3",
    "file": "",
}
"""What a file picker offers for an input, as in HTML's `accept`; "" is everything."""

_BY_ENDING: Mapping[FileKind, tuple[str, ...]] = {
    "video": (".mp4", ".webm", ".mkv", ".mov", ".m4v", ".avi"),
    "audio": (".flac", ".opus", ".mp3", ".wav", ".ogg", ".m4a", ".aac"),
    "file": (
        *(".json", ".txt", ".csv", ".srt", ".latent", ".safetensors", ".zip"),
        *(".glb", ".gltf", ".obj", ".stl", ".fbx", ".ply", ".usdz", ".spz", ".splat", ".ksplat"),
    ),
}
"""Files whose type browsers may not know, or that are known by their names alone."""

_BY_TYPE: Mapping[FileKind, tuple[str, ...]] = {
    "video": ("video/",),
    "audio": ("audio/",),
    "file": ("model/", "image/svg"),
}
_OTHER = ("application/", "text/")
"""Types of files that are no pictures; some systems know films and sounds by no better one."""


def kind_of(media_type: str, name: str) -> FileKind:
    """Return the kind of a file; one of which nothing is known may be a picture."""
    for kind, types in _BY_TYPE.items():
        if media_type.startswith(types):
            return kind
    if media_type.startswith("image/"):
        return "picture"
    by_ending = (kind for kind, ends in _BY_ENDING.items() if name.lower().endswith(ends))
    return next(by_ending, "file" if media_type.startswith(_OTHER) else "picture")


def first_picture(files: Iterable[Picture]) -> Picture | None:
    """Return the first of a task's files that can be shown as a picture."""
    return next((each for each in files if kind_of("", each.filename) == "picture"), None)
