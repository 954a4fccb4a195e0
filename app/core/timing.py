"""How long one task ran on its server: what is learned from it, and told to other windows."""

from typing import Any, NamedTuple

from app.core.ids import ServerUrl, TaskId
from app.core.outputs import is_time

SHORTEST = 0.001
"""Seconds: servers stamp milliseconds. Source: ComfyUI 0.28.1, measured: whole milliseconds."""


class Timing(NamedTuple):
    """A task that was completed; `seconds` by its server's clock, `ended_at` by the page's."""

    ended_at: float
    task_id: TaskId
    server: ServerUrl
    shape: str
    seconds: float


def read_timing(item: Any) -> Timing | None:
    """Read what another page told of a task; None for anything else."""
    match item:
        case [ended_at, str(task_id), str(server), str(shape), seconds] if (
            is_time(ended_at) and is_time(seconds) and seconds >= SHORTEST
        ):
            return Timing(ended_at, TaskId(task_id), ServerUrl(server), shape, seconds)
    return None
