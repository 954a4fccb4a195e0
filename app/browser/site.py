"""The page's own files, and the settings in it."""

from functools import lru_cache

import js


async def fetch_text(path: str) -> str | None:
    """Fetch a file of the page's own; None when it isn't there."""
    answer = await js.fetch(js.tetherFile(path))
    return str(await answer.text()) if answer.ok else None


def meta(name: str, default: str) -> str:
    """Read a setting that the host of the page may change in index.html."""
    found = js.document.querySelector(f'meta[name="tether:{name}"]')
    return str(found.content) if found else default


def is_demo() -> bool:
    """Say whether the visitor came for the demo; `static/boot/early.js` reads the address."""
    return js.document.documentElement.classList.contains("demo") is True


@lru_cache(64)
def time_of_day(at: float, language: str) -> str:
    """Write a time, in seconds since the epoch; of 24 hours, as all over the page."""
    return str(js.Date.new(at * 1000).toLocaleTimeString(language, hourCycle="h23"))
