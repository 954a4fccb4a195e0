"""What the page shows of a session: pure, and in the person's language."""

from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass

from app.core.forecast import ANYTHING, Needs, forecast
from app.core.ids import ServerUrl, TaskId
from app.core.loss import is_still_lost
from app.core.outlier import Outliers
from app.core.outlook import Outlook
from app.core.outputs import Output
from app.core.pace import Paces, usual_seconds
from app.core.server import Server
from app.core.task import State, Task
from app.core.window import Window
from app.ui.prospects import say_forecast
from app.ui.server_row import About, ServerRow, ServerRows
from app.ui.task_row import TaskRow, TaskRows, Usual
from app.ui.words import Words


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
    is_live: bool
    forecast: str
    lost_again: str = ""
    """What the button says that runs again what is lost; "" for nothing to run."""


class Viewer:
    """Makes views; rows of ended tasks are made once, since nothing changes them.

    Args:
        window: What is shown.
        words: The page's language.
        address_of: Returns where a result file of a task is found.
        is_direct: Says whether players and links get a task's results by themselves.
        time_of: Writes a time of day.
        about: Returns what is known of a server beside the session.
        held: Returns the servers that wait for a click, with their names.
        removed: Returns the tasks that are not to be shown: they can still be taken back.
    """

    def __init__(
        self,
        window: Window,
        words: Words,
        address_of: Callable[[Task, Output], str],
        is_direct: Callable[[Task], bool] = lambda _task: True,
        time_of: Callable[[float], str] = str,
        about: Callable[[ServerUrl], About] = lambda _url: About(),
        held: Callable[[], Mapping[ServerUrl, str]] = dict,
        removed: Callable[[], Set[TaskId]] = frozenset,
    ) -> None:
        self._window = window
        self._words = words
        self._tasks = TaskRows(window, words, address_of, is_direct, time_of)
        self._servers = ServerRows(window, words, about, time_of)
        self._held = held
        self._removed = removed
        self._ended: dict[str, TaskRow] = {}
        self._names: dict[ServerUrl, str] = {}
        self._outliers = Outliers(())
        self.usual: Usual = {}
        """Seconds that the tasks which have ended tell of their like."""
        self._paces = Paces()

    def view(self, now: float, needs: Needs = ANYTHING) -> View:
        """Return what the page is to show now, in seconds since the epoch.

        `needs` are those of the next task.
        """
        window, words = self._window, self._words
        removed = self._removed()
        tasks = [task for task in window.tasks.values() if task.task_id not in removed]
        names = {url: server.name for url, server in window.servers.items()}
        if names != self._names:
            self._names = names
            self._ended.clear()  # their cards say where they were
        known = set(self._ended)
        self._ended = {
            task.task_id: self._ended.get(task.task_id) or self._tasks.row(task, {}, now)
            for task in tasks
            if task.is_ended
        }
        if known != self._ended.keys():
            self._outliers = Outliers(window.ended())
            self.usual = usual_seconds(window.ended())
            self._paces = Paces(window.ended())
        running = sum(not task.is_ended and task.state is not State.WAITING for task in tasks)
        only_here = window.only_here()
        safety = ""
        if only_here:
            safety = words.say("tasks.only_here", count=only_here)
        elif len(tasks) > len(self._ended):
            safety = words.say("tasks.safe")
        lost = sum(is_still_lost(task) for task in tasks)
        live = [task.progress.overall for task in tasks if not task.is_ended]
        return View(
            (
                *(
                    self._servers.row(
                        server, self._outliers.failures_at(server.url), self._ends(server, now)
                    )
                    for server in window.servers.values()
                ),
                *(self._servers.waiting(url, name) for url, name in self._held().items()),
            ),
            tuple(
                self._ended.get(task.task_id) or self._tasks.row(task, self.usual, now)
                for task in _in_order(tasks)
            ),
            self._summary(running, [task.state for task in tasks]),
            tuple(words.trouble(trouble) for trouble in window.notices),
            sum(live) / len(live) if live else 1.0,
            only_here,
            safety,
            bool(window.waiting and window.servers) and not window.is_hurried,
            len(tasks) > len(self._ended),
            say_forecast(words, forecast(window, needs, self._paces, now)),
            words.say("tasks.again_lost", count=lost) if lost else "",
        )

    def _summary(self, running: int, states: list[State]) -> str:
        """Count the tasks; of those that have ended each kind by itself, but for what is none."""
        told = self._words.say(
            "tasks.summary",
            running=running,
            waiting=len(self._window.waiting),
            done=states.count(State.COMPLETED),
        )
        for state in (State.FAILED, State.CANCELLED, State.LOST, State.ADOPTED):
            count = states.count(state)
            if count:
                told = self._words.say(f"tasks.count.{state.value}", told=told, count=count)
        return told

    def _ends(self, server: Server, now: float) -> float | None:
        """Return in how many seconds a new task would be done, where ours were timed."""
        if not self._paces.knows(server.url):
            return None
        outlook = Outlook(self._window, self._paces, now)
        return outlook.expected(server, server.queue_remaining or 0, "", 0).ends


def _in_order(tasks: list[Task]) -> list[Task]:
    """Put first what runs, then what is next; what has ended follows, the latest first."""
    running = [task for task in tasks if task.state is State.RUNNING]
    live = [task for task in tasks if not task.is_ended and task.state is not State.RUNNING]
    return [*running, *live, *(task for task in reversed(tasks) if task.is_ended)]
