"""The official frontend at work: what it would send to a server for a workflow."""

import json
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from playwright.async_api import Page, Route, ViewportSize, async_playwright

from simulator.settings import Settings
from tools.comfy.frontend import Frontend
from tools.comfy.server import ComfyServer
from tools.oracle.classes import described
from tools.oracle.compare import Prompt
from tools.oracle.templates import Workflow

READY = "window.app?.vueAppReady === true && Boolean(window.app.graph)"
"""Source: ComfyUI frontend 1.58, measured: before that, workflows load into nothing."""

_FOUND_BY_SETUP = Path(__file__).resolve().parents[2] / "var" / "chromium"
_FLAGS = ("--no-sandbox", "--disable-gpu")
_VIEWPORT: ViewportSize = {"width": 320, "height": 240}
_SETTINGS = {"Comfy.TutorialCompleted": True, "Comfy.Minimap.Visible": False}
"""No tour, and little to draw: software draws here."""

_SECONDS_TO_START, _SECONDS_FOR_ONE = 180, 60

# A graph that holds a colour curve is loaded, and then can't be copied to the list of open files.
_CONVERT = """async (workflow) => {
  try {
    await app.loadGraphData(workflow)
  } catch (error) {
    if (error.name !== 'DataCloneError') throw error
  }
  return (await app.graphToPrompt()).output
}"""


class Editor:
    """The frontend in a page of Chromium, kept open for one workflow after the other."""

    def __init__(self, page: Page) -> None:
        self._page = page

    async def prompt_of(self, workflow: Workflow) -> Prompt:
        """Return what it would send.

        Raises:
            playwright.async_api.Error: It can't open the workflow.
        """
        prompt: Prompt = await self._page.evaluate(_CONVERT, workflow)
        return prompt


@asynccontextmanager
async def opened() -> AsyncIterator[Editor]:
    """Start an embedded server and its frontend, which is told of the described classes.

    Raises:
        FrontendMissing: It isn't installed.
    """
    server = ComfyServer(Settings(port=0), frontend=Frontend())
    await server.start()
    found = _FOUND_BY_SETUP.read_text().strip() if _FOUND_BY_SETUP.exists() else None
    path = os.environ.get("CHROMIUM") or found
    try:
        async with async_playwright() as playwright:
            browser = await playwright.chromium.launch(executable_path=path, args=[*_FLAGS])
            page = await browser.new_page(viewport=_VIEWPORT)
            page.set_default_timeout(_SECONDS_FOR_ONE * 1000)
            await stay_at_home(page, server.url)
            await page.route("**/object_info", _tell_described)
            await page.request.post(f"{server.url}/api/settings", data=_SETTINGS)
            await page.goto(server.url, wait_until="commit")
            await page.wait_for_function(READY, timeout=_SECONDS_TO_START * 1000)
            yield Editor(page)
            await browser.close()
    finally:
        await server.stop()


async def stay_at_home(page: Page, url: str) -> None:
    """Let a page reach its own server alone: the frontend asks its makers for news."""

    async def judge(route: Route) -> None:
        own = (url, "blob:", "data:")
        await (route.continue_() if route.request.url.startswith(own) else route.abort())

    await page.route("**/*", judge)


async def _tell_described(route: Route) -> None:
    await route.fulfill(body=json.dumps(described()), content_type="application/json")
