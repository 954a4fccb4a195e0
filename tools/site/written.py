"""Collects the source that the page's dataclasses and named tuples generate, in the page's Python.

`tools/site/python.mjs` runs this in Node, where no document is: each module is imported beside a
`js` that has everything and does nothing.
"""

import importlib
import sys
from collections.abc import Iterable, Iterator
from types import ModuleType
from typing import Any


class Nothing:
    """Has every attribute, can be called, and is empty."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self

    def __call__(self, *values: Any, **named: Any) -> Any:
        return self

    def __iter__(self) -> Iterator[Any]:
        return iter(())


class Stub(ModuleType):
    """A stand-in for a module of the browser."""

    def __getattr__(self, name: str) -> Any:
        return getattr(Nothing(), name)


def written_by(modules: Iterable[str]) -> list[str]:
    """Import modules by name, none of them PyScript's, and return the source that they wrote."""
    started = importlib.import_module("sitecustomize")  # The page's: it is in tools/site/library/.
    sys.modules["js"] = Stub("js")
    sys.modules["pyscript"] = Stub("pyscript")
    started.written.clear()
    for name in modules:
        importlib.import_module(name)
    return list(started.written)
