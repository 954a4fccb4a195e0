"""Notifies the person that the tasks are done while the page is in the background."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

import js

from page.notifications.ends import Ends, seconds_until_long
from page.ui.context import PageContext
from page.ui.dom import listen
from page.ui.parts import load_part
from tether.core.model.task import State
from tether.core.model.window import Changes

if TYPE_CHECKING:
    from page.notifications.offer import BrowserNotifications

ANSWER_RECORD = "tell"
"""The record of the person's answer: `yes` or `no`."""


class Notifications:
    """Offers itself once, when a task first takes long; only a click asks the browser."""

    def __init__(self, context: PageContext) -> None:
        self._context = context
        self._window = context.window
        self._answers = context.world.shared
        self._ends = Ends(self._window.ended())
        self._is_offered = False
        self._timer: asyncio.TimerHandle | None = None
        self._browser: BrowserNotifications | None = None
        self._take_back: Callable[[], None] = lambda: None
        self._answers.listen(self._answered)
        listen(js.document, "visibilitychange", lambda _event: self._notify())
        self._consider_offer()

    def changed(self, changes: Changes) -> None:
        """Take up what has changed since the last call."""
        if not changes.tasks:
            return
        known = self._window.tasks
        tasks = [known[task_id] for task_id in changes.tasks if task_id in known]
        self._ends.note(tasks)
        self._notify()
        if not self._window.live:
            self._take_back()
        is_running = any(task.state is State.RUNNING for task in tasks)
        if is_running and self._timer is None and not self._is_offered:
            self._consider_offer()

    def _notify(self) -> None:
        if js.document.visibilityState == "visible":
            self._ends.take()  # the person sees them
            if self._browser is not None:
                self._browser.close()
        elif not self._window.live:
            done, failed = self._ends.take()
            if (done or failed) and self._answers.read(ANSWER_RECORD) == "yes":
                self._context.soon(self._show(done, failed))

    def _consider_offer(self) -> None:
        """Offer notifications once a task runs long: no event announces that, so a timer does."""
        self._timer = None
        seconds = seconds_until_long(self._window.live.values(), self._context.world.clock.now())
        if seconds:
            loop = asyncio.get_event_loop()
            self._timer = loop.call_later(seconds, self._consider_offer)
        elif seconds is not None:
            self._is_offered = True
            if self._answers.read(ANSWER_RECORD) is None:
                self._context.soon(self._offer())

    async def _load(self) -> "BrowserNotifications":
        await load_part("offer")
        from page.notifications.offer import BrowserNotifications

        if self._browser is None:
            self._browser = BrowserNotifications()
        return self._browser

    async def _offer(self) -> None:
        browser, say = await self._load(), self._context.words.say
        if browser.permission() not in ("granted", "default"):
            return
        from page.notifications.offer import offer

        if not self._window.live:
            return
        self._take_back = offer(
            say("tell.offer"),
            {
                say("tell.yes"): lambda: self._context.soon(self._asked(browser.ask())),
                say("tell.no"): lambda: self._answers.write(ANSWER_RECORD, "no"),
            },
        )

    def _answered(self, key: str, _text: str | None) -> None:
        """The person has answered in another window."""
        if key == ANSWER_RECORD:
            self._take_back()

    async def _asked(self, answer: Awaitable[str]) -> None:
        permission = str(await answer)
        self._answers.write(ANSWER_RECORD, "yes" if permission == "granted" else "no")
        if permission == "denied":
            self._context.notices.show(self._context.words.say("trouble.tell_denied"))

    async def _show(self, done: int, failed: int) -> None:
        browser = await self._load()
        if browser.permission() == "granted" and js.document.visibilityState != "visible":
            browser.show("Tether", self._counted(done, failed))

    def _counted(self, done: int, failed: int) -> str:
        say = self._context.words.say
        if not done:
            return say("tell.failed_one" if failed == 1 else "tell.failed", count=failed)
        text = say("tell.done_one" if done == 1 else "tell.done", count=done)
        return say("tell.both", done=text, failed=failed) if failed else text
