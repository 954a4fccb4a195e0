"""Keeping a window over reloads."""

import json
from dataclasses import replace

import pytest

from tests.tether.core.farm import (
    INVERT,
    NOON,
    NORTH,
    ON_THE_WAY,
    QUEUED,
    RUNNING,
    SOUTH,
    UNKNOWN,
    Chance,
    all_of,
    bound_task,
    invert_workflow,
    new_task,
    new_window,
    saved,
    waiting_task,
)
from tether.core.commands import SaveEntry, SaveRecord
from tether.core.errors import Trouble
from tether.core.ids import NodeId, ServerUrl, TaskId, WindowId
from tether.core.model.task import State
from tether.core.model.window import Settings, Window
from tether.core.protocol.handover import UploadPlace
from tether.core.protocol.outputs import Output
from tether.core.session.records import SessionRecords, has_lost_tasks, restore_task
from tether.core.session.snapshot import write_task
from tether.core.windows.ledger import (
    END_SHOWN_FOR,
    ENTRY_RECORD,
    Entry,
    entries_of,
    merged,
    read_entries,
    read_ledger,
    write_entry,
)

SETTINGS = Settings("base")
PICTURE = (Output(NodeId("9"), "image", "a.png"),)


class Storage:
    """What the browser keeps for one tab."""

    def __init__(self) -> None:
        self.records = SessionRecords()
        self.kept: dict[str, str] = {}
        self.shared: dict[str, str] = {}
        self.disk: dict[TaskId, str] = {}

    def restore(self, now: float = NOON, settings: Settings = SETTINGS) -> Window:
        """Load the page."""
        self.records = SessionRecords()
        ledger = merged(self.ledger(), read_entries(self.disk))
        return self.records.restore(self.kept, settings, Chance(len(self.kept)), now, ledger)

    def ledger(self) -> dict[TaskId, Entry]:
        """Read what all tabs share."""
        return read_ledger(self.shared)

    def save(self, window: Window, now: float = NOON) -> dict[str, str | None]:
        """Carry out the writes, and return them."""
        commands = self.records.save(window, now)
        for entry in all_of(SaveEntry, commands):
            if entry.kept is None:
                self.disk.pop(entry.task_id, None)
            else:
                self.disk[entry.task_id] = entry.kept
            if entry.text is None:
                self.shared.pop(ENTRY_RECORD + entry.task_id, None)
            else:
                self.shared[ENTRY_RECORD + entry.task_id] = entry.text
        writes = saved(commands)
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
    window.pending.gauges.clear()
    window.move(task, State.RUNNING)
    assert set(storage.save(window)) == {"task:t1"}
    assert window.pending.gauges == {task.task_id}, "who listens is told of it too"
    assert json.loads(storage.kept["task:t1"])["state"] == "running"

    window.end(task, State.COMPLETED, NOON, "socket", None)
    assert set(storage.save(window)) == {"lock", "task:t1"}
    window.dismiss(task)
    assert storage.save(window) == {"task:t1": None}


def test_what_was_deleted_is_written_anew() -> None:
    """The person deletes site data: the page that is still open knows all there is to know."""
    storage = Storage()
    window = storage.restore()
    north = window.server(NORTH, NOON)
    bound_task(window, north, *RUNNING)
    storage.save(window)
    for kept in (storage.kept, storage.shared, storage.disk):
        kept.clear()
    storage.records.forget(window)
    assert set(storage.save(window)) == {"window", "lock", "task:t1"}
    again = storage.restore()
    assert again.window_id == window.window_id
    assert [task.state for task in again.tasks.values()] == [State.RUNNING]
    assert again.locks.server_of(again.tasks[TaskId("t1")].prompt_id) == NORTH
    assert set(storage.disk) == {"t1"}


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
    storage.shared.clear()
    storage.disk.clear()

    restored = storage.restore()
    assert list(restored.tasks) == ["t2"]
    assert [trouble.code for trouble in restored.notices] == ["record_unreadable"]
    assert restored.locks.server_of(damaged.prompt_id) is None
    assert SaveRecord("task:t1", None) not in storage.records.save(restored, NOON)
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


@pytest.mark.parametrize("states", [ON_THE_WAY, UNKNOWN])
def test_what_may_be_on_its_way_is_waited_for_from_the_reload_on(
    states: tuple[State, ...],
) -> None:
    """The clock was put on by hours meanwhile: the POST may have left a moment ago.

    Found by the simulated worlds: it was sent again at once, and ran twice.
    """
    storage = Storage()
    window = storage.restore()
    storage.save(window)
    task = bound_task(window, window.server(NORTH, NOON), *states)
    storage.save(window)
    again = storage.restore(NOON + 28_800).tasks[task.task_id]
    assert (again.state, again.posted_at) == (State.UNKNOWN, NOON + 28_800)


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


def taken(storage: Storage, task_id: str, owner: str = "wother") -> None:
    """Another window has adopted a task meanwhile."""
    entry = storage.ledger()[TaskId(task_id)]
    now = Entry(WindowId(owner), entry.epoch + 1, entry.record, NOON)
    storage.shared[ENTRY_RECORD + task_id] = write_entry(now)


def test_an_unfinished_task_stands_in_the_ledger() -> None:
    """From its acceptance to its end, as its record has it."""
    storage = Storage()
    window = storage.restore()
    task = bound_task(window, window.server(NORTH, NOON), *QUEUED)
    storage.save(window)
    assert storage.ledger() == {
        "t1": Entry(window.window_id, 0, write_task(task), task.accepted_at, 1)
    }
    window.end(task, State.COMPLETED, NOON + 9, "socket", None)
    storage.save(window, NOON + 9)
    assert storage.ledger() == {"t1": Entry(window.window_id, 0, "", NOON + 9, 2)}
    storage.save(window, NOON + 10 + END_SHOWN_FOR)
    assert storage.ledger() == storage.disk == {}


@pytest.mark.parametrize(
    ("end", "outputs", "is_taken_up"),
    [
        (State.COMPLETED, PICTURE, True),
        (State.COMPLETED, (), False),
        (State.FAILED, PICTURE, False),
    ],
)
def test_results_that_nobody_keeps_yet_are_taken_up_by_other_windows(
    end: State, outputs: tuple[Output, ...], is_taken_up: bool
) -> None:
    """Until it is said that they are kept; that stays so over reloads."""
    storage, settings = Storage(), replace(SETTINGS, keeps_results=True)
    window = storage.restore(settings=settings)
    task = bound_task(window, window.server(NORTH, NOON), *RUNNING)
    task.outputs = outputs
    window.end(task, end, NOON, "socket", None)
    storage.save(window)
    assert storage.ledger()["t1"].record == (write_task(task) if is_taken_up else "")
    task.is_kept = True
    window.pending.unsaved.add(task.task_id)
    storage.save(window)
    assert storage.ledger()["t1"].record == ""
    assert storage.restore(settings=settings).tasks[task.task_id].is_kept


def test_an_end_is_kept_for_an_hour_by_the_clock_of_the_page_that_keeps_it() -> None:
    """Found by the simulated worlds: a reload put the clock 8 h forward, and then came a kill."""
    storage = Storage()
    window = storage.restore()
    task = bound_task(window, window.server(NORTH, NOON), *RUNNING)
    window.end(task, State.CANCELLED, NOON, "record", None)
    storage.save(window)
    later = NOON + 8 * 3600
    shown = storage.restore(now=later)
    shown.dismiss(shown.tasks[task.task_id])
    (gone,) = storage.records.save(shown, later)
    assert gone == SaveRecord("task:t1", None), "its end is on disk already"
    window = storage.restore(now=later)
    window.pending.unsaved.add(task.task_id)
    storage.save(window, later)
    assert list(storage.disk) == [task.task_id]
    storage.save(window, later + 1 + END_SHOWN_FOR)
    assert storage.disk == {}


def test_an_end_that_was_dismissed_does_not_come_back() -> None:
    """Though the page is left before the disk is written."""
    storage = Storage()
    window = storage.restore()
    task = bound_task(window, window.server(NORTH, NOON), *RUNNING)
    window.end(task, State.COMPLETED, NOON, "socket", None)
    storage.save(window)
    before = dict(storage.disk)
    window.dismiss(task)
    storage.save(window)
    ended = Entry(window.window_id, 0, "", NOON, 1)
    assert storage.ledger() == read_entries(storage.disk) == {"t1": ended}
    assert storage.records.save(window, NOON) == (), "it is said once"
    storage.disk = before
    assert not merged(storage.ledger(), read_entries(storage.disk))[task.task_id].record
    storage.save(window, NOON + 1 + END_SHOWN_FOR)
    assert storage.ledger() == storage.disk == {}


@pytest.mark.parametrize("states", [(), QUEUED, RUNNING])
@pytest.mark.parametrize("is_tab_kept", [True, False])
def test_after_a_kill_the_disk_has_the_last_word(
    states: tuple[State, ...], is_tab_kept: bool
) -> None:
    """What the tab and other windows can read is of seconds before: or there is nothing yet."""
    storage = Storage()
    window = storage.restore()
    task = waiting_task(window, 1)
    storage.save(window)
    before = dict(storage.kept), dict(storage.shared)
    if states:
        window.bind(task, window.server(NORTH, NOON), NOON)
        for state in states:
            window.move(task, state)
        storage.save(window)
    storage.kept, storage.shared = before if is_tab_kept else ({}, {})
    if is_tab_kept:
        again = storage.restore()
        (found,) = again.tasks.values()
        assert (found.state, found.server) == (task.state, task.server)
    else:
        (entry,) = merged(storage.ledger(), read_entries(storage.disk)).values()
        assert entry.record == write_task(task)


def test_an_end_that_nobody_may_have_seen_is_shown_again() -> None:
    """The browser was killed as it was shown."""
    storage = Storage()
    window = storage.restore()
    task = bound_task(window, window.server(NORTH, NOON), *RUNNING)
    storage.save(window)
    before = dict(storage.shared)
    window.end(task, State.COMPLETED, NOON, "socket", None)
    storage.save(window)
    storage.shared = before
    (entry,) = merged(storage.ledger(), read_entries(storage.disk)).values()
    assert entry.record == write_task(task)


def test_the_end_of_an_adopted_task_is_kept_for_the_window_that_it_came_from() -> None:
    """Or that window would take it for its own when it comes back."""
    storage = Storage()
    window = storage.restore()
    task = bound_task(window, window.server(NORTH, NOON), *QUEUED)
    task.epoch = 1
    window.end(task, State.COMPLETED, NOON + 9, "record", None)
    storage.save(window)
    ended = {"t1": Entry(window.window_id, 1, "", NOON + 9, 1)}
    assert storage.ledger() == ended
    storage.save(window, NOON + 10 + END_SHOWN_FOR)
    assert (storage.ledger(), storage.disk) == (ended, {})


@pytest.mark.parametrize("states", [(), (State.UPLOADING,), ON_THE_WAY, UNKNOWN, QUEUED, RUNNING])
def test_a_window_that_lost_its_tasks_is_a_new_one(states: tuple[State, ...]) -> None:
    """Its ids were given up with its tasks; it shows them as adopted, and its ended ones."""
    storage = Storage()
    window = storage.restore()
    north = window.server(NORTH, NOON)
    bound_task(window, north, *states)
    ended = bound_task(window, north, *RUNNING, number=2)
    window.end(ended, State.FAILED, NOON, "socket", None)
    storage.save(window)
    assert not has_lost_tasks(storage.kept, storage.ledger())
    taken(storage, "t1")

    assert has_lost_tasks(storage.kept, storage.ledger())
    again = storage.restore(NOON + 60)
    assert again.window_id != window.window_id
    assert again.client_ids == {}
    assert {task.task_id: task.state for task in again.tasks.values()} == {
        "t1": State.ADOPTED,
        "t2": State.FAILED,
    }
    assert again.tasks[TaskId("t1")].trouble == Trouble.of("adopted")
    assert again.locks.report() is None
    before = storage.ledger()[TaskId("t1")]
    storage.save(again)
    assert storage.ledger()[TaskId("t1")] == before, "the adopter's entry is not ours to change"
    # It stays as it is over further reloads, and keeps its new identity.
    assert storage.restore(NOON + 90).window_id == again.window_id


def test_an_ended_task_is_nobody_elses() -> None:
    """Whatever the ledger says of it."""
    storage = Storage()
    window = storage.restore()
    task = bound_task(window, window.server(NORTH, NOON), *RUNNING)
    storage.save(window)
    taken(storage, "t1")
    window.end(task, State.COMPLETED, NOON, "socket", None)
    storage.kept |= {"task:t1": write_task(task)}
    again = storage.restore(NOON + 60)
    assert again.tasks[task.task_id].state is State.COMPLETED
    assert again.window_id == window.window_id


def test_what_only_the_ledger_has_of_us_is_ours() -> None:
    """A page that slept while its copy started had accepted one task more."""
    storage = Storage()
    window = storage.restore()
    bound_task(window, window.server(NORTH, NOON), *QUEUED)
    waiting_task(window, 2)
    storage.save(window)
    del storage.kept["task:t2"]
    broken = Entry(window.window_id, 0, "{", NOON)
    storage.shared[ENTRY_RECORD + "t3"] = write_entry(broken)
    storage.kept["task:t1"] = "{"
    again = storage.restore(NOON + 5)
    assert not again.notices
    assert list(again.tasks) == ["t1", "t2"]
    assert list(again.waiting) == ["t2"]
    assert entries_of(storage.ledger(), window.window_id)


def test_a_server_that_we_use_stays_in_use_when_a_task_comes_there() -> None:
    """Only one that nobody named is there for its last tasks alone."""
    window = new_window()
    for url in (NORTH, SOUTH):
        task = bound_task(new_window(), new_window().server(url, NOON), *QUEUED, number=len(url))
        task.server = url
        if url == NORTH:
            window.use(NORTH, "north", NOON)
        restore_task(window, task, NOON)
    assert [server.is_leaving for server in window.servers.values()] == [False, True]


def test_a_failed_task_that_another_waits_for_is_taken_up_with_it() -> None:
    """Whoever takes over the window can run it again, and the other goes on."""
    storage = Storage()
    window = storage.restore()
    first, second = waiting_task(window, 1), new_task(2)
    second.after, second.takes = first.task_id, (UploadPlace(NodeId("1"), "image", "picture"),)
    window.add(second)
    window.end(first, State.FAILED, NOON, "here", None)
    storage.save(window)
    assert storage.ledger()["t1"].record == write_task(first)
    storage.save(window, NOON + 1 + END_SHOWN_FOR)
    assert storage.ledger()["t1"].record == write_task(first)
    window.end(second, State.CANCELLED, NOON, "here", None)
    storage.save(window, NOON + 2 + END_SHOWN_FOR)
    assert storage.ledger()["t2"].record == ""
    assert "t1" not in storage.ledger()
