"""The machines of a window, and the way of each answer to the one that made the request."""

from typing import NamedTuple

from tether.core.commands import Commands
from tether.core.events import Answered, RequestFailed
from tether.core.model.server import Server
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.answers import is_cancel
from tether.core.protocol.requests import Ask, Owner, Request
from tether.core.session.collection import Collection
from tether.core.session.rebalancing import Rebalancing
from tether.core.submission.dispatcher import Dispatcher
from tether.core.submission.submission import Submission
from tether.core.submission.withdrawal import Cancellation
from tether.core.tracking.reachability import Reachability
from tether.core.tracking.reconciler import Reconciler
from tether.core.tracking.verdicts import Verdicts


class Machines(NamedTuple):
    """All that make requests."""

    reachability: Reachability
    submission: Submission
    cancellation: Cancellation
    dispatcher: Dispatcher
    reconciler: Reconciler
    collection: Collection
    rebalancing: Rebalancing

    @classmethod
    def of(cls, window: Window) -> "Machines":
        """Make the machines of a window."""
        submission = Submission(window)
        cancellation = Cancellation(window, submission)
        reconciler = Reconciler(window, Verdicts(window, submission, cancellation))
        return cls(
            Reachability(window),
            submission,
            cancellation,
            Dispatcher(window, submission),
            reconciler,
            Collection(window, reconciler),
            Rebalancing(window, reconciler),
        )


class Responses:
    """Gives each answer, or the lack of one, to the owner of its request."""

    def __init__(self, window: Window, machines: Machines) -> None:
        self._window = window
        self._machines = machines

    def answered(self, server: Server, event: Answered, now: float) -> Commands:
        """A server has answered, with whatever status."""
        request, status, text = event.request, event.status, event.text
        machines = self._machines
        match request.owner:
            case Owner.REACHABILITY | Owner.DISPATCHER | Owner.RECHECK | Owner.REBALANCING:
                is_good = machines.reachability.answered(server, request, status, text, now)
                if request.ask is not Ask.PROBE:
                    return ()
                server.latency = event.seconds or server.latency
                return self._probed(request, server.queue_remaining if is_good else None, now)
            case Owner.INVENTORY:
                server.inventory.answered(request.id, status, text, now)
                return machines.dispatcher.described(server, now)
            case Owner.SUBMISSION:
                return self._submitted(server, event, now)
            case Owner.CANCELLATION if request.ask is Ask.CANCEL and not is_cancel(status, text):
                return machines.cancellation.refused(request, status, now)
            case Owner.CANCELLATION:
                return machines.reconciler.query(server, now)
            case Owner.RECONCILER:
                return machines.reconciler.answered(request, status, text, now)
            case Owner.COLLECTION:
                return machines.collection.answered(server, request, status, text, now)
        return ()

    def failed(self, server: Server, event: RequestFailed, now: float) -> Commands:
        """A request ended without an answer."""
        request, failure, machines = event.request, event.failure, self._machines
        match request.owner:
            case Owner.REACHABILITY | Owner.DISPATCHER | Owner.RECHECK | Owner.REBALANCING:
                commands = machines.reachability.failed(server, request, failure, now)
                return (*commands, *self._probed(request, None, now))
            case Owner.INVENTORY:
                server.inventory.failed(request.id, now)
                return machines.dispatcher.described(server, now)
            case Owner.SUBMISSION:
                task = self._task_of(request)
                return machines.submission.failed(task, request, failure, now) if task else ()
            case Owner.CANCELLATION:
                if request.ask is Ask.CANCEL:
                    # Old servers and proxies refuse it in a way that no page may read.
                    # Source: ComfyUI 0.3.64, 405 without CORS headers, measured.
                    server.lacks_jobs(now)
                return machines.reconciler.query(server, now)
            case Owner.RECONCILER:
                return machines.reconciler.failed(request, now)
            case Owner.COLLECTION:
                return machines.collection.failed(server, request)
        return ()

    def _probed(self, request: Request, length: int | None, now: float) -> Commands:
        """A probe, which tells of its server whoever made it, ended with a length or None."""
        match request.owner:
            case Owner.DISPATCHER:
                return self._machines.dispatcher.answered(request, length, now)
            case Owner.RECHECK:
                return self._machines.submission.recheck.answered(request, length, now)
            case Owner.REBALANCING:
                return self._machines.rebalancing.answered(request, length, now)
        return ()

    def _submitted(self, server: Server, event: Answered, now: float) -> Commands:
        request, machines = event.request, self._machines
        task = self._task_of(request)
        if task is None:
            return ()
        if request.upload is not None and event.status == 200:
            sizes = {each.digest: each.size for each in task.pictures}
            server.uploaded(sizes.get(request.upload.digest, 0), event.seconds)
        commands = machines.submission.answered(task, event, now)
        if task.is_cancel_wanted and task.state in (State.QUEUED, State.RUNNING):
            # Cancelled before the server had the task.
            return (*commands, *machines.cancellation.repeat(task, now))
        return (*commands, *machines.reconciler.check_duplicates(server, now))

    def _task_of(self, request: Request) -> Task | None:
        """Return the task that still waits for this very answer."""
        task = self._window.tasks.get(request.task_id) if request.task_id else None
        if task is None or task.is_ended or task.request_id != request.id:
            return None
        return task
