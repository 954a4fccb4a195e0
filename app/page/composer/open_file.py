"""Opens a workflow file: in either format, or a picture or video that carries a workflow."""

from collections.abc import Generator
from typing import Any, NamedTuple

from page.ui.parts import load_part
from tether.core.errors import BadInput, Trouble
from tether.core.protocol.image_type import may_carry_workflow
from tether.core.protocol.workflow import LONGEST_WORKFLOW, Workflow, parse_workflow, workflow_of
from tether.runtime.describer import Describer

HEAD = 4096
"""Bytes of a picture in which the start of its workflow is, if it has one."""


class Opened(NamedTuple):
    """A workflow by its title, and what was assumed when it was made from the editor's format."""

    title: str
    workflow: Workflow
    assumptions: tuple[Trouble, ...] = ()


class FileOpener:
    """Reads workflow files; modules that only some files need are fetched for the first one."""

    def __init__(self, describer: Describer) -> None:
        self._describer = describer

    async def open(self, file: Any) -> Opened:
        """Read a file of whatever kind.

        Of several workflows in it, the first that can be used: one never hides another.

        Raises:
            BadInput: It carries no workflow, or one that can't be used.
        """
        await load_part("embedded")
        from tether.workflows.embedded import search
        from tether.workflows.graph import is_editor_format
        from tether.workflows.unwrap import workflows_in

        title = str(file.name)
        carried = await _run_search(search(int(file.size)), file)
        first: BadInput | None = None
        contents = workflows_in(carried.texts)
        graph = next(filter(is_editor_format, contents), None)
        for content in contents:
            try:
                if is_editor_format(content):
                    return await self._converted(title, content)
                return Opened(title, workflow_of(content, graph))
            except BadInput as error:
                first = first or error
        if first is not None:
            raise first
        if carried.is_text:
            parse_workflow(carried.texts[0])  # says what is wrong with it
        raise BadInput("file_without_workflow", file=title)

    async def carries_workflow(self, picture: Any) -> bool:
        """Tell whether a workflow may be in a picture, by its first bytes."""
        head = await picture.slice(0, HEAD).arrayBuffer()
        return may_carry_workflow(head.to_bytes())

    async def _converted(self, title: str, content: Any) -> Opened:
        await load_part("convert")
        from tether.workflows.convert import convert
        from tether.workflows.graph import classes_needed, read_graph

        graph = read_graph(content)
        result = convert(graph, await self._describer.describe(classes_needed(graph)))
        workflow = workflow_of(result.nodes, content)
        if len(Workflow(workflow.nodes).text()) > LONGEST_WORKFLOW:
            raise BadInput("workflow_too_long", limit=LONGEST_WORKFLOW)
        return Opened(title, workflow, result.assumptions)


async def _run_search(search: Generator[tuple[int, int], bytes, Any], file: Any) -> Any:
    """Give a search the parts of a file that it asks for."""
    try:
        offset, length = next(search)
        while True:
            part = await file.slice(offset, offset + length).arrayBuffer()
            offset, length = search.send(part.to_bytes())
    except StopIteration as end:
        return end.value
