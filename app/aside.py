"""What stands beside the work with servers and tasks."""

from collections.abc import Callable
from typing import Any

from app.core.window import Window
from app.runtime.ports import World
from app.telling import Telling
from app.ui.words import Words


class Aside:
    """Looks at what has changed each time that the page is painted.

    Args:
        window: Its tasks.
        world: Where the page lives.
        words: The page's language.
        show: Shows a notice.
        soon: Runs work that nobody waits for.
    """

    def __init__(
        self,
        window: Window,
        world: World,
        words: Words,
        show: Callable[[str], None],
        soon: Callable[[Any], None],
    ) -> None:
        self._telling = Telling(window, world.shared, world.clock, words, show, soon)

    def look(self) -> None:
        """The page was painted."""
        self._telling.look()
