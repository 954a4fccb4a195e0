"""The unfinished tasks of all windows of a browser, in storage that they share.

When a window is gone, another one *adopts* its tasks. Each adoption raises the entry's epoch, by
which a window that comes back knows what it lost.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from tether.core.ids import TaskId, WindowId
from tether.core.protocol.outputs import is_time, read_json

ENTRY_RECORD = "entry:"
"""The start of every entry's key in the shared storage; the task's id follows."""

ADOPTION_GRACE = 15.0
"""Seconds that a window may be gone before its tasks are adopted: it may only be reloading."""

ADOPTION_ROUND = 60.0
"""Seconds between checks for windows that are gone, while other windows have entries."""

END_KEPT_FOR = 30 * 24 * 3600.0
"""Seconds for which the end of an adopted task is kept for the window that it came from."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A task in the ledger: its window, how often it was adopted, and its record.

    The record is "" when the task has ended; `at` is when that was written.
    """

    owner: WindowId
    epoch: int
    record: str
    at: float


def write_entry(entry: Entry) -> str:
    """Write an entry."""
    return json.dumps(
        {"owner": entry.owner, "epoch": entry.epoch, "task": entry.record, "at": entry.at}
    )


def read_entry(text: str) -> Entry | None:
    """Read what `write_entry` wrote; None for anything else."""
    match read_json(text):
        case {"owner": str(owner), "epoch": int(epoch), "task": str(record), "at": at} if is_time(
            at
        ):
            return Entry(WindowId(owner), epoch, record, at)
    return None


def read_ledger(shared: Mapping[str, str]) -> dict[TaskId, Entry]:
    """Read all entries among the shared records."""
    entries = {}
    for key, text in shared.items():
        entry = read_entry(text) if key.startswith(ENTRY_RECORD) else None
        if entry is not None:
            entries[TaskId(key.removeprefix(ENTRY_RECORD))] = entry
    return entries


def is_taken(task_id: TaskId, epoch: int, ledger: Mapping[TaskId, Entry]) -> bool:
    """Say whether another window has adopted a task since a record of that epoch was written."""
    entry = ledger.get(task_id)
    return entry is not None and entry.epoch > epoch


def owners(ledger: Mapping[TaskId, Entry], own: WindowId) -> set[WindowId]:
    """Return the other windows that have unfinished tasks."""
    return {entry.owner for entry in ledger.values() if entry.record and entry.owner != own}


def entries_of(ledger: Mapping[TaskId, Entry], owner: WindowId) -> tuple[Entry, ...]:
    """Return the unfinished tasks of a window."""
    return tuple(entry for entry in ledger.values() if entry.record and entry.owner == owner)


def forgotten(ledger: Mapping[TaskId, Entry], now: float) -> Iterable[TaskId]:
    """Return the ended tasks whose entries have expired.

    A stamp in the future is another window's whose clock is right, or was: it is kept.
    """
    return (
        task_id
        for task_id, entry in ledger.items()
        if not entry.record and entry.at <= now - END_KEPT_FOR
    )
