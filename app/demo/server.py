"""A ComfyUI server inside the page: the simulator, and the work of its nodes."""

from collections.abc import Callable
from typing import Any, Protocol, TypeAlias

from demo.agenda import Agenda
from simulator import events
from simulator.catalogue import CATALOGUE
from simulator.engine import Engine
from simulator.http import Blob, FileBody, FilePart, Request, Response
from simulator.nodes import NodeClasses
from simulator.settings import Settings
from simulator.stage import RandomSource
from tether.core.ids import ServerUrl

Report: TypeAlias = Callable[[events.NodeFinished | events.NodeRaised], None]


class Work(Protocol):
    """Does the work of nodes, and keeps the files that they made or that were uploaded."""

    def keep(self, key: str, content: Any) -> None:
        """Keep an uploaded file."""

    def run(self, run: events.RunNode, report: Report) -> None:
        """Do a node's work and report, at once or later."""

    def drop_values(self, run_id: int) -> None:
        """Drop the outputs of a run."""

    def drop(self, key: str) -> None:
        """Drop a file."""

    def content(self, key: str) -> Any | None:
        """Return the content of a file, or None."""


class Line(Protocol):
    """The client's end of a socket."""

    def opened(self) -> None:
        """The server accepted it."""

    def received(self, frame: str | bytes) -> None:
        """A frame came from the server."""

    def cut(self) -> None:
        """The connection is lost."""


class InPageServer:
    """Takes requests and sockets; answers and frames go to the callbacks given with them.

    A server that is not `is_up` answers nobody.
    """

    def __init__(
        self,
        url: ServerUrl,
        settings: Settings,
        random: RandomSource,
        agenda: Agenda,
        work: Work,
        classes: NodeClasses = CATALOGUE,
    ) -> None:
        self.url = url
        self.engine = Engine(settings, random, classes)
        self.is_up = True
        self._agenda = agenda
        self._work = work
        self._answers: dict[int, Callable[[Response], None]] = {}
        self._lines: dict[int, Line] = {}
        self._last_id = 0
        self._wake = 0.0

    def ask(
        self,
        method: str,
        target: str,
        answer: Callable[[Response], None],
        body: bytes = b"",
        upload: tuple[str, str, int, Any] | None = None,
    ) -> None:
        """Take a request; `answer` is called once, unless the server dies before.

        `upload` replaces the body: file name, digest, size in bytes, and content of a picture.
        """
        self._last_id += 1
        form, size = None, len(body)
        if upload is not None:
            filename, digest, size, content = upload
            key = f"up-{self._last_id}"
            self._work.keep(key, content)
            form = (FilePart("image", filename, Blob(key, size, digest)),)
        self._answers[self._last_id] = answer
        request = Request(method, target, {}, body, form, size)
        self._feed(events.RequestReceived(self._last_id, request))

    def open(self, target: str, line: Line) -> int:
        """Take a socket; return its number."""
        self._last_id += 1
        self._lines[self._last_id] = line
        self._feed(events.SocketOpened(self._last_id, Request("GET", target, {})))
        return self._last_id

    def receive(self, number: int, text: str) -> None:
        """Take a frame of the client."""
        if number in self._lines:
            self._feed(events.TextReceived(number, text))

    def close(self, number: int) -> None:
        """Take the close of a socket by the client."""
        if self._lines.pop(number, None) is not None:
            self._feed(events.SocketClosed(number))

    def cut_sockets(self) -> None:
        """Cut all sockets, as a broken network does; tasks go on."""
        lines, self._lines = self._lines, {}
        for number, line in lines.items():
            self._feed(events.SocketClosed(number))
            line.cut()

    def kill(self) -> None:
        """Kill the process: queue and history are lost, nobody is answered."""
        self._answers.clear()
        self._feed(events.Killed())
        lines, self._lines = self._lines, {}
        for line in lines.values():
            line.cut()
        self.is_up = False

    def start(self) -> None:
        """Start a new process."""
        self.is_up = True

    def view(self, target: str) -> Any | None:
        """Return the content of a file that `/view` serves; None if there is none."""
        found: list[Response] = []
        self.ask("GET", target, found.append)
        if not found or found[0].status != 200 or not isinstance(found[0].body, FileBody):
            return None
        return self._work.content(found[0].body.key)

    def _feed(self, event: events.Event) -> None:
        for effect in self.engine.handle(event, self._agenda.now()):
            self._perform(effect)

    def _perform(self, effect: events.Effect) -> None:
        match effect:
            case events.Answer(request_id, response):
                answer = self._answers.pop(request_id, None)
                if answer is not None:
                    answer(response)
            case events.Send(number, frame):
                if number in self._lines:
                    self._lines[number].received(frame)
            case events.AcceptSocket(number):
                if number in self._lines:
                    self._lines[number].opened()
            case events.CutSocket(number) | events.RefuseSocket(number, _):
                line = self._lines.pop(number, None)
                if line is not None:
                    line.cut()
            case events.RunNode():
                self._work.run(effect, self._feed)
            case events.DropValues(run_id):
                self._work.drop_values(run_id)
            case events.DropBlob(key):
                self._work.drop(key)
            case events.WakeAt(when):
                self._wake = when
                self._agenda.after(when - self._agenda.now(), self._woken, when)

    def _woken(self, when: float) -> None:
        if when == self._wake:
            self._feed(events.Woken())
