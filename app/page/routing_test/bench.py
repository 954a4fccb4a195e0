"""The farm of one scene: servers inside the page, and minutes that pass at once."""

import json
from collections.abc import Callable
from random import Random

from demo.agenda import PlayedAgenda
from demo.memory import MemoryRecords
from demo.network import Network
from demo.quick_work import quick_server, workflow
from demo.server import InPageServer
from page.routing_test.log import Log
from tether.core.ids import ServerUrl
from tether.core.model.binding import Binding
from tether.core.model.task import Task

NOON = 1_795_452_000.0
"""When every scene begins, in seconds since the epoch."""

PATIENCE = 300.0
"""Played seconds after which a task that has not ended never will."""


class Bench:
    """Everything that a scene plays with; the same seed plays the same scene.

    Args:
        seed: Of all chance.
        binding: The rules of its windows.
        reconciles: Whether answers of the servers' books reach the windows.
    """

    def __init__(self, seed: int, binding: Binding, reconciles: bool = False) -> None:
        self.agenda = PlayedAgenda(NOON)
        self.network = Network(self.agenda)
        self.binding = binding
        self.reconciles = reconciles
        self.is_end_swallowed = False
        self.log = Log(self.agenda)
        self.shared = MemoryRecords()
        self.random = Random(seed)
        self._others = 0

    def server(self, name: str, ahead: int = 0) -> InPageServer:
        """Start a server, with so many tasks of other people in its queue."""
        url = ServerUrl(f"http://{name.lower()}.test:8188")
        server = quick_server(name, url, self.random, self.agenda)
        self.network.add(server)
        self.log.names[url] = name
        self.load(server, ahead)
        return server

    def load(self, server: InPageServer, count: int, seconds: float = 20.0) -> None:
        """Let other people send tasks, which take so long each."""
        for _ in range(count):
            self._others += 1
            nodes = workflow(round(seconds * 4), 250, 1_000_000 + self._others)
            body = json.dumps({"prompt": nodes, "client_id": "somebody else"}).encode()
            server.ask("POST", "/prompt", lambda _response: None, body)

    def play(self, until: Callable[[], bool], seconds: float = PATIENCE) -> bool:
        """Let time pass until something holds; returns whether it came to hold."""
        return self.agenda.run(seconds, until)

    def play_to_end(self, *tasks: Task) -> bool:
        """Let time pass until these tasks have ended, or never will."""
        return self.play(lambda: all(task.is_ended for task in tasks))
