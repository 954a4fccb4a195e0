"""The panel for a new task: pictures, workflow, server, Run."""

from collections.abc import Callable, Iterable
from typing import Any, Literal, Protocol, TypeAlias

import js

from page.composer.file_list import FileList
from page.composer.forecast_words import NO_CREW, Crew, say_run
from page.composer.records import read_copies
from page.composer.server_choice import ServerChoice
from page.composer.then_choice import ThenChoice
from page.ui.context import PageContext
from page.ui.dom import by_id, element, listen, on_action, options, set_text
from page.ui.file_kinds import ACCEPTS, kind_of
from tether.browser.values import to_object
from tether.core.errors import BadInput
from tether.core.ids import ServerUrl
from tether.core.protocol.node_info import FileKind, takes
from tether.core.scheduling.forecast import Needs

Problem: TypeAlias = tuple[str, Any]
"""What is wrong, and the field in which it is corrected."""

Check: TypeAlias = Literal["its start", "broken", "no check"]
"""What is known, or to be found out, of a file in the list."""

OWN = "own"
RECENT = "recent:"
"""Before the titles of workflows that were used before."""


class Controller(Protocol):
    """What the panel hands on to; see `page.composer.composer.Composer`."""

    async def run(self, pressed: float) -> None:
        """Make tasks, for a press of Run at that time."""

    async def open_file(self, file: Any) -> None:
        """Open a workflow file (a JS File) that was picked or dropped."""

    async def choose(self, name: str) -> None:
        """Show the form of a workflow."""

    async def check_file(self, key: str, name: str, file: Any, what: Check) -> None:
        """Drop a file that was added as a picture, if it is none or broken."""

    def pick(self, kind: FileKind, file: Any) -> bool:
        """Put a file into a field of the form that takes its kind; tells whether there is one."""

    async def paint(self, key: str) -> None:
        """Let a person paint the mask of a picture, in the list or in the form."""

    async def offer_then(self) -> None:
        """Offer what may follow the workflow that is chosen."""

    def changed(self) -> None:
        """Keep what is chosen now."""

    def variants(self) -> int:
        """Return how many tasks each picture makes; 0 where that can't be told."""

    def why_alike(self) -> str:
        """Say why several tasks of one picture would give the same, "" if they don't."""


class ComposerPanel:
    """Collects what the person gives; what happens with it is decided by the controller.

    `files` are those for the next tasks.
    """

    def __init__(self, context: PageContext, controller: Controller) -> None:
        self._words = context.words
        self._repaint = context.repaint
        self._soon = context.soon
        self._now = context.world.clock.now
        self._controller = controller
        self.changed = controller.changed
        self.files = FileList(context.words, self._broken)
        self.taken: FileKind = "picture"
        """What the workflow takes, one for each task."""
        self._pickers = by_id("picture-picker"), by_id("picture-camera")
        self._workflow = by_id("workflow")
        self._workflow_picker = by_id("workflow-picker")
        self.copies_field, self.picture_field = by_id("copies"), self._pickers[0]
        """The fields in which their errors are corrected."""
        self._alike, self._run = by_id("copies-alike"), by_id("run")
        self._fold = by_id("compose-fold")
        self._crew = NO_CREW
        self._refused: list[tuple[Any, Any]] = []
        """Fields in which something is wrong, each with the element that says what."""
        self._assumed = by_id("workflow-assumed")
        self.servers = ServerChoice(context.words, self._servers_changed)
        self.then = ThenChoice(
            context.words, lambda: context.soon(controller.offer_then()), self._then_changed
        )
        listen(by_id("compose"), "submit", self._submitted)
        for name in ("input", "change"):
            listen(by_id("compose"), name, self._typed)
        for picker in self._pickers:
            listen(picker, "change", lambda event: self._picked(event.target, self.add))
        listen(self._workflow, "change", lambda _event: self._workflow_changed())
        listen(
            self._workflow_picker, "change", lambda event: self._picked(event.target, self._open)
        )
        take_dropped(self.add)
        on_action(self.files.element, self._act_on_picture)
        listen(by_id("pictures-clear"), "click", lambda _event: self._drop_all())
        listen(self._fold, "click", lambda _event: self.fold(self._is_open))

    def take_picked(self) -> None:
        """Take what was picked while the page was loading: it is still in the pickers."""
        for picker in self._pickers:
            self._picked(picker, self.add)
        self._picked(self._workflow_picker, self._open)

    @property
    def workflow(self) -> str:
        """The name of a shipped workflow, or `OWN`."""
        return str(self._workflow.value)

    @property
    def pinned(self) -> ServerUrl | None:
        """The address of the chosen server; None for automatic."""
        return ServerUrl(self.servers.chosen) if self.servers.chosen else None

    @property
    def copies(self) -> str:
        """What was typed as the number of tasks of each picture."""
        return str(self.copies_field.value)

    def add(self, files: Iterable[Any]) -> None:
        """Take files in: where the workflow takes them; all else as what carries a workflow."""
        for file in files:
            name = str(file.name)
            kind = kind_of(str(file.type), name)
            if name.lower().endswith(".json"):
                self._soon(self._controller.open_file(file))
            elif takes(self.taken, kind):
                self.put(name, file)
            elif self._controller.pick(kind, file):
                pass
            elif kind == "picture":  # Run says that it isn't taken
                self.put(name, file)
            else:
                self._soon(self._controller.open_file(file))

    def take(self, kind: FileKind, is_mask_used: bool) -> None:
        """Ask for files of this kind, and offer masks: the workflow that is chosen takes them."""
        self.taken, picker = kind, self._pickers[0]
        picker.accept = ACCEPTS[kind]
        set_text(by_id("drop-what"), self._words.say(f"compose.drop.{kind}"))
        set_text(by_id("pick-what"), self._words.say(f"compose.pick.{kind}"))
        by_id("drop").querySelector(".camera").hidden = kind != "picture"
        self.files.offer_masks(is_mask_used)
        self.count()

    def offered(self) -> list[str]:
        """Return the names of the workflows that can be chosen."""
        return [str(each.value) for each in self._workflow.options]

    def choose(self, name: str) -> bool:
        """Choose a workflow by its name; says whether it is offered."""
        before, self._workflow.value = self._workflow.value, name
        is_offered = bool(self._workflow.value)
        if not is_offered:
            self._workflow.value = before
        return is_offered

    def refuse(self, problems: list[Problem]) -> None:
        """Say below each field what is wrong in it, and go to the first; [] for none."""
        for field, _said in list(self._refused):
            self._corrected(field)
        for sentence, field in problems:
            said = element("p", "trouble", sentence, role="alert", id=f"{field.id}-wrong")
            field.setAttribute("aria-invalid", "true")
            described = f"{field.getAttribute('aria-describedby') or ''} {said.id}"
            field.setAttribute("aria-describedby", described.strip())
            place = field.closest("#form .field")
            if place:
                place.append(said)
            else:
                (field.closest("#drop > p, #compose > label, #then") or field).after(said)
            self._refused.append((field, said))
        if problems:
            first, said = self._refused[0]
            for folded in js.document.querySelectorAll("#form details"):
                folded.open = folded.open or folded.contains(first)
            first.focus()
            said.scrollIntoView(to_object({"block": "nearest"}))

    def _corrected(self, field: Any) -> None:
        """Take back what was said to be wrong in a field."""
        for refused, said in list(self._refused):
            if refused.isSameNode(field):
                said.remove()
                field.removeAttribute("aria-invalid")
                described = str(field.getAttribute("aria-describedby"))
                field.setAttribute("aria-describedby", described.removesuffix(said.id).strip())
                self._refused.remove((refused, said))

    def tasks(self) -> int:
        """Return how many tasks Run makes now; 0 where what is typed says no number."""
        try:
            of_each = self._controller.variants() * read_copies(self.copies)
            return max(1, len(self.files)) * of_each * (2 if self.then.chosen else 1)
        except BadInput:
            return 0

    def count(self) -> None:
        """Say on the button how many tasks there will be; below, whether some give the same."""
        tasks, steps = self.tasks(), 2 if self.then.chosen else 1
        different = max(1, len(self.files)) * self._controller.variants()
        set_text(self._alike, self._controller.why_alike() if tasks > different * steps else "")
        by_id("pictures-clear").hidden = len(self.files) < 2
        by_id("samples").hidden = bool(self.files) or self.taken != "picture"
        crew = Crew(1, 0.0) if self.servers.chosen else self._crew
        crew = crew._replace(servers=crew.servers - len(self.servers.lacking()))
        # The second ones of all tasks wait for the first ones.
        crew = crew._replace(servers=min(tasks // steps, crew.servers)) if steps > 1 else crew
        self._run.textContent = say_run(self._words, tasks, crew)

    def _then_changed(self) -> None:
        """Another workflow is to follow, or none."""
        self._corrected(self.then.field)
        self.count()
        self.changed()

    def _servers_changed(self) -> None:
        """Another server is chosen, or what servers lack is known anew."""
        self._corrected(self.servers.field)
        self.count()
        self._repaint()

    def show_crew(self, crew: Crew) -> None:
        """Say on the button who does the work, and how long it takes."""
        if crew != self._crew:
            self._crew = crew
            self.count()

    def fold(self, is_folded: bool = True) -> None:
        """Fold the sheet that the panel is on a small screen."""
        self._fold.setAttribute("aria-expanded", "false" if is_folded else "true")

    @property
    def _is_open(self) -> bool:
        return str(self._fold.getAttribute("aria-expanded")) == "true"

    def _drop_all(self) -> None:
        for key, _, _ in self.files.all():
            self.drop(key)

    def show_own(self, name: str) -> None:
        """Show that a workflow of the person's own is chosen."""
        option = self._workflow.querySelector(f"option[value={OWN}]")
        set_text(option, name)
        self._workflow.value = OWN
        self.changed()

    def show_recent(self, titles: list[str]) -> None:
        """Offer the workflows that were used last; the choice stays if it is still there."""
        chosen = self._workflow.value
        group = self._workflow.querySelector("optgroup")
        group.replaceChildren(*options({f"{RECENT}{title}": title for title in titles}))
        group.hidden = not titles
        self._workflow.value = chosen
        if not self._workflow.value:
            self._workflow.selectedIndex = 0

    def show_assumptions(self, sentences: list[str]) -> None:
        """Show what was assumed about the workflow; nothing for none."""
        self._assumed.hidden = not sentences
        items = (element("li", "", sentence) for sentence in sentences)
        self._assumed.querySelector("ul").replaceChildren(*items)
        title = self._words.say("compose.assumed", count=len(sentences))
        set_text(self._assumed.querySelector("summary"), title)

    def needs(self) -> Needs:
        """Return what the next task needs of a server."""
        sizes = tuple(int(file.size) for _, _, file in self.files.all())
        return Needs(self.servers.lacking(), sizes)

    def _typed(self, event: Any) -> None:
        if event.target.getAttribute("aria-invalid"):
            self._corrected(event.target)
        self.count()
        self.changed()

    def _submitted(self, event: Any) -> None:
        event.preventDefault()
        # It begins later, if the machine is busy: what counts is the press.
        self._soon(self._controller.run(self._now()))

    def _open(self, files: Iterable[Any]) -> None:
        """Take a picture too for the workflow that it carries, not as a picture."""
        for file in files:
            self._soon(self._controller.open_file(file))

    def _workflow_changed(self) -> None:
        self.show_assumptions([])
        if self._workflow.value == OWN:
            self._workflow_picker.click()
        # The file that was opened before, if none is picked now.
        self._soon(self._controller.choose(self.workflow))

    def _picked(self, picker: Any, take: Callable[[Iterable[Any]], None]) -> None:
        files = list(picker.files)
        picker.value = ""
        take(files)

    def put(self, name: str, file: Any, is_checked: bool = False) -> str:
        """Add a file to the list, one of a draft without a check; returns its key."""
        key = self.files.put(name, file)
        self._corrected(self.picture_field)
        self.count()
        self._repaint()
        self.fold(is_folded=False)
        what: Check = "no check" if is_checked else "its start"
        self._soon(self._controller.check_file(key, name, file, what))
        self.changed()
        return key

    def replace(self, key: str, file: Any) -> str:
        """Put a file in the place of another one in the list; returns its key."""
        new = self.files.replace(key, file)
        self.count()
        self._repaint()
        self.changed()
        return new

    def _broken(self, key: str, name: str, file: Any) -> None:
        self._soon(self._controller.check_file(key, name, file, "broken"))

    def paint(self, key: str) -> None:
        """Let a person paint the mask of a picture."""
        self._soon(self._controller.paint(key))

    def _act_on_picture(self, action: str, key: str) -> None:
        if action == "mask":
            self.paint(key)
            return
        if action == "workflow":
            self._soon(self._controller.open_file(self.files.file(key)))
        self.drop(key)

    def drop(self, key: str) -> bool:
        """Take a file off the list; tells whether it was there."""
        was_there = self.files.drop(key)
        if was_there:
            self._corrected(self.picture_field)
            self.count()
            self._repaint()
            self.changed()
        return was_there


def take_dropped(take: Callable[[list[Any]], None]) -> None:
    """Take the files that are dropped or pasted anywhere; dragged ones mark the page."""
    marks = js.document.documentElement.classList

    def dragged(event: Any) -> None:
        event.preventDefault()
        # A link or a picture of the page itself is no file to be dropped.
        if event.dataTransfer.types.includes("Files"):
            marks.add("dragging")

    def left(event: Any) -> None:
        # Inside the page something else is entered; where the page ends, nothing is.
        if not event.relatedTarget:
            marks.remove("dragging")

    def dropped(event: Any) -> None:
        event.preventDefault()
        marks.remove("dragging")
        take(list(event.dataTransfer.files))

    def pasted(event: Any) -> None:
        files = list(event.clipboardData.files)
        if files:
            event.preventDefault()
            take(files)

    listen(js.document, "dragover", dragged)
    listen(js.document, "dragleave", left)
    listen(js.document, "drop", dropped)
    listen(js.document, "paste", pasted)
