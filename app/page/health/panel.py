"""How well things go in this window: a few figures, folded away."""

from collections.abc import Callable

from page.health.figures import Health
from page.ui.dom import by_id, element, listen
from page.ui.words import Words, spoken


class HealthPanel:
    """Shows the figures while it is unfolded.

    Args:
        words: The page's language.
        on_open: Called when it is unfolded: it wants its figures.
    """

    def __init__(self, words: Words, on_open: Callable[[], None]) -> None:
        self._words = words
        self._box = by_id("health")
        self._list = self._box.querySelector("dl")
        self._shown: Health | None = None
        listen(self._box, "toggle", lambda _event: on_open())

    @property
    def is_open(self) -> bool:
        """Say whether somebody looks."""
        return bool(self._box.open)

    def show(self, figures: Health) -> None:
        """Show these."""
        if figures == self._shown:
            return
        self._shown = figures
        words = self._words
        rate = f"{figures.completed / figures.ended * 100:.0f} %" if figures.ended else "–"
        picture = "–" if figures.to_picture is None else spoken(words, figures.to_picture)
        rows = (
            ("completed", f"{rate} ({figures.completed}/{figures.ended})"),
            ("stuck", figures.stuck),
            ("lost", figures.lost),
            ("reconnects", figures.reconnects),
            ("mended", figures.mended),
            ("to_picture", picture),
        )
        self._list.replaceChildren()
        for name, value in rows:
            self._list.append(
                element("dt", "", words.say(f"health.{name}")), element("dd", "", str(value))
            )
