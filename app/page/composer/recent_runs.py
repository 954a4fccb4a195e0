"""A server's own recent runs, one click from being run again here."""

from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

import js

from page.composer.open_file import Opened
from page.composer.run_history import (
    HISTORY_PATH,
    JOBS_PATH,
    Run,
    read_history,
    read_jobs,
    read_workflow,
    run_paths,
)
from page.ui.context import PageContext
from page.ui.dom import button, by_id, element, listen, on_action, options, set_text
from tether.core.errors import TetherError
from tether.core.ids import ServerUrl
from tether.core.model.server import Reach
from tether.core.protocol.requests import Ask
from tether.core.protocol.workflow import Workflow, parse_workflow
from tether.runtime.caller import Caller

T = TypeVar("T")

CALL_TIMEOUT = 10.0
"""Seconds for one call."""


class RecentRuns:
    """The dialog that shows the runs of a server, and hands over the workflow of a chosen one."""

    def __init__(
        self, context: PageContext, caller: Caller, use: Callable[[Opened], Awaitable[None]]
    ) -> None:
        self._window = context.window
        self._words = context.words
        self._caller = caller
        self._use = use
        self._dialog = by_id("runs")
        self._server = by_id("runs-server")
        self._problem = by_id("runs-problem")
        self._list = by_id("runs-list")
        self._runs: list[Run] = []
        listen(self._server, "change", lambda _event: context.soon(self._read()))
        listen(by_id("runs-close"), "click", lambda _event: self._dialog.close())
        on_action(self._list, lambda _action, key: context.soon(self._choose(int(key))))

    async def open(self) -> None:
        """Show the dialog, with the runs of the server chosen last, or of the first that is up."""
        known = self._window.servers.values()
        servers = {str(each.url): each.name for each in known if each.reach is Reach.UP}
        chosen = str(self._server.value)
        self._server.replaceChildren(*options(servers))
        if chosen in servers:
            self._server.value = chosen
        self._show_problem("" if servers else self._words.say("runs.no_server"))
        if not self._dialog.open:
            self._dialog.showModal()
        if servers:
            await self._read()

    @property
    def _url(self) -> ServerUrl:
        return ServerUrl(str(self._server.value))

    async def _read(self) -> None:
        url, self._runs = self._url, []
        silent = TetherError("server_silent", server=self._window.servers[url].name)
        ways = ((Ask.JOBS, JOBS_PATH, read_jobs), (Ask.HISTORY, HISTORY_PATH, read_history))
        found = await self._first(url, ways, silent)
        if url != self._url:
            return  # another was chosen meanwhile
        if isinstance(found, TetherError):
            self._show_problem(self._words.trouble(found.trouble))
        else:
            self._runs = found
            self._show()

    async def _first(
        self,
        url: ServerUrl,
        ways: Iterable[tuple[Ask, str, Callable[[str], T]]],
        error: TetherError,
    ) -> T | TetherError:
        """Ask in these ways until one gives what can be read; what has answered may be a proxy."""
        for ask, path, read in ways:
            answer = await self._caller.call(url, ask, path, CALL_TIMEOUT)
            try:
                if answer is not None and answer.status == 200:
                    return read(answer.text)
            except TetherError as unreadable:
                error = unreadable
        return error

    def _show(self) -> None:
        rows = []
        for number, run in enumerate(self._runs):
            at = str(js.Date.new(run.at * 1000).toLocaleString()) if run.at else ""
            name = " · ".join(filter(None, (run.filename, at))) or run.prompt_id
            rows.append(element("li", "", "", button("choose", str(number), name)))
        self._list.replaceChildren(*rows)
        self._show_problem("" if rows else self._words.say("runs.none"))

    async def _choose(self, number: int) -> None:
        run, url = self._runs[number], self._url
        gone = TetherError("run_gone", server=self._window.servers[url].name)

        def read(text: str) -> Workflow:
            return parse_workflow(read_workflow(run, text))

        ways = [(Ask.HISTORY, path, read) for path in run_paths(run)]
        found = await self._first(url, ways, gone)
        if isinstance(found, TetherError):
            self._show_problem(self._words.trouble(found.trouble))
            return
        self._dialog.close()
        await self._use(Opened(run.filename or run.prompt_id, found))

    def _show_problem(self, sentence: str) -> None:
        if sentence:
            self._list.replaceChildren()
        set_text(self._problem, sentence)
