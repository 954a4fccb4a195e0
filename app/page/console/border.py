"""Putting functions on JavaScript's `window`, with errors that a person can read."""

import inspect
from collections.abc import Callable
from typing import Any, Protocol

import js

from tether.core.errors import TetherError, Trouble

Explain = Callable[[Trouble], str]
"""Says a trouble in the page's words: who, what happened, what to do now."""


class Language(Protocol):
    """The page's words."""

    def trouble(self, trouble: Trouble) -> str:
        """Say who, what happened, what to do now."""

    def title(self, title: str) -> str:
        """Return the title of a task as the page shows it."""


class TetherFailure(Exception):
    """What a script gets when something can't be done; its message is for people."""


class Border:
    """Exposes functions; static/boot/expose.mjs tells what becomes of their values."""

    def __init__(self, words: Language) -> None:
        self.words = words
        self._explain = words.trouble

    def refuse(self, code: str, **facts: object) -> TetherFailure:
        """Make the error for a trouble."""
        return TetherFailure(self._explain(Trouble.of(code, **facts)))

    def later(self, **functions: Callable[..., Any]) -> None:
        """Expose functions that answer with a Promise; `a__b` is called `a.b`."""
        for name, function in functions.items():
            js.tetherExpose(name.replace("__", "."), self._readable(function))

    def now(self, **functions: Callable[..., Any]) -> None:
        """Expose functions that answer at once."""
        for name, function in functions.items():
            js.tetherExposeNow(name.replace("__", "."), self._readable(function))

    def value(self, **functions: Callable[[], Any]) -> None:
        """Expose values that are asked for whenever they are read."""
        for name, function in functions.items():
            js.tetherExposeValue(name, function)

    def _readable(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """Say troubles in words."""

        def call(*args: Any) -> Any:
            try:
                return function(*args)
            except TetherError as error:
                raise TetherFailure(self._explain(error.trouble)) from error

        async def wait(*args: Any) -> Any:
            try:
                return await function(*args)
            except TetherError as error:
                raise TetherFailure(self._explain(error.trouble)) from error

        return wait if inspect.iscoroutinefunction(function) else call


def given(options: Any, name: str) -> Any:
    """Return what a script's object has under a name; None for nothing, null and undefined."""
    return getattr(options, name, None) or None if options is not None else None
