"""Whose turn it is."""

from hypothesis import given
from hypothesis import strategies as st

from app.core.ids import TaskId
from app.core.neighbours import Ticket
from app.core.turns import in_turn
from tests.core.farm import NOON, new_task


def ticket(name: str, at: float = NOON) -> Ticket:
    """A task of another window."""
    return Ticket(at, TaskId(name), None, "")


def names(*lines: tuple[int, list[Ticket]]) -> str:
    """Who comes in which order, where no window was served after another."""
    return " ".join(each.task_id for each in in_turn((n, NOON, line) for n, line in lines))


def test_the_window_with_the_fewest_places_comes_first() -> None:
    """A batch keeps nobody waiting for more than one place."""
    batch = [ticket(f"a{number}") for number in range(4)]
    late = [ticket(f"b{number}", NOON + 60) for number in range(3)]
    assert names((2, batch), (0, late)) == "b0 b1 a0 b2 a1 a2 a3"
    assert names((0, []), (5, late[:1])) == "b0"


def test_of_equals_the_oldest_comes_first_and_then_the_lesser_name() -> None:
    """All windows come to the same order."""
    one, other, oldest = ticket("b"), ticket("a"), ticket("c", NOON - 1)
    assert names((0, [one]), (0, [other]), (0, [oldest])) == "c a b"
    assert names((0, [oldest]), (0, [other]), (0, [one])) == "c a b"


def test_of_equals_the_one_comes_first_that_was_served_before_the_other() -> None:
    """A batch that has just lost all its places gets no second round before everybody else."""
    batch, other = [ticket("a", NOON - 60)], [ticket("b")]
    lines = [(0, NOON - 1, batch), (0, NOON - 2, other)]
    assert [each.task_id for each in in_turn(lines)] == ["b", "a"]


def test_own_tasks_and_those_of_others_are_treated_alike() -> None:
    own = new_task(1)
    (first, second) = in_turn([(0, 0.0, [own]), (0, 0.0, [ticket("x", NOON)])])
    assert (first.task_id, second) == ("x", own)


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 6)), max_size=5))
def test_everybody_comes_once_and_each_window_in_its_own_order(
    windows: list[tuple[int, int]],
) -> None:
    """However many there are."""
    lines = [
        (places, 0.0, [ticket(f"{number}.{at}", NOON + at) for at in range(count)])
        for number, (places, count) in enumerate(windows)
    ]
    order = [each.task_id for each in in_turn(lines)]
    assert len(order) == sum(count for _, count in windows)
    for _, _, line in lines:
        assert [name for name in order if name in {t.task_id for t in line}] == [
            each.task_id for each in line
        ]
