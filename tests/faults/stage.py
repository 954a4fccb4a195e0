"""The stage of a row: clients, one server behind a faulty network, and one beside it."""

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from urllib.request import Request, urlopen

from tests.e2e.background import Background
from tests.e2e.farm import AT_WORK, LOCAL, PATIENCE
from tests.ports import free_port
from tools.chaos.proxy import ChaosProxy
from tools.comfy.runner import WORK, Inputs, Work
from tools.comfy.server import ComfyServer


class Place:
    """One real server, with a count of what it ran."""

    def __init__(self, name: str, seed: int, **fields: Any) -> None:
        self.ran: list[str] = []
        self.strangers = 0
        """Tasks that somebody else sent it."""

        def load(inputs: Inputs) -> Work:
            self.ran.append(str(inputs["image"]))
            return WORK["LoadImage"](inputs)

        self.server = ComfyServer(
            replace(LOCAL, name=name, port=free_port(), **fields),
            work={**WORK, "LoadImage": load},
            seed=seed,
        )

    def posts(self) -> int:
        """How many tasks our pages sent it, answered or not."""
        asked = [(method, path) for method, path, _ in self.server.requests]
        return asked.count(("POST", "/prompt")) - self.strangers

    def call(self, path: str, body: Any = None) -> Any:
        """Ask it as somebody else would, past the faulty network."""
        data = None if body is None else json.dumps(body).encode()
        with urlopen(Request(self.server.url + path, data=data), timeout=PATIENCE) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def truth(self, prompt_id: str) -> tuple[str, float]:
        """How a task ended in its books, and when; one that it doesn't know is lost."""
        entry = self.call(f"/history/{prompt_id}").get(prompt_id)
        if entry is None:
            return "lost", 0.0
        kind, data = entry["status"]["messages"][-1]
        state = {"execution_success": "completed", "execution_error": "failed"}
        return state.get(kind, "cancelled"), data["timestamp"] / 1000


@dataclass
class Stage:
    """What a row plays on: `gpu-1` behind the proxy, `gpu-2` beside it.

    What the client is, and how it is driven, is said by `tests.faults.browser_stage` and
    `tests.faults.process_stage`.
    """

    background: Background
    proxy: ChaosProxy
    places: tuple[Place, Place]
    host: str
    known_at: list[float] = field(default_factory=lambda: [0.0, 0.0], kw_only=True)
    """When the ends at each server could be known at the earliest, for the fault's part."""
    sent: int = field(default=0, kw_only=True)

    @property
    def faulty(self) -> Place:
        """The server behind the proxy."""
        return self.places[0]

    def addresses(self) -> tuple[str, str]:
        """Where a client finds the two servers."""
        ports = self.proxy.port, self.places[1].server.port
        return f"http://{self.host}:{ports[0]}", f"http://{self.host}:{ports[1]}"

    def open(self) -> Any:
        """Start a client."""
        raise NotImplementedError

    def send_to(self, server: str, workflow: dict[str, Any] | None = None, count: int = 2) -> None:
        """Send pictures that no other task has; to no server by name is to any."""
        raise NotImplementedError

    def tasks(self) -> list[dict[str, Any]]:
        """The clients' tasks, as `page.console.plain.task_row` describes them."""
        raise NotImplementedError

    def shown(self) -> dict[str, float]:
        """Task id -> since when its end is known to people, on the machine's clock."""
        raise NotImplementedError

    def locks(self) -> list[Any]:
        """What the clients' locks hold."""
        raise NotImplementedError

    def until(self, condition: Callable[[], Any]) -> None:
        """Wait until something is so."""
        raise NotImplementedError

    def until_told(self, words: str) -> None:
        """Wait until the trouble of a task, or of its server, says so."""
        raise NotImplementedError

    def look_again(self) -> None:
        """Let the client ask the servers that it lost at once."""
        raise NotImplementedError

    def pass_by(self, seconds: float) -> None:
        """Let the fault last; the client goes on meanwhile."""
        raise NotImplementedError

    def send_and_hold(
        self, send: Callable[[], None] | None = None, *, is_beside_held: bool = False
    ) -> None:
        """Send as `send` does, and wait until gpu-1 has begun the first of its two tasks.

        It goes no further before `go_on`; the page knows that gpu-1 has both. gpu-2 goes on then:
        a page that knows how long tasks take holds the second one back. It waits for `go_on`, too,
        where it `is_beside_held`.
        """
        for place in self.places:
            self.do(partial(place.server.hold, AT_WORK))
        (send or self.send)()
        self.until(lambda: self.faulty.server.is_held(AT_WORK) and self.faulty.posts() == 2)
        self.until(lambda: sorted(t["state"] for t in self.tasks_of(0)) == ["queued", "running"])
        if not is_beside_held:
            self.do(partial(self.places[1].server.release, AT_WORK))

    def go_on(self) -> None:
        """Let all tasks go on."""
        for place in self.places:
            self.do(partial(place.server.release, AT_WORK))

    def send(self, workflow: dict[str, Any] | None = None) -> None:
        """Open the page and send two tasks to each server; those of gpu-1 may be own ones."""
        self.open()
        self.send_to("gpu-2")
        self.send_to("gpu-1", workflow)

    def fault(self, name: str, **parameters: Any) -> None:
        """Let something go wrong between page and gpu-1."""
        self.background.run(self.proxy.fault(name, **parameters))

    def heal(self) -> None:
        """All is well between them; what could not be known can be from now on."""
        self.background.run(self.proxy.heal())
        self.known_at[0] = time.time()

    def do(self, work: Callable[[], Any]) -> None:
        """Do something to a server in the thread that it lives in."""

        async def done() -> None:
            work()

        self.background.run(done())

    def until_idle(self) -> None:
        """Wait until gpu-1 has nothing more to do."""
        self.until(lambda: self.faulty.call("/prompt")["exec_info"]["queue_remaining"] == 0)

    def until_ended(self, count: int) -> None:
        """Wait until the pages show the ends of so many tasks."""
        try:
            self.until(lambda: len(self.shown()) == count)
        except AssertionError:
            states = [task["state"] for task in self.tasks()]
            raise AssertionError(f"{len(self.shown())} of {count} ends shown: {states}") from None

    def dials(self) -> list[str]:
        """The WebSockets that the page asked gpu-1 for."""
        return [path for _, path in self.proxy.requests if path.startswith("/ws")]

    def uploads(self) -> int:
        """How many pictures the page offered to gpu-1."""
        return self.proxy.requests.count(("POST", "/upload/image"))

    def tasks_of(self, number: int) -> list[dict[str, Any]]:
        """The clients' tasks at a server, in their order, and those that were meant for it."""
        meant = f"gpu-{number + 1}-"
        return [
            task
            for task in self.tasks()
            if task["server"] == self.addresses()[number]
            or (task["server"] is None and task["title"].startswith(meant))
        ]


@contextmanager
def network(
    background: Background, **settings: Any
) -> Iterator[tuple[tuple[Place, Place], ChaosProxy]]:
    """Start the two servers and the proxy, and stop them."""
    places = tuple(Place(f"gpu-{number}", number, **settings) for number in (1, 2))
    for place in places:
        background.run(place.server.start())
    proxy = ChaosProxy(places[0].server.url)
    background.run(proxy.start())
    try:
        yield (places[0], places[1]), proxy
    finally:
        background.run(proxy.stop())
        for place in places:
            background.run(place.server.stop())
