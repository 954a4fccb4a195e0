"""Which task gets which place."""

from app.core.allotment import AGAIN
from app.core.dispatcher import FILL_TIMER
from app.core.task import State
from tests.core.farm import (
    NOON,
    NORTH,
    QUEUED,
    RUNNING,
    SOUTH,
    asked,
    bound_task,
    timers,
    waiting_task,
)
from tests.core.test_dispatcher import farm_of_known_pace, new_farm, probes


def test_a_task_waits_for_a_fast_server_rather_than_taking_a_slow_one() -> None:
    """The slow one is asked again when something has happened, though not for each event."""
    window, dispatcher = farm_of_known_pace(north=10.0, south=60.0)
    bound_task(window, window.servers[NORTH], *RUNNING, number=1).started_at = NOON
    first = waiting_task(window, 2)
    commands = dispatcher.fill(NOON)
    assert set(probes(commands)) == {SOUTH}
    dispatcher.told(probes(commands)[SOUTH], 0, NOON)
    assert first.state is State.WAITING
    assert window.is_fill_due
    assert dispatcher.fill(NOON) == ()

    more = [waiting_task(window, number) for number in range(3, 8)]
    commands = dispatcher.fill(NOON + AGAIN / 2)
    assert (asked(commands), timers(commands)) == ([], {FILL_TIMER: AGAIN / 2})
    commands = dispatcher.fill(NOON + AGAIN)
    dispatcher.told(probes(commands)[SOUTH], 0, NOON + AGAIN)
    # Five would be done by the fast one before the slow one has done a single task.
    assert [task.server for task in (first, *more)] == [None] * 4 + [SOUTH, None]


def test_what_waits_for_a_fast_server_that_hangs_goes_to_the_slow_one() -> None:
    """When that would have been done with it by now."""
    window, dispatcher = farm_of_known_pace(north=10.0, south=60.0)
    bound_task(window, window.servers[NORTH], *QUEUED, number=1)
    task = waiting_task(window, 2)
    for at, there in ((NOON, None), (NOON + 59, None), (NOON + 60, SOUTH)):
        asked_for = probes(dispatcher.fill(at))
        dispatcher.told(asked_for[SOUTH], 0, at)
        assert task.server == there
        dispatcher.fill(at)


def test_a_task_that_may_go_nowhere_stops_nobody() -> None:
    """Nor does a server that is to go, or one that has still to answer."""
    window, dispatcher = new_farm(NORTH, SOUTH)
    pinned, free = waiting_task(window, 1, pinned=NORTH), waiting_task(window, 2)
    asked_for = probes(dispatcher.fill(NOON))
    dispatcher.told(asked_for[SOUTH], 9, NOON)
    dispatcher.round_fired(NOON + 1)
    assert (pinned.server, free.server) == (None, SOUTH)
    waiting_task(window, 3)
    assert set(probes(dispatcher.fill(NOON + 1))) == {SOUTH}
    window.leave(window.servers[SOUTH])
    assert dispatcher.fill(NOON + 1) == ()


def test_what_was_passed_over_is_forgotten_with_the_last_task_that_waits() -> None:
    """The next one may want that very place at once."""
    window, dispatcher = farm_of_known_pace(north=10.0, south=60.0)
    bound_task(window, window.servers[NORTH], *RUNNING, number=1).started_at = NOON
    task = waiting_task(window, 2)
    dispatcher.told(probes(dispatcher.fill(NOON))[SOUTH], 0, NOON)
    window.end(task, State.CANCELLED, NOON, "here", None)
    assert dispatcher.fill(NOON) == ()
    waiting_task(window, 3)
    assert set(probes(dispatcher.fill(NOON))) == {SOUTH}
