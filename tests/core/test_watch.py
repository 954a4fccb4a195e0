"""What is remembered between looks."""

from app.core.ids import TaskId
from app.core.watch import BEAT, CALM, FRAMES_WITHIN, Watch


def test_each_server_has_a_memory_of_its_own() -> None:
    """Nothing is shared by two watches."""
    one, other = Watch(), Watch()
    one.missed[TaskId("t1")] = 5.0
    one.details[1] = 5.0
    assert (other.missed, other.details, other.list_id) == ({}, {}, 0)


def test_a_beat_leaves_the_socket_its_time() -> None:
    """The question about a task that a list lacks is asked before the next look."""
    assert FRAMES_WITHIN < BEAT < CALM
