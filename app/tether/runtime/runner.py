"""The loop of a window: events into its session, the session's commands out through the ports."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from functools import partial
from typing import Any

from tether.core.commands import (
    AbortRequest,
    Broadcast,
    CloseSocket,
    Command,
    Commands,
    FetchResult,
    LoadWorkflow,
    OpenSocket,
    ReleaseFiles,
    SaveEntry,
    SaveRecord,
    SendFrame,
    ShareFiles,
    ShowPreview,
    StartTimer,
    StopTimer,
)
from tether.core.errors import TetherError, Trouble
from tether.core.events import (
    Event,
    Failure,
    FetchFailed,
    RequestFailed,
    ResultFetched,
    SocketClosed,
    StorageFailed,
    WorkflowLoaded,
)
from tether.core.ids import Digest
from tether.core.model.window import Changes
from tether.core.protocol.requests import Request
from tether.core.protocol.workflow import parse_workflow
from tether.core.session.session import Session
from tether.core.windows.ledger import ENTRY_RECORD
from tether.runtime.containment import Report, contained, report
from tether.runtime.ports import Ports

NEVER_OPENED = 1006
"""The code of a socket that was closed without a word."""


class Runner:
    """Feeds a session one event at a time and carries out its commands, in order.

    `emit` may be called from anywhere, even while a command is carried out: events queue up.
    What raises is reported, and keeps nothing else from going on.

    Args:
        on_round: Called after each round, whether it has changed anything or not.
        report: Takes errors.

    Attributes:
        listeners: Get every event before the session handles it and every command before it is
            carried out, with the time.
    """

    def __init__(
        self, on_round: Callable[[], None] = lambda: None, report: Report = report
    ) -> None:
        self._on_round = on_round
        self._report = report
        self.listeners: list[Callable[[Event | Command, float], None]] = []
        self._followers: list[Callable[[Changes], None]] = []
        self._session: Session | None = None
        self._events: deque[Event] = deque()
        self._is_busy = False
        self.is_paused = False
        self._ports: Ports | None = None
        self._jobs: set[asyncio.Task[None]] = set()
        self._waiting: dict[asyncio.Future[None], Callable[[], bool]] = {}

    def start(self, session: Session, ports: Ports) -> None:
        """Carry out what a restored session needs, then the events that came before."""
        self._session, self._ports = session, ports
        self._drain(session.start(ports.clock.now()))

    def emit(self, event: Event) -> None:
        """Queue an event, and handle it unless a round is under way."""
        self._events.append(event)
        if self._ports is not None and not self._is_busy and not self.is_paused:
            self._drain()

    def follow(self, follower: Callable[[Changes], None]) -> None:
        """Call this after each round that has changed tasks or servers, from now on."""
        self._followers.append(follower)

    async def until(self, holds: Callable[[], bool], seconds: float) -> bool:
        """Wait until a condition holds after some round, at most `seconds`; False if it doesn't.

        It is tested after every round: for a few waiters at a time.
        """
        if holds():
            return True
        future: asyncio.Future[None] = asyncio.get_event_loop().create_future()
        self._waiting[future] = holds
        try:
            await asyncio.wait([future], timeout=seconds)
        finally:
            del self._waiting[future]
        return future.done()

    def pause(self) -> None:
        """Hold events back: the page sleeps, or another page has its window id."""
        self.is_paused = True

    def resume(self) -> None:
        """Handle the events that were held back, and go on."""
        self.is_paused = False
        self._drain()

    def _drain(self, commands: Commands = ()) -> None:
        assert self._ports is not None and self._session is not None
        self._is_busy = True
        try:
            self._carry_out(commands)
            while self._events:
                event, now = self._events.popleft(), self._ports.clock.now()
                self._show(event, now)
                self._carry_out(self._handled(event, now))
        finally:
            self._is_busy = False
        changes = self._session.window.pending.take()
        if any(changes):
            for follower in self._followers:
                contained("a follower", partial(follower, changes), self._report)
        for future, holds in self._waiting.items():
            if not future.done() and holds():
                future.set_result(None)
        self._on_round()

    def _handled(self, event: Event, now: float) -> Commands:
        assert self._session is not None
        kind = type(event).__name__
        try:
            return self._session.handle(event, now)
        except Exception as error:
            self._report(f"handling of {kind}", error)
        try:
            return self._session.mishandled(event, now)
        except Exception as error:
            self._report(f"what follows {kind}", error)
            return ()

    def _carry_out(self, commands: Commands) -> None:
        is_saved = True
        for command in commands:
            is_final = isinstance(command, Request) and command.is_final
            try:
                if is_final and not is_saved:
                    raise RuntimeError("what says that it is sent was not written")
                self._carry(command)
            except Exception as error:
                is_saved &= not isinstance(command, SaveRecord | SaveEntry)
                self._failed(command, error)

    def _failed(self, command: Command, error: Exception) -> None:
        """Report a command that raised, and tell whoever waits that nothing follows it."""
        match command:
            case Request(_, server, ask, path):
                self._report(f"sending of {ask.name} {path}", error)
                self._events.append(RequestFailed(command, Failure.NETWORK))
            case OpenSocket(server, attempt):
                self._report("opening of a socket", error)
                self._events.append(SocketClosed(server, attempt, NEVER_OPENED))
            case _:
                self._report(f"{type(command).__name__}", error)

    def _carry(self, command: Command) -> None:
        assert self._ports is not None
        ports = self._ports
        self._show(command, ports.clock.now())
        match command:
            case Request(is_final=True):
                ports.files.when_settled(lambda: self._send_final(ports, command))
            case Request():
                ports.http.send(command)
            case AbortRequest(request_id):
                ports.http.abort(request_id)
            case SaveRecord(key, text):
                ports.records.write(key, text)
            case SaveEntry(task_id, text, kept):
                ports.shared.write(ENTRY_RECORD + task_id, text)
                ports.files.keep_entry(task_id, kept)
            case Broadcast(text):
                ports.say(text)
            case StartTimer(key, delay):
                ports.clock.start(key, delay)
            case StopTimer(key):
                ports.clock.stop(key)
            case OpenSocket(server, attempt, url):
                ports.sockets.open(server, attempt, url)
            case SendFrame(server, attempt, text):
                ports.sockets.send(server, attempt, text)
            case CloseSocket(server, attempt):
                ports.sockets.close(server, attempt)
            case ShowPreview(task_id, frame, offset, mime):
                ports.previews.show(task_id, frame, offset, mime)
            case ReleaseFiles(task_id):
                ports.files.release(task_id)
            case ShareFiles(task_id, of):
                ports.files.share(task_id, of)
            case LoadWorkflow(digest):
                self._begin(self._load(ports, digest))
            case FetchResult():
                self._begin(self._hand_over(ports, command))

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        job = asyncio.ensure_future(work)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    def _show(self, step: Event | Command, now: float) -> None:
        for listener in self.listeners:
            try:  # Not by `contained`: there are thousands a second.
                listener(step, now)
            except Exception as error:
                self._report("a listener", error)

    def _send_final(self, ports: Ports, request: Request) -> None:
        """Post a task, or cancel it: after a kill of the browser, the disk says so."""
        if self.is_paused:
            # Another page may act for this window, and finds out whether it was sent.
            self.emit(RequestFailed(request, Failure.NETWORK))
        else:
            ports.http.send(request)

    async def _hand_over(self, ports: Ports, command: FetchResult) -> None:
        task_id, source = command
        try:
            kept = await ports.hand_over(task_id, source)
        except TetherError as error:
            self.emit(FetchFailed(task_id, error.trouble))
        except Exception as error:
            if not isinstance(error, OSError):
                self._report("fetching of a result", error)
            self.emit(FetchFailed(task_id))
        else:
            self.emit(ResultFetched(task_id, *(kept or (None,))))

    async def _load(self, ports: Ports, digest: Digest) -> None:
        workflow = None
        try:
            text = await ports.files.read_text(digest, is_needed=True)
            if text is not None:
                workflow = parse_workflow(text)
        except Exception as error:
            # It could be read when the task was accepted, so the store is damaged; whatever it
            # is, the task that waits for it must end.
            self.emit(StorageFailed(Trouble.of("file_unreadable", detail=error)))
        self.emit(WorkflowLoaded(digest, workflow))
