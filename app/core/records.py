"""Keeping a window over reloads: its identity, its locks, its tasks."""

from collections.abc import Mapping

from app.core.client_id import make_window_id
from app.core.commands import Commands, SaveRecord
from app.core.errors import Trouble
from app.core.ids import Chance
from app.core.lock import RECORD as LOCK_RECORD
from app.core.snapshot import (
    TASK_RECORD,
    WINDOW_RECORD,
    read_task,
    read_window,
    write_task,
    write_window,
)
from app.core.task import ON_SERVER, State
from app.core.window import Settings, Window


class Records:
    """Writes what has changed, and puts a window back where its last page left it."""

    def __init__(self) -> None:
        self._saved: dict[str, str | None] = {}

    def restore(
        self, records: Mapping[str, str], settings: Settings, chance: Chance, now: float
    ) -> Window:
        """Make the window that the records describe; a new one when there are none.

        A record that can't be read is told, left where it is, and harms no other.
        """
        known = read_window(records.get(WINDOW_RECORD, ""))
        window_id, client_ids = known or (make_window_id(chance), {})
        window = Window(window_id, settings, chance)
        window.client_ids.update(client_ids)
        window.locks.read(records.get(LOCK_RECORD, ""))
        self._saved = {key: records.get(key) for key in (WINDOW_RECORD, LOCK_RECORD)}
        tasks = []
        for key, text in records.items():
            if key.startswith(TASK_RECORD):
                task = read_task(text)
                if task is None:
                    window.notices.append(Trouble.of("record_unreadable", key=key))
                else:
                    tasks.append(task)
        held = set()
        # Storage keeps no order.
        for task in sorted(tasks, key=lambda task: task.accepted_at):
            # The clock may have been put back since.
            task.posted_at = min(task.posted_at, now)
            task.acknowledged_at = min(task.acknowledged_at, now)
            if task.state in (State.CONNECTING, State.UPLOADING):
                task.unbind()  # nothing of it was posted
            elif task.state is State.POSTING:
                task.move(State.UNKNOWN)
            if task.state in ON_SERVER and task.server is not None:
                # Until the page names the server again, it only sees its tasks to their end.
                window.server(task.server, now).is_leaving = True
                window.locks.hold(task.prompt_id, task.server, task.bound_at)
                held.add(task.prompt_id)
            window.add(task)
        window.locks.retain(held)
        return window

    def save(self, window: Window) -> Commands:
        """Return the writes that bring the records up to date."""
        commands = []
        for key, text in (
            (WINDOW_RECORD, write_window(window.window_id, window.client_ids)),
            (LOCK_RECORD, window.locks.write()),
        ):
            if self._saved.get(key) != text:
                self._saved[key] = text
                commands.append(SaveRecord(key, text))
        for task_id in sorted(window.unsaved):
            task = window.tasks.get(task_id)
            commands.append(SaveRecord(TASK_RECORD + task_id, write_task(task) if task else None))
        window.unsaved.clear()
        return tuple(commands)
