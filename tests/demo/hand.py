"""Node work done by the test's own hand, and a page's end of a socket."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from demo.agenda import PlayedAgenda
from demo.server import InPageServer
from simulator.events import NodeFinished, NodeRaised, RunNode
from simulator.http import Blob, Response
from simulator.settings import Settings
from tether.core.ids import ServerUrl

NOON = 1_795_452_000.0
NORTH = ServerUrl("http://north.test:8188")

WORKFLOW = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "photo.png"}},
    "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "n"}},
}


class HandWork:
    """Keeps what it is given; `runs` are the nodes that wait to be done, with their reports."""

    def __init__(self) -> None:
        self.kept: dict[str, Any] = {}
        self.runs: list[tuple[RunNode, Callable[[NodeFinished | NodeRaised], None]]] = []
        self.dropped: list[int] = []

    def keep(self, key: str, content: Any) -> None:
        self.kept[key] = content

    def run(self, run: RunNode, report: Callable[[NodeFinished | NodeRaised], None]) -> None:
        self.runs.append((run, report))

    def drop_values(self, run_id: int) -> None:
        self.dropped.append(run_id)

    def drop(self, key: str) -> None:
        del self.kept[key]

    def content(self, key: str) -> Any | None:
        return self.kept.get(key)

    def do(self, *contents: Any) -> RunNode:
        """Finish the node that waits, with these files."""
        run, report = self.runs.pop(0)
        blobs = []
        for number, content in enumerate(contents):
            key = f"made-{run.run_id}-{number}"
            self.keep(key, content)
            blobs.append(Blob(key, len(content), key))
        report(NodeFinished(run.run_id, tuple(blobs)))
        return run

    def fail(self, why: str) -> None:
        """Fail in the node that waits."""
        run, report = self.runs.pop(0)
        report(NodeRaised(run.run_id, "ValueError", why))


class Ear:
    """A page's end of a socket."""

    def __init__(self) -> None:
        self.is_open = False
        self.is_cut = False
        self.frames: list[Any] = []

    def opened(self) -> None:
        self.is_open = True

    def received(self, frame: str | bytes) -> None:
        self.frames.append(json.loads(frame) if isinstance(frame, str) else frame)

    def cut(self) -> None:
        self.is_cut = True

    def kinds(self) -> list[str]:
        """The types of the text frames, in order."""
        return [frame["type"] for frame in self.frames if isinstance(frame, dict)]


def new_server(agenda: PlayedAgenda) -> tuple[InPageServer, HandWork]:
    """A server without a pace of its own."""
    work = HandWork()
    return InPageServer(NORTH, Settings(), Random(1), agenda, work), work


def asked(
    server: InPageServer,
    method: str,
    target: str,
    body: Any = None,
    upload: tuple[str, str, int, Any] | None = None,
) -> tuple[int, Any]:
    """The status of an answer that comes at once, and its JSON if it is a good one."""
    found: list[Response] = []
    text = b"" if body is None else json.dumps(body).encode()
    server.ask(method, target, found.append, text, upload)
    (response,) = found
    is_good = response.status == 200 and isinstance(response.body, bytes)
    return response.status, json.loads(response.body) if is_good else None
