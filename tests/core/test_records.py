"""Keeping a window over reloads."""

import json

import pytest

from app.core.commands import SaveRecord
from app.core.ids import ServerUrl
from app.core.records import Records
from app.core.snapshot import write_task
from app.core.task import State
from app.core.window import Settings, Window
from tests.core.farm import (
    INVERT,
    NOON,
    NORTH,
    ON_THE_WAY,
    QUEUED,
    RUNNING,
    SOUTH,
    UNKNOWN,
    Chance,
    bound_task,
    invert_workflow,
    new_task,
    saved,
    waiting_task,
)

SETTINGS = Settings("base")


class Storage:
    """What the browser keeps for one tab."""

    def __init__(self) -> None:
        self.records = Records()
        self.kept: dict[str, str] = {}

    def restore(self, now: float = NOON) -> Window:
        """Load the page."""
        self.records = Records()
        return self.records.restore(self.kept, SETTINGS, Chance(len(self.kept)), now)

    def save(self, window: Window) -> dict[str, str | None]:
        """Carry out the writes, and return them."""
        writes = saved(self.records.save(window))
        for key, text in writes.items():
            if text is None:
                self.kept.pop(key, None)
            else:
                self.kept[key] = text
        return writes


def test_a_new_tab_is_a_new_window() -> None:
    """It has an identity from its first save on, and keeps it over reloads."""
    storage = Storage()
    window = storage.restore()
    assert list(storage.save(window)) == ["window"]
    assert storage.save(window) == {}
    client_id = window.server(NORTH, NOON).connection.client_id
    assert list(storage.save(window)) == ["window"]

    again = storage.restore(NOON + 60)
    assert again.window_id == window.window_id
    assert again.server(NORTH, NOON + 60).connection.client_id == client_id
    assert storage.save(again) == {}


def test_a_change_writes_one_small_record() -> None:
    """Not the whole window: frames change tasks by the hundred."""
    storage = Storage()
    window = storage.restore()
    north = window.server(NORTH, NOON)
    task = bound_task(window, north, *QUEUED)
    bound_task(window, north, number=2)
    assert set(storage.save(window)) == {"window", "lock", "task:t1", "task:t2"}
    window.move(task, State.RUNNING)
    assert set(storage.save(window)) == {"task:t1"}
    assert json.loads(storage.kept["task:t1"])["state"] == "running"

    window.end(task, State.COMPLETED, NOON, "socket", None)
    assert set(storage.save(window)) == {"lock", "task:t1"}
    window.dismiss(task)
    assert storage.save(window) == {"task:t1": None}


@pytest.mark.parametrize(
    ("states", "after"),
    [
        ((), State.WAITING),
        ((State.UPLOADING,), State.WAITING),
        (ON_THE_WAY, State.UNKNOWN),
        (UNKNOWN, State.UNKNOWN),
        (QUEUED, State.QUEUED),
        (RUNNING, State.RUNNING),
        ((*RUNNING, State.COMPLETED), State.COMPLETED),
    ],
)
def test_a_reload_finds_each_task_where_it_can_be(states: tuple[State, ...], after: State) -> None:
    """What was not posted waits again; what was being posted is looked up, never posted twice."""
    storage = Storage()
    window = storage.restore()
    task = bound_task(window, window.server(NORTH, NOON), *states)
    storage.save(window)

    restored = storage.restore(NOON + 5)
    again = restored.tasks[task.task_id]
    assert again.state is after
    is_there = after in (State.UNKNOWN, State.QUEUED, State.RUNNING)
    assert (restored.bound_to(NORTH) == (again,)) == is_there
    assert (restored.locks.server_of(task.prompt_id) == NORTH) == is_there
    assert (again.task_id in restored.waiting) == (after is State.WAITING)
    if is_there:
        # Until the page names the server again, it only sees its tasks to their end.
        assert restored.servers[NORTH].is_leaving
        assert restored.servers[NORTH].connection.client_id == task.client_id


def test_tasks_wait_in_the_order_of_their_acceptance() -> None:
    """Storage keeps no order."""
    storage = Storage()
    window = storage.restore()
    for number in (3, 1, 2):
        waiting_task(window, number)
    storage.save(window)
    assert list(storage.restore().waiting) == ["t1", "t2", "t3"]


def test_a_record_that_cannot_be_read_harms_no_other() -> None:
    """It is told and left where it is; its lock goes with it."""
    storage = Storage()
    window = storage.restore()
    north = window.server(NORTH, NOON)
    damaged = bound_task(window, north, *QUEUED)
    bound_task(window, window.server(SOUTH, NOON), *QUEUED, number=2)
    storage.save(window)
    storage.kept["task:t1"] = "{"

    restored = storage.restore()
    assert list(restored.tasks) == ["t2"]
    assert [trouble.code for trouble in restored.notices] == ["record_unreadable"]
    assert restored.locks.server_of(damaged.prompt_id) is None
    assert SaveRecord("task:t1", None) not in storage.records.save(restored)
    assert storage.kept["task:t1"] == "{"


@pytest.mark.parametrize("lock", ["{", '{"rows": [["stranger", "http://x", 1]]}', None])
def test_locks_follow_the_tasks_whatever_the_record_says(lock: str | None) -> None:
    """A lock exists exactly while a bound task is unfinished."""
    storage = Storage()
    window = storage.restore()
    task = bound_task(window, window.server(NORTH, NOON), *QUEUED)
    storage.save(window)
    storage.kept.pop("lock")
    if lock is not None:
        storage.kept["lock"] = lock
    report = storage.restore().locks.report()
    assert report is not None
    assert [entry["promptIds"] for entry in report["locks"]] == [[task.prompt_id]]
    assert report["since"] == int(NOON * 1000)


def test_a_clock_that_was_put_back_leaves_no_task_in_the_future() -> None:
    """What was sent "tomorrow" would count as too young for ever."""
    storage = Storage()
    window = storage.restore()
    task = bound_task(window, window.server(NORTH, NOON), *QUEUED)
    task.posted_at = task.acknowledged_at = NOON + 86_400
    storage.save(window)
    again = storage.restore(NOON).tasks[task.task_id]
    assert (again.posted_at, again.acknowledged_at) == (NOON, NOON)


def test_a_task_that_ended_before_it_was_bound_is_restored() -> None:
    """It has no server, and needs none."""
    storage = Storage()
    window = storage.restore()
    task = new_task(pinned=ServerUrl("http://gone"))
    window.workflows[INVERT] = invert_workflow()
    window.add(task)
    window.end(task, State.CANCELLED, NOON, "here", None)
    storage.save(window)
    restored = storage.restore()
    assert write_task(restored.tasks[task.task_id]) == write_task(task)
    assert restored.servers == {}
