"""The offer to undo the last removal."""

import asyncio
from collections.abc import Callable

import js

from page.ui.dom import button, by_id, element, listen, set_text
from page.ui.words import Words

UNDO_WITHIN = 10.0
"""Seconds in which a removal can be taken back."""


class Undo:
    """Offers to undo the last removal; after a while it is carried out."""

    def __init__(self, words: Words) -> None:
        self._box = by_id("undo")
        self._said = element("span")
        back = button("undo", "", words.say("undo"))
        close = button("close", "", "×", aria_label=words.say("notice.close"))
        self._box.append(self._said, back, close)
        self._about = ""
        self._undo: Callable[[], None] | None = None
        self._done: Callable[[], None] | None = None
        self._timer: asyncio.TimerHandle | None = None
        listen(back, "click", lambda _event: self._take_back())
        listen(close, "click", lambda _event: self._settle())
        listen(js.window, "pagehide", lambda _event: self._settle())

    def offer(
        self,
        sentence: str,
        undo: Callable[[], None],
        done: Callable[[], None] | None = None,
        about: str = "",
    ) -> None:
        """Say what was removed: `undo` takes it back, else `done` carries it out.

        `about` names what was removed, for `drop`.
        """
        self._settle()
        self._about = about
        set_text(self._said, sentence)
        self._undo, self._done = undo, done
        self._box.hidden = False
        self._timer = asyncio.get_event_loop().call_later(UNDO_WITHIN, self._settle)

    def drop(self, about: str) -> None:
        """Withdraw the offer: what was removed is back already."""
        if self._about == about:
            self._settle()

    def _take_back(self) -> None:
        undo, self._done = self._undo, None
        self._settle()
        if undo is not None:
            undo()

    def _settle(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        done, self._undo, self._done, self._timer = self._done, None, None, None
        self._about, self._box.hidden = "", True
        if done is not None:
            done()
