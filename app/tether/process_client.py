"""The client of a Python process: `async with tether.open(["http://gpu-1:8188"]) as client`."""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from functools import partial
from os import PathLike
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeAlias

from tether.client import DEFAULT_SETTINGS, Tether
from tether.core.errors import BadInput, Trouble
from tether.core.ids import NodeId, ServerUrl, TaskId
from tether.core.model.task import Task
from tether.core.model.window import Settings
from tether.core.protocol.address import parse_server_url
from tether.core.protocol.workflow import GivenWorkflow, Workflow
from tether.process.blob import Blob
from tether.process_world import ProcessWorld
from tether.runtime.describer import Describer
from tether.runtime.workflow_file import read_workflow

Given: TypeAlias = str | PathLike[str] | tuple[str, bytes]
"""A file: its path, or its name and content."""

_NAME = re.compile(r"(.*?)(\.\w{1,10})?", re.ASCII | re.DOTALL)
_FORBIDDEN = re.compile(r'[\x00-\x1f<>:"/\\|?*\ud800-\udfff]')
"""What some file system takes in no name."""

PART = ".tether-part"
"""The ending of files that are being written."""

_LONGEST = 120
"""Characters of a name, without its ending and number."""

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
        workflow: GivenWorkflow,
        files: Mapping[tuple[NodeId, str], Given] = _NO_FILES,
        title: str = "",
        server: str | None = None,
    ) -> TaskId:
        """Accept a task; returns its id once the state file has all that the task needs.

        Args:
            workflow: In API format, as JSON text or parsed; or what `read_workflow` returned.
            files: Files for inputs of its nodes, by node and input.
            title: What people call the task.
            server: Where it must run, one of `servers`; None for the one that is likely to finish
                it first.

        Raises:
            BadInput: The workflow, the server or a file can't be used; nothing was stored or sent.
            TetherError: It can't be kept; nothing was sent.
        """
        return await super().submit(workflow, await _read_all(files), title, self._used(server))

    async def chain(
        self,
        workflows: Sequence[GivenWorkflow],
        files: Mapping[tuple[NodeId, str], Given] = _NO_FILES,
        title: str = "",
        server: str | None = None,
    ) -> list[TaskId]:
        """Accept tasks of which each takes a result of the one before; see `Tether.chain`."""
        return await super().chain(workflows, await _read_all(files), title, self._used(server))

    async def submit_sweep(
        self,
        workflow: GivenWorkflow,
        values: Mapping[tuple[NodeId, str], Sequence[Any]],
        is_side_by_side: bool = False,
        files: Mapping[tuple[NodeId, str], Given] = _NO_FILES,
        title: str = "",
        server: str | None = None,
    ) -> list[TaskId]:
        """Accept a task for each combination of values; see `Tether.submit_sweep`."""
        read, used = await _read_all(files), self._used(server)
        return await super().submit_sweep(workflow, values, is_side_by_side, read, title, used)

    def _used(self, server: str | None) -> ServerUrl | None:
        url = None if server is None else parse_server_url(server)
        if url is not None and url not in self.servers:
            raise BadInput("server_not_used", server=url)
        return url

    async def read_workflow(
        self, path: str | PathLike[str]
    ) -> tuple[Workflow, tuple[Trouble, ...]]:
        """Read a workflow file, or a picture or video that carries a workflow.

        One in the editor's format is converted by what the servers say of its nodes; what had to
        be assumed is returned beside it.

        Raises:
            BadInput: It carries no workflow, or one that can't be used.
        """
        file = Path(path)

        async def part(start: int, end: int) -> bytes:
            return await asyncio.to_thread(_part, file, start, end)

        size = _size(file)
        return await read_workflow(file.name, size, part, Describer(self.window, self.caller))

    async def file_input(self, workflow: Workflow) -> tuple[NodeId, str] | None:
        """Return the first input of a workflow that takes an upload, None where none does.

        Servers are asked where it has no usual loader of pictures, and only those are known
        where none answers.
        """
        found = workflow.upload_inputs()
        if not found:
            names = {node["class_type"] for node in workflow.nodes.values()}
            infos = await Describer(self.window, self.caller).describe(sorted(names))
            found = workflow.upload_inputs(infos)
        return next(iter(found), None)

    async def save(self, task: Task, folder: str | PathLike[str], name: str = "") -> list[Path]:
        """Write the files that a task made to a folder, all or none; returns their paths.

        A file of that name is not overwritten: the new one gets a number.

        Args:
            task: One that has ended.
            folder: It must be there.
            name: What the files are called, without their endings; "" for the server's own names.

        Raises:
            TetherError: The server doesn't give one of them.
            OSError: A file can't be written.
        """
        outputs = [output for output in task.outputs if output.filename]
        paths: list[Path] = []
        try:
            paths += (_reserved(Path(folder), each.filename, name) for each in outputs)
            for output, path in zip(outputs, paths, strict=True):
                await self.world.outputs.fetch_into(task, output, part_of(path))
            for path in paths:
                part_of(path).replace(path)
        finally:
            for path in paths:
                part_of(path).unlink(missing_ok=True)
        return paths

    async def leave(self) -> None:
        """Close the client and all connections, and let the state file go."""
        self.close()
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
        await client.leave()


async def _read_all(
    files: Mapping[tuple[NodeId, str], Given],
) -> dict[tuple[NodeId, str], tuple[str, Blob]]:
    return {place: await asyncio.to_thread(_read, each) for place, each in files.items()}


def _read(given: Given) -> tuple[str, Blob]:
    if isinstance(given, tuple):
        name, content = given
        return name, Blob(content)
    return Path(given).name, Blob(_content(Path(given)))


def _content(path: Path) -> bytes:
    return _part(path, 0, _size(path))


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError as error:
        raise BadInput("path_unreadable", file=path, detail=error.strerror) from error


def _part(path: Path, start: int, end: int) -> bytes:
    try:
        with path.open("rb") as file:
            file.seek(start)
            return file.read(end - start)
    except OSError as error:
        raise BadInput("path_unreadable", file=path, detail=error.strerror) from error


def part_of(path: Path) -> Path:
    """Return where a file is written until it is whole."""
    return path.with_name(f".{path.name}{PART}")


def _reserved(folder: Path, given: str, name: str) -> Path:
    """Return a path that nobody has yet, and keep it from others by its part.

    `given` is the name that a server gave, `name` what it is to be called instead, if anything.
    """
    found = _NAME.fullmatch(given.replace("\\", "/").rpartition("/")[2])
    assert found is not None, "it matches everything"
    stem, ending = found[1], found[2] or ""
    stem = _FORBIDDEN.sub("_", name or stem).strip(" .")[:_LONGEST] or "result"
    number = 1
    while True:
        path = folder / (f"{stem}{ending}" if number == 1 else f"{stem} ({number}){ending}")
        number += 1
        if path.exists():
            continue
        try:
            part_of(path).touch(exist_ok=False)
        except FileExistsError:
            continue
        if not path.exists():  # nobody was done with it in between
            return path
        part_of(path).unlink()
