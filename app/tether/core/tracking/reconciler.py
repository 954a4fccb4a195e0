"""Queries servers for the truth about tasks: the socket is only a hint."""

from collections.abc import Sequence
from dataclasses import dataclass, field

from tether.core.commands import Command, Commands, StartTimer, StopTimer
from tether.core.errors import MessageError, Trouble
from tether.core.ids import ServerUrl, TaskId
from tether.core.model.connection import DEAF_AGAIN
from tether.core.model.server import JOBS_AGAIN, Reach, Server
from tether.core.model.task import ON_SERVER, State, Task
from tether.core.model.window import Window
from tether.core.protocol.answers import (
    Record,
    is_no_job,
    read_history,
    read_job,
    read_jobs,
    read_queue,
)
from tether.core.protocol.requests import (
    OPEN_JOBS_PATH,
    Ask,
    Owner,
    Request,
    history_path,
    job_path,
    recent_path,
)
from tether.core.protocol.sent_tasks import read_given_ids, read_recent
from tether.core.timers import MissedTimer, PollTimer
from tether.core.tracking.verdicts import (
    Verdicts,
    find_witness,
    last_contact,
    may_come,
)

POLL_EVERY = 2.0
"""Seconds between queries while a task is unknown, missing or of no socket."""

SILENT_POLL_EVERY = 1.0
"""Seconds of silence after which a task that runs, or is the next, is queried.

A deaf socket is silent too. A server runs one task at a time: hardly more than one window asks so
often.
"""

HEAVY_LIST = 50_000
"""Characters of a list from which on that is done half as often: `/queue` has whole workflows."""

SHORTEST_TICK = 0.05
"""Seconds: timers may fire a little early."""

IDLE_POLL_EVERY = 15.0
"""Seconds between queries otherwise."""

FEW, RECENT = 8, 64
"""Entries of the history that are searched for a task which its server may know by another id: at
first, and before it is sent again. Each holds a whole workflow."""

ABSENT_AGAIN = 10.0
"""Seconds until a task that may still be on its way is looked up again: many may be."""

OVERTAKEN_GRACE = 0.5
"""Grace in seconds for frames that HTTP overtook."""


@dataclass(slots=True)
class Polling:
    """The queries to one server: `list_id` is the list under way, 0 for none."""

    is_ticking: bool = False
    list_id: int = 0
    asked_at: float = 0.0
    is_again: bool = False
    is_heavy: bool = False
    idle_until: float = 0.0
    witness_id: int = 0
    """The latest query for a task that has ended there."""
    missed: dict[TaskId, float] = field(default_factory=dict)
    """Tasks whose frames have a grace -> when the list without them was requested."""
    details: dict[int, float] = field(default_factory=dict)
    """Queries for one task -> when the list that lacked it was requested; 0 without a list."""


class Reconciler:
    """Per server and round: one list, then one query for each task that isn't in it."""

    def __init__(self, window: Window, verdicts: Verdicts) -> None:
        self._window = window
        self._verdicts = verdicts
        self._pollings: dict[ServerUrl, Polling] = {}

    def start(self, server: Server, now: float) -> Commands:
        """Start to poll a server that has tasks of this window, unless that goes on already."""
        if not self._tasks(server):
            return ()
        polling = self._polling(server)
        if polling.is_ticking:
            return ()
        polling.is_ticking = True
        # A random phase keeps windows from querying all at once.
        phase = IDLE_POLL_EVERY * (0.5 + self._window.chance.uniform() / 2)
        polling.idle_until = max(polling.idle_until, now + phase)
        return (StartTimer(PollTimer(server.url), SILENT_POLL_EVERY),)

    def fired(self, server: Server, now: float) -> Commands:
        """Poll a server with tasks of this window if there is a reason, and watch its socket.

        That may be found deaf after its last task has ended, before the next one comes.
        """
        tasks, polling = self._tasks(server), self._polling(server)
        commands = server.connection.redial_if_deaf(now)
        if commands and server.connection.deafness == DEAF_AGAIN:
            self._window.renew_client_id(server, now)
        if not tasks and not server.connection.is_doubted:
            del self._pollings[server.url]
            return commands
        delay = SILENT_POLL_EVERY
        if tasks and not polling.list_id:
            wait = self._due_at(server, polling, tasks) - now
            if wait <= 0:
                commands += self.query(server, now)
            else:
                delay = min(max(wait, SHORTEST_TICK), delay)
        return (StartTimer(PollTimer(server.url), delay), *commands)

    def _due_at(self, server: Server, polling: Polling, tasks: Sequence[Task]) -> float:
        """Return when the list is to be requested, unless frames come before."""
        connection, due_at = server.connection, polling.idle_until
        every = POLL_EVERY if polling.is_heavy else SILENT_POLL_EVERY
        others = (server.queue_remaining or 0) - len(tasks)
        for task in tasks:
            if task.state is State.RUNNING:
                due_at = min(due_at, max(task.last_frame_at, polling.asked_at) + every)
            elif task.state is State.QUEUED:
                # The later its turn comes, the less is missed.
                ahead = others if task.ahead is None else task.ahead
                silent_since = max(connection.received_at, polling.asked_at)
                due_at = min(due_at, silent_since + every * max(1, ahead))
        is_suspicious = not connection.is_receiving or any(
            task.state is State.UNKNOWN
            or task.absences
            or task.is_cancel_wanted
            or task.is_moving
            or task.client_id != connection.client_id  # its frames go to another client
            for task in tasks
        )
        # A task may have been deleted, which no frame tells.
        if is_suspicious or server.has_fewer_than(len(tasks)):
            due_at = min(due_at, polling.asked_at + POLL_EVERY)
        return max(due_at, server.retry_at)

    def forget(self, server: Server) -> Commands:
        """A server is gone, and has no task of this window."""
        self._pollings.pop(server.url, None)
        return (StopTimer(PollTimer(server.url)),)

    def query(self, server: Server, now: float) -> Commands:
        """Request the list now; once more after the one under way."""
        if not self._tasks(server):
            return ()
        polling = self._polling(server)
        if polling.list_id:
            polling.is_again = True
            return ()
        polling.list_id = self._window.next_request()
        polling.asked_at = now
        polling.idle_until = now + IDLE_POLL_EVERY
        server.retry_jobs(now)
        ask, path = (Ask.JOBS, OPEN_JOBS_PATH) if server.has_jobs else (Ask.QUEUE, "/queue")
        return (Request(polling.list_id, server.url, ask, path, owner=Owner.RECONCILER),)

    def check_duplicates(self, server: Server, now: float) -> Commands:
        """Query once after a task came to a queue that is longer than this window's tasks are.

        Mostly the others are of other clients; but a browser may have sent a POST twice.
        """
        tasks = self._tasks(server)
        newest = max((task.acknowledged_at for task in tasks), default=0.0)
        if now - newest > POLL_EVERY or self._polling(server).asked_at > newest:
            return ()
        return self.query(server, now) if (server.queue_remaining or 0) > len(tasks) else ()

    def query_task(self, server: Server, task: Task, listed_at: float = 0.0) -> Request:
        """Request the record of one task.

        Only after a list that lacks it may an absence count: `/queue` first, then the
        history, or a task that is just ending is in neither.

        `listed_at` is when that list was requested; 0 without a list.
        """
        request_id = self._window.next_request()
        self._polling(server).details[request_id] = listed_at
        if server.has_jobs:
            ask, path = Ask.JOB, job_path(task.prompt_id)
        elif task.state is State.UNKNOWN:
            # The server may know it by another id, by which nobody can ask.
            ask, path = Ask.RECENT, recent_path(FEW if may_come(task, listed_at) else RECENT)
        else:
            ask, path = Ask.HISTORY, history_path(task.prompt_id)
        return Request(request_id, server.url, ask, path, task.task_id, owner=Owner.RECONCILER)

    def missed_fired(self, server: Server, task_id: TaskId) -> Commands:
        """A task wasn't in a list, and no frame has explained that."""
        listed_at = self._polling(server).missed.pop(task_id, 0.0)
        tasks = [task for task in self._tasks(server) if task.task_id == task_id]
        return tuple(self.query_task(server, task, listed_at) for task in tasks)

    def answered(self, request: Request, status: int, text: str, now: float) -> Commands:
        """A list or a record came."""
        server, polling = self._expected(request)
        if server is None or polling is None:
            return ()
        take = self._listed if request.ask in (Ask.JOBS, Ask.QUEUE) else self._recorded
        try:
            return take(server, polling, request, status, text, now)
        except MessageError as error:
            if request.ask in (Ask.JOBS, Ask.JOB):
                return self._without_jobs(server, polling, request, status, now)
            why = error.trouble
            if status != 200:
                why = Trouble.of("server_status", server=server.name, status=status)
            return self._failed(server, polling, request, why, now)

    def failed(self, request: Request, now: float) -> Commands:
        """A call had no answer."""
        server, polling = self._expected(request)
        if server is None or polling is None:
            return ()
        why = Trouble.of("server_silent", server=server.name)
        return self._failed(server, polling, request, why, now)

    def _without_jobs(
        self, server: Server, polling: Polling, request: Request, status: int, now: float
    ) -> Commands:
        """No jobs API has answered: ask in the older way at once.

        A server from before it answers 404; a proxy that passes known paths only, anything.
        Source: ComfyUI 0.3.64, measured.
        """
        server.lacks_jobs(now, is_sure=status == 404)
        if request.ask is Ask.JOBS:
            polling.list_id = 0
            return self.query(server, now)
        assert request.task_id is not None
        listed_at = polling.details.pop(request.id)
        again = self.query_task(server, self._window.tasks[request.task_id], listed_at)
        if request.id == polling.witness_id:
            polling.witness_id = again.id
        return (again,)

    def _failed(
        self, server: Server, polling: Polling, request: Request, why: Trouble, now: float
    ) -> Commands:
        """A failure never counts as an empty list; the next query comes later each time.

        It goes the other way: what a proxy refuses may have no answer that a page can read.
        """
        server.failed(Reach.DOWN, why, now)
        if request.ask in (Ask.JOBS, Ask.JOB):
            server.lacks_jobs(now)
        elif request.ask is Ask.QUEUE:
            server.retry_jobs(now + JOBS_AGAIN)
        polling.details.pop(request.id, None)
        if request.id != polling.list_id:
            return ()
        polling.list_id = 0
        # There was a reason to query while it was under way.
        is_again, polling.is_again = polling.is_again, False
        return self.query(server, now) if is_again else ()

    def _listed(
        self, server: Server, polling: Polling, request: Request, status: int, text: str, now: float
    ) -> Commands:
        if status != 200:
            raise MessageError(f"`{request.path}` answered {status}", text)
        found = read_jobs(text) if request.ask is Ask.JOBS else read_queue(text)
        tasks, given = self._tasks(server), {}
        if request.ask is Ask.QUEUE and any(t.state is State.UNKNOWN or t.sent_as for t in tasks):
            given = read_given_ids(text)
        server.answered()
        polling.is_heavy = len(text) > HEAVY_LIST
        asked_at, polling.list_id = polling.asked_at, 0
        if asked_at >= server.queue_read_at:  # else a frame was faster
            server.note_queue(sum(each.pending + each.is_running for each in found.values()), now)
        commands: list[Command] = []
        for task in tasks:
            names = given.get(task.sent_as or task.prompt_id, ())
            if own := [each for each in names if self._window.by_prompt(each) in (None, task)]:
                commands += self._verdicts.named(task, own)
            if task.prompt_id in found:
                entry = found[task.prompt_id]
                commands += self._verdicts.listed(server, task, entry, asked_at, now)
            elif last_contact(task) < asked_at:
                commands += self._missed(server, polling, task, asked_at)
        if polling.is_again:
            polling.is_again = False
            commands += self.query(server, now)
        return tuple(commands)

    def _missed(self, server: Server, polling: Polling, task: Task, listed_at: float) -> Commands:
        """A list lacks a task: mostly it has just ended, and a frame will tell."""
        connection = server.connection
        if may_come(task, listed_at) and 0 <= listed_at - task.absent_at < ABSENT_AGAIN:
            return ()
        if not connection.is_receiving or task.client_id != connection.client_id:
            return (self.query_task(server, task, listed_at),)
        is_due = task.task_id in polling.missed
        polling.missed[task.task_id] = listed_at
        timer = MissedTimer(server.url, task.task_id)
        return () if is_due else (StartTimer(timer, OVERTAKEN_GRACE),)

    def _recorded(
        self, server: Server, polling: Polling, request: Request, status: int, text: str, now: float
    ) -> Commands:
        listed_at = polling.details[request.id]
        task = self._window.tasks.get(request.task_id) if request.task_id else None
        is_witness = request.id == polling.witness_id
        if task is None or task.is_ended != is_witness or task.server != server.url:
            del polling.details[request.id]
            return ()
        if request.ask is Ask.JOB and is_no_job(status, text):
            record = None
        elif status != 200:
            raise MessageError(f"`{request.path}` answered {status}", text)
        elif request.ask is Ask.JOB:
            record = read_job(text)
        elif request.ask is Ask.RECENT:
            record = self._recent(task, text)
        else:
            record = read_history(text, task.prompt_id)
        del polling.details[request.id]
        server.answered()
        if is_witness:
            server.note_history(record is not None, now)
        elif record is not None:
            self._verdicts.recorded(server, task, record, now)
        elif listed_at:
            commands = self._verdicts.absent(server, task, listed_at, now)
            return (*commands, *self._query_witness(server, task))
        else:
            return self.query(server, now)
        return ()

    def _recent(self, task: Task, text: str) -> Record | None:
        """Find a task among the newest of the history, by the id that it was sent under."""
        given, record = read_recent(text, task.sent_as or task.prompt_id)
        if given is not None and given != task.prompt_id:
            if self._window.by_prompt(given) is not None:
                return None  # a hostile answer: that is another task's
            self._window.rename_prompt(task, given)
        return record

    def _query_witness(self, server: Server, task: Task) -> Commands:
        """Request the record of an ended task when one is missing: was there a restart?"""
        if task.absences != 1 or task.state is State.UNKNOWN:
            return ()
        witness = find_witness(self._window.tasks.values(), server.url)
        if witness is None:
            return ()
        request = self.query_task(server, witness)
        self._polling(server).witness_id = request.id
        return (request,)

    def _tasks(self, server: Server) -> tuple[Task, ...]:
        return tuple(t for t in self._window.bound_to(server.url) if t.state in ON_SERVER)

    def _polling(self, server: Server) -> Polling:
        return self._pollings.setdefault(server.url, Polling())

    def _expected(self, request: Request) -> tuple[Server | None, Polling | None]:
        """Return the server and its polling; None for an answer that no longer matters."""
        polling = self._pollings.get(request.server)
        if polling is None or request.id not in (polling.list_id, *polling.details):
            return None, None
        return self._window.servers.get(request.server), polling
