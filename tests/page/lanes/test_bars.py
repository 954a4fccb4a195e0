"""A task's times become the stages of a bar, and what is told of it.

Bars find rows where they hide no other.
"""

from itertools import combinations
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from page.lanes.bars import ROWS, Bar, details, is_datable, life_of, placed
from tests.tether.core.farm import NOON, NORTH, new_task
from tether.core.errors import Trouble
from tether.core.ids import Digest
from tether.core.model.task import State, Task

FIRST = NOON + 0.001


def task_of(state: State, **times: float) -> Task:
    """A task at a server, with times in seconds after it was accepted."""
    task = new_task()
    task.state = state
    task.server = NORTH
    for name, at in times.items():
        setattr(task, f"{name}_at", FIRST + at)
    return task


def told(task: Task, now: float, ink: str = "own", owner: str = "") -> dict[str, Any]:
    """What is told of a task."""
    return dict(details(life_of(task, ink, FIRST + now), owner, FIRST + now))


def test_a_task_that_waits_is_a_bar_from_its_acceptance() -> None:
    """No server has it."""
    task = new_task()
    life = life_of(task, "own", FIRST + 5)
    assert (life.start, life.end, life.stages) == (FIRST, FIRST + 5, (("waiting", FIRST),))
    assert told(task, 5) == {
        "lanes.since": {"at": FIRST, "lasting": 5.0},
        "lanes.prompt": {"id": task.prompt_id},
    }


def test_a_task_that_ran_tells_each_stage() -> None:
    """How long it waited, was on its way, in the queue, and ran; and who told of its end."""
    task = task_of(State.COMPLETED, bound=2, posted=3, started=7, ended=20)
    task.ended_by = "socket"
    life = life_of(task, "own", FIRST + 30)
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
    assert [stage for stage, _ in life_of(task, "own", FIRST + 9).stages] == ["way", "queued"]
    assert [key for key in told(task, 9) if "took" in key] == ["lanes.took.queued"]


def test_a_running_task_tells_its_progress_where_it_is_known() -> None:
    """Of another window's task only the ledger tells."""
    task = task_of(State.RUNNING, bound=1, posted=2, started=3)
    assert told(task, 9)["lanes.progress"] == {"percent": "0"}
    foreign = told(task, 9, "foreign", "w77")
    assert "lanes.progress" not in foreign
    assert foreign["lanes.ink.foreign"] == {"window": "w77"}
    assert "lanes.ink.adopted" in told(task, 9, "adopted")


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
    life = life_of(task, "own", FIRST + 10)
    times = [life.start, *(at for _, at in life.stages), life.end]
    assert times == sorted(times)
    assert life.end == FIRST + 10


def test_a_task_that_was_taken_over_ends_where_we_last_knew_of_it() -> None:
    """Nobody told when; and one whose binding has no time began when it was accepted."""
    task = task_of(State.ADOPTED, posted=4)
    life = life_of(task, "own", FIRST + 60)
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
    ended = [bar(f"e{number}", 0.1, 0.9) for number in range(ROWS)]
    queued = [bar(f"q{number}", 0.2, 1, State.QUEUED) for number in range(ROWS)]
    running = bar("r", 0.3, 1, State.RUNNING)
    found = rows_of(*ended, *queued, running)
    assert found["r"] == 0
    assert set(found) == {"r", *(f"q{number}" for number in range(ROWS - 1))}


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
    assert all(0 <= each.row < ROWS for each in found)
    for one, other in combinations(found, 2):
        assert one.row != other.row or one.end <= other.start or other.end <= one.start
    if len(made) <= ROWS:
        assert len(found) == len(made)
