"""The order of what waits, as a list."""

from hypothesis import given
from hypothesis import strategies as st

from page.tasks.queue import MOST_LISTED, QueueRow, behind, queue_rows
from tests.tether.core.farm import NOON, new_window, waiting_task
from tether.core.ids import TaskId, WindowId
from tether.core.windows.peers import PeerReport, WaitingTask


def test_the_list_has_the_tasks_of_all_windows_in_the_order_in_which_they_go() -> None:
    """Those that another window has only counted have a place, and no row."""
    window = new_window()
    assert queue_rows(window, str, NOON) == ([], 0)
    for number in (1, 2):
        waiting_task(window, number)
    theirs = WaitingTask(NOON, TaskId("theirs"), None, "", 5.0)
    window.peers.receive(WindowId("other"), PeerReport(NOON, (theirs,), {}, more=2))
    assert queue_rows(window, str.upper, NOON) == (
        [
            QueueRow(TaskId("theirs"), "THEIRS", 1, False),
            QueueRow(TaskId("t1"), "photo 1", 4, True),
            QueueRow(TaskId("t2"), "photo 2", 5, True),
        ],
        2,
    )


def test_of_very_many_the_first_are_listed() -> None:
    """The others are counted."""
    window = new_window()
    for number in range(MOST_LISTED + 7):
        waiting_task(window, number)
    rows, more = queue_rows(window, str, NOON)
    assert [row.place for row in rows] == list(range(1, MOST_LISTED + 1))
    assert more == 7


def test_the_first_place_is_before_everything() -> None:
    own = [TaskId(each) for each in "abc"]
    assert behind(own, TaskId("c"), 0) is None
    assert behind(own[:1], TaskId("a"), 5) is None


@given(st.permutations("abcde"), st.sampled_from("abcde"), st.integers(0, 7))
def test_a_task_that_goes_behind_another_has_the_place_that_was_asked_for(
    names: list[str], name: str, place: int
) -> None:
    own = [TaskId(each) for each in names]
    task_id = TaskId(name)
    anchor = behind(own, task_id, place)
    others = [each for each in own if each != task_id]
    at = others.index(anchor) + 1 if anchor else 0
    others.insert(at, task_id)
    assert others.index(task_id) == min(place, 4)
