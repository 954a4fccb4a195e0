"""What a failing browser test leaves behind: its pages' pictures, consoles and journals."""

import json
import re
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Error

FOLDER = Path(__file__).resolve().parents[2] / "var" / "failures"

IS_RED = pytest.StashKey[bool]()
"""Of a test, whether it failed in any of its phases."""

LINES = 2000

JOURNAL = """() => Promise.race([
  window.tether?.flightRecorder.read(), new Promise((none) => setTimeout(none, 5000, null))
])"""
"""Where Python could not start, no answer comes."""


class Console:
    """All that the pages of a context log, the latest of it."""

    def __init__(self, context: BrowserContext) -> None:
        self.lines: list[str] = []
        self.context = context
        context.on("console", self._on_message)

    def stop(self) -> None:
        """Listen no more."""
        self.context.remove_listener("console", self._on_message)

    def _on_message(self, message: ConsoleMessage) -> None:
        self.lines.append(f"{message.type}: {message.text} ({message.location.get('url', '')})")
        del self.lines[:-LINES]


def leave_behind(test: str, console: Console) -> None:
    """Keep what can be seen of the pages; a page that crashed gives nothing."""
    folder = FOLDER / re.sub(r"[^\w.-]+", "-", test.partition("::")[2] or test)
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "console.txt").open("a") as file:
        file.write("\n".join(console.lines))
    for number, page in enumerate(console.context.pages, 1 + len(list(folder.glob("page-*")))):
        try:
            page.screenshot(path=folder / f"page-{number}.png", timeout=10_000)
            journal = page.evaluate(JOURNAL)
            (folder / f"journal-{number}.json").write_text(json.dumps(journal, indent=1))
        except Error as error:
            (folder / f"page-{number}.txt").write_text(f"{page.url}\n{error}")
