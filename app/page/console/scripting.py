"""The `tether` object, and the functions that send work."""

import asyncio
import binascii
import json
from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import to_js

from page.console.border import Border, Explain, given
from page.console.connections import Connections
from page.console.plain import result_row, server_row, stats, task_row
from page.health.figures import Health, health
from page.servers.roster import Roster
from tether.core.events import CancelRequested, Emit
from tether.core.ids import NodeId, ServerUrl, TaskId
from tether.core.model.identity import make_task_id
from tether.core.model.server import Reach
from tether.core.model.task import State, Task
from tether.core.model.window import Changes, Window
from tether.core.protocol.access_token import Access, make_access
from tether.core.protocol.answers import read_upload
from tether.core.protocol.image_type import ending, is_picture
from tether.core.protocol.requests import Ask, Upload
from tether.core.submission.submission import UPLOAD_WITHIN
from tether.core.submission.withdrawal import successor
from tether.runtime.caller import Caller, Waits
from tether.runtime.intake import Intake
from tether.runtime.ports import World

MET_WITHIN = 10.0
"""Seconds for a new server to answer, or to be found unusable."""

CANCELLED_WITHIN = 30.0


class Scripting:
    """Sends, follows and cancels tasks for scripts.

    Args:
        border: Makes errors readable.
        window: The window.
        emit: Tells its session.
        intake: Takes tasks in.
        roster: The servers.
        connections: The functions for devtools.
        caller: Calls servers.
        waits: Waits for changes of the window.
        world: What carries the window.
        explain: Says a trouble in the page's words.
    """

    def __init__(
        self,
        border: Border,
        window: Window,
        emit: Emit,
        intake: Intake,
        roster: Roster,
        connections: Connections,
        caller: Caller,
        waits: Waits,
        world: World,
        explain: Explain,
    ) -> None:
        self._border = border
        self._window = window
        self._emit = emit
        self._intake = intake
        self._roster = roster
        self._connections = connections
        self._caller = caller
        self._waits = waits
        self._world = world
        self._explain = explain
        self.figures: Callable[[], Health] = lambda: health(window, {}, (), 0.0)
        """Where the figures come from; the page has better ones once it is there."""
        self._results: dict[TaskId, asyncio.Future[None]] = {}
        """Somebody waits for their ends."""

    def expose(self) -> None:
        """Put the functions on `window`."""
        window = self._window
        self._border.now(
            tether__servers=lambda: [server_row(window, each) for each in window.servers.values()],
            tether__tasks=lambda: [self._row(task) for task in window.tasks.values()],
            tether__stats=lambda: stats(window, self.figures()),
        )
        self._border.later(
            tether__addServer=self._add_server,
            tether__removeServer=self._remove_server,
            tether__substitute=self._substitute,
            tether__submit=self._submit,
            tether__result=self._result,
            submitWorkflow=self._submit_workflow,
            uploadImageToComfyUI=self._upload,
            cancelTask=self._cancel,
        )

    def changed(self, changes: Changes) -> None:
        """Tell the scripts that listen of every task that has changed."""
        for task_id in changes.gauges & self._results.keys():
            task = self._window.tasks.get(task_id)
            if task is not None and task.is_ended:
                self._results.pop(task_id).set_result(None)
        if not js.tetherListens():
            return
        for task in filter(None, map(self._window.tasks.get, changes.gauges)):
            js.tetherTell(to_js(self._row(task), dict_converter=js.Object.fromEntries))

    async def _add_server(self, typed: Any, options: Any = None) -> dict[str, Any]:
        access = _access(given(options, "token"))
        is_kept = given(options, "remember") is True
        name = str(given(options, "name") or "")
        url = self._roster.add(str(typed), name, access, is_kept)
        server = self._window.servers[url]
        await self._waits.until(lambda: server.reach is not Reach.UNKNOWN, MET_WITHIN)
        return server_row(self._window, server)

    async def _remove_server(self, typed: Any) -> None:
        self._roster.remove(self._connections.known(typed).url)

    async def _substitute(self, typed: Any, name: Any, there: Any = None) -> dict[str, str]:
        server = self._connections.known(typed)
        self._roster.substitute(server.url, str(name), str(there or ""))
        return dict(server.inventory.substitutes)

    async def _submit_workflow(self, workflow: Any, options: Any = None) -> dict[str, Any]:
        return await self._accept(workflow, options)

    async def _submit(self, options: Any = None) -> dict[str, Any]:
        return await self._accept(given(options, "workflow"), options)

    async def _accept(self, workflow: Any, options: Any) -> dict[str, Any]:
        text = workflow if isinstance(workflow, str) else js.JSON.stringify(workflow)
        if not isinstance(text, str):
            raise self._border.refuse("workflow_not_workflow")
        server = given(options, "server")
        pinned = self._connections.known(server).url if server is not None else None
        files = given(options, "files")
        placed = _placed(files) if files is not None else {}
        title = str(given(options, "title") or "script")
        task_id = await self._intake.accept_placed(text, title, placed, pinned)
        task = self._window.tasks[task_id]
        return {"taskId": task_id, "promptId": task.prompt_id, "server": task.server}

    async def _result(self, task_id: Any) -> dict[str, Any]:
        task = self._find(task_id)
        if not task.is_ended:
            loop = asyncio.get_event_loop()
            await self._results.setdefault(task.task_id, loop.create_future())
        if task.state is State.ADOPTED:
            raise self._border.refuse("adopted")
        if (new := successor(self._window, task)) is not None:
            return await self._result(new.task_id)
        error = self._explain(task.trouble) if task.trouble else None
        if task.server:
            await self._fetch(task)
        return result_row(task, error, self._world.address)

    async def _fetch(self, task: Task) -> None:
        """Bring in what scripts can't get by its address alone."""
        if not self._world.is_direct(task):
            for output in task.outputs:
                if output.kind != "text":
                    await self._world.fetch(task, output, is_asked=True)

    async def _cancel(self, name: Any) -> dict[str, Any]:
        task = self._find(name)
        self._emit(CancelRequested(task.task_id))
        if not await self._waits.until(lambda: task.is_ended, CANCELLED_WITHIN):
            title = self._border.words.title(task.title)
            raise self._border.refuse("cancel_unanswered", task=title)
        return self._row(task)

    def _row(self, task: Task) -> dict[str, Any]:
        return task_row(task, self._border.words.title)

    def _find(self, name: Any) -> Task:
        """Return a task by its own id or its prompt's."""
        for task in self._window.tasks.values():
            if name in (task.task_id, task.prompt_id):
                return task
        raise self._border.refuse("task_unknown", task=name)

    async def _upload(self, base64: Any) -> dict[str, Any]:
        """Upload a picture to the server that calls go to now."""
        url = self._connections.base_url()
        if url is None:
            raise self._border.refuse("no_server_answers")
        try:
            content = binascii.a2b_base64(str(base64).rpartition(",")[2], strict_mode=True)
        except ValueError:
            content = b""
        if not is_picture(content):
            raise self._border.refuse("base64_bad")
        blob = js.Blob.new(to_js([to_js(content)]))
        files, task_id = self._world.files, make_task_id(self._world.chance)
        digest = await files.digest(blob)
        await files.keep(task_id, {digest: blob})
        try:
            return await self._uploaded(
                url, Upload(digest, f"tether-{digest[:12]}{ending(content)}")
            )
        finally:
            files.release(task_id)

    async def _uploaded(self, url: ServerUrl, upload: Upload) -> dict[str, Any]:
        server = self._window.servers[url]
        answer = await self._caller.call(url, Ask.UPLOAD, "/upload/image", UPLOAD_WITHIN, upload)
        if answer is None or answer.status != 200:
            status = answer.status if answer else "-"
            raise self._border.refuse("upload_failed", server=server.name, status=status)
        read_upload(answer.text)
        told = json.loads(answer.text)
        kept = {name: str(told.get(name, "")) for name in ("name", "subfolder", "type")}
        return {**kept, "server": url}


def _access(token: Any) -> Access | None:
    """Read a token: its text is a Bearer's; `{mode, secret, name}` says more.

    Raises:
        BadInput: No call could carry it.
    """
    if token is None:
        return None
    if isinstance(token, str):
        return make_access("bearer", token)
    mode, secret, name = (given(token, key) or "" for key in ("mode", "secret", "name"))
    return make_access(str(mode), str(secret), str(name))


def _placed(files: Any) -> dict[tuple[NodeId, str], tuple[str, Any]]:
    """Read `{"1.image": blob}`; a Blob without a name gets one."""
    placed = {}
    for key, blob in js.Object.entries(files):
        node_id, _, name = str(key).rpartition(".")
        filename = str(getattr(blob, "name", "") or f"{node_id}-{name}.png")
        placed[NodeId(node_id), name] = (filename, blob)
    return placed
