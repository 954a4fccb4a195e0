"""What the page shows of a session: pure, and in the person's language."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from app.core.forecast import ANYTHING, Needs, forecast
from app.core.ids import ServerUrl
from app.core.outlier import Outliers
from app.core.outputs import Kind, Output
from app.core.pace import seconds_per_task
from app.core.server import Server
from app.core.task import ON_SERVER, State, Task
from app.core.window import Window
from app.ui.prospects import say_forecast
from app.ui.server_row import About, ServerRow, ServerRows
from app.ui.words import Words


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task's card. `overall` is 0 to 1; `results` holds (kind, address or text, name).

    Players and links get results that are `is_direct` by themselves.
    """

    task_id: str
    title: str
    state: str
    state_text: str
    server: str
    overall: float
    node: str
    trouble: str
    traceback: str
    results: tuple[tuple[Kind, str, str], ...]
    can_cancel: bool
    can_dismiss: bool
    can_run_again: bool
    can_go_elsewhere: bool
    is_direct: bool


@dataclass(frozen=True, slots=True)
class View:
    """The whole page; tasks are newest first."""

    servers: tuple[ServerRow, ...]
    tasks: tuple[TaskRow, ...]
    summary: str
    notices: tuple[str, ...]
    progress: float
    only_here: int
    safety: str
    can_send_all: bool
    forecast: str


class Viewer:
    """Makes views; rows of ended tasks are made once, since nothing changes them.

    Args:
        window: What is shown.
        words: The page's language.
        address_of: Returns where a result file of a task is found.
        is_direct: Says whether players and links get a task's results by themselves.
        about: Returns what is known of a server beside the session.
        held: Returns the servers that wait for a click, with their names.
    """

    def __init__(
        self,
        window: Window,
        words: Words,
        address_of: Callable[[Task, Output], str],
        is_direct: Callable[[Task], bool] = lambda _task: True,
        about: Callable[[ServerUrl], About] = lambda _url: About(),
        held: Callable[[], Mapping[ServerUrl, str]] = dict,
    ) -> None:
        self._window = window
        self._words = words
        self._address_of = address_of
        self._is_direct = is_direct
        self._servers = ServerRows(window, words, about)
        self._held = held
        self._ended: dict[str, TaskRow] = {}
        self._outliers = Outliers(())
        self._paces: dict[ServerUrl, float] = {}

    def view(self, needs: Needs = ANYTHING, now: float = 0.0) -> View:
        """Return what the page is to show now; `needs` are those of the next task."""
        window, words = self._window, self._words
        tasks = list(window.tasks.values())
        known = set(self._ended)
        self._ended = {
            task.task_id: self._ended.get(task.task_id) or self._task(task)
            for task in tasks
            if task.is_ended
        }
        if known != self._ended.keys():
            self._outliers = Outliers(window.ended())
            self._paces = seconds_per_task(window.ended())
        running = sum(not task.is_ended and task.state is not State.WAITING for task in tasks)
        only_here = window.only_here()
        safety = ""
        if only_here:
            safety = words.say("tasks.only_here", count=only_here)
        elif len(tasks) > len(self._ended):
            safety = words.say("tasks.safe")
        live = [task.progress.overall for task in tasks if not task.is_ended]
        return View(
            (
                *(
                    self._servers.row(server, self._outliers.failures_at(server.url))
                    for server in window.servers.values()
                ),
                *(self._servers.waiting(url, name) for url, name in self._held().items()),
            ),
            tuple(self._ended.get(task.task_id) or self._task(task) for task in reversed(tasks)),
            words.say(
                "tasks.summary", running=running, waiting=len(window.waiting), done=len(self._ended)
            ),
            tuple(words.trouble(trouble) for trouble in window.notices),
            sum(live) / len(live) if live else 1.0,
            only_here,
            safety,
            bool(window.waiting and window.servers) and not window.is_hurried,
            say_forecast(words, forecast(window, needs, self._paces, now)),
        )

    def _task(self, task: Task) -> TaskRow:
        words = self._words
        server = self._window.servers.get(task.server) if task.server else None
        state = words.say(f"task.state.{task.state.value}")
        if task.state is State.WAITING and not self._window.servers:
            state = words.say("task.state.no_server")
        if task.is_cancel_wanted and not task.is_ended:
            state = words.say("task.cancelling")
        trouble = task.trouble or task.note
        facts = dict(trouble.facts) if trouble else {}
        return TaskRow(
            task.task_id,
            task.title,
            task.state.value,
            state,
            server.name if server else task.server or "",
            1.0 if task.state is State.COMPLETED else task.progress.overall,
            self._node(task),
            words.trouble(trouble) if trouble else "",
            facts.get("traceback", ""),
            self._results(task),
            not task.is_ended and not task.is_cancel_wanted,
            task.is_ended,
            # What was collected from servers has no workflow here.
            task.is_ended and task.state is not State.ADOPTED and bool(task.digest),
            self._can_go_elsewhere(task, server),
            self._is_direct(task),
        )

    def _can_go_elsewhere(self, task: Task, server: Server | None) -> bool:
        """Nobody can tell whether a server that says nothing still has a task."""
        is_there = task.state in ON_SERVER and not task.is_cancel_wanted
        is_silent = server is not None and server.is_long_silent
        return is_there and is_silent and bool(task.digest)

    def _node(self, task: Task) -> str:
        if task.state is not State.RUNNING or task.progress.current is None:
            return ""
        percent = f"{task.progress.node * 100:.0f}"
        return self._words.say("task.node", node=task.progress.current, percent=percent)

    def _results(self, task: Task) -> tuple[tuple[Kind, str, str], ...]:
        if task.server is None:
            return ()
        return tuple(
            ("text", output.text, "")
            if output.kind == "text"
            else (output.kind, self._address_of(task, output), output.filename)
            for output in task.outputs
        )
