"""The flight recorder: each task's last frames and requests, for the diagnosis of a failure."""

import json
from collections import deque
from typing import Any, TypeAlias

from tether.core.commands import CloseSocket, Command, OpenSocket
from tether.core.events import (
    Answered,
    BinaryReceived,
    Event,
    FrameReceived,
    RequestFailed,
    SocketClosed,
    SocketOpened,
)
from tether.core.ids import ServerUrl, TaskId
from tether.core.model.window import Window
from tether.core.protocol.outputs import read_json
from tether.core.protocol.requests import Ask, Request

VERSION = 1

PER_TASK = 200
"""Entries kept for each task."""

TASKS = 50
"""Tasks whose entries are kept; the latest ones."""

GENERAL = 400
"""Entries kept that concern no task: sockets, gauges, lists."""

LONGEST = 20_000
LONGEST_BODY = 200_000
"""Characters kept of a frame or an answer, and of a request's body."""

_LONGEST_INPUT = 2_000
"""Characters of a workflow's input beyond which it counts as a picture."""

_QUIET = (Ask.STATS, Ask.FEATURES)
_BEFORE_PROMPT = '"prompt_id": "'

Step: TypeAlias = Event | Command
Entry: TypeAlias = tuple[float, ServerUrl, str, dict[str, Any]]
"""Time (seconds since the epoch), server, kind, and the fields of that kind."""


class FlightRecorder:
    """Records what passes between a window and its servers, without pictures and owner's tag."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self._general: deque[Entry] = deque(maxlen=GENERAL)
        self._tasks: dict[TaskId, deque[Entry]] = {}

    def note(self, step: Step, now: float) -> None:
        """Record an event or a command, if it passes the network."""
        match step:
            case FrameReceived(server, attempt, text):
                fields = {"attempt": attempt, "text": text[:LONGEST]}
                self._note(now, server, "frame", fields, self._task_of(text))
            case BinaryReceived(server, attempt, head, _):
                self._note(now, server, "binary", {"attempt": attempt, "head": head[:8].hex()})
            case Request() if step.ask not in _QUIET:
                fields = {"id": step.id, "method": step.method, "path": step.path}
                if step.body is not None:
                    fields["body"] = bare(step.body)
                if step.upload is not None:
                    fields["upload"] = step.upload.filename
                self._note(now, step.server, "request", fields, step.task_id)
            case Answered(request, status, text) if request.ask not in _QUIET:
                fields = {"id": request.id, "status": status, "text": text[:LONGEST]}
                self._note(now, request.server, "answer", fields, request.task_id)
            case RequestFailed(request, failure):
                fields = {"id": request.id, "failure": failure.value}
                self._note(now, request.server, "failed", fields, request.task_id)
            case OpenSocket(server, attempt, url):
                self._note(now, server, "dial", {"attempt": attempt, "path": _path(url)})
            case CloseSocket(server, attempt):
                self._note(now, server, "close", {"attempt": attempt})
            case SocketOpened(server, attempt):
                self._note(now, server, "opened", {"attempt": attempt})
            case SocketClosed(server, attempt, code):
                self._note(now, server, "closed", {"attempt": attempt, "code": code})

    def read(self) -> dict[str, Any]:
        """Return the record as plain values: `{tether, window, servers, tasks, entries}`.

        An entry is `{at, server, kind, taskId}` with the fields of its kind, the oldest first.
        """
        window = self._window
        entries = [_row(entry, None) for entry in self._general]
        for task_id, ring in self._tasks.items():
            entries += [_row(entry, task_id) for entry in ring]
        return {
            "tether": VERSION,
            "window": window.window_id,
            "servers": [{"url": each.url, "name": each.name} for each in window.servers.values()],
            "tasks": [
                {
                    "taskId": task.task_id,
                    "promptId": task.prompt_id,
                    "title": task.title,
                    "server": task.server,
                    "state": task.state.value,
                    "endedBy": task.ended_by or None,
                }
                for task in window.tasks.values()
                if task.task_id in self._tasks
            ],
            "entries": sorted(entries, key=lambda entry: float(entry["at"])),
        }

    def _note(
        self,
        now: float,
        server: ServerUrl,
        kind: str,
        fields: dict[str, Any],
        task_id: TaskId | None = None,
    ) -> None:
        ring = self._general
        if task_id is not None:
            ring = self._tasks.setdefault(task_id, deque(maxlen=PER_TASK))
            if len(self._tasks) > TASKS:
                del self._tasks[next(iter(self._tasks))]
        ring.append((now, server, kind, fields))

    def _task_of(self, text: str) -> TaskId | None:
        """Find a frame's task without parsing all of it."""
        start = text.find(_BEFORE_PROMPT) + len(_BEFORE_PROMPT)
        if start < len(_BEFORE_PROMPT):
            return None
        task = self._window.by_prompt(text[start : text.find('"', start)])
        return task.task_id if task else None


def bare(body: str) -> str:
    """Return a request's body without the owner's tag and without pictures in its inputs."""
    content = read_json(body)
    if content is None:
        return ""
    if isinstance(content, dict):
        content.pop("extra_data", None)
    return json.dumps(_cut(content))[:LONGEST_BODY]


def _cut(value: Any) -> Any:
    match value:
        case dict():
            return {name: _cut(each) for name, each in value.items()}
        case list():
            return [_cut(each) for each in value]
        case str() if len(value) > _LONGEST_INPUT:
            return f"({len(value)} characters left out)"
    return value


def _path(url: str) -> str:
    return "/" + url.split("/", 3)[-1]


def _row(entry: Entry, task_id: TaskId | None) -> dict[str, Any]:
    at, server, kind, fields = entry
    return {"at": at, "server": server, "kind": kind, "taskId": task_id, **fields}
