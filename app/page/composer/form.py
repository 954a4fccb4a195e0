"""The form of the chosen workflow, and what servers lack for that workflow."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from page.composer.library import Library
from page.composer.open_file import Opened
from page.composer.panel import ComposerPanel, Problem
from page.ui.context import PageContext
from page.ui.parts import load_part
from tether.core.errors import BadInput
from tether.core.ids import NodeId, ServerUrl
from tether.core.model.inventory import lacks_of
from tether.core.model.server import Reach
from tether.core.protocol.node_info import FileKind, NodeInfo
from tether.core.protocol.workflow import Workflow
from tether.runtime.describer import Describer

if TYPE_CHECKING:
    from page.composer.form_fields import Field
    from page.composer.form_panel import FormPanel
    from page.composer.presets_panel import PresetsPanel
    from tether.core.cells import Cell
    from tether.workflows.variants import Answers, Variant

Substitute = Callable[[ServerUrl, str, str], None]
Files = dict[tuple[NodeId, str], tuple[str, Any]]
"""What was picked, by node and input: (file name, JS File)."""


class Form:
    """Shows the form of a chosen workflow, and puts its values into the workflow."""

    def __init__(
        self,
        context: PageContext,
        panel: ComposerPanel,
        describer: Describer,
        substitute: Substitute,
        library: Library,
    ) -> None:
        self._context = context
        self._composer = panel
        self._describer = describer
        self._substitute = substitute
        self._library = library
        self._choices = 0
        """Workflows chosen so far: what comes late for an earlier one is dropped."""
        self._panel: FormPanel | None = None
        self._presets: PresetsPanel
        self._shown: Workflow | None = None
        self._chosen: Workflow | None = None
        """What is shown, with the inputs that were brought by choices in its form."""
        self._infos: Mapping[str, NodeInfo | None] = {}
        self._brought: dict[str, str] = {}
        """Those choices, by `node.input`."""
        self.name = ""
        """The name under which the workflow that is shown was chosen."""

    def begin(self) -> int:
        """Count a choice, for `show`."""
        self._choices += 1
        return self._choices

    async def show(self, name: str, opened: Opened, number: int) -> None:
        """Show the form of a workflow, unless another was chosen since `begin` gave its number."""
        workflow = opened.workflow
        await load_part("form")
        from page.composer.form_fields import form_of
        from page.composer.form_panel import FormPanel
        from page.composer.presets_panel import PresetsPanel

        if self._panel is None:
            words = self._context.words
            does = self._roll, self._substituted, self._chosen_here, self._open_values
            self._panel = FormPanel(words, *does, self._composer.paint)
            self._presets = PresetsPanel(self._context, self._set, self._fill)
        classes = [node["class_type"] for node in workflow.nodes.values()]
        self._describer.forget()  # models may have come
        infos = await self._describer.describe(classes, self._composer.pinned)
        if number != self._choices:
            return
        if not self.is_of(workflow):
            self._shown = self._chosen = workflow
            self._infos, self._brought = infos, {}
            self._panel.show(form_of(workflow, infos))
            self._ask_for_files(workflow)
        else:
            # What a server has said stays true while it is silent.
            infos = {name: info or self._infos.get(name) for name, info in infos.items()}
            if infos != self._infos:
                self._infos = infos
                self._show_again()  # what is typed there stays
                self._ask_for_files(workflow)
        self.name = name
        self._presets.show(opened.title)
        self._composer.changed()
        await self._check_servers(workflow)

    def _ask_for_files(self, workflow: Workflow) -> None:
        main = self.main_input(workflow)
        kind = "picture" if main is None else main[1]
        self._composer.take(kind, main is not None and workflow.uses_mask(main[0][0]))

    def is_of(self, workflow: Workflow) -> bool:
        """Tell whether the form that is shown is that of this workflow."""
        return self._shown == workflow

    def problems(self, workflow: Workflow) -> list[Problem]:
        """Return what is wrong in a workflow's form."""
        return list(self._panel.problems()) if self._panel and self.is_of(workflow) else []

    def files(self, workflow: Workflow) -> Files:
        """Return the files that were picked in a workflow's form."""
        return self.picked() if self.is_of(workflow) else {}

    def main_input(self, workflow: Workflow) -> tuple[tuple[NodeId, str], FileKind] | None:
        """Return the input that the page's list of files fills, which has no field; and its kind.

        None where the workflow takes no file.
        """
        if self._panel is not None and self.is_of(workflow):
            main = self._panel.main
            return (main.key, main.upload) if main and main.upload else None
        return next(iter(workflow.upload_inputs().items()), None)

    def knows_files(self, workflow: Workflow) -> bool:
        """Tell whether it is known which files a workflow takes: servers have described it."""
        is_described = self.is_of(workflow) and None not in self._infos.values()
        return is_described or self.main_input(workflow) is not None

    def pick(self, kind: FileKind, file: Any) -> bool:
        """Put a JS File into a field of the form that is shown; tells whether one takes it."""
        is_shown = self.name == self._composer.workflow
        return self._panel is not None and is_shown and self._panel.pick(kind, file)

    def typed(self) -> dict[str, str]:
        """Return what was typed in the form that is shown, by `node.input`."""
        if self._panel is None:
            return {}
        places = {field.place for field in self._panel.fields if field.is_dynamic}
        brought = {place: value for place, value in self._brought.items() if place in places}
        return self._panel.typed() | brought

    def picked(self) -> Files:
        """Return the files that were picked in the form that is shown."""
        return self._panel.files() if self._panel is not None else {}

    def file(self, key: str) -> Any | None:
        """Return a JS File that is picked in the form, by its `place_key`; None if it is gone."""
        return self._panel.file(key) if self._panel is not None else None

    def replace(self, key: str, file: Any) -> str:
        """Put a JS File in the place of one that is picked in the form; returns its key."""
        assert self._panel is not None
        return self._panel.replace(key, file)

    def type_in(self, typed: Mapping[str, str], files: Mapping[str, Any]) -> None:
        """Restore what was typed and picked; choices first, for they bring fields."""
        if self._panel is None:
            return
        while True:
            choices = [field for field in self._panel.fields if field.is_dynamic]
            changed = [each for each in choices if typed.get(each.place, each.value) != each.value]
            if not changed:
                break
            self._choose(changed[0], typed[changed[0].place])
        self._panel.type_in(typed, files)
        self._composer.count()
        self._presets.look()

    def _set(self) -> dict[str, str]:
        """Return what was typed, and the workflow that follows, as presets keep it."""
        from page.composer.presets import THEN, write_then

        kept = self._library.kept(self._composer.then.chosen)
        return self.typed() | ({THEN: write_then(*kept)} if kept else {})

    def _follow(self, values: Mapping[str, str]) -> None:
        """Let the workflow follow that a preset names, or none."""
        from page.composer.presets import THEN, read_then

        kept = read_then(values.get(THEN, ""))
        try:
            name = self._library.name_of(*kept) if kept else ""
        except BadInput as error:
            name = ""
            self._context.notices.show(self._context.words.trouble(error.trouble))
        self._composer.then.choose(name)

    def _fill(self, typed: Mapping[str, str]) -> None:
        """Put these values into the form, and the workflow's own into all others."""
        self._follow(typed)
        self._chosen, self._brought = self._shown, {}
        self._show_again()
        self.type_in(typed, {})
        self._composer.changed()

    def _chosen_here(self, field: Field, value: str) -> None:
        """A person took another choice: the keyboard stays there."""
        self._choose(field, value)
        assert self._panel is not None
        self._panel.focus(field)

    def _choose(self, field: Field, value: str) -> None:
        """Show the inputs that a choice brings; what was typed elsewhere stays.

        The workflow's own choice has the values and links that the workflow has.
        """
        from tether.workflows.dynamic_choices import with_choice

        assert self._chosen is not None and self._shown is not None
        nodes = self._chosen.nodes
        node = nodes[field.node_id]
        info = self._infos[node["class_type"]]
        assert info is not None
        inputs = with_choice(info, node["inputs"], field.input, value)
        own = self._shown.nodes[field.node_id]["inputs"]
        if own.get(field.input) == value:
            begin = f"{field.input}."
            brought = {key: each for key, each in own.items() if key.startswith(begin)}
            inputs = {key: each for key, each in inputs.items() if not key.startswith(begin)}
            inputs |= brought
        self._chosen = self._chosen.with_nodes({**nodes, field.node_id: {**node, "inputs": inputs}})
        if own.get(field.input) == value:
            self._brought.pop(field.place, None)
        else:
            self._brought[field.place] = value
        self._show_again()

    def translate(self) -> None:
        """Say the form, and what servers lack for it, in another language."""
        if self._shown is not None:
            self._show_again()
            self._context.soon(self._check_servers(self._shown))

    def _show_again(self) -> None:
        """Show the form anew; what was typed and picked stays."""
        from page.composer.form_fields import form_of

        assert self._panel is not None and self._chosen is not None and self._shown is not None
        typed = self._panel.typed()
        picked = self._panel.files().items()
        files = {f"{node_id}.{name}": file for (node_id, name), (_, file) in picked}
        shown = Workflow(self._chosen.nodes, self._shown.graph)  # an app stays one
        self._panel.show(form_of(shown, self._infos), self._panel.is_unfolded)
        self._panel.type_in(typed, files)

    def count(self) -> int:
        """Return how many tasks the form makes of one picture; 0 where a value is wrong."""
        try:
            is_shown = self.name == self._composer.workflow
            return self._panel.count() if self._panel is not None and is_shown else 1
        except BadInput:
            return 0

    def variants(self, workflow: Workflow) -> "list[Variant]":
        """Return the values in which the tasks of one picture differ, with words and axes."""
        return self._panel.variants() if self._panel and self.is_of(workflow) else [({}, "", ())]

    def cells(
        self, variants: "list[Variant]", pictures: list[str], copies: int
    ) -> "list[list[Cell | None]]":
        """Return the places of each picture's tasks in the grid; None where no value varies."""
        if len(variants) == copies:
            return [[None] * copies for _ in pictures]
        from page.composer.sweep import cells_of

        labels = self._context.words.say("grid.picture"), self._context.words.say("grid.copy")
        axes = [each for _answers, _told, each in variants]
        return cells_of(self._context.world.chance.hex(16), axes, pictures, copies, labels)

    def answered(self, workflow: Workflow, variant: Answers) -> Workflow:
        """Return a workflow with what was set in its form, and for one of the tasks alone.

        Seeds are new where that is wanted.
        """
        if self._panel is None or self._chosen is None or not self.is_of(workflow):
            return workflow
        from tether.workflows.variants import filled

        answers = self._panel.answers()
        if self._panel.is_fresh:
            answers |= {field.key: self._roll(field) for field in self._panel.seeds()}
        answers |= variant
        chosen = self._chosen
        return chosen.with_nodes(filled(chosen.nodes, answers)) if answers else chosen

    def why_alike(self) -> str:
        """Say why several tasks of one picture give the same; "" when they don't."""
        if self._panel is None or not self._panel.seeds():
            return self._context.words.say("compose.alike.no_seed")
        return "" if self._panel.is_fresh else self._context.words.say("compose.alike.same_seed")

    async def _check_servers(self, workflow: Workflow) -> None:
        """Show what each server lacks for a workflow, and don't offer such a server."""
        assert self._panel is not None
        lacking: dict[str, list[str]] = {}
        rows: dict[tuple[str, str, str], tuple[str, ...]] = {}
        for server in self._context.window.servers.values():
            if server.reach is not Reach.UP:
                continue
            infos = await self._describer.at(server.url, workflow.special_classes())
            for lack in lacks_of(workflow.nodes, infos, server.inventory.substitutes):
                lacking.setdefault(server.url, []).append(lack.name)
                info = infos.get(lack.class_type)
                given = info.input(lack.input) if info else None
                choices = tuple(map(str, given.choices)) if given else ()
                rows[server.url, server.name, lack.name] = choices
        self._panel.show_lacks(rows)
        say = self._context.words.say
        self._composer.servers.mark(
            {
                url: say("compose.lacks", names=", ".join(dict.fromkeys(names)))
                for url, names in lacking.items()
            }
        )

    async def check_again(self) -> None:
        """Ask the servers anew what they have for the workflow that is shown."""
        self._describer.forget()
        if self._shown is not None:
            await self._check_servers(self._shown)

    def _substituted(self, url: str, name: str, there: str) -> None:
        self._substitute(ServerUrl(url), name, there)
        if self._shown is not None:
            self._context.soon(self._check_servers(self._shown))

    def _open_values(self, place: str, file: Any) -> None:
        self._context.soon(self._fill_columns(place, file))

    async def _fill_columns(self, place: str, file: Any) -> None:
        """Put the values of a file into the fields that it names, or into the one at this place."""
        from page.composer.prompt_file import read_values_file

        assert self._panel is not None
        name, text = str(file.name), str(await file.text())
        unknown = self._panel.fill_columns(place, read_values_file(name, text))
        if unknown:
            raise BadInput("values_unnamed", file=file.name, names=", ".join(unknown))

    def _roll(self, field: "Field") -> int:
        low, high = int(field.low or 0), int(field.high or 0)
        return low + int(self._context.world.chance.hex(16), 16) % max(1, high - low + 1)
