"""What stands beside the work with servers and tasks."""

from collections.abc import Callable
from typing import Any

from app.core.events import Emit
from app.core.window import Window
from app.gallery import Gallery
from app.news import News
from app.runtime.ports import World
from app.tab import Tab
from app.telling import Telling
from app.ui.page import Page
from app.ui.words import Words
from app.windows import Windows


class Aside:
    """Looks at what has changed each time that the page is painted.

    Args:
        window: Its tasks.
        tab: Looks after windows that are gone.
        world: Where the page lives.
        words: The page's language.
        page: Shows notices, and takes pictures as the next inputs.
        emit: Is told what can't be kept.
        soon: Runs work that nobody waits for.
        look: Opens the dialog in which a picture is seen large.
    """

    def __init__(
        self,
        window: Window,
        tab: Tab,
        world: World,
        words: Words,
        page: Page,
        emit: Emit,
        soon: Callable[[Any], None],
        look: Callable[[str, Any], Any],
    ) -> None:
        show = page.notices.show
        News(world.shared, words, soon)
        self._gallery = Gallery(window, world, tab.intake, words, page, emit, soon, look)
        self._telling = Telling(window, world.shared, world.clock, words, show, soon)
        self._windows = Windows(window, tab.adopter, world.shared, words, soon)

    def look(self) -> None:
        """The page was painted."""
        self._gallery.changed()
        self._telling.look()
        self._windows.look()
