"""Reads the workflow of a file: in either format, or a picture or video that carries one."""

from collections.abc import Awaitable, Callable, Generator
from typing import Any

from tether.core.errors import BadInput, Trouble
from tether.core.protocol.workflow import LONGEST_WORKFLOW, Workflow, parse_workflow, workflow_of
from tether.runtime.describer import Describer
from tether.workflows.embedded import search
from tether.workflows.graph import classes_needed, is_editor_format, read_graph
from tether.workflows.unwrap import workflows_in

Read = Callable[[int, int], Awaitable[bytes]]
"""Returns the bytes of a file from an offset up to another."""


async def _nothing() -> None:
    """Do nothing."""


async def read_workflow(
    title: str,
    size: int,
    read: Read,
    describer: Describer,
    prepare: Callable[[], Awaitable[None]] = _nothing,
) -> tuple[Workflow, tuple[Trouble, ...]]:
    """Return the workflow of a file, and what was assumed where it was in the editor's format.

    Of several workflows in it, the first that can be used: one never hides another.

    Args:
        title: The file's name, for errors.
        size: Its bytes.
        read: Returns some of them.
        describer: Asks servers for the node classes of the editor's format.
        prepare: Awaited before that format is converted.

    Raises:
        BadInput: It carries no workflow, or one that can't be used.
    """
    carried = await _carried(search(size), read)
    first: BadInput | None = None
    contents = workflows_in(carried.texts)
    graph = next(filter(is_editor_format, contents), None)
    for content in contents:
        try:
            if is_editor_format(content):
                await prepare()
                return await _converted(content, describer)
            return workflow_of(content, graph), ()
        except BadInput as error:
            first = first or error
    if first is not None:
        raise first
    if carried.is_text:
        parse_workflow(carried.texts[0])  # says what is wrong with it
    raise BadInput("file_without_workflow", file=title)


async def _converted(content: Any, describer: Describer) -> tuple[Workflow, tuple[Trouble, ...]]:
    from tether.workflows.convert import convert  # a page fetches it for this alone

    graph = read_graph(content)
    result = convert(graph, await describer.describe(classes_needed(graph)))
    workflow = workflow_of(result.nodes, content)
    if len(Workflow(workflow.nodes).text()) > LONGEST_WORKFLOW:
        raise BadInput("workflow_too_long", limit=LONGEST_WORKFLOW)
    return workflow, tuple(result.assumptions)


async def _carried(work: Generator[tuple[int, int], bytes, Any], read: Read) -> Any:
    """Give a search the parts of a file that it asks for."""
    try:
        offset, length = next(work)
        while True:
            offset, length = work.send(await read(offset, offset + length))
    except StopIteration as end:
        return end.value
