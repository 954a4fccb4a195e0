"""`GET /view` and `POST /upload/image`.

Source: ComfyUI 0.28.1 and 0.3.64 wire, measured.
"""

import re
from datetime import UTC, datetime
from posixpath import basename

from simulator.events import DropBlob
from simulator.files import ROOTS, Files, OutsideRoot, StoredFile, clean_subfolder, split_annotation
from simulator.http import (
    TROUBLE,
    FileBody,
    FilePart,
    Headers,
    PictureBody,
    Request,
    Response,
    ServerTrouble,
    TextPart,
    json_response,
)
from simulator.settings import Api
from simulator.stage import Stage

_UNKNOWN = "application/octet-stream"
_NAMED_AS_THEIR_SUFFIX = {
    "audio": ("flac", "ogg"),
    "image": ("avif", "bmp", "gif", "jpeg", "png", "tiff", "webp"),
    "text": ("css", "csv", "html", "xml"),
    "video": ("mp4", "webm"),
}
_TYPES = {
    **{each: f"{kind}/{each}" for kind, names in _NAMED_AS_THEIR_SUFFIX.items() for each in names},
    "glb": "model/gltf-binary",
    "htm": "text/html",
    "ico": "image/vnd.microsoft.icon",
    "jpg": "image/jpeg",
    "js": "text/javascript",
    "json": "application/json",
    "mjs": "text/javascript",
    "mkv": "video/x-matroska",
    "mov": "video/quicktime",
    "mp3": "audio/mpeg",
    "pdf": "application/pdf",
    "svg": "image/svg+xml",
    "tif": "image/tiff",
    "txt": "text/plain",
    "wav": "audio/x-wav",
    "xhtml": "application/xhtml+xml",
}
_ACTIVE = {
    "application/xhtml+xml",
    "image/svg+xml",
    "text/css",
    "text/html",
    "text/javascript",
    "text/xml",
}
_RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})")
_QUALITY = re.compile(r"[0-9]{1,9}")
_USUAL_QUALITY = 90


def answer_view(request: Request, files: Files, api: Api) -> Response:
    """Answer with the file that a query names."""
    query = request.query
    if "filename" not in query:
        return Response(404)
    name, root = split_annotation(query["filename"])
    if not name or name.startswith("/") or ".." in name:
        return Response(400)
    root = root or query.get("type", "output")
    if root not in ROOTS:
        return Response(400)
    try:
        subfolder = clean_subfolder(query.get("subfolder", ""))
    except OutsideRoot:
        return Response(403)
    file = files.find(root, subfolder, basename(name))
    if file is None:
        return Response(404)
    if "preview" in query:
        return _preview(file, query)
    if query.get("channel") in ("rgb", "a"):
        picture = PictureBody(file.blob.key, "png", _USUAL_QUALITY, query["channel"], TROUBLE)
        headers = (("Content-Disposition", _quoted(file)), ("Content-Type", "image/png"))
        return Response(200, headers, picture)
    return _whole(request, file, _file_headers(file, api))


def answer_upload(request: Request, files: Files, stage: Stage) -> Response:
    """Store an uploaded file, whatever its contents, and answer with the name it got.

    Raises:
        ServerTrouble: The body can't be taken apart, or the field `type` names no folder.
    """
    if request.is_malformed:
        raise ServerTrouble("an upload's multipart body is malformed")
    parts = request.form or ()
    texts = {part.field: part.text for part in reversed(parts) if isinstance(part, TextPart)}
    root = texts.get("type", "input")
    subfolder = texts.get("subfolder", "")
    if root not in ROOTS:
        raise ServerTrouble(f"an upload asks for the unknown folder `{root}`")
    image: FilePart | None = None
    for part in parts:
        if isinstance(part, FilePart) and part.field == "image" and image is None:
            image = part
        elif isinstance(part, FilePart):
            stage.emit(DropBlob(part.blob.key))
    if image is None:
        return Response(400)
    if not image.filename:
        stage.emit(DropBlob(image.blob.key))
        return Response(400)
    overwrite = texts.get("overwrite") in ("true", "1")
    try:
        stored = files.add_upload(root, subfolder, image.filename, image.blob, overwrite=overwrite)
    except OutsideRoot:
        stage.emit(DropBlob(image.blob.key))
        return Response(400)
    return json_response({"name": stored.name, "subfolder": subfolder, "type": root})


def _preview(file: StoredFile, query: dict[str, str]) -> Response:
    words = query["preview"].split(";")
    channel = query.get("channel", "")
    form = words[0] if words[0] in ("webp", "jpeg") and "a" not in channel else "webp"
    quality = int(words[-1]) if _QUALITY.fullmatch(words[-1]) else _USUAL_QUALITY
    shown = "rgb" if channel == "rgb" or form == "jpeg" else "rgba"
    headers = (("Content-Disposition", _quoted(file)), ("Content-Type", f"image/{form}"))
    return Response(200, headers, PictureBody(file.blob.key, form, quality, shown, TROUBLE))


def _whole(request: Request, file: StoredFile, headers: Headers) -> Response:
    size = file.blob.size
    tag = f'"{int(file.changed * 1_000_000_000):x}-{size:x}"'
    changed = datetime.fromtimestamp(file.changed, UTC).strftime("%a, %d %b %Y %H:%M:%S GMT")
    headers = (*headers, ("Etag", tag), ("Last-Modified", changed))
    tags = request.headers.get("if-none-match")
    known = {each.strip().removeprefix("W/") for each in (tags or "").split(",")}
    is_unchanged = tags is None and request.headers.get("if-modified-since") == changed
    if is_unchanged or tag in known or "*" in known:
        return Response(304, headers)
    headers = (*headers, ("Accept-Ranges", "bytes"))
    wanted = request.headers.get("range")
    if wanted is None:
        return Response(200, headers, FileBody(file.blob.key, 0, size))
    found = _RANGE.fullmatch(wanted.strip())
    first, last = found.groups() if found is not None else ("", "")
    start = int(first) if first else max(0, size - int(last or 0))
    stop = min(int(last) + 1, size) if first and last else size
    if start >= stop:
        return Response(416, (*headers, ("Content-Range", f"bytes */{size}")))
    headers = (*headers, ("Content-Range", f"bytes {start}-{stop - 1}/{size}"))
    return Response(206, headers, FileBody(file.blob.key, start, stop))


def _file_headers(file: StoredFile, api: Api) -> Headers:
    """Return the headers of a file; active content is never inline, except SVG in 0.3.64."""
    kind = _TYPES.get(file.name.rpartition(".")[2].lower(), _UNKNOWN)
    if api is Api.V0_3_64:
        safe = kind if kind in ("image/svg+xml", "text/xml") or kind not in _ACTIVE else _UNKNOWN
        return (("Content-Disposition", _quoted(file)), ("Content-Type", safe))
    if kind in _ACTIVE:
        disposition, kind = f"attachment; {_quoted(file)}", _UNKNOWN
    else:
        disposition = _quoted(file)
    return (
        ("Content-Disposition", disposition),
        ("Content-Type", kind),
        ("X-Content-Type-Options", "nosniff"),
    )


def _quoted(file: StoredFile) -> str:
    escaped = file.name.replace("\\", "\\\\").replace('"', '\\"')
    return f'filename="{escaped}"'
