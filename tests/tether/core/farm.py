"""The words of the core's tests: a farm of servers, a window, tasks, and what servers say."""

import json
import random
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from tether.core.commands import Command, SaveRecord, StartTimer, StopTimer
from tether.core.events import Answered, Picture
from tether.core.ids import Digest, NodeId, PromptId, ServerUrl, TaskId
from tether.core.model.identity import make_prompt_id
from tether.core.model.server import Server
from tether.core.model.task import State, Task
from tether.core.model.window import Settings, Window
from tether.core.protocol.requests import Ask, Request
from tether.core.protocol.workflow import Workflow, parse_workflow
from tether.core.timers import Timer

FRAMES = Path(__file__).parents[2] / "fixtures" / "frames.jsonl"

NORTH = ServerUrl("http://north:8188")
SOUTH = ServerUrl("http://south:8188")

NOON = 1_795_452_000.0
"""When the stories begin, in seconds since the epoch."""

PHOTO = Digest("c0ffee")
INVERT = Digest("1e57")

_INVERT = {
    "1": {"class_type": "LoadImage", "inputs": {"image": "example.png"}},
    "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
    "3": {"class_type": "SaveImage", "inputs": {"images": ["2", 0], "filename_prefix": "inv"}},
}

C = TypeVar("C")


class Chance:
    """Seeded randomness; `draws` come first, for stories that need them."""

    def __init__(self, seed: int = 0, draws: Iterable[float] = ()) -> None:
        self._random = random.Random(seed)
        self._draws = list(draws)

    def uniform(self) -> float:
        """Return a number in [0, 1)."""
        return self._draws.pop(0) if self._draws else self._random.random()

    def hex(self, digits: int) -> str:
        """Return that many hex digits."""
        return "".join(self._random.choice("0123456789abcdef") for _ in range(digits))


def invert_workflow(**changes: Mapping[str, Any]) -> Workflow:
    """Load, invert, save: three nodes, one picture, one output; `changes` replace nodes."""
    return parse_workflow(json.dumps({**_INVERT, **changes}))


def photo(node: str = "1", size: int = 8_000_000) -> Picture:
    """A picture for the workflow's `LoadImage`."""
    return Picture(NodeId(node), "image", PHOTO, "photo.png", size)


def new_window(places: int = 2, seed: int = 0) -> Window:
    """A window with nothing in it."""
    chance = Chance(seed)
    return Window("w0123456789ab", Settings("base", places), chance)


def new_task(number: int = 1, pinned: ServerUrl | None = None, pictures: int = 1) -> Task:
    """A task that waits; its picture is stored."""
    return Task(
        TaskId(f"t{number}"),
        make_prompt_id(Chance(number)),
        f"photo {number}",
        INVERT,
        (photo(),) * pictures,
        pinned,
        NOON + number / 1000,
        asked_at=NOON + number / 1000,
    )


def waiting_task(window: Window, number: int = 1, **parts: Any) -> Task:
    """A task in the window's own queue, with its workflow at hand."""
    task = new_task(number, **parts)
    window.workflows[INVERT] = invert_workflow()
    task.progress.count(window.workflows[INVERT].running_nodes())
    window.add(task)
    return task


def bound_task(window: Window, server: Server, *states: State, number: int = 1) -> Task:
    """A task of a server that went through these states after it was bound."""
    task = waiting_task(window, number)
    window.bind(task, server, NOON)
    for state in states:
        window.move(task, state)
    if states:
        task.posted_at = NOON
    if State.QUEUED in states:
        task.acknowledged_at = NOON
    return task


ON_THE_WAY = (State.UPLOADING, State.POSTING)
QUEUED = (*ON_THE_WAY, State.QUEUED)
RUNNING = (*QUEUED, State.RUNNING)
UNKNOWN = (*ON_THE_WAY, State.UNKNOWN)


def all_of(kind: type[C], commands: Iterable[object]) -> list[C]:
    """Return the commands of one kind."""
    return [command for command in commands if isinstance(command, kind)]


def asked(commands: Iterable[Command], *asks: Ask) -> list[Request]:
    """Return the requests among commands, or those that ask for these."""
    requests = all_of(Request, commands)
    return [request for request in requests if not asks or request.ask in asks]


def one(commands: Iterable[Command], *asks: Ask) -> Request:
    """Return the only request (that asks for these)."""
    (request,) = asked(commands, *asks)
    return request


def timers(commands: Iterable[Command]) -> dict[Timer, float]:
    """Return the timers that were started: key -> seconds."""
    return {timer.key: timer.delay for timer in all_of(StartTimer, commands)}


def stopped(commands: Iterable[Command]) -> set[Timer]:
    """Return the timers that were stopped."""
    return {timer.key for timer in all_of(StopTimer, commands)}


def saved(commands: Iterable[Command]) -> dict[str, str | None]:
    """Return the records that were written."""
    return {record.key: record.text for record in all_of(SaveRecord, commands)}


def reply(request: Request, body: Any = "", status: int = 200) -> Answered:
    """A server's answer; what isn't text goes as JSON."""
    return Answered(request, status, body if isinstance(body, str) else json.dumps(body))


def queue_length(length: int) -> dict[str, Any]:
    """What `GET /prompt` answers."""
    return {"exec_info": {"queue_remaining": length}}


def frame(kind: str, /, **data: Any) -> str:
    """A text frame."""
    return json.dumps({"type": kind, "data": data})


def greeting(length: int = 0) -> str:
    """The first frame of every connection."""
    return frame("status", status=queue_length(length), sid="whatever")


def success_frames(prompt: PromptId, output: str = "3") -> tuple[str, ...]:
    """All that a server says of a task that goes well, nothing of it cached."""
    image = {"filename": "inv_00001_.png", "subfolder": "", "type": "output"}
    return (
        frame("execution_start", prompt_id=prompt),
        frame("execution_cached", prompt_id=prompt, nodes=[]),
        frame("executing", prompt_id=prompt, node="1", display_node="1"),
        frame("executing", prompt_id=prompt, node="2", display_node="2"),
        frame("progress", prompt_id=prompt, node="2", value=1, max=4),
        frame("executing", prompt_id=prompt, node=output, display_node=output),
        frame("executed", prompt_id=prompt, node=output, output={"images": [image]}),
        frame("execution_success", prompt_id=prompt),
        frame("executing", prompt_id=prompt, node=None),
    )


def recorded(story: str) -> list[dict[str, Any]]:
    """What a real server (ComfyUI 0.28.1) said: frames, or answers with their status."""
    lines = FRAMES.read_text().splitlines()
    return [line for line in map(json.loads, lines) if line["story"] == story]


def recorded_texts(part: str) -> list[str]:
    """All real frames (`frame`), binary heads (`hex`) or answers (`body`)."""
    lines = FRAMES.read_text().splitlines()
    return [line[part] for line in map(json.loads, lines) if part in line]
