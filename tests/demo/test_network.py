"""Between a window and the servers inside the page."""

from typing import Any

import pytest

from demo.agenda import PlayedAgenda
from demo.network import ONE_WAY, Network, NetworkHttp, NetworkSockets
from demo.server import InPageServer
from tests.demo.hand import NOON, NORTH, HandWork, new_server
from tether.core.events import (
    Answered,
    BinaryReceived,
    Event,
    Failure,
    FrameReceived,
    RequestFailed,
    SocketClosed,
    SocketOpened,
)
from tether.core.ids import Digest, ServerUrl
from tether.core.protocol.messages import PREVIEW_HEAD
from tether.core.protocol.requests import Ask, Request, Upload

NOWHERE = ServerUrl("http://nowhere.test:8188")
BACK_AND_FORTH = 2 * ONE_WAY + 1e-6
FILES: dict[Digest, tuple[int, Any]] = {Digest("d1"): (3, "pic")}


class Window:
    """One server, and a window that hears of it."""

    def __init__(self) -> None:
        self.agenda = PlayedAgenda(NOON)
        self.network = Network(self.agenda)
        self.server: InPageServer
        self.work: HandWork
        self.server, self.work = new_server(self.agenda)
        self.network.add(self.server)
        self.events: list[Event] = []
        self.http = NetworkHttp(self.network, self.events.append, FILES.get)
        self.sockets = NetworkSockets(self.network, self.events.append)

    def after(self, seconds: float = BACK_AND_FORTH) -> list[Event]:
        """Let time pass; returns what happened in it."""
        self.events.clear()
        self.agenda.run(seconds)
        return list(self.events)


@pytest.fixture
def window() -> Window:
    """A fresh one."""
    return Window()


def probe(number: int, server: ServerUrl = NORTH) -> Request:
    """A call that any server answers."""
    return Request(number, server, Ask.PROBE, "/prompt", timeout=5.0)


def test_an_answer_takes_its_way_there_and_back(window: Window) -> None:
    """Not sooner."""
    request = probe(1)
    window.http.send(request)
    assert window.after(ONE_WAY * 1.5) == []
    (answered,) = window.after(ONE_WAY)
    assert isinstance(answered, Answered)
    assert (answered.request, answered.status) == (request, 200)
    assert window.after(60.0) == []


def test_where_nothing_answers_the_call_fails(window: Window) -> None:
    """At an address that nobody has, and at a server that is down."""
    window.http.send(probe(1, NOWHERE))
    window.server.kill()
    window.http.send(probe(2))
    assert window.after() == [
        RequestFailed(probe(1, NOWHERE), Failure.NETWORK),
        RequestFailed(probe(2), Failure.NETWORK),
    ]


def test_a_server_that_stays_silent_costs_the_request_its_time(window: Window) -> None:
    """As much as it was given."""
    window.http.send(probe(1))
    window.server.ask = lambda *_given: None  # type: ignore[method-assign]
    assert window.after(4.9) == []
    assert window.after(0.2) == [RequestFailed(probe(1), Failure.TIMEOUT)]


def test_nothing_is_told_of_a_call_that_was_given_up(window: Window) -> None:
    """Neither its answer nor its end; to give up what is over is nothing."""
    window.http.send(probe(1))
    window.http.abort(1)
    window.http.abort(7)
    assert window.after(60.0) == []


def test_a_picture_goes_from_the_store_to_the_server(window: Window) -> None:
    """Its content as it is, and its size."""
    upload = Upload(Digest("d1"), "photo.png")
    window.http.send(Request(1, NORTH, Ask.UPLOAD, "/upload/image", upload=upload))
    (answered,) = window.after()
    assert isinstance(answered, Answered)
    assert answered.status == 200
    assert list(window.work.kept.values()) == ["pic"]


def test_a_picture_that_is_gone_is_told(window: Window) -> None:
    """And nothing is sent."""
    gone = Upload(Digest("d2"), "photo.png")
    request = Request(1, NORTH, Ask.UPLOAD, "/upload/image", upload=gone)
    window.http.send(request)
    assert window.after() == [RequestFailed(request, Failure.FILE_GONE)]
    assert window.work.kept == {}


def test_a_socket_opens_and_brings_frames(window: Window) -> None:
    """In order: first that it is open, then the server's greeting."""
    window.sockets.open(NORTH, 3, "ws://north.test:8188/ws?clientId=me")
    assert window.after(ONE_WAY * 1.5) == []
    opened, greeting = window.after(ONE_WAY)
    assert opened == SocketOpened(NORTH, 3)
    assert isinstance(greeting, FrameReceived)
    assert (greeting.attempt, '"sid": "me"' in greeting.text) == (3, True)


def test_a_binary_frame_comes_with_its_head(window: Window) -> None:
    """Of a long one only so much is to be read."""
    window.sockets.open(NORTH, 1, "ws://north.test:8188/ws?clientId=me")
    window.after()
    frame = bytes(range(256)) * 32
    (line,) = window.server._lines.values()
    line.received(frame)
    assert window.after() == [BinaryReceived(NORTH, 1, frame[:PREVIEW_HEAD], frame)]


def test_a_socket_to_nowhere_is_refused(window: Window) -> None:
    """As the browser tells it."""
    window.sockets.open(NOWHERE, 1, "ws://nowhere.test:8188/ws?clientId=me")
    assert window.after() == [SocketClosed(NOWHERE, 1, 1006)]
    window.sockets.send(NOWHERE, 1, "{}")
    window.sockets.close(NOWHERE, 1)
    assert window.after() == []


def test_a_socket_that_is_closed_says_nothing_more(window: Window) -> None:
    """Its end is told once."""
    window.sockets.open(NORTH, 1, "ws://north.test:8188/ws?clientId=me")
    window.after()
    (line,) = window.server._lines.values()
    window.sockets.send(NORTH, 1, '{"type": "feature_flags", "data": {}}')
    window.sockets.close(NORTH, 1)
    window.sockets.close(NORTH, 1)
    events = window.after()
    assert events[-1] == SocketClosed(NORTH, 1, 1000)
    line.received("{}")
    assert window.after(60.0) == []
    assert (window.server._lines, window.sockets._open) == ({}, {})


def test_a_server_that_dies_cuts_the_socket(window: Window) -> None:
    """What it said in the same moment is lost."""
    window.sockets.open(NORTH, 1, "ws://north.test:8188/ws?clientId=me")
    window.after()
    (line,) = window.server._lines.values()
    line.received("{}")
    window.server.kill()
    assert window.after() == [SocketClosed(NORTH, 1, 1006)]


def test_a_socket_closed_before_it_arrived_never_opens(window: Window) -> None:
    """The server may see it for a moment."""
    window.sockets.open(NORTH, 1, "ws://north.test:8188/ws?clientId=me")
    window.sockets.close(NORTH, 1)
    assert window.after() == [SocketClosed(NORTH, 1, 1000)]
    assert window.server._lines == {}


def test_a_server_is_up_until_it_is_not(window: Window) -> None:
    """And again."""
    assert window.network.up(NORTH) is window.server
    window.server.kill()
    assert window.network.up(NORTH) is None
    window.server.start()
    assert window.network.up(NORTH) is window.server
    assert window.network.up(NOWHERE) is None
