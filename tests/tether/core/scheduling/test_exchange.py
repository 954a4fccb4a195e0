"""PeerReport between the windows of one browser."""

from tests.tether.core.farm import (
    NOON,
    NORTH,
    RUNNING,
    SOUTH,
    all_of,
    bound_task,
    new_window,
    timers,
    waiting_task,
)
from tether.core.commands import Broadcast, Commands
from tether.core.ids import WindowId
from tether.core.model.task import State
from tether.core.scheduling.exchange import REPORT_EVERY, Exchange
from tether.core.timers import ReportTimer
from tether.core.windows.peers import (
    WAITING_SENT,
    PeerLoad,
    PeerReport,
    Timing,
    read_report,
    write_report,
)

OTHER = WindowId("other")
NOTHING = PeerReport(NOON, (), {})


def told(commands: Commands) -> PeerReport:
    """The news among commands."""
    (tell,) = all_of(Broadcast, commands)
    read = read_report(tell.text, NOON)
    assert read is not None
    assert read[1] is not None
    return read[1]


def news_of_a_bound_task() -> PeerReport:
    """What a window tells that has just bound a task."""
    window = new_window()
    bound_task(window, window.server(NORTH, NOON))
    return told(Exchange(window).send(NOON))


def test_a_window_tells_what_waits_and_what_it_has_where() -> None:
    """Again and again, as long as there is something."""
    window = new_window()
    exchange = Exchange(window)
    for url in (NORTH, SOUTH):
        window.server(url, NOON)
    assert told(exchange.send(NOON)) == NOTHING
    assert news_of_a_bound_task().served_at == NOON
    assert timers(exchange.send(NOON)) == {}
    bound_task(window, window.servers[NORTH], *RUNNING, number=1).started_at = NOON
    bound_task(window, window.servers[NORTH], number=2)
    for number in range(3, 5 + WAITING_SENT):
        waiting_task(window, number, pinned=SOUTH)
    commands = exchange.send(NOON)
    news = told(commands)
    assert timers(commands) == {ReportTimer(): REPORT_EVERY}
    assert [each.task_id for each in news.waiting] == [f"t{number}" for number in range(3, 11)]
    assert news.waiting[0].pinned == SOUTH
    assert news.more == 2
    # Nothing like them was ever timed.
    assert news.loads == {NORTH: PeerLoad(1, 1, 2.0, None)}
    assert not news.is_hidden
    window.is_paused = True
    news = told(exchange.send(NOON))
    assert (news.waiting, news.more) == ((), 0)
    window.is_paused = False
    window.is_hidden = True
    assert told(exchange.send(NOON)).is_hidden


def test_who_has_just_come_hears_our_news() -> None:
    """And what was told may open a place for us."""
    window = new_window()
    exchange = Exchange(window)
    window.pending.is_fill_due = False
    assert told(exchange.received(write_report(OTHER, NOTHING), NOON)) == NOTHING
    assert exchange.received(write_report(OTHER, NOTHING), NOON) == ()
    assert not window.pending.is_fill_due
    waiting_task(window)
    window.pending.is_fill_due = False
    exchange.received(write_report(OTHER, NOTHING), NOON)
    assert not window.pending.is_fill_due
    exchange.received(write_report(OTHER, PeerReport(NOON, (), {NORTH: PeerLoad(1)})), NOON)
    assert window.pending.is_fill_due


def test_a_window_knows_how_long_tasks_take_as_soon_as_one_of_its_browser_does() -> None:
    """Also one that has just come; and forgets it with that one."""
    windows = [new_window(), new_window()]
    one, other = map(Exchange, windows)
    windows[0].window_id = OTHER
    task = bound_task(windows[0], windows[0].server(NORTH, NOON), *RUNNING)
    task.ran = 4.0
    windows[0].end(task, State.COMPLETED, NOON, "socket", None)
    waiting_task(windows[1])
    other.received(write_report(OTHER, NOTHING), NOON)
    windows[1].pending.is_fill_due = False
    (tell,) = all_of(Broadcast, one.send(NOON))
    other.received(tell.text, NOON)
    assert windows[1].statistics.durations.knows(NORTH)
    assert windows[1].pending.is_fill_due
    windows[1].pending.is_fill_due = False
    other.received(tell.text, NOON)
    assert not windows[1].pending.is_fill_due
    one.received(write_report(windows[1].window_id, NOTHING), NOON)
    assert not one.update(NOON)
    windows[0].dismiss(task)
    (tell,) = all_of(Broadcast, one.update(NOON))
    other.received(tell.text, NOON)
    assert not windows[1].statistics.durations
    windows[1].statistics.receive(OTHER, (Timing(NOON, task.task_id, NORTH, "", 4.0),))
    other.received('{"window": "other", "says": "left"}', NOON)
    assert not windows[1].statistics.durations


def test_the_same_is_not_told_for_every_step_that_a_task_takes() -> None:
    """Nor is anything, where nobody hears it."""
    window = new_window()
    exchange = Exchange(window)
    north = window.server(NORTH, NOON)
    task = bound_task(window, north, number=1)
    assert exchange.update(NOON) == ()
    window.peers.receive(OTHER, NOTHING)
    assert told(exchange.update(NOON)).loads[NORTH].coming == 1
    window.move(task, State.UPLOADING)
    assert exchange.update(NOON) == ()
    window.move(task, State.POSTING)
    window.move(task, State.QUEUED)
    assert told(exchange.update(NOON)).loads[NORTH].arrived == 1
    waiting_task(window, 2)
    assert told(exchange.update(NOON)).waiting
    assert exchange.update(NOON) == ()


def test_neither_other_words_nor_our_own_are_news() -> None:
    """A duplicated tab speaks by our name for a moment."""
    window = new_window()
    exchange = Exchange(window)
    assert exchange.received("{}", NOON) == ()
    assert exchange.received(write_report(window.window_id, NOTHING), NOON) == ()
    assert exchange.received('{"window": "other", "says": "left"}', NOON) == ()
    assert window.peers.known == set()
