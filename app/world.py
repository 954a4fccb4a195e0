"""Which world this page lives in."""

from collections.abc import Callable
from typing import TypeAlias

import js
from pyscript import config

from app.browser.site import is_demo
from app.core.events import Emit
from app.outside import Outside
from app.runtime.ports import World

MakeWorld: TypeAlias = Callable[[Emit], World]
"""Makes a world that tells its events to what it is given."""


async def find_world() -> MakeWorld:
    """Return what makes the world; the demo's is fetched when somebody asks for it."""
    if not is_demo():
        return Outside
    await js.tetherLoadPython(*config["lazy"]["servers"], *config["lazy"]["demo"])
    from app.demo.inside import Inside

    return Inside
