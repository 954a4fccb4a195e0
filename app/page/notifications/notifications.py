"""Tells a person who is elsewhere that the tasks are done, if that is wanted."""

from collections.abc import Callable
from typing import Any

import js
from pyscript import config

from page.notifications.ends import Ends, runs_long
from page.ui.words import Words
from tether.core.model.window import Window
from tether.runtime.ports import Clock, Records

RECORD = "tell"
"""The record of the person's answer: `yes` or `no`."""


class Telling:
    """Offers it once, at the first task that takes long; the browser is asked by a click alone.

    Args:
        window: Its tasks.
        kept: Where the answer is kept, for all windows.
        clock: For how long tasks run.
        words: The page's language.
        show: Shows a notice.
        soon: Runs work that nobody waits for.
    """

    def __init__(
        self,
        window: Window,
        kept: Records,
        clock: Clock,
        words: Words,
        show: Callable[[str], None],
        soon: Callable[[Any], None],
    ) -> None:
        self._window = window
        self._kept = kept
        self._clock = clock
        self._words = words
        self._show = show
        self._soon = soon
        self._ends = Ends()
        self._is_offered = False
        self._notifications: Any = None

    def look(self) -> None:
        """Something may have changed."""
        tasks = self._window.tasks.values()
        is_watched = js.document.visibilityState == "visible"
        done, failed = self._ends.look(tasks, is_watched)
        if is_watched and self._notifications is not None:
            self._notifications.close()
        if (done or failed) and self._kept.read(RECORD) == "yes":
            self._soon(self._tell(done, failed))
        elif not self._is_offered and runs_long(tasks, self._clock.now()):
            self._is_offered = True
            if self._kept.read(RECORD) is None:
                self._soon(self._offer())

    async def _load(self) -> Any:
        if self._notifications is None:
            await js.tetherLoadPython(*config["lazy"]["offer"])
            from page.notifications.offer import BrowserNotifications

            self._notifications = BrowserNotifications()
        return self._notifications

    async def _offer(self) -> None:
        notifications = await self._load()
        if notifications.standing() in ("granted", "default"):
            await js.tetherLoadPython(*config["lazy"]["offer"])
            from page.notifications.offer import offer

            choices = {
                self._words.say("tell.yes"): lambda: self._soon(self._asked(notifications.ask())),
                self._words.say("tell.no"): lambda: self._kept.write(RECORD, "no"),
            }
            offer(self._words.say("tell.offer"), choices)

    async def _asked(self, answer: Any) -> None:
        """Wait for what the person tells the browser."""
        standing = str(await answer)
        self._kept.write(RECORD, "yes" if standing == "granted" else "no")
        if standing == "denied":
            self._show(self._words.say("trouble.tell_denied"))

    async def _tell(self, done: int, failed: int) -> None:
        notifications = await self._load()
        if notifications.standing() == "granted" and js.document.visibilityState != "visible":
            notifications.show("Tether", self._counted(done, failed))

    def _counted(self, done: int, failed: int) -> str:
        words = self._words
        if not done:
            return words.say("tell.failed_one" if failed == 1 else "tell.failed", count=failed)
        told = words.say("tell.done_one" if done == 1 else "tell.done", count=done)
        return words.say("tell.both", done=told, failed=failed) if failed else told
