"""From what a person has chosen on the page to accepted tasks."""

import json
from collections import deque
from collections.abc import Callable
from typing import Any

import js
from pyodide.ffi import to_js
from pyscript import config

from app.core.copies import read_copies
from app.core.eligibility import lacks_of
from app.core.errors import BadInput, TetherError
from app.core.ids import Chance, ServerUrl, TaskId
from app.core.outputs import ANY, Fetched, Output
from app.core.server import Reach
from app.core.task import Task
from app.core.window import Window
from app.core.workflow import Workflow, parse_workflow
from app.opening import Opened, Opening
from app.runtime.describer import Describer
from app.runtime.intake import Intake
from app.runtime.ports import Records, World
from app.shelf import Shelf
from app.ui.composer import OWN, RECENT
from app.ui.page import Page
from app.ui.words import Words

Substitute = Callable[[ServerUrl, str, str], None]

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
        self._describer = describer
        self._opening = Opening(describer)
        self._chance = chance
        self._substitute = substitute
        self._world = world
        self._soon = soon
        self._shelf = Shelf(page.composer, kept)
        self.to_picture: deque[float] = deque(maxlen=100)
        """Seconds from the ends of the last tasks to their pictures."""
        self._choices = 0
        """Workflows chosen so far: what comes late for an earlier one is dropped."""
        self._form: Any = None
        self._shown = ""
        """The text of the workflow whose form is shown."""

    async def run(self) -> None:
        """Make tasks of every chosen picture, or of the workflow alone when it takes none."""
        composer = self._page.composer
        self._page.notices.clear()
        try:
            copies = read_copies(composer.copies)
        except TetherError as error:
            self._page.notices.show(self._words.trouble(error.trouble))
            return
        pinned = ServerUrl(composer.pinned) if composer.pinned else None
        is_own = composer.workflow == OWN or composer.workflow.startswith(RECENT)
        chosen = await self._chosen(composer.workflow)
        if chosen is None:
            return
        title, text = chosen
        accepted = []
        for key, name, file in composer.pictures() or [("", "", None)]:
            told = f"{name} · {title}" if name else title
            try:
                for _ in range(copies):
                    await self._accept(text, told, (name, file) if file else None, pinned, is_own)
            except TetherError as error:
                self._page.notices.show(self._words.trouble(error.trouble))
            else:
                accepted.append(key)
        composer.accepted(accepted)
        if is_own and accepted:
            self._shelf.used(title, text)

    async def _accept(
        self,
        text: str,
        title: str,
        picture: tuple[str, Any] | None,
        pinned: ServerUrl | None,
        is_own: bool,
    ) -> None:
        slots = parse_workflow(text).picture_inputs()
        files = {}
        if self._form is not None and self._shown == text:
            files = self._form.files()
            text = self._answered(text)
        if picture is not None and slots:
            files[slots[0]] = picture
        if slots and not files and not is_own:
            raise BadInput("picture_needed")
        await self._intake.accept_placed(text, title, files, pinned)

    def _answered(self, text: str) -> str:
        """Return the workflow with what was set in its form."""
        from app.core.form import filled

        answers = self._form.answers()
        if self._form.is_fresh:
            answers |= {field.key: self._roll(field) for field in self._form.seeds()}
        if not answers:
            return text
        return json.dumps(filled(parse_workflow(text).nodes, answers), ensure_ascii=False)

    async def _chosen(self, name: str) -> tuple[str, str] | None:
        """Return title and text of a workflow, or say why there is none."""
        try:
            return await self._shelf.find(name)
        except TetherError as error:
            self._page.notices.show(self._words.trouble(error.trouble))
            return None

    async def use_workflow(self, file: Any) -> None:
        """Take a workflow file, if it is one or carries one."""
        try:
            opened = await self._opening.file(file)
        except TetherError as error:
            self._page.notices.show(f"{file.name}: {self._words.trouble(error.trouble)}")
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

    async def choose(self, name: str) -> None:
        """Show the form of a workflow that was chosen."""
        self._choices += 1
        number = self._choices
        chosen = None if name == OWN and self._shelf.own is None else await self._chosen(name)
        if chosen is None:
            return
        await js.tetherLoadPython(*config["lazy"]["form"])
        from app.core.form import form_of
        from app.ui.form import FormPanel

        if self._form is None:
            self._form = FormPanel(self._words, self._roll, self._substituted)
        workflow = parse_workflow(chosen[1])
        classes = [node["class_type"] for node in workflow.nodes.values()]
        pinned = self._page.composer.pinned
        self._describer.forget()  # models may have come
        infos = await self._describer.describe(classes, ServerUrl(pinned) if pinned else None)
        if number != self._choices:
            return
        if self._shown != chosen[1]:  # else what is typed there stays
            self._shown = chosen[1]
            self._form.show(form_of(workflow.nodes, infos))
        await self._judge(workflow)

    async def _judge(self, workflow: Workflow) -> None:
        """Say of each server what it lacks for a workflow, and don't offer it."""
        lacking: dict[str, list[str]] = {}
        rows: dict[tuple[str, str, str], tuple[str, ...]] = {}
        for server in self._window.servers.values():
            if server.reach is not Reach.UP:
                continue
            infos = await self._describer.at(server.url, workflow.special_classes())
            for lack in lacks_of(workflow.nodes, infos, server.inventory.substitutes):
                lacking.setdefault(server.url, []).append(lack.name)
                info = infos.get(lack.class_type)
                given = info.input(lack.input) if info else None
                choices = tuple(map(str, given.choices)) if given else ()
                rows[server.url, server.name, lack.name] = choices
        self._form.show_lacks(rows)
        self._page.composer.mark(
            {
                url: self._words.say("compose.lacks", names=", ".join(dict.fromkeys(names)))
                for url, names in lacking.items()
            }
        )

    def _substituted(self, url: str, name: str, there: str) -> None:
        self._substitute(ServerUrl(url), name, there)
        self._soon(self._judge(parse_workflow(self._shown)))

    def _roll(self, field: Any) -> int:
        """Return a new seed, of the field's range."""
        low, high = int(field.low or 0), int(field.high or 0)
        return low + int(self._chance.hex(16), 16) % max(1, high - low + 1)
