"""The engine: one event in, all its effects out."""

from itertools import count

from simulator import events
from simulator.catalogue import CATALOGUE
from simulator.files import Files
from simulator.gates import cors_headers, is_foreign, unauthorized
from simulator.http import TROUBLE, FilePart, Request, Response, ServerTrouble
from simulator.nodes import NodeClasses
from simulator.process import Process
from simulator.routes import Routes, not_allowed
from simulator.server_info import features
from simulator.settings import Settings
from simulator.sockets import status_frame, text_frame
from simulator.stage import RandomSource, Stage
from simulator.submit import submit
from simulator.user_data import UserData
from simulator.worker import Worker

_TEXT = ("Content-Type", "text/plain; charset=utf-8")


class Engine:
    """A whole server: feed it events, and carry out the effects that it returns, in order.

    The same events at the same times with the same random source give the same effects.
    Nothing a client sends can make `handle` raise. `random` makes ids and names.
    """

    def __init__(
        self, settings: Settings, random: RandomSource, classes: NodeClasses = CATALOGUE
    ) -> None:
        self._stage = Stage(random)
        self._files = Files(self._stage)
        self._user_data = UserData(self._stage)
        self.classes = classes
        self._run_ids = count(1)
        self._boot(settings)

    @property
    def settings(self) -> Settings:
        """The settings of the server; they may be replaced between two events."""
        return self.process.settings

    @settings.setter
    def settings(self, settings: Settings) -> None:
        self.process.settings = settings
        self.process.sockets.shared_sender = settings.shared_sender

    def handle(self, event: events.Event, now: float) -> tuple[events.Effect, ...]:
        """Advance the time to `now` (seconds since 1970), then handle one event."""
        self._stage.advance(now)
        match event:
            case events.RequestReceived(request_id, request):
                self._answer(request_id, request)
            case events.SocketOpened(connection_id, request):
                self._open(connection_id, request)
            case events.TextReceived(connection_id, text):
                self.process.sockets.receive(connection_id, text, features(self.settings))
            case events.SocketClosed(connection_id):
                self.process.sockets.close(connection_id)
            case events.SocketBlocked(connection_id):
                self.process.sockets.block(connection_id)
            case events.SocketDrained(connection_id):
                self.process.sockets.unblock(connection_id)
            case events.NodeFinished() | events.NodeRaised():
                self._worker.receive(event)
            case events.Killed():
                self._die()
            case events.PlaceClosed(place):
                self.process.stops.close(place)
            case events.PlaceOpened(place):
                self.process.stops.open(place)
            case _:  # Woken
                self._stage.wake()
        self._stage.advance(now)
        return self._stage.take_effects()

    def _boot(self, settings: Settings) -> None:
        self.process = Process(settings, self._stage, self._files, self._user_data, self.classes)
        self._worker = Worker(self.process, self._run_ids)
        self._routes = Routes(self.process, self._worker)

    def _die(self) -> None:
        for connection_id in self.process.sockets.connection_ids:
            self._stage.emit(events.CutSocket(connection_id))
        self._worker.abandon()
        for run_id in self.process.cache.keep_only(set()):
            self._stage.emit(events.DropValues(run_id))
        self._stage.forget_agenda()
        self._stage.wake()
        self._files.empty_temp()
        self._boot(self.settings)

    def _open(self, connection_id: int, request: Request) -> None:
        refusal = self._refusal(request)
        if refusal is not None:
            self._stage.emit(events.RefuseSocket(connection_id, refusal))
            return
        self._stage.emit(events.AcceptSocket(connection_id))
        client_id = request.query.get("clientId") or self._stage.make_uuid().replace("-", "")
        sockets = self.process.sockets
        sockets.open(connection_id, client_id)
        sockets.send_now(client_id, status_frame(self.process.queue.remaining, client_id))
        node_id = self._worker.node_shown_to(client_id)
        if node_id is not None:
            sockets.send_now(client_id, text_frame("executing", {"node": node_id}))

    def _answer(self, request_id: int, request: Request) -> None:
        delay = 0.0
        try:
            response = self._refusal(request)
            if response is None and request.method == "POST" and request.path == "/prompt":
                response = self._submit(request)
                delay = -self.settings.post_delay
            elif response is None:
                response = self._route(request)
            else:
                self._discard_uploads(request)
        except ServerTrouble:
            self._discard_uploads(request)
            response = TROUBLE
        answer = events.Answer(request_id, response)
        if delay > 0:
            self._stage.later(delay, lambda: self._stage.emit(answer))
        else:
            self._stage.emit(answer)

    def _route(self, request: Request) -> Response:
        if request.method == "OPTIONS":
            return self._with_cors(Response())
        response = self._routes.answer(request)
        return not_allowed(request) if response is None else self._with_cors(response)

    def _submit(self, request: Request) -> Response:
        submission = submit(request.body, self.process)
        worker = self._worker
        if submission.is_queued:
            # A server that fails on two equal entries sends no `status` for the second.
            status = worker.status() if submission.response is not None else None
            delay = max(0.0, self.settings.post_delay)
            self._stage.later(delay, lambda: worker.accept(status))
        if submission.response is None:
            return TROUBLE
        return self._with_cors(submission.response)

    def _refusal(self, request: Request) -> Response | None:
        """Return a 400, 401, 403 or 413 that comes before any route."""
        denied = unauthorized(request, self.settings.gate, cors_headers(self.settings))
        if denied is not None:
            return denied
        try:
            if is_foreign(request, self.settings):
                return Response(403)
        except ServerTrouble:
            return TROUBLE
        if request.path == "/ws" and not self.settings.sockets:
            return Response(400)
        limit = self.settings.max_upload_size
        if request.size > limit:
            text = f"Maximum request body size {limit} exceeded.".encode()
            return Response(413, (_TEXT,), text)
        return None

    def _discard_uploads(self, request: Request) -> None:
        for part in request.form or ():
            if isinstance(part, FilePart):
                self._stage.emit(events.DropBlob(part.blob.key))

    def _with_cors(self, response: Response) -> Response:
        return response.with_headers(cors_headers(self.settings))
