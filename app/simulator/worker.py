"""The worker: takes tasks from the queue, one at a time, and adds them to the history."""

from collections.abc import Iterator

from simulator.events import DropBlob, DropValues, NodeFinished, NodeRaised
from simulator.execution import Execution
from simulator.history import Entry
from simulator.process import Process
from simulator.sockets import status_frame, text_frame


class Worker:
    """Runs the queued tasks. Source: ComfyUI, main.py, `prompt_worker`."""

    def __init__(self, process: Process, run_ids: Iterator[int]) -> None:
        self._process = process
        self._run_ids = run_ids
        self._execution: Execution | None = None

    def send_status(self) -> None:
        """Send everybody the length of the queue."""
        self._process.sockets.send(None, self.status())

    def status(self) -> str:
        """Return the `status` frame of this moment."""
        return status_frame(self._process.queue.remaining)

    def accept(self, status: str | None) -> None:
        """Send the `status` of the moment when a task came, if any, and start the task."""
        if status is not None:
            self._process.sockets.send(None, status)
        self._start_next()

    def interrupt(self, prompt_id: str | None) -> bool:
        """Interrupt the running task, if it has that id or None is given; tell whether it has."""
        execution = self._execution
        if execution is None or prompt_id not in (None, execution.task.prompt_id):
            return False
        execution.is_interrupted = True
        self._process.stops.interrupt()
        return True

    def node_shown_to(self, client_id: str) -> str | None:
        """Return the running node, if its task belongs to this client."""
        if self._execution is None or self._execution.task.client_id != client_id:
            return None
        return self._execution.shown_node

    def receive(self, report: NodeFinished | NodeRaised) -> None:
        """Take a report of the shell; one that comes too late is dropped."""
        if self._execution is None or not self._execution.is_awaiting(report.run_id):
            self._process.stage.emit(DropValues(report.run_id))
            for blob in report.files if isinstance(report, NodeFinished) else ():
                self._process.stage.emit(DropBlob(blob.key))
        elif isinstance(report, NodeFinished):
            self._execution.finish_node(report)
        else:
            self._execution.fail_node(report)

    def abandon(self) -> None:
        """Drop what is being made, since the server dies."""
        if self._execution is not None:
            self._execution.abandon()

    def _start_next(self) -> None:
        task = self._process.queue.take()
        if task is None:
            return
        self.send_status()
        self._execution = Execution(self._process, task, self._run_ids, self._end)
        self._execution.start()

    def _end(self, entry: Entry) -> None:
        self._process.history.add(entry)
        self._execution = None
        self._process.queue.running = None
        self.send_status()
        task = entry.task
        if task.client_id is not None:
            data = {"node": None, "prompt_id": task.prompt_id}
            self._process.sockets.send(task.client_id, text_frame("executing", data))
        # Not at once: a chain of cached tasks would recurse.
        self._process.stage.later(0.0, self._start_next)
