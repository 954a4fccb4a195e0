"""Doing the work of a task once more."""

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

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
from tests.tether.runtime.test_intake import WORKFLOW
from tests.tether.runtime.world import Blob, MemoryFiles
from tether.core.cells import Axis, Cell
from tether.core.errors import BadInput, Trouble
from tether.core.events import CancelRequested, Event, StorageFailed, TaskAccepted
from tether.core.ids import Digest, TaskId, digest_of
from tether.core.model.server import Reach
from tether.core.model.task import State, Task
from tether.core.model.window import Changes
from tether.runtime.intake import Intake
from tether.runtime.rerun import Rerun


class Scene:
    """A window with one task that runs, its files, and the reruns that were started."""

    def __init__(self, since: float | None = None) -> None:
        self.window = new_window()
        self.files = MemoryFiles()
        self.events: list[Event] = []
        self.started: list[Coroutine[Any, Any, None]] = []
        north = self.window.use(NORTH, "north", NOON)
        self.task: Task = bound_task(self.window, north, *RUNNING)
        self.task.pinned = NORTH
        self.task.digest = digest_of(json.dumps(WORKFLOW.nodes))
        self.files.kept = {self.task.digest: json.dumps(WORKFLOW.nodes), PHOTO: Blob(b"photo")}
        emit = self.events.append
        intake = Intake(self.window, emit, self.files, Chance(7), lambda: NOON)
        self.rerun = Rerun(self.window, intake, emit, self.started.append)
        self.rerun.rerun_from(since)

    def round(self) -> None:
        """The runner has ended a round in which the task's record changed."""
        changed = frozenset({self.task.task_id})
        self.rerun.changed(Changes(changed, changed, False))

    def finish(self) -> list[TaskId | None]:
        """Let the started reruns end; returns which tasks run again."""
        for work in self.started:
            asyncio.run(work)
        self.started.clear()
        accepted = [event for event in self.events if isinstance(event, TaskAccepted)]
        return [event.again_of for event in accepted]

    def end(self, state: State = State.LOST) -> None:
        """The task ends."""
        self.window.end(self.task, state, NOON, "record", None)

    def run_again(self) -> None:
        """A person wants it once more."""
        asyncio.run(self.rerun.run_again(self.task.task_id))

    def run_elsewhere(self) -> None:
        """A person gives it up where it is."""
        asyncio.run(self.rerun.run_elsewhere(self.task.task_id))


def test_a_task_that_has_ended_runs_again_as_a_new_one() -> None:
    """New ids, the same work; its files are kept for it before anybody hears of it."""
    scene = Scene()
    scene.task.cell = Cell("s", (Axis("Steps", "4", 0),))
    scene.end()
    scene.run_again()
    (event,) = scene.events
    assert isinstance(event, TaskAccepted)
    assert event.task_id != scene.task.task_id
    assert event.cell == scene.task.cell, "it takes its place in the sweep"
    assert event.prompt_id != scene.task.prompt_id
    assert (event.again_of, event.pinned) == (scene.task.task_id, NORTH)
    assert (event.digest, event.pictures) == (scene.task.digest, scene.task.pictures)
    assert event.asked_at == scene.task.asked_at, "it stands beside it"
    assert event.workflow == invert_workflow()
    assert scene.files.users[event.task_id] == {scene.task.digest, PHOTO}


def test_those_lost_in_one_round_run_again_in_their_turns() -> None:
    """Whatever order a set has."""
    scene = Scene(since=NOON)
    north, tasks = scene.window.servers[NORTH], [scene.task]
    for number in range(2, 12):
        tasks.append(bound_task(scene.window, north, *RUNNING, number=number))
        tasks[-1].digest = scene.task.digest
    for task in reversed(tasks):
        scene.window.end(task, State.LOST, NOON, "record", None)
    changed = frozenset(task.task_id for task in tasks)
    scene.rerun.changed(Changes(changed, changed, False))
    assert scene.finish() == [task.task_id for task in tasks]


@pytest.mark.parametrize("reach", [None, Reach.DOWN, Reach.REFUSED, Reach.ODD])
def test_a_task_runs_again_elsewhere_where_its_server_cannot_be_used(reach: Reach | None) -> None:
    """It was removed, is down or refuses: the person has seen that it waits for it in vain."""
    scene = Scene()
    scene.end()
    north = scene.window.servers[NORTH]
    if reach is None:
        scene.window.remove(north)
    else:
        north.failed(reach, Trouble.of("server_silent", server="north"), NOON)
    scene.run_again()
    (event,) = scene.events
    assert isinstance(event, TaskAccepted)
    assert event.pinned is None


def test_a_task_that_is_not_over_does_not_run_again() -> None:
    """Nor does one that is gone; and only what runs can be given up."""
    scene = Scene()
    scene.run_again()
    asyncio.run(scene.rerun.run_again(TaskId("gone")))
    scene.end()
    scene.run_elsewhere()
    asyncio.run(scene.rerun.run_elsewhere(TaskId("gone")))
    assert scene.events == []


def test_what_is_given_up_is_cancelled_where_it_was() -> None:
    """After its work is safe elsewhere; it isn't pinned to the silent server any more."""
    scene = Scene()
    scene.run_elsewhere()
    accepted, cancelled = scene.events
    assert isinstance(accepted, TaskAccepted)
    assert (accepted.again_of, accepted.pinned) == (scene.task.task_id, None)
    assert cancelled == CancelRequested(scene.task.task_id)


@pytest.mark.parametrize(("gone", "code"), [(None, "workflow_gone"), (PHOTO, "picture_gone")])
def test_what_the_browser_no_longer_has_cannot_run_again(gone: Digest | None, code: str) -> None:
    """It says what is missing, and cancels nothing."""
    scene = Scene()
    del scene.files.kept[gone or scene.task.digest]
    with pytest.raises(BadInput) as refused:
        scene.run_elsewhere()
    assert refused.value.trouble.code == code
    assert scene.events == []


def test_lost_tasks_run_again_by_themselves_where_that_is_wanted() -> None:
    """Each once, after the round that lost them."""
    scene = Scene(NOON)
    scene.round()
    assert scene.started == []
    scene.end()
    scene.round()
    scene.round()
    assert scene.finish() == [scene.task.task_id]


def test_a_loss_is_made_good_as_soon_as_that_is_wanted() -> None:
    """Without waiting for another change, and not while it is not wanted."""
    scene = Scene()
    scene.end()
    scene.round()
    assert scene.started == []
    scene.rerun.rerun_from(NOON)
    assert scene.finish() == [scene.task.task_id]


def test_a_round_that_changed_no_record_starts_nothing() -> None:
    """Progress comes many times a second."""
    scene = Scene(NOON)
    scene.end()
    scene.rerun.changed(Changes(frozenset(), frozenset({scene.task.task_id}), True))
    assert scene.started == []


def test_what_was_lost_before_is_left_to_the_person() -> None:
    """Who wants it from now on has not asked for the old ones."""
    scene = Scene(NOON + 1)
    scene.end()
    scene.round()
    assert scene.started == []


def test_a_lost_task_that_can_not_run_again_says_why() -> None:
    """Among the window's notices: nobody has asked for it just now."""
    scene = Scene(NOON)
    scene.files.kept.clear()
    scene.end()
    scene.round()
    assert scene.finish() == []
    assert scene.events == [StorageFailed(Trouble.of("workflow_gone"))]


def test_only_a_first_loss_is_repaired() -> None:
    """Not what failed, was collected, ran again already, or did so in vain."""
    scene = Scene(NOON)
    scene.end(State.FAILED)
    scene.round()
    assert scene.started == []
    for name, value in (("digest", Digest("")), ("is_run_again", True), ("again_of", TaskId("t"))):
        scene = Scene(NOON)
        scene.end()
        setattr(scene.task, name, value)
        scene.round()
        assert scene.started == []
