"""What the flight recorder keeps, and what it doesn't."""

import json
from typing import Any

from page.console.flight_recorder import GENERAL, LONGEST, PER_TASK, TASKS, FlightRecorder, bare
from tests.tether.core.farm import NOON, NORTH, new_window, waiting_task
from tether.core.commands import CloseSocket, OpenSocket, StopTimer
from tether.core.events import (
    Answered,
    BinaryReceived,
    Failure,
    FrameReceived,
    PageChange,
    PageChanged,
    RequestFailed,
    SocketClosed,
    SocketOpened,
)
from tether.core.ids import ClientId, Digest, NodeId, OwnerTag, PromptId, TaskId
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.requests import Ask, Request, Upload, prompt_body
from tether.core.protocol.workflow import Workflow

TEXT = '{"type": "executing", "data": {"node": "1", "prompt_id": "%s"}}'


def recorded(*steps: Any) -> tuple[Window, Task, list[dict[str, Any]]]:
    """A window with one task, and what is kept of these steps, one each second."""
    window = new_window()
    window.use(NORTH, "north", NOON)
    task = waiting_task(window)
    recorder = FlightRecorder(window)
    for number, step in enumerate(steps):
        recorder.note(step(task) if callable(step) else step, NOON + number)
    return window, task, recorder.read()["entries"]


def test_frames_and_requests_go_to_their_task() -> None:
    """In the order of time, whoever's they are."""
    post = Request(7, NORTH, Ask.POST, "/prompt", TaskId("t1"), body="{}")
    _, task, entries = recorded(
        OpenSocket(NORTH, 1, "ws://north:8188/ws?clientId=me"),
        SocketOpened(NORTH, 1),
        post,
        lambda task: FrameReceived(NORTH, 1, TEXT % task.prompt_id),
        Answered(post, 200, '{"prompt_id": "x"}'),
        BinaryReceived(NORTH, 1, b"\0\0\0\4abcdefgh", object()),
        FrameReceived(NORTH, 1, '{"type": "status"}'),
        FrameReceived(NORTH, 1, TEXT % "somebody else's"),
        RequestFailed(Request(8, NORTH, Ask.JOBS, "/api/jobs"), Failure.TIMEOUT),
        CloseSocket(NORTH, 1),
        SocketClosed(NORTH, 1, 1006),
    )
    assert [(entry["kind"], entry["taskId"]) for entry in entries] == [
        ("dial", None),
        ("opened", None),
        ("request", task.task_id),
        ("frame", task.task_id),
        ("answer", task.task_id),
        ("binary", None),
        ("frame", None),
        ("frame", None),
        ("failed", None),
        ("close", None),
        ("closed", None),
    ]
    assert entries[0]["path"] == "/ws?clientId=me"
    assert entries[2] == {
        "at": NOON + 2,
        "server": NORTH,
        "kind": "request",
        "taskId": "t1",
        "id": 7,
        "method": "POST",
        "path": "/prompt",
        "body": "{}",
    }
    assert entries[5]["head"] == b"\0\0\0\4abcd".hex()


def test_what_does_not_pass_the_network_or_tells_nothing_is_left_out() -> None:
    """Timers, the page's own changes, what kind of machine a server is."""
    stats = Request(1, NORTH, Ask.STATS, "/system_stats")
    _, _, entries = recorded(
        StopTimer(("x",)), PageChanged(PageChange.ONLINE), stats, Answered(stats, 200, "{}")
    )
    assert entries == []


def test_pictures_and_the_owner_are_left_out() -> None:
    """Of an upload stays its name; of an input that is a picture its length."""
    inputs = {"image": "A" * 5000, "list": ["short"]}
    workflow = Workflow({NodeId("1"): {"class_type": "Base64", "inputs": inputs}})
    body = prompt_body(workflow, ClientId("me"), PromptId("p"), OwnerTag("0123456789abcdef"), "one")
    upload = Upload(Digest("d"), "photo.png")
    _, _, entries = recorded(
        Request(1, NORTH, Ask.UPLOAD, "/upload/image", TaskId("t1"), upload=upload),
        Request(2, NORTH, Ask.POST, "/prompt", TaskId("t1"), body=body),
    )
    assert entries[0]["upload"] == "photo.png"
    kept = json.loads(entries[1]["body"])
    assert kept.keys() == {"prompt", "client_id", "prompt_id"}
    assert kept["prompt"]["1"]["inputs"] == {
        "image": "(5000 characters left out)",
        "list": ["short"],
    }
    assert bare("no JSON") == ""
    assert bare("[1]") == "[1]"


def test_rings_are_bounded() -> None:
    """The latest entries of the latest tasks stay, and no text is too long."""
    window = new_window()
    recorder = FlightRecorder(window)
    for number in range(TASKS + 5):
        request = Request(number, NORTH, Ask.POST, "/prompt", TaskId(f"t{number}"))
        for _ in range(PER_TASK + 1):
            recorder.note(request, NOON)
    for number in range(GENERAL + 5):
        recorder.note(FrameReceived(NORTH, number, "x" * (LONGEST + 1)), NOON)
    entries = recorder.read()["entries"]
    assert len(entries) == TASKS * PER_TASK + GENERAL
    assert not [entry for entry in entries if entry["taskId"] == "t4"]
    frames = [entry for entry in entries if entry["kind"] == "frame"]
    assert frames[0]["attempt"] == 5 and len(frames[0]["text"]) == LONGEST


def test_the_tasks_that_were_recorded_are_described() -> None:
    """With their ends; others aren't there."""
    window, task, _ = recorded()
    waiting_task(window, 2)
    recorder = FlightRecorder(window)
    recorder.note(Request(1, NORTH, Ask.POST, "/prompt", task.task_id), NOON)
    window.end(task, State.CANCELLED, NOON, "here", None)
    told = recorder.read()
    assert told["tether"] == 1 and told["servers"] == [{"url": NORTH, "name": "north"}]
    assert told["tasks"] == [
        {
            "taskId": "t1",
            "promptId": task.prompt_id,
            "title": task.title,
            "server": None,
            "state": "cancelled",
            "endedBy": "here",
        }
    ]
