"""All that one browser tab holds: its servers, its tasks, its locks."""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from tether.core.errors import Trouble
from tether.core.ids import (
    Chance,
    ClientId,
    Digest,
    OwnerTag,
    PromptId,
    ServerUrl,
    TaskId,
    WindowId,
)
from tether.core.model.binding import CURED, Binding
from tether.core.model.changes import Changes as Changes
from tether.core.model.changes import Pending
from tether.core.model.connection import Connection
from tether.core.model.locks import Locks
from tether.core.model.server import Server, Use
from tether.core.model.statistics import Statistics
from tether.core.model.task import ASKED_APART, FIRST_TURNS, IN_TRANSIT, State, Task
from tether.core.protocol.address import short_name
from tether.core.protocol.workflow import Workflow
from tether.core.windows.peers import Peers

RECENT = 200
"""Ended tasks that the figures are made of, the latest."""

JOURNAL_LENGTH = 2000
NOTICES = 20


@dataclass(frozen=True, slots=True)
class Settings:
    """What the host of the page or the person may set.

    `places` is how many unfinished tasks of this window a server may have at a time at most: one
    that runs and one behind it keep it busy, and the others can still go elsewhere. `owner` is
    what servers are told of whose a task is. With `keeps_results` somebody keeps the results of
    completed tasks, and says so by `ResultsKept`: until then another window takes them up as well.
    """

    base_client_id: str
    places: int = 2
    owner: OwnerTag | None = None
    binding: Binding = CURED
    keeps_results: bool = False


class JournalEntry(NamedTuple):
    """A frame that came, by the attempt of its socket, and the task that it named."""

    at: float
    server: ServerUrl
    attempt: int
    what: str
    prompt_id: PromptId | None


class Window:
    """Keeps tasks where they belong: in the window's queue, at a server, or ended."""

    def __init__(self, window_id: WindowId, settings: Settings, chance: Chance) -> None:
        self.window_id = window_id
        self.settings = settings
        self.chance = chance
        self.servers: dict[ServerUrl, Server] = {}
        self.tasks: dict[TaskId, Task] = {}
        self.live: dict[TaskId, Task] = {}
        """Tasks without an end."""
        self.waiting: dict[TaskId, Task] = {}
        """The window's queue, the first first."""
        self.following: dict[TaskId, Task] = {}
        """Tasks that wait for the result of another: they aren't in the queue yet."""
        self.is_paused = False
        """No waiting task goes to a server; what servers have goes on."""
        self.workflows: dict[Digest, Workflow] = {}
        self.locks = Locks()
        self.client_ids: dict[ServerUrl, ClientId] = {}
        self.notices: deque[Trouble] = deque(maxlen=NOTICES)
        self.journal: deque[JournalEntry] = deque(maxlen=JOURNAL_LENGTH)
        self.pending = Pending()
        self.is_sending_all = False
        """All waiting tasks go to servers now, past the limit of places."""
        self.served_at = 0.0
        """When a task was bound last."""
        self.is_hidden = False
        """Nobody sees the page: its timers may be late."""
        self.has_previews = True
        """Servers are asked to send pictures of the work in progress."""
        self.aimed: ServerUrl | None = None
        self._connections: dict[ServerUrl, Connection] = {}
        """One for each server ever used: a removed server's attempts are never numbered again."""
        self._by_prompt: dict[PromptId, Task] = {}
        self._ended: dict[TaskId, Task] = {}
        self.statistics = Statistics(lambda: list(self.ended())[-RECENT:])
        self.peers = Peers()
        self._bound: dict[ServerUrl, dict[TaskId, Task]] = {}
        self.requests_made = self.mended = 0  # mended: what disagreed with a task's server

    def server(self, url: ServerUrl, now: float) -> Server:
        """Return a server, making it known when it is new."""
        if url not in self.servers:
            if url not in self.client_ids:
                self.client_ids[url] = self._make_client_id(now)
            if url not in self._connections:
                self._connections[url] = Connection(url, self.client_ids[url], self.chance)
            self.servers[url] = Server.new(self._connections[url], self.chance, self.pending)
            self.pending.server_set_changed()
        return self.servers[url]

    def renew_client_id(self, server: Server, now: float) -> None:
        """Be another client of a server that sends nothing more to this one."""
        self.client_ids[server.url] = self._make_client_id(now)
        server.connection.client_id = self.client_ids[server.url]
        self.pending.server_set_changed()

    def use(self, url: ServerUrl, name: str, now: float) -> Server:
        """Take a server into use, for the first time or again."""
        server = self.server(url, now)
        server.name = name or short_name(url)
        if server.is_leaving:  # A reload finds those of its tasks first; it is the list's order.
            self.servers[url] = self.servers.pop(url)
        server.use = Use.LISTED
        self.pending.is_fill_due = self.pending.are_servers_changed = True
        server.retry_now()
        for task in self.waiting.values():
            if task.pinned == url:
                task.note = None
        return server

    def pause(self, server: Server, is_paused: bool) -> None:
        """Keep new tasks from a server, or let them go there again."""
        server.is_paused = is_paused
        self.pending.is_fill_due = self.pending.are_servers_changed = True

    def remove(self, server: Server) -> None:
        """Take a server out of use; tasks that it has are tracked to their end."""
        server.use = Use.REMOVED
        self.pending.server_set_changed()
        for task in self.waiting.values():
            if task.pinned == server.url:
                task.note = Trouble.of("pinned_gone", server=server.name)

    def forget(self, server: Server) -> None:
        """Drop a removed server that has no task any more; its tasks keep its name."""
        for task in self.ended():
            if task.server == server.url:
                task.server_name = server.name
                self.pending.unsaved.add(task.task_id)
        del self.servers[server.url]
        self.pending.are_servers_changed = True

    def server_name(self, task: Task) -> str:
        """Return what the server of a task is or was called, or the one it is to go to."""
        url = task.server or task.pinned
        server = self.servers.get(url) if url else None
        return server.name if server else task.server_name or url or ""

    def next_request(self) -> int:
        """Return an id that no request of this window had."""
        self.requests_made += 1
        return self.requests_made

    def add(self, task: Task) -> None:
        """Take a task in, in whatever state."""
        self.tasks[task.task_id] = task
        self._by_prompt[task.prompt_id] = task
        self.pending.unsaved.add(task.task_id)
        if task.is_ended:
            self._ended[task.task_id] = task
            self.statistics.invalidate()
            return
        self.live[task.task_id] = task
        if task.state is not State.WAITING:
            assert task.server is not None
            self._bound.setdefault(task.server, {})[task.task_id] = task
        elif task.takes:
            self.following[task.task_id] = task
        else:
            self._enter(task)

    def admit(self, task: Task) -> None:
        """A task that waited for the result of another has it: it may go to a server."""
        task.takes, task.source, task.note = (), None, None
        del self.following[task.task_id]
        self.pending.unsaved.add(task.task_id)
        self._enter(task)

    def bind(self, task: Task, server: Server, now: float) -> None:
        """Give a task its server: from here on it is uploaded, posted and tracked there alone."""
        task.move(State.CONNECTING)
        task.server = server.url
        task.client_id = server.connection.client_id
        task.bound_at = self.served_at = now
        del self.waiting[task.task_id]
        self._bound.setdefault(server.url, {})[task.task_id] = task
        self.locks.hold(task.prompt_id, server.url, now)
        self.aimed = None
        self.pending.unsaved.add(task.task_id)

    def unbind(self, task: Task, why: Trouble) -> None:
        """Take a task back: nothing of it has reached its server, and it keeps its turn."""
        self._forget_binding(task)
        task.unbind()
        task.note = why
        self._queue(task)
        self.pending.unsaved.add(task.task_id)

    def rename_prompt(self, task: Task, prompt_id: PromptId) -> None:
        """The server gave a task a prompt id of its own, which replaces this window's."""
        del self._by_prompt[task.prompt_id]
        self.locks.release(task.prompt_id)
        task.sent_as, task.prompt_id = task.sent_as or task.prompt_id, prompt_id
        self._by_prompt[prompt_id] = task
        assert task.server is not None
        self.locks.hold(prompt_id, task.server, task.bound_at)
        self.pending.unsaved.add(task.task_id)

    def move(self, task: Task, state: State) -> None:
        """Take a step that keeps the task where it is."""
        task.move(state)
        self.pending.is_fill_due |= self.is_sending_all  # an arrival makes way for the next
        self.pending.unsaved.add(task.task_id)

    def end(self, task: Task, state: State, now: float, by: str, why: Trouble | None) -> None:
        """End a task for good, and unlock its server.

        `by` is where the end is known from: `socket`, `record`, `answer` or `here`.
        """
        task.move(state)
        task.ended_at = now
        task.ended_by = by
        task.trouble = why
        task.note = None
        self.waiting.pop(task.task_id, None)
        if self.following.pop(task.task_id, None) and task.after in self.tasks:
            self.pending.unsaved.add(task.after)  # nothing waits for it any more
        self._ended[task.task_id] = self.live.pop(task.task_id)
        self.statistics.invalidate()
        self._forget_binding(task)
        self.pending.unsaved.add(task.task_id)
        self.pending.is_fill_due = True

    def dismiss(self, task: Task) -> None:
        """Forget an ended task."""
        del self.tasks[task.task_id], self._ended[task.task_id]
        self.statistics.invalidate()
        del self._by_prompt[task.prompt_id]
        self.pending.unsaved.add(task.task_id)
        if not any(other.digest == task.digest for other in self.tasks.values()):
            self.workflows.pop(task.digest, None)

    def pause_all(self, is_paused: bool) -> None:
        """Keep what waits from all servers, or let it go there again, a few tasks at a time."""
        self.is_paused = is_paused
        self.is_sending_all &= not is_paused
        self.pending.is_fill_due = True

    def reorder(self, task_ids: Iterable[TaskId], after: TaskId | None, now: float) -> None:
        """Let waiting tasks go right behind another task, or (None) first of all windows'.

        They keep this order among themselves; what doesn't wait is left out.
        """
        wanted = {each: self.waiting[each] for each in task_ids if each in self.waiting}
        if after is None:
            others = (ticket.turn for *_, line in self.peers.waiting(now) for ticket in line)
            own = (task.turn for task in self.waiting.values())
            turn = min((FIRST_TURNS, *own, *others)) - (len(wanted) + 1) * ASKED_APART
        elif after in self.tasks and after not in wanted:
            turn = self.tasks[after].turn
        else:
            return
        line = [task for task_id, task in self.waiting.items() if task_id not in wanted]
        start = bisect_right(line, turn, key=lambda task: task.turn)
        start = line.index(self.waiting[after]) + 1 if after in self.waiting else start
        for task in (*wanted.values(), *line[start:]):
            if task.task_id not in wanted and task.turn > turn:
                break
            task.turn = turn = turn + ASKED_APART
            self.pending.unsaved.add(task.task_id)
        self._sort()
        self.pending.is_fill_due = True

    def unpin(self, task: Task) -> None:
        """Let a waiting task go to any server."""
        task.pinned = task.note = None
        self.pending.unsaved.add(task.task_id)
        self.pending.is_fill_due = True

    def send_all(self) -> None:
        """Let all waiting tasks go to servers now."""
        self.is_sending_all = bool(self.waiting)
        self.pending.is_fill_due = True

    def by_prompt(self, prompt_id: str) -> Task | None:
        """Return the task of that prompt id, if it is one of this window's."""
        return self._by_prompt.get(PromptId(prompt_id))

    def bound_to(self, server: ServerUrl) -> tuple[Task, ...]:
        """Return the unfinished tasks of a server, in the order of their binding."""
        return tuple(self._bound.get(server, {}).values())

    def in_transit(self, server: ServerUrl) -> int:
        """Count the tasks that the server's own number can't include yet."""
        return sum(task.state in IN_TRANSIT for task in self.bound_to(server))

    def abandoned_at(self, task: Task) -> ServerUrl | None:
        """Return the server where a task's work was given up, while it may still be done there."""
        original = self.tasks.get(task.again_of) if task.again_of else None
        return original.server if original is not None and not original.is_ended else None

    def waited_for(self) -> set[TaskId]:
        """Return the tasks that others wait for: those go on where these, run again, complete."""
        following = self.following.values()
        return {each.after for each in following if each.after and each.source is None}

    def ended(self) -> Iterator[Task]:
        """Return the ended tasks in the order of their ends."""
        return iter(self._ended.values())

    def _enter(self, task: Task) -> None:
        """Let a task wait for a server, for the first time on this page."""
        self._queue(task)
        self.pending.is_fill_due = True
        pinned = self.servers.get(task.pinned) if task.pinned else None
        if task.pinned and (pinned is None or pinned.is_leaving):
            task.note = Trouble.of("pinned_gone", server=pinned.name if pinned else task.pinned)

    def _queue(self, task: Task) -> None:
        """Put a task into the queue; what does the work of another once more takes its turn."""
        last = next(reversed(self.waiting.values()), task)
        self.waiting[task.task_id] = task
        if task.turn < last.turn:
            self._sort()

    def _sort(self) -> None:
        waiting = sorted(self.waiting.values(), key=lambda task: task.turn)
        self.waiting = {task.task_id: task for task in waiting}

    def _make_client_id(self, now: float) -> ClientId:
        base = self.settings.base_client_id
        return self.settings.binding.make_id(base, now, self.chance, self.window_id)

    def _forget_binding(self, task: Task) -> None:
        self.locks.release(task.prompt_id)
        if task.server is not None and task.task_id in self._bound.get(task.server, {}):
            del self._bound[task.server][task.task_id]
            self.pending.is_fill_due = True
