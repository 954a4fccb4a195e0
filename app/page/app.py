"""Starts the page; the only module that knows all the others."""

import asyncio
import gc
from collections.abc import Callable, Coroutine
from typing import Any

import js

from page.collect_panel import CollectPanel
from page.composer.composer import Composer
from page.console.console import Console
from page.gallery.gallery import Gallery
from page.grid.grid import Grid
from page.grid.intents import GridIntents
from page.health.health import HealthDialog
from page.lanes.lanes import Lanes
from page.notifications.notifications import Notifications
from page.notifications.whats_new import WhatsNew
from page.page import Page
from page.routing_test.selftest import RoutingTest
from page.servers.panel import ServersPanel
from page.servers.roster import Roster
from page.servers.server_list import find_list
from page.servers.servers import Servers
from page.settings import PageSettings
from page.tasks.actions import TaskActions
from page.tasks.panel import TasksPanel
from page.ui.context import PageContext
from page.ui.dom import by_id, close_from_outside, listen, set_text, translate
from page.ui.notices import NoticesPanel
from page.ui.parts import load_part, load_text
from page.ui.stars import Stars
from page.ui.undo import Undo
from page.ui.words import Words, show_errors
from page.view import Views
from page.windows.windows import Windows
from tether.browser.ready_queue import ReadyQueue
from tether.browser.repaint import BrowserPreviews, Repaint
from tether.browser.site import fetch_list, fetch_text, is_demo, meta, time_of_day
from tether.browser_world import BrowserWorld
from tether.client import Tether
from tether.core.errors import BadInput, TetherError
from tether.core.model.health import only_here
from tether.core.model.identity import DEFAULT_BASE
from tether.core.model.window import Settings
from tether.core.protocol.hosted_list import Listed
from tether.runtime.containment import contained
from tether.runtime.ports import MakeWorld

MOST_REPORTS = 100
"""Different errors in the console: a paint that fails does so every second."""


_SENTENCES = "./static/i18n/{}.json"


class App:
    """The page at work; `start` builds it."""

    def __init__(self, make_world: MakeWorld) -> None:
        self._page: Page | None = None
        self._parts: tuple[Lanes | HealthDialog | Windows | Grid, ...] = ()
        self._repaint = Repaint(self._paint)
        self._previews = BrowserPreviews(self._repaint.ask)
        base, places = meta("client-base", DEFAULT_BASE), int(meta("places", "2"))
        settings = Settings(base, places, keeps_results=not is_demo())
        self._tether = Tether(make_world, settings, self._previews, self._repaint.ask)
        self._settings = PageSettings(self._tether.world.shared)

    async def start(self) -> None:
        """Open the stores, take up the last page's tasks, show the page."""
        context, tether = await self._open(), self._tether
        undo = Undo(context.words)
        roster = Roster(
            context.window,
            tether.world.shared,
            context.emit,
            str(js.location.href),
            tether.access_tokens,
        )
        self._servers = Servers(context, tether.caller, roster, tether.access_tokens, undo)
        console = Console(tether, context.words, roster, self._servers.doctor.examine)
        lanes = Lanes(context, tether.runner)
        tether.runner.follow(self._servers.changed)
        tether.rerun.rerun_from(self._settings.reruns_since)
        tether.world.page.ask_before_leaving(
            lambda: only_here(context.window) > 0 or self._actions.is_saving
        )
        tether.start()
        self._build(context, roster, undo, console)
        self._add_features(context, lanes, console)
        await self._servers.load()
        self._paint()
        await self._composer.restore()
        self._finish()
        await self._catch_up()

    async def _open(self) -> PageContext:
        language = self._settings.language
        self._words = words = Words(await fetch_text(_SENTENCES.format(language)) or "{}", language)
        translate(words)
        tether = self._tether
        window, notices = await tether.prepare(), NoticesPanel(words)
        emit, repaint = tether.runner.emit, self._repaint.ask

        def soon(work: Coroutine[Any, Any, None]) -> None:
            tether.soon(show_errors(work, words, notices.show))

        stars = Stars(tether.world.shared)
        stars.follow(repaint)
        return PageContext(window, tether.world, words, emit, soon, notices, repaint, stars)

    async def _speak(self) -> None:
        """Put the page into the language that is wanted, where it stands."""
        words, settings = self._words, self._settings
        while words.language != settings.language:
            language = settings.language
            text = await load_text(_SENTENCES.format(language))
            try:
                words.use(text, language)
            except ValueError as error:  # not the page's own host answered
                raise TetherError("part_missing", detail=error) from error
        translate(words)
        self._composer.translate()
        self._repaint.ask()

    def _build(self, context: PageContext, roster: Roster, undo: Undo, console: Console) -> None:
        tether, words = self._tether, context.words
        self._composer = composer = Composer(context, tether.intake, tether.caller, roster)
        self._actions = actions = TaskActions(context, tether.rerun, composer, undo)
        self._settings.connect(context, tether.rerun, self._speak)
        actions.on_rerun, actions.pause = self._settings.lost_rerun, self._settings.pause
        actions.resume = lambda url: roster.pause(url, is_paused=False)
        console.pause, console.star = self._settings.pause, context.stars.star
        self._collect = CollectPanel(words, tether)
        views = Views(
            context.window,
            words,
            lambda at: time_of_day(at, words.language),
            tether.world,
            self._servers,
            actions.search,
        )
        tasks = TasksPanel(context, actions, self._previews.url)
        servers = ServersPanel(words, self._servers)
        self._page = Page(context, views, servers, composer.panel, tasks, self._previews)
        composer.on_run = tasks.show_new
        console.give = tasks.near.give

    def _add_features(self, context: PageContext, lanes: Lanes, console: Console) -> None:
        tether, actions = self._tether, self._actions
        WhatsNew(context)
        health = HealthDialog(context, actions.picture_delays)
        console.figures = health.figures
        gallery = Gallery(context, tether.intake, self._composer.panel.add, actions.view)
        tether.runner.follow(gallery.changed)
        tether.runner.follow(Notifications(context).changed)
        grid = Grid(context, GridIntents(actions.view_among, actions.run_again, actions.save))
        self._parts = (lanes, health, Windows(context, tether.adopter), grid)
        self._routing_test = RoutingTest(context, tether.access_tokens.of)
        js.tetherExpose("runWebSocketRoutingFixTest", self._routing_test.run)

    def _finish(self) -> None:
        """Take the boot screen away; from now on clicks are handled here."""
        listen(js.document, "click", close_from_outside)
        set_text(by_id("boot"), "")
        js.document.documentElement.dataset.ready = "true"
        # sitecustomize.py turned it off: all that a start makes stays.
        gc.freeze()
        gc.enable()
        js.tetherReady()

    async def _catch_up(self) -> None:
        """Do what the visitor asked for while the page was loading, and what its address says."""
        for done in js.tetherEarly.take():
            if done.kind == "files":
                self._composer.panel.add(list(done.files))
            elif done.action == "run":
                await self._composer.run()
            elif done.action == "selftest":
                self._routing_test.show()
        self._collect.follow_link()
        asked = js.URLSearchParams.new(js.location.search)
        if asked.get("selftest") == "1":
            self._routing_test.start()
        if is_demo() and asked.get("try") == "1":  # nobody else's servers work unasked
            await self._composer.take_samples()
            await self._composer.run()

    def _paint(self) -> None:
        if self._page is None:
            return
        contained("painting", self._draw)
        for part in self._parts:
            contained("painting of a part", part.changed)

    def _draw(self) -> None:
        if self._page is not None and self._page.draw():
            self._repaint.later()


class HostedWorld(BrowserWorld):
    """The browser's world, where `servers.json` may name another place for the list."""

    async def presets(self, say: Callable[..., str]) -> Listed:
        """Return what whoever hosts the page presets, wherever the list is."""
        own = await super().presets(say)
        try:
            where = find_list(own.text or "", str(js.location.href))
        except BadInput as error:
            return Listed(None, trouble=error.trouble)
        return await fetch_list(where, where) if where else own


async def find_world() -> MakeWorld:
    """Return what makes the world; the demo's is fetched only when somebody asks for the demo."""
    if not is_demo():
        return HostedWorld
    await load_part("servers", "demo")
    from demo.world import DemoWorld

    return DemoWorld


_reported: set[str] = set()


def report(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Write an error in work that nobody waits for to the console, once: it is a bug."""
    told = f"Tether: {context.get('message')}: {context.get('exception')!r}"
    if told not in _reported and len(_reported) < MOST_REPORTS:
        _reported.add(told)
        js.console.error(told)


def started(start: asyncio.Task[None]) -> None:
    """Show why the page can't start."""
    error = start.exception()
    if error is not None:
        js.tetherBootFailed(f"{type(error).__name__}: {error}")
        raise error


async def start_app() -> None:
    """Start the page in the visitor's world."""
    await App(await find_world()).start()


def start() -> None:
    """Start the page; an error is shown to the visitor."""
    loop = asyncio.get_event_loop()
    loop.set_exception_handler(report)
    ReadyQueue(loop)
    asyncio.ensure_future(start_app()).add_done_callback(started)
