"""The page as a whole: its panels, and what the person wants of them."""

from collections.abc import Callable
from typing import Any, NamedTuple

import js

from page.collect_panel import CollectPanel
from page.composer.panel import Composer
from page.icon import IDLE, address, icon_of
from page.servers.panel import ServersPanel, ServerWishes
from page.tasks.panel import TasksPanel
from page.tasks.results import Fetch
from page.ui.dom import by_id, listen
from page.ui.notices import NoticesPanel
from page.ui.words import Words
from page.view import View


class Switch(NamedTuple):
    """A check box by its id, as it stands, and what turns it."""

    element: str
    is_on: bool
    turn: Callable[[bool], None]


class Intents(NamedTuple):
    """What the page may want done; those that return a text return what is wrong, or "".

    `phrase` is this browser's own, by which its tasks are found from elsewhere.
    """

    servers: ServerWishes
    on_task: Callable[[str, str], None]
    run: Callable[[], None]
    use_workflow: Callable[[Any], None]
    choose_workflow: Callable[[str], None]
    use_language: Callable[[str], None]
    preview_of: Callable[[str], str]
    fetch: Fetch
    drop_preview: Callable[[str], None]
    switches: tuple[Switch, ...]
    phrase: str
    collect: Callable[[str], str]
    repaint: Callable[[], None]


class Page:
    """Shows views; says what the person wants by intents."""

    def __init__(
        self, words: Words, language: str, notices: NoticesPanel, intents: Intents
    ) -> None:
        translate(words, language)
        self.notices = notices
        self.composer = Composer(
            words, intents.run, intents.use_workflow, intents.choose_workflow, intents.repaint
        )
        self._servers = ServersPanel(words, intents.servers)
        self._tasks = TasksPanel(words, intents.preview_of, intents.fetch, intents.on_task)
        self._collect = CollectPanel(words, intents.phrase, intents.collect)
        self._drop_preview = intents.drop_preview
        self._icon = IDLE
        chooser = by_id("language")
        chooser.value = language
        listen(chooser, "change", lambda _event: intents.use_language(str(chooser.value)))
        for switch in intents.switches:
            _follow(switch)

    @property
    def most(self) -> int:
        """Tasks of a kind that have a card."""
        return self._tasks.most

    def show(self, view: View) -> None:
        """Bring the page up to date."""
        self._servers.show(view.servers)
        self.composer.servers.offer(tuple(row for row in view.servers if not row.is_held))
        self.composer.servers.foretell(view.forecast)
        for task_id in self._tasks.show(view):
            self._drop_preview(task_id)
        self.notices.follow(view.notices)
        percent = f"{view.progress * 100:.0f} % · " if view.progress < 1 else ""
        js.document.title = f"{percent}Tether"
        icon = icon_of(view)
        if icon != self._icon:
            self._icon = icon
            by_id("icon").href = address(icon)


def _follow(switch: Switch) -> None:
    box = by_id(switch.element)
    box.checked = switch.is_on
    listen(box, "change", lambda _event: switch.turn(bool(box.checked)))


def translate(words: Words, language: str) -> None:
    """Put the page's own HTML into a language; the English is in it from the start."""
    js.document.documentElement.lang = language
    for target in js.document.querySelectorAll("[data-say]"):
        target.textContent = words.say(target.dataset.say)
    for target in js.document.querySelectorAll("[data-say-placeholder]"):
        target.placeholder = words.say(target.dataset.sayPlaceholder)
    for target in js.document.querySelectorAll("[data-say-label]"):
        name = "label" if target.tagName == "OPTGROUP" else "aria-label"
        target.setAttribute(name, words.say(target.dataset.sayLabel))
