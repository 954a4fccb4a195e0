"""What the page shows of a task."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from page.tasks.remedies import Remedy, remedy_for
from page.ui.file_kinds import first_picture
from page.ui.stars import Stars, can_be_starred
from page.ui.words import Words, say_duration
from tether.core.errors import Trouble
from tether.core.ids import Digest, ServerUrl, TaskId
from tether.core.model.connection import Phase
from tether.core.model.health import stalled_since
from tether.core.model.server import Reach, Server
from tether.core.model.task import ON_SERVER, State, Task
from tether.core.model.window import Window
from tether.core.protocol.address import short_name
from tether.core.protocol.outputs import Kind, Output
from tether.core.session.chains import why_it_waits
from tether.core.submission.withdrawal import can_be_given_up


@dataclass(frozen=True, slots=True)
class TaskRow:
    """A task's card. `overall` is 0 to 1; `results` holds (kind, address or text, name).

    Players and links get results that are `is_direct` by themselves; `photo` is what the first of
    the task's files is called, and `picture` the digest of its first picture, "" where it has none.
    """

    task_id: str
    title: str
    state: str
    state_text: str
    server: str
    overall: float
    node: str
    timing: str
    trouble: str
    stuck: str
    traceback: str
    results: tuple[tuple[Kind, str, str], ...]
    can_cancel: bool
    can_dismiss: bool
    can_run_again: bool
    can_go_elsewhere: bool
    is_direct: bool
    photo: str = ""
    picture: str = ""
    can_be_next: bool = False
    can_be_starred: bool = False
    is_starred: bool = False
    remedy: Remedy | None = None


class Batch(NamedTuple):
    """How far the tasks are that wait and run, with those that ended since the first of them came.

    `done` is 0 to 1, with the parts of those that run.
    """

    text: str
    done: float


class AllOf(NamedTuple):
    """What the buttons for all tasks, or for all that are found, say; "" for nothing to do."""

    cancel: str
    save: str
    clear: str


class Picked(NamedTuple):
    """How many tasks are picked out, in words ("" for none), and what can be done with them."""

    told: str = ""
    again: bool = False
    next: bool = False
    cancel: bool = False
    save: bool = False
    compare: bool = False
    dismiss: bool = False


class TaskList(NamedTuple):
    """The `states` of all tasks in the order of the sheet, the rows that were asked for, and more.

    `only_here` counts those that no server has for certain, `safety` says that in words.
    `lost_again` is the text of the button that runs again what is lost, "" for nothing to run.
    `found` says how many were found, "" where nothing is looked for; `total` counts all.
    """

    states: dict[TaskId, str]
    rows: tuple[TaskRow, ...]
    summary: str
    only_here: int
    safety: str
    can_send_all: bool
    can_pause: bool
    can_order: bool
    is_paused: bool
    lost_again: str
    found: str
    total: int
    all_of: AllOf
    picked: Picked
    batch: Batch | None


class ResultFiles(Protocol):
    """Where result files are."""

    def address(self, task: Task, output: Output) -> str:
        """Return where a result file of a task is found."""

    def is_direct(self, task: Task) -> bool:
        """Tell whether players and links get a task's results by themselves."""


Usual = Mapping[tuple[ServerUrl, Digest], float]
"""How long tasks of one workflow usually take on one server, in seconds."""


def say_state(words: Words, window: Window, task: Task) -> str:
    """Say in which state a task is, and for what it waits in vain."""
    if task.is_cancel_wanted and not task.is_ended:
        return words.say("task.cancelling")
    if task.state is State.WAITING and task.takes:
        return _say_what_it_takes(words, window, task)
    if task.state is State.WAITING:
        if window.is_paused:
            return words.say("task.state.paused")
        if not window.servers:
            return words.say("task.state.no_server")
        chosen = window.servers.get(task.pinned) if task.pinned else None
        if chosen is not None and chosen.reach not in (Reach.UP, Reach.UNKNOWN):
            return words.say("task.state.in_vain", server=chosen.name)
        if chosen is None and task.pinned:
            return words.say("task.state.in_vain", server=short_name(task.pinned))
    return words.say(f"task.state.{task.state.value}")


def _say_what_it_takes(words: Words, window: Window, task: Task) -> str:
    """Say which task's result a task waits for, or from where that is coming."""
    if task.source is not None:
        url = task.source.server
        server = window.servers.get(url)
        name = server.name if server is not None else short_name(url)
        return words.say("task.state.fetching", server=name)
    first = window.tasks.get(task.after) if task.after else None
    return words.say("task.state.after", title=words.title(first.title if first else ""))


def can_be_cancelled(window: Window, task: Task) -> bool:
    """Tell whether cancelling a task, perhaps once more, does something."""
    return not task.is_ended and (not task.is_cancel_wanted or can_be_given_up(window, task))


class TaskRows:
    """Makes the rows of tasks; `time_of` writes a time of day."""

    def __init__(
        self,
        window: Window,
        words: Words,
        files: ResultFiles,
        time_of: Callable[[float], str],
        stars: Stars,
    ) -> None:
        self._window = window
        self._stars = stars
        self._words = words
        self._files = files
        self._time_of = time_of

    def row(self, task: Task, usual: Usual, now: float, turn: int = 0) -> TaskRow:
        """Show a task as it stands now; so many go before it of those that wait in all windows."""
        words = self._words
        server = self._window.servers.get(task.server) if task.server else None
        name = self._window.server_name(task) if task.server else ""
        trouble = task.trouble or task.note or self._hindrance(task, server)
        if not task.is_ended and task.takes:
            trouble = self._why_it_waits(task)
        if task.state is State.LOST and task.is_run_again:
            trouble = Trouble.of("lost_run_again", server=name)
        facts = dict(trouble.facts) if trouble else {}
        usually = usual.get((task.server, task.digest)) if task.server else None
        return TaskRow(
            task.task_id,
            words.title(task.title),
            task.state.value,
            say_state(words, self._window, task),
            name,
            1.0 if task.state is State.COMPLETED else task.progress.overall,
            self._node(task),
            self._timing(task, self._ahead(task, server) if server else turn or None, usually, now),
            words.trouble(trouble) if trouble else "",
            self._stuck(task, server, usually, now) if server else "",
            facts.get("traceback", ""),
            self._results(task),
            can_be_cancelled(self._window, task),
            task.is_ended,
            task.is_repeatable,
            self._can_go_elsewhere(task, server),
            self._files.is_direct(task),
            task.pictures[0].filename if task.pictures else "",
            picture.digest if (picture := first_picture(task.pictures)) else "",
            turn > 0,
            can_be_starred(task),
            task.prompt_id in self._stars,
            remedy_for(self._window, words, task),
        )

    def broken(self, task: Task) -> TaskRow:
        """Say that a task can't be shown; it goes on, and can be cancelled."""
        why = self._words.say("card.broken")
        texts = task.task_id, task.title, task.state.value, "", "", 0.0, "", "", why, "", ""
        can = not task.is_ended and not task.is_cancel_wanted, task.is_ended, False, False, False
        return TaskRow(*texts, (), *can)

    def _why_it_waits(self, task: Task) -> Trouble | None:
        """Say what a task that takes a result waits for in vain."""
        why = why_it_waits(self._window, task)
        facts = dict(why.facts) if why else {}
        if why and "title" in facts:
            return Trouble.of(why.code, title=self._words.title(facts["title"]))
        return why

    def _hindrance(self, task: Task, server: Server | None) -> Trouble | None:
        """Return what holds up a task whose own record doesn't say."""
        if can_be_given_up(self._window, task) and server:
            return Trouble.of("cancel_again", server=server.name)
        if task.is_cancel_wanted and task.sent_as and task.state is State.RUNNING and server:
            return Trouble.of("runs_on", server=server.name)
        if task.state is State.WAITING:
            servers = self._window.servers.values()
            wanted = [each for each in servers if task.pinned in (None, each.url)]
            names = ", ".join(each.name for each in wanted)
            if wanted and all(each.is_paused for each in wanted):
                return Trouble.of("paused_here", server=names)
            if task.pinned and wanted and wanted[0].reach not in (Reach.UP, Reach.UNKNOWN):
                return Trouble.of("waits_in_vain", server=names)
        elif not task.is_ended and server is not None and server.silent_since:
            return Trouble.of("silent_meanwhile", server=server.name)
        return self._origin(task) if task.was_moved and not task.is_ended else None

    def _origin(self, task: Task) -> Trouble | None:
        """Say where the task was that this one replaces."""
        before = self._window.tasks.get(task.again_of) if task.again_of else None
        if before is None or before.server is None:
            return None
        return Trouble.of("moved_here", server=self._window.server_name(before))

    def _can_go_elsewhere(self, task: Task, server: Server | None) -> bool:
        """Only the person can decide whether a silent server still has a task."""
        is_there = task.state in ON_SERVER and not task.is_cancel_wanted
        is_silent = server is not None and server.is_long_silent
        return is_there and is_silent and bool(task.digest)

    def _node(self, task: Task) -> str:
        if task.state is not State.RUNNING or task.progress.current is None:
            return ""
        percent = f"{task.progress.node * 100:.0f}"
        workflow = self._window.workflows.get(task.digest)
        node = (workflow.nodes.get(task.progress.current) or {}) if workflow else {}
        title = node["_meta"].get("title") if isinstance(node.get("_meta"), dict) else None
        name = title if isinstance(title, str) and title else node.get("class_type", "")
        name = self._words.find(f"node.{name}", name)
        label = f"{task.progress.current} · {name}" if name else task.progress.current
        return self._words.say("task.node", node=label, percent=percent)

    def _timing(self, task: Task, ahead: int | None, usual: float | None, now: float) -> str:
        """Say how long it has taken, its place in the queue, and how long others took."""
        words = self._words
        parts = []
        if task.is_ended:
            if 0 < task.started_at < task.ended_at:
                took = say_duration(words, task.ended_at - task.started_at)
                parts.append(words.say("task.took", time=took))
        elif task.state is State.RUNNING:
            parts.append(words.say("task.runs", time=say_duration(words, now - task.started_at)))
        else:
            if ahead is not None:
                parts.append(words.say("task.ahead", count=ahead))
            parts.append(words.say("task.waits", time=say_duration(words, now - task.accepted_at)))
        if usual is not None and not task.is_ended:
            parts.append(words.say("task.usual", time=say_duration(words, usual)))
        return " · ".join(parts)

    def _ahead(self, task: Task, server: Server) -> int | None:
        """Count the tasks before one: at most as many as the latest list, and the gauge, have."""
        if task.state is not State.QUEUED:
            return None
        later = sum(
            other.state is State.QUEUED and other.acknowledged_at > task.acknowledged_at
            for other in self._window.bound_to(server.url)
        )
        known = [task.ahead] if task.ahead is not None else []
        if server.queue_remaining is not None:
            known.append(max(0, server.queue_remaining - 1 - later))
        return min(known) if known else None

    def _stuck(self, task: Task, server: Server, usual: float | None, now: float) -> str:
        """Say what was checked about a task that stands still, when, and what was answered."""
        since = stalled_since(task, usual, now)
        if since is None:
            return ""
        words, time_of = self._words, self._time_of
        parts = [words.say("stuck.still", time=say_duration(words, now - since))]
        if usual is not None:
            parts.append(words.say("stuck.usual", time=say_duration(words, usual)))
        is_open = server.connection.phase is Phase.OPEN
        socket = words.say("stuck.open" if is_open else "stuck.closed")
        received = time_of(task.last_frame_at) if task.last_frame_at else words.say("stuck.never")
        parts.append(words.say("stuck.socket", socket=socket, time=received))
        if server.silent_since > 0:
            trouble = server.trouble or Trouble.of("server_silent", server=server.name)
            parts.append(words.trouble(trouble))
        elif task.last_listed_at:
            parts.append(
                words.say("stuck.asked", server=server.name, time=time_of(task.last_listed_at))
            )
        return " ".join(parts)

    def _results(self, task: Task) -> tuple[tuple[Kind, str, str], ...]:
        if task.server is None:
            return ()
        return tuple(
            ("text", output.text, "")
            if output.kind == "text"
            else (output.kind, self._files.address(task, output), output.filename)
            for output in task.outputs
        )
