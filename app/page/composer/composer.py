"""Makes tasks of what a person has chosen: pictures, a workflow, what is set in its form."""

import asyncio
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import js
from pyodide.ffi import JsException

from page.composer.drafts import Drafts
from page.composer.follow_up import FollowUp, NextStep
from page.composer.form import Form
from page.composer.library import Library
from page.composer.open_file import FileOpener, Opened
from page.composer.panel import OWN, RECENT, Check, ComposerPanel, Problem
from page.composer.records import read_copies
from page.servers.roster import Roster
from page.ui.context import PageContext
from page.ui.dom import ONE_PRESS, by_id, listen
from page.ui.file_kinds import kind_of
from page.ui.parts import load_part
from tether.browser.values import new_file
from tether.core.errors import TetherError, Trouble
from tether.core.ids import TaskId
from tether.core.model.title import title_of
from tether.core.protocol.node_info import FileKind, takes
from tether.core.protocol.workflow import Workflow
from tether.runtime.caller import Caller
from tether.runtime.describer import Describer
from tether.runtime.intake import Intake, NewTask

if TYPE_CHECKING:
    from page.composer.painting import Painting
    from tether.core.cells import Cell
    from tether.workflows.variants import Variant

WORKFLOW = "workflow"
"""The subject of notices that close once another workflow is chosen."""

_UNFIT: Mapping[FileKind, str] = {
    "picture": "not_a_picture",
    "video": "not_a_video",
    "audio": "no_sound",
}
"""What is wrong with a file of another kind; an input for files takes all."""

MANY = 100
"""Tasks beyond which Run asks whether so many are meant."""


class Composer:
    """The controller of the panel for a new task; says what can't be one."""

    def __init__(
        self, context: PageContext, intake: Intake, caller: Caller, roster: Roster
    ) -> None:
        self._context = context
        self._intake = intake
        self._caller = caller
        self._is_ready = asyncio.Event()
        self._is_running = self._is_wanted = False
        self._ran: tuple[Any, float] = None, 0.0
        """What was wanted of the latest Run that made tasks, and when that was done."""
        self._server_workflows: Any = None
        self._painter: Any = None
        self._paintings: dict[str, tuple[Any, Painting]] = {}
        """By the keys of pictures: the picture as it was chosen, and what is painted on it."""
        self.on_run: Callable[[TaskId], None] = lambda _first: None
        """Called with the first of the tasks that were made."""
        describer = Describer(context.window, caller)
        self._opener = FileOpener(describer)
        self.panel = ComposerPanel(context, self)
        self._library = Library(self.panel, context.world.shared)
        self._follow_up = FollowUp(self._library, describer)
        self._form = Form(context, self.panel, describer, roster.substitute, self._library)
        self._drafts = Drafts(context, self.panel, self._form, self._library, self.use, self.choose)
        self.panel.take_picked()
        listen(by_id("runs-open"), "click", lambda _event: context.soon(self._open_runs()))
        listen(by_id("samples"), "click", lambda _event: context.soon(self.take_samples()))

    async def restore(self) -> None:
        """Put back what was chosen before the page was loaded anew, and not run."""
        await self._drafts.restore()
        self._is_ready.set()

    async def run(self, pressed: float | None = None) -> None:
        """Make tasks of every chosen picture, or of the workflow alone when it takes none.

        Pressed again meanwhile, as by a double click, it sends only pictures that came since; and
        right after that nothing, unless something is chosen or typed otherwise. `pressed` is when,
        in seconds; None for now.
        """
        wish, at = self._ran
        since = (pressed or self._context.world.clock.now()) - at
        if abs(since) < ONE_PRESS and not self.panel.files and wish == self._wish():
            return
        self._is_wanted = True
        if self._is_running:
            return
        self._is_running = True
        try:
            while self._is_wanted:
                self._is_wanted = False
                await self._run()
                self._is_wanted &= bool(self.panel.files)
        finally:
            self._is_running = False

    async def _run(self) -> None:
        """Show all problems at once; nothing is sent before they are solved."""
        panel, words, notices = self.panel, self._context.words, self._context.notices
        wish = self._wish()
        notices.clear()
        await self._drafts.is_form_restored.wait()
        is_own = panel.workflow == OWN or panel.workflow.startswith(RECENT)
        chosen = await self._find(panel.workflow)
        if chosen is not None and panel.files and not self._form.knows_files(chosen.workflow):
            name = panel.workflow
            await self.choose(name)  # by now a server may describe what it takes
            if panel.workflow != name:
                return
        problems = [] if chosen is None else self._problems(chosen.workflow, is_own)
        then: NextStep | None = None
        try:
            if chosen is not None and panel.then.chosen:
                then = await self._follow_up.step(chosen.workflow, panel.then.chosen)
        except TetherError as error:
            problems.append((words.trouble(error.trouble), panel.then.field))
        try:
            copies = read_copies(panel.copies)
        except TetherError as error:
            problems.append((words.trouble(error.trouble), panel.copies_field))
        if chosen is not None and not problems and await self._can_nobody(chosen.workflow):
            problems.append((words.say("trouble.all_lack"), panel.servers.field))
        panel.refuse(problems)
        if problems or chosen is None or not self._is_meant(panel.tasks()):
            return
        if then is not None or chosen.workflow.is_decided_when_queued():
            await load_part("form")
        pinned, pressed = panel.pinned, self._context.world.clock.now()
        is_used = False
        variants = [each for each in self._form.variants(chosen.workflow) for _ in range(copies)]
        pictures = panel.files.all() or [("", "", None)]
        cells = self._form.cells(variants, [name for _key, name, _file in pictures], copies)

        def begin(
            picture: tuple[str, Any] | None, cells: "list[Cell | None]"
        ) -> asyncio.Future[list[TaskId]]:
            made = zip(variants, cells, strict=True)
            tasks = [
                task
                for each, cell in made
                for task in self._tasks(chosen, picture, each, then, cell)
            ]
            return asyncio.ensure_future(self._intake.accept_all(tasks, pinned, pressed))

        # All at once: the browser then writes them to disk at once.
        begun = [
            (key, begin(file and (name, file), places))
            for (key, name, file), places in zip(pictures, cells, strict=True)
        ]
        for key, work in begun:
            try:
                first = (await work)[0]
            except TetherError as error:
                notices.show(words.trouble(error.trouble))
            else:
                if not is_used:
                    self.on_run(first)
                is_used = True
                panel.drop(key)
        if is_used:
            panel.fold()
            if is_own:
                self._library.used(chosen)
            self._ran = wish, self._context.world.clock.now()

    def _wish(self) -> Any:
        """Return what is chosen and typed, the pictures apart."""
        panel = self.panel
        own = self._library.own if panel.workflow == OWN else None
        picked = sorted(name for name, _file in self._form.picked().values())
        chosen = panel.workflow, own, panel.then.chosen, panel.copies, panel.pinned
        return chosen, self._form.typed(), picked

    def _is_meant(self, tasks: int) -> bool:
        sentence = self._context.words.say("compose.many", tasks=tasks)
        return tasks <= MANY or bool(js.confirm(sentence))

    async def _can_nobody(self, workflow: Workflow) -> bool:
        """Tell whether each server lacks something, also after it was asked anew."""
        servers = self.panel.servers
        if not servers.are_all_lacking or not self._form.is_of(workflow):
            return False
        await self._form.check_again()
        return servers.are_all_lacking

    async def choose(self, name: str) -> None:
        """Show the form of a workflow that the library has under a name."""
        if name == OWN and self._library.own is None:
            return
        self._context.notices.resolved(WORKFLOW)
        number = self._form.begin()
        found = await self._find(name)
        if found is not None:
            await self._form.show(name, found, number)
            if self.panel.then.is_open:
                await self.offer_then()

    async def offer_then(self) -> None:
        """Offer what may follow the workflow that is chosen."""
        panel, found = self.panel, await self._find(self.panel.workflow)
        names = [name for name in panel.offered() if name != OWN]
        if found is not None:
            panel.then.offer(await self._follow_up.fitting(found.workflow, names))

    async def use(self, opened: Opened) -> None:
        """Choose a workflow that was opened; show its form and what was assumed about it."""
        self._library.own = opened
        self.panel.show_own(opened.title)
        words = self._context.words
        self.panel.show_assumptions([words.trouble(each) for each in opened.assumptions])
        await self.choose(OWN)

    async def open_file(self, file: Any) -> None:
        """Open a workflow file, or a picture or video that carries a workflow."""
        await self._is_ready.wait()  # one picked while the page loads waits for the servers
        words, notices = self._context.words, self._context.notices
        try:
            opened = await self._opener.open(file)
        except TetherError as error:
            sentence = words.trouble(error.trouble)
            names_it = "file" in dict(error.trouble.facts)
            told = words.say("compose.of_file", file=file.name, told=sentence)
            notices.show(sentence if names_it else told, WORKFLOW)
            return
        await self.use(opened)

    def pick(self, kind: FileKind, file: Any) -> bool:
        """Put a file into a field of the form that takes its kind; tells whether there is one."""
        return self._form.pick(kind, file)

    async def paint(self, key: str) -> None:
        """Let a person paint the mask of a picture, whose place in list or form it then takes.

        Painted again, the picture is as it was chosen, and the painting goes on.
        """
        await load_part("mask")
        from page.composer.mask_painter import MaskPainter
        from page.composer.painting import Painting

        if self._painter is None:
            self._painter = MaskPainter(self._context.words)
        kept = self._paintings.items()
        self._paintings = {each: made for each, made in kept if self._picture(each)}
        file = self._picture(key)
        if file is None:  # Run was quicker
            return
        original, painting = self._paintings.setdefault(key, (file, Painting()))
        masked = await self._painter.paint(original, str(original.name), painting)
        if masked is None or masked is file or self._picture(key) is None:
            return
        replace = self.panel.replace if key in self.panel.files else self._form.replace
        self._paintings[replace(key, masked)] = original, painting

    def _picture(self, key: str) -> Any | None:
        """Return a picture that is chosen, in the list or in the form; None if it is gone."""
        return self.panel.files.file(key) if key in self.panel.files else self._form.file(key)

    def add_picture(self, content: Any, name: str) -> None:
        """Put a Blob among the next pictures."""
        self.panel.add([new_file(content, name, str(content.type))])

    async def take_samples(self) -> None:
        """Put pictures of the page's own among the next ones, if there are none."""
        await load_part("samples")
        from page.composer.samples import paint_samples

        samples = await paint_samples()
        if not self.panel.files:
            self.panel.add(samples)

    async def check_file(self, key: str, name: str, file: Any, what: Check) -> None:
        """Take what is no picture but is called one, or is broken, off the list, and say so.

        Where the workflow takes files of any kind, nothing is wrong with one.
        """
        is_any = self.panel.taken == "file" or what == "no check"
        trouble = Trouble.of("picture_broken", picture=name)
        try:
            if kind_of(str(file.type), name) == "picture" and not is_any:
                await self._intake.check_picture(name, file)
            if what != "broken":
                if await self._opener.carries_workflow(file):
                    self.panel.files.offer_workflow(key)
                return
        except TetherError as error:
            trouble = error.trouble
        except (OSError, JsException):  # a folder can't even be read
            trouble = Trouble.of("not_a_picture", picture=name)
        if not (what == "broken" and is_any) and self.panel.drop(key):
            self._context.notices.show(self._context.words.trouble(trouble))

    def changed(self) -> None:
        """Keep the draft: something is chosen or typed otherwise than before."""
        self._drafts.changed()

    def translate(self) -> None:
        """Say in another language what is said; what is chosen and typed stays."""
        self._form.translate()
        self.panel.then.translate()
        self.panel.count()

    def variants(self) -> int:
        """Return how many tasks each picture makes; 0 where that can't be told."""
        return self._form.count()

    def why_alike(self) -> str:
        """Say why several tasks of one picture give the same; "" when they don't."""
        return self._form.why_alike()

    def _problems(self, workflow: Workflow, is_own: bool) -> list[Problem]:
        found = self._form.problems(workflow)
        trouble = self._wrong_files(workflow, is_own)
        if trouble is not None:
            found.insert(0, (self._context.words.trouble(trouble), self.panel.picture_field))
        return found

    def _wrong_files(self, workflow: Workflow, is_own: bool) -> Trouble | None:
        """Say what is wrong with the list of files; an own workflow may name one of its own."""
        files, main = self.panel.files.all(), self._form.main_input(workflow)
        if main is None:
            code = "workflow_undescribed"
            if self._form.knows_files(workflow):
                code = "picture_unused"
            elif self.panel.servers.are_all_lacking:
                code = "all_lack"
            return Trouble.of(code) if files else None
        if not files and not is_own and not self._form.files(workflow):
            return Trouble.of("picture_needed")
        kinds = ((name, kind_of(str(file.type), name)) for _, name, file in files)
        unfit = next((name for name, kind in kinds if not takes(main[1], kind)), None)
        return None if unfit is None else Trouble.of(_UNFIT[main[1]], picture=unfit)

    def _tasks(
        self,
        chosen: Opened,
        picture: tuple[str, Any] | None,
        variant: "Variant",
        then: NextStep | None,
        cell: "Cell | None",
    ) -> list[NewTask]:
        """Return a task, and the one that follows it, whose result is the one of the cell."""
        main = self._form.main_input(chosen.workflow)
        listed = {} if picture is None or main is None else {main[0]: picture}
        files = listed | self._form.files(chosen.workflow)  # results are called by the first
        answers, told, _axes = variant
        name = picture[0] if picture else ""
        name = f"{name} ({told})".strip() if told else name
        workflow = self._decided(self._form.answered(chosen.workflow, answers))
        last = None if then else cell
        tasks = [NewTask(workflow, title_of(chosen.title, name), files, cell=last)]
        if then is not None:
            workflow, title = self._decided(then.opened.workflow), title_of(then.opened.title, name)
            tasks.append(NewTask(workflow, title, {}, then.takes, cell))
        return tasks

    def _decided(self, workflow: Workflow) -> Workflow:
        """Make the choices of a task, put the time into its file names: a rerun has the same."""
        if not workflow.is_decided_when_queued():
            return workflow
        from tether.workflows.queued import Moment, queued

        now = js.Date.new()
        day = (now.getFullYear(), now.getMonth() + 1, now.getDate())
        moment = Moment(*day, now.getHours(), now.getMinutes(), now.getSeconds())
        chance = self._context.world.chance
        return workflow.with_nodes(
            queued(workflow.nodes, lambda count: int(chance.hex(16), 16) % count, moment)
        )

    async def _find(self, name: str) -> Opened | None:
        """Return a workflow of the library; None after saying why there is none."""
        try:
            return await self._library.find(name)
        except TetherError as error:
            sentence = self._context.words.trouble(error.trouble)
            self._context.notices.show(sentence, WORKFLOW)
            return None

    async def _open_runs(self) -> None:
        await load_part("runs")
        from page.composer.server_workflows import ServerWorkflows

        if self._server_workflows is None:
            self._server_workflows = ServerWorkflows(
                self._context, self._caller, self._opener, self.use
            )
        self._server_workflows.open()
