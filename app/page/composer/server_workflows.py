"""The workflows of a server, one click from being run here: recent runs, and what it keeps."""

from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import Any, NamedTuple, TypeAlias, TypeVar

import js

from page.composer.open_file import FileOpener, Opened
from page.composer.run_history import (
    HISTORY_PATH,
    JOBS_PATH,
    Run,
    read_history,
    read_jobs,
    read_workflow,
    run_paths,
)
from page.composer.server_files import (
    BLUEPRINTS_PATH,
    CHINESE_TEMPLATES_PATH,
    SAVED_PATH,
    TEMPLATES_PATH,
    ServerFile,
    read_blueprint,
    read_blueprints,
    read_saved,
    read_templates,
)
from page.ui.context import PageContext
from page.ui.dom import button, by_id, element, listen, on_action, options, set_text
from tether.browser.values import new_file
from tether.core.errors import TetherError
from tether.core.ids import ServerUrl
from tether.core.model.server import Reach
from tether.core.protocol.requests import Ask
from tether.runtime.caller import Caller

T = TypeVar("T")
Offer: TypeAlias = Run | ServerFile
Ways: TypeAlias = Iterable[tuple[Ask, str, Callable[[str], T]]]

CALL_TIMEOUT = 10.0
"""Seconds for one call."""

RECENT, SAVED, TEMPLATES, BLUEPRINTS = "recent", "saved", "templates", "blueprints"


class _Kind(NamedTuple):
    """How a kind of workflows is listed, what is said where there are none, how one is read."""

    ways: Ways[Sequence[Offer]]
    none: str
    read: Callable[[str], str] = str


_KINDS = {
    RECENT: _Kind(
        ((Ask.JOBS, JOBS_PATH, read_jobs), (Ask.HISTORY, HISTORY_PATH, read_history)), "runs.none"
    ),
    SAVED: _Kind(((Ask.FILE, SAVED_PATH, read_saved),), "runs.saved_none"),
    TEMPLATES: _Kind(((Ask.FILE, TEMPLATES_PATH, read_templates),), "runs.templates_none"),
    BLUEPRINTS: _Kind(
        ((Ask.FILE, BLUEPRINTS_PATH, read_blueprints),), "runs.blueprints_none", read_blueprint
    ),
}


class ServerWorkflows:
    """The dialog that lists them; a kind is asked for when it is unfolded."""

    def __init__(
        self,
        context: PageContext,
        caller: Caller,
        opener: FileOpener,
        use: Callable[[Opened], Awaitable[None]],
    ) -> None:
        self._context = context
        self._caller = caller
        self._opener = opener
        self._use = use
        self._dialog = by_id("runs")
        self._server = by_id("runs-server")
        self._problem = by_id("runs-problem")
        self._offers: dict[str, Sequence[Offer]] = {}
        listen(self._server, "change", lambda _event: self._begin())
        listen(by_id("runs-close"), "click", lambda _event: self._dialog.close())
        on_action(self._dialog, lambda kind, key: context.soon(self._choose(kind, int(key))))
        for kind in _KINDS:
            listen(by_id(f"runs-{kind}"), "toggle", lambda _event: self._read_unfolded())

    def open(self) -> None:
        """Show the dialog, of the server chosen last, or of the first that is up."""
        known = self._context.window.servers.values()
        servers = {str(each.url): each.name for each in known if each.reach is Reach.UP}
        chosen = str(self._server.value)
        self._server.replaceChildren(*options(servers))
        if chosen in servers:
            self._server.value = chosen
        if not self._dialog.open:
            self._dialog.showModal()
        self._begin()

    @property
    def _url(self) -> ServerUrl:
        return ServerUrl(str(self._server.value))

    def _begin(self) -> None:
        """Forget what another server has, or what this one had."""
        self._offers.clear()
        for kind in _KINDS:
            self._list(kind).replaceChildren()
        self._show_problem("" if self._url else self._context.words.say("runs.no_server"))
        self._read_unfolded()

    def _read_unfolded(self) -> None:
        for kind in _KINDS:
            if self._url and by_id(f"runs-{kind}").open and kind not in self._offers:
                self._offers[kind] = ()
                self._context.soon(self._read(kind))

    async def _read(self, kind: str) -> None:
        url, words = self._url, self._context.words
        silent = self._error("server_silent")
        # A server that keeps none has no such list.
        missing: Sequence[Offer] | None = None if kind == RECENT else ()
        ways = list(_KINDS[kind].ways)
        if kind == TEMPLATES and js.document.documentElement.lang.startswith("zh"):
            ways.insert(0, (Ask.FILE, CHINESE_TEMPLATES_PATH, read_templates))
        found = await self._first(url, ways, silent, missing)
        if url != self._url:
            return  # another was chosen meanwhile
        if isinstance(found, TetherError):
            self._show_problem(words.trouble(found.trouble))
            self._offers.pop(kind, None)
            return
        self._offers[kind] = found
        self._show_problem("")
        titles = map(self._title, found)
        rows = [
            element("li", "", "", button(kind, str(number), title))
            for number, title in enumerate(titles)
        ]
        none = element("li", "", words.say(_KINDS[kind].none))
        self._list(kind).replaceChildren(*(rows or [none]))

    async def _first(
        self, url: ServerUrl, ways: Ways[T], error: TetherError, missing: T | None = None
    ) -> T | TetherError:
        """Ask in these ways until one gives what can be read; what has answered may be a proxy.

        `missing`, if any, is what a 404 to the last means.
        """
        found: T | TetherError = error
        for ask, path, read in ways:
            answer = await self._caller.call(url, ask, path, CALL_TIMEOUT)
            if answer is None or answer.status != 200:
                is_none = answer is not None and answer.status == 404
                found = missing if is_none and missing is not None else error
                continue
            try:
                return read(answer.text)
            except TetherError as unreadable:
                found = error = unreadable
        return found

    def _title(self, offer: Offer) -> str:
        match offer:
            case ServerFile(title):
                return title
            case Run(prompt_id, at, filename):
                time = str(js.Date.new(at * 1000).toLocaleString()) if at else ""
                return " · ".join(filter(None, (filename, time))) or prompt_id

    async def _choose(self, kind: str, number: int) -> None:
        offer, url = self._offers[kind][number], self._url
        try:
            opened = await self._opened(url, kind, offer)
        except TetherError as error:
            self._show_problem(self._context.words.trouble(error.trouble))
            return
        self._dialog.close()
        await self._use(opened)

    async def _opened(self, url: ServerUrl, kind: str, offer: Offer) -> Opened:
        gone = self._error("run_gone" if isinstance(offer, Run) else "file_gone")
        if isinstance(offer, Run):
            paths, run = run_paths(offer), offer
            ways: Ways[str] = [
                (Ask.HISTORY, path, lambda text: read_workflow(run, text)) for path in paths
            ]
        else:
            ways = ((Ask.FILE, offer.path, _KINDS[kind].read),)
        text = await self._first(url, ways, gone)
        if isinstance(text, TetherError):
            raise text
        return await self._opener.open(new_file(js.Blob.new([text]), offer.name, ""))

    def _error(self, code: str) -> TetherError:
        return TetherError(code, server=self._context.window.servers[self._url].name)

    def _list(self, kind: str) -> Any:
        return self._dialog.querySelector(f"#runs-{kind} ul")

    def _show_problem(self, sentence: str) -> None:
        set_text(self._problem, sentence)
