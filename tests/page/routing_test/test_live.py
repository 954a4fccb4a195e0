"""What the routing test says of the person's own servers; these are inside the page."""

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

import pytest

from demo.agenda import RealAgenda, Timers
from demo.network import Network, NetworkHttp, NetworkSockets
from demo.quick_work import CLASSES, QuickWork, workflow
from demo.server import InPageServer
from page.routing_test import live
from page.routing_test.live import Live
from page.ui.words import Words
from simulator.settings import Settings
from tests.skipping_loop import play
from tests.tether.core.farm import Chance
from tether.core.errors import Trouble
from tether.core.events import Emit, Event, FrameReceived
from tether.core.ids import ServerUrl
from tether.core.protocol.requests import Ask, Request
from tether.runtime.ports import OnAnswer

ROOT = Path(__file__).parents[3]
WORDS = Words((ROOT / "static/i18n/routing-test.en.json").read_text())
URL = ServerUrl("http://gpu-1:8188")
TASK_TIMEOUT = 0.4

Change = Callable[[InPageServer], None]


def swallow_ends(emit: Emit) -> Emit:
    """A proxy that eats the last frames of every task."""

    def told(event: Event) -> None:
        ends = ('"executed"', '"execution_success"', '"node": null')
        if not (isinstance(event, FrameReceived) and any(end in event.text for end in ends)):
            emit(event)

    return told


class NoSockets:
    """A proxy that lets no WebSocket through, and doesn't say so."""

    def open(self, *_: object) -> None:
        """Nothing follows."""

    send = close = open


class LosingHttp(NetworkHttp):
    """Calls of some kinds never get anywhere."""

    lost: tuple[Ask, ...] = ()

    def send(self, request: Request) -> None:
        """Make a call, if it isn't lost."""
        if request.ask not in self.lost:
            super().send(request)


def probed(
    change: Change = lambda _server: None,
    *,
    settings: Mapping[str, Any] | None = None,
    swallows: bool = False,
    has_sockets: bool = True,
    lost: tuple[Ask, ...] = (),
    classes: Any = CLASSES,
) -> dict[str, Any]:
    """What the test says of one server."""

    async def run() -> dict[str, Any]:
        agenda = RealAgenda()
        network = Network(agenda)
        made = Settings(name="gpu-1", cors="*", **(settings or {}))
        server = InPageServer(URL, made, Random(1), agenda, QuickWork(agenda), classes)
        network.add(server)
        change(server)

        def make(emit: Emit, on_answer: OnAnswer) -> Any:
            http = LosingHttp(network, on_answer, lambda _digest: None)
            http.lost = lost
            told = swallow_ends(emit) if swallows else emit
            sockets = NetworkSockets(network, told) if has_sockets else NoSockets()
            return Timers(agenda, emit), sockets, http

        def explain(trouble: Trouble) -> str:
            return trouble.code

        within = TASK_TIMEOUT if not swallows else 5.0
        found = await Live({URL: "gpu-1"}, make, Chance(1), WORDS.say, explain, within).run()
        assert len(found) == 1 and (found[0]["server"], found[0]["name"]) == (URL, "gpu-1")
        engine = server.engine
        left, runs = engine.process.queue.remaining, len(engine.process.history.entries)
        return {**found[0], "left": left, "runs": runs}

    return play(run())


def others(server: InPageServer) -> None:
    """Somebody else keeps the server busy, with one more behind."""
    for number in range(2):
        body = json.dumps({"prompt": workflow(100, 1000, number)}).encode()
        server.ask("POST", "/prompt", lambda _response: None, body)


def die(server: InPageServer) -> None:
    """Nobody answers there."""
    server.kill()


def test_a_good_server_is_proven() -> None:
    """Sent, reported on its own socket, completed, and the result was read."""
    told = probed()
    assert (told["passed"], told["verdict"], told["left"]) == (True, "ok", 0)
    assert told["runs"] == 0, "nothing of it is found among the server's runs"
    assert told["diagnosis"] == {
        "state": "up",
        "version": "0.28.1",
        "queueRemaining": 0,
        "trouble": None,
    }


def test_a_busy_server_is_left_as_it_was() -> None:
    """The socket is proven; the task was removed from behind the others'."""
    told = probed(others)
    assert (told["passed"], told["verdict"], told["left"]) == (True, "queued", 2)
    assert "queued behind 2" in told["detail"]


def test_a_slow_server_has_its_task_cancelled() -> None:
    """It began there, so the socket is proven."""
    told = probed(settings={"pace": 5.0})
    assert (told["passed"], told["verdict"], told["left"]) == (True, "slow", 0)
    assert f"within {TASK_TIMEOUT:g} s" in told["detail"]
    assert told["runs"] == 0


def test_a_dead_server_is_known_at_once() -> None:
    """With the reason in the page's words."""
    told = probed(die)
    assert (told["passed"], told["verdict"], told["detail"]) == (
        False,
        "unreachable",
        "server_down",
    )
    assert told["ms"] < TASK_TIMEOUT * 1000


def test_a_socket_that_does_not_open_is_told() -> None:
    """HTTP alone is not what people come here for."""
    told = probed(has_sockets=False)
    assert (told["passed"], told["verdict"], told["left"]) == (False, "unsocketed", 0)


def test_a_socket_that_swallows_frames_is_told() -> None:
    """The end was found in the server's books alone."""
    told = probed(swallows=True)
    assert (told["passed"], told["verdict"]) == (False, "deaf")


def test_a_refused_task_is_told_with_its_reason() -> None:
    """For example by a server that lacks a node."""
    known = {name: kind for name, kind in CLASSES.items() if name != "EmptyImage"}
    told = probed(classes=known)
    assert (told["passed"], told["verdict"]) == (False, "failed")
    assert "refused" in told["detail"]


def test_a_task_that_can_not_be_removed_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The person should look into the queue."""
    monkeypatch.setattr(live, "REMOVAL_TIMEOUT", 0.2)
    lost = (Ask.CANCEL, Ask.DELETE, Ask.INTERRUPT)
    told = probed(others, lost=lost)
    assert (told["passed"], told["verdict"], told["left"]) == (False, "left", 3)


def test_a_server_that_takes_no_task_is_told() -> None:
    """It never says how long its queue is."""
    told = probed(lost=(Ask.PROBE,))
    assert (told["passed"], told["verdict"], told["left"]) == (False, "unsent", 0)


def test_a_result_that_can_not_be_read_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder is gone, or a proxy hides it."""
    monkeypatch.setattr(live, "view_url", lambda url, *_: f"{url}/view?filename=gone.png")
    told = probed()
    assert (told["passed"], told["verdict"]) == (False, "unread")
    assert "status 404" in told["detail"]
