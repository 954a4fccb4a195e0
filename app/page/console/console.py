"""The functions that scripts and devtools may call."""

import binascii
import json
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import js
from pyodide.ffi import to_js

from page.console.border import Border, listed, option
from page.console.connections import Connections
from page.console.flight_recorder import FlightRecorder
from page.console.plain import result_row, server_row, stats, task_row
from page.servers.roster import Roster
from page.ui.parts import load_part
from page.ui.words import Words
from tether.browser.values import to_object
from tether.client import Tether
from tether.core.errors import Trouble
from tether.core.ids import NodeId, ServerUrl, TaskId
from tether.core.model.health import Health, health
from tether.core.model.identity import make_task_id
from tether.core.model.server import Reach
from tether.core.model.task import Task
from tether.core.protocol.access_token import Access, make_access
from tether.core.protocol.answers import read_upload
from tether.core.protocol.image_type import ending, is_picture
from tether.core.protocol.requests import Ask, Upload
from tether.core.submission.submission import upload_within

ANSWER_TIMEOUT = 10.0
"""Seconds for a new server to answer, or to be found unusable."""

Examine: TypeAlias = Callable[[ServerUrl], Awaitable[tuple[Trouble, ...]]]
"""Finds out why a server can't be used."""


class Console:
    """Exposes `docs/api.md`: the `tether` object here, what is for devtools in `Connections`.

    Made before `tether` starts, so that the flight recorder misses nothing.
    """

    def __init__(self, tether: Tether, words: Words, roster: Roster, examine: Examine) -> None:
        self._border = border = Border(words)
        self._tether = tether
        self._window = window = tether.window
        self._roster = roster
        self._examine = examine
        self._connections = connections = Connections(border, tether)
        self.figures: Callable[[], Health] = lambda: health(window, {}, (), 0.0)
        """Of `tether.stats()`; from the records alone until the page has set its own."""
        self.give: Callable[[TaskId], None] = lambda _task_id: None
        """Has the page keep the results of a task for a script."""
        self.pause: Callable[[bool], None] = tether.pause
        """Pauses what waits; the page pauses all windows of the browser."""
        self.star: Callable[[Task, bool | None], bool] = lambda _task, _is_on: False
        """Stars a task's result if told to; returns whether it has a star. The page has stars."""
        flight = FlightRecorder(window)
        tether.runner.listeners.append(flight.note)
        tether.on_task(self._report)
        border.expose(
            tether__servers=lambda: [server_row(window, each) for each in window.servers.values()],
            tether__tasks=connections.tasks,
            tether__stats=lambda: stats(window, self.figures()),
            tether__flightRecorder__read=flight.read,
            tether__doctor=self._doctor,
            tether__addServer=self._add_server,
            tether__removeServer=self._remove_server,
            tether__substitute=self._substitute,
            tether__pause=lambda: self.pause(True),
            tether__resume=lambda: self.pause(False),
            tether__order=self._order,
            tether__star=lambda name, is_on=None: self.star(self._find(name), is_on),
            tether__submit=self._submit,
            tether__chain=self._chain,
            tether__result=self._result,
            submitWorkflow=self._accept,
            uploadImageToComfyUI=self._upload,
            cancelTask=self._cancel,
        )

    async def _doctor(self, typed: Any) -> dict[str, Any]:
        say, server = self._border.words.trouble, self._connections.known(typed)
        causes = [
            {"cause": say(trouble), "cure": dict(trouble.facts).get("cure", "")}
            for trouble in await self._examine(server.url)
        ]
        return {"url": server.url, "isWell": not causes, "causes": causes}

    def _report(self, task: Task) -> None:
        if js.tetherListens():
            js.tetherTell(to_object(self._row(task)))

    async def _add_server(self, typed: Any, options: Any = None) -> dict[str, Any]:
        access = _access(option(options, "token"))
        is_kept = option(options, "remember") is True
        name = str(option(options, "name") or "")
        url = self._roster.add(str(typed), name, access, is_kept)
        server = self._window.servers[url]
        await self._tether.runner.until(lambda: server.reach is not Reach.UNKNOWN, ANSWER_TIMEOUT)
        return server_row(self._window, server)

    async def _remove_server(self, typed: Any) -> None:
        self._roster.remove(self._connections.known(typed).url)

    async def _substitute(self, typed: Any, name: Any, there: Any = None) -> dict[str, str]:
        server = self._connections.known(typed)
        self._roster.substitute(server.url, str(name), str(there or ""))
        return dict(server.inventory.substitutes)

    def _order(self, *named: Any) -> list[TaskId]:
        """Put tasks first, or behind another; return all that wait, the next one first."""
        *names, options = named if named and not isinstance(named[-1], str) else (*named, None)
        after = option(options, "after")
        first = [self._find(name).task_id for name in names]
        behind = None if after is None else self._find(after).task_id
        return self._tether.order(*first, after=behind)

    async def _submit(self, options: Any = None) -> Any:
        return await self._accept(option(options, "workflow"), options)

    async def _accept(self, workflow: Any, options: Any = None) -> Any:
        """Accept a task, or with `sweep` several: describe it, or each of them."""
        text = workflow if isinstance(workflow, str) else js.JSON.stringify(workflow)
        if not isinstance(text, str):
            raise self._border.refuse("workflow_not_workflow")
        server = option(options, "server")
        pinned = self._connections.known(server).url if server is not None else None
        files = option(options, "files")
        placed = _placed(files) if files is not None else {}
        title = str(option(options, "title") or "script")
        sweep = option(options, "sweep")
        if sweep is None:
            return self._accepted(await self._tether.submit(text, placed, title, pinned))
        await load_part("form")
        values = {_place(key): listed(each) for key, each in js.Object.entries(sweep)}
        is_side_by_side = option(options, "sideBySide") is True
        given = values, is_side_by_side, placed, title, pinned
        made = await self._tether.submit_sweep(text, *given)
        return [self._accepted(each) for each in made]

    async def _chain(self, options: Any = None) -> list[dict[str, Any]]:
        """Accept tasks of which each takes a result of the one before; describe each."""
        given = option(options, "workflows")
        made = js.Array.isArray(given) and [js.JSON.stringify(each) for each in given]
        texts = [json.loads(each) if each.startswith('"') else each for each in made or ()]
        server, files = option(options, "server"), option(options, "files")
        pinned = self._connections.known(server).url if server is not None else None
        placed = _placed(files) if files is not None else {}
        title = str(option(options, "title") or "script")
        return list(map(self._accepted, await self._tether.chain(texts, placed, title, pinned)))

    def _accepted(self, task_id: TaskId) -> dict[str, Any]:
        task = self._window.tasks[task_id]
        return {"taskId": task_id, "promptId": task.prompt_id, "server": task.server}

    async def _result(self, name: Any) -> dict[str, Any]:
        task = await self._tether.result(self._find(name).task_id)
        error = self._border.words.trouble(task.trouble) if task.trouble else None
        world = self._tether.world
        self.give(task.task_id)
        if task.server and not world.is_direct(task):  # a script can't get them by their addresses
            for output in task.outputs:
                if output.kind != "text":
                    await world.fetch(task, output, is_asked=True)
        return result_row(task, error, world.address)

    async def _cancel(self, name: Any) -> dict[str, Any]:
        task = await self._tether.cancel(self._find(name).task_id)
        if not task.is_ended:
            title = self._border.words.title(task.title)
            raise self._border.refuse("cancel_unanswered", task=title)
        return self._row(task)

    def _row(self, task: Task) -> dict[str, Any]:
        return task_row(task, self._border.words.title)

    def _find(self, name: Any) -> Task:
        for task in self._window.tasks.values():
            if name in (task.task_id, task.prompt_id):
                return task
        raise self._border.refuse("task_unknown", task=name)

    async def _upload(self, base64: Any) -> dict[str, Any]:
        """Upload a picture to the server of `getApiBaseUrl`."""
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
        files, task_id = self._tether.world.files, make_task_id(self._tether.world.chance)
        digest = await files.digest(blob)
        await files.keep(task_id, {digest: blob})
        server, call = self._window.servers[url], self._tether.caller.call
        upload = Upload(digest, f"tether-{digest[:12]}{ending(content)}")
        try:
            answer = await call(url, Ask.UPLOAD, "/upload/image", upload_within(blob.size), upload)
        finally:
            files.release(task_id)
        if answer is None or answer.status != 200:
            status = answer.status if answer else "-"
            raise self._border.refuse("upload_failed", server=server.name, status=status)
        read_upload(answer.text)
        stored = json.loads(answer.text)
        return {name: str(stored.get(name, "")) for name in ("name", "subfolder", "type")} | {
            "server": url
        }


def _access(token: Any) -> Access | None:
    """Read a token: its text is a Bearer's; `{mode, secret, name}` says more."""
    if token is None:
        return None
    if isinstance(token, str):
        return make_access("bearer", token)
    mode, secret, name = (option(token, key) or "" for key in ("mode", "secret", "name"))
    return make_access(str(mode), str(secret), str(name))


def _placed(files: Any) -> dict[tuple[NodeId, str], tuple[str, Any]]:
    """Read `{"1.image": blob}`; a Blob without a name gets one."""
    placed = {}
    for key, blob in js.Object.entries(files):
        place = _place(key)
        placed[place] = (str(getattr(blob, "name", "") or f"{'-'.join(place)}.png"), blob)
    return placed


def _place(key: Any) -> tuple[NodeId, str]:
    """Read `node.input`."""
    node_id, _, name = str(key).rpartition(".")
    return NodeId(node_id), name
