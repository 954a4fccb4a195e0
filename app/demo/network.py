"""The way between a window and the servers inside the page."""

from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from demo.agenda import Agenda
from demo.server import InPageServer
from simulator.http import Response
from tether.core.events import (
    Answered,
    BinaryReceived,
    Emit,
    Event,
    Failure,
    FrameReceived,
    RequestFailed,
    SocketClosed,
    SocketOpened,
)
from tether.core.ids import Digest, ServerUrl
from tether.core.protocol.messages import PREVIEW_HEAD
from tether.core.protocol.requests import Request

ONE_WAY = 0.002
"""Seconds that everything takes from one end to the other, so that orders are as outside."""

_ABNORMAL, _NORMAL = 1006, 1000


class Network:
    """All servers inside the page, by address."""

    def __init__(self, agenda: Agenda) -> None:
        self.agenda = agenda
        self.servers: dict[ServerUrl, InPageServer] = {}

    def add(self, server: InPageServer) -> None:
        """Make a server reachable."""
        self.servers[server.url] = server

    def up(self, url: ServerUrl) -> InPageServer | None:
        """Return the server that answers at an address."""
        server = self.servers.get(url)
        return server if server is not None and server.is_up else None


class NetworkHttp:
    """A window's calls.

    Args:
        network: Where the servers are.
        emit: Is told how each call ended.
        file_of: Returns size in bytes and content of a stored file, or None.
    """

    def __init__(
        self,
        network: Network,
        emit: Callable[[Answered | RequestFailed], None],
        file_of: Callable[[Digest], tuple[int, Any] | None],
    ) -> None:
        self._network = network
        self._emit = emit
        self._file_of = file_of
        self._open: set[int] = set()

    def send(self, request: Request) -> None:
        """Make a call."""
        self._open.add(request.id)
        agenda = self._network.agenda
        agenda.after(request.timeout, self._end, RequestFailed(request, Failure.TIMEOUT))
        agenda.after(ONE_WAY, self._arrive, request)

    def abort(self, request_id: int) -> None:
        """Give a call up; nothing is told of it."""
        self._open.discard(request_id)

    def _arrive(self, request: Request) -> None:
        server = self._network.up(request.server)
        if server is None:
            self._later(RequestFailed(request, Failure.NETWORK))
            return
        upload = None
        if request.upload is not None:
            stored = self._file_of(request.upload.digest)
            if stored is None:
                self._later(RequestFailed(request, Failure.FILE_GONE))
                return
            upload = (request.upload.filename, request.upload.digest, *stored)

        def answer(response: Response) -> None:
            # A file's content stays with the server: nobody reads it as text.
            text = response.body.decode() if isinstance(response.body, bytes) else ""
            self._later(Answered(request, response.status, text))

        body = (request.body or "").encode()
        server.ask(request.method, request.path, answer, body, upload)

    def _later(self, event: Answered | RequestFailed) -> None:
        self._network.agenda.after(ONE_WAY, self._end, event)

    def _end(self, event: Answered | RequestFailed) -> None:
        if event.request.id in self._open:
            self._open.discard(event.request.id)
            self._emit(event)


class NetworkSockets:
    """A window's sockets."""

    def __init__(self, network: Network, emit: Emit) -> None:
        self._network = network
        self._emit = emit
        self._open: dict[tuple[ServerUrl, int], _Line] = {}

    def open(self, server: ServerUrl, attempt: int, url: str) -> None:
        """Open a socket."""
        line = _Line(self._network, server, attempt, self._told)
        self._open[server, attempt] = line
        parts = urlsplit(url)
        self._network.agenda.after(ONE_WAY, line.dial, f"{parts.path}?{parts.query}")

    def send(self, server: ServerUrl, attempt: int, text: str) -> None:
        """Send a frame on a socket that is still there."""
        line = self._open.get((server, attempt))
        if line is not None:
            self._network.agenda.after(ONE_WAY, line.say, text)

    def close(self, server: ServerUrl, attempt: int) -> None:
        """Close a socket that is still there."""
        line = self._open.get((server, attempt))
        if line is not None:
            self._network.agenda.after(ONE_WAY, line.leave)

    def _told(self, event: Event) -> None:
        if isinstance(event, SocketClosed):
            self._open.pop((event.server, event.attempt), None)
        self._emit(event)


class _Line:
    """One socket, both ends of it."""

    def __init__(self, network: Network, server: ServerUrl, attempt: int, emit: Emit) -> None:
        self._network = network
        self._server = server
        self._attempt = attempt
        self._emit = emit
        self._number = 0
        self._is_closed = False

    def dial(self, target: str) -> None:
        """Arrive at the server."""
        server = self._network.up(self._server)
        if server is None:
            self.cut()
        elif not self._is_closed:
            self._number = server.open(target, self)

    def say(self, text: str) -> None:
        """What the page said arrives."""
        server = self._network.up(self._server)
        if server is not None and not self._is_closed:
            server.hear(self._number, text)

    def leave(self) -> None:
        """The page's close arrives."""
        if not self._is_closed:
            self._network.servers[self._server].lose(self._number)
            self._end(_NORMAL)

    def opened(self) -> None:
        """The server took it."""
        self._later(SocketOpened(self._server, self._attempt))

    def heard(self, frame: str | bytes) -> None:
        """The server says something."""
        if isinstance(frame, str):
            self._later(FrameReceived(self._server, self._attempt, frame))
        else:
            self._later(BinaryReceived(self._server, self._attempt, frame[:PREVIEW_HEAD], frame))

    def cut(self) -> None:
        """The server is gone."""
        self._end(_ABNORMAL)

    def _end(self, code: int) -> None:
        if not self._is_closed:
            self._is_closed = True
            closed = SocketClosed(self._server, self._attempt, code)
            self._network.agenda.after(ONE_WAY, self._emit, closed)

    def _later(self, event: Event) -> None:
        self._network.agenda.after(ONE_WAY, self._tell, event)

    def _tell(self, event: Event) -> None:
        if not self._is_closed:
            self._emit(event)
