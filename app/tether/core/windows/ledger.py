"""The unfinished tasks of all windows of a browser: in storage that they share, and on disk.

When a window is gone, another one *adopts* its tasks. Each adoption raises the entry's epoch, by
which a window that comes back knows what it lost. What windows share at once reaches the disk
seconds later; so each entry is also *kept* where it is on disk before anything is sent, and
whoever is here after the browser was killed reads both.
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

END_SHOWN_FOR = 3600.0
"""Seconds for which an end is kept on disk: after a kill, what windows share is older.

Source: Chromium writes localStorage seconds late, measured by killing it; for how long at most is
not known, so this is generous.
"""

OWN_END_KEPT_FOR = 48 * 3600.0
"""Seconds for which the end of a task that nobody adopted is kept if its window is gone."""

END_KEPT_FOR = 30 * 24 * 3600.0
"""Seconds for which the end of an adopted task is kept for the window that it came from."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A task in the ledger: its window, how often it was adopted, and its record.

    The record is "" when the task has ended, its window has shown it, and its results are kept if
    anybody keeps results; `at` is when that was written. Of two entries the one with the later
    revision holds.
    """

    owner: WindowId
    epoch: int
    record: str
    at: float
    revision: int = 0

    @property
    def age(self) -> tuple[int, int]:
        """What rises with each writing."""
        return self.epoch, self.revision


def write_entry(entry: Entry) -> str:
    """Write an entry."""
    return json.dumps(
        {
            "owner": entry.owner,
            "epoch": entry.epoch,
            "rev": entry.revision,
            "task": entry.record,
            "at": entry.at,
        }
    )


def read_entry(text: str) -> Entry | None:
    """Read what `write_entry` wrote; None for anything else."""
    match read_json(text):
        case {
            "owner": str(owner),
            "epoch": int(epoch),
            "task": str(record),
            "at": at,
        } as entry if is_time(at):
            revision = entry.get("rev")
            known = revision if isinstance(revision, int) else 0
            return Entry(WindowId(owner), epoch, record, at, known)
    return None


def read_ledger(shared: Mapping[str, str]) -> dict[TaskId, Entry]:
    """Read all entries among the shared records."""
    start = len(ENTRY_RECORD)
    return read_entries(
        {TaskId(key[start:]): text for key, text in shared.items() if key.startswith(ENTRY_RECORD)}
    )


def read_entries(texts: Mapping[TaskId, str]) -> dict[TaskId, Entry]:
    """Read the entries of tasks; what is none is left out."""
    read = {task_id: read_entry(text) for task_id, text in texts.items()}
    return {task_id: entry for task_id, entry in read.items() if entry is not None}


def merged(shared: Mapping[TaskId, Entry], kept: Mapping[TaskId, Entry]) -> Mapping[TaskId, Entry]:
    """Return the later entry of each task: what was shared may be of long before a kill."""
    later = {
        task_id: entry
        for task_id, entry in kept.items()
        if task_id not in shared or shared[task_id].age < entry.age
    }
    return {**shared, **later}


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
        if not entry.record
        and entry.at <= now - (END_KEPT_FOR if entry.epoch else OWN_END_KEPT_FOR)
    )
