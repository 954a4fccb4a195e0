"""What the page shows of a session: pure, and in the person's language."""

from collections import Counter
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass

from page.composer.forecast_words import say_forecast
from page.health.figures import only_here
from page.servers.row import About, ServerRow, ServerRows
from page.tasks.row import TaskRow, TaskRows
from page.ui.words import Words
from tether.core.ids import ServerUrl, TaskId
from tether.core.model.server import Server
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.outputs import Output
from tether.core.scheduling.estimates import Estimates
from tether.core.scheduling.forecast import ANYTHING, Needs, forecast
from tether.core.tracking.verdicts import is_still_lost

MOST = 60
"""Tasks that wait, and tasks that have ended, that have a card each at first."""


@dataclass(frozen=True, slots=True)
class View:
    """The whole page; what runs comes first, what has ended last, the latest before the others.

    `folded` counts the tasks that have no row.
    """

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
    folded: int = 0
    is_troubled: bool = False
    """A task has failed, or is lost."""
    lost_again: str = ""
    """What the button says that runs again what is lost; "" for nothing to run."""


class Viewer:
    """Makes views; rows of ended tasks are made once, those of waiting ones once a second.

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
        self._waiting: dict[TaskId, tuple[tuple[object, ...], TaskRow]] = {}
        self._names: dict[ServerUrl, str] = {}

    def view(self, now: float, needs: Needs = ANYTHING, most: int = MOST) -> View:
        """Return what the page is to show.

        Args:
            now: Seconds since the epoch.
            needs: Those of the next task.
            most: Tasks that wait, and tasks that have ended, that have a row.
        """
        window, words = self._window, self._words
        removed, statistics = self._removed(), window.statistics
        names = {url: server.name for url, server in window.servers.items()}
        if names != self._names:
            self._names = names
            self._ended.clear()  # their cards say where they were
            self._waiting.clear()
        live = list(window.live.values())
        ended = [task for task in window.ended() if task.task_id not in removed]
        states = Counter(task.state.value for task in (*live, *ended))
        shown = ended[: -most - 1 : -1]
        self._ended = {
            task.task_id: self._ended.get(task.task_id) or self._tasks.row(task, {}, now)
            for task in shown
        }
        runs = [task for task in live if task.state is State.RUNNING]
        stand = [task for task in live if task.state is not State.RUNNING][:most]
        here, safety = only_here(window), ""
        if here:
            safety = words.say("tasks.only_here", count=here)
        elif live:
            safety = words.say("tasks.safe")
        lost = sum(is_still_lost(task) for task in ended)
        return View(
            (
                *(
                    self._servers.row(
                        server, statistics.outliers.failures_at(server.url), self._ends(server, now)
                    )
                    for server in window.servers.values()
                ),
                *(self._servers.waiting(url, name) for url, name in self._held().items()),
            ),
            (
                *(self._tasks.row(task, statistics.usual, now) for task in runs),
                *self._standing(stand, now),
                *self._ended.values(),
            ),
            self._summary(len(live) - len(window.waiting), states),
            tuple(words.trouble(trouble) for trouble in window.notices),
            sum(task.progress.overall for task in live) / len(live) if live else 1.0,
            here,
            safety,
            bool(window.waiting and window.servers) and not window.is_sending_all,
            bool(live),
            say_forecast(words, forecast(window, needs, statistics.durations, now)),
            len(live) - len(runs) - len(stand) + len(ended) - len(shown),
            bool(states["failed"] + states["lost"]),
            words.say("tasks.again_lost", count=lost) if lost else "",
        )

    def _standing(self, tasks: list[Task], now: float) -> list[TaskRow]:
        """Show tasks that don't run; of those that wait in this window little can change."""
        paused = tuple(server.is_paused for server in self._window.servers.values())
        before, self._waiting, rows = self._waiting, {}, []
        for task in tasks:
            if task.state is not State.WAITING:
                rows.append(self._tasks.row(task, self._window.statistics.usual, now))
                continue
            told = (int(now - task.accepted_at), task.note, task.is_cancel_wanted, paused)
            known = before.get(task.task_id)
            if known is None or known[0] != told:
                known = told, self._tasks.row(task, {}, now)
            self._waiting[task.task_id] = known
            rows.append(known[1])
        return rows

    def _summary(self, running: int, states: Mapping[str, int]) -> str:
        """Count the tasks; of those that have ended each kind by itself, but for what is none."""
        told = self._words.say(
            "tasks.summary",
            running=running,
            waiting=len(self._window.waiting),
            done=states["completed"],
        )
        for state in ("failed", "cancelled", "lost", "adopted"):
            if states[state]:
                told = self._words.say(f"tasks.count.{state}", told=told, count=states[state])
        return told

    def _ends(self, server: Server, now: float) -> float | None:
        """Return in how many seconds a new task would be done, where ours were timed."""
        durations = self._window.statistics.durations
        if not durations.knows(server.url):
            return None
        estimates = Estimates(self._window, durations, now)
        return estimates.expected(server, server.queue_remaining or 0, "", 0).ends
