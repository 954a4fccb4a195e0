"""From what a person gives to an accepted task: checked, stored, and only then promised."""

from collections.abc import Mapping, Sequence
from typing import Any

from tether.core.errors import BadInput
from tether.core.events import Emit, Picture, TaskAccepted
from tether.core.ids import Chance, Digest, NodeId, ServerUrl, TaskId, digest_of
from tether.core.model.identity import make_prompt_id, make_task_id
from tether.core.model.task import Task
from tether.core.model.window import Window
from tether.core.protocol.image_type import TYPE_HEAD, is_picture
from tether.core.protocol.workflow import Workflow, parse_workflow
from tether.core.scheduling.fitness import too_large
from tether.runtime.ports import Files


class Intake:
    """Takes in pictures and a workflow; `files` keeps them before the session hears of it."""

    def __init__(self, window: Window, emit: Emit, files: Files, chance: Chance) -> None:
        self._window = window
        self._emit = emit
        self._files = files
        self._chance = chance

    async def accept(
        self,
        workflow_text: str,
        title: str,
        pictures: Sequence[tuple[str, Any]],
        pinned: ServerUrl | None,
        needs_picture: bool = False,
    ) -> TaskId:
        """Accept one task.

        Args:
            workflow_text: The workflow in API format.
            title: What people call it.
            pictures: (file name, JS Blob) for the workflow's picture inputs, in their order.
            pinned: The server to use; None for the best.
            needs_picture: Refuse a workflow that would run with the file's own picture names.

        Raises:
            BadInput: It can't be used; nothing was stored or sent.
            TetherError: The browser would not keep it.
        """
        slots = parse_workflow(workflow_text).picture_inputs()
        if needs_picture and slots and not pictures:
            raise BadInput("picture_needed")
        placed = dict(zip(slots, pictures, strict=False))
        return await self.accept_placed(workflow_text, title, placed, pinned)

    async def accept_placed(
        self,
        workflow_text: str,
        title: str,
        files: Mapping[tuple[NodeId, str], tuple[str, Any]],
        pinned: ServerUrl | None,
    ) -> TaskId:
        """Accept one task whose files are for inputs that the caller names.

        Args:
            workflow_text: The workflow in API format.
            title: What people call it.
            files: (node, input) -> (file name, JS Blob).
            pinned: The server to use; None for the best.

        Raises:
            BadInput: It can't be used, or has no such node; nothing was stored or sent.
            TetherError: The browser would not keep it.
        """
        workflow = parse_workflow(workflow_text)
        task_id = make_task_id(self._chance)
        blobs: dict[Digest, Any] = {}
        chosen = []
        for (node_id, name), (filename, blob) in files.items():
            if node_id not in workflow.nodes:
                raise BadInput("file_unplaced", place=f"{node_id}.{name}")
            await self._check(filename, blob, pinned)
            digest = await self._files.digest(blob)
            blobs[digest] = blob
            chosen.append(Picture(node_id, name, digest, filename, int(blob.size)))
        await self._keep(task_id, workflow, workflow_text, title, tuple(chosen), blobs, pinned)
        return task_id

    async def accept_again(self, task: Task, pinned: ServerUrl | None) -> TaskId:
        """Accept a task's work once more, as a new task with files of its own.

        Raises:
            BadInput: The browser no longer has its workflow, or one of its pictures.
            TetherError: It would not keep them.
        """
        text = await self._files.read_text(task.digest)
        if text is None:
            raise BadInput("workflow_gone")
        blobs: dict[Digest, Any] = {}
        for picture in task.pictures:
            blob = await self._files.read(picture.digest)
            if blob is None:
                raise BadInput("picture_gone", picture=picture.filename)
            blobs[picture.digest] = blob
        task_id = make_task_id(self._chance)
        workflow = parse_workflow(text)
        title, pictures = task.title, task.pictures
        await self._keep(
            task_id, workflow, text, title, pictures, blobs, pinned, again_of=task.task_id
        )
        return task_id

    async def check_picture(self, filename: str, blob: Any) -> None:
        """Look at the first bytes of a file.

        Raises:
            BadInput: It is no picture.
        """
        if not is_picture(await self._files.head(blob, TYPE_HEAD)):
            raise BadInput("not_a_picture", picture=filename)

    async def _check(self, filename: str, blob: Any, pinned: ServerUrl | None) -> None:
        await self.check_picture(filename, blob)
        servers = [
            server
            for url, server in self._window.servers.items()
            if pinned in (None, url) and not server.is_leaving
        ]
        trouble = too_large(servers, [(filename, int(blob.size))])
        if trouble is not None:
            raise BadInput(trouble.code, **dict(trouble.facts))

    async def _keep(
        self,
        task_id: TaskId,
        workflow: Workflow,
        text: str,
        title: str,
        pictures: tuple[Picture, ...],
        blobs: dict[Digest, Any],
        pinned: ServerUrl | None,
        again_of: TaskId | None = None,
    ) -> None:
        digest = digest_of(text)
        await self._files.keep(task_id, {digest: text, **blobs})
        prompt_id = make_prompt_id(self._chance)
        self._emit(
            TaskAccepted(task_id, prompt_id, title, workflow, digest, pictures, pinned, again_of)
        )
