"""The window's own queue, and the choice of a server for each task in it."""

import json
from typing import Any

import pytest

import tether.core.submission.dispatcher as dispatcher_module
from tests.tether.core.farm import (
    INVERT,
    NOON,
    NORTH,
    QUEUED,
    RUNNING,
    SOUTH,
    asked,
    bound_task,
    invert_workflow,
    new_window,
    one,
    timers,
    waiting_task,
)
from tether.core.commands import Command, Commands
from tether.core.errors import Trouble
from tether.core.ids import Digest, ServerUrl
from tether.core.model.balancer import LARGEST_SAMPLE, SMALLEST_SAMPLE, WHOLE_FLEET
from tether.core.model.server import Reach
from tether.core.model.statistics import OUTLIER_PAUSE
from tether.core.model.task import State, Task
from tether.core.model.window import Window
from tether.core.protocol.requests import Ask, Owner, Request, probe
from tether.core.scheduling.capacity import AT_ONCE
from tether.core.submission.dispatcher import (
    AVOIDED_FOR,
    QUERIED_AHEAD,
    ROUND_WITHIN,
    TIMER_TOLERANCE,
    Dispatcher,
)
from tether.core.submission.submission import Submission
from tether.core.timers import FillTimer, RoundTimer

EAST = ServerUrl("http://east:8188")


def new_farm(*urls: ServerUrl, places: int = 2) -> tuple[Window, Dispatcher]:
    """A window with these servers."""
    window = new_window(places)
    for url in urls:
        window.server(url, NOON)
    return window, Dispatcher(window, Submission(window))


def probes(commands: tuple[Command, ...]) -> dict[ServerUrl, Request]:
    """The probes among commands, by server."""
    return {request.server: request for request in asked(commands, Ask.PROBE)}


def servers_of(window: Window) -> list[ServerUrl | None]:
    """Where the tasks are, in the order of their acceptance."""
    return [task.server for task in window.tasks.values()]


def test_the_shortest_queue_gets_the_task_after_all_were_asked() -> None:
    """One round of probes, each with its own time."""
    window, dispatcher = new_farm(NORTH, SOUTH)
    task = waiting_task(window)
    commands = dispatcher.fill(NOON)
    asked_for = probes(commands)
    assert set(asked_for) == {NORTH, SOUTH}
    assert timers(commands) == {RoundTimer(): ROUND_WITHIN}
    assert not window.pending.is_fill_due

    assert dispatcher.answered(asked_for[NORTH], 3, NOON) == ()
    dispatcher.answered(asked_for[SOUTH], 1, NOON)
    assert (task.server, task.state) == (SOUTH, State.CONNECTING)
    assert window.pending.is_fill_due


def test_own_sends_count_at_once() -> None:
    """Three tasks, equal queues: no server gets all of them; and places are kept."""
    window, dispatcher = new_farm(NORTH, SOUTH)
    for number in range(1, 6):
        waiting_task(window, number)
    for request in probes(dispatcher.fill(NOON)).values():
        dispatcher.answered(request, 5, NOON)
    assert sorted(map(str, servers_of(window))) == sorted([NORTH, SOUTH, NORTH, SOUTH, "None"])
    assert len(window.waiting) == 1
    # All places are taken: nobody is asked in vain.
    assert dispatcher.fill(NOON) == ()


def test_tasks_on_their_way_count_and_those_in_the_queue_do_not_count_twice() -> None:
    """The server's own number holds what it has acknowledged."""
    window, dispatcher = new_farm(NORTH, SOUTH, places=3)
    bound_task(window, window.servers[NORTH], number=1)
    bound_task(window, window.servers[SOUTH], *QUEUED, number=2)
    task = waiting_task(window, 3)
    asked_for = probes(dispatcher.fill(NOON))
    dispatcher.answered(asked_for[NORTH], 1, NOON)
    dispatcher.answered(asked_for[SOUTH], 1, NOON)
    assert task.server == SOUTH


def test_of_a_large_fleet_only_some_are_asked() -> None:
    """Those that the oldest task may go to: it must not wait for a lucky lot."""
    urls = [ServerUrl(f"http://gpu-{number}:8188") for number in range(WHOLE_FLEET + 2)]
    window, dispatcher = new_farm(*urls)
    waiting_task(window, 1)
    assert len(probes(dispatcher.fill(NOON))) == LARGEST_SAMPLE

    window, dispatcher = new_farm(*urls)
    done = bound_task(window, window.servers[urls[0]], *RUNNING, number=1)
    done.ran = 10.0
    window.end(done, State.COMPLETED, NOON, "socket", None)
    task = waiting_task(window, 2)
    window.servers[urls[0]].bandwidth = task.pictures[0].size / 20.0
    assert len(probes(dispatcher.fill(NOON))) == SMALLEST_SAMPLE, (
        "an upload takes twice as long as a task"
    )

    window, dispatcher = new_farm(*urls)
    bound_task(window, window.servers[urls[0]], number=1)
    bound_task(window, window.servers[urls[0]], number=2)
    full = waiting_task(window, 3, pinned=urls[0])
    pinned, free = waiting_task(window, 4, pinned=urls[9]), waiting_task(window, 5)
    asked_for = probes(dispatcher.fill(NOON))
    assert set(asked_for) == {urls[9]}
    dispatcher.answered(asked_for[urls[9]], 0, NOON)
    assert (full.server, pinned.server, free.server) == (None, urls[9], urls[9])

    window, dispatcher = new_farm(*urls)
    waiting_task(window, 1)
    first = waiting_task(window, 2, pinned=urls[5])
    window.reorder([first.task_id], None, NOON)
    assert set(probes(dispatcher.fill(NOON))) == {urls[5]}


def test_a_pinned_task_goes_nowhere_else() -> None:
    """It waits for its server, and lets others pass."""
    window, dispatcher = new_farm(NORTH, SOUTH, places=1)
    bound_task(window, window.servers[NORTH], number=1)
    pinned, free = waiting_task(window, 2, pinned=NORTH), waiting_task(window, 3)
    asked_for = probes(dispatcher.fill(NOON))
    assert set(asked_for) == {SOUTH}
    dispatcher.answered(asked_for[SOUTH], 0, NOON)
    assert (pinned.server, free.server) == (None, SOUTH)


def test_a_task_whose_only_server_did_not_answer_waits() -> None:
    """Others of the round have answered, but it may not go there."""
    window, dispatcher = new_farm(NORTH, SOUTH)
    pinned, free = waiting_task(window, 1, pinned=NORTH), waiting_task(window, 2)
    asked_for = probes(dispatcher.fill(NOON))
    dispatcher.answered(asked_for[NORTH], None, NOON)
    dispatcher.answered(asked_for[SOUTH], 9, NOON)
    assert (pinned.server, free.server) == (None, SOUTH)


def test_no_task_waits_for_a_server_that_hangs() -> None:
    """After a second we choose among those that have answered."""
    window, dispatcher = new_farm(NORTH, SOUTH, places=1)
    first, second = waiting_task(window, 1), waiting_task(window, 2)
    asked_for = probes(dispatcher.fill(NOON))
    dispatcher.answered(asked_for[SOUTH], 9, NOON)
    assert first.server is None
    dispatcher.round_fired(NOON + 1)
    assert first.server == SOUTH

    # It hangs still: it isn't asked again, and its late answer is good.
    assert dispatcher.fill(NOON + 1) == ()
    dispatcher.answered(asked_for[NORTH], 0, NOON + 4)
    assert second.server == NORTH


def test_every_round_has_its_own_second() -> None:
    """A round that was late makes no other one hasty."""
    window, dispatcher = new_farm(NORTH, SOUTH)
    first = waiting_task(window, 1)
    asked_for = probes(dispatcher.fill(NOON))
    dispatcher.round_fired(NOON + 1)
    dispatcher.answered(asked_for[NORTH], 5, NOON + 2)
    dispatcher.answered(asked_for[SOUTH], 5, NOON + 2)
    assert first.server == NORTH

    second = waiting_task(window, 2)
    asked_for = probes(dispatcher.fill(NOON + 3))
    dispatcher.answered(asked_for[NORTH], 5, NOON + 3)
    assert second.server is None
    dispatcher.answered(asked_for[SOUTH], 1, NOON + 3)
    assert second.server == SOUTH


def test_when_all_hang_the_first_answer_decides() -> None:
    """Nothing is chosen from nothing."""
    window, dispatcher = new_farm(NORTH, SOUTH)
    task = waiting_task(window)
    asked_for = probes(dispatcher.fill(NOON))
    assert dispatcher.round_fired(NOON + 1) == ()
    assert dispatcher.fill(NOON + 1) == ()
    dispatcher.answered(asked_for[SOUTH], 9, NOON + 2)
    assert task.server == SOUTH


def test_a_server_that_failed_is_asked_when_its_time_has_come() -> None:
    """With a timer, for nothing else may ever happen here."""
    window, dispatcher = new_farm(NORTH)
    waiting_task(window)
    north = window.servers[NORTH]
    north.failed(Reach.DOWN, Trouble.of("server_silent"), NOON)
    commands = dispatcher.fill(NOON)
    assert timers(commands) == {FillTimer(): north.retry_at - NOON}
    assert asked(commands) == []
    assert set(probes(dispatcher.fill(north.retry_at))) == {NORTH}


def test_an_answer_that_nobody_waits_for_changes_nothing() -> None:
    """Other calls ask for the queue too."""
    window, dispatcher = new_farm(NORTH)
    task = waiting_task(window)
    dispatcher.fill(NOON)
    other = probe(999, NORTH, Owner.DISPATCHER)
    assert dispatcher.answered(other, 0, NOON) == ()
    assert task.server is None


def test_a_server_that_goes_during_a_round_stops_nobody() -> None:
    """Neither as the last that was waited for, nor as one of several."""
    window, dispatcher = new_farm(NORTH, SOUTH, EAST)
    task = waiting_task(window)
    asked_for = probes(dispatcher.fill(NOON))
    dispatcher.answered(asked_for[EAST], 2, NOON)
    for url in (NORTH, SOUTH):
        assert task.server is None
        del window.servers[url]
        dispatcher.forget(url, NOON)
    assert task.server == EAST

    # What comes back is asked like a new one; what was never asked can go as well.
    window.server(NORTH, NOON)
    waiting_task(window, 2)
    assert NORTH in probes(dispatcher.fill(NOON))
    assert dispatcher.forget(SOUTH, NOON) == ()


def test_a_server_that_is_to_go_gets_no_task() -> None:
    """Even when it was asked before, and has the shorter queue."""
    window, dispatcher = new_farm(NORTH, SOUTH)
    task = waiting_task(window)
    asked_for = probes(dispatcher.fill(NOON))
    window.remove(window.servers[NORTH])
    dispatcher.answered(asked_for[NORTH], 0, NOON)
    dispatcher.answered(asked_for[SOUTH], 9, NOON)
    assert task.server == SOUTH

    # Who is pinned to it waits, and nobody is asked in vain.
    waiting_task(window, 2, pinned=NORTH)
    assert dispatcher.fill(NOON) == ()
    waiting_task(window, 3)
    window.remove(window.servers[SOUTH])
    assert dispatcher.fill(NOON) == ()


def test_a_workflow_that_is_still_being_read_is_waited_for() -> None:
    """After a reload it comes a little later."""
    window, dispatcher = new_farm(NORTH)
    waiting_task(window)
    workflow = window.workflows.pop(INVERT)
    assert dispatcher.fill(NOON) == ()
    window.workflows[INVERT] = workflow
    assert set(probes(dispatcher.fill(NOON))) == {NORTH}


def test_a_picture_too_large_for_every_server_fails_before_anything_is_sent() -> None:
    """With its size and the widest limit; one that fits somewhere goes there."""
    window, dispatcher = new_farm(NORTH, SOUTH)
    north, south = window.servers[NORTH], window.servers[SOUTH]
    north.max_upload = south.max_upload = 5_000_000
    south.name = "South"
    lost = waiting_task(window, 1, pinned=SOUTH)
    assert asked(dispatcher.fill(NOON)) == []
    assert lost.state is State.FAILED
    assert lost.trouble is not None
    assert lost.trouble.code == "picture_too_large"
    assert dict(lost.trouble.facts) == {
        "picture": "photo.png",
        "size": "8",
        "server": "South",
        "limit": "5",
    }

    north.max_upload = None
    fits = waiting_task(window, 2)
    request = one(dispatcher.fill(NOON), Ask.PROBE)
    assert request.server == NORTH
    dispatcher.answered(request, 0, NOON)
    assert fits.server == NORTH


def test_with_nothing_to_do_nobody_is_asked() -> None:
    """No task, or no server."""
    _, dispatcher = new_farm(NORTH)
    assert dispatcher.fill(NOON) == ()
    window, dispatcher = new_farm()
    waiting_task(window)
    assert dispatcher.fill(NOON) == ()


def test_in_a_hurry_all_that_waits_is_sent_a_few_at_a_time() -> None:
    """However many a server has of ours; then the usual places count again."""
    window, dispatcher = new_farm(NORTH, places=1)
    bound_task(window, window.servers[NORTH], *QUEUED)
    for number in range(2, 7):
        waiting_task(window, number)
    assert dispatcher.fill(NOON) == ()
    window.send_all()
    while window.waiting:
        dispatcher.answered(probes(dispatcher.fill(NOON))[NORTH], 0, NOON)
        in_transit = [t for t in window.tasks.values() if t.state is State.CONNECTING]
        assert 0 < len(in_transit) <= AT_ONCE
        for task in in_transit:
            window.move(task, State.POSTING)
            window.move(task, State.QUEUED)
    waiting_task(window, 8)
    assert window.is_sending_all
    window.waiting.clear()
    assert dispatcher.fill(NOON) == ()
    assert not window.is_sending_all


def test_in_a_hurry_a_slow_server_gets_fewer() -> None:
    """Nothing can be moved afterwards."""
    window, dispatcher = new_farm(NORTH, SOUTH)
    for number, (url, seconds) in enumerate(((NORTH, 30.0), (SOUTH, 1.0)), start=1):
        done = bound_task(window, window.servers[url], *RUNNING, number=number)
        window.end(done, State.COMPLETED, NOON, "socket", None)
        done.ran = seconds
    for number in range(3, 6):
        waiting_task(window, number)
    window.send_all()
    asked_for = probes(dispatcher.fill(NOON))
    dispatcher.answered(asked_for[NORTH], 0, NOON)
    dispatcher.answered(asked_for[SOUTH], 2, NOON)
    assert servers_of(window)[2:] == [SOUTH] * 3


def test_work_that_was_given_up_on_a_server_goes_elsewhere() -> None:
    """Or waits, until the server has said what became of it."""
    window, dispatcher = new_farm(NORTH)
    original = bound_task(window, window.servers[NORTH], *RUNNING)
    again = waiting_task(window, 2)
    again.again_of = original.task_id
    assert asked(dispatcher.fill(NOON)) == []
    window.end(original, State.CANCELLED, NOON + 60, "record", None)
    assert set(probes(dispatcher.fill(NOON + 60))) == {NORTH}


def ended(window: Window, server: ServerUrl, state: State, number: int) -> None:
    """A task of the usual workflow has ended there."""
    task = bound_task(window, window.servers[server], *RUNNING, number=number)
    window.end(task, state, NOON, "socket", Trouble.of("node_failed"))


def farm_with_an_outlier() -> tuple[Window, Dispatcher]:
    """In the north the workflow failed twice, in the south it went well."""
    window, dispatcher = new_farm(NORTH, SOUTH)
    for server in window.servers.values():
        server.answered()
    ended(window, NORTH, State.FAILED, 11)
    ended(window, NORTH, State.FAILED, 12)
    ended(window, SOUTH, State.COMPLETED, 13)
    return window, dispatcher


def test_a_workflow_stays_away_from_where_it_fails_and_others_complete_it() -> None:
    """However short that queue is, and while the others are full; another workflow may go."""
    window, dispatcher = farm_with_an_outlier()
    tasks = [waiting_task(window, number) for number in (1, 2, 3)]
    commands = dispatcher.fill(NOON + 1)
    asked_for = probes(commands)
    assert set(asked_for) == {SOUTH}
    assert timers(commands)[FillTimer()] == AVOIDED_FOR
    dispatcher.answered(asked_for[SOUTH], 9, NOON + 1)
    assert [task.server for task in tasks] == [SOUTH, SOUTH, None]
    # The timer runs already.
    assert dispatcher.fill(NOON + 1) == ()
    assert timers(dispatcher.fill(NOON + 1 + AVOIDED_FOR)) == {FillTimer(): AVOIDED_FOR}

    other = waiting_task(window, 4)
    other.digest = Digest("07e4")
    window.workflows[other.digest] = window.workflows[INVERT]
    asked_for = probes(dispatcher.fill(NOON + 2))
    assert set(asked_for) == {NORTH}
    dispatcher.answered(asked_for[NORTH], 0, NOON + 2)
    assert (tasks[2].server, other.server) == (None, NORTH)


def test_one_task_tries_an_outlier_when_its_time_is_over() -> None:
    """The next one waits for what becomes of it."""
    window, dispatcher = farm_with_an_outlier()
    tasks = [waiting_task(window, number) for number in (1, 2)]
    later = NOON + OUTLIER_PAUSE
    asked_for = probes(dispatcher.fill(later))
    assert set(asked_for) == {NORTH, SOUTH}
    dispatcher.answered(asked_for[NORTH], 0, later)
    dispatcher.answered(asked_for[SOUTH], 5, later)
    assert [task.server for task in tasks] == [NORTH, SOUTH]


@pytest.mark.parametrize("why", ["pinned", "down", "leaving", "outlier too", "too small"])
def test_an_outlier_takes_what_nobody_else_can(why: str) -> None:
    """What a person sends there, and what would wait for ever."""
    window, dispatcher = farm_with_an_outlier()
    south = window.servers[SOUTH]
    task = waiting_task(window, 1, pinned=NORTH if why == "pinned" else None)
    if why == "down":
        south.failed(Reach.DOWN, Trouble.of("server_silent"), NOON)
    elif why == "leaving":
        window.remove(south)
    elif why == "outlier too":
        window.server(ServerUrl("http://east:8188"), NOON)
        ended(window, ServerUrl("http://east:8188"), State.COMPLETED, 14)
        ended(window, SOUTH, State.FAILED, 15)
        ended(window, SOUTH, State.FAILED, 16)
    elif why == "too small":
        south.max_upload = 1
    assert NORTH in probes(dispatcher.fill(NOON + 1))
    assert task.state is State.WAITING


MODEL = Digest("30de1")
"""A workflow with a class that must be asked for: it names a model."""


def described(choices: list[str]) -> str:
    """The answer of a server that has these models."""
    inputs = {"required": {"image": ["IMAGE"], "model_name": [choices]}}
    return json.dumps({"UpscaleModel": {"input": inputs}})


def model_task(window: Window, number: int = 1, pinned: ServerUrl | None = None) -> Task:
    """A waiting task that names `fine.pth`."""
    task = waiting_task(window, number, pinned=pinned)
    task.digest = MODEL
    inputs = {"image": ["1", 0], "model_name": "fine.pth"}
    window.workflows[MODEL] = invert_workflow(
        **{"2": {"class_type": "UpscaleModel", "inputs": inputs}}
    )
    return task


def tell(window: Window, dispatcher: Dispatcher, request: Request, text: str) -> Commands:
    """A server describes a class."""
    server = window.servers[request.server]
    server.inventory.answered(request.id, 200, text, NOON)
    return dispatcher.described(server, NOON)


def test_a_task_goes_where_its_model_is() -> None:
    """Not to the shorter queue."""
    window, dispatcher = new_farm(NORTH, SOUTH)
    task = model_task(window)
    commands = dispatcher.fill(NOON)
    classes = {request.server: request for request in asked(commands, Ask.NODE)}
    assert classes[NORTH].path == "/object_info/UpscaleModel"
    for url, length in ((NORTH, 0), (SOUTH, 5)):
        assert dispatcher.answered(probes(commands)[url], length, NOON) == ()
    assert tell(window, dispatcher, classes[NORTH], described(["other.pth"])) == ()
    tell(window, dispatcher, classes[SOUTH], described(["fine.pth"]))
    assert task.server == SOUTH


def test_of_a_thousand_that_wait_only_the_next_are_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """For each place that comes free."""
    looks = 0
    real = dispatcher_module.suits

    def counted(*given: Any) -> bool:
        nonlocal looks
        looks += 1
        return real(*given)

    monkeypatch.setattr(dispatcher_module, "suits", counted)
    window, dispatcher = new_farm(NORTH, SOUTH)
    for number in range(1000):
        waiting_task(window, number)
    for request in probes(dispatcher.fill(NOON)).values():
        dispatcher.answered(request, 0, NOON)
    assert len(window.waiting) == 996
    assert looks < 10 * QUERIED_AHEAD


def test_a_server_is_asked_what_it_has_for_the_next_tasks_first() -> None:
    """Each of twenty tasks wants another class; the last is sent as well."""
    window, dispatcher = new_farm(NORTH, places=99)
    for number in range(20):
        task = waiting_task(window, number)
        task.digest = Digest(f"{number}")
        node = {"class_type": f"Own{number}", "inputs": {"image": ["1", 0]}}
        window.workflows[task.digest] = invert_workflow(**{"2": node})
    for left in (20 - QUERIED_AHEAD, 0):
        commands = dispatcher.fill(NOON)
        for request in asked(commands, Ask.NODE):
            name = request.path.rpartition("/")[2]
            tell(window, dispatcher, request, json.dumps({name: {"input": {}}}))
        dispatcher.answered(one(commands, Ask.PROBE), 0, NOON)
        assert len(window.waiting) == left


def test_a_class_that_is_described_before_the_probe_is_answered() -> None:
    """The choice waits for both."""
    window, dispatcher = new_farm(NORTH)
    task = model_task(window)
    commands = dispatcher.fill(NOON)
    assert tell(window, dispatcher, one(commands, Ask.NODE), described(["fine.pth"])) == ()
    dispatcher.answered(one(commands, Ask.PROBE), 0, NOON)
    assert task.server == NORTH


def test_nothing_is_sent_to_a_server_that_has_not_told_what_it_has() -> None:
    """Though the round is over."""
    window, dispatcher = new_farm(NORTH)
    task = model_task(window)
    commands = dispatcher.fill(NOON)
    dispatcher.answered(one(commands, Ask.PROBE), 0, NOON)
    dispatcher.round_fired(NOON)
    assert task.state is State.WAITING
    again = dispatcher.fill(NOON)
    assert asked(again, Ask.NODE) == []
    dispatcher.answered(one(again, Ask.PROBE), 0, NOON)
    tell(window, dispatcher, one(commands, Ask.NODE), described(["fine.pth"]))
    assert task.server == NORTH


def test_what_no_server_has_fails_with_what_each_lacks() -> None:
    window, dispatcher = new_farm(NORTH)
    window.servers[NORTH].name = "North"
    task = model_task(window)
    commands = dispatcher.fill(NOON)
    tell(window, dispatcher, one(commands, Ask.NODE), "{}")
    dispatcher.answered(one(commands, Ask.PROBE), 0, NOON)
    assert task.trouble == Trouble.of("nobody_can", missing="North: UpscaleModel")


def test_a_paused_server_gets_no_task_until_a_person_says_so() -> None:
    """Who is pinned to it waits; what an outlier can't have doesn't go there either."""
    window, dispatcher = new_farm(NORTH, SOUTH)
    window.servers[NORTH].is_paused = True
    pinned = waiting_task(window, 1, pinned=NORTH)
    waiting_task(window, 2)
    asked_for = probes(dispatcher.fill(NOON))
    assert list(asked_for) == [SOUTH]
    dispatcher.answered(asked_for[SOUTH], 0, NOON)
    assert servers_of(window) == [None, SOUTH]
    window.servers[NORTH].is_paused = False
    dispatcher.answered(probes(dispatcher.fill(NOON))[NORTH], 0, NOON)
    assert pinned.server == NORTH


def test_a_paused_queue_asks_nobody_and_binds_nothing() -> None:
    """Answers that were on their way when it was paused choose nothing either."""
    window, dispatcher = new_farm(NORTH)
    task = waiting_task(window)
    (probe,) = probes(dispatcher.fill(NOON)).values()
    window.is_paused = True
    dispatcher.answered(probe, 0, NOON)
    assert dispatcher.fill(NOON) == ()
    assert task.state is State.WAITING
    window.is_paused = False
    (probe,) = probes(dispatcher.fill(NOON)).values()
    dispatcher.answered(probe, 0, NOON)
    assert task.server == NORTH


def farm_of_known_pace(**seconds: float) -> tuple[Window, Dispatcher]:
    """Servers that have always taken so long, each up."""
    window, dispatcher = new_farm(*(ServerUrl(f"http://{name}:8188") for name in seconds))
    for at, (server, ran) in enumerate(zip(window.servers.values(), seconds.values(), strict=True)):
        server.answered()
        for number in range(30):
            done = bound_task(window, server, *RUNNING, number=1000 + 30 * at + number)
            done.ran = ran
            window.end(done, State.COMPLETED, NOON - 99, "socket", None)
    return window, dispatcher


def test_the_next_task_goes_to_a_server_just_before_it_has_done_the_last() -> None:
    """With a timer for that moment."""
    window, dispatcher = farm_of_known_pace(north=10.0)
    running = bound_task(window, window.servers[NORTH], *RUNNING, number=1)
    running.started_at = NOON
    task = waiting_task(window, 2)
    commands = dispatcher.fill(NOON + 1)
    in_time = timers(commands)[FillTimer()]
    assert asked(commands) == []
    assert 7.0 < in_time < 9.0
    assert dispatcher.fill(NOON + 2) == ()
    commands = dispatcher.fill(NOON + 1 + in_time - TIMER_TOLERANCE / 2)
    assert timers(commands)[FillTimer()] == pytest.approx(TIMER_TOLERANCE / 2, abs=1e-3)
    asked_for = probes(dispatcher.fill(NOON + 1.001 + in_time))
    dispatcher.answered(asked_for[NORTH], 1, NOON + 1.001 + in_time)
    assert task.server == NORTH
