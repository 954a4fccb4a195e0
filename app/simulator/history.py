"""The history of finished tasks."""

from dataclasses import dataclass

from simulator.http import Request, Response, ServerTrouble, json_response
from simulator.queue import Task


@dataclass(frozen=True, slots=True)
class Entry:
    """A finished task. `messages` are pairs of type and data; the last one says how it ended."""

    task: Task
    outputs: dict[str, object]
    meta: dict[str, object]
    messages: list[tuple[str, dict[str, object]]]

    @property
    def succeeded(self) -> bool:
        """Whether every requested output was made."""
        return self.messages[-1][0] == "execution_success"

    @property
    def status(self) -> dict[str, object]:
        """The status part of the entry."""
        return {
            "status_str": "success" if self.succeeded else "error",
            "completed": self.succeeded,
            "messages": self.messages,
        }

    @property
    def as_json(self) -> dict[str, object]:
        """The entry as `/history` shows it."""
        return {
            "prompt": self.task.as_json,
            "outputs": self.outputs,
            "status": self.status,
            "meta": self.meta,
        }


class History:
    """Finished tasks by id, oldest first; a repeated id overwrites its first entry in place."""

    def __init__(self, limit: int) -> None:
        self.entries: dict[str, Entry] = {}
        self._limit = limit

    def add(self, entry: Entry) -> None:
        """Add a finished task, and drop the oldest beyond the limit."""
        if len(self.entries) >= self._limit:
            del self.entries[next(iter(self.entries))]
        self.entries[entry.task.prompt_id] = entry

    def answer_one(self, prompt_id: str) -> Response:
        """`GET /history/{prompt_id}`: empty unless it is finished."""
        entry = self.entries.get(prompt_id)
        return json_response({} if entry is None else {prompt_id: entry.as_json})

    def answer_all(self, request: Request, has_offset: bool = True) -> Response:
        """`GET /history?max_items=N&offset=K`: without an offset the newest N, oldest first."""
        max_items = _whole_number(request.query.get("max_items"))
        offset = _whole_number(request.query.get("offset")) if has_offset else None
        first = -1 if offset is None else offset
        if first < 0 and max_items is not None:
            first = len(self.entries) - max_items
        chosen = list(self.entries.items())[max(first, 0) :]
        if max_items is not None:
            chosen = chosen[: max(max_items, 1)]  # ComfyUI counts after it has taken one.
        return json_response({prompt_id: entry.as_json for prompt_id, entry in chosen})


def _whole_number(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return int(text)
    except ValueError as error:
        raise ServerTrouble(f"`{text}` in a query is no whole number") from error
