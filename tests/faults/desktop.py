"""A Chromium with a window on a screen of its own, as a person has it."""

import json
import os
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import aiohttp
from playwright.sync_api import Browser, BrowserContext, Playwright

from tests.e2e.background import Background

DISCARDS = "chrome://discards/"
"""Chromium's own page about its tabs; what a person may do there, it does to real tabs."""

CLICK = """
(() => {
  const all = (root, what) => [
    ...root.querySelectorAll(what),
    ...[...root.querySelectorAll("*")]
      .filter((element) => element.shadowRoot)
      .flatMap((element) => all(element.shadowRoot, what)),
  ];
  const row = all(document, "tr").find((row) => row.textContent.includes(ADDRESS));
  const links = [...(row?.querySelectorAll("[is=action-link]") ?? [])];
  const link = links.find((link) => link.textContent.includes(LABEL));
  link?.click();
  return Boolean(link);
})()
"""


class Desktop:
    """Drives the browser, and lets go of it.

    Playwright keeps what it drives visible and awake. Let go of, a page is hidden behind another
    tab, slowed down and discarded as a person's is.

    Args:
        playwright: The driver.
        port: Where the browser takes commands.
        background: Where commands are sent that the driver doesn't know.
    """

    def __init__(self, playwright: Playwright, port: int, background: Background) -> None:
        self._playwright = playwright
        self._url = f"http://127.0.0.1:{port}"
        self._background = background
        self._browser: Browser | None = None

    def take(self) -> BrowserContext:
        """Drive the browser, from now on or again."""
        self._browser = self._playwright.chromium.connect_over_cdp(self._url)
        return self._browser.contexts[0]

    def let_go(self) -> None:
        """Leave the browser to itself."""
        if self._browser is not None:
            self._browser.close()
            self._browser = None

    def show(self, address: str) -> None:
        """Bring a tab to the front."""
        self._get(f"/json/activate/{self._tab(address)['id']}")

    def do_to(self, address: str, label: str) -> None:
        """Do something to a tab that is not driven; `DISCARDS` must be open."""
        url = self._tab(DISCARDS)["webSocketDebuggerUrl"]
        click = CLICK.replace("ADDRESS", json.dumps(address)).replace("LABEL", json.dumps(label))
        give_up_at = time.monotonic() + 10
        while not self._background.run(evaluated(url, click)):
            assert time.monotonic() < give_up_at, f"{DISCARDS} offers no {label}"

    def _tab(self, address: str) -> dict[str, Any]:
        return next(tab for tab in self._get("/json/list") if tab["url"].startswith(address))

    def _get(self, path: str) -> Any:
        with urlopen(self._url + path, timeout=10) as answer:
            text = answer.read().decode()
        return json.loads(text) if text[:1] in "[{" else None


async def evaluated(url: str, expression: str) -> Any:
    """The value of an expression in a tab."""
    async with aiohttp.ClientSession() as session, session.ws_connect(url) as socket:
        asked = {"expression": expression, "returnByValue": True}
        await socket.send_json({"id": 1, "method": "Runtime.evaluate", "params": asked})
        while True:
            said = await socket.receive_json()
            if said.get("id") == 1:
                return said["result"]["result"]["value"]


@contextmanager
def desktop(
    playwright: Playwright, launch: dict[str, Any], folder: Path, background: Background
) -> Iterator[Desktop]:
    """Start a screen and a browser on it.

    Args:
        playwright: The driver.
        launch: How the browser is launched otherwise.
        folder: Empty; for the browser's profile.
        background: See `Desktop`.
    """
    (folder / "Local State").write_text(json.dumps({"internal_only_uis_enabled": True}))
    path = launch.get("executable_path") or playwright.chromium.executable_path
    options = [*launch["args"], "--remote-debugging-port=0", f"--user-data-dir={folder}"]
    read, write = os.pipe()
    screen = subprocess.Popen(
        ["Xvfb", "-displayfd", str(write), "-screen", "0", "1280x900x24", "-nolisten", "tcp"],
        pass_fds=[write],
        stderr=subprocess.DEVNULL,
    )
    os.close(write)
    with open(read) as told:
        display = told.readline().strip()
    browser = subprocess.Popen(
        [path, *options, "about:blank"],
        env={**os.environ, "DISPLAY": f":{display}"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        seat = Desktop(playwright, port_in(folder / "DevToolsActivePort"), background)
        yield seat
        seat.let_go()
    finally:
        for process in (browser, screen):
            process.terminate()
            process.wait()


def port_in(file: Path) -> int:
    """The port that a browser writes down when it takes commands."""
    give_up_at = time.monotonic() + 30
    while not file.exists() or "\n" not in file.read_text():
        assert time.monotonic() < give_up_at, "the browser did not start"
        time.sleep(0.02)
    return int(file.read_text().split()[0])
