"""The site: its files, its settings and its permissions."""

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

import js
from pyodide.ffi import JsException, create_proxy

from tether.browser.values import body_of, to_object
from tether.core.errors import Trouble
from tether.core.protocol.hosted_list import Listed

Key = TypeVar("Key")

LIST_WITHIN = 10_000
"""Milliseconds until the fetch of a server list times out, its body included."""

LONGEST_LIST = 4_000_000
"""Bytes; one that is longer counts as no list."""


async def fetch_text(path: str) -> str | None:
    """Fetch a file of the site; None when it isn't there."""
    answer = await js.fetch(js.tetherFile(path))
    return str(await answer.text()) if answer.ok else None


async def fetch_list(place: str, where: str = "") -> Listed:
    """Fetch a list of servers; `where` names its place to people if that is not the site's own.

    The browser revalidates its copy (`ETag`) without the preflight that a header would need.
    Source: Fetch, cache mode `no-cache`.
    """
    try:
        answer = await _fetch(place)
    except JsException:
        return Listed(None, where, await _why_silent(where) if where else None)
    try:
        body = await body_of(answer, LONGEST_LIST) if answer.ok else None
    except (JsException, OSError):  # it has begun, and goes no further
        return Listed(None, where, Trouble.of("list_silent", where=where) if where else None)
    if answer.ok:
        return Listed("" if body is None else str(await body.text()), where)
    why = Trouble.of("list_status", where=where, status=answer.status)
    return Listed(None, where, why if where else None)


async def _why_silent(where: str) -> Trouble:
    """Tell a place that refuses this page from one where nothing answers."""
    try:
        await _fetch(where, mode="no-cors")
    except JsException:
        return Trouble.of("list_silent", where=where)
    return Trouble.of("list_cors", where=where, origin=js.location.origin)


async def _fetch(place: str, **options: str) -> Any:
    signal = js.AbortSignal.timeout(LIST_WITHIN)
    return await js.fetch(place, cache="no-cache", signal=signal, **options)


def meta(name: str, default: str) -> str:
    """Read a setting that whoever hosts the page may change in index.html."""
    found = js.document.querySelector(f'meta[name="tether:{name}"]')
    return str(found.content) if found else default


def is_demo() -> bool:
    """Whether the visitor came for the demo; `static/boot/early.js` reads the address."""
    return js.document.documentElement.classList.contains("demo") is True


@lru_cache(64)
def time_of_day(at: float, language: str) -> str:
    """Write a time, in seconds since the epoch, with 24 hours."""
    return str(js.Date.new(at * 1000).toLocaleTimeString(language, hourCycle="h23"))


async def permission_states(
    names: Mapping[Key, Sequence[str]], on_change: Callable[[], None] | None = None
) -> dict[Key, str]:
    """Return the state of permissions: granted, denied or prompt; the person sees nothing of it.

    Args:
        names: What browsers call each permission, the newest name first; one that this browser
            doesn't know is left out.
        on_change: Called when the person has decided.
    """
    found: dict[Key, str] = {}
    for key, each in names.items():
        for name in each:
            status = await _query(name)
            if status is not None:
                found[key] = str(status.state)
                if on_change is not None:
                    # For as long as the page lives, like the panels' listeners.
                    status.addEventListener("change", create_proxy(lambda _event: on_change()))
                break
    return found


async def _query(name: str) -> Any | None:
    try:
        wanted = to_object({"name": name})
        return await js.navigator.permissions.query(wanted)
    except (AttributeError, JsException):
        return None  # a browser without it
