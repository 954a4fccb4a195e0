"""Tasks that take the result of another: they wait for it, and have it fetched once it is there."""

from tether.core.commands import Command, Commands, FetchResult, ReleaseFiles, StartTimer
from tether.core.errors import Trouble
from tether.core.events import FetchFailed, Picture, ResultFetched
from tether.core.ids import ServerUrl, TaskId
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.address import short_name
from tether.core.protocol.handover import ResultSource, fitting
from tether.core.timers import FetchTimer

FETCHED_AGAIN, SELDOM = 2.0, 30.0
"""Seconds until a result that couldn't be had is asked for again: each time twice as long, to a
limit."""

_DOUBLED = 8
"""How often at most: many more would be no number any more."""

_WAITED_FOR = {
    State.FAILED: "after_failed",
    State.LOST: "after_lost",
    State.CANCELLED: "after_stopped",
}
"""What to say of the task before, where it has to be run again."""


class Chains:
    """Follows what becomes of the tasks that others wait for.

    In the round in which a task completes, those that take its result note where that is: their
    records are written with its own, and need nothing of it from then on.
    """

    def __init__(self, window: Window) -> None:
        self._window = window
        self._tries: dict[TaskId, int] = {}
        """How often the results were asked for that tasks wait for."""
        self._asked: set[TaskId] = set()
        """The tasks whose results are being fetched."""

    def follow(self, now: float) -> Commands:
        """Look what has become of the tasks that others wait for; ask for results that are new."""
        window, commands = self._window, list[Command]()
        if not (window.following or self._tries):
            return ()
        # The end of one may be the end of those after it.
        while any(self._look(task, now) for task in tuple(window.following.values())):
            pass
        for task in window.following.values():
            if task.source is not None and task.task_id not in self._tries:
                commands += self._fetch(task, task.source)
        self._tries = {key: tries for key, tries in self._tries.items() if key in window.following}
        return tuple(commands)

    def fetched(self, event: ResultFetched, now: float) -> Commands:
        """A task has the result that it waited for, or will never have it."""
        window = self._window
        self._asked.discard(event.task_id)
        task = window.following.get(event.task_id)
        if task is None or task.source is None:
            # It was cancelled, and perhaps removed, meanwhile.
            return () if event.task_id in window.tasks else (ReleaseFiles(event.task_id),)
        _, _, output, place = task.source
        if event.digest is None:
            name = _name(window, task.source.server)
            why = Trouble.of("after_gone", server=name, file=output.filename)
            window.end(task, State.FAILED, now, "here", why)
            return ()
        others = (each for each in task.pictures if (each.node_id, each.input) != place[:2])
        taken = Picture(place.node_id, place.input, event.digest, output.filename, event.size)
        task.pictures = (*others, taken)
        window.admit(task)
        return ()

    def failed(self, event: FetchFailed) -> Commands:
        """A result can't be had now: ask for it again later, and say so meanwhile."""
        task_id, why = event
        self._asked.discard(task_id)
        task = self._window.following.get(task_id)
        if task is None or task.source is None:
            return ()
        server = _name(self._window, task.source.server)
        task.note = why or Trouble.of("after_unreachable", server=server)
        self._window.pending.gauges.add(task_id)
        doubled = min(self._tries[task_id] - 1, _DOUBLED)
        return (StartTimer(FetchTimer(task_id), min(SELDOM, FETCHED_AGAIN * 2.0**doubled)),)

    def fired(self, task_id: TaskId) -> Commands:
        """A result may be there now."""
        task = self._window.following.get(task_id)
        if task is None or task.source is None or task_id in self._asked:
            return ()
        return self._fetch(task, task.source)

    def retry(self) -> Commands:
        """The network or the person is back: ask for all that couldn't be had."""
        waiting = tuple(self._window.following.values())
        return tuple(
            command
            for task in waiting
            if task.note is not None
            for command in self.fired(task.task_id)
        )

    def _fetch(self, task: Task, source: ResultSource) -> Commands:
        self._asked.add(task.task_id)
        self._tries[task.task_id] = self._tries.get(task.task_id, 0) + 1
        return (FetchResult(task.task_id, source),)

    def _look(self, task: Task, now: float) -> bool:
        """See to one task; say whether it has ended."""
        window = self._window
        if task.source is not None or task.is_ended:
            return False
        first = window.tasks.get(task.after) if task.after else None
        if first is not None and (first.state is not State.COMPLETED or task.again_of):
            first = _latest(window, first)
            if first.task_id != task.after:
                window.pending.unsaved.update(filter(None, (task.task_id, task.after)))
                task.after = first.task_id
        if first is None or first.state is State.ADOPTED:
            window.end(task, State.FAILED, now, "here", Trouble.of("after_removed"))
        elif first.state is State.COMPLETED:
            found = fitting(first.outputs, task.takes)
            if found is None:
                window.end(task, State.FAILED, now, "here", Trouble.of("after_nothing"))
            else:
                assert first.server is not None
                task.source = ResultSource(first.server, first.prompt_id, *found)
                window.pending.unsaved.update((task.task_id, first.task_id))
        elif is_called_off(first, task):
            task.is_cancel_wanted = True  # those that follow it need not be told otherwise
            window.end(task, State.CANCELLED, now, "here", Trouble.of("after_cancelled"))
        return task.is_ended


def is_called_off(first: Task, task: Task) -> bool:
    """Say whether a person has cancelled the task before, and not run this one again since."""
    is_cancelled = first.state is State.CANCELLED and first.is_cancel_wanted
    return is_cancelled and (task.again_of is None or first.ended_at >= task.accepted_at)


def why_it_waits(window: Window, task: Task) -> Trouble | None:
    """Return what a task that takes a result waits for in vain; None where it only takes time."""
    first = window.tasks.get(task.after) if task.after else None
    if not task.takes or task.source is not None or first is None:
        return task.note
    code = _WAITED_FOR.get(first.state)
    return Trouble.of(code, title=first.title) if code else task.note


def _latest(window: Window, task: Task) -> Task:
    """Return the task that does the work of another one now: it was run again, or moved."""
    seen: set[TaskId] = set()  # records of other pages may go round in circles
    found: Task | None = task
    while found is not None and found.task_id not in seen:
        task = found
        seen.add(task.task_id)
        newer = (each for each in reversed(window.tasks.values()) if each.again_of == task.task_id)
        found = next(newer, None) if task.is_run_again else None
    return task


def _name(window: Window, url: ServerUrl) -> str:
    server = window.servers.get(url)
    return server.name if server is not None else short_name(url)
