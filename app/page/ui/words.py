"""The page's sentences in one language, and spans of time in words."""

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Literal, TypeAlias

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


class Sentence(str):
    """A text with what it was made of, so that it can be said again in another language."""

    key: str
    facts: Mapping[str, object]

    def note(self) -> str:
        """Write down what it was made of, for `Words.again`."""
        return json.dumps(self._parts()) if self.facts else self.key

    def _parts(self) -> list[object]:
        """A sentence in a sentence is a list in a list: text in text would double at each step."""
        noted = {
            name: fact._parts() if isinstance(fact, Sentence) else str(fact)
            for name, fact in self.facts.items()
        }
        return [self.key, noted]


class Words:
    """Sentences by key, from `static/i18n/*.json`; facts go in by name.

    Facts come from servers and files: they are put in as text, once, and never as HTML.
    """

    def __init__(self, text: str, language: str = "en") -> None:
        self.use(text, language)

    def use(self, text: str, language: str) -> None:
        """Speak another language from now on."""
        self._entries: dict[str, str] = json.loads(text)
        self.language = language

    def say(self, key: str, /, **facts: object) -> Sentence:
        """Return a sentence; a key that nobody wrote is shown as it is."""
        # One pass: braces inside a fact are no places for other facts.
        said = Sentence(
            _PLACE.sub(
                lambda place: str(facts.get(place[1], place[0])), self._entries.get(key, key)
            )
        )
        said.key, said.facts = key, facts
        return said

    def again(self, note: str) -> Sentence | None:
        """Say in this language what a sentence's note holds; None for one that is not of these."""
        return self._said(*(json.loads(note) if note.startswith("[") else (note, {})))

    def _said(self, key: str, noted: Mapping[str, str | list[Any]]) -> Sentence | None:
        facts = {
            name: self._said(*fact) if isinstance(fact, list) else fact
            for name, fact in noted.items()
        }
        return self.say(key, **facts) if key in self._entries else None

    def find(self, key: str, otherwise: str) -> str:
        """Return the sentence of a key, where one is written."""
        return self._entries.get(key, otherwise)

    def title(self, title: str) -> str:
        """Return the title of a task or a workflow; a shipped one has a name in this language."""
        return localized(title, lambda key: self._entries.get(f"workflow.{key}", ""))

    def trouble(self, trouble: Trouble) -> Sentence:
        """Say who, what happened, and what to do now."""
        return self.say(f"trouble.{trouble.code}", **dict(trouble.facts))


def holds(texts: Iterable[str], query: str) -> bool:
    """Tell whether each word of a query is in one of these texts, ignoring case."""
    whole = "\n".join(texts).casefold()
    return all(word in whole for word in query.casefold().split())


async def show_errors(work: Awaitable[object], words: Words, show: Callable[[str], None]) -> None:
    """Await what a person asked for, and show why it failed."""
    try:
        await work
    except TetherError as error:
        show(words.trouble(error.trouble))


def say_duration(words: Words, seconds: float) -> str:
    """Say a span as a person would: 0.4 is "under 1 s", 75 is "1 min 15 s"."""
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
