"""The client of a Python process: `async with tether.open(["http://gpu-1:8188"]) as client`."""

from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from tether.client import DEFAULT_SETTINGS, Tether
from tether.core.errors import BadInput
from tether.core.ids import NodeId, ServerUrl, TaskId
from tether.core.model.task import Task
from tether.core.model.window import Settings
from tether.process.blob import Blob
from tether.process_world import ProcessWorld

Given: TypeAlias = str | PathLike[str] | tuple[str, bytes]
"""A file: its path, or its name and content."""

_NO_FILES: Mapping[tuple[NodeId, str], Given] = MappingProxyType({})


class ProcessTether(Tether):
    """A `Tether` whose files are those of the machine.

    Args:
        state: The file that keeps tasks for the next process; None keeps them in memory.
        settings: As of `Tether`.

    Raises:
        TetherError: Another process has the file open, or it is no such file.
    """

    world: ProcessWorld

    def __init__(
        self, state: str | PathLike[str] | None = None, settings: Settings = DEFAULT_SETTINGS
    ) -> None:
        path = None if state is None else Path(state)
        super().__init__(partial(ProcessWorld, state=path), settings)

    async def submit(
        self,
        workflow: str | Mapping[str, Any],
        files: Mapping[tuple[NodeId, str], Given] = _NO_FILES,
        title: str = "",
        server: ServerUrl | None = None,
    ) -> TaskId:
        """Accept a task; returns its id once the state file has all that the task needs.

        Args:
            workflow: In API format, as JSON text or parsed.
            files: Pictures for inputs of its nodes, by node and input.
            title: What people call the task.
            server: Where it must run; None for the server that is likely to finish it first.

        Raises:
            BadInput: The workflow or a file can't be used; nothing was stored or sent.
        """
        read = {place: _read(given) for place, given in files.items()}
        return await super().submit(workflow, read, title, server)

    async def save(self, task: Task, folder: str | PathLike[str]) -> list[Path]:
        """Write the files that a task made to a folder; returns their paths.

        A file of that name is not overwritten: the new one gets a number.

        Raises:
            TetherError: The server doesn't give one of them.
            OSError: A file can't be written.
        """
        saved = []
        for output in task.outputs:
            if output.filename:
                path = _free(Path(folder), output.filename)
                await self.world.outputs.save(task, output, path)
                saved.append(path)
        return saved

    async def close(self) -> None:
        """Drop all connections; what servers have goes on, and the next process finds it."""
        self.runner.pause()
        await self.world.close()


@asynccontextmanager
async def opened(
    servers: Iterable[str], state: str | PathLike[str] | None = None
) -> AsyncIterator[ProcessTether]:
    """Open a client with these servers; see `tether.open`."""
    client = ProcessTether(state)
    try:
        await client.open()
        for server in servers:
            client.add_server(server)
        yield client
    finally:
        await client.close()


def _read(given: Given) -> tuple[str, Blob]:
    if isinstance(given, tuple):
        name, content = given
        return name, Blob(content)
    path = Path(given)
    try:
        return path.name, Blob(path.read_bytes())
    except OSError as error:
        raise BadInput("picture_gone", picture=path) from error


def _free(folder: Path, name: str) -> Path:
    """Return a path in a folder for a name that a server gave, where no file is yet."""
    plain = Path(name.replace("\\", "/")).name or "result"
    path, number = folder / plain, 1
    while path.exists():
        number += 1
        path = folder / f"{Path(plain).stem} ({number}){Path(plain).suffix}"
    return path
