"""A shell without sockets, threads or pixels: the simulator under a virtual clock."""

import json
from heapq import heappop, heappush
from itertools import count
from random import Random

from simulator.catalogue import CATALOGUE
from simulator.engine import Engine
from simulator.events import (
    AcceptSocket,
    Answer,
    CutSocket,
    DropBlob,
    DropValues,
    Effect,
    Event,
    Killed,
    NodeFinished,
    NodeRaised,
    Preview,
    RefuseSocket,
    RequestReceived,
    RunNode,
    Send,
    SocketClosed,
    SocketOpened,
    TextReceived,
    WakeAt,
    Woken,
)
from simulator.http import Blob, FilePart, Form, Request, Response, TextPart
from simulator.nodes import NodeClasses
from simulator.settings import Settings
from simulator.stage import RandomSource

START = 1_795_000_000.0
CALM = Settings(cors="*")


class FakeShell:
    """Drives one engine. Nodes finish after `work_seconds` of virtual time.

    `frames` holds all that each connection received, as parsed JSON or bytes; `trail` holds
    everything in order, as `(time, effect)`.
    """

    def __init__(
        self,
        settings: Settings = CALM,
        *,
        classes: NodeClasses = CATALOGUE,
        random: RandomSource | None = None,
        seed: int = 1,
    ) -> None:
        self.engine = Engine(settings, random or Random(seed), classes)
        self.now = START
        self.work_seconds = 0.0
        self.holds_work = False
        self.frames: dict[int, list[dict | bytes]] = {}
        self.answers: dict[int, Response] = {}
        self.refused: dict[int, Response] = {}
        self.cut: list[int] = []
        self.runs: list[RunNode] = []
        self.blobs: set[str] = set()
        self.values: set[int] = set()
        self.trail: list[tuple[float, Effect]] = []
        self._ids = count(1)
        self._due: list[tuple[float, int, Event]] = []
        self._wake: float | None = None

    def feed(self, event: Event) -> None:
        """Tell the engine something, now."""
        for effect in self.engine.handle(event, self.now):
            self.trail.append((self.now, effect))
            self._perform(effect)

    def pass_time(self, seconds: float) -> None:
        """Let virtual time pass, with all wake-ups and finished nodes in it."""
        end = self.now + seconds
        while True:
            times = [self._due[0][0]] if self._due else []
            times += [self._wake] if self._wake is not None else []
            if not times or min(times) > end:
                break
            self.now = max(self.now, min(times))
            if self._due and self._due[0][0] <= self.now:
                self.feed(heappop(self._due)[2])
            else:
                self._wake = None
                self.feed(Woken())
        self.now = end

    def request(
        self,
        method: str,
        target: str,
        body: object = None,
        *,
        raw: bytes | None = None,
        form: Form | None = None,
        size: int | None = None,
        headers: dict[str, str] | None = None,
        is_malformed: bool = False,
    ) -> Response | None:
        """Send a request; the answer, or None if it is held back for now."""
        content = raw if raw is not None else b"" if body is None else json.dumps(body).encode()
        length = len(content) if size is None else size
        request = Request(method, target, headers or {}, content, form, length, is_malformed)
        request_id = next(self._ids)
        self.feed(RequestReceived(request_id, request))
        return self.answers.get(request_id)

    def get(self, target: str) -> object:
        """The JSON of a GET that must succeed."""
        response = self.request("GET", target)
        assert response is not None and response.status == 200, response
        return json.loads(response.body)

    def make_blob(self, size: int, digest: str) -> Blob:
        """Bytes that came with an upload."""
        key = f"up-{next(self._ids)}"
        self.blobs.add(key)
        return Blob(key, size, digest)

    def upload(self, name: str, digest: str = "d", **fields: str) -> Response | None:
        """Upload a file that has that digest."""
        parts = [FilePart("image", name, self.make_blob(10, digest))]
        form = (*parts, *(TextPart(field, text) for field, text in fields.items()))
        return self.request("POST", "/upload/image", form=form)

    def post(self, workflow: dict, client_id: str | None = None, **fields: object) -> str:
        """Submit a workflow that must be accepted; its prompt id."""
        body = {"prompt": workflow, **fields}
        if client_id is not None:
            body["client_id"] = client_id
        response = self.request("POST", "/prompt", body)
        assert response is not None and response.status == 200, response
        return json.loads(response.body)["prompt_id"]

    def open(self, client_id: str, headers: dict[str, str] | None = None) -> int:
        """Ask for a socket; its connection id."""
        return self.open_at(f"/ws?clientId={client_id}", headers)

    def open_at(self, target: str, headers: dict[str, str] | None = None) -> int:
        """Ask for a socket at a raw path; its connection id."""
        connection_id = next(self._ids)
        self.frames[connection_id] = []
        self.feed(SocketOpened(connection_id, Request("GET", target, headers or {})))
        return connection_id

    def say(self, connection_id: int, message: object) -> None:
        """Send a text frame; anything but text is made JSON."""
        text = message if isinstance(message, str) else json.dumps(message)
        self.feed(TextReceived(connection_id, text))

    def close(self, connection_id: int) -> None:
        """Close a socket."""
        self.feed(SocketClosed(connection_id))

    def kill(self) -> None:
        """Kill the server; it is up again at once."""
        self.feed(Killed())
        self._due.clear()

    def forget_the_past(self) -> None:
        """Drop all records, for tests that measure memory."""
        for held in (self.answers, self.refused, self.runs, self.trail):
            held.clear()
        for frames in self.frames.values():
            frames.clear()

    def kinds(self, connection_id: int) -> list[str]:
        """The types of all frames, with node ids: `executing 2`, `binary 4`, …"""
        return [name_of(frame) for frame in self.frames[connection_id]]

    def _perform(self, effect: Effect) -> None:
        match effect:
            case Answer(request_id, response):
                assert request_id not in self.answers
                self.answers[request_id] = response
            case AcceptSocket():
                pass
            case RefuseSocket(connection_id, response):
                self.refused[connection_id] = response
            case Send(connection_id, frame):
                told = json.loads(frame) if isinstance(frame, str) else frame
                self.frames[connection_id].append(told)
            case CutSocket(connection_id):
                self.cut.append(connection_id)
            case RunNode():
                self.runs.append(effect)
                if not self.holds_work:
                    report = self.report(effect)
                    heappush(self._due, (self.now + self.work_seconds, next(self._ids), report))
            case DropValues(run_id):
                self.values.discard(run_id)
            case DropBlob(key):
                assert key in self.blobs, f"{key} is dropped twice or was never made"
                self.blobs.remove(key)
            case WakeAt(time):
                self._wake = time

    def report(self, run: RunNode) -> NodeFinished | NodeRaised:
        """What the work of a node would come to."""
        if run.class_name.endswith("Raise"):
            printed = {name: [repr(value)] for name, value in run.inputs.items()}
            message = str(run.inputs["message"])
            return NodeRaised(run.run_id, "ValueError", message, ("line\n",), printed)
        self.values.add(run.run_id)
        files: tuple[Blob, ...] = ()
        if self.engine.classes[run.class_name].saves is not None:
            key = f"made-{run.run_id}"
            self.blobs.add(key)
            files = (Blob(key, 100, key),)
        is_websocket = run.class_name == "SaveImageWebsocket"
        pictures = run.previews + is_websocket
        return NodeFinished(
            run.run_id,
            files=files,
            ui={"text": ["made"]} if run.class_name == "PreviewAny" else None,
            previews=tuple(
                Preview(is_websocket, b"jpeg %d" % number) for number in range(pictures)
            ),
            texts=(str(run.inputs["text"]),) if run.class_name.endswith("Text") else (),
        )


def name_of(frame: dict | bytes) -> str:
    """A frame in one or two words."""
    if isinstance(frame, bytes):
        return f"binary {frame[3]}"
    data = frame["data"]
    if frame["type"] in ("executing", "executed", "progress"):
        return f"{frame['type']} {data['node']}"
    if frame["type"] == "status":
        return f"status {data['status']['exec_info']['queue_remaining']}"
    return frame["type"]


def photo(name: str = "lab.png", prefix: str = "t") -> dict:
    """The usual workflow: load, enlarge, invert, save, preview."""
    return {
        "1": {"class_type": "LoadImage", "inputs": {"image": name}},
        "2": {
            "class_type": "ImageScaleBy",
            "inputs": {"image": ["1", 0], "upscale_method": "bilinear", "scale_by": 2.0},
        },
        "3": {"class_type": "ImageInvert", "inputs": {"image": ["2", 0]}},
        "4": {
            "class_type": "SaveImage",
            "inputs": {"images": ["3", 0], "filename_prefix": prefix},
        },
        "5": {"class_type": "PreviewImage", "inputs": {"images": ["3", 0]}},
    }


def slow(steps: int = 4, step_ms: int = 150, seed: int = 0, *, previews: bool = True) -> dict:
    """A workflow whose middle node takes its time."""
    return {
        "1": {"class_type": "LoadImage", "inputs": {"image": "lab.png"}},
        "2": {
            "class_type": "TetherSlow",
            "inputs": {
                "image": ["1", 0],
                "steps": steps,
                "step_ms": step_ms,
                "seed": seed,
                "previews": previews,
            },
        },
        "3": {
            "class_type": "SaveImage",
            "inputs": {"images": ["2", 0], "filename_prefix": "slow"},
        },
    }
