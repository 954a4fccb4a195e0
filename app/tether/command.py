"""The command `tether`: runs a workflow on pictures from a terminal, and goes on after a crash."""

import argparse
import asyncio
import json
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from tether.core.errors import BadInput, TetherError, Trouble
from tether.core.ids import TaskId
from tether.core.model.task import State, Task
from tether.core.model.window import Changes
from tether.core.protocol.outputs import read_json
from tether.process_client import ProcessTether, opened

STATE_FILE = ".tether.db"
"""In the folder of the results."""

RECORD = "command"
"""The record of the servers in use, and of the tasks whose results are saved."""

STOPPED = 130
"""The exit status after Ctrl-C, as shells have it."""

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
    run = commands.add_parser("run", help="run a workflow, once for each picture")
    run.add_argument("workflow", type=Path, help="of ComfyUI: JSON in either format, or a picture")
    run.add_argument("pictures", type=Path, nargs="*", help="each becomes a task")
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


def sentence(trouble: Trouble) -> str:
    """Say who, what happened, and what to do now."""
    path = next(path for path in _SENTENCES if path.exists())
    said = json.loads(path.read_text()).get(f"trouble.{trouble.code}", trouble.code)
    facts = dict(trouble.facts)
    return _PLACE.sub(lambda place: facts.get(place[1], place[0]), said)


class ResultsFolder:
    """The tasks of a folder: each is followed to its end, and its results saved there, once."""

    def __init__(self, client: ProcessTether, out: Path, console: Console) -> None:
        self._client = client
        self._out = out
        self._console = console
        match read_json(client.world.shared.read(RECORD) or ""):
            case {"servers": list(servers), "saved": list(saved)}:
                self.servers, self._saved = list(map(str, servers)), list(map(str, saved))
            case _:
                self.servers, self._saved = [], []
        self._told: set[str] = set()
        self.is_all_well = True

    def use(self, servers: Sequence[str]) -> None:
        """Use these servers, those of the last time, or the one that most people have."""
        self.servers = list(servers) or self.servers or ["127.0.0.1:8188"]
        for server in self.servers:
            self._client.add_server(server)
        self._note()

    async def submit(self, workflow: Path, pictures: Sequence[Path]) -> None:
        """Accept a task for each picture that can be used, or one where the workflow takes none.

        Raises:
            BadInput: The workflow can't be used.
        """
        found = await self._client.read_workflow(workflow)
        places = found.picture_inputs()
        if pictures and not places:
            raise BadInput("picture_unused")
        for picture in pictures:
            try:
                await self._client.submit(found, {places[0]: picture}, picture.name)
            except BadInput as error:
                self._fail(error)
        if not pictures:
            await self._client.submit(found, title=workflow.name)

    async def finish(self) -> None:
        """Wait until all tasks have ended, and save what they made."""
        client = self._client
        tasks = [task for task in client.tasks.values() if task.task_id not in self._saved]
        if not tasks:
            self._console.print("Nothing is left to do.")
            return
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn()
        with Progress(*columns, TimeRemainingColumn(), console=self._console) as progress:
            bar = progress.add_task("", total=len(tasks))

            def changed(_changes: Changes) -> None:
                self._tell_of_servers()
                running = sum(each.state is State.RUNNING for each in client.tasks.values())
                progress.update(bar, description=f"{running} running")

            client.runner.follow(changed)
            ids = [task.task_id for task in tasks]
            for work in asyncio.as_completed([self._finish(each) for each in ids]):
                await work
                progress.advance(bar)

    async def _finish(self, task_id: TaskId) -> None:
        task = await self._client.result(task_id)
        if task.task_id not in self._saved:
            try:
                await self._save(task)
            except (TetherError, OSError) as error:
                self._fail(error)
                return
        self._saved += {task_id, task.task_id} - set(self._saved)
        self._note()

    async def _save(self, task: Task) -> None:
        server = self._client.servers.get(task.server) if task.server else None
        where = server.name if server else task.server or ""
        if task.state is State.COMPLETED:
            saved = await self._client.save(task, self._out, Path(task.title).stem)
            told = ", ".join(map(str, saved)) or "no file"
            self._console.print(f"{task.title} → {told}  ({where})", markup=False)
        else:
            self.is_all_well = False
            why = f": {sentence(task.trouble)}" if task.trouble else ""
            self._console.print(f"{task.title} {task.state.value} at {where}{why}", markup=False)

    def _fail(self, error: TetherError | OSError) -> None:
        self.is_all_well = False
        self._console.print(_said(error), markup=False)

    def _tell_of_servers(self) -> None:
        for server in self._client.servers.values():
            said = sentence(server.trouble) if server.trouble else ""
            if said and said not in self._told:
                self._told.add(said)
                self._console.print(said, markup=False)

    def _note(self) -> None:
        noted = {"servers": self.servers, "saved": self._saved}
        self._client.world.shared.write(RECORD, json.dumps(noted))


async def run(given: argparse.Namespace, console: Console) -> int:
    """Carry out a command line; returns the exit status."""
    given.out.mkdir(parents=True, exist_ok=True)
    async with opened([], given.out / STATE_FILE) as client:
        folder = ResultsFolder(client, given.out, console)
        folder.use(given.servers)
        if given.command == "run":
            await folder.submit(given.workflow, given.pictures)
        await folder.finish()
        return 0 if folder.is_all_well else 1


def _said(error: Exception) -> str:
    return sentence(error.trouble) if isinstance(error, TetherError) else str(error)


def main() -> int:
    """Run the command."""
    given = parse_arguments(sys.argv[1:])
    console = Console()
    try:
        return asyncio.run(run(given, console))
    except KeyboardInterrupt:
        cure = f"tether resume --out {given.out}"
        console.print(f"What the servers have goes on. To bring it home: {cure}", markup=False)
        return STOPPED
    except (TetherError, OSError) as error:
        Console(stderr=True).print(_said(error), markup=False)
        return 2


if __name__ == "__main__":
    raise SystemExit(main())
