"""The stage of a row that needs no browser: the client of a Python process, on real sockets."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from page.console.plain import task_row
from tests.e2e.background import Background
from tests.e2e.farm import PATIENCE, as_file, noise
from tests.faults.stage import Stage, network
from tether.command import sentence
from tether.core.events import PageChange, PageChanged
from tether.core.ids import NodeId, ServerUrl
from tether.core.model.task import Task
from tether.process_client import ProcessTether

INVERT = json.loads(Path("static/workflows/invert.json").read_text())
PICTURE = NodeId("1"), "image"


@dataclass
class ProcessStage(Stage):
    """A stage with clients of this process; they live in the thread of the servers."""

    clients: list[ProcessTether] = field(default_factory=list)
    ends: dict[str, float] = field(default_factory=dict)
    errors: list[dict[str, Any]] = field(default_factory=list)
    """What nobody has caught."""

    def open(self) -> ProcessTether:
        async def opened() -> ProcessTether:
            loop = asyncio.get_running_loop()
            loop.set_exception_handler(lambda _loop, told: self.errors.append(told))
            client = ProcessTether()
            await client.open()
            client.on_task(self._note)
            for address, place in zip(self.addresses(), self.places, strict=True):
                client.add_server(address, place.server.settings.name)
            return client

        self.clients.append(self.background.run(opened()))
        return self.clients[-1]

    def close(self) -> None:
        """Close the clients; whatever went wrong in them fails the test."""

        async def closed() -> None:
            for client in self.clients:
                await client.leave()
            asyncio.get_running_loop().set_exception_handler(None)

        self.background.run(closed())
        assert self.errors == []

    def _note(self, task: Task) -> None:
        if task.is_ended:
            self.ends.setdefault(task.task_id, time.time())

    def send_to(
        self,
        server: str,
        workflow: dict[str, Any] | None = None,
        count: int = 2,
        client: ProcessTether | None = None,
    ) -> None:
        client = client or self.clients[0]
        numbers = range(self.sent + 1, self.sent + 1 + count)
        self.sent += count
        names = [place.server.settings.name for place in self.places]
        pinned = ServerUrl(self.addresses()[names.index(server)]) if server else None
        nodes = workflow or INVERT

        async def sent() -> None:
            begun = []
            for number in numbers:
                name = f"{server}-{number}.png"
                file = name, as_file(noise(number), name)["buffer"]
                begun.append(client.submit(nodes, {PICTURE: file}, name, pinned))
            await asyncio.gather(*begun)

        self.background.run(sent())

    def tasks(self) -> list[dict[str, Any]]:
        async def told() -> list[dict[str, Any]]:
            tasks = (task for client in self.clients for task in client.tasks.values())
            return [task_row(task, str) for task in tasks]

        return self.background.run(told())

    def shown(self) -> dict[str, float]:
        return dict(self.ends)

    def locks(self) -> list[Any]:
        async def held() -> list[Any]:
            reports = (client.window.locks.report() for client in self.clients)
            return [report for report in reports if report is not None]

        return self.background.run(held())

    def until(self, condition: Callable[[], Any]) -> None:
        give_up_at = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < give_up_at, "it never came: what the row waits for"
            time.sleep(0.025)

    def until_told(self, words: str) -> None:
        def is_told() -> bool:
            told = [
                each.trouble
                for client in self.clients
                for each in (*client.tasks.values(), *client.servers.values())
            ]
            return any(words in sentence(trouble) for trouble in told if trouble is not None)

        self.until(is_told)

    def look_again(self) -> None:
        async def look() -> None:
            for client in self.clients:
                client.runner.emit(PageChanged(PageChange.ONLINE))

        self.background.run(look())

    def pass_by(self, seconds: float) -> None:
        time.sleep(seconds)


@contextmanager
def process_stage(background: Background, host: str, **settings: Any) -> Iterator[ProcessStage]:
    """Set the stage, and clear it."""
    with network(background, **settings) as (places, proxy):
        scene = ProcessStage(background, proxy, places, host)
        try:
            yield scene
        finally:
            scene.close()
