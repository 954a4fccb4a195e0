"""Puts functions on JavaScript's `window`, with errors that a person can read."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import js

from page.ui.words import Words
from tether.core.errors import TetherError, Trouble


class TetherFailure(Exception):
    """The error that a script gets; its message is for people."""


class Border:
    """Exposes functions; `static/boot/expose.mjs` converts what they return."""

    def __init__(self, words: Words) -> None:
        self.words = words

    def refuse(self, code: str, **facts: object) -> TetherFailure:
        """Make the error for a trouble."""
        return TetherFailure(self.words.trouble(Trouble.of(code, **facts)))

    def expose(self, **functions: Callable[..., Any]) -> None:
        """Expose functions; `a__b` is called `a.b`, and a coroutine function returns a Promise."""
        for name, function in functions.items():
            is_later = inspect.iscoroutinefunction(function)
            expose = js.tetherExpose if is_later else js.tetherExposeNow
            expose(name.replace("__", "."), self._readable(function))

    def value(self, **functions: Callable[[], Any]) -> None:
        """Expose values that are computed whenever they are read."""
        for name, function in functions.items():
            js.tetherExposeValue(name, function)

    def _readable(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            with self._in_words():
                return function(*args)

        async def wait(*args: Any) -> Any:
            with self._in_words():
                return await function(*args)

        return wait if inspect.iscoroutinefunction(function) else call

    @contextmanager
    def _in_words(self) -> Iterator[None]:
        try:
            yield
        except TetherError as error:
            raise TetherFailure(self.words.trouble(error.trouble)) from error


def option(options: Any, name: str) -> Any:
    """Return an entry of a script's object; None for a missing one, null and undefined."""
    return getattr(options, name, None) or None if options is not None else None


def listed(value: Any) -> list[Any]:
    """Return a script's array, typed or not, as a list; anything else as the only thing in one."""
    if js.ArrayBuffer.isView(value):
        value = getattr(js.Array, "from")(value)
    plain = value.to_py() if hasattr(value, "to_py") else value
    return plain if isinstance(plain, list) else [plain]
