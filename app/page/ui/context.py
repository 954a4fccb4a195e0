"""What every part of the page is given."""

from collections.abc import Callable, Coroutine
from typing import Any, NamedTuple, TypeAlias

from page.ui.notices import NoticesPanel
from page.ui.stars import Stars
from page.ui.words import Words
from tether.core.events import Emit
from tether.core.model.window import Window
from tether.runtime.ports import World

Soon: TypeAlias = Callable[[Coroutine[Any, Any, None]], None]
"""Runs work that nobody waits for; an error in it is logged."""


class PageContext(NamedTuple):
    """What all parts of the page share; `repaint` asks for a paint of what has changed."""

    window: Window
    world: World
    words: Words
    emit: Emit
    soon: Soon
    notices: NoticesPanel
    repaint: Callable[[], None]
    stars: Stars
