"""From what a person has chosen on the page to accepted tasks."""

from collections import deque
from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import JsException, to_js

from page.composer.draft import read_copies
from page.composer.draft_store import Drafts
from page.composer.drafts import Drafting
from page.composer.form import Forming, Problem, Substitute
from page.composer.library import Shelf
from page.composer.open_file import Opened, Opening
from page.composer.panel import OWN, RECENT
from page.page import Page
from page.ui.words import Words
from tether.core.errors import TetherError, Trouble
from tether.core.ids import Chance, ServerUrl, TaskId
from tether.core.model.task import Task
from tether.core.model.title import title_of
from tether.core.model.window import Window
from tether.core.protocol.outputs import ANY, Fetched, Output
from tether.core.protocol.workflow import parse_workflow
from tether.runtime.describer import Describer
from tether.runtime.intake import Intake
from tether.runtime.ports import Records, World

PICTURE, WORKFLOW = "picture", "workflow"
"""What can be mended after a notice."""

FRESH = 2.0
"""Seconds after its end in which a task's picture is fetched because it has ended."""


class Sending:
    """Makes tasks of what the composer has, and says what can't be one.

    Args:
        page: Shows the composer and its form.
        words: The page's language.
        window: Knows the servers.
        intake: Takes tasks in.
        describer: Says what node classes are.
        chance: Rolls seeds.
        substitute: Lets a name stand for another at a server.
        world: Fetches results.
        soon: Runs work that nobody waits for.
        kept: What all windows of the browser share.
    """

    def __init__(
        self,
        page: Page,
        words: Words,
        window: Window,
        intake: Intake,
        describer: Describer,
        chance: Chance,
        substitute: Substitute,
        world: World,
        soon: Callable[[Any], None],
        kept: Records,
    ) -> None:
        self._page = page
        self._words = words
        self._window = window
        self._intake = intake
        self._opening = Opening(describer)
        self._world = world
        self._soon = soon
        self._shelf = Shelf(page.composer, kept)
        self.to_picture: deque[float] = deque(maxlen=100)
        """Seconds from the ends of the last tasks to their pictures."""
        self._forming = Forming(
            words, page.composer, window, describer, chance, substitute, self._chosen, soon
        )
        page.composer.on_picture = lambda *picture: soon(self._look_at(*picture))
        for picture in page.composer.pictures():  # picked before Python was there
            soon(self._look_at(*picture))
        self._drafting = Drafting(
            page.composer,
            self._forming,
            self._shelf,
            Drafts(world.files, world.records, window.window_id, chance, world.make_hold),
            self.use,
            self.choose,
            lambda trouble: page.notices.show(words.trouble(trouble)),
        )

    async def run(self) -> None:
        """Make tasks of every chosen picture, or of the workflow alone when it takes none.

        What is wrong is all said at once, and nothing is sent before it is mended.
        """
        composer = self._page.composer
        self._page.notices.clear()
        await self._drafting.is_answered.wait()
        is_own = composer.workflow == OWN or composer.workflow.startswith(RECENT)
        chosen = await self._chosen(composer.workflow)
        title, text = chosen or ("", "")
        problems = [] if chosen is None else self._problems(text, is_own)
        try:
            copies = read_copies(composer.copies)
        except TetherError as error:
            problems.append((self._words.trouble(error.trouble), composer.copies_field))
        for told, field in reversed(problems):  # the last one shown stands first
            self._page.notices.show(told, PICTURE if field is composer.picture_field else "")
        composer.refuse([element for _, element in problems])
        if problems or chosen is None:
            return
        pinned = ServerUrl(composer.pinned) if composer.pinned else None
        is_used = False
        for key, name, file in composer.pictures() or [("", "", None)]:
            try:
                for _ in range(copies):
                    await self._accept(
                        text, title_of(title, name), (name, file) if file else None, pinned
                    )
            except TetherError as error:
                self._page.notices.show(self._words.trouble(error.trouble))
            else:
                is_used = True
                composer.drop([key])
        if is_own and is_used:
            self._shelf.used(title, text)

    def _problems(self, text: str, is_own: bool) -> list[Problem]:
        """Return what is wrong with the pictures and the form, in the order of the page."""
        composer = self._page.composer
        found = self._forming.problems(text)
        has_pictures = composer.pictures() or self._forming.files(text)
        if not is_own and not has_pictures and parse_workflow(text).picture_inputs():
            told = self._words.trouble(Trouble.of("picture_needed"))
            found.insert(0, (told, composer.picture_field))
        return found

    async def _accept(
        self,
        text: str,
        title: str,
        picture: tuple[str, Any] | None,
        pinned: ServerUrl | None,
    ) -> None:
        slots = parse_workflow(text).picture_inputs()
        files = self._forming.files(text)
        if picture is not None and slots:
            files[slots[0]] = picture
        await self._intake.accept_placed(self._forming.answered(text), title, files, pinned)

    async def _chosen(self, name: str) -> tuple[str, str] | None:
        """Return title and text of a workflow, or say why there is none."""
        try:
            return await self._shelf.find(name)
        except TetherError as error:
            self._page.notices.show(self._words.trouble(error.trouble), WORKFLOW)
            return None

    async def _look_at(self, key: str, name: str, file: Any) -> None:
        """Take a file off the list of pictures, and say so, if it is none."""
        try:
            await self._intake.check_picture(name, file)
        except (TetherError, JsException):  # a folder can't even be read
            self._page.composer.drop([key])
            told = self._words.trouble(Trouble.of("not_a_picture", picture=name))
            self._page.notices.show(told)
        else:
            self._page.notices.mended(PICTURE)

    async def use_workflow(self, file: Any) -> None:
        """Take a workflow file, if it is one or carries one."""
        try:
            opened = await self._opening.file(file)
        except TetherError as error:
            told = self._words.trouble(error.trouble)
            names_it = "file" in dict(error.trouble.facts)
            self._page.notices.show(told if names_it else f"{file.name}: {told}", WORKFLOW)
            return
        await self.use(opened)

    async def use(self, opened: Opened) -> None:
        """Take a workflow that was read, say what was assumed, and show its form."""
        self._shelf.own = opened
        self._page.composer.show_own(opened.title)
        self._page.composer.show_assumptions(
            [self._words.trouble(each) for each in opened.assumptions]
        )
        await self.choose(OWN)

    async def reuse(self, key: str) -> None:
        """Put a result (`task:number`) among the next pictures, whichever server they go to."""
        task, output = self._result(key)
        name = output.filename
        content = await self._world.content(task, output, ANY)
        if content is None:
            self._page.notices.show(self._words.say("trouble.result_gone", file=name))
            return
        options = to_js({"type": content.type}, dict_converter=js.Object.fromEntries)
        self._page.composer.add([js.File.new(to_js([content]), name, options)])

    async def fetch(self, key: str, is_asked: bool, then: Callable[[Fetched], None]) -> None:
        """Fetch a result (`task:number`) for its card."""
        task, output = self._result(key)
        now = self._world.clock.now
        is_fresh = not is_asked and now() - task.ended_at < FRESH
        then(await self._world.fetch(task, output, is_asked=is_asked))
        if is_fresh:
            self.to_picture.append(now() - task.ended_at)

    def _result(self, key: str) -> tuple[Task, Output]:
        task_id, _, number = key.rpartition(":")
        task = self._window.tasks[TaskId(task_id)]
        return task, task.outputs[int(number)]

    async def restore(self) -> None:
        """Put back what the page before this one had chosen and not run."""
        await self._drafting.restore(self._soon, self._world.clock.now())

    async def settled(self) -> None:
        """Wait until a reload would find what is chosen."""
        await self._drafting.settled()

    async def choose(self, name: str) -> None:
        """Show the form of a workflow that was chosen."""
        if name != OWN or self._shelf.own is not None:
            self._page.notices.mended(WORKFLOW)
            await self._forming.choose(name)
