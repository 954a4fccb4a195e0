"""The `Http` and `Sockets` ports to servers inside the page."""

from collections.abc import Callable
from dataclasses import dataclass, field
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
"""Seconds that each message takes one way, so that they arrive in the order of a real network."""

_ABNORMAL, _NORMAL = 1006, 1000


@dataclass(slots=True)
class Network:
    """The servers inside the page, by address."""

    agenda: Agenda
    servers: dict[ServerUrl, InPageServer] = field(default_factory=dict)

    def add(self, server: InPageServer) -> None:
        """Add a server."""
        self.servers[server.url] = server

    def up(self, url: ServerUrl) -> InPageServer | None:
        """Return the server at an address, if it is up."""
        server = self.servers.get(url)
        return server if server is not None and server.is_up else None


@dataclass(slots=True)
class NetworkHttp:
    """The HTTP requests of one window.

    `file_of` returns size in bytes and content of a stored file, or None.
    """

    network: Network
    emit: Callable[[Answered | RequestFailed], None]
    file_of: Callable[[Digest], tuple[int, Any] | None]
    _open: set[int] = field(default_factory=set)

    def send(self, request: Request) -> None:
        """Send a request."""
        self._open.add(request.id)
        agenda = self.network.agenda
        agenda.after(request.timeout, self._end, RequestFailed(request, Failure.TIMEOUT))
        agenda.after(ONE_WAY, self._arrive, request)

    def abort(self, request_id: int) -> None:
        """Abort a request; no event follows."""
        self._open.discard(request_id)

    def _arrive(self, request: Request) -> None:
        server = self.network.up(request.server)
        if server is None:
            self._later(RequestFailed(request, Failure.NETWORK))
            return
        upload = None
        if request.upload is not None:
            stored = self.file_of(request.upload.digest)
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
        self.network.agenda.after(ONE_WAY, self._end, event)

    def _end(self, event: Answered | RequestFailed) -> None:
        if event.request.id in self._open:
            self._open.discard(event.request.id)
            self.emit(event)


@dataclass(slots=True)
class NetworkSockets:
    """The sockets of one window."""

    network: Network
    emit: Emit
    _open: dict[tuple[ServerUrl, int], "_Line"] = field(default_factory=dict)

    def open(self, server: ServerUrl, attempt: int, url: str) -> None:
        """Open a socket."""
        line = _Line(self.network, server, attempt, self._pass_on)
        self._open[server, attempt] = line
        parts = urlsplit(url)
        self.network.agenda.after(ONE_WAY, line.connect, f"{parts.path}?{parts.query}")

    def send(self, server: ServerUrl, attempt: int, text: str) -> None:
        """Send a frame, if the socket is still open."""
        line = self._open.get((server, attempt))
        if line is not None:
            self.network.agenda.after(ONE_WAY, line.send, text)

    def close(self, server: ServerUrl, attempt: int) -> None:
        """Close a socket, if it is still open."""
        line = self._open.get((server, attempt))
        if line is not None:
            self.network.agenda.after(ONE_WAY, line.close)

    def _pass_on(self, event: Event) -> None:
        if isinstance(event, SocketClosed):
            self._open.pop((event.server, event.attempt), None)
        self.emit(event)


@dataclass(slots=True)
class _Line:
    """One socket with its two ends."""

    network: Network
    server: ServerUrl
    attempt: int
    emit: Emit
    number: int = 0
    is_closed: bool = False

    def connect(self, target: str) -> None:
        server = self.network.up(self.server)
        if server is None:
            self.cut()
        elif not self.is_closed:
            self.number = server.open(target, self)

    def send(self, text: str) -> None:
        server = self.network.up(self.server)
        if server is not None and not self.is_closed:
            server.receive(self.number, text)

    def close(self) -> None:
        if not self.is_closed:
            self.network.servers[self.server].close(self.number)
            self._end(_NORMAL)

    def opened(self) -> None:
        self._later(SocketOpened(self.server, self.attempt))

    def received(self, frame: str | bytes) -> None:
        if isinstance(frame, str):
            self._later(FrameReceived(self.server, self.attempt, frame))
        else:
            self._later(BinaryReceived(self.server, self.attempt, frame[:PREVIEW_HEAD], frame))

    def cut(self) -> None:
        self._end(_ABNORMAL)

    def _end(self, code: int) -> None:
        if not self.is_closed:
            self.is_closed = True
            closed = SocketClosed(self.server, self.attempt, code)
            self.network.agenda.after(ONE_WAY, self.emit, closed)

    def _later(self, event: Event) -> None:
        self.network.agenda.after(ONE_WAY, self._arrive, event)

    def _arrive(self, event: Event) -> None:
        if not self.is_closed:
            self.emit(event)
