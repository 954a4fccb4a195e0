"""Starts the page; the only module that knows all the others.

What stands beside the work with servers and tasks.
"""

import asyncio
import gc
from collections.abc import Callable
from typing import Any

import js

from page.composer.composer import Sending
from page.composer.recent_runs import Runs
from page.console.console import Desk
from page.gallery.gallery import Gallery
from page.health.health import Vitals
from page.lanes.lanes import Lanes
from page.notifications.notifications import Telling
from page.notifications.whats_new import News
from page.page import Intents, Page
from page.routing_test.selftest import SelfTest
from page.servers.roster import Roster
from page.servers.servers import Farm
from page.settings import Choices
from page.tab import Tab
from page.tasks.actions import Acting
from page.ui.dom import by_id
from page.ui.undo import Undo
from page.ui.words import Words
from page.view import Viewer
from page.windows.windows import Windows
from page.worlds import MakeWorld, find_world
from tether.browser.media_previews import BrowserPreviews
from tether.browser.repaint import Repaint
from tether.browser.site import fetch_text, meta, time_of_day
from tether.core.events import CollectRequested, Emit
from tether.core.ids import TaskId
from tether.core.model.identity import DEFAULT_BASE
from tether.core.model.window import Settings, Window
from tether.core.windows.owner import read_phrase, tag_of
from tether.runtime.access_tokens import Keys
from tether.runtime.caller import Caller
from tether.runtime.describer import Describer
from tether.runtime.ports import World
from tether.runtime.rerun import Repetition
from tether.runtime.runner import Runner


class Aside:
    """Looks at what has changed each time that the page is painted.

    Args:
        window: Its tasks.
        tab: Looks after windows that are gone.
        world: Where the page lives.
        words: The page's language.
        page: Shows notices, and takes pictures as the next inputs.
        emit: Is told what can't be kept.
        soon: Runs work that nobody waits for.
        look: Opens the dialog in which a picture is seen large.
    """

    def __init__(
        self,
        window: Window,
        tab: Tab,
        world: World,
        words: Words,
        page: Page,
        emit: Emit,
        soon: Callable[[Any], None],
        look: Callable[[str, Any], Any],
    ) -> None:
        show = page.notices.show
        News(world.shared, words, soon)
        self._gallery = Gallery(window, world, tab.intake, words, page, emit, soon, look)
        self._telling = Telling(window, world.shared, world.clock, words, show, soon)
        self._windows = Windows(window, tab.adopter, world.shared, words, soon)

    def look(self) -> None:
        """The page was painted."""
        self._gallery.changed()
        self._telling.look()
        self._windows.look()


class App:
    """The page at work: carries what the person wants to the session."""

    def __init__(self, make_world: MakeWorld) -> None:
        self._page: Page | None = None
        self._desk: Desk | None = None
        self._acting: Acting | None = None
        self._jobs: set[asyncio.Task[None]] = set()
        self._is_ready = asyncio.Event()
        self._repaint = Repaint(self._paint)
        self._runner = runner = Runner(self._changed)
        self._emit = runner.emit
        self._previews = BrowserPreviews(self._repaint.ask)
        self._caller = Caller(runner.emit)
        self._world = make_world(self._caller.emit)
        self._caller.use(self._world.http)
        self._tab = Tab(runner, self._world, self._previews)
        self._kept = self._world.shared
        self._keys = Keys(self._world.records, self._kept)

    async def start(self) -> None:
        """Open the stores, take up the last page's tasks, show the page."""
        choices = Choices(self._kept, self._world.clock.now)
        language = choices.language
        text = await fetch_text(f"./static/i18n/{language}.json")
        self._words = Words(text or "{}")
        phrase = self._tab.phrase()
        settings = Settings(
            meta("client-base", DEFAULT_BASE), int(meta("places", "2")), tag_of(phrase)
        )
        self._window = (await self._tab.open(settings)).window
        address = str(js.location.href)
        self._roster = Roster(self._window, self._kept, self._emit, address, self._keys)
        undo = Undo(self._words)
        now, ask = self._world.clock.now, self._repaint.ask
        self._farm = Farm(
            self._window, self._caller, self._roster, self._keys, self._words, undo, ask, now
        )
        self._desk = Desk(
            self._window,
            self._runner,
            self._tab.intake,
            self._roster,
            self._caller,
            self._world,
            self._words,
            address,
        )
        self._desk.expose_doctor(self._farm.clinic.examine)
        self._lanes = Lanes(self._window, self._runner, self._world, self._words, self._soon)
        self._tab.start()
        since = choices.reruns_since
        self._again = again = Repetition(self._window, self._tab.intake, self._emit, since)
        self._viewer = Viewer(
            self._window,
            self._words,
            self._world.address,
            self._world.is_direct,
            lambda at: time_of_day(at, language),
            self._farm.about,
            lambda: self._roster.held,
            lambda: self._acting.removed if self._acting is not None else frozenset(),
        )
        self._page = page = Page(
            self._words,
            language,
            Intents(
                self._farm,
                lambda action, key: acting.act(action, key),
                lambda: self._soon(self._sending.run()),
                lambda file: self._soon(self._use_workflow(file)),
                lambda name: self._soon(self._sending.choose(name)),
                lambda chosen: self._soon(choices.use_language(chosen, self._sending.settled)),
                lambda task_id: self._previews.url(TaskId(task_id)),
                lambda key, is_asked, then: self._soon(self._sending.fetch(key, is_asked, then)),
                lambda task_id: self._forget(TaskId(task_id)),
                choices.switches(again, self._emit, self._repaint.ask),
                phrase,
                self._collect,
                self._repaint.ask,
            ),
        )
        self._sending = Sending(
            page,
            self._words,
            self._window,
            self._tab.intake,
            Describer(self._window, self._caller),
            self._world.chance,
            self._roster.substitute,
            self._world,
            self._soon,
            self._kept,
        )
        self._acting = acting = Acting(
            self._window,
            self._world,
            self._words,
            self._emit,
            self._again,
            self._sending,
            undo,
            self._soon,
            page.notices.show,
            self._repaint.ask,
        )
        self._vitals = Vitals(self._window, self._sending, self._words, now, ask)
        self._desk.use_figures(self._vitals.figures)
        self._aside = Aside(
            self._window,
            self._tab,
            self._world,
            self._words,
            page,
            self._emit,
            self._soon,
            acting.look,
        )
        Runs(self._window, self._caller, self._words, self._sending.use, self._soon)
        await self._farm.load(self._world)
        self._paint()
        await self._sending.restore()
        by_id("boot").textContent = ""
        js.document.documentElement.dataset.ready = "true"
        self._selftest = SelfTest(self._window, self._words, language, self._keys.of)
        js.tetherExpose("runWebSocketRoutingFixTest", self._selftest.run)
        # sitecustomize.py turned it off: all that a start makes stays.
        gc.freeze()
        gc.enable()
        js.tetherReady()
        self._is_ready.set()
        await self._catch_up(page)
        if js.URLSearchParams.new(js.location.search).get("selftest") == "1":
            self._selftest.start()

    async def _catch_up(self, page: Page) -> None:
        for done in js.tetherEarly.take():
            if done.kind == "files":
                page.composer.add(list(done.files))
            elif done.action == "run":
                await self._sending.run()
            elif done.action == "selftest":
                self._selftest.show()

    def _changed(self) -> None:
        self._repaint.ask()
        if self._desk is not None:
            self._desk.changed()

    def _paint(self) -> None:
        if self._page is not None and self._acting is not None:
            page, now = self._page, self._world.clock.now()
            view = self._viewer.view(now, page.composer.needs(), page.most)
            page.show(view)
            self._farm.changed()
            self._lanes.changed()
            self._vitals.changed()
            self._aside.look()
            if view.is_live:
                self._repaint.later()  # seconds go on
            for task_id in self._again.due():
                self._acting.run_again(task_id)

    def _soon(self, work: Any) -> None:
        """Run work that takes time; the loop's handler reports what goes wrong in it."""
        job = asyncio.ensure_future(work)
        self._jobs.add(job)
        job.add_done_callback(self._jobs.discard)

    async def _use_workflow(self, file: Any) -> None:
        await self._is_ready.wait()  # picked before Python was there, it waits for the servers
        await self._sending.use_workflow(file)

    def _collect(self, typed: str) -> str:
        phrase = read_phrase(typed)
        if phrase is None:
            return self._words.say("trouble.phrase_bad")
        self._emit(CollectRequested(tag_of(phrase), self._tab.known_prompts()))
        return ""

    def _forget(self, task_id: TaskId) -> None:
        self._previews.drop(task_id)
        self._world.forget(task_id)


def report(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """An error in work that nobody waits for is a bug: say it aloud."""
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
    """Start the page, and tell the visitor when it can't start."""
    asyncio.get_event_loop().set_exception_handler(report)
    asyncio.ensure_future(start_app()).add_done_callback(started)
