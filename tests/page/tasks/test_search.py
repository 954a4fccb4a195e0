"""Which tasks are shown when somebody looks for some."""

from demo.memory import MemoryRecords
from page.tasks.row import Picked
from page.tasks.search import STARRED, TaskSearch, Wanted
from page.ui.stars import Stars
from tests.page.test_view import WORDS, views_of
from tests.tether.core.farm import NOON, RUNNING, SOUTH, bound_task, new_window, waiting_task
from tether.core.model.server import Reach
from tether.core.model.task import State
from tether.core.protocol.outputs import Output


def test_what_is_looked_for_is_shown_and_counted_and_all_is_summed_up() -> None:
    """Waiting or ended; the summary, and what is only here, stay those of all tasks."""
    window = new_window()
    views = views_of(window)
    search = views._search
    south = window.server(SOUTH, NOON)
    waiting = waiting_task(window, number=1)
    done, failed = (bound_task(window, south, *RUNNING, number=number) for number in (2, 3))
    window.end(done, State.COMPLETED, NOON + 1, "socket", None)
    window.end(failed, State.FAILED, NOON + 2, "socket", None)
    everything = views.view(NOON + 3).tasks
    assert (len(everything.rows), everything.found, everything.total) == (3, "", 3)
    for wanted, shown in (
        (Wanted(kind="live"), [waiting]),
        (Wanted(kind="done"), [done]),
        (Wanted(kind="bad"), [failed]),
        (Wanted(query="south DONE"), [done]),
        (Wanted(query="nothing"), []),
    ):
        search.wanted = wanted
        found = views.view(NOON + 3).tasks
        assert [row.task_id for row in found.rows] == [task.task_id for task in shown], wanted
        assert found.found == f"Found: {len(shown)}"
        assert (found.summary, found.only_here) == (everything.summary, everything.only_here)
        assert (found.total, len(found.states)) == (3, len(shown))
    search.wanted = Wanted()
    search.removed.add(done.task_id)  # it can still be put back
    assert views.view(NOON + 3).tasks.total == 2
    assert not search.shows(done)


def test_starred_results_are_looked_for_and_each_row_shows_its_star() -> None:
    """Results alone can be starred; a row that was made before is made anew."""
    window = new_window()
    views = views_of(window)
    search = views._search
    south = window.server(SOUTH, NOON)
    done, other, failed = (bound_task(window, south, *RUNNING, number=each) for each in range(3))
    done.outputs = other.outputs = (Output("1", "image", "a.png", "", "output"),)
    for task, end in (
        (done, State.COMPLETED),
        (other, State.COMPLETED),
        (failed, State.FAILED),
    ):
        window.end(task, end, NOON + 1, "socket", None)

    def stars() -> list[tuple[str, bool, bool]]:
        rows = views.view(NOON + 3).tasks.rows
        return sorted((row.task_id, row.can_be_starred, row.is_starred) for row in rows)

    ids = done.task_id, other.task_id, failed.task_id
    assert stars() == list(zip(ids, (True, True, False), (False, False, False), strict=True))
    search.stars.toggle(other.prompt_id)
    assert stars() == list(zip(ids, (True, True, False), (False, True, False), strict=True))
    search.wanted = Wanted(kind=STARRED)
    assert stars() == [(other.task_id, True, True)]
    assert views.view(NOON + 3).tasks.found == "Found: 1"
    search.toggle_star(other)
    assert stars() == [(other.task_id, True, False)], "it stays under the pointer"
    search.toggle_star(other)
    search.stars.toggle(other.prompt_id)
    assert stars() == [(other.task_id, True, False)]
    search.wanted = Wanted(kind=STARRED)
    assert stars() == []
    search.stars.toggle(other.prompt_id)
    search.wanted = Wanted("nothing", STARRED)
    assert stars() == []


def test_a_pinned_task_is_found_by_its_server_and_one_of_a_removed_server_by_its_address() -> None:
    window = new_window()
    search = TaskSearch(window, WORDS, Stars(MemoryRecords()))
    south = window.server(SOUTH, NOON)
    pinned = waiting_task(window, number=1, pinned=SOUTH)
    bound = bound_task(window, south, *RUNNING, number=2)
    search.wanted = Wanted(query="south")
    assert search.shows(pinned)
    del window.servers[SOUTH]
    search.wanted = Wanted(query=SOUTH)
    assert search.shows(bound)
    assert not search.shows(waiting_task(window, number=3))


def test_a_state_is_found_by_what_its_card_says() -> None:
    """A server that can't be used is waited for in vain; what goes on elsewhere has ended here."""
    window = new_window()
    search = TaskSearch(window, WORDS, Stars(MemoryRecords()))
    task = waiting_task(window, number=1, pinned=SOUTH)
    search.wanted = Wanted(query="add one")
    assert search.shows(task)
    south = window.server(SOUTH, NOON)
    search.wanted = Wanted(query="free server")
    assert search.shows(task)
    south.reach = Reach.DOWN
    assert not search.shows(task)
    search.wanted = Wanted(query="can't be used")
    assert search.shows(task)
    task.is_cancel_wanted = True
    search.wanted = Wanted(query="cancelling")
    assert search.shows(task)
    adopted = bound_task(window, south, *RUNNING, number=2)
    window.end(adopted, State.ADOPTED, NOON + 1, "here", None)
    search.wanted = Wanted(kind="live")
    assert not search.shows(adopted)


def test_what_is_picked_says_what_can_be_done_with_it() -> None:
    """Of those shown alone; tasks that are first already can't go first."""
    window = new_window()
    views = views_of(window)
    search = views._search
    south = window.server(SOUTH, NOON)
    first, second = (waiting_task(window, number=number) for number in (1, 2))
    done, failed = (bound_task(window, south, *RUNNING, number=number) for number in (3, 4))
    done.outputs = (Output("1", "image", "a.png", "", "output"),)
    window.end(done, State.COMPLETED, NOON + 1, "socket", None)
    window.end(failed, State.FAILED, NOON + 2, "socket", None)
    adopted = bound_task(window, south, *RUNNING, number=5)
    window.end(adopted, State.ADOPTED, NOON + 3, "socket", None)
    running, stopping = (bound_task(window, south, *RUNNING, number=number) for number in (6, 7))
    running.outputs = done.outputs  # the first of several
    stopping.is_cancel_wanted = True
    other = bound_task(window, south, *RUNNING, number=8)
    other.outputs = done.outputs
    window.end(other, State.COMPLETED, NOON + 3, "socket", None)
    assert views.view(NOON + 3).tasks.picked == Picked()
    for tasks, can in (
        ([first], "cancel"),
        ([second], "next cancel"),
        ([first, second], "cancel"),
        ([running], "cancel"),
        ([stopping], ""),
        ([done], "again save dismiss"),
        ([failed], "again dismiss"),
        ([adopted], "dismiss"),
        ([done, other], "again save compare dismiss"),
        ([done, failed], "again save dismiss"),
        ([done, running], "again cancel save dismiss"),
        ([done, other, failed], "again save dismiss"),
        ([second, done], "again next cancel save dismiss"),
    ):
        search.selection.pick_all([task.task_id for task in tasks])
        told = {name: name in can.split() for name in Picked._fields[1:]}
        assert views.view(NOON + 4).tasks.picked == Picked(f"Selected: {len(tasks)}", **told), can
    search.wanted = Wanted(kind="bad")
    assert views.view(NOON + 4).tasks.picked == Picked()
    assert not search.is_picked(done)
    search.wanted = Wanted()
    assert search.is_picked(done)
    search.removed.add(done.task_id)
    assert not search.is_picked(done)
