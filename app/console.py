"""What devtools and scripts may call."""

import json
from typing import Any

import js

from app.core.lock import RECORD
from app.core.window import Window
from app.runtime.ports import Records


def expose(window: Window, records: Records) -> None:
    """Put the functions on JavaScript's `window`; each returns a Promise of plain values."""

    def get_window_server_lock() -> Any:
        """Read the window's locks from where they are kept over reloads."""
        text = records.read_all().get(RECORD)
        return json.loads(text)["report"] if text else None

    def window_tasks() -> list[dict[str, Any]]:
        """Describe this window's tasks."""
        return [
            {
                "taskId": task.task_id,
                "promptId": task.prompt_id,
                "title": task.title,
                "state": task.state.value,
                "server": task.server,
                "progress": task.progress.overall,
                "endedBy": task.ended_by or None,
            }
            for task in window.tasks.values()
        ]

    def window_journal() -> list[dict[str, Any]]:
        """List the frames that were heard: when, from which server, on which attempt."""
        return [
            {"at": at, "server": server, "attempt": attempt, "what": what, "promptId": prompt_id}
            for at, server, attempt, what, prompt_id in window.journal
        ]

    js.tetherExpose("getWindowServerLock", get_window_server_lock)
    js.tetherExpose("windowTasks", window_tasks)
    js.tetherExpose("windowJournal", window_journal)
