"""Which task waits for a server that is full, because it would end there first all the same."""

from collections.abc import Mapping

from app.core.completion import loads
from app.core.ids import ServerUrl, TaskId
from app.core.neighbours import Ticket
from app.core.outlook import Outlook
from app.core.task import Task

SURE = 2.0
"""How many times as long as its doubt a wait for a full server is reckoned the longer: where tasks
differ widely, a server that is free now is worth more than one that should be free soon."""


class Holding:
    """Compares servers that have a place with those that are full.

    No task waits longer than it would have taken elsewhere, whatever becomes of the server
    that it waits for.
    """

    def __init__(self) -> None:
        self._until: dict[TaskId, float] = {}

    def is_better(
        self,
        task: Task | Ticket,
        free: Mapping[ServerUrl, float],
        full: Mapping[ServerUrl, float],
        outlook: Outlook,
        now: float,
    ) -> bool:
        """Say whether a task is to wait for a full server; it then counts there.

        Args:
            task: A task.
            free: Servers with a place -> seconds until the task would end there.
            full: Servers that are full -> the same.
            outlook: Where it is to count.
            now: The time.
        """
        usual = outlook.usual(task.shape)
        ends = loads({**free, **reckoned(full, outlook)}, usual)
        url = min(full, key=lambda each: ends[each], default=None)
        if url is None or ends[url] >= min((ends[each] for each in free), default=ends[url]):
            return False
        if now >= self._until.setdefault(task.task_id, now + min(free.values())):
            return False
        outlook.promise(url, task.shape)
        return True

    def look_again_in(self, waiting: Mapping[TaskId, Task], now: float) -> float | None:
        """Return the seconds until a task has waited long enough; forget those that went."""
        self._until = {
            task_id: until for task_id, until in self._until.items() if task_id in waiting
        }
        later = [until - now for until in self._until.values() if until > now]
        return min(later, default=None)


def reckoned(full: Mapping[ServerUrl, float], outlook: Outlook) -> dict[ServerUrl, float]:
    """Return ends at full servers as they count beside those at servers with a place.

    Args:
        full: Server -> seconds to the new task's end.
        outlook: What is known of what they do.
    """
    return {url: end + SURE * (outlook.rest(url)[1] or 0.0) for url, end in full.items()}
