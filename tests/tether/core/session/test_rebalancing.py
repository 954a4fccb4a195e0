"""When a task that waits at one server moves to another that stands idle."""

from collections.abc import Callable

import pytest

from tests.tether.core.farm import (
    INVERT,
    NOON,
    NORTH,
    QUEUED,
    RUNNING,
    SOUTH,
    asked,
    bound_task,
    invert_workflow,
    new_window,
    one,
    timers,
    waiting_task,
)
from tether.core.commands import Commands
from tether.core.errors import Trouble
from tether.core.ids import ServerUrl
from tether.core.model.server import Server
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.requests import Ask
from tether.core.session.rebalancing import REBALANCE_EVERY, SECONDS_GAINED, Rebalancing
from tether.core.submission.submission import Submission
from tether.core.submission.withdrawal import Cancellation, resubmit
from tether.core.timers import RebalanceTimer
from tether.core.tracking.reconciler import Reconciler
from tether.core.tracking.verdicts import Verdicts

WEST = ServerUrl("http://west:8188")


class Story:
    """North runs one of our tasks and has another behind it; South has nothing of ours."""

    def __init__(self) -> None:
        self.window: Window = new_window()
        self.north: Server = self.window.server(NORTH, NOON)
        self.south: Server = self.window.server(SOUTH, NOON)
        submission = Submission(self.window)
        verdicts = Verdicts(self.window, submission, Cancellation(self.window, submission))
        self.rebalancing = Rebalancing(self.window, Reconciler(self.window, verdicts))
        self.running = bound_task(self.window, self.north, *RUNNING)
        self.running.started_at = NOON
        self.task = bound_task(self.window, self.north, *QUEUED, number=2)
        self.task.ahead = 1
        self.rebalancing.allow(True)

    def probed(self, length: int | None = 0, now: float = NOON + 9) -> Commands:
        """It is time to look; South tells the length of its queue."""
        (probe,) = asked(self.rebalancing.fired(now), Ask.PROBE)
        return self.rebalancing.answered(probe, length, now)

    def taken_out(self, commands: Commands) -> list[Task]:
        """The tasks that are taken out of a queue."""
        asks = asked(commands, Ask.DELETE)
        return [self.window.tasks[each.task_id] for each in asks if each.task_id]

    def timed(self, server: Server, seconds: float, number: int) -> None:
        """A task of ours has ended there, and the server told how long it took."""
        task = bound_task(self.window, server, *RUNNING, number=number)
        task.ran = seconds
        self.window.end(task, State.COMPLETED, NOON - 50 + number, "socket", None)


def test_a_task_that_waits_moves_to_a_server_that_stands_idle() -> None:
    """Its old server's list is asked for at the same time; nobody else is asked."""
    story = Story()
    assert (
        REBALANCE_EVERY / 2
        <= timers(story.rebalancing.allow(True)).get(RebalanceTimer(), REBALANCE_EVERY)
        <= REBALANCE_EVERY
    )
    commands = story.rebalancing.fired(NOON + 9)
    assert [(each.server, each.ask) for each in asked(commands)] == [
        (SOUTH, Ask.PROBE),
        (NORTH, Ask.JOBS),
    ]
    assert RebalanceTimer() in timers(commands)
    told = story.rebalancing.answered(one(commands, Ask.PROBE), 0, NOON + 9)
    assert story.taken_out(told) == [story.task]
    assert not story.running.is_moving


def test_it_is_off_until_a_person_wants_it() -> None:
    """Turned off in between, nothing begins."""
    story = Story()
    other = Rebalancing(story.window, Reconciler.__new__(Reconciler))
    assert (other.start(), other.fired(NOON), other.allow(False)) == ((), (), ())
    (probe,) = asked(story.rebalancing.fired(NOON + 9), Ask.PROBE)
    assert story.rebalancing.allow(False) == ()
    assert story.rebalancing.answered(probe, 0, NOON + 9) == ()
    assert story.rebalancing.fired(NOON + 18) == ()


def test_nothing_ticks_while_no_task_waits_at_a_server() -> None:
    """One timer at most; it ends by itself."""
    story = Story()
    assert story.rebalancing.start() == ()
    story.window.move(story.task, State.RUNNING)
    assert story.rebalancing.fired(NOON + 9) == ()
    assert story.rebalancing.start() == ()


@pytest.mark.parametrize("length", [1, None])
def test_a_server_that_has_work_or_says_nothing_gets_none(length: int | None) -> None:
    story = Story()
    assert story.probed(length) == ()


def test_an_answer_that_nobody_waits_for_is_passed_over() -> None:
    """The dispatcher asks in the same way, and a later question replaces an earlier one."""
    story = Story()
    (first,) = asked(story.rebalancing.fired(NOON + 9), Ask.PROBE)
    (second,) = asked(story.rebalancing.fired(NOON + 18), Ask.PROBE)
    assert story.rebalancing.answered(first, 0, NOON + 19) == ()
    assert story.taken_out(story.rebalancing.answered(second, 0, NOON + 19)) == [story.task]
    assert story.rebalancing.answered(second, 0, NOON + 19) == ()


def pinned(story: Story) -> None:
    story.task.pinned = NORTH


def moved(story: Story) -> None:
    story.task.was_moved = True


def cancelled(story: Story) -> None:
    story.task.is_cancel_wanted = True


def without_workflow(story: Story) -> None:
    story.window.workflows.clear()


def without_a_place(story: Story) -> None:
    story.task.ahead = None


def next_in_turn(story: Story) -> None:
    story.task.ahead = 0


def paused(story: Story) -> None:
    story.south.is_paused = True


def all_paused(story: Story) -> None:
    """Nothing that is taken out would go anywhere."""
    story.window.is_paused = True


def resting(story: Story) -> None:
    story.south.rests_until = NOON + 60


def with_ours(story: Story) -> None:
    bound_task(story.window, story.south, *QUEUED, number=3).ahead = 0


def with_ours_to_come(story: Story) -> None:
    waiting_task(story.window, 3)


def too_small(story: Story) -> None:
    story.south.max_upload = 5


def unknown_classes(story: Story) -> None:
    odd = {"class_type": "NobodyKnowsThis", "inputs": {}}
    story.window.workflows[INVERT] = invert_workflow(**{"4": odd})


def outlier(story: Story) -> None:
    for number in (7, 8):
        bad = bound_task(story.window, story.south, *RUNNING, number=number)
        story.window.end(bad, State.FAILED, NOON, "socket", Trouble.of("node_failed"))
    good = bound_task(story.window, story.north, *RUNNING, number=9)
    story.window.end(good, State.COMPLETED, NOON, "socket", None)


@pytest.mark.parametrize(
    "change",
    [
        *(pinned, moved, cancelled, without_workflow, without_a_place, next_in_turn, paused),
        *(all_paused, resting, with_ours, with_ours_to_come, too_small, unknown_classes, outlier),
    ],
)
def test_a_task_stays_where(change: Callable[[Story], None]) -> None:
    """It was chosen, was moved before, goes anyway or is next; or the other can't have it."""
    story = Story()
    change(story)
    probes = asked(story.rebalancing.fired(NOON + 9), Ask.PROBE)
    for probe in probes:
        assert story.rebalancing.answered(probe, 0, NOON + 9) == ()
    assert not story.task.is_moving


def test_classes_that_the_idle_server_was_not_asked_for_are_asked_for() -> None:
    """The next look knows them."""
    story = Story()
    unknown_classes(story)
    assert one(story.rebalancing.fired(NOON + 9), Ask.NODE).server == SOUTH


def test_one_task_moves_at_a_time() -> None:
    """Or all would go to the one server that was idle a moment ago."""
    story = Story()
    other = bound_task(story.window, story.north, *QUEUED, number=3)
    other.ahead = 2
    west = story.window.server(WEST, NOON)
    south_probe, west_probe = asked(story.rebalancing.fired(NOON + 9), Ask.PROBE)
    assert story.taken_out(story.rebalancing.answered(south_probe, 0, NOON + 9)) == [other]
    assert story.rebalancing.answered(west_probe, 0, NOON + 9) == ()
    assert asked(story.rebalancing.fired(NOON + 18), Ask.PROBE, Ask.JOBS) == []
    resubmit(story.window, other, story.north, NOON + 19)
    # Its work goes first; only when that is bound does the next one move.
    assert asked(story.rebalancing.fired(NOON + 27), Ask.PROBE) == []
    (new,) = story.window.waiting.values()
    story.window.bind(new, west, NOON + 28)
    assert story.taken_out(story.probed(0, NOON + 36)) == [story.task]


def test_the_task_that_gains_most_moves() -> None:
    """Others' tasks before ours count as well, as many as the list has."""
    story = Story()
    far = bound_task(story.window, story.north, *QUEUED, number=3)
    far.ahead = 9
    near = bound_task(story.window, story.north, *QUEUED, number=4)
    near.ahead = None
    assert story.taken_out(story.probed()) == [far]


@pytest.mark.parametrize(
    ("south_seconds", "is_moved"), [(40.0, True), (71.5 - SECONDS_GAINED, False), (200.0, False)]
)
def test_a_move_must_be_worth_it(south_seconds: float, is_moved: bool) -> None:
    """At a slow server it would end later; what runs is as far as its seconds tell.

    At North a task takes 40 s, and one has run for 9: ours would end in 71.
    """
    story = Story()
    for number in range(5, 25):
        story.timed(story.north, 40.0, number)
        story.timed(story.south, south_seconds, number + 40)
    assert (story.taken_out(story.probed()) == [story.task]) is is_moved
