"""The page's own files, and the settings in it."""

import js


async def fetch_text(path: str) -> str | None:
    """Fetch a file of the page's own; None when it isn't there."""
    answer = await js.fetch(path)
    return str(await answer.text()) if answer.ok else None


def meta(name: str, default: str) -> str:
    """Read a setting that the host of the page may change in index.html."""
    found = js.document.querySelector(f'meta[name="tether:{name}"]')
    return str(found.content) if found else default


def is_demo() -> bool:
    """Say whether the visitor came for the demo; `static/boot/early.js` reads the address."""
    return js.document.documentElement.classList.contains("demo") is True
