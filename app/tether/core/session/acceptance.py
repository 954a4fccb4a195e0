"""How tasks come into a window, and how they leave it."""

from collections.abc import Iterable

from tether.core.commands import Command, Commands, LoadWorkflow, ReleaseFiles
from tether.core.errors import Trouble
from tether.core.events import TaskAccepted, WorkflowLoaded
from tether.core.ids import ServerUrl
from tether.core.model.durations import workload_of
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.session.records import restore_task
from tether.core.session.snapshot import read_task
from tether.core.tracking.reconciler import Reconciler
from tether.core.tracking.verdicts import READS
from tether.core.windows.ledger import Entry

KEPT, SPARE = 200, 20
"""Ended tasks that a window remembers; the oldest go first, so many at a time: with each that goes
what the others teach is worked out anew."""


class Acceptance:
    """Takes tasks in, from a person or from a window that is gone; lets ended ones go."""

    def __init__(self, window: Window, reconciler: Reconciler) -> None:
        self._window = window
        self._reconciler = reconciler

    def accept(self, event: TaskAccepted, now: float) -> Commands:
        """Take in a new task; the oldest of too many ended ones leave."""
        task = Task(
            event.task_id,
            event.prompt_id,
            event.title,
            event.digest,
            event.pictures,
            event.pinned,
            now,
            again_of=event.again_of,
            workload=workload_of(event.workflow),
        )
        self._repeat(task)
        task.progress.count(event.workflow.running_nodes())
        self._window.workflows[event.digest] = event.workflow
        self._window.add(task)
        ended = list(self._window.ended())
        old = ended[:-KEPT] if len(ended) >= KEPT + SPARE else ()
        return tuple(command for each in old for command in self.dismiss(each))

    def _repeat(self, task: Task) -> None:
        """A task's work is done again: by this task, and not where it was given up."""
        original = self._window.tasks.get(task.again_of) if task.again_of else None
        if original is None:
            return
        original.is_run_again = True
        self._window.unsaved.add(original.task_id)
        if not original.is_ended and original.server is not None:
            server = self._window.servers[original.server]
            original.note = Trouble.of("given_up", server=server.name)

    def adopt(self, entries: Iterable[Entry], now: float) -> Commands:
        """Take over the tasks of a window that is gone."""
        window = self._window
        commands: list[Command] = []
        for entry in entries:
            task = read_task(entry.record)
            known = window.tasks.get(task.task_id) if task else None
            if task is None or (known and known.state is not State.ADOPTED):
                continue
            if known:
                window.dismiss(known)  # it was ours, and is again
            task.epoch = entry.epoch + 1
            restore_task(window, task, now)
            if task.digest not in window.workflows:
                commands.append(LoadWorkflow(task.digest))
            if task.server is not None:
                commands += self._reconciler.look(window.servers[task.server], now)
        return tuple(commands)

    def repin(self, wrong: ServerUrl, right: ServerUrl) -> None:
        """An address was corrected: what a person chose that server for is for it still."""
        for task in self._unfinished():
            if task.pinned == wrong:
                task.pinned = right
                self._window.unsaved.add(task.task_id)
                self._window.is_fill_due = True

    def load(self) -> Commands:
        """Ask for the workflows of all unfinished tasks."""
        return tuple(map(LoadWorkflow, dict.fromkeys(task.digest for task in self._unfinished())))

    def loaded(self, event: WorkflowLoaded, now: float) -> None:
        """A stored workflow was read, or is gone."""
        window = self._window
        for task in self._unfinished():
            if task.digest != event.digest:
                continue
            if event.workflow is not None:
                window.workflows[event.digest] = event.workflow
                window.is_fill_due = True
                task.progress.count(event.workflow.running_nodes())
            elif task.state is State.WAITING or (
                task.state is State.UNKNOWN and task.absences >= READS
            ):
                # Nothing of it can be sent, and no server has it.
                window.end(task, State.FAILED, now, "here", Trouble.of("workflow_gone"))

    def dismiss(self, task: Task) -> Commands:
        """Let an ended task go, with its files."""
        if not task.is_ended:
            return ()
        self._window.dismiss(task)
        # Of a task that was taken over, its other window still needs them.
        return (ReleaseFiles(task.task_id),) if task.state is not State.ADOPTED else ()

    def _unfinished(self) -> list[Task]:
        return list(self._window.live.values())
