"""The way of one bound task to its server: connect, upload, post."""

from tether.core.commands import AbortRequest, Command, Commands, StartTimer, StopTimer
from tether.core.errors import MessageError, Trouble
from tether.core.events import Answered, Failure, Picture
from tether.core.ids import ServerUrl, TaskId
from tether.core.model.connection import GREETING_WITHIN, Phase
from tether.core.model.inventory import lacks_told
from tether.core.model.server import REFUSED_PAUSE, Server
from tether.core.model.task import IN_TRANSIT, State, Task
from tether.core.model.window import Window
from tether.core.protocol.answers import (
    read_acceptance,
    read_number,
    read_queue_length,
    read_upload,
)
from tether.core.protocol.refusals import read_missing, read_reason, read_refusal
from tether.core.protocol.requests import Ask, Owner, Request, Upload, probe, prompt_body
from tether.core.scheduling.fitness import fits_elsewhere, too_large_there
from tether.core.scheduling.recheck import Recheck
from tether.core.submission.dialing import called, connect
from tether.core.timers import SocketTimer, TurnTimer

UPLOAD_WITHIN, POST_WITHIN = 300.0, 30.0
"""Timeouts in seconds; the outcome of a POST is then unknown, not failed."""

_SLOW_LINE = 30_000
"""Bytes a second that an upload is given time for: a line of 1 Mbit/s that four share."""

TURN_WITHIN = 10.0
"""Seconds that a task lets an earlier one go first: that one's upload may take minutes."""

MOST_SENDS = 3
"""POSTs of a task without effect after which another server is tried."""

FOR_GOOD = (400, 415, 422)
"""Refusals of what was sent, which would be refused again."""

BUSY = (429, 503)
"""Refusals that say nothing of what was sent: later it may be taken."""

PAUSES = {**dict.fromkeys((401, 402, 403), REFUSED_PAUSE), 429: 10.0}
"""Seconds at least before a server that refused a task so gets the next one."""


class Submission:
    """Brings a task to the server it is bound to, and to no other."""

    def __init__(self, window: Window) -> None:
        self._window = window
        self.recheck = Recheck(window, self.advance)
        self._held: dict[TaskId, None] = {}
        """Tasks that are uploaded, and let an earlier one go first."""

    def begin(self, task: Task, server: Server, now: float) -> Commands:
        """Bind a waiting task, and open its socket before anything is sent."""
        self._held.pop(task.task_id, None)
        self._window.bind(task, server, now)
        task.note = None
        commands = connect(self._window, server)
        if server.connection.is_blocked:
            task.note = Trouble.of("by_polling", server=server.name)
        elif server.connection.phase is not Phase.OPEN:
            # Blocked sockets must not keep a task from running: it is polled then.
            return (*commands, StartTimer(SocketTimer(task.task_id), GREETING_WITHIN))
        return (*commands, *self.advance(task, now))

    def greeted(self, server: Server, now: float) -> Commands:
        """A server's socket is open: tasks that waited for it go on."""
        commands: list[Command] = []
        for task in self._window.bound_to(server.url):
            if task.state is State.CONNECTING:
                commands.append(StopTimer(SocketTimer(task.task_id)))
                commands += self.advance(task, now)
        return tuple(commands)

    def connect_fired(self, task: Task, now: float) -> Commands:
        """No socket came in time: go on without one, and say so."""
        if task.state is not State.CONNECTING:
            return ()
        server = self._server(task)
        server.connection.is_blocked = True
        task.note = Trouble.of("by_polling", server=server.name)
        return self.advance(task, now)

    def advance(self, task: Task, now: float) -> Commands:
        """Take the next step: the next picture, or the POST, once its turn has come."""
        server = self._server(task)
        commands = list(self._mend(task, server))
        for picture in task.pictures:
            if (picture.node_id, picture.input) not in task.names:
                if task.state is State.CONNECTING:
                    self._window.move(task, State.UPLOADING)
                return (*commands, self._upload(task, picture))
        if self._is_early(task, server):
            if task.state is State.CONNECTING:
                self._window.move(task, State.UPLOADING)
            self._held[task.task_id] = None
            return (*commands, StartTimer(TurnTimer(task.task_id), TURN_WITHIN))
        return (*commands, *self._send(task, server, now))

    def go_on(self, now: float) -> Commands:
        """Tasks have moved: those whose turn has come by that are posted."""
        commands: list[Command] = []
        for task_id in tuple(self._held):
            task = self._window.live.get(task_id)
            if task is None or task.server is None or not self._is_early(task, self._server(task)):
                commands += (StopTimer(TurnTimer(task_id)), *self.turn_fired(task_id, now))
        return tuple(commands)

    def turn_fired(self, task_id: TaskId, now: float) -> Commands:
        """A task lets no other go first any more; one that was taken back is forgotten."""
        task = self._window.live.get(task_id)
        if task_id not in self._held:
            return ()
        del self._held[task_id]
        if task is None or task.server is None:
            return ()
        server = self._server(task)
        return (*self._mend(task, server), *self._send(task, server, now))

    def _send(self, task: Task, server: Server, now: float) -> Commands:
        return self.recheck.ask(task, server, now) or (self.post(task, now),)

    def _is_early(self, task: Task, server: Server) -> bool:
        """Say whether one that is to go first is on its way there: a server runs what comes first.

        Not while all are sent: one after another would take too long.
        """
        return not self._window.is_sending_all and any(
            other.turn < task.turn and other.state in IN_TRANSIT
            for other in self._window.bound_to(server.url)
        )

    def post(self, task: Task, now: float) -> Request:
        """POST the task; its record says so before it is sent."""
        server = self._server(task)
        task.client_id = server.connection.client_id  # also where an earlier page had begun it
        self._window.move(task, State.POSTING)
        task.posted_at = now
        task.sends += 1
        task.absences = 0
        workflow = self._window.workflows[task.digest].with_names(task.names)
        workflow = workflow.with_nodes(server.inventory.fitted(workflow.nodes))
        owner, has_previews = self._window.settings.owner, self._window.has_previews
        ids = (task.client_id, task.prompt_id, owner)
        body = prompt_body(workflow, *ids, task.title, has_previews)
        task.body_size = len(body)
        about = self._about(task, Ask.POST, "/prompt")
        return Request(*about, body, timeout=POST_WITHIN, owner=Owner.SUBMISSION)

    def resend(self, task: Task, now: float) -> Commands:
        """A POST had no effect and can't arrive any more: send it again, or go elsewhere.

        It keeps its prompt id, so that it never runs twice.
        """
        server = self._server(task)
        if task.sends >= MOST_SENDS:
            why = Trouble.of("post_in_vain", server=server.name)
            return self._take_back(task, server, why, now)
        # It stays with a server that rests: its pictures are there.
        return (self.post(task, now),) if now >= server.rests_until else ()

    def answered(self, task: Task, event: Answered, now: float) -> Commands:
        """An upload, the probe after one in vain, or the POST was answered."""
        match event.request.ask:
            case Ask.UPLOAD:
                return self._uploaded(task, event, now)
            case Ask.PROBE:
                return self._probed(task, event, now)
        return self._posted(task, event, now)

    def _uploaded(self, task: Task, event: Answered, now: float) -> Commands:
        server, picture = self._server(task), self._next_picture(task)
        status, text = event.status, event.text
        if status == 200:
            try:
                name = read_upload(text)
            except MessageError as error:
                return self._doubt(task, error.trouble)
            task.names[picture.node_id, picture.input] = name
            return self.advance(task, now)
        if status == 413:
            server.refused_picture(picture.size)
            return self._too_large(task, server, picture.filename, picture.size, now)
        if status in FOR_GOOD:
            facts = {"picture": picture.filename, "message": read_reason(text) or f"HTTP {status}"}
            why = Trouble.of("picture_refused", server=server.name, **facts)
            self._window.end(task, State.FAILED, now, "answer", why)
            return ()
        why = _refused_for_now(server, status, text)
        if status in BUSY:
            return self._take_back(task, server, why, now, _pause(event))
        server.rest(_pause(event), now)
        return self._doubt(task, why)

    def _doubt(self, task: Task, why: Trouble) -> Commands:
        """An upload was in vain: is it the upload's fault, or is the server away?"""
        task.note = why
        task.request_id = self._window.next_request()
        return (probe(task.request_id, self._server(task).url, Owner.SUBMISSION, task.task_id),)

    def _probed(self, task: Task, event: Answered, now: float) -> Commands:
        """The server answers, at once after an upload that it did not take."""
        server, picture, why = self._server(task), self._next_picture(task), task.note
        assert why is not None, "the upload was in vain for a reason"
        try:
            server.note_queue(read_queue_length(event.text), now)
        except MessageError:
            return self._take_back(task, server, why, now)
        server.upload_broke(picture.size, task.bound_at, now)
        if not server.accepts(picture.size):
            return self._too_large(task, server, picture.filename, picture.size, now)
        return self._take_back(task, server, why, now)

    def _too_large(self, task: Task, server: Server, name: str, size: int, now: float) -> Commands:
        """What a task sends is too large there: it goes elsewhere, or has failed."""
        why = too_large_there(server, name, size)
        if fits_elsewhere(self._window, task):
            return self._give_back(task, why, now)
        self._window.end(task, State.FAILED, now, "answer", why)
        return ()

    def _posted(self, task: Task, event: Answered, now: float) -> Commands:
        """The POST was answered; frames may have overtaken the answer."""
        server, status, text = self._server(task), event.status, event.text
        if status == 200:
            try:
                prompt_id, refused_outputs = read_acceptance(text)
            except MessageError:
                # It is 200, but not ComfyUI's: the records decide.
                self._outcome_unknown(task)
                return ()
            if prompt_id != task.prompt_id and task.state is State.POSTING:
                if self._window.by_prompt(prompt_id):
                    self._outcome_unknown(task)
                    return ()
                # Under this window's id it would not be found, and be sent again.
                self._window.rename_prompt(task, prompt_id)
            task.refused_outputs = refused_outputs
            number = read_number(text)
            if number is not None:
                server.note_number(number, task.posted_at, now)
            server.answered()
            self.acknowledged(task, now)
            return ()
        if task.state is not State.POSTING:
            return ()
        if status in FOR_GOOD:
            return self._refused(task, server, event, now)
        if status == 413:
            server.refused_body = min(task.body_size, server.refused_body or task.body_size)
            return self._too_large(task, server, task.title, task.body_size, now)
        if status >= 500:
            # A 500 may come with the task in the queue all the same.
            # Source: ComfyUI 0.28.1, measured: equal numbers and ids.
            self._outcome_unknown(task, read_reason(text), status)
            server.rest(_pause(event), now)
            return ()
        why = _refused_for_now(server, status, text)
        return self._take_back(task, server, why, now, _pause(event))

    def _refused(self, task: Task, server: Server, event: Answered, now: float) -> Commands:
        """The workflow was refused; what one server lacks another may have."""
        why = read_refusal(event.text, server.name, event.status)
        missing = read_missing(event.text)
        names = [task.names.get((each.node_id, each.input), "") for each in missing]
        gone = [name for name in names if name]
        if gone and len(gone) == len(missing) and task.sends < MOST_SENDS:
            # It was uploaded just now.
            return self._take_back(task, server, _lacking(server, gone), now)
        lacks = () if gone else lacks_told(self._window.workflows[task.digest].nodes, missing)
        server.inventory.refused(lacks, now)
        others = [each for each in self._window.servers.values() if not each.is_leaving]
        if not lacks or task.pinned or others in ([server], []):
            self._window.end(task, State.FAILED, now, "answer", why)
            return ()
        return self._give_back(task, _lacking(server, [lack.name for lack in lacks]), now)

    def acknowledged(self, task: Task, now: float) -> None:
        """The server has the task."""
        if not task.acknowledged_at:
            task.acknowledged_at = now
            self._window.pending.unsaved.add(task.task_id)
            server = self._server(task)
            server.task_accepted()
            server.connection.doubt(task.posted_at, now)
        task.absences = 0
        if task.state is State.UNKNOWN:
            task.note = None
        if task.state in (State.POSTING, State.UNKNOWN):
            self._window.move(task, State.QUEUED)

    def failed(self, task: Task, request: Request, failure: Failure, now: float) -> Commands:
        """An upload or a POST has no answer."""
        server = self._server(task)
        if failure is Failure.REDIRECTED:
            if request.ask is Ask.POST and task.state is not State.POSTING:
                return ()
            why = Trouble.of("server_redirects", server=server.name, url=server.url)
            return self._take_back(task, server, why, now)
        if request.ask is Ask.POST:
            if task.state is State.POSTING:
                self._outcome_unknown(task)
            return ()
        if failure is Failure.FILE_GONE:
            picture = request.upload.filename if request.upload else ""
            why = Trouble.of("picture_gone", picture=picture)
            self._window.end(task, State.FAILED, now, "here", why)
            return ()
        if request.ask is Ask.UPLOAD:
            picture = self._next_picture(task).filename
            why = Trouble.of("upload_unanswered", server=server.name, picture=picture)
            return self._doubt(task, why)
        why = Trouble.of("server_silent", server=server.name)
        return self._take_back(task, server, why, now)

    def abort(self, task: Task) -> Commands:
        """Stop the upload of a task that no server has yet."""
        return (StopTimer(SocketTimer(task.task_id)), AbortRequest(task.request_id))

    def _take_back(
        self, task: Task, server: Server, why: Trouble, now: float, pause: float = 0.0
    ) -> Commands:
        """The server did not do its part: it rests, and the task may go elsewhere."""
        server.submission_failed(why, now, pause)
        return self._give_back(task, why, now)

    def _give_back(self, task: Task, why: Trouble, now: float) -> Commands:
        """The task isn't in the server's queue: it may go elsewhere."""
        if task.is_cancel_wanted:
            self._window.end(task, State.CANCELLED, now, "answer", None)
        else:
            self._window.unbind(task, why)
        return ()

    def _outcome_unknown(self, task: Task, reason: str = "", status: int = 0) -> None:
        if task.state is State.POSTING:
            self._window.move(task, State.UNKNOWN)
            code = "outcome_unclear" if reason else "outcome_unknown"
            facts = {"status": status, "message": reason} if reason else {}
            task.note = Trouble.of(code, server=self._server(task).name, **facts)

    def _mend(self, task: Task, server: Server) -> Commands:
        """Make task server = locked server = WebSocket server, before every call."""
        window, connection = self._window, server.connection
        socket = connection.server if connection.phase is Phase.OPEN else None
        commands: Commands = ()
        check = window.settings.binding.check
        for fault in check(server.url, window.locks.server_of(task.prompt_id), socket):
            window.mended += fault == "lock" or socket is not None
            if fault == "lock":
                window.locks.hold(task.prompt_id, server.url, task.bound_at)
                window.pending.unsaved.add(task.task_id)
            else:
                commands = connect(window, server)
        return commands

    def _upload(self, task: Task, picture: Picture) -> Request:
        upload = Upload(picture.digest, picture.filename)
        about = self._about(task, Ask.UPLOAD, "/upload/image")
        return Request(
            *about, upload=upload, timeout=upload_within(picture.size), owner=Owner.SUBMISSION
        )

    def _about(self, task: Task, ask: Ask, path: str) -> tuple[int, ServerUrl, Ask, str, TaskId]:
        """Return what a request begins with; only its answer counts for the task from now on."""
        task.request_id = self._window.next_request()
        server = called(self._window, self._server(task).url)
        return task.request_id, server, ask, path, task.task_id

    def _next_picture(self, task: Task) -> Picture:
        return next(p for p in task.pictures if (p.node_id, p.input) not in task.names)

    def _server(self, task: Task) -> Server:
        assert task.server is not None, "a task on its way is bound"
        return self._window.servers[task.server]


def _refused_for_now(server: Server, status: int, text: str) -> Trouble:
    message = read_reason(text)
    if not message:
        return Trouble.of("server_status", server=server.name, status=status)
    return Trouble.of("server_refused", server=server.name, status=status, message=message)


def _lacking(server: Server, names: list[str]) -> Trouble:
    return Trouble.of("lacks_there", server=server.name, missing=", ".join(dict.fromkeys(names)))


def _pause(event: Answered) -> float:
    return max(PAUSES.get(event.status, 0.0), event.retry_after)


def upload_within(size: int) -> float:
    """Return the timeout of an upload of so many bytes, in seconds."""
    return UPLOAD_WITHIN + size / _SLOW_LINE
