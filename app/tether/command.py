"""The command `tether`: runs a workflow on pictures from a terminal, and goes on after a crash."""

import argparse
import asyncio
import json
import re
import shlex
import sys
from collections.abc import Sequence
from glob import glob
from pathlib import Path
from types import MappingProxyType
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tether.core.errors import BadInput, TetherError, Trouble
from tether.core.events import TaskDismissed
from tether.core.ids import NodeId, TaskId
from tether.core.model.task import State, Task
from tether.core.model.window import Changes
from tether.core.protocol.outputs import read_json
from tether.process_client import PART, ProcessTether, opened
from tether.workflows.variants import MOST, Values, variants

STATE_FILE = ".tether.db"
"""In the folder of the results."""

SERVERS = "servers"
"""The record of the servers in use."""

STOPPED = 130
"""The exit status after Ctrl-C, as shells have it."""

RERUN_WITHIN = 10.0
"""Seconds within which a lost task is accepted anew, if that can be done at all."""

_TITLE = re.compile(r"(.+?)\.\w{1,5}((?: \(.*\))?)", re.ASCII | re.DOTALL)
_RANGE = re.compile(r"(-?\d{1,18})\.\.(-?\d{1,18})")
_NO_VALUES: Values = MappingProxyType({})
_PLACE = re.compile(r"\{(\w+)\}")
_SENTENCES = (
    Path(__file__).parent / "en.json",  # of a wheel
    Path(__file__).parents[2] / "static/i18n/en.json",
)


def parse_arguments(arguments: Sequence[str]) -> argparse.Namespace:
    """Read a command line; exits with an explanation of what is wrong in it."""
    parser = argparse.ArgumentParser(
        prog="tether", description="Runs image jobs on several ComfyUI servers at once."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="run | resume")
    run = commands.add_parser("run", help="run a workflow, once for each file")
    run.add_argument("workflow", type=Path, help="of ComfyUI: JSON in either format, or a picture")
    run.add_argument("pictures", type=Path, nargs="*", help="each becomes a task")
    run.add_argument(
        "--vary",
        metavar="NODE.INPUT=VALUE",
        action="append",
        default=[],
        help="a value for an input, or whole numbers as 1..8; again for other values and inputs: "
        "there is a task for each combination",
    )
    resume = commands.add_parser("resume", help="go on with what an earlier command has left")
    for each in (run, resume):
        each.add_argument(
            "--server",
            dest="servers",
            metavar="ADDRESS",
            action="append",
            default=[],
            help="of a ComfyUI server; again for each other one (default: those of the last time, "
            "else 127.0.0.1:8188)",
        )
        each.add_argument(
            "--out", type=Path, default=Path("results"), help="folder (default: %(default)s)"
        )
    return parser.parse_args(arguments)


def varied(given: Sequence[str]) -> dict[tuple[NodeId, str], list[Any]]:
    """Read what was given as `NODE.INPUT=VALUE`: the values of each input, in their order.

    Raises:
        BadInput: One has no such form.
    """
    values: dict[tuple[NodeId, str], list[Any]] = {}
    for each in given:
        place, equals, text = each.partition("=")
        node_id, _, name = place.rpartition(".")
        if not (equals and node_id and name):
            raise BadInput("vary_bad", given=each)
        ends = _RANGE.fullmatch(text)
        found = values.setdefault((NodeId(node_id), name), [])
        if ends:
            first, last = int(ends[1]), int(ends[2])
            numbers = range(first, last + 1) if first <= last else range(first, last - 1, -1)
            found += numbers[: MOST + 1]  # so many are refused
        else:
            number = read_json(text)
            found.append(number if isinstance(number, int | float) else text)
    return values


def sentence(trouble: Trouble) -> str:
    """Say who, what happened, and what to do now."""
    path = next(path for path in _SENTENCES if path.exists())
    said = json.loads(path.read_text(encoding="utf-8")).get(f"trouble.{trouble.code}", trouble.code)
    facts = dict(trouble.facts)
    return _PLACE.sub(lambda place: facts.get(place[1], place[0]), said)


class ResultsFolder:
    """The tasks of a folder: each is followed to its end, and its results saved there, once."""

    def __init__(self, client: ProcessTether, out: Path, console: Console) -> None:
        self._client = client
        self._out = out
        self._console = console
        self.servers: list[str] = []
        self._failed: set[TaskId] = set()
        """Tasks whose results could not be saved now."""
        match read_json(client.world.shared.read(SERVERS) or ""):
            case list(servers):
                self.servers = list(map(str, servers))
        self._told: set[str] = set()
        self.is_all_well = True

    def use(self, servers: Sequence[str]) -> None:
        """Use these servers, those of the last time, or the one that most people have."""
        self.servers = list(servers) or self.servers or ["127.0.0.1:8188"]
        for server in self.servers:
            self._client.add_server(server)
        self._client.world.shared.write(SERVERS, json.dumps(self.servers))

    async def submit(
        self, workflow: Path, pictures: Sequence[Path], values: Values = _NO_VALUES
    ) -> None:
        """Accept a task for each picture that can be used, or one where the workflow takes none.

        With several values for some inputs, it is one for each of their combinations.

        Raises:
            BadInput: The workflow, or the values, can't be used.
        """
        found, assumptions = await self._client.read_workflow(workflow)
        for each in assumptions:
            self.say(sentence(each))
        place = await self._client.file_input(found) if pictures else None
        if pictures and place is None:
            raise BadInput("picture_unused")
        variants(found, values, is_side_by_side=False)  # says what is wrong with them
        for picture in pictures:
            try:
                files = {} if place is None else {place: picture}
                await self._client.submit_sweep(found, values, files=files, title=picture.name)
            except TetherError as error:
                self._fail(error)
        if not pictures:
            await self._client.submit_sweep(found, values, title=workflow.name)

    async def finish(self) -> None:
        """Wait until all tasks have ended, and save what they made; lost ones run again, once."""
        client = self._client
        if not self._open():
            self.say("Nothing is left to do.")
            return
        client.rerun.rerun_from(0.0)
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
        with Progress(*columns, TimeRemainingColumn(), console=self._console) as progress:
            bar = progress.add_task("")
            ended = 0

            def changed(_changes: Changes) -> None:
                self._tell_of_servers()
                running = sum(each.state is State.RUNNING for each in client.tasks.values())
                progress.update(bar, description=f"{running} running")

            client.runner.follow(changed)
            while ids := self._open():
                progress.update(bar, total=ended + len(ids))
                works = [asyncio.ensure_future(self._finish(each)) for each in ids]
                try:
                    for work in asyncio.as_completed(works):
                        await work
                        ended += 1
                        progress.update(bar, completed=ended)
                finally:
                    for each in works:
                        each.cancel()
                    await asyncio.gather(*works, return_exceptions=True)

    def _open(self) -> list[TaskId]:
        """Return the tasks that are not done with: those are dismissed, with their files."""
        return [task_id for task_id in self._client.tasks if task_id not in self._failed]

    async def _finish(self, task_id: TaskId) -> None:
        task = await self._client.result(task_id)
        if task.task_id in self._client.tasks and not await self._is_run_again(task):
            try:
                told = await self._save(task)
            except (TetherError, OSError) as error:
                self._failed |= {task_id, task.task_id}  # the next command tries it again
                self._fail(error)
                return
            self._client.runner.emit(TaskDismissed(task.task_id))
            self.say(told)
        self._client.runner.emit(TaskDismissed(task_id))

    async def _is_run_again(self, task: Task) -> bool:
        """Tell whether another task does the work of one that was lost."""
        if task.state is not State.LOST or task.again_of is not None:
            return False
        tasks = self._client.tasks
        return await self._client.runner.until(
            lambda: any(each.again_of == task.task_id for each in tasks.values()), RERUN_WITHIN
        )

    async def _save(self, task: Task) -> str:
        """Save what a task made; returns what is said of it."""
        server = self._client.servers.get(task.server) if task.server else None
        where = server.name if server else task.server or ""
        if task.state is State.COMPLETED:
            saved = await self._client.save(task, self._out, _stem_of(task.title))
            return f"{task.title} -> {', '.join(map(str, saved)) or 'no file'}  ({where})"
        self.is_all_well = False
        why = f": {sentence(task.trouble)}" if task.trouble else ""
        return f"{task.title} {task.state.value} at {where}{why}"

    def _fail(self, error: TetherError | OSError) -> None:
        self.is_all_well = False
        self.say(_said(error))

    def say(self, text: str) -> None:
        """Print a line as it is, in whatever the terminal can write."""
        encoding = self._console.encoding
        written = text.encode(encoding, "replace").decode(encoding)
        self._console.print(written, markup=False, highlight=False, soft_wrap=True)

    def _tell_of_servers(self) -> None:
        servers = [each.trouble for each in self._client.servers.values() if each.trouble]
        for said in map(sentence, [*servers, *self._client.window.notices]):
            if said not in self._told:
                self._told.add(said)
                self.say(said)


def expanded(pictures: Sequence[Path]) -> list[Path]:
    """Return the files that patterns stand for, which not every shell finds by itself."""
    found: list[Path] = []
    for each in pictures:
        is_pattern = set("*?[") & set(str(each)) and not each.exists()
        matching = sorted(glob(str(each))) if is_pattern else []
        found += map(Path, matching) if matching else [each]  # then it isn't there, and told of
    return found


async def run(given: argparse.Namespace, console: Console) -> int:
    """Carry out a command line; returns the exit status."""
    state = given.out / STATE_FILE
    needed = given.workflow if given.command == "run" else state
    if not needed.is_file():
        raise BadInput("path_unreadable", file=needed, detail="there is no such file")
    given.out.mkdir(parents=True, exist_ok=True)
    async with opened([], state) as client:
        for left in given.out.glob(f".*{PART}"):  # by a command that was killed
            left.unlink()
        folder = ResultsFolder(client, given.out, console)
        folder.use(given.servers)
        if given.command == "run":
            pictures, values = expanded(given.pictures), varied(given.vary)
            await folder.submit(given.workflow, pictures, values)
            if not client.tasks:
                return 2  # nothing could begin
            folder.say(f"{len(client.tasks)} tasks accepted: from now on none is lost.")
        await folder.finish()
        return 0 if folder.is_all_well else 1


def _stem_of(title: str) -> str:
    """Return what files are called by a title: "a.png (cfg 2)" gives "a (cfg 2)"."""
    found = _TITLE.fullmatch(title)
    return f"{found[1]}{found[2]}" if found else title


def _said(error: Exception) -> str:
    return sentence(error.trouble) if isinstance(error, TetherError) else str(error)


def main() -> int:
    """Run the command."""
    given = parse_arguments(sys.argv[1:])
    console, errors = Console(), Console(stderr=True)
    try:
        return asyncio.run(run(given, console))
    except KeyboardInterrupt:
        cure = f"tether resume --out {shlex.quote(str(given.out))}"
        console.print(
            f"What the servers have goes on. To bring it home: {cure}",
            markup=False,
            highlight=False,
            soft_wrap=True,
        )
        return STOPPED
    except (TetherError, OSError) as error:
        errors.print(_said(error), markup=False, highlight=False, soft_wrap=True)
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
