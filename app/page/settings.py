"""The settings that the browser remembers: language, colours, and what becomes of tasks."""

import re
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import js

from page.ui.context import PageContext
from page.ui.dom import by_id, listen
from page.ui.parts import load_part
from page.ui.words import choose_language
from tether.core.events import PreviewsChosen, QueuePaused, RebalancingChosen
from tether.runtime.ports import Records
from tether.runtime.rerun import Rerun

if TYPE_CHECKING:
    from page.saving_panel import SavingPanel

_NUMBER = re.compile(r"\d{1,12}(\.\d{1,9})?")

LANGUAGE_RECORD, THEME_RECORD = "language", "theme"
"""The records that `static/boot/early.js` reads, too."""

RERUN_RECORD, STEAL_RECORD, PREVIEWS_RECORD = "rerun-lost", "steal", "previews"

PAUSED_RECORD = "paused"

ASKED_RECORD = "rerun-asked"
"""Whether it was asked if lost tasks are to run again by themselves: once is enough."""

_YES, _NO = "yes", "no"


class PageSettings:
    """Keeps the settings for all windows of the browser: what one chooses, all follow and show."""

    def __init__(self, shared: Records) -> None:
        self._shared = shared
        self._saving: SavingPanel | None = None
        self.language = _language(shared.read(LANGUAGE_RECORD))
        """The one that is wanted; the page's words may still be on their way."""
        self.reruns_since = _time(shared.read(RERUN_RECORD))
        """From when on lost tasks run again by themselves; None where that isn't wanted."""

    def connect(
        self, context: PageContext, rerun: Rerun, speak: Callable[[], Awaitable[None]]
    ) -> None:
        """Let the person change them; `speak` puts the page into the language that is wanted."""
        chooser, reruns, steals = by_id("language"), by_id("rerun-lost"), by_id("steal")
        themes, previews = by_id("theme"), by_id("previews")

        async def use_language(language: str) -> None:
            self.language = language
            try:
                await speak()
            finally:
                if self.language == language:
                    chooser.value = self.language = context.words.language

        async def language_chosen(language: str) -> None:
            await use_language(language)
            self._shared.write(LANGUAGE_RECORD, context.words.language)

        def rerun_lost(text: str | None) -> None:
            rerun.rerun_from(_time(text))
            reruns.checked = rerun.since is not None

        def use_theme(text: str | None) -> None:
            js.document.documentElement.dataset.theme = themes.value = text or ""

        def steal(text: str | None) -> None:
            steals.checked = text == _YES
            context.emit(RebalancingChosen(text == _YES))

        def show_previews(text: str | None) -> None:
            previews.checked = text != _NO
            context.emit(PreviewsChosen(text != _NO))

        def paused(text: str | None) -> None:
            context.emit(QueuePaused(text == _YES))

        follow = {
            LANGUAGE_RECORD: lambda text: context.soon(use_language(_language(text))),
            THEME_RECORD: use_theme,
            RERUN_RECORD: rerun_lost,
            STEAL_RECORD: steal,
            PREVIEWS_RECORD: show_previews,
            PAUSED_RECORD: paused,
        }

        def written(key: str, text: str | None) -> None:
            if key in follow:
                follow[key](text)

        def choose(key: str, text: str | None) -> None:
            self._shared.write(key, text)
            follow[key](text)

        def choose_reruns(_event: Any) -> None:
            choose(RERUN_RECORD, str(context.world.clock.now()) if reruns.checked else None)

        def opens(event: Any) -> None:
            if event.target.closest("button"):
                menu.hidePopover()  # then a dialog gives the focus back to the menu's button

        async def choose_saving() -> None:
            await load_part("saving")
            from page.saving_panel import SavingPanel

            if self._saving is None:
                self._saving = SavingPanel(context.words, self._shared)
            self._saving.open()

        async def offer_reruns() -> None:
            await load_part("offer")
            from page.notifications.offer import offer

            self._shared.write(ASKED_RECORD, _YES)
            say = context.words.say
            offer(
                say("tasks.rerun_offer"),
                {say("tasks.rerun_yes"): reruns.click, say("tell.no"): lambda: None},
            )

        def lost_rerun() -> None:
            if self._shared.read(RERUN_RECORD) or self._shared.read(ASKED_RECORD):
                return
            context.soon(offer_reruns())

        def pause(is_paused: bool) -> None:
            choose(PAUSED_RECORD, _YES if is_paused else None)

        self.pause = pause
        """Pause what waits in all windows of the browser, or resume it."""
        self.lost_rerun = lost_rerun
        """Ask, once, whether what a person just did with lost tasks is to happen by itself."""
        menu = by_id("menu")
        listen(menu, "click", opens, is_first=True)
        listen(by_id("saving-open"), "click", lambda _event: context.soon(choose_saving()))
        self._shared.listen(written)

        def look_again(_event: Any = None) -> None:
            paused(self._shared.read(PAUSED_RECORD))

        # Before any server has answered, so nothing was sent. And nobody tells what another tab
        # did while this one was in the page cache.
        look_again()
        listen(js.window, "pageshow", look_again)
        use_theme(self._shared.read(THEME_RECORD))
        listen(themes, "change", lambda _: choose(THEME_RECORD, str(themes.value) or None))
        chooser.value = self.language
        listen(chooser, "change", lambda _: context.soon(language_chosen(str(chooser.value))))
        reruns.checked = self.reruns_since is not None
        listen(reruns, "change", choose_reruns)
        steal(self._shared.read(STEAL_RECORD))
        listen(steals, "change", lambda _: choose(STEAL_RECORD, _YES if steals.checked else None))
        show_previews(self._shared.read(PREVIEWS_RECORD))
        listen(
            previews, "change", lambda _: choose(PREVIEWS_RECORD, None if previews.checked else _NO)
        )


def _language(kept: str | None) -> str:
    return choose_language(kept, js.navigator.language)


def _time(text: str | None) -> float | None:
    return float(text) if text and _NUMBER.fullmatch(text) else None
