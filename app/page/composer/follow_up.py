"""The workflow that follows: which may, and what each of its tasks takes of the one before."""

import asyncio
from collections.abc import Sequence
from typing import NamedTuple

from page.composer.library import Library
from page.composer.open_file import Opened
from tether.core.errors import BadInput, TetherError
from tether.core.protocol.handover import UploadPlace, may_feed
from tether.core.protocol.workflow import Workflow
from tether.runtime.describer import Describer
from tether.runtime.handover import places_in


class NextStep(NamedTuple):
    """A workflow that follows, and the inputs that a result may fill."""

    opened: Opened
    takes: tuple[UploadPlace, ...]


class FollowUp:
    """Finds what may follow a workflow, among those of the library."""

    def __init__(self, library: Library, describer: Describer) -> None:
        self._library = library
        self._describer = describer

    async def fitting(self, first: Workflow, names: Sequence[str]) -> list[str]:
        """Return the names of those workflows of the library that take what this one may give."""
        fits = await asyncio.gather(*(self._fits(first, name) for name in names))
        return [name for name, is_fit in zip(names, fits, strict=True) if is_fit]

    async def step(self, first: Workflow, name: str) -> NextStep:
        """Return a workflow as the step after another.

        Raises:
            BadInput: It is no longer there, or takes nothing that the first may give.
        """
        opened = await self._library.find(name)
        if opened is None:
            raise BadInput("then_gone")
        takes = await places_in(opened.workflow, self._describer)
        if not may_feed(first, takes):
            raise BadInput("then_unfit")
        return NextStep(opened, takes)

    async def _fits(self, first: Workflow, name: str) -> bool:
        try:
            await self.step(first, name)
        except TetherError:
            return False
        return True
