"""Draws the page; nothing is started from here."""

from dataclasses import dataclass, field

import js

from page.composer.panel import ComposerPanel
from page.icon import IDLE, Icon, address, icon_of
from page.servers.panel import ServersPanel
from page.tasks.panel import TasksPanel
from page.tasks.row import TaskList
from page.ui.context import PageContext
from page.ui.dom import by_id
from page.view import Views
from tether.browser.repaint import BrowserPreviews
from tether.runtime.containment import contained, report


@dataclass(slots=True)
class Page:
    """The panels that are always there, the title and the icon."""

    context: PageContext
    views: Views
    servers: ServersPanel
    composer: ComposerPanel
    tasks: TasksPanel
    previews: BrowserPreviews
    icon: Icon = IDLE
    title: str = field(default_factory=lambda: str(js.document.title))
    """The page's own, which its host may have changed."""

    def draw(self) -> bool:
        """Bring the page up to date; returns whether it counts seconds, so is to be drawn again."""
        context, composer = self.context, self.composer
        view = self.views.view(context.world.clock.now(), composer.needs(), self.tasks.near)
        for error in view.errors:
            report("painting of a card", error)
        contained("painting of servers", lambda: self.servers.show(view.servers))
        offered = tuple(row for row in view.servers if not row.is_held)
        contained("painting of the choice of servers", lambda: composer.servers.offer(offered))
        # Where the next one goes says nothing of many, which the button does.
        is_of_many = composer.tasks() > 1 and view.crew.servers > 1
        composer.servers.show_forecast("" if is_of_many else view.forecast)
        composer.show_crew(view.crew)
        contained("painting of tasks", lambda: self._show_tasks(view.tasks))
        context.notices.follow(view.notices)
        percent = f"{view.progress * 100:.0f} % · " if view.progress < 1 else ""
        paused = f"{context.words.say('page.paused')} · " if view.tasks.is_paused else ""
        js.document.title = f"{paused}{percent}{self.title}"
        icon = icon_of(view)
        if icon != self.icon:
            self.icon = icon
            by_id("icon").href = address(icon)
        return view.is_live

    def _show_tasks(self, tasks: TaskList) -> None:
        self.tasks.show(tasks)
        self.context.world.retain(self.tasks.near.keeps)
        self.previews.retain(self.tasks.near.keeps)
