"""Tasks that take the result of another."""

from typing import Any

import pytest

from tests.tether.core.farm import NOON, NORTH, RUNNING, SOUTH, bound_task, new_task, new_window
from tether.core.commands import Commands, FetchResult, ReleaseFiles, StartTimer
from tether.core.errors import Trouble
from tether.core.events import FetchFailed, Picture, ResultFetched
from tether.core.ids import Digest, NodeId, TaskId
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.handover import UploadPlace
from tether.core.protocol.outputs import Output
from tether.core.session.chains import FETCHED_AGAIN, SELDOM, Chains, why_it_waits
from tether.core.timers import FetchTimer

PLACE = UploadPlace(NodeId("1"), "image", "picture")
MADE = Output(NodeId("3"), "image", "inv.png", "sub")
SECOND = TaskId("t2")


class Scene:
    """A task on a server, and some that are to follow it, each the one before."""

    def __init__(self, length: int = 2) -> None:
        self.window = new_window()
        self.chains = Chains(self.window)
        server = self.window.use(NORTH, "north", NOON)
        self.first = bound_task(self.window, server, *RUNNING)
        self.then = [follower(self.window, number) for number in range(2, length + 1)]

    @property
    def second(self) -> Task:
        """The first that follows."""
        return self.then[0]

    def end(self, state: State, *outputs: Output, **parts: Any) -> Commands:
        """End the first task, and look."""
        self.first.outputs = outputs
        for name, value in parts.items():
            setattr(self.first, name, value)
        self.window.end(self.first, state, NOON + 9, "socket", None)
        self.window.pending.unsaved.clear()
        return self.chains.follow(NOON + 9)

    def fetching(self) -> Commands:
        """Let it complete: its result is being fetched."""
        return self.end(State.COMPLETED, MADE)


def follower(window: Window, number: int, **parts: Any) -> Task:
    """A task that takes the result of the one before it."""
    task = new_task(number, pictures=0)
    task.after, task.takes = TaskId(f"t{number - 1}"), (PLACE,)
    for name, value in parts.items():
        setattr(task, name, value)
    window.add(task)
    return task


def again(scene: Scene, number: int = 9) -> Task:
    """The first task, run again."""
    scene.first.is_run_again = True
    task = new_task(number)
    task.again_of = scene.first.task_id
    scene.window.add(task)
    return task


def test_while_the_task_before_is_under_way_nothing_is_to_be_done() -> None:
    """It stands in no queue: those behind it go first."""
    scene = Scene()
    assert scene.chains.follow(NOON) == ()
    assert (scene.second.state, scene.second.source) == (State.WAITING, None)
    assert SECOND not in scene.window.waiting
    assert why_it_waits(scene.window, scene.second) is None


def test_a_window_without_chains_has_nothing_to_follow() -> None:
    """That is almost every round of almost every window."""
    scene = Scene(length=1)
    assert scene.fetching() == ()


def test_a_completed_task_hands_its_result_over_in_the_same_round() -> None:
    """From then on the record of the second needs nothing of the first."""
    scene = Scene()
    commands = scene.fetching()
    source = scene.second.source
    assert source is not None
    assert commands == (FetchResult(SECOND, source),)
    assert source == (NORTH, scene.first.prompt_id, MADE, PLACE)
    assert scene.window.pending.unsaved == {SECOND, scene.first.task_id}
    assert scene.chains.follow(NOON) == ()  # once


def test_a_fetched_result_lets_the_task_go_to_any_server() -> None:
    """As its input, beside files of its own."""
    scene = Scene()
    other = (NodeId("7"), "image", Digest("own"), "own.png", 1)
    scene.second.pictures = (Picture(*other), Picture(*PLACE[:2], Digest("old"), "old.png", 1))
    scene.fetching()
    scene.window.pending.is_fill_due = False
    assert scene.chains.fetched(ResultFetched(SECOND, Digest("d1"), 77), NOON) == ()
    task = scene.second
    assert task.pictures == (
        Picture(*other),
        Picture(NodeId("1"), "image", Digest("d1"), "inv.png", 77),
    )
    assert (task.takes, task.source, task.after) == ((), None, scene.first.task_id)
    assert SECOND in scene.window.waiting
    assert SECOND not in scene.window.following
    assert SECOND in scene.window.pending.unsaved
    assert scene.window.pending.is_fill_due
    assert scene.chains.follow(NOON) == ()


def test_a_result_that_is_gone_fails_the_task() -> None:
    """Its server has restarted, and a preview went with it."""
    scene = Scene(length=3)
    scene.fetching()
    scene.chains.fetched(ResultFetched(SECOND, None), NOON + 10)
    assert scene.second.state is State.FAILED
    assert scene.second.trouble == Trouble.of("after_gone", server="north", file="inv.png")
    scene.chains.follow(NOON + 10)
    why = why_it_waits(scene.window, scene.then[1])
    assert why == Trouble.of("after_failed", title=scene.second.title)


def test_the_server_of_a_result_may_be_gone_from_the_page() -> None:
    """Then it is called by its address."""
    scene = Scene()
    scene.fetching()
    scene.window.remove(scene.window.servers[NORTH])
    scene.window.forget(scene.window.servers[NORTH])
    scene.chains.failed(FetchFailed(SECOND))
    assert scene.second.note == Trouble.of("after_unreachable", server="north:8188")


def test_a_result_that_cannot_be_had_is_asked_for_again() -> None:
    """Each time later, to a limit; the card says so, and a word from the network ends the wait."""
    scene = Scene()
    fetch = scene.fetching()
    scene.window.pending.gauges.clear()
    delays = []
    for _ in range(2000):
        (timer,) = scene.chains.failed(FetchFailed(SECOND))
        assert isinstance(timer, StartTimer)
        assert timer.key == FetchTimer(SECOND)
        delays.append(timer.delay)
        assert scene.chains.fired(SECOND) == fetch
    assert delays[:3] == [FETCHED_AGAIN, 2 * FETCHED_AGAIN, 4 * FETCHED_AGAIN]
    assert delays[-1] == SELDOM
    assert scene.chains.retry() == ()  # it is on its way
    scene.chains.failed(FetchFailed(SECOND))
    assert scene.window.pending.gauges == {SECOND}
    why = Trouble.of("after_unreachable", server="north")
    assert why_it_waits(scene.window, scene.second) == why
    assert scene.chains.retry() == fetch
    scene.chains.fetched(ResultFetched(SECOND, Digest("d1"), 77), NOON)
    assert scene.second.note is None


def test_a_result_that_cannot_be_stored_says_why() -> None:
    """It is no fault of the server."""
    scene = Scene()
    scene.fetching()
    why = Trouble.of("task_unkept", detail="the disk is full")
    scene.chains.failed(FetchFailed(SECOND, why))
    assert scene.second.note == why


def test_what_nobody_waits_for_is_not_asked_for() -> None:
    """It was cancelled meanwhile; what came all the same is let go with the card."""
    scene = Scene()
    assert scene.chains.failed(FetchFailed(SECOND)) == ()  # it waits for no result yet
    assert scene.chains.fired(SECOND) == ()
    assert scene.chains.retry() == ()
    scene.fetching()
    assert scene.chains.retry() == ()  # it is on its way
    scene.window.end(scene.second, State.CANCELLED, NOON, "here", None)
    scene.chains.follow(NOON)
    event = ResultFetched(SECOND, Digest("d1"), 77)
    assert scene.chains.failed(FetchFailed(SECOND)) == scene.chains.fired(SECOND) == ()
    assert scene.chains.fetched(event, NOON) == ()
    scene.window.dismiss(scene.second)
    assert scene.chains.fetched(event, NOON) == (ReleaseFiles(SECOND),)


def test_a_result_of_no_fitting_kind_fails_the_task() -> None:
    """A text is no picture."""
    scene = Scene()
    scene.end(State.COMPLETED, Output(NodeId("3"), "text", text="a cat"))
    assert scene.second.trouble == Trouble.of("after_nothing")


@pytest.mark.parametrize(
    ("state", "end"),
    [(State.FAILED, "failed"), (State.LOST, "lost"), (State.CANCELLED, "stopped")],
)
def test_after_a_failure_it_waits_for_the_task_that_is_run_again(state: State, end: str) -> None:
    """Nobody who cancelled it here ended it, so the rest may go on."""
    scene = Scene()
    assert scene.end(state) == ()
    assert scene.second.state is State.WAITING
    why = Trouble.of(f"after_{end}", title=scene.first.title)
    assert why_it_waits(scene.window, scene.second) == why
    new = again(scene)
    scene.window.pending.unsaved.clear()
    scene.chains.follow(NOON)
    assert scene.second.after == new.task_id
    assert scene.window.pending.unsaved == {SECOND, scene.first.task_id}
    assert why_it_waits(scene.window, scene.second) is None


def test_it_follows_a_task_to_another_server_while_that_still_runs() -> None:
    """Whatever becomes of the work at the silent one."""
    scene = Scene()
    new = again(scene)
    scene.chains.follow(NOON)
    assert scene.second.after == new.task_id
    scene.end(State.CANCELLED, is_cancel_wanted=True)
    assert scene.second.state is State.WAITING


def test_records_that_go_round_in_circles_harm_nothing() -> None:
    """No page writes such; another might."""
    scene = Scene()
    new = again(scene)
    new.is_run_again, scene.first.again_of = True, new.task_id
    scene.chains.follow(NOON)
    assert scene.second.after == new.task_id


def test_what_was_run_again_and_removed_is_waited_for_no_more() -> None:
    """The page has no trace of who does its work."""
    scene = Scene()
    scene.end(State.FAILED)
    scene.first.is_run_again = True
    scene.chains.follow(NOON)
    assert scene.second.after == scene.first.task_id


def test_all_that_follow_a_cancelled_task_are_cancelled() -> None:
    """In one round, whatever their order."""
    scene = Scene(length=4)
    scene.window.following = dict(reversed(scene.window.following.items()))
    scene.end(State.CANCELLED, is_cancel_wanted=True)
    assert [task.state for task in scene.then] == [State.CANCELLED] * 3
    assert scene.second.trouble == Trouble.of("after_cancelled")
    # The last ones weren't cancelled by the person, but with the one before them.
    assert all(task.is_cancel_wanted for task in scene.then)


def test_one_that_is_run_again_after_that_waits_for_the_first_to_be_run_again() -> None:
    """Cancelling was yesterday's wish."""
    scene = Scene()
    scene.end(State.CANCELLED, is_cancel_wanted=True)
    anew = follower(
        scene.window, 5, after=scene.first.task_id, again_of=SECOND, accepted_at=NOON + 20
    )
    scene.chains.follow(NOON + 20)
    assert anew.state is State.WAITING
    why = Trouble.of("after_stopped", title=scene.first.title)
    assert why_it_waits(scene.window, anew) == why


def test_one_that_is_run_again_takes_the_newest_result() -> None:
    """The first was run again since, for its result was gone."""
    scene = Scene(length=1)
    scene.end(State.COMPLETED, MADE)
    new = again(scene)
    plain = follower(scene.window, 5, after=scene.first.task_id)
    anew = follower(scene.window, 6, after=scene.first.task_id, again_of=TaskId("t5"))
    scene.chains.follow(NOON)
    assert plain.source is not None
    assert (anew.source, anew.after) == (None, new.task_id)


@pytest.mark.parametrize("is_adopted", [False, True])
def test_a_task_that_is_gone_from_the_page_fails_those_after_it(is_adopted: bool) -> None:
    """It was removed; or another window has it, but not those that follow it."""
    scene = Scene()
    if is_adopted:
        scene.end(State.ADOPTED)
    else:
        scene.end(State.FAILED)
        scene.window.dismiss(scene.first)
        assert why_it_waits(scene.window, scene.second) is None
        scene.chains.follow(NOON)
    assert scene.second.state is State.FAILED
    assert scene.second.trouble == Trouble.of("after_removed")


def test_one_that_names_no_task_fails() -> None:
    """Its record is damaged."""
    scene = Scene()
    scene.second.after = None
    scene.chains.follow(NOON)
    assert scene.second.trouble == Trouble.of("after_removed")


def test_a_server_elsewhere_is_named_as_the_page_names_it() -> None:
    """The result lies there, wherever the second runs."""
    scene = Scene()
    scene.window.server(SOUTH, NOON).name = "studio"
    scene.first.server = SOUTH
    scene.end(State.COMPLETED, MADE)
    scene.chains.failed(FetchFailed(SECOND))
    assert scene.second.note == Trouble.of("after_unreachable", server="studio")
