"""A model of a ComfyUI server, as far as a session can tell one from the real thing."""

import json
from collections import Counter, deque
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

from tests.tether.core.farm import frame, greeting, invert_workflow, queue_length
from tether.core.ids import Digest, PromptId, ServerUrl
from tether.core.protocol.requests import Ask, Request
from tether.core.protocol.workflow import Workflow

ODD = {"class_type": "NobodyKnowsThis", "inputs": {}}
OWN = {"class_type": "LoadImage", "inputs": {"image": "own.png"}}
WORKFLOWS: dict[Digest, Workflow] = {
    Digest("known"): invert_workflow(),
    Digest("odd"): invert_workflow(**{"4": ODD}),
    Digest("own"): invert_workflow(**{"4": OWN}),
}
IMAGE = {"filename": "inv_00001_.png", "subfolder": "", "type": "output"}


@dataclass
class Socket:
    """One WebSocket; `frames` are on their way from the server."""

    server: ServerUrl
    attempt: int
    client_id: str
    frames: deque[str] = field(default_factory=deque)
    is_accepted: bool = False
    closing_since: float | None = None


@dataclass(eq=False)
class Prompt:
    """One entry of a server's queue."""

    prompt_id: PromptId
    client_id: str
    is_bad: bool
    step: int = 0
    is_interrupted: bool = False


class ModelServer:
    """A ComfyUI server: one worker, books in memory, one socket per client id."""

    def __init__(self, url: ServerUrl, has_jobs: bool = True) -> None:
        self.url = url
        self.has_jobs = has_jobs
        self.pending: list[Prompt] = []
        self.running: Prompt | None = None
        self.history: dict[PromptId, str] = {}
        self.sockets: dict[str, Socket] = {}
        self.runs: Counter[PromptId] = Counter()
        self.forgotten: set[PromptId] = set()
        self.posts = 0
        self.is_stopped = False
        self.takes_uploads = True
        """Nothing before it answers them in a way that no page may read."""
        self.has_own = True
        """Somebody has put `own.png` into its input folder."""

    def tell(self, prompt: Prompt, *texts: str) -> None:
        """Send frames to whoever is registered under the prompt's client id."""
        socket = self.sockets.get(prompt.client_id)
        if socket is not None:
            socket.frames.extend(texts)

    def work(self) -> None:
        """The worker takes its next step, unless it stands still."""
        if self.is_stopped:
            return
        if self.running is None:
            if self.pending:
                self.running = self.pending.pop(0)
                self.runs[self.running.prompt_id] += 1
                prompt_id = self.running.prompt_id
                self.tell(
                    self.running,
                    frame("execution_start", prompt_id=prompt_id),
                    frame("execution_cached", prompt_id=prompt_id, nodes=[]),
                )
            return
        prompt, self.running.step = self.running, self.running.step + 1
        name = prompt.prompt_id
        if prompt.is_interrupted:
            self._finish("cancelled", frame("execution_interrupted", prompt_id=name))
        elif prompt.step <= 2:
            self.tell(prompt, frame("executing", prompt_id=name, node=str(prompt.step)))
            self.tell(prompt, frame("progress", prompt_id=name, node="2", value=1, max=2))
        elif prompt.is_bad:
            self._finish("failed", frame("execution_error", prompt_id=name, node_id="2"))
        else:
            output = {"images": [IMAGE]}
            self._finish(
                "completed",
                frame("executing", prompt_id=name, node="3"),
                frame("executed", prompt_id=name, node="3", output=output),
                frame("execution_success", prompt_id=name),
            )

    def _finish(self, end: str, *texts: str) -> None:
        assert self.running is not None
        prompt, self.running = self.running, None
        self.history[prompt.prompt_id] = end
        self.tell(prompt, *texts, frame("executing", prompt_id=prompt.prompt_id, node=None))

    def books(self) -> dict[PromptId, str]:
        """All that the server knows of, with its state."""
        return {**self.history, **dict(self.open())}

    def open(self) -> list[tuple[PromptId, str]]:
        """All that waits or runs, each as often as it is there; what runs is last."""
        running = [(self.running.prompt_id, "in_progress")] if self.running else []
        return [*((prompt.prompt_id, "pending") for prompt in self.pending), *running]

    def delete(self, prompt_id: PromptId) -> None:
        """Take one waiting entry out; its doubles stay."""
        for prompt in self.pending:
            if prompt.prompt_id == prompt_id:
                self.pending.remove(prompt)
                return

    def forget(self, prompt_id: PromptId) -> None:
        """Somebody deletes a prompt that waits."""
        if any(prompt.prompt_id == prompt_id for prompt in self.pending):
            self.pending = [p for p in self.pending if p.prompt_id != prompt_id]
            self.forgotten.add(prompt_id)

    def interrupt(self, prompt_id: PromptId) -> None:
        """Somebody stops a prompt, if it runs."""
        if self.running is not None and self.running.prompt_id == prompt_id:
            self.running.is_interrupted = True

    def restart(self) -> None:
        """All books are lost."""
        self.forgotten |= self.books().keys()
        self.pending, self.running, self.history = [], None, {}
        self.posts = 0

    def greet(self, socket: Socket) -> None:
        """Take a socket in; one before it under the same id hears nothing any more."""
        socket.is_accepted = True
        self.sockets[socket.client_id] = socket
        socket.frames.append(greeting(len(self.pending)))
        running = self.running
        if running is not None and running.client_id == socket.client_id and running.step:
            socket.frames.append(frame("executing", node="2"))

    def unregister(self, client_id: str) -> None:
        """A socket of this id died: whichever it was, the id is forgotten."""
        self.sockets.pop(client_id, None)

    def answer(self, request: Request) -> tuple[int, Any]:
        """Do what is asked, and answer truthfully."""
        body = json.loads(request.body) if request.body else {}
        books = self.books()
        prompt_id = PromptId(request.path.removesuffix("/cancel").rpartition("/")[2])
        match request.ask:
            case Ask.PROBE | Ask.REACH:
                return 200, queue_length(len(self.pending) + (self.running is not None))
            case Ask.NODE:
                return 200, {unquote(request.path.rpartition("/")[2]): {}}
            case Ask.UPLOAD:
                return 200, {"name": "photo.png", "subfolder": "", "type": "input"}
            case Ask.POST if not self.has_own and OWN in body["prompt"].values():
                error = {"type": "custom_validation_failed", "message": "Custom validation failed"}
                error["details"] = "image - Invalid image file: own.png"
                given = {**error, "extra_info": {"input_name": "image"}}
                return 400, {"error": {}, "node_errors": {"4": {"errors": [given]}}}
            case Ask.POST:
                self.posts += 1
                name = PromptId(body["prompt_id"])
                is_bad = name[0] in "01"
                self.pending.append(Prompt(name, body["client_id"], is_bad))
                return 200, {"prompt_id": name, "number": self.posts, "node_errors": {}}
            case Ask.JOBS | Ask.JOB | Ask.CANCEL if not self.has_jobs:
                return 404, ""
            case Ask.JOBS:
                jobs = [
                    {"id": name, "status": status, "priority": number}
                    for number, (name, status) in enumerate(self.open())
                ]
                return 200, {"jobs": jobs}
            case Ask.JOB if prompt_id not in books:
                return 404, {"error": "Job not found"}
            case Ask.JOB:
                return 200, {"status": books[prompt_id], "outputs": {"3": {"images": [IMAGE]}}}
            case Ask.QUEUE:
                running = [[0, self.running.prompt_id, {}]] if self.running else []
                pending = [[1, prompt.prompt_id, {}] for prompt in self.pending]
                return 200, {"queue_running": running, "queue_pending": pending}
            case Ask.RECENT:
                entries = {name: self._entry(end) for name, end in self.history.items()}
                return 200, {name: {**entry, "prompt": []} for name, entry in entries.items()}
            case Ask.HISTORY if prompt_id not in self.history:
                return 200, {}
            case Ask.HISTORY:
                return 200, {prompt_id: self._entry(self.history[prompt_id])}
            case Ask.DELETE:
                for name in body["delete"]:
                    self.delete(name)
                return 200, ""
            case Ask.INTERRUPT:
                self.interrupt(body["prompt_id"])
                return 200, ""
            case Ask.CANCEL:
                self.delete(prompt_id)
                self.interrupt(prompt_id)
                return 200, {"cancelled": True}
        return 404, ""

    @staticmethod
    def _entry(end: str) -> dict[str, Any]:
        last = {"failed": "execution_error", "cancelled": "execution_interrupted"}.get(end)
        status = {
            "status_str": "error" if last else "success",
            "messages": [[last, {}]] if last else [],
        }
        return {"status": status, "outputs": {"3": {"images": [IMAGE]}}}
