"""Takes tasks into a window, and lets ended ones go."""

from collections.abc import Iterable, Iterator

from tether.core.commands import Command, Commands, LoadWorkflow, ReleaseFiles
from tether.core.errors import Trouble
from tether.core.events import TaskAccepted, WorkflowLoaded
from tether.core.ids import ServerUrl
from tether.core.model.durations import workload_of
from tether.core.model.task import ON_SERVER, State, Task
from tether.core.model.window import Window
from tether.core.session.records import is_over, restore_task
from tether.core.session.snapshot import read_task
from tether.core.tracking.reconciler import Reconciler
from tether.core.tracking.verdicts import READS
from tether.core.windows.ledger import Entry

KEPT_ENDS, SPARE_ENDS = 1000, 20
"""Ended tasks that a window remembers; the oldest go first, so many at a time."""

KEPT_FILES = 200
"""Ended tasks whose pictures are kept, so that they can be run again: pictures take room. Of as
many more those are kept where something went wrong, or whose results nobody has kept yet."""


def new_task(event: TaskAccepted, now: float) -> Task:
    """Return the task that was accepted."""
    return Task(
        event.task_id,
        event.prompt_id,
        event.title,
        event.digest,
        event.pictures,
        event.pinned,
        now,
        again_of=event.again_of,
        workload=workload_of(event.workflow),
        asked_at=event.asked_at,
        after=event.after,
        takes=event.takes,
        source=event.source,
        cell=event.cell,
    )


class Acceptance:
    """Takes tasks in from a person or from a window that is gone."""

    def __init__(self, window: Window, reconciler: Reconciler) -> None:
        self._window = window
        self._reconciler = reconciler

    def accept(self, event: TaskAccepted, now: float) -> Commands:
        """Take in a new task; let go of the oldest ended ones, first of their files."""
        task = new_task(event, now)
        self._mark_original(task)
        task.progress.count(event.workflow.running_nodes())
        self._window.workflows[event.digest] = event.workflow
        self._window.add(task)
        waited_for = self._window.waited_for()
        ended = [each for each in self._window.ended() if each.task_id not in waited_for]
        count = len(ended) - KEPT_ENDS if len(ended) >= KEPT_ENDS + SPARE_ENDS else 0
        gone = [command for each in ended[:count] for command in self.dismiss(each)]
        return (*gone, *self._release(ended[count:]))

    def _release(self, ended: list[Task]) -> Iterator[Command]:
        """Let go of the files of the oldest tasks, first of those whose results are kept."""
        for number, task in enumerate(reversed(ended[:-KEPT_FILES])):
            is_done = task.state is State.COMPLETED and is_over(self._window, task, ())
            if task.has_files and (is_done or number >= KEPT_FILES):
                task.has_files = False
                self._window.pending.unsaved.add(task.task_id)
                yield ReleaseFiles(task.task_id)

    def _mark_original(self, task: Task) -> None:
        """Note at the task that a new one repeats that its work is done elsewhere, in its turn."""
        original = self._window.tasks.get(task.again_of) if task.again_of else None
        if original is None:
            return
        original.is_run_again = True
        task.turn = original.turn
        self._window.pending.unsaved.add(original.task_id)
        if not original.is_ended and original.server is not None:
            server = self._window.servers[original.server]
            original.note = Trouble.of("given_up", server=server.name)

    def adopt(self, entries: Iterable[Entry], now: float) -> Commands:
        """Take over the tasks of a window that is gone, and say so."""
        window = self._window
        commands: list[Command] = []
        count = 0
        for entry in sorted(entries, key=lambda entry: entry.at):
            task = read_task(entry.record)
            known = window.tasks.get(task.task_id) if task else None
            if task is None or (known and known.state is not State.ADOPTED):
                continue
            if known:
                window.dismiss(known)  # it was this window's, and is again
            count += 1
            task.epoch = entry.epoch + 1
            restore_task(window, task, now)
            if task.digest not in window.workflows:
                commands.append(LoadWorkflow(task.digest))
            if task.state in ON_SERVER and task.server is not None:
                commands += self._reconciler.query(window.servers[task.server], now)
        if count:
            code = "taken_up_one" if count == 1 else "taken_up"
            window.notices.append(Trouble.of(code, count=count))
        return tuple(commands)

    def repin(self, wrong: ServerUrl, right: ServerUrl) -> None:
        """An address was corrected: tasks that were pinned to it stay pinned to the server."""
        for task in self._window.live.values():
            if task.pinned == wrong:
                task.pinned = right
                self._window.pending.unsaved.add(task.task_id)
                self._window.pending.is_fill_due = True

    def load(self) -> Commands:
        """Load the workflows of all unfinished tasks."""
        digests = dict.fromkeys(task.digest for task in self._window.live.values())
        return tuple(map(LoadWorkflow, digests))

    def loaded(self, event: WorkflowLoaded, now: float) -> None:
        """A stored workflow was read, or is gone."""
        window = self._window
        for task in tuple(window.live.values()):
            if task.digest != event.digest:
                continue
            if event.workflow is not None:
                window.workflows[event.digest] = event.workflow
                window.pending.is_fill_due = True
                task.progress.count(event.workflow.running_nodes())
            elif task.state is State.WAITING or (
                task.state is State.UNKNOWN and task.absences >= READS
            ):
                # It can't be sent, and no server has it.
                window.end(task, State.FAILED, now, "here", Trouble.of("workflow_gone"))

    def dismiss(self, task: Task) -> Commands:
        """Let an ended task go, with its files."""
        if not task.is_ended:
            return ()
        self._window.dismiss(task)
        # The window that adopted a task still needs them.
        return (ReleaseFiles(task.task_id),) if task.state is not State.ADOPTED else ()
