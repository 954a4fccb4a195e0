"""Accepts tasks: checks what a person gives, stores it, and only then tells the session."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, NamedTuple, TypeAlias

from tether.core.cells import Cell
from tether.core.errors import BadInput, TetherError
from tether.core.events import Emit, Picture, TaskAccepted
from tether.core.ids import Chance, Digest, NodeId, ServerUrl, TaskId, digest_of
from tether.core.model.identity import make_prompt_id, make_task_id
from tether.core.model.task import ASKED_APART, Task
from tether.core.model.window import Window
from tether.core.protocol.handover import UploadPlace
from tether.core.protocol.image_type import TYPE_HEAD, is_heic, is_picture, is_raw
from tether.core.protocol.workflow import Workflow, parse_workflow
from tether.core.scheduling.fitness import too_large
from tether.core.session.acceptance import new_task
from tether.core.session.records import entry_of
from tether.core.session.snapshot import write_task
from tether.core.windows.ledger import write_entry
from tether.runtime.ports import Files

SOON = 5.0
"""Seconds within which tasks that come one by one belong to the first of them."""


Contents: TypeAlias = Mapping[Digest, Any]


class NewTask(NamedTuple):
    """A task to be accepted, of several.

    `files` is (node, input) -> (file name, JS Blob), for inputs that take an upload. The result of
    the task before it fills one of the inputs in `takes`, if there are any.
    """

    workflow: Workflow
    title: str
    files: Mapping[tuple[NodeId, str], tuple[str, Any]]
    takes: tuple[UploadPlace, ...] = ()
    cell: Cell | None = None


class Intake:
    """Makes a task of a workflow and its pictures; `files` keeps both before it is accepted."""

    def __init__(
        self, window: Window, emit: Emit, files: Files, chance: Chance, now: Callable[[], float]
    ) -> None:
        self._window = window
        self._emit = emit
        self._files = files
        self._chance = chance
        self._now = now
        self._press: float | None = 0.0
        self._asked_at = 0.0
        self._last = asyncio.Event()
        """Set once the one that was begun last is accepted, or refused."""
        self._last.set()

    async def accept(
        self,
        workflow: Workflow,
        title: str,
        files: Mapping[tuple[NodeId, str], tuple[str, Any]],
        pinned: ServerUrl | None,
        press: float | None = None,
        cell: Cell | None = None,
    ) -> TaskId:
        """Accept one task; of several at once, those that were begun first come first.

        Args:
            files: (node, input) -> (file name, JS Blob), for inputs that take an upload.
            pinned: The server to use; None for the best.
            press: When a person asked for this task and others at once, seconds; None for a
                task by itself, which belongs to such ones of the last few seconds.
            cell: Its place in a sweep.

        Raises:
            BadInput: A file is no picture, too large, unreadable, or for a node that isn't
                there; nothing was stored or sent.
        """
        task = NewTask(workflow, title, files, cell=cell)
        return (await self.accept_all([task], pinned, press))[0]

    async def accept_all(
        self, tasks: Sequence[NewTask], pinned: ServerUrl | None, press: float | None = None
    ) -> list[TaskId]:
        """Accept tasks, all or none; returns their ids, in order.

        Args:
            tasks: The first takes no result.
            pinned: The server for those that take none; None for the best. The others go to the
                best.
            press: As of `accept`.

        Raises:
            BadInput: As `accept`.
        """
        times = [self._ask(press) for _ in tasks]
        return await self._in_turn(self._made(tasks, pinned, times))

    async def _made(
        self, tasks: Sequence[NewTask], pinned: ServerUrl | None, times: Sequence[float]
    ) -> list[TaskAccepted]:
        made: list[tuple[TaskAccepted, Contents]] = []
        for task, asked_at in zip(tasks, times, strict=True):
            before = made[-1][0].task_id if task.takes else None
            where = None if task.takes else pinned
            made.append(await self._accepted(task, where, asked_at, before))
        await self._keep(made)
        return [accepted for accepted, _ in made]

    def _ask(self, press: float | None) -> float:
        now = self._now()
        is_same = press == self._press
        if press is None:
            is_same = is_same and now - self._asked_at < SOON
        self._press = press
        following = self._asked_at + ASKED_APART
        self._asked_at = following if is_same else max(press or now, following)
        return self._asked_at

    async def _accepted(
        self, task: NewTask, pinned: ServerUrl | None, asked_at: float, after: TaskId | None
    ) -> tuple[TaskAccepted, Contents]:
        workflow, title, files, takes, cell = task
        task_id = make_task_id(self._chance)
        blobs: dict[Digest, Any] = {}
        kinds, chosen = workflow.upload_inputs(), []
        for (node_id, name), (filename, blob) in files.items():
            if node_id not in workflow.nodes:
                raise BadInput("file_unplaced", place=f"{node_id}.{name}")
            try:
                if kinds.get((node_id, name)) == "picture":
                    await self.check_picture(filename, blob)
                self._check_size(filename, blob, pinned)
                digest = await self._files.digest(blob)
            except OSError as error:  # it was there when it was chosen
                raise BadInput("picture_gone", picture=filename) from error
            blobs[digest] = blob
            chosen.append(Picture(node_id, name, digest, filename, int(blob.size)))
        text = workflow.text()
        digest, prompt_id = digest_of(text), make_prompt_id(self._chance)
        accepted = TaskAccepted(
            task_id,
            prompt_id,
            title,
            workflow,
            digest,
            tuple(chosen),
            pinned,
            asked_at=asked_at,
            after=after,
            takes=takes,
            cell=cell,
        )
        return accepted, {digest: text, **blobs}

    async def accept_again(self, task: Task, pinned: ServerUrl | None) -> TaskId:
        """Accept the work of a task once more, as a new task with files of its own.

        Raises:
            BadInput: The browser no longer has the workflow, or one of the pictures.
        """
        return (await self._in_turn(self._accepted_again(task, pinned)))[0]

    async def _accepted_again(self, task: Task, pinned: ServerUrl | None) -> list[TaskAccepted]:
        text = await self._files.read_text(task.digest)
        if text is None:
            raise BadInput("workflow_gone")
        contents: dict[Digest, Any] = {task.digest: text}
        for picture in task.pictures:
            blob = await self._files.read(picture.digest)
            if blob is None:
                raise BadInput("picture_gone", picture=picture.filename)
            contents[picture.digest] = blob
        accepted = TaskAccepted(
            make_task_id(self._chance),
            make_prompt_id(self._chance),
            task.title,
            parse_workflow(text),
            task.digest,
            task.pictures,
            pinned,
            again_of=task.task_id,
            asked_at=task.asked_at,  # it stands beside it
            after=task.after,
            takes=task.takes,  # where it hasn't got what it takes yet
            source=None if task.after in self._window.tasks else task.source,
            cell=task.cell,
        )
        await self._keep([(accepted, contents)])
        return [accepted]

    async def check_picture(self, filename: str, blob: Any) -> None:
        """Check the first bytes of a file.

        Raises:
            BadInput: It is no picture that ComfyUI opens.
            OSError: It can't be read: it is a folder, or a file that is gone.
        """
        head = await self._files.head(blob, TYPE_HEAD)
        if not is_picture(head):
            code = "picture_heic" if is_heic(head) else "not_a_picture"
            raise BadInput(code, picture=filename)
        if is_raw(filename):
            raise BadInput("picture_raw", picture=filename)

    def _check_size(self, filename: str, blob: Any, pinned: ServerUrl | None) -> None:
        servers = [
            server
            for url, server in self._window.servers.items()
            if pinned in (None, url) and not server.is_leaving
        ]
        trouble = too_large(servers, [(filename, int(blob.size))])
        if trouble is not None:
            raise BadInput(trouble.code, **dict(trouble.facts))

    async def _in_turn(self, work: Awaitable[list[TaskAccepted]]) -> list[TaskId]:
        before, done = self._last, asyncio.Event()
        self._last = done
        try:
            accepted = await work
            await before.wait()
            for each in accepted:
                self._emit(each)
        finally:
            await before.wait()
            done.set()
        return [each.task_id for each in accepted]

    async def _keep(self, made: Sequence[tuple[TaskAccepted, Contents]]) -> None:
        """Store what tasks need, all at once: then it is written at once, too."""
        work = []
        for accepted, contents in made:
            task = new_task(accepted, self._now())
            entry = write_entry(entry_of(self._window, task, write_task(task)))
            work.append(self._files.keep(task.task_id, contents, entry))
        try:
            await asyncio.gather(*work)
        except TetherError:
            for accepted, _ in made:
                self._files.release(accepted.task_id)
                self._files.keep_entry(accepted.task_id, None)
            raise
