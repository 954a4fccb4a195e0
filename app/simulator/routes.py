"""The routes: which request gets which answer."""

from simulator.file_routes import answer_upload, answer_view
from simulator.http import Request, Response, ServerTrouble, body_json, body_object, json_response
from simulator.jobs import Jobs
from simulator.process import Process
from simulator.server_info import FIXED, features, system_stats
from simulator.settings import Api
from simulator.submit import is_canonical_uuid
from simulator.worker import Worker

_POSTED = ("/prompt", "/queue", "/history", "/interrupt", "/free", "/upload/image")
_ONLY_POSTED = ("/interrupt", "/free", "/upload/image")
_NOT_FOUND = Response(404, (("Content-Type", "application/octet-stream"),))
_HOME = b"<!doctype html><title>ComfyUI</title><p>An embedded server answers here.</p>"


def not_allowed(request: Request) -> Response:
    """Return the 405 of the HTTP library; it carries no CORS headers."""
    methods = ["POST"] if request.path in _POSTED else []
    if request.path not in _ONLY_POSTED:
        methods = ["GET", "HEAD", *methods]
    headers = (("Content-Type", "text/plain; charset=utf-8"), ("Allow", ",".join(methods)))
    return Response(405, headers, b"405: Method Not Allowed")


class Routes:
    """Answers all requests but `POST /prompt`, which also starts work."""

    def __init__(self, process: Process, worker: Worker) -> None:
        self._process = process
        self._queue = process.queue
        self._history = process.history
        self._worker = worker
        self._jobs = Jobs(process.queue, process.history)

    def answer(self, request: Request) -> Response | None:
        """Return the answer; None where this method isn't allowed.

        Raises:
            ServerTrouble: The real server would fail with a 500.
        """
        if request.method in ("GET", "HEAD"):
            return self._get(request)
        if request.method == "POST":
            return self._post(request)
        return None

    def _get(self, request: Request) -> Response:
        if self._process.settings.api is not Api.V0_3_64:
            match request.full_parts:
                case ["api", "jobs"]:
                    return self._jobs.answer_all(request)
                case ["api", "jobs", prompt_id]:
                    return self._jobs.answer_one(prompt_id)
        match request.parts:
            case [""]:
                return Response(200, (("Content-Type", "text/html"),), _HOME)
            case ["prompt"]:
                return json_response({"exec_info": {"queue_remaining": self._queue.remaining}})
            case ["queue"]:
                return self._get_queue()
            case ["history"]:
                return self._history.answer_all(request, not self._process.settings.ignores_ids)
            case ["history", prompt_id]:
                return self._history.answer_one(prompt_id)
            case ["view"]:
                return answer_view(request, self._process.files, self._process.settings.api)
            case ["features"]:
                return json_response(features(self._process.settings))
            case ["system_stats"]:
                return json_response(system_stats(self._process.settings))
            case ["object_info"]:
                return json_response({name: self._describe(name) for name in self._process.classes})
            case ["object_info", name]:
                known = name in self._process.classes
                return json_response({name: self._describe(name)} if known else {})
            case ["models", _] if request.path not in FIXED:
                return Response(404)
        if request.path in FIXED:
            return json_response(FIXED[request.path])
        return _NOT_FOUND

    def _post(self, request: Request) -> Response | None:
        if self._process.settings.api is not Api.V0_3_64:
            match request.full_parts:
                case ["api", "jobs", "cancel"]:
                    return self._cancel_batch(request)
                case ["api", "jobs", prompt_id, "cancel"]:
                    return json_response({"cancelled": self._cancel(prompt_id)})
        match request.path:
            case "/queue":
                return self._change_queue(request)
            case "/history":
                return self._change_history(request)
            case "/interrupt":
                return self._interrupt(request)
            case "/free":
                body_object(request.body)
                return Response()
            case "/upload/image":
                return answer_upload(request, self._process.files, self._process.stage)
        return None

    def _get_queue(self) -> Response:
        running = self._queue.running
        return json_response(
            {
                "queue_running": [] if running is None else [running.as_json],
                "queue_pending": [task.as_json for task in self._queue.heap],
            }
        )

    def _change_queue(self, request: Request) -> Response:
        body = body_object(request.body)
        if body.get("clear"):
            self._queue.clear()
            self._worker.send_status()
        for prompt_id in _ids(body, "delete"):
            self._dequeue(prompt_id)
        return Response()

    def _change_history(self, request: Request) -> Response:
        body = body_object(request.body)
        if body.get("clear"):
            self._history.entries.clear()
        for prompt_id in _ids(body, "delete"):
            if isinstance(prompt_id, str):
                self._history.entries.pop(prompt_id, None)
        return Response()

    def _interrupt(self, request: Request) -> Response:
        try:
            body = body_json(request.body)
        except ServerTrouble:
            body = {}  # An empty body is the usual way to stop whatever runs.
        if not isinstance(body, dict):
            raise ServerTrouble("the body of /interrupt is JSON but no object")
        prompt_id = None if self._process.settings.ignores_ids else body.get("prompt_id")
        # No task has an id of another type.
        self._worker.interrupt(str(prompt_id) if prompt_id else None)
        return Response()

    def _cancel_batch(self, request: Request) -> Response:
        body = body_object(request.body)
        ids = body.get("job_ids")
        if not isinstance(ids, list) or not ids:
            return json_response({"error": "job_ids must be a non-empty list"}, 400)
        invalid = [each for each in ids if not is_canonical_uuid(each)]
        if invalid:
            error = "job_ids contains invalid id(s)"
            return json_response({"error": error, "invalid_ids": invalid}, 400)
        cancelled = [self._cancel(each) for each in ids]
        return json_response({"cancelled": any(cancelled)})

    def _cancel(self, prompt_id: str) -> bool:
        return self._dequeue(prompt_id) or self._worker.interrupt(prompt_id)

    def _dequeue(self, prompt_id: object) -> bool:
        deleted = self._queue.delete_first(lambda task: task.prompt_id == prompt_id)
        if deleted:
            self._worker.send_status()
        return deleted

    def _describe(self, name: str) -> dict[str, object]:
        return self._process.classes[name].describe(self._process.files.names("input"))


def _ids(body: dict[str, object], name: str) -> list[object]:
    ids = body.get(name, [])
    if not isinstance(ids, list):
        raise ServerTrouble(f"`{name}` is {type(ids).__name__}, not a list")
    return ids
