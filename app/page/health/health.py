"""How well this window does its work: a few figures, folded away."""

from collections.abc import Sequence

from page.ui.context import PageContext
from page.ui.dom import by_id, element, listen
from page.ui.words import say_duration
from tether.core.model.health import Health, health


class HealthDialog:
    """Shows the figures while it is unfolded; `picture_delays` are the seconds to each picture."""

    def __init__(self, context: PageContext, picture_delays: Sequence[float]) -> None:
        self._context = context
        self._picture_delays = picture_delays
        self._box = by_id("health")
        self._shown: tuple[str, Health] | None = None
        listen(self._box, "toggle", lambda _event: context.repaint())

    def figures(self) -> Health:
        """Return the figures of now."""
        window, now = self._context.window, self._context.world.clock.now()
        return health(window, window.statistics.usual, self._picture_delays, now)

    def changed(self) -> None:
        """Show the figures of now, if they are unfolded."""
        if not self._box.open:
            return
        figures, words = self.figures(), self._context.words
        if (words.language, figures) == self._shown:
            return
        self._shown = words.language, figures
        rate = f"{figures.completed / figures.ended * 100:.0f} %" if figures.ended else "–"
        delay = figures.picture_delay
        rows = {
            "completed": f"{rate} ({figures.completed}/{figures.ended})",
            "stuck": figures.stuck,
            "lost": figures.lost,
            "reconnects": figures.reconnects,
            "mended": figures.mended,
            "to_picture": "–" if delay is None else say_duration(words, delay),
        }
        shown = self._box.querySelector("dl")
        shown.replaceChildren()
        for name, value in rows.items():
            label = words.say(f"health.{name}")
            shown.append(element("dt", "", label), element("dd", "", str(value)))
