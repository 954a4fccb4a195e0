"""The picture of who has what."""

from collections.abc import Mapping
from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from page.lanes.lifeline import Lifelines
from page.lanes.picture import (
    MAX_ROWS,
    MIN_WIDTH,
    Bar,
    Lane,
    LanesPicture,
    details,
    is_datable,
    life_of,
    picture_of,
    placed,
)
from tests.tether.core.farm import (
    NOON,
    NORTH,
    RUNNING,
    SOUTH,
    all_of,
    bound_task,
    new_task,
    new_window,
    waiting_task,
)
from tether.core.commands import StartTimer
from tether.core.errors import Trouble
from tether.core.events import SocketClosed
from tether.core.ids import Digest, ServerUrl, TaskId, WindowId
from tether.core.model.connection import Phase
from tether.core.model.task import ENDED, State, Task
from tether.core.model.window import Window
from tether.core.session.snapshot import write_task
from tether.core.timers import ConnectionTimer
from tether.core.windows.ledger import Entry

OTHER = WindowId("wother")


def farm() -> tuple[Window, Lifelines]:
    """A window with two servers."""
    window = new_window()
    window.use(NORTH, "north", NOON)
    window.use(SOUTH, "south", NOON)
    return window, Lifelines(window)


def entry(task: Task, owner: WindowId = OTHER, epoch: int = 0) -> dict[TaskId, Entry]:
    """A task in the ledger."""
    return {task.task_id: Entry(owner, epoch, write_task(task), NOON)}


def foreign_task(number: int, *states: State, server: ServerUrl = NORTH) -> Task:
    """A task as another window has it."""
    window = new_window(seed=9)
    if not states:
        return waiting_task(window, number)
    return bound_task(window, window.use(server, "", NOON), *states, number=number)


def lanes_of(picture: LanesPicture) -> dict[str, Lane]:
    """The lanes by their key."""
    return {lane.key: lane for lane in picture.lanes}


def shown(
    window: Window,
    lifelines: Lifelines | None = None,
    ledger: Mapping[TaskId, Entry] | None = None,
    now: float = NOON + 50,
    seconds: float = 100,
) -> LanesPicture:
    """A picture of a hundred seconds, at its middle noon."""
    return picture_of(window, lifelines or Lifelines(window), ledger or {}, now, seconds)


def test_a_bar_stands_in_the_lane_of_its_server() -> None:
    """What has none stands in the window's own; times are parts of the picture."""
    window, _ = farm()
    waiting = waiting_task(window, 1)
    running = bound_task(window, window.servers[SOUTH], *RUNNING, number=2)
    running.started_at = NOON + 25
    picture = shown(window)
    assert [(lane.key, lane.name, lane.phase) for lane in picture.lanes] == [
        ("here", "", ""),
        (NORTH, "north", "idle"),
        (SOUTH, "south", "idle"),
    ]
    lanes = lanes_of(picture)
    (bar,) = lanes["here"].bars
    assert (bar.key, bar.state, bar.label) == (waiting.task_id, State.WAITING, waiting.title)
    (bar,) = lanes[SOUTH].bars
    assert (bar.start, bar.end, bar.ink) == (0.5, 1.0, "own")
    assert [tuple(part) for part in bar.parts] == [("queued", 0, 0.5), ("running", 0.5, 1)]
    assert lanes[NORTH].bars == ()
    assert picture.is_live


def test_what_ended_before_the_picture_is_not_in_it() -> None:
    """And nothing lives any more."""
    window, _ = farm()
    task = bound_task(window, window.servers[NORTH], *RUNNING)
    window.end(task, State.COMPLETED, NOON + 1, "socket", None)
    assert len(lanes_of(shown(window))[NORTH].bars) == 1
    later = shown(window, now=NOON + 200)
    assert lanes_of(later)[NORTH].bars == ()
    assert not later.is_live


def test_a_life_of_a_moment_can_be_seen() -> None:
    """At both edges, too; its bar has one part."""
    window, _ = farm()
    task = bound_task(window, window.servers[NORTH], *RUNNING)
    window.end(task, State.FAILED, NOON, "socket", None)
    for now in (NOON, NOON + 50, NOON + 100):
        (bar,) = lanes_of(shown(window, now=now))[NORTH].bars
        assert 0 <= bar.start < bar.end <= 1
        assert bar.end - bar.start > MIN_WIDTH * 0.99
        assert len(bar.parts) == 1


def test_stages_before_the_picture_are_cut_off() -> None:
    """Only what can be seen is drawn."""
    window, _ = farm()
    task = bound_task(window, window.servers[NORTH], *RUNNING)
    task.started_at = NOON + 10
    (bar,) = lanes_of(shown(window, now=NOON + 200))[NORTH].bars
    assert (bar.start, bar.end) == (0, 1)
    assert [part.stage for part in bar.parts] == ["running"]


def test_other_windows_tasks_are_in_another_ink() -> None:
    """At a server of ours, at one that we don't know, and waiting there; ours are no others'."""
    window, _ = farm()
    own = waiting_task(window, 1)
    far = ServerUrl("http://far:8188")
    ledger = {
        **entry(own, WindowId(window.window_id)),
        **entry(foreign_task(2, *RUNNING)),
        **entry(foreign_task(3, *RUNNING, server=far)),
        **entry(foreign_task(4)),
        TaskId("ended"): Entry(OTHER, 1, "", NOON),
    }
    picture = shown(window, ledger=ledger)
    assert [lane.key for lane in picture.lanes] == ["here", "elsewhere", NORTH, SOUTH, far]
    inks = {bar.key: bar.ink for lane in picture.lanes for bar in lane.bars}
    assert inks == {"t1": "own", "t2": "foreign", "t3": "foreign", "t4": "foreign"}
    assert lanes_of(picture)[far].name == "far:8188"
    detail = dict(lanes_of(picture)["elsewhere"].bars[0].detail)
    assert detail["lanes.ink.foreign"] == {"window": OTHER}


def test_a_task_that_changed_its_window_is_shown_once() -> None:
    """Where it is now; and one that we took over says so."""
    window, _ = farm()
    given = bound_task(window, window.servers[NORTH], *RUNNING, number=1)
    taken = bound_task(window, window.servers[NORTH], *RUNNING, number=2)
    ledger = {**entry(given, epoch=1), **entry(taken)}
    given.state, taken.epoch = State.ADOPTED, 1
    inks = {bar.key: bar.ink for bar in lanes_of(shown(window, ledger=ledger))[NORTH].bars}
    assert inks == {"t1": "foreign", "t2": "adopted"}


def test_what_was_collected_after_its_end_is_left_out() -> None:
    """Nobody knows when it ran."""
    window, _ = farm()
    task = bound_task(window, window.servers[NORTH], *RUNNING)
    window.end(task, State.COMPLETED, NOON, "record", None)
    task.digest = Digest("")
    assert lanes_of(shown(window))[NORTH].bars == ()


def test_a_lost_socket_is_a_gap_in_the_line() -> None:
    """However short, it can be seen, and it is drawn over the line before it."""
    window, lifelines = farm()
    connection = window.servers[NORTH].connection

    def do(commands: object, at: float) -> None:
        for timer in all_of(StartTimer, commands):  # type: ignore[arg-type]
            lifelines.note(timer, NOON + at)

    do(connection.connect(), 0)
    connection.greeted(1)
    lifelines.note(StartTimer(ConnectionTimer(NORTH, 1), 0), NOON + 1)
    lifelines.note(SocketClosed(NORTH, 1, 1006), NOON + 20)
    do(connection.closed(1), 20)
    picture = shown(window, lifelines, now=NOON + 20)
    assert picture.is_live, "it is dialled again"
    lane = lanes_of(picture)[NORTH]
    assert lane.phase == "waiting"
    assert [stroke.kind for stroke in lane.line] == ["dial", "open", "gap"]
    gap = lane.line[-1]
    assert (gap.start, gap.end) == (1 - MIN_WIDTH, 1)
    do(connection.fired(1), 21)
    connection.greeted(2)
    lifelines.note(StartTimer(ConnectionTimer(NORTH, 2), 0), NOON + 21)
    kinds = [each.kind for each in lanes_of(shown(window, lifelines, now=NOON + 120.5))[NORTH].line]
    assert kinds == ["gap", "open"], "what ended before the picture isn't in it"


def test_a_removed_server_stays_while_something_of_it_is_in_the_picture() -> None:
    """Then its lane goes; a blocked one says so."""
    window, lifelines = farm()
    server = window.servers[NORTH]
    server.connection.is_blocked = True
    assert lanes_of(shown(window, lifelines))[NORTH].phase == "blocked"
    server.connection.connect()
    lifelines.note(StartTimer(ConnectionTimer(NORTH, 1), 0), NOON)
    del window.servers[NORTH]
    lifelines.note(StartTimer(ConnectionTimer(NORTH, 1), 0), NOON + 1)
    lane = lanes_of(shown(window, lifelines))[NORTH]
    assert (lane.name, lane.phase) == ("north:8188", "")
    assert NORTH not in lanes_of(shown(window, lifelines, now=NOON + 200))


def test_the_scale_has_round_times() -> None:
    """A few of them, whatever is shown."""
    window, _ = farm()
    for seconds, step in ((60, 10), (120, 20), (300, 60), (600, 120), (1800, 300), (9000, 600)):
        ticks = shown(window, now=NOON + 3, seconds=seconds).ticks
        assert all(at % step == 0 for _, at in ticks)
        assert all(0 <= x <= 1 for x, _ in ticks)
        assert len(ticks) == seconds // step


def test_a_picture_that_is_to_fit_holds_what_goes_on() -> None:
    """What lives or has just ended is whole in it, with little beside; half an hour is the most."""
    window, _ = farm()
    assert length(window, NOON) == 60
    task = bound_task(window, window.servers[NORTH], *RUNNING)
    assert [length(window, NOON + after) for after in (9, 30, 90, 1000, 9000)] == [
        *(10, 30, 90, 1200, 1800)
    ]
    window.end(task, State.COMPLETED, NOON + 90, "socket", None)
    assert [length(window, NOON + after) for after in (100, 149, 151)] == [120, 150, 90]


def length(window: Window, now: float) -> float:
    """Seconds of a picture that is to fit."""
    picture = picture_of(window, Lifelines(window), {}, now)
    return picture.until - picture.since


def test_after_a_quiet_while_the_picture_ends_with_what_went_on_last() -> None:
    """With the time of that; what is told of it is told as of now. Anything new ends it."""
    window, lifelines = farm()
    first, last = (bound_task(window, window.servers[NORTH], *RUNNING, number=n) for n in (1, 2))
    for task, at in ((first, NOON + 10), (last, NOON + 30)):
        task.bound_at = task.posted_at = task.started_at = at - 5
        window.end(task, State.COMPLETED, at, "socket", None)
    now = NOON + 600
    picture = picture_of(window, lifelines, {}, now)
    assert (picture.until, picture.is_past, picture.is_live) == (NOON + 30, True, False)
    assert picture.since <= NOON + 5
    assert {bar.key for bar in lanes_of(picture)[NORTH].bars} == {"t1", "t2"}
    (told,) = [bar.detail for bar in lanes_of(picture)[NORTH].bars if bar.key == "t2"]
    assert told[0] == ("lanes.ended", {"at": NOON + 30, "ago": 570.0})
    assert max(bar.end for bar in lanes_of(picture)[NORTH].bars) == 1
    asked = picture_of(window, lifelines, {}, now, 300)
    assert (asked.until, asked.is_past, lanes_of(asked)[NORTH].bars) == (now, False, ())
    waiting_task(window, 3).accepted_at = now - 1
    again = picture_of(window, lifelines, {}, now)
    assert (again.until, again.is_past) == (now, False)


def test_a_socket_that_comes_or_goes_is_going_on() -> None:
    """One that only stands isn't; in a picture of before there is nothing of after."""
    window, lifelines = farm()
    task = bound_task(window, window.servers[NORTH], *RUNNING)
    task.bound_at = task.posted_at = task.started_at = NOON
    window.end(task, State.COMPLETED, NOON + 5, "socket", None)
    connection = window.servers[SOUTH].connection

    def live(phase: Phase, at: float) -> None:
        connection.phase = phase
        lifelines.note(StartTimer(ConnectionTimer(SOUTH, 1), 1.0), at)

    live(Phase.CONNECTING, NOON + 300)
    live(Phase.OPEN, NOON + 301)
    now = NOON + 302
    assert not picture_of(window, lifelines, {}, now).is_past
    quiet = picture_of(window, lifelines, {}, NOON + 400)
    assert quiet.is_past
    assert lanes_of(quiet)[SOUTH].line == ()
    assert lanes_of(picture_of(window, lifelines, {}, NOON + 400, 300))[SOUTH].line != ()


def test_a_window_in_which_nothing_ever_was_shows_now() -> None:
    window, lifelines = farm()
    picture = picture_of(window, lifelines, {}, NOON + 900)
    assert (picture.until, picture.is_past) == (NOON + 900, False)


def test_what_finds_no_row_is_counted() -> None:
    """A lane has only so many."""
    window, _ = farm()
    for number in range(1, MAX_ROWS + 4):
        waiting_task(window, number)
    lane = lanes_of(shown(window))["here"]
    assert (lane.rows, len(lane.bars), lane.more) == (MAX_ROWS, MAX_ROWS, 3)


TIME = st.floats(-200, 200)
TASKS = st.lists(
    st.tuples(
        st.sampled_from(list(State)),
        st.sampled_from([None, NORTH, SOUTH, ServerUrl("http://far:8188")]),
        st.tuples(TIME, TIME, TIME, TIME, TIME),
        st.sampled_from(["own", "adopted", "foreign"]),
    ),
    max_size=40,
)


@given(TASKS)
def test_every_task_is_in_the_picture_once(
    tasks: list[tuple[State, ServerUrl | None, tuple[float, ...], str]],
) -> None:
    """As a bar inside it or in the count of its lane, whatever its times say; and it is bounded."""
    window, lifelines = farm()
    ledger: dict[TaskId, Entry] = {}
    expected = 0
    for number, (state, server, times, ink) in enumerate(tasks):
        task = new_task(number)
        is_bound = state is not State.WAITING
        task.state, task.server = state, (server or NORTH) if is_bound else None
        task.client_id = window.client_ids[NORTH]
        task.accepted_at, task.bound_at, task.posted_at, task.started_at, task.ended_at = (
            NOON + time for time in times
        )
        task.epoch = ink == "adopted"
        if ink == "foreign":
            ledger |= entry(task)
        else:
            window.tasks[task.task_id] = task
        expected += state not in ENDED or task.ended_at >= NOON - 50
    picture = shown(window, lifelines, ledger)
    bars = [bar for lane in picture.lanes for bar in lane.bars]
    assert len({bar.key for bar in bars}) == len(bars)
    assert len(bars) + sum(lane.more for lane in picture.lanes) == expected
    assert all(lane.rows <= MAX_ROWS for lane in picture.lanes)
    for bar in bars:
        assert 0 <= bar.start < bar.end <= 1
        assert bar.parts
        assert all(0 <= part.start < part.end <= 1 for part in bar.parts)
    assert Phase.OPEN.value not in {lane.phase for lane in picture.lanes}


FIRST = NOON + 0.001


def task_of(state: State, **times: float) -> Task:
    """A task at a server, with times in seconds after it was accepted."""
    task = new_task()
    task.state = state
    task.server = NORTH
    for name, at in times.items():
        setattr(task, f"{name}_at", FIRST + at)
    return task


def told(task: Task, now: float, owner: str = "") -> dict[str, Any]:
    """What is told of a task."""
    return dict(details(life_of(task, FIRST + now, owner), FIRST + now))


def test_a_task_that_waits_is_a_bar_from_its_acceptance() -> None:
    """No server has it."""
    task = new_task()
    life = life_of(task, FIRST + 5)
    assert (life.start, life.end, life.stages) == (FIRST, FIRST + 5, (("waiting", FIRST),))
    assert told(task, 5) == {
        "lanes.since": {"at": FIRST, "lasting": 5.0},
        "lanes.prompt": {"id": task.prompt_id},
    }


def test_a_task_that_ran_tells_each_stage() -> None:
    """How long it waited, was on its way, in the queue, and ran; and who told of its end."""
    task = task_of(State.COMPLETED, bound=2, posted=3, started=7, ended=20)
    task.ended_by = "socket"
    life = life_of(task, FIRST + 30)
    assert [stage for stage, _ in life.stages] == ["way", "queued", "running"]
    assert (life.start, life.end) == (FIRST + 2, FIRST + 20)
    tells = told(task, 30)
    assert list(tells) == [
        *("lanes.ended", "lanes.by.socket", "lanes.took.waiting", "lanes.took.way"),
        *("lanes.took.queued", "lanes.took.running", "lanes.prompt"),
    ]
    lengths = [round(each["lasting"]) for key, each in tells.items() if "took" in key]
    assert lengths == [2, 1, 4, 13]
    assert round(tells["lanes.ended"]["ago"]) == 10


def test_brief_stages_are_left_out() -> None:
    """A start that nobody heard of is none, and nobody reads of a hundredth of a second."""
    task = task_of(State.LOST, bound=0.01, posted=0.02, ended=9)
    assert [stage for stage, _ in life_of(task, FIRST + 9).stages] == ["way", "queued"]
    assert [key for key in told(task, 9) if "took" in key] == ["lanes.took.queued"]


def test_a_running_task_tells_its_progress_where_it_is_known() -> None:
    """Of another window's task only the ledger tells."""
    task = task_of(State.RUNNING, bound=1, posted=2, started=3)
    assert told(task, 9)["lanes.progress"] == {"percent": "0"}
    foreign = told(task, 9, "w77")
    assert "lanes.progress" not in foreign
    assert foreign["lanes.ink.foreign"] == {"window": "w77"}
    task.epoch = 1
    assert "lanes.ink.adopted" in told(task, 9)


def test_trouble_is_told_with_its_facts() -> None:
    """The end's, or what keeps a live task."""
    task = task_of(State.FAILED, bound=1, ended=2)
    task.trouble = Trouble.of("refused", server="north", message="no")
    assert told(task, 9)["trouble.refused"] == {"server": "north", "message": "no"}
    waiting = new_task()
    waiting.note = Trouble.of("server_silent", server="north")
    assert "trouble.server_silent" in told(waiting, 9)


def test_a_clock_that_was_put_back_turns_no_bar_around() -> None:
    """Times of an earlier page may lie after ours."""
    task = task_of(State.RUNNING, bound=50, posted=40, started=90)
    life = life_of(task, FIRST + 10)
    times = [life.start, *(at for _, at in life.stages), life.end]
    assert times == sorted(times)
    assert life.end == FIRST + 10


def test_a_task_that_was_taken_over_ends_where_we_last_knew_of_it() -> None:
    """Nobody told when; and one whose binding has no time began when it was accepted."""
    task = task_of(State.ADOPTED, posted=4)
    life = life_of(task, FIRST + 60)
    assert (life.start, life.end) == (FIRST, FIRST + 4)


def test_of_what_was_collected_after_its_end_no_times_are_known() -> None:
    """While it lives its bar begins when it was found."""
    task = task_of(State.COMPLETED, bound=1, ended=1)
    assert is_datable(task)
    task.digest = Digest("")
    assert not is_datable(task)
    task.state = State.QUEUED
    assert is_datable(task)


def bar(key: str, start: float, end: float, state: State = State.COMPLETED) -> Bar:
    """A bar that is nothing but its place."""
    return Bar(key, 0, start, end, (), state, "own", key, ())


def rows_of(*bars: Bar) -> dict[str, int]:
    """The row that each bar got."""
    return {each.key: each.row for each in placed(bars)}


def test_bars_that_follow_each_other_share_a_row() -> None:
    """And those that overlap don't; the first one that is free is taken."""
    found = rows_of(bar("a", 0, 0.5), bar("c", 0.5, 0.9), bar("b", 0.2, 0.6), bar("d", 0.7, 1))
    assert found == {"a": 0, "b": 1, "c": 0, "d": 1}


def test_what_runs_and_what_waits_are_seen_when_rows_are_few() -> None:
    """However much has ended before."""
    ended = [bar(f"e{number}", 0.1, 0.9) for number in range(MAX_ROWS)]
    queued = [bar(f"q{number}", 0.2, 1, State.QUEUED) for number in range(MAX_ROWS)]
    running = bar("r", 0.3, 1, State.RUNNING)
    found = rows_of(*ended, *queued, running)
    assert found["r"] == 0
    assert set(found) == {"r", *(f"q{number}" for number in range(MAX_ROWS - 1))}


TIMES = st.floats(0, 1)
BARS = st.lists(st.tuples(TIMES, TIMES, st.sampled_from(list(State))), max_size=40)


@given(BARS)
def test_no_bar_hides_another(bars: list[tuple[float, float, State]]) -> None:
    """Each has one row at most, and two in a row don't overlap."""
    made = [
        bar(str(number), min(one, other), max(one, other) + 0.01, state)
        for number, (one, other, state) in enumerate(bars)
    ]
    found = placed(made)
    assert len({each.key for each in found}) == len(found)
    assert all(0 <= each.row < MAX_ROWS for each in found)
    for one, other in combinations(found, 2):
        assert one.row != other.row or one.end <= other.start or other.end <= one.start
    if len(made) <= MAX_ROWS:
        assert len(found) == len(made)
