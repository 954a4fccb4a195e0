"""One browser tab: the window's session, and all that carries it."""

import js

from page.health.figures import only_here
from tether.browser.media_previews import BrowserPreviews
from tether.browser.page import BrowserPage
from tether.core.events import Event, PageChange, PageChanged
from tether.core.ids import PromptId, TaskId
from tether.core.model.window import Settings
from tether.core.session.records import has_lost_tasks
from tether.core.session.session import Session
from tether.core.session.snapshot import read_task
from tether.core.windows.ledger import Entry, read_ledger
from tether.core.windows.owner import OWNER_RECORD, make_phrase, read_phrase
from tether.core.windows.peers import BroadcastReceived
from tether.runtime.adopter import Adopter
from tether.runtime.claimant import Claimant
from tether.runtime.intake import Intake
from tether.runtime.ports import Ports, World
from tether.runtime.runner import Runner


class Tab:
    """Becomes a window that no other page is, and runs its session in a world.

    Args:
        runner: Runs the session.
        world: What carries it.
        previews: Where pictures on their way to the screen are kept.
    """

    def __init__(self, runner: Runner, world: World, previews: BrowserPreviews) -> None:
        self._runner = runner
        self._world = world
        self._previews = previews
        self._claimant = Claimant(
            runner,
            world.make_hold(),
            world.channel,
            world.records,
            world.chance,
            js.location.reload,
            lambda: has_lost_tasks(world.records.read_all(), self._ledger()),
        )

    def phrase(self) -> str:
        """Return this browser's phrase; a new one when it has none."""
        world = self._world
        phrase = read_phrase(world.shared.read(OWNER_RECORD) or "")
        if phrase is None:
            phrase = make_phrase(world.chance)
            world.shared.write(OWNER_RECORD, phrase)
        return phrase

    def known_prompts(self) -> frozenset[PromptId]:
        """Return the unfinished tasks of this browser's windows."""
        tasks = (read_task(entry.record) for entry in self._ledger().values())
        return frozenset(task.prompt_id for task in tasks if task is not None)

    async def open(self, settings: Settings) -> Session:
        """Return the window's session; nothing is sent yet."""
        world, emit = self._world, self._runner.emit
        chance, now = world.chance, world.clock.now()
        self._session = session = await self._claimant.open(
            lambda records: Session(records, settings, chance, now, self._ledger())
        )
        self.intake = Intake(session.window, emit, world.files, chance)
        self.adopter = Adopter(
            self._runner,
            session.window.window_id,
            world.make_hold,
            world.channel,
            world.shared,
            world.clock,
            chance,
        )
        await world.open()
        return session

    def start(self) -> None:
        """Let the session work, and look for windows that are gone."""
        world = self._world
        self._runner.start(
            self._session,
            Ports(
                world.clock,
                world.sockets,
                world.http,
                world.records,
                world.shared,
                world.files,
                self._previews,
                world.channel.post,
            ),
        )
        world.channel.listen(lambda text: self._runner.emit(BroadcastReceived(text)))
        window = self._session.window
        self._page = BrowserPage(
            self._changed,
            self._claimant.leave,
            self._claimant.back,
            lambda: only_here(window) > 0,
        )
        self.adopter.look()

    def _changed(self, event: Event) -> None:
        self._runner.emit(event)
        if event != PageChanged(PageChange.HIDDEN):
            self.adopter.look()

    def _ledger(self) -> dict[TaskId, Entry]:
        return read_ledger(self._world.shared.read_all())
