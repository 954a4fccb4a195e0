"""The page's sentences in one language, and spans of time in words."""

import json
import re
from collections.abc import Awaitable, Callable
from typing import Literal, TypeAlias

from tether.core.errors import TetherError, Trouble
from tether.core.model.title import localized

_PLACE = re.compile(r"\{(\w+)\}")

Tone: TypeAlias = Literal["good", "plain", "bad"]

TONES: dict[str, Tone] = {
    "taken_up": "good",
    "taken_up_one": "good",
    "collected": "good",
    "window_duplicated": "plain",
}
"""The tones of the session's notices, by their codes; others are bad."""

LANGUAGES = ("en", "zh")


def choose_language(kept: str | None, preferred: str) -> str:
    """Choose the language: the one kept from last time, else the browser's, else English."""
    if kept in LANGUAGES:
        return str(kept)
    return "zh" if preferred.lower().startswith("zh") else "en"


class Words:
    """Sentences by key, from `static/i18n/*.json`; facts go in by name.

    Facts come from servers and files: they are put in as text, once, and never as HTML.
    """

    def __init__(self, text: str) -> None:
        self._entries: dict[str, str] = json.loads(text)

    def say(self, key: str, /, **facts: object) -> str:
        """Return a sentence; a key that nobody wrote is shown as it is."""
        # One pass: braces inside a fact are no places for other facts.
        return _PLACE.sub(
            lambda place: str(facts.get(place[1], place[0])), self._entries.get(key, key)
        )

    def find(self, key: str, otherwise: str) -> str:
        """Return the sentence of a key, where one is written."""
        return self._entries.get(key, otherwise)

    def title(self, title: str) -> str:
        """Return the title of a task or a workflow; a shipped one has a name in this language."""
        return localized(title, lambda key: self._entries.get(f"workflow.{key}", ""))

    def trouble(self, trouble: Trouble) -> str:
        """Say who, what happened, and what to do now."""
        return self.say(f"trouble.{trouble.code}", **dict(trouble.facts))


async def show_errors(work: Awaitable[object], words: Words, show: Callable[[str], None]) -> None:
    """Await what a person asked for, and show why it failed."""
    try:
        await work
    except TetherError as error:
        show(words.trouble(error.trouble))


def say_duration(words: Words, seconds: float) -> str:
    """Say a span as a person would: 0.4 is "less than 1 s", 75 is "1 min 15 s"."""
    if seconds < 1:
        return words.say("time.moment")
    whole = round(seconds)
    if whole < 60:
        return words.say("time.seconds", seconds=whole)
    minutes, rest = divmod(whole, 60)
    if minutes < 10 and rest:
        return words.say("time.minutes_seconds", minutes=minutes, seconds=rest)
    if minutes < 60:
        return words.say("time.minutes", minutes=minutes)
    return words.say("time.hours", hours=minutes // 60, minutes=minutes % 60)
