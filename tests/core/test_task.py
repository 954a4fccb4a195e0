"""One job of ours, from acceptance to its end."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.core.errors import InvalidTransition, Trouble
from app.core.task import ENDED, State
from tests.core.farm import NORTH, new_task


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
