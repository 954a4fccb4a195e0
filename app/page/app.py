"""Starts the page; the only module that knows all the others."""

import asyncio
import gc
from collections.abc import Coroutine
from typing import Any

import js

from page.collect_panel import CollectPanel
from page.composer.composer import Composer
from page.console.console import Desk
from page.gallery.gallery import Gallery
from page.health.health import HealthDialog
from page.lanes.lanes import Lanes
from page.notifications.notifications import Notifications
from page.notifications.whats_new import WhatsNew
from page.page import Page, Part, translate
from page.routing_test.selftest import RoutingTest
from page.servers.panel import ServersPanel
from page.servers.roster import Roster
from page.servers.servers import Servers
from page.settings import PageSettings
from page.tab import Tab
from page.tasks.actions import TaskActions
from page.tasks.panel import TasksPanel
from page.ui.context import PageContext
from page.ui.dom import by_id
from page.ui.notices import NoticesPanel
from page.ui.undo import Undo
from page.ui.words import Words
from page.view import Views
from page.windows.windows import Windows
from page.worlds import MakeWorld, find_world
from tether.browser.media_previews import BrowserPreviews
from tether.browser.repaint import Repaint
from tether.browser.site import fetch_text, meta, time_of_day
from tether.core.model.identity import DEFAULT_BASE
from tether.core.model.window import Changes, Settings
from tether.core.windows.owner import tag_of
from tether.runtime.access_tokens import Keys
from tether.runtime.caller import Caller
from tether.runtime.rerun import Repetition
from tether.runtime.runner import Runner


class App:
    """The page at work; `start` builds it."""

    def __init__(self, make_world: MakeWorld) -> None:
        self._jobs: set[asyncio.Task[None]] = set()
        self._page: Page | None = None
        self._parts: tuple[Part, ...] = ()
        self._console: Desk | None = None
        self._repaint = Repaint(self._paint)
        self._runner = Runner(self._changed)
        self._previews = BrowserPreviews(self._repaint.ask)
        self._caller = Caller(self._runner.emit)
        self._world = make_world(self._caller.emit)
        self._caller.use(self._world.http)
        self._tab = Tab(self._runner, self._world, self._previews)
        self._keys = Keys(self._world.records, self._world.shared)
        self._settings = PageSettings(self._world.shared)

    async def start(self) -> None:
        """Open the stores, take up the last page's tasks, show the page."""
        context = await self._open()
        undo = Undo(context.words)
        roster = Roster(
            *(context.window, self._world.shared, context.emit, str(js.location.href), self._keys)
        )
        self._servers = Servers(context, self._caller, roster, self._keys, undo)
        console = self._add_console(context, roster)
        lanes = Lanes(context, self._runner)
        self._runner.follow(self._servers.changed)
        self._tab.start()
        self._build(context, roster, undo)
        self._add_features(context, lanes, console)
        await self._servers.load()
        self._paint()
        await self._composer.restore()
        self._finish(context)
        await self._catch_up()

    async def _open(self) -> PageContext:
        """Return what all parts share; nothing is sent yet."""
        language = self._settings.language
        words = Words(await fetch_text(f"./static/i18n/{language}.json") or "{}")
        translate(words, language)
        places = int(meta("places", "2"))
        base = meta("client-base", DEFAULT_BASE)
        session = await self._tab.open(Settings(base, places, tag_of(self._tab.phrase())))
        notices, repaint = NoticesPanel(words), self._repaint.ask
        emit = self._runner.emit
        return PageContext(session.window, self._world, words, emit, self._soon, notices, repaint)

    def _add_console(self, context: PageContext, roster: Roster) -> Desk:
        """Expose the functions for scripts."""
        self._console = console = Desk(
            context.window,
            self._runner,
            self._tab.intake,
            roster,
            self._caller,
            self._world,
            context.words,
            str(js.location.href),
        )
        console.expose_doctor(self._servers.doctor.examine)
        return console

    def _build(self, context: PageContext, roster: Roster, undo: Undo) -> None:
        """Make the panels that are always there, and what carries out what they say."""
        window, words, language = context.window, context.words, self._settings.language
        since = self._settings.reruns_since
        self._rerun = rerun = Repetition(window, self._tab.intake, context.emit, since)
        self._composer = composer = Composer(context, self._tab.intake, self._caller, roster)
        self._actions = actions = TaskActions(context, rerun, composer, undo)
        self._settings.connect(context, rerun, composer.settled)
        CollectPanel(context, self._tab.phrase(), self._tab.known_prompts)
        views = Views(
            window,
            words,
            lambda at: time_of_day(at, language),
            self._world,
            self._servers,
            actions.removed,
        )
        self._page = Page(
            context,
            views,
            ServersPanel(words, self._servers),
            composer.panel,
            TasksPanel(context, actions, self._previews.url),
            self._previews,
        )
        self._runner.follow(self._rerun_lost)
        self._rerun_lost(Changes(frozenset(), frozenset(), False))

    def _add_features(self, context: PageContext, lanes: Lanes, console: Desk) -> None:
        """Make what a person may open beside the tasks."""
        WhatsNew(context)
        health = HealthDialog(context, self._actions.picture_delays)
        console.use_figures(health.figures)
        composer, actions = self._composer, self._actions
        gallery = Gallery(context, self._tab.intake, composer.panel.add, actions.look)
        self._runner.follow(gallery.changed)
        self._runner.follow(Notifications(context).changed)
        self._parts = (lanes, health, Windows(context, self._tab.adopter))
        self._routing_test = RoutingTest(context, self._settings.language, self._keys.of)
        js.tetherExpose("runWebSocketRoutingFixTest", self._routing_test.run)

    def _finish(self, context: PageContext) -> None:
        """Tell the visitor that the page is there."""
        by_id("boot").textContent = ""
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
        if js.URLSearchParams.new(js.location.search).get("selftest") == "1":
            self._routing_test.start()

    def _changed(self) -> None:
        self._repaint.ask()
        if self._console is not None:
            self._console.changed()

    def _rerun_lost(self, _changes: Changes) -> None:
        for task_id in self._rerun.due():
            self._actions.run_again(task_id)

    def _paint(self) -> None:
        """Draw what has changed; nothing else is done here."""
        if self._page is None:
            return
        if self._page.draw():
            self._repaint.later()
        for part in self._parts:
            part.changed()

    def _soon(self, work: Coroutine[Any, Any, None]) -> None:
        """Run work that nobody waits for; the loop's handler reports what goes wrong in it."""
        job = asyncio.ensure_future(work)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)


def report(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Write an error in work that nobody waits for to the console: it is a bug."""
    js.console.error(f"Tether: {context.get('message')}: {context.get('exception')!r}")


def started(start: asyncio.Task[None]) -> None:
    """Tell the visitor when the page can't start."""
    error = start.exception()
    if error is not None:
        js.tetherBootFailed(f"{type(error).__name__}: {error}")
        raise error


async def start_app() -> None:
    """Start the page in the visitor's world."""
    await App(await find_world()).start()


def start() -> None:
    """Start the page; an error is shown to the visitor."""
    asyncio.get_event_loop().set_exception_handler(report)
    asyncio.ensure_future(start_app()).add_done_callback(started)
