"""Two results side by side, with the values in which they differ."""

import asyncio
from collections.abc import Iterator, Sequence
from typing import Any

from page.ui.context import PageContext
from page.viewer.task_results import content_of
from page.viewer.viewer import ViewedResult
from tether.core.model.task import Task
from tether.core.protocol.outputs import Output, comparable
from tether.core.protocol.workflow import parse_workflow
from tether.workflows.values import Difference, differences, label_of


class TwoResults:
    """Two pictures or films to be compared, as the one that the viewer shows."""

    def __init__(self, context: PageContext, left: Task, right: Task) -> None:
        self._context = context
        self._tasks = left, right

    def keys(self) -> list[str]:
        """Return none: there is nothing before or after."""
        return []

    async def get(self, _key: str) -> ViewedResult | None:
        """Return both as one; None after saying which of them can't be had."""
        world, words = self._context.world, self._context.words
        left, right = self._tasks
        pair = comparable(left.outputs, right.outputs)
        assert pair is not None, "it is offered for such tasks alone"
        wanted = (self._content(*each) for each in zip(self._tasks, pair, strict=True))
        before, after = await asyncio.gather(*wanted)
        workflows = [await world.files.read_text(task.digest) for task in self._tasks]
        self._context.repaint()  # which frees what is on no card
        if before is None or after is None:
            return None
        nodes = [parse_workflow(text).nodes for text in workflows if text is not None]
        # A workflow that the browser no longer has can't be compared.
        found = differences(*nodes) if len(nodes) == len(workflows) else None
        listed = None if found is None else tuple(self._labelled(found))
        sides = left.title, right.title
        title, kind = words.say("zoom.pair"), pair[0].kind
        return ViewedResult(title, "", kind, after, before, sides, listed)

    async def _content(self, task: Task, output: Output) -> Any | None:
        content = await content_of(self._context.world, task, output)
        if not content:
            sentence = self._context.words.say("trouble.result_gone", file=output.filename)
            self._context.notices.show(sentence)
        return content or None

    def _labelled(self, found: Sequence[Difference]) -> Iterator[tuple[str, str, str]]:
        """Call inputs as the form does; with their node where several are called so."""
        words, names = self._context.words, [each.name for each in found]
        titles = [(each.name, each.title) for each in found]
        for each in found:
            parts = [words.find(f"input.{each.name}", label_of(each.name))]
            if names.count(each.name) > 1:
                parts.append(each.title)
            if titles.count((each.name, each.title)) > 1:
                parts.append(each.node_id)
            yield " · ".join(parts), each.left, each.right

    async def use(self, _key: str) -> None:
        """Do nothing: the button isn't there."""
