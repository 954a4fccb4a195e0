"""Bars find rows where they hide no other."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from app.core.lane_rows import ROWS, Bar, placed
from app.core.task import State


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
