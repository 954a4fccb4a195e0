"""`POST /upload/image`. Source: ComfyUI 0.28.1 wire, measured."""

from simulator.events import DropBlob
from simulator.files import ROOTS, Files, OutsideRoot
from simulator.http import (
    FilePart,
    Request,
    Response,
    ServerTrouble,
    TextPart,
    empty_response,
    json_response,
)
from simulator.stage import Stage


def answer_upload(request: Request, files: Files, stage: Stage) -> Response:
    """Store an uploaded file, whatever its contents, and tell the name it got.

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
        return empty_response(400)
    if not image.filename:
        stage.emit(DropBlob(image.blob.key))
        return empty_response(400)
    overwrite = texts.get("overwrite") in ("true", "1")
    try:
        stored = files.add_upload(root, subfolder, image.filename, image.blob, overwrite=overwrite)
    except OutsideRoot:
        stage.emit(DropBlob(image.blob.key))
        return empty_response(400)
    return json_response({"name": stored.name, "subfolder": subfolder, "type": root})
