"""The messages about a running task: what is sent, and to which clients.

Source: ComfyUI 0.28.1 wire, measured; execution.py and comfy_execution/progress.py.
"""

from simulator.events import Preview
from simulator.process import Process
from simulator.queue import Task
from simulator.settings import Api
from simulator.sockets import plain_preview, preview_with_metadata, progress_text, text_frame

_SECONDS_BETWEEN, _PART_BETWEEN = 0.1, 0.005


class Progress:
    """The data of `progress_state`: every node that has started, in that order."""

    def __init__(self, prompt_id: str, api: Api) -> None:
        self._prompt_id = prompt_id
        self._sends_all = api is Api.V0_3_64
        self._nodes: dict[str, dict[str, object]] = {}
        self._last_sent: tuple[float, float] | None = None

    def begin(self, node_id: str) -> None:
        """Add a node, whose number of steps isn't known yet."""
        self._last_sent = None
        self._set(node_id, 0.0, 1.0, "running")

    def step(self, node_id: str, value: int, maximum: int) -> None:
        """Set how far a node is."""
        self._set(node_id, value, maximum, "running")

    def finish(self, node_id: str) -> None:
        """Mark a node as done; a cached one, which never started, counts in whole numbers."""
        known = self._nodes.get(node_id)
        maximum = 1 if known is None else known["max"]
        self._set(node_id, maximum, maximum, "finished")

    def passes_throttle(self, now: float, value: int, maximum: int, *, has_preview: bool) -> bool:
        """Tell whether a step is sent: the first, the last and those with a preview always are.

        Source: ComfyUI 0.28.1 wire, measured: at least 0.1 s and 0.5 % apart; 0.3.64 sends all.
        """
        last = self._last_sent
        part = value / maximum if maximum else 1.0
        if (
            self._sends_all
            or has_preview
            or last is None
            or value >= maximum
            or (now - last[0] >= _SECONDS_BETWEEN and part - last[1] >= _PART_BETWEEN)
        ):
            self._last_sent = (now, part)
            return True
        return False

    @property
    def as_json(self) -> dict[str, object]:
        """The data of a `progress_state` frame."""
        return {"prompt_id": self._prompt_id, "nodes": self._nodes}

    def _set(self, node_id: str, value: object, maximum: object, state: str) -> None:
        self._nodes[node_id] = {
            "value": value,
            "max": maximum,
            "state": state,
            "node_id": node_id,
            "prompt_id": self._prompt_id,
            "display_node_id": node_id,
            "parent_node_id": None,
            "real_node_id": node_id,
        }


class Messages:
    """The messages of one task: they go to its owner, or without one, some of them to everybody.

    `kept` is what the history keeps of them.
    """

    def __init__(self, process: Process, task: Task) -> None:
        self.kept: list[tuple[str, dict[str, object]]] = []
        self._process = process
        self._client_id = task.client_id
        self._prompt_id = task.prompt_id
        self._progress = Progress(task.prompt_id, process.settings.api)

    def report(self, kind: str, data: dict[str, object]) -> None:
        """Send and keep a message; a task without an owner reports only an interruption, to all."""
        data = {**data, "timestamp": self._process.stage.now_ms}
        self.kept.append((kind, data))
        if kind == "execution_interrupted":
            self._send(text_frame(kind, data))
        else:
            self._send_owner(kind, data)

    def begin_node(self, node_id: str) -> None:
        """Report that a node starts."""
        self._progress.begin(node_id)
        self._send_progress()
        data: dict[str, object] = {"node": node_id, "display_node": node_id}
        self._send_owner("executing", {**data, "prompt_id": self._prompt_id})

    def show_step(self, node_id: str, value: int, maximum: int, preview: Preview | None) -> None:
        """Report a step of a node, unless it is throttled."""
        self._progress.step(node_id, value, maximum)
        now = self._process.stage.now
        has_preview = preview is not None
        if not self._progress.passes_throttle(now, value, maximum, has_preview=has_preview):
            return
        with_metadata = self._process.sockets.wants_metadata(self._client_id)
        self._send_progress()
        if preview is not None and with_metadata:
            self._send(preview_with_metadata(preview, node_id, self._prompt_id))
        step = {"value": value, "max": maximum, "prompt_id": self._prompt_id, "node": node_id}
        self._send(text_frame("progress", step))
        if preview is not None and not with_metadata:
            self._send(plain_preview(preview))

    def show_text(self, node_id: str, text: str) -> None:
        """Send a node's progress text to everybody, whoever owns the task."""
        self._process.sockets.send(None, progress_text(node_id, text))

    def show_output(self, node_id: str, output: dict[str, object] | None) -> None:
        """Report a node's output, or that it was found in the cache."""
        data: dict[str, object] = {"node": node_id, "display_node": node_id, "output": output}
        self._send_owner("executed", {**data, "prompt_id": self._prompt_id})

    def finish_node(self, node_id: str) -> None:
        """Report that a node is done."""
        self._progress.finish(node_id)
        self._send_progress()

    def _send_progress(self) -> None:
        self._send(text_frame("progress_state", self._progress.as_json))

    def _send_owner(self, kind: str, data: dict[str, object]) -> None:
        if self._client_id is not None:
            self._send(text_frame(kind, data))

    def _send(self, frame: str | bytes) -> None:
        self._process.sockets.send(self._client_id, frame)
