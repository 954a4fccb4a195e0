"""The form of the chosen workflow: shown, answered, checked; and what servers lack for it."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import js
from pyscript import config

from page.composer.panel import Composer
from page.ui.words import Words
from tether.core.ids import Chance, ServerUrl
from tether.core.model.inventory import lacks_of
from tether.core.model.server import Reach
from tether.core.model.window import Window
from tether.core.protocol.workflow import Workflow, parse_workflow
from tether.runtime.describer import Describer

Substitute = Callable[[ServerUrl, str, str], None]
Problem = tuple[str, Any]
"""What is wrong, in words, and the element in which it was typed."""


class Forming:
    """Makes the form when a workflow is chosen, and fills workflows with what stands in it.

    Args:
        words: The page's language.
        composer: Has the choice of servers, too.
        window: Knows the servers.
        describer: Says what node classes are.
        chance: Rolls seeds.
        substitute: Lets a name stand for another at a server.
        find: Returns title and text of a workflow, or None when it has said why not.
        soon: Runs work that nobody waits for.
    """

    def __init__(
        self,
        words: Words,
        composer: Composer,
        window: Window,
        describer: Describer,
        chance: Chance,
        substitute: Substitute,
        find: Callable[[str], Awaitable[tuple[str, str] | None]],
        soon: Callable[[Any], None],
    ) -> None:
        self._words = words
        self._composer = composer
        self._window = window
        self._describer = describer
        self._chance = chance
        self._substitute = substitute
        self._find = find
        self._soon = soon
        self._choices = 0
        """Workflows chosen so far: what comes late for an earlier one is dropped."""
        self._form: Any = None
        self._shown = ""
        """The text of the workflow whose form is shown."""
        self.name = ""
        """The name under which that one was chosen."""
        composer.why_alike = self._why_alike

    async def choose(self, name: str) -> None:
        """Show the form of a workflow."""
        self._choices += 1
        number = self._choices
        chosen = await self._find(name)
        if chosen is None:
            return
        await js.tetherLoadPython(*config["lazy"]["form"])
        from page.composer.form_fields import form_of
        from page.composer.form_panel import FormPanel

        if self._form is None:
            self._form = FormPanel(self._words, self._roll, self._substituted)
        workflow = parse_workflow(chosen[1])
        classes = [node["class_type"] for node in workflow.nodes.values()]
        pinned = self._composer.pinned
        self._describer.forget()  # models may have come
        infos = await self._describer.describe(classes, ServerUrl(pinned) if pinned else None)
        if number != self._choices:
            return
        if self._shown != chosen[1]:  # else what is typed there stays
            self._shown = chosen[1]
            self._form.show(form_of(workflow.nodes, infos))
            self._composer.count()
        self.name = name
        self._composer.on_change()
        await self._judge(workflow)

    def is_of(self, text: str) -> bool:
        """Say whether the form that is shown is that of this workflow."""
        return self._form is not None and self._shown == text

    def problems(self, text: str) -> list[Problem]:
        """Return all that is typed in a workflow's form and is no such value."""
        return list(self._form.problems()) if self.is_of(text) else []

    def files(self, text: str) -> dict[Any, tuple[str, Any]]:
        """Return the pictures that were picked in a workflow's form, by node and input."""
        return dict(self._form.files()) if self.is_of(text) else {}

    def typed(self) -> dict[str, str]:
        """Return what was typed in the form that is shown, by `node.input`."""
        return dict(self._form.typed()) if self._form is not None else {}

    def picked(self) -> dict[Any, tuple[str, Any]]:
        """Return the pictures that were picked in the form that is shown, by node and input."""
        return dict(self._form.files()) if self._form is not None else {}

    def type_in(self, typed: Mapping[str, str], files: Mapping[str, Any]) -> None:
        """Put back what was typed and picked."""
        if self._form is not None:
            self._form.type_in(typed, files)

    def answered(self, text: str) -> str:
        """Return a workflow with what was set in its form; seeds new where that is wanted."""
        if not self.is_of(text):
            return text
        from page.composer.form_fields import filled

        answers = self._form.answers()
        if self._form.is_fresh:
            answers |= {field.key: self._roll(field) for field in self._form.seeds()}
        if not answers:
            return text
        return json.dumps(filled(parse_workflow(text).nodes, answers), ensure_ascii=False)

    def _why_alike(self) -> str:
        """Say why several tasks of one picture give the same; "" when they don't."""
        if self._form is None or not self._form.seeds():
            return self._words.say("compose.alike.no_seed")
        return "" if self._form.is_fresh else self._words.say("compose.alike.same_seed")

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
        self._composer.servers.mark(
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
