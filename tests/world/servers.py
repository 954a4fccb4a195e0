"""The embedded server under the virtual clock, and what is true of every task on it."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from random import Random
from typing import TYPE_CHECKING, Any

from simulator.engine import Engine
from simulator.events import (
    AcceptSocket,
    Answer,
    CutSocket,
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
from simulator.history import Entry
from simulator.http import Blob, FileBody, FilePart, Request, Response
from simulator.queue import Task
from simulator.settings import Api, Settings
from tests.world.jobs import FAILS
from tether.core.ids import PromptId, ServerUrl

if TYPE_CHECKING:
    from tests.world.network import Call, Wire
    from tests.world.world import World

_STATES = {
    "execution_success": "completed",
    "execution_error": "failed",
    "execution_interrupted": "cancelled",
}
_FINAL = ("execution_error", "execution_interrupted")
_PICTURE = b"\xff\xd8jpeg"
SAID = "said beside"


class Books:
    """What really happened, over all servers: no page ever reads this.

    `queued`: prompt -> the servers that put it in their queue, once for each time.
    `runs`: prompt -> how often it was started. `ends`: prompt -> (server, end).
    `results`: prompt -> how many results it gave, one number for each time.
    `made`: prompt -> the files among them.
    `forgotten`: prompts that a server had and knows nothing of any more.
    `deleted`: prompts that were taken out of a queue by the page that owned them.
    `sent_as`: ids that servers made -> those that the tasks were sent under, which all else is by.
    """

    def __init__(self) -> None:
        self.queued: dict[PromptId, list[ServerUrl]] = {}
        self.runs: Counter[PromptId] = Counter()
        self.ends: dict[PromptId, tuple[ServerUrl, str]] = {}
        self.results: dict[PromptId, set[int]] = {}
        self.made: dict[PromptId, set[str]] = {}
        self.forgotten: set[PromptId] = set()
        self.deleted: set[PromptId] = set()
        self.sent_as: dict[PromptId, PromptId] = {}

    def name(self, prompt_id: str) -> PromptId:
        """Return what a prompt was sent under, whatever its server calls it."""
        return self.sent_as.get(PromptId(prompt_id), PromptId(prompt_id))


class Server:
    """One ComfyUI server: the simulator, a machine that works, and a wire to plug it in."""

    def __init__(self, world: World, number: int, settings: Settings, random: Random) -> None:
        self.world = world
        self.url = ServerUrl(f"http://gpu-{number}:8188")
        self.random = random
        self.engine = Engine(settings, random)
        self.seconds = random.choice((0.0, 0.02, 0.3, 0.8, 2.5))
        self.is_up = True
        self.is_paused = False
        self.is_failing = False
        self.is_silent = False
        self.is_dropping = False
        self.proxy: tuple[int | None, str] | None = None
        """What a proxy before it answers to paths that it doesn't know: no page may read a None."""
        self.swallows: frozenset[str] = frozenset()
        self.swallows_left = 0
        self.wires: dict[int, Wire] = {}
        self._held: list[tuple[Event, Call | None]] = []
        self._calls: dict[int, Call | None] = {}
        self._asker: Call | None = None
        self._wake = 0.0
        self._last_id = 0
        self._keep_books()

    @property
    def has_jobs(self) -> bool:
        """Whether it has the jobs API."""
        return self.engine.settings.api is not Api.V0_3_64

    def running(self) -> PromptId | None:
        """Return the prompt that runs."""
        task = self.engine.process.queue.running
        return PromptId(task.prompt_id) if task else None

    def pending(self) -> list[PromptId]:
        """Return the prompts that wait."""
        return [PromptId(task.prompt_id) for task in self.engine.process.queue.heap]

    def work_left(self) -> float:
        """Return about how many seconds of work are in its queue."""
        return self.engine.process.queue.remaining * self.task_seconds

    @property
    def task_seconds(self) -> float:
        """Return how long one task takes at most."""
        return 4 * (self.seconds + self.engine.settings.pace + 0.01)

    # What reaches it.

    def feed(self, event: Event, call: Call | None = None) -> None:
        """Let the server handle something; one that stands still does it when it goes on."""
        if not self.is_up:
            return
        if self.is_paused:
            self._held.append((event, call))
            return
        self.world.steps += 1
        self._asker = call
        effects = self.engine.handle(event, self.world.clock.now)
        self._asker = None
        for effect in effects:
            self._perform(effect)

    def receive(self, call: Call) -> None:
        """A whole request arrives."""
        request = call.request
        if call.was_received:
            return
        if self.proxy is not None and request.path.startswith("/api/"):
            call.back(*self.proxy)
            return
        call.was_received = True
        if self.is_silent:
            return
        self._last_id += 1
        self._calls[self._last_id] = call
        body = (request.body or "").encode()
        form = None
        if request.upload is not None:
            blob = Blob(f"up-{self._last_id}", 8_000_000, request.upload.digest)
            form = (FilePart("image", request.upload.filename, blob),)
        received = Request(request.method, request.path, {}, body, form, len(body))
        self.feed(RequestReceived(self._last_id, received), call)

    def ask(self, method: str, target: str, body: bytes = b"") -> None:
        """Somebody who is none of us asks for something; nobody waits for the answer."""
        self._last_id += 1
        self._calls[self._last_id] = None
        self.feed(
            RequestReceived(self._last_id, Request(method, target, {}, body, None, len(body)))
        )

    def accept(self, wire: Wire) -> None:
        """A socket is dialled."""
        if self.is_dropping:
            wire.dropped()
            return
        self.wires[wire.number] = wire
        target = f"/ws?clientId={wire.client_id}"
        self.feed(SocketOpened(wire.number, Request("GET", target, {})))

    def hear(self, wire: Wire, text: str) -> None:
        """A text frame arrives."""
        if wire.number in self.wires:
            self.feed(TextReceived(wire.number, text))

    def lose(self, wire: Wire) -> None:
        """A socket is gone, as this end sees it."""
        if self.wires.pop(wire.number, None) is not None:
            self.feed(SocketClosed(wire.number))

    def unregister(self, client_id: str) -> None:
        """An old socket of a client id dies late: whoever has the id now goes deaf."""
        number = self.world.next_number()
        self.feed(SocketOpened(number, Request("GET", f"/ws?clientId={client_id}", {})))
        self.feed(SocketClosed(number))

    # What happens to it.

    def kill(self) -> None:
        """The process dies; queue and history are gone."""
        queue, books = self.engine.process.queue, self.world.books
        known = [*(task.prompt_id for task in queue.heap), *self.engine.process.history.entries]
        if queue.running is not None:
            known.append(queue.running.prompt_id)
        books.forgotten.update(map(books.name, known))
        self._held.clear()
        self.is_paused = False
        for call in list(self._calls.values()):
            if call is not None:
                call.broke()
        self._calls.clear()
        self.feed(Killed())
        self._keep_books()
        self.is_up = False

    def start(self) -> None:
        """A new process listens."""
        self.is_up = True

    def pause(self) -> None:
        """It stands still: all that arrives waits."""
        self.is_paused = True

    def go_on(self) -> None:
        """It goes on, and does all that it has missed."""
        self.is_paused = False
        held, self._held = self._held, []
        for event, call in held:
            self.feed(event, call)
        self.feed(Woken())

    def clear_history(self) -> None:
        """Somebody clears the history."""
        books = self.world.books
        books.forgotten.update(map(books.name, self.engine.process.history.entries))
        self.ask("POST", "/history", b'{"clear": true}')

    # What it does.

    def _perform(self, effect: Any) -> None:
        kind = type(effect)
        if kind is Send:
            wire, frame = self.wires.get(effect.connection_id), effect.frame
            name = frame_kind(frame) if isinstance(frame, str) else "preview"
            if name in _FINAL:
                self._told_end(frame, _STATES[name])
            if name in self.swallows and self.swallows_left:
                self.swallows_left -= 1
            elif wire is not None:
                wire.down(frame)
        elif kind is WakeAt:
            self._wake = effect.time
            self.world.clock.at(max(effect.time, self.world.clock.now), self._woken)
        elif kind is RunNode:
            self.world.clock.after(self.seconds, self.feed, self._report(effect))
        elif kind is Answer:
            self._answer(effect.request_id, effect.response)
        elif kind is AcceptSocket:
            wire = self.wires.get(effect.connection_id)
            if wire is not None:
                wire.down(None)
        elif kind is CutSocket:
            wire = self.wires.pop(effect.connection_id, None)
            if wire is not None:
                wire.cut_by_server()
        elif kind is RefuseSocket:
            raise AssertionError(f"the simulator refuses a socket: {effect.response}")

    def _told_end(self, text: str, state: str) -> None:
        """A failure counts from the moment when it is told; the history has it later."""
        prompt_id = self.world.books.name(json.loads(text)["data"]["prompt_id"])
        self.world.books.ends.setdefault(prompt_id, (self.url, state))

    def _woken(self) -> None:
        if self._wake and self._wake <= self.world.clock.now:
            self._wake = 0.0
            self.feed(Woken())

    def _report(self, run: RunNode) -> NodeFinished | NodeRaised:
        name = run.class_name
        if run.inputs.get("filename_prefix") == FAILS:
            return NodeRaised(run.run_id, "ValueError", "boom", ("line\n",), {})
        files: tuple[Blob, ...] = ()
        if self.engine.classes[name].saves is not None:
            files = (Blob(f"made-{run.run_id}", 100, f"made {run.run_id}"),)
        previews = tuple(Preview(False, _PICTURE) for _ in range(run.previews))
        ui = {"PreviewAny": {"text": ["said"]}, "TetherText": {"text": [SAID]}}.get(name)
        return NodeFinished(run.run_id, files, ui, previews)

    def _answer(self, request_id: int, response: Response) -> None:
        call = self._calls.pop(request_id, None)
        if call is not None:
            is_readable = any(name == "Access-Control-Allow-Origin" for name, _ in response.headers)
            body = response.body
            text = self._content(body.key) if isinstance(body, FileBody) else str(body, "utf-8")
            call.back(response.status if is_readable else None, text)

    def _content(self, key: str) -> str:
        """Return what tells a file of this server from all others."""
        return f"{self.url} {key}"

    # What is true.

    def _keep_books(self) -> None:
        """Note what queue and history really do; a new process has new ones."""
        queue, history, worker = (
            self.engine.process.queue,
            self.engine.process.history,
            self.engine._worker,
        )
        books = self.world.books
        put, take, delete_first = queue.put, queue.take, queue.delete_first
        clear, add, interrupt = queue.clear, history.add, worker.interrupt

        def on_put(task: Task) -> None:
            if self._asker is not None:
                sent = json.loads(self._asker.request.body or "{}")["prompt_id"]
                books.sent_as[PromptId(task.prompt_id)] = PromptId(sent)
            books.queued.setdefault(books.name(task.prompt_id), []).append(self.url)
            put(task)

        def on_take() -> Task | None:
            task = take()
            if task is not None:
                books.runs[books.name(task.prompt_id)] += 1
                self.world.rules.started(books.name(task.prompt_id))
            return task

        def on_delete(wanted: Any) -> bool:
            before = self.pending()
            is_deleted = delete_first(wanted)
            for prompt_id in set(before) - set(self.pending()):
                self._taken_out(prompt_id)
            return is_deleted

        def on_clear() -> None:
            for prompt_id in self.pending():
                self._taken_out(prompt_id)
            clear()

        def on_add(entry: Entry) -> None:
            results = sum(
                len(given)
                for output in entry.outputs.values()
                if isinstance(output, dict)
                for given in output.values()
                if isinstance(given, list)
            )
            state = _STATES[entry.messages[-1][0]]
            prompt_id = books.name(entry.task.prompt_id)
            books.ends[prompt_id] = (self.url, state)
            books.results.setdefault(prompt_id, set()).add(results)
            if state == "completed":
                books.made.setdefault(prompt_id, set()).update(self._made(entry))
            add(entry)

        def on_interrupt(prompt_id: str | None) -> bool:
            running = self.running()
            is_hit = interrupt(prompt_id)
            if is_hit and running is not None and self._asker is not None:
                self.world.rules.cancelled_by_page(self._asker, books.name(running))
            return is_hit

        vars(queue).update(put=on_put, take=on_take, delete_first=on_delete, clear=on_clear)
        vars(history).update(add=on_add)
        vars(worker).update(interrupt=on_interrupt)

    def _made(self, entry: Entry) -> Iterator[str]:
        """Yield the files that a task gave."""
        folders = self.engine.process.files._folders
        for output in entry.outputs.values():
            for given in output.get("images", ()):
                folder = folders[given["type"], given["subfolder"]]
                yield self._content(folder[given["filename"]].blob.key)

    def _taken_out(self, here: PromptId) -> None:
        prompt_id = self.world.books.name(here)
        if self._asker is not None:
            self.world.rules.cancelled_by_page(self._asker, prompt_id)
            self.world.books.deleted.add(prompt_id)
        else:
            self.world.books.forgotten.add(prompt_id)


def frame_kind(text: str) -> str:
    """Return the type of a text frame; `executing null` is a type of its own here.

    So is the `executed` of a node that is no output, which nobody can miss: no fault swallows it
    and then passes what follows.
    """
    kind = text[10 : text.find('"', 10)]
    if kind == "executed" and SAID in text:
        return "executed beside"
    return "executing null" if kind == "executing" and '"node": null' in text else kind
