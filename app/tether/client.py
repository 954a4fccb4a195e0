"""The client: runs image jobs on several ComfyUI servers from one browser window.

    tether = Tether()
    await tether.open()
    tether.add_server("http://127.0.0.1:8188")
    task_id = await tether.submit(workflow, files={("1", "image"): ("photo.png", blob)})
    task = await tether.result(task_id)
    print(task.state, [tether.world.address(task, output) for output in task.outputs])

`Tether()` lives in the browser's page. Elsewhere, in tests or in a demo, `Tether(make_world)`
runs on whatever implements the ports (`tether/runtime/ports.py`).
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any, TypeAlias

from tether.core.cells import cell_of
from tether.core.errors import BadInput, TetherError
from tether.core.events import (
    CancelRequested,
    CollectRequested,
    Event,
    PageChange,
    PageChanged,
    QueueOrdered,
    QueuePaused,
    ServerAdded,
    ServerRemoved,
)
from tether.core.ids import NodeId, ServerUrl, TaskId
from tether.core.model.identity import DEFAULT_BASE
from tether.core.model.server import Server
from tether.core.model.task import State, Task
from tether.core.model.window import Changes, Settings, Window
from tether.core.protocol.access_token import Access
from tether.core.protocol.address import parse_server_url
from tether.core.protocol.workflow import GivenWorkflow, parsed
from tether.core.session.session import Session
from tether.core.session.snapshot import read_task
from tether.core.submission.withdrawal import successor
from tether.core.windows.ledger import merged, read_entries, read_ledger
from tether.core.windows.owner import OWNER_RECORD, make_phrase, read_phrase, tag_of
from tether.core.windows.peers import BroadcastReceived
from tether.runtime.access_tokens import AccessTokens
from tether.runtime.adopter import Adopter
from tether.runtime.caller import Caller
from tether.runtime.claimant import Claimant
from tether.runtime.containment import BackgroundWork
from tether.runtime.describer import Describer
from tether.runtime.handover import hand_over, steps_of
from tether.runtime.intake import Intake, NewTask
from tether.runtime.ports import MakeWorld, NoPreviews, Ports, Previews
from tether.runtime.rerun import Rerun
from tether.runtime.runner import Runner

CANCELLED_WITHIN = 30.0
"""Seconds for a server to confirm a cancellation."""

InputFiles: TypeAlias = Mapping[tuple[NodeId, str], tuple[str, Any]]
"""(node, input) -> (file name, JS Blob)."""

DEFAULT_SETTINGS = Settings(DEFAULT_BASE)
_NO_FILES: InputFiles = MappingProxyType({})


class Tether:
    """One window's client: servers go in, tasks go in, results come out.

    Tasks survive a reload: a client that opens on the same records goes on with them. Until
    `open` (or `prepare`) has returned, only `runner`, `world`, `caller`, `access_tokens` and
    `phrase` may be used.

    Args:
        make_world: Makes the ports; None for those of the browser.
        settings: The client id's base, and tasks per server; the owner is filled in.
        previews: Where preview pictures go; None drops them.
        on_round: Called after each round of the runner, whether it has changed anything or not.

    Attributes:
        world: Everything outside: servers, storage, other windows, time.
        runner: Feeds the session; `runner.follow` tells what each round has changed.
        caller: HTTP calls to servers beside those of tasks.
        access_tokens: The servers' tokens.
        window: The model that the session works on; to be read only.
        intake: Checks and stores what is submitted.
        adopter: Takes over tasks of windows that are gone.
        rerun: Runs tasks again.
        soon: Runs work that nobody waits for; the loop's exception handler gets what it raises.
    """

    def __init__(
        self,
        make_world: MakeWorld | None = None,
        settings: Settings = DEFAULT_SETTINGS,
        previews: Previews | None = None,
        on_round: Callable[[], None] = lambda: None,
    ) -> None:
        if make_world is None:
            from tether.browser_world import BrowserWorld  # it needs a browser

            make_world = BrowserWorld
        self._settings = settings
        self._previews = previews or NoPreviews()
        self._listeners: list[Callable[[Task], None]] = []
        self._ends: dict[TaskId, asyncio.Future[None]] = {}
        self.soon = BackgroundWork().begin
        self.is_closed = False
        self.runner = Runner(on_round)
        self.caller = Caller(self.runner.emit)
        self.world = world = make_world(self.runner.emit, self.caller.answered)
        self.caller.use(world.http)
        self.access_tokens = AccessTokens(world.records, world.shared)
        self._claimant = Claimant(self.runner, world)

    @property
    def phrase(self) -> str:
        """The phrase that names this browser to its person; made at first use.

        Of two that windows make at once the later holds: ask again rather than remember it.
        """
        phrase = read_phrase(self.world.shared.read(OWNER_RECORD) or "")
        if phrase is None:
            phrase = make_phrase(self.world.chance)
            self.world.shared.write(OWNER_RECORD, phrase)
        return phrase

    @property
    def servers(self) -> Mapping[ServerUrl, Server]:
        """The servers by address, including those that only finish their tasks."""
        return MappingProxyType(self.window.servers)

    @property
    def tasks(self) -> Mapping[TaskId, Task]:
        """The tasks by id, in the order of their acceptance; the last 1,000 that ended are kept."""
        return MappingProxyType(self.window.tasks)

    async def open(self) -> None:
        """Become a window of its own, take up its unfinished tasks, and start working."""
        await self.prepare()
        self.start()

    async def prepare(self) -> Window:
        """Claim the window id, restore the records and open the files; nothing is sent yet.

        `open` does this and `start`. Between the two a caller can attach whatever must not miss
        the first command.
        """
        world, chance = self.world, self.world.chance
        await world.open()
        kept = read_entries(await world.files.entries())
        now = world.clock.now()
        self._session = await self._claimant.open(
            lambda records: Session(
                records,
                self._settings,
                chance,
                now,
                merged(read_ledger(world.shared.read_all()), kept),
            )
        )
        self.window = window = self._session.window
        self._use_phrase()
        world.shared.listen(lambda key, _text: self._use_phrase() if key == OWNER_RECORD else None)
        self.intake = Intake(window, self.runner.emit, world.files, chance, world.clock.now)
        self.adopter = Adopter(self.runner, window.window_id, world, kept)
        self.rerun = Rerun(window, self.intake, self.runner.emit, self.soon)
        self.runner.follow(self.rerun.changed)
        self.runner.follow(self._changed)
        return window

    def start(self) -> None:
        """Start the session, listen to the page and to other windows."""
        world = self.world
        stored = world.records, world.shared, world.files
        say, give = world.channel.post, partial(hand_over, world.bring, world.files)
        ports = Ports(world.clock, world.sockets, world.http, *stored, self._previews, say, give)
        self.runner.start(self._session, ports)
        world.channel.listen(lambda text: self.runner.emit(BroadcastReceived(text)))
        world.page.listen(self._page_changed, self._claimant.sleep, self._claimant.wake)
        self.adopter.check()

    def close(self) -> None:
        """Do nothing more: servers go on, and the next client on the same records finds it.

        Whoever waits for a task's end gets an error.
        """
        self.is_closed = True
        self.runner.pause()
        self.adopter.stop()
        self.caller.close()
        for end in self._ends.values():
            end.set_exception(TetherError("closed"))
        self._ends.clear()

    def add_server(self, address: str, name: str = "", access: Access | None = None) -> ServerUrl:
        """Use a server; returns its address in the form that names it everywhere.

        Args:
            address: A URL, `host:port` or `host`.
            name: What people call it; "" for its address.
            access: Its token, kept for this window.

        Raises:
            BadInput: That is no address.
        """
        url = parse_server_url(address)
        if access is not None:
            self.access_tokens.use(url, access, is_kept=False)
        self.runner.emit(ServerAdded(url, name))
        return url

    def remove_server(self, server: ServerUrl) -> None:
        """Give a server no more tasks; those that it has are followed to their end."""
        self.runner.emit(ServerRemoved(server))

    async def submit(
        self,
        workflow: GivenWorkflow,
        files: InputFiles = _NO_FILES,
        title: str = "",
        server: ServerUrl | None = None,
    ) -> TaskId:
        """Accept a task; returns its id once the browser has stored all that the task needs.

        Args:
            workflow: In API format, as JSON text or parsed; or a `Workflow`, which is.
            files: Files for inputs of its nodes; they are uploaded to the task's server.
            title: What people call the task.
            server: Where it must run; None for the server that is likely to finish it first.

        Raises:
            BadInput: The workflow or a file can't be used; nothing was stored or sent.
            TetherError: The client is closed.
        """
        if self.is_closed:
            raise TetherError("closed")
        return await self.intake.accept(parsed(workflow), title, files, server)

    async def chain(
        self,
        workflows: Sequence[GivenWorkflow],
        files: InputFiles = _NO_FILES,
        title: str = "",
        server: ServerUrl | None = None,
    ) -> list[TaskId]:
        """Accept tasks of which each takes a result of the one before; returns their ids, in order.

        The first fitting result fills the first input that takes an upload. Each runs on the best
        server; `files`, `title` and `server` are as of `submit`, for the first.

        Raises:
            BadInput: As `submit`, or a workflow takes nothing of what the one before gives.
        """
        if self.is_closed:
            raise TetherError("closed")
        describer = Describer(self.window, self.caller)
        steps = await steps_of(list(map(parsed, workflows)), files, title, describer)
        return await self.intake.accept_all(steps, server)

    async def submit_sweep(
        self,
        workflow: GivenWorkflow,
        values: Mapping[tuple[NodeId, str], Sequence[Any]],
        is_side_by_side: bool = False,
        files: InputFiles = _NO_FILES,
        title: str = "",
        server: ServerUrl | None = None,
    ) -> list[TaskId]:
        """Accept a task for each combination of values, all or none; returns their ids, in order.

        Args:
            workflow: As of `submit`.
            values: Several values for inputs of its nodes, by (node, input).
            is_side_by_side: Combine the first values of all, the second ones, and so on; else all
                with all, the last input changes first.
            files: As of `submit`, as are `title`, to which the values are added, and `server`.

        Raises:
            BadInput: As `submit`; or there is no such input, or the values can't be combined so.
        """
        if self.is_closed:
            raise TetherError("closed")
        from tether.workflows.variants import axes, variants  # a page fetches it for this

        made, sweep = variants(parsed(workflow), values, is_side_by_side), self.world.chance.hex(16)
        cells = (cell_of(sweep, each) for each in axes(values, is_side_by_side, {}))
        tasks = [
            NewTask(each, f"{title} ({told})".strip() if told else title, files, cell=cell)
            for (each, told), cell in zip(made, cells, strict=True)
        ]
        return await self.intake.accept_all(tasks, server)

    async def result(self, task_id: TaskId) -> Task:
        """Wait for a task's end; returns it, or the task that did its work at another server.

        It may have completed, failed, been cancelled or got lost: see its `state`, `outputs` and
        `trouble`.

        Raises:
            TetherError: The window has no such task, or another window has adopted it.
        """
        task = self._task(task_id)
        if not task.is_ended:
            end = self._ends.setdefault(task_id, asyncio.get_event_loop().create_future())
            await asyncio.shield(end)
        if task.state is State.ADOPTED:
            raise TetherError("adopted")
        moved = successor(self.window, task)
        return task if moved is None else await self.result(moved.task_id)

    async def cancel(self, task_id: TaskId) -> Task:
        """Cancel a task and no other; returns it when its server has confirmed, in 30 s at most.

        A task that has not ended by then is cancelled when its server answers again.

        Raises:
            TetherError: The window has no such task.
        """
        task = self._task(task_id)
        self.runner.emit(CancelRequested(task_id))
        await self.runner.until(lambda: task.is_ended, CANCELLED_WITHIN)
        return task

    def pause(self, is_paused: bool = True) -> None:
        """Send no waiting task to a server, or (False) send them again; what servers have goes on.

        A reload doesn't remember it.
        """
        self.runner.emit(QueuePaused(is_paused))

    def order(self, *task_ids: TaskId, after: TaskId | None = None) -> list[TaskId]:
        """Let waiting tasks go in this order, before what waits in all windows; a reload keeps it.

        Args:
            task_ids: Which; none to change nothing.
            after: A task of this window that they go right behind instead.

        Returns:
            All tasks that wait in this window, the next one first.
        """
        if task_ids:
            self.runner.emit(QueueOrdered(task_ids, after))
        return list(self.window.waiting)

    def on_task(self, listener: Callable[[Task], None]) -> Callable[[], None]:
        """Call a function with each task that has changed, progress included, once a round.

        It must neither raise nor wait. Returns what ends the subscription.
        """
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    def collect(self, typed: str) -> None:
        """Take in the tasks that servers have of an owner and no window of this browser knows.

        Args:
            typed: The owner's phrase, as a person types it.

        Raises:
            BadInput: That is no phrase.
        """
        phrase = read_phrase(typed)
        if phrase is None:
            raise BadInput("phrase_bad")
        ledger = read_ledger(self.world.shared.read_all())
        tasks = (read_task(entry.record) for entry in ledger.values())
        known = frozenset(task.prompt_id for task in tasks if task is not None)
        self.runner.emit(CollectRequested(tag_of(phrase), known))

    def _use_phrase(self) -> None:
        self.window.settings = replace(self._settings, owner=tag_of(self.phrase))

    def _task(self, task_id: TaskId) -> Task:
        task = self.window.tasks.get(task_id)
        if task is None:
            raise TetherError("task_unknown", task=task_id)
        return task

    def _changed(self, changes: Changes) -> None:
        for task in filter(None, map(self.window.tasks.get, changes.gauges)):
            if task.is_ended and task.task_id in self._ends:
                self._ends.pop(task.task_id).set_result(None)
            for listener in tuple(self._listeners):
                listener(task)

    def _page_changed(self, event: Event) -> None:
        self.runner.emit(event)
        if event != PageChanged(PageChange.HIDDEN):
            self.adopter.check()
