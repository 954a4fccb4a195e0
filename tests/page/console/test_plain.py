"""Servers, tasks and counts as plain values."""

import json

from page.console.plain import result_row, server_row, stats, task_row
from tests.tether.core.farm import NOON, NORTH, SOUTH, new_window, waiting_task
from tether.core.errors import Trouble
from tether.core.ids import NodeId
from tether.core.model.health import Health
from tether.core.model.server import Reach
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.outputs import Output


def busy() -> Window:
    """Two servers, one of which is down, and a task on the other."""
    window = new_window()
    north = window.use(NORTH, "north", NOON)
    window.use(SOUTH, "", NOON).judge(Reach.DOWN, Trouble.of("server_down"), NOON)
    north.answered()
    north.note_queue(3, NOON)
    window.bind(waiting_task(window), north, NOON)
    return window


def test_a_server_is_told_with_its_state() -> None:
    """A trouble by its code; its sentence is the page's."""
    window = busy()
    north, south = (server_row(window, each) for each in window.servers.values())
    assert north == {
        "url": NORTH,
        "name": "north",
        "state": "up",
        "queueRemaining": 3,
        "socket": "idle",
        "tasks": 1,
        "isLeaving": False,
        "trouble": None,
    }
    assert (south["state"], south["trouble"], south["queueRemaining"]) == (
        "down",
        "server_down",
        None,
    )


def test_a_task_is_told_where_it_stands() -> None:
    """With the steps of its node as the server said them."""
    (task,) = busy().tasks.values()
    task.progress.begin(NodeId("2"))
    task.progress.reach(NodeId("2"), 0.09)
    task.progress.step = (9, 100)
    told = task_row(task, str.upper)
    assert told["title"] == task.title.upper()
    assert (told["state"], told["server"], told["nodeId"]) == ("connecting", NORTH, "2")
    assert (told["value"], told["max"], told["progress"]) == (9, 100, 0.03)
    assert told["endedBy"] is None
    assert json.loads(json.dumps(told)) == told


def test_a_result_names_its_files_and_where_they_are() -> None:
    """A task that no server got has no addresses."""
    window = busy()
    (task,) = window.tasks.values()
    task.outputs = (Output(NodeId("3"), "image", "a b.png", "sub", "output"),)
    task.state = State.RUNNING
    window.end(task, State.COMPLETED, NOON, "socket", None)

    def address_of(task: Task, output: Output) -> str:
        return f"{task.server}/{output.filename}"

    told = result_row(task, None, address_of)
    assert (told["state"], told["server"], told["error"]) == ("completed", NORTH, None)
    (output,) = told["outputs"]
    assert output.pop("url") == f"{NORTH}/a b.png"
    assert output == {
        "nodeId": "3",
        "kind": "image",
        "filename": "a b.png",
        "subfolder": "sub",
        "type": "output",
        "text": "",
    }
    task.server = None
    assert result_row(task, "why", address_of)["outputs"][0]["url"] is None


def test_counts_are_counted() -> None:
    """By state, and since the page was opened."""
    window = busy()
    window.next_request()
    window.servers[NORTH].connection.connect()
    assert stats(window, Health(4, 3, 1, 0, 2, 0, 0.2)) == {
        "tasks": {"connecting": 1},
        "servers": 2,
        "serversUp": 1,
        "socketsOpen": 0,
        "dials": 1,
        "requests": 1,
        "currentServer": NORTH,
        "completionRate": 0.75,
        "stuck": 0,
        "lost": 1,
        "reconnects": 2,
        "mismatchesMended": 0,
        "secondsToPicture": 0.2,
    }
    assert stats(window, Health(0, 0, 0, 0, 0, 0, None))["completionRate"] is None
