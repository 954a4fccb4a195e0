"""Timers are keys of clocks."""

from tests.tether.core.farm import NORTH, SOUTH
from tether.core.ids import TaskId
from tether.core.timers import (
    FetchTimer,
    FillTimer,
    LingerTimer,
    PollTimer,
    RecheckTimer,
    RoundTimer,
    SocketTimer,
    TurnTimer,
)


def test_timers_are_equal_by_what_they_are_for() -> None:
    """Not by their values alone: a clock would replace one by another."""
    assert PollTimer(NORTH) == PollTimer(NORTH)
    assert hash(PollTimer(NORTH)) == hash(PollTimer(NORTH))
    task_id = TaskId("t1")
    different = {
        *(PollTimer(NORTH), PollTimer(SOUTH), LingerTimer(NORTH)),
        *(
            SocketTimer(task_id),
            RecheckTimer(task_id),
            TurnTimer(task_id),
            FetchTimer(task_id),
            RoundTimer(),
            FillTimer(),
        ),
    }
    assert len(different) == 9
