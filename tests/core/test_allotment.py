"""Which task gets which place."""

from collections import Counter
from itertools import product

from app.core.allotment import AGAIN
from app.core.dispatcher import FILL_TIMER
from app.core.exchange import Exchange
from app.core.ids import ServerUrl, TaskId, WindowId
from app.core.neighbours import PATIENCE, RECENT, TOLD, News, Share, Ticket, write_news
from app.core.task import State
from app.core.window import Settings, Window
from tests.core.farm import (
    NOON,
    NORTH,
    QUEUED,
    RUNNING,
    SOUTH,
    Chance,
    asked,
    bound_task,
    timers,
    waiting_task,
)
from tests.core.test_dispatcher import EAST, farm_of_known_pace, new_farm, probes


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


def another(window: Window, *tickets: Ticket, **shares: Share) -> None:
    """Another window tells what waits there, and what it has by the names of servers."""
    known = {ServerUrl(f"http://{name}:8188"): share for name, share in shares.items()}
    window.neighbours.told(WindowId("other"), News(NOON, tickets, known))


def an_older(name: str = "x", pinned: ServerUrl | None = None) -> Ticket:
    """A task of another window that came before ours."""
    return Ticket(NOON - 5, TaskId(name), pinned, "")


def test_a_place_is_left_to_the_window_whose_turn_it_is() -> None:
    """But if it doesn't take it soon, it is ours."""
    window, dispatcher = farm_of_known_pace(north=10.0)
    task = waiting_task(window, 1)
    another(window, an_older())
    dispatcher.told(probes(dispatcher.fill(NOON))[NORTH], 0, NOON)
    assert task.server is None
    commands = dispatcher.fill(NOON)
    assert (asked(commands), timers(commands)) == ([], {FILL_TIMER: PATIENCE})
    later = NOON + PATIENCE
    dispatcher.told(probes(dispatcher.fill(later))[NORTH], 0, later)
    assert task.server == NORTH


def test_who_has_more_places_than_we_comes_after_us() -> None:
    """However old its tasks are."""
    window, dispatcher = farm_of_known_pace(north=10.0, south=10.0)
    task = waiting_task(window, 1)
    another(window, an_older(), north=Share(0, 1, 500.0, 0.0))
    asked_for = probes(dispatcher.fill(NOON))
    assert set(asked_for) == {SOUTH}
    dispatcher.told(asked_for[SOUTH], 0, NOON)
    assert task.server == SOUTH


def test_what_others_are_about_to_send_counts() -> None:
    """Also where strangers' tasks stand; what is pinned goes nowhere else."""
    for (pinned, other), length in product(((NORTH, SOUTH), (SOUTH, NORTH)), (0, 1)):
        window, dispatcher = new_farm(NORTH, SOUTH)
        task = waiting_task(window, 1)
        window.neighbours.told(WindowId("odd"), News(NOON, (an_older("y", EAST),), {}))
        another(window, an_older("x", pinned))
        for request in probes(dispatcher.fill(NOON)).values():
            dispatcher.told(request, length, NOON)
        assert task.server == other


def test_when_all_are_sent_nobody_is_waited_for() -> None:
    window, dispatcher = farm_of_known_pace(north=10.0)
    task = waiting_task(window, 1)
    another(window, an_older())
    window.hurry()
    dispatcher.told(probes(dispatcher.fill(NOON))[NORTH], 0, NOON)
    assert task.server == NORTH


def test_a_place_that_anothers_task_has_opens_with_its_news() -> None:
    """Or when those are old: news may be lost, and a window may have crashed."""
    for is_lost in (False, True):
        window, dispatcher = new_farm(NORTH)
        window.settings = Settings("base", places=1)
        task = waiting_task(window, 1)
        another(window, north=Share(0, 1, 0.0, None))
        commands = dispatcher.fill(NOON)
        assert (asked(commands), timers(commands)) == ([], {FILL_TIMER: RECENT})
        exchange, at = Exchange(window), NOON + (RECENT if is_lost else 1)
        assert not window.is_fill_due
        if not is_lost:
            exchange.heard(write_news(WindowId("other"), News(at, (), {})), at)
            assert window.is_fill_due
        dispatcher.told(probes(dispatcher.fill(at))[NORTH], 0, at)
        assert task.server == NORTH


def test_places_are_left_to_others_also_while_nobody_knows_how_long_tasks_take() -> None:
    """Of two places one is another window's, and one is ours."""
    window, dispatcher = new_farm(NORTH)
    first, second = waiting_task(window, 1), waiting_task(window, 2)
    another(window, an_older())
    dispatcher.told(probes(dispatcher.fill(NOON))[NORTH], 0, NOON)
    assert (first.server, second.server) == (NORTH, None)
    later = NOON + PATIENCE
    dispatcher.told(probes(dispatcher.fill(later))[NORTH], 0, later)
    assert second.server == NORTH


def test_eight_windows_that_launch_at_once_have_two_tasks_on_each_of_four_servers() -> None:
    """They have told each other what waits, and all draw the same lots."""
    urls = [ServerUrl(f"http://gpu-{number}:8188") for number in range(4)]
    farms = [new_farm(*urls) for _ in range(8)]
    lines: list[tuple[Ticket, ...]] = []
    for number, (window, _) in enumerate(farms):
        window.chance = Chance(number)
        tasks = [waiting_task(window, 10 * number + each) for each in range(10)]
        lines.append(tuple(Ticket(each.accepted_at, each.task_id, None, "") for each in tasks))
    for number, (window, dispatcher) in enumerate(farms):
        for other, line in enumerate(lines):
            if other != number:
                window.neighbours.told(WindowId(f"w{other}"), News(NOON, line[:TOLD], {}))
        for request in probes(dispatcher.fill(NOON)).values():
            dispatcher.told(request, 0, NOON)
    counts = Counter(task.server for window, _ in farms for task in window.live.values())
    assert counts == {**dict.fromkeys(urls, 2), None: 72}
