"""Two results side by side, with the values in which they differ."""

from page.ui.context import PageContext
from page.viewer.viewer import ViewedResult
from tether.core.model.task import Task
from tether.core.protocol.outputs import LARGEST_ASKED, first_image
from tether.core.protocol.workflow import parse_workflow
from tether.workflows.values import differences


class TwoResults:
    """Two pictures to be compared, as the one that the viewer shows."""

    def __init__(self, context: PageContext, left: Task, right: Task) -> None:
        self._context = context
        self._tasks = left, right

    def keys(self) -> list[str]:
        """Return none: there is nothing before or after."""
        return []

    async def get(self, _key: str) -> ViewedResult | None:
        """Return both as one; None after saying which of them can't be had."""
        contents, workflows = [], []
        world, words = self._context.world, self._context.words
        for task in self._tasks:
            output = first_image(task.outputs)
            assert output is not None, "it is offered for pictures alone"
            content = await world.content(task, output, LARGEST_ASKED)
            if content is None:
                sentence = words.say("trouble.result_gone", file=output.filename)
                self._context.notices.show(sentence)
                return None
            contents.append(content)
            workflows.append(await world.files.read_text(task.digest))
        self._context.repaint()  # which frees what is on no card
        left, right = self._tasks
        before, after = contents
        sides = left.title, right.title
        nodes = [parse_workflow(text).nodes for text in workflows if text is not None]
        # A workflow that the browser no longer has can't be compared.
        found = differences(*nodes) if len(nodes) == len(workflows) else None
        return ViewedResult(words.say("zoom.pair"), "", "image", after, before, sides, found)

    async def use(self, _key: str) -> None:
        """Do nothing: the button isn't there."""
