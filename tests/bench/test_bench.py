"""The bench's own arithmetic."""

import pytest

from bench.page.figures import END, START, count, ratio, row, table, written
from bench.page.makespan import list_schedule
from bench.page.tabs import EACH, TABS, lengths, schedule, tasks


def test_a_ratio_is_the_median_of_pairs() -> None:
    """A machine that was slow for one pair doesn't count more than for that pair."""
    figure = ratio("x", [1.0, 100.0, 3.0], [2.0, 200.0, 2.0], 0.5)
    assert (figure.value, figure.samples, figure.is_met) == (0.5, 3, True)


def test_pairs_are_whole() -> None:
    """A measurement that has no partner is a mistake."""
    with pytest.raises(ValueError, match="shorter"):
        ratio("x", [1.0, 2.0], [1.0], None)


def test_a_row_says_whether_its_limit_is_kept() -> None:
    """And nothing where there is none."""
    assert row(count("bytes", 4.9, 4.8, "MB"))[1:4] == ("4.90 MB", "≤ 4.80 MB", "**not met**")
    assert row(count("requests", 0, 0))[1:4] == ("0", "≤ 0", "met")
    assert row(count("for comparison", 7))[1:4] == ("7", "", "")


def test_new_figures_take_the_place_of_the_old() -> None:
    """What people have written around them stays."""
    before = f"above\n{START}\nold\n{END}\nbelow\n"
    after = written(before, table([("part", [count("one", 1)])]))
    assert "| one | 1 |" in after and "old" not in after
    assert after.startswith("above\n") and after.endswith("\nbelow\n")
    assert written(after, "old") == before


def test_a_list_schedule_gives_each_task_to_the_server_that_is_free_first() -> None:
    """Forty tasks, one server three times slower: thirty go to the fast one."""
    assert list_schedule(40, [1.0, 3.0]) == pytest.approx(30.0)
    assert list_schedule(1, [1.0, 3.0]) == pytest.approx(1.0)
    assert list_schedule(5, [1.0, 3.0]) == pytest.approx(4.0)


def test_a_schedule_sends_each_task_where_it_ends_first() -> None:
    """A slow server gets one only when the fast ones have enough."""
    assert schedule([3.0], [3.0, 0.5]) == pytest.approx(1.0)
    assert schedule([3.0, 3.0, 3.0], [3.0, 1.0]) == pytest.approx(3.0)
    assert schedule([1.0] * 5, [3.0, 1.0, 0.5]) == pytest.approx(4 / 3)


def test_all_meet_the_same_tasks_and_no_server_knows_one() -> None:
    assert lengths() == lengths()
    assert [len(each) for each in lengths()] == [EACH] * TABS
    one, other = tasks([1.0]), tasks([1.0])
    assert one[0]["2"]["inputs"] | {"seed": 0} == other[0]["2"]["inputs"] | {"seed": 0}
    assert one != other
