"""What the page offers quietly, above its panels."""

from collections.abc import Callable
from typing import Any

from app.ui.dom import by_id, element, listen


def offer(sentence: str, choices: dict[str, Callable[[], None]]) -> None:
    """Offer something; whatever is chosen, the offer is over.

    Args:
        sentence: What it is about.
        choices: What the buttons say -> what they do; the first is the one that stands out.
    """
    box = element("div", "offer")
    box.append(element("span", "", sentence))

    def chosen(act: Callable[[], None]) -> Callable[[Any], None]:
        def handle(_event: Any) -> None:
            box.remove()
            act()

        return handle

    for number, (name, act) in enumerate(choices.items()):
        button = element("button", "quiet" if number else "", name, type="button")
        listen(button, "click", chosen(act))
        box.append(button)
    by_id("offers").append(box)
