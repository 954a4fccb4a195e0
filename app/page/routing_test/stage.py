"""What a scene plays on, servers inside the page and time that jumps; and how it came out."""

import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from random import Random
from typing import Any

from demo.agenda import PlayedAgenda
from demo.memory import MemoryRecords
from demo.network import Network
from demo.quick_work import quick_server, workflow
from demo.server import InPageServer
from page.routing_test.evidence import Evidence
from tether.core.ids import ServerUrl
from tether.core.model.binding import Binding
from tether.core.model.task import State, Task

Said = tuple[str, dict[str, Any]]
"""A sentence: its key in the test's catalogue, and its facts."""

NOON = 1_795_452_000.0
"""When every scene begins, in seconds since the epoch."""

FOREVER = 300.0
"""Played seconds after which a task that has not ended never will."""


class PlayedStage:
    """The servers, clock and randomness of one scene; the same seed plays the same scene.

    Args:
        seed: Of all randomness.
        binding: The rules of the scene's windows.
        reads_records: Whether windows get answers about the servers' queues and histories.
    """

    def __init__(self, seed: int, binding: Binding, reads_records: bool = False) -> None:
        self.agenda = PlayedAgenda(NOON)
        self.network = Network(self.agenda)
        self.binding = binding
        self.reads_records = reads_records
        self.is_end_swallowed = False
        self.evidence = Evidence(self.agenda)
        self.shared = MemoryRecords()
        self.random = Random(seed)
        self._others = 0

    def uniform(self) -> float:
        """Return a number in [0, 1): the stage is the `Chance` of its windows."""
        return self.random.random()

    def hex(self, digits: int) -> str:
        """Return that many random hex digits."""
        return f"{self.random.getrandbits(4 * digits):0{digits}x}"

    def server(self, name: str, ahead: int = 0) -> InPageServer:
        """Start a server with tasks of other people in its queue."""
        url = ServerUrl(f"http://{name.lower()}.test:8188")
        server = quick_server(name, url, self.random, self.agenda)
        self.network.add(server)
        self.evidence.names[url] = name
        self.load(server, ahead)
        return server

    def load(self, server: InPageServer, count: int, seconds: float = 20.0) -> None:
        """Let other people post tasks that take some seconds each."""
        for _ in range(count):
            self._others += 1
            nodes = workflow(round(seconds * 4), 250, 1_000_000 + self._others)
            body = json.dumps({"prompt": nodes, "client_id": "somebody else"}).encode()
            server.ask("POST", "/prompt", lambda _response: None, body)

    def play(self, until: Callable[[], bool], seconds: float = FOREVER) -> bool:
        """Let time pass until a condition holds; returns whether it does."""
        return self.agenda.run(seconds, until)

    def play_to_end(self, *tasks: Task) -> bool:
        """Let time pass until these tasks have ended, or never will."""
        return self.play(lambda: all(task.is_ended for task in tasks))


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run of a scene came out."""

    is_healthy: bool
    said: tuple[Said, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene that is played twice: by faulty rules, and by the page's own.

    Attributes:
        id: Its number, from 1.
        faulty: The rules before the fix.
        play: Plays it on a stage.
        needs_records: The fix is reconciliation with the server's records: the first run lacks it.
    """

    id: int
    faulty: Binding
    play: Callable[[PlayedStage], Coroutine[Any, Any, Outcome]]
    needs_records: bool = False


def state_of(task: Task) -> Said:
    """Say where a task stands."""
    match task.state:
        case State.COMPLETED:
            return "task.completed", {"task": task.title}
        case State.FAILED | State.CANCELLED | State.LOST:
            return f"task.{task.state.value}", {"task": task.title}
        case State.WAITING | State.CONNECTING | State.UPLOADING:
            return "task.unsent", {"task": task.title}
    return "task.stands", {"task": task.title, "percent": f"{task.progress.overall:.2%}"[:-1]}
