"""Tasks are picked out of those shown, whatever was picked before."""

from hypothesis import given
from hypothesis import strategies as st

from page.tasks.selection import Selection
from tether.core.ids import TaskId

SHOWN = [TaskId(each) for each in "abcdef"]


def picked(selection: Selection) -> str:
    """The tasks of a selection, in order."""
    return "".join(each for each in SHOWN if each in selection)


def test_one_after_the_other() -> None:
    """In any order; what is let go is out again."""
    selection = Selection()
    for task_id, is_on, now in (("b", True, "b"), ("e", True, "be"), ("b", False, "e")):
        selection.pick(TaskId(task_id), is_on)
        assert picked(selection) == now


def test_from_one_to_another() -> None:
    """Forwards and backwards, picked or let go; what is beyond stays as it was."""
    selection = Selection()
    selection.pick(TaskId("f"), True)
    selection.pick(TaskId("d"), True)
    selection.pick(TaskId("b"), True, SHOWN)
    assert picked(selection) == "bcdf"
    selection.pick(TaskId("c"), False, SHOWN)
    assert picked(selection) == "df"


def test_a_range_from_what_is_shown_no_more_is_the_task_alone() -> None:
    """Nobody could see what lay between."""
    selection = Selection()
    selection.pick(TaskId("a"), True)
    selection.pick(TaskId("d"), True, SHOWN[1:])
    assert picked(selection) == "ad"
    selection.pick(TaskId("a"), False, SHOWN[1:])
    assert picked(selection) == "d"


def test_all_and_none() -> None:
    """A range does not go on from what came before."""
    selection = Selection()
    selection.pick(TaskId("a"), True)
    selection.pick_all(SHOWN[2:])
    assert picked(selection) == "cdef"
    selection.pick_all(())
    selection.pick(TaskId("c"), True, SHOWN)
    assert picked(selection) == "c"


@given(
    st.lists(st.tuples(st.sampled_from(SHOWN), st.booleans(), st.booleans()), min_size=1),
)
def test_the_latest_word_counts(steps: list[tuple[TaskId, bool, bool]]) -> None:
    """Whatever came before, the task that was pressed is as its box says."""
    selection = Selection()
    for task_id, is_on, is_range in steps:
        before = picked(selection)
        selection.pick(task_id, is_on, SHOWN if is_range else ())
        assert (task_id in selection) is is_on
        changed = set(before) ^ set(picked(selection))
        assert is_range or changed <= {task_id}
