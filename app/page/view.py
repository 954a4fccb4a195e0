"""What the page shows of a session: pure, and in the person's language."""

from collections import Counter
from collections.abc import Callable, Container
from dataclasses import dataclass

from page.composer.forecast_words import Crew, about, say_forecast
from page.servers.row import Knowledge, ServerRow, ServerRows
from page.tasks.row import (
    AllOf,
    Batch,
    Picked,
    ResultFiles,
    TaskList,
    TaskRow,
    TaskRows,
    can_be_cancelled,
)
from page.tasks.search import TaskSearch
from page.tasks.sheet import in_order
from page.ui.words import TONES, Tone, Words
from tether.core.ids import ServerUrl, TaskId
from tether.core.model.health import only_here
from tether.core.model.server import Reach, Server
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.outputs import comparable
from tether.core.scheduling.allotment import places_in_order
from tether.core.scheduling.estimates import Estimates
from tether.core.scheduling.forecast import ANYTHING, Needs, forecast
from tether.core.tracking.verdicts import is_still_lost

FEW = 3
"""Tasks that need no bar of their own."""


@dataclass(frozen=True, slots=True)
class View:
    """The whole page."""

    servers: tuple[ServerRow, ...]
    tasks: TaskList
    notices: tuple[tuple[str, Tone], ...]
    forecast: str
    crew: Crew
    progress: float
    is_live: bool
    """A task has not ended."""
    is_troubled: bool
    """A task has failed, or is lost."""
    errors: tuple[Exception, ...]
    """Why some cards can't be shown: bugs."""


class Views:
    """Makes views; rows of ended tasks are made once, those of waiting ones once a second."""

    def __init__(
        self,
        window: Window,
        words: Words,
        time_of: Callable[[float], str],
        files: ResultFiles,
        known: Knowledge,
        search: TaskSearch,
    ) -> None:
        self._window = window
        self._words = words
        self._tasks = TaskRows(window, words, files, time_of, search.stars)
        self._servers = ServerRows(window, words, known, time_of)
        self._search = search
        self._order: tuple[list[int], list[Task]] = [], []
        self._ended: dict[TaskId, tuple[tuple[bool, bool], TaskRow]] = {}
        self._waiting: dict[TaskId, tuple[tuple[object, ...], TaskRow]] = {}
        self._named: tuple[str, dict[ServerUrl, str]] = "", {}
        self._turns: dict[TaskId, int] = {}
        self._errors: list[Exception] = []

    def view(
        self, now: float, needs: Needs = ANYTHING, near: Container[TaskId] | None = None
    ) -> View:
        """Return what the page shows at `now` (seconds since the epoch).

        Tasks get a row that are `near` what is in view; all of them by default.
        """
        window, words = self._window, self._words
        self._errors.clear()
        named = words.language, {url: server.name for url, server in window.servers.items()}
        if named != self._named:
            self._named = named
            self._ended.clear()  # their cards say where they were
            self._waiting.clear()
        live = list(window.live.values())
        ended = [task for task in window.ended() if task.task_id not in self._search.removed]
        servers = [self._server_row(server, now) for server in window.servers.values()]
        return View(
            (*servers, *self._servers.held()),
            self._task_list(live, ended, now, near),
            tuple((words.trouble(each), TONES.get(each.code, "bad")) for each in window.notices),
            self._forecast(needs, now),
            self._crew(),
            sum(task.progress.overall for task in live) / len(live) if live else 1.0,
            bool(live),
            any(task.state in (State.FAILED, State.LOST) for task in ended),
            tuple(self._errors),
        )

    def _server_row(self, server: Server, now: float) -> ServerRow:
        """Make a server's row; one that can't be made says so, and hurts no other."""
        try:
            failures = self._window.statistics.outliers.failures_at(server.url)
            return self._servers.row(server, failures, self._ends(server, now))
        except Exception as error:
            self._errors.append(error)
            return self._servers.broken(server)

    def _task_row(self, task: Task, now: float, turn: int = 0) -> TaskRow:
        is_still = task.is_ended or task.state is State.WAITING
        try:
            usual = {} if is_still else self._window.statistics.usual
            return self._tasks.row(task, usual, now, turn)
        except Exception as error:
            self._errors.append(error)
            return self._tasks.broken(task)

    def _forecast(self, needs: Needs, now: float) -> str:
        if self._window.is_paused:
            return self._words.say("compose.next.paused")
        try:
            durations = self._window.statistics.durations
            return say_forecast(self._words, forecast(self._window, needs, durations, now))
        except Exception as error:
            self._errors.append(error)
            return ""

    def _task_list(
        self, live: list[Task], ended: list[Task], now: float, near: Container[TaskId] | None
    ) -> TaskList:
        window, words, search = self._window, self._words, self._search
        here, safety, total = only_here(window), "", len(live) + len(ended)
        summary = self._summary(len(live) - here, here, ended)
        if here:
            safety = words.say("tasks.only_here", count=here)
        elif live:
            safety = words.say("tasks.safe")
        self._turns = places_in_order(window, now)
        found, batch = "", self._batch(live, ended)
        shown = self._sheet()
        if search.is_on or search.removed:
            shown = list(filter(search.shows, shown))
        if search.is_on:
            live = [task for task in shown if not task.is_ended]
            ended = [task for task in shown if task.is_ended]
            found = words.say("tasks.found", count=len(shown))
        close = [task for task in shown if near is None or task.task_id in near]
        lost = sum(is_still_lost(task) for task in ended)
        return TaskList(
            {task.task_id: task.state.value for task in shown},
            self._rows(close, now),
            summary,
            here,
            safety,
            bool(window.waiting and window.servers)
            and not (window.is_sending_all or window.is_paused or search.is_on),
            bool(window.waiting) or any(tickets for *_, tickets in window.peers.waiting(now)),
            len(window.waiting) > 1 or any(self._turns.values()),
            window.is_paused,
            words.say("tasks.again_lost", count=lost) if lost else "",
            found,
            total,
            self._all_of(live, ended),
            self._picked(shown),
            batch,
        )

    def _sheet(self) -> list[Task]:
        """Return all tasks in order, which is worked out when some came or went."""
        tasks = list(self._window.tasks.values())
        if self._order[0] != (these := list(map(id, tasks))):
            self._order = these, in_order(tasks)
        return self._order[1]

    def _all_of(self, live: list[Task], ended: list[Task]) -> AllOf:
        """Name the buttons for all; a single task has buttons of its own."""
        found = ".found" if self._search.is_on else ""
        waited_for = self._window.waited_for()
        saved = sum(any(each.filename for each in task.outputs) for task in ended)

        def name(key: str, count: int, least: int) -> str:
            return self._words.say(f"tasks.{key}{found}", count=count) if count >= least else ""

        return AllOf(
            name("cancel_all", len(live), 2),
            name("save_all", saved, 2),
            name("clear", sum(task.task_id not in waited_for for task in ended), 1),
        )

    def _picked(self, shown: list[Task]) -> Picked:
        picked = [task for task in shown if task.task_id in self._search.selection]
        if not picked:
            return Picked()
        turns = [self._turns[task.task_id] for task in picked if task.task_id in self._turns]
        return Picked(
            self._words.say("tasks.picked", count=len(picked)),
            any(task.is_repeatable for task in picked),
            max(turns, default=-1) >= len(turns),
            any(can_be_cancelled(self._window, task) for task in picked),
            any(each.filename for task in picked if task.is_ended for each in task.outputs),
            len(picked) == 2
            and all(task.is_ended for task in picked)
            and comparable(*(task.outputs for task in picked)) is not None,
            any(task.is_ended for task in picked),
        )

    def _batch(self, live: list[Task], ended: list[Task]) -> Batch | None:
        """Count what came since the first of the tasks that have not ended."""
        if not live:
            return None
        words, since = self._words, min(task.accepted_at for task in live)
        over = [
            task for task in ended if task.ended_at >= since and task.state is not State.CANCELLED
        ]
        total = len(live) + len(over)
        if total <= FEW:
            return None
        text = words.say("tasks.batch", done=len(over), total=total)
        crew = self._crew()
        if crew.seconds:
            left = about(words, len(live) * crew.seconds)
            text = words.say("tasks.batch.left", done=text, time=left)
        if self._window.is_paused:
            text = words.say("tasks.batch.paused", done=text)
        begun = sum(task.progress.overall for task in live)
        return Batch(text, (len(over) + begun) / total)

    def _rows(self, tasks: list[Task], now: float) -> tuple[TaskRow, ...]:
        """Make the rows of tasks; those that wait in this window change little, ended ones not."""
        window = self._window
        paused = *(each.is_paused for each in window.servers.values()), window.is_paused
        ended, waiting, rows = self._ended, self._waiting, []
        self._ended, self._waiting = {}, {}
        for task in tasks:
            key = task.task_id
            if task.is_ended:
                made = ended.get(key)
                marks = task.has_files, task.prompt_id in self._search.stars
                if made is None or made[0] != marks:
                    made = marks, self._task_row(task, now)
                self._ended[key] = made
                row = made[1]
            elif task.state is State.WAITING:
                turn = self._turns.get(key, 0)
                seconds = int(now - task.accepted_at)
                first = window.tasks.get(task.after) if task.after and task.takes else None
                before = task.after, task.source, first and first.state
                signs = (seconds, task.note, task.is_cancel_wanted, paused, turn, before)
                known = waiting.get(key)
                if known is None or known[0] != signs:
                    known = signs, self._task_row(task, now, turn)
                self._waiting[key] = known
                row = known[1]
            else:
                row = self._task_row(task, now)
            rows.append(row)
        return tuple(rows)

    def _summary(self, running: int, waiting: int, ended: list[Task]) -> str:
        """Count the tasks that servers have for certain, others, and each kind of end."""
        ends = Counter(task.state for task in ended)
        sentence = self._words.say(
            "tasks.summary",
            running=running,
            waiting=waiting,
            done=ends[State.COMPLETED],
        )
        for state in (State.FAILED, State.CANCELLED, State.LOST, State.ADOPTED):
            if ends[state]:
                key, count = f"tasks.count.{state.value}", ends[state]
                sentence = self._words.say(key, told=sentence, count=count)
        return sentence

    def _crew(self) -> Crew:
        """Count the servers that take tasks; how long a task takes there is known or not."""
        window, durations = self._window, self._window.statistics.durations
        ready = [
            each for each in window.servers.values() if each.reach is Reach.UP and each.takes_tasks
        ]
        ahead = len(window.live)
        if not ready or not durations or window.is_paused:
            return Crew(len(ready), 0.0, ahead)
        return Crew(len(ready), 1 / sum(1 / durations.entry(each.url) for each in ready), ahead)

    def _ends(self, server: Server, now: float) -> float | None:
        durations = self._window.statistics.durations
        if not durations.knows(server.url):
            return None
        estimates = Estimates(self._window, durations, now)
        return estimates.expected(server, server.queue_remaining or 0, "", 0).ends
