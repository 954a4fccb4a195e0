"""The health of this window, for the page and for scripts."""

from collections.abc import Callable

from page.composer.composer import Sending
from page.health.figures import Health, health
from page.health.panel import HealthPanel
from page.ui.words import Words
from tether.core.model.window import Window


class Vitals:
    """Takes the figures when somebody looks.

    Args:
        window: Its tasks and servers.
        sending: Measures how long pictures take to come.
        words: The page's language.
        now: Tells the time.
        repaint: Shows what has changed.
    """

    def __init__(
        self,
        window: Window,
        sending: Sending,
        words: Words,
        now: Callable[[], float],
        repaint: Callable[[], None],
    ) -> None:
        self._window = window
        self._sending = sending
        self._now = now
        self._panel = HealthPanel(words, repaint)

    def figures(self) -> Health:
        """Return the figures of now."""
        return health(
            self._window, self._window.statistics.usual, self._sending.to_picture, self._now()
        )

    def changed(self) -> None:
        """Show them, if the panel is unfolded."""
        if self._panel.is_open:
            self._panel.show(self.figures())
