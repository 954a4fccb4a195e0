"""What the wire is told about one running task, and to whom.

Source: ComfyUI 0.28.1 wire, measured; execution.py and comfy_execution/progress.py.
"""

from simulator.events import Preview
from simulator.frames import plain_preview, preview_with_metadata, progress_text, text_frame
from simulator.parts import Parts
from simulator.progress import Progress
from simulator.queue import Task


class Announcer:
    """Tells the owner of a task; without an owner some of it goes to everybody.

    `messages` is what the history keeps of all that was told.
    """

    def __init__(self, parts: Parts, task: Task) -> None:
        self.messages: list[tuple[str, dict[str, object]]] = []
        self._parts = parts
        self._client_id = task.client_id
        self._prompt_id = task.prompt_id
        self._progress = Progress(task.prompt_id, parts.settings.api)

    def note(self, kind: str, data: dict[str, object]) -> None:
        """Tell and remember. Of a task without an owner only an interruption is told, to all."""
        data = {**data, "timestamp": self._parts.stage.now_ms}
        self.messages.append((kind, data))
        if kind == "execution_interrupted":
            self._send(text_frame(kind, data))
        else:
            self._tell_owner(kind, data)

    def begin_node(self, node_id: str) -> None:
        """A node starts to run."""
        self._progress.begin(node_id)
        self._send_progress()
        data: dict[str, object] = {"node": node_id, "display_node": node_id}
        self._tell_owner("executing", {**data, "prompt_id": self._prompt_id})

    def show_step(self, node_id: str, value: int, maximum: int, preview: Preview | None) -> None:
        """A node takes a step; not every step is worth a frame."""
        self._progress.step(node_id, value, maximum)
        now = self._parts.stage.now
        has_preview = preview is not None
        if not self._progress.deserves_frame(now, value, maximum, has_preview=has_preview):
            return
        with_metadata = self._parts.sockets.wants_metadata(self._client_id)
        self._send_progress()
        if preview is not None and with_metadata:
            self._send(preview_with_metadata(preview, node_id, self._prompt_id))
        step = {"value": value, "max": maximum, "prompt_id": self._prompt_id, "node": node_id}
        self._send(text_frame("progress", step))
        if preview is not None and not with_metadata:
            self._send(plain_preview(preview))

    def show_text(self, node_id: str, text: str) -> None:
        """A node says something, to everybody."""
        self._parts.sockets.send(None, progress_text(node_id, text))

    def show_output(self, node_id: str, output: dict[str, object] | None) -> None:
        """A node has something to show, or was found cached."""
        data: dict[str, object] = {
            "node": node_id,
            "display_node": node_id,
            "output": output,
            "prompt_id": self._prompt_id,
        }
        self._tell_owner("executed", data)

    def finish_node(self, node_id: str) -> None:
        """A node is done."""
        self._progress.finish(node_id)
        self._send_progress()

    def _send_progress(self) -> None:
        self._send(text_frame("progress_state", self._progress.as_json))

    def _tell_owner(self, kind: str, data: dict[str, object]) -> None:
        if self._client_id is not None:
            self._send(text_frame(kind, data))

    def _send(self, frame: str | bytes) -> None:
        self._parts.sockets.send(self._client_id, frame)
