"""Keeps a window over reloads: its identity, its locks, its tasks."""

from collections.abc import Container, Iterator, Mapping
from dataclasses import replace
from itertools import takewhile

from tether.core.commands import Command, Commands, SaveEntry, SaveRecord
from tether.core.errors import Trouble
from tether.core.ids import Chance, TaskId
from tether.core.model.identity import make_window_id
from tether.core.model.locks import LOCK_RECORD
from tether.core.model.server import Use
from tether.core.model.task import ON_SERVER, State, Task
from tether.core.model.window import Settings, Window
from tether.core.session.snapshot import (
    TASK_RECORD,
    WINDOW_RECORD,
    read_task,
    read_window,
    write_task,
    write_window,
)
from tether.core.windows.ledger import (
    END_SHOWN_FOR,
    Entry,
    entries_of,
    is_taken,
    write_entry,
)


class SessionRecords:
    """Writes what has changed, and restores a window as its last page left it."""

    def __init__(self) -> None:
        self._saved: dict[str, str | None] = {}
        self._ends: dict[TaskId, tuple[Task, float]] = {}
        """Tasks that have ended, and when this page wrote so: another's clock may differ."""

    def restore(
        self,
        records: Mapping[str, str],
        settings: Settings,
        chance: Chance,
        now: float,
        ledger: Mapping[TaskId, Entry],
    ) -> Window:
        """Make the window that the records describe; a new one when there are none.

        A record that can't be read is reported, left where it is, and harms no other. A window
        whose tasks were adopted meanwhile gets a new id, and shows them as adopted.
        """
        tasks, unreadable = _read_tasks(records)
        known = read_window(records.get(WINDOW_RECORD, ""))
        taken = [task for task in tasks if _is_taken(task, ledger)]
        for task in taken:
            _rewind(task, now)
            task.move(State.ADOPTED)
            task.trouble = Trouble.of("adopted")
        window_id, client_ids = (None if taken else known) or (make_window_id(chance), {})
        window = Window(window_id, settings, chance)
        window.client_ids.update(client_ids)
        window.locks.read(records.get(LOCK_RECORD, ""))
        self._saved = {key: records.get(key) for key in (WINDOW_RECORD, LOCK_RECORD)}
        # Tasks that were accepted after this tab was copied are in the ledger alone.
        # So are the latest steps of all, if the browser was killed.
        found = {task.task_id: task for task in tasks}
        for entry in entries_of(ledger, window_id):
            recent = read_task(entry.record)
            if recent is None:
                continue
            known_one = found.get(recent.task_id)
            if known_one is None or known_one.revision < recent.revision:
                found[recent.task_id] = recent
                unreadable.discard(TASK_RECORD + recent.task_id)
        for key in sorted(unreadable):
            window.notices.append(Trouble.of("record_unreadable", key=key))
        tasks = list(found.values())
        # Storage keeps no order: ended tasks are sorted by their ends, as they were before.
        for task in sorted(tasks, key=lambda task: task.ended_at or task.accepted_at):
            restore_task(window, task, now)
        window.locks.retain({t.prompt_id for t in tasks if t.state in ON_SERVER})
        return window

    def forget(self, window: Window) -> None:
        """Have all written anew: nothing of it is stored any more."""
        self._saved.clear()
        window.pending.unsaved.update(window.tasks)

    def save(self, window: Window, now: float) -> Commands:
        """Return the writes that bring the records up to date."""
        commands: list[Command] = []
        for key, text in (
            (WINDOW_RECORD, write_window(window.window_id, window.client_ids)),
            (LOCK_RECORD, window.settings.binding.write_lock(window.locks)),
        ):
            if self._saved.get(key) != text:
                self._saved[key] = text
                commands.append(SaveRecord(key, text))
        waited_for = window.waited_for()
        for task_id in window.pending.take_unsaved():
            task = window.tasks.get(task_id)
            if task is None:
                commands.append(SaveRecord(TASK_RECORD + task_id, None))
                if task_id in self._ends:
                    over = self._over(window, task_id)
                    commands.append(SaveEntry(task_id, over, over))
                continue
            task.revision += 1
            text = write_task(task)
            commands.append(SaveRecord(TASK_RECORD + task_id, text))
            if task.is_ended and task.state is not State.ADOPTED:
                self._ends.setdefault(task_id, (task, now))
            if task.state is not State.ADOPTED:
                entry = entry_of(window, task, text)
                is_shown = is_over(window, task, waited_for)
                shown = write_entry(replace(entry, record="") if is_shown else entry)
                commands.append(SaveEntry(task_id, shown, write_entry(entry)))
        return (*commands, *self._forget_ends(window, waited_for, now))

    def _forget_ends(
        self, window: Window, waited_for: Container[TaskId], now: float
    ) -> Iterator[SaveEntry]:
        """Delete the entries of ends that were written long ago, the oldest first.

        After a kill, what windows share may be of a time when the task had not ended, or not even
        begun: until no browser is that late, the disk says that it is over.
        """
        old = takewhile(lambda each: each[1][1] < now - END_SHOWN_FOR, self._ends.items())
        for task_id, (task, _) in [each for each in old if each[0] not in waited_for]:
            # The window that an adopted task came from must learn that it is over.
            over = self._over(window, task_id) if task.epoch else None
            del self._ends[task_id]
            yield SaveEntry(task_id, over, None)

    def _over(self, window: Window, task_id: TaskId) -> str:
        """Return the entry of a task that has ended and is in no list any more."""
        return write_entry(entry_of(window, self._ends[task_id][0], ""))


def is_over(window: Window, task: Task, waited_for: Container[TaskId]) -> bool:
    """Say whether nothing of a task is left to be done should its window be gone.

    `waited_for` is as the window's: it is asked of many tasks.
    """
    is_whole = task.state is State.COMPLETED and bool(task.digest and task.outputs)
    is_to_be_kept = window.settings.keeps_results and is_whole and not task.is_kept
    return task.is_ended and not (is_to_be_kept or task.task_id in waited_for)


def entry_of(window: Window, task: Task, record: str) -> Entry:
    """Return a task's entry in the ledger."""
    at = task.ended_at if task.is_ended else task.accepted_at
    return Entry(window.window_id, task.epoch, record, at, task.revision)


def has_lost_tasks(records: Mapping[str, str], ledger: Mapping[TaskId, Entry]) -> bool:
    """Say whether another window has adopted unfinished tasks of these records."""
    tasks, _ = _read_tasks(records)
    return any(_is_taken(task, ledger) for task in tasks)


def restore_task(window: Window, task: Task, now: float) -> None:
    """Take a task into a window as an earlier page left it."""
    _rewind(task, now)
    if task.state in ON_SERVER and task.server is not None:
        if task.server not in window.servers:
            window.server(task.server, now).use = Use.RESTORED
        window.locks.hold(task.prompt_id, task.server, task.bound_at)
    window.add(task)


def _is_taken(task: Task, ledger: Mapping[TaskId, Entry]) -> bool:
    return not task.is_ended and is_taken(task.task_id, task.epoch, ledger)


def _rewind(task: Task, now: float) -> None:
    """Put a task back to a state that doesn't need the page that took the step."""
    # The clock may have been put back since.
    task.posted_at = min(task.posted_at, now)
    task.acknowledged_at = min(task.acknowledged_at, now)
    if task.state in (State.CONNECTING, State.UPLOADING):
        task.unbind()  # nothing of it was posted
    elif task.state is State.POSTING:
        task.move(State.UNKNOWN)
    if task.state is State.UNKNOWN:
        # It may have been sent a moment ago: the earlier page's clock, which may have been
        # put forward since, proves nothing.
        task.posted_at = now


def _read_tasks(records: Mapping[str, str]) -> tuple[list[Task], set[str]]:
    """Return the tasks, and the keys of unreadable records."""
    tasks, unreadable = [], set()
    for key, text in records.items():
        if key.startswith(TASK_RECORD):
            task = read_task(text)
            if task is None:
                unreadable.add(key)
            else:
                tasks.append(task)
    return tasks, unreadable
