"""What an editor keeps on its server: settings, and files such as saved workflows.

Source: ComfyUI, app/user_manager.py and app/app_settings.py, read; one user, as without
`--multi-user`.
"""

from posixpath import basename, dirname
from urllib.parse import unquote

from simulator.files import OutsideRoot, clean_subfolder
from simulator.http import Request, Response, body_json, body_object, json_response
from simulator.stage import Stage

_TYPES = {"json": "application/json", "css": "text/css", "txt": "text/plain", "png": "image/png"}
_OTHER_TYPE = "application/octet-stream"


class UserData:
    """The settings, and the files by path; they outlive the process."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage
        self._settings: dict[str, object] = {}
        self._files: dict[str, tuple[bytes, int]] = {}

    @staticmethod
    def methods(request: Request) -> tuple[str, ...]:
        """Return the methods that the path of a request has, none where it is another's."""
        segments = _segments(request)
        match segments if all(segments) else ():
            case ["settings"] | ["settings", _]:
                return ("GET", "HEAD", "POST")
            case ["userdata"]:
                return ("GET", "HEAD")
            case ["userdata", _]:
                return ("GET", "HEAD", "POST", "DELETE")
            case ["userdata", _, "move", _]:
                return ("POST",)
        return ()

    def answer(self, request: Request) -> Response:
        """Answer a request for one of these paths by one of their methods.

        Raises:
            ServerTrouble: The real server would fail with a 500.
        """
        try:
            match _segments(request), request.method:
                case ["settings", *names], "POST":
                    return self._set(names, request.body)
                case ["settings"], _:
                    return json_response(self._settings)
                case ["settings", name], _:
                    return json_response(self._settings.get(name))
                case ["userdata", source, _, target], _:
                    return self._move(_path(source), _path(target), request.query)
                case ["userdata", name], "POST":
                    return self._put(_path(name), request.body, request.query)
                case ["userdata", name], "DELETE":
                    return Response(204 if self._files.pop(_path(name), None) else 404)
                case ["userdata", name], _:
                    return self._get(_path(name))
        except OutsideRoot:
            return Response(403)
        return self._list(request.query)

    def _set(self, names: list[str], body: bytes) -> Response:
        changed = {name: body_json(body) for name in names} if names else body_object(body)
        self._settings.update(changed)
        return Response()

    def _list(self, query: dict[str, str]) -> Response:
        if not query.get("dir"):
            return _sentence(400, "Directory not provided")
        try:
            folder = clean_subfolder(unquote(query["dir"]))
        except OutsideRoot:
            return _sentence(403, "Invalid directory")
        below = f"{folder}/" if folder else ""
        found = sorted(path for path in self._files if path.startswith(below))
        if not found:
            return _sentence(404, "Directory not found")
        if query.get("recurse", "").lower() != "true":
            found = [path for path in found if dirname(path) == folder]
        names = [path.removeprefix(below) for path in found]
        if query.get("full_info", "").lower() == "true":
            return json_response([self._info(path, below) for path in found])
        if query.get("split", "").lower() == "true":
            return json_response([[name, *name.split("/")] for name in names])
        return json_response(names)

    def _get(self, path: str) -> Response:
        if path not in self._files:
            return Response(404)
        content, _ = self._files[path]
        kind = _TYPES.get(basename(path).rpartition(".")[2].lower(), _OTHER_TYPE)
        shown = "inline" if path == "user.css" else "attachment"
        headers = (("Content-Type", kind), ("X-Content-Type-Options", "nosniff"))
        return Response(200, (*headers, ("Content-Disposition", shown)), content)

    def _put(self, path: str, content: bytes, query: dict[str, str]) -> Response:
        if path in self._files and query.get("overwrite") == "false":
            return _sentence(409, "File already exists")
        self._files[path] = (content, self._stage.now_ms)
        return self._stored(path, query)

    def _move(self, source: str, target: str, query: dict[str, str]) -> Response:
        if source not in self._files:
            return Response(404)
        if target in self._files and query.get("overwrite") == "false":
            return _sentence(409, "File already exists")
        self._files[target] = self._files.pop(source)
        return self._stored(target, query)

    def _stored(self, path: str, query: dict[str, str]) -> Response:
        is_full = query.get("full_info", "").lower() == "true"
        return json_response(self._info(path) if is_full else path)

    def _info(self, path: str, below: str = "") -> dict[str, object]:
        content, changed = self._files[path]
        name = path.removeprefix(below)
        return {"path": name, "size": len(content), "modified": changed, "created": changed}


def _segments(request: Request) -> list[str]:
    """Split the path before it is decoded: `%2F` is part of a name."""
    path = request.target.partition("#")[0].partition("?")[0]
    segments = [unquote(each) for each in path.split("/")[1:]]
    return segments[1:] if segments[:1] == ["api"] else segments


def _path(name: str) -> str:
    """Return a file's path; a name that is encoded twice is decoded twice.

    Raises:
        OutsideRoot: It leaves the user's folder, or names the folder itself.
    """
    path = clean_subfolder(unquote(name))
    if not path:
        raise OutsideRoot(f"{name!r} is a folder")
    return path


def _sentence(status: int, text: str) -> Response:
    return Response(status, (("Content-Type", "text/plain; charset=utf-8"),), text.encode())
