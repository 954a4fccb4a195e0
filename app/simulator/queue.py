"""The queue: waiting tasks, and the one that runs."""

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field


class EqualEntries(Exception):
    """Two waiting tasks share number and id; the server fails, yet both stay queued."""


@dataclass(slots=True, eq=False)
class Task:
    """One accepted `POST /prompt`, as the queue keeps it."""

    number: float
    prompt_id: str
    workflow: dict[str, dict[str, object]]
    extra_data: dict[str, object]
    outputs: list[str]
    hidden: Mapping[str, object] = field(default_factory=dict)

    @property
    def as_json(self) -> list[object]:
        """The task as `/queue` and `/history` show it."""
        return [self.number, self.prompt_id, self.workflow, self.extra_data, self.outputs]

    @property
    def client_id(self) -> str | None:
        """The owner. An id that is no text belongs to nobody; None means a task of everybody."""
        client_id = self.extra_data.get("client_id")
        return client_id if client_id is None or isinstance(client_id, str) else ""

    def __lt__(self, other: "Task") -> bool:
        """Order by number, then by id."""
        return (self.number, self.prompt_id) < (other.number, other.prompt_id)


class TaskQueue:
    """A heap by `number`, and the task that the one worker runs."""

    def __init__(self) -> None:
        self.heap: list[Task] = []
        self.running: Task | None = None
        self._counter = 0

    @property
    def remaining(self) -> int:
        """How many tasks wait or run: `queue_remaining`."""
        return len(self.heap) + (self.running is not None)

    def next_number(self) -> int:
        """Return the next number of the counter; refused tasks use one up too."""
        number = self._counter
        self._counter += 1
        return number

    def put(self, task: Task) -> None:
        """Add a task.

        Raises:
            EqualEntries: It was compared with its equal. It stays in the queue all the same.
                Source: ComfyUI 0.28.1 wire, measured: the heap compares whole tuples and
                fails on the two workflows.
        """
        heap = self.heap
        heap.append(task)
        at = len(heap) - 1
        while at > 0:
            above = (at - 1) // 2
            other = heap[above]
            if (task.number, task.prompt_id) == (other.number, other.prompt_id):
                raise EqualEntries(f"two tasks with id {task.prompt_id} and number {task.number}")
            if not task < other:
                return
            heap[at], heap[above] = other, task
            at = above

    def take(self) -> Task | None:
        """Start the first task, if one waits and none runs."""
        if self.running is not None or not self.heap:
            return None
        self.running = heapq.heappop(self.heap)
        return self.running

    def delete_first(self, wanted: Callable[[Task], bool]) -> bool:
        """Remove one waiting task; duplicates of it stay."""
        for at, task in enumerate(self.heap):
            if wanted(task):
                del self.heap[at]
                heapq.heapify(self.heap)
                return True
        return False

    def clear(self) -> None:
        """Remove everybody's waiting tasks."""
        self.heap.clear()
