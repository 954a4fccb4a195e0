"""The stage of a scene: servers inside the page, time that jumps, and lines of evidence."""

import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from random import Random
from typing import Any

from demo.agenda import Agenda, PlayedAgenda
from demo.memory import MemoryRecords
from demo.network import Network
from demo.quick_work import quick_server, workflow
from demo.server import InPageServer
from tether.core.ids import ServerUrl
from tether.core.model.binding import Binding
from tether.core.model.task import State, Task
from tether.core.protocol.requests import Ask, Request

Sentence = tuple[str, dict[str, Any]]
"""A sentence: its key in the test's catalogue, and its facts."""

NOON = 1_795_452_000.0
"""When every scene begins, in seconds since the epoch."""

PLAY_LIMIT = 300.0
"""Played seconds after which a task that has not ended never will."""

MAX_LINES = 60
"""Lines for one run of a scene; of a longer run the middle is left out."""

_QUIET = (Ask.PROBE, Ask.STATS, Ask.FEATURES)
_PROGRESS = "← progress"
_REPORTED = ("execution_start", "execution_success", "execution_error", "execution_interrupted")


class Evidence:
    """Collects lines of `{at, window, server, what}`; `at` in played seconds.

    Of successive progress frames only the latest stays.
    """

    def __init__(self, agenda: Agenda) -> None:
        self._agenda = agenda
        self._began = agenda.now()
        self._lines: list[dict[str, Any]] = []
        self._posted: dict[str, list[str]] = {}
        self.names: dict[ServerUrl, str] = {}
        self.titles: dict[str, str] = {}
        """Prompt id -> the task's title."""

    def name(self, server: ServerUrl | None = None) -> str:
        """Return a server's name, "-" for none."""
        return self.names.get(server, "-") if server else "-"

    def lines(self) -> list[dict[str, Any]]:
        """Return the lines."""
        half = MAX_LINES // 2
        if len(self._lines) <= MAX_LINES:
            return list(self._lines)
        return [*self._lines[:half], *self._lines[-half:]]

    def asked(self, path: str) -> str:
        """Return the servers that got a POST to a path, "-" for none."""
        return ", ".join(self._posted.get(path, ())) or "-"

    def posts(self) -> tuple[str, ...]:
        """Return the servers of all tasks posted, one for each POST."""
        return tuple(self._posted.get("/prompt", ()))

    def note(self, window: str, server: ServerUrl, what: str) -> None:
        """Add a line."""
        at, name = round(self._agenda.now() - self._began, 3), self.names.get(server, server)
        self._lines.append({"at": at, "window": window, "server": name, "what": what})

    def sent(self, window: str, request: Request, title: str) -> None:
        """Note a request; probes of the servers are left out."""
        if request.method == "POST":
            name = self.names.get(request.server, request.server)
            self._posted.setdefault(request.path, []).append(name)
        if request.ask not in _QUIET:
            self.note(window, request.server, f"→ {request.method} {request.path} {title}".rstrip())

    def received(self, window: str, server: ServerUrl, text: str) -> None:
        """Note a frame."""
        what = self._describe(json.loads(text))
        if what is None:
            return
        for at in range(len(self._lines) - 1, -1, -1):
            line = self._lines[at]
            if not line["what"].startswith(_PROGRESS):
                break
            same = (line["window"], line["server"], _stem(line["what"]))
            if same == (window, self.names.get(server), _stem(what)):
                del self._lines[at]
                break
        self.note(window, server, what)

    def _describe(self, frame: Any) -> str | None:
        kind, data = frame.get("type"), frame.get("data") or {}
        title = self.titles.get(data.get("prompt_id") or "", "")
        match kind:
            case "progress_state":
                running = [n for n in data["nodes"].values() if n["state"] == "running"]
                parts = [f"{n['node_id']}: {n['value']:g}/{n['max']:g}" for n in running]
                return f"{_PROGRESS} {title} {', '.join(parts)}" if parts else None
            case "executing" if data.get("node") is None:
                return f"← executing null {title}"
            case "executed":
                return f"← executed {title} {data.get('node')}"
            case _ if kind in _REPORTED:
                return f"← {kind} {title}"
        return None


def _stem(what: str) -> str:
    return " ".join(what.split(" ")[:3]) if what.startswith(_PROGRESS) else what


class PlayedStage:
    """The servers, clock and randomness of one scene; the same seed plays the same scene.

    With `reads_records` windows get answers about the servers' queues and histories.
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

    def play(self, until: Callable[[], bool], seconds: float = PLAY_LIMIT) -> bool:
        """Let time pass until a condition holds; returns whether it does."""
        return self.agenda.run(seconds, until)

    def play_to_end(self, *tasks: Task) -> bool:
        """Let time pass until these tasks have ended, or never will."""
        return self.play(lambda: all(task.is_ended for task in tasks))


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one run of a scene came out."""

    is_healthy: bool
    sentences: tuple[Sentence, ...]


@dataclass(frozen=True, slots=True)
class Scene:
    """A scene that is played twice: by faulty rules, and by the page's own."""

    id: int
    faulty: Binding
    play: Callable[[PlayedStage], Coroutine[Any, Any, Outcome]]
    needs_records: bool = False
    """The fix is reconciliation with the server's records: the first run lacks it."""


def state_of(task: Task) -> Sentence:
    """Say where a task stands."""
    match task.state:
        case State.COMPLETED | State.FAILED | State.CANCELLED | State.LOST:
            return f"task.{task.state.value}", {"task": task.title}
        case State.WAITING | State.CONNECTING | State.UPLOADING:
            return "task.unsent", {"task": task.title}
    return "task.stands", {"task": task.title, "percent": f"{task.progress.overall:.2%}"[:-1]}
