"""The figures of how well things go."""

from app.core.health import Health, health
from app.core.stuck import UNKNOWN
from app.core.task import State
from tests.core.farm import NOON, NORTH, RUNNING, bound_task, new_window, waiting_task


def test_a_new_window_has_nothing_to_tell() -> None:
    assert health(new_window(), {}, (), NOON) == Health(0, 0, 0, 0, 0, 0, None)


def test_what_went_well_and_what_did_not() -> None:
    """Cancelled ones are nobody's fault; a task of a server that is gone can't be stuck."""
    window = new_window(places=9)
    server = window.server(NORTH, NOON)
    ends = (State.COMPLETED, State.COMPLETED, State.FAILED, State.LOST, State.CANCELLED)
    for number, state in enumerate(ends, 1):
        window.end(bound_task(window, server, *RUNNING, number=number), state, NOON, "socket", None)
    stuck = bound_task(window, server, *RUNNING, number=6)
    stuck.started_at = NOON
    waiting_task(window, 7)
    server.connection.losses = 3
    window.mended = 2
    now = NOON + UNKNOWN + 1
    assert health(window, {}, (0.3, 0.1, 9.0), now) == Health(4, 2, 1, 1, 3, 2, 0.3)
    assert health(window, {(NORTH, stuck.digest): 1e6}, (), now).stuck == 0
    del window.servers[NORTH]
    assert health(window, {}, (), now).stuck == 0
