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
from tether.core.protocol.workflow import Workflow
from tether.process.blob import Blob
from tether.process_world import ProcessWorld
from tether.runtime.describer import Describer
from tether.runtime.workflow_file import read_workflow

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
        workflow: str | Mapping[str, Any] | Workflow,
        files: Mapping[tuple[NodeId, str], Given] = _NO_FILES,
        title: str = "",
        server: ServerUrl | None = None,
    ) -> TaskId:
        """Accept a task; returns its id once the state file has all that the task needs.

        Args:
            workflow: In API format, as JSON text or parsed; or what `read_workflow` returned.
            files: Pictures for inputs of its nodes, by node and input.
            title: What people call the task.
            server: Where it must run; None for the server that is likely to finish it first.

        Raises:
            BadInput: The workflow or a file can't be used; nothing was stored or sent.
        """
        read = {place: _read(given) for place, given in files.items()}
        return await super().submit(workflow, read, title, server)

    async def read_workflow(self, path: str | PathLike[str]) -> Workflow:
        """Read a workflow file, or a picture or video that carries a workflow.

        One in the editor's format is converted by what the servers say of its nodes.

        Raises:
            BadInput: It carries no workflow, or one that can't be used.
        """
        content = _content(Path(path))

        async def part(start: int, end: int) -> bytes:
            return content[start:end]

        describer = Describer(self.window, self.caller)
        name = Path(path).name
        return (await read_workflow(name, len(content), part, describer))[0]

    async def save(self, task: Task, folder: str | PathLike[str], name: str = "") -> list[Path]:
        """Write the files that a task made to a folder; returns their paths.

        A file of that name is not overwritten: the new one gets a number.

        Args:
            task: One that has ended.
            folder: It must be there.
            name: What the files are called, without their endings; "" for the server's own names.

        Raises:
            TetherError: The server doesn't give one of them.
            OSError: A file can't be written.
        """
        saved = []
        for output in task.outputs:
            if output.filename:
                path = _free(Path(folder), output.filename, name)
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
    return Path(given).name, Blob(_content(Path(given)))


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise BadInput("path_unreadable", file=path, detail=error.strerror) from error


def _free(folder: Path, given: str, name: str) -> Path:
    """Return a path where no file is yet; `given` is the name that a server gave."""
    plain = Path(given.replace("\\", "/").replace("\0", ""))
    stem, ending = name or plain.stem or "result", plain.suffix
    path, number = folder / f"{stem}{ending}", 1
    while path.exists():
        number += 1
        path = folder / f"{stem} ({number}){ending}"
    return path
