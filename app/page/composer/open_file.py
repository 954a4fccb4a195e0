"""From a file to a workflow that servers run: either format, or a picture that carries one."""

import json
from collections.abc import Generator
from typing import Any, NamedTuple

import js
from pyscript import config

from tether.core.errors import BadInput, Trouble
from tether.core.protocol.outputs import parse_json
from tether.core.protocol.workflow import LONGEST_WORKFLOW, parse_workflow
from tether.runtime.describer import Describer


class Opened(NamedTuple):
    """A workflow in API format, and what was assumed when it was made from the editor's."""

    title: str
    text: str
    assumptions: tuple[Trouble, ...] = ()


class Opening:
    """Reads workflow files; what only some files need is fetched when one comes.

    Args:
        describer: Says what node classes are.
    """

    def __init__(self, describer: Describer) -> None:
        self._describer = describer

    async def file(self, file: Any) -> Opened:
        """Read a file of whatever kind.

        Raises:
            BadInput: It carries no workflow, or one that can't be used.
        """
        name = str(file.name)
        if await self._is_text(file):
            if file.size > LONGEST_WORKFLOW:
                raise BadInput("workflow_too_long", limit=LONGEST_WORKFLOW)
            return await self.text(name, str(await file.text()))
        carried = await self.carried(file)
        if carried is None:
            raise BadInput("file_without_workflow", file=name)
        return await self.text(name, carried)

    async def text(self, title: str, text: str) -> Opened:
        """Read a workflow in either format.

        Raises:
            BadInput: It can't be used.
        """
        content = None
        if len(text) <= LONGEST_WORKFLOW:
            try:
                content = parse_json(text)
            except ValueError:
                content = None  # the parser below says it in its own words
        if isinstance(content, dict) and isinstance(content.get("nodes"), list):
            return await self._converted(title, content)
        parse_workflow(text)
        return Opened(title, text)

    async def carried(self, file: Any) -> str | None:
        """Return the workflow inside a picture or video; None when there is none.

        The API format comes first: it is what was run.
        """
        await js.tetherLoadPython(*config["lazy"]["embedded"])
        from tether.workflows.embedded import search

        found = await _driven(search(int(file.size)), file)
        return found.prompt or found.workflow or None

    async def _is_text(self, file: Any) -> bool:
        if str(file.name).lower().endswith(".json") or file.type == "application/json":
            return True
        head = await file.slice(0, 64).text()
        return bool(str(head).lstrip("\ufeff \t\r\n")[:1] in ("{", "[", '"'))

    async def _converted(self, title: str, content: Any) -> Opened:
        await js.tetherLoadPython(*config["lazy"]["convert"])
        from tether.workflows.convert import convert
        from tether.workflows.graph import classes_needed, read_graph

        graph = read_graph(content)
        result = convert(graph, await self._describer.describe(classes_needed(graph)))
        text = json.dumps(result.nodes, ensure_ascii=False)
        parse_workflow(text)
        return Opened(title, text, result.assumptions)


async def _driven(looking: Generator[tuple[int, int], bytes, Any], file: Any) -> Any:
    """Give a search the parts of a file that it asks for."""
    try:
        offset, length = next(looking)
        while True:
            part = await file.slice(offset, offset + length).arrayBuffer()
            offset, length = looking.send(part.to_bytes())
    except StopIteration as end:
        return end.value
