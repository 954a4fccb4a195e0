"""Asks servers what is true: HTTP is the truth, the socket a hint.

What the looks at one server's books have to remember, and how often they are.
"""

from dataclasses import dataclass, field

from tether.core.commands import Command, Commands, StartTimer, StopTimer
from tether.core.errors import MessageError, Trouble
from tether.core.ids import ServerUrl, TaskId
from tether.core.model.connection import DEAF_AGAIN
from tether.core.model.server import Reach, Server
from tether.core.model.task import ON_SERVER, State, Task
from tether.core.model.window import Window
from tether.core.protocol.answers import read_history, read_job, read_jobs, read_queue
from tether.core.protocol.requests import OPEN_JOBS_PATH, Ask, Request, history_path, job_path
from tether.core.tracking.verdicts import Verdicts, find_witness, last_contact

BEAT = 2.0
"""Seconds between looks while an own task is silent, unknown or missing."""

CALM = 15.0
"""Seconds between looks otherwise."""

FRAMES_WITHIN = 0.5
"""Seconds that a frame may come after an answer that its server gave later."""


@dataclass(slots=True)
class Watch:
    """The looks at one server: `list_id` is the list under way, 0 for none."""

    is_beating: bool = False
    list_id: int = 0
    asked_at: float = 0.0
    is_again: bool = False
    calm_until: float = 0.0
    witness_id: int = 0
    """The latest call about a task that has ended there."""
    missed: dict[TaskId, float] = field(default_factory=dict)
    """Tasks that the socket has still time to speak of -> when the list without them was
    asked for."""
    details: dict[int, float] = field(default_factory=dict)
    """Calls about one task -> when the list that lacked it was asked for; 0 without a list."""


class Reconciler:
    """Per server and round: one list, then one call for each own task that isn't in it."""

    def __init__(self, window: Window, verdicts: Verdicts) -> None:
        self._window = window
        self._verdicts = verdicts
        self._watches: dict[ServerUrl, Watch] = {}

    def beat(self, server: Server, now: float) -> Commands:
        """The pulse of a server with tasks of ours: look if there is a reason."""
        tasks = self._tasks(server)
        if not tasks:
            self._watches.pop(server.url, None)
            return ()
        watch = self._watch(server)
        is_urgent = not server.connection.is_receiving or any(
            task.state is State.UNKNOWN
            or task.absences
            or task.is_cancel_wanted
            or task.is_moving
            or task.client_id != server.connection.client_id  # nothing is said to us of it
            or (task.state is State.RUNNING and now - task.heard_at >= BEAT)
            for task in tasks
        )
        # Somebody may have deleted one of ours: nobody else tells us.
        is_urgent = is_urgent or server.has_fewer_than(len(tasks))
        redial = server.connection.redial_if_deaf(now)
        if redial and server.connection.deafness == DEAF_AGAIN:
            self._window.renew(server, now)
        pulse = (StartTimer(("beat", server.url), BEAT), *redial)
        is_due = (is_urgent or now >= watch.calm_until) and now >= server.retry_at
        return (*pulse, *self.look(server, now)) if is_due and not watch.list_id else pulse

    def watch(self, server: Server, now: float) -> Commands:
        """Start the pulse of a server that has tasks of ours, if it has none."""
        if not self._tasks(server):
            return ()
        watch = self._watch(server)
        if watch.is_beating:
            return ()
        watch.is_beating = True
        # A random phase keeps windows from asking all at once.
        phase = CALM * (0.5 + self._window.chance.uniform() / 2)
        watch.calm_until = max(watch.calm_until, now + phase)
        return (StartTimer(("beat", server.url), BEAT),)

    def forget(self, server: Server) -> Commands:
        """A server is gone, and no task of ours is there."""
        self._watches.pop(server.url, None)
        return (StopTimer(("beat", server.url)),)

    def look(self, server: Server, now: float) -> Commands:
        """Ask for the list now; once more after the one under way."""
        if not self._tasks(server):
            return ()
        watch = self._watch(server)
        if watch.list_id:
            watch.is_again = True
            return ()
        watch.list_id = self._window.next_request()
        watch.asked_at = now
        watch.calm_until = now + CALM
        ask, path = (Ask.JOBS, OPEN_JOBS_PATH) if server.has_jobs else (Ask.QUEUE, "/queue")
        return (Request(watch.list_id, server.url, ask, path),)

    def count(self, server: Server, now: float) -> Commands:
        """Look once after a task of ours came to a queue that is longer than our tasks are.

        Mostly there are others' tasks; but a browser may have sent ours twice.
        """
        tasks = self._tasks(server)
        newest = max((task.acknowledged_at for task in tasks), default=0.0)
        if now - newest > BEAT or self._watch(server).asked_at > newest:
            return ()
        return self.look(server, now) if (server.queue_remaining or 0) > len(tasks) else ()

    def ask(self, server: Server, task: Task, listed_at: float = 0.0) -> Request:
        """Ask for the record of one task.

        Only after a list that lacks it may an absence count: `/queue` first, then the
        history, or a task that is just ending is in neither.

        Args:
            server: The task's own.
            task: The task.
            listed_at: When that list was asked for; 0 without a list.
        """
        request_id = self._window.next_request()
        self._watch(server).details[request_id] = listed_at
        if server.has_jobs:
            ask, path = Ask.JOB, job_path(task.prompt_id)
        else:
            ask, path = Ask.HISTORY, history_path(task.prompt_id)
        return Request(request_id, server.url, ask, path, task.task_id)

    def missed_fired(self, server: Server, task_id: TaskId) -> Commands:
        """A task wasn't in a list, and the socket has had its time to say why."""
        listed_at = self._watch(server).missed.pop(task_id, 0.0)
        tasks = [task for task in self._tasks(server) if task.task_id == task_id]
        return tuple(self.ask(server, task, listed_at) for task in tasks)

    def answered(self, request: Request, status: int, text: str, now: float) -> Commands:
        """A list or a record came."""
        server, watch = self._expected(request)
        if server is None or watch is None:
            return ()
        is_list = request.ask in (Ask.JOBS, Ask.QUEUE)
        if request.ask is Ask.JOBS and status == 404:
            # A server from before the jobs API.
            # Source: ComfyUI 0.3.64, measured.
            server.has_jobs = False
            watch.list_id = 0
            return self.look(server, now)
        try:
            if is_list:
                return self._listed(server, watch, request, status, text, now)
            return self._recorded(server, watch, request, status, text, now)
        except MessageError as error:
            why = error.trouble
            if status != 200:
                why = Trouble.of("server_status", server=server.name, status=status)
            return self._failed(server, watch, request, why, now)

    def failed(self, request: Request, now: float) -> Commands:
        """A call had no answer."""
        server, watch = self._expected(request)
        if server is None or watch is None:
            return ()
        why = Trouble.of("server_silent", server=server.name)
        return self._failed(server, watch, request, why, now)

    def _failed(
        self, server: Server, watch: Watch, request: Request, why: Trouble, now: float
    ) -> Commands:
        """That never means an empty list; the next one comes later each time."""
        server.failed(Reach.DOWN, why, now)
        watch.details.pop(request.id, None)
        if request.id != watch.list_id:
            return ()
        watch.list_id = 0
        # Somebody had a reason to look while it was under way.
        is_again, watch.is_again = watch.is_again, False
        return self.look(server, now) if is_again else ()

    def _listed(
        self, server: Server, watch: Watch, request: Request, status: int, text: str, now: float
    ) -> Commands:
        if status != 200:
            raise MessageError(f"`{request.path}` answered {status}", text)
        found = read_jobs(text) if request.ask is Ask.JOBS else read_queue(text)
        server.answered()
        asked_at, watch.list_id = watch.asked_at, 0
        commands: list[Command] = []
        for task in self._tasks(server):
            if task.prompt_id in found:
                entry = found[task.prompt_id]
                commands += self._verdicts.listed(server, task, entry, asked_at, now)
            elif last_contact(task) < asked_at:
                commands += self._missed(server, watch, task, asked_at)
        if watch.is_again:
            watch.is_again = False
            commands += self.look(server, now)
        return tuple(commands)

    def _missed(self, server: Server, watch: Watch, task: Task, listed_at: float) -> Commands:
        """A list lacks a task: mostly it has just ended, and the socket tells that itself."""
        connection = server.connection
        if not connection.is_receiving or task.client_id != connection.client_id:
            return (self.ask(server, task, listed_at),)
        is_due = task.task_id in watch.missed
        watch.missed[task.task_id] = listed_at
        return () if is_due else (StartTimer(("missed", server.url, task.task_id), FRAMES_WITHIN),)

    def _recorded(
        self, server: Server, watch: Watch, request: Request, status: int, text: str, now: float
    ) -> Commands:
        listed_at = watch.details[request.id]
        task = self._window.tasks.get(request.task_id) if request.task_id else None
        is_question = request.id == watch.witness_id
        if task is None or task.is_ended != is_question or task.server != server.url:
            del watch.details[request.id]
            return ()
        if status == 404 and request.ask is Ask.JOB:
            record = None
        elif status != 200:
            raise MessageError(f"`{request.path}` answered {status}", text)
        elif request.ask is Ask.JOB:
            record = read_job(text)
        else:
            record = read_history(text, task.prompt_id)
        del watch.details[request.id]
        server.answered()
        if is_question:
            server.note_history(record is not None, now)
        elif record is not None:
            self._verdicts.recorded(server, task, record, now)
        elif listed_at:
            commands = self._verdicts.absent(server, task, listed_at, now)
            return (*commands, *self._question(server, task))
        else:
            return self.look(server, now)
        return ()

    def _question(self, server: Server, task: Task) -> Commands:
        """Ask for a task that ended there, when one is missing: are these the same books?"""
        if task.absences != 1 or task.state is State.UNKNOWN:
            return ()
        witness = find_witness(self._window.tasks.values(), server.url)
        if witness is None:
            return ()
        request = self.ask(server, witness)
        self._watch(server).witness_id = request.id
        return (request,)

    def _tasks(self, server: Server) -> tuple[Task, ...]:
        return tuple(t for t in self._window.bound_to(server.url) if t.state in ON_SERVER)

    def _watch(self, server: Server) -> Watch:
        return self._watches.setdefault(server.url, Watch())

    def _expected(self, request: Request) -> tuple[Server | None, Watch | None]:
        """Answers to calls that nobody waits for any more are passed over."""
        watch = self._watches.get(request.server)
        if watch is None or request.id not in (watch.list_id, *watch.details):
            return None, None
        return self._window.servers.get(request.server), watch
