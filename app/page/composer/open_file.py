"""Opens a workflow file: in either format, or a picture or video that carries a workflow."""

import json
from collections.abc import Generator
from typing import Any, NamedTuple

from page.ui.parts import load_part
from tether.core.errors import BadInput, Trouble
from tether.core.protocol.outputs import read_json
from tether.core.protocol.workflow import LONGEST_WORKFLOW, Workflow, parse_workflow
from tether.runtime.describer import Describer


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

        Raises:
            BadInput: It carries no workflow, or one that can't be used.
        """
        name = str(file.name)
        if await self._is_text(file):
            if file.size > LONGEST_WORKFLOW:
                raise BadInput("workflow_too_long", limit=LONGEST_WORKFLOW)
            return await self._read(name, str(await file.text()))
        embedded = await self._embedded(file)
        if embedded is None:
            raise BadInput("file_without_workflow", file=name)
        return await self._read(name, embedded)

    async def _read(self, title: str, text: str) -> Opened:
        content = read_json(text) if len(text) <= LONGEST_WORKFLOW else None
        if isinstance(content, dict) and isinstance(content.get("nodes"), list):
            return await self._converted(title, content)
        return Opened(title, parse_workflow(text))

    async def _embedded(self, file: Any) -> str | None:
        """Return the workflow in a picture or video, in API format if it has both; else None."""
        await load_part("embedded")
        from tether.workflows.embedded import search

        found = await _run_search(search(int(file.size)), file)
        return found.prompt or found.workflow or None

    async def _is_text(self, file: Any) -> bool:
        if str(file.name).lower().endswith(".json") or file.type == "application/json":
            return True
        head = await file.slice(0, 64).text()
        return bool(str(head).lstrip("\ufeff \t\r\n")[:1] in ("{", "[", '"'))

    async def _converted(self, title: str, content: Any) -> Opened:
        await load_part("convert")
        from tether.workflows.convert import convert
        from tether.workflows.graph import classes_needed, read_graph

        graph = read_graph(content)
        result = convert(graph, await self._describer.describe(classes_needed(graph)))
        workflow = parse_workflow(json.dumps(result.nodes, ensure_ascii=False))
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
