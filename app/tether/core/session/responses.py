"""From a server's answers to the machines that asked."""

from tether.core.commands import Commands
from tether.core.events import Answered, RequestFailed
from tether.core.model.server import Server
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.requests import Ask, Request
from tether.core.session.collection import Collection
from tether.core.session.rebalancing import Rebalancing
from tether.core.submission.dispatcher import Dispatcher
from tether.core.submission.submission import Submission
from tether.core.submission.withdrawal import Cancellation
from tether.core.tracking.reachability import Reachability
from tether.core.tracking.reconciler import Reconciler


class Responses:
    """Gives each answer, or the lack of one, to the machine that waits for it."""

    def __init__(
        self,
        window: Window,
        reachability: Reachability,
        dispatcher: Dispatcher,
        submission: Submission,
        cancellation: Cancellation,
        reconciler: Reconciler,
        collection: Collection,
        rebalancing: Rebalancing,
    ) -> None:
        self._window = window
        self._reachability = reachability
        self._dispatcher = dispatcher
        self._submission = submission
        self._cancellation = cancellation
        self._reconciler = reconciler
        self._collection = collection
        self._rebalancing = rebalancing

    def answered(self, server: Server, event: Answered, now: float) -> Commands:
        """A server has answered, with whatever status."""
        request, status, text = event.request, event.status, event.text
        match request.ask:
            case Ask.PROBE:
                is_good = self._reachability.answered(server, request, status, text, now)
                server.latency = event.seconds or server.latency
                return self._probed(request, server.queue_remaining if is_good else None, now)
            case Ask.NODE:
                server.inventory.answered(request.id, status, text, now)
                return self._dispatcher.described(server, now)
            case Ask.STATS | Ask.FEATURES:
                self._reachability.answered(server, request, status, text, now)
            case Ask.REACH:
                self._reachability.reached(server, now)
            case Ask.UPLOAD | Ask.POST:
                task = self._task_of(request)
                if task is None:
                    return ()
                if request.upload is not None and status == 200:
                    sizes = {each.digest: each.size for each in task.pictures}
                    server.uploaded(sizes.get(request.upload.digest, 0), event.seconds)
                commands = self._submission.answered(task, event, now)
                if task.is_cancel_wanted and task.state in (State.QUEUED, State.RUNNING):
                    # Wished for before the server had the task.
                    return (*commands, *self._cancellation.again(task, now))
                return (*commands, *self._reconciler.count(server, now))
            case Ask.OWN_QUEUE | Ask.OWN_HISTORY:
                return self._collection.answered(server, request, status, text, now)
            case Ask.CANCEL if status == 404:
                return self._cancellation.refused(request)
            case Ask.CANCEL | Ask.DELETE | Ask.INTERRUPT:
                return self._reconciler.look(server, now)
            case _:
                return self._reconciler.answered(request, status, text, now)
        return ()

    def failed(self, server: Server, event: RequestFailed, now: float) -> Commands:
        """A request ended without an answer."""
        request = event.request
        match request.ask:
            case Ask.PROBE:
                commands = self._reachability.failed(server, request, event.failure, now)
                return (*commands, *self._probed(request, None, now))
            case Ask.NODE:
                server.inventory.failed(request.id, now)
                return self._dispatcher.described(server, now)
            case Ask.STATS | Ask.FEATURES | Ask.REACH:
                return self._reachability.failed(server, request, event.failure, now)
            case Ask.UPLOAD | Ask.POST:
                task = self._task_of(request)
                return self._submission.failed(task, request, event.failure, now) if task else ()
            case Ask.OWN_QUEUE | Ask.OWN_HISTORY:
                return self._collection.failed(server, request)
            case Ask.CANCEL | Ask.DELETE | Ask.INTERRUPT:
                # Old servers refuse the newer call in a way that no page may read.
                # Source: ComfyUI 0.3.64, 405 without CORS headers, measured.
                return self._reconciler.look(server, now)
        return self._reconciler.failed(request, now)

    def _probed(self, request: Request, length: int | None, now: float) -> Commands:
        """Give the length of a queue to the one of the three that asked for it."""
        return (
            *self._dispatcher.told(request, length, now),
            *self._rebalancing.told(request, length, now),
            *self._submission.recheck.told(request, length, now),
        )

    def _task_of(self, request: Request) -> Task | None:
        """Return the task that still waits for this very answer."""
        task = self._window.tasks.get(request.task_id) if request.task_id else None
        if task is None or task.is_ended or task.request_id != request.id:
            return None
        return task
