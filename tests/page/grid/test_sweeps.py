"""A sweep's tasks make tables: each in its cell, whatever has become of it."""

from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from page.grid.sweeps import (
    GAP,
    LEAST,
    LEAST_CELL,
    LINE,
    MOST_SIDE,
    GridTable,
    held_up,
    layout_of,
    sweeps_of,
)
from tether.core.cells import Axis, Cell, cell_of
from tether.core.ids import Digest, NodeId, PromptId, ServerUrl, TaskId
from tether.core.model.task import State, Task
from tether.core.protocol.handover import ResultSource, UploadPlace
from tether.core.protocol.outputs import Output

PLACE = UploadPlace(NodeId("1"), "image", "picture")
RESULT = Output(NodeId("3"), "image", "a.png")
LABELS = ("Steps", "CFG", "Seed")


def task(key: str, numbers: Sequence[int], sweep: str = "s", at: float = 1.0) -> Task:
    """A task that has these values of the axes."""
    axes = [Axis(LABELS[axis], f"v{number}", number) for axis, number in enumerate(numbers)]
    made = Task(TaskId(key), PromptId(key), f"title {sweep}", Digest("d"), (), None, at)
    made.cell = cell_of(sweep, axes)
    return made


def shown(table: GridTable) -> list[tuple[str, list[str]]]:
    """The tasks of a table, by their ids."""
    return [(head, [each.task_id if each else "" for each in row]) for head, row in table.rows]


def test_two_axes_are_rows_and_columns() -> None:
    """Either way round; a task that was removed leaves its place free."""
    (sweep,) = sweeps_of(
        [task("a", (0, 0)), task("b", (0, 1)), task("c", (1, 0)), task("d", (1, 2))]
    )
    assert sweep.title == "title s"
    assert [axis.label for axis in sweep.axes] == ["Steps", "CFG"]
    (table,) = sweep.tables(0, 1)
    assert (table.caption, table.columns) == ("", ("v0", "v1", "v2"))
    assert shown(table) == [("v0", ["a", "b", ""]), ("v1", ["c", "", "d"])]
    (turned,) = sweep.tables(1, 0)
    assert shown(turned) == [("v0", ["a", "c"]), ("v1", ["b", ""]), ("v2", ["", "d"])]


@pytest.mark.parametrize(
    ("title", "name"),
    [
        ("p.png (Steps 4) · Flux (dev)", "Flux (dev)"),
        ("p.png (Steps 4) · Flux", "Flux"),
        ("script (steps 4)", "script"),
        ("(steps 4)", "(steps 4)"),
    ],
)
def test_a_sweep_is_called_by_what_its_tasks_share(title: str, name: str) -> None:
    one = task("a", (0,))
    one.title = title
    assert sweeps_of([one])[0].title == name


def test_one_axis_is_a_row() -> None:
    (sweep,) = sweeps_of([task("b", (1,)), task("a", (0,))])
    (table,) = sweep.tables(0, 0)
    assert (table.columns, shown(table)) == (("v0", "v1"), [("", ["a", "b"])])


def test_further_axes_make_a_table_each() -> None:
    (sweep,) = sweeps_of(
        [task(f"{a}{b}{c}", (a, b, c)) for a in (0, 1) for b in (0, 1) for c in (0, 1)]
    )
    first, second = sweep.tables(0, 2)
    assert (first.caption, second.caption) == ("CFG v0", "CFG v1")
    assert shown(second) == [("v0", ["010", "011"]), ("v1", ["110", "111"])]


def test_the_latest_task_of_a_cell_counts() -> None:
    (sweep,) = sweeps_of([task("new", (0,), at=2.0), task("old", (0,), at=1.0)])
    assert sweep.tasks[(0,)].task_id == "new"


def test_the_latest_sweep_comes_first() -> None:
    """Tasks without a cell are of none."""
    other = task("x", ())
    found = sweeps_of([other, task("a", (0,), "old", 1.0), task("b", (0,), "new", 2.0)])
    assert [each.key for each in found] == ["new", "old"]
    assert sweeps_of([other]) == ()


def test_what_says_it_has_other_axes_is_left_out() -> None:
    wrong = task("b", (0,), at=2.0)
    wrong.cell = Cell("s", (Axis("Width", "64", 0),))
    (sweep,) = sweeps_of([task("a", (0,)), wrong])
    assert [each.task_id for each in sweep.tasks.values()] == ["a"]


@pytest.mark.parametrize("caption", ["", "CFG 2"])
def test_a_sheet_has_a_place_for_each_cell(caption: str) -> None:
    """With room for headings, and none of them on another."""
    table = GridTable(caption, ("a", "b"), (("x", (None, None)), ("y", (None, None))))
    layout = layout_of(table, (16, 12), 40)
    assert layout is not None
    top = GAP + (2 if caption else 1) * LINE
    assert layout.cell == (16, 12)
    left, second = GAP + 40 + GAP, GAP + 40 + GAP + LEAST + GAP
    assert layout.pitch == LEAST
    assert [(each.left, each.top) for each in layout.cells] == [
        *((left, top), (second, top)),
        *((left, top + 12 + GAP), (second, top + 12 + GAP)),
    ]
    assert (layout.width, layout.height) == (left + 2 * (LEAST + GAP), top + 2 * 20)
    wide, alone = layout_of(table, (500, 12), 40), layout_of(table, (16, 12), 0)
    assert wide is not None
    assert alone is not None
    assert (wide.pitch, alone.cells[0].left) == (500, GAP)


sides = st.integers(1, 10_000)


@given(
    sides, sides, *[st.integers(1, 60)] * 2, st.sampled_from([0, 320]), st.integers(80, MOST_SIDE)
)
def test_a_sheet_is_never_larger_than_browsers_draw(
    width: int, height: int, columns: int, rows: int, head: int, share: int
) -> None:
    """Cells become smaller for it, in their shape."""
    row = ("x", (None,) * columns)
    layout = layout_of(GridTable("", ("a",) * columns, (row,) * rows), (width, height), head, share)
    if layout is None:
        return
    assert layout.width <= MOST_SIDE
    assert layout.height <= share
    assert max(layout.cell) >= min(LEAST_CELL - 1, width, height)
    assert layout.cell[0] <= width
    assert layout.cell[1] <= height
    assert min(layout.cell) >= 1


def test_a_sheet_of_specks_is_none() -> None:
    """A hundred tables in one sheet leave no room for pictures; small pictures stay as they are."""
    table = GridTable("Seed 1", ("a", "b"), (("x", (None, None)), ("y", (None, None))))
    assert layout_of(table, (512, 512), 40, MOST_SIDE // 100) is None
    small = layout_of(table, (4, 4), 40, 200)
    assert small is not None
    assert small.cell == (4, 4)
    least = layout_of(table, (512, 512), 40, 2 * (LEAST_CELL + GAP) + GAP + 2 * LINE)
    assert least is not None
    assert least.cell == (LEAST_CELL, LEAST_CELL)


def chain(*states: State) -> dict[TaskId, Task]:
    """Tasks of which each takes the result of the one before."""
    made = {}
    for number, state in enumerate(states):
        made[TaskId(f"{number}")] = new = task(f"{number}", ())
        new.state, new.takes = state, (PLACE,) * bool(number)
        new.after = TaskId(f"{number - 1}") if number else None
    return made


@pytest.mark.parametrize(
    ("states", "at"),
    [
        ([State.WAITING], "0"),
        ([State.FAILED, State.WAITING], "1"),
        ([State.LOST, State.WAITING, State.WAITING], "1"),
        ([State.RUNNING, State.WAITING, State.WAITING], "0"),
        ([State.COMPLETED, State.FAILED, State.WAITING], "2"),
    ],
)
def test_a_chain_is_held_up_by_one_of_its_tasks(states: list[State], at: str) -> None:
    tasks = chain(*states)
    assert held_up([*tasks.values()][-1], tasks).task_id == at


def test_a_chain_of_damaged_records_has_an_end() -> None:
    """One is missing, or they go round; one whose result is on the way waits for nobody."""
    tasks = chain(State.WAITING, State.WAITING)
    last = tasks[TaskId("1")]
    assert held_up(last, {}) is last
    tasks[TaskId("0")].after = TaskId("1")
    assert held_up(last, tasks) in tasks.values()
    last.source = ResultSource(ServerUrl("http://a"), PromptId("p"), RESULT, PLACE)
    assert held_up(last, tasks) is last
