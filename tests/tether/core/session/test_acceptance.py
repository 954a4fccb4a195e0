"""How tasks come into a window, and how they leave it."""

from dataclasses import replace

import pytest

from tests.tether.core.farm import (
    INVERT,
    NOON,
    NORTH,
    PHOTO,
    RUNNING,
    SOUTH,
    UNKNOWN,
    Chance,
    all_of,
    asked,
    bound_task,
    invert_workflow,
    new_task,
    new_window,
    photo,
    waiting_task,
)
from tether.core.commands import LoadWorkflow, ReleaseFiles
from tether.core.errors import Trouble
from tether.core.events import TaskAccepted, WorkflowLoaded
from tether.core.ids import NodeId, TaskId, WindowId
from tether.core.model.identity import make_prompt_id
from tether.core.model.task import State
from tether.core.model.window import Window
from tether.core.protocol.handover import UploadPlace
from tether.core.protocol.outputs import Output
from tether.core.protocol.requests import Ask
from tether.core.session import acceptance
from tether.core.session.acceptance import Acceptance
from tether.core.session.snapshot import write_task
from tether.core.submission.submission import Submission
from tether.core.submission.withdrawal import Cancellation
from tether.core.tracking.reconciler import Reconciler
from tether.core.tracking.verdicts import Verdicts
from tether.core.windows.ledger import Entry


def acceptance_of(window: Window) -> Acceptance:
    """A window's, with the machines it needs."""
    submission = Submission(window)
    return Acceptance(
        window, Reconciler(window, Verdicts(window, submission, Cancellation(window, submission)))
    )


def accepted(number: int) -> TaskAccepted:
    """A person has given a task."""
    prompt_id = make_prompt_id(Chance(number))
    return TaskAccepted(
        TaskId(f"t{number}"), prompt_id, "photo", invert_workflow(), INVERT, (photo(),)
    )


def test_what_a_task_takes_of_another_is_accepted_with_it() -> None:
    """It waits for that one, in no queue."""
    window = new_window()
    place = UploadPlace(NodeId("1"), "image", "picture")
    event = replace(accepted(2), after=TaskId("t1"), takes=(place,))
    acceptance_of(window).accept(event, NOON)
    task = window.following[event.task_id]
    assert (task.after, task.takes, task.source) == ("t1", (place,), None)


def test_a_corrected_address_takes_along_what_was_chosen_for_it() -> None:
    """What has ended keeps what it had."""
    window = new_window()
    waits, ended, other = waiting_task(window, 1), waiting_task(window, 2), waiting_task(window, 3)
    waits.pinned = ended.pinned = SOUTH
    window.end(ended, State.CANCELLED, NOON, "here", None)
    window.pending.unsaved.clear()
    window.pending.is_fill_due = False
    acceptance_of(window).repin(SOUTH, NORTH)
    assert [task.pinned for task in (waits, ended, other)] == [NORTH, SOUTH, None]
    assert window.pending.unsaved == {waits.task_id}
    assert window.pending.is_fill_due


def orphan(epoch: int = 0, *states: State, number: int = 1) -> Entry:
    """A task of a window that is gone."""
    other = new_window(seed=9)
    if states:
        task = bound_task(other, other.server(NORTH, NOON), *states, number=number)
    else:
        task = waiting_task(other, number)
    return Entry(WindowId("wgone"), epoch, write_task(task), NOON)


def test_a_new_task_waits_with_its_workflow() -> None:
    """Nothing is sent before the dispatcher has chosen."""
    window = new_window()
    assert acceptance_of(window).accept(accepted(1), NOON) == ()
    task = window.tasks[TaskId("t1")]
    assert (task.state, task.accepted_at) == (State.WAITING, NOON)
    assert window.workflows == {INVERT: invert_workflow()}


def test_ended_tasks_are_remembered_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest go first, some at a time, and their stored files with them."""
    assert acceptance.KEPT_ENDS >= 100
    monkeypatch.setattr(acceptance, "KEPT_ENDS", 2)
    monkeypatch.setattr(acceptance, "SPARE_ENDS", 2)
    window = new_window()
    doors = acceptance_of(window)
    for number in range(4):
        assert doors.accept(accepted(number), NOON) == ()
        window.end(window.tasks[TaskId(f"t{number}")], State.CANCELLED, NOON, "here", None)
    gone = (ReleaseFiles(TaskId("t0")), ReleaseFiles(TaskId("t1")))
    assert doors.accept(accepted(4), NOON) == gone
    assert list(window.tasks) == ["t2", "t3", "t4"]


def test_what_has_ended_long_ago_lets_go_of_its_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once; later where something went wrong, or where nobody has kept the results yet."""
    assert 100 <= acceptance.KEPT_FILES < acceptance.KEPT_ENDS
    monkeypatch.setattr(acceptance, "KEPT_FILES", 2)
    window = new_window()
    window.settings = replace(window.settings, keeps_results=True)
    north, doors = window.server(NORTH, NOON), acceptance_of(window)
    tasks = [bound_task(window, north, *RUNNING, number=number) for number in range(5)]
    kept, failed, unkept, *_late = tasks
    for task in tasks:
        task.outputs = (Output(NodeId("9"), "image", "x.png"),)
        state = State.FAILED if task is failed else State.COMPLETED
        window.end(task, state, NOON, "socket", None)
    kept.is_kept = True
    window.pending.unsaved.clear()
    assert doors.accept(accepted(7), NOON) == (ReleaseFiles(kept.task_id),)
    assert kept.task_id in window.pending.unsaved
    assert [task.is_repeatable for task in tasks] == [False, True, True, True, True]
    unkept.is_kept = True
    assert doors.accept(accepted(8), NOON) == (ReleaseFiles(unkept.task_id),)
    assert doors.accept(accepted(9), NOON) == ()
    for number in (8, 9):
        window.end(window.tasks[TaskId(f"t{number}")], State.CANCELLED, NOON, "here", None)
    assert doors.accept(accepted(10), NOON) == (ReleaseFiles(failed.task_id),)


def test_a_running_task_is_adopted_with_a_lock_and_looked_up() -> None:
    """Nothing is said to us of it, so its server is asked at once."""
    window = new_window()
    north = window.use(NORTH, "north", NOON)
    commands = acceptance_of(window).adopt([orphan(3, *RUNNING)], NOON)
    task = window.tasks[TaskId("t1")]
    assert (task.state, task.epoch) == (State.RUNNING, 4)
    assert window.locks.server_of(task.prompt_id) == NORTH
    assert window.bound_to(NORTH) == (task,)
    assert all_of(LoadWorkflow, commands) == [LoadWorkflow(INVERT)]
    assert [request.ask for request in asked(commands)] == [Ask.JOBS]
    assert not north.is_leaving


def test_an_ended_task_of_a_server_that_was_removed_is_shown_as_it_ended() -> None:
    """There is nothing to be asked, and nobody to ask: found by the simulated worlds."""
    window = new_window()
    window.workflows[INVERT] = invert_workflow()
    ended = (*RUNNING, State.COMPLETED)
    assert acceptance_of(window).adopt([orphan(3, *ended)], NOON) == ()
    assert window.tasks[TaskId("t1")].state is State.COMPLETED
    assert NORTH not in window.servers


def test_a_waiting_task_is_adopted_into_our_own_queue() -> None:
    """And its workflow isn't read again when we have it."""
    window = new_window()
    window.workflows[INVERT] = invert_workflow()
    assert acceptance_of(window).adopt([orphan()], NOON) == ()
    assert list(window.waiting) == ["t1"]


def test_only_a_readable_and_unknown_task_is_adopted() -> None:
    """A second telling of the same entry changes nothing."""
    window = new_window()
    ours = waiting_task(window)
    broken = Entry(WindowId("wgone"), 0, "{", NOON)
    assert acceptance_of(window).adopt([broken, orphan()], NOON) == ()
    assert list(window.tasks.values()) == [ours]
    assert ours.epoch == 0
    assert not window.notices


@pytest.mark.parametrize(("count", "code"), [(1, "taken_up_one"), (3, "taken_up")])
def test_what_was_adopted_is_told_once_and_the_oldest_comes_first(count: int, code: str) -> None:
    """The person may wonder where it comes from; storage keeps no order."""
    window = new_window()
    entries = [replace(orphan(number=n), at=NOON + n) for n in reversed(range(count))]
    acceptance_of(window).adopt(entries, NOON)
    assert list(window.tasks) == list(window.waiting) == [f"t{n}" for n in range(count)]
    assert list(window.notices) == [Trouble.of(code, count=count)]


def test_a_task_that_was_taken_from_us_can_come_back() -> None:
    """Its window adopted it, and is gone too: found by the simulated worlds, where it waited on."""
    window = new_window()
    taken = waiting_task(window)
    window.end(taken, State.ADOPTED, NOON, "here", None)
    acceptance_of(window).adopt([orphan(1)], NOON)
    (task,) = window.tasks.values()
    assert (task.state, task.epoch) == (State.WAITING, 2)
    assert list(window.waiting) == [task.task_id]


def test_workflows_are_asked_for_once() -> None:
    """Those of ended tasks never."""
    window = new_window()
    for number in (1, 2):
        window.add(new_task(number))
    ended = new_task(3)
    window.add(ended)
    window.end(ended, State.CANCELLED, NOON, "here", None)
    assert acceptance_of(window).load() == (LoadWorkflow(INVERT),)
    window.end(window.tasks[TaskId("t1")], State.CANCELLED, NOON, "here", None)
    window.end(window.tasks[TaskId("t2")], State.CANCELLED, NOON, "here", None)
    assert acceptance_of(window).load() == ()


def test_a_workflow_that_is_gone_fails_what_could_not_be_sent() -> None:
    """What its server may have is looked for first."""
    window = new_window()
    north = window.use(NORTH, "north", NOON)
    waiting = waiting_task(window)
    unknown = bound_task(window, north, *UNKNOWN, number=2)
    running = bound_task(window, north, *RUNNING, number=3)
    doors = acceptance_of(window)
    doors.loaded(WorkflowLoaded(INVERT, None), NOON)
    assert (waiting.state, waiting.trouble) == (State.FAILED, Trouble.of("workflow_gone"))
    assert (unknown.state, running.state) == (State.UNKNOWN, State.RUNNING)
    unknown.absences = 2
    doors.loaded(WorkflowLoaded(PHOTO, None), NOON)
    assert unknown.state is State.UNKNOWN, "another workflow was asked for"
    doors.loaded(WorkflowLoaded(INVERT, None), NOON)
    assert unknown.state is State.FAILED
    window.pending.is_fill_due = False
    doors.loaded(WorkflowLoaded(INVERT, invert_workflow()), NOON)
    assert window.pending.is_fill_due


def test_only_an_ended_task_is_let_go() -> None:
    """Its files with it, unless another window has taken it over."""
    window = new_window()
    doors = acceptance_of(window)
    tasks = [waiting_task(window, number) for number in (1, 2)]
    assert doors.dismiss(tasks[0]) == ()
    window.end(tasks[0], State.CANCELLED, NOON, "here", None)
    window.end(tasks[1], State.ADOPTED, NOON, "here", None)
    assert doors.dismiss(tasks[0]) == (ReleaseFiles(TaskId("t1")),)
    assert doors.dismiss(tasks[1]) == ()
    assert window.tasks == {}


def test_work_that_is_done_again_is_told_from_its_original() -> None:
    """Neither runs again by itself; of one that was dismissed nobody knows any more."""
    window = new_window()
    doors = acceptance_of(window)
    original = bound_task(window, window.server(NORTH, NOON), *RUNNING)
    window.end(original, State.LOST, NOON, "record", None)
    window.pending.unsaved.clear()
    doors.accept(replace(accepted(2), again_of=original.task_id), NOON + 1)
    again = window.tasks[TaskId("t2")]
    assert (again.again_of, original.is_run_again) == (original.task_id, True)
    assert again.turn == original.turn
    assert original.task_id in window.pending.unsaved
    assert original.note is None

    doors.accept(replace(accepted(3), again_of=TaskId("gone")), NOON + 1)
    assert window.tasks[TaskId("t3")].state is State.WAITING


def test_a_task_that_is_given_up_says_so() -> None:
    """It is not over: its silent server may have it."""
    window = new_window()
    original = bound_task(window, window.server(NORTH, NOON), *RUNNING)
    event = replace(accepted(2), again_of=original.task_id)
    acceptance_of(window).accept(event, NOON + 1)
    assert original.note == Trouble.of("given_up", server="north:8188")
    assert original.state is State.RUNNING


def test_a_task_that_another_waits_for_keeps_its_files_and_its_place(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It has to be run again, however many ended since; what only follows it doesn't count."""
    monkeypatch.setattr(acceptance, "KEPT_ENDS", 4)
    monkeypatch.setattr(acceptance, "SPARE_ENDS", 1)
    monkeypatch.setattr(acceptance, "KEPT_FILES", 1)
    window = new_window()
    server = window.server(NORTH, NOON)
    first = bound_task(window, server, number=99)
    window.end(first, State.FAILED, NOON, "here", None)
    place = UploadPlace(NodeId("1"), "image", "picture")
    follower = new_task(98)
    follower.after, follower.takes = first.task_id, (place,)
    window.add(follower)
    assert window.waited_for() == {first.task_id}
    machine = acceptance_of(window)
    for number in range(12):
        machine.accept(accepted(number), NOON)
        window.end(window.tasks[TaskId(f"t{number}")], State.CANCELLED, NOON, "here", None)
    assert first.task_id in window.tasks
    assert first.is_repeatable
    window.end(follower, State.CANCELLED, NOON, "here", None)
    assert window.waited_for() == set()
    machine.accept(accepted(50), NOON)
    assert first.task_id not in window.tasks
