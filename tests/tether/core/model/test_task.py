"""One job of ours, from acceptance to its end.

How far a task is.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.tether.core.farm import NORTH, new_task
from tether.core.errors import InvalidTransition, Trouble
from tether.core.ids import Digest, NodeId
from tether.core.model.task import ENDED, Progress, State


def test_the_plain_way_of_a_task() -> None:
    """It waits, is bound, uploads, posts, queues, runs, and is done."""
    task = new_task()
    assert not task.is_ended
    for state in (
        State.CONNECTING,
        State.UPLOADING,
        State.POSTING,
        State.QUEUED,
        State.RUNNING,
        State.COMPLETED,
    ):
        task.move(state)
    assert task.is_ended


@pytest.mark.parametrize("step", [State.RUNNING, State.CANCELLED, State.COMPLETED])
def test_a_task_that_begins_or_ends_moves_no_more(step: State) -> None:
    """Nor does it say so."""
    task = new_task()
    task.state, task.is_moving, task.note = State.QUEUED, True, Trouble.of("moving", server="n")
    task.move(step)
    assert (task.is_moving, task.note) == (False, None)


def test_a_task_taken_back_remembers_nothing_of_its_server() -> None:
    """It can be bound anywhere, as if it had never been bound."""
    task = new_task()
    task.move(State.CONNECTING)
    task.move(State.UPLOADING)
    task.server, task.client_id, task.bound_at, task.request_id = NORTH, "c", 7.0, 3
    task.names[("1", "image")] = "photo.png"
    task.unbind()
    assert (task.state, task.server, task.client_id) == (State.WAITING, None, None)
    assert (task.bound_at, task.posted_at, task.request_id, task.names) == (0.0, 0.0, 0, {})


@pytest.mark.parametrize("state", [State.QUEUED, State.RUNNING])
def test_what_a_server_may_have_can_never_go_elsewhere(state: State) -> None:
    """Or it would run twice; of one that is `UNKNOWN` it can be found that no server has it."""
    task = new_task()
    task.state = state
    with pytest.raises(InvalidTransition):
        task.unbind()


@pytest.mark.parametrize("state", sorted(ENDED, key=str))
@pytest.mark.parametrize("step", list(State))
def test_nothing_follows_an_end(state: State, step: State) -> None:
    """Completed, failed, cancelled and lost are for ever."""
    task = new_task()
    task.state = state
    with pytest.raises(InvalidTransition, match=f"task t1: no step from {state.value}"):
        task.move(step)


@given(st.lists(st.sampled_from(State), min_size=10))
def test_a_refused_step_changes_nothing(steps: list[State]) -> None:
    """And only what went through `posting` can complete or be lost."""
    task = new_task()
    seen = [task.state]
    for step in steps:
        try:
            task.move(step)
        except InvalidTransition:
            assert task.state is seen[-1]
        else:
            seen.append(step)
    if task.state in (State.COMPLETED, State.LOST):
        assert State.POSTING in seen


FOUR = frozenset(NodeId(name) for name in "1234")


def at_the_third_node(share: float) -> Progress:
    """Four nodes: two are done, the third has come so far."""
    progress = Progress(FOUR)
    for name in "12":
        progress.reach(NodeId(name), 1.0)
    progress.begin(NodeId("3"))
    progress.reach(NodeId("3"), share)
    return progress


def test_every_node_weighs_the_same() -> None:
    """9 of 100 in the third of four nodes is 52.25 %, one step later it is 52.50 %."""
    assert at_the_third_node(9 / 100).overall == pytest.approx(0.5225)
    assert at_the_third_node(10 / 100).overall == pytest.approx(0.5250)
    assert at_the_third_node(10 / 100).node == pytest.approx(0.1)


def test_before_the_nodes_are_known_nothing_is_done() -> None:
    """After a reload the workflow comes a little later."""
    progress = Progress()
    progress.begin(NodeId("1"))
    progress.reach(NodeId("1"), 0.5)
    assert (progress.overall, progress.node) == (0.0, 0.0)
    progress.count(FOUR)
    progress.reach(NodeId("1"), 0.5)
    assert progress.overall == pytest.approx(0.125)


def test_a_node_that_begins_ends_the_one_before() -> None:
    """Servers say nothing at the end of a node that reports no steps."""
    progress = Progress(FOUR)
    assert progress.node == 0.0
    progress.begin(NodeId("1"))
    progress.begin(NodeId("1"))
    assert progress.overall == 0.0
    progress.begin(NodeId("2"))
    assert progress.overall == 0.25


def test_only_the_nodes_that_run_count() -> None:
    """What was heard of others is forgotten when the workflow is known."""
    progress = Progress(FOUR)
    for name in ("1", "99"):
        progress.reach(NodeId(name), 1.0)
    progress.count(frozenset({NodeId("1"), NodeId("2")}))
    assert progress.overall == 0.5
    progress.count(frozenset({NodeId("2"), NodeId("3")}))
    assert progress.overall == 0.0


names = st.sampled_from([NodeId(name) for name in "12345"])
shares = st.floats(0, 1) | st.floats()
steps = st.lists(
    st.tuples(st.just("begin"), names, shares) | st.tuples(st.just("reach"), names, shares),
    min_size=10,
)


@given(steps)
def test_progress_never_falls_and_stays_within_0_and_1(
    history: list[tuple[str, NodeId, float]],
) -> None:
    """Late frames, repeated ones, and numbers that are none."""
    progress = Progress(FOUR)
    before = 0.0
    for verb, node_id, share in history:
        if verb == "begin":
            progress.begin(node_id)
        else:
            progress.reach(node_id, share)
        assert before <= progress.overall <= 1
        assert 0 <= progress.node <= 1
        before = progress.overall


def test_a_new_node_starts_at_its_first_step() -> None:
    """What was told of the one before is not its own."""
    progress = Progress(frozenset({NodeId("1"), NodeId("2")}))
    progress.begin(NodeId("1"))
    progress.step = (9, 100)
    progress.begin(NodeId("1"))
    assert progress.step == (9, 100)
    progress.begin(NodeId("2"))
    assert progress.step == (0.0, 1.0)


def test_the_bytes_of_all_pictures_count() -> None:
    task = new_task()
    assert task.picture_bytes == sum(picture.size for picture in task.pictures) > 0


@pytest.mark.parametrize("state", State)
def test_what_has_ended_here_can_be_repeated_while_its_files_are_there(state: State) -> None:
    """Not what another window has; nor what was collected, without its workflow."""
    task = new_task()
    task.state = state
    assert task.is_repeatable is (state in ENDED - {State.ADOPTED})
    task.has_files = False
    assert not task.is_repeatable
    task.has_files, task.digest = True, Digest("")
    assert not task.is_repeatable
