"""Played time stands still until it is run; real time passes by itself."""

import asyncio
import time

from demo.agenda import PlayedAgenda, RealAgenda, Timers
from tests.demo.hand import NOON
from tether.core.events import Event, TimerFired


def test_played_time_passes_only_when_it_is_run() -> None:
    """And then to the very end, whether something is due or not."""
    agenda = PlayedAgenda(NOON)
    done: list[float] = []
    agenda.after(2.0, lambda: done.append(agenda.now()))
    assert (agenda.now(), done) == (NOON, [])
    agenda.run(1.0)
    assert (agenda.now(), done) == (NOON + 1.0, [])
    agenda.run(5.0)
    assert (agenda.now(), done) == (NOON + 6.0, [NOON + 2.0])


def test_what_is_due_at_once_keeps_its_order() -> None:
    """By time, then by when it was put down; a delay below nothing is nothing."""
    agenda = PlayedAgenda(NOON)
    done: list[str] = []
    agenda.after(1.0, done.append, "third")
    agenda.after(1.0, done.append, "fourth")
    agenda.after(0.0, done.append, "first")
    agenda.after(-5.0, done.append, "second")
    agenda.run(1.0)
    assert done == ["first", "second", "third", "fourth"]


def test_what_is_put_down_meanwhile_has_its_turn() -> None:
    """Within the same run, if it is due by then."""
    agenda = PlayedAgenda(NOON)
    done: list[float] = []

    def again() -> None:
        done.append(agenda.now() - NOON)
        agenda.after(1.0, again)

    agenda.after(1.0, again)
    agenda.run(3.0)
    assert done == [1.0, 2.0, 3.0]


def test_a_run_stops_as_soon_as_something_holds() -> None:
    """The rest is still to come."""
    agenda = PlayedAgenda(NOON)
    done: list[int] = []
    for second in (1, 2, 3):
        agenda.after(second, done.append, second)
    assert agenda.run(10.0, lambda: len(done) == 2)
    assert (agenda.now(), done) == (NOON + 2.0, [1, 2])
    assert not agenda.run(10.0, lambda: len(done) == 9)
    assert (agenda.now(), done) == (NOON + 12.0, [1, 2, 3])


def test_real_time_passes_by_itself() -> None:
    """It is the time of day, and what is due comes no sooner."""

    async def wait() -> tuple[float, float]:
        agenda = RealAgenda()
        assert abs(agenda.now() - time.time()) < 1.0
        began, came = agenda.now(), asyncio.Event()
        agenda.after(0.05, came.set)
        agenda.after(-1.0, lambda: None)
        await came.wait()
        return began, agenda.now()

    began, ended = asyncio.run(wait())
    assert 0.045 <= ended - began < 2.0


def test_a_timer_fires_its_key_once() -> None:
    """One that was stopped, never; one that was started anew, at its new time."""
    agenda = PlayedAgenda(NOON)
    fired: list[tuple[float, Event]] = []
    timers = Timers(agenda, lambda event: fired.append((agenda.now() - NOON, event)))
    timers.start(("kept",), 1.0)
    timers.start(("stopped",), 1.0)
    timers.start(("replaced",), 1.0)
    timers.start(("replaced",), 3.0)
    timers.stop(("stopped",))
    timers.stop(("unknown",))
    agenda.run(10.0)
    assert fired == [(1.0, TimerFired(("kept",))), (3.0, TimerFired(("replaced",)))]
    assert timers.now() == NOON + 10.0
    timers.start(("kept",), 1.0)
    agenda.run(1.0)
    assert len(fired) == 3
