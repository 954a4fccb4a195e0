"""When a server that knows nothing of a task means that the task is not there."""

from app.core.absence import APART, DELIVERY_WITHIN, is_missing, told_at
from app.core.task import State, Task
from tests.core.farm import NOON, new_task


def posted(state: State) -> Task:
    """A task that was posted at noon, and acknowledged a second later where it was."""
    task = new_task()
    task.state = state
    task.posted_at = NOON
    task.acknowledged_at = NOON + 1 if state is State.QUEUED else 0.0
    return task


def test_a_task_is_missing_when_it_was_missed_twice() -> None:
    """Seconds apart: once may be a moment between two books."""
    task = posted(State.QUEUED)
    assert not is_missing(task, NOON + 10, NOON + 10.2)
    assert not is_missing(task, NOON + 10.2 + APART / 2, NOON + 11)
    assert task.absences == 1
    assert is_missing(task, NOON + 10.2 + APART, NOON + 11.5)


def test_what_was_asked_too_early_proves_nothing() -> None:
    """The list was on its way when the task came, or when it was sent again."""
    task = posted(State.QUEUED)
    assert told_at(task) == NOON + 1
    assert not is_missing(task, NOON + 1, NOON + 5)
    assert task.absences == 0

    again = posted(State.UNKNOWN)
    again.state, again.posted_at = State.POSTING, NOON + 40
    assert not is_missing(again, NOON + 39, NOON + 41)
    assert again.absences == 0


def test_a_post_without_an_answer_may_be_on_its_way_for_half_a_minute() -> None:
    """Only what is asked after that counts, whenever it is answered."""
    task = posted(State.UNKNOWN)
    assert not is_missing(task, NOON + DELIVERY_WITHIN - 0.1, NOON + DELIVERY_WITHIN + 9)
    assert task.absences == 0
    assert not is_missing(task, NOON + DELIVERY_WITHIN, NOON + DELIVERY_WITHIN)
    assert is_missing(task, NOON + DELIVERY_WITHIN + APART, NOON + DELIVERY_WITHIN + APART)


def test_what_we_cancelled_need_not_be_missed_twice() -> None:
    """A server keeps no trace of it; but only of what it had."""
    task = posted(State.QUEUED)
    task.is_cancel_wanted = True
    assert is_missing(task, NOON + 10, NOON + 10)

    unknown = posted(State.UNKNOWN)
    unknown.is_cancel_wanted = True
    assert not is_missing(unknown, NOON + 40, NOON + 40)
    assert is_missing(unknown, NOON + 42, NOON + 42)
