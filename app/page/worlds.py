"""Chooses the world of this page: real servers, or those of the demo."""

from collections.abc import Callable

import js
from pyscript import config

from page.servers.server_list import find_list
from tether.browser.site import fetch_list, is_demo
from tether.browser_world import BrowserWorld
from tether.core.errors import BadInput
from tether.core.protocol.hosted_list import Listed
from tether.runtime.ports import MakeWorld


class HostedWorld(BrowserWorld):
    """The browser's world, where `servers.json` may name another place for the list."""

    async def presets(self, say: Callable[..., str]) -> Listed:
        """Return what whoever hosts the page presets, wherever the list is."""
        own = await super().presets(say)
        try:
            where = find_list(own.text or "", str(js.location.href))
        except BadInput as error:
            return Listed(None, trouble=error.trouble)
        return await fetch_list(where, where) if where else own


async def find_world() -> MakeWorld:
    """Return what makes the world; the demo's is fetched only when somebody asks for the demo."""
    if not is_demo():
        return HostedWorld
    await js.tetherLoadPython(*config["lazy"]["servers"], *config["lazy"]["demo"])
    from demo.world import DemoWorld

    return DemoWorld
