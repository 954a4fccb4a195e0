"""Opens a workflow file: in either format, or a picture or video that carries a workflow."""

from functools import partial
from typing import Any, NamedTuple

from page.ui.parts import load_part
from tether.core.errors import Trouble
from tether.core.protocol.image_type import may_carry_workflow
from tether.core.protocol.workflow import Workflow
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

        Raises:
            BadInput: It carries no workflow, or one that can't be used.
        """
        await load_part("embedded")
        from tether.runtime.workflow_file import read_workflow

        title, convert = str(file.name), partial(load_part, "convert")
        found = await read_workflow(
            title, int(file.size), partial(_part, file), self._describer, convert
        )
        return Opened(title, *found)

    async def carries_workflow(self, picture: Any) -> bool:
        """Tell whether a workflow may be in a picture, by its first bytes."""
        return may_carry_workflow(await _part(picture, 0, HEAD))


async def _part(file: Any, start: int, end: int) -> bytes:
    return bytes((await file.slice(start, end).arrayBuffer()).to_bytes())
