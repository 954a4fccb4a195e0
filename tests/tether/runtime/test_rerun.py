"""Doing the work of a task once more."""

import asyncio

import pytest

from tests.tether.core.farm import (
    NOON,
    NORTH,
    PHOTO,
    RUNNING,
    Chance,
    bound_task,
    invert_workflow,
    new_window,
)
from tests.tether.runtime.test_intake import TEXT
from tests.tether.runtime.world import Blob, MemoryFiles
from tether.core.errors import BadInput
from tether.core.events import CancelRequested, Event, TaskAccepted
from tether.core.ids import Digest, TaskId, digest_of
from tether.core.model.task import State, Task
from tether.runtime.intake import Intake
from tether.runtime.rerun import Repetition


class Desk:
    """A window with one task that runs, and its files."""

    def __init__(self, since: float | None = None) -> None:
        self.window = new_window()
        self.files = MemoryFiles()
        self.events: list[Event] = []
        self.task: Task = bound_task(self.window, self.window.server(NORTH, NOON), *RUNNING)
        self.task.pinned = NORTH
        self.task.digest = digest_of(TEXT)
        self.files.kept = {self.task.digest: TEXT, PHOTO: Blob(b"photo")}
        emit = self.events.append
        intake = Intake(self.window, emit, self.files, Chance(7))
        self.repetition = Repetition(self.window, intake, emit, since)

    def end(self, state: State = State.LOST) -> None:
        """The task ends."""
        self.window.end(self.task, state, NOON, "record", None)

    def run_again(self) -> None:
        """A person wants it once more."""
        asyncio.run(self.repetition.run_again(self.task.task_id))

    def run_elsewhere(self) -> None:
        """A person gives it up where it is."""
        asyncio.run(self.repetition.run_elsewhere(self.task.task_id))


def test_a_task_that_has_ended_runs_again_as_a_new_one() -> None:
    """New ids, the same work; its files are kept for it before anybody hears of it."""
    desk = Desk()
    desk.end()
    desk.run_again()
    (event,) = desk.events
    assert isinstance(event, TaskAccepted)
    assert event.task_id != desk.task.task_id
    assert event.prompt_id != desk.task.prompt_id
    assert (event.again_of, event.pinned) == (desk.task.task_id, NORTH)
    assert (event.digest, event.pictures) == (desk.task.digest, desk.task.pictures)
    assert event.workflow == invert_workflow()
    assert desk.files.users[event.task_id] == {desk.task.digest, PHOTO}


def test_a_task_that_is_not_over_does_not_run_again() -> None:
    """Nor does one that is gone; and only what runs can be given up."""
    desk = Desk()
    desk.run_again()
    asyncio.run(desk.repetition.run_again(TaskId("gone")))
    desk.end()
    desk.run_elsewhere()
    asyncio.run(desk.repetition.run_elsewhere(TaskId("gone")))
    assert desk.events == []


def test_what_is_given_up_is_cancelled_where_it_was() -> None:
    """After its work is safe elsewhere; it isn't pinned to the silent server any more."""
    desk = Desk()
    desk.run_elsewhere()
    accepted, cancelled = desk.events
    assert isinstance(accepted, TaskAccepted)
    assert (accepted.again_of, accepted.pinned) == (desk.task.task_id, None)
    assert cancelled == CancelRequested(desk.task.task_id)


@pytest.mark.parametrize(("gone", "code"), [(None, "workflow_gone"), (PHOTO, "picture_gone")])
def test_what_the_browser_no_longer_has_cannot_run_again(gone: Digest | None, code: str) -> None:
    """It says what is missing, and cancels nothing."""
    desk = Desk()
    del desk.files.kept[gone or desk.task.digest]
    with pytest.raises(BadInput) as refused:
        desk.run_elsewhere()
    assert refused.value.trouble.code == code
    assert desk.events == []


def test_lost_tasks_run_again_by_themselves_where_that_is_wanted() -> None:
    """Each once; others not, nor what was lost a second time."""
    desk = Desk(NOON)
    assert desk.repetition.due() == ()
    desk.end()
    assert desk.repetition.due() == (desk.task.task_id,)
    assert desk.repetition.due() == ()

    off = Desk()
    off.end()
    assert off.repetition.due() == ()
    off.repetition.since = NOON
    assert off.repetition.due() == (off.task.task_id,)


def test_what_was_lost_before_is_left_to_the_person() -> None:
    """Who wants it from now on has not asked for the old ones."""
    desk = Desk(NOON + 1)
    desk.end()
    assert desk.repetition.due() == ()


def test_only_a_first_loss_is_repaired() -> None:
    """Not what failed, was collected, ran again already, or did so in vain."""
    desk = Desk(NOON)
    desk.end(State.FAILED)
    assert desk.repetition.due() == ()
    for name, value in (("digest", Digest("")), ("is_run_again", True), ("again_of", TaskId("t"))):
        desk = Desk(NOON)
        desk.end()
        setattr(desk.task, name, value)
        assert desk.repetition.due() == ()
