"""The choice of a workflow that follows the first, with its result."""

from collections.abc import Callable, Sequence

from page.ui.dom import by_id, listen, options
from page.ui.words import Words


class ThenChoice:
    """“Then…”: a button until it is pressed; then a list, and a button that takes the choice off.

    `ask` is called when the list is wanted, and `changed` when something else is chosen.
    """

    def __init__(self, words: Words, ask: Callable[[], None], changed: Callable[[], None]) -> None:
        self._words = words
        self._changed = changed
        self._fitting: Sequence[str] = ()
        self._box, self._open, self._off = by_id("then"), by_id("then-open"), by_id("then-off")
        self.field = by_id("then-workflow")
        """Where what is wrong with the choice is corrected."""
        self._ask = ask
        listen(self._open, "click", lambda _event: self._opened())
        listen(self._off, "click", lambda _event: self._taken_off())
        listen(self.field, "change", lambda _event: changed())
        self._box.hidden = False

    @property
    def chosen(self) -> str:
        """The name of a workflow in the library; "" for none."""
        return str(self.field.value) if self.is_open else ""

    @property
    def is_open(self) -> bool:
        """The list is shown."""
        return not self.field.parentElement.hidden

    def offer(self, fitting: Sequence[str]) -> None:
        """Offer these workflows, by name; what is chosen stays."""
        self._fitting = fitting
        self._fill(str(self.field.value))

    def choose(self, name: str) -> None:
        """Show a choice again, before it is known what may follow; "" for none."""
        self._show(bool(name))
        self._fill(name)

    def translate(self) -> None:
        """Say it in another language."""
        self._fill(str(self.field.value))

    def _fill(self, chosen: str) -> None:
        known = by_id("workflow").options
        names = {str(each.value): str(each.textContent) for each in known}
        texts = {name: names.get(name, name) for name in self._fitting}
        if chosen and chosen not in texts:
            texts[chosen] = names.get(chosen, chosen.partition(":")[2] or chosen)
        none = self._words.say("then.none" if texts else "then.nothing")
        self.field.replaceChildren(*options({"": none, **texts}))
        self.field.value = chosen

    def _show(self, is_open: bool) -> None:
        self._open.hidden = is_open
        self.field.parentElement.hidden = self._off.hidden = not is_open

    def _opened(self) -> None:
        self._show(True)
        self._fill("")
        self.field.focus()
        self._ask()

    def _taken_off(self) -> None:
        self.field.value = ""
        self._show(False)
        self._open.focus()
        self._changed()
