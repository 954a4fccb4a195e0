"""The lists of tasks that servers have: who runs, who waits, and who is before whom."""

from dataclasses import dataclass
from typing import Any, TypeAlias

from app.core.answers import read_object
from app.core.errors import MessageError
from app.core.ids import PromptId


@dataclass(slots=True)
class Found:
    """How often a list has one task: it runs at most once, but may wait more often.

    `ahead` counts the tasks before it; None where the list doesn't tell.
    """

    is_running: bool = False
    pending: int = 0
    ahead: int | None = None


def read_jobs(text: str) -> dict[PromptId, Found]:
    """Read the list of open jobs."""
    match read_object(text):
        case {"jobs": list(jobs)}:
            entries: list[_Entry] = []
            for job in jobs:
                match job:
                    case {"id": str(prompt), "status": "pending"}:
                        entries.append((PromptId(prompt), False, job.get("priority")))
                    case {"id": str(prompt), "status": "in_progress"}:
                        entries.append((PromptId(prompt), True, None))
            return _found(entries)
    raise MessageError("`/api/jobs` has an unknown shape", text)


def read_queue(text: str) -> dict[PromptId, Found]:
    """Read `GET /queue`, the list of servers without the jobs API."""
    match read_object(text):
        case {"queue_running": list(running), "queue_pending": list(pending)}:
            return _found(
                [
                    *((PromptId(i[1]), False, i[0]) for i in pending if _is_queue_item(i)),
                    *((PromptId(i[1]), True, None) for i in running if _is_queue_item(i)),
                ]
            )
    raise MessageError("`/queue` has an unknown shape", text)


_Entry: TypeAlias = tuple[PromptId, bool, Any]
"""A task in a list: its id, whether it runs, and its number."""


def _found(entries: list[_Entry]) -> dict[PromptId, Found]:
    """Gather a list by task; the smallest number runs next, whatever the order of the list.

    Source: ComfyUI 0.28.1, measured; protocol sections 1.2 and 8.
    """
    found: dict[PromptId, Found] = {}
    running = [prompt_id for prompt_id, is_running, _ in entries if is_running]
    numbers = sorted(n for _, is_running, n in entries if not is_running and _is_number(n))
    places = {number: place for place, number in reversed(list(enumerate(numbers, len(running))))}
    for prompt_id, is_running, number in entries:
        entry = found.setdefault(prompt_id, Found())
        if is_running:
            entry.is_running = True
            continue
        entry.pending += 1
        if _is_number(number) and prompt_id not in running:
            place = places.get(number, len(running))  # no number is like NaN
            entry.ahead = place if entry.ahead is None else min(entry.ahead, place)
    return found


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float)


def _is_queue_item(item: Any) -> bool:
    """An item of the queue is `[number, prompt id, workflow, …]`."""
    return isinstance(item, list) and len(item) > 1 and isinstance(item[1], str)
